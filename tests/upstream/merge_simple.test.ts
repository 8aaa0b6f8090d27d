// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/merge.c (Linux 7.3), first part: simple_merge, simple_modify, simple_expand,
 * simple_shrink, vma_merge_special_flags, merge_extend, expand_only_mode.
 */

import { test } from '../../harness/c.js';
import {
  alloc_and_link_vma,
  alloc_vma,
  attach_vma,
  cleanup_mm,
  detach_free_vma,
  merge_existing,
  vma_write_started,
} from '../../harness/index.js';
import {
  emptyFlags,
  mtree_destroy,
  VMA_DONTEXPAND_BIT,
  VMA_IO_BIT,
  VMA_ITERATOR,
  VMA_MERGE_NOMERGE,
  VMA_MERGE_SUCCESS,
  VMA_MIXEDMAP_BIT,
  VMA_PFNMAP_BIT,
  VMA_SPECIAL_FLAGS,
  VMG_STATE,
  vma_assert_attached,
  vma_flags_set,
  vma_iter_addr,
  vma_iter_clear,
  vma_iter_load,
  vma_iter_set,
  vma_merge_extend,
  vma_merge_new_range,
  vma_merge_struct,
  vma_modify_flags,
  vma_next,
  vma_shrink,
} from '../../lib/index.js';
import { assertRange, assertVma, dataFlags, expand_existing, merge_new, vmg_set_range } from './merge_helpers.js';

test('simple_merge', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vma_left = alloc_vma(mm, 0, 0x1000, 0, vma_flags);
  const vma_right = alloc_vma(mm, 0x2000, 0x3000, 2, vma_flags);
  const vmi = VMA_ITERATOR(mm, 0x1000);
  const vmg = new vma_merge_struct(vmi, { mm, start: 0x1000, end: 0x2000, vma_flags, pgoff: 1, anon_pgoff: 1 });

  t.ASSERT_FALSE(attach_vma(mm, vma_left));
  t.ASSERT_FALSE(attach_vma(mm, vma_right));

  const vma = assertVma(t, merge_new(vmg));
  assertRange(t, vma, 0, 0x3000, 0);
  t.ASSERT_FLAGS_SAME_MASK(vma.flags, vma_flags);
  // Beyond upstream: the left one grew, the right one is gone, and vmg tells what became of the range.
  t.ASSERT_EQ(vma, vma_left);
  t.ASSERT_LAYOUT('0x0-0x3000 pgoff=0x0');
  t.ASSERT_EQ(mm.map_count, 1);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  t.ASSERT_EQ(vmg.start, 0);
  t.ASSERT_EQ(vmg.end, 0x3000);

  detach_free_vma(vma);
  mtree_destroy(mm.mm_mt);
});

