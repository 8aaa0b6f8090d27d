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
import { assertMapped, END, LEN, mapFile, notedHooks, offsetOf, preparedFile, START, vmaAt } from './driver.js';

test('mapped is called once for a new mapping, with what the driver needs', (t) => {
  const { ops, mapped, open, close } = notedHooks(t);
  const data = { opened: 0 };
  const f = preparedFile(ops, (desc) => {
    desc.private_data = data;
    return 0;
  });

  t.ASSERT_EQ(mapFile(f), START);
  sinon.assert.calledOnceWithExactly(mapped, START, END, offsetOf(START), f, sinon.match({ value: data }));
  t.ASSERT_LAYOUT('0x100000-0x104000 pgoff=0x40 file');
  t.ASSERT_EQ(vmaAt(t).vm_private_data, data);
  sinon.assert.notCalled(close);
  t.unmapAll();
  sinon.assert.notCalled(open);
  sinon.assert.calledOnceWithExactly(close, START, END);
  sinon.assert.callOrder(mapped, close);
});

test('mapped comes after the action and everything that makes the VMA whole', (t) => {
  const { ops, mapped, close } = notedHooks(t);
  const f = preparedFile(ops, (desc) => {
    mmap_action_remap_full(desc, 0x77);
    return 0;
  });
  const prepare = t.sandbox.spy(f.f_op, 'mmap_prepare');
  const link = t.sandbox.spy(stubs, 'mapping_rmap_tree_insert');
  const ptes = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');

  t.ASSERT_EQ(mapFile(f), START);
  const vma = vmaAt(t);
  sinon.assert.calledOnceWithExactly(link, vma, f.f_mapping);
  sinon.assert.calledOnceWithMatch(ptes, vma, START, 0x77, LEN);
  assertMapped(mapped, f, START, END, vma.vm_pgoff);
  t.unmapAll();
  sinon.assert.callOrder(prepare, link, ptes, mapped, close);
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

/** Maps some ranges of one file; those that mapped is called for must be `told`. */
function assertCallsFor(t: VmaTest, ranges: readonly [start: number, end: number][], told: readonly number[]): void {
  const { ops, mapped, open } = notedHooks(t);
  // A VMA with a close hook would not be merged away.
  const f = preparedFile({ mapped: ops.mapped, open: ops.open });
  for (const [start, end] of ranges) t.ASSERT_EQ(mapFile(f, start, end), start);
  t.equal(
    mapped.args.map(([start, end, pgoff, mappedFile]) => [start, end, pgoff, mappedFile === f]),
    told.map((start) => [start, start + LEN, offsetOf(start), true]),
  );
  t.ASSERT_EQ(t.mm.map_count, 1);
  sinon.assert.notCalled(open);
}

test('mapped is not called for what merges', (t) => {
  t.subtest('to the left', (s) => {
    assertCallsFor(
      s,
      [
        [START, END],
        [END, END + LEN],
      ],
      [START],
    );
    s.ASSERT_LAYOUT('0x100000-0x108000');
    s.unmapAll();
  });
  t.subtest('to the right', (s) => {
    assertCallsFor(
      s,
      [
        [END, END + LEN],
        [START, END],
      ],
      [END],
    );
    s.ASSERT_LAYOUT('0x100000-0x108000 pgoff=0x40');
    s.unmapAll();
  });
  t.subtest('to both sides', (s) => {
    assertCallsFor(
      s,
      [
        [START, END],
        [END + LEN, END + 2 * LEN],
        [END, END + LEN],
      ],
      [START, END + LEN],
    );
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
      const { ops, mapped, open, close } = notedHooks(s);
      const f = preparedFile(ops);
      s.ASSERT_EQ(mapFile(f), START);
      sinon.assert.notCalled(open);
      change(s);
      s.ASSERT_EQ(open.args.length, opened, 'open');
      s.ASSERT_LAYOUT(layout);
      s.unmapAll();
      assertMapped(mapped, f);
      // As many as there were: the new one, and those that were opened.
      s.ASSERT_EQ(close.args.length, 1 + opened, 'close');
      sinon.assert.callOrder(mapped, ...(opened > 0 ? [open] : []), close);
    });
  }
});
