// SPDX-License-Identifier: GPL-2.0-only
/**
 * The world around the code under test, as one interface: what tools/testing/vma/include/{stubs,custom}.h (Linux 7.3)
 * stub or customise. The code calls `stubs.name(…)`, so a test replaces any of them: `sandbox.stub(stubs, 'name')`.
 *
 * Not here, because they are real in lib/: mmap_action_prepare, mmap_action_complete, mmap_file, vma_close, do_munmap,
 * remap_pfn_range_prepare, remap_pfn_range_complete (docs/upstream.md).
 */
import type { list_head } from '../include/linux/list.js';
import type { pagetable_move_control } from '../include/linux/pagetable_move.js';
import type {
  address_space,
  anon_vma,
  anon_vma_chain,
  anon_vma_name,
  file,
  mempolicy,
  mm_struct,
  mmu_gather,
  mutex,
  page,
  pgprot_t,
  rw_semaphore,
  spinlock_t,
  task_struct,
  vm_area_struct,
  vm_userfaultfd_ctx,
  vma_operation,
} from '../include/mm_types.js';
import type { unmap_desc } from '../include/vma.js';
import type { vm_flags_t, vma_flags_t } from '../include/vma_flags.js';
import type { CallStubs } from './calls.js';

/** Allocating and freeing the objects that the code under test makes. */
export interface SlabStubs {
  /** A new, empty cache of VMAs. */
  vm_area_cache_create(): void;
  /** Memory for a VMA, all fields as the constructor leaves them; null when there is none. */
  vm_area_cache_alloc(): vm_area_struct | null;
  vm_area_cache_free(vma: vm_area_struct): void;
  /** Memory for an anon_vma; null when there is none. */
  anon_vma_cache_alloc(): anon_vma | null;
  anon_vma_cache_free(anon_vma: anon_vma): void;
  /** Memory for a link between a VMA and an anon_vma; null when there is none. */
  anon_vma_chain_cache_alloc(): anon_vma_chain | null;
  anon_vma_chain_cache_free(avc: anon_vma_chain): void;
  /** Does a pre-allocation for the tree fail here? Beside globals.fail_prealloc, which fails all of them. */
  vma_iter_prealloc_fails(): boolean;
}

/** What a failed assertion of the code under test does. */
export interface ReportStubs {
  /** A WARN_ON() that holds. The run goes on. `where` names the function, `what` the condition. */
  warn(where: string, what: string): void;
  /** A BUG_ON() that holds. Never returns. */
  bug(where: string, what: string): never;
  pr_warn_once(text: string): void;
}

/** Locks and the assertions on them. */
export interface LockStubs {
  mmap_assert_locked(mm: mm_struct | null): void;
  mmap_assert_write_locked(mm: mm_struct | null): void;
  /** 0, or -EINTR when a fatal signal came first. */
  mmap_write_lock_killable(mm: mm_struct): number;
  mmap_write_downgrade(mm: mm_struct): void;
  mmap_read_unlock(mm: mm_struct): void;
  mmap_write_unlock(mm: mm_struct): void;
  vma_assert_write_locked(vma: vm_area_struct): void;
  vma_start_write(vma: vm_area_struct): void;
  /** 0, or a negative errno when a fatal signal came first. */
  vma_start_write_killable(vma: vm_area_struct): number;
  vma_lock_init(vma: vm_area_struct, reset_refcnt: boolean): void;
  i_mmap_lock_write(mapping: address_space): void;
  i_mmap_unlock_write(mapping: address_space): void;
  flush_dcache_mmap_lock(mapping: address_space): void;
  flush_dcache_mmap_unlock(mapping: address_space): void;
  anon_vma_lock_write(anon_vma: anon_vma): void;
  anon_vma_unlock_write(anon_vma: anon_vma): void;
  /** Part of validate_mm(), which the harness compiles out. */
  anon_vma_lock_read(anon_vma: anon_vma): void;
  anon_vma_unlock_read(anon_vma: anon_vma): void;
  down_write_nest_lock(sem: rw_semaphore, nest_lock: rw_semaphore): void;
  rwsem_is_locked(sem: rw_semaphore): boolean;
  spin_lock(lock: spinlock_t): void;
  spin_unlock(lock: spinlock_t): void;
  mutex_lock(lock: mutex): void;
  mutex_unlock(lock: mutex): void;
  mutex_is_locked(lock: mutex): boolean;
  might_sleep(): void;
  signal_pending(task: task_struct): boolean;
}

/** Reverse map: anon_vmas and interval trees. */
export interface RmapStubs {
  /** Negative errno on failure. */
  anon_vma_clone(dst: vm_area_struct, src: vm_area_struct, operation: vma_operation): number;
  unlink_anon_vmas(vma: vm_area_struct): void;
  anon_vma_prepare(vma: vm_area_struct): number;
  __anon_vma_prepare(vma: vm_area_struct): number;
  mapping_rmap_tree_insert(vma: vm_area_struct, mapping: address_space): void;
  mapping_rmap_tree_remove(vma: vm_area_struct, mapping: address_space): void;
  anon_rmap_tree_insert(avc: anon_vma_chain, anon_vma: anon_vma): void;
  anon_rmap_tree_remove(avc: anon_vma_chain, anon_vma: anon_vma): void;
  /** Part of validate_mm(): is the link where the VMA's range says? The harness compiles it out. */
  anon_rmap_tree_verify(avc: anon_vma_chain): void;
}

/** What drivers are called through. C calls a hook through its table; here a world may stand in between. */
export interface DriverStubs {
  /** Calls a hook of a table of hooks, by its name there. Returns what the hook returns. */
  call_hook<A extends readonly unknown[], R>(ops: object, name: string, hook: (...args: A) => R, ...args: A): R;
}

