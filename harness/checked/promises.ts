// SPDX-License-Identifier: GPL-2.0-only
/**
 * What holds whatever an operation does: sealed memory stays, limits hold, a stack keeps away from what lies below, and
 * errors are such that a program knows.
 */
import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { CAP_IPC_LOCK, PHYS_PFN, RLIMIT_MEMLOCK } from '../../include/linux/mm.js';
import type { mm_struct } from '../../include/mm_types.js';
import { RLIMIT_AS } from '../../include/uapi/resource.js';
import {
  VMA_EXEC_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_READ_BIT,
  VMA_SEALED_BIT,
  VMA_WRITE_BIT,
} from '../../include/vma_flags.js';
import { globals, stubs } from '../../stubs/index.js';
import { nameOf, overlaps, survivors } from './judges.js';
import { hasBit, lineOf, type Spaces, type VmaState } from './spaces.js';

const ACCESS = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT];

/** Is it what it was, and sealed still? */
function keeps(was: VmaState, now: VmaState): boolean {
  const isSame = was.file === now.file && lineOf(was) === lineOf(now);
  return isSame && hasBit(now, VMA_SEALED_BIT) && ACCESS.every((bit) => hasBit(was, bit) === hasBit(now, bit));
}

/** Sealed memory of an address space that is not what it was. */
export function unsealed(before: readonly VmaState[], after: readonly VmaState[]): string[] {
  const sealed = before.filter((state) => hasBit(state, VMA_SEALED_BIT));
  if (sealed.length === 0) return [];
  const kept = new Map<VmaState, number>();
  for (const [was, now, start, end] of overlaps(sealed, after, 0, 0)) {
    if (keeps(was, now)) kept.set(was, (kept.get(was) ?? 0) + end - start);
  }
  return sealed.flatMap((was) =>
    kept.get(was) === was.end - was.start ? [] : [`sealed: ${nameOf(was)} was sealed, and is not what it was`],
  );
}

/** Stacks that grew, and came too near to the mapping below. */
export function crowded(before: Spaces, after: Spaces): string[] {
  return survivors(before, after).flatMap(([was, now]) => {
    if (now.start >= was.start || !hasBit(now, VMA_GROWSDOWN_BIT)) return [];
    const below = after.of(now.mm).findLast(({ end }) => end <= now.start);
    if (below === undefined || hasBit(below, VMA_GROWSDOWN_BIT)) return [];
    const isAccessible = ACCESS.some((bit) => hasBit(below, bit));
    // What it took in was there before.
    const isNew = !before.of(now.mm).some(({ start, end }) => start < was.start && end > now.start);
    const gap = now.start - below.end;
    return isNew && isAccessible && gap < globals.stack_guard_gap
      ? [`limits: the stack at ${hexOf(now.start)} is ${hexOf(gap)} bytes away from ${nameOf(below)}`]
      : [];
  });
}

/** Counters of an address space that an operation may not have raised above a limit. */
export interface Counted {
  readonly total_vm: number;
  readonly locked_vm: number;
}

/** Limits that are passed by more than before. */
export function overLimit(mm: mm_struct, before: Counted): string[] {
  const found: string[] = [];
  const [most, mostLocked] = [PHYS_PFN(stubs.rlimit(RLIMIT_AS)), PHYS_PFN(stubs.rlimit(RLIMIT_MEMLOCK))];
  // Where it has wrapped below 0 another judge has its say.
  if (mm.total_vm > before.total_vm && mm.total_vm > most && mm.total_vm < ULONG_MAX / 2) {
    found.push(`limits: ${mm.total_vm} pages are mapped, where RLIMIT_AS allows ${most}`);
  }
  if (mm.locked_vm > before.locked_vm && mm.locked_vm > mostLocked && !stubs.capable(CAP_IPC_LOCK)) {
    found.push(`limits: ${mm.locked_vm} pages are locked, where RLIMIT_MEMLOCK allows ${mostLocked}`);
  }
  return found;
}

/** The first error that stays within the kernel, but for those that have a call begin anew; and the last of all. */
const FIRST_INTERNAL = 517;
const LAST = 530;

/** Is it an error that no program knows? */
export function unknownError(name: string, result: unknown): string[] {
  const isInternal = typeof result === 'number' && result <= -FIRST_INTERNAL && result >= -LAST;
  return isInternal ? [`errno: ${name}() answers ${result}, which no program knows`] : [];
}
