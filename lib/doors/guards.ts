// SPDX-License-Identifier: GPL-2.0-only
/** Guards for objects that a caller hands in: a VMA that is not freed, a file. C would read freed memory, or any. */
import { badArgument, hexOf } from '../../include/check.js';
import { file, vm_area_struct } from '../../include/mm_types.js';
import { freed } from '../../stubs/freed.js';

/**
 * Throws when vma is neither null nor a live VMA. The checked world's freed objects are no vm_area_struct any more.
 * @internal
 */
export function checkLive(fn: string, arg: string, vma: vm_area_struct | null): void {
  // Not instanceof, which walks the chain of prototypes: this comes down to the look at the map that a field needs anyway.
  if (vma !== null && (vma?.constructor !== vm_area_struct || freed.objects.hasVma(vma))) refuseDead(fn, arg, vma);
}

/**
 * Throws when f is no file.
 * @internal
 */
export function checkFile(fn: string, f: file): void {
  if (!(f instanceof file)) badArgument(fn, 'f', f, 'not a file');
}

function refuseDead(fn: string, arg: string, vma: unknown): never {
  if (vma instanceof vm_area_struct) {
    throw new TypeError(`${fn}: ${arg} = VMA ${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}: freed`);
  }
  return badArgument(fn, arg, vma, 'not a live VMA');
}
