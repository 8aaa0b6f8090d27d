// SPDX-License-Identifier: GPL-2.0-only
/** expand_downwards(): growing a stack, its limits and its guard gap. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  EFAULT,
  ENOMEM,
  EPERM,
  expand_downwards,
  globals,
  mk_vma_flags,
  PAGE_SIZE,
  stubs,
  VMA_GROWSDOWN_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYREAD_BIT,
  type vm_area_struct,
} from '../../lib/index.js';
import { DATA, mapRange } from './space.js';

const STACK = [...DATA, VMA_GROWSDOWN_BIT];

function mapStack(t: VmaTest): vm_area_struct {
  return mapRange(t, 0x800000, 0x804000, { bits: STACK });
}

test('a stack grows down to the page of the address', (t) => {
  const stack = mapStack(t);
  t.ASSERT_EQ(expand_downwards(stack, 0x7fe123), 0);
  t.ASSERT_LAYOUT('0x7fe000-0x804000 pgoff=0x7fe anon');
  t.ASSERT_EQ(t.mm.stack_vm, 6);
  t.ASSERT_EQ(t.mm.total_vm, 6);
  t.unmapAll();
});

test('a stack that reaches there already stays', (t) => {
  const stack = mapStack(t);
  t.ASSERT_EQ(expand_downwards(stack, 0x801000), 0);
  t.ASSERT_LAYOUT('0x800000-0x804000 pgoff=0x800');
  t.unmapAll();
});

test('only a VMA that grows down does', (t) => {
  const data = mapRange(t, 0x800000, 0x804000);
  t.ASSERT_EQ(expand_downwards(data, 0x7ff000), -EFAULT);
  t.unmapAll();
});

test('a stack does not grow below mmap_min_addr', (t) => {
  const stack = mapStack(t);
  t.ASSERT_EQ(expand_downwards(stack, globals.mmap_min_addr - 1), -EPERM);
  t.ASSERT_EQ(expand_downwards(stack, globals.mmap_min_addr), 0);
  t.unmapAll();
});

test('the guard gap below a stack holds against memory in use', (t) => {
  const gap = globals.stack_guard_gap;
  const neighbour = 0x600000;

  t.subtest('one page short', (s) => {
    mapRange(s, neighbour, neighbour + PAGE_SIZE);
    const stack = mapStack(s);
    s.ASSERT_EQ(expand_downwards(stack, neighbour + PAGE_SIZE + gap - PAGE_SIZE), -ENOMEM);
    s.ASSERT_EQ(expand_downwards(stack, neighbour + PAGE_SIZE + gap), 0);
    s.unmapAll();
  });
  t.subtest('but not against memory that nobody may touch', (s) => {
    mapRange(s, neighbour, neighbour + PAGE_SIZE, { bits: [VMA_MAYREAD_BIT] });
    const stack = mapStack(s);
    s.ASSERT_EQ(expand_downwards(stack, neighbour + PAGE_SIZE), 0);
    s.unmapAll();
  });
  t.subtest('nor against another stack', (s) => {
    mapRange(s, neighbour, neighbour + PAGE_SIZE, { bits: STACK });
    const stack = mapStack(s);
    s.ASSERT_EQ(expand_downwards(stack, neighbour + PAGE_SIZE), 0);
    s.ASSERT_EQ(s.mm.map_count, 2);
    s.unmapAll();
  });
});

test('a stack fails at each limit and stays as it was', (t) => {
  const limits: [string, (s: VmaTest) => void, number][] = [
    ['address space', (s) => s.sandbox.stub(stubs, 'may_expand_vm').returns(false), -ENOMEM],
    ['stack size', (s) => s.sandbox.stub(stubs, 'rlimit').returns(5 * PAGE_SIZE), -ENOMEM],
    ['huge page region', (s) => s.sandbox.stub(stubs, 'is_hugepage_only_range').returns(true), -EFAULT],
    ['commit limit', (s) => s.sandbox.stub(stubs, 'security_vm_enough_memory_mm').returns(-ENOMEM), -ENOMEM],
    ['memory for the tree', () => (globals.fail_prealloc = true), -ENOMEM],
    ['memory for the anon_vma', (s) => s.sandbox.stub(stubs, 'anon_vma_prepare').returns(-ENOMEM), -ENOMEM],
  ];
  for (const [name, limit, wanted] of limits) {
    t.subtest(name, (s) => {
      const stack = mapStack(s);
      limit(s);
      s.ASSERT_EQ(expand_downwards(stack, 0x7fe000), wanted);
      s.ASSERT_LAYOUT('0x800000-0x804000 pgoff=0x800');
      s.ASSERT_EQ(s.mm.total_vm, 4);
      globals.fail_prealloc = false;
      s.sandbox.restore();
      s.unmapAll();
    });
  }
});

test('a page offset that would pass below 0 stops a stack', (t) => {
  const stack = mapStack(t);
  // With pages it may have been moved here, with its offset.
  t.fault(stack);
  stack.vm_pgoff = 1;
  t.ASSERT_EQ(expand_downwards(stack, 0x7fe000), -ENOMEM);
  t.ASSERT_EQ(expand_downwards(stack, 0x7ff000), 0);
  t.ASSERT_LAYOUT('0x7ff000-0x804000 pgoff=0x0');
  t.unmapAll();
});

test('a locked stack is limited by RLIMIT_MEMLOCK, and counted', (t) => {
  const stack = mapStack(t);
  stack.flags = mk_vma_flags(...STACK, VMA_LOCKED_BIT);
  t.mm.locked_vm = 4;

  const rlimit = t.sandbox.stub(stubs, 'rlimit');
  rlimit.returns(100 * PAGE_SIZE);
  rlimit.withArgs(8).returns(5 * PAGE_SIZE);
  t.sandbox.stub(stubs, 'capable').returns(false);
  t.ASSERT_EQ(expand_downwards(stack, 0x7fe000), -ENOMEM);
  t.ASSERT_EQ(expand_downwards(stack, 0x7ff000), 0);
  t.ASSERT_EQ(t.mm.locked_vm, 5);
  t.unmapAll();
});

test('a stack without an address space is refused by name', (t) => {
  const stack = mapStack(t);
  const { vm_mm } = stack;
  stack.vm_mm = null;
  t.throws(() => expand_downwards(stack, 0x7ff000), /^expand_downwards: vma.vm_mm = null: must be set/);
  stack.vm_mm = vm_mm;
  t.unmapAll();
});
