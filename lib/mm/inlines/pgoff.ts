// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Page offsets of VMAs and of merges: the one of a file or of anonymous memory, and that of anonymous pages. Port of
 * the inlines of mm/vma.h, and of __vma_set_range() and vma_set_range() of mm/vma.c (Linux 7.3).
 */
import { PAGE_SIZE, PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import type { vm_area_struct } from '../../../include/mm_types.js';
import type { vma_merge_struct } from '../../../include/vma.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';
import { vma_assert_can_modify, vma_is_anonymous } from './lifecycle.js';
import { vma_start_anon_pgoff, vma_start_pgoff } from './range.js';

/** Pages of the range of a merge. */
export function vmg_pages(vmg: vma_merge_struct): pgoff_t {
  return PHYS_PFN(vmg.end - vmg.start);
}

/** Page offset of the first page of a merge. */
export function vmg_start_pgoff(vmg: vma_merge_struct): pgoff_t {
  return vmg.pgoff;
}

/** Page offset past the last page of a merge. */
export function vmg_end_pgoff(vmg: vma_merge_struct): pgoff_t {
  return vmg_start_pgoff(vmg) + vmg_pages(vmg);
}

/** Page offset that an anonymous page at the start of a merge has. */
export function vmg_start_anon_pgoff(vmg: vma_merge_struct): pgoff_t {
  return vmg.anon_pgoff;
}

/** The same past the end of the merge. */
export function vmg_end_anon_pgoff(vmg: vma_merge_struct): pgoff_t {
  return vmg_start_anon_pgoff(vmg) + vmg_pages(vmg);
}

/** Warns of anonymous memory without pages whose offset is not its address: only what has pages may have been moved. */
export function assert_sane_pgoff(vma: vm_area_struct, pgoff: pgoff_t): void {
  // A file, a page frame or a driver gives any offset; so does a private mapping of /dev/zero, which has a file.
  if (!vma_is_anonymous(vma) || vma.vm_file !== null || vma.anon_vma !== null) return;

  VM_WARN_ON_ONCE(
    pgoff !== Math.floor(vma.vm_start / PAGE_SIZE),
    'assert_sane_pgoff',
    'the page offset of anonymous memory is not its address',
  );
}

/** Sets the page offset of a VMA that is in no tree, or write-locked. */
export function vma_set_pgoff(vma: vm_area_struct, pgoff: pgoff_t): void {
  vma_assert_can_modify(vma);
  assert_sane_pgoff(vma, pgoff);
  vma.vm_pgoff = pgoff;
}

/** Sets the page offset of anonymous pages without a look at the VMA's lock. */
export function __vma_set_anon_pgoff(vma: vm_area_struct, pgoff: pgoff_t): void {
  vma.__vm_anon_pgoff_hi = Math.floor(pgoff / 2 ** 32);
  vma.__vm_anon_pgoff_lo = pgoff >>> 0;
}

/** Sets the page offset of anonymous pages of a VMA that is in no tree, or write-locked. */
export function vma_set_anon_pgoff(vma: vm_area_struct, pgoff: pgoff_t): void {
  vma_assert_can_modify(vma);
  __vma_set_anon_pgoff(vma, pgoff);
}

/** Moves both page offsets up, as the start of the VMA has moved. */
export function vma_add_pgoff(vma: vm_area_struct, delta: pgoff_t): void {
  vma_assert_can_modify(vma);
  vma_set_pgoff(vma, vma_start_pgoff(vma) + delta);
  vma_set_anon_pgoff(vma, vma_start_anon_pgoff(vma) + delta);
}

/** Moves both page offsets down, as the start of the VMA has moved. */
export function vma_sub_pgoff(vma: vm_area_struct, delta: pgoff_t): void {
  vma_assert_can_modify(vma);
  vma_set_pgoff(vma, vma_start_pgoff(vma) - delta);
  vma_set_anon_pgoff(vma, vma_start_anon_pgoff(vma) - delta);
}

/** Sets where the VMA lies: [start, end) in bytes, page-aligned. Its page offsets stay. */
export function __vma_set_range(vma: vm_area_struct, start: number, end: number): void {
  vma.vm_start = start;
  vma.vm_end = end;
}

/** Sets where the VMA lies, [start, end) in bytes and page-aligned, and both of its page offsets. */
export function vma_set_range(
  vma: vm_area_struct,
  start: number,
  end: number,
  pgoff: pgoff_t,
  anon_pgoff: pgoff_t,
): void {
  __vma_set_range(vma, start, end);
  vma_set_pgoff(vma, pgoff);
  vma_set_anon_pgoff(vma, anon_pgoff);
}
