// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The variables that tools/testing/vma/shared.c and main.c (Linux 7.3) define: limits, the current task, the dummies
 * that tests share. An ES module cannot let others assign to its exports, so those that tests change are fields of
 * `globals`.
 */
import { CONFIG_DEFAULT_MMAP_MIN_ADDR, DEFAULT_MAX_MAP_COUNT, PAGE_SIZE } from '../include/linux/mm.js';
import { anon_vma, type mm_struct, task_struct, type vm_operations_struct } from '../include/mm_types.js';
import { OVERCOMMIT_GUESS } from '../include/uapi/mman.js';

/** Everything that a test may set, as the harness starts with it. The world that a test runs in puts it back. */
export class Globals {
  /** Makes vma_iter_prealloc() fail with -ENOMEM. */
  fail_prealloc = false;
  /** Lowest address that a search for an unmapped area, or a growing stack, may reach. Bytes. */
  mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
  dac_mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
  /** Bytes kept free below a stack. */
  stack_guard_gap = 256 * PAGE_SIZE;
  /** Most VMAs an address space may have. */
  sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;
  /** OVERCOMMIT_*: how commit charges are refused. This and the rest up to shmem_huge: the harness has no such thing. */
  sysctl_overcommit_memory: number = OVERCOMMIT_GUESS;
  /** Percent of the memory that may be committed under OVERCOMMIT_NEVER, unless sysctl_overcommit_kbytes says how much. */
  sysctl_overcommit_ratio = 50;
  sysctl_overcommit_kbytes = 0;
  /** Kilobytes kept back for a user, and for the administrator, to clean up with. */
  sysctl_user_reserve_kbytes = 131072;
  sysctl_admin_reserve_kbytes = 8192;
  /** Pages of memory, and of swap. */
  totalram_pages = 4 * 1024 * 1024;
  total_swap_pages = 0;
  /** Pages committed, by all processes. */
  vm_committed_as = 0;
  /** Boot option: RLIMIT_DATA is only warned of. */
  ignore_rlimit_data = false;
  /** Do new processes search for room from the bottom up? */
  sysctl_legacy_va_layout = false;
  /**
   * TASK_EXEC without READ_IMPLIES_EXEC: is a heap executable? It is in the harness's configuration, not on x86-64, so
   * the world of a process turns it off.
   */
  task_exec = true;
  /** Is shared anonymous memory placed for huge pages? */
  shmem_huge = false;
  /**
   * Does validate_mm() check the whole address space after each change? Upstream compiles that out
   * (CONFIG_DEBUG_VM_MAPLE_TREE); here it is on unless a benchmark or a long replay turns it off.
   */
  debug_vm_maple_tree = true;
  /**
   * Does the VMA cache of the upstream stubs record where each VMA was allocated and freed? SLUB's SLAB_STORE_USER; a
   * benchmark or a long replay turns it off.
   */
  slab_store_user = true;
}

export const globals = new Globals();

/** The running task: `current` in the kernel. */
export const current = new task_struct();

/**
 * current->mm where an operation cannot do without one. Throws, where C would fault, when there is none.
 * @internal
 */
export function currentMm(fn: string): mm_struct {
  if (current.mm === null) throw new TypeError(`${fn}: current.mm = null: no address space to work on`);
  return current.mm;
}

/** The hooks of a VMA that has none of its own; told from anonymous memory by not being null. */
export const vma_dummy_vm_ops: vm_operations_struct = Object.freeze({});

/** An anon_vma for tests that only compare and count. */
export const dummy_anon_vma = new anon_vma();

/** Forgets that dummy_anon_vma was cloned or unlinked. */
export function reset_dummy_anon_vma(): void {
  dummy_anon_vma.was_cloned = false;
  dummy_anon_vma.was_unlinked = false;
}
