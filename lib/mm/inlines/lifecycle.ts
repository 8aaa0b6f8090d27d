// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * States of a VMA: attached to a tree or not, anonymous or not. Port of the inlines of
 * tools/testing/vma/include/dup.h (Linux 7.3).
 *
 * Deviation: vma_init() relies on the constructor for what memset() clears in C.
 */
import type { mm_struct, vm_area_struct } from '../../../include/mm_types.js';
import { stubs, vma_dummy_vm_ops } from '../../../stubs/index.js';
import { WARN_ON_ONCE } from '../../bug.js';

/** Is the VMA in a tree? */
export function vma_is_attached(vma: vm_area_struct): boolean {
  return vma.vm_refcnt !== 0;
}

/** Warns unless the VMA is in a tree. */
export function vma_assert_attached(vma: vm_area_struct): void {
  WARN_ON_ONCE(!vma_is_attached(vma), 'vma_assert_attached', 'VMA is in no tree');
}

/** Warns when the VMA is in a tree. */
export function vma_assert_detached(vma: vm_area_struct): void {
  WARN_ON_ONCE(vma_is_attached(vma), 'vma_assert_detached', 'VMA is still in a tree');
}

/** A VMA that is in a tree may be changed only while it is write-locked. */
export function vma_assert_can_modify(vma: vm_area_struct): void {
  if (vma_is_attached(vma)) stubs.vma_assert_write_locked(vma);
}

/** The VMA enters a tree. It must be write-locked. */
export function vma_mark_attached(vma: vm_area_struct): void {
  stubs.vma_assert_write_locked(vma);
  vma_assert_detached(vma);
  vma.vm_refcnt = 1;
}

/** The VMA leaves its tree. It must be write-locked. */
export function vma_mark_detached(vma: vm_area_struct): void {
  stubs.vma_assert_write_locked(vma);
  vma_assert_attached(vma);
  vma.vm_refcnt = Math.max(0, vma.vm_refcnt - 1);
}

/** Makes a freshly allocated VMA one of mm, with hooks that do nothing. */
export function vma_init(vma: vm_area_struct, mm: mm_struct): void {
  vma.vm_mm = mm;
  vma.vm_ops = vma_dummy_vm_ops;
}

/** Anonymous memory is what has no vm_ops at all. */
export function vma_set_anonymous(vma: vm_area_struct): void {
  vma.vm_ops = null;
}

/** Is it anonymous memory: no vm_ops at all? */
export function vma_is_anonymous(vma: vm_area_struct): boolean {
  return vma.vm_ops === null;
}
