// SPDX-License-Identifier: GPL-2.0
/**
 * A remap and what it comes to: struct vma_remap_struct of mm/mremap.c (Linux 7.3) and the functions there that ask it,
 * charge for it and count it. Port of vrm_remap_type(), vrm_populate_calculated(), vrm_overlaps(),
 * vrm_implies_new_addr(), vrm_set_new_addr(), vrm_calc_charge(), vrm_uncharge(), vrm_stat_account(),
 * vrm_will_map_new(), vrm_move_only(), needs_pre_split() and the checks against the map count.
 */
import { IS_ERR_VALUE } from '../../../include/linux/errno.js';
import type { list_head } from '../../../include/linux/list.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct } from '../../../include/mm_types.js';
import { MAP_FIXED, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED } from '../../../include/uapi/mman.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_BIT, VMA_MAYSHARE_BIT } from '../../../include/vma_flags.js';
import { currentMm, stubs } from '../../../stubs/index.js';
import { missing } from '../../bug.js';
import { accountPages, addPages, get_sysctl_max_map_count, vm_unacct_memory } from '../inlines/accounting.js';
import { vma_test } from '../inlines/flag_operations.js';
import { linear_page_index } from '../inlines/range.js';
import { wrappingSum } from '../inlines/unsigned.js';
import { get_unmapped_area } from '../mmap/get_unmapped_area.js';

/** What becomes of the size. */
export const MREMAP_INVALID = 0;
export const MREMAP_NO_RESIZE = 1;
export const MREMAP_SHRINK = 2;
export const MREMAP_EXPAND = 3;
export type mremap_type = 0 | 1 | 2 | 3;

/** A remap, from what the caller asked for on. Any field may change on the way; addresses and lengths in bytes. */
export class vma_remap_struct {
  /** Where it is remapped from. */
  addr: number;
  old_len: number;
  new_len: number;
  /** MREMAP_*. */
  readonly flags: number;
  /** Where to, once that is known. */
  new_addr: number;
  /** Told of a move, of what is unmapped before it, and of what is unmapped by it. */
  readonly uf: { vma: vm_area_struct | null };
  readonly uf_unmap_early: list_head;
  readonly uf_unmap: list_head;
  /** The VMA at addr; null where that is not known (any more). */
  vma: vm_area_struct | null;
  /** By how much the size changes. */
  delta: number;
  /** A locked mapping grew: it must be populated. */
  populate_expand: boolean;
  remap_type: mremap_type;
  /** Is the address space locked for writing? */
  mmap_locked: boolean;
  /** Pages charged for it. */
  charged: number;
  /** The tree changed under an iterator that walks it. */
  vmi_needs_invalidate: boolean;

  constructor(
    from: { addr: number; old_len: number; new_len: number; flags: number; new_addr: number },
    unmaps: { early: list_head; late: list_head },
  ) {
    this.addr = from.addr;
    this.old_len = from.old_len;
    this.new_len = from.new_len;
    this.flags = from.flags;
    this.new_addr = from.new_addr;
    this.uf = { vma: null };
    this.uf_unmap_early = unmaps.early;
    this.uf_unmap = unmaps.late;
    this.vma = null;
    this.delta = 0;
    this.populate_expand = false;
    this.remap_type = MREMAP_INVALID;
    this.mmap_locked = false;
    this.charged = 0;
    this.vmi_needs_invalidate = false;
  }
}

/** The VMA of a remap that has one. */
export function vmaOf(vrm: vma_remap_struct): vm_area_struct {
  return vrm.vma ?? missing('mremap', 'vrm.vma');
}

/** The address space that is remapped: that of the caller. */
export function mremapMm(): mm_struct {
  return currentMm('mremap');
}

function vrm_remap_type(vrm: vma_remap_struct): mremap_type {
  if (vrm.delta === 0) return MREMAP_NO_RESIZE;
  return vrm.old_len > vrm.new_len ? MREMAP_SHRINK : MREMAP_EXPAND;
}

/** Sets what follows from the lengths. */
export function vrm_populate_calculated(vrm: vma_remap_struct): void {
  vrm.delta = Math.abs(vrm.old_len - vrm.new_len);
  vrm.remap_type = vrm_remap_type(vrm);
}

