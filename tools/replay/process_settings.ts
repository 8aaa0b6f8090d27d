// SPDX-License-Identifier: GPL-2.0-only
/** What a trace of system calls can set of the machine, and have fail, by name. */
import type { Globals, Stubs } from '../../stubs/index.js';

/** What `sysctl` sets: a field of the globals for each. */
const KNOB_FIELDS = {
  overcommit_memory: 'sysctl_overcommit_memory',
  overcommit_ratio: 'sysctl_overcommit_ratio',
  overcommit_kbytes: 'sysctl_overcommit_kbytes',
  user_reserve_kbytes: 'sysctl_user_reserve_kbytes',
  admin_reserve_kbytes: 'sysctl_admin_reserve_kbytes',
  totalram_pages: 'totalram_pages',
  total_swap_pages: 'total_swap_pages',
  max_map_count: 'sysctl_max_map_count',
  mmap_min_addr: 'mmap_min_addr',
  dac_mmap_min_addr: 'dac_mmap_min_addr',
  stack_guard_gap: 'stack_guard_gap',
  shmem_huge: 'shmem_huge',
  legacy_va_layout: 'sysctl_legacy_va_layout',
} as const satisfies Record<string, keyof Globals>;

export const KNOBS: readonly string[] = Object.keys(KNOB_FIELDS);

/** The knobs of the machine as they are. */
export function knobsOf(globals: Globals): Map<string, number> {
  return new Map(Object.entries(KNOB_FIELDS).map(([knob, field]) => [knob, Number(globals[field])]));
}

/** Sets a knob of the machine. */
export function setKnob(globals: Globals, knob: string, value: number): void {
  if (!(knob in KNOB_FIELDS)) throw new RangeError(`sysctl: '${knob}': there is none`);
  const field: string = Reflect.get(KNOB_FIELDS, knob);
  Reflect.set(globals, field, typeof Reflect.get(globals, field) === 'boolean' ? value !== 0 : value);
}

/**
 * What is told after `calls 1`: who is told of a change, and which locks are dropped. These are stubs of the harness that
 * the C side has too.
 */
export const TOLD_CALLS: readonly (keyof Stubs)[] = [
  ...(['vma_start_write', 'khugepaged_enter_vma', 'perf_event_mmap', 'uprobe_mmap', 'uprobe_munmap'] as const),
  ...(['vma_adjust_trans_huge', 'hugetlb_split', 'fixup_hugetlb_reservations', 'userfaultfd_unmap_prep'] as const),
  ...(['userfaultfd_unmap_complete', 'tlb_gather_mmu', 'tlb_finish_mmu', 'free_pgd_range', 'lru_add_drain'] as const),
  ...(['update_hiwater_rss', 'mmap_write_unlock', 'mmap_read_unlock', 'mmap_write_downgrade'] as const),
  ...(['i_mmap_lock_write', 'i_mmap_unlock_write', 'anon_vma_lock_write', 'anon_vma_unlock_write'] as const),
  ...(['vma_numab_state_init', 'vma_numab_state_free', 'mpol_put', 'arch_unmap'] as const),
];

/** What `fail` can make fail: calls for memory, most of them, and locks that a signal ends the wait for. */
export const FAILING: readonly string[] = [
  ...['vm_area_alloc', 'anon_vma_alloc', 'anon_vma_chain_alloc', 'vma_iter_prealloc', 'alloc_page', 'allocate_mm'],
  ...['anon_vma_name_alloc', 'copy_page_range', 'move_page_tables', '__ksm_enter', 'shmem_zero_setup'],
  ...['mmap_write_lock_killable', 'mmap_read_lock_killable', 'vma_start_write_killable'],
];
