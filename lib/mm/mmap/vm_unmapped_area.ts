// SPDX-License-Identifier: GPL-2.0-only
/** Port of vm_unmapped_area(), mm/mmap.c (Linux 7.3). */
import { VM_UNMAPPED_AREA_TOPDOWN } from '../../../include/linux/mm.js';
import type { vm_unmapped_area_info } from '../../../include/mm_types.js';
import { unmapped_area, unmapped_area_topdown } from '../vma/unmapped_area.js';

/** An address from which info.length bytes are free, searched the way that info.flags says; -ENOMEM if there is none. */
export function vm_unmapped_area(info: vm_unmapped_area_info): number {
  return (info.flags & VM_UNMAPPED_AREA_TOPDOWN) !== 0 ? unmapped_area_topdown(info) : unmapped_area(info);
}
