// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Making one VMA two, and making one smaller. Port of __split_vma(), split_vma() and vma_shrink() of mm/vma.c
 * (Linux 7.3).
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { VMA_OP_SPLIT, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE, WARN_ON } from '../../bug.js';
import { get_sysctl_max_map_count } from '../inlines/accounting.js';
import {
  vma_iter_clear,
  vma_iter_config,
  vma_iter_free,
  vma_iter_prealloc,
  vma_next,
  vma_prev,
} from '../inlines/iterator.js';
import { __vma_set_range, vma_add_pgoff } from '../inlines/pgoff.js';
import { linear_page_delta } from '../inlines/range.js';
import { vm_area_dup, vm_area_free } from '../vma_init.js';
import { init_vma_prep, vma_complete, vma_prepare } from './prepare.js';
import { validate_mm } from './validate.js';

/** Reserves memory for the new half and has it share what the old one has. 0, or a negative errno with nothing kept. */
function prepareHalf(vmi: vma_iterator, vma: vm_area_struct, half: vm_area_struct): number {
  vma_iter_config(vmi, half.vm_start, half.vm_end);
  if (vma_iter_prealloc(vmi, half) !== 0) return -ENOMEM;

  let err = stubs.vma_dup_policy(vma, half);
  if (err === 0) {
    err = stubs.anon_vma_clone(half, vma, VMA_OP_SPLIT);
    if (err === 0) return 0;
    stubs.mpol_put(stubs.vma_policy(half));
  }
  vma_iter_free(vmi);
  return err;
}

/** Splits vma at addr, which must lie inside it, page-aligned. */
export function __split_vma(vmi: vma_iterator, vma: vm_area_struct, addr: number, new_below: boolean): number {
  WARN_ON(vma.vm_start >= addr, '__split_vma', 'addr is not above the start of the VMA');
  WARN_ON(vma.vm_end <= addr, '__split_vma', 'addr is not below the end of the VMA');

  if (vma.vm_ops?.may_split) {
    const err = stubs.call_hook(vma.vm_ops, 'may_split', vma.vm_ops.may_split, vma, addr);
    if (err !== 0) return err;
  }

  const half = vm_area_dup(vma);
  if (half === null) return -ENOMEM;

  if (new_below) {
    half.vm_end = addr;
  } else {
    half.vm_start = addr;
    vma_add_pgoff(half, linear_page_delta(vma, addr));
  }

  const err = prepareHalf(vmi, vma, half);
  if (err !== 0) {
    vm_area_free(half);
    return err;
  }
  completeSplit(vmi, vma, half, addr, new_below);
  return 0;
}

/** The part of a split that cannot fail any more. */
function completeSplit(
  vmi: vma_iterator,
  vma: vm_area_struct,
  half: vm_area_struct,
  addr: number,
  new_below: boolean,
): void {
  if (half.vm_file !== null) stubs.get_file(half.vm_file);
  if (half.vm_ops?.open) stubs.call_hook(half.vm_ops, 'open', half.vm_ops.open, half);

  stubs.vma_start_write(vma);
  stubs.vma_start_write(half);

  const vp = init_vma_prep(vma);
  vp.insert = half;
  vma_prepare(vp);

  // Huge pages and page tables that several processes share must not lie across the cut.
  stubs.vma_adjust_trans_huge(vma, vma.vm_start, addr, null);
  if (stubs.is_vm_hugetlb_page(vma)) stubs.hugetlb_split(vma, addr);

  if (new_below) {
    vma.vm_start = addr;
    vma_add_pgoff(vma, linear_page_delta(half, addr));
  } else {
    vma.vm_end = addr;
  }

  const mm = vma.vm_mm ?? missing('__split_vma', 'vma.vm_mm');
  vma_complete(vp, vmi, mm);
  validate_mm(mm);

  if (new_below) vma_next(vmi);
  else vma_prev(vmi);
}

/** As __split_vma(), but -ENOMEM when the address space has as many VMAs as it may. */
export function split_vma(vmi: vma_iterator, vma: vm_area_struct, addr: number, new_below: boolean): number {
  const mm = vma.vm_mm ?? missing('split_vma', 'vma.vm_mm');
  if (mm.map_count >= get_sysctl_max_map_count()) return -ENOMEM;

  return __split_vma(vmi, vma, addr, new_below);
}

/** Cuts off the end of vma: it ends at `end` from here on. */
export function vma_shrink(vmi: vma_iterator, vma: vm_area_struct, end: number): number {
  VM_WARN_ON_ONCE(end > vma.vm_end, 'vma_shrink', 'the VMA would grow');

  vma_iter_config(vmi, end, vma.vm_end);
  if (vma_iter_prealloc(vmi, null) !== 0) return -ENOMEM;

  stubs.vma_start_write(vma);
  const vp = init_vma_prep(vma);
  vma_prepare(vp);
  stubs.vma_adjust_trans_huge(vma, vma.vm_start, end, null);

  const mm = vma.vm_mm ?? missing('vma_shrink', 'vma.vm_mm');
  vma_iter_clear(vmi);
  __vma_set_range(vma, vma.vm_start, end);
  vma_complete(vp, vmi, mm);
  validate_mm(mm);
  return 0;
}
