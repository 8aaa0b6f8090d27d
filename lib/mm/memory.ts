// SPDX-License-Identifier: GPL-2.0-only
/**
 * The VMA side of mapping page frames and kernel pages. Port of vma_desc_is_cow_mapping(),
 * get_remap_pgoff(), remap_pfn_range_internal(), remap_pfn_range_notrack(), remap_pfn_range_prepare(), remap_pfn_range_complete(), __simple_ioremap_prep(),
 * simple_ioremap_prepare(), map_kernel_pages_prepare(), map_kernel_pages_complete() of mm/memory.c and
 * include/linux/mm.h, and of io_remap_pfn_range_prepare(), mm/internal.h (Linux 7.3).
 *
 * Deviations: page tables are the stub world's (stubs.remap_pfn_range_ptes, stubs.insert_kernel_pages), so that a test
 * can make them fail; no PFN tracking; protections are never encrypted, so pgprot_decrypted() is left out.
 */
import { EFAULT, EINVAL } from '../../include/linux/errno.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { offset_in_page, PAGE_ALIGN, PAGE_SIZE, PHYS_PFN, type pgoff_t } from '../../include/linux/mm.js';
import {
  MMAP_REMAP_PFN,
  type mmap_action,
  type pgprot_t,
  type vm_area_desc,
  type vm_area_struct,
} from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VMA_MIXEDMAP_BIT, VMA_PFNMAP_BIT, VMA_REMAP_FLAGS } from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { BUG_ON, VM_WARN_ON_ONCE, WARN_ON_ONCE } from '../bug.js';
import {
  vma_desc_set_flags,
  vma_desc_set_flags_mask,
  vma_desc_test,
  vma_flags_is_cow_mapping,
  vma_test_all_mask,
} from './inlines/flag_operations.js';
import { range_in_vma_desc, vma_desc_size } from './inlines/range.js';
import { mmap_action_ioremap_full } from './mmap_actions.js';

/** Will the VMA described be private, and writable now or later, so that its pages are copied on write? */
export function vma_desc_is_cow_mapping(desc: vm_area_desc): boolean {
  return vma_flags_is_cow_mapping(desc.vma_flags);
}

/**
 * In a copy-on-write mapping a page that was not copied is told by its frame number, which must follow from the page
 * offset: so the whole VMA is remapped, and its offset becomes the first frame. 0 or -EINVAL.
 */
function get_remap_pgoff(
  is_cow: boolean,
  addr: number,
  end: number,
  vm_start: number,
  vm_end: number,
  pfn: number,
  vm_pgoff: Ref<pgoff_t>,
): number {
  if (!is_cow) return 0;
  if (addr !== vm_start || end !== vm_end) return -EINVAL;

  vm_pgoff.value = pfn;
  return 0;
}

/**
 * Checks the range of a remap and sets the flags of one in the description. 0, -EFAULT outside the VMA, -EINVAL for a
 * part of a private one.
 */
export function remap_pfn_range_prepare(desc: vm_area_desc): number {
  const { start, size, start_pfn } = desc.action.remap;
  const end = start + size;

  if (!range_in_vma_desc(desc, start, end)) return -EFAULT;

  const pgoff = new Ref(desc.pgoff);
  const err = get_remap_pgoff(vma_desc_is_cow_mapping(desc), start, end, desc.start, desc.end, start_pfn, pgoff);
  if (err !== 0) return err;

  desc.pgoff = pgoff.value;
  vma_desc_set_flags_mask(desc, VMA_REMAP_FLAGS);
  return 0;
}

/** Writes the page table entries of a range of frames. 0 or a negative errno, with a part of them written. */
function remap_pfn_range_internal(
  vma: vm_area_struct,
  addr: number,
  pfn: number,
  size: number,
  prot: pgprot_t,
): number {
  if (WARN_ON_ONCE(offset_in_page(addr) !== 0, 'remap_pfn_range_internal', 'addr is not page-aligned')) return -EINVAL;
  VM_WARN_ON_ONCE(
    !vma_test_all_mask(vma, VMA_REMAP_FLAGS),
    'remap_pfn_range_internal',
    'the VMA lacks flags of a remapped one',
  );
  BUG_ON(PAGE_ALIGN(size) === 0, 'remap_pfn_range_internal', 'the range is empty');
  return stubs.remap_pfn_range_ptes(vma, addr, pfn, size, prot);
}

