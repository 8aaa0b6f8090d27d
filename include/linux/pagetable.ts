// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages, entries of page tables, and what a page fault is asked and answers: the part of include/linux/mm_types.h and
 * include/linux/mm.h (Linux 7.3) that the page model stands on. An address space has one flat table here, and a page
 * one byte of content, the byte at each of its addresses, until it is given bytes that differ.
 */

/** A page of memory. */
export class page {
  /** The anon_vma that finds it, or the address_space of its file, told by identity; null for the kernel's own. */
  mapping: object | null;
  /** Its page offset in there. */
  index: number;
  /** Entries of page tables that map it. */
  _mapcount: number;
  /** One process alone has this anonymous page: PageAnonExclusive(). */
  anon_exclusive: boolean;
  /** Its content, 0 to 255: the byte at each of its addresses. */
  data: number;
  /** Its content where its bytes differ, PAGE_SIZE of them; null otherwise. */
  bytes: Uint8Array | null;

  constructor(mapping: object | null = null, index = 0, data = 0) {
    this.mapping = mapping;
    this.index = index;
    this._mapcount = 0;
    this.anon_exclusive = false;
    this.data = data;
    this.bytes = null;
  }
}

/** An entry of a page table. Where there is none, nothing is mapped. */
export class pte_t {
  /** Null for a marker, and for device memory. */
  page: page | null;
  /** May be written without a fault. */
  write: boolean;
  /** A guard marker: whatever touches it faults. */
  guard: boolean;

  constructor(page: page | null, write = false, guard = false) {
    this.page = page;
    this.write = write;
    this.guard = guard;
  }
}

/** What a fault was: bits of vm_fault::flags. */
export const FAULT_FLAG_WRITE = 0x01;
export const FAULT_FLAG_MKWRITE = 0x02;
export const FAULT_FLAG_USER = 0x40;

/** How it ended; 0 is well. */
export const VM_FAULT_OOM = 0x000001;
export const VM_FAULT_SIGBUS = 0x000002;
export const VM_FAULT_HWPOISON = 0x000010;
export const VM_FAULT_SIGSEGV = 0x000040;
/** The handler has put the entry in place itself. */
export const VM_FAULT_NOPAGE = 0x000100;
/** The page comes locked; nothing here locks pages. */
export const VM_FAULT_LOCKED = 0x000200;
export const VM_FAULT_RETRY = 0x000400;
export const VM_FAULT_FALLBACK = 0x000800;
/** The handler has filled the private copy itself. */
export const VM_FAULT_DONE_COW = 0x001000;
export const VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON | VM_FAULT_FALLBACK;

/** What get_user_pages() is asked for. */
export const FOLL_WRITE = 0x01;
/** Also where the VMA does not allow it. */
export const FOLL_FORCE = 0x08;
/** For MADV_POPULATE_*: errors are told apart in another way. */
export const FOLL_MADV_POPULATE = 0x10000;