test('simple_modify', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const init_vma = alloc_vma(mm, 0, 0x3000, 0, vma_flags);
  const vmi = VMA_ITERATOR(mm, 0x1000);

  t.ASSERT_FALSE(attach_vma(mm, init_vma));
  // Beyond upstream: a driver is asked at both ends of the range, and told of the two VMAs that are split off.
  const may_split = t.sandbox.fake.returns(0);
  const open = t.sandbox.fake();
  init_vma.vm_ops = { may_split, open };

  // Same flags: the call only splits, the change is the caller's.
  const modified = vma_modify_flags(vmi, init_vma, init_vma, 0x1000, 0x2000, vma_flags);
  t.ASSERT_NE(modified, null);
  // The VMA handed in keeps the range; what is split off is new.
  t.ASSERT_EQ(modified, init_vma);
  assertRange(t, init_vma, 0x1000, 0x2000, 1);
  t.ASSERT_EQ(may_split.callCount, 2, 'may_split is asked twice');
  t.ASSERT_TRUE(may_split.firstCall.calledWithExactly(init_vma, 0x1000), 'may_split at the start');
  t.ASSERT_TRUE(may_split.secondCall.calledWithExactly(init_vma, 0x2000), 'may_split at the end');
  t.ASSERT_EQ(open.callCount, 2, 'open is called twice');
  // Beyond upstream: three are counted, all with the flags as they were.
  t.ASSERT_EQ(mm.map_count, 3);
  t.ASSERT_LAYOUT(`
    0x0-0x1000 flags=0x33
    0x1000-0x2000 flags=0x33
    0x2000-0x3000 flags=0x33`);

  // The three parts, one after the other.
  vma_iter_set(vmi, 0);
  let vma = assertVma(t, vma_iter_load(vmi));
  assertRange(t, vma, 0, 0x1000, 0);
  t.ASSERT_EQ(open.firstCall.args[0], vma, 'open for what is split off in front');
  detach_free_vma(vma);
  vma_iter_clear(vmi);

  vma = assertVma(t, vma_next(vmi));
  assertRange(t, vma, 0x1000, 0x2000, 1);
  detach_free_vma(vma);
  vma_iter_clear(vmi);

  vma = assertVma(t, vma_next(vmi));
  assertRange(t, vma, 0x2000, 0x3000, 2);
  t.ASSERT_EQ(open.secondCall.args[0], vma, 'open for what is split off behind');
  detach_free_vma(vma);
  mtree_destroy(mm.mm_mt);
});

test('simple_expand', (t) => {
  const { mm } = t;
  const vma = alloc_vma(mm, 0, 0x1000, 0, dataFlags());
  const vmi = VMA_ITERATOR(mm, 0);
  // No mm, as in C.
  const vmg = new vma_merge_struct(vmi, { target: vma, start: 0, end: 0x3000, pgoff: 0 });

  t.ASSERT_FALSE(attach_vma(mm, vma));

  t.ASSERT_FALSE(expand_existing(vmg));
  assertRange(t, vma, 0, 0x3000, 0);
  // Beyond upstream: so says the tree, and the VMA was locked for it.
  t.ASSERT_LAYOUT('0x0-0x3000 pgoff=0x0');
  t.ASSERT_TRUE(vma_write_started(vma));

  detach_free_vma(vma);
  mtree_destroy(mm.mm_mt);
});

test('simple_shrink', (t) => {
  const { mm } = t;
  const vma = alloc_vma(mm, 0, 0x3000, 0, dataFlags());
  const vmi = VMA_ITERATOR(mm, 0);

  t.ASSERT_FALSE(attach_vma(mm, vma));

  t.ASSERT_FALSE(vma_shrink(vmi, vma, 0x1000));
  assertRange(t, vma, 0, 0x1000, 0);
  // Beyond upstream: so says the tree, and the VMA was locked for it.
  t.ASSERT_LAYOUT('0x0-0x1000 pgoff=0x0');
  t.ASSERT_TRUE(vma_write_started(vma));

  detach_free_vma(vma);
  mtree_destroy(mm.mm_mt);
});

