// SPDX-License-Identifier: GPL-2.0-only
/**
 * Open files: fget() of fs/file.c, __fput() of fs/file_table.c and path_noexec() of fs/exec.c (Linux 7.3), as far as
 * mappings go.
 */
import { FMODE_PATH, MNT_NOEXEC, type path } from '../../include/linux/fs.js';
import type { file } from '../../include/mm_types.js';
import { current, stubs } from '../../stubs/index.js';

/** The file that a descriptor of the current task stands for, with a reference; null when there is none to use. */
export function fget(fd: number): file | null {
  const file = current.files.fd.get(fd);
  return file === undefined || (file.f_mode & FMODE_PATH) !== 0 ? null : stubs.get_file(file);
}

/** The last reference on a file is going: tells its driver, and lets go of the inode. */
export function __fput(file: file): void {
  const { f_op, f_inode } = file;

  if (f_op.release) stubs.call_hook(f_op, 'release', f_op.release, f_inode, file);
  if (--f_inode.i_count === 0 && f_inode.i_nlink === 0) f_inode.evict_inode?.(f_inode);
}

/** Does the mount of a file forbid execution? */
export function path_noexec(path: path): boolean {
  return (path.mnt.mnt_flags & MNT_NOEXEC) !== 0;
}
