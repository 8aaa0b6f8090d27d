// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Unmapping: gather what lies in the range on a tree of its own, clear the range, then free what was gathered.
 * Port of remove_vma(), unmap_region(), vms_clear_ptes(), vms_clean_up_area(), vms_complete_munmap_vmas(),
 * reattach_vmas(), vms_gather_munmap_vmas(), vms_abort_munmap_vmas(), init_vma_munmap(), do_vmi_align_munmap(),
 * do_vmi_munmap() and __vm_munmap() of mm/vma.c (Linux 7.3).
 *
 * Deviation: the checks of CONFIG_DEBUG_VM_MAPLE_TREE inside vms_gather_munmap_vmas() run when
 * `globals.debug_vm_maple_tree` is on.
 */
import { EINTR, EINVAL, ENOMEM, EPERM } from '../../../include/linux/errno.js';
import { __GFP_NOFAIL, GFP_KERNEL } from '../../../include/linux/gfp.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { list_head } from '../../../include/linux/list.js';
import type { ma_state } from '../../../include/linux/maple_tree.js';
import {
  FIRST_USER_ADDRESS,
  offset_in_page,
  PAGE_ALIGN,
  TASK_SIZE,
  USER_PGTABLES_CEILING,
} from '../../../include/linux/mm.js';
import {
  type mm_struct,
  mmu_gather,
  VMA_ITERATOR,
  type vm_area_struct,
  type vma_iterator,
} from '../../../include/mm_types.js';
import { unmap_desc, vma_munmap_struct } from '../../../include/vma.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_BIT } from '../../../include/vma_flags.js';
import { currentMm, globals, stubs } from '../../../stubs/index.js';
import { BUG_ON, missing, VM_WARN_ON } from '../../bug.js';
import { MA_STATE, mas_find, mas_for_each, mas_next, mas_set, mas_set_range, mas_store_gfp } from '../../maple_tree.js';
import {
  addPages,
  get_sysctl_max_map_count,
  is_data_mapping_vma_flags,
  isExecMapping,
  isStackMapping,
  vm_unacct_memory,
} from '../inlines/accounting.js';
import { vma_test } from '../inlines/flag_operations.js';
import {
  for_each_vma_range,
  vma_find,
  vma_iter_addr,
  vma_iter_clear_gfp,
  vma_iter_prev_range,
  vma_iter_set,
  vma_next,
  vma_prev,
} from '../inlines/iterator.js';
import { vma_mark_attached, vma_mark_detached } from '../inlines/lifecycle.js';
import { vma_is_sealed, vma_pages } from '../inlines/range.js';
import { vma_close } from '../internal.js';
import { vm_area_free } from '../vma_init.js';
import { detachedTree, dropDetachedTree } from './side_trees.js';
import { __split_vma } from './split.js';
import { validate_mm } from './validate.js';

/** Closes a VMA that is in no tree any more and frees it. */
export function remove_vma(vma: vm_area_struct): void {
  stubs.might_sleep();
  vma_close(vma);
  if (vma.vm_file !== null) stubs.fput(vma.vm_file);
  stubs.mpol_put(stubs.vma_policy(vma));
  vm_area_free(vma);
}

/** Clears the page tables of a range and frees them. Port of unmap_region(), mm/vma.c. */
export function unmap_region(unmap: unmap_desc): void {
  const mm = unmap.first.vm_mm ?? missing('unmap_region', 'unmap.first.vm_mm');
  const tlb = new mmu_gather();

  stubs.tlb_gather_mmu(tlb, mm);
  stubs.update_hiwater_rss(mm);
  stubs.unmap_vmas(tlb, unmap);
  mas_set(unmap.mas, unmap.tree_reset);
  stubs.free_pgtables(tlb, unmap);
  stubs.tlb_finish_mmu(tlb);
}

/** Clears the page tables of what was gathered, once. */
function vms_clear_ptes(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>, mm_wr_locked: boolean): void {
  if (!vms.clear_ptes || vms.vma === null) return;

  const unmap = new unmap_desc(mas_detach, vms.vma);
  // The page tables reach to the neighbours, which may lie further out than the range.
  unmap.pg_start = vms.unmap_start;
  unmap.pg_end = vms.unmap_end;
  unmap.vma_start = vms.start;
  unmap.vma_end = vms.end;
  // The side tree counts VMAs where the usual one has addresses.
  unmap.tree_reset = 1;
  unmap.tree_end = vms.vma_count;
  unmap.mm_wr_locked = mm_wr_locked;

  mas_set(mas_detach, 1);
  unmap_region(unmap);
  vms.clear_ptes = false;
}

/** Clears page tables and calls the close hooks, before a new mapping takes the place. */
export function vms_clean_up_area(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  if (vms.nr_pages === 0) return;

  vms_clear_ptes(vms, mas_detach, true);
  mas_set(mas_detach, 0);
  for (const vma of mas_for_each(mas_detach, ULONG_MAX)) vma_close(vma);
}

