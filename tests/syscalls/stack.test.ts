// SPDX-License-Identifier: GPL-2.0-only
/** Stacks that grow when they are used, and the locks that come and go with it. */
import type { VmaTest } from '../../harness/index.js';
import {
  brk,
  current,
  EFAULT,
  EPERM,
  expand_stack,
  expand_stack_locked,
  find_extend_vma_locked,
  globals,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  type mm_struct,
  mmap_read_lock_maybe_expand,
  RLIMIT_STACK,
  stubs,
  vma_lookup,
} from '../../lib/index.js';
import { ANON, BASE, HEAP, mapAt, maps, P, processTest, RW } from './process.js';

/** What a fault without a VMA does; the start of the VMA that it ends with, 0 for none. */
function faultAt(mm: mm_struct, addr: number): number {
  stubs.mmap_read_lock(mm);
  const vma = expand_stack(mm, addr);
  if (vma === null) return 0;
  const start = vma.vm_start;
  stubs.mmap_read_unlock(mm);
  return start;
}

function underLock<T>(t: VmaTest, mm: mm_struct, body: () => T): T {
  t.world.checkedWorld?.locks.mmapWriteLock(mm);
  const result = body();
  t.world.checkedWorld?.locks.mmapWriteUnlock(mm);
  return result;
}

processTest('expand_stack: down to the address, and no further than it may', (t, mm) => {
  mapAt(t, BASE, 1, RW, ANON | MAP_GROWSDOWN);
  t.ASSERT_EQ(faultAt(mm, BASE - 2 * P + 5), BASE - 2 * P);
  t.ASSERT_EQ(faultAt(mm, BASE - P), BASE - 2 * P, 'it holds it by now');
  t.ASSERT_EQ(maps(mm).join(), '1ffffffff000-200000001000 100173'.replace('1ffffffff000', '1fffffffe000'));
  t.ASSERT_EQ(faultAt(mm, BASE + P), 0, 'above it');
  t.ASSERT_EQ(faultAt(mm, globals.mmap_min_addr - 1), 0);
  const limit = current.signal.rlim[RLIMIT_STACK];
  if (limit === undefined) throw new Error('there is such a limit');
  limit.rlim_cur = 4 * P;
  t.ASSERT_EQ(faultAt(mm, BASE - 3 * P), BASE - 3 * P);
  t.ASSERT_EQ(faultAt(mm, BASE - 4 * P), 0);
  mapAt(t, BASE - 0x1000 * P, 1);
  t.ASSERT_EQ(faultAt(mm, BASE - 0x1000 * P - 1), 0, 'what comes next is no stack');
  t.world.checkedWorld?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(faultAt(mm, BASE - 3 * P), 0, 'interrupted');
});

processTest('find_extend_vma_locked: grows, and populates what is locked', (t, mm) => {
  const populated = t.sandbox.spy(stubs, 'populate_vma_page_range');
  mapAt(t, BASE, 1, RW, ANON | MAP_GROWSDOWN | MAP_LOCKED);
  underLock(t, mm, () => {
    const vma = vma_lookup(mm, BASE);
    t.ASSERT_EQ(find_extend_vma_locked(mm, BASE + 5), vma);
    t.ASSERT_EQ(find_extend_vma_locked(mm, BASE - 5), vma);
    t.ASSERT_TRUE(vma !== null && populated.calledOnceWithExactly(vma, BASE - P, BASE));
    t.ASSERT_EQ(find_extend_vma_locked(mm, BASE + P), null);
    t.ASSERT_EQ(find_extend_vma_locked(mm, 0), null);
  });
  t.ASSERT_EQ(mm.locked_vm, 2);
  t.ASSERT_EQ(brk(HEAP + P), HEAP + P);
  underLock(t, mm, () => {
    const heap = vma_lookup(mm, HEAP);
    if (heap === null) throw new Error('it is there');
    t.ASSERT_EQ(expand_stack_locked(heap, HEAP - P), -EFAULT);
    const stack = vma_lookup(mm, BASE);
    if (stack === null) throw new Error('it is there');
    t.ASSERT_EQ(expand_stack_locked(stack, 0), -EPERM);
    t.ASSERT_EQ(find_extend_vma_locked(mm, BASE - 2 * P), stack);
  });
});

processTest('mmap_read_lock_maybe_expand: for the arguments of a new program', (t, mm) => {
  mapAt(t, BASE, 1, RW, ANON | MAP_GROWSDOWN);
  mapAt(t, BASE + 0x1000 * P, 1);
  const [stack, data] = [vma_lookup(mm, BASE), vma_lookup(mm, BASE + 0x1000 * P)];
  if (stack === null || data === null) throw new Error('they are there');
  for (const [addr, write, start] of [
    [BASE, true, BASE],
    [BASE - P, false, BASE],
    [BASE - P, true, BASE - P],
  ] as const) {
    t.ASSERT_TRUE(mmap_read_lock_maybe_expand(mm, stack, addr, write));
    stubs.mmap_read_unlock(mm);
    t.ASSERT_EQ(stack.vm_start, start);
  }
  t.ASSERT_FALSE(mmap_read_lock_maybe_expand(mm, stack, 0, true));
  t.ASSERT_FALSE(mmap_read_lock_maybe_expand(mm, data, data.vm_start - P, true));
});
