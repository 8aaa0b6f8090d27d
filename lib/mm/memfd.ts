// SPDX-License-Identifier: GPL-2.0
/**
 * Seals of a memfd: how they come, and what they say to a mapping. Port of memfd_file_seals_ptr(), memfd_add_seals(),
 * is_write_sealed(), check_write_seal() and memfd_check_seals_mmap() of mm/memfd.c (Linux 7.3). Seals lie in the inode,
 * null where there are none to be.
 */
import { EINVAL, EPERM } from '../../include/linux/errno.js';
import { FMODE_WRITE } from '../../include/linux/fs.js';
import type { file } from '../../include/mm_types.js';
import {
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from '../../include/uapi/fcntl.js';
import { VMA_MAYWRITE_BIT, VMA_SHARED_BIT, VMA_WRITE_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { vma_flags_clear, vma_flags_test } from './inlines/flag_operations.js';
import { mapping_deny_writable } from './inlines/mapping.js';

const F_ALL_SEALS = F_SEAL_SEAL | F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
/** What an executable file is sealed against along with F_SEAL_EXEC, so that what can be executed stays what it is. */
const SEALS_OF_EXEC = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
const ANY_EXEC = 0o111;

/** The seals of a file; 0 for one that can have none. */
function memfd_file_seals(file: file): number {
  return stubs.shmem_file(file) ? (file.f_inode.seals ?? 0) : 0;
}

/** Adds seals to a file. 0; -EPERM, -EINVAL, or -EBUSY for a file that is mapped for writing. */
export function memfd_add_seals(file: file, seals: number): number {
  const { f_inode: inode } = file;

  if ((file.f_mode & FMODE_WRITE) === 0) return -EPERM;
  if ((seals & ~F_ALL_SEALS) !== 0) return -EINVAL;
  if (!stubs.shmem_file(file) || inode.seals === null) return -EINVAL;
  if ((inode.seals & F_SEAL_SEAL) !== 0) return -EPERM;

  const added = (seals & F_SEAL_EXEC) !== 0 && (inode.i_mode & ANY_EXEC) !== 0 ? seals | SEALS_OF_EXEC : seals;
  if ((added & F_SEAL_WRITE) !== 0 && (inode.seals & F_SEAL_WRITE) === 0) {
    // Nobody holds pages for a transfer here, so that there is nothing to wait for.
    const error = mapping_deny_writable(file.f_mapping);
    if (error !== 0) return error;
  }
  inode.seals |= added;
  return 0;
}

function is_write_sealed(seals: number): boolean {
  return (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0;
}

/** A shared mapping of a file that is sealed against writing: 0, with no way to make it writable later, or -EPERM. */
function check_write_seal(vma_flags_ptr: vma_flags_t): number {
  // What is written to a private mapping stays there.
  if (!vma_flags_test(vma_flags_ptr, VMA_SHARED_BIT)) return 0;
  if (vma_flags_test(vma_flags_ptr, VMA_WRITE_BIT)) return -EPERM;

  vma_flags_clear(vma_flags_ptr, VMA_MAYWRITE_BIT);
  return 0;
}

/** Do the file's seals allow a mapping with these flags? 0, perhaps with fewer of them, or -EPERM. */
export function memfd_check_seals_mmap(file: file, vma_flags_ptr: vma_flags_t): number {
  return is_write_sealed(memfd_file_seals(file)) ? check_write_seal(vma_flags_ptr) : 0;
}
