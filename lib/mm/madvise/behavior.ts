// SPDX-License-Identifier: GPL-2.0
/**
 * One advice under way, and how it changes VMAs: struct madvise_behavior, anon_vma_name_alloc(),
 * replace_anon_vma_name() and madvise_update_vma() of mm/madvise.c (Linux 7.3).
 *
 * Deviation: the lock of one VMA is not modelled, so lock_vma_under_rcu() only looks it up.
 */
import { IS_ERR, PTR_ERR } from '../../../include/linux/errno.js';
import {
  type anon_vma_name,
  type mm_struct,
  mmu_gather,
  VMA_ITERATOR,
  type vm_area_struct,
} from '../../../include/mm_types.js';
import { VMA_HUGEPAGE_BIT, type vm_flags_t } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE } from '../../bug.js';
import {
  legacy_to_vma_flags,
  vma_flags_same_mask,
  vma_flags_test,
  vma_flags_to_legacy,
} from '../inlines/flag_operations.js';
import { vma_modify_flags, vma_modify_name } from '../vma/modify.js';

/** The advice that prctl(PR_SET_VMA) stands for. */
export const __MADV_SET_ANON_VMA_NAME = -1;

export const MADVISE_NO_LOCK = 0;
export const MADVISE_MMAP_READ_LOCK = 1;
export const MADVISE_MMAP_WRITE_LOCK = 2;
export const MADVISE_VMA_READ_LOCK = 3;
/** What is locked for it. */
export type madvise_lock_mode = 0 | 1 | 2 | 3;

/** What one madvise() is about, from its start to its end. */
export class madvise_behavior {
  readonly mm: mm_struct;
  /** MADV_*, or __MADV_SET_ANON_VMA_NAME. */
  readonly behavior: number;
  readonly tlb: mmu_gather;
  lock_mode: madvise_lock_mode;
  readonly anon_name: anon_vma_name | null;
  /** The part of the range that lies in vma. Bytes. */
  readonly range: { start: number; end: number };
  /** The VMA before vma, or vma where the range begins inside. */
  prev: vm_area_struct | null;
  vma: vm_area_struct | null;
  /** The lock was dropped, and vma may be gone. */
  lock_dropped: boolean;

  constructor(mm: mm_struct, behavior: number, anon_name: anon_vma_name | null = null) {
    this.mm = mm;
    this.behavior = behavior;
    this.tlb = new mmu_gather();
    this.lock_mode = MADVISE_NO_LOCK;
    this.anon_name = anon_name;
    this.range = { start: 0, end: 0 };
    this.prev = null;
    this.vma = null;
    this.lock_dropped = false;
  }
}

/** The VMA that the advice is for. */
export function adviseeOf(madv_behavior: madvise_behavior): vm_area_struct {
  return madv_behavior.vma ?? missing('madvise', 'madv_behavior.vma');
}

/** The address space was unlocked for a while. */
export function mark_mmap_lock_dropped(madv_behavior: madvise_behavior): void {
  VM_WARN_ON_ONCE(
    madv_behavior.lock_mode === MADVISE_VMA_READ_LOCK,
    'mark_mmap_lock_dropped',
    'it was not the address space that was locked',
  );
  madv_behavior.lock_dropped = true;
}

/** The VMA that spans the range, with what is to change already different: split off, or merged. Or an error. */
function modify(madv_behavior: madvise_behavior, vma: vm_area_struct, new_vma_flags: vm_area_struct['flags']) {
  const { mm, prev, range, behavior, anon_name } = madv_behavior;
  const vmi = VMA_ITERATOR(mm, range.start);
  return behavior === __MADV_SET_ANON_VMA_NAME
    ? vma_modify_name(vmi, prev, vma, range.start, range.end, anon_name)
    : vma_modify_flags(vmi, prev, vma, range.start, range.end, new_vma_flags);
}

/** Gives the range of the VMA new flags, or a name. 0, or -ENOMEM. */
export function madvise_update_vma(new_flags: vm_flags_t, madv_behavior: madvise_behavior): number {
  const advisee = adviseeOf(madv_behavior);
  const new_vma_flags = legacy_to_vma_flags(new_flags);
  const setsName = madv_behavior.behavior === __MADV_SET_ANON_VMA_NAME;
  const { anon_name } = madv_behavior;

  const sameName = !setsName || stubs.anon_vma_name_eq(stubs.anon_vma_name(advisee), anon_name);
  if (vma_flags_same_mask(advisee.flags, new_vma_flags) && sameName) return 0;

  const vma = modify(madv_behavior, advisee, new_vma_flags);
  if (IS_ERR(vma)) return PTR_ERR(vma);
  madv_behavior.vma = vma;

  stubs.vma_start_write(vma);
  vma.flags = new_vma_flags;
  if (vma_flags_test(new_vma_flags, VMA_HUGEPAGE_BIT)) {
    stubs.khugepaged_enter_vma(vma, vma_flags_to_legacy(new_vma_flags));
  }
  return setsName ? stubs.replace_anon_vma_name(vma, anon_name) : 0;
}
