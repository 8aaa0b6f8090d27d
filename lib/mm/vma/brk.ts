// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Growing the heap. Port of do_brk_flags(), mm/vma.c (Linux 7.3).
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { GFP_KERNEL } from '../../../include/linux/gfp.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct, vma_iterator } from '../../../include/mm_types.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_BIT, type vma_flags_t } from '../../../include/vma_flags.js';
import { currentMm, stubs } from '../../../stubs/index.js';
import { addPages, get_sysctl_max_map_count, vm_unacct_memory } from '../inlines/accounting.js';
import { dataDefaultFlags } from '../inlines/default_flags.js';
import { vma_flags_set_flag, vma_flags_set_mask, vma_flags_test } from '../inlines/flag_operations.js';
import { vma_iter_next_range, vma_iter_store_gfp } from '../inlines/iterator.js';
import { vma_set_anonymous } from '../inlines/lifecycle.js';
import { vma_set_range } from '../inlines/pgoff.js';
import { vma_flags_to_page_prot } from '../inlines/pgprot.js';
import { vm_area_alloc, vm_area_free } from '../vma_init.js';
import { vma_merge_new_range } from './merge.js';
import { VMG_STATE, vmg_nomem } from './merge_state.js';
import { validate_mm } from './validate.js';

/** The flags of a brk mapping: what was asked for, the usual ones, the address space's own, and KSM's. */
function brkFlags(mm: mm_struct, asked: vma_flags_t): vma_flags_t {
  const vma_flags = asked.clone();
  vma_flags_set_mask(vma_flags, dataDefaultFlags());
  vma_flags_set_flag(vma_flags, VMA_ACCOUNT_BIT);
  vma_flags_set_mask(vma_flags, mm.def_vma_flags);
  return stubs.ksm_vma_flags(mm, null, vma_flags).clone();
}

/** A new anonymous VMA in the tree; null when out of memory, with nothing changed. */
function newBrkVma(
  mm: mm_struct,
  vmi: vma_iterator,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
): vm_area_struct | null {
  const pgoff = PHYS_PFN(addr);
  const vma = vm_area_alloc(mm);
  if (vma === null) return null;

  vma_set_anonymous(vma);
  vma_set_range(vma, addr, addr + len, pgoff, pgoff);
  vma.flags = vma_flags;
  vma.vm_page_prot = vma_flags_to_page_prot(vma_flags);
  stubs.vma_start_write(vma);
  if (vma_iter_store_gfp(vmi, vma, GFP_KERNEL) !== 0) {
    vm_area_free(vma);
    return null;
  }

  mm.map_count++;
  validate_mm(mm);
  return vma;
}

/** Gives back the charge of pages that were not mapped. */
function unacctFail(pages: number): number {
  vm_unacct_memory(pages);
  return -ENOMEM;
}

/**
 * Maps len bytes of anonymous memory at addr in the current address space: grows `vma`, the VMA before, if it ends
 * there and has these flags, else makes a new one.
 */
export function do_brk_flags(
  vmi: vma_iterator,
  vma: vm_area_struct | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
): number {
  const mm = currentMm('do_brk_flags');
  const pgoff = PHYS_PFN(addr);
  const pages = PHYS_PFN(len);
  const flags = brkFlags(mm, vma_flags);

  if (!stubs.may_expand_vm(mm, flags, pages)) return -ENOMEM;
  if (mm.map_count > get_sysctl_max_map_count()) return -ENOMEM;
  if (stubs.security_vm_enough_memory_mm(mm, pages) !== 0) return -ENOMEM;

  let brkvma: vm_area_struct | null = null;
  if (vma !== null && vma.vm_end === addr) {
    const vmg = VMG_STATE(mm, vmi, addr, addr + len, flags, pgoff, pgoff);
    vmg.prev = vma;
    vmg.just_expand = true;

    brkvma = vma_merge_new_range(vmg);
    if (brkvma === null && vmg_nomem(vmg)) return unacctFail(pages);
  }
  if (brkvma === null) {
    if (vma !== null) vma_iter_next_range(vmi);
    brkvma = newBrkVma(mm, vmi, addr, len, flags);
    if (brkvma === null) return unacctFail(pages);
  }

  stubs.perf_event_mmap(brkvma);
  mm.total_vm = addPages(mm.total_vm, pages);
  mm.data_vm = addPages(mm.data_vm, pages);
  if (vma_flags_test(flags, VMA_LOCKED_BIT)) mm.locked_vm = addPages(mm.locked_vm, pages);
  return 0;
}
