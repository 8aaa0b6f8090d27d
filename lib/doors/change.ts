// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Merging, splitting and changing VMAs as the package exports it: functions of lib/mm/vma by the same names, with VMAs
 * and ranges checked. Addresses are in bytes and page-aligned, offsets in pages. Each throws a TypeError for a VMA that
 * was freed or is none, a RangeError for a number that is no address or no offset, or a range that leaves its VMA.
 */
import { badArgument, checkPageAligned, checkPageRange, checkUlong, hexOf } from '../../include/check.js';
import type { ErrPtr } from '../../include/linux/errno.js';
import type {
  anon_vma_name,
  mempolicy,
  vm_area_struct,
  vm_userfaultfd_ctx,
  vma_iterator,
} from '../../include/mm_types.js';
import type { vma_merge_struct } from '../../include/vma.js';
import type { vma_flags_t } from '../../include/vma_flags.js';
import * as merge from '../mm/vma/merge.js';
import * as mergeState from '../mm/vma/merge_state.js';
import * as modify from '../mm/vma/modify.js';
import * as split from '../mm/vma/split.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export {
  can_merge_remove_vma,
  can_vma_merge_after,
  can_vma_merge_before,
  can_vma_merge_left,
  can_vma_merge_right,
  is_mergeable_anon_vma,
  is_mergeable_vma,
  needs_adjacent_anon_pgoff,
  vma_is_fork_child,
} from '../mm/vma/merge_rules.js';
export { VMG_STATE, vmg_nomem } from '../mm/vma/merge_state.js';

/** The range and the neighbours of a merge that is not mapped yet. */
function checkNewRange(vmg: vma_merge_struct): void {
  checkPageRange('vma_merge_new_range', 'vmg.start', vmg.start, 'vmg.end', vmg.end);
  checkUlong('vma_merge_new_range', 'vmg.pgoff', vmg.pgoff);
  checkLive('vma_merge_new_range', 'vmg.prev', vmg.prev);
  checkLive('vma_merge_new_range', 'vmg.next', vmg.next);
}

function checkModify(fn: string, prev: vm_area_struct | null, vma: vm_area_struct, start: number, end: number): void {
  checkLive(fn, 'prev', prev);
  checkLive(fn, 'vma', vma);
  checkPageRange(fn, 'start', start, 'end', end);
  if (start < vma.vm_start) badArgument(fn, 'start', start, `below the VMA, which starts at ${hexOf(vma.vm_start)}`);
  if (end > vma.vm_end) badArgument(fn, 'end', end, `past the VMA, which ends at ${hexOf(vma.vm_end)}`);
}

/**
 * Tries to merge a VMA whose attributes are about to change over [vmg.start, vmg.end) with its neighbours. The caller
 * sets vmg.middle to that VMA and vmg.prev to the one before (or to middle, if the range begins inside it), leaves
 * vmg.next null, holds mmap_lock for writing, and has the iterator within middle. Returns the merged VMA, with vmg's
 * range that of it; null when nothing merged, or out of memory (vmg.state tells). vma_merge_existing_range() of
 * mm/vma.c.
 */
export function vma_merge_existing_range(vmg: vma_merge_struct): vm_area_struct | null {
  if (isWatched()) return watched('vma_merge_existing_range', vma_merge_existing_range, { vmg });
  checkPageRange('vma_merge_existing_range', 'vmg.start', vmg.start, 'vmg.end', vmg.end);
  checkLive('vma_merge_existing_range', 'vmg.middle', vmg.middle);
  checkLive('vma_merge_existing_range', 'vmg.prev', vmg.prev);
  return merge.vma_merge_existing_range(vmg);
}

/**
 * Tries to merge a range that is about to be mapped with its neighbours: one of them grows over it, or the one before
 * grows over it and replaces the one after. The caller sets vmg.prev and vmg.next, holds mmap_lock for writing, knows
 * [vmg.start, vmg.end) to be empty (but for what it is going to unmap) and has the iterator at or before the gap.
 * Returns the VMA that grew, with vmg's range that of it; null when nothing merged, or out of memory (vmg.state tells).
 * vma_merge_new_range() of mm/vma.c.
 */