/** Files, page cache and the drivers behind it. */
export interface FileStubs {
  get_file(f: file): file;
  fput(f: file): void;
  mapping_unmap_writable(mapping: address_space): void;
  /** A writable shared mapping is about to be counted; upstream counts without a call. */
  mapping_writable_taken(mapping: address_space): void;
  mapping_can_writeback(mapping: address_space): boolean;
  shmem_file(f: file): boolean;
  shmem_zero_setup(vma: vm_area_struct): number;
  is_file_hugepages(f: file): boolean;
}

/** Memory policies, names and userfaultfd contexts: what merging compares besides the flags. */
export interface AttributeStubs {
  vma_policy(vma: vm_area_struct): mempolicy | null;
  mpol_equal(a: mempolicy | null, b: mempolicy | null): boolean;
  mpol_put(pol: mempolicy | null): void;
  /** Negative errno on failure. */
  vma_dup_policy(src: vm_area_struct, dst: vm_area_struct): number;
  anon_vma_name(vma: vm_area_struct): anon_vma_name | null;
  anon_vma_name_eq(a: anon_vma_name | null, b: anon_vma_name | null): boolean;
  dup_anon_vma_name(orig_vma: vm_area_struct, new_vma: vm_area_struct): void;
  free_anon_vma_name(vma: vm_area_struct): void;
  /** Will mremap() clear the userfaultfd context, because its owner did not ask to be told of moves? */
  vma_has_uffd_without_event_remap(vma: vm_area_struct): boolean;
  is_mergeable_vm_userfaultfd_ctx(vma: vm_area_struct, vm_ctx: vm_userfaultfd_ctx): boolean;
  /** Negative errno on failure. */
  userfaultfd_unmap_prep(vma: vm_area_struct, start: number, end: number, unmaps: list_head): number;
  userfaultfd_unmap_complete(mm: mm_struct, uf: list_head): void;
  userfaultfd_wp(vma: vm_area_struct): boolean;
  vma_numab_state_init(vma: vm_area_struct): void;
  vma_numab_state_free(vma: vm_area_struct): void;
}

/** Limits and permissions. */
export interface LimitStubs {
  may_expand_vm(mm: mm_struct, vma_flags: vma_flags_t, npages: number): boolean;
  /** Charges pages against the commit limit; negative errno when there is no room. */
  security_vm_enough_memory_mm(mm: mm_struct, pages: number): number;
  /** Adds pages, which may be negative, to the commit charge. */
  vm_acct_memory(pages: number): void;
  capable(cap: number): boolean;
  rlimit(limit: number): number;
  can_modify_mm(mm: mm_struct, start: number, end: number): boolean;
  arch_validate_flags(flags: vm_flags_t): boolean;
  is_hugepage_only_range(mm: mm_struct, addr: number, len: number): boolean;
}

/** Page tables, TLB, huge pages and whatever else watches a mapping come and go. */
export interface PageStubs {
  tlb_gather_mmu(tlb: mmu_gather, mm: mm_struct): void;
  tlb_finish_mmu(tlb: mmu_gather): void;
  unmap_vmas(tlb: mmu_gather, unmap: unmap_desc): void;
  free_pgtables(tlb: mmu_gather, unmap: unmap_desc): void;
  free_pgd_range(tlb: mmu_gather, addr: number, end: number, floor: number, ceiling: number): void;
  /** Bytes moved. */
  move_page_tables(pmc: pagetable_move_control): number;
  /** Writes the page table entries of a PFN range; negative errno on failure. The harness has no page tables. */
  remap_pfn_range_ptes(vma: vm_area_struct, addr: number, pfn: number, size: number, pgprot: pgprot_t): number;
  /** Clears what a range of page table entries maps; the harness has no page tables. */
  zap_vma_range(vma: vm_area_struct, address: number, size: number): void;
  /** Writes the page table entries of kernel pages; negative errno on failure. The harness has no page tables. */
  insert_kernel_pages(vma: vm_area_struct, start: number, pages: readonly page[], nr_pages: number): number;
  lru_add_drain(): void;
  update_hiwater_rss(mm: mm_struct): void;
  update_hiwater_vm(mm: mm_struct): void;
  vma_adjust_trans_huge(vma: vm_area_struct, start: number, end: number, next: vm_area_struct | null): void;
  is_vm_hugetlb_page(vma: vm_area_struct): boolean;
  hugetlb_split(vma: vm_area_struct, addr: number): void;
  fixup_hugetlb_reservations(vma: vm_area_struct): void;
  vma_kernel_pagesize(vma: vm_area_struct): number;
  khugepaged_enter_vma(vma: vm_area_struct, vm_flags: vm_flags_t): void;
  ksm_vma_flags(mm: mm_struct, file: file | null, vma_flags: vma_flags_t): vma_flags_t;
  ksm_add_vma(vma: vm_area_struct): void;
  ksm_execve(mm: mm_struct): number;
  ksm_exit(mm: mm_struct): void;
  uprobe_mmap(vma: vm_area_struct): void;
  uprobe_munmap(vma: vm_area_struct, start: number, end: number): void;
  perf_event_mmap(vma: vm_area_struct): void;
  arch_unmap(mm: mm_struct, start: number, end: number): void;
  vma_soft_dirty_enabled(vma: vm_area_struct): boolean;
  vma_supports_mlock(vma: vm_area_struct): boolean;
  vma_is_dax(vma: vm_area_struct): boolean;
  get_gate_vma(mm: mm_struct): vm_area_struct | null;
}

export interface Stubs
  extends SlabStubs,
    ReportStubs,
    LockStubs,
    RmapStubs,
    DriverStubs,
    FileStubs,
    AttributeStubs,
    LimitStubs,
    PageStubs,
    CallStubs {}
