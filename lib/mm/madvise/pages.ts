// SPDX-License-Identifier: GPL-2.0
/**
 * Advice about pages: port of madvise_willneed(), madvise_cold(), madvise_pageout(), madvise_free_single_vma(),
 * madvise_dontneed_single_vma(), madvise_dontneed_free_valid_vma(), madvise_dontneed_free(), madvise_populate(),
 * madvise_remove() and the guards, mm/madvise.c (Linux 7.3), on the page model.
 *
 * Deviations: there is no swap and no shortage of memory, so pages that are advised to be given up, or paged out, stay
 * as they are, but for droppable ones, which need no swap; pages of a file are not read ahead; no huge pages; a walk that puts guards needs no memory.
 */
import { EACCES, EFAULT, EHWPOISON, EINTR, EINVAL, ENOMEM, ERESTARTNOINTR } from '../../../include/linux/errno.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../../include/linux/fs.js';
import { PAGE_SIZE, PHYS_PFN } from '../../../include/linux/mm.js';
import { pte_t } from '../../../include/linux/pagetable.js';
import { mmu_gather, type vm_area_struct } from '../../../include/mm_types.js';
import { MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE, MADV_POPULATE_WRITE } from '../../../include/uapi/mman.js';
import {
  VM_DROPPABLE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_PFNMAP,
  VM_SPECIAL,
  VMA_MAYBE_GUARD_BIT,
} from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON, VM_WARN_ON_ONCE } from '../../bug.js';
import { vfs_fallocate } from '../../fs/open.js';
import { faultin_page_range } from '../gup.js';
import { vma_flags_set_flag, vma_is_shared_maywrite } from '../inlines/flag_operations.js';
import { vma_lookup } from '../inlines/iterator.js';
import { vma_is_anonymous } from '../inlines/lifecycle.js';
import { vma_start_pgoff } from '../inlines/range.js';
import { clearEntry, empty_zero_page, entriesOf, setEntry } from '../page_tables.js';
import { shmem_mapping } from '../shmem.js';
import { adviseeOf, MADVISE_MMAP_READ_LOCK, type madvise_behavior, mark_mmap_lock_dropped } from './behavior.js';

/** How often guards are tried before the caller has to start anew. */
const MAX_MADVISE_GUARD_RETRIES = 3;

/** Where the range begins in the file. Bytes. */
function offsetOf(vma: vm_area_struct, start: number): number {
  return start - vma.vm_start + vma_start_pgoff(vma) * PAGE_SIZE;
}

/** Pages that are on swap are read in, and those of a file. 0. */
export function madvise_willneed(madv_behavior: madvise_behavior): number {
  const { vm_file: file } = adviseeOf(madv_behavior);
  const { mm } = madv_behavior;

  if (file === null || shmem_mapping(file.f_mapping)) {
    stubs.lru_add_drain();
    return 0;
  }

  // Reading ahead may take the locks of the file system.
  mark_mmap_lock_dropped(madv_behavior);
  stubs.get_file(file);
  stubs.mmap_read_unlock(mm);
  stubs.fput(file);
  stubs.mmap_read_lock(mm);
  return 0;
}

/** Are its pages on the lists by which memory is reclaimed? */
function can_madv_lru_vma(vma: vm_area_struct): boolean {
  return (vma.vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB)) === 0n;
}

/** Goes over the pages; which of them are old is not modelled. */
function ageRange(madv_behavior: madvise_behavior): void {
  const tlb = new mmu_gather();
  stubs.lru_add_drain();
  stubs.tlb_gather_mmu(tlb, madv_behavior.mm);
  stubs.tlb_finish_mmu(tlb);
}

/** The pages are the first to go when memory runs short. 0 or -EINVAL. */
export function madvise_cold(madv_behavior: madvise_behavior): number {
  if (!can_madv_lru_vma(adviseeOf(madv_behavior))) return -EINVAL;
  ageRange(madv_behavior);
  return 0;
}

