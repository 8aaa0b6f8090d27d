// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/merge.c (Linux 7.3): anon_vma_non_mergeable, dup_anon_vma, vmi_prealloc_fail.
 */

import type sinon from 'sinon';
import { test } from '../../harness/c.js';
import {
  __vma_set_dummy_anon_vma,
  alloc_and_link_vma,
  cleanup_mm,
  dummy_anon_vma,
  merge_existing,
  reset_dummy_anon_vma,
  type VmaTest,
  vma_set_dummy_anon_vma,
  vma_write_started,
} from '../../harness/index.js';
import {
  anon_vma,
  anon_vma_chain,
  ENOMEM,
  globals,
  INIT_LIST_HEAD,
  list_add,
  type mm_struct,
  stubs,
  VMA_ITERATOR,
  VMA_MERGE_ERROR_NOMEM,
  VMA_MERGE_SUCCESS,
  type vma_flags_t,
  type vma_iterator,
  vma_merge_struct,
} from '../../lib/index.js';
import {
  assertCloned,
  assertRange,
  dataFlags,
  expand_existing,
  merge_new,
  vmg_set_range,
  vmg_set_range_anon_vma,
} from './merge_helpers.js';

interface Setup {
  mm: mm_struct;
  vmi: vma_iterator;
  vmg: vma_merge_struct;
  vma_flags: vma_flags_t;
  clone: sinon.SinonSpy;
}

function setUp(t: VmaTest): Setup {
  const { mm } = t;
  const vmi = VMA_ITERATOR(mm, 0);
  return {
    mm,
    vmi,
    vmg: new vma_merge_struct(vmi, { mm }),
    vma_flags: dataFlags(),
    clone: t.sandbox.spy(stubs, 'anon_vma_clone'),
  };
}

// prev and next each agree with a range that has no anon_vma, but not with each other: only prev merges.
test('anon_vma_non_mergeable', (t) => {
  //    <-->
  // 0123456789        0123456789
  // PPPVVVVNN    ->   PPPPPPPNN
  t.subtest('changed VMA', (s) => {
    const { mm, vmi, vmg, vma_flags } = setUp(s);
    const dummy_anon_vma_2 = new anon_vma();
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x7000, 3, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x7000, 0x9000, 7, vma_flags);

    vmg_set_range_anon_vma(vmg, 0x3000, 0x7000, 3, vma_flags, null);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    vma_set_dummy_anon_vma(vma_prev, new anon_vma_chain());
    __vma_set_dummy_anon_vma(vma_next, new anon_vma_chain(), dummy_anon_vma_2);

    s.ASSERT_EQ(merge_existing(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    assertRange(s, vma_prev, 0, 0x7000, 0);
    s.ASSERT_TRUE(vma_write_started(vma_prev));
    s.ASSERT_FALSE(vma_write_started(vma_next));

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });

  //    <-->
  // 0123456789        0123456789
  // PPP****NN    ->   PPPPPPPNN
  t.subtest('new range', (s) => {
    const { mm, vmi, vmg, vma_flags } = setUp(s);
    const dummy_anon_vma_2 = new anon_vma();
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x7000, 0x9000, 7, vma_flags);

    vmg_set_range_anon_vma(vmg, 0x3000, 0x7000, 3, vma_flags, null);
    vmg.prev = vma_prev;
    vma_set_dummy_anon_vma(vma_prev, new anon_vma_chain());
    __vma_set_dummy_anon_vma(vma_next, new anon_vma_chain(), dummy_anon_vma_2);

    vmg.anon_vma = null;
    s.ASSERT_EQ(merge_new(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    assertRange(s, vma_prev, 0, 0x7000, 0);
    s.ASSERT_TRUE(vma_write_started(vma_prev));
    s.ASSERT_FALSE(vma_write_started(vma_next));

    s.ASSERT_EQ(cleanup_mm(mm, vmi), 2);
  });
});

// Whoever grows over pages with an anon_vma must get it.
test('dup_anon_vma', (t) => {
  // A VMA that grows over the next one, as a new range between the two makes it do.
  //
  // PPPNN   ->   PPPPP
  t.subtest('expand over next', (s) => {
    reset_dummy_anon_vma();
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    vma_next.anon_vma = dummy_anon_vma;

    vmg_set_range(vmg, 0, 0x5000, 0, vma_flags);
    vmg.target = vma_prev;
    vmg.next = vma_next;
    s.ASSERT_EQ(expand_existing(vmg), 0);

    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(vma_prev.anon_vma?.was_cloned);
    assertCloned(s, clone, vma_prev, vma_next);

    cleanup_mm(mm, vmi);
  });

  //    <>
  // PPPVVNNN   ->   PPPPPPPP
  t.subtest('next has it, prev gets it', (s) => {
    reset_dummy_anon_vma();
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x5000, 0x8000, 5, vma_flags);

    // With one link, so that it does not look like a fork's.
    INIT_LIST_HEAD(vma_next.anon_vma_chain);
    list_add(new anon_vma_chain({ anon_vma: dummy_anon_vma }).same_vma, vma_next.anon_vma_chain);

    vma_next.anon_vma = dummy_anon_vma;
    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    s.ASSERT_EQ(vma_prev.vm_start, 0);
    s.ASSERT_EQ(vma_prev.vm_end, 0x8000);
    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(vma_prev.anon_vma?.was_cloned);
    assertCloned(s, clone, vma_prev, vma_next);

    cleanup_mm(mm, vmi);
  });

  //    <>
  // PPPVVNNN   ->   PPPPPPPP
  t.subtest('the changed VMA has it, prev gets it with both gone', (s) => {
    reset_dummy_anon_vma();
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    alloc_and_link_vma(mm, 0x5000, 0x8000, 5, vma_flags);
    vmg.anon_vma = dummy_anon_vma;
    vma_set_dummy_anon_vma(vma, new anon_vma_chain());
    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    s.ASSERT_EQ(vma_prev.vm_start, 0);
    s.ASSERT_EQ(vma_prev.vm_end, 0x8000);
    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(vma_prev.anon_vma?.was_cloned);
    assertCloned(s, clone, vma_prev, vma);

    cleanup_mm(mm, vmi);
  });

  //    <>
  // PPPVVVVV   ->   PPPPPVVV
  t.subtest('the changed VMA has it, prev gets it with a part', (s) => {
    reset_dummy_anon_vma();
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x8000, 3, vma_flags);
    // In C it is left from the case before.
    vmg.anon_vma = dummy_anon_vma;
    vma_set_dummy_anon_vma(vma, new anon_vma_chain());
    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), vma_prev);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    s.ASSERT_EQ(vma_prev.vm_start, 0);
    s.ASSERT_EQ(vma_prev.vm_end, 0x5000);
    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(vma_prev.anon_vma?.was_cloned);
    assertCloned(s, clone, vma_prev, vma);
    // Beyond upstream: the rest keeps it, and its place.
    s.ASSERT_EQ(vma.anon_vma, dummy_anon_vma);
    assertRange(s, vma, 0x5000, 0x8000, 5);

    cleanup_mm(mm, vmi);
  });

  //    <>
  // VVVVVNNN   ->   VVVNNNNN
  t.subtest('the changed VMA has it, next gets it', (s) => {
    reset_dummy_anon_vma();
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const vma = alloc_and_link_vma(mm, 0, 0x5000, 0, vma_flags);
    const vma_next = alloc_and_link_vma(mm, 0x5000, 0x8000, 5, vma_flags);
    // In C it is left from a case before.
    vmg.anon_vma = dummy_anon_vma;
    vma_set_dummy_anon_vma(vma, new anon_vma_chain());
    vmg_set_range(vmg, 0x3000, 0x5000, 3, vma_flags);
    vmg.prev = vma;
    vmg.middle = vma;
    s.ASSERT_EQ(merge_existing(vmg), vma_next);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
    s.ASSERT_EQ(vma_next.vm_start, 0x3000);
    s.ASSERT_EQ(vma_next.vm_end, 0x8000);
    s.ASSERT_EQ(vma_next.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(vma_next.anon_vma?.was_cloned);
    assertCloned(s, clone, vma_next, vma);
    // Beyond upstream: the rest keeps it, and its place.
    s.ASSERT_EQ(vma.anon_vma, dummy_anon_vma);
    assertRange(s, vma, 0, 0x3000, 0);

    cleanup_mm(mm, vmi);
  });
});

