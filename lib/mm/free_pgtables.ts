// SPDX-License-Identifier: GPL-2.0-only
/**
 * Letting go of page tables, and before that of everything by which a page finds the VMAs: part of mm/memory.c
 * (Linux 7.3) that deals in VMAs. There are no page tables, so free_pgd_range() is the stub world's.
 */
import { ULONG_MAX } from '../../include/linux/limits.js';
import { PMD_SIZE } from '../../include/linux/mm.js';
import type { mmu_gather, vm_area_struct } from '../../include/mm_types.js';
import { unlink_vma_file_batch, type unmap_desc } from '../../include/vma.js';
import { stubs } from '../../stubs/index.js';
import { WARN_ON_ONCE } from '../bug.js';
import { mas_find } from '../maple_tree.js';
import {
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_init,
} from './vma/file_links.js';

/** Takes one VMA off the reverse maps, that of its file with the rest of the batch. */
function hideFromRmap(unmap: unmap_desc, vma: vm_area_struct, vb: unlink_vma_file_batch): void {
  if (unmap.mm_wr_locked) stubs.vma_start_write(vma);
  stubs.unlink_anon_vmas(vma);
  unlink_file_vma_batch_add(vb, vma);
}

/**
 * Takes the VMAs from unmap.first on, which is where the state unmap.mas has been, up to unmap.tree_end off the reverse
 * maps, and frees the page tables between unmap.pg_start and unmap.pg_end. Port of free_pgtables(), mm/memory.c.
 */
export function free_pgtables(tlb: mmu_gather, unmap: unmap_desc): void {
  const { mas, pg_start, pg_end } = unmap;
  const vb = new unlink_vma_file_batch();
  let first: vm_area_struct | null = unmap.first;
  // 0 stands for no end here too.
  const last = unmap.tree_end === 0 ? ULONG_MAX : unmap.tree_end - 1;

  // A ceiling of 0 stands for none; it wraps in C.
  WARN_ON_ONCE(pg_end !== 0 && pg_end < unmap.vma_end, 'free_pgtables', 'page tables would go for a part of the VMAs');

  while (first !== null) {
    const addr = first.vm_start;
    let vma = first;
    let next = mas_find(mas, last);

    unlink_file_vma_batch_init(vb);
    hideFromRmap(unmap, vma, vb);
    // VMAs that lie near each other share page tables.
    while (next !== null && next.vm_start <= vma.vm_end + PMD_SIZE) {
      vma = next;
      next = mas_find(mas, last);
      hideFromRmap(unmap, vma, vb);
    }
    unlink_file_vma_batch_final(vb);

    stubs.free_pgd_range(tlb, addr, vma.vm_end, pg_start, next !== null ? next.vm_start : pg_end);
    first = next;
  }
}
