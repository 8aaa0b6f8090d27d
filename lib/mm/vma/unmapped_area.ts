// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Finding room for a mapping. Port of unmapped_area() and unmapped_area_topdown() of mm/vma.c (Linux 7.3).
 *
 * Deviation: C relies on unsigned wrap-around, for sums that overflow and for masks of differences below zero; here the
 * first is a comparison with ULONG_MAX, the second alignSlack().
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { VMA_ITERATOR, type vm_area_struct, type vm_unmapped_area_info } from '../../../include/mm_types.js';
import { VMA_STARTGAP_FLAGS } from '../../../include/vma_flags.js';
import { currentMm, globals } from '../../../stubs/index.js';
import { vma_test_any_mask } from '../inlines/flag_operations.js';
import {
  vma_iter_addr,
  vma_iter_area_highest,
  vma_iter_area_lowest,
  vma_iter_end,
  vma_iter_reset,
  vma_next,
  vma_prev,
} from '../inlines/iterator.js';
import { vm_end_gap, vm_start_gap } from '../inlines/range.js';

/** (a - b) & mask: of the difference as an unsigned long, which wraps around. The mask may be of any form. */
function alignSlack(a: number, b: number, mask: number): number {
  const difference = a >= b ? a - b : ULONG_MAX - (b - a - 1);
  const high = Math.floor(difference / 2 ** 32) & Math.floor(mask / 2 ** 32);
  return high * 2 ** 32 + ((difference & mask) >>> 0);
}

/** Bytes to search for: the length, with the worst that alignment and gap can cost. */
function searchLength(info: vm_unmapped_area_info): number {
  return info.length + info.align_mask + info.start_gap;
}

function keepsGapBelow(vma: vm_area_struct | null): vma is vm_area_struct {
  return vma !== null && vma_test_any_mask(vma, VMA_STARTGAP_FLAGS);
}

/**
 * The lowest address in the current address space from which info.length bytes are free within [info.low_limit,
 * info.high_limit), aligned and clear of guard gaps; -ENOMEM if there is none.
 */
export function unmapped_area(info: vm_unmapped_area_info): number {
  const length = searchLength(info);
  if (length > ULONG_MAX) return -ENOMEM;

  const vmi = VMA_ITERATOR(currentMm('unmapped_area'), 0);
  let low_limit = Math.max(info.low_limit, globals.mmap_min_addr);

  for (;;) {
    if (vma_iter_area_lowest(vmi, low_limit, info.high_limit, length) !== 0) return -ENOMEM;

    // The gap first, then the alignment: the least that satisfies both.
    let gap = vma_iter_addr(vmi) + info.start_gap;
    gap += alignSlack(info.align_offset, gap, info.align_mask);

    const next = vma_next(vmi);
    if (keepsGapBelow(next)) {
      if (vm_start_gap(next) >= gap + length - 1) return gap;
      low_limit = next.vm_end;
    } else {
      const prev = vma_prev(vmi);
      if (prev === null || vm_end_gap(prev) <= gap) return gap;
      low_limit = vm_end_gap(prev);
    }
    vma_iter_reset(vmi);
  }
}

/** As unmapped_area(), but the highest such address. */
export function unmapped_area_topdown(info: vm_unmapped_area_info): number {
  const length = searchLength(info);
  if (length > ULONG_MAX) return -ENOMEM;

  const vmi = VMA_ITERATOR(currentMm('unmapped_area_topdown'), 0);
  const low_limit = Math.max(info.low_limit, globals.mmap_min_addr);
  let { high_limit } = info;

  for (;;) {
    if (vma_iter_area_highest(vmi, low_limit, high_limit, length) !== 0) return -ENOMEM;

    const gap_end = vma_iter_end(vmi);
    let gap = gap_end - info.length;
    gap -= alignSlack(gap, info.align_offset, info.align_mask);

    const next = vma_next(vmi);
    if (keepsGapBelow(next)) {
      if (vm_start_gap(next) >= gap_end) return gap;
      high_limit = vm_start_gap(next);
    } else {
      const prev = vma_prev(vmi);
      if (prev === null || vm_end_gap(prev) <= gap) return gap;
      high_limit = prev.vm_start;
    }
    vma_iter_reset(vmi);
  }
}
