// SPDX-License-Identifier: GPL-2.0-only
/** Port of __get_unmapped_area(), mm/mmap.c, and get_unmapped_area(), include/linux/mm.h (Linux 7.3). */
import { EINVAL, ENOMEM, IS_ERR_VALUE, MAX_ERRNO } from '../../../include/linux/errno.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { offset_in_page, PMD_SIZE, type pgoff_t, TASK_SIZE } from '../../../include/linux/mm.js';
import type { file } from '../../../include/mm_types.js';
import { MAP_SHARED } from '../../../include/uapi/mman.js';
import { stubs } from '../../../stubs/index.js';
import { thp_get_unmapped_area_vmaflags } from '../huge_memory.js';
import { shmem_get_unmapped_area } from '../shmem.js';
import { mm_get_unmapped_area_vmaflags } from './layout.js';

/** Asks whoever has a say in the address: the file, shared memory, huge pages, the layout. */
function choose(file: file | null, addr: number, len: number, pgoff: pgoff_t, flags: number): number {
  if (file?.f_op.get_unmapped_area) {
    return stubs.call_hook(file.f_op, 'get_unmapped_area', file.f_op.get_unmapped_area, file, addr, len, pgoff, flags);
  }
  // The file that the mapping will get is not there yet.
  if (file === null && (flags & MAP_SHARED) !== 0) return shmem_get_unmapped_area(file, addr, len, pgoff, flags);
  if (file === null && addr === 0 && len % PMD_SIZE === 0) {
    return thp_get_unmapped_area_vmaflags(file, addr, len, pgoff, flags);
  }
  return mm_get_unmapped_area_vmaflags(file, addr, len, pgoff, flags);
}

/**
 * An address in the current address space for len bytes, page-aligned, which addr is a hint for, or the address itself
 * with MAP_FIXED. -ENOMEM without room or past the end of user space, -EINVAL for one that is not page-aligned, -EPERM
 * where the task may not map.
 */
export function __get_unmapped_area(
  file: file | null,
  addr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  if (len > TASK_SIZE) return -ENOMEM;

  // Anonymous memory counts from its address, which is not known yet.
  const found = choose(file, addr, len, file === null ? 0 : pgoff, flags);
  if (IS_ERR_VALUE(found)) return found;
  // The last addresses are errors as they stand.
  if (found > ULONG_MAX - MAX_ERRNO) return found - ULONG_MAX - 1;

  if (found > TASK_SIZE - len) return -ENOMEM;
  if (offset_in_page(found) !== 0) return -EINVAL;

  const error = stubs.security_mmap_addr(found);
  return error !== 0 ? error : found;
}

/** __get_unmapped_area() for a mapping without particular flags. */
export function get_unmapped_area(file: file | null, addr: number, len: number, pgoff: pgoff_t, flags: number): number {
  return __get_unmapped_area(file, addr, len, pgoff, flags);
}
