// SPDX-License-Identifier: GPL-2.0-only
/** How much of a file can be mapped. Port of file_mmap_size_max() and file_mmap_ok(), mm/mmap.c (Linux 7.3). */
import { FOP_UNSIGNED_OFFSET, type inode, S_IFBLK, S_IFMT, S_IFREG, S_IFSOCK } from '../../../include/linux/fs.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import type { file } from '../../../include/mm_types.js';

/** Largest offset in a regular file: half of what an unsigned long holds, as in C. */
export const MAX_LFS_FILESIZE = (ULONG_MAX - 1) / 2;

/** Pages below 2^64: what can be addressed. */
const ALL_PAGES = 2 ** 52;

/** Whole pages that mappings of the file may reach to. In C bytes, of which the last is out of reach but for drivers. */
function file_mmap_size_max(file: file, inode: inode): number {
  const type = inode.i_mode & S_IFMT;
  if (type === S_IFREG || type === S_IFBLK || type === S_IFSOCK) return ALL_PAGES / 2 - 1;
  return ((file.f_op.fop_flags ?? 0) & FOP_UNSIGNED_OFFSET) !== 0 ? ALL_PAGES : ALL_PAGES - 1;
}

/** Do len bytes from page pgoff on lie within what can be mapped? */
export function file_mmap_ok(file: file, inode: inode, pgoff: pgoff_t, len: number): boolean {
  return pgoff + PHYS_PFN(len) <= file_mmap_size_max(file, inode);
}