/** Drops the pages of droppable memory, which no fork shares: reclaim_pages() of mm/vmscan.c, of pages without swap. */
function reclaimDroppable({ range: { start, end } }: madvise_behavior, vma: vm_area_struct): void {
  if ((vma.vm_flags & VM_DROPPABLE) === 0n || vma.vm_mm === null) return;
  for (const [addr, { page }] of entriesOf(vma.vm_mm, start, end)) {
    if (page !== null && page !== empty_zero_page) stubs.zap_vma_range(vma, addr, PAGE_SIZE);
  }
}

/** The pages are paged out. 0 or -EINVAL. */
export function madvise_pageout(madv_behavior: madvise_behavior): number {
  const vma = adviseeOf(madv_behavior);

  if (!can_madv_lru_vma(vma)) return -EINVAL;
  // Who may not write the file would learn from it who uses the pages.
  if (!vma_is_anonymous(vma) && !stubs.can_do_file_pageout(vma) && (vma.vm_flags & VM_MAYSHARE) !== 0n) return 0;
  ageRange(madv_behavior);
  reclaimDroppable(madv_behavior, vma);
  return 0;
}

/** The pages may be dropped as long as they are not written. 0, or -EINVAL for a file. */
function madvise_free_single_vma(madv_behavior: madvise_behavior): number {
  if (!vma_is_anonymous(adviseeOf(madv_behavior))) return -EINVAL;
  stubs.lru_add_drain();
  stubs.update_hiwater_rss(madv_behavior.mm);
  return 0;
}

/** The pages are dropped; guards stay. 0. */
function madvise_dontneed_single_vma(madv_behavior: madvise_behavior): number {
  const { start, end } = madv_behavior.range;
  stubs.zap_vma_range(adviseeOf(madv_behavior), start, end - start);
  return 0;
}

/** May the pages be dropped? Of huge pages only whole ones are. */
function madvise_dontneed_free_valid_vma(madv_behavior: madvise_behavior): boolean {
  const vma = adviseeOf(madv_behavior);
  const { behavior, range } = madv_behavior;

  if (!stubs.is_vm_hugetlb_page(vma)) {
    const forbidden = behavior === MADV_DONTNEED_LOCKED ? VM_PFNMAP : VM_PFNMAP | VM_LOCKED;
    return (vma.vm_flags & forbidden) === 0n;
  }

  const size = stubs.vma_kernel_pagesize(vma);
  if (behavior !== MADV_DONTNEED && behavior !== MADV_DONTNEED_LOCKED) return false;
  if (range.start % size !== 0) return false;
  range.end = Math.floor(range.end / size) * size;
  return true;
}

/** The VMA, after a userfaultfd was told without the lock, is looked up anew. 1, 0 for nothing to do, or an errno. */
function lookUpAgain(madv_behavior: madvise_behavior): number {
  const { mm, range } = madv_behavior;

  mark_mmap_lock_dropped(madv_behavior);
  stubs.mmap_read_lock(mm);
  const vma = vma_lookup(mm, range.start);
  madv_behavior.vma = vma;
  if (vma === null) return -ENOMEM;
  if (!madvise_dontneed_free_valid_vma(madv_behavior)) return -EINVAL;
  // What follows is another VMA by now, and comes next.
  range.end = Math.min(range.end, vma.vm_end);
  VM_WARN_ON(range.start > range.end, 'madvise_dontneed_free', 'the range ends before it begins');
  return range.start === range.end ? 0 : 1;
}

/** MADV_DONTNEED, MADV_DONTNEED_LOCKED and MADV_FREE. 0 or a negative errno. */
export function madvise_dontneed_free(madv_behavior: madvise_behavior): number {
  const { behavior, range } = madv_behavior;

  if (!madvise_dontneed_free_valid_vma(madv_behavior)) return -EINVAL;
  if (range.start === range.end) return 0;
  if (!stubs.userfaultfd_remove(adviseeOf(madv_behavior), range.start, range.end)) {
    const found = lookUpAgain(madv_behavior);
    if (found !== 1) return found;
  }
  if (behavior === MADV_FREE) return madvise_free_single_vma(madv_behavior);
  return madvise_dontneed_single_vma(madv_behavior);
}

