// SPDX-License-Identifier: GPL-2.0-only
/**
 * Faulting in pages without anybody touching them: what mlock(), MAP_POPULATE and MADV_POPULATE_* need of mm/gup.c
 * (Linux 7.3). Port of check_vma_flags(), gup_vma_lookup(), __get_user_pages() and faultin_page(), which here fill no
 * array of pages, populate_vma_page_range(), faultin_page_range() and __mm_populate().
 *
 * Deviations: a fault never drops mmap_lock, so the calls do not say whether they hold it still, and have nothing to
 * try again; there is no gate area; gup_vma_lookup() does not warn of an access below a stack.
 */
import { EFAULT, EINTR, EINVAL, ENOMEM } from '../../include/linux/errno.js';
import { offset_in_page, PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import {
  FAULT_FLAG_WRITE,
  FOLL_FORCE,
  FOLL_MADV_POPULATE,
  FOLL_WRITE,
  VM_FAULT_ERROR,
  VM_FAULT_OOM,
} from '../../include/linux/pagetable.js';
import type { mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { VM_IO, VM_LOCKONFAULT, VM_MAYREAD, VM_PFNMAP, VM_READ, VM_SHARED, VM_WRITE } from '../../include/vma_flags.js';
import { currentMm } from '../../stubs/globals.js';
import { current, stubs } from '../../stubs/index.js';
import { BUG_ON, VM_WARN_ON_ONCE } from '../bug.js';
import { handle_mm_fault } from './fault.js';
import { vma_is_cow_mapping } from './inlines/flag_operations.js';
import { find_vma_intersection, vma_lookup } from './inlines/iterator.js';
import { vma_is_accessible } from './inlines/range.js';

/** How often a page is faulted in that does not come. */
const MAX_TRIES = 100;

/** May the pages of the VMA be had in this way? 0 or -EFAULT. */
function check_vma_flags(vma: vm_area_struct, gup_flags: number): number {
  const { vm_flags } = vma;
  const isForced = (gup_flags & FOLL_FORCE) !== 0;

  if ((vm_flags & (VM_IO | VM_PFNMAP)) !== 0n) return -EFAULT;
  if (stubs.vma_is_secretmem(vma)) return -EFAULT;
  if ((gup_flags & FOLL_WRITE) !== 0) {
    if ((vm_flags & VM_WRITE) === 0n && !(isForced && vma_is_cow_mapping(vma))) return -EFAULT;
  } else if ((vm_flags & VM_READ) === 0n && !(isForced && (vm_flags & VM_MAYREAD) !== 0n)) {
    return -EFAULT;
  }
  return 0;
}

/** Is the page there, in the way that is asked for? */
function isPresent(vma: vm_area_struct, address: number, gup_flags: number): boolean {
  const pte = vma.vm_mm?.pgd?.get(address);
  return pte !== undefined && !pte.guard && (pte.write || (gup_flags & FOLL_WRITE) === 0);
}

/** Faults one page in. 0, -ENOMEM, or -EFAULT where a process would get a signal. */
function faultin_page(vma: vm_area_struct, address: number, gup_flags: number): number {
  const ret = handle_mm_fault(vma, address, (gup_flags & FOLL_WRITE) !== 0 ? FAULT_FLAG_WRITE : 0);
  if ((ret & VM_FAULT_ERROR) !== 0) return (ret & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT;
  // C would try for ever.
  BUG_ON(
    !isPresent(vma, address, gup_flags) && ret !== 0,
    'faultin_page',
    'the fault handler says that the page is there, and it is not',
  );
  return 0;
}

/**
 * Faults one page in until it is there: memory that may be dropped says that all is well also when it is out. C tries
 * for ever. 0 or a negative errno.
 */
function faultInUntilThere(vma: vm_area_struct, address: number, gup_flags: number): number {
  for (let tries = 0; tries < MAX_TRIES && !isPresent(vma, address, gup_flags); tries++) {
    const error = stubs.signal_pending(current) ? -EINTR : faultin_page(vma, address, gup_flags);
    if (error !== 0) return error;
  }
  return 0;
}

/** The VMA at address, if its pages may be had. */
function lookUp(mm: mm_struct, address: number, gup_flags: number): vm_area_struct | number {
  const forPopulate = (gup_flags & FOLL_MADV_POPULATE) !== 0;
  const vma = vma_lookup(mm, address);
  if (vma === null) return forPopulate ? -ENOMEM : -EFAULT;
  const error = check_vma_flags(vma, gup_flags);
  if (error !== 0) return forPopulate ? -EINVAL : error;
  return vma;
}

/** Faults nr_pages in. How many are there by then, or, where the first one failed, a negative errno. */
function __get_user_pages(mm: mm_struct, start: number, nr_pages: number, gup_flags: number): number {
  let vma: vm_area_struct | null = null;
  for (let i = 0; i < nr_pages; i++) {
    const address = start + i * PAGE_SIZE;
    if (vma === null || address >= vma.vm_end) {
      const found = lookUp(mm, address, gup_flags);
      if (typeof found === 'number') return i > 0 ? i : found;
      vma = found;
    }
    const error = faultInUntilThere(vma, address, gup_flags);
    if (error !== 0) return i > 0 ? i : error;
  }
  return nr_pages;
}

/**
 * Faults in the pages [start, end) of a VMA, for writing if it is private and writable. mmap_lock is held. How many are
 * there by then, or a negative errno where it is none. Pages of a VMA that is locked on fault are left alone, and said
 * to be there.
 */
export function populate_vma_page_range(vma: vm_area_struct, start: number, end: number): number {
  const mm = vma.vm_mm ?? currentMm('populate_vma_page_range');

  VM_WARN_ON_ONCE(offset_in_page(start) !== 0, 'populate_vma_page_range', 'start is not page-aligned');
  VM_WARN_ON_ONCE(offset_in_page(end) !== 0, 'populate_vma_page_range', 'end is not page-aligned');
  VM_WARN_ON_ONCE(start < vma.vm_start || end > vma.vm_end, 'populate_vma_page_range', 'the range leaves the VMA');
  stubs.mmap_assert_locked(mm);

  if ((vma.vm_flags & VM_LOCKONFAULT) !== 0n) return PHYS_PFN(end - start);
  if (!vma_is_accessible(vma)) return -EFAULT;

  // Shared pages are not written, for they would only become dirty.
  const isPrivateWritable = (vma.vm_flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
  const ret = __get_user_pages(mm, start, PHYS_PFN(end - start), isPrivateWritable ? FOLL_WRITE : FOLL_FORCE);
  stubs.lru_add_drain();
  return ret;
}

/**
 * Faults in the pages [start, end), of whatever VMAs, which must allow the access. mmap_lock is held. How many are there
 * by then; or, where the first one failed, -ENOMEM for no VMA, -EINVAL for one that does not allow it, -EFAULT, -EINTR.
 */
export function faultin_page_range(mm: mm_struct, start: number, end: number, write: boolean): number {
  VM_WARN_ON_ONCE(offset_in_page(start) !== 0, 'faultin_page_range', 'start is not page-aligned');
  VM_WARN_ON_ONCE(offset_in_page(end) !== 0, 'faultin_page_range', 'end is not page-aligned');
  stubs.mmap_assert_locked(mm);

  const gup_flags = FOLL_MADV_POPULATE | (write ? FOLL_WRITE : 0);
  const ret = __get_user_pages(mm, start, PHYS_PFN(end - start), gup_flags);
  stubs.lru_add_drain();
  return ret;
}

/** Faults in the part of a VMA that lies in the range, and says where it got to. */
function populateVma(vma: vm_area_struct, start: number, end: number): { to: number; error: number } {
  if ((vma.vm_flags & (VM_IO | VM_PFNMAP)) !== 0n) return { to: end, error: 0 };
  const pages = populate_vma_page_range(vma, start, end);
  return pages < 0 ? { to: end, error: pages } : { to: start + pages * PAGE_SIZE, error: 0 };
}

/**
 * Faults in the pages [start, start + len) of the current address space, whose lock it takes, as far as they are
 * mapped. 0, or the error of the first VMA that has one, unless those are to be ignored.
 */
export function __mm_populate(start: number, len: number, ignore_errors: boolean): number {
  const mm = currentMm('__mm_populate');
  const end = start + len;
  let ret = 0;

  if (start >= end) return 0;
  stubs.mmap_read_lock(mm);
  for (let nstart = start; nstart < end; ) {
    const vma = find_vma_intersection(mm, nstart, end);
    if (vma === null) break;
    const { to, error } = populateVma(vma, Math.max(nstart, vma.vm_start), Math.min(end, vma.vm_end));
    if (error !== 0 && !ignore_errors) {
      ret = error;
      break;
    }
    nstart = to;
  }
  stubs.mmap_read_unlock(mm);
  return ret;
}
