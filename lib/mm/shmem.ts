// SPDX-License-Identifier: GPL-2.0
/**
 * Shared memory: the files behind shared anonymous mappings and memfds. Port of shmem_mapping(), shmem_acct_size(),
 * shmem_unacct_size(), shmem_get_unmapped_area(), shmem_mmap_prepare(), shmem_fallocate(), vma_is_shmem(), vma_is_anon_shmem(), shmem_evict_inode(), __shmem_file_setup(),
 * shmem_kernel_file_setup(), shmem_file_setup(), __shmem_zero_setup() and shmem_zero_setup() of mm/shmem.c (Linux 7.3).
 *
 * Deviations: pages are the page model's, so of an inode only size, seals and charge are here; `globals.shmem_huge`
 * stands for the mount's option.
 */
import { EINVAL, ENOMEM, EPERM, type ErrPtr, IS_ERR, IS_ERR_VALUE, PTR_ERR } from '../../include/linux/errno.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, inode, S_IFREG, S_PRIVATE } from '../../include/linux/fs.js';
import {
  offset_in_page,
  PAGE_ALIGN,
  PAGE_SIZE,
  PHYS_PFN,
  PMD_SIZE,
  type pgoff_t,
  TASK_SIZE,
} from '../../include/linux/mm.js';
import {
  address_space,
  file,
  type file_operations,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
} from '../../include/mm_types.js';
import { F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_WRITE } from '../../include/uapi/fcntl.js';
import { MAP_FIXED } from '../../include/uapi/mman.js';
import { VMA_NORESERVE_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { currentMm, globals, stubs } from '../../stubs/index.js';
import { filemap_fault, truncate_pagecache_range } from './filemap.js';
import { vm_unacct_memory } from './inlines/accounting.js';
import { MAX_LFS_FILESIZE } from './inlines/file.js';
import { vma_flags_test } from './inlines/flag_operations.js';
import { mm_get_unmapped_area } from './mmap/layout.js';

/** What tells pages of shared memory from others. */
export const shmem_aops: object = Object.freeze({});
/** The hooks of a mapping of such a file, with a name in its file system and without. */
export const shmem_vm_ops: vm_operations_struct = Object.freeze({ fault: filemap_fault });
export const shmem_anon_vm_ops: vm_operations_struct = Object.freeze({ fault: filemap_fault });

/** Is it shared memory without a name? */
export function vma_is_anon_shmem(vma: vm_area_struct): boolean {
  return vma.vm_ops === shmem_anon_vm_ops;
}

/** Is it shared memory? */
export function vma_is_shmem(vma: vm_area_struct): boolean {
  return vma_is_anon_shmem(vma) || vma.vm_ops === shmem_vm_ops;
}

/** Are these pages of shared memory? */
export function shmem_mapping(mapping: address_space): boolean {
  return mapping.a_ops === shmem_aops;
}

/** Is it a file of shared memory? */
export function shmem_file(f: file): boolean {
  return shmem_mapping(f.f_mapping);
}

/** VM_ACCT(): pages that `size` bytes are charged as. */
function VM_ACCT(size: number): number {
  return PHYS_PFN(PAGE_ALIGN(size));
}

/** Charges a file of shared memory at once, unless its pages are charged one by one. 0 or -ENOMEM. */
function shmem_acct_size(noreserve: boolean, size: number): number {
  return noreserve ? 0 : stubs.security_vm_enough_memory_mm(currentMm('shmem_acct_size'), VM_ACCT(size));
}

function shmem_unacct_size(noreserve: boolean, size: number): void {
  if (!noreserve) vm_unacct_memory(VM_ACCT(size));
}

/** The same place, moved so that address and offset are alike modulo the size of a huge page. */
function alignedForHugePages(addr: number, uaddr: number, len: number, pgoff: pgoff_t, flags: number): number {
  const offset = (pgoff * PAGE_SIZE) % PMD_SIZE;
  if (len < PMD_SIZE) return addr;
  if (offset !== 0 && offset + len < 2 * PMD_SIZE) return addr;
  if (addr % PMD_SIZE === offset) return addr;

  const inflated_len = len + PMD_SIZE - PAGE_SIZE;
  if (inflated_len > TASK_SIZE) return addr;
  const inflated_addr = mm_get_unmapped_area(null, uaddr, inflated_len, 0, flags);
  if (IS_ERR_VALUE(inflated_addr) || offset_in_page(inflated_addr) !== 0) return addr;

  const inflated_offset = inflated_addr % PMD_SIZE;
  const moved = inflated_addr + offset - inflated_offset + (inflated_offset > offset ? PMD_SIZE : 0);
  return moved > TASK_SIZE - len ? addr : moved;
}

/** An address for len bytes of shared memory: for huge pages, where those are wanted. -ENOMEM if there is no room. */
export function shmem_get_unmapped_area(
  f: file | null,
  uaddr: number,
  len: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  if (len > TASK_SIZE) return -ENOMEM;

  const addr = mm_get_unmapped_area(f, uaddr, len, pgoff, flags);
  if (IS_ERR_VALUE(addr) || offset_in_page(addr) !== 0 || addr > TASK_SIZE - len) return addr;
  if (!globals.shmem_huge || (flags & MAP_FIXED) !== 0 || uaddr === addr) return addr;
  return alignedForHugePages(addr, uaddr, len, pgoff, flags);
}

function shmem_mmap_prepare(desc: vm_area_desc): number {
  desc.vm_ops = (desc.file?.f_inode.i_nlink ?? 0) !== 0 ? shmem_vm_ops : shmem_anon_vm_ops;
  return 0;
}

/** Whole pages [offset, offset + len) of shared memory are dropped, or the file becomes as long as that. */
function shmem_fallocate(file: file, mode: number, offset: number, len: number): number {
  const { f_inode: host, f_mapping: mapping } = file;
  const seals = host.seals ?? 0;
  if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
    if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return -EPERM;
    truncate_pagecache_range(mapping, offset, offset + len);
    return 0;
  }
  if ((seals & F_SEAL_GROW) !== 0 && offset + len > host.i_size) return -EPERM;
  if ((mode & FALLOC_FL_KEEP_SIZE) === 0) host.i_size = Math.max(host.i_size, offset + len);
  return 0;
}