test('vma_merge_special_flags', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0);
  const vmg = new vma_merge_struct(vmi, { mm });
  const special_flags = [VMA_IO_BIT, VMA_DONTEXPAND_BIT, VMA_PFNMAP_BIT, VMA_MIXEDMAP_BIT];
  const all_special_flags = emptyFlags();

  // A special flag that is new upstream would have to be added here.
  for (const flag of special_flags) vma_flags_set(all_special_flags, flag);
  t.ASSERT_FLAGS_SAME_MASK(all_special_flags, VMA_SPECIAL_FLAGS);

  // 01234
  // LLL
  const vma_left = alloc_and_link_vma(mm, 0, 0x3000, 0, vma_flags);
  t.ASSERT_NE(vma_left, null);

  // A new range, which would merge but for the flag.
  //
  // 01234
  // LLL*
  vmg_set_range(vmg, 0x3000, 0x4000, 3, vma_flags);
  for (const special_flag of special_flags) {
    const flags = vma_flags.clone();
    vma_flags_set(flags, special_flag);
    vma_left.flags = flags;
    vmg.vma_flags = flags;
    t.ASSERT_EQ(merge_new(vmg), null);
    t.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
    // Beyond upstream: it was the neighbour that did not merge, not the want of one.
    t.ASSERT_EQ(vmg.prev, vma_left);
  }

  // A VMA that is there and changes.
  //
  // 01234
  // LLLM
  const vma = alloc_and_link_vma(mm, 0x3000, 0x4000, 3, vma_flags);
  t.ASSERT_NE(vma, null);
  vmg.middle = vma;
  // In C vmg->next still is what the last merge_new() found: nothing.
  for (const special_flag of special_flags) {
    const flags = vma_flags.clone();
    vma_flags_set(flags, special_flag);
    vma_left.flags = flags;
    vmg.vma_flags = flags;
    t.ASSERT_EQ(merge_existing(vmg), null);
    t.ASSERT_EQ(vmg.state, VMA_MERGE_NOMERGE);
    // Beyond upstream: it was the neighbour that did not merge, not the want of one.
    t.ASSERT_EQ(vmg.prev, vma_left);
  }

  // Beyond upstream: nothing has changed, and without the flag both do merge.
  t.ASSERT_LAYOUT(`
    0x0-0x3000 pgoff=0x0
    0x3000-0x4000 pgoff=0x3`);
  vma_left.flags = vma_flags;
  vmg_set_range(vmg, 0x3000, 0x4000, 3, vma_flags);
  vmg.prev = vma_left;
  vmg.middle = vma;
  t.ASSERT_EQ(merge_existing(vmg), vma_left);
  vmg_set_range(vmg, 0x4000, 0x5000, 4, vma_flags);
  t.ASSERT_EQ(merge_new(vmg), vma_left);
  t.ASSERT_LAYOUT('0x0-0x5000 pgoff=0x0');

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1, 'beyond upstream: one is left');
});

test('merge_extend', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0x1000);

  const vma = alloc_and_link_vma(mm, 0, 0x1000, 0, vma_flags);
  alloc_and_link_vma(mm, 0x3000, 0x4000, 3, vma_flags);

  // Grows over the gap, and so meets the next one.
  //
  // 01234
  // A**B    ->   AAAA
  t.ASSERT_EQ(vma_merge_extend(vmi, vma, 0x2000), vma);
  assertRange(t, vma, 0, 0x4000, 0);
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_EQ(mm.map_count, 1);
  // Beyond upstream: so says the tree.
  t.ASSERT_LAYOUT('0x0-0x4000 pgoff=0x0');

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1, 'beyond upstream: one is left');
});

test('expand_only_mode', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0);
  const vmg = VMG_STATE(mm, vmi, 0x5000, 0x9000, vma_flags, 5, 5);

  // Would be found by a step to the left, which this mode must not take.
  alloc_and_link_vma(mm, 0, 0x2000, 0, vma_flags);

  // 0123456789
  // AA PP****
  vma_iter_set(vmi, 0x3000);
  const vma_prev = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, vma_flags);
  vmg.prev = vma_prev;
  vmg.just_expand = true;

  const vma = assertVma(t, vma_merge_new_range(vmg));
  t.ASSERT_EQ(vma, vma_prev);
  t.ASSERT_EQ(vmg.state, VMA_MERGE_SUCCESS);
  assertRange(t, vma, 0x3000, 0x9000, 3);
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_EQ(vma_iter_addr(vmi), 0x3000);
  vma_assert_attached(vma);
  // Beyond upstream: the one further left is as it was.
  t.ASSERT_LAYOUT(`
    0x0-0x2000 pgoff=0x0
    0x3000-0x9000 pgoff=0x3`);

  t.ASSERT_EQ(cleanup_mm(mm, vmi), 2, 'beyond upstream: both are left');
});
