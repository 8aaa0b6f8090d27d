// SPDX-License-Identifier: GPL-2.0
/**
 * What the seals of a memfd say to a mapping. Port of memfd_file_seals_ptr(), is_write_sealed(), check_write_seal() and
 * memfd_check_seals_mmap() of mm/memfd.c (Linux 7.3). Seals lie in the inode, null where there are none to be.
 */
import { EPERM } from '../../include/linux/errno.js';
import type { file } from '../../include/mm_types.js';
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from '../../include/uapi/fcntl.js';
import { VMA_MAYWRITE_BIT, VMA_SHARED_BIT, VMA_WRITE_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { vma_flags_clear, vma_flags_test } from './inlines/flag_operations.js';

/** The seals of a file; 0 for one that can have none. */
function memfd_file_seals(file: file): number {
  return stubs.shmem_file(file) ? (file.f_inode.seals ?? 0) : 0;
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
