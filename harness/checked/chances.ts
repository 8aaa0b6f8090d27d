// SPDX-License-Identifier: GPL-2.0-only
/** What an operation could have done, and did not: two VMAs that could be one, a place that was asked for and is free. */
import { hexOf } from '../../include/check.js';
import { list_is_singular } from '../../include/linux/list.js';
import { offset_in_page, PAGE_ALIGN, TASK_SIZE } from '../../include/linux/mm.js';
import { MAP_32BIT, MAP_ANONYMOUS, MAP_FIXED } from '../../include/uapi/mman.js';
import { VMA_IGNORE_MERGE_FLAGS, VMA_SPECIAL_FLAGS } from '../../include/vma_flags.js';
import type { NamedArguments } from '../../lib/doors/operation.js';
import { globals, stubs } from '../../stubs/index.js';
import { nameOf, overlaps } from './judges.js';
import { anonLineOf, lineOf, type VmaState } from './spaces.js';

function hasSameWords(a: VmaState, b: VmaState): boolean {
  const { w0, w1, w2, w3 } = VMA_IGNORE_MERGE_FLAGS;
  return [w0, w1, w2, w3].every((ignored, i) => (((a.flags[i] ?? 0) ^ (b.flags[i] ?? 0)) & ~ignored) === 0);
}

function isSpecial({ flags }: VmaState): boolean {
  const { w0, w1, w2, w3 } = VMA_SPECIAL_FLAGS;
  return [w0, w1, w2, w3].some((special, i) => ((flags[i] ?? 0) & special) !== 0);
}

/** Has it pages of its own at most? */
function isOwn({ anon, vma }: VmaState): boolean {
  return anon === null || list_is_singular(vma.anon_vma_chain);
}

/** Could these neighbours be one VMA? Only of private anonymous memory, where nothing else has a say. */
function couldBeOne(a: VmaState, b: VmaState): boolean {
  const isPlain = [a, b].every((state) => state.file === null && state.ops === null && !isSpecial(state));
  const isAlike = a.name === b.name && a.uffd === b.uffd && stubs.mpol_equal(a.policy, b.policy);
  const followsOn = a.end === b.start && lineOf(a) === lineOf(b) && anonLineOf(a) === anonLineOf(b);
  const hasOneAnon = a.anon === b.anon || ((a.anon === null || b.anon === null) && isOwn(a) && isOwn(b));
  return isPlain && isAlike && followsOn && hasOneAnon && hasSameWords(a, b);
}

/** Neighbours of which one got other flags, and that could be one VMA now. */
export function unmerged(before: readonly VmaState[], after: readonly VmaState[]): string[] {
  // A border where nothing changed on either side was nobody's business.
  const borders = new Set<number>();
  for (const [was, now, start, end] of overlaps(before, after, 0, 0)) {
    if (!hasSameWords(was, now)) for (const border of [start, end]) borders.add(border);
  }
  return after.flatMap((state, i) => {
    const next = after[i + 1];
    if (next === undefined || !borders.has(state.end) || !couldBeOne(state, next)) return [];
    return [`merge: ${nameOf(state)} and ${nameOf(next)} could be one`];
  });
}

/** A mmap() of memory, which no file has a wish for, that went elsewhere although there was room. */
export function elsewhere(name: string, args: NamedArguments, before: readonly VmaState[], result: unknown): string[] {
  if (name !== 'mmap' || typeof result !== 'number' || result < 0) return [];
  const [addr, len, flags] = [args.addr, args.len, args.flags].map(Number);
  if (addr === undefined || len === undefined || flags === undefined || (flags & MAP_FIXED) !== 0) return [];
  if ((flags & (MAP_ANONYMOUS | MAP_32BIT)) !== MAP_ANONYMOUS) return [];
  const gap = globals.stack_guard_gap;
  const end = addr + PAGE_ALIGN(len);
  const isGood = offset_in_page(addr) === 0 && addr >= Math.max(globals.mmap_min_addr, 1) && end <= TASK_SIZE / 2;
  if (!isGood || result === addr || before.some((state) => state.start < end + gap && state.end + gap > addr))
    return [];
  return [`place: ${hexOf(addr)} was asked for and is free, and the mapping went to ${hexOf(result)}`];
}
