// SPDX-License-Identifier: GPL-2.0-only
/** Plain operations that go right, where only the detectors of the world would see what was left out. */
import { test } from '../../harness/index.js';
import {
  compat_vma_mmap,
  do_munmap,
  EIO,
  file,
  mk_vma_flags,
  mmap_region,
  PAGE_SIZE,
  split_vma,
  stubs,
  VMA_ITERATOR,
  VMA_MAYBE_GUARD_BIT,
  VMA_WRITE_BIT,
  vma_modify_flags,
} from '../../lib/index.js';
import { DATA, mapRange, vmaAt } from './space.js';

const FLAGS = mk_vma_flags(...DATA);
const START = 0x10000;
const SIZE = 2 * PAGE_SIZE;

test('a split of huge pages, with pages of its own', (t) => {
  const huge = new file({ mmap: () => 0 });
  t.sandbox.stub(stubs, 'is_vm_hugetlb_page').callsFake((vma) => vma.vm_file === huge);
  t.ASSERT_EQ(mmap_region(huge, START, SIZE, FLAGS, 0, null), START);
  const vma = vmaAt(t, START);
  t.fault(vma);
  t.ASSERT_EQ(split_vma(VMA_ITERATOR(t.mm, START), vma, START + PAGE_SIZE, true), 0);
  t.ASSERT_EQ(t.mm.map_count, 2);
  t.unmapAll();
});

test('a merge of memory with guards and memory without', (t) => {
  for (const guarded of [START, START + SIZE]) {
    mapRange(t, START, START + 2 * SIZE);
    const read = mk_vma_flags(...DATA.slice(0, 1));
    const half = vma_modify_flags(
      VMA_ITERATOR(t.mm, START + SIZE),
      vmaAt(t, START),
      vmaAt(t, START),
      START + SIZE,
      START + 2 * SIZE,
      read,
    );
    if (typeof half === 'number') throw new Error(`vma_modify_flags: ${half}`);
    stubs.vma_start_write(half);
    half.flags = read;
    vmaAt(t, guarded).flags.w0 |= 1 << VMA_MAYBE_GUARD_BIT;
    // As mprotect() has it: what is not about access stays.
    const flags = vmaAt(t, START).flags.clone();
    const guard = 1 << VMA_MAYBE_GUARD_BIT;
    flags.w0 = (flags.w0 & ~guard) | (half.flags.w0 & guard);
    const one = vma_modify_flags(
      VMA_ITERATOR(t.mm, START + SIZE),
      vmaAt(t, START),
      half,
      START + SIZE,
      START + 2 * SIZE,
      flags,
    );
    t.ASSERT_EQ(one, vmaAt(t, START));
    t.ASSERT_EQ(t.mm.map_count, 1);
    t.ASSERT_EQ(do_munmap(t.mm, START, 2 * SIZE, null), 0);
  }
});

test('a hole between mappings of a file is filled, of which the upper one has a hook for its end', (t) => {
  let closed = 0;
  const close = (): void => {
    closed++;
  };
  // Only what is mapped high up is closed with a hook.
  const half = new file({
    mmap: (_file, vma) => {
      if (vma.vm_start > START + SIZE) vma.vm_ops = { close };
      return 0;
    },
  });
  for (const page of [0, 4, 2]) {
    const start = START + page * PAGE_SIZE;
    t.ASSERT_EQ(mmap_region(half, start, SIZE, FLAGS, page, null), start);
  }
  t.ASSERT_EQ(t.mm.map_count, 2, 'the lower two are one');
  t.unmapAll();
  t.ASSERT_EQ(closed, 1);
});

test('a VMA with a hook for its end gets the flags of both its neighbours', (t) => {
  let closed = 0;
  const close = (): void => {
    closed++;
  };
  const half = new file({
    mmap: (_file, vma) => {
      if (vma.vm_start === START + SIZE) vma.vm_ops = { close };
      return 0;
    },
  });
  const read = mk_vma_flags(...DATA.filter((bit) => bit !== VMA_WRITE_BIT));
  for (const [page, flags] of [
    [0, FLAGS],
    [2, read],
    [4, FLAGS],
  ] as const) {
    t.ASSERT_EQ(mmap_region(half, START + page * PAGE_SIZE, SIZE, flags, page, null), START + page * PAGE_SIZE);
  }
  const middle = vmaAt(t, START + SIZE);
  const flags = vmaAt(t, START).flags.clone();
  const changed = vma_modify_flags(
    VMA_ITERATOR(t.mm, middle.vm_start),
    vmaAt(t, START),
    middle,
    middle.vm_start,
    middle.vm_end,
    flags,
  );
  t.ASSERT_EQ(changed, middle, 'it cannot go');
  t.unmapAll();
  t.ASSERT_EQ(closed, 1);
});

test('a mapping that is prepared with data of its own, and grows', (t) => {
  let serial = 0;
  const f = new file({
    mmap_prepare: (desc) => {
      desc.private_data = ++serial;
      return 0;
    },
  });
  t.ASSERT_EQ(mmap_region(f, START, SIZE, FLAGS, 0, null), START);
  t.ASSERT_EQ(mmap_region(f, START + SIZE, SIZE, FLAGS, 2, null), START + SIZE);
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.unmapAll();
});

test('a stacked mapping that fails, over a mapping that is there', (t) => {
  const inner = new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = { mapped: () => -EIO };
      return 0;
    },
  });
  const outer = new file({ mmap: (_file, vma) => compat_vma_mmap(inner, vma) });
  mapRange(t, START, START + 2 * SIZE);
  t.ASSERT_EQ(mmap_region(outer, START, SIZE, FLAGS, 0, null), -EIO);
  t.ASSERT_LAYOUT('0x12000-0x14000');
  t.unmapAll();
});
