// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Merging VMAs. Port of vma_merge_existing_range(), vma_merge_new_range(), vma_merge_copied_range(),
 * vma_merge_extend(), vma_expand(), commit_merge(), vmg_adjust_set_range() and dup_anon_vma() of mm/vma.c (Linux 7.3).
 *
 * Deviations: the steps of vma_merge_existing_range() are functions of their own; dup_anon_vma() returns the VMA it
 * gave an anon_vma through a Ref, as in C.
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { VMA_OP_MERGE_UNFAULTED, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import {
  VMA_MERGE_ERROR_NOMEM,
  VMA_MERGE_NOMERGE,
  VMA_MERGE_SUCCESS,
  type vma_merge_struct,
} from '../../../include/vma.js';
import { VMA_SPECIAL_FLAGS, VMA_STICKY_FLAGS, type vma_flags_t } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_VMG } from '../../bug.js';
import {
  vma_flags_and_mask,
  vma_flags_set_mask,
  vma_flags_test_any_mask,
  vma_set_flags_mask,
} from '../inlines/flag_operations.js';
import {
  vma_iter_addr,
  vma_iter_config,
  vma_iter_load,
  vma_iter_next_range,
  vma_iter_next_rewind,
  vma_iter_prealloc,
  vma_iter_prev_range,
  vma_iter_set,
  vma_iter_store_overwrite,
  vma_prev,
} from '../inlines/iterator.js';
import {
  __vma_set_range,
  vma_add_pgoff,
  vma_set_range,
  vma_sub_pgoff,
  vmg_pages,
  vmg_start_anon_pgoff,
  vmg_start_pgoff,
} from '../inlines/pgoff.js';
import { vma_start_anon_pgoff, vma_start_pgoff } from '../inlines/range.js';
import { can_merge_remove_vma, can_vma_merge_left, can_vma_merge_right } from './merge_rules.js';
import { VMG_VMA_STATE } from './merge_state.js';
import { init_multi_vma_prep, vma_complete, vma_prepare } from './prepare.js';

/** Gives dst the anon_vmas of src, when only src has any: the merged VMA must reach all pages of both. */
export function dup_anon_vma(dst: vm_area_struct, src: vm_area_struct, dup: Ref<vm_area_struct | null>): number {
  if (src.anon_vma === null || dst.anon_vma !== null) return 0;

  stubs.vma_assert_write_locked(dst);
  dst.anon_vma = src.anon_vma;
  const ret = stubs.anon_vma_clone(dst, src, VMA_OP_MERGE_UNFAULTED);
  if (ret !== 0) return ret;

  dup.value = dst;
  return 0;
}

/**
 * Moves the start of the neighbour that loses a part to the merged VMA, or gains one from it, by delta pages.
 *
 *   __adjust_middle_start: the merge ends inside middle     __adjust_next_start: middle now ends at vmg.end
 *   |--prev--|------middle------|                           |------middle------|--next--|
 *   |<----- merge ---->|                                    |<-- vmg -->|
 *            |<-delta->|                                                |<delta>|
 */
function vmg_adjust_set_range(vmg: vma_merge_struct): void {
  const { middle, next } = vmg;

  if (vmg.__adjust_middle_start && middle !== null) {
    const delta = vmg.end - middle.vm_start;
    __vma_set_range(middle, vmg.end, middle.vm_end);
    vma_add_pgoff(middle, PHYS_PFN(delta));
  } else if (vmg.__adjust_next_start && next !== null) {
    const delta = next.vm_start - vmg.end;
    __vma_set_range(next, vmg.end, next.vm_end);
    vma_sub_pgoff(next, PHYS_PFN(delta));
  }
}

/** The VMA whose range becomes the merge's. When next only grows to the left, that is middle, which shrinks. */
function changedVma(vmg: vma_merge_struct): vm_area_struct {
  const { middle, next, target } = vmg;

  if (vmg.__adjust_next_start) {
    if (middle === null || next === null) return missing('commit_merge', middle === null ? 'vmg.middle' : 'vmg.next');
    vma_iter_config(vmg.vmi, vmg.end, next.vm_end);
    return middle;
  }
  // The iterator must stand at the merge's start here.
  vma_iter_config(vmg.vmi, vmg.start, vmg.end);
  return target ?? missing('commit_merge', 'vmg.target');
}

