// SPDX-License-Identifier: GPL-2.0-only
/**
 * What mmap() asks a file about itself: modes, inodes and mounts. From include/linux/fs.h and include/uapi/linux/stat.h
 * (Linux 7.3).
 */

export const FMODE_READ = 1;
export const FMODE_WRITE = 2;
/** Opened with O_PATH: a name, not a file to use. */
export const FMODE_PATH = 2 ** 14;

/** Bit of file_operations::fop_flags: MAP_SYNC is understood. */
export const FOP_MMAP_SYNC = 4;
export const FOP_HUGE_PAGES = 16;
/** Offsets are unsigned: all 64 bits of them. */
export const FOP_UNSIGNED_OFFSET = 32;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFCHR = 0o020000;

/** Bits of inode::i_flags. */
export const S_APPEND = 4;
export const S_IMMUTABLE = 8;
/** The kernel's own: no security module looks at it. */
export const S_PRIVATE = 512;
export const S_SWAPFILE = 256;

/** fallocate(): the file keeps its size; a hole is made. */
export const FALLOC_FL_KEEP_SIZE = 1;
export const FALLOC_FL_PUNCH_HOLE = 2;

export const MNT_NOEXEC = 4;

/** What a file is, whoever opened it. */
export class inode {
  /** Type and permissions. */
  i_mode: number;
  i_flags: number;
  i_ino: number;
  /** Names that it has in its file system; 0 once it is deleted. */
  i_nlink: number;
  /** Bytes. */
  i_size: number;
  /** Device of its file system, as major and minor. */
  i_dev: readonly [major: number, minor: number];
  /** F_SEAL_*; null where the file system has no seals. In C they belong to shmem's part of the inode. */
  seals: number | null;
  /** Files that are open on it. */
  i_count: number;
  /** The last file is closed, and no name is left: gives back what the inode holds. super_operations in C. */
  evict_inode: ((inode: inode) => void) | null;

  constructor(i_mode = S_IFCHR | 0o666) {
    this.i_mode = i_mode;
    this.i_flags = 0;
    this.i_ino = 0;
    this.i_nlink = 1;
    this.i_size = 0;
    this.i_dev = [0, 0];
    this.seals = null;
    this.i_count = 0;
    this.evict_inode = null;
  }
}

/** A mount, as far as it forbids. */
export class vfsmount {
  mnt_flags: number;

  constructor(mnt_flags = 0) {
    this.mnt_flags = mnt_flags;
  }
}

/** Where a file was found. */
export class path {
  mnt: vfsmount;
  /** The name, as /proc shows it. In C that of the dentry and those above it. */
  name: string;

  constructor(name = '', mnt: vfsmount = new vfsmount()) {
    this.mnt = mnt;
    this.name = name;
  }
}
