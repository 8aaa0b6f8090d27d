// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Counters and hooks of a mapped file. Port of inlines of include/linux/fs.h and
 * tools/testing/vma/include/dup.h (Linux 7.3).
 */
import { EBUSY, EPERM } from '../../../include/linux/errno.js';
import type { address_space, file, vm_area_desc, vm_area_struct } from '../../../include/mm_types.js';
import { stubs } from '../../../stubs/index.js';
import { WARN_ON_ONCE } from '../../bug.js';
import { checkPrepared } from '../../doors/hooks.js';

/** One writable shared mapping more, unconditionally. */
export function mapping_allow_writable(mapping: address_space): void {
  stubs.mapping_writable_taken(mapping);
  mapping.i_mmap_writable++;
}

/** One writable shared mapping more: 0, or -EPERM while such mappings are denied. */
export function mapping_map_writable(mapping: address_space): number {
  if (mapping.i_mmap_writable < 0) return -EPERM;
  stubs.mapping_writable_taken(mapping);
  mapping.i_mmap_writable++;
  return 0;
}

/** No writable shared mappings from here on: 0, or -EBUSY while there is one. */
export function mapping_deny_writable(mapping: address_space): number {
  if (mapping.i_mmap_writable > 0) return -EBUSY;
  mapping.i_mmap_writable--;
  return 0;
}

/** Does the driver have one, and only one, of the two mmap hooks? Warns when it has both. */
export function can_mmap_file(file: file): boolean {
  const has_mmap = Boolean(file.f_op.mmap);
  const has_mmap_prepare = Boolean(file.f_op.mmap_prepare);

  if (WARN_ON_ONCE(has_mmap && has_mmap_prepare, 'can_mmap_file', 'both mmap and mmap_prepare are set')) return false;
  return has_mmap || has_mmap_prepare;
}

/** Calls f_op->mmap_prepare, which must be set. 0 or a negative errno. */
export function vfs_mmap_prepare(file: file, desc: vm_area_desc): number {
  const { mmap_prepare } = file.f_op;
  if (!mmap_prepare) throw new TypeError('vfs_mmap_prepare: file.f_op.mmap_prepare = null: no such hook');
  const err = stubs.call_hook(file.f_op, 'mmap_prepare', mmap_prepare, desc);
  checkPrepared(desc);
  return err;
}

/** Makes a VMA map another file: takes a reference on it, drops the one on the old. */
export function vma_set_file(vma: vm_area_struct, file: file): void {
  stubs.get_file(file);
  const old = vma.vm_file;
  vma.vm_file = file;
  if (old !== null) stubs.fput(old);
}
