// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/merge.c (Linux 7.3): vma_merge_with_close, vma_merge_new_with_close.
 *
 * A VMA with a close hook is never removed by a merge: its driver may count on the call for this very range. Of three
 * neighbours prev, vma, next only vma and next can be removed. vma with a hook beside a next without one cannot be:
 * the same hooks mean the same file, and so the same hook on both.
 */

import { test } from '../../harness/c.js';
import { alloc_and_link_vma, cleanup_mm, merge_existing, vma_write_started } from '../../harness/index.js';
import { VMA_ITERATOR, VMA_MERGE_NOMERGE, VMA_MERGE_SUCCESS, vma_merge_struct } from '../../lib/index.js';
import {
  assertNotClosed,
  assertRange,
  assertVma,
  dataFlags,
  hooksWithClose,
  merge_new,
  vmg_set_range,
} from './merge_helpers.js';

test('vma_merge_with_close', (t) => {
  // Of the new ranges only one to both sides would remove a VMA, the next one. It is left, and prev grows.
  //
  // 0123456789       0123456789
  // PPP**NNNN   ->   PPPPPNNNN
  t.subtest('new range, next has the hook', (s) => {
    const { mm } = s;
    const { close, vm_ops } = hooksWithClose(s);
    const vma_flags = dataFlags();
    const vmi = VMA_ITERATOR(mm, 0);
    const vmg = new vma_merge_struct(vmi, { mm });
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x5000, 0x9000, 5, vma_flags);
    vma_next.vm_ops = vm_ops;

    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    s.ASSERT_EQ(merge_new(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    assertRange(s, vma_prev, 0, 0x5000, 0);
    // Beyond upstream: next is as it was.
    assertRange(s, vma_next, 0x5000, 0x9000, 5);
    assertNotClosed(s, close);

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });

  // A changed VMA with the hook stays.
  //
  //    <>
  // 0123456789
  // PPPVV
  t.subtest('changed VMA has the hook, to merge with prev', (s) => {
    const { mm } = s;
    const { close, vm_ops } = hooksWithClose(s);
    const vma_flags = dataFlags();
    const vmi = VMA_ITERATOR(mm, 0);
    const vmg = new vma_merge_struct(vmi, { mm });
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    vma.vm_ops = vm_ops;

    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), null);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
    assertNotClosed(s, close);

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });

  //    <>
  // 0123456789
  //    VVNNNN
  t.subtest('changed VMA has the hook, to merge with next', (s) => {
    const { mm } = s;
    const { close, vm_ops } = hooksWithClose(s);
    const vma_flags = dataFlags();
    const vmi = VMA_ITERATOR(mm, 0);
    const vmg = new vma_merge_struct(vmi, { mm });
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    alloc_and_link_vma(mm, 0x5000, 0x9000, 5, vma_flags);
    vma.vm_ops = vm_ops;

    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), null);
    // No merge, and no mistaking that for want of memory.
    s.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
    assertNotClosed(s, close);

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });

  //    <>
  // 0123456789
  // PPPVVNNNN
  t.subtest('changed VMA has the hook, to merge with both', (s) => {
    const { mm } = s;
    const { close, vm_ops } = hooksWithClose(s);
    const vma_flags = dataFlags();
    const vmi = VMA_ITERATOR(mm, 0);
    const vmg = new vma_merge_struct(vmi, { mm });
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    alloc_and_link_vma(mm, 0x5000, 0x9000, 5, vma_flags);
    vma.vm_ops = vm_ops;

    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), null);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
    assertNotClosed(s, close);

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 3);
  });

  // Next has the hook: it stays, prev and the changed VMA still merge.
  //
  //    <>
  // 0123456789       0123456789
  // PPPVVNNNN   ->   PPPPPNNNN
  t.subtest('next has the hook, to merge with both', (s) => {
    const { mm } = s;
    const { close, vm_ops } = hooksWithClose(s);
    const vma_flags = dataFlags();
    const vmi = VMA_ITERATOR(mm, 0);
    const vmg = new vma_merge_struct(vmi, { mm });
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x5000, 0x9000, 5, vma_flags);
    vma_next.vm_ops = vm_ops;

    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    assertRange(s, vma_prev, 0, 0x5000, 0);
    // Beyond upstream: next is as it was.
    assertRange(s, vma_next, 0x5000, 0x9000, 5);
    assertNotClosed(s, close);

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });
});

test('vma_merge_new_with_close', (t) => {
  const { mm } = t;
  const { close, vm_ops } = hooksWithClose(t);
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0);
  const vmg = new vma_merge_struct(vmi, { mm });
  const vma_prev = alloc_and_link_vma(mm, 0, 0x2000, 0, vma_flags);
  const vma_next = alloc_and_link_vma(mm, 0x5000, 0x7000, 5, vma_flags);

  // Both have the hook. Prev may grow all the same; next may not go.
  //
  // 0123456789       0123456789
  // PP***NN     ->   PPPPPNN
  vma_prev.vm_ops = vm_ops;
  vma_next.vm_ops = vm_ops;

  vmg_set_range(vmg, 0x2000, 0x5000, 2, vma_flags);
  const vma = assertVma(t, merge_new(vmg));
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma, 0, 0x5000, 0);
  t.ASSERT_EQ(vma.vm_ops, vm_ops);
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_EQ(mm.map_count, 2);
  assertNotClosed(t, close);

  cleanup_mm(mm, vmi);
});
