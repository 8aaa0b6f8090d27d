// SPDX-License-Identifier: GPL-2.0-only
/**
 * Growing a stack when it is used. Port of expand_stack_locked(), find_extend_vma_locked(), expand_stack() and
 * mmap_read_lock_maybe_expand(), mm/mmap.c (Linux 7.3). Nothing grows up in this configuration.
 */
import { PAGE_ALIGN_DOWN } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct } from '../../../include/mm_types.js';
import { VMA_GROWSDOWN_BIT, VMA_LOCKED_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { vma_test } from '../inlines/flag_operations.js';
import { find_vma, find_vma_prev } from '../inlines/iterator.js';
import { expand_downwards } from '../vma/stack.js';

/** Has the stack reach to address; the caller holds mmap_lock for writing. 0 or a negative errno. */
export function expand_stack_locked(vma: vm_area_struct, address: number): number {
  return expand_downwards(vma, address);
}

/** The VMA at addr, or one above that was grown to it; null if there is none. The lock is held for writing. */
export function find_extend_vma_locked(mm: mm_struct, given: number): vm_area_struct | null {
  const addr = PAGE_ALIGN_DOWN(given);
  const vma = find_vma(mm, addr);
  if (vma === null || vma.vm_start <= addr) return vma;

  const start = vma.vm_start;
  if (expand_stack_locked(vma, addr) !== 0) return null;
  if (vma_test(vma, VMA_LOCKED_BIT)) stubs.populate_vma_page_range(vma, addr, start);
  return vma;
}

/**
 * What a page fault at addr does where it found no VMA: takes the lock, which is held for reading, for writing, and
 * grows a stack. The VMA at addr, with the lock held for reading; or null, with the lock dropped.
 */
export function expand_stack(mm: mm_struct, addr: number): vm_area_struct | null {
  stubs.mmap_read_unlock(mm);
  if (stubs.mmap_write_lock_killable(mm) !== 0) return null;

  const vma = find_vma_prev(mm, addr, { prev: null });
  if (vma !== null && (vma.vm_start <= addr || expand_downwards(vma, addr) === 0)) {
    stubs.mmap_write_downgrade(mm);
    return vma;
  }
  stubs.mmap_write_unlock(mm);
  return null;
}

/**
 * Takes the lock for reading; before that grows new_vma, a stack that is not visible yet, to hold addr, if that lies below
 * and is going to be written. False, without the lock, where it cannot grow.
 */
export function mmap_read_lock_maybe_expand(
  mm: mm_struct,
  new_vma: vm_area_struct,
  addr: number,
  write: boolean,
): boolean {
  if (!write || addr >= new_vma.vm_start) {
    stubs.mmap_read_lock(mm);
    return true;
  }
  if (!vma_test(new_vma, VMA_GROWSDOWN_BIT)) return false;

  stubs.mmap_write_lock(mm);
  if (expand_downwards(new_vma, addr) !== 0) {
    stubs.mmap_write_unlock(mm);
    return false;
  }
  stubs.mmap_write_downgrade(mm);
  return true;
}
