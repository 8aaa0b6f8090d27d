// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Growing a stack. Port of acct_stack_growth() and expand_downwards() of mm/vma.c (Linux 7.3). expand_upwards() is
 * compiled only where stacks grow up, which is not this configuration.
 */

import { EFAULT, ENOMEM, EPERM } from '../../../include/linux/errno.js';
import { PAGE_ALIGN_DOWN, PAGE_SIZE, PHYS_PFN, RLIMIT_STACK } from '../../../include/linux/mm.js';
import {
  type anon_vma,
  type mm_struct,
  VMA_ITERATOR,
  type vm_area_struct,
  type vma_iterator,
} from '../../../include/mm_types.js';
import { VMA_GROWSDOWN_BIT, VMA_LOCKED_BIT } from '../../../include/vma_flags.js';
import { globals, stubs } from '../../../stubs/index.js';
import { missing } from '../../bug.js';
import { accountPages, addPages, mlock_future_ok } from '../inlines/accounting.js';
import { vma_test } from '../inlines/flag_operations.js';
import {
  vma_iter_config,
  vma_iter_free,
  vma_iter_next_range_limit,
  vma_iter_prealloc,
  vma_iter_store_overwrite,
  vma_prev,
} from '../inlines/iterator.js';
import { vma_sub_pgoff } from '../inlines/pgoff.js';
import { vma_is_accessible, vma_start_pgoff } from '../inlines/range.js';
import { anon_rmap_tree_post_update_vma, anon_rmap_tree_pre_update_vma } from './prepare.js';
import { validate_mm } from './validate.js';

/**
 * May the stack become `size` bytes, which is `grow` pages more? Charges them. 0, -ENOMEM past a limit, -EFAULT into a
 * region kept for huge pages.
 */
function acct_stack_growth(vma: vm_area_struct, size: number, grow: number): number {
  const mm = vma.vm_mm ?? missing('acct_stack_growth', 'vma.vm_mm');

  if (!stubs.may_expand_vm(mm, vma.flags, grow)) return -ENOMEM;
  if (size > stubs.rlimit(RLIMIT_STACK)) return -ENOMEM;
  if (!mlock_future_ok(mm, vma_test(vma, VMA_LOCKED_BIT), grow * PAGE_SIZE)) return -ENOMEM;
  if (stubs.is_hugepage_only_range(mm, vma.vm_end - size, size)) return -EFAULT;
  // Last, because it charges.
  return stubs.security_vm_enough_memory_mm(mm, grow) !== 0 ? -ENOMEM : 0;
}

/** Moves the start of a locked stack down to address. 0 or a negative errno. */
function growDown(mm: mm_struct, vmi: vma_iterator, vma: vm_area_struct, address: number): number {
  // Another fault may have grown it that far in the meantime.
  if (address >= vma.vm_start) return 0;

  const grow = PHYS_PFN(vma.vm_start - address);
  if (grow > vma_start_pgoff(vma)) return -ENOMEM;
  const error = acct_stack_growth(vma, vma.vm_end - address, grow);
  if (error !== 0) return error;

  if (vma_test(vma, VMA_LOCKED_BIT)) mm.locked_vm = addPages(mm.locked_vm, grow);
  accountPages(mm, vma.flags, grow);
  anon_rmap_tree_pre_update_vma(vma);
  vma.vm_start = address;
  vma_sub_pgoff(vma, grow);
  vma_iter_store_overwrite(vmi, vma);
  anon_rmap_tree_post_update_vma(vma);

  stubs.perf_event_mmap(vma);
  return 0;
}

/** Would the stack at address come too near to prev, which is in use and no stack itself? */
function hitsGuardGap(prev: vm_area_struct, address: number): boolean {
  if (vma_test(prev, VMA_GROWSDOWN_BIT) || !vma_is_accessible(prev)) return false;
  // Below the end of prev the difference wraps in C, to more than any gap.
  return address >= prev.vm_end && address - prev.vm_end < globals.stack_guard_gap;
}

/** Grows a VM_GROWSDOWN VMA so that it holds address, which lies below it and above the VMA before. */
export function expand_downwards(vma: vm_area_struct, address: number): number {
  const mm = vma.vm_mm ?? missing('expand_downwards', 'vma.vm_mm');
  const vmi = VMA_ITERATOR(mm, vma.vm_start);

  if (!vma_test(vma, VMA_GROWSDOWN_BIT)) return -EFAULT;
  stubs.mmap_assert_write_locked(mm);

  const start = PAGE_ALIGN_DOWN(address);
  if (start < globals.mmap_min_addr) return -EPERM;

  const prev = vma_prev(vmi);
  if (prev !== null) {
    if (hitsGuardGap(prev, start)) return -ENOMEM;
    vma_iter_next_range_limit(vmi, vma.vm_start);
  }

  vma_iter_config(vmi, start, vma.vm_end);
  if (vma_iter_prealloc(vmi, vma) !== 0) return -ENOMEM;
  if (stubs.anon_vma_prepare(vma) !== 0 || vma.anon_vma === null) {
    vma_iter_free(vmi);
    return -ENOMEM;
  }
  return growLocked(mm, vmi, vma, vma.anon_vma, start);
}

/** The part of expand_downwards() under the VMA's and the anon_vma's lock. */
function growLocked(mm: mm_struct, vmi: vma_iterator, vma: vm_area_struct, anon_vma: anon_vma, start: number): number {
  // Before it grows, so that no page fault runs into it meanwhile.
  stubs.vma_start_write(vma);
  stubs.anon_vma_lock_write(anon_vma);
  const error = growDown(mm, vmi, vma, start);
  stubs.anon_vma_unlock_write(anon_vma);

  vma_iter_free(vmi);
  validate_mm(mm);
  return error;
}
