// SPDX-License-Identifier: GPL-2.0-only
/**
 * What happens when a program reads or writes a byte of its memory: do_user_addr_fault() and access_error() of
 * arch/x86/mm/fault.c and lock_mm_and_find_vma() of mm/mmap_lock.c (Linux 7.3), and the access itself: of one byte, which
 * is then the whole page's content, or of bytes as they are.
 *
 * Deviations: no protection keys, no shadow stacks; the lock is always taken for the address space, never for one VMA.
 */
import { offset_in_page, PAGE_ALIGN_DOWN, PAGE_SIZE, TASK_SIZE } from '../../include/linux/mm.js';
import {
  FAULT_FLAG_USER,
  FAULT_FLAG_WRITE,
  type page,
  type pte_t,
  VM_FAULT_ERROR,
  VM_FAULT_SIGSEGV,
} from '../../include/linux/pagetable.js';
import type { mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VM_GROWSDOWN, VM_WRITE } from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { handle_mm_fault } from './fault.js';
import { find_vma_intersection } from './inlines/iterator.js';
import { vma_is_accessible } from './inlines/range.js';
import { expand_downwards } from './vma/stack.js';

/** Does the VMA not allow the access? */
function access_error(vma: vm_area_struct, write: boolean): boolean {
  return write ? (vma.vm_flags & VM_WRITE) === 0n : !vma_is_accessible(vma);
}

/** The VMA that addr lies in, grown downwards for that if it is a stack, with mmap_lock held for reading; or null. */
function lock_mm_and_find_vma(mm: mm_struct, addr: number): vm_area_struct | null {
  stubs.mmap_read_lock(mm);
  const vma = find_vma_intersection(mm, addr, TASK_SIZE);
  if (vma !== null && vma.vm_start <= addr) return vma;

  stubs.mmap_read_unlock(mm);
  if (vma === null || (vma.vm_flags & VM_GROWSDOWN) === 0n) return null;

  stubs.mmap_write_lock(mm);
  if (expand_downwards(vma, addr) !== 0) {
    stubs.mmap_write_unlock(mm);
    return null;
  }
  stubs.mmap_write_downgrade(mm);
  return vma;
}

/**
 * Makes the byte at addr be there for reading or writing, as the processor's fault would. 0, or VM_FAULT_SIGSEGV,
 * VM_FAULT_SIGBUS or VM_FAULT_OOM for what the process would die of.
 */
export function do_user_addr_fault(mm: mm_struct, addr: number, write: boolean): number {
  if (addr >= TASK_SIZE) return VM_FAULT_SIGSEGV;
  const vma = lock_mm_and_find_vma(mm, addr);
  if (vma === null) return VM_FAULT_SIGSEGV;

  let ret = VM_FAULT_SIGSEGV;
  if (!access_error(vma, write)) {
    ret = handle_mm_fault(vma, addr, FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0)) & VM_FAULT_ERROR;
  }
  stubs.mmap_read_unlock(mm);
  return ret;
}

/** The entry that maps addr once it was faulted in; null, with the reason in ret, where the process would die. */
function entryAt(mm: mm_struct, addr: number, write: boolean, ret: Ref<number>): pte_t | null {
  ret.value = do_user_addr_fault(mm, addr, write);
  return ret.value === 0 ? (mm.pgd?.get(PAGE_ALIGN_DOWN(addr)) ?? null) : null;
}

/** Reads the byte at addr into value. 0 or VM_FAULT_*; device memory, and a droppable page out of memory, read as 0. */
export function read_user_byte(mm: mm_struct, addr: number, value: Ref<number>): number {
  const ret = new Ref(0);
  const pte = entryAt(mm, addr, false, ret);
  if (ret.value === 0) value.value = pte?.page?.bytes?.[offset_in_page(addr)] ?? pte?.page?.data ?? 0;
  return ret.value;
}

/** Writes the byte at addr; its page has that content from here on. 0 or VM_FAULT_*. */
export function write_user_byte(mm: mm_struct, addr: number, value: number): number {
  const ret = new Ref(0);
  const pte = entryAt(mm, addr, true, ret);
  if (pte !== null && pte.page !== null && pte.write) setContent(pte.page, value & 0xff);
  return ret.value;
}

/** Has a page hold nothing but that byte. */
function setContent(page: page, value: number): void {
  page.data = value;
  page.bytes = null;
}

/** Puts bytes into a page; one that they fill with a single value needs no memory for them. */
function putBytes(page: page, offset: number, bytes: Uint8Array): void {
  const [first = 0] = bytes;
  const isUniform = bytes.every((byte) => byte === first);
  if (isUniform && (bytes.length === PAGE_SIZE || (page.bytes === null && page.data === first))) {
    setContent(page, first);
    return;
  }
  page.bytes ??= new Uint8Array(PAGE_SIZE).fill(page.data);
  page.bytes.set(bytes, offset);
}

/** Does something with each page of the range, until a fault ends in an error. The bytes that were come by. */
function eachPage(
  mm: mm_struct,
  range: { addr: number; length: number },
  write: boolean,
  access: (pte: pte_t | null, offset: number, start: number, end: number) => void,
): number {
  const ret = new Ref(0);
  for (let done = 0; done < range.length; ) {
    const addr = range.addr + done;
    const offset = offset_in_page(addr);
    const pte = entryAt(mm, addr, write, ret);
    if (ret.value !== 0) return done;
    const end = Math.min(done + PAGE_SIZE - offset, range.length);
    access(pte, offset, done, end);
    done = end;
  }
  return range.length;
}

/** Reads as many bytes from addr on as `bytes` has room for. How many came before one that the process would die of. */
export function read_user_bytes(mm: mm_struct, addr: number, bytes: Uint8Array): number {
  return eachPage(mm, { addr, length: bytes.length }, false, (pte, offset, start, end) => {
    const page = pte?.page ?? null;
    if (page?.bytes) bytes.set(page.bytes.subarray(offset, offset + end - start), start);
    else bytes.fill(page?.data ?? 0, start, end);
  });
}

/** Writes bytes from addr on, as they are. How many were written before one that the process would die of. */
export function write_user_bytes(mm: mm_struct, addr: number, bytes: Uint8Array): number {
  return eachPage(mm, { addr, length: bytes.length }, true, (pte, offset, start, end) => {
    if (pte?.page && pte.write) putBytes(pte.page, offset, bytes.subarray(start, end));
  });
}
