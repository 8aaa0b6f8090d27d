// SPDX-License-Identifier: GPL-2.0-only
/** mapped is called once, for a new mapping, after its action, under the lock; and for nothing else. */
import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  copy_vma,
  do_munmap,
  mk_vma_flags,
  mmap_action_remap_full,
  PAGE_SIZE,
  Ref,
  stubs,
  VMA_ITERATOR,
  VMA_MAYREAD_BIT,
  VMA_READ_BIT,
  vma_modify_flags,
  vma_prev,
  vma_shrink,
} from '../../lib/index.js';
import { END, LEN, mapFile, offsetOf, preparedFile, START, vmaAt } from './driver.js';

test('mapped is called once for a new mapping, with what the driver needs', (t) => {
  const mapped = t.sandbox.fake.returns(0);
  const data = { opened: 0 };
  const f = preparedFile({ mapped }, (desc) => {
    desc.private_data = data;
    return 0;
  });

  t.ASSERT_EQ(mapFile(f), START);
  sinon.assert.calledOnceWithExactly(mapped, START, END, offsetOf(START), f, sinon.match({ value: data }));
  t.ASSERT_LAYOUT('0x100000-0x104000 pgoff=0x40 file');
  t.ASSERT_EQ(vmaAt(t).vm_private_data, data);
  t.unmapAll();
});

test('mapped comes after the action and everything that makes the VMA whole', (t) => {
  const mapped = t.sandbox.fake.returns(0);
  const f = preparedFile({ mapped }, (desc) => {
    mmap_action_remap_full(desc, 0x77);
    return 0;
  });
  const prepare = t.sandbox.spy(f.f_op, 'mmap_prepare');
  const link = t.sandbox.spy(stubs, 'mapping_rmap_tree_insert');
  const ptes = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');

  t.ASSERT_EQ(mapFile(f), START);
  sinon.assert.callOrder(prepare, link, ptes, mapped);
  t.unmapAll();
});

test('mapped runs with the mmap lock held for writing, and the VMA in the tree', (t) => {
  const seen: unknown[] = [];
  const f = preparedFile({
    mapped: (start) => {
      seen.push(
        t.world.checkedWorld?.locks.isWriteLocked(t.mm) ?? true,
        vmaAt(t, start).vm_end,
        t.mm.map_count,
        t.mm.total_vm,
      );
      return 0;
    },
  });
  t.ASSERT_EQ(mapFile(f), START);
  t.ASSERT_EQ(seen.join(), [true, END, 1, LEN / PAGE_SIZE].join());
  t.unmapAll();
});

/** Maps some ranges of one file and returns how often mapped was called. */
function callsFor(t: VmaTest, ...ranges: [start: number, end: number][]): number {
  const mapped = t.sandbox.fake.returns(0);
  const f = preparedFile({ mapped });
  for (const [start, end] of ranges) t.ASSERT_EQ(mapFile(f, start, end), start);
  return mapped.callCount;
}

test('mapped is not called for what merges', (t) => {
  t.subtest('to the left', (s) => {
    s.ASSERT_EQ(callsFor(s, [START, END], [END, END + LEN]), 1);
    s.ASSERT_LAYOUT('0x100000-0x108000');
    s.unmapAll();
  });
  t.subtest('to the right', (s) => {
    s.ASSERT_EQ(callsFor(s, [END, END + LEN], [START, END]), 1);
    s.ASSERT_LAYOUT('0x100000-0x108000 pgoff=0x40');
    s.unmapAll();
  });
  t.subtest('to both sides', (s) => {
    s.ASSERT_EQ(callsFor(s, [START, END], [END + LEN, END + 2 * LEN], [END, END + LEN]), 2);
    s.ASSERT_LAYOUT('0x100000-0x10c000');
    s.ASSERT_EQ(s.mm.map_count, 1);
    s.unmapAll();
  });
});

test('mapped is not called for what becomes of a mapping', (t) => {
  /** How often open is called: for each VMA more that the change makes. */
  const cases: [string, (s: VmaTest) => void, opened: number, string][] = [
    ['munmap of a part', (s) => s.ASSERT_EQ(do_munmap(s.mm, START, PAGE_SIZE, null), 0), 1, '0x101000-0x104000'],
    [
      'a hole, which splits',
      (s) => s.ASSERT_EQ(do_munmap(s.mm, START + PAGE_SIZE, PAGE_SIZE, null), 0),
      2,
      '0x100000-0x101000\n0x102000-0x104000',
    ],
    [
      'a shrink',
      (s) => {
        const vmi = VMA_ITERATOR(s.mm, START);
        vma_prev(vmi);
        s.ASSERT_EQ(vma_shrink(VMA_ITERATOR(s.mm, START), vmaAt(s), START + PAGE_SIZE), 0);
        s.mm.total_vm -= 3;
      },
      0,
      '0x100000-0x101000',
    ],
    [
      'a change of flags',
      (s) => {
        const vma = vmaAt(s);
        const flags = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT);
        const at = START + PAGE_SIZE;
        s.ASSERT_EQ(vma_modify_flags(VMA_ITERATOR(s.mm, at), vma, vma, at, at + PAGE_SIZE, flags), vma);
      },
      2,
      '0x100000-0x101000\n0x101000-0x102000\n0x102000-0x104000',
    ],
    [
      'a copy',
      (s) => {
        s.ASSERT_NE(
          copy_vma(new Ref(vmaAt(s)), 0x200000, LEN, offsetOf(START), START / PAGE_SIZE, new Ref(false), false),
          null,
        );
        s.mm.total_vm += LEN / PAGE_SIZE;
      },
      1,
      '0x100000-0x104000\n0x200000-0x204000',
    ],
  ];
  for (const [name, change, opened, layout] of cases) {
    t.subtest(name, (s) => {
      const mapped = s.sandbox.fake.returns(0);
      const open = s.sandbox.fake();
      s.ASSERT_EQ(mapFile(preparedFile({ mapped, open })), START);
      s.ASSERT_EQ(open.callCount, 0, 'not for a new mapping');
      change(s);
      s.ASSERT_EQ(open.callCount, opened, 'open');
      s.ASSERT_LAYOUT(layout);
      s.ASSERT_EQ(mapped.callCount, 1);
      s.unmapAll();
      s.ASSERT_EQ(mapped.callCount, 1);
    });
  }
});
