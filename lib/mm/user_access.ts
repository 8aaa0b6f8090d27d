// SPDX-License-Identifier: GPL-2.0-only
/**
 * What happens when a program reads or writes a byte of its memory: do_user_addr_fault() and access_error() of
 * arch/x86/mm/fault.c and lock_mm_and_find_vma() of mm/mmap_lock.c (Linux 7.3), and the access itself.
 *
 * Deviations: no protection keys, no shadow stacks; the lock is always taken for the address space, never for one VMA.
 */
import { PAGE_ALIGN_DOWN, TASK_SIZE } from '../../include/linux/mm.js';
import {
  FAULT_FLAG_USER,
  FAULT_FLAG_WRITE,
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
  if (ret.value === 0) value.value = pte?.page?.data ?? 0;
  return ret.value;
}

/** Writes the byte at addr; its page has that content from here on. 0 or VM_FAULT_*. */
export function write_user_byte(mm: mm_struct, addr: number, value: number): number {
  const ret = new Ref(0);
  const pte = entryAt(mm, addr, true, ret);
  if (pte !== null && pte.page !== null && pte.write) pte.page.data = value & 0xff;
  return ret.value;
}
