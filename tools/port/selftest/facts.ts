// SPDX-License-Identifier: GPL-2.0-only
/** What is known of the values of variables, fields, parameters and results: all that anybody gives them. */
import { exactly, hull, type IntType, isWithin, type Range, rangeOfType } from './values.js';

/** Turns after which an end of a range that still moves is taken to be that of its type. */
const PATIENCE = 6;

export class Facts {
  private readonly ranges: Map<string, Range>;
  /** What may be given an integer that no number holds. */
  private readonly big: Set<string>;
  private turns: number;
  private grew: boolean;

  constructor() {
    this.ranges = new Map();
    this.big = new Set();
    this.turns = 0;
    this.grew = false;
  }

  /** What it can be; anything, but not 0, by which others may divide, where nobody has given it a value yet. */
  read(key: string): Range {
    return this.ranges.get(key) ?? exactly(1n);
  }

  /** Somebody gives it such a value. */
  give(key: string, range: Range, type: IntType): void {
    const known = this.ranges.get(key);
    if (known !== undefined && isWithin(range, known)) return;
    const grown = known === undefined ? range : hull(known, range);
    const all = rangeOfType(type);
    const isPatient = known === undefined || this.turns < PATIENCE;
    const lo = isPatient || grown.lo === known.lo ? grown.lo : all.lo;
    const hi = isPatient || grown.hi === known.hi ? grown.hi : all.hi;
    this.ranges.set(key, { lo, hi });
    this.grew = true;
  }

  /** Somebody gives it an integer that no number holds: it is a bigint then. */
  giveBig(key: string): void {
    if (this.big.has(key)) return;
    this.big.add(key);
    this.grew = true;
  }

  isBig(key: string): boolean {
    return this.big.has(key);
  }

  /** One turn is over. Did anything become known in it? */
  turn(): boolean {
    const { grew } = this;
    this.grew = false;
    this.turns++;
    return grew;
  }
}
