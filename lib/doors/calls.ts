// SPDX-License-Identifier: GPL-2.0-only
/**
 * System calls as the package exports them: the ported functions, on the current task and its address space, whose lock
 * they take themselves. Addresses and lengths are in bytes; what is wrong with them is answered as the kernel does, by a
 * negative errno. What cannot be an argument at all, a NaN or a string or a number past ULONG_MAX, throws a RangeError or
 * a TypeError, and so does a call without a current address space.
 */
import { badArgument, checkUlong } from '../../include/check.js';
import type { list_head } from '../../include/linux/list.js';
import type { file } from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import * as sys from '../kernel/sys.js';
import * as lock from '../mm/mlock.js';
import * as heap from '../mm/mmap/brk.js';
import * as doMmap from '../mm/mmap/do_mmap.js';
import * as map from '../mm/mmap/mmap.js';
import * as unmap from '../mm/mmap/munmap.js';
import * as remap from '../mm/mmap/remap_file_pages.js';
import * as protect from '../mm/mprotect.js';
import * as seal from '../mm/mseal.js';
import { isWatched, watched } from './operation.js';

export type { PrctlArgument } from '../kernel/sys.js';

/** An int: a descriptor, which may be -1, or flags. */
function checkInt(fn: string, arg: string, value: number): void {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) badArgument(fn, arg, value, 'not an int');
}

function checkMapping(fn: string, addr: number, len: number, prot: number, flags: number): void {
  checkUlong(fn, 'addr', addr);
  checkUlong(fn, 'len', len);
  checkUlong(fn, 'prot', prot);
  checkUlong(fn, 'flags', flags);
}

/**
 * Maps len bytes of the file behind fd from offset `off` on, or of anonymous memory, for which neither counts. The
 * address, or a negative errno. mmap() of arch/x86/kernel/sys_x86_64.c.
 */
export function mmap(addr: number, len: number, prot: number, flags: number, fd: number, off: number): number {
  if (isWatched()) return watched('mmap', mmap, { addr, len, prot, flags, fd, off });
  checkMapping('mmap', addr, len, prot, flags);
  checkInt('mmap', 'fd', fd);
  checkUlong('mmap', 'off', off);
  return map.mmap(addr, len, prot, flags, fd, off);
}

/** As mmap(), with the offset in pages. ksys_mmap_pgoff() of mm/mmap.c. */
export function ksys_mmap_pgoff(
  addr: number,
  len: number,
  prot: number,
  flags: number,
  fd: number,
  pgoff: number,
): number {
  if (isWatched()) return watched('ksys_mmap_pgoff', ksys_mmap_pgoff, { addr, len, prot, flags, fd, pgoff });
  checkMapping('ksys_mmap_pgoff', addr, len, prot, flags);
  checkInt('ksys_mmap_pgoff', 'fd', fd);
  checkUlong('ksys_mmap_pgoff', 'pgoff', pgoff);
  return map.ksys_mmap_pgoff(addr, len, prot, flags, fd, pgoff);
}

/** As mmap(), of an open file, for code of the kernel. vm_mmap() of mm/util.c. */
export function vm_mmap(
  file: file | null,
  addr: number,
  len: number,
  prot: number,
  flags: number,
  offset: number,
): number {
  if (isWatched()) return watched('vm_mmap', vm_mmap, { file, addr, len, prot, flags, offset });
  checkMapping('vm_mmap', addr, len, prot, flags);
  checkUlong('vm_mmap', 'offset', offset);
  return map.vm_mmap(file, addr, len, prot, flags, offset);
}

/** As vm_mmap(), with the offset in pages. vm_mmap_pgoff() of mm/util.c. */
export function vm_mmap_pgoff(
  file: file | null,
  addr: number,
  len: number,
  prot: number,
  flags: number,
  pgoff: number,
): number {
  if (isWatched()) return watched('vm_mmap_pgoff', vm_mmap_pgoff, { file, addr, len, prot, flags, pgoff });
  checkMapping('vm_mmap_pgoff', addr, len, prot, flags);
  checkUlong('vm_mmap_pgoff', 'pgoff', pgoff);
  return map.vm_mmap_pgoff(file, addr, len, prot, flags, pgoff);
}

