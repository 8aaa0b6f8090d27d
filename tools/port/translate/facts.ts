// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is known of variables, parameters, results and fields: which values they are given anywhere in the file. It is
 * collected while the file is translated, again and again until nothing new is found.
 */
import { type CType, hull, type IntType, isInt, type Range, rangeOf, within } from './ctypes.js';
import type { Value } from './values.js';

export interface Fact {
  /** Of an integer: all that it is given; null when nothing is. */
  range: Range | null;
  /** Every value comes as the port holds an unsigned long, or as a number. */
  port: boolean;
  errno: boolean;
  nullable: boolean;
  errable: boolean;
  /** Of a pointer to a scalar: is it given arrays, is it given references? */
  arrays: boolean;
  refs: boolean;
}

const NOTHING: Fact = {
  range: null,
  port: true,
  errno: false,
  nullable: false,
  errable: false,
  arrays: false,
  refs: false,
};

/** How far steps of a small constant can carry a counter in the time that a test has. */
const DRIFT = { narrow: 2n ** 30n, wide: 2n ** 50n };
/** Passes after which a range that still grows is taken to be all of its type. */
const PATIENCE = 5;

export class Facts {
  private known: Map<string, Fact>;
  private found: Map<string, Fact>;
  private pass: number;

  constructor() {
    this.known = new Map();
    this.found = new Map();
    this.pass = 0;
  }

  /** What the last pass has found; of what has no value yet, nothing. */
  read(key: string): Fact {
    return this.known.get(key) ?? NOTHING;
  }

  private change(key: string, more: Partial<Fact>): void {
    this.found.set(key, { ...(this.found.get(key) ?? NOTHING), ...more });
  }

  private widen(key: string, range: Range): void {
    const before = this.found.get(key)?.range ?? null;
    this.change(key, { range: before === null ? range : hull(before, range) });
  }

  /** The place is given this value, converted to its type already. */
  give(key: string, given: Value, type: CType): void {
    const before = this.found.get(key) ?? NOTHING;
    if (isInt(type)) {
      this.start(key, given.range);
      this.change(key, {
        port: before.port && (given.rep === 'ulong' || given.rep === 'number' || given.rep === 'boolean'),
        errno: before.errno || given.errno,
      });
      return;
    }
    this.change(key, {
      nullable: before.nullable || given.nullable,
      errable: before.errable || given.errable,
      arrays: before.arrays || given.rep === 'array',
      refs: before.refs || given.rep === 'ref',
    });
  }

  /** The place is given anything that its type has. */
  giveAll(key: string, type: CType): void {
    if (isInt(type)) {
      this.start(key, rangeOf(type));
      this.change(key, { errno: true });
    } else this.change(key, { nullable: true, refs: true });
  }

  /** The place is counted up or down by a small constant, within limits where a loop sets them. */
  step(key: string, type: CType, by: Range, limits: Range | null): void {
    if (!isInt(type)) return;
    if (limits !== null) {
      this.widen(key, limits);
      return;
    }
    this.steps.push({ key, type, by });
  }

  /** What steps come to, once all that a counter is given otherwise is known. */
  private walk(): void {
    for (const { key, type, by } of this.steps) {
      const start = this.starts.get(key);
      if (start === undefined) continue;
      const drift = type.bits > 32 ? DRIFT.wide : DRIFT.narrow;
      const full = rangeOf(type);
      const lo = by.lo < 0n ? start.lo - drift : start.lo;
      const hi = by.hi > 0n ? start.hi + drift : start.hi;
      this.widen(key, lo < full.lo || hi > full.hi ? full : { lo, hi });
    }
    this.steps.length = 0;
    this.starts.clear();
  }

  private readonly steps: { key: string; type: IntType; by: Range }[] = [];
  private readonly starts = new Map<string, Range>();

  /** What a counter is given other than by steps. */
  private start(key: string, range: Range): void {
    const before = this.starts.get(key);
    this.starts.set(key, before === undefined ? range : hull(before, range));
    this.widen(key, range);
  }

  /** Ends a pass. True when it has found more than it was told. */
  turn(): boolean {
    this.walk();
    this.pass++;
    const more = [...this.found].filter(([key, fact]) => exceeds(fact, this.read(key)));
    if (more.length === 0) return false;
    if (this.pass > PATIENCE) {
      for (const [key, fact] of this.known) this.found.set(key, joined(fact, this.found.get(key) ?? NOTHING));
      for (const [key] of more) this.settle(key);
    }
    this.known = this.found;
    this.found = new Map();
    return true;
  }

  /** A range that grows all the time is taken to grow without end. */
  private settle(key: string): void {
    const fact = this.found.get(key);
    if (fact !== undefined && fact.range !== null) this.found.set(key, { ...fact, range: EVERYTHING });
  }
}

const EVERYTHING: Range = { lo: -(2n ** 65n), hi: 2n ** 65n };

function joined(a: Fact, b: Fact): Fact {
  return {
    range: a.range === null ? b.range : b.range === null ? a.range : hull(a.range, b.range),
    port: a.port && b.port,
    errno: a.errno || b.errno,
    nullable: a.nullable || b.nullable,
    errable: a.errable || b.errable,
    arrays: a.arrays || b.arrays,
    refs: a.refs || b.refs,
  };
}

/** Does a fact say more than the other allows for? */
function exceeds(fact: Fact, known: Fact): boolean {
  const { range } = fact;
  if (range !== null && (known.range === null || !within(range, known.range))) return true;
  const flags = ['errno', 'nullable', 'errable', 'arrays', 'refs'] as const;
  return (known.port && !fact.port) || flags.some((flag) => fact[flag] && !known[flag]);
}
