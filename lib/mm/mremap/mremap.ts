// SPDX-License-Identifier: GPL-2.0
/**
 * mremap(): port of shrink_vma(), mremap_to(), vma_expandable(), vrm_can_expand_in_place(), expand_vma_in_place(),
 * expand_vma(), mremap_at(), notify_uffd(), remap_move(), do_mremap() and the system call, mm/mremap.c (Linux 7.3).
 */
import { EFAULT, EINTR, EINVAL, ENOMEM, IS_ERR_VALUE } from '../../../include/linux/errno.js';
import { list_head } from '../../../include/linux/list.js';
import { offset_in_page, PHYS_PFN } from '../../../include/linux/mm.js';
import { VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { MAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../../../include/uapi/mman.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_BUG_ON, VM_WARN_ON_ONCE, WARN_ON_ONCE } from '../../bug.js';
import { find_vma_intersection, for_each_vma_range, vma_iter_invalidate, vma_lookup } from '../inlines/iterator.js';
import { wrappingPageAlign, wrappingSum } from '../inlines/unsigned.js';
import { get_unmapped_area } from '../mmap/get_unmapped_area.js';
import { mm_populate } from '../mmap/mmap.js';
import { do_munmap } from '../mmap/munmap.js';
import { vma_merge_extend } from '../vma/merge.js';
import { do_vmi_munmap } from '../vma/munmap.js';
import { check_mremap_params, check_prep_vma, vma_multi_allowed } from './check.js';
import { move_vma } from './move.js';
import {
  check_map_count_against_split_early,
  MREMAP_EXPAND,
  MREMAP_NO_RESIZE,
  MREMAP_SHRINK,
  mremapMm,
  vma_remap_struct,
  vmaOf,
  vrm_calc_charge,
  vrm_implies_new_addr,
  vrm_move_only,
  vrm_populate_calculated,
  vrm_set_new_addr,
  vrm_stat_account,
  vrm_uncharge,
} from './vrm.js';

/** Looks the VMA up again, after something was unmapped. 0 or -EFAULT. */
function reload(vrm: vma_remap_struct): number {
  vrm.vma = vma_lookup(mremapMm(), vrm.addr);
  return vrm.vma === null ? -EFAULT : 0;
}

/** Cuts off what is too much. With drop_lock the address space is not locked any more afterwards. 0 or an errno. */
function shrink_vma(vrm: vma_remap_struct, drop_lock: boolean): number {
  const mm = mremapMm();
  const unmap_start = wrappingSum(vrm.addr, vrm.new_len);
  const vmi = VMA_ITERATOR(mm, unmap_start);

  VM_BUG_ON(vrm.remap_type !== MREMAP_SHRINK, 'shrink_vma', 'it does not shrink');

  const res = do_vmi_munmap(vmi, mm, unmap_start, vrm.delta, vrm.uf_unmap, drop_lock);
  vrm.vma = null;
  if (res !== 0) return res;

  if (!drop_lock) return reload(vrm);
  vrm.mmap_locked = false;
  return 0;
}

/** Remaps to a new address, given or to be found, which is returned; or a negative errno. */
function mremap_to(vrm: vma_remap_struct): number {
  const mm = mremapMm();

  if ((vrm.flags & MREMAP_FIXED) !== 0) {
    const err = do_munmap(mm, vrm.new_addr, vrm.new_len, vrm.uf_unmap_early);
    vrm.vma = null;
    vrm.vmi_needs_invalidate = true;
    if (err !== 0) return err;
    // It may have been a part of the VMA that moves.
    if (reload(vrm) !== 0) return -EFAULT;
  }

  if (vrm.remap_type === MREMAP_SHRINK) {
    const err = shrink_vma(vrm, false);
    if (err !== 0) return err;
    vrm.old_len = vrm.new_len;
    vrm_populate_calculated(vrm);
  }

  if ((vrm.flags & MREMAP_DONTUNMAP) !== 0) {
    if (!stubs.may_expand_vm(mm, vmaOf(vrm).flags, PHYS_PFN(vrm.old_len))) return -ENOMEM;
  }

  const err = vrm_set_new_addr(vrm);
  return err !== 0 ? err : move_vma(vrm);
}

/** Is there room behind the VMA for delta bytes more? */
function vma_expandable(vma: vm_area_struct, delta: number): boolean {
  const mm = vma.vm_mm ?? missing('vma_expandable', 'vma.vm_mm');
  const end = vma.vm_end + delta;

  if (find_vma_intersection(mm, vma.vm_end, end) !== null) return false;
  const addr = get_unmapped_area(null, vma.vm_start, end - vma.vm_start, 0, MAP_FIXED);
  return !IS_ERR_VALUE(addr) && offset_in_page(addr) === 0;
}

/** Does the range end where the VMA does, with room behind? */
function vrm_can_expand_in_place(vrm: vma_remap_struct): boolean {
  const vma = vmaOf(vrm);
  return vma.vm_end - vrm.addr === vrm.old_len && vma_expandable(vma, vrm.delta);
}

/** Grows the VMA where it is. 0 or -ENOMEM. */
function expand_vma_in_place(vrm: vma_remap_struct): number {
  const vma = vmaOf(vrm);
  const vmi = VMA_ITERATOR(mremapMm(), vma.vm_end);

  if (!vrm_calc_charge(vrm)) return -ENOMEM;

  const grown = vma_merge_extend(vmi, vma, vrm.delta);
  if (grown === null) {
    vrm_uncharge(vrm);
    return -ENOMEM;
  }
  vrm.vma = grown;
  vrm_stat_account(vrm, vrm.delta);
  return 0;
}

/** Grows the mapping, where it is if that can be, or, if it may move, elsewhere. Its address, or a negative errno. */
function expand_vma(vrm: vma_remap_struct): number {
  if (vrm_can_expand_in_place(vrm)) {
    const err = expand_vma_in_place(vrm);
    return err !== 0 ? err : vrm.addr;
  }
  if ((vrm.flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;

  const err = vrm_set_new_addr(vrm);
  return err !== 0 ? err : move_vma(vrm);
}

/** Remaps without a new address being asked for. The address, or a negative errno. */
function mremap_at(vrm: vma_remap_struct): number {
  switch (vrm.remap_type) {
    case MREMAP_NO_RESIZE:
      return vrm.addr;
    case MREMAP_SHRINK: {
      const res = shrink_vma(vrm, true);
      return res !== 0 ? res : vrm.addr;
    }
    case MREMAP_EXPAND:
      return expand_vma(vrm);
    default:
      WARN_ON_ONCE(true, 'mremap_at', 'nobody said what becomes of the size');
      return -EINVAL;
  }
}

/** Tells userfaultfds what was unmapped, which is so also after an error, and what has moved. */
function notify_uffd(vrm: vma_remap_struct, failed: boolean): void {
  const mm = mremapMm();

  stubs.userfaultfd_unmap_complete(mm, vrm.uf_unmap_early);
  if (failed) stubs.mremap_userfaultfd_fail(vrm.uf);
  else stubs.mremap_userfaultfd_complete(vrm.uf, vrm.addr, vrm.new_addr, vrm.old_len);
  stubs.userfaultfd_unmap_complete(mm, vrm.uf_unmap);
}

/** Where a move of several VMAs has got to. */
interface Progress {
  readonly start: number;
  readonly end: number;
  /** Where the next VMA goes if it lies right behind the last one. */
  target_addr: number;
  /** End of the last VMA; null before the first. */
  last_end: number | null;
}

/** Moves one VMA, or the part of it that lies in the range, with the gap before it. Its address or an errno. */
function moveOne(vrm: vma_remap_struct, vma: vm_area_struct, progress: Progress): number {
  const { start, end, last_end } = progress;
  const addr = Math.max(vma.vm_start, start);
  const offset = last_end === null ? 0 : vma.vm_start - last_end;
  progress.last_end = vma.vm_end;

  vrm.vma = vma;
  vrm.addr = addr;
  vrm.new_addr = progress.target_addr + offset;
  vrm.old_len = Math.min(end, vma.vm_end) - addr;
  vrm.new_len = vrm.old_len;

  const multi_allowed = vma_multi_allowed(vma);
  // Alone it may be moved.
  if (!multi_allowed && (last_end !== null || vma.vm_end < end)) return -EFAULT;

  const err = check_prep_vma(vrm);
  const res_vma = err !== 0 ? err : mremap_to(vrm);
  if (IS_ERR_VALUE(res_vma)) return res_vma;
  VM_WARN_ON_ONCE(
    last_end === null && multi_allowed && res_vma !== progress.target_addr,
    'remap_move',
    'a VMA went elsewhere than it was told to',
  );
  progress.target_addr = res_vma + vrm.new_len;
  return res_vma;
}

/** What holds after each VMA of a move; and the iterator starts anew where the tree changed. */
function afterOne(vrm: vma_remap_struct, vmi: vma_iterator): void {
  VM_WARN_ON_ONCE(!vrm.mmap_locked, 'remap_move', 'the lock was dropped');
  VM_WARN_ON_ONCE(vrm.populate_expand, 'remap_move', 'a move has grown something');
  if (!vrm.vmi_needs_invalidate) return;
  vma_iter_invalidate(vmi);
  vrm.vmi_needs_invalidate = false;
}

/**
 * Moves all VMAs of the range, with the gaps between them, to the address given. Returns where the first one went, or
 * the first error, with those before it moved.
 */
function remap_move(vrm: vma_remap_struct): number {
  const end = wrappingSum(vrm.addr, vrm.old_len);
  const vmi = VMA_ITERATOR(mremapMm(), vrm.addr);
  const progress: Progress = { start: vrm.addr, end, target_addr: vrm.new_addr, last_end: null };
  let res = -EFAULT;

  for (const vma of for_each_vma_range(vmi, end)) {
    const isFirst = progress.last_end === null;
    if (isFirst && progress.start < vma.vm_start) return -EFAULT;
    const res_vma = moveOne(vrm, vma, progress);
    if (IS_ERR_VALUE(res_vma)) return res_vma;
    if (isFirst) res = res_vma;
    afterOne(vrm, vmi);
  }
  return res;
}

/** Remaps, with the address space locked for writing. */
function remapLocked(vrm: vma_remap_struct): number {
  if (vrm_move_only(vrm)) return remap_move(vrm);

  vrm.vma = vma_lookup(mremapMm(), vrm.addr);
  const res = check_prep_vma(vrm);
  if (res !== 0) return res;
  return vrm_implies_new_addr(vrm) ? mremap_to(vrm) : mremap_at(vrm);
}

function do_mremap(vrm: vma_remap_struct): number {
  const mm = mremapMm();

  vrm.old_len = wrappingPageAlign(vrm.old_len);
  vrm.new_len = wrappingPageAlign(vrm.new_len);
  const invalid = check_mremap_params(vrm);
  if (invalid !== 0) return invalid;

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  vrm.mmap_locked = true;
  if (!check_map_count_against_split_early(vrm)) {
    stubs.mmap_write_unlock(mm);
    return -ENOMEM;
  }

  const res = remapLocked(vrm);
  const failed = IS_ERR_VALUE(res);
  if (vrm.mmap_locked) stubs.mmap_write_unlock(mm);
  if (!failed && vrm.populate_expand) mm_populate(vrm.new_addr + vrm.old_len, vrm.delta);
  notify_uffd(vrm, failed);
  return res;
}

/**
 * The system call: grows, shrinks or moves the mapping of old_len bytes at addr in the current address space. Returns
 * its address, or a negative errno.
 */
export function mremap(addr: number, old_len: number, new_len: number, flags: number, new_addr: number): number {
  const unmaps = { early: new list_head(), late: new list_head() };
  return do_mremap(new vma_remap_struct({ addr, old_len, new_len, flags, new_addr }, unmaps));
}
