// SPDX-License-Identifier: GPL-2.0-only
/**
 * Choosing an address in the way that the address space is laid out. Port of mm_get_unmapped_area() and
 * mm_get_unmapped_area_vmaflags(), mm/mmap.c (Linux 7.3).
 *
 * Deviation: the flags of the VMA are for shadow stacks only, of which there are none, so they are left out.
 */
import { MMF_TOPDOWN, type pgoff_t } from '../../../include/linux/mm.js';
import type { file } from '../../../include/mm_types.js';
import { currentMm } from '../../../stubs/index.js';
import { arch_get_unmapped_area, arch_get_unmapped_area_topdown } from '../../arch/x86/sys_x86_64.js';
import { mm_flags_test } from '../inlines/flag_operations.js';

/** An address for len bytes in the current address space; -ENOMEM if there is no room. */
export function mm_get_unmapped_area_vmaflags(
  file: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  return mm_flags_test(MMF_TOPDOWN, currentMm('mm_get_unmapped_area_vmaflags'))
    ? arch_get_unmapped_area_topdown(file, addr, len, pgoff, flags)
    : arch_get_unmapped_area(file, addr, len, pgoff, flags);
}

/** mm_get_unmapped_area_vmaflags() without flags; what a driver's get_unmapped_area hook may call. */
export function mm_get_unmapped_area(
  file: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  return mm_get_unmapped_area_vmaflags(file, addr, len, pgoff, flags);
}
