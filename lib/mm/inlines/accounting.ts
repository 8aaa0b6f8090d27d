// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What a mapping counts as, and the sums over an address space. Port of inlines of mm/vma.h and
 * tools/testing/vma/include/dup.h (Linux 7.3).
 *
 * Deviation: each classification also comes over vma_flags_t (isExecMapping() and the like), so that the paths which
 * run often build no word; upstream has that for data mappings only. mlock_future_ok() takes a boolean, as the kernel's
 * does; the harness's copy takes a flags word, which its caller does not pass.
 */
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { CAP_IPC_LOCK, PHYS_PFN, RLIMIT_MEMLOCK } from '../../../include/linux/mm.js';
import type { mm_struct } from '../../../include/mm_types.js';
import {
  VM_EXEC,
  VM_SHADOW_STACK,
  VM_SHARED,
  VM_STACK,
  VM_WRITE,
  VMA_EXEC_BIT,
  VMA_SHARED_BIT,
  VMA_STACK_BIT,
  VMA_WRITE_BIT,
  type vm_flags_t,
  type vma_flags_t,
} from '../../../include/vma_flags.js';
import { globals, stubs } from '../../../stubs/index.js';
import { legacy_to_vma_flags, vma_flags_test } from './flag_operations.js';

/** Executable code: not writable, no stack. */
export function is_exec_mapping(flags: vm_flags_t): boolean {
  return (flags & (VM_EXEC | VM_WRITE | VM_STACK)) === VM_EXEC;
}

/** A stack, shadow stacks included where the configuration has them. */
export function is_stack_mapping(flags: vm_flags_t): boolean {
  return (flags & VM_STACK) === VM_STACK || (flags & VM_SHADOW_STACK) !== 0n;
}

/** Private, writable and no stack. */
export function is_data_mapping(flags: vm_flags_t): boolean {
  return (flags & (VM_WRITE | VM_SHARED | VM_STACK)) === VM_WRITE;
}

/** is_data_mapping() over the bitmap. */
export function is_data_mapping_vma_flags(vma_flags: vma_flags_t): boolean {
  return (
    vma_flags_test(vma_flags, VMA_WRITE_BIT) &&
    !vma_flags_test(vma_flags, VMA_SHARED_BIT) &&
    !vma_flags_test(vma_flags, VMA_STACK_BIT)
  );
}

/**
 * is_exec_mapping() over the bitmap.
 * @internal
 */
export function isExecMapping(flags: vma_flags_t): boolean {
  return (
    vma_flags_test(flags, VMA_EXEC_BIT) &&
    !vma_flags_test(flags, VMA_WRITE_BIT) &&
    !vma_flags_test(flags, VMA_STACK_BIT)
  );
}

/**
 * is_stack_mapping() over the bitmap.
 * @internal
 */
export function isStackMapping(flags: vma_flags_t): boolean {
  return vma_flags_test(flags, VMA_STACK_BIT);
}

/**
 * A sum of pages with some added, which may be negative: an unsigned long, which wraps around.
 * @internal
 */
export function addPages(sum: number, pages: number): number {
  if (pages > 0 && sum > ULONG_MAX - pages) return pages - (ULONG_MAX - sum) - 1;
  return sum + pages < 0 ? ULONG_MAX + (sum + pages + 1) : sum + pages;
}

/**
 * vm_stat_account() over the bitmap.
 * @internal
 */
export function accountPages(mm: mm_struct, flags: vma_flags_t, npages: number): void {
  mm.total_vm = addPages(mm.total_vm, npages);
  if (isExecMapping(flags)) mm.exec_vm = addPages(mm.exec_vm, npages);
  else if (isStackMapping(flags)) mm.stack_vm = addPages(mm.stack_vm, npages);
  else if (is_data_mapping_vma_flags(flags)) mm.data_vm = addPages(mm.data_vm, npages);
}

/** Adds pages, which may be negative, to the sums that a mapping with these flags counts in. */
export function vm_stat_account(mm: mm_struct, flags: vm_flags_t, npages: number): void {
  accountPages(mm, legacy_to_vma_flags(flags), npages);
}

/** Gives back a commit charge, in pages. */
export function vm_unacct_memory(pages: number): void {
  // Not -pages, which is -0 for none.
  stubs.vm_acct_memory(0 - pages);
}

/** May that many more bytes be locked in memory, if the VMA asks for it? */
export function mlock_future_ok(mm: mm_struct, is_vma_locked: boolean, bytes: number): boolean {
  if (!is_vma_locked || stubs.capable(CAP_IPC_LOCK)) return true;
  return addPages(PHYS_PFN(bytes), mm.locked_vm) <= PHYS_PFN(stubs.rlimit(RLIMIT_MEMLOCK));
}

/** Most VMAs that an address space may have. */
export function get_sysctl_max_map_count(): number {
  return globals.sysctl_max_map_count;
}
