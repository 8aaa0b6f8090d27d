// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * When the first write to a page has to be notified, and the page protection that follows. Port of
 * vm_ops_needs_writenotify(), vma_is_shared_writable(), vma_fs_can_writeback(), vma_needs_dirty_tracking(),
 * vma_wants_writenotify() and vma_mmu_pagesize() of mm/vma.c, vma_wants_manual_pte_write_upgrade() of mm/vma.h, and
 * vma_set_page_prot() of mm/mmap.c (Linux 7.3).
 */

import type { pgprot_t, vm_area_struct, vm_operations_struct } from '../../../include/mm_types.js';
import { mk_vma_flags, VMA_PFNMAP_BIT, VMA_SHARED_BIT, VMA_WRITE_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { vma_flags_clear_mask, vma_test, vma_test_all_mask } from '../inlines/flag_operations.js';
import { pgprotSame, vma_pgprot_modify } from '../inlines/pgprot.js';

const SHARED_WRITABLE = Object.freeze(mk_vma_flags(VMA_WRITE_BIT, VMA_SHARED_BIT));
const SHARED = Object.freeze(mk_vma_flags(VMA_SHARED_BIT));

function vm_ops_needs_writenotify(vm_ops: vm_operations_struct | null): boolean {
  return vm_ops !== null && Boolean(vm_ops.page_mkwrite || vm_ops.pfn_mkwrite);
}

function vma_is_shared_writable(vma: vm_area_struct): boolean {
  return vma_test_all_mask(vma, SHARED_WRITABLE);
}

/** Can the file's pages be written back? Raw page frames have none to write. */
function vma_fs_can_writeback(vma: vm_area_struct): boolean {
  if (vma_test(vma, VMA_PFNMAP_BIT)) return false;
  return vma.vm_file !== null && stubs.mapping_can_writeback(vma.vm_file.f_mapping);
}

/** Must the dirty state of the pages be tracked? */
export function vma_needs_dirty_tracking(vma: vm_area_struct): boolean {
  if (!vma_is_shared_writable(vma)) return false;
  return vm_ops_needs_writenotify(vma.vm_ops) || vma_fs_can_writeback(vma);
}

/** Are pages to be mapped read-only at first, so that the first write is seen? */
export function vma_wants_writenotify(vma: vm_area_struct, vm_page_prot: pgprot_t): boolean {
  if (!vma_is_shared_writable(vma)) return false;
  if (vm_ops_needs_writenotify(vma.vm_ops)) return true;

  const wanted = vma_pgprot_modify(vm_page_prot, vma.flags);
  if (!pgprotSame(vm_page_prot, wanted)) return false;

  if (stubs.vma_soft_dirty_enabled(vma) && !stubs.is_vm_hugetlb_page(vma)) return true;
  return stubs.userfaultfd_wp(vma) || vma_fs_can_writeback(vma);
}

/** Must each page table entry be looked at before it is made writable? */
export function vma_wants_manual_pte_write_upgrade(vma: vm_area_struct): boolean {
  if (vma_test(vma, VMA_SHARED_BIT)) return vma_wants_writenotify(vma, vma.vm_page_prot);
  return vma_test(vma, VMA_WRITE_BIT);
}

/** Brings the VMA's protection in line with its flags. */
export function vma_set_page_prot(vma: vm_area_struct): void {
  let vm_page_prot = vma_pgprot_modify(vma.vm_page_prot, vma.flags);

  if (vma_wants_writenotify(vma, vm_page_prot)) {
    const vma_flags = vma.flags.clone();
    vma_flags_clear_mask(vma_flags, SHARED);
    vm_page_prot = vma_pgprot_modify(vm_page_prot, vma_flags);
  }
  vma.vm_page_prot = vm_page_prot;
}

/** Page size that the MMU uses for the VMA, in bytes. Port of vma_mmu_pagesize(), mm/vma.c. */
export function vma_mmu_pagesize(vma: vm_area_struct): number {
  return stubs.vma_kernel_pagesize(vma);
}