/** Takes what was unmapped out of the sums. */
function unaccountUnmapped(mm: mm_struct, vms: vma_munmap_struct): void {
  stubs.update_hiwater_vm(mm);
  mm.total_vm = addPages(mm.total_vm, -vms.nr_pages);
  VM_WARN_ON(vms.exec_vm > mm.exec_vm, 'vms_complete_munmap_vmas', 'exec_vm would go below 0');
  VM_WARN_ON(vms.stack_vm > mm.stack_vm, 'vms_complete_munmap_vmas', 'stack_vm would go below 0');
  VM_WARN_ON(vms.data_vm > mm.data_vm, 'vms_complete_munmap_vmas', 'data_vm would go below 0');
  mm.exec_vm = addPages(mm.exec_vm, -vms.exec_vm);
  mm.stack_vm = addPages(mm.stack_vm, -vms.stack_vm);
  mm.data_vm = addPages(mm.data_vm, -vms.data_vm);
}

/**
 * Ends an unmap whose range is clear: sums, page tables, close hooks, memory. Downgrades the mmap lock first, and drops
 * it last, where the caller asked for that. Port of vms_complete_munmap_vmas(), mm/vma.c.
 */
export function vms_complete_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  const mm = currentMm('vms_complete_munmap_vmas');

  mm.map_count -= vms.vma_count;
  mm.locked_vm = addPages(mm.locked_vm, -vms.locked_vm);
  if (vms.unlock) stubs.mmap_write_downgrade(mm);
  if (vms.nr_pages === 0) return;

  vms_clear_ptes(vms, mas_detach, !vms.unlock);
  unaccountUnmapped(mm, vms);

  mas_set(mas_detach, 0);
  for (const vma of mas_for_each(mas_detach, ULONG_MAX)) remove_vma(vma);

  vm_unacct_memory(vms.nr_accounted);
  validate_mm(mm);
  if (vms.unlock) stubs.mmap_read_unlock(mm);
  dropDetachedTree(mas_detach);
}

/** Marks gathered VMAs as attached again, they never left the main tree; drops the side tree. */
function reattach_vmas(mas_detach: ma_state<vm_area_struct>): void {
  mas_set(mas_detach, 0);
  for (const vma of mas_for_each(mas_detach, ULONG_MAX)) {
    vma_mark_attached(vma);
  }
  dropDetachedTree(mas_detach);
}

/** Splits the first VMA where the range begins inside it. 0 or a negative errno. */
function splitFirst(vms: vma_munmap_struct, first: vm_area_struct): number {
  if (vms.start <= first.vm_start) return 0;

  // A hole in the middle leaves one VMA more than there was. Elsewhere the count may pass its limit for a moment.
  const mm = first.vm_mm ?? missing('vms_gather_munmap_vmas', 'vma.vm_mm');
  if (vms.end < first.vm_end && mm.map_count >= get_sysctl_max_map_count()) return -ENOMEM;
  if (vma_is_sealed(first)) return -EPERM;
  return __split_vma(vms.vmi, first, vms.start, true);
}

/** Adds one gathered VMA to the sums of the unmap. */
function countGathered(vms: vma_munmap_struct, vma: vm_area_struct): void {
  const nrpages = vma_pages(vma);

  vms.nr_pages += nrpages;
  if (vma_test(vma, VMA_LOCKED_BIT)) vms.locked_vm += nrpages;
  if (vma_test(vma, VMA_ACCOUNT_BIT)) vms.nr_accounted += nrpages;

  if (isExecMapping(vma.flags)) vms.exec_vm += nrpages;
  else if (isStackMapping(vma.flags)) vms.stack_vm += nrpages;
  else if (is_data_mapping_vma_flags(vma.flags)) vms.data_vm += nrpages;
}

/** Moves one VMA of the range to the side tree, split at its end if need be. 0 or a negative errno. */
function gatherOne(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>, vma: vm_area_struct): number {
  if (vma_is_sealed(vma)) return -EPERM;
  if (vma.vm_end > vms.end) {
    const error = __split_vma(vms.vmi, vma, vms.end, false);
    if (error !== 0) return error;
  }
  stubs.vma_start_write(vma);
  mas_set(mas_detach, vms.vma_count++);
  const error = mas_store_gfp(mas_detach, vma, GFP_KERNEL);
  if (error !== 0) return error;

  vma_mark_detached(vma);
  countGathered(vms, vma);
  if (vms.uf !== null) {
    // Where this fails the splits stay, as upstream has it: rare, and the caller is told of an error anyway.
    const uffd_error = stubs.userfaultfd_unmap_prep(vma, vms.start, vms.end, vms.uf);
    if (uffd_error !== 0) return uffd_error;
  }
  if (globals.debug_vm_maple_tree) {
    BUG_ON(vma.vm_start < vms.start, 'vms_gather_munmap_vmas', 'gathered a VMA from below the range');
    BUG_ON(vma.vm_start > vms.end, 'vms_gather_munmap_vmas', 'gathered a VMA from above the range');
  }
  return 0;
}

