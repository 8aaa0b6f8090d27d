// SPDX-License-Identifier: GPL-2.0
/**
 * /proc/PID/pagemap: what is mapped, page by page. Port of pte_to_pagemap_entry() and make_pme() of fs/proc/task_mmu.c
 * (Linux 7.3).
 *
 * Deviations: pages have no frame numbers; no swap, huge pages, soft-dirty bits, userfaultfd markers. As many entries as
 * are asked for are returned, as bigints, rather than read from a file.
 */
import { PAGE_SIZE, TASK_SIZE } from '../../../include/linux/mm.js';
import type { pte_t } from '../../../include/linux/pagetable.js';
import type { mm_struct } from '../../../include/mm_types.js';
import { empty_zero_page, folio_test_anon } from '../../mm/page_tables.js';

/** Bits of an entry. */
export const PM_MMAP_EXCLUSIVE = 1n << 56n;
export const PM_GUARD_REGION = 1n << 58n;
export const PM_FILE = 1n << 61n;
export const PM_SWAP = 1n << 62n;
export const PM_PRESENT = 1n << 63n;

/** One entry. A marker is a swap entry in C, and is told as one. */
function pte_to_pagemap_entry({ page, guard }: pte_t): bigint {
  if (guard) return PM_SWAP | PM_GUARD_REGION;
  // Neither device memory nor the zero page is anybody's.
  if (page === null || page === empty_zero_page) return PM_PRESENT;
  const file = folio_test_anon(page) ? 0n : PM_FILE;
  return PM_PRESENT | file | (page._mapcount === 1 ? PM_MMAP_EXCLUSIVE : 0n);
}

/** The entries for pages from the one of start on; fewer where the address space ends. */
export function pagemap_read(mm: mm_struct, start: number, pages: number): bigint[] {
  const entries: bigint[] = [];
  for (let addr = start; entries.length < pages && addr < TASK_SIZE; addr += PAGE_SIZE) {
    const pte = mm.pgd?.get(addr);
    entries.push(pte === undefined ? 0n : pte_to_pagemap_entry(pte));
  }
  return entries;
}
