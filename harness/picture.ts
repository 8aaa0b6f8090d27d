// SPDX-License-Identifier: GPL-2.0-only
/**
 * An address space as text: one line per VMA with its range, a bar at its place, page offset and flags. What a failed
 * test shows of before and after, and what ASSERT_LAYOUT compares.
 */
import { hexOf } from '../include/check.js';
import { PHYS_PFN } from '../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../include/mm_types.js';
import * as bits from '../include/vma_flags.js';
import {
  NUM_VMA_FLAG_BITS,
  VMA_EXEC_BIT,
  VMA_MAYEXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYSHARE_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vma_flags_t,
} from '../include/vma_flags.js';
import { vma_flags_test } from '../lib/mm/inlines/flag_operations.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';

/** What is remembered of a VMA: enough to draw it after it is gone. */
export interface VmaSnapshot {
  start: number;
  end: number;
  pgoff: number;
  /** All bits, in hex. */
  flags: string;
  /** "rw-p" and the like. */
  access: string;
  hasFile: boolean;
  hasAnonVma: boolean;
}

/** Widest drawing, in columns, that shows every page in proportion. */
export const WIDEST = 64;

/** "rw-p" and the like. */
export function accessOf(flags: vma_flags_t): string {
  const letter = (bit: number, set: string, clear: string): string => (vma_flags_test(flags, bit) ? set : clear);
  return (
    letter(VMA_READ_BIT, 'r', '-') +
    letter(VMA_WRITE_BIT, 'w', '-') +
    letter(VMA_EXEC_BIT, 'x', '-') +
    letter(VMA_SHARED_BIT, 's', 'p')
  );
}

/** The names of all bits but those that are letters, by their number. */
const FLAG_NAMES = new Map(
  Object.entries(bits)
    .flatMap(([name, bit]): [string, number][] =>
      /^VMA_\w+_BIT$/.test(name) && typeof bit === 'number' ? [[name, bit]] : [],
    )
    // Of a bit with several names the first is its own.
    .toReversed()
    .map(([name, bit]): [number, string] => [bit, name.slice('VMA_'.length, -'_BIT'.length).toLowerCase()]),
);

/** What flags there are beside rwxs: what may become so, and the others by name. */
export function otherFlags(flags: string): string[] {
  const word = BigInt(flags);
  const has = (bit: number): boolean => ((word >> BigInt(bit)) & 1n) === 1n;
  const may = [VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT, VMA_MAYSHARE_BIT];
  const letters = may.map((bit, i) => (has(bit) ? ('rwxs'[i] ?? '') : '-')).join('');
  const names = Array.from({ length: NUM_VMA_FLAG_BITS }, (_, bit) => bit)
    .filter((bit) => bit > VMA_MAYSHARE_BIT && has(bit))
    .map((bit) => FLAG_NAMES.get(bit) ?? `bit${bit}`);
  return [`may=${letters}`, ...names];
}

/** All bits as one number. */
export function bitsOf(flags: vma_flags_t): bigint {
  return flags.__vma_flags.reduceRight((sum, word) => (sum << 64n) | word, 0n);
}

/** One VMA as it is now. */
export function snapshotVma(vma: vm_area_struct): VmaSnapshot {
  return {
    start: vma.vm_start,
    end: vma.vm_end,
    pgoff: vma.vm_pgoff,
    flags: hexOf(bitsOf(vma.flags)),
    access: accessOf(vma.flags),
    hasFile: vma.vm_file !== null,
    hasAnonVma: vma.anon_vma !== null,
  };
}

/** The VMAs of mm as they are now, in address order. */
export function snapshot(mm: mm_struct): VmaSnapshot[] {
  const shots: VmaSnapshot[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) shots.push(snapshotVma(vma));
  return shots;
}

/** One line of a layout: range, offset, flags, and what hangs on the VMA. */
export function layoutLine(shot: VmaSnapshot): string {
  const extras = `${shot.hasFile ? ' file' : ''}${shot.hasAnonVma ? ' anon' : ''}`;
  return `${hexOf(shot.start)}-${hexOf(shot.end)} pgoff=${hexOf(shot.pgoff)} flags=${shot.flags}${extras}`;
}

/** Columns from `from` to `to`: a column a page where that fits, else one for a gap and a few for a VMA. */
export function widthOf(from: number, to: number, isVma: boolean, inProportion: boolean): number {
  const pages = PHYS_PFN(to - from);
  if (inProportion) return pages;
  if (pages === 0) return 0;
  return isVma ? 1 + Math.floor(Math.log2(pages)) : 1;
}

/** The drawing, one string per line. */
export function picture(shots: readonly VmaSnapshot[], marks: readonly string[] = []): string[] {
  const [first] = shots;
  const last = shots.at(-1);
  if (first === undefined || last === undefined) return ['(nothing is mapped)'];

  const inProportion = PHYS_PFN(last.end - first.start) <= WIDEST;
  let column = 0;
  let reached = first.start;
  const placed = shots.map((shot) => {
    column += widthOf(reached, shot.start, false, inProportion);
    const bar = { shot, column, width: Math.max(1, widthOf(shot.start, shot.end, true, inProportion)) };
    column += bar.width;
    reached = shot.end;
    return bar;
  });

  const digits = hexOf(last.end).length;
  return placed.map(({ shot, column: at, width }, i) => {
    const range = `${hexOf(shot.start).padStart(digits)}-${hexOf(shot.end).padStart(digits)}`;
    const bar = `${'.'.repeat(at)}${'#'.repeat(width)}${'.'.repeat(Math.max(0, column - at - width))}`;
    const extras = `${shot.hasFile ? ' file' : ''}${shot.hasAnonVma ? ' anon' : ''}`;
    return `${range} ${marks[i] ?? ''}|${bar}| pgoff=${hexOf(shot.pgoff)} ${shot.access} ${otherFlags(shot.flags).join(' ')}${extras}`;
  });
}

/** Two drawings of one address space; a VMA that the other does not have is marked, - before, + after. */
export function difference(
  before: readonly VmaSnapshot[],
  after: readonly VmaSnapshot[],
): { before: string[]; after: string[] } {
  const [was, is] = [before.map(layoutLine), after.map(layoutLine)];
  const marks = (own: readonly string[], other: readonly string[], sign: string): string[] =>
    own.map((line) => (other.includes(line) ? ' ' : sign));
  return { before: picture(before, marks(was, is, '-')), after: picture(after, marks(is, was, '+')) };
}
