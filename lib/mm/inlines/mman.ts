// SPDX-License-Identifier: GPL-2.0-only
/**
 * From the arguments of mmap() and mprotect() to VMA flags. Port of inlines of include/linux/mman.h and
 * include/linux/mm.h (Linux 7.3). The configuration is x86-64 without protection keys, with transparent huge pages.
 */
import {
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGE_1GB,
  MAP_HUGE_2MB,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  MAP_SYNC,
  MAP_UNINITIALIZED,
  PROT_EXEC,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from '../../../include/uapi/mman.js';
import {
  VM_EXEC,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_NOHUGEPAGE,
  VM_NONE,
  VM_READ,
  VM_SYNC,
  VM_WRITE,
  VMA_GROWSDOWN_BIT,
  VMA_GROWSUP,
  type vm_flags_t,
  type vma_flags_t,
} from '../../../include/vma_flags.js';
import { vma_flags_test, vma_flags_test_single_mask } from './flag_operations.js';
import { hasOtherBits } from './unsigned.js';

/** The flags that MAP_SHARED has always ignored where it does not know them. */
export const LEGACY_MAP_MASK =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  MAP_DENYWRITE |
  MAP_EXECUTABLE |
  MAP_UNINITIALIZED |
  MAP_GROWSDOWN |
  MAP_LOCKED |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_NONBLOCK |
  MAP_STACK |
  MAP_HUGETLB |
  MAP_32BIT |
  MAP_ABOVE4G |
  MAP_HUGE_2MB |
  MAP_HUGE_1GB;

/** What PROT_* asks for, as VMA flags. */
export function calc_vm_prot_bits(prot: number): vm_flags_t {
  return (
    ((prot & PROT_READ) !== 0 ? VM_READ : VM_NONE) |
    ((prot & PROT_WRITE) !== 0 ? VM_WRITE : VM_NONE) |
    ((prot & PROT_EXEC) !== 0 ? VM_EXEC : VM_NONE)
  );
}

/** What MAP_* asks for, as VMA flags. */
export function calc_vm_flag_bits(flags: number): vm_flags_t {
  return (
    ((flags & MAP_GROWSDOWN) !== 0 ? VM_GROWSDOWN : VM_NONE) |
    ((flags & MAP_LOCKED) !== 0 ? VM_LOCKED : VM_NONE) |
    ((flags & MAP_SYNC) !== 0 ? VM_SYNC : VM_NONE) |
    ((flags & MAP_STACK) !== 0 ? VM_NOHUGEPAGE : VM_NONE)
  );
}

/** Are these protections that there are? PROT_GROWSDOWN and PROT_GROWSUP are gone by then. */
export function arch_validate_prot(prot: number): boolean {
  return !hasOtherBits(prot, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM);
}

/** May a mapping with these flags grow, at either end? */
export function vma_flags_can_grow(flags: vma_flags_t): boolean {
  return vma_flags_test_single_mask(flags, VMA_GROWSUP) || vma_flags_test(flags, VMA_GROWSDOWN_BIT);
}