export const shmem_file_operations: file_operations = Object.freeze({
  fallocate: shmem_fallocate,
  mmap_prepare: shmem_mmap_prepare,
  get_unmapped_area: shmem_get_unmapped_area,
});

/** A new inode of shared memory, which accepts no seals. */
function shmem_get_inode(noreserve: boolean): inode {
  const fresh = new inode(S_IFREG | 0o777);
  fresh.seals = F_SEAL_SEAL;
  fresh.evict_inode = (gone) => {
    shmem_unacct_size(noreserve, gone.i_size);
    gone.i_size = 0;
  };
  return fresh;
}

/** An open file of `size` bytes of shared memory that has no name any more. -EINVAL or -ENOMEM. */
function __shmem_file_setup(name: string, size: number, flags: vma_flags_t, i_flags: number): file | ErrPtr {
  const noreserve = vma_flags_test(flags, VMA_NORESERVE_BIT);

  if (size < 0 || size > MAX_LFS_FILESIZE) return -EINVAL;
  if (shmem_acct_size(noreserve, size) !== 0) return -ENOMEM;

  const host = shmem_get_inode(noreserve);
  host.i_flags |= i_flags;
  host.i_size = size;
  host.i_nlink = 0;
  const mapping = new address_space(host);
  mapping.a_ops = shmem_aops;
  const res = new file(shmem_file_operations, mapping);
  res.f_path.name = name;
  return res;
}

/** A file for the kernel itself. */
export function shmem_kernel_file_setup(name: string, size: number, flags: vma_flags_t): file | ErrPtr {
  return __shmem_file_setup(name, size, flags, S_PRIVATE);
}

/** A file for user space, as memfd_create() makes it. */
export function shmem_file_setup(name: string, size: number, flags: vma_flags_t): file | ErrPtr {
  return __shmem_file_setup(name, size, flags, 0);
}

/** Gives a shared anonymous mapping the file that its pages live in. 0 or a negative errno. */
export function shmem_zero_setup(vma: vm_area_struct): number {
  const f = shmem_kernel_file_setup('dev/zero', vma.vm_end - vma.vm_start, vma.flags);
  if (IS_ERR(f)) return PTR_ERR(f);

  if (vma.vm_file !== null) stubs.fput(vma.vm_file);
  vma.vm_file = f;
  vma.vm_ops = shmem_anon_vm_ops;
  return 0;
}
