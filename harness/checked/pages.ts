// SPDX-License-Identifier: GPL-2.0-only
/**
 * Which anonymous pages were faulted in, and by what the reverse map knows each: its anon_vma, and its page offset
 * (folio->mapping and folio->index). Those of an address space with page tables are read from there; those of one
 * without, as upstream's tests have it, are what fault() said, kept as ranges with no contents.
 */
import { PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import { anon_vma, type mm_struct } from '../../include/mm_types.js';
import { entriesOf } from '../../lib/mm/page_tables.js';

/** Pages [start, end) of an address space, which have the page offsets from pgoff on. */
export interface PageRange {
  readonly mm: mm_struct;
  readonly start: number;
  readonly end: number;
  readonly anon_vma: anon_vma;
  readonly pgoff: number;
}

/** The pages of all address spaces of a world. Addresses in bytes, page-aligned. */
export interface AnonPages {
  /** Pages are faulted in where there were none; those that are there already stay what they are. */
  add(range: PageRange): void;
  /** The pages of [start, end) are unmapped. */
  drop(mm: mm_struct, start: number, end: number): void;
  /** The pages of [start, start + len) go to `to`, and stay what the reverse map knows them by. */
  move(mm: mm_struct, start: number, to: number, len: number): void;
  /** A fork: `child` has the pages that [start, end) of `parent` has. */
  share(parent: mm_struct, child: mm_struct, start: number, end: number): void;
  /** Those of tables only between these addresses, in each address space. */
  ranges(start?: number, end?: number): Iterable<PageRange>;
}

function withBounds(range: PageRange, start: number, end: number): PageRange {
  return { ...range, start, end, pgoff: range.pgoff + PHYS_PFN(start - range.start) };
}

/** The parts of the ranges that lie in [start, end) of mm, and what is left of all of them without. */
function cut(all: readonly PageRange[], mm: mm_struct, start: number, end: number): [PageRange[], PageRange[]] {
  const inside: PageRange[] = [];
  const outside: PageRange[] = [];
  for (const range of all) {
    if (range.mm !== mm || range.end <= start || range.start >= end) {
      outside.push(range);
      continue;
    }
    if (range.start < start) outside.push(withBounds(range, range.start, start));
    inside.push(withBounds(range, Math.max(start, range.start), Math.min(end, range.end)));
    if (range.end > end) outside.push(withBounds(range, end, range.end));
  }
  return [inside, outside];
}

/** The anonymous pages in the tables of an address space, neighbours together. */
function rangesInTables(mm: mm_struct, start: number, end: number): PageRange[] {
  const found: PageRange[] = [];
  let last: PageRange | undefined;
  for (const [addr, { page }] of entriesOf(mm, start, end)) {
    if (page === null || !(page.mapping instanceof anon_vma)) continue;
    const { mapping, index } = page;
    const goesOn =
      last?.end === addr && last.anon_vma === mapping && last.pgoff + PHYS_PFN(addr - last.start) === index;
    if (last !== undefined && goesOn) {
      last = { ...last, end: addr + PAGE_SIZE };
      found[found.length - 1] = last;
    } else {
      last = { mm, start: addr, end: addr + PAGE_SIZE, anon_vma: mapping, pgoff: index };
      found.push(last);
    }
  }
  return found;
}

export class PageRecord implements AnonPages {
  private all: PageRange[];
  /** Address spaces in use. */
  private readonly spaces: () => Iterable<mm_struct>;

  constructor(spaces: () => Iterable<mm_struct>) {
    this.all = [];
    this.spaces = spaces;
  }

  add(range: PageRange): void {
    let missing = [range];
    for (const known of this.all) {
      if (known.mm === range.mm) [, missing] = cut(missing, known.mm, known.start, known.end);
    }
    this.all.push(...missing);
  }

  drop(mm: mm_struct, start: number, end: number): void {
    [, this.all] = cut(this.all, mm, start, end);
  }

  move(mm: mm_struct, start: number, to: number, len: number): void {
    const [moved, rest] = cut(this.all, mm, start, start + len);
    this.all = rest;
    for (const range of moved) {
      this.all.push({ ...range, start: range.start - start + to, end: range.end - start + to });
    }
  }

  share(parent: mm_struct, child: mm_struct, start: number, end: number): void {
    const [shared] = cut(this.all, parent, start, end);
    for (const range of shared) this.add({ ...range, mm: child });
  }

  ranges(start = 0, end = Infinity): Iterable<PageRange> {
    return [...this.all, ...[...this.spaces()].flatMap((mm) => rangesInTables(mm, start, end))];
  }
}
