// SPDX-License-Identifier: GPL-2.0-only
/**
 * Addresses that huge pages fit. Port of __thp_get_unmapped_area(), thp_get_unmapped_area_vmaflags() and
 * thp_get_unmapped_area() of mm/huge_memory.c (Linux 7.3).
 */
import { IS_ERR_VALUE } from '../../include/linux/errno.js';
import { MMF_TOPDOWN, PAGE_SIZE, PHYS_PFN, PMD_SIZE, type pgoff_t } from '../../include/linux/mm.js';
import type { file } from '../../include/mm_types.js';
import { currentMm } from '../../stubs/index.js';
import { mm_flags_test } from './inlines/flag_operations.js';
import { sumWraps } from './inlines/unsigned.js';
import { mm_get_unmapped_area_vmaflags } from './mmap/layout.js';

/** An address of which address and file offset are alike modulo size; 0 where it does not matter, or there is none. */
function __thp_get_unmapped_area(
  filp: file | null,
  addr: number,
  len: number,
  off: number,
  flags: number,
  size: number,
): number {
  const off_align = Math.ceil(off / size) * size;
  const off_end = off + len;
  if (off_end <= off_align || off_end - off_align < size) return 0;

  if (sumWraps(len, size) || sumWraps(off, len + size)) return 0;
  const ret = mm_get_unmapped_area_vmaflags(filp, addr, len + size, PHYS_PFN(off), flags);

  // Perhaps only the padding did not fit: the caller tries again without.
  if (IS_ERR_VALUE(ret)) return 0;
  // The hint was free.
  if (ret === addr) return addr;

  const off_sub = (((off - ret) % size) + size) % size;
  if (mm_flags_test(MMF_TOPDOWN, currentMm('__thp_get_unmapped_area')) && off_sub === 0) return ret + size;
  return ret + off_sub;
}

/** An address for len bytes at which huge pages fit, if there is one; else any. -ENOMEM if there is no room. */
export function thp_get_unmapped_area_vmaflags(
  filp: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  const ret = __thp_get_unmapped_area(filp, addr, len, pgoff * PAGE_SIZE, flags, PMD_SIZE);
  return ret !== 0 ? ret : mm_get_unmapped_area_vmaflags(filp, addr, len, pgoff, flags);
}

/** The same, as the get_unmapped_area hook of a file system whose pages may be huge. */
export function thp_get_unmapped_area(
  filp: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  return thp_get_unmapped_area_vmaflags(filp, addr, len, pgoff, flags);
}
