// SPDX-License-Identifier: GPL-2.0-only
/**
 * Which memory KSM may merge. Port of ksm_compatible(), vma_ksm_compatible(), __ksm_should_add_vma(), __ksm_add_vma(),
 * __ksm_del_vma(), ksm_vma_flags(), ksm_add_vmas(), ksm_del_vmas(), ksm_enable_merge_any(), ksm_disable_merge_any(),
 * ksm_disable() and ksm_madvise() of mm/ksm.c, and of ksm_fork() and ksm_exit(), include/linux/ksm.h (Linux 7.3).
 *
 * Deviation: no pages are ever merged, so __ksm_enter() and __ksm_exit() are a bit of the address space each, and
 * break_ksm() is the stub world's. No file is DAX.
 */
import { MMF_VM_MERGE_ANY, MMF_VM_MERGEABLE } from '../../include/linux/mm.js';
import { type file, type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import { MADV_MERGEABLE, MADV_UNMERGEABLE } from '../../include/uapi/mman.js';
import {
  VM_MERGEABLE,
  VMA_DROPPABLE,
  VMA_HUGETLB_BIT,
  VMA_MAYSHARE_BIT,
  VMA_MERGEABLE_BIT,
  VMA_SHARED_BIT,
  VMA_SPECIAL_FLAGS,
  type vm_flags_t,
  type vma_flags_t,
} from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { missing } from '../bug.js';
import {
  mm_flags_clear,
  mm_flags_set,
  mm_flags_test,
  vm_flags_clear,
  vm_flags_set,
  vma_flags_set_flag,
  vma_flags_test,
  vma_flags_test_any,
  vma_flags_test_any_mask,
  vma_flags_test_single_mask,
  vma_test,
} from './inlines/flag_operations.js';
import { for_each_vma } from './inlines/iterator.js';

function ksm_compatible(vma_flags: vma_flags_t): boolean {
  if (vma_flags_test_any(vma_flags, VMA_SHARED_BIT, VMA_MAYSHARE_BIT, VMA_HUGETLB_BIT)) return false;
  if (vma_flags_test_single_mask(vma_flags, VMA_DROPPABLE)) return false;
  return !vma_flags_test_any_mask(vma_flags, VMA_SPECIAL_FLAGS);
}

/** Can pages of the VMA be merged at all? */
export function vma_ksm_compatible(vma: vm_area_struct): boolean {
  return ksm_compatible(vma.flags);
}

function __ksm_should_add_vma(vma_flags: vma_flags_t): boolean {
  return !vma_flags_test(vma_flags, VMA_MERGEABLE_BIT) && ksm_compatible(vma_flags);
}

function __ksm_add_vma(vma: vm_area_struct): void {
  if (__ksm_should_add_vma(vma.flags)) vm_flags_set(vma, VM_MERGEABLE);
}

function __ksm_del_vma(vma: vm_area_struct): number {
  if (!vma_test(vma, VMA_MERGEABLE_BIT)) return 0;
  if (vma.anon_vma !== null) {
    const err = stubs.break_ksm(vma, vma.vm_start, vma.vm_end);
    if (err !== 0) return err;
  }
  vm_flags_clear(vma, VM_MERGEABLE);
  return 0;
}

/** The flags of a new mapping with KSM's, where the address space has it for all that can be merged. */
export function ksm_vma_flags(mm: mm_struct, _file: file | null, vma_flags: vma_flags_t): vma_flags_t {
  const flags = vma_flags.clone();
  if (!mm_flags_test(MMF_VM_MERGE_ANY, mm) || !__ksm_should_add_vma(flags)) return flags;
  vma_flags_set_flag(flags, VMA_MERGEABLE_BIT);
  if (!mm_flags_test(MMF_VM_MERGEABLE, mm)) stubs.__ksm_enter(mm);
  return flags;
}

function ksm_add_vmas(mm: mm_struct): void {
  for (const vma of for_each_vma(VMA_ITERATOR(mm, 0))) __ksm_add_vma(vma);
}

/** 0, or the error at the first VMA that KSM cannot let go of. */
function ksm_del_vmas(mm: mm_struct): number {
  for (const vma of for_each_vma(VMA_ITERATOR(mm, 0))) {
    const err = __ksm_del_vma(vma);
    if (err !== 0) return err;
  }
  return 0;
}

/** Has KSM merge all that can be merged, now and later. 0 or a negative errno. */
export function ksm_enable_merge_any(mm: mm_struct): number {
  if (mm_flags_test(MMF_VM_MERGE_ANY, mm)) return 0;
  if (!mm_flags_test(MMF_VM_MERGEABLE, mm)) {
    const err = stubs.__ksm_enter(mm);
    if (err !== 0) return err;
  }
  mm_flags_set(MMF_VM_MERGE_ANY, mm);
  ksm_add_vmas(mm);
  return 0;
}

/** The opposite. 0, or a negative errno with all as it was. */
export function ksm_disable_merge_any(mm: mm_struct): number {
  if (!mm_flags_test(MMF_VM_MERGE_ANY, mm)) return 0;
  const err = ksm_del_vmas(mm);
  if (err !== 0) {
    ksm_add_vmas(mm);
    return err;
  }
  mm_flags_clear(MMF_VM_MERGE_ANY, mm);
  return 0;
}

/** KSM lets go of the address space, for which the lock is held for writing. 0 or a negative errno. */
export function ksm_disable(mm: mm_struct): number {
  stubs.mmap_assert_write_locked(mm);
  if (!mm_flags_test(MMF_VM_MERGEABLE, mm)) return 0;
  return mm_flags_test(MMF_VM_MERGE_ANY, mm) ? ksm_disable_merge_any(mm) : ksm_del_vmas(mm);
}

/** madvise()'s advice to merge the pages of a range, or not to; the flags that the VMA is to have go through vm_flags. */
export function ksm_madvise(
  vma: vm_area_struct,
  start: number,
  end: number,
  advice: number,
  vm_flags: Ref<vm_flags_t>,
): number {
  const mm = vma.vm_mm ?? missing('ksm_madvise', 'vma.vm_mm');

  if (advice === MADV_MERGEABLE) {
    if (vma_test(vma, VMA_MERGEABLE_BIT) || !vma_ksm_compatible(vma)) return 0;
    const err = mm_flags_test(MMF_VM_MERGEABLE, mm) ? 0 : stubs.__ksm_enter(mm);
    if (err === 0) vm_flags.value |= VM_MERGEABLE;
    return err;
  }
  if (advice === MADV_UNMERGEABLE && (vm_flags.value & VM_MERGEABLE) !== 0n) {
    const err = vma.anon_vma === null ? 0 : stubs.break_ksm(vma, start, end);
    if (err === 0) vm_flags.value &= ~VM_MERGEABLE;
    return err;
  }
  return 0;
}

/** Takes the address space in. */
export function __ksm_enter(mm: mm_struct): number {
  mm_flags_set(MMF_VM_MERGEABLE, mm);
  return 0;
}

/** A child of an address space that KSM knows is taken in as well, if there is memory for that. */
export function ksm_fork(mm: mm_struct, oldmm: mm_struct): void {
  if (mm_flags_test(MMF_VM_MERGEABLE, oldmm)) stubs.__ksm_enter(mm);
}

/** The address space goes: it is no longer among those that KSM looks at. */
export function ksm_exit(mm: mm_struct): void {
  mm_flags_clear(MMF_VM_MERGEABLE, mm);
}
