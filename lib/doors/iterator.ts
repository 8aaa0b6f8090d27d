// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The VMA iterator and lookups as the package exports them: the functions of lib/mm/inlines/iterator.ts by the same
 * names, with addresses, sizes and VMAs checked. Addresses are in bytes. Each throws a RangeError for what is no
 * integer from 0 to ULONG_MAX, or not page-aligned where it has to be, and a TypeError for a VMA that was freed.
 */
import { checkPageRange, checkUlong } from '../../include/check.js';
import type { gfp_t } from '../../include/linux/gfp.js';
import type { mm_struct, vm_area_struct, vma_iterator } from '../../include/mm_types.js';
import * as inner from '../mm/inlines/iterator.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export {
  for_each_vma,
  VMA_ITERATOR,
  vma_iter_addr,
  vma_iter_end,
  vma_iter_free,
  vma_iter_invalidate,
  vma_iter_load,
  vma_iter_next_range,
  vma_iter_next_rewind,
  vma_iter_prealloc,
  vma_iter_prev_range,
  vma_iter_reset,
  vma_next,
  vma_prev,
} from '../mm/inlines/iterator.js';

/** Nothing but a live VMA with a range of whole pages may enter the tree. */
function checkStored(fn: string, vma: vm_area_struct): void {
  checkLive(fn, 'vma', vma);
  checkPageRange(fn, 'vma.vm_start', vma.vm_start, 'vma.vm_end', vma.vm_end);
}

function checkArea(fn: string, min: number, max: number, size: number): void {
  checkUlong(fn, 'min', min);
  checkUlong(fn, 'max', max);
  checkUlong(fn, 'size', size);
}

/**
 * As vma_next(), but null when the next VMA starts at or past max, in bytes. vma_find() of
 * tools/testing/vma/include/dup.h.
 */
export function vma_find(vmi: vma_iterator, max: number): vm_area_struct | null {
  checkUlong('vma_find', 'max', max);
  return inner.vma_find(vmi, max);
}

/** As vma_prev(), but looks no lower than min. vma_prev_limit() of mm/vma.h. */
export function vma_prev_limit(vmi: vma_iterator, min: number): vm_area_struct | null {
  checkUlong('vma_prev_limit', 'min', min);
  return inner.vma_prev_limit(vmi, min);
}

/** Every VMA from the iterator on that starts below end. for_each_vma_range() of tools/testing/vma/include/dup.h. */
export function for_each_vma_range(vmi: vma_iterator, end: number): IterableIterator<vm_area_struct, void> {
  checkUlong('vma_find', 'max', end);
  return inner.for_each_vma_range(vmi, end);
}

/** Starts an iterator over mm at addr. vma_iter_init() of tools/testing/vma/include/dup.h. */
export function vma_iter_init(vmi: vma_iterator, mm: mm_struct, addr: number): void {
  checkUlong('vma_iter_init', 'addr', addr);
  inner.vma_iter_init(vmi, mm, addr);
}

/**
 * Moves the iterator to addr; the tree is walked at the next use. vma_iter_set() of tools/testing/vma/include/dup.h.
 */
export function vma_iter_set(vmi: vma_iterator, addr: number): void {
  checkUlong('vma_iter_set', 'addr', addr);
  inner.vma_iter_set(vmi, addr);
}

/**
 * Sets the range [index, last) that the next store works on, without leaving the node. vma_iter_config() of mm/vma.h.
 */
export function vma_iter_config(vmi: vma_iterator, index: number, last: number): void {
  checkPageRange('vma_iter_config', 'index', index, 'last', last);
  inner.vma_iter_config(vmi, index, last);
}

/** Stores a gap over the iterator's range, with reserved memory. vma_iter_clear() of mm/vma.h. */
export function vma_iter_clear(vmi: vma_iterator): void {
  if (isWatched()) {
    watched('vma_iter_clear', vma_iter_clear, { vmi });
    return;
  }
  inner.vma_iter_clear(vmi);
}

/** Stores a gap over [start, end). 0 or -ENOMEM. vma_iter_clear_gfp() of tools/testing/vma/include/dup.h. */
export function vma_iter_clear_gfp(vmi: vma_iterator, start: number, end: number, gfp: gfp_t): number {
  if (isWatched()) return watched('vma_iter_clear_gfp', vma_iter_clear_gfp, { vmi, start, end, gfp });
  checkPageRange('vma_iter_clear_gfp', 'start', start, 'end', end);
  return inner.vma_iter_clear_gfp(vmi, start, end, gfp);
}

