// SPDX-License-Identifier: GPL-2.0-only
/** The conditions of a merge that upstream's tests leave open: each breaks one of these when it is taken away. */

import { test } from '../../harness/index.js';
import {
  anon_vma,
  can_vma_merge_right,
  commit_merge,
  dup_anon_vma,
  ENOMEM,
  globals,
  mk_vma_flags,
  Ref,
  stubs,
  VMA_ITERATOR,
  VMA_MERGE_ERROR_NOMEM,
  VMA_MERGE_START,
  VMA_READ_BIT,
  VMG_STATE,
  VMG_VMA_STATE,
  type vm_area_struct,
  vma_expand,
  vma_merge_existing_range,
  vma_merge_new_range,
  type vma_merge_struct,
} from '../../lib/index.js';
import { DATA, mapRange } from './space.js';

test('a neighbour that does not merge has no say in the anon_vma of the other side', (t) => {
  const prev = mapRange(t, 0x10000, 0x12000, { bits: [VMA_READ_BIT] });
  const next = mapRange(t, 0x14000, 0x16000);
  t.fault(prev);
  t.fault(next);
  t.ASSERT_NE(prev.anon_vma, next.anon_vma);

  const vmg = VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x12000), 0x12000, 0x14000, mk_vma_flags(...DATA), 0x12, 0x12);
  vmg.vma_flags = next.flags;
  vmg.prev = prev;
  vmg.next = next;
  t.ASSERT_TRUE(can_vma_merge_right(vmg, false));
  t.ASSERT_FALSE(can_vma_merge_right(vmg, true));
  t.ASSERT_EQ(vma_merge_new_range(vmg), next);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000 anon
    0x12000-0x16000 pgoff=0x12 anon`);
  t.mm.total_vm += 2;
  t.mm.data_vm += 2;
  t.unmapAll();
});

test('an anon_vma is cloned only from a VMA that has one to a VMA that has none', (t) => {
  const [src, dst] = [mapRange(t, 0x10000, 0x12000), mapRange(t, 0x14000, 0x16000)];
  const clone = t.sandbox.stub(stubs, 'anon_vma_clone').returns(0);
  const dup = new Ref<vm_area_struct | null>(null);
  const [a, b] = [new anon_vma(), new anon_vma()];
  const cases = [
    { from: null, to: null, cloned: false },
    { from: null, to: a, cloned: false },
    { from: a, to: b, cloned: false },
    { from: a, to: null, cloned: true },
  ];
  stubs.vma_start_write(dst);
  for (const { from, to, cloned } of cases) {
    clone.resetHistory();
    dup.value = null;
    src.anon_vma = from;
    dst.anon_vma = to;
    t.ASSERT_EQ(dup_anon_vma(dst, src, dup), 0);
    t.ASSERT_EQ(clone.called, cloned);
    t.ASSERT_EQ(dup.value, cloned ? dst : null);
    t.ASSERT_EQ(dst.anon_vma, cloned ? from : to);
  }
  src.anon_vma = null;
  dst.anon_vma = null;
  t.unmapAll();
});

test('what vma_merge_existing_range() relies on its caller for', (t) => {
  const where = 'vma_merge_existing_range';
  const middle = mapRange(t, 0x12000, 0x16000);
  const merge = (start: number, end: number, change: (vmg: vma_merge_struct) => void): vm_area_struct | null => {
    const vmg = VMG_VMA_STATE(VMA_ITERATOR(t.mm, 0x12000), null, middle, start, end);
    change(vmg);
    return vma_merge_existing_range(vmg);
  };
  const cases: [string, number, number, (vmg: vma_merge_struct) => void][] = [
    ['no vmg.middle', 0x12000, 0x16000, (vmg) => Object.assign(vmg, { middle: null })],
    ['vmg.next is set', 0x12000, 0x14000, (vmg) => Object.assign(vmg, { next: middle })],
    ['copied_from', 0x12000, 0x14000, (vmg) => Object.assign(vmg, { copied_from: middle })],
    ['not within vmg.middle', 0x13000, 0x14000, () => {}],
    ['not within vmg.middle', 0x12000, 0x18000, () => {}],
    ['the iterator', 0x12000, 0x14000, (vmg) => Object.assign(vmg, { vmi: VMA_ITERATOR(t.mm, 0x18000) })],
  ];
  for (const [what, start, end, change] of cases) {
    t.expectWarning(where, what);
    t.ASSERT_EQ(merge(start, end, change), null, what);
    t.ASSERT_LAYOUT('0x12000-0x16000');
  }
  t.unmapAll();
});

test('an expansion that runs out of memory says so, unless it is told to give up quietly', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  globals.fail_prealloc = true;
  for (const give_up_on_oom of [false, true]) {
    const vmg = VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x10000), 0x10000, 0x14000, mk_vma_flags(...DATA), 0x10, 0x10);
    vmg.target = vma;
    vmg.give_up_on_oom = give_up_on_oom;
    t.ASSERT_EQ(vma_expand(vmg), -ENOMEM);
    t.ASSERT_EQ(vmg.state, give_up_on_oom ? VMA_MERGE_START : VMA_MERGE_ERROR_NOMEM);
    t.ASSERT_LAYOUT('0x10000-0x12000');
  }
  t.unmapAll();
});

test('a merge that was described wrongly is refused by the name of what it lacks', (t) => {
  const [prev, middle] = [mapRange(t, 0x10000, 0x12000), mapRange(t, 0x12000, 0x14000, { bits: [VMA_READ_BIT] })];
  const describe = (): vma_merge_struct => VMG_VMA_STATE(VMA_ITERATOR(t.mm, 0x12000), prev, middle, 0x12000, 0x14000);
  const moving = describe();
  moving.__adjust_next_start = true;
  t.throws(() => commit_merge(moving), /^commit_merge: vmg.next = null: must be set/);
  moving.middle = null;
  t.throws(() => commit_merge(moving), /^commit_merge: vmg.middle = null: must be set/);
  t.throws(() => commit_merge(describe()), /^commit_merge: vmg.target = null: must be set/);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x14000`);
  t.unmapAll();
});