// An anon_vma that was cloned for a merge is unlinked again when memory for the merge runs out.
test('vmi_prealloc_fail', (t) => {
  t.subtest('changed VMA', (s) => {
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const unlink = s.sandbox.spy(stubs, 'unlink_anon_vmas');
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    vma.anon_vma = dummy_anon_vma;

    vmg_set_range_anon_vma(vmg, 0x3000, 0x5000, 3, vma_flags, dummy_anon_vma);
    vmg.prev = vma_prev;
    vmg.middle = vma;
    vma_set_dummy_anon_vma(vma, new anon_vma_chain());

    globals.fail_prealloc = true;
    s.ASSERT_EQ(merge_existing(vmg), null);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_ERROR_NOMEM);
    // The pointer was set before the failure and stays; the links do not.
    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(dummy_anon_vma.was_cloned);
    assertCloned(s, clone, vma_prev, vma);
    s.ASSERT_TRUE(dummy_anon_vma.was_unlinked);
    s.ASSERT_TRUE(unlink.calledOnceWithExactly(vma_prev), 'unlink_anon_vmas() takes back what was cloned');
    // Beyond upstream: nothing moved.
    assertRange(s, vma_prev, 0, 0x3000, 0);
    assertRange(s, vma, 0x3000, 0x5000, 3);

    cleanup_mm(mm, vmi);
  });

  t.subtest('expand over next', (s) => {
    const { mm, vmi, vmg, vma_flags, clone } = setUp(s);
    const unlink = s.sandbox.spy(stubs, 'unlink_anon_vmas');
    const vma_prev = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
    vma.anon_vma = dummy_anon_vma;

    vmg_set_range(vmg, 0, 0x5000, 3, vma_flags);
    vmg.target = vma_prev;
    vmg.next = vma;

    globals.fail_prealloc = true;
    s.ASSERT_EQ(expand_existing(vmg), -ENOMEM);
    s.ASSERT_EQ(vmg.state, VMA_MERGE_ERROR_NOMEM);
    s.ASSERT_EQ(vma_prev.anon_vma, dummy_anon_vma);
    s.ASSERT_TRUE(dummy_anon_vma.was_cloned);
    assertCloned(s, clone, vma_prev, vma);
    s.ASSERT_TRUE(dummy_anon_vma.was_unlinked);
    s.ASSERT_TRUE(unlink.calledOnceWithExactly(vma_prev), 'unlink_anon_vmas() takes back what was cloned');
    // Beyond upstream: nothing moved.
    assertRange(s, vma_prev, 0, 0x3000, 0);
    assertRange(s, vma, 0x3000, 0x5000, 3);

    cleanup_mm(mm, vmi);
  });
});
