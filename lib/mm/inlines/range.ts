// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Sizes, offsets and guard gaps of a VMA. Port of inlines of mm/vma.h, include/linux/mm.h and
 * tools/testing/vma/include/dup.h (Linux 7.3).
 */
import { PAGE_SIZE, PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import type { vm_area_desc, vm_area_struct } from '../../../include/mm_types.js';
import { VMA_ACCESS_FLAGS, VMA_GROWSDOWN_BIT, VMA_SEALED_BIT } from '../../../include/vma_flags.js';
import { globals } from '../../../stubs/index.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';
import { vma_flags_test_any_mask, vma_is_cow_mapping, vma_test } from './flag_operations.js';
import { vma_is_anonymous } from './lifecycle.js';

/** Size of the VMA in pages. */
export function vma_pages(vma: vm_area_struct): number {
  return PHYS_PFN(vma.vm_end - vma.vm_start);
}

/** Page offset of the VMA's first page, in its file or in the virtual space of anonymous memory. */
export function vma_start_pgoff(vma: vm_area_struct): pgoff_t {
  return vma.vm_pgoff;
}

/** Page offset past its last page. */
export function vma_end_pgoff(vma: vm_area_struct): pgoff_t {
  return vma_start_pgoff(vma) + vma_pages(vma);
}

/** Page offset of its last page. */
export function vma_last_pgoff(vma: vm_area_struct): pgoff_t {
  return vma_end_pgoff(vma) - 1;
}

/**
 * Page offset by which the anonymous pages of the VMA are found, of its first page. That of pure anonymous memory is
 * its page offset; a private mapping of a file has one of its own, which begins as its address.
 */
export function vma_start_anon_pgoff(vma: vm_area_struct): pgoff_t {
  return vma.__vm_anon_pgoff_hi * 2 ** 32 + vma.__vm_anon_pgoff_lo;
}

/** The same past its last page. */
export function vma_end_anon_pgoff(vma: vm_area_struct): pgoff_t {
  return vma_start_anon_pgoff(vma) + vma_pages(vma);
}

/** The same of its last page. */
export function vma_last_anon_pgoff(vma: vm_area_struct): pgoff_t {
  return vma_end_anon_pgoff(vma) - 1;
}

/** Size of the VMA described, in bytes. */
export function vma_desc_size(desc: vm_area_desc): number {
  return desc.end - desc.start;
}

/** Size of the VMA described, in pages. */
export function vma_desc_pages(desc: vm_area_desc): number {
  return PHYS_PFN(vma_desc_size(desc));
}

/** Pages from the start of the VMA to address. */
export function linear_page_delta(vma: vm_area_struct, address: number): pgoff_t {
  return Math.floor((address - vma.vm_start) / PAGE_SIZE);
}

/** Page offset of address, as the VMA has it. */
export function linear_page_index(vma: vm_area_struct, address: number): pgoff_t {
  return vma_start_pgoff(vma) + linear_page_delta(vma, address);
}

/** Page offset of an anonymous page at address, whether or not the VMA can have any. */
export function __linear_anon_page_index(vma: vm_area_struct, address: number): pgoff_t {
  return vma_start_anon_pgoff(vma) + linear_page_delta(vma, address);
}

/**
 * Page offset of an anonymous page at address. Warns of a VMA that can have no such page, and of pure anonymous memory
 * whose two offsets differ.
 */
export function linear_anon_page_index(vma: vm_area_struct, address: number): pgoff_t {
  const pgoff = __linear_anon_page_index(vma, address);

  VM_WARN_ON_ONCE(!vma_is_cow_mapping(vma), 'linear_anon_page_index', 'the VMA is no copy-on-write mapping');
  // A private mapping of /dev/zero is only half anonymous.
  if (vma_is_anonymous(vma) && vma.vm_file === null) {
    VM_WARN_ON_ONCE(
      pgoff !== linear_page_index(vma, address),
      'linear_anon_page_index',
      'the page offsets of anonymous memory differ',
    );
  }
  return pgoff;
}

/** Bytes that must stay free below the VMA. The configuration has no shadow stacks. */
export function stack_guard_start_gap(vma: vm_area_struct): number {
  return vma_test(vma, VMA_GROWSDOWN_BIT) ? globals.stack_guard_gap : 0;
}

/** Start of the VMA with its guard gap, 0 where that would pass the lowest address. */
export function vm_start_gap(vma: vm_area_struct): number {
  return Math.max(0, vma.vm_start - stack_guard_start_gap(vma));
}

/** End of the VMA with its guard gap: no gap, as stacks grow down here. */
export function vm_end_gap(vma: vm_area_struct): number {
  return vma.vm_end;
}

/** Readable, writable or executable? */
export function vma_is_accessible(vma: vm_area_struct): boolean {
  return vma_flags_test_any_mask(vma.flags, VMA_ACCESS_FLAGS);
}

/** Sealed by mseal(): may not be unmapped or changed. */
export function vma_is_sealed(vma: vm_area_struct): boolean {
  return vma_test(vma, VMA_SEALED_BIT);
}

/** Does [outer_start, outer_end) hold all of [inner_start, inner_end)? */
export function range_is_subset(
  outer_start: number,
  outer_end: number,
  inner_start: number,
  inner_end: number,
): boolean {
  return outer_start <= inner_start && inner_end <= outer_end;
}

/** Does the VMA hold all of [start, end)? False for no VMA. */
export function range_in_vma(vma: vm_area_struct | null, start: number, end: number): boolean {
  return vma !== null && range_is_subset(vma.vm_start, vma.vm_end, start, end);
}

/** Does the range described hold all of [start, end)? */
export function range_in_vma_desc(desc: vm_area_desc | null, start: number, end: number): boolean {
  return desc !== null && range_is_subset(desc.start, desc.end, start, end);
}
