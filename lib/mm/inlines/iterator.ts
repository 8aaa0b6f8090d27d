// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The VMA iterator over the range tree. Port of the vma_iter_*() and lookup inlines of mm/vma.h and of
 * tools/testing/vma/include/dup.h (Linux 7.3).
 *
 * Deviations: vma_iter_prealloc() is the harness's, which `globals.fail_prealloc` makes fail (shared.h overrides it by
 * a macro).
 */
import { hexOf } from '../../../include/check.js';
import { ENOMEM } from '../../../include/linux/errno.js';
import { GFP_KERNEL, type gfp_t } from '../../../include/linux/gfp.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { ma_start } from '../../../include/linux/maple_tree.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { globals, stubs } from '../../../stubs/index.js';
import { WARN_ON } from '../../bug.js';
import {
  __mas_set_range,
  mas_destroy,
  mas_empty_area,
  mas_empty_area_rev,
  mas_find,
  mas_for_each,
  mas_init,
  mas_is_err,
  mas_next_range,
  mas_pause,
  mas_preallocate,
  mas_prev,
  mas_prev_range,
  mas_reset,
  mas_set,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
  mas_walk,
  mt_find,
  mtree_load,
} from '../../maple_tree.js';
import { vma_assert_attached, vma_mark_attached } from './lifecycle.js';

export { VMA_ITERATOR };

/** max - 1 in C, where a limit of 0 wraps to the highest address. */
function lastBelow(max: number): number {
  return max === 0 ? ULONG_MAX : max - 1;
}

/** The VMA at or after the iterator on the first call, then the one after it. Null past the last. */
export function vma_next(vmi: vma_iterator): vm_area_struct | null {
  return mas_find(vmi.mas, ULONG_MAX);
}

/** As vma_next(), but null when the next VMA starts at or past max, in bytes. */
export function vma_find(vmi: vma_iterator, max: number): vm_area_struct | null {
  return mas_find(vmi.mas, lastBelow(max));
}

/** The VMA before the iterator; null before the first. */
export function vma_prev(vmi: vma_iterator): vm_area_struct | null {
  return mas_prev(vmi.mas, 0);
}

/** As vma_prev(), but looks no lower than min. */
export function vma_prev_limit(vmi: vma_iterator, min: number): vm_area_struct | null {
  return mas_prev(vmi.mas, min);
}

/** Every VMA from the iterator on. The one handed out may be removed. */
export function for_each_vma(vmi: vma_iterator): IterableIterator<vm_area_struct, void> {
  return mas_for_each(vmi.mas, ULONG_MAX);
}

/** Every VMA from the iterator on that starts below end. */
export function for_each_vma_range(vmi: vma_iterator, end: number): IterableIterator<vm_area_struct, void> {
  return mas_for_each(vmi.mas, lastBelow(end));
}

/** Starts an iterator over mm at addr. */
export function vma_iter_init(vmi: vma_iterator, mm: mm_struct, addr: number): void {
  mas_init(vmi.mas, mm.mm_mt, addr);
}

/** Moves the iterator to addr; the tree is walked at the next use. */
export function vma_iter_set(vmi: vma_iterator, addr: number): void {
  mas_set(vmi.mas, addr);
}

/** Has the iterator forget its node; the next use goes on behind its range. */
export function vma_iter_invalidate(vmi: vma_iterator): void {
  mas_pause(vmi.mas);
}

/** Has the iterator forget its node; the next use begins at its index. */
export function vma_iter_reset(vmi: vma_iterator): void {
  mas_reset(vmi.mas);
}

/** Gives back what vma_iter_prealloc() reserved. */
export function vma_iter_free(vmi: vma_iterator): void {
  mas_destroy(vmi.mas);
}

/** Sets the range [index, last) that the next store works on, without leaving the node. */
export function vma_iter_config(vmi: vma_iterator, index: number, last: number): void {
  __mas_set_range(vmi.mas, index, last - 1);
}

/** Reserves what storing vma, or a gap for null, may need. 0 or -ENOMEM. */
export function vma_iter_prealloc(vmi: vma_iterator, vma: vm_area_struct | null): number {
  if (globals.fail_prealloc || stubs.vma_iter_prealloc_fails()) return -ENOMEM;
  return mas_preallocate(vmi.mas, vma, GFP_KERNEL);
}

/** Stores a gap over the iterator's range with reserved memory. */
export function vma_iter_clear(vmi: vma_iterator): void {
  mas_store_prealloc(vmi.mas, null);
}

/** Stores a gap over [start, end). */
export function vma_iter_clear_gfp(vmi: vma_iterator, start: number, end: number, gfp: gfp_t): number {
  __mas_set_range(vmi.mas, start, end - 1);
  mas_store_gfp(vmi.mas, null, gfp);
  return mas_is_err(vmi.mas) ? -ENOMEM : 0;
}

/** The VMA that the iterator's address lies in; null in a gap. */
export function vma_iter_load(vmi: vma_iterator): vm_area_struct | null {
  return mas_walk(vmi.mas);
}

/** Does the iterator stand on a range that does not hold the start of vma? A store would go into the wrong node. */
function isElsewhere({ mas }: vma_iterator, vma: vm_area_struct): boolean {
  return mas.status !== ma_start && (mas.index > vma.vm_start || mas.last < vma.vm_start);
}

