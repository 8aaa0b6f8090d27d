// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The `upstream` stubs: what tools/testing/vma/include/{stubs,custom}.h (Linux 7.3) do, no more. Most do nothing and
 * say yes; a few leave a trace that tests read.
 *
 * Deviation: unlink_anon_vmas() of a VMA without anon_vma does nothing, as in the kernel; the harness would fault.
 */

import { ULONG_MAX } from '../include/linux/limits.js';
import { PAGE_SIZE } from '../include/linux/mm.js';
import { anon_vma, anon_vma_chain, vm_area_struct } from '../include/mm_types.js';
import { quietCallStubs } from './calls.js';
import { describeVma, freed } from './freed.js';
import { globals } from './globals.js';
import type { Stubs } from './stubs.js';

/** A BUG_ON() that held: the code under test cannot go on. */
export class BugError extends Error {
  constructor(where: string, what: string) {
    super(`BUG: ${where}: ${what}`);
    this.name = 'BugError';
  }
}

function nothing(): void {}

function vma_start_write(vma: vm_area_struct): void {
  vma.vm_lock_seq = (vma.vm_lock_seq + 1) >>> 0;
}

function __anon_vma_prepare(vma: vm_area_struct): number {
  const fresh = new anon_vma();
  fresh.root = fresh;
  vma.anon_vma = fresh;
  return 0;
}

/** VMAs that the cache keeps for reuse: the capacity that vma_state_init() asks of the slab's per-CPU sheaf. */
const SHEAF_CAPACITY = 32;
/**
 * Those of the world in force.
 * @internal
 */
export const sheaf: { vmas: vm_area_struct[] } = { vmas: [] };

/** A VMA as its constructor makes it: one that was freed before, if there is one. */
function vm_area_cache_alloc(): vm_area_struct {
  const again = sheaf.vmas.pop();
  const vma = again ?? new vm_area_struct();
  again?.reset();
  if (globals.slab_store_user) freed.objects.allocated(vma);
  return vma;
}

function vm_area_cache_free(vma: vm_area_struct): void {
  const { objects } = freed;
  if (globals.slab_store_user) objects.add(vma, describeVma(vma), objects.placeOfAllocation(vma));
  else objects.addUntracked(vma);
  if (sheaf.vmas.length < SHEAF_CAPACITY) sheaf.vmas.push(vma);
}

export const upstreamStubs: Stubs = {
  ...quietCallStubs,

  vm_area_cache_create: () => {
    sheaf.vmas = [];
  },
  vm_area_cache_alloc,
  vm_area_cache_free,
  anon_vma_cache_alloc: () => new anon_vma(),
  anon_vma_cache_free: nothing,
  anon_vma_chain_cache_alloc: () => new anon_vma_chain(),
  anon_vma_chain_cache_free: nothing,
  vma_iter_prealloc_fails: () => false,

  warn: (where, what) => {
    console.error(`WARNING: ${where}: ${what}`);
  },
  bug: (where, what) => {
    throw new BugError(where, what);
  },
  pr_warn_once: (text) => {
    console.error(text);
  },

  mmap_assert_locked: nothing,
  mmap_assert_write_locked: nothing,
  mmap_write_lock_killable: () => 0,
  mmap_write_downgrade: nothing,
  mmap_read_unlock: nothing,
  mmap_write_unlock: nothing,
  vma_assert_write_locked: nothing,
  vma_start_write,
  vma_start_write_killable: (vma) => {
    vma_start_write(vma);
    return 0;
  },
  vma_lock_init: (vma, reset_refcnt) => {
    if (reset_refcnt) vma.vm_refcnt = 0;
  },
  i_mmap_lock_write: nothing,
  i_mmap_unlock_write: nothing,
  flush_dcache_mmap_lock: nothing,
  flush_dcache_mmap_unlock: nothing,
  anon_vma_lock_write: nothing,
  anon_vma_unlock_write: nothing,
  anon_vma_lock_read: nothing,
  anon_vma_unlock_read: nothing,
  down_write_nest_lock: nothing,
  rwsem_is_locked: () => false,
  spin_lock: nothing,
  spin_unlock: nothing,
  mutex_lock: nothing,
  mutex_unlock: nothing,
  mutex_is_locked: () => true,
  might_sleep: nothing,
  signal_pending: () => false,

  anon_vma_clone: (dst, src) => {
    if (src.anon_vma !== null) {
      dst.anon_vma = src.anon_vma;
      dst.anon_vma.was_cloned = true;
    }
    return 0;
  },
  unlink_anon_vmas: (vma) => {
    if (vma.anon_vma !== null) vma.anon_vma.was_unlinked = true;
  },
  anon_vma_prepare: (vma) => (vma.anon_vma !== null ? 0 : __anon_vma_prepare(vma)),
  __anon_vma_prepare,
  mapping_rmap_tree_insert: nothing,
  mapping_rmap_tree_remove: nothing,
  anon_rmap_tree_insert: nothing,
  anon_rmap_tree_remove: nothing,
  anon_rmap_tree_verify: nothing,

  call_hook: (ops, _name, hook, ...args) => Reflect.apply(hook, ops, args),

  get_file: (f) => f,
  fput: nothing,
  mapping_unmap_writable: nothing,
  mapping_writable_taken: nothing,
  mapping_can_writeback: () => true,
  shmem_file: () => false,
  shmem_zero_setup: () => 0,
  is_file_hugepages: () => false,

  vma_policy: () => null,
  mpol_equal: () => true,
  mpol_put: nothing,
  vma_dup_policy: () => 0,
  anon_vma_name: () => null,
  anon_vma_name_eq: () => true,
  dup_anon_vma_name: nothing,
  free_anon_vma_name: nothing,
  is_mergeable_vm_userfaultfd_ctx: () => true,
  vma_has_uffd_without_event_remap: () => false,
  userfaultfd_unmap_prep: () => 0,
  userfaultfd_unmap_complete: nothing,
  userfaultfd_wp: () => false,
  vma_numab_state_init: nothing,
  vma_numab_state_free: nothing,

  may_expand_vm: () => true,
  security_vm_enough_memory_mm: () => 0,
  vm_acct_memory: nothing,
  capable: () => true,
  rlimit: () => ULONG_MAX,
  can_modify_mm: () => true,
  arch_validate_flags: () => true,
  is_hugepage_only_range: () => false,

  tlb_gather_mmu: nothing,
  tlb_finish_mmu: nothing,
  unmap_vmas: nothing,
  free_pgtables: nothing,
  free_pgd_range: nothing,
  move_page_tables: () => 0,
  remap_pfn_range_ptes: () => 0,
  zap_vma_range: nothing,
  insert_kernel_pages: () => 0,
  lru_add_drain: nothing,
  update_hiwater_rss: nothing,
  update_hiwater_vm: nothing,
  vma_adjust_trans_huge: nothing,
  is_vm_hugetlb_page: () => false,
  hugetlb_split: nothing,
  fixup_hugetlb_reservations: nothing,
  vma_kernel_pagesize: () => PAGE_SIZE,
  khugepaged_enter_vma: nothing,
  ksm_vma_flags: (_mm, _file, vma_flags) => vma_flags,
  ksm_add_vma: nothing,
  ksm_execve: () => 0,
  ksm_exit: nothing,
  uprobe_mmap: nothing,
  uprobe_munmap: nothing,
  perf_event_mmap: nothing,
  arch_unmap: nothing,
  vma_soft_dirty_enabled: () => false,
  vma_supports_mlock: () => false,
  vma_is_dax: () => false,
  get_gate_vma: () => null,
};
