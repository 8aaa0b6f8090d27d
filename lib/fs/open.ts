// SPDX-License-Identifier: GPL-2.0-only
/** vfs_fallocate(): room in a file, or a hole, as the file system makes it. Port of that part of fs/open.c (Linux 7.3). */
import { EBADF, EFBIG, EINVAL, ENODEV, EOPNOTSUPP, EPERM, ETXTBSY } from '../../include/linux/errno.js';
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FMODE_WRITE,
  S_APPEND,
  S_IFBLK,
  S_IFMT,
  S_IFREG,
  S_IMMUTABLE,
  S_SWAPFILE,
} from '../../include/linux/fs.js';
import type { file } from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { MAX_LFS_FILESIZE } from '../mm/inlines/file.js';

/** What the inode says to a change of its pages. 0 or a negative errno. */
function askInode(file: file, mode: number): number {
  const { i_flags, i_mode } = file.f_inode;
  const type = i_mode & S_IFMT;

  if ((mode & ~FALLOC_FL_KEEP_SIZE) !== 0 && (i_flags & S_APPEND) !== 0) return -EPERM;
  if ((i_flags & S_IMMUTABLE) !== 0) return -EPERM;
  if ((i_flags & S_SWAPFILE) !== 0) return -ETXTBSY;
  return type === S_IFREG || type === S_IFBLK ? 0 : -ENODEV;
}

/** Punches a hole, or makes room. Bytes. 0 or a negative errno. */
export function vfs_fallocate(file: file, mode: number, offset: number, len: number): number {
  if (offset < 0 || len <= 0) return -EINVAL;
  if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) !== 0) return -EOPNOTSUPP;
  // A hole past the end of the file would change its size.
  if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0 && (mode & FALLOC_FL_KEEP_SIZE) === 0) return -EOPNOTSUPP;
  if ((file.f_mode & FMODE_WRITE) === 0) return -EBADF;

  const refused = askInode(file, mode);
  if (refused !== 0) return refused;
  if (offset + len > MAX_LFS_FILESIZE) return -EFBIG;
  if (!file.f_op.fallocate) return -EOPNOTSUPP;
  return stubs.call_hook(file.f_op, 'fallocate', file.f_op.fallocate, file, mode, offset, len);
}
