// SPDX-License-Identifier: GPL-2.0-only
/**
 * The address space of a child. Port of dup_mmap(), mm/mmap.c (Linux 7.3), whose loop over the VMAs is dupVma() here,
 * and what comes after a failure undoDup().
 *
 * Deviations: nothing to flush, no uprobes, no RCU. The child's tree has the flags of the parent's from the start.
 */
import { EINTR, ENOMEM } from '../../../include/linux/errno.js';
import { GFP_KERNEL } from '../../../include/linux/gfp.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { list_head } from '../../../include/linux/list.js';
import { MMF_OOM_SKIP, MMF_UNSTABLE } from '../../../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { VMA_ACCOUNT_BIT, VMA_DONTCOPY_BIT, VMA_LOCKED_MASK, VMA_WIPEONFORK_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing } from '../../bug.js';
import { __mt_destroy, __mt_dup, mt_clear_in_rcu, mt_set_in_rcu } from '../../maple_tree.js';
import { accountPages, vm_unacct_memory } from '../inlines/accounting.js';
import { mm_flags_set, vma_clear_flags_mask, vma_is_shared_maywrite, vma_test } from '../inlines/flag_operations.js';
import { vma_iter_bulk_store, vma_iter_clear_gfp, vma_iter_free, vma_iter_set, vma_next } from '../inlines/iterator.js';
import { mapping_allow_writable } from '../inlines/mapping.js';
import { vma_pages } from '../inlines/range.js';
import { anon_vma_fork } from '../rmap.js';
import { UNMAP_STATE } from '../vma/merge_state.js';
import { unmap_region } from '../vma/munmap.js';
import { vm_area_dup, vm_area_free } from '../vma_init.js';
import { tear_down_vmas } from './exit.js';

/** Has the child refer to the program that the parent runs. */
function dup_mm_exe_file(mm: mm_struct, oldmm: mm_struct): void {
  mm.exe_file = oldmm.exe_file === null ? null : stubs.get_file(oldmm.exe_file);
}

/** Charges the pages of a VMA that counts, to the parent's address space. The charge, or null when there is no room. */
function chargeCopy(oldmm: mm_struct, mpnt: vm_area_struct): number | null {
  if (!vma_test(mpnt, VMA_ACCOUNT_BIT)) return 0;
  const len = vma_pages(mpnt);
  return stubs.security_vm_enough_memory_mm(oldmm, len) !== 0 ? null : len;
}

/** A copy of a parent's VMA for the child, in no tree yet; null when memory is out, with nothing kept. */
function copyVma(mm: mm_struct, mpnt: vm_area_struct, uf: list_head): vm_area_struct | null {
  const tmp = vm_area_dup(mpnt);
  if (tmp === null) return null;
  if (stubs.vma_dup_policy(mpnt, tmp) !== 0) {
    vm_area_free(tmp);
    return null;
  }

  tmp.vm_mm = mm;
  let error = stubs.dup_userfaultfd(tmp, uf);
  if (error === 0) {
    // What the child is not to see needs no anon_vma before it faults.
    if (vma_test(tmp, VMA_WIPEONFORK_BIT)) tmp.anon_vma = null;
    else error = anon_vma_fork(tmp, mpnt);
  }
  if (error !== 0) {
    stubs.mpol_put(stubs.vma_policy(tmp));
    vm_area_free(tmp);
    return null;
  }
  return tmp;
}

/** Puts the copy beside its original on the tree of their file. */
function linkFile(tmp: vm_area_struct, mpnt: vm_area_struct): void {
  const { vm_file: file } = tmp;
  if (file === null) return;
  const { f_mapping: mapping } = file;

  stubs.get_file(file);
  stubs.i_mmap_lock_write(mapping);
  if (vma_is_shared_maywrite(tmp)) mapping_allow_writable(mapping);
  stubs.flush_dcache_mmap_lock(mapping);
  stubs.mapping_rmap_tree_insert_after(tmp, mpnt, mapping);
  stubs.flush_dcache_mmap_unlock(mapping);
  stubs.i_mmap_unlock_write(mapping);
}

/** How far a duplication got: 0 or a negative errno, and the first VMA of the parent that the child's tree still has. */
interface Progress {
  retval: number;
  mpnt: vm_area_struct | null;
}

