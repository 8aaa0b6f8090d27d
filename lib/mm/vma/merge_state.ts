// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * How a merge, or an unmap of page tables, is described at its start. Port of VMG_STATE, VMG_VMA_STATE, UNMAP_STATE and
 * the inlines beside them in mm/vma.h (Linux 7.3). The macros declare a struct; the functions return one.
 */

import { ULONG_MAX } from '../../../include/linux/limits.js';
import { FIRST_USER_ADDRESS, type pgoff_t, USER_PGTABLES_CEILING } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct, vma_iterator } from '../../../include/mm_types.js';
import { unmap_desc, VMA_MERGE_ERROR_NOMEM, vma_merge_struct } from '../../../include/vma.js';
import type { vma_flags_t } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { assignFlagsWord } from '../inlines/flag_operations.js';
import { vma_iter_set } from '../inlines/iterator.js';
import { __linear_anon_page_index, linear_page_index } from '../inlines/range.js';

/** A merge of a range [start, end) that is not mapped yet. */
export function VMG_STATE(
  mm: mm_struct | null,
  vmi: vma_iterator,
  start: number,
  end: number,
  vma_flags: vma_flags_t,
  pgoff: pgoff_t,
  anon_pgoff: pgoff_t,
): vma_merge_struct {
  const vmg = new vma_merge_struct(vmi);
  vmg.mm = mm;
  vmg.start = start;
  vmg.end = end;
  vmg.vma_flags = vma_flags;
  vmg.pgoff = pgoff;
  vmg.anon_pgoff = anon_pgoff;
  return vmg;
}

/** A merge of [start, end) within vma, with that VMA's attributes. */
export function VMG_VMA_STATE(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
): vma_merge_struct {
  const vmg = new vma_merge_struct(vmi);
  vmg.mm = vma.vm_mm;
  vmg.start = start;
  vmg.end = end;
  assignFlagsWord(vmg.vma_flags, vma.flags);
  vmg.pgoff = linear_page_index(vma, start);
  vmg.anon_pgoff = __linear_anon_page_index(vma, start);
  vmg.prev = prev;
  vmg.middle = vma;
  vmg.file = vma.vm_file;
  vmg.anon_vma = vma.anon_vma;
  vmg.policy = stubs.vma_policy(vma);
  vmg.uffd_ctx = vma.vm_userfaultfd_ctx;
  vmg.anon_name = stubs.anon_vma_name(vma);
  return vmg;
}

/** Did the merge run out of memory? */
export function vmg_nomem(vmg: vma_merge_struct): boolean {
  return vmg.state === VMA_MERGE_ERROR_NOMEM;
}

/** The page tables of vma, between its neighbours. */
export function UNMAP_STATE(
  vmi: vma_iterator,
  vma: vm_area_struct,
  vma_start: number,
  vma_end: number,
  prev: vm_area_struct | null,
  next: vm_area_struct | null,
): unmap_desc {
  const unmap = new unmap_desc(vmi.mas, vma);
  unmap.pg_start = prev !== null ? prev.vm_end : FIRST_USER_ADDRESS;
  unmap.pg_end = next !== null ? next.vm_start : USER_PGTABLES_CEILING;
  unmap.vma_start = vma_start;
  unmap.vma_end = vma_end;
  unmap.tree_end = next !== null ? next.vm_start : USER_PGTABLES_CEILING;
  unmap.tree_reset = vma.vm_end;
  unmap.mm_wr_locked = true;
  return unmap;
}

/** Everything from vma, the first VMA, to the end of the address space. */
export function unmap_all_init(unmap: unmap_desc, vmi: vma_iterator, vma: vm_area_struct): void {
  unmap.mas = vmi.mas;
  unmap.first = vma;
  unmap.pg_start = FIRST_USER_ADDRESS;
  unmap.pg_end = USER_PGTABLES_CEILING;
  unmap.vma_start = 0;
  unmap.vma_end = ULONG_MAX;
  unmap.tree_end = ULONG_MAX;
  unmap.tree_reset = vma.vm_end;
  unmap.mm_wr_locked = false;
}

/** All page tables of the user range, VMAs or not. */
export function unmap_pgtable_init(unmap: unmap_desc, vmi: vma_iterator): void {
  vma_iter_set(vmi, unmap.tree_reset);
  unmap.vma_start = FIRST_USER_ADDRESS;
  unmap.vma_end = USER_PGTABLES_CEILING;
  unmap.tree_end = USER_PGTABLES_CEILING;
}
