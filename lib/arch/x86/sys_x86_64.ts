// SPDX-License-Identifier: GPL-2.0-only
/**
 * Choosing the address of a mapping on x86-64. Port of find_start_end(), arch_get_unmapped_area() and
 * arch_get_unmapped_area_topdown() of arch/x86/kernel/sys_x86_64.c (Linux 7.3).
 *
 * Deviations: no 32-bit system calls, no shadow stacks, no huge page files; get_align_mask() is 0, as on any processor
 * but AMD's family 15h.
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import {
  DEFAULT_MAP_WINDOW,
  offset_in_page,
  PAGE_ALIGN,
  PAGE_ALIGN_DOWN,
  PAGE_SIZE,
  type pgoff_t,
  TASK_SIZE,
  TASK_SIZE_MAX,
  VM_UNMAPPED_AREA_TOPDOWN,
} from '../../../include/linux/mm.js';
import { type file, vm_unmapped_area_info } from '../../../include/mm_types.js';
import { MAP_32BIT, MAP_ABOVE4G, MAP_FIXED } from '../../../include/uapi/mman.js';
import { currentMm } from '../../../stubs/index.js';
import { VM_BUG_ON } from '../../bug.js';
import { find_vma } from '../../mm/inlines/iterator.js';
import { vm_start_gap } from '../../mm/inlines/range.js';
import { vm_unmapped_area } from '../../mm/mmap/vm_unmapped_area.js';
import { get_mmap_base, mmap_address_hint_valid } from './mmap.js';

const SZ_4G = 2 ** 32;

/** The range that a search from the bottom up keeps to. */
function find_start_end(addr: number, flags: number): { begin: number; end: number } {
  // Code of the small model wants the lowest 2 GB, and the heap a GB of them.
  if ((flags & MAP_32BIT) !== 0) return { begin: 0x40000000, end: 0x80000000 };
  return { begin: get_mmap_base(true), end: addr > DEFAULT_MAP_WINDOW ? TASK_SIZE_MAX : DEFAULT_MAP_WINDOW };
}

/** Is [addr, addr + len) free in the current address space, guard gaps included? */
function isFree(addr: number, len: number): boolean {
  const vma = find_vma(currentMm('arch_get_unmapped_area'), addr);
  return vma === null || addr + len <= vm_start_gap(vma);
}

/**
 * An address for len bytes, page-aligned: addr itself for MAP_FIXED or if it is free, else the lowest. -ENOMEM if there
 * is none.
 */
export function arch_get_unmapped_area(
  _filp: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  if ((flags & MAP_FIXED) !== 0) return addr;

  const { begin, end } = find_start_end(addr, flags);
  if (len > end) return -ENOMEM;

  if (addr !== 0) {
    const hint = PAGE_ALIGN(addr);
    if (end - len >= hint && isFree(hint, len)) return hint;
  }

  return vm_unmapped_area(
    new vm_unmapped_area_info({ length: len, low_limit: begin, high_limit: end, align_offset: pgoff * PAGE_SIZE }),
  );
}

/** As arch_get_unmapped_area(), but the highest address; where the top is full, the other way round. */
export function arch_get_unmapped_area_topdown(
  filp: file | null,
  addr0: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  if (len > TASK_SIZE) return -ENOMEM;
  // The address is not looked at here.
  if ((flags & MAP_FIXED) !== 0) return addr0;
  if ((flags & MAP_32BIT) !== 0) return arch_get_unmapped_area(filp, addr0, len, pgoff, flags);

  const hint = PAGE_ALIGN_DOWN(addr0);
  if (addr0 !== 0 && mmap_address_hint_valid(hint, len) && isFree(hint, len)) return hint;

  const info = new vm_unmapped_area_info({
    flags: VM_UNMAPPED_AREA_TOPDOWN,
    length: len,
    low_limit: (flags & MAP_ABOVE4G) !== 0 ? SZ_4G : PAGE_SIZE,
    high_limit: get_mmap_base(false),
    align_offset: pgoff * PAGE_SIZE,
  });
  if (hint > DEFAULT_MAP_WINDOW) info.high_limit += TASK_SIZE_MAX - DEFAULT_MAP_WINDOW;

  const addr = vm_unmapped_area(info);
  if (offset_in_page(addr) === 0) return addr;
  VM_BUG_ON(addr !== -ENOMEM, 'arch_get_unmapped_area_topdown', 'a search ended with another error than -ENOMEM');

  return arch_get_unmapped_area(filp, addr0, len, pgoff, flags);
}
