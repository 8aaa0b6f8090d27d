// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the system calls need of the world, beside what mm/vma.c needs: locks for reading, page tables, a fork's company,
 * security. The C harness has none of it, so the set here is the quiet one: nothing happens, and all is allowed. The
 * world of a process (harness/) puts real ones in place of what would give wrong answers.
 */
import { EINVAL } from '../include/linux/errno.js';
import type { list_head } from '../include/linux/list.js';
import { page } from '../include/linux/pagetable.js';
import {
  type address_space,
  anon_vma_name,
  type file,
  mm_struct,
  type mmu_gather,
  type vm_area_struct,
} from '../include/mm_types.js';

/** Page tables as system calls walk them. Addresses and lengths in bytes. */
export interface PageTableStubs {
  /** As tlb_gather_mmu(), for an address space that is going away. */
  tlb_gather_mmu_fullmm(tlb: mmu_gather, mm: mm_struct): void;
  /** Faults in all pages of [start, start + len), or up to the first error. 0 or a negative errno. */
  __mm_populate(start: number, len: number, ignore_errors: boolean): number;
  /** The same within one VMA. Pages faulted in, or a negative errno. */
  populate_vma_page_range(vma: vm_area_struct, start: number, end: number): number;
  /** Gives the pages of [start, end) the protection that the VMA has by now. Pages changed. */
  change_protection(tlb: mmu_gather, vma: vm_area_struct, start: number, end: number, cp_flags: number): number;
  /** A fork: the pages of src, which are to be copied or shared, go to dst as well. 0 or a negative errno. */
  copy_page_range(dst: vm_area_struct, src: vm_area_struct): number;
  /** Locks or unlocks the pages that are there, after the flags of the VMA. */
  mlock_pages(vma: vm_area_struct, start: number, end: number): void;
  /** A new page, empty; null when out of memory. */
  alloc_page(): page | null;
  /** May the page frames of a range lose all access? 0, or -EACCES on machines that must not have such entries. */
  prot_none_walk(vma: vm_area_struct, start: number, end: number): number;
}

/** Locks of an address space that system calls take. */
export interface CallLockStubs {
  mmap_write_lock(mm: mm_struct): void;
  /** As mmap_write_lock(), for the address space of a child while that of its parent is locked. */
  mmap_write_lock_nested(mm: mm_struct): void;
  mmap_read_lock(mm: mm_struct): void;
  /** 0, or -EINTR when a fatal signal came first. */
  mmap_read_lock_killable(mm: mm_struct): number;
}

/** A fork, and the end of an address space. */
export interface ForkStubs {
  /** A new address space; null when out of memory. */
  allocate_mm(): mm_struct | null;
  free_mm(mm: mm_struct): void;
  /** Puts vma, a copy of prev, beside it on the interval tree of the mapping. */
  mapping_rmap_tree_insert_after(vma: vm_area_struct, prev: vm_area_struct, mapping: address_space): void;
  /** Notes that a VMA was duplicated. 0 or a negative errno. */
  dup_userfaultfd(vma: vm_area_struct, uf: list_head): number;
  dup_userfaultfd_complete(uf: list_head): void;
  dup_userfaultfd_fail(uf: list_head): void;
  /** mremap(): notes that a VMA is being moved; then that it was, from where to where; or that it was not. */
  mremap_userfaultfd_prep(vma: vm_area_struct, uf: { vma: vm_area_struct | null }): void;
  mremap_userfaultfd_complete(uf: { vma: vm_area_struct | null }, from: number, to: number, len: number): void;
  mremap_userfaultfd_fail(uf: { vma: vm_area_struct | null }): void;
  ksm_fork(mm: mm_struct, oldmm: mm_struct): void;
  khugepaged_fork(mm: mm_struct, oldmm: mm_struct): void;
  khugepaged_exit(mm: mm_struct): void;
  mmu_notifier_release(mm: mm_struct): void;
  /** 0 or a negative errno. */
  arch_dup_mmap(oldmm: mm_struct, mm: mm_struct): number;
  arch_exit_mmap(mm: mm_struct): void;
}