/** Faults in all pages of the range, for reading or writing. 0 or a negative errno. */
export function madvise_populate(madv_behavior: madvise_behavior): number {
  const { mm, range } = madv_behavior;
  const write = madv_behavior.behavior === MADV_POPULATE_WRITE;

  for (let { start } = range; start < range.end; ) {
    const pages = faultin_page_range(mm, start, range.end, write);
    if (pages < 0) return [-EINTR, -EINVAL, -EHWPOISON, -EFAULT].includes(pages) ? pages : -ENOMEM;
    start += pages * PAGE_SIZE;
  }
  return 0;
}

/** Makes a hole in the file: the pages are gone for all who map it. 0 or a negative errno. */
export function madvise_remove(madv_behavior: madvise_behavior): number {
  const vma = adviseeOf(madv_behavior);
  const { mm, range } = madv_behavior;
  const { vm_file: file } = vma;

  mark_mmap_lock_dropped(madv_behavior);
  if ((vma.vm_flags & VM_LOCKED) !== 0n) return -EINVAL;
  if (file === null) return -EINVAL;
  if (!vma_is_shared_maywrite(vma)) return -EACCES;

  const offset = offsetOf(vma, range.start);
  // The file system may take its own locks.
  stubs.get_file(file);
  if (stubs.userfaultfd_remove(vma, range.start, range.end)) stubs.mmap_read_unlock(mm);
  const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const error = vfs_fallocate(file, mode, offset, range.end - range.start);
  stubs.fput(file);
  stubs.mmap_read_lock(mm);
  return error;
}

/** May there be guards? In locked memory none may be put, for that drops pages. */
function is_valid_guard_vma(vma: vm_area_struct, allow_locked: boolean): boolean {
  const disallowed = VM_SPECIAL | VM_HUGETLB | (allow_locked ? 0n : VM_LOCKED);
  return (vma.vm_flags & disallowed) === 0n;
}

/** Puts guards up to the first page that is in the way. Guards that there are then; -1 when there was such a page. */
function installGuards(vma: vm_area_struct, start: number, end: number): number {
  const { vm_mm: mm } = vma;
  if (mm === null || mm.pgd === null) return PHYS_PFN(end - start);
  for (let addr = start; addr < end; addr += PAGE_SIZE) {
    const pte = mm.pgd.get(addr);
    if (pte === undefined) setEntry(mm, addr, new pte_t(null, false, true));
    else if (!pte.guard) return -1;
  }
  return PHYS_PFN(end - start);
}

/** Puts guards on the range, in place of the pages that are there. 0 or a negative errno. */
export function madvise_guard_install(madv_behavior: madvise_behavior): number {
  const vma = adviseeOf(madv_behavior);
  const { start, end } = madv_behavior.range;

  if (!is_valid_guard_vma(vma, false)) return -EINVAL;
  // No mark for writing: whoever must see the flag has the lock for that.
  vma_flags_set_flag(vma.flags, VMA_MAYBE_GUARD_BIT);

  // Page tables of anonymous memory are there for an anon_vma to find.
  if (vma_is_anonymous(vma)) {
    VM_WARN_ON_ONCE(
      vma.anon_vma === null && madv_behavior.lock_mode !== MADVISE_MMAP_READ_LOCK,
      'madvise_guard_install',
      'the address space is not locked for an anon_vma to come',
    );
    const err = stubs.anon_vma_prepare(vma);
    if (err !== 0) return err;
  }

  for (let i = 0; i < MAX_MADVISE_GUARD_RETRIES; i++) {
    const nr_pages = installGuards(vma, start, end);
    if (nr_pages >= 0) {
      VM_WARN_ON(nr_pages !== PHYS_PFN(end - start), 'madvise_guard_install', 'pages without a guard are left');
      return 0;
    }
    stubs.zap_vma_range(vma, start, end - start);
  }
  return -ERESTARTNOINTR;
}

/** Takes the guards of the range away. 0 or -EINVAL. */
export function madvise_guard_remove(madv_behavior: madvise_behavior): number {
  const vma = adviseeOf(madv_behavior);
  const { mm, range } = madv_behavior;

  if (!is_valid_guard_vma(vma, true)) return -EINVAL;
  for (const [addr, { guard }] of entriesOf(mm, range.start, range.end)) if (guard) clearEntry(mm, addr);
  return 0;
}