/** Carries the merge out. */
export function commit_merge(vmg: vma_merge_struct): number {
  const vma = changedVma(vmg);
  const target = vmg.target ?? missing('commit_merge', 'vmg.target');
  const vp = init_multi_vma_prep(vma, vmg);

  if (vma_iter_prealloc(vmg.vmi, vma) !== 0) return -ENOMEM;

  vma_prepare(vp);
  // A start that moves up may cut through huge pages of middle.
  stubs.vma_adjust_trans_huge(vma, vmg.start, vmg.end, vmg.__adjust_middle_start ? vmg.middle : null);
  vma_set_range(vma, vmg.start, vmg.end, vmg_start_pgoff(vmg), vmg_start_anon_pgoff(vmg));
  vmg_adjust_set_range(vmg);
  vma_iter_store_overwrite(vmg.vmi, target);

  vma_complete(vp, vmg.vmi, vma.vm_mm ?? missing('commit_merge', 'vma.vm_mm'));
  return 0;
}

/** Adds the sticky flags of a VMA that merges to those of the merged one. */
function collectSticky(sticky_flags: vma_flags_t, vma: vm_area_struct): void {
  vma_flags_set_mask(sticky_flags, vma_flags_and_mask(vma.flags, VMA_STICKY_FLAGS));
}

/** What vma_merge_existing_range() relies on its caller for. */
function assertExistingRange(vmg: vma_merge_struct): void {
  const { middle, prev, start, end } = vmg;
  const where = 'vma_merge_existing_range';
  const at = vma_iter_addr(vmg.vmi);

  stubs.mmap_assert_write_locked(vmg.mm);
  VM_WARN_ON_VMG(middle === null, where, 'no vmg.middle to modify');
  VM_WARN_ON_VMG(vmg.next !== null, where, 'vmg.next is set, which is found here');
  VM_WARN_ON_VMG(prev !== null && start <= prev.vm_start, where, 'the range starts at or below vmg.prev');
  VM_WARN_ON_VMG(start >= end, where, 'the range is empty');
  if (middle !== null) {
    VM_WARN_ON_VMG(
      (middle !== prev && start !== middle.vm_start) || end > middle.vm_end,
      where,
      'the range is not within vmg.middle',
    );
    VM_WARN_ON_VMG(!(at >= middle.vm_start && at < middle.vm_end), where, 'the iterator is not within vmg.middle');
  }
  VM_WARN_ON_VMG(vmg.copied_from !== null, where, 'vmg.copied_from is set');
}

/** The sides of the modified range that merge, as bits. */
type MergeSides = number;
const NO_SIDE = 0;
const LEFT = 1;
const RIGHT = 2;

/**
 * Finds out which sides merge, and sets vmg.next, __remove_middle and __remove_next accordingly. The iterator ends at
 * prev for a merge to the left, else where it was.
 */
function decideSides(vmg: vma_merge_struct, middle: vm_area_struct): MergeSides {
  const left_side = vmg.start === middle.vm_start;
  const right_side = vmg.end === middle.vm_end;

  if (vma_flags_test_any_mask(vmg.vma_flags, VMA_SPECIAL_FLAGS) || (!left_side && !right_side)) return NO_SIDE;

  const left = left_side && can_vma_merge_left(vmg);
  let right = false;
  if (right_side) {
    vmg.next = vma_iter_next_range(vmg.vmi);
    vma_iter_prev_range(vmg.vmi);
    right = can_vma_merge_right(vmg, left);
  }

  if (left) vma_prev(vmg.vmi);
  else if (!right) return NO_SIDE;

  // A merge that covers all of middle removes it.
  vmg.__remove_middle = left_side && right_side;
  if (vmg.__remove_middle && !can_merge_remove_vma(middle)) return NO_SIDE;

  // A merge to both sides removes next too; where it may not be removed, prev and middle still merge.
  vmg.__remove_next = left && right;
  if (vmg.__remove_next && vmg.next !== null && !can_merge_remove_vma(vmg.next)) {
    vmg.__remove_next = false;
    right = false;
  }
  return (left ? LEFT : 0) | (right ? RIGHT : 0);
}

/**
 * Sets the merged range and what moves, and gives the target the anon_vmas it lacks. 0 or a negative errno.
 *
 *   both                 left                  right
 *   |--prev--|middle|next|   |--prev--|middle--|    |--middle|--next--|
 *   |<------ prev ------>|   |<- prev ->|middle|    |middle|<- next ->|   (or middle is gone)
 */
