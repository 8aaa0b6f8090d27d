// SPDX-License-Identifier: GPL-2.0
/**
 * Locking memory. Port of mlock_vma_pages_range(), mlock_fixup(), apply_vma_lock_flags(), count_mm_mlocked_page_nr(),
 * __mlock_posix_error_return(), do_mlock(), apply_mlockall_flags() and the system calls of mm/mlock.c (Linux 7.3).
 *
 * Deviation: which pages are locked is the stub world's.
 */
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, EPERM, IS_ERR } from '../../include/linux/errno.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { CAP_IPC_LOCK, PAGE_ALIGN_DOWN, PHYS_PFN, RLIMIT_MEMLOCK, TASK_SIZE } from '../../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../include/mm_types.js';
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT } from '../../include/uapi/mman.js';
import {
  emptyFlags,
  mk_vma_flags,
  VMA_IO_BIT,
  VMA_LOCKED_BIT,
  VMA_LOCKED_MASK,
  VMA_LOCKONFAULT_BIT,
  type vma_flags_t,
} from '../../include/vma_flags.js';
import { currentMm, stubs } from '../../stubs/index.js';
import { missing } from '../bug.js';
import {
  vma_flags_clear,
  vma_flags_clear_mask,
  vma_flags_reset_once,
  vma_flags_same_pair,
  vma_flags_set,
  vma_flags_set_mask,
  vma_flags_test,
  vma_test,
} from './inlines/flag_operations.js';
import { for_each_vma, for_each_vma_range, vma_iter_end, vma_iter_load, vma_prev } from './inlines/iterator.js';
import { can_do_mlock } from './inlines/mlock.js';
import { hasOtherBits, sumWraps, wrappingSpan } from './inlines/unsigned.js';
import { mm_populate } from './mmap/mmap.js';
import { vma_modify_flags } from './vma/modify.js';

/** The VMA before the range under way, which changes as the range moves on; `**prev` in C. */
interface Prev {
  value: vm_area_struct | null;
}

/** Gives the VMA its new flags, and locks or unlocks the pages of [start, end) that are there. */
function mlock_vma_pages_range(vma: vm_area_struct, start: number, end: number, new_vma_flags: vma_flags_t): void {
  // While the walk lasts VMA_IO_BIT tells those who find a page by the reverse map to leave it alone.
  if (vma_flags_test(new_vma_flags, VMA_LOCKED_BIT)) vma_flags_set(new_vma_flags, VMA_IO_BIT);
  stubs.vma_start_write(vma);
  vma_flags_reset_once(vma, new_vma_flags);

  stubs.lru_add_drain();
  stubs.mlock_pages(vma, start, end);
  stubs.lru_add_drain();

  if (vma_flags_test(new_vma_flags, VMA_IO_BIT)) {
    vma_flags_clear(new_vma_flags, VMA_IO_BIT);
    vma_flags_reset_once(vma, new_vma_flags);
  }
}

/**
 * Gives [start, end), all within vma, the flags for being locked or not. Leaves alone what cannot be locked.
 * prev.value becomes the VMA that spans the range, or the error. 0 or a negative errno.
 */
function mlock_fixup(
  vmi: vma_iterator,
  given: vm_area_struct,
  prev: Prev,
  start: number,
  end: number,
  new_vma_flags: vma_flags_t,
): number {
  const old_vma_flags = given.flags.clone();
  const mm = given.vm_mm ?? missing('mlock_fixup', 'vma.vm_mm');

  if (
    vma_flags_same_pair(old_vma_flags, new_vma_flags) ||
    stubs.vma_is_secretmem(given) ||
    !stubs.vma_supports_mlock(given)
  ) {
    prev.value = given;
    return 0;
  }

  const vma = vma_modify_flags(vmi, prev.value, given, start, end, new_vma_flags);
  // C leaves the error in *prev, which no caller may use then.
  if (IS_ERR(vma)) return vma;

  const locks = vma_flags_test(new_vma_flags, VMA_LOCKED_BIT);
  const wasLocked = vma_flags_test(old_vma_flags, VMA_LOCKED_BIT);
  if (!locks) mm.locked_vm -= PHYS_PFN(end - start);
  else if (!wasLocked) mm.locked_vm += PHYS_PFN(end - start);

  if (locks && wasLocked) {
    // The pages are locked, and stay so.
    stubs.vma_start_write(vma);
    vma.flags = new_vma_flags;
  } else {
    mlock_vma_pages_range(vma, start, end, new_vma_flags);
  }
  prev.value = vma;
  return 0;
}

/** The flags of a VMA with those of mlock() as given. */
function relocked(vma: vm_area_struct, flags: vma_flags_t): vma_flags_t {
  const newflags = vma.flags.clone();
  vma_flags_clear_mask(newflags, VMA_LOCKED_MASK);
  vma_flags_set_mask(newflags, flags);
  return newflags;
}

/** Gives len bytes from start on, page-aligned, flags of mlock(). 0; -ENOMEM at a hole, with what is before it done. */
function apply_vma_lock_flags(mm: mm_struct, start: number, len: number, flags: vma_flags_t): number {
  if (sumWraps(start, len)) return -EINVAL;
  if (len === 0) return 0;
  const end = start + len;

  const vmi = VMA_ITERATOR(mm, start);
  const first = vma_iter_load(vmi);
  if (first === null) return -ENOMEM;
  const prev: Prev = { value: vma_prev(vmi) };
  if (start > first.vm_start) prev.value = first;

  let nstart = start;
  let tmp = first.vm_start;
  for (const vma of for_each_vma_range(vmi, end)) {
    if (vma.vm_start !== tmp) return -ENOMEM;
    const error = mlock_fixup(vmi, vma, prev, nstart, Math.min(vma.vm_end, end), relocked(vma, flags));
    if (error !== 0) return error;
    tmp = vma_iter_end(vmi);
    nstart = tmp;
  }
  return tmp < end ? -ENOMEM : 0;
}

