// SPDX-License-Identifier: GPL-2.0-only
/**
 * The stubs of a process: where the harness answers "yes" or "nothing", the kernel's own functions answer, over a set
 * that goes on counting and failing. What a stub of that set refuses stays refused.
 */
import { ENOMEM } from '../include/linux/errno.js';
import { __fput, fget } from '../lib/fs/file_table.js';
import { vma_supports_mlock } from '../lib/mm/inlines/mlock.js';
import { __ksm_enter, ksm_exit, ksm_fork, ksm_vma_flags } from '../lib/mm/ksm.js';
import { may_expand_vm, rlimit, security_vm_enough_memory_mm, vm_acct_memory } from '../lib/mm/mmap/limits.js';
import { shmem_file, shmem_zero_setup } from '../lib/mm/shmem.js';
import { cap_mmap_addr } from '../lib/security/commoncap.js';
import { current, type Globals } from '../stubs/globals.js';
import type { Stubs } from '../stubs/stubs.js';

/** The configuration of x86-64 where the harness has another one. */
export const processGlobals: Pick<Globals, 'task_exec'> = { task_exec: false };

/** A set of stubs for processes, over `base`. */
export function processStubs(base: Stubs): Partial<Stubs> {
  return {
    rlimit,
    capable: (cap) => current.cap_effective.has(cap),
    may_expand_vm: (mm, flags, npages) => base.may_expand_vm(mm, flags, npages) && may_expand_vm(mm, flags, npages),
    vm_acct_memory: (pages) => {
      base.vm_acct_memory(pages);
      vm_acct_memory(pages);
    },
    security_vm_enough_memory_mm: (mm, pages) => {
      if (base.security_vm_enough_memory_mm(mm, pages) !== 0) return -ENOMEM;
      // The kernel's own charges them, or does not.
      base.vm_acct_memory(-pages);
      return security_vm_enough_memory_mm(mm, pages);
    },
    security_mmap_addr: cap_mmap_addr,
    vma_supports_mlock,
    fget,
    fput: (f) => {
      if (f.f_ref === 1) __fput(f);
      base.fput(f);
    },
    shmem_file,
    shmem_zero_setup: (vma) => base.shmem_zero_setup(vma) || shmem_zero_setup(vma),
    ksm_vma_flags,
    __ksm_enter: (mm) => base.__ksm_enter(mm) || __ksm_enter(mm),
    ksm_fork: (mm, oldmm) => {
      base.ksm_fork(mm, oldmm);
      ksm_fork(mm, oldmm);
    },
    ksm_exit,
    update_hiwater_vm: (mm) => {
      base.update_hiwater_vm(mm);
      mm.hiwater_vm = Math.max(mm.hiwater_vm, mm.total_vm);
    },
  };
}
