// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What a driver calls, as the package exports it: the actions that an mmap_prepare hook asks for, and the layer by
 * which an mmap hook calls another file's. Functions of lib/mm/mmap_actions.ts and util.ts by the same names, with
 * numbers and VMAs checked. Addresses and sizes are in bytes, frames and offsets in pages. Each throws a RangeError for
 * a number that is none of these, a TypeError for a VMA that was freed or is none.
 */
import { checkUlong } from '../../include/check.js';
import type { file, mmap_action, page, vm_area_desc, vm_area_struct } from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { vma_desc_pages, vma_desc_size } from '../mm/inlines/range.js';
import * as actions from '../mm/mmap_actions.js';
import * as inner from '../mm/util.js';
import { checkFile, checkLive } from './guards.js';

export {
  can_mmap_file,
  mapping_allow_writable,
  mapping_map_writable,
  vfs_mmap_prepare,
  vma_set_file,
} from '../mm/inlines/mapping.js';
export {
  io_remap_pfn_range_prepare,
  map_kernel_pages_complete,
  map_kernel_pages_prepare,
  remap_pfn_range_complete,
  remap_pfn_range_prepare,
  simple_ioremap_prepare,
  vma_desc_is_cow_mapping,
} from '../mm/memory.js';
export { compat_set_vma_from_desc, mmap_action_prepare } from '../mm/util.js';

/**
 * Takes a reference on a file, as an mmap_prepare hook does that puts another file into `desc.vm_file`: the mapping has it
 * then, and drops it at its end. The file. get_file() of include/linux/fs.h.
 */
export function get_file(f: file): file {
  checkFile('get_file', f);
  return stubs.get_file(f);
}

/** Drops a reference that get_file() took. fput() of fs/file_table.c. */
export function fput(f: file): void {
  checkFile('fput', f);
  stubs.fput(f);
}

function checkRemap(start: number, start_pfn: number, size: number): void {
  checkUlong('mmap_action_remap', 'start', start);
  checkUlong('mmap_action_remap', 'start_pfn', start_pfn);
  checkUlong('mmap_action_remap', 'size', size);
  checkUlong('mmap_action_remap', 'start + size', start + size);
}

/**
 * Map page frames from start_pfn on at start, size bytes. Warns when that is not within the VMA. mmap_action_remap() of
 * include/linux/mm.h.
 */
export function mmap_action_remap(desc: vm_area_desc, start: number, start_pfn: number, size: number): void {
  checkRemap(start, start_pfn, size);
  actions.mmap_action_remap(desc, start, start_pfn, size);
}

/** mmap_action_remap() of device memory. mmap_action_ioremap() of include/linux/mm.h. */
export function mmap_action_ioremap(desc: vm_area_desc, start: number, start_pfn: number, size: number): void {
  checkRemap(start, start_pfn, size);
  actions.mmap_action_ioremap(desc, start, start_pfn, size);
}

/** mmap_action_remap() over the whole VMA. mmap_action_remap_full() of include/linux/mm.h. */
export function mmap_action_remap_full(desc: vm_area_desc, start_pfn: number): void {
  checkRemap(desc.start, start_pfn, vma_desc_size(desc));
  actions.mmap_action_remap_full(desc, start_pfn);
}

/** mmap_action_ioremap() over the whole VMA. mmap_action_ioremap_full() of include/linux/mm.h. */
export function mmap_action_ioremap_full(desc: vm_area_desc, start_pfn: number): void {
  checkRemap(desc.start, start_pfn, vma_desc_size(desc));
  actions.mmap_action_ioremap_full(desc, start_pfn);
}

/**
 * Map device memory of size bytes at physical address start_phys_addr; the VMA's page offset counts from there.
 * mmap_action_simple_ioremap() of include/linux/mm.h.
 */
export function mmap_action_simple_ioremap(desc: vm_area_desc, start_phys_addr: number, size: number): void {
  checkUlong('mmap_action_simple_ioremap', 'start_phys_addr', start_phys_addr);
  checkUlong('mmap_action_simple_ioremap', 'size', size);
  actions.mmap_action_simple_ioremap(desc, start_phys_addr, size);
}

