// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Mappings that the kernel itself puts into an address space, the vDSO for one. Port of __install_special_mapping() of
 * mm/vma.c (Linux 7.3).
 *
 * Deviation: there is no soft-dirty tracking in this configuration, so its flag is not set.
 */
import { ENOMEM, ERR_PTR, type ErrPtr } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct, vm_operations_struct } from '../../../include/mm_types.js';
import { VMA_DONTEXPAND_BIT, VMA_LOCKED_MASK, type vm_flags_t } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { accountPages } from '../inlines/accounting.js';
import {
  legacy_to_vma_flags,
  vma_flags_clear_mask,
  vma_flags_set_flag,
  vma_flags_set_mask,
} from '../inlines/flag_operations.js';
import { vma_set_range } from '../inlines/pgoff.js';
import { vma_get_page_prot } from '../inlines/pgprot.js';
import { vm_area_alloc, vm_area_free } from '../vma_init.js';
import { insert_vm_struct } from './link.js';

/** Maps len bytes at addr with hooks and private data of the kernel's own: the VMA, or a negative errno. */
export function __install_special_mapping(
  mm: mm_struct,
  addr: number,
  len: number,
  vm_flags: vm_flags_t,
  priv: unknown,
  ops: vm_operations_struct | null,
): vm_area_struct | ErrPtr {
  const vma_flags = legacy_to_vma_flags(vm_flags);
  const vma = vm_area_alloc(mm);
  if (vma === null) return ERR_PTR(-ENOMEM);

  vma_flags_set_mask(vma_flags, mm.def_vma_flags);
  vma_flags_set_flag(vma_flags, VMA_DONTEXPAND_BIT);
  vma_flags_clear_mask(vma_flags, VMA_LOCKED_MASK);
  vma.flags = vma_flags;
  vma.vm_page_prot = vma_get_page_prot(vma);

  vma.vm_ops = ops;
  vma.vm_private_data = priv;
  vma_set_range(vma, addr, addr + len, 0, PHYS_PFN(addr));

  const ret = insert_vm_struct(mm, vma);
  if (ret !== 0) {
    vm_area_free(vma);
    return ERR_PTR(ret);
  }

  accountPages(mm, vma.flags, PHYS_PFN(len));
  stubs.perf_event_mmap(vma);
  return vma;
}
