// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Helpers of tools/testing/vma/tests/merge.c (Linux 7.3), by their names, and what its tests begin with.
 */

import type sinon from 'sinon';
import { alloc_and_link_vma, type VmaTest } from '../../harness/index.js';
import type { anon_vma, mm_struct, vm_area_struct, vm_operations_struct } from '../../include/mm_types.js';
import { VMA_MERGE_NOMERGE, VMA_MERGE_SUCCESS, type vma_merge_struct } from '../../include/vma.js';
import {
  mk_vma_flags,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  type vma_flags_t,
} from '../../include/vma_flags.js';
import {
  PAGE_SIZE,
  type Ref,
  vma_assert_attached,
  vma_expand,
  vma_iter_next_range,
  vma_iter_set,
  vma_merge_new_range,
  vma_next,
  vma_prev,
  vma_start_anon_pgoff,
  vma_start_pgoff,
} from '../../lib/index.js';

/** The flags that nearly every test maps with: a bitmap of its own for each caller. */
export function dataFlags(): vma_flags_t {
  return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
}

/** Merges a new range, with prev and next found by the iterator. */
export function merge_new(vmg: vma_merge_struct): vm_area_struct | null {
  vmg.next = vma_next(vmg.vmi);
  vmg.prev = vma_prev(vmg.vmi);
  vma_iter_next_range(vmg.vmi);

  const vma = vma_merge_new_range(vmg);
  if (vma !== null) vma_assert_attached(vma);
  return vma;
}

/** Grows an existing VMA. 0 or a negative errno. */
export function expand_existing(vmg: vma_merge_struct): number {
  return vma_expand(vmg);
}

/** Makes vmg and its iterator new for another range. */
export function vmg_set_range(
  vmg: vma_merge_struct,
  start: number,
  end: number,
  pgoff: number,
  vma_flags: vma_flags_t,
): void {
  vma_iter_set(vmg.vmi, start);

  vmg.prev = null;
  vmg.middle = null;
  vmg.next = null;
  vmg.target = null;

  vmg.start = start;
  vmg.end = end;
  vmg.pgoff = pgoff;
  vmg.anon_pgoff = start / PAGE_SIZE;
  vmg.vma_flags = vma_flags;

  vmg.just_expand = false;
  vmg.__remove_middle = false;
  vmg.__remove_next = false;
  vmg.__adjust_middle_start = false;
  vmg.__adjust_next_start = false;
}

/** As vmg_set_range(), with the range's anon_vma. */
export function vmg_set_range_anon_vma(
  vmg: vma_merge_struct,
  start: number,
  end: number,
  pgoff: number,
  vma_flags: vma_flags_t,
  anon_vma: anon_vma | null,
): void {
  vmg_set_range(vmg, start, end, pgoff, vma_flags);
  vmg.anon_vma = anon_vma;
}

/**
 * Merges a new range, or else makes a VMA for it; was_merged says which. In C a failed assertion in here returns NULL,
 * which is `false` turned into a pointer; here it fails the test where it stands.
 */
export function try_merge_new_vma(
  t: VmaTest,
  mm: mm_struct,
  vmg: vma_merge_struct,
  start: number,
  end: number,
  pgoff: number,
  vma_flags: vma_flags_t,
  was_merged: Ref<boolean>,
): vm_area_struct {
  vmg_set_range(vmg, start, end, pgoff, vma_flags);

  const merged = merge_new(vmg);
  was_merged.value = merged !== null;
  if (merged !== null) {
    t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    return merged;
  }

  t.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
  return alloc_and_link_vma(mm, start, end, pgoff, vma_flags);
}

/** Asserts where a VMA lies, and by which offset its anonymous pages are found. */
export function assertRange(
  t: VmaTest,
  vma: vm_area_struct,
  start: number,
  end: number,
  pgoff: number,
  anon_pgoff = pgoff,
): void {
  t.ASSERT_EQ(vma.vm_start, start, 'vm_start');
  t.ASSERT_EQ(vma.vm_end, end, 'vm_end');
  t.ASSERT_EQ(vma_start_pgoff(vma), pgoff, 'vma_start_pgoff()');
  t.ASSERT_EQ(vma_start_anon_pgoff(vma), anon_pgoff, 'vma_start_anon_pgoff()');
}

/** The VMA of an operation that must have given one; ASSERT_NE(vma, NULL) in C. */
export function assertVma(t: VmaTest, vma: vm_area_struct | null): vm_area_struct {
  t.ASSERT_NE(vma, null, 'a VMA');
  if (vma === null) throw new Error('unreachable: the assertion above ends the test');
  return vma;
}

/** Hooks of a driver that counts on close() for each of its VMAs. */
export function hooksWithClose(t: VmaTest): { close: sinon.SinonSpy; vm_ops: vm_operations_struct } {
  const close = t.sandbox.fake();
  return { close, vm_ops: { close } };
}

/** Beyond upstream: whoever has the hook was not removed by a merge, so it was not called. */
export function assertNotClosed(t: VmaTest, close: sinon.SinonSpy): void {
  t.ASSERT_EQ(close.callCount, 0, 'close is not called for a VMA that stays');
}

/** Beyond upstream: anon_vma_clone() was called once since the last time, for these two. */
export function assertCloned(t: VmaTest, clone: sinon.SinonSpy, dst: vm_area_struct, src: vm_area_struct): void {
  t.ASSERT_EQ(clone.callCount, 1, 'anon_vma_clone() is called once');
  t.ASSERT_EQ(clone.firstCall.args[0], dst, 'anon_vma_clone(): who gets it');
  t.ASSERT_EQ(clone.firstCall.args[1], src, 'anon_vma_clone(): whose it is');
  clone.resetHistory();
}
