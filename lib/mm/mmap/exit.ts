// SPDX-License-Identifier: GPL-2.0-only
/** The end of an address space. Port of tear_down_vmas() and exit_mmap(), mm/mmap.c (Linux 7.3). */
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { MMF_OOM_SKIP } from '../../../include/linux/mm.js';
import {
  type mm_struct,
  mmu_gather,
  VMA_ITERATOR,
  type vm_area_struct,
  type vma_iterator,
} from '../../../include/mm_types.js';
import { unmap_desc } from '../../../include/vma.js';
import { VMA_ACCOUNT_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';
import { __mt_destroy, mt_clear_in_rcu } from '../../maple_tree.js';
import { vm_unacct_memory } from '../inlines/accounting.js';
import { mm_flags_set, vma_test } from '../inlines/flag_operations.js';
import { vma_iter_set, vma_next } from '../inlines/iterator.js';
import { vma_mark_detached } from '../inlines/lifecycle.js';
import { vma_pages } from '../inlines/range.js';
import { unmap_all_init, unmap_pgtable_init } from '../vma/merge_state.js';
import { remove_vma } from '../vma/munmap.js';

/** Closes and frees the VMAs from vma on that end at or below `end`. The pages among them that are charged. */
export function tear_down_vmas(mm: mm_struct, vmi: vma_iterator, first: vm_area_struct, end: number): number {
  let nr_accounted = 0;
  let count = 0;

  stubs.mmap_assert_write_locked(mm);
  vma_iter_set(vmi, first.vm_end);
  for (let vma: vm_area_struct | null = first; vma !== null; ) {
    if (vma_test(vma, VMA_ACCOUNT_BIT)) nr_accounted += vma_pages(vma);
    vma_mark_detached(vma);
    remove_vma(vma);
    count++;
    vma = vma_next(vmi);
    if (vma !== null && vma.vm_end > end) break;
  }

  VM_WARN_ON_ONCE(count !== mm.map_count, 'tear_down_vmas', 'there are more or fewer VMAs than were counted');
  return nr_accounted;
}

/** Clears all page tables of an address space that has VMAs, and takes the VMAs off the reverse maps. */
function unmapAll(mm: mm_struct, vmi: vma_iterator, first: vm_area_struct): void {
  const tlb = new mmu_gather();
  const unmap = new unmap_desc(vmi.mas, first);

  unmap_all_init(unmap, vmi, first);
  stubs.tlb_gather_mmu_fullmm(tlb, mm);
  stubs.unmap_vmas(tlb, unmap);
  stubs.mmap_read_unlock(mm);

  // Its memory is gone: there is no more to look for.
  mm_flags_set(MMF_OOM_SKIP, mm);
  stubs.mmap_write_lock(mm);
  unmap.mm_wr_locked = true;
  mt_clear_in_rcu(mm.mm_mt);
  unmap_pgtable_init(unmap, vmi);
  stubs.free_pgtables(tlb, unmap);
  stubs.tlb_finish_mmu(tlb);
}

/** Unmaps all that there is. The address space has no other user any more. */
export function exit_mmap(mm: mm_struct): void {
  const vmi = VMA_ITERATOR(mm, 0);
  let nr_accounted = 0;

  stubs.mmu_notifier_release(mm);
  stubs.mmap_read_lock(mm);
  stubs.arch_exit_mmap(mm);

  const vma = vma_next(vmi);
  if (vma !== null) {
    unmapAll(mm, vmi, vma);
    nr_accounted = tear_down_vmas(mm, vmi, vma, ULONG_MAX);
  } else {
    // A fork that failed leaves none.
    stubs.mmap_read_unlock(mm);
    stubs.mmap_write_lock(mm);
  }
  __mt_destroy(mm.mm_mt);
  stubs.mmap_write_unlock(mm);
  vm_unacct_memory(nr_accounted);
}