/**
 * As vm_mmap_pgoff(), under mmap_lock, which the caller holds for writing. vma_flags come on top of what prot and
 * flags ask for; populate.value becomes the number of bytes that the caller is to fault in, or 0. do_mmap() of
 * mm/mmap.c.
 */
export function do_mmap(
  file: file | null,
  addr: number,
  len: number,
  prot: number,
  flags: number,
  vma_flags: vma_flags_t,
  pgoff: number,
  populate: Ref<number>,
  uf: list_head | null,
): number {
  if (isWatched()) return watched('do_mmap', do_mmap, { file, addr, len, prot, flags, vma_flags, pgoff, populate, uf });
  checkMapping('do_mmap', addr, len, prot, flags);
  if (!(vma_flags instanceof vma_flags_t)) badArgument('do_mmap', 'vma_flags', vma_flags, 'not a bitmap of VMA flags');
  checkUlong('do_mmap', 'pgoff', pgoff);
  return doMmap.do_mmap(file, addr, len, prot, flags, vma_flags, pgoff, populate, uf);
}

/**
 * Unmaps len bytes from addr on. 0, -EINVAL, -ENOMEM, -EPERM where memory is sealed, -EINTR. munmap() of mm/mmap.c.
 */
export function munmap(addr: number, len: number): number {
  if (isWatched()) return watched('munmap', munmap, { addr, len });
  checkUlong('munmap', 'addr', addr);
  checkUlong('munmap', 'len', len);
  return unmap.munmap(addr, len);
}

/**
 * Has the heap end at addr. Where it ends now, which is where it ended before if that cannot be; -EINTR. brk() of
 * mm/mmap.c.
 */
export function brk(addr: number): number {
  if (isWatched()) return watched('brk', brk, { addr });
  checkUlong('brk', 'addr', addr);
  return heap.brk(addr);
}

/**
 * Maps anonymous memory at addr in place of what is there, as exec does for a program's zeroed data. 0 or a negative
 * errno. vm_brk_flags() of mm/mmap.c.
 */
export function vm_brk_flags(addr: number, request: number, is_exec: boolean): number {
  if (isWatched()) return watched('vm_brk_flags', vm_brk_flags, { addr, request, is_exec });
  checkUlong('vm_brk_flags', 'addr', addr);
  checkUlong('vm_brk_flags', 'request', request);
  return heap.vm_brk_flags(addr, request, is_exec);
}

/**
 * Has the pages from pgoff on of the file that is mapped shared at start come there, `size` bytes of them. 0 or a
 * negative errno. remap_file_pages() of mm/mmap.c.
 */
export function remap_file_pages(start: number, size: number, prot: number, pgoff: number, flags: number): number {
  if (isWatched()) return watched('remap_file_pages', remap_file_pages, { start, size, prot, pgoff, flags });
  checkUlong('remap_file_pages', 'start', start);
  checkUlong('remap_file_pages', 'size', size);
  checkUlong('remap_file_pages', 'prot', prot);
  checkUlong('remap_file_pages', 'pgoff', pgoff);
  checkUlong('remap_file_pages', 'flags', flags);
  return remap.remap_file_pages(start, size, prot, pgoff, flags);
}

/**
 * Gives len bytes from start on the protection prot. 0 or a negative errno; what came before the error stays changed.
 * mprotect() of mm/mprotect.c.
 */
export function mprotect(start: number, len: number, prot: number): number {
  if (isWatched()) return watched('mprotect', mprotect, { start, len, prot });
  checkUlong('mprotect', 'start', start);
  checkUlong('mprotect', 'len', len);
  checkUlong('mprotect', 'prot', prot);
  return protect.mprotect(start, len, prot);
}

