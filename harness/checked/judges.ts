// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is compared before and after an operation: each function returns what it finds wrong, a sentence each. `before`
 * and `after` are all VMAs of the address spaces concerned.
 */

import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import type { anon_vma, mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { VMA_ACCOUNT_BIT, VMA_GROWSDOWN_BIT, VMA_SHARED_BIT, VMA_STICKY_FLAGS } from '../../include/vma_flags.js';
import { vma_test } from '../../lib/mm/inlines/flag_operations.js';
import { globals } from '../../stubs/index.js';
import { anonLineOf, hasSameFlags, lineOf, type Spaces, type Sums, sumsOf, type VmaState } from './spaces.js';

/** A VMA as a complaint names it. */
export function nameOf({ start, end }: VmaState): string {
  return `VMA ${hexOf(start)}-${hexOf(end)}`;
}

/** Pairs of states of each VMA that was, and still is, in a tree. */
export function survivors(before: Spaces, after: Spaces): [VmaState, VmaState][] {
  const pairs: [VmaState, VmaState][] = [];
  for (const [vma, now] of after.states) {
    const was = before.states.get(vma);
    if (was !== undefined) pairs.push([was, now]);
  }
  return pairs;
}

/** Fields that only a write-locked VMA may change, and that did. */
function changedFields(was: VmaState, now: VmaState): string[] {
  const fields: string[] = [];
  if (was.start !== now.start || was.end !== now.end) fields.push('range');
  if (was.pgoff !== now.pgoff || was.anon_pgoff !== now.anon_pgoff) fields.push('page offset');
  if (!hasSameFlags(was, now)) fields.push('flags');
  if (was.page_prot !== now.page_prot) fields.push('protection');
  return fields;
}

/** VMAs that changed although vma_start_write() was not called for them. */
export function unmarked(before: Spaces, after: Spaces, marked: ReadonlySet<vm_area_struct>): string[] {
  return survivors(before, after).flatMap(([was, now]) => {
    const fields = marked.has(now.vma) ? [] : changedFields(was, now);
    return fields.length === 0 ? [] : [`write mark: ${nameOf(was)} changed its ${fields.join(', ')} without one`];
  });
}

/** Hooks, private data and file of a VMA that was there before, and that no hook was called for. */
export function foreignFields(before: Spaces, after: Spaces, hooked: ReadonlySet<object>): string[] {
  return survivors(before, after).flatMap(([was, now]) => {
    if (hooked.has(now.vma)) return [];
    const fields: string[] = [];
    if (was.ops !== now.ops) fields.push('vm_ops');
    if (was.private_data !== now.private_data) fields.push('vm_private_data');
    if (was.file !== now.file) fields.push('vm_file');
    return fields.map((field) => `${nameOf(was)} was there before, and has another ${field} now`);
  });
}

/** How much a counter is more than a sum; one that has wrapped below 0 is less. */
function drift(counter: number, sum: number): number {
  return (counter > ULONG_MAX / 2 ? counter - ULONG_MAX - 1 : counter) - sum;
}

/** anon_vmas that came to a VMA, or left it, though it did not grow over another's pages. */
export function movedAnon(before: Spaces, after: Spaces, knows: (anon: anon_vma) => boolean): string[] {
  return survivors(before, after).flatMap(([was, now]) => {
    if (was.anon === now.anon || ![was.anon, now.anon].every((anon) => anon === null || knows(anon))) return [];
    if (was.anon !== null) return [`rmap: ${nameOf(was)} ${now.anon === null ? 'lost its' : 'has another'} anon_vma`];
    const grew = now.start < was.start || now.end > was.end;
    return grew ? [] : [`rmap: ${nameOf(was)} did not grow, and has an anon_vma now`];
  });
}

/** How far the counters of an address space are from what its VMAs add up to. */
export function driftOf(mm: mm_struct, spaces: Spaces): Omit<Sums, 'accounted'> {
  const sums = sumsOf(spaces.of(mm));
  return {
    total_vm: drift(mm.total_vm, sums.total_vm),
    locked_vm: drift(mm.locked_vm, sums.locked_vm),
    data_vm: drift(mm.data_vm, sums.data_vm),
    exec_vm: drift(mm.exec_vm, sums.exec_vm),
    stack_vm: drift(mm.stack_vm, sums.stack_vm),
  };
}

/** Counters that moved away from the VMAs, or towards them. */
export function drifted(
  before: Omit<Sums, 'accounted'>,
  after: Omit<Sums, 'accounted'>,
  counters: readonly (keyof Omit<Sums, 'accounted'>)[],
): string[] {
  return counters.flatMap((counter) => {
    const by = after[counter] - before[counter];
    return by === 0
      ? []
      : [`sums: ${counter} is ${by > 0 ? `${by} pages too many` : `${-by} pages too few`} for the VMAs`];
  });
}

/** What each address that stays mapped was of, and is of: ranges of them, without those that lie in [from, to). */
export function overlaps(
  before: readonly VmaState[],
  after: readonly VmaState[],
  from: number,
  to: number,
): [was: VmaState, now: VmaState, start: number, end: number][] {
  const found: [VmaState, VmaState, number, number][] = [];
  let i = 0;
  for (const now of after) {
    while ((before[i]?.end ?? Infinity) <= now.start) i++;
    for (let k = i; ; k++) {
      const was = before[k];
      if (was === undefined || was.start >= now.end) break;
      const [start, end] = [Math.max(was.start, now.start), Math.min(was.end, now.end)];
      if (start < from || end > to) found.push([was, now, start, end]);
    }
  }
  return found;
}

/** Addresses that stay mapped, outside [from, to), and change their file or their page offset. */
export function movedOffsets(
  before: readonly VmaState[],
  after: readonly VmaState[],
  from: number,
  to: number,
): string[] {
  return overlaps(before, after, from, to).flatMap(([was, now, start, end]) => {
    // What is shared has no anonymous pages, so that their offsets need not follow on where it merges.
    const hasSameAnon = vma_test(now.vma, VMA_SHARED_BIT) || anonLineOf(was) === anonLineOf(now);
    if (was.file === now.file && lineOf(was) === lineOf(now) && hasSameAnon) return [];
    const what = was.file === now.file ? 'page offset' : 'file';
    return [`offsets: ${hexOf(start)}-${hexOf(end)} was of ${nameOf(was)} and has another ${what} in ${nameOf(now)}`];
  });
}

/** Flags that a merge must keep, where [from, to) is not mapped anew, and that addresses which stay mapped have lost. */
export function lostSticky(
  before: readonly VmaState[],
  after: readonly VmaState[],
  from: number,
  to: number,
): string[] {
  return overlaps(before, after, from, to).flatMap(([was, now, start, end]) => {
    if (was.file !== now.file || keepsSticky(was, now)) return [];
    return [`flags: ${hexOf(start)}-${hexOf(end)} lost one that sticks, in ${nameOf(now)}`];
  });
}

function keepsSticky({ flags: was }: VmaState, { flags: now }: VmaState): boolean {
  const { w0, w1, w2, w3 } = VMA_STICKY_FLAGS;
  return [w0, w1, w2, w3].every((sticky, i) => ((was[i] ?? 0) & ~(now[i] ?? 0) & sticky) === 0);
}

/** Pages that stacks grew by which account for none of theirs: upstream charges them for good (docs/upstream.md). */
export function chargedStacks(before: Spaces, after: Spaces): number {
  let pages = 0;
  for (const [was, now] of survivors(before, after)) {
    const isStack = vma_test(now.vma, VMA_GROWSDOWN_BIT) && !vma_test(now.vma, VMA_ACCOUNT_BIT);
    if (!isStack || now.start >= was.start) continue;
    // Not what another VMA had, which merged.
    const merged = before.of(now.mm).map(({ start, end }) => Math.min(end, was.start) - Math.max(start, now.start));
    pages += (was.start - now.start - merged.reduce((sum, size) => sum + Math.max(0, size), 0)) / PAGE_SIZE;
  }
  return pages;
}

/** More VMAs than are allowed, by more than an operation may pass the limit. */
export function tooMany(before: number, after: number, failed = false): string[] {
  // An mmap() looks before it unmaps, and may then be one above the limit; one that fails after it split both ends, two.
  // There may have been more than that before, if the limit was lowered since.
  const most = Math.max(before, globals.sysctl_max_map_count);
  if (after <= before || after <= most + (failed ? 2 : before <= globals.sysctl_max_map_count ? 1 : 0)) return [];
  return [`limits: ${after} VMAs, where ${globals.sysctl_max_map_count} are allowed`];
}