/** Would the old and the new range share addresses? */
export function vrm_overlaps(vrm: vma_remap_struct): boolean {
  const end_old = wrappingSum(vrm.addr, vrm.old_len);
  const end_new = wrappingSum(vrm.new_addr, vrm.new_len);
  return end_old > vrm.new_addr && end_new > vrm.addr;
}

/** Will it certainly get a new address? */
export function vrm_implies_new_addr(vrm: vma_remap_struct): boolean {
  return (vrm.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
}

/** Finds the new address: the one given, if that is fixed, or one for which it is a hint. 0 or a negative errno. */
export function vrm_set_new_addr(vrm: vma_remap_struct): number {
  const vma = vmaOf(vrm);
  const pgoff = linear_page_index(vma, vrm.addr);
  const new_addr = vrm_implies_new_addr(vrm) ? vrm.new_addr : 0;
  let map_flags = 0;

  if ((vrm.flags & MREMAP_FIXED) !== 0) map_flags |= MAP_FIXED;
  if (vma_test(vma, VMA_MAYSHARE_BIT)) map_flags |= MAP_SHARED;

  const res = get_unmapped_area(vma.vm_file, new_addr, vrm.new_len, pgoff, map_flags);
  if (IS_ERR_VALUE(res)) return res;
  vrm.new_addr = res;
  return 0;
}

/** Charges the pages that come on top, if the VMA accounts for its pages. False when they may not be had. */
export function vrm_calc_charge(vrm: vma_remap_struct): boolean {
  if (!vma_test(vmaOf(vrm), VMA_ACCOUNT_BIT)) return true;

  // Where the old mapping stays, all of the new one comes on top.
  const charged = PHYS_PFN((vrm.flags & MREMAP_DONTUNMAP) !== 0 ? vrm.new_len : vrm.delta);
  if (stubs.security_vm_enough_memory_mm(mremapMm(), charged) !== 0) return false;
  vrm.charged = charged;
  return true;
}

/** Gives back what was charged: it came to nothing. */
export function vrm_uncharge(vrm: vma_remap_struct): void {
  if (!vma_test(vmaOf(vrm), VMA_ACCOUNT_BIT)) return;
  vm_unacct_memory(vrm.charged);
  vrm.charged = 0;
}

/** Counts bytes more in the sums of the address space. */
export function vrm_stat_account(vrm: vma_remap_struct, bytes: number): void {
  const mm = mremapMm();
  const pages = PHYS_PFN(bytes);

  accountPages(mm, vmaOf(vrm).flags, pages);
  if (vma_test(vmaOf(vrm), VMA_LOCKED_BIT)) mm.locked_vm = addPages(mm.locked_vm, pages);
}

/** Will it need room that it has not? */
export function vrm_will_map_new(vrm: vma_remap_struct): boolean {
  return vrm.remap_type === MREMAP_EXPAND || vrm_implies_new_addr(vrm);
}

/** Is it nothing but a move, to an address that is given? */
export function vrm_move_only(vrm: vma_remap_struct): boolean {
  return (vrm.flags & MREMAP_FIXED) !== 0 && vrm.old_len === vrm.new_len;
}

/** Is the source split before it is copied? A locked one is, if it stays: only the part that moved is unlocked. */
export function needs_pre_split(vrm: vma_remap_struct): boolean {
  return (vrm.flags & MREMAP_DONTUNMAP) !== 0 && vma_test(vmaOf(vrm), VMA_LOCKED_BIT);
}

/**
 * Is there room for the VMAs that may come, in the worst case? Two for the copy and for what is left of the source, one
 * more if that was split before; and two more before anything is unmapped at the destination or cut off the source.
 */
function __check_map_count_against_split(mm: mm_struct, pre_split: boolean, before_unmaps: boolean): boolean {
  stubs.mmap_assert_write_locked(mm);
  const map_count = mm.map_count + (before_unmaps ? 2 : 0) + 2 + (pre_split ? 1 : 0);
  return map_count <= get_sysctl_max_map_count();
}

/** Before the move. */
export function check_map_count_against_split(vrm: vma_remap_struct): boolean {
  return __check_map_count_against_split(mremapMm(), needs_pre_split(vrm), false);
}

/** Before anything. */
export function check_map_count_against_split_early(vrm: vma_remap_struct): boolean {
  return __check_map_count_against_split(mremapMm(), (vrm.flags & MREMAP_DONTUNMAP) !== 0, true);
}