function planMerge(
  vmg: vma_merge_struct,
  middle: vm_area_struct,
  sides: MergeSides,
  anon_dup: Ref<vm_area_struct | null>,
): number {
  const { prev, next } = vmg;

  if ((sides & LEFT) !== 0) {
    if (prev === null) return missing('vma_merge_existing_range', 'vmg.prev');
    vmg.start = prev.vm_start;
    vmg.pgoff = vma_start_pgoff(prev);
    vmg.anon_pgoff = vma_start_anon_pgoff(prev);
    if ((sides & RIGHT) === 0) {
      if (!vmg.__remove_middle) vmg.__adjust_middle_start = true;
      return dup_anon_vma(prev, middle, anon_dup);
    }
    if (next === null) return missing('vma_merge_existing_range', 'vmg.next');
    vmg.end = next.vm_end;
    // The three agree already; the question is only which of the two has something to copy.
    return dup_anon_vma(prev, next.anon_vma !== null ? next : middle, anon_dup);
  }

  if (next === null) return missing('vma_merge_existing_range', 'vmg.next');
  return planMergeRight(vmg, middle, next, anon_dup);
}

function planMergeRight(
  vmg: vma_merge_struct,
  middle: vm_area_struct,
  next: vm_area_struct,
  anon_dup: Ref<vm_area_struct | null>,
): number {
  const { prev, start } = vmg;
  const pglen = vmg_pages(vmg);

  VM_WARN_ON_VMG(
    start > middle.vm_start && prev !== null && middle !== prev,
    'vma_merge_existing_range',
    'the range begins inside middle, but vmg.prev is another VMA',
  );

  if (vmg.__remove_middle) {
    vmg.end = next.vm_end;
    vmg.pgoff = vma_start_pgoff(next) - pglen;
    vmg.anon_pgoff = vma_start_anon_pgoff(next) - pglen;
  } else {
    vmg.__adjust_next_start = true;
    vmg.start = middle.vm_start;
    vmg.end = start;
    vmg.pgoff = vma_start_pgoff(middle);
    vmg.anon_pgoff = vma_start_anon_pgoff(middle);
  }
  return dup_anon_vma(next, middle, anon_dup);
}

/** Undoes what planMerge() did to anon_vmas; puts the iterator back; reports the failure unless told not to. */
function abortMerge(vmg: vma_merge_struct, vmi: vma_iterator, start: number, anon_dup: vm_area_struct | null): null {
  vma_iter_set(vmi, start);
  vma_iter_load(vmi);

  if (anon_dup !== null) stubs.unlink_anon_vmas(anon_dup);
  if (!vmg.give_up_on_oom) vmg.state = VMA_MERGE_ERROR_NOMEM;
  return null;
}

/** Tries to merge a VMA whose attributes are about to change over [vmg.start, vmg.end) with its neighbours. */
export function vma_merge_existing_range(vmg: vma_merge_struct): vm_area_struct | null {
  const { middle, prev, start } = vmg;

  assertExistingRange(vmg);
  vmg.state = VMA_MERGE_NOMERGE;
  if (middle === null) return null;

  const sides = decideSides(vmg, middle);
  if (sides === NO_SIDE) return null;

  const { next } = vmg;
  const sticky_flags = vma_flags_and_mask(vmg.vma_flags, VMA_STICKY_FLAGS);
  stubs.vma_start_write(middle);
  if ((sides & RIGHT) !== 0 && next !== null) {
    stubs.vma_start_write(next);
    vmg.target = next;
    collectSticky(sticky_flags, next);
  }
  if ((sides & LEFT) !== 0 && prev !== null) {
    stubs.vma_start_write(prev);
    vmg.target = prev;
    collectSticky(sticky_flags, prev);
  }

  const anon_dup = new Ref<vm_area_struct | null>(null);
  if (planMerge(vmg, middle, sides, anon_dup) !== 0 || commit_merge(vmg) !== 0) {
    return abortMerge(vmg, vmg.vmi, start, anon_dup.value);
  }

  const target = vmg.target ?? missing('vma_merge_existing_range', 'vmg.target');
  vma_set_flags_mask(target, sticky_flags);
  stubs.khugepaged_enter_vma(target, vmg.vm_flags);
  vmg.state = VMA_MERGE_SUCCESS;
  return target;
}

/**
 * Tries to merge a range that is about to be mapped with its neighbours: one of them grows over it, or the one before
 * grows over it and replaces the one after.
 */
