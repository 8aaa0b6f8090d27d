// SPDX-License-Identifier: GPL-2.0-only
/** A search for room in an address space: struct vm_unmapped_area_info of include/linux/mm.h (Linux 7.3). */

/** What unmapped_area() looks for; sizes and addresses in bytes. */
export class vm_unmapped_area_info {
  flags: number;
  length: number;
  low_limit: number;
  high_limit: number;
  /** 2^n - 1: the address found is aligned to 2^n, shifted by align_offset. */
  align_mask: number;
  align_offset: number;
  /** Bytes to stay free below the area. */
  start_gap: number;

  constructor(init: Partial<vm_unmapped_area_info> = {}) {
    this.flags = init.flags ?? 0;
    this.length = init.length ?? 0;
    this.low_limit = init.low_limit ?? 0;
    this.high_limit = init.high_limit ?? 0;
    this.align_mask = init.align_mask ?? 0;
    this.align_offset = init.align_offset ?? 0;
    this.start_gap = init.start_gap ?? 0;
  }
}