export function vma_merge_new_range(vmg: vma_merge_struct): vm_area_struct | null {
  if (isWatched()) return watched('vma_merge_new_range', vma_merge_new_range, { vmg });
  checkNewRange(vmg);
  return merge.vma_merge_new_range(vmg);
}

/**
 * Tries to merge the copy of a VMA, at the place it is copied to, with its neighbours there. vmg.middle is the source,
 * all else describes the destination, as for vma_merge_new_range(). vma_merge_copied_range() of mm/vma.c.
 */
export function vma_merge_copied_range(vmg: vma_merge_struct): vm_area_struct | null {
  if (isWatched()) return watched('vma_merge_copied_range', vma_merge_copied_range, { vmg });
  checkLive('vma_merge_copied_range', 'vmg.middle', vmg.middle);
  checkNewRange(vmg);
  return merge.vma_merge_copied_range(vmg);
}

/**
 * Grows vmg.target to [vmg.start, vmg.end), over vmg.next if that ends there. Whether they may be one is for the caller
 * to know, who also holds mmap_lock for writing. 0, or -ENOMEM (vmg.state tells, unless vmg.give_up_on_oom) with no VMA
 * changed. vma_expand() of mm/vma.c.
 */
export function vma_expand(vmg: vma_merge_struct): number {
  if (isWatched()) return watched('vma_expand', vma_expand, { vmg });
  checkPageRange('vma_expand', 'vmg.start', vmg.start, 'vmg.end', vmg.end);
  checkUlong('vma_expand', 'vmg.pgoff', vmg.pgoff);
  checkLive('vma_expand', 'vmg.target', vmg.target);
  checkLive('vma_expand', 'vmg.next', vmg.next);
  return merge.vma_expand(vmg);
}

/**
 * Carries the merge out. 0, or -ENOMEM with no VMA changed: memory is reserved before anything else, which is what
 * give_up_on_oom relies on. commit_merge() of mm/vma.c.
 */
export function commit_merge(vmg: vma_merge_struct): number {
  if (isWatched()) return watched('commit_merge', commit_merge, { vmg });
  checkPageRange('commit_merge', 'vmg.start', vmg.start, 'vmg.end', vmg.end);
  checkUlong('commit_merge', 'vmg.pgoff', vmg.pgoff);
  return merge.commit_merge(vmg);
}

/**
 * Grows a VMA upwards by delta bytes, into a gap that the caller knows to be there, and merges it with what follows.
 * Returns the VMA, or null. vma_merge_extend() of mm/vma.c.
 */
export function vma_merge_extend(vmi: vma_iterator, vma: vm_area_struct, delta: number): vm_area_struct | null {
  if (isWatched()) return watched('vma_merge_extend', vma_merge_extend, { vmi, vma, delta });
  checkLive('vma_merge_extend', 'vma', vma);
  checkPageAligned('vma_merge_extend', 'delta', delta);
  checkPageRange('vma_merge_extend', 'vma.vm_end', vma.vm_end, 'vma.vm_end + delta', vma.vm_end + delta);
  return merge.vma_merge_extend(vmi, vma, delta);
}

/**
 * Splits vma at addr, which must lie inside it, page-aligned. A new VMA takes the part below addr (new_below) or above;
 * vma keeps the other, and the iterator ends at it. sysctl_max_map_count is not looked at: callers have, or do not
 * care. 0, what may_split() or a stub returned, or -ENOMEM; on failure nothing has changed. __split_vma() of mm/vma.c.
 */
export function __split_vma(vmi: vma_iterator, vma: vm_area_struct, addr: number, new_below: boolean): number {
  if (isWatched()) return watched('__split_vma', __split_vma, { vmi, vma, addr, new_below });
  checkLive('__split_vma', 'vma', vma);
  checkPageAligned('__split_vma', 'addr', addr);
  return split.__split_vma(vmi, vma, addr, new_below);
}