/**
 * As mprotect(), with a protection key, of which there are none but 0, and -1 for none. pkey_mprotect() of
 * mm/mprotect.c.
 */
export function pkey_mprotect(start: number, len: number, prot: number, pkey: number): number {
  if (isWatched()) return watched('pkey_mprotect', pkey_mprotect, { start, len, prot, pkey });
  checkUlong('pkey_mprotect', 'start', start);
  checkUlong('pkey_mprotect', 'len', len);
  checkUlong('pkey_mprotect', 'prot', prot);
  checkInt('pkey_mprotect', 'pkey', pkey);
  return protect.pkey_mprotect(start, len, prot, pkey);
}

/** Locks len bytes from start on, and faults them in. 0 or a negative errno. mlock() of mm/mlock.c. */
export function mlock(start: number, len: number): number {
  if (isWatched()) return watched('mlock', mlock, { start, len });
  checkUlong('mlock', 'start', start);
  checkUlong('mlock', 'len', len);
  return lock.mlock(start, len);
}

/** As mlock(); with MLOCK_ONFAULT pages are locked when they are faulted in. mlock2() of mm/mlock.c. */
export function mlock2(start: number, len: number, flags: number): number {
  if (isWatched()) return watched('mlock2', mlock2, { start, len, flags });
  checkUlong('mlock2', 'start', start);
  checkUlong('mlock2', 'len', len);
  checkInt('mlock2', 'flags', flags);
  return lock.mlock2(start, len, flags);
}

/** Unlocks len bytes from start on. 0 or a negative errno. munlock() of mm/mlock.c. */
export function munlock(start: number, len: number): number {
  if (isWatched()) return watched('munlock', munlock, { start, len });
  checkUlong('munlock', 'start', start);
  checkUlong('munlock', 'len', len);
  return lock.munlock(start, len);
}

/**
 * Locks all that is mapped (MCL_CURRENT), or will be (MCL_FUTURE), perhaps on fault (MCL_ONFAULT). 0 or a negative
 * errno. mlockall() of mm/mlock.c.
 */
export function mlockall(flags: number): number {
  if (isWatched()) return watched('mlockall', mlockall, { flags });
  checkInt('mlockall', 'flags', flags);
  return lock.mlockall(flags);
}

/** Unlocks all there is, and locks nothing to come. 0 or -EINTR. munlockall() of mm/mlock.c. */
export function munlockall(): number {
  if (isWatched()) return watched('munlockall', munlockall, {});
  return lock.munlockall();
}

/**
 * Seals len bytes from start on, all of which must be mapped: they can be neither unmapped nor changed any more. No
 * flags are known. 0 or a negative errno. mseal() of mm/mseal.c.
 */
export function mseal(start: number, len: number, flags: number): number {
  if (isWatched()) return watched('mseal', mseal, { start, len, flags });
  checkUlong('mseal', 'start', start);
  checkUlong('mseal', 'len', len);
  checkUlong('mseal', 'flags', flags);
  return seal.mseal(start, len, flags);
}

/**
 * What prctl() says and does about memory: PR_SET_MDWE, PR_GET_MDWE, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE,
 * PR_SET_MEMORY_MERGE, PR_GET_MEMORY_MERGE, and PR_SET_VMA, whose last argument is a string, or null for no name.
 * prctl() of kernel/sys.c.
 */
export function prctl(option: number, arg2: number, arg3 = 0, arg4 = 0, arg5: sys.PrctlArgument = 0): number {
  if (isWatched()) return watched('prctl', prctl, { option, arg2, arg3, arg4, arg5 });
  checkInt('prctl', 'option', option);
  checkUlong('prctl', 'arg2', arg2);
  checkUlong('prctl', 'arg3', arg3);
  checkUlong('prctl', 'arg4', arg4);
  if (typeof arg5 === 'number') checkUlong('prctl', 'arg5', arg5);
  return sys.prctl(option, arg2, arg3, arg4, arg5);
}