/** Replaces a VMA of the parent, where the iterator stands, by a copy, or by nothing. */
function dupVma(mm: mm_struct, oldmm: mm_struct, vmi: vma_iterator, mpnt: vm_area_struct, uf: list_head): Progress {
  let retval = stubs.vma_start_write_killable(mpnt);
  if (retval < 0) return { retval, mpnt };
  if (vma_test(mpnt, VMA_DONTCOPY_BIT)) {
    retval = vma_iter_clear_gfp(vmi, mpnt.vm_start, mpnt.vm_end, GFP_KERNEL);
    if (retval === 0) accountPages(mm, mpnt.flags, -vma_pages(mpnt));
    return { retval, mpnt };
  }

  const charge = chargeCopy(oldmm, mpnt);
  const tmp = charge === null ? null : copyVma(mm, mpnt, uf);
  if (tmp === null) {
    vm_unacct_memory(charge ?? 0);
    return { retval: -ENOMEM, mpnt };
  }

  stubs.vma_start_write(tmp);
  vma_clear_flags_mask(tmp, VMA_LOCKED_MASK);
  // The tree has a place of just this range, so that this cannot fail.
  vma_iter_bulk_store(vmi, tmp);
  mm.map_count++;

  if (tmp.vm_ops?.open) stubs.call_hook(tmp.vm_ops, 'open', tmp.vm_ops.open, tmp);
  linkFile(tmp, mpnt);
  if (!vma_test(tmp, VMA_WIPEONFORK_BIT)) retval = stubs.copy_page_range(tmp, mpnt);
  // The copy is in the tree, so what is left begins at the next one.
  return { retval, mpnt: retval !== 0 ? vma_next(vmi) : mpnt };
}

/** Replaces all VMAs of the parent in the child's tree by copies. */
function dupVmas(mm: mm_struct, oldmm: mm_struct, vmi: vma_iterator, uf: list_head): Progress {
  for (let mpnt = vma_next(vmi); mpnt !== null; mpnt = vma_next(vmi)) {
    const done = dupVma(mm, oldmm, vmi, mpnt, uf);
    if (done.retval !== 0) return done;
  }
  return { retval: stubs.arch_dup_mmap(oldmm, mm), mpnt: null };
}

/** Takes down what the child has got so far; the VMAs from mpnt on are the parent's still. */
function undoDup(mm: mm_struct, vmi: vma_iterator, mpnt: vm_area_struct | null): void {
  let end = mpnt !== null ? mpnt.vm_start : ULONG_MAX;
  if (mm.map_count === 0) end = 0;

  mm_flags_set(MMF_OOM_SKIP, mm);
  if (end !== 0) {
    vma_iter_set(vmi, 0);
    const first = vma_next(vmi) ?? missing('dup_mmap', 'the first VMA');
    const unmap = UNMAP_STATE(vmi, first, 0, end, null, null);
    unmap.tree_end = end;
    unmap_region(unmap);
    vm_unacct_memory(tear_down_vmas(mm, vmi, first, end));
  }
  __mt_destroy(mm.mm_mt);
  // Until it is gone, what is in it must not be relied on.
  mm_flags_set(MMF_UNSTABLE, mm);
}

/** Copies the VMAs of oldmm into mm, which is new and empty. 0, or a negative errno with mm empty again. */
export function dup_mmap(mm: mm_struct, oldmm: mm_struct): number {
  const uf = new list_head();
  const vmi = VMA_ITERATOR(mm, 0);

  if (stubs.mmap_write_lock_killable(oldmm) !== 0) return -EINTR;
  // It cannot be reached yet, so this cannot deadlock.
  stubs.mmap_write_lock_nested(mm);

  dup_mm_exe_file(mm, oldmm);
  mm.total_vm = oldmm.total_vm;
  mm.data_vm = oldmm.data_vm;
  mm.exec_vm = oldmm.exec_vm;
  mm.stack_vm = oldmm.stack_vm;

  let retval = __mt_dup(oldmm.mm_mt, mm.mm_mt, GFP_KERNEL);
  if (retval === 0) {
    mt_clear_in_rcu(mm.mm_mt);
    const done = dupVmas(mm, oldmm, vmi, uf);
    retval = done.retval;
    vma_iter_free(vmi);
    if (retval === 0) {
      mt_set_in_rcu(mm.mm_mt);
      stubs.ksm_fork(mm, oldmm);
      stubs.khugepaged_fork(mm, oldmm);
    } else {
      undoDup(mm, vmi, done.mpnt);
    }
  }

  stubs.mmap_write_unlock(mm);
  stubs.mmap_write_unlock(oldmm);
  if (retval === 0) stubs.dup_userfaultfd_complete(uf);
  else stubs.dup_userfaultfd_fail(uf);
  return retval;
}
