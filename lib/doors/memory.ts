// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages as the package exports them: faults, populating, reading and writing as a program does, on address spaces that
 * mm_alloc_pgd() gave page tables. Functions of lib/mm by the same names, with numbers and VMAs checked: a RangeError
 * for a number that is no address, a TypeError for a VMA that was freed or is none, or an address space without tables.
 */
import { badArgument, checkPageAligned, checkPageRange, checkUlong, hexOf } from '../../include/check.js';
import type { address_space, mm_struct, vm_area_struct } from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import * as fault from '../mm/fault.js';
import * as filemap from '../mm/filemap.js';
import * as gup from '../mm/gup.js';
import * as userAccess from '../mm/user_access.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export {
  filemap_fault,
  filemap_page_mkwrite,
  generic_file_mmap_prepare,
  generic_file_vm_ops,
} from '../mm/filemap.js';
export { empty_zero_page, folio_test_anon, mm_alloc_pgd } from '../mm/page_tables.js';

/** Page tables to work on. */
function checkTables(fn: string, mm: mm_struct | null): void {
  if (mm === null || mm.pgd === null) badArgument(fn, 'mm.pgd', null, 'the address space has no page tables');
}

function checkBytes(fn: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) badArgument(fn, 'bytes', bytes, 'no Uint8Array');
}

function checkInside(fn: string, vma: vm_area_struct, start: number, end: number): void {
  if (start < vma.vm_start) badArgument(fn, 'start', start, `below the VMA, which starts at ${hexOf(vma.vm_start)}`);
  if (end > vma.vm_end) badArgument(fn, 'end', end, `past the VMA, which ends at ${hexOf(vma.vm_end)}`);
}

/**
 * Makes a page be there at address, in a VMA that allows the access, writable with FAULT_FLAG_WRITE. mmap_lock is held
 * at least for reading. 0 or VM_FAULT_*. handle_mm_fault() of mm/memory.c.
 */
export function handle_mm_fault(vma: vm_area_struct, address: number, flags: number): number {
  if (isWatched()) return watched('handle_mm_fault', handle_mm_fault, { vma, address, flags });
  checkLive('handle_mm_fault', 'vma', vma);
  checkUlong('handle_mm_fault', 'address', address);
  checkInside('handle_mm_fault', vma, address, address + 1);
  checkTables('handle_mm_fault', vma.vm_mm);
  return fault.handle_mm_fault(vma, address, flags);
}

/**
 * Faults in the pages [start, end) of a VMA, for writing if it is private and writable. mmap_lock is held. Pages that
 * are there by then, or a negative errno where that is none: -EFAULT, -ENOMEM, -EINTR. populate_vma_page_range() of
 * mm/gup.c.
 */
export function populate_vma_page_range(vma: vm_area_struct, start: number, end: number): number {
  if (isWatched()) return watched('populate_vma_page_range', populate_vma_page_range, { vma, start, end });
  checkLive('populate_vma_page_range', 'vma', vma);
  checkPageRange('populate_vma_page_range', 'start', start, 'end', end);
  checkInside('populate_vma_page_range', vma, start, end);
  checkTables('populate_vma_page_range', vma.vm_mm);
  return gup.populate_vma_page_range(vma, start, end);
}

/**
 * Faults in the pages [start, end), which must allow the access. mmap_lock is held. Pages that are there by then; or,
 * where that is none, -ENOMEM for no VMA, -EINVAL for one that does not allow it, -EFAULT where a process would get a
 * signal, -EINTR. faultin_page_range() of mm/gup.c.
 */
export function faultin_page_range(mm: mm_struct, start: number, end: number, write: boolean): number {
  if (isWatched()) return watched('faultin_page_range', faultin_page_range, { mm, start, end, write });
  checkPageRange('faultin_page_range', 'start', start, 'end', end);
  checkTables('faultin_page_range', mm);
  return gup.faultin_page_range(mm, start, end, write);
}

/**
 * Makes the byte at addr be there for reading or writing, as a fault of a program does; a stack grows for it. Takes
 * mmap_lock. 0, or VM_FAULT_SIGSEGV, VM_FAULT_SIGBUS or VM_FAULT_OOM. do_user_addr_fault() of arch/x86/mm/fault.c.
 */
export function do_user_addr_fault(mm: mm_struct, addr: number, write: boolean): number {
  if (isWatched()) return watched('do_user_addr_fault', do_user_addr_fault, { mm, addr, write });
  checkUlong('do_user_addr_fault', 'addr', addr);
  checkTables('do_user_addr_fault', mm);
  return userAccess.do_user_addr_fault(mm, addr, write);
}

/** Reads the byte at addr into value, after do_user_addr_fault(), whose result it returns. */
export function read_user_byte(mm: mm_struct, addr: number, value: Ref<number>): number {
  if (isWatched()) return watched('read_user_byte', read_user_byte, { mm, addr, value });
  checkUlong('read_user_byte', 'addr', addr);
  checkTables('read_user_byte', mm);
  return userAccess.read_user_byte(mm, addr, value);
}

/** Writes the byte at addr, which is the content of the page then, after do_user_addr_fault(), whose result it returns. */
export function write_user_byte(mm: mm_struct, addr: number, value: number): number {
  if (isWatched()) return watched('write_user_byte', write_user_byte, { mm, addr, value });
  checkUlong('write_user_byte', 'addr', addr);
  if (!(value >= 0 && value <= 255 && Number.isInteger(value)))
    badArgument('write_user_byte', 'value', value, 'no byte');
  checkTables('write_user_byte', mm);
  return userAccess.write_user_byte(mm, addr, value);
}

/**
 * Reads as many bytes from addr on as `bytes` has room for, with a do_user_addr_fault() for each page. Returns how many
 * came: fewer where the next could not be read. copy_from_user() of include/linux/uaccess.h, told the other way round.
 */
export function read_user_bytes(mm: mm_struct, addr: number, bytes: Uint8Array): number {
  if (isWatched()) return watched('read_user_bytes', read_user_bytes, { mm, addr, bytes });
  checkUlong('read_user_bytes', 'addr', addr);
  checkBytes('read_user_bytes', bytes);
  checkTables('read_user_bytes', mm);
  return userAccess.read_user_bytes(mm, addr, bytes);
}

/**
 * Writes bytes from addr on, each as it is, with a do_user_addr_fault() for each page. Returns how many were written:
 * fewer where the next could not be. copy_to_user() of include/linux/uaccess.h, told the other way round.
 */
export function write_user_bytes(mm: mm_struct, addr: number, bytes: Uint8Array): number {
  if (isWatched()) return watched('write_user_bytes', write_user_bytes, { mm, addr, bytes });
  checkUlong('write_user_bytes', 'addr', addr);
  checkBytes('write_user_bytes', bytes);
  checkTables('write_user_bytes', mm);
  return userAccess.write_user_bytes(mm, addr, bytes);
}

/** Sets the size of a file in bytes; pages past it leave its mappings. truncate_setsize() of mm/truncate.c. */
export function truncate_setsize(mapping: address_space, newsize: number): void {
  checkUlong('truncate_setsize', 'newsize', newsize);
  filemap.truncate_setsize(mapping, newsize);
}

/** Makes a hole of the whole pages within [start, end) bytes of a file. truncate_pagecache_range() of mm/truncate.c. */
export function truncate_pagecache_range(mapping: address_space, start: number, end: number): void {
  checkPageAligned('truncate_pagecache_range', 'start', start);
  checkPageAligned('truncate_pagecache_range', 'end', end);
  filemap.truncate_pagecache_range(mapping, start, end);
}
