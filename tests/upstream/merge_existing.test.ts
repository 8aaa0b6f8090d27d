// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/merge.c (Linux 7.3): merge_existing, once for each combination of sticky flags.
 */

import type sinon from 'sinon';
import { test } from '../../harness/c.js';
import {
  alloc_and_link_vma,
  cleanup_mm,
  dummy_anon_vma,
  merge_existing,
  type VmaTest,
  vma_set_dummy_anon_vma,
  vma_write_started,
} from '../../harness/index.js';
import {
  anon_vma_chain,
  type mm_struct,
  stubs,
  VMA_ITERATOR,
  VMA_MERGE_NOMERGE,
  VMA_MERGE_SUCCESS,
  VMA_STICKY_FLAGS,
  type vm_area_struct,
  type vm_operations_struct,
  vma_flags_set_mask,
  type vma_flags_t,
  vma_flags_test_any_mask,
  type vma_iterator,
  vma_merge_struct,
} from '../../lib/index.js';
import {
  assertCloned,
  assertNotClosed,
  assertRange,
  dataFlags,
  hooksWithClose,
  vmg_set_range,
  vmg_set_range_anon_vma,
} from './merge_helpers.js';

interface Sticky {
  prev: boolean;
  middle: boolean;
  next: boolean;
}

/** What every case begins with. */
interface Setup {
  mm: mm_struct;
  vmi: vma_iterator;
  vmg: vma_merge_struct;
  avc: anon_vma_chain;
  prev_flags: vma_flags_t;
  vma_flags: vma_flags_t;
  next_flags: vma_flags_t;
  close: sinon.SinonSpy;
  vm_ops: vm_operations_struct;
  clone: sinon.SinonSpy;
}

function flagsWith(sticky: boolean): vma_flags_t {
  const flags = dataFlags();
  if (sticky) vma_flags_set_mask(flags, VMA_STICKY_FLAGS);
  return flags;
}

function setUp(t: VmaTest, is: Sticky): Setup {
  const { mm } = t;
  const vmi = VMA_ITERATOR(mm, 0);
  return {
    mm,
    vmi,
    vmg: new vma_merge_struct(vmi, { mm }),
    avc: new anon_vma_chain(),
    prev_flags: flagsWith(is.prev),
    vma_flags: flagsWith(is.middle),
    next_flags: flagsWith(is.next),
    ...hooksWithClose(t),
    clone: t.sandbox.spy(stubs, 'anon_vma_clone'),
  };
}

/** Upstream asserts that sticky flags stay; beyond upstream also that none come from nowhere. */
function assertSticky(t: VmaTest, vma: vm_area_struct, sticky: boolean): void {
  t.ASSERT_EQ(vma_flags_test_any_mask(vma.flags, VMA_STICKY_FLAGS), sticky, 'sticky exactly when a part was');
}

//    <->
// 0123456789        0123456789
//   VVVVNNN    ->     VNNNNNN
function mergeRightInPart(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, avc, vma_flags, next_flags, close, vm_ops, clone } = setUp(t, is);
  const vma = alloc_and_link_vma(mm, 0x2000, 0x6000, 2, vma_flags);
  vma.vm_ops = vm_ops; // Neither hook is in the way: nothing is removed.
  const vma_next = alloc_and_link_vma(mm, 0x6000, 0x9000, 6, next_flags);
  vma_next.vm_ops = vm_ops;
  vmg_set_range_anon_vma(vmg, 0x3000, 0x6000, 3, vma_flags, dummy_anon_vma);
  vmg.middle = vma;
  vmg.prev = vma;
  vma_set_dummy_anon_vma(vma, avc);
  t.ASSERT_EQ(merge_existing(vmg), vma_next);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma_next, 0x3000, 0x9000, 3);
  t.ASSERT_EQ(vma_next.anon_vma, dummy_anon_vma);
  assertRange(t, vma, 0x2000, 0x3000, 2);
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_TRUE(vma_write_started(vma_next));
  t.ASSERT_EQ(mm.map_count, 2);
  assertSticky(t, vma_next, is.middle || is.next);
  assertCloned(t, clone, vma_next, vma);
  assertNotClosed(t, close);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
}

//   <-->
// 0123456789        0123456789
//   VVVVNNN    ->     NNNNNNN
function mergeRightInFull(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, avc, vma_flags, next_flags, close, vm_ops, clone } = setUp(t, is);
  const vma = alloc_and_link_vma(mm, 0x2000, 0x6000, 2, vma_flags);
  const vma_next = alloc_and_link_vma(mm, 0x6000, 0x9000, 6, next_flags);
  vma_next.vm_ops = vm_ops; // It grows, so its hook is not in the way.
  vmg_set_range_anon_vma(vmg, 0x2000, 0x6000, 2, vma_flags, dummy_anon_vma);
  vmg.middle = vma;
  vma_set_dummy_anon_vma(vma, avc);
  t.ASSERT_EQ(merge_existing(vmg), vma_next);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma_next, 0x2000, 0x9000, 2);
  t.ASSERT_EQ(vma_next.anon_vma, dummy_anon_vma);
  t.ASSERT_TRUE(vma_write_started(vma_next));
  t.ASSERT_EQ(mm.map_count, 1);
  assertSticky(t, vma_next, is.middle || is.next);
  assertCloned(t, clone, vma_next, vma);
  assertNotClosed(t, close);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1);
}

