// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an mmap_prepare hook calls to ask for an action once its VMA exists. Port of the mmap_action_*() inlines of
 * include/linux/mm.h (Linux 7.3).
 */
import {
  MMAP_IO_REMAP_PFN,
  MMAP_MAP_KERNEL_PAGES,
  MMAP_REMAP_PFN,
  MMAP_SIMPLE_IO_REMAP,
  type page,
  type vm_area_desc,
} from '../../include/mm_types.js';
import { WARN_ON_ONCE } from '../bug.js';
import { vma_desc_pages, vma_desc_size } from './inlines/range.js';

/** Map page frames from start_pfn on at start, size bytes. */
export function mmap_action_remap(desc: vm_area_desc, start: number, start_pfn: number, size: number): void {
  WARN_ON_ONCE(start < desc.start || start >= desc.end, 'mmap_action_remap', 'start is outside the VMA');
  WARN_ON_ONCE(start + size > desc.end, 'mmap_action_remap', 'the range ends outside the VMA');

  const { action } = desc;
  action.type = MMAP_REMAP_PFN;
  action.remap.start = start;
  action.remap.start_pfn = start_pfn;
  action.remap.size = size;
  action.remap.pgprot = desc.page_prot;
}

/** mmap_action_remap() over the whole VMA. */
export function mmap_action_remap_full(desc: vm_area_desc, start_pfn: number): void {
  mmap_action_remap(desc, desc.start, start_pfn, vma_desc_size(desc));
}

/** mmap_action_remap() of device memory. */
export function mmap_action_ioremap(desc: vm_area_desc, start: number, start_pfn: number, size: number): void {
  mmap_action_remap(desc, start, start_pfn, size);
  desc.action.type = MMAP_IO_REMAP_PFN;
}

/** mmap_action_ioremap() over the whole VMA. */
export function mmap_action_ioremap_full(desc: vm_area_desc, start_pfn: number): void {
  mmap_action_ioremap(desc, desc.start, start_pfn, vma_desc_size(desc));
}

/** Map device memory of size bytes at physical address start_phys_addr; the VMA's page offset counts from there. */
export function mmap_action_simple_ioremap(desc: vm_area_desc, start_phys_addr: number, size: number): void {
  const { action } = desc;
  action.simple_ioremap.start_phys_addr = start_phys_addr;
  action.simple_ioremap.size = size;
  action.type = MMAP_SIMPLE_IO_REMAP;
}

/** Map the first nr_pages of the kernel's pages from start on. */
export function mmap_action_map_kernel_pages(desc: vm_area_desc, start: number, pages: page[], nr_pages: number): void {
  const { action } = desc;
  action.type = MMAP_MAP_KERNEL_PAGES;
  action.map_kernel.start = start;
  action.map_kernel.pages = pages;
  action.map_kernel.nr_pages = nr_pages;
  action.map_kernel.pgoff = desc.pgoff;
}

/** mmap_action_map_kernel_pages() over the whole VMA; there must be a page for each of its pages. */
export function mmap_action_map_kernel_pages_full(desc: vm_area_desc, pages: page[]): void {
  mmap_action_map_kernel_pages(desc, desc.start, pages, vma_desc_pages(desc));
}
