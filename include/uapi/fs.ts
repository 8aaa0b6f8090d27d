// SPDX-License-Identifier: GPL-2.0-only
/** What /proc/PID/maps can be asked by ioctl(): PROCMAP_QUERY of include/uapi/linux/fs.h (Linux 7.3). */

export const PROCMAP_QUERY_VMA_READABLE = 0x01;
export const PROCMAP_QUERY_VMA_WRITABLE = 0x02;
export const PROCMAP_QUERY_VMA_EXECUTABLE = 0x04;
export const PROCMAP_QUERY_VMA_SHARED = 0x08;
/** Where no mapping covers the address, the next one above it. */
export const PROCMAP_QUERY_COVERING_OR_NEXT_VMA = 0x10;
/** Mappings of files only. */
export const PROCMAP_QUERY_FILE_BACKED_VMA = 0x20;

/** A question, and its answer. Buffers are no addresses here: vma_name is what the kernel copies out. */
export class procmap_query {
  query_flags: number;
  query_addr: number;
  /** Bytes that there are for the name, its end included; 0 to leave it out. Then: bytes that it takes. */
  vma_name_size: number;
  vma_start: number;
  vma_end: number;
  /** PROCMAP_QUERY_VMA_*. */
  vma_flags: number;
  vma_page_size: number;
  /** Bytes. */
  vma_offset: number;
  inode: number;
  dev_major: number;
  dev_minor: number;
  vma_name: string;

  constructor(init: { query_flags?: number; query_addr?: number; vma_name_size?: number } = {}) {
    this.query_flags = init.query_flags ?? 0;
    this.query_addr = init.query_addr ?? 0;
    this.vma_name_size = init.vma_name_size ?? 0;
    this.vma_start = 0;
    this.vma_end = 0;
    this.vma_flags = 0;
    this.vma_page_size = 0;
    this.vma_offset = 0;
    this.inode = 0;
    this.dev_major = 0;
    this.dev_minor = 0;
    this.vma_name = '';
  }
}