/**
 * Stores a VMA that is attached already over its range, with reserved memory. vma_iter_store_overwrite() of mm/vma.h.
 */
export function vma_iter_store_overwrite(vmi: vma_iterator, vma: vm_area_struct): void {
  if (isWatched()) {
    watched('vma_iter_store_overwrite', vma_iter_store_overwrite, { vmi, vma });
    return;
  }
  checkStored('vma_iter_store_overwrite', vma);
  inner.vma_iter_store_overwrite(vmi, vma);
}

/** Stores a VMA that was in no tree, with reserved memory, and marks it attached. vma_iter_store_new() of mm/vma.h. */
export function vma_iter_store_new(vmi: vma_iterator, vma: vm_area_struct): void {
  if (isWatched()) {
    watched('vma_iter_store_new', vma_iter_store_new, { vmi, vma });
    return;
  }
  checkStored('vma_iter_store_new', vma);
  inner.vma_iter_store_new(vmi, vma);
}

/**
 * Stores a VMA that was in no tree and marks it attached. 0, or -ENOMEM with nothing changed. vma_iter_store_gfp() of
 * mm/vma.h.
 */
export function vma_iter_store_gfp(vmi: vma_iterator, vma: vm_area_struct, gfp: gfp_t): number {
  if (isWatched()) return watched('vma_iter_store_gfp', vma_iter_store_gfp, { vmi, vma, gfp });
  checkStored('vma_iter_store_gfp', vma);
  return inner.vma_iter_store_gfp(vmi, vma, gfp);
}

/** As vma_iter_prev_range(), no lower than min. vma_iter_prev_range_limit() of mm/vma.h. */
export function vma_iter_prev_range_limit(vmi: vma_iterator, min: number): vm_area_struct | null {
  checkUlong('vma_iter_prev_range_limit', 'min', min);
  return inner.vma_iter_prev_range_limit(vmi, min);
}

/** As vma_iter_next_range(), no higher than max. vma_iter_next_range_limit() of mm/vma.h. */
export function vma_iter_next_range_limit(vmi: vma_iterator, max: number): vm_area_struct | null {
  checkUlong('vma_iter_next_range_limit', 'max', max);
  return inner.vma_iter_next_range_limit(vmi, max);
}

/** Finds the lowest gap of size bytes within [min, max). 0, -EBUSY or -EINVAL. vma_iter_area_lowest() of mm/vma.h. */
export function vma_iter_area_lowest(vmi: vma_iterator, min: number, max: number, size: number): number {
  checkArea('vma_iter_area_lowest', min, max, size);
  return inner.vma_iter_area_lowest(vmi, min, max, size);
}

/** Finds the highest gap of size bytes within [min, max). 0, -EBUSY or -EINVAL. vma_iter_area_highest() of mm/vma.h. */
export function vma_iter_area_highest(vmi: vma_iterator, min: number, max: number, size: number): number {
  checkArea('vma_iter_area_highest', min, max, size);
  return inner.vma_iter_area_highest(vmi, min, max, size);
}

/** The VMA that addr lies in. vma_lookup() of tools/testing/vma/include/dup.h. */
export function vma_lookup(mm: mm_struct, addr: number): vm_area_struct | null {
  checkUlong('vma_lookup', 'addr', addr);
  return inner.vma_lookup(mm, addr);
}

/**
 * The first VMA with any part in [start_addr, end_addr). find_vma_intersection() of tools/testing/vma/include/dup.h.
 */
export function find_vma_intersection(mm: mm_struct, start_addr: number, end_addr: number): vm_area_struct | null {
  checkUlong('find_vma_intersection', 'start_addr', start_addr);
  checkUlong('find_vma_intersection', 'end_addr', end_addr);
  return inner.find_vma_intersection(mm, start_addr, end_addr);
}

/**
 * The VMA at addr, or else the first after it; the one before lands in pprev. find_vma_prev() of
 * tools/testing/vma/include/dup.h.
 */
export function find_vma_prev(
  mm: mm_struct,
  addr: number,
  pprev: { prev: vm_area_struct | null },
): vm_area_struct | null {
  checkUlong('find_vma_prev', 'addr', addr);
  return inner.find_vma_prev(mm, addr, pprev);
}

/** The VMA at addr, or else the first after it; null if there is none. find_vma() of mm/mmap.c. */
export function find_vma(mm: mm_struct, addr: number): vm_area_struct | null {
  checkUlong('find_vma', 'addr', addr);
  return inner.find_vma(mm, addr);
}