/** What CONFIG_DEBUG_VM_MAPLE_TREE looks at before a store: is the start of vma within the iterator's range? */
function warnElsewhere({ mas }: vma_iterator, vma: vm_area_struct): void {
  if (mas.status === ma_start) return;
  const range = `${hexOf(mas.index)}-${hexOf(mas.last)}`;
  const what = `VMA ${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)} stored into slot ${range}`;
  WARN_ON(mas.index > vma.vm_start, 'vma_iter_store_overwrite', what);
  WARN_ON(mas.last < vma.vm_start, 'vma_iter_store_overwrite', what);
}

/** Stores a VMA that is attached already over its range, with reserved memory. */
export function vma_iter_store_overwrite(vmi: vma_iterator, vma: vm_area_struct): void {
  vma_assert_attached(vma);
  if (globals.debug_vm_maple_tree) warnElsewhere(vmi, vma);
  if (isElsewhere(vmi, vma)) vma_iter_invalidate(vmi);

  __mas_set_range(vmi.mas, vma.vm_start, vma.vm_end - 1);
  mas_store_prealloc(vmi.mas, vma);
}

/** Stores a VMA that was in no tree, with reserved memory, and marks it attached. */
export function vma_iter_store_new(vmi: vma_iterator, vma: vm_area_struct): void {
  vma_mark_attached(vma);
  vma_iter_store_overwrite(vmi, vma);
}

/** Stores a VMA that was in no tree and marks it attached. */
export function vma_iter_store_gfp(vmi: vma_iterator, vma: vm_area_struct, gfp: gfp_t): number {
  if (isElsewhere(vmi, vma)) vma_iter_invalidate(vmi);
  __mas_set_range(vmi.mas, vma.vm_start, vma.vm_end - 1);
  mas_store_gfp(vmi.mas, vma, gfp);
  if (mas_is_err(vmi.mas)) return -ENOMEM;

  vma_mark_attached(vma);
  return 0;
}

/**
 * Stores the VMA over its own range in a tree that holds another one over just that range, as a duplicate of a parent's
 * tree does: that takes no node. 0 or -ENOMEM.
 */
export function vma_iter_bulk_store(vmi: vma_iterator, vma: vm_area_struct): number {
  vmi.mas.index = vma.vm_start;
  vmi.mas.last = vma.vm_end - 1;
  mas_store(vmi.mas, vma);
  if (mas_is_err(vmi.mas)) return -ENOMEM;

  vma_mark_attached(vma);
  return 0;
}

/** First address of the iterator's range. */
export function vma_iter_addr(vmi: vma_iterator): number {
  return vmi.mas.index;
}

/** First address past the iterator's range. */
export function vma_iter_end(vmi: vma_iterator): number {
  return vmi.mas.last + 1;
}

/** Steps to the range before, which may be a gap. */
export function vma_iter_prev_range(vmi: vma_iterator): vm_area_struct | null {
  return mas_prev_range(vmi.mas, 0);
}

/** As vma_iter_prev_range(), no lower than min. */
export function vma_iter_prev_range_limit(vmi: vma_iterator, min: number): vm_area_struct | null {
  return mas_prev_range(vmi.mas, min);
}

/** Steps to the range after, which may be a gap. */
export function vma_iter_next_range(vmi: vma_iterator): vm_area_struct | null {
  return mas_next_range(vmi.mas, ULONG_MAX);
}

/** As vma_iter_next_range(), no higher than max. */
export function vma_iter_next_range_limit(vmi: vma_iterator, max: number): vm_area_struct | null {
  return mas_next_range(vmi.mas, max);
}

/** Finds the lowest gap of size bytes within [min, max). */
export function vma_iter_area_lowest(vmi: vma_iterator, min: number, max: number, size: number): number {
  return mas_empty_area(vmi.mas, min, lastBelow(max), size);
}

/** Finds the highest gap of size bytes within [min, max). */
export function vma_iter_area_highest(vmi: vma_iterator, min: number, max: number, size: number): number {
  return mas_empty_area_rev(vmi.mas, min, lastBelow(max), size);
}

/**
 * Fetches the next VMA, then puts the iterator back where the previous one ends, or to 0 if there is none. The previous
 * one lands in pprev. Without one a step forward would skip the gap and end at the next VMA again.
 */
export function vma_iter_next_rewind(
  vmi: vma_iterator,
  pprev: { prev: vm_area_struct | null } | null,
): vm_area_struct | null {
  const next = vma_next(vmi);
  const prev = vma_prev(vmi);
  if (prev !== null) vma_iter_next_range(vmi);
  if (pprev !== null) pprev.prev = prev;
  return next;
}

/** The VMA that addr lies in. */
export function vma_lookup(mm: mm_struct, addr: number): vm_area_struct | null {
  return mtree_load(mm.mm_mt, addr);
}

/** The first VMA with any part in [start_addr, end_addr). */
export function find_vma_intersection(mm: mm_struct, start_addr: number, end_addr: number): vm_area_struct | null {
  stubs.mmap_assert_locked(mm);
  return mt_find(mm.mm_mt, new Ref(start_addr), lastBelow(end_addr));
}

/** The VMA at addr, or else the first after it; the one before lands in pprev. */
export function find_vma_prev(
  mm: mm_struct,
  addr: number,
  pprev: { prev: vm_area_struct | null },
): vm_area_struct | null {
  const vmi = VMA_ITERATOR(mm, addr);
  const vma = vma_iter_load(vmi);
  pprev.prev = vma_prev(vmi);
  return vma ?? vma_next(vmi);
}

/** The VMA at addr, or else the first after it. */
export function find_vma(mm: mm_struct, addr: number): vm_area_struct | null {
  stubs.mmap_assert_locked(mm);
  return mt_find(mm.mm_mt, new Ref(addr), ULONG_MAX);
}
