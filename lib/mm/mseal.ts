// SPDX-License-Identifier: GPL-2.0
/**
 * Sealing memory: it can be neither unmapped nor changed any more. Port of range_contains_unmapped(), __mseal_range(),
 * mseal_range(), mseal_mmap_page_zero() and mseal() of mm/mseal.c (Linux 7.3).
 */
import { EINVAL, ENOMEM, type ErrPtr, IS_ERR } from '../../include/linux/errno.js';
import { offset_in_page, PAGE_SIZE } from '../../include/linux/mm.js';
import { MMAP_PAGE_ZERO } from '../../include/linux/sched.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../include/mm_types.js';
import { VMA_SEALED_BIT } from '../../include/vma_flags.js';
import { current, currentMm, stubs } from '../../stubs/index.js';
import { missing, WARN_ON_ONCE } from '../bug.js';
import { vma_flags_set, vma_set_flags, vma_test } from './inlines/flag_operations.js';
import { for_each_vma_range, vma_iter_load, vma_prev } from './inlines/iterator.js';
import { sumWraps, wrappingPageAlign } from './inlines/unsigned.js';
import { vma_modify_flags } from './vma/modify.js';

/** Is any part of [start, end) not mapped? */
function range_contains_unmapped(mm: mm_struct, start: number, end: number): boolean {
  let prev_end = start;
  for (const vma of for_each_vma_range(VMA_ITERATOR(mm, start), end)) {
    if (vma.vm_start > prev_end) return true;
    prev_end = vma.vm_end;
  }
  return prev_end < end;
}

/** Seals what of vma lies in [start, end). The VMA that spans it, or a negative errno. */
function sealOne(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  each: vm_area_struct,
  start: number,
  end: number,
): vm_area_struct | ErrPtr {
  const vma_flags = each.flags.clone();
  vma_flags_set(vma_flags, VMA_SEALED_BIT);

  const from = Math.max(each.vm_start, start);
  const vma = vma_modify_flags(vmi, prev, each, from, Math.min(each.vm_end, end), vma_flags);
  if (IS_ERR(vma)) return vma;
  stubs.vma_start_write(vma);
  vma_set_flags(vma, VMA_SEALED_BIT);
  return vma;
}

/** Seals [start, end), which is mapped without a hole. 0 or a negative errno, with what came before it sealed. */
function __mseal_range(mm: mm_struct, start: number, end: number): number {
  const vmi = VMA_ITERATOR(mm, start);
  const first = vma_iter_load(vmi) ?? missing('__mseal_range', 'the first VMA');
  let prev: vm_area_struct | ErrPtr | null = vma_prev(vmi);
  if (start > first.vm_start) prev = first;

  for (const each of for_each_vma_range(vmi, end)) {
    prev = vma_test(each, VMA_SEALED_BIT) ? each : sealOne(vmi, prev, each, start, end);
    if (IS_ERR(prev)) return prev;
  }
  return 0;
}

/** Seals [start, end) of the current address space, whose lock it takes. 0 or a negative errno. */
function mseal_range(start: number, end: number): number {
  const mm = currentMm('mseal_range');
  let err = stubs.mmap_write_lock_killable(mm);
  if (err !== 0) return err;

  err = range_contains_unmapped(mm, start, end) ? -ENOMEM : __mseal_range(mm, start, end);
  stubs.mmap_write_unlock(mm);
  return err;
}

/** Seals the page at address 0, which the MMAP_PAGE_ZERO personality has mapped. */
export function mseal_mmap_page_zero(): void {
  if (WARN_ON_ONCE((current.personality & MMAP_PAGE_ZERO) === 0, 'mseal_mmap_page_zero', 'no page is mapped at 0'))
    return;

  const err = mseal_range(0, PAGE_SIZE);
  if (err !== 0) stubs.pr_warn(`pid=${current.pid}, could not seal address 0, ret=${err}.`);
}

/** The system call: seals len bytes from start on, all of which must be mapped. No flags are known. */
export function mseal(start: number, len: number, flags: number): number {
  if (flags !== 0 || offset_in_page(start) !== 0) return -EINVAL;

  const len_aligned = wrappingPageAlign(len);
  if (len !== 0 && len_aligned === 0) return -EINVAL;
  if (sumWraps(start, len_aligned)) return -EINVAL;
  return len_aligned === 0 ? 0 : mseal_range(start, start + len_aligned);
}