/** Is each VMA of the range on the side tree, in order? */
function assertNoneLost(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  const test = MA_STATE(mas_detach.tree, 0, 0);
  let count = 0;

  vma_iter_set(vms.vmi, vms.start);
  let gathered = mas_find(test, vms.vma_count - 1);
  for (const vma of for_each_vma_range(vms.vmi, vms.end)) {
    BUG_ON(vma !== gathered, 'vms_gather_munmap_vmas', 'a VMA of the range was not gathered');
    count++;
    gathered = mas_next(test, vms.vma_count - 1);
  }
  BUG_ON(vms.vma_count !== count, 'vms_gather_munmap_vmas', 'gathered other VMAs than the range holds');
}

/** Puts all VMAs of [vms.start, vms.end) on the side tree, splitting the first and the last where they reach beyond. */
export function vms_gather_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): number {
  const { vmi } = vms;
  const first = vms.vma ?? missing('vms_gather_munmap_vmas', 'vms.vma');

  const split_error = splitFirst(vms, first);
  if (split_error !== 0) return split_error;

  vms.prev = vma_prev(vmi);
  if (vms.prev !== null) vms.unmap_start = vms.prev.vm_end;

  for (const vma of for_each_vma_range(vmi, vms.end)) {
    const error = gatherOne(vms, mas_detach, vma);
    if (error !== 0) {
      reattach_vmas(mas_detach);
      return error;
    }
  }

  vms.next = vma_next(vmi);
  if (vms.next !== null) vms.unmap_end = vms.next.vm_start;
  if (globals.debug_vm_maple_tree) assertNoneLost(vms, mas_detach);

  while (vma_iter_addr(vmi) > vms.start) vma_iter_prev_range(vmi);

  vms.clear_ptes = true;
  return 0;
}

/** Undoes a gathered unmap after an error. */
export function vms_abort_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  if (vms.nr_pages === 0) return;
  if (vms.clear_ptes) {
    reattach_vmas(mas_detach);
    return;
  }

  const { mas } = vms.vmi;
  mas_set_range(mas, vms.start, vms.end - 1);
  mas_store_gfp(mas, null, GFP_KERNEL | __GFP_NOFAIL);
  vms_complete_munmap_vmas(vms, mas_detach);
}

/** Sets up the unmap of [start, end), whose first VMA is vma; without one, of nothing. */
export function init_vma_munmap(
  vms: vma_munmap_struct,
  vmi: vma_iterator,
  vma: vm_area_struct | null,
  start: number,
  end: number,
  uf: list_head | null,
  unlock: boolean,
): void {
  vms.vmi = vmi;
  vms.vma = vma;
  vms.start = vma !== null ? start : 0;
  vms.end = vma !== null ? end : 0;
  vms.unlock = unlock;
  vms.uf = uf;
  vms.vma_count = 0;
  vms.nr_pages = 0;
  vms.locked_vm = 0;
  vms.nr_accounted = 0;
  vms.exec_vm = 0;
  vms.stack_vm = 0;
  vms.data_vm = 0;
  vms.unmap_start = FIRST_USER_ADDRESS;
  vms.unmap_end = USER_PGTABLES_CEILING;
  vms.clear_ptes = false;
}

/** Unmaps [start, end), page-aligned, whose first VMA is vma. */
export function do_vmi_align_munmap(
  vmi: vma_iterator,
  vma: vm_area_struct,
  mm: mm_struct,
  start: number,
  end: number,
  uf: list_head | null,
  unlock: boolean,
): number {
  const mas_detach = detachedTree(vmi);
  const vms = new vma_munmap_struct(vmi);

  init_vma_munmap(vms, vmi, vma, start, end, uf, unlock);
  let error = vms_gather_munmap_vmas(vms, mas_detach);
  if (error === 0) {
    error = vma_iter_clear_gfp(vmi, start, end, GFP_KERNEL);
    if (error === 0) {
      vms_complete_munmap_vmas(vms, mas_detach);
      return 0;
    }
    reattach_vmas(mas_detach);
  }
  validate_mm(mm);
  return error;
}

/** Unmaps len bytes, rounded up to pages, from start on; the iterator is new or before the range. */
export function do_vmi_munmap(
  vmi: vma_iterator,
  mm: mm_struct,
  start: number,
  len: number,
  uf: list_head | null,
  unlock: boolean,
): number {
  if (offset_in_page(start) !== 0 || start > TASK_SIZE || len > TASK_SIZE - start) return -EINVAL;

  const end = start + PAGE_ALIGN(len);
  if (end === start) return -EINVAL;

  const vma = vma_find(vmi, end);
  if (vma === null) {
    if (unlock) stubs.mmap_write_unlock(mm);
    return 0;
  }
  return do_vmi_align_munmap(vmi, vma, mm, start, end, uf, unlock);
}

/** Takes the mmap lock of the current address space and unmaps; `unlock` lets it be downgraded on the way. */
export function __vm_munmap(start: number, len: number, unlock: boolean): number {
  const mm = currentMm('__vm_munmap');
  const uf = new list_head();
  const vmi = VMA_ITERATOR(mm, start);

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;

  const ret = do_vmi_munmap(vmi, mm, start, len, uf, unlock);
  if (ret !== 0 || !unlock) stubs.mmap_write_unlock(mm);

  stubs.userfaultfd_unmap_complete(mm, uf);
  return ret;
}
