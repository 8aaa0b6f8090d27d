// SPDX-License-Identifier: GPL-2.0
/**
 * What a remap may not be: port of align_hugetlb(), vma_multi_allowed(), check_prep_vma() and check_mremap_params() of
 * mm/mremap.c (Linux 7.3).
 *
 * Deviation: the size of a huge page is vma_kernel_pagesize(), which the stub world knows.
 */
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../../../include/linux/errno.js';
import { offset_in_page, PHYS_PFN, TASK_SIZE } from '../../../include/linux/mm.js';
import type { vm_area_struct } from '../../../include/mm_types.js';
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../../../include/uapi/mman.js';
import {
  VMA_DONTEXPAND_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYSHARE_BIT,
  VMA_PFNMAP_BIT,
  VMA_SHARED_BIT,
  VMA_UFFD_MINOR_BIT,
  VMA_UFFD_MISSING_BIT,
  VMA_UFFD_WP_BIT,
} from '../../../include/vma_flags.js';
import { current, stubs } from '../../../stubs/index.js';
import { thp_get_unmapped_area } from '../huge_memory.js';
import { mlock_future_ok } from '../inlines/accounting.js';
import { vma_test, vma_test_any } from '../inlines/flag_operations.js';
import { linear_page_index, vma_is_sealed } from '../inlines/range.js';
import { hasOtherBits, sumWraps } from '../inlines/unsigned.js';
import { vma_is_shmem } from '../shmem.js';
import {
  MREMAP_SHRINK,
  mremapMm,
  type vma_remap_struct,
  vrm_implies_new_addr,
  vrm_overlaps,
  vrm_populate_calculated,
  vrm_will_map_new,
} from './vrm.js';

/** Rounds the lengths to whole huge pages. False where addresses are not, or where it would grow. */
function align_hugetlb(vrm: vma_remap_struct, vma: vm_area_struct): boolean {
  const size = stubs.vma_kernel_pagesize(vma);

  vrm.old_len = Math.ceil(vrm.old_len / size) * size;
  vrm.new_len = Math.ceil(vrm.new_len / size) * size;
  return vrm.addr % size === 0 && vrm.new_addr % size === 0 && vrm.new_len <= vrm.old_len;
}

/** Does a userfaultfd watch the VMA? */
function userfaultfd_armed(vma: vm_area_struct): boolean {
  return vma_test_any(vma, VMA_UFFD_MISSING_BIT, VMA_UFFD_WP_BIT, VMA_UFFD_MINOR_BIT);
}

/** May it be moved together with others? Not if somebody must be told of each, or chooses the address himself. */
export function vma_multi_allowed(vma: vm_area_struct): boolean {
  const { vm_file: file } = vma;

  if (userfaultfd_armed(vma)) return false;
  if (!file?.f_op.get_unmapped_area) return true;
  return vma_is_shmem(vma) || stubs.is_vm_hugetlb_page(vma) || file.f_op.get_unmapped_area === thp_get_unmapped_area;
}

/** May the mapping grow? 0 or a negative errno. */
function checkExpand(vrm: vma_remap_struct, vma: vm_area_struct): number {
  const mm = mremapMm();
  const isLocked = vma_test(vma, VMA_LOCKED_BIT);

  if (isLocked) vrm.populate_expand = true;
  if (sumWraps(linear_page_index(vma, vrm.addr), PHYS_PFN(vrm.new_len))) return -EINVAL;
  if (vma_test_any(vma, VMA_DONTEXPAND_BIT, VMA_PFNMAP_BIT)) return -EFAULT;
  if (!mlock_future_ok(mm, isLocked, vrm.delta)) return -EAGAIN;
  return stubs.may_expand_vm(mm, vma.flags, PHYS_PFN(vrm.delta)) ? 0 : -ENOMEM;
}

/** May the VMA be remapped in that way? Sets what follows from it. 0 or a negative errno. */
export function check_prep_vma(vrm: vma_remap_struct): number {
  const { vma } = vrm;

  if (vma === null) return -EFAULT;
  if (vma_is_sealed(vma)) return -EPERM;
  if (stubs.is_vm_hugetlb_page(vma) && !align_hugetlb(vrm, vma)) return -EINVAL;

  vrm_populate_calculated(vrm);
  if (!vrm_implies_new_addr(vrm)) vrm.new_addr = vrm.addr;
  if (!vrm_will_map_new(vrm)) return 0;

  // No length stands for a second mapping of the same pages, which private memory cannot have.
  if (vrm.old_len === 0 && !vma_test_any(vma, VMA_SHARED_BIT, VMA_MAYSHARE_BIT)) {
    stubs.pr_warn(`${current.comm} (${current.pid}): mremap() of length 0 would duplicate a private mapping`);
    return -EINVAL;
  }
  const isFixed = vma_test_any(vma, VMA_DONTEXPAND_BIT, VMA_PFNMAP_BIT);
  if ((vrm.flags & MREMAP_DONTUNMAP) !== 0 && isFixed) return -EINVAL;

  // What a shrink cuts off may be several VMAs, what moves may not.
  const old_len = vrm.remap_type === MREMAP_SHRINK ? vrm.new_len : vrm.old_len;
  if (old_len > vma.vm_end - vrm.addr) return -EFAULT;

  return vrm.new_len === old_len ? 0 : checkExpand(vrm, vma);
}

/** Is that a remap at all? 0 or -EINVAL. */
export function check_mremap_params(vrm: vma_remap_struct): number {
  const { flags } = vrm;

  if (hasOtherBits(flags, MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP)) return -EINVAL;
  if (offset_in_page(vrm.addr) !== 0) return -EINVAL;
  if (vrm.new_len === 0 || vrm.new_len > TASK_SIZE) return -EINVAL;
  // The new address counts only where one is asked for.
  if (!vrm_implies_new_addr(vrm)) return 0;

  if (vrm.new_addr > TASK_SIZE - vrm.new_len) return -EINVAL;
  if (offset_in_page(vrm.new_addr) !== 0) return -EINVAL;
  if ((flags & MREMAP_MAYMOVE) === 0) return -EINVAL;
  if ((flags & MREMAP_DONTUNMAP) !== 0 && vrm.old_len !== vrm.new_len) return -EINVAL;
  return vrm_overlaps(vrm) ? -EINVAL : 0;
}
