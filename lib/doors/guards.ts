// SPDX-License-Identifier: GPL-2.0-only
/** The guard for VMAs that a caller hands in: not freed, and nothing else than a VMA. C would read freed memory. */
import { badArgument, hexOf } from '../../include/check.js';
import { vm_area_struct } from '../../include/mm_types.js';
import { freed } from '../../stubs/freed.js';

/**
 * Throws when vma is neither null nor a live VMA. The checked world's freed objects are no vm_area_struct any more.
 * @internal
 */
export function checkLive(fn: string, arg: string, vma: vm_area_struct | null): void {
  // Not instanceof, which walks the chain of prototypes: this comes down to the look at the map that a field needs anyway.
  if (vma !== null && (vma?.constructor !== vm_area_struct || freed.objects.hasVma(vma))) refuseDead(fn, arg, vma);
}

function refuseDead(fn: string, arg: string, vma: unknown): never {
  if (vma instanceof vm_area_struct) {
    throw new TypeError(`${fn}: ${arg} = VMA ${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}: freed`);
  }
  return badArgument(fn, arg, vma, 'not a live VMA');
}