/** Remaps a range of frames whole or not at all: frames that a failure left mapped may be freed by the caller. */
function remap_pfn_range_notrack(vma: vm_area_struct, addr: number, pfn: number, size: number, prot: pgprot_t): number {
  const error = remap_pfn_range_internal(vma, addr, pfn, size, prot);
  if (error !== 0) stubs.zap_vma_range(vma, addr, size);
  return error;
}

/** Carries a remap out. 0, or a negative errno with nothing of it mapped. */
export function remap_pfn_range_complete(vma: vm_area_struct, action: mmap_action): number {
  const { start, start_pfn, size, pgprot } = action.remap;
  return remap_pfn_range_notrack(vma, start, start_pfn, size, pgprot);
}

/** remap_pfn_range_prepare() of device memory; the remap of frames completes it. */
export function io_remap_pfn_range_prepare(desc: vm_area_desc): number {
  const err = remap_pfn_range_prepare(desc);
  if (err !== 0) return err;

  desc.action.type = MMAP_REMAP_PFN;
  return 0;
}

/**
 * First frame of a mapping vm_len bytes long, vm_pgoff pages into a physical range. 0, or -EINVAL where it sticks out.
 */
function __simple_ioremap_prep(
  vm_len: number,
  vm_pgoff: pgoff_t,
  start_phys: number,
  size: number,
  pfnp: Ref<number>,
): number {
  // In C the sum wraps; here an address past ULONG_MAX is no address.
  if (start_phys + size > ULONG_MAX) return -EINVAL;

  // A range need not be aligned: it counts from the start of its first page to the end of its last.
  const pages = PHYS_PFN(size + offset_in_page(start_phys) + PAGE_SIZE - 1);
  if (vm_pgoff > pages || PHYS_PFN(vm_len) > pages - vm_pgoff) return -EINVAL;

  pfnp.value = PHYS_PFN(start_phys) + vm_pgoff;
  return 0;
}

/** Turns a simple remap into one of frames over the whole VMA. 0, or -EINVAL where the physical range is too short. */
export function simple_ioremap_prepare(desc: vm_area_desc): number {
  const { start_phys_addr, size } = desc.action.simple_ioremap;
  const pfn = new Ref(0);

  const err = __simple_ioremap_prep(vma_desc_size(desc), desc.pgoff, start_phys_addr, size, pfn);
  if (err !== 0) return err;

  mmap_action_ioremap_full(desc, pfn.value);
  return io_remap_pfn_range_prepare(desc);
}

/** Checks the range of kernel pages and marks the description. 0, or -EFAULT outside the VMA. */
export function map_kernel_pages_prepare(desc: vm_area_desc): number {
  const { start, nr_pages } = desc.action.map_kernel;

  if (!vma_desc_test(desc, VMA_MIXEDMAP_BIT)) {
    stubs.mmap_assert_write_locked(desc.mm);
    VM_WARN_ON_ONCE(
      vma_desc_test(desc, VMA_PFNMAP_BIT),
      'map_kernel_pages_prepare',
      'the VMA is marked for page frames already',
    );
    vma_desc_set_flags(desc, VMA_MIXEDMAP_BIT);
  }
  return range_in_vma_desc(desc, start, start + PAGE_SIZE * nr_pages) ? 0 : -EFAULT;
}

/** Writes the page table entries of kernel pages. 0 or a negative errno. */
export function map_kernel_pages_complete(vma: vm_area_struct, action: mmap_action): number {
  const { start, pages, nr_pages } = action.map_kernel;
  return stubs.insert_kernel_pages(vma, start, pages, nr_pages);
}
