// SPDX-License-Identifier: GPL-2.0-only
/**
 * Files whose pages are in the page cache: filemap_fault(), filemap_page_mkwrite(), generic_file_mmap_prepare() of
 * mm/filemap.c, and of mm/truncate.c and mm/memory.c what a file that becomes shorter, or gets a hole, does to its
 * mappings (Linux 7.3).
 *
 * Deviations: what was never written reads as zeroes, and reading never fails; the cache keeps its pages.
 */
import { PAGE_ALIGN, PAGE_SIZE, PHYS_PFN, type pgoff_t } from '../../include/linux/mm.js';
import { type page, VM_FAULT_OOM, VM_FAULT_SIGBUS } from '../../include/linux/pagetable.js';
import type {
  address_space,
  vm_area_desc,
  vm_area_struct,
  vm_fault,
  vm_operations_struct,
} from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { missing } from '../bug.js';
import { vma_last_pgoff, vma_start_pgoff } from './inlines/range.js';
import { mapping_rmap_tree_iter_first, mapping_rmap_tree_iter_next } from './interval_tree.js';
import { clearEntry, entriesOf, folio_test_anon } from './page_tables.js';

/** The page of a file at an offset, read in if it has to be; null when out of memory. */
function readPage(mapping: address_space, pgoff: pgoff_t): page | null {
  const known = mapping.i_pages.get(pgoff);
  if (known !== undefined) return known;
  const fresh = stubs.alloc_page();
  if (fresh === null) return null;
  fresh.mapping = mapping;
  fresh.index = pgoff;
  mapping.i_pages.set(pgoff, fresh);
  return fresh;
}

/** The handler of faults on a file: its page, or VM_FAULT_SIGBUS past the end of the file. */
export function filemap_fault(vmf: vm_fault): number {
  const file = vmf.vma.vm_file ?? missing('filemap_fault', 'vma.vm_file');
  if (vmf.pgoff >= PHYS_PFN(PAGE_ALIGN(file.f_mapping.host.i_size))) return VM_FAULT_SIGBUS;
  vmf.page = readPage(file.f_mapping, vmf.pgoff);
  return vmf.page === null ? VM_FAULT_OOM : 0;
}

/** A page of the file is written to for the first time. */
export function filemap_page_mkwrite(vmf: vm_fault): number {
  const file = vmf.vma.vm_file ?? missing('filemap_page_mkwrite', 'vma.vm_file');
  return vmf.page?.mapping === file.f_mapping ? 0 : VM_FAULT_SIGBUS;
}

/** The hooks of a VMA of a file on a disk. */
export const generic_file_vm_ops: vm_operations_struct = Object.freeze({
  fault: filemap_fault,
  page_mkwrite: filemap_page_mkwrite,
});

/** The mmap_prepare hook of a file on a disk. */
export function generic_file_mmap_prepare(desc: vm_area_desc): number {
  desc.vm_ops = generic_file_vm_ops;
  return 0;
}

/** Unmaps the pages [first, last] of a file from one VMA; private copies stay where even_cows is not set. */
function unmapFrom(vma: vm_area_struct, first: pgoff_t, last: pgoff_t, even_cows: boolean): void {
  const { vm_mm: mm } = vma;
  if (mm === null) return;
  const from = Math.max(first, vma_start_pgoff(vma)) - vma_start_pgoff(vma);
  const to = Math.min(last, vma_last_pgoff(vma)) - vma_start_pgoff(vma) + 1;
  for (const [addr, pte] of entriesOf(mm, vma.vm_start + from * PAGE_SIZE, vma.vm_start + to * PAGE_SIZE)) {
    if (pte.guard || (pte.page !== null && folio_test_anon(pte.page) && !even_cows)) continue;
    clearEntry(mm, addr);
  }
}

/** Unmaps nr pages of a file from start on, wherever they are mapped. unmap_mapping_pages() of mm/memory.c. */
export function unmap_mapping_pages(mapping: address_space, start: pgoff_t, nr: number, even_cows: boolean): void {
  const last = start + nr - 1;
  let vma = mapping_rmap_tree_iter_first(mapping, start, last);
  while (vma !== null) {
    unmapFrom(vma, start, last, even_cows);
    vma = mapping_rmap_tree_iter_next(vma, start, last);
  }
}

/** Drops whole pages [start, end) of a file. */
function dropPages(mapping: address_space, start: pgoff_t, end: pgoff_t): void {
  for (const pgoff of [...mapping.i_pages.keys()]) if (pgoff >= start && pgoff < end) mapping.i_pages.delete(pgoff);
}

/** Sets the size of a file, in bytes; what lies past it is gone, from mappings too. truncate_setsize() of mm/truncate.c. */
export function truncate_setsize(mapping: address_space, newsize: number): void {
  const { i_size: oldsize } = mapping.host;
  mapping.host.i_size = newsize;
  if (newsize >= oldsize) return;
  const first = PHYS_PFN(PAGE_ALIGN(newsize));
  unmap_mapping_pages(mapping, first, Number.MAX_SAFE_INTEGER - first, true);
  dropPages(mapping, first, Infinity);
}

/** A hole of whole pages in a file, [start, end) in bytes: they read as zeroes from here on. */
export function truncate_pagecache_range(mapping: address_space, start: number, end: number): void {
  const [first, past] = [PHYS_PFN(PAGE_ALIGN(start)), PHYS_PFN(end)];
  if (past <= first) return;
  unmap_mapping_pages(mapping, first, past - first, false);
  dropPages(mapping, first, past);
}