function checkKernelPages(start: number, nr_pages: number): void {
  checkUlong('mmap_action_map_kernel_pages', 'start', start);
  checkUlong('mmap_action_map_kernel_pages', 'nr_pages', nr_pages);
}

/** Map the first nr_pages of the kernel's pages from start on. mmap_action_map_kernel_pages() of include/linux/mm.h. */
export function mmap_action_map_kernel_pages(desc: vm_area_desc, start: number, pages: page[], nr_pages: number): void {
  checkKernelPages(start, nr_pages);
  actions.mmap_action_map_kernel_pages(desc, start, pages, nr_pages);
}

/** Drops the file's rmap lock, if the action had it held until now. maybe_rmap_unlock_action() of mm/internal.h. */
export function maybe_rmap_unlock_action(vma: vm_area_struct, action: mmap_action): void {
  checkLive('maybe_rmap_unlock_action', 'vma', vma);
  inner.maybe_rmap_unlock_action(vma, action);
}

/**
 * Carries the action out and calls the mapped hook. 0, or a negative errno; then the VMA is unmapped already, unless
 * is_compat. mmap_action_complete() of tools/testing/vma/include/stubs.h.
 */
export function mmap_action_complete(vma: vm_area_struct, action: mmap_action, is_compat: boolean): number {
  checkLive('mmap_action_complete', 'vma', vma);
  return inner.mmap_action_complete(vma, action, is_compat);
}

/**
 * Describes a VMA that exists, for an mmap hook that nests an mmap_prepare hook. compat_set_desc_from_vma() of
 * tools/testing/vma/include/dup.h.
 */
export function compat_set_desc_from_vma(desc: vm_area_desc, file: file, vma: vm_area_struct): void {
  checkLive('compat_set_desc_from_vma', 'vma', vma);
  inner.compat_set_desc_from_vma(desc, file, vma);
}

/**
 * Applies a description, on which mmap_prepare has been called, to its VMA: action and mapped hook included.
 * __compat_vma_mmap() of tools/testing/vma/include/dup.h.
 */
export function __compat_vma_mmap(desc: vm_area_desc, vma: vm_area_struct): number {
  checkLive('__compat_vma_mmap', 'vma', vma);
  return inner.__compat_vma_mmap(desc, vma);
}

/**
 * Calls file's mmap_prepare on a VMA that exists, from an outer file's mmap hook. 0 or a negative errno.
 * compat_vma_mmap() of tools/testing/vma/include/dup.h.
 */
export function compat_vma_mmap(file: file, vma: vm_area_struct): number {
  checkLive('compat_vma_mmap', 'vma', vma);
  return inner.compat_vma_mmap(file, vma);
}

/**
 * Calls the file's mmap hook, or by way of the compatibility layer its mmap_prepare. 0 or a negative errno. vfs_mmap()
 * of tools/testing/vma/include/dup.h.
 */
export function vfs_mmap(file: file, vma: vm_area_struct): number {
  checkLive('vfs_mmap', 'vma', vma);
  return inner.vfs_mmap(file, vma);
}

/**
 * vfs_mmap(); after an error none of the VMA's hooks is called any more. mmap_file() of
 * tools/testing/vma/include/stubs.h.
 */
export function mmap_file(file: file, vma: vm_area_struct): number {
  checkLive('mmap_file', 'vma', vma);
  return inner.mmap_file(file, vma);
}

/**
 * mmap_action_map_kernel_pages() over the whole VMA; there must be a page for each of its pages.
 * mmap_action_map_kernel_pages_full() of include/linux/mm.h.
 */
export function mmap_action_map_kernel_pages_full(desc: vm_area_desc, pages: page[]): void {
  checkKernelPages(desc.start, vma_desc_pages(desc));
  actions.mmap_action_map_kernel_pages_full(desc, pages);
}
