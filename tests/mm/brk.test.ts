// SPDX-License-Identifier: GPL-2.0-only
/** do_brk_flags(): growing the heap, beyond what upstream's tests reach. */

import { test } from '../../harness/index.js';
import {
  do_brk_flags,
  ENOMEM,
  emptyFlags,
  globals,
  maple_slab,
  mk_vma_flags,
  type mm_struct,
  stubs,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  vma_prev,
} from '../../lib/index.js';

/** Grows the heap of mm at addr as brk() does: the iterator ends at the VMA before. */
function growHeap(mm: mm_struct, addr: number, len: number, flags = emptyFlags()): number {
  const vmi = VMA_ITERATOR(mm, addr);
  return do_brk_flags(vmi, vma_prev(vmi), addr, len, flags);
}

test('brk makes a VMA, then grows it', (t) => {
  t.ASSERT_EQ(growHeap(t.mm, 0x10000, 0x2000), 0);
  t.ASSERT_LAYOUT('0x10000-0x12000 pgoff=0x10 flags=0x100077');
  t.ASSERT_EQ(growHeap(t.mm, 0x12000, 0x1000), 0);
  t.ASSERT_LAYOUT('0x10000-0x13000 pgoff=0x10');
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.ASSERT_EQ(t.mm.total_vm, 3);
  t.ASSERT_EQ(t.mm.data_vm, 3);
  t.unmapAll();
  t.ASSERT_EQ(t.mm.total_vm, 0);
});

test('brk apart from the heap makes a second VMA', (t) => {
  t.ASSERT_EQ(growHeap(t.mm, 0x10000, 0x1000), 0);
  t.ASSERT_EQ(growHeap(t.mm, 0x12000, 0x1000), 0);
  t.ASSERT_LAYOUT(`
    0x10000-0x11000
    0x12000-0x13000`);
  t.unmapAll();
});

test('brk does not merge over the gap on its right', (t) => {
  t.ASSERT_EQ(growHeap(t.mm, 0x10000, 0x1000), 0);
  t.ASSERT_EQ(growHeap(t.mm, 0x12000, 0x1000), 0);
  t.ASSERT_EQ(growHeap(t.mm, 0x11000, 0x1000), 0);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x13000`);
  t.unmapAll();
});

test('brk counts locked pages, and takes the flags of the address space', (t) => {
  t.mm.def_vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  t.ASSERT_EQ(growHeap(t.mm, 0x10000, 0x3000), 0);
  t.ASSERT_EQ(t.mm.locked_vm, 3);
  t.ASSERT_LAYOUT('0x10000-0x13000 flags=0x102077');
  t.unmapAll();
  t.ASSERT_EQ(t.mm.locked_vm, 0);
});

test('brk keeps the flags object it was given as it was', (t) => {
  const flags = emptyFlags();
  t.ASSERT_EQ(growHeap(t.mm, 0x10000, 0x1000, flags), 0);
  t.ASSERT_FLAGS_EMPTY(flags);
  t.unmapAll();
});

test('brk fails at each limit and changes nothing', (t) => {
  t.subtest('address space', (s) => {
    s.sandbox.stub(stubs, 'may_expand_vm').returns(false);
    s.ASSERT_EQ(growHeap(s.mm, 0x10000, 0x1000), -ENOMEM);
    s.ASSERT_LAYOUT('');
  });
  t.subtest('number of VMAs', (s) => {
    s.ASSERT_EQ(growHeap(s.mm, 0x10000, 0x1000), 0);
    globals.sysctl_max_map_count = 0;
    s.ASSERT_EQ(growHeap(s.mm, 0x12000, 0x1000), -ENOMEM);
    s.ASSERT_LAYOUT('0x10000-0x11000');
    globals.sysctl_max_map_count = 10;
    s.unmapAll();
  });
  t.subtest('commit limit', (s) => {
    const acct = s.sandbox.spy(stubs, 'vm_acct_memory');
    s.sandbox.stub(stubs, 'security_vm_enough_memory_mm').returns(-ENOMEM);
    s.ASSERT_EQ(growHeap(s.mm, 0x10000, 0x1000), -ENOMEM);
    s.ASSERT_EQ(acct.callCount, 0, 'nothing was charged, nothing is given back');
    s.ASSERT_LAYOUT('');
  });
});

test('brk gives its charge back when memory is out', (t) => {
  t.subtest('for a new VMA', (s) => {
    const acct = s.sandbox.stub(stubs, 'vm_acct_memory');
    s.sandbox.stub(stubs, 'vm_area_cache_alloc').returns(null);
    s.ASSERT_EQ(growHeap(s.mm, 0x10000, 0x3000), -ENOMEM);
    s.ASSERT_TRUE(acct.calledOnceWithExactly(-3), 'three pages given back');
    s.ASSERT_LAYOUT('');
  });
  t.subtest('for a merge', (s) => {
    s.ASSERT_EQ(growHeap(s.mm, 0x10000, 0x1000), 0);
    const acct = s.sandbox.stub(stubs, 'vm_acct_memory');
    globals.fail_prealloc = true;
    s.ASSERT_EQ(growHeap(s.mm, 0x11000, 0x2000), -ENOMEM);
    s.ASSERT_TRUE(acct.calledOnceWithExactly(-2), 'two pages given back');
    s.ASSERT_LAYOUT('0x10000-0x11000');
    globals.fail_prealloc = false;
    s.sandbox.restore();
    s.unmapAll();
  });
});

test('no memory for the tree: no heap, nothing counted, the charge given back', (t) => {
  const charge = t.sandbox.spy(stubs, 'vm_acct_memory');
  t.sandbox.stub(maple_slab, 'alloc').returns(false);
  t.ASSERT_EQ(growHeap(t.mm, 0x20000, 0x2000), -ENOMEM);
  t.ASSERT_TRUE(charge.calledOnceWithExactly(-2));
  t.sandbox.restore();
  t.ASSERT_LAYOUT('');
  t.ASSERT_EQ(t.mm.map_count, 0);
  t.ASSERT_EQ(t.mm.total_vm, 0);
});
