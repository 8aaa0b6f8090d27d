// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a process may have, and what all of them together. Port of may_expand_vm(), mm/mmap.c, and of vm_acct_memory(),
 * vm_commit_limit(), vm_memory_committed() and __vm_enough_memory(), include/linux/mman.h and mm/util.c (Linux 7.3).
 * security_vm_enough_memory_mm() and rlimit() are what the kernel makes of them.
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { PAGE_SHIFT, PHYS_PFN } from '../../../include/linux/mm.js';
import type { mm_struct } from '../../../include/mm_types.js';
import { OVERCOMMIT_ALWAYS, OVERCOMMIT_GUESS } from '../../../include/uapi/mman.js';
import { RLIM_INFINITY, RLIMIT_AS, RLIMIT_DATA } from '../../../include/uapi/resource.js';
import type { vma_flags_t } from '../../../include/vma_flags.js';
import { current, globals, stubs } from '../../../stubs/index.js';
import { cap_vm_enough_memory } from '../../security/commoncap.js';
import { is_data_mapping_vma_flags, vm_unacct_memory } from '../inlines/accounting.js';

/** A limit of the current task. RLIMIT_*. */
export function rlimit(limit: number): number {
  return current.signal.rlim[limit]?.rlim_cur ?? RLIM_INFINITY;
}

/** What it may be raised to. */
export function rlimit_max(limit: number): number {
  return current.signal.rlim[limit]?.rlim_max ?? RLIM_INFINITY;
}

/** Is another `npages` of data too much? */
function passesDataLimit(mm: mm_struct, npages: number): boolean {
  const data = mm.data_vm + npages;
  if (data <= PHYS_PFN(stubs.rlimit(RLIMIT_DATA))) return false;
  // Valgrind sets the limit to 0 for itself.
  if (stubs.rlimit(RLIMIT_DATA) === 0 && data <= PHYS_PFN(rlimit_max(RLIMIT_DATA))) return false;

  stubs.pr_warn(`${current.comm} (${current.pid}): VmData ${data} pages exceed the data limit`);
  return !globals.ignore_rlimit_data;
}

/** May the address space grow by that many pages of memory with these flags? */
export function may_expand_vm(mm: mm_struct, vma_flags: vma_flags_t, npages: number): boolean {
  if (mm.total_vm + npages > PHYS_PFN(stubs.rlimit(RLIMIT_AS))) return false;
  return !is_data_mapping_vma_flags(vma_flags) || !passesDataLimit(mm, npages);
}

/** Adds pages, which may be negative, to what all processes have committed. */
export function vm_acct_memory(pages: number): void {
  globals.vm_committed_as += pages;
}

/** Pages that all processes have committed. */
export function vm_memory_committed(): number {
  return Math.max(0, globals.vm_committed_as);
}

function kilobytesToPages(kilobytes: number): number {
  return Math.floor(kilobytes / 2 ** (PAGE_SHIFT - 10));
}

/** Pages that may be committed under OVERCOMMIT_NEVER. There are no huge pages to take off. */
export function vm_commit_limit(): number {
  const { sysctl_overcommit_kbytes, sysctl_overcommit_ratio, totalram_pages, total_swap_pages } = globals;
  const allowed =
    sysctl_overcommit_kbytes !== 0
      ? kilobytesToPages(sysctl_overcommit_kbytes)
      : Math.floor((totalram_pages * sysctl_overcommit_ratio) / 100);
  return allowed + total_swap_pages;
}

/** Is there room under OVERCOMMIT_NEVER, the new charge included, less what is kept back? */
function isBelowCommitLimit(mm: mm_struct | null, cap_sys_admin: boolean): boolean {
  let allowed = vm_commit_limit();
  if (!cap_sys_admin) allowed -= kilobytesToPages(globals.sysctl_admin_reserve_kbytes);
  // No process is to become so large that its user cannot get rid of it.
  if (mm !== null) {
    const reserve = kilobytesToPages(globals.sysctl_user_reserve_kbytes);
    allowed -= Math.min(Math.floor(mm.total_vm / 32), reserve);
  }
  return vm_memory_committed() < allowed;
}

/** Can the current charge, with `pages` more that are charged already, stand? */
function canCommit(mm: mm_struct | null, pages: number, cap_sys_admin: boolean): boolean {
  const { sysctl_overcommit_memory: mode, totalram_pages, total_swap_pages } = globals;
  if (mode === OVERCOMMIT_ALWAYS) return true;
  if (mode === OVERCOMMIT_GUESS) return pages <= totalram_pages + total_swap_pages;
  return isBelowCommitLimit(mm, cap_sys_admin);
}

/** Charges pages, if there is room for them in the overcommit mode. 0, or -ENOMEM with nothing charged. */
export function __vm_enough_memory(mm: mm_struct | null, pages: number, cap_sys_admin: boolean): number {
  stubs.vm_acct_memory(pages);
  if (canCommit(mm, pages, cap_sys_admin)) return 0;

  stubs.pr_warn(`__vm_enough_memory: pid: ${current.pid}, comm: ${current.comm}, no memory for ${pages} pages`);
  vm_unacct_memory(pages);
  return -ENOMEM;
}

/** __vm_enough_memory() for the current task. */
export function security_vm_enough_memory_mm(mm: mm_struct, pages: number): number {
  return __vm_enough_memory(mm, pages, cap_vm_enough_memory());
}
