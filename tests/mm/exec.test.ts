// SPDX-License-Identifier: GPL-2.0-only
/** create_init_stack_vma() and relocate_vma_down(), which no upstream test reaches. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  __mmap_region,
  create_init_stack_vma,
  EFAULT,
  EINTR,
  ENOMEM,
  expand_downwards,
  globals,
  mk_vma_flags,
  PAGE_SIZE,
  Ref,
  relocate_vma_down,
  STACK_TOP_MAX,
  stubs,
  VMA_READ_BIT,
  type vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';

const TOP = STACK_TOP_MAX;

/** The stack of a new program. The call takes mmap_lock itself, so the test's hold on it is let go of meanwhile. */
function makeStack(t: VmaTest, vmap = new Ref<vm_area_struct | null>(null), top = new Ref(0)): number {
  t.world.unlock(t.mm);
  const error = create_init_stack_vma(t.mm, vmap, top);
  t.world.lock(t.mm);
  return error;
}

function newStack(t: VmaTest): vm_area_struct {
  const vmap = new Ref<vm_area_struct | null>(null);
  t.ASSERT_EQ(makeStack(t, vmap), 0);
  if (vmap.value === null) throw new Error('create_init_stack_vma() gave no VMA');
  // exec() has written the arguments there by the time it moves it.
  t.fault(vmap.value);
  return vmap.value;
}

test('a new program has a stack of one page at the top', (t) => {
  const vmap = new Ref<vm_area_struct | null>(null);
  const top = new Ref(0);
  t.ASSERT_EQ(makeStack(t, vmap, top), 0);
  t.ASSERT_EQ(vmap.value, vma_lookup(t.mm, TOP - 1));
  t.ASSERT_EQ(top.value, TOP - 8);
  t.ASSERT_LAYOUT('0x7fffffffe000-0x7ffffffff000 pgoff=0x7fffffffe');
  t.ASSERT_EQ(t.mm.stack_vm, 1);
  t.ASSERT_EQ(t.mm.total_vm, 1);
  t.ASSERT_EQ(vmap.value?.vm_pgoff, (TOP - PAGE_SIZE) / PAGE_SIZE);
  t.unmapAll();
});

test('a new stack that fails leaves nothing', (t) => {
  const failures: [string, (s: VmaTest) => void, number][] = [
    ['no VMA', (s) => s.sandbox.stub(stubs, 'vm_area_cache_alloc').returns(null), -ENOMEM],
    ['a signal', (s) => s.sandbox.stub(stubs, 'mmap_write_lock_killable').returns(-EINTR), -EINTR],
    ['KSM', (s) => s.sandbox.stub(stubs, 'ksm_execve').returns(-ENOMEM), -ENOMEM],
    ['the tree', () => (globals.fail_prealloc = true), -ENOMEM],
    ['the commit limit', (s) => s.sandbox.stub(stubs, 'security_vm_enough_memory_mm').returns(-ENOMEM), -ENOMEM],
  ];
  for (const [name, fail, wanted] of failures) {
    t.subtest(name, (s) => {
      fail(s);
      const vmap = new Ref<vm_area_struct | null>(null);
      const exit = s.sandbox.spy(stubs, 'ksm_exit');
      s.ASSERT_EQ(makeStack(s, vmap), wanted);
      s.ASSERT_EQ(vmap.value, null);
      s.ASSERT_LAYOUT('');
      s.ASSERT_EQ(exit.callCount, name === 'the tree' || name === 'the commit limit' ? 1 : 0, 'KSM left again');
    });
  }
});

test('a stack is moved down with its page tables', (t) => {
  const stack = newStack(t);
  const move = t.sandbox.stub(stubs, 'move_page_tables').callsFake((pmc) => pmc.len_in);
  const free = t.sandbox.spy(stubs, 'free_pgd_range');

  t.ASSERT_EQ(relocate_vma_down(stack, 0x10000), 0);
  t.ASSERT_EQ(stack.vm_start, TOP - PAGE_SIZE - 0x10000);
  t.ASSERT_EQ(stack.vm_end, TOP - 0x10000);
  t.ASSERT_EQ(t.mm.map_count, 1);

  const [pmc] = move.firstCall.args;
  t.ASSERT_EQ(pmc.old_addr, TOP - PAGE_SIZE);
  t.ASSERT_EQ(pmc.new_addr, TOP - PAGE_SIZE - 0x10000);
  t.ASSERT_TRUE(pmc.for_stack);
  const [, addr, end, floor, ceiling] = free.firstCall.args;
  t.ASSERT_EQ(addr, TOP - PAGE_SIZE, 'apart: everything that was there goes');
  t.ASSERT_EQ(end, TOP);
  t.ASSERT_EQ(floor, TOP - 0x10000);
  t.ASSERT_EQ(ceiling, 0, 'no VMA above, so no ceiling');
  t.unmapAll();
});

test('where old and new range overlap only the rest is freed', (t) => {
  const stack = newStack(t);
  t.ASSERT_EQ(expand_downwards(stack, TOP - 4 * PAGE_SIZE), 0);
  t.sandbox.stub(stubs, 'move_page_tables').callsFake((pmc) => pmc.len_in);
  const free = t.sandbox.spy(stubs, 'free_pgd_range');

  t.ASSERT_EQ(relocate_vma_down(stack, PAGE_SIZE), 0);
  const [, addr, end] = free.firstCall.args;
  t.ASSERT_EQ(addr, TOP - PAGE_SIZE, 'the new end');
  t.ASSERT_EQ(end, TOP);
  t.ASSERT_EQ(stack.vm_start, TOP - 5 * PAGE_SIZE);
  t.ASSERT_EQ(stack.vm_end, TOP - PAGE_SIZE);
  t.unmapAll();
});

test('a VMA in the way stops the move', (t) => {
  const stack = newStack(t);
  const addr = TOP - 8 * PAGE_SIZE;
  t.ASSERT_EQ(__mmap_region(null, addr, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), addr / PAGE_SIZE, null), addr);
  t.ASSERT_EQ(relocate_vma_down(stack, 0x10000), -EFAULT);
  t.ASSERT_EQ(stack.vm_end, TOP);
  t.unmapAll();
});

test('a failed move of page tables leaves the stack grown over both ranges', (t) => {
  const stack = newStack(t);
  t.ASSERT_EQ(relocate_vma_down(stack, 0x10000), -ENOMEM, 'the harness moves no page tables');
  t.ASSERT_EQ(stack.vm_start, TOP - PAGE_SIZE - 0x10000);
  t.ASSERT_EQ(stack.vm_end, TOP);
  // Nobody counted the pages that it grew by.
  t.expectWarning('vms_complete_munmap_vmas', 'stack_vm');
  t.unmapAll();
});

test('a stack that cannot grow is not moved', (t) => {
  const stack = newStack(t);
  globals.fail_prealloc = true;
  t.ASSERT_EQ(relocate_vma_down(stack, 0x10000), -ENOMEM);
  globals.fail_prealloc = false;
  t.ASSERT_EQ(stack.vm_start, TOP - PAGE_SIZE);
  t.ASSERT_EQ(stack.vm_end, TOP);
  t.unmapAll();
});