/** As __split_vma(), but -ENOMEM when the address space has as many VMAs as it may. split_vma() of mm/vma.c. */
export function split_vma(vmi: vma_iterator, vma: vm_area_struct, addr: number, new_below: boolean): number {
  if (isWatched()) return watched('split_vma', split_vma, { vmi, vma, addr, new_below });
  checkLive('split_vma', 'vma', vma);
  checkPageAligned('split_vma', 'addr', addr);
  return split.split_vma(vmi, vma, addr, new_below);
}

/**
 * Cuts off the end of vma: it ends at `end` from here on, which lies above its start and not past its end. The iterator
 * must be at the VMA. 0, or -ENOMEM with nothing changed. vma_shrink() of mm/vma.c.
 */
export function vma_shrink(vmi: vma_iterator, vma: vm_area_struct, end: number): number {
  if (isWatched()) return watched('vma_shrink', vma_shrink, { vmi, vma, end });
  checkLive('vma_shrink', 'vma', vma);
  checkPageRange('vma_shrink', 'vma.vm_start', vma.vm_start, 'end', end);
  if (end >= vma.vm_end) badArgument('vma_shrink', 'end', end, 'not below the end of the VMA: it would not shrink');
  return split.vma_shrink(vmi, vma, end);
}

/**
 * Prepares a change of flags over [start, end) of vma. prev is the VMA before it, or vma itself where the range begins
 * inside; the iterator is at vma. After a merge vma_flags_ptr also has the sticky flags, which the caller must keep.
 * The VMA that spans the range, or a negative errno. vma_modify_flags() of mm/vma.c.
 */
export function vma_modify_flags(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  vma_flags_ptr: vma_flags_t,
): vm_area_struct | ErrPtr {
  if (isWatched()) return watched('vma_modify_flags', vma_modify_flags, { vmi, prev, vma, start, end, vma_flags_ptr });
  checkModify('vma_modify_flags', prev, vma, start, end);
  return modify.vma_modify_flags(vmi, prev, vma, start, end, vma_flags_ptr);
}

/** As vma_modify_flags(), for a change of the name of anonymous memory. vma_modify_name() of mm/vma.c. */
export function vma_modify_name(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  new_name: anon_vma_name | null,
): vm_area_struct | ErrPtr {
  if (isWatched()) return watched('vma_modify_name', vma_modify_name, { vmi, prev, vma, start, end, new_name });
  checkModify('vma_modify_name', prev, vma, start, end);
  return modify.vma_modify_name(vmi, prev, vma, start, end, new_name);
}

/** As vma_modify_flags(), for a change of memory policy. vma_modify_policy() of mm/vma.c. */
export function vma_modify_policy(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
  new_pol: mempolicy | null,
): vm_area_struct | ErrPtr {
  if (isWatched()) return watched('vma_modify_policy', vma_modify_policy, { vmi, prev, vma, start, end, new_pol });
  checkModify('vma_modify_policy', prev, vma, start, end);
  return modify.vma_modify_policy(vmi, prev, vma, start, end, new_pol);
}

/**
 * As vma_modify_flags(), for a change of flags and userfaultfd context at once. With give_up_on_oom a merge that runs
 * out of memory is given up without an error. vma_modify_flags_uffd() of mm/vma.c.
 */
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
  if (isWatched())
    return watched('vma_modify_flags_uffd', vma_modify_flags_uffd, {
      vmi,
      prev,
      vma,
      start,
      end,
      vma_flags,
      new_ctx,
      give_up_on_oom,
    });
  checkModify('vma_modify_flags_uffd', prev, vma, start, end);
  return modify.vma_modify_flags_uffd(vmi, prev, vma, start, end, vma_flags, new_ctx, give_up_on_oom);
}

/**
 * A merge of [start, end) within vma, with that VMA's attributes. Of its flags only the legacy word, as upstream.
 * VMG_VMA_STATE() of mm/vma.h.
 */
export function VMG_VMA_STATE(
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
): vma_merge_struct {
  checkLive('VMG_VMA_STATE', 'vma', vma);
  return mergeState.VMG_VMA_STATE(vmi, prev, vma, start, end);
}
