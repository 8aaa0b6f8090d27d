// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Changing attributes of a part of a VMA: merge where the changed part now equals a neighbour, else split. Port of
 * vma_modify(), vma_modify_flags(), vma_modify_name(), vma_modify_policy() and vma_modify_flags_uffd() of mm/vma.c
 * (Linux 7.3).
 *
 * None of them applies the change: the VMA returned spans the range, and the caller changes it.
 */
import { ENOMEM, ERR_PTR, type ErrPtr, IS_ERR } from '../../../include/linux/errno.js';
import type {
  anon_vma_name,
  mempolicy,
  vm_area_struct,
  vm_userfaultfd_ctx,
  vma_iterator,
} from '../../../include/mm_types.js';
import { VMA_MERGE_SUCCESS, type vma_merge_struct } from '../../../include/vma.js';
import type { vma_flags_t } from '../../../include/vma_flags.js';
import { VM_WARN_ON } from '../../bug.js';
import { vma_merge_existing_range } from './merge.js';
import { VMG_VMA_STATE, vmg_nomem } from './merge_state.js';
import { split_vma } from './split.js';

/**
 * Merges or splits so that one VMA spans vmg's range, a part of vma, which is its middle: that VMA, or a negative
 * errno. Port of vma_modify(), mm/vma.c.
 */
function vma_modify(vmg: vma_merge_struct, vma: vm_area_struct): vm_area_struct | ErrPtr {
  const { start, end } = vmg;

  const merged = vma_merge_existing_range(vmg);
  if (merged !== null) return merged;
  if (vmg_nomem(vmg)) return ERR_PTR(-ENOMEM);

  // A split fails for more reasons than memory, so give_up_on_oom cannot promise anything for it.
  VM_WARN_ON(
    vmg.give_up_on_oom && (vma.vm_start !== start || vma.vm_end !== end),
    'vma_modify',
    'give_up_on_oom, but the range is only a part of the VMA',
  );

  if (vma.vm_start < start) {
    const err = split_vma(vmg.vmi, vma, start, true);
    if (err !== 0) return ERR_PTR(err);
  }
  if (vma.vm_end > end) {
    const err = split_vma(vmg.vmi, vma, end, false);
    if (err !== 0) return ERR_PTR(err);
  }
  return vma;
}

/** Prepares a change of flags over [start, end) of vma. */
export function vma_modify_flags(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  vma_flags_ptr: vma_flags_t,
): vm_area_struct | ErrPtr {
  const vmg = VMG_VMA_STATE(vmi, prev, vma, start, end);
  vmg.vma_flags = vma_flags_ptr;

  const ret = vma_modify(vmg, vma);
  if (IS_ERR(ret)) return ret;

  if (vmg.state === VMA_MERGE_SUCCESS) vma_flags_ptr.assign(ret.flags);
  return ret;
}

/** As vma_modify_flags(), for a change of the name of anonymous memory. */
export function vma_modify_name(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  new_name: anon_vma_name | null,
): vm_area_struct | ErrPtr {
  const vmg = VMG_VMA_STATE(vmi, prev, vma, start, end);
  vmg.anon_name = new_name;
  return vma_modify(vmg, vma);
}

/** As vma_modify_flags(), for a change of memory policy. */
export function vma_modify_policy(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  new_pol: mempolicy | null,
): vm_area_struct | ErrPtr {
  const vmg = VMG_VMA_STATE(vmi, prev, vma, start, end);
  vmg.policy = new_pol;
  return vma_modify(vmg, vma);
}

/** As vma_modify_flags(), for a change of flags and userfaultfd context at once. */
export function vma_modify_flags_uffd(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  vma_flags: vma_flags_t,
  new_ctx: vm_userfaultfd_ctx,
  give_up_on_oom: boolean,
): vm_area_struct | ErrPtr {
  const vmg = VMG_VMA_STATE(vmi, prev, vma, start, end);
  vmg.vma_flags = vma_flags;
  vmg.uffd_ctx = new_ctx;
  if (give_up_on_oom) vmg.give_up_on_oom = true;
  return vma_modify(vmg, vma);
}
