// SPDX-License-Identifier: GPL-2.0
/**
 * madvise(): port of is_discard(), can_madvise_modify(), madvise_vma_behavior(), madvise_behavior_valid(),
 * prepares_anon_vma(), is_vma_lock_sufficient(), try_vma_read_lock(), madvise_walk_vmas(), get_lock_mode(),
 * madvise_lock(), madvise_unlock(), madvise_batch_tlb_flush(), madvise_init_tlb(), madvise_finish_tlb(),
 * check_input_range(), is_madvise_populate(), madvise_do_behavior(), do_madvise(), madvise_set_anon_name() and
 * set_anon_vma_name(), mm/madvise.c, and of hugepage_madvise(), mm/khugepaged.c (Linux 7.3).
 *
 * Deviations: as with CONFIG_MEMORY_FAILURE off, MADV_HWPOISON and MADV_SOFT_OFFLINE are unknown; MADV_COLLAPSE is the
 * stub world's, which has no huge pages; process_madvise() is of a process on itself; no protection keys.
 */
import { EAGAIN, EBADF, EINTR, EINVAL, ENOMEM, EPERM } from '../../../include/linux/errno.js';
import { offset_in_page } from '../../../include/linux/mm.js';
import type { mm_struct, vm_area_struct } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import {
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
} from '../../../include/uapi/mman.js';
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_HUGEPAGE,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_SEQ_READ,
  VM_SHARED,
  VM_SPECIAL,
  VM_WIPEONFORK,
  VM_WRITE,
  VMA_UFFD_MINOR_BIT,
  VMA_UFFD_MISSING_BIT,
  VMA_UFFD_WP_BIT,
  type vm_flags_t,
} from '../../../include/vma_flags.js';
import { current, currentMm, stubs } from '../../../stubs/index.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';
import { vma_test_any } from '../inlines/flag_operations.js';
import { find_vma, find_vma_prev, vma_lookup } from '../inlines/iterator.js';
import { vma_is_anonymous } from '../inlines/lifecycle.js';
import { vma_is_sealed } from '../inlines/range.js';
import { sumWraps, wrappingPageAlign } from '../inlines/unsigned.js';
import { ksm_madvise } from '../ksm.js';
import { vma_is_anon_shmem } from '../shmem.js';
import {
  __MADV_SET_ANON_VMA_NAME,
  adviseeOf,
  MADVISE_MMAP_READ_LOCK,
  MADVISE_MMAP_WRITE_LOCK,
  MADVISE_NO_LOCK,
  MADVISE_VMA_READ_LOCK,
  madvise_behavior,
  type madvise_lock_mode,
  madvise_update_vma,
} from './behavior.js';
import {
  madvise_cold,
  madvise_dontneed_free,
  madvise_guard_install,
  madvise_guard_remove,
  madvise_pageout,
  madvise_populate,
  madvise_remove,
  madvise_willneed,
} from './pages.js';

/** Does the advice drop what is in memory? */
function is_discard(behavior: number): boolean {
  switch (behavior) {
    case MADV_FREE:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_WIPEONFORK:
    case MADV_GUARD_INSTALL:
      return true;
    default:
      return false;
  }
}

/** May it be? What is sealed, anonymous and cannot be written keeps its content. */
function can_madvise_modify(madv_behavior: madvise_behavior): boolean {
  const vma = adviseeOf(madv_behavior);
  if (!vma_is_sealed(vma) || !is_discard(madv_behavior.behavior)) return true;
  return !vma_is_anonymous(vma) || (vma.vm_flags & VM_WRITE) !== 0n;
}