/** Pages of [start, start + len) that are locked already. */
function count_mm_mlocked_page_nr(mm: mm_struct, start: number, len: number): number {
  const end = sumWraps(start, len) ? ULONG_MAX : start + len;
  let count = 0;

  for (const vma of for_each_vma_range(VMA_ITERATOR(mm, start), end)) {
    if (!vma_test(vma, VMA_LOCKED_BIT)) continue;
    if (start > vma.vm_start) count -= start - vma.vm_start;
    if (end < vma.vm_end) {
      count += end - vma.vm_start;
      break;
    }
    count += vma.vm_end - vma.vm_start;
  }
  return PHYS_PFN(count);
}

/** What mlock() says where faulting in fails. */
function __mlock_posix_error_return(retval: number): number {
  if (retval === -EFAULT) return -ENOMEM;
  return retval === -ENOMEM ? -EAGAIN : retval;
}

/** Locks, or has locked on fault, len bytes from start on in the current address space. 0 or a negative errno. */
function do_mlock(given_start: number, given_len: number, flags: vma_flags_t): number {
  const mm = currentMm('do_mlock');
  if (!can_do_mlock()) return -EPERM;

  const len = wrappingSpan(given_start, given_len);
  const start = PAGE_ALIGN_DOWN(given_start);
  const lock_limit = PHYS_PFN(stubs.rlimit(RLIMIT_MEMLOCK));

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  let locked = PHYS_PFN(len) + mm.locked_vm;
  // What is locked already is no more than it was.
  if (locked > lock_limit && !stubs.capable(CAP_IPC_LOCK)) locked -= count_mm_mlocked_page_nr(mm, start, len);
  const allowed = locked <= lock_limit || stubs.capable(CAP_IPC_LOCK);
  const error = allowed ? apply_vma_lock_flags(mm, start, len, flags) : -ENOMEM;
  stubs.mmap_write_unlock(mm);
  if (error !== 0) return error;

  return __mlock_posix_error_return(stubs.__mm_populate(start, len, false));
}

/** The system call: locks len bytes from start on. */
export function mlock(start: number, len: number): number {
  return do_mlock(start, len, mk_vma_flags(VMA_LOCKED_BIT));
}

/** The system call: the same, with MLOCK_ONFAULT when they are faulted in. */
export function mlock2(start: number, len: number, flags: number): number {
  const vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  if (hasOtherBits(flags, MLOCK_ONFAULT)) return -EINVAL;
  if ((flags & MLOCK_ONFAULT) !== 0) vma_flags_set(vma_flags, VMA_LOCKONFAULT_BIT);
  return do_mlock(start, len, vma_flags);
}

/** The system call: unlocks len bytes from start on. */
export function munlock(given_start: number, given_len: number): number {
  const mm = currentMm('munlock');
  const len = wrappingSpan(given_start, given_len);
  const start = PAGE_ALIGN_DOWN(given_start);

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  const ret = apply_vma_lock_flags(mm, start, len, emptyFlags());
  stubs.mmap_write_unlock(mm);
  return ret;
}

/** LOCKED, and LOCKONFAULT if `flags`, of mlockall(), say so. */
function lockFlags(flags: number): vma_flags_t {
  const locked = mk_vma_flags(VMA_LOCKED_BIT);
  if ((flags & MCL_ONFAULT) !== 0) vma_flags_set(locked, VMA_LOCKONFAULT_BIT);
  return locked;
}

/** What MCL_* asks for: the default flags of the address space, and the flags of all there is. 0 unlocks both. */
function apply_mlockall_flags(mm: mm_struct, flags: number): void {
  vma_flags_clear_mask(mm.def_vma_flags, VMA_LOCKED_MASK);
  if ((flags & MCL_FUTURE) !== 0) {
    vma_flags_set_mask(mm.def_vma_flags, lockFlags(flags));
    if ((flags & MCL_CURRENT) === 0) return;
  }

  const to_add = (flags & MCL_CURRENT) !== 0 ? lockFlags(flags) : emptyFlags();
  const vmi = VMA_ITERATOR(mm, 0);
  const prev: Prev = { value: null };
  for (const vma of for_each_vma(vmi)) {
    const error = mlock_fixup(vmi, vma, prev, vma.vm_start, vma.vm_end, relocked(vma, to_add));
    // One that cannot be is passed over; the next one must still know what is before it.
    if (error !== 0) prev.value = vma;
  }
}

/** The system call: locks all that is mapped (MCL_CURRENT), or will be (MCL_FUTURE), perhaps on fault. */
export function mlockall(flags: number): number {
  const mm = currentMm('mlockall');
  if (flags === 0 || hasOtherBits(flags, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags === MCL_ONFAULT) {
    return -EINVAL;
  }
  if (!can_do_mlock()) return -EPERM;

  const lock_limit = PHYS_PFN(stubs.rlimit(RLIMIT_MEMLOCK));
  const all = (flags & MCL_CURRENT) !== 0;
  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  const allowed = !all || mm.total_vm <= lock_limit || stubs.capable(CAP_IPC_LOCK);
  if (allowed) apply_mlockall_flags(mm, flags);
  stubs.mmap_write_unlock(mm);

  if (!allowed) return -ENOMEM;
  if (all) mm_populate(0, TASK_SIZE);
  return 0;
}

/** The system call: unlocks all there is, and locks nothing to come. */
export function munlockall(): number {
  const mm = currentMm('munlockall');
  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  apply_mlockall_flags(mm, 0);
  stubs.mmap_write_unlock(mm);
  return 0;
}
