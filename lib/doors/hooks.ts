// SPDX-License-Identifier: GPL-2.0-only
/**
 * Guards for what a driver's mmap hooks leave behind: with them a caller from outside comes in from below. A VMA whose
 * range or offset a hook has broken is refused before it reaches the tree.
 */
import { checkPageRange, checkUlong } from '../../include/check.js';
import type { vm_area_desc, vm_area_struct } from '../../include/mm_types.js';
import { checkLive } from './guards.js';

/**
 * The description that f_op->mmap_prepare has changed. Throws a RangeError for an offset that is none.
 * @internal
 */
export function checkPrepared(desc: vm_area_desc): void {
  checkUlong('mmap_prepare', 'desc.pgoff', desc.pgoff);
}

/**
 * The VMA that f_op->mmap was given. Throws when it was freed, or has no range of whole pages any more.
 * @internal
 */
export function checkMapped(vma: vm_area_struct): void {
  checkLive('mmap', 'vma', vma);
  checkPageRange('mmap', 'vma.vm_start', vma.vm_start, 'vma.vm_end', vma.vm_end);
  checkUlong('mmap', 'vma.vm_pgoff', vma.vm_pgoff);
}
