// SPDX-License-Identifier: GPL-2.0-only
/** What a process opens: drivers, files on a disk, memory with a name. Each descriptor holds one reference. */
import { EBADF, EINVAL, EOPNOTSUPP, EPERM, IS_ERR } from '../../include/linux/errno.js';
import { FALLOC_FL_PUNCH_HOLE, FMODE_WRITE, inode, S_IFREG } from '../../include/linux/fs.js';
import { address_space, file, type file_operations, type task_struct } from '../../include/mm_types.js';
import { F_SEAL_GROW, F_SEAL_SHRINK } from '../../include/uapi/fcntl.js';
import { mk_vma_flags, VMA_NORESERVE_BIT } from '../../include/vma_flags.js';
import { generic_file_mmap_prepare, truncate_pagecache_range, truncate_setsize } from '../../lib/mm/filemap.js';
import { shmem_file_setup } from '../../lib/mm/shmem.js';
import { stubs } from '../../stubs/index.js';

/** 0 to 2 are what a process has from its parent. */
const FIRST_FD = 3;

/** Puts a file in the lowest free descriptor, which takes over a reference. */
export function installFd({ files }: task_struct, f: file): number {
  let fd = FIRST_FD;
  while (files.fd.has(fd)) fd++;
  files.fd.set(fd, f);
  return fd;
}

/** 0 or -EBADF. */
export function closeFd({ files }: task_struct, fd: number): number {
  const f = files.fd.get(fd);
  if (f === undefined) return -EBADF;
  files.fd.delete(fd);
  stubs.fput(f);
  return 0;
}

/** Another reference to each file of the parent, for the child. */
export function copyFiles(child: task_struct, parent: task_struct): void {
  for (const [fd, f] of parent.files.fd) child.files.fd.set(fd, stubs.get_file(f));
}

/** Closes every descriptor of a task. */
export function closeAll(task: task_struct): void {
  for (const fd of [...task.files.fd.keys()]) closeFd(task, fd);
}

/** A new file that only its descriptor holds: at the end of all there is no reference left. */
function heldByFd(f: file): file {
  f.f_ref = 0;
  return stubs.get_file(f);
}

/** A new open file of a driver that is given by its hooks. */
export function driverFile(ops: file_operations): file {
  const f = new file(ops);
  f.f_path.name = '/dev/driver';
  return heldByFd(f);
}

/** Files on a disk can have holes; room in them needs no making. 0 or -EOPNOTSUPP. */
function diskFallocate(f: file, mode: number, offset: number, len: number): number {
  if ((mode & FALLOC_FL_PUNCH_HOLE) === 0) return -EOPNOTSUPP;
  truncate_pagecache_range(f.f_mapping, offset, offset + len);
  return 0;
}

/** Files on a disk, by their paths: one inode each, whoever opens it. */
export class Disk {
  private readonly mappings: Map<string, address_space>;

  constructor() {
    this.mappings = new Map();
  }

  /** Opens a file, which is made with that size if there is none; f_mode is FMODE_*. */
  open(path: string, size: number, f_mode: number): file {
    const f = new file(
      { mmap_prepare: generic_file_mmap_prepare, fallocate: diskFallocate },
      this.mappingOf(path, size),
    );
    f.f_mode = f_mode;
    f.f_path.name = path;
    return heldByFd(f);
  }

  private mappingOf(path: string, size: number): address_space {
    const known = this.mappings.get(path);
    if (known !== undefined) return known;
    const host = new inode(S_IFREG | 0o644);
    host.i_ino = this.mappings.size + 1;
    host.i_dev = [8, 1];
    host.i_size = size;
    const mapping = new address_space(host);
    this.mappings.set(path, mapping);
    return mapping;
  }

  /** Takes the name away; who has the file keeps it. Was there one? */
  unlink(path: string): boolean {
    const mapping = this.mappings.get(path);
    if (mapping === undefined) return false;
    mapping.host.i_nlink = 0;
    return this.mappings.delete(path);
  }
}

/** memfd_create(): a file of no bytes, which takes seals with MFD_ALLOW_SEALING. A negative errno. */
export function memfdFile(name: string, sealing: boolean): file | number {
  const f = shmem_file_setup(`/memfd:${name}`, 0, mk_vma_flags(VMA_NORESERVE_BIT));
  if (IS_ERR(f)) return f;
  f.f_inode.i_dev = [0, 1];
  if (sealing) f.f_inode.seals = 0;
  return heldByFd(f);
}

/** ftruncate(): 0 or a negative errno. */
export function resize(f: file, size: number): number {
  const { f_inode: host, f_mapping: mapping } = f;
  const seals = host.seals ?? 0;
  if ((f.f_mode & FMODE_WRITE) === 0 || (host.i_mode & S_IFREG) === 0) return -EINVAL;
  if (size < host.i_size && (seals & F_SEAL_SHRINK) !== 0) return -EPERM;
  if (size > host.i_size && (seals & F_SEAL_GROW) !== 0) return -EPERM;
  truncate_setsize(mapping, size);
  return 0;
}