export function vma_merge_new_range(vmg: vma_merge_struct): vm_area_struct | null {
  const { prev, next, end } = vmg;
  const where = 'vma_merge_new_range';

  stubs.mmap_assert_write_locked(vmg.mm);
  VM_WARN_ON_VMG(vmg.middle !== null, where, 'vmg.middle is set');
  VM_WARN_ON_VMG(vmg.target !== null, where, 'vmg.target is set');
  VM_WARN_ON_VMG(vma_iter_addr(vmg.vmi) > end, where, 'the iterator is past the gap');

  vmg.state = VMA_MERGE_NOMERGE;
  if (vma_flags_test_any_mask(vmg.vma_flags, VMA_SPECIAL_FLAGS) || (prev === null && next === null)) return null;

  const can_merge_left = can_vma_merge_left(vmg);
  const can_merge_right = !vmg.just_expand && can_vma_merge_right(vmg, can_merge_left);

  if (can_merge_right && next !== null) {
    vmg.end = next.vm_end;
    vmg.target = next;
  }
  if (can_merge_left && prev !== null) {
    vmg.start = prev.vm_start;
    vmg.target = prev;
    vmg.pgoff = vma_start_pgoff(prev);
    vmg.anon_pgoff = vma_start_anon_pgoff(prev);

    // Next would have to go: where it may not, prev and the range still merge.
    if (can_merge_right && next !== null && !can_merge_remove_vma(next)) vmg.end = end;
    // With just_expand the iterator stands at prev already.
    if (!vmg.just_expand) vma_prev(vmg.vmi);
  }

  if (vmg.target === null || vma_expand(vmg) !== 0) return null;

  stubs.khugepaged_enter_vma(vmg.target, vmg.vm_flags);
  vmg.state = VMA_MERGE_SUCCESS;
  return vmg.target;
}

/** Tries to merge the copy of a VMA, at the place it is copied to, with its neighbours there. */
export function vma_merge_copied_range(vmg: vma_merge_struct): vm_area_struct | null {
  VM_WARN_ON_VMG(vmg.middle === null, 'vma_merge_copied_range', 'no vmg.middle to copy from');

  vmg.copied_from = vmg.middle;
  vmg.middle = null;

  // The move will clear the userfaultfd context, and would clear it for a neighbour as well.
  if (vmg.copied_from !== null && stubs.vma_has_uffd_without_event_remap(vmg.copied_from)) return null;

  return vma_merge_new_range(vmg);
}

/** What vma_expand() relies on its caller for. */
function assertExpansion(vmg: vma_merge_struct, target: vm_area_struct, remove_next: boolean): void {
  const { next } = vmg;
  const where = 'vma_expand';

  VM_WARN_ON_VMG(remove_next && next !== null && !can_merge_remove_vma(next), where, 'vmg.next may not be removed');
  VM_WARN_ON_VMG(
    next !== null && !remove_next && next !== target && vmg.end > next.vm_start,
    where,
    'the range overlaps a part of vmg.next',
  );
  VM_WARN_ON_VMG(target.vm_start < vmg.start || target.vm_end > vmg.end, where, 'the range does not hold vmg.target');
}

/** Grows vmg.target to [vmg.start, vmg.end), over vmg.next if that ends there. */
export function vma_expand(vmg: vma_merge_struct): number {
  const target = vmg.target ?? missing('vma_expand', 'vmg.target');
  const { next } = vmg;

  stubs.mmap_assert_write_locked(vmg.mm);
  stubs.vma_start_write(target);

  const remove_next = next !== null && target !== next && vmg.end === next.vm_end;
  assertExpansion(vmg, target, remove_next);

  const sticky_flags = vma_flags_and_mask(vmg.vma_flags, VMA_STICKY_FLAGS);
  collectSticky(sticky_flags, target);

  // Callers treat this failure as no merge, so give_up_on_oom does not apply.
  const anon_dup = new Ref<vm_area_struct | null>(null);
  let ret = 0;
  if (remove_next) ret = dup_anon_vma(target, next, anon_dup);
  if (ret === 0 && vmg.copied_from !== null) ret = dup_anon_vma(target, vmg.copied_from, anon_dup);
  if (ret !== 0) return ret;

  if (remove_next) {
    stubs.vma_start_write(next);
    vmg.__remove_next = true;
    collectSticky(sticky_flags, next);
  }
  if (commit_merge(vmg) !== 0) {
    if (anon_dup.value !== null) stubs.unlink_anon_vmas(anon_dup.value);
    if (!vmg.give_up_on_oom) vmg.state = VMA_MERGE_ERROR_NOMEM;
    return -ENOMEM;
  }

  vma_set_flags_mask(target, sticky_flags);
  return 0;
}

/**
 * Grows a VMA upwards by delta bytes, into a gap that the caller knows to be there, and merges it with what follows.
 */
export function vma_merge_extend(vmi: vma_iterator, vma: vm_area_struct, delta: number): vm_area_struct | null {
  const vmg = VMG_VMA_STATE(vmi, vma, vma, vma.vm_end, vma.vm_end + delta);

  vmg.next = vma_iter_next_rewind(vmi, null);
  vmg.middle = null; // Only its attributes were needed.
  return vma_merge_new_range(vmg);
}
