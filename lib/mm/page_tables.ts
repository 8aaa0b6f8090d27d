// SPDX-License-Identifier: GPL-2.0-only
/**
 * What happens to the pages of a range: moved, dropped, shared with a child, protected. After mm/memory.c, mm/mremap.c
 * and mm/mprotect.c (Linux 7.3), on the page model: an address space has one flat table (mm_struct::pgd), with entries
 * of pages and guard markers. One without a table, as all are in the harness, has nothing to move.
 *
 * Deviations: no huge pages, no swap, no TLB, no userfaultfd markers; memory for tables never runs out by itself.
 */
import { PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import { page, pte_t } from '../../include/linux/pagetable.js';
import type { pagetable_move_control } from '../../include/linux/pagetable_move.js';
import { anon_vma, type mm_struct, type vm_area_struct } from '../../include/mm_types.js';
import type { unmap_desc } from '../../include/vma.js';
import { VM_COPY_ON_FORK, VM_SHARED, VM_WRITE } from '../../include/vma_flags.js';
import { missing } from '../bug.js';
import { vma_is_cow_mapping } from './inlines/flag_operations.js';

/** What private memory that was only read shows: zeroes. All have this one page, so its entries are not counted. */
export const empty_zero_page: page = Object.freeze(new page());

/** Gives a page the content of another: zeroes, if there is none. copy_user_highpage() of include/linux/highmem.h. */
export function copy_user_highpage(to: page, from: page | null): void {
  to.data = from?.data ?? 0;
  to.bytes = from?.bytes?.slice() ?? null;
}

/** Gives an address space its page tables. */
export function mm_alloc_pgd(mm: mm_struct): void {
  mm.pgd ??= new Map();
}

/** Is it a page of anonymous memory, or the private copy of one of a file? */
export function folio_test_anon(page: page): boolean {
  return page.mapping instanceof anon_vma;
}

/**
 * The entries of [start, end), in the order of their addresses.
 * @internal
 */
export function entriesOf(mm: mm_struct, start: number, end: number): [number, pte_t][] {
  const { pgd } = mm;
  const found: [number, pte_t][] = [];
  if (pgd === null || pgd.size === 0) return found;
  if (PHYS_PFN(end - start) <= pgd.size) {
    for (let addr = start; addr < end; addr += PAGE_SIZE) {
      const pte = pgd.get(addr);
      if (pte !== undefined) found.push([addr, pte]);
    }
    return found;
  }
  for (const [addr, pte] of pgd) if (addr >= start && addr < end) found.push([addr, pte]);
  return found.sort(([a], [b]) => a - b);
}

/** One entry more of a page, or one less. */
function countEntry({ page }: pte_t, by: 1 | -1): void {
  if (page !== null && page !== empty_zero_page) page._mapcount += by;
}

/**
 * Maps something at an address, in place of what is there.
 * @internal
 */
export function setEntry(mm: mm_struct, addr: number, pte: pte_t): void {
  const pgd = mm.pgd ?? missing('set_pte_at', 'mm.pgd');
  clearEntry(mm, addr);
  countEntry(pte, 1);
  pgd.set(addr, pte);
}

/**
 * Unmaps what is at an address, if anything is.
 * @internal
 */
export function clearEntry(mm: mm_struct, addr: number): void {
  const pte = mm.pgd?.get(addr);
  if (pte === undefined) return;
  countEntry(pte, -1);
  mm.pgd?.delete(addr);
}

/** Unmaps all of [start, end), guard markers too if they are to go. */
function zapRange(mm: mm_struct, start: number, end: number, dropsMarkers: boolean): void {
  for (const [addr, pte] of entriesOf(mm, start, end)) if (dropsMarkers || !pte.guard) clearEntry(mm, addr);
}

/** Unmaps the pages of a range of one VMA; guard markers stay. zap_vma_range() of mm/memory.c. */
export function zap_vma_range(vma: vm_area_struct, address: number, size: number): void {
  const mm = vma.vm_mm ?? missing('zap_vma_range', 'vma.vm_mm');
  zapRange(mm, address, address + size, false);
}

/** Unmaps all that the VMAs about to go have in the range. unmap_vmas() of mm/memory.c. */
export function unmap_vmas(unmap: unmap_desc): void {
  const { vm_mm: mm } = unmap.first;
  if (mm !== null) zapRange(mm, unmap.vma_start, unmap.vma_end, true);
}

/** Maps device memory, of which there are only frame numbers. 0. remap_pfn_range()'s part of mm/memory.c. */
export function remap_pfn_range_ptes(vma: vm_area_struct, addr: number, size: number): number {
  insertPages(
    vma,
    addr,
    Array.from({ length: PHYS_PFN(size) }, () => null),
  );
  return 0;
}

/** Maps the kernel's own pages. 0. insert_pages() of mm/memory.c. */
export function insert_kernel_pages(vma: vm_area_struct, start: number, pages: readonly page[]): number {
  insertPages(vma, start, pages);
  return 0;
}

function insertPages(vma: vm_area_struct, start: number, pages: readonly (page | null)[]): void {
  const mm = vma.vm_mm ?? missing('insert_pages', 'vma.vm_mm');
  if (mm.pgd === null) return;
  const write = (vma.vm_flags & VM_WRITE) !== 0n && (vma.vm_flags & VM_SHARED) !== 0n;
  for (const [i, page] of pages.entries()) setEntry(mm, start + i * PAGE_SIZE, new pte_t(page, write));
}

/** Must a fork copy the entries, because the child's faults could not find their pages again? */
function vma_needs_copy(dst_vma: vm_area_struct, src_vma: vm_area_struct): boolean {
  return (dst_vma.vm_flags & VM_COPY_ON_FORK) !== 0n || src_vma.anon_vma !== null;
}

/** The entry that parent and child have from a fork on: neither writes a private page without a fault. */
function forkedEntry(pte: pte_t, is_cow: boolean): pte_t {
  if (is_cow) pte.write = false;
  if (pte.page !== null && folio_test_anon(pte.page)) pte.page.anon_exclusive = false;
  return new pte_t(pte.page, pte.write, pte.guard);
}

/** A fork: the child has the pages of the parent until one of them writes. 0. copy_page_range() of mm/memory.c. */
export function copy_page_range(dst_vma: vm_area_struct, src_vma: vm_area_struct): number {
  const dst_mm = dst_vma.vm_mm ?? missing('copy_page_range', 'dst_vma.vm_mm');
  const src_mm = src_vma.vm_mm ?? missing('copy_page_range', 'src_vma.vm_mm');

  if (src_mm.pgd === null) return 0;
  mm_alloc_pgd(dst_mm);
  if (!vma_needs_copy(dst_vma, src_vma)) return 0;

  const is_cow = vma_is_cow_mapping(src_vma);
  for (const [addr, pte] of entriesOf(src_mm, src_vma.vm_start, src_vma.vm_end)) {
    setEntry(dst_mm, addr, forkedEntry(pte, is_cow));
  }
  return 0;
}

/**
 * Gives the pages of [start, end) the protection that the VMA has by now; whether one may be written is left to its next
 * fault. Returns the pages that there were. change_protection() of mm/mprotect.c.
 */
export function change_protection(vma: vm_area_struct, start: number, end: number): number {
  const mm = vma.vm_mm ?? missing('change_protection', 'vma.vm_mm');
  let pages = 0;
  for (const [, pte] of entriesOf(mm, start, end)) {
    if (pte.guard) continue;
    pte.write = pte.write && (vma.vm_flags & VM_WRITE) !== 0n;
    pages++;
  }
  return pages;
}

/**
 * Moves the entries of a range to another place, whence their pages stay what the reverse map knows them by. Returns
 * the bytes that were gone through. move_page_tables() of mm/mremap.c.
 */
export function move_page_tables(pmc: pagetable_move_control): number {
  const mm = pmc.old.vm_mm ?? missing('move_page_tables', 'pmc.old.vm_mm');
  const by = pmc.new_addr - pmc.old_addr;
  const moved = entriesOf(mm, pmc.old_addr, pmc.old_end);

  // A stack may move over itself: all is taken out before any of it is put back.
  for (const [addr] of moved) mm.pgd?.delete(addr);
  for (const [addr, pte] of moved) {
    clearEntry(mm, addr + by);
    mm.pgd?.set(addr + by, pte);
  }
  return pmc.len_in;
}
