// SPDX-License-Identifier: GPL-2.0-only
/** What the range tree must answer, worked out the slow way: a sorted array of the ranges that have an entry. */
import { ULONG_MAX } from '../../include/linux/limits.js';

export interface Range {
  first: number;
  last: number;
  entry: number | null;
}

export class Oracle {
  /** In order, without overlap; what lies between is NULL. */
  ranges: Range[] = [];

  /** Stores an entry or NULL over [first, last], cutting what it overlaps. */
  store(first: number, last: number, entry: number | null): void {
    const kept: Range[] = [];
    for (const range of this.ranges) {
      if (range.first < first) kept.push({ ...range, last: Math.min(range.last, first - 1) });
      if (range.last > last) kept.push({ ...range, first: Math.max(range.first, last + 1) });
    }
    if (entry !== null) kept.push({ first, last, entry });
    this.ranges = kept.sort((a, b) => a.first - b.first);
  }

  /** Every range of [0, ULONG_MAX], the NULL ones included. */
  all(): Range[] {
    const out: Range[] = [];
    let from = 0;
    for (const range of this.ranges) {
      if (range.first > from) out.push({ first: from, last: range.first - 1, entry: null });
      out.push(range);
      from = range.last + 1;
    }
    if (from <= ULONG_MAX) out.push({ first: from, last: ULONG_MAX, entry: null });
    return out;
  }

  /** The range that holds index. */
  at(index: number): Range {
    const found = this.all().find((range) => range.last >= index);
    if (found === undefined) throw new Error(`oracle: no range at ${index}`);
    return found;
  }

  /** The first entry that begins after `last` and at or below max. */
  after(last: number, max: number): Range | null {
    return this.ranges.find((range) => range.first > last && range.first <= max) ?? null;
  }

  /** The last entry that ends before `first` and at or above min. */
  before(first: number, min: number): Range | null {
    return this.ranges.filter((range) => range.last < first && range.last >= min).at(-1) ?? null;
  }

  /** The NULL ranges cut to [min, max], if they still hold size. */
  gaps(min: number, max: number, size: number): Range[] {
    return this.all()
      .filter((range) => range.entry === null && range.last >= min && range.first <= max)
      .map((range) => ({ first: Math.max(range.first, min), last: Math.min(range.last, max), entry: null }))
      .filter((range) => range.last - range.first + 1 >= size);
  }
}
