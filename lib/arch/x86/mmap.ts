// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Where mappings go in an x86-64 process. Port of mmap_is_legacy(), arch_rnd(), mmap_base(), mmap_legacy_base(),
 * arch_pick_mmap_base(), arch_pick_mmap_layout(), get_mmap_base() and mmap_address_hint_valid() of arch/x86/mm/mmap.c
 * (Linux 7.3).
 *
 * Deviations: no 32-bit processes, so no compat bases; addresses of 47 bits; nothing is random, so arch_rnd() is 0 and
 * stack_maxrandom_size() too.
 */
import { ULONG_MAX } from '../../../include/linux/limits.js';
import {
  DEFAULT_MAP_WINDOW,
  MMF_TOPDOWN,
  PAGE_ALIGN,
  RLIMIT_STACK,
  TASK_SIZE,
  TASK_SIZE_LOW,
} from '../../../include/linux/mm.js';
import { ADDR_COMPAT_LAYOUT } from '../../../include/linux/sched.js';
import type { mm_struct } from '../../../include/mm_types.js';
import type { rlimit } from '../../../include/uapi/resource.js';
import { current, currentMm, globals } from '../../../stubs/index.js';
import { mm_flags_clear, mm_flags_set } from '../../mm/inlines/flag_operations.js';
import { sumWraps } from '../../mm/inlines/unsigned.js';

export const SIZE_128M = 128 * 1024 * 1024;

/** Where a search from the bottom up begins. */
export const TASK_UNMAPPED_BASE = PAGE_ALIGN(TASK_SIZE_LOW / 3);

function mmap_is_legacy(): boolean {
  return (current.personality & ADDR_COMPAT_LAYOUT) !== 0 || globals.sysctl_legacy_va_layout;
}

/** Top of the area for mappings: below the stack, however large that may become. */
function mmap_base(task_size: number, rlim_stack: rlimit): number {
  let gap = rlim_stack.rlim_cur;
  const pad = globals.stack_guard_gap;

  // A limit near to none would overflow.
  if (!sumWraps(gap, pad)) gap += pad;
  gap = Math.min(Math.max(gap, SIZE_128M), Math.floor(task_size / 6) * 5);
  return PAGE_ALIGN(task_size - gap);
}

function mmap_legacy_base(task_size: number): number {
  return PAGE_ALIGN(Math.floor(task_size / 3));
}

/** Chooses layout and bases for an address space that is about to be used; the stack's limit counts. */
export function arch_pick_mmap_layout(
  mm: mm_struct,
  rlim_stack: rlimit = current.signal.rlim[RLIMIT_STACK] ?? { rlim_cur: ULONG_MAX, rlim_max: ULONG_MAX },
): void {
  if (mmap_is_legacy()) mm_flags_clear(MMF_TOPDOWN, mm);
  else mm_flags_set(MMF_TOPDOWN, mm);

  mm.mmap_legacy_base = mmap_legacy_base(DEFAULT_MAP_WINDOW);
  mm.mmap_base = mmap_is_legacy() ? mm.mmap_legacy_base : mmap_base(DEFAULT_MAP_WINDOW, rlim_stack);
}

/** Where the current address space searches from: up from the legacy base, or down from the other. */
export function get_mmap_base(is_legacy: boolean): number {
  const mm = currentMm('get_mmap_base');
  return is_legacy ? mm.mmap_legacy_base : mm.mmap_base;
}

/** Can [addr, addr + len) be had at all? A hint that reaches out of the address space is ignored. */
export function mmap_address_hint_valid(addr: number, len: number): boolean {
  if (TASK_SIZE - len < addr) return false;
  return addr > DEFAULT_MAP_WINDOW === addr + len > DEFAULT_MAP_WINDOW;
}
