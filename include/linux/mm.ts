// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages, limits of the address space, and the arithmetic on addresses. Addresses are doubles once they pass 2^31, so
 * the bit operators, which work on 32 bits, never touch one: these helpers do.
 */

export type pgoff_t = number;

export const PAGE_SHIFT = 12;
/** Bytes in a page. */
export const PAGE_SIZE = 4096;
/** Bytes that one page of page tables maps. */
export const PMD_SIZE = 512 * PAGE_SIZE;

/** End of user space in the harness: the last page below 2^47 stays out. */
export const TASK_SIZE = 2 ** 47 - PAGE_SIZE;
export const DEFAULT_MAP_WINDOW = 2 ** 47 - PAGE_SIZE;
export const TASK_SIZE_LOW = DEFAULT_MAP_WINDOW;
export const TASK_SIZE_MAX = DEFAULT_MAP_WINDOW;
export const STACK_TOP = TASK_SIZE_LOW;
export const STACK_TOP_MAX = TASK_SIZE_MAX;
export const FIRST_USER_ADDRESS = 0;
/** 0 stands for "no ceiling", as on x86. */
export const USER_PGTABLES_CEILING = 0;
/** Bytes of a pointer. */
export const SIZEOF_VOID_P = 8;

export const CONFIG_DEFAULT_MMAP_MIN_ADDR = 65536;
export const MAPCOUNT_ELF_CORE_MARGIN = 5;
export const DEFAULT_MAX_MAP_COUNT = 0xffff - MAPCOUNT_ELF_CORE_MARGIN;

export const RLIMIT_STACK = 3;
export const RLIMIT_MEMLOCK = 8;
export const CAP_IPC_LOCK = 14;
export const TASK_COMM_LEN = 16;
export const READ_IMPLIES_EXEC = 0x0400000;

/** Bits of mm_struct::flags. KSM may merge pages of it. */
export const MMF_VM_MERGEABLE = 16;
/** It is going away: it must not be searched for memory, and what is read from it may be wrong. */
export const MMF_OOM_SKIP = 21;
export const MMF_UNSTABLE = 22;
/** No huge pages, but for where they are advised; and none at all. */
export const MMF_DISABLE_THP_EXCEPT_ADVISED = 23;
export const MMF_DISABLE_THP_COMPLETELY = 24;
/** Memory-deny-write-execute is on; and a child does not inherit it. */
export const MMF_HAS_MDWE = 28;
export const MMF_HAS_MDWE_NO_INHERIT = 29;
/** KSM may merge all that can be merged. */
export const MMF_VM_MERGE_ANY = 30;
/** Room is searched from the top down. */
export const MMF_TOPDOWN = 31;
/** Bit of address_space::flags: taken by mm_take_all_locks(). */
export const AS_MM_ALL_LOCKS = 2;
export const VMA_LOCK_OFFSET = 0x40000000;
export const VM_UNMAPPED_AREA_TOPDOWN = 1;

/** Bytes past the start of the page that p lies in. */
export function offset_in_page(p: number): number {
  return p - Math.floor(p / PAGE_SIZE) * PAGE_SIZE;
}

/** Number of the page that address or size x falls in. */
export function PHYS_PFN(x: number): number {
  return Math.floor(x / PAGE_SIZE);
}

/** Rounded up to whole pages. */
export function PAGE_ALIGN(x: number): number {
  return Math.ceil(x / PAGE_SIZE) * PAGE_SIZE;
}

/** Rounded down to whole pages; `x & PAGE_MASK` in C. */
export function PAGE_ALIGN_DOWN(x: number): number {
  return Math.floor(x / PAGE_SIZE) * PAGE_SIZE;
}
