// SPDX-License-Identifier: GPL-2.0-only
/**
 * The heap. Port of check_brk_limits(), brk() and vm_brk_flags(), mm/mmap.c, and check_data_rlimit(),
 * include/linux/mm.h (Linux 7.3), without CONFIG_COMPAT_BRK.
 */
import { EAGAIN, EINTR, ENOMEM, ENOSPC, IS_ERR_VALUE } from '../../../include/linux/errno.js';
import { list_head } from '../../../include/linux/list.js';
import { PAGE_SIZE } from '../../../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR } from '../../../include/mm_types.js';
import { MAP_FIXED } from '../../../include/uapi/mman.js';
import { RLIM_INFINITY, RLIMIT_DATA } from '../../../include/uapi/resource.js';
import { emptyFlags, mk_vma_flags, VMA_EXEC_BIT, VMA_LOCKED_BIT } from '../../../include/vma_flags.js';
import { currentMm, globals, stubs } from '../../../stubs/index.js';
import { mlock_future_ok } from '../inlines/accounting.js';
import { vma_flags_test } from '../inlines/flag_operations.js';
import { vma_find, vma_prev, vma_prev_limit } from '../inlines/iterator.js';
import { vm_start_gap } from '../inlines/range.js';
import { wrappingDifference, wrappingPageAlign, wrappingSum } from '../inlines/unsigned.js';
import { do_brk_flags } from '../vma/brk.js';
import { do_vmi_align_munmap, do_vmi_munmap } from '../vma/munmap.js';
import { get_unmapped_area } from './get_unmapped_area.js';
import { mm_populate } from './mmap.js';

/** Heap and data together, against RLIMIT_DATA. 0 or -ENOSPC. */
function check_data_rlimit(rlim: number, brk: number, start: number, end_data: number, start_data: number): number {
  if (rlim === RLIM_INFINITY) return 0;
  const size = wrappingSum(wrappingDifference(brk, start), wrappingDifference(end_data, start_data));
  return size > rlim ? -ENOSPC : 0;
}

/** May len bytes be mapped at addr, and locked where all that is mapped is? 0 or a negative errno. */
function check_brk_limits(addr: number, len: number): number {
  const mm = currentMm('check_brk_limits');
  const is_def_locked = vma_flags_test(mm.def_vma_flags, VMA_LOCKED_BIT);

  const mapped_addr = get_unmapped_area(null, addr, len, 0, MAP_FIXED);
  if (IS_ERR_VALUE(mapped_addr)) return mapped_addr;
  return mlock_future_ok(mm, is_def_locked, len) ? 0 : -EAGAIN;
}

/** Unmaps [newbrk, oldbrk); drops the lock when it succeeds. Did it? */
function shrink(mm: mm_struct, brk: number, newbrk: number, oldbrk: number, uf: list_head): boolean {
  const vmi = VMA_ITERATOR(mm, newbrk);
  const brkvma = vma_find(vmi, oldbrk);
  if (brkvma === null || brkvma.vm_start >= oldbrk) return false;

  // Before the lock may go.
  mm.brk = brk;
  return do_vmi_align_munmap(vmi, brkvma, mm, newbrk, oldbrk, uf, true) === 0;
}

/** Maps [oldbrk, newbrk), if it is clear of the next VMA and its guard gap. Did it? */
function grow(mm: mm_struct, newbrk: number, oldbrk: number): boolean {
  if (check_brk_limits(oldbrk, wrappingDifference(newbrk, oldbrk)) !== 0) return false;

  const vmi = VMA_ITERATOR(mm, oldbrk);
  const next = vma_find(vmi, newbrk + PAGE_SIZE + globals.stack_guard_gap);
  if (next !== null && newbrk + PAGE_SIZE > vm_start_gap(next)) return false;

  const brkvma = vma_prev_limit(vmi, mm.start_brk);
  return do_brk_flags(vmi, brkvma, oldbrk, newbrk - oldbrk, emptyFlags()) >= 0;
}

/**
 * The system call: the heap ends at brk from here on. Returns where it ends now, which is where it ended before when it
 * could not be done; -EINTR.
 */
export function brk(brk: number): number {
  const mm = currentMm('brk');
  const uf = new list_head();

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;

  const origbrk = mm.brk;
  const refuse = (): number => {
    mm.brk = origbrk;
    stubs.mmap_write_unlock(mm);
    return origbrk;
  };

  if (brk < mm.start_brk) return refuse();
  const rlim = stubs.rlimit(RLIMIT_DATA);
  if (check_data_rlimit(rlim, brk, mm.start_brk, mm.end_data, mm.start_data) !== 0) return refuse();

  const newbrk = wrappingPageAlign(brk);
  const oldbrk = wrappingPageAlign(mm.brk);
  if (oldbrk !== newbrk && brk <= mm.brk) {
    if (!shrink(mm, brk, newbrk, oldbrk, uf)) return refuse();
    stubs.userfaultfd_unmap_complete(mm, uf);
    return brk;
  }
  if (oldbrk !== newbrk && !grow(mm, newbrk, oldbrk)) return refuse();

  mm.brk = brk;
  const populate = oldbrk !== newbrk && vma_flags_test(mm.def_vma_flags, VMA_LOCKED_BIT);
  stubs.mmap_write_unlock(mm);
  stubs.userfaultfd_unmap_complete(mm, uf);
  if (populate) mm_populate(oldbrk, newbrk - oldbrk);
  return brk;
}

/**
 * Maps anonymous memory at addr in the current address space in place of what is there, as exec does for a program's
 * zeroed data. 0 or a negative errno.
 */
export function vm_brk_flags(addr: number, request: number, is_exec: boolean): number {
  const vma_flags = is_exec ? mk_vma_flags(VMA_EXEC_BIT) : emptyFlags();
  const mm = currentMm('vm_brk_flags');
  const uf = new list_head();
  const vmi = VMA_ITERATOR(mm, addr);

  const len = wrappingPageAlign(request);
  if (len < request) return -ENOMEM;
  if (len === 0) return 0;

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  let ret = check_brk_limits(addr, len);
  if (ret === 0) ret = do_vmi_munmap(vmi, mm, addr, len, uf, false);
  if (ret !== 0) {
    stubs.mmap_write_unlock(mm);
    return ret;
  }

  ret = do_brk_flags(vmi, vma_prev(vmi), addr, len, vma_flags);
  const populate = vma_flags_test(mm.def_vma_flags, VMA_LOCKED_BIT);
  stubs.mmap_write_unlock(mm);
  stubs.userfaultfd_unmap_complete(mm, uf);
  if (populate && ret === 0) mm_populate(addr, len);
  return ret;
}
