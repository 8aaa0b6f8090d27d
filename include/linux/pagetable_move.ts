// SPDX-License-Identifier: GPL-2.0-only
/** What move_page_tables() is told: struct pagetable_move_control of mm/internal.h (Linux 7.3). */
import type { vm_area_struct } from '../mm_types.js';

/** A move of page tables. */
export class pagetable_move_control {
  old: vm_area_struct;
  new: vm_area_struct;
  old_addr: number;
  /** First address past the old range. */
  old_end: number;
  new_addr: number;
  /** Bytes the caller asked to move. */
  len_in: number;
  need_rmap_locks: boolean;
  for_stack: boolean;

  constructor(old: vm_area_struct, target: vm_area_struct, old_addr: number, new_addr: number, len: number) {
    this.old = old;
    this.new = target;
    this.old_addr = old_addr;
    this.old_end = old_addr + len;
    this.new_addr = new_addr;
    this.len_in = len;
    this.need_rmap_locks = false;
    this.for_stack = false;
  }
}

/** A move of page tables from one VMA to another, as a fresh control block. */
export function PAGETABLE_MOVE(
  old: vm_area_struct,
  target: vm_area_struct,
  old_addr: number,
  new_addr: number,
  len: number,
): pagetable_move_control {
  return new pagetable_move_control(old, target, old_addr, new_addr, len);
}
