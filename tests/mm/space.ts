// SPDX-License-Identifier: GPL-2.0-only
/** What most tests of an address space begin with: mapping memory and finding it again. */

import type { VmaTest } from '../../harness/index.js';
import {
  __mmap_region,
  file,
  mk_vma_flags,
  PAGE_SIZE,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';

/** Bits of readable, writable private memory. */
export const DATA: readonly number[] = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT];

export interface MapOptions {
  bits?: readonly number[];
  file?: file | null;
  /** Page offset; that of the address unless given. */
  pgoff?: number;
}

/** Maps [start, end) and returns the VMA there, which may be a merged one. */
export function mapRange(t: VmaTest, start: number, end: number, options: MapOptions = {}): vm_area_struct {
  const { bits = DATA, file: mapped = null, pgoff = start / PAGE_SIZE } = options;
  t.ASSERT_EQ(__mmap_region(mapped, start, end - start, mk_vma_flags(...bits), pgoff, null), start, 'mapped');
  return vmaAt(t, start);
}

/** The VMA that addr lies in; fails the test if there is none. */
export function vmaAt(t: VmaTest, addr: number): vm_area_struct {
  const vma = vma_lookup(t.mm, addr);
  if (vma === null) throw new Error(`nothing is mapped at 0x${addr.toString(16)}`);
  return vma;
}

/** A file whose mmap hook has nothing to do. */
export function plainFile(): file {
  return new file({ mmap: () => 0 });
}