//    <->
// 0123456789        0123456789
// PPPVVVV      ->   PPPPPPV
function mergeLeftInPart(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, avc, vma_flags, prev_flags, close, vm_ops, clone } = setUp(t, is);
  const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, prev_flags);
  vma_prev.vm_ops = vm_ops; // Neither hook is in the way: nothing is removed.
  const vma = alloc_and_link_vma(mm, 0x3000, 0x7000, 3, vma_flags);
  vma.vm_ops = vm_ops;
  vmg_set_range_anon_vma(vmg, 0x3000, 0x6000, 3, vma_flags, dummy_anon_vma);
  vmg.prev = vma_prev;
  vmg.middle = vma;
  vma_set_dummy_anon_vma(vma, avc);
  t.ASSERT_EQ(merge_existing(vmg), vma_prev);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma_prev, 0, 0x6000, 0);
  t.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
  assertRange(t, vma, 0x6000, 0x7000, 6);
  t.ASSERT_TRUE(vma_write_started(vma_prev));
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_EQ(mm.map_count, 2);
  assertSticky(t, vma_prev, is.prev || is.middle);
  assertCloned(t, clone, vma_prev, vma);
  assertNotClosed(t, close);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
}

//    <-->
// 0123456789        0123456789
// PPPVVVV      ->   PPPPPPP
function mergeLeftInFull(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, avc, vma_flags, prev_flags, close, vm_ops, clone } = setUp(t, is);
  const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, prev_flags);
  vma_prev.vm_ops = vm_ops; // It grows, so its hook is not in the way.
  const vma = alloc_and_link_vma(mm, 0x3000, 0x7000, 3, vma_flags);
  vmg_set_range_anon_vma(vmg, 0x3000, 0x7000, 3, vma_flags, dummy_anon_vma);
  vmg.prev = vma_prev;
  vmg.middle = vma;
  vma_set_dummy_anon_vma(vma, avc);
  t.ASSERT_EQ(merge_existing(vmg), vma_prev);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma_prev, 0, 0x7000, 0);
  t.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
  t.ASSERT_TRUE(vma_write_started(vma_prev));
  t.ASSERT_EQ(mm.map_count, 1);
  assertSticky(t, vma_prev, is.prev || is.middle);
  assertCloned(t, clone, vma_prev, vma);
  assertNotClosed(t, close);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1);
}

//    <-->
// 0123456789        0123456789
// PPPVVVVNN    ->   PPPPPPPPP
function mergeBoth(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, avc, vma_flags, prev_flags, next_flags, close, vm_ops, clone } = setUp(t, is);
  const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, prev_flags);
  vma_prev.vm_ops = vm_ops; // It grows, so its hook is not in the way.
  const vma = alloc_and_link_vma(mm, 0x3000, 0x7000, 3, vma_flags);
  alloc_and_link_vma(mm, 0x7000, 0x9000, 7, next_flags);
  vmg_set_range_anon_vma(vmg, 0x3000, 0x7000, 3, vma_flags, dummy_anon_vma);
  vmg.prev = vma_prev;
  vmg.middle = vma;
  vma_set_dummy_anon_vma(vma, avc);
  t.ASSERT_EQ(merge_existing(vmg), vma_prev);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma_prev, 0, 0x9000, 0);
  t.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
  t.ASSERT_TRUE(vma_write_started(vma_prev));
  t.ASSERT_EQ(mm.map_count, 1);
  assertSticky(t, vma_prev, is.prev || is.middle || is.next);
  assertCloned(t, clone, vma_prev, vma);
  assertNotClosed(t, close);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1);
}

// Ranges inside the VMA that reach neither end. (The caller never asks for one outside it.)
//
//     -
//      -
//       -
//     <->
//     <>
//      -
// 0123456789a
// PPPVVVVVNN
function mergeNeither(t: VmaTest, is: Sticky): void {
  const { mm, vmi, vmg, vma_flags, prev_flags, next_flags, clone } = setUp(t, is);
  alloc_and_link_vma(mm, 0, 0x3000, 0, prev_flags);
  const vma = alloc_and_link_vma(mm, 0x3000, 0x8000, 3, vma_flags);
  alloc_and_link_vma(mm, 0x8000, 0xa000, 8, next_flags);

  const ranges: [start: number, end: number, pgoff: number][] = [
    [0x4000, 0x5000, 4],
    [0x5000, 0x6000, 5],
    [0x6000, 0x7000, 6],
    [0x4000, 0x7000, 4],
    [0x4000, 0x6000, 4],
    [0x5000, 0x6000, 5],
  ];
  for (const [start, end, pgoff] of ranges) {
    vmg_set_range(vmg, start, end, pgoff, vma_flags);
    vmg.prev = vma;
    vmg.middle = vma;
    t.ASSERT_EQ(merge_existing(vmg), null);
    t.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
  }
  t.ASSERT_EQ(clone.callCount, 0, 'anon_vma_clone() is not called');

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 3);
}

test('merge_existing', (t) => {
  const cases = { mergeRightInPart, mergeRightInFull, mergeLeftInPart, mergeLeftInFull, mergeBoth, mergeNeither };
  for (const prev of [false, true]) {
    for (const middle of [false, true]) {
      for (const next of [false, true]) {
        const sticky = [prev && 'prev', middle && 'middle', next && 'next'].filter(Boolean).join(', ');
        t.subtest(`sticky: ${sticky || 'none'}`, (s) => {
          for (const [name, run] of Object.entries(cases)) s.subtest(name, (u) => run(u, { prev, middle, next }));
        });
      }
    }
  }
});
