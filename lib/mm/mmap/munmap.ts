// SPDX-License-Identifier: GPL-2.0-only
/**
 * Port of do_munmap(), vm_munmap() and munmap(), mm/mmap.c (Linux 7.3). The harness stubs do_munmap() out; here it is
 * real.
 */
import type { list_head } from '../../../include/linux/list.js';
import { type mm_struct, VMA_ITERATOR } from '../../../include/mm_types.js';
import { __vm_munmap, do_vmi_munmap } from '../vma/munmap.js';

/** Unmaps len bytes from start on; the caller holds mmap_lock for writing. */
export function do_munmap(mm: mm_struct, start: number, len: number, uf: list_head | null): number {
  return do_vmi_munmap(VMA_ITERATOR(mm, start), mm, start, len, uf, false);
}

/** Unmaps len bytes from start on in the current address space, whose lock it takes. */
export function vm_munmap(start: number, len: number): number {
  return __vm_munmap(start, len, false);
}

/** The system call. As vm_munmap(), but others may read the address space before it is through. */
export function munmap(addr: number, len: number): number {
  return __vm_munmap(addr, len, true);
}
