// SPDX-License-Identifier: GPL-2.0-only
/** What several words need to say a call of a test as a line of a trace. */

import { bitsOf } from '../../../harness/picture.js';
import type { vm_area_struct, vm_unmapped_area_info } from '../../../include/mm_types.js';
import type { vma_merge_struct } from '../../../include/vma.js';
import type { CallArguments, Part } from './word.js';

/** An operation, or something set by hand, that the format has no word for. The message says what is missing. */
export class Unsayable extends Error {}

/** Flags of a trace are numbers that fit a double. */
export function flagsPart(bits: bigint): number {
  const word = Number(bits);
  if (!Number.isSafeInteger(word)) throw new Unsayable(`flags 0x${bits.toString(16)}: a trace has bits 0 to 52`);
  return word;
}

/** Range, flags, offset and file of a VMA that a test has made. */
export function mappingOf(call: CallArguments, vma: vm_area_struct): Part[] {
  const { vm_start: start, vm_end: end, vm_pgoff: pgoff } = vma;
  return [start, end - start, flagsPart(bitsOf(vma.flags)), pgoff, call.fileNumber(vma.vm_file)];
}

/** Bits of the last argument of a merge: which neighbours the caller names, and what else it sets. */
export const HOW_PREV = 1;
export const HOW_NEXT = 2;
export const HOW_JUST_EXPAND = 4;
export const HOW_GIVE_UP = 8;

export function howOf(vmg: vma_merge_struct): number {
  const bits: [boolean, number][] = [
    [vmg.prev !== null, HOW_PREV],
    [vmg.next !== null, HOW_NEXT],
    [vmg.just_expand, HOW_JUST_EXPAND],
    [vmg.give_up_on_oom, HOW_GIVE_UP],
  ];
  return bits.reduce((sum, [set, bit]) => sum | (set ? bit : 0), 0);
}

/** Range and attributes of a merge. */
export function mergeOf(call: CallArguments, vmg: vma_merge_struct): Part[] {
  return [vmg.start, vmg.end, flagsPart(bitsOf(vmg.vma_flags)), vmg.pgoff, call.fileNumber(vmg.file)];
}

/** A search without an offset for the alignment and without a gap is `unmapped`, any other `room`. */
export function isPlainSearch({ align_offset, start_gap }: vm_unmapped_area_info): boolean {
  return align_offset === 0 && start_gap === 0;
}

export function searchOf(info: vm_unmapped_area_info, topdown: number): Part[] {
  const { length, low_limit, high_limit, align_mask, align_offset, start_gap } = info;
  const gaps = isPlainSearch(info) ? [] : [align_offset, start_gap];
  return [length, low_limit, high_limit, align_mask, ...gaps, topdown];
}
