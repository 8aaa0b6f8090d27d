// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an operation was not asked for stays as it is: memory outside the range that it was given is mapped as before, with
 * its file and offset, its flags and name; and nothing is mapped there that was not.
 */
import { hexOf } from '../../include/check.js';
import { PAGE_ALIGN, PAGE_ALIGN_DOWN } from '../../include/linux/mm.js';
import { mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { MREMAP_FIXED, PROT_GROWSDOWN } from '../../include/uapi/mman.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_BIT, VMA_LOCKONFAULT_BIT, VMA_MAYBE_GUARD_BIT } from '../../include/vma_flags.js';
import type { NamedArguments } from '../../lib/doors/operation.js';
import { current } from '../../stubs/index.js';
import { overlaps } from './judges.js';
import { judgesAttributes } from './kept.js';
import { anonLineOf, lineOf, type Spaces, type VmaState } from './spaces.js';

type Range = readonly [start: number, end: number];

/** What an operation may change: nothing beside these ranges. */
interface Asked {
  readonly ranges: readonly Range[];
  /** May memory be mapped elsewhere: does a stack grow? */
  readonly grows: boolean;
  /** Are attributes to be looked at, which elsewhere are judged better? */
  readonly attributes: boolean;
}

const PR_SET_VMA = 0x53564d41;

function span(start: unknown, len: unknown): Range {
  const [from, size] = [Number(start), Number(len)];
  return [PAGE_ALIGN_DOWN(from), PAGE_ALIGN(from + size)];
}

type Reader = (args: NamedArguments, result: unknown) => Omit<Asked, 'attributes'>;

const within =
  (...names: readonly (readonly [start: string, len: string])[]): Reader =>
  (args) => ({ ranges: names.map(([start, len]) => span(args[start], args[len])), grows: false });

const NOTHING: Reader = () => ({ ranges: [], grows: false });
const FAULT: Reader = () => ({ ranges: [], grows: true });
const START_LEN = within(['start', 'len']);
/** A stack that grows down is changed from its start, if asked. */
const PROTECTED: Reader = ({ start, len, prot }) => {
  const [from, to] = span(start, len);
  return { ranges: [[(Number(prot) & PROT_GROWSDOWN) !== 0 ? 0 : from, to]], grows: false };
};
const ADDR_LEN = within(['addr', 'len']);
const START_END: Reader = ({ start, end }) => ({ ranges: [[Number(start), Number(end)]], grows: false });

/** Where it says that it has mapped it. */
const MAPPED: Reader = ({ addr, len }, result) => ({
  ranges: [span(addr, len), ...(typeof result === 'number' && result >= 0 ? [span(result, len)] : [])],
  grows: false,
});

const REMAPPED: Reader = ({ addr, old_len, new_len, flags, new_addr }, result) => ({
  ranges: [
    span(addr, Math.max(Number(old_len), Number(new_len))),
    // A move of several goes to as many places, with the gaps between them.
    ...((Number(flags) & MREMAP_FIXED) !== 0 ? [span(new_addr, Math.max(Number(old_len), Number(new_len)))] : []),
    ...(typeof result === 'number' && result >= 0 ? [span(result, new_len)] : []),
  ],
  grows: false,
});

const NAMED: Reader = ({ option, arg3, arg4 }) => ({
  ranges: [option === PR_SET_VMA ? span(arg3, arg4) : [0, Infinity]],
  grows: false,
});

const ASKED: ReadonlyMap<string, Reader> = new Map([
  ...['mlock', 'mlock2', 'munlock', 'mseal', 'vm_munmap', '__vm_munmap', 'do_munmap'].map((name): [string, Reader] => [
    name,
    START_LEN,
  ]),
  ...['munmap', 'mmap_region', '__mmap_region', 'do_brk_flags'].map((name): [string, Reader] => [name, ADDR_LEN]),
  ...['vma_modify_flags', 'vma_modify_name', 'vma_modify_policy', 'vma_modify_flags_uffd', 'do_vmi_align_munmap'].map(
    (name): [string, Reader] => [name, START_END],
  ),
  ...['mmap', 'vm_mmap', 'vm_mmap_pgoff', 'ksys_mmap_pgoff', 'do_mmap'].map((name): [string, Reader] => [name, MAPPED]),
  ...['split_vma', '__split_vma', 'copy_mm', 'dup_mmap', 'mm_take_all_locks'].map((name): [string, Reader] => [
    name,
    NOTHING,
  ]),
  ...['handle_mm_fault', 'do_user_addr_fault', 'read_user_byte', 'write_user_byte', 'expand_downwards'].map(
    (name): [string, Reader] => [name, FAULT],
  ),
  ['do_vmi_munmap', START_LEN],
  ['mprotect', PROTECTED],
  ['pkey_mprotect', PROTECTED],
  ['madvise', within(['start', 'len_in'])],
  ['remap_file_pages', within(['start', 'size'])],
  ['mremap', REMAPPED],
  ['prctl', NAMED],
]);

/** The parts of [start, end) that are in none of the ranges. */
function without(start: number, end: number, ranges: readonly Range[]): Range[] {
  let rest: Range[] = [[start, end]];
  for (const [from, to] of ranges) {
    rest = rest.flatMap(([a, b]): Range[] =>
      to <= a || from >= b
        ? [[a, b]]
        : [...(a < from ? [[a, from] as const] : []), ...(to < b ? [[to, b] as const] : [])],
    );
  }
  return rest;
}

/** Flags that come and go with others: sticky ones, and those that are judged by what they are counted for. */
const BESIDE = [VMA_MAYBE_GUARD_BIT, VMA_ACCOUNT_BIT, VMA_LOCKED_BIT, VMA_LOCKONFAULT_BIT];

function differs(was: VmaState, now: VmaState, { attributes }: Asked): string | null {
  if (was.file !== now.file) return 'file';
  if (lineOf(was) !== lineOf(now) || anonLineOf(was) !== anonLineOf(now)) return 'page offset';
  if (!attributes) return null;
  const isSame = was.flags.every((word, i) => {
    const beside = BESIDE.reduce((sum, bit) => (bit >> 5 === i ? sum | (1 << (bit & 31)) : sum), 0);
    return ((word ^ (now.flags[i] ?? 0)) & ~beside) === 0;
  });
  if (!isSame) return 'flags';
  return was.name === now.name ? null : 'name';
}

/** What VMAs of `from` have and none of `by` has; both are in order. */
function unmapped(from: readonly VmaState[], by: readonly VmaState[]): Range[] {
  const found: Range[] = [];
  let i = 0;
  for (const { start, end } of from) {
    while ((by[i]?.end ?? Infinity) <= start) i++;
    let at = start;
    for (let k = i; at < end; k++) {
      const next = by[k];
      if (next === undefined || next.start >= end) {
        found.push([at, end]);
        break;
      }
      if (next.start > at) found.push([at, next.start]);
      at = next.end;
    }
  }
  return found;
}

function inSpace(was: readonly VmaState[], now: readonly VmaState[], asked: Asked): string[] {
  const { ranges, grows } = asked;
  const found: string[] = [];
  for (const [before, after, start, end] of overlaps(was, now, 0, 0)) {
    const what = differs(before, after, asked);
    if (what === null) continue;
    for (const [a, b] of without(start, end, ranges))
      found.push(`outside: ${hexOf(a)}-${hexOf(b)} has another ${what}`);
  }
  const lost = (from: readonly VmaState[], by: readonly VmaState[]): Range[] =>
    unmapped(from, by).flatMap(([start, end]) => without(start, end, ranges));
  for (const [a, b] of lost(was, now)) found.push(`outside: ${hexOf(a)}-${hexOf(b)} is not mapped any more`);
  if (!grows) for (const [a, b] of lost(now, was)) found.push(`outside: ${hexOf(a)}-${hexOf(b)} is mapped now`);
  return found.map((text) => `${text}, which it was not asked for`);
}

function spaceOf({ mm, vma }: NamedArguments): mm_struct | null {
  if (mm instanceof mm_struct) return mm;
  return vma instanceof vm_area_struct ? vma.vm_mm : current.mm;
}

/** What an operation changed that it was not asked to; of address spaces that there were before. */
export function changedOutside(
  name: string,
  args: NamedArguments,
  result: unknown,
  before: Spaces,
  after: Spaces,
  spaces: Iterable<mm_struct>,
): string[] {
  const read = ASKED.get(name);
  if (read === undefined) return [];
  const asked: Asked = { ...read(args, result), attributes: !judgesAttributes(name) };
  const own = spaceOf(args);
  // The child of a fork is made of nothing.
  const judged = [...spaces].filter((mm) => name !== 'dup_mmap' || mm !== args.mm);
  return judged.flatMap((mm) => inSpace(before.of(mm), after.of(mm), mm === own ? asked : { ...asked, ranges: [] }));
}