/** Huge pages are advised, or not. 0. */
function hugepage_madvise(vm_flags: Ref<vm_flags_t>, advice: number): number {
  if (advice === MADV_HUGEPAGE) vm_flags.value = (vm_flags.value & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
  else vm_flags.value = (vm_flags.value & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
  return 0;
}

/** What advice about pages does: 0 or a negative errno. Null for advice that changes the VMA. */
function advisePages(madv_behavior: madvise_behavior): number | null {
  switch (madv_behavior.behavior) {
    case MADV_REMOVE:
      return madvise_remove(madv_behavior);
    case MADV_WILLNEED:
      return madvise_willneed(madv_behavior);
    case MADV_COLD:
      return madvise_cold(madv_behavior);
    case MADV_PAGEOUT:
      return madvise_pageout(madv_behavior);
    case MADV_FREE:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
      return madvise_dontneed_free(madv_behavior);
    case MADV_COLLAPSE: {
      const { start, end } = madv_behavior.range;
      return stubs.madvise_collapse(adviseeOf(madv_behavior), start, end);
    }
    case MADV_GUARD_INSTALL:
      return madvise_guard_install(madv_behavior);
    case MADV_GUARD_REMOVE:
      return madvise_guard_remove(madv_behavior);
    default:
      return null;
  }
}

/** Changes the flags as a plain advice has it. 0 or -EINVAL. */
function adviseFlags(vma: vm_area_struct, behavior: number, flags: Ref<vm_flags_t>): number {
  switch (behavior) {
    case MADV_NORMAL:
      flags.value &= ~(VM_RAND_READ | VM_SEQ_READ);
      return 0;
    case MADV_SEQUENTIAL:
      flags.value = (flags.value & ~VM_RAND_READ) | VM_SEQ_READ;
      return 0;
    case MADV_RANDOM:
      flags.value = (flags.value & ~VM_SEQ_READ) | VM_RAND_READ;
      return 0;
    case MADV_DONTFORK:
      flags.value |= VM_DONTCOPY;
      return 0;
    case MADV_DOFORK:
      if ((flags.value & VM_SPECIAL) !== 0n) return -EINVAL;
      flags.value &= ~VM_DONTCOPY;
      return 0;
    case MADV_WIPEONFORK:
      if (vma.vm_file !== null || (flags.value & VM_SHARED) !== 0n) return -EINVAL;
      flags.value |= VM_WIPEONFORK;
      return 0;
    case MADV_KEEPONFORK:
      if ((flags.value & VM_DROPPABLE) !== 0n) return -EINVAL;
      flags.value &= ~VM_WIPEONFORK;
      return 0;
    case MADV_DONTDUMP:
      flags.value |= VM_DONTDUMP;
      return 0;
    case MADV_DODUMP: {
      const isSpecial = !stubs.is_vm_hugetlb_page(vma) && (flags.value & VM_SPECIAL) !== 0n;
      if (isSpecial || (flags.value & VM_DROPPABLE) !== 0n) return -EINVAL;
      flags.value &= ~VM_DONTDUMP;
      return 0;
    }
    default:
      return 0;
  }
}

/** The flags that the VMA is to have. 0 or a negative errno. */
function newFlags(madv_behavior: madvise_behavior, flags: Ref<vm_flags_t>): number {
  const vma = adviseeOf(madv_behavior);
  const { behavior, range } = madv_behavior;
  switch (behavior) {
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
      return ksm_madvise(vma, range.start, range.end, behavior, flags);
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
      return hugepage_madvise(flags, behavior);
    case __MADV_SET_ANON_VMA_NAME:
      return vma.vm_file !== null && !vma_is_anon_shmem(vma) ? -EBADF : 0;
    default:
      return adviseFlags(vma, behavior, flags);
  }
}

/** Applies the advice to the part of the range that lies in one VMA. 0 or a negative errno. */
function madvise_vma_behavior(madv_behavior: madvise_behavior): number {
  if (!can_madvise_modify(madv_behavior)) return -EPERM;

  const advised = advisePages(madv_behavior);
  if (advised !== null) return advised;

  const flags = new Ref(adviseeOf(madv_behavior).vm_flags);
  let error = newFlags(madv_behavior, flags);
  if (error === 0) {
    VM_WARN_ON_ONCE(
      madv_behavior.lock_mode !== MADVISE_MMAP_WRITE_LOCK,
      'madvise_vma_behavior',
      'the VMA is about to change, and the address space is not locked for that',
    );
    error = madvise_update_vma(flags.value, madv_behavior);
  }
  // Memory that is short now may be there later.
  return error === -ENOMEM ? -EAGAIN : error;
}

const VALID: ReadonlySet<number> = new Set([
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_NORMAL,
  MADV_SEQUENTIAL,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_WILLNEED,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_COLD,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_MERGEABLE,
  MADV_UNMERGEABLE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_COLLAPSE,
  MADV_DONTDUMP,
  MADV_DODUMP,
  MADV_WIPEONFORK,
  MADV_KEEPONFORK,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
]);

function madvise_behavior_valid(behavior: number): boolean {
  return VALID.has(behavior);
}

/** A range of memory. */
export interface iovec {
  readonly iov_base: number;
  readonly iov_len: number;
}

/** Most ranges that one call takes. */
const UIO_MAXIOV = 1024;

/** Does it give VMAs an anon_vma? */
function prepares_anon_vma(behavior: number): boolean {
  return behavior === MADV_GUARD_INSTALL;
}

/** Is the lock of one VMA enough? */
function is_vma_lock_sufficient(vma: vm_area_struct, madv_behavior: madvise_behavior): boolean {
  if (madv_behavior.range.end > vma.vm_end) return false;
  if (current.mm !== vma.vm_mm) return false;
  if (vma_test_any(vma, VMA_UFFD_MISSING_BIT, VMA_UFFD_WP_BIT, VMA_UFFD_MINOR_BIT)) return false;
  return !(vma_is_anonymous(vma) && prepares_anon_vma(madv_behavior.behavior) && vma.anon_vma === null);
}

/** Locks one VMA, if that is enough, and else the address space; true for the former. */
function try_vma_read_lock(madv_behavior: madvise_behavior): boolean {
  const { mm, range } = madv_behavior;
  const vma = vma_lookup(mm, range.start);

  if (vma !== null && is_vma_lock_sufficient(vma, madv_behavior)) {
    madv_behavior.vma = vma;
    return true;
  }
  stubs.mmap_read_lock(mm);
  madv_behavior.lock_mode = MADVISE_MMAP_READ_LOCK;
  return false;
}

/**
 * Applies the advice to each VMA of the range, the address space being locked. 0; the first error; or -ENOMEM where
 * something of the range is not mapped, with the advice applied to all that is.
 */
function madvise_walk_vmas(madv_behavior: madvise_behavior): number {
  const { mm, range } = madv_behavior;
  const last_end = range.end;
  const before: { prev: vm_area_struct | null } = { prev: null };
  let unmapped_error = 0;

  if (madv_behavior.lock_mode === MADVISE_VMA_READ_LOCK && try_vma_read_lock(madv_behavior)) {
    return madvise_vma_behavior(madv_behavior);
  }

  let vma = find_vma_prev(mm, range.start, before);
  let prev = vma !== null && range.start > vma.vm_start ? vma : before.prev;

  for (;;) {
    if (vma === null) return -ENOMEM;

    if (range.start < vma.vm_start) {
      // A gap is an error, but only in the end.
      unmapped_error = -ENOMEM;
      range.start = vma.vm_start;
      if (range.start >= last_end) break;
    }
    range.end = Math.min(vma.vm_end, last_end);

    madv_behavior.prev = prev;
    madv_behavior.vma = vma;
    const error = madvise_vma_behavior(madv_behavior);
    if (error !== 0) return error;
    // Where the lock was dropped, the VMA may be gone.
    const advised: vm_area_struct | null = madv_behavior.lock_dropped ? null : madv_behavior.vma;
    madv_behavior.lock_dropped = false;
    prev = advised;

    if (advised !== null && range.end < advised.vm_end) range.end = advised.vm_end;
    if (range.end >= last_end) break;

    vma = find_vma(mm, advised !== null ? advised.vm_end : range.end);
    range.start = range.end;
  }
  return unmapped_error;
}

/** What has to be locked: the address space for writing, where flags change. */
function get_lock_mode(madv_behavior: madvise_behavior): madvise_lock_mode {
  switch (madv_behavior.behavior) {
    case MADV_REMOVE:
    case MADV_WILLNEED:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
    case MADV_COLLAPSE:
      return MADVISE_MMAP_READ_LOCK;
    case MADV_GUARD_INSTALL:
    case MADV_GUARD_REMOVE:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
      return MADVISE_VMA_READ_LOCK;
    default:
      return MADVISE_MMAP_WRITE_LOCK;
  }
}

/** 0 or -EINTR. */
function madvise_lock(madv_behavior: madvise_behavior): number {
  const { mm } = madv_behavior;
  const lock_mode = get_lock_mode(madv_behavior);

  if (lock_mode === MADVISE_MMAP_WRITE_LOCK && stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  if (lock_mode === MADVISE_MMAP_READ_LOCK) stubs.mmap_read_lock(mm);
  madv_behavior.lock_mode = lock_mode;
  return 0;
}

function madvise_unlock(madv_behavior: madvise_behavior): void {
  const { mm, lock_mode } = madv_behavior;

  if (lock_mode === MADVISE_MMAP_WRITE_LOCK) stubs.mmap_write_unlock(mm);
  else if (lock_mode === MADVISE_MMAP_READ_LOCK) stubs.mmap_read_unlock(mm);
  madv_behavior.lock_mode = MADVISE_NO_LOCK;
}

function madvise_batch_tlb_flush(behavior: number): boolean {
  return behavior === MADV_DONTNEED || behavior === MADV_DONTNEED_LOCKED || behavior === MADV_FREE;
}

function madvise_init_tlb({ behavior, tlb, mm }: madvise_behavior): void {
  if (madvise_batch_tlb_flush(behavior)) stubs.tlb_gather_mmu(tlb, mm);
}

function madvise_finish_tlb({ behavior, tlb }: madvise_behavior): void {
  if (madvise_batch_tlb_flush(behavior)) stubs.tlb_finish_mmu(tlb);
}

/** Is that a range? 0 or -EINVAL. */
function check_input_range(start: number, len_in: number): number {
  if (offset_in_page(start) !== 0) return -EINVAL;
  const len = wrappingPageAlign(len_in);
  if (len_in !== 0 && len === 0) return -EINVAL;
  return sumWraps(start, len) ? -EINVAL : 0;
}

function is_madvise_populate({ behavior }: madvise_behavior): boolean {
  return behavior === MADV_POPULATE_READ || behavior === MADV_POPULATE_WRITE;
}

function madvise_do_behavior(start: number, len_in: number, madv_behavior: madvise_behavior): number {
  madv_behavior.range.start = start;
  madv_behavior.range.end = start + wrappingPageAlign(len_in);
  return is_madvise_populate(madv_behavior) ? madvise_populate(madv_behavior) : madvise_walk_vmas(madv_behavior);
}

/** Advises on len_in bytes from start on of an address space, whose lock it takes. 0 or a negative errno. */
export function do_madvise(mm: mm_struct, start: number, len_in: number, behavior: number): number {
  const madv_behavior = new madvise_behavior(mm, behavior);

  if (!madvise_behavior_valid(behavior)) return -EINVAL;
  const invalid = check_input_range(start, len_in);
  if (invalid !== 0 || len_in === 0) return invalid;

  const interrupted = madvise_lock(madv_behavior);
  if (interrupted !== 0) return interrupted;
  madvise_init_tlb(madv_behavior);
  const error = madvise_do_behavior(start, len_in, madv_behavior);
  madvise_finish_tlb(madv_behavior);
  madvise_unlock(madv_behavior);
  return error;
}

/**
 * Advises on one range after the other of the address space. The bytes of those that came before an error, or that error
 * where none did.
 */
function vector_madvise(mm: mm_struct, vec: readonly iovec[], behavior: number): number {
  const madv_behavior = new madvise_behavior(mm, behavior);
  let advised = 0;

  let error = madvise_lock(madv_behavior);
  if (error !== 0) return error;
  madvise_init_tlb(madv_behavior);
  for (const { iov_base: start, iov_len: len_in } of vec) {
    error = check_input_range(start, len_in);
    if (error === 0 && len_in !== 0) error = madvise_do_behavior(start, len_in, madv_behavior);
    if (error < 0) break;
    advised += len_in;
  }
  madvise_finish_tlb(madv_behavior);
  madvise_unlock(madv_behavior);
  return advised === 0 ? error : advised;
}

/** The system call, of a process on itself. */
export function process_madvise(vec: readonly iovec[], behavior: number, flags: number): number {
  if (flags !== 0 || vec.length > UIO_MAXIOV || !madvise_behavior_valid(behavior)) return -EINVAL;
  return vector_madvise(currentMm('process_madvise'), vec, behavior);
}

/** The system call. */
export function madvise(start: number, len_in: number, behavior: number): number {
  return do_madvise(currentMm('madvise'), start, len_in, behavior);
}

const ANON_VMA_NAME_MAX_LEN = 80;
const ANON_VMA_NAME_INVALID_CHARS = '\\`$[]';

/** Printable ASCII without what would confuse who reads /proc. */
function is_valid_name_char(ch: string): boolean {
  return ch > '\x1f' && ch < '\x7f' && !ANON_VMA_NAME_INVALID_CHARS.includes(ch);
}

function madvise_set_anon_name(start: number, len_in: number, madv_behavior: madvise_behavior): number {
  const invalid = check_input_range(start, len_in);
  if (invalid !== 0 || len_in === 0) return invalid;

  madv_behavior.range.start = start;
  madv_behavior.range.end = start + wrappingPageAlign(len_in);
  const interrupted = madvise_lock(madv_behavior);
  if (interrupted !== 0) return interrupted;
  const error = madvise_walk_vmas(madv_behavior);
  madvise_unlock(madv_behavior);
  return error;
}

/** Names the anonymous mappings of a range, or, with null, takes the name away. 0 or a negative errno. */
export function set_anon_vma_name(addr: number, size: number, uname: string | null): number {
  const mm = currentMm('set_anon_vma_name');

  if (uname === null) {
    return madvise_set_anon_name(addr, size, new madvise_behavior(mm, __MADV_SET_ANON_VMA_NAME));
  }
  // The length counts the byte that ends the name.
  if (uname.length + 1 > ANON_VMA_NAME_MAX_LEN || ![...uname].every(is_valid_name_char)) return -EINVAL;

  const anon_name = stubs.anon_vma_name_alloc(uname);
  if (anon_name === null) return -ENOMEM;
  const error = madvise_set_anon_name(addr, size, new madvise_behavior(mm, __MADV_SET_ANON_VMA_NAME, anon_name));
  anon_name.kref--;
  return error;
}
