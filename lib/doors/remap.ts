// SPDX-License-Identifier: GPL-2.0-only
/**
 * System calls that change what is mapped, as the package exports them: functions of lib/mm by the same names, on the
 * current address space, whose lock they take. Arguments are what a program may hand in, sensible or not, and are
 * answered with a negative errno; what is no unsigned long is refused with a RangeError, or a TypeError, by its name.
 */
import { badArgument, checkUlong } from '../../include/check.js';
import * as madviseCall from '../mm/madvise/madvise.js';
import * as mremapCall from '../mm/mremap/mremap.js';
import { isWatched, watched } from './operation.js';

export type { iovec } from '../mm/madvise/madvise.js';

/**
 * Grows, shrinks or moves the mapping of old_len bytes at addr: with MREMAP_MAYMOVE elsewhere, with MREMAP_FIXED to
 * new_addr, with MREMAP_DONTUNMAP leaving the old mapping there, empty. Returns where it is, or a negative errno.
 * mremap() of mm/mremap.c.
 */
export function mremap(addr: number, old_len: number, new_len: number, flags: number, new_addr: number): number {
  if (isWatched()) return watched('mremap', mremap, { addr, old_len, new_len, flags, new_addr });
  checkUlong('mremap', 'addr', addr);
  checkUlong('mremap', 'old_len', old_len);
  checkUlong('mremap', 'new_len', new_len);
  checkUlong('mremap', 'flags', flags);
  checkUlong('mremap', 'new_addr', new_addr);
  return mremapCall.mremap(addr, old_len, new_len, flags, new_addr);
}

/**
 * Advises on the len_in bytes at start: what becomes of their pages, or how their mappings are to be treated. 0, or a
 * negative errno; -ENOMEM where a part is not mapped, with the advice applied to the rest. madvise() of mm/madvise.c.
 */
export function madvise(start: number, len_in: number, behavior: number): number {
  if (isWatched()) return watched('madvise', madvise, { start, len_in, behavior });
  checkUlong('madvise', 'start', start);
  checkUlong('madvise', 'len_in', len_in);
  if (!Number.isInteger(behavior)) badArgument('madvise', 'behavior', behavior, 'not an integer');
  return madviseCall.madvise(start, len_in, behavior);
}

/**
 * Advises on one range after the other of the current address space. Bytes of those that came before an error, or a
 * negative errno where none did. process_madvise() of mm/madvise.c, on oneself.
 */
export function process_madvise(vec: readonly madviseCall.iovec[], behavior: number, flags: number): number {
  if (isWatched()) return watched('process_madvise', process_madvise, { vec, behavior, flags });
  if (!Array.isArray(vec)) badArgument('process_madvise', 'vec', vec, 'no array of ranges');
  for (const { iov_base, iov_len } of vec) {
    checkUlong('process_madvise', 'iov_base', iov_base);
    checkUlong('process_madvise', 'iov_len', iov_len);
  }
  if (!Number.isInteger(behavior)) badArgument('process_madvise', 'behavior', behavior, 'not an integer');
  checkUlong('process_madvise', 'flags', flags);
  return madviseCall.process_madvise(vec, behavior, flags);
}

/**
 * Names the anonymous mappings of size bytes from addr on, as /proc shows them; null takes the name away. 0 or a
 * negative errno. set_anon_vma_name() of mm/madvise.c.
 */
export function set_anon_vma_name(addr: number, size: number, uname: string | null): number {
  if (isWatched()) return watched('set_anon_vma_name', set_anon_vma_name, { addr, size, uname });
  checkUlong('set_anon_vma_name', 'addr', addr);
  checkUlong('set_anon_vma_name', 'size', size);
  return madviseCall.set_anon_vma_name(addr, size, uname);
}