/** Files, security and the log. */
export interface AskStubs {
  /** The open file of a descriptor, with a reference; null when there is none. */
  fget(fd: number): file | null;
  /** 0 or a negative errno: what security modules say to a mapping. */
  security_mmap_file(file: file | null, prot: number, flags: number): number;
  security_mmap_addr(addr: number): number;
  security_file_mprotect(vma: vm_area_struct, reqprot: number, prot: number): number;
  /** Tells those who watch the file's accesses. 0 or a negative errno. */
  fsnotify_mmap_perm(file: file | null, prot: number, off: number, len: number): number;
  vma_is_secretmem(vma: vm_area_struct): boolean;
  /** Stops KSM from sharing pages of the range. 0 or a negative errno. */
  break_ksm(vma: vm_area_struct, start: number, end: number): number;
  /** Takes the address space in for KSM. 0 or a negative errno. */
  __ksm_enter(mm: mm_struct): number;
  /** Names anonymous memory, null for no name. 0 or a negative errno; -EINVAL without CONFIG_ANON_VMA_NAME. */
  /** Memory for a name, with one reference; null when there is none. */
  anon_vma_name_alloc(name: string): anon_vma_name | null;
  /** Gives a VMA another name, or none. 0, or -EINVAL where there are no names. */
  replace_anon_vma_name(vma: vm_area_struct, anon_name: anon_vma_name | null): number;
  /** Tells of pages about to be dropped. False when the lock was dropped for that. */
  userfaultfd_remove(vma: vm_area_struct, start: number, end: number): boolean;
  /** May the current task page out pages of the VMA's file? */
  can_do_file_pageout(vma: vm_area_struct): boolean;
  /** Makes huge pages of a range. 0 or a negative errno: there are none here. */
  madvise_collapse(vma: vm_area_struct, start: number, end: number): number;
  /** A line of the kernel's log. */
  pr_warn(text: string): void;
}

export interface CallStubs extends PageTableStubs, CallLockStubs, ForkStubs, AskStubs {}

function nothing(): void {}

/** @internal */
export const quietCallStubs: CallStubs = {
  tlb_gather_mmu_fullmm: nothing,
  __mm_populate: () => 0,
  populate_vma_page_range: () => 0,
  change_protection: () => 0,
  copy_page_range: () => 0,
  mlock_pages: nothing,
  prot_none_walk: () => 0,
  alloc_page: () => new page(),

  mmap_write_lock: nothing,
  mmap_write_lock_nested: nothing,
  mmap_read_lock: nothing,
  mmap_read_lock_killable: () => 0,

  allocate_mm: () => new mm_struct(),
  free_mm: nothing,
  mapping_rmap_tree_insert_after: nothing,
  dup_userfaultfd: () => 0,
  dup_userfaultfd_complete: nothing,
  dup_userfaultfd_fail: nothing,
  mremap_userfaultfd_prep: nothing,
  mremap_userfaultfd_complete: nothing,
  mremap_userfaultfd_fail: nothing,
  ksm_fork: nothing,
  khugepaged_fork: nothing,
  khugepaged_exit: nothing,
  mmu_notifier_release: nothing,
  arch_dup_mmap: () => 0,
  arch_exit_mmap: nothing,

  fget: () => null,
  security_mmap_file: () => 0,
  security_mmap_addr: () => 0,
  security_file_mprotect: () => 0,
  fsnotify_mmap_perm: () => 0,
  vma_is_secretmem: () => false,
  break_ksm: () => 0,
  __ksm_enter: () => 0,
  anon_vma_name_alloc: (name) => new anon_vma_name(name),
  replace_anon_vma_name: (_vma, anon_name) => (anon_name !== null ? -EINVAL : 0),
  userfaultfd_remove: () => true,
  can_do_file_pageout: () => true,
  madvise_collapse: () => -EINVAL,
  pr_warn: nothing,
};
