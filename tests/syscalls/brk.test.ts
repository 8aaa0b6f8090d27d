// SPDX-License-Identifier: GPL-2.0-only
/** brk() and vm_brk_flags(): where the heap ends after each call. */
import {
  brk,
  current,
  EAGAIN,
  EINTR,
  ENOMEM,
  EPERM,
  globals,
  MAP_GROWSDOWN,
  mk_vma_flags,
  mseal,
  munmap,
  PROT_READ,
  READ_IMPLIES_EXEC,
  RLIMIT_DATA,
  RLIMIT_MEMLOCK,
  stubs,
  TASK_SIZE,
  ULONG_MAX,
  VMA_LOCKED_BIT,
  vm_brk_flags,
} from '../../lib/index.js';
import { ANON, BASE, expectAll, HEAP, mapAt, maps, P, processTest, RW } from './process.js';

function limitOf(resource: number): { rlim_cur: number; rlim_max: number } {
  const limit = current.signal.rlim[resource];
  if (limit === undefined) throw new Error('there is such a limit');
  return limit;
}

processTest('brk: grows, stays within a page, shrinks', (t, mm) => {
  expectAll(t, [
    ['a question', brk(0), HEAP],
    ['below the start', brk(HEAP - 1), HEAP],
    ['a byte', brk(HEAP + 1), HEAP + 1],
    ['the rest of the page', brk(HEAP + P), HEAP + P],
  ]);
  t.ASSERT_EQ(maps(mm).join(), '555500000000-555500001000 100073');
  t.ASSERT_EQ(brk(HEAP + 3 * P + 1), HEAP + 3 * P + 1);
  t.ASSERT_EQ(maps(mm).join(), '555500000000-555500004000 100073');
  t.ASSERT_EQ(brk(HEAP + P + 1), HEAP + P + 1);
  t.ASSERT_EQ(maps(mm).join(), '555500000000-555500002000 100073');
  t.ASSERT_EQ(globals.vm_committed_as, 2);
  t.ASSERT_EQ(brk(HEAP), HEAP);
  t.ASSERT_EQ(maps(mm).length, 0);
});

processTest('brk: a heap is executable where what can be read is', (t, mm) => {
  current.personality = READ_IMPLIES_EXEC;
  brk(HEAP + P);
  t.ASSERT_EQ(maps(mm).join(), '555500000000-555500001000 100077');
});

processTest('brk: what is in the way, and the guard gap of a stack', (t, mm) => {
  mapAt(t, HEAP + 4 * P, 1, PROT_READ);
  expectAll(t, [
    ['up to the page before', brk(HEAP + 3 * P), HEAP + 3 * P],
    ['next to it', brk(HEAP + 4 * P), HEAP + 3 * P],
    ['over it', brk(HEAP + 5 * P), HEAP + 3 * P],
    ['past the end', brk(TASK_SIZE + 1), HEAP + 3 * P],
    ['far past the end', brk(ULONG_MAX), HEAP + 3 * P],
  ]);
  const stack = HEAP + 0x100000 * P;
  mapAt(t, stack, 1, RW, ANON | MAP_GROWSDOWN);
  mm.start_brk = stack - globals.stack_guard_gap - 2 * P;
  mm.brk = mm.start_brk;
  expectAll(t, [
    ['up to the page before the gap', brk(mm.start_brk + P), mm.start_brk + P],
    ['up to the gap', brk(mm.start_brk + 2 * P), mm.start_brk + P],
  ]);
});

processTest('brk: unmapping what is no heap is refused', (t, mm) => {
  t.ASSERT_EQ(brk(HEAP + 2 * P), HEAP + 2 * P);
  t.ASSERT_EQ(munmap(HEAP, 2 * P), 0);
  t.ASSERT_EQ(brk(HEAP + P), HEAP + 2 * P, 'nothing is there');
  mapAt(t, HEAP, 2);
  t.ASSERT_EQ(mseal(HEAP, 2 * P, 0), 0);
  t.ASSERT_EQ(brk(HEAP + P), HEAP + 2 * P, 'it is sealed');
  t.ASSERT_EQ(mm.brk, HEAP + 2 * P);
});

processTest('brk: RLIMIT_DATA counts heap and data', (t, mm) => {
  const limit = limitOf(RLIMIT_DATA);
  mm.start_data = BASE;
  mm.end_data = BASE + P;
  limit.rlim_cur = 3 * P;
  t.ASSERT_EQ(brk(HEAP + 2 * P), HEAP + 2 * P);
  t.ASSERT_EQ(brk(HEAP + 2 * P + 1), HEAP + 2 * P);
  limit.rlim_cur = 2 * P;
  t.ASSERT_EQ(brk(HEAP + P), HEAP + P, 'less than it is');
  t.ASSERT_EQ(brk(HEAP + P + 1), HEAP + P);
});

processTest('brk: locked heaps', (t, mm) => {
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  mm.def_vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  t.ASSERT_EQ(brk(HEAP + P), HEAP + P);
  t.ASSERT_TRUE(populated.calledOnceWithExactly(HEAP, P, true));
  t.ASSERT_EQ(brk(HEAP + P - 1), HEAP + P - 1);
  t.ASSERT_EQ(populated.callCount, 1, 'no page more');
  t.ASSERT_EQ(mm.locked_vm, 1);
  current.cap_effective.clear();
  limitOf(RLIMIT_MEMLOCK).rlim_cur = 2 * P;
  t.ASSERT_EQ(brk(HEAP + 3 * P), HEAP + P - 1);
});

processTest('brk: memory and locks that cannot be had', (t, mm) => {
  const { checked } = t.world;
  if (checked === null) return;
  checked.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(brk(HEAP + P), -EINTR);
  for (const name of ['vm_area_cache_alloc', 'security_vm_enough_memory_mm', 'may_expand_vm']) {
    checked.faults.fail(name);
    t.ASSERT_EQ(brk(HEAP + P), HEAP, name);
    checked.faults.clear();
  }
  t.ASSERT_EQ(maps(mm).length, 0);
});

processTest('vm_brk_flags: in place of what is there', (t, mm) => {
  const { checked } = t.world;
  mapAt(t, BASE, 4, PROT_READ);
  t.ASSERT_EQ(vm_brk_flags(BASE + P, P + 1, false), 0);
  t.ASSERT_EQ(vm_brk_flags(BASE + 3 * P, P, true), 0);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 71,200000001000-200000003000 100073,200000003000-200000004000 100077',
  );
  expectAll(t, [
    ['nothing', vm_brk_flags(BASE, 0, false), 0],
    ['rounded up to 0', vm_brk_flags(BASE, ULONG_MAX, false), -ENOMEM],
    ['past the end', vm_brk_flags(TASK_SIZE, P, false), -ENOMEM],
  ]);
  mm.def_vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  t.ASSERT_EQ(vm_brk_flags(BASE + 8 * P, P, false), 0);
  t.ASSERT_TRUE(populated.calledOnceWithExactly(BASE + 8 * P, P, true));
  current.cap_effective.clear();
  limitOf(RLIMIT_MEMLOCK).rlim_cur = P;
  t.ASSERT_EQ(vm_brk_flags(BASE + 9 * P, P, false), -EAGAIN);
  checked?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(vm_brk_flags(BASE, P, false), -EINTR);
  t.ASSERT_EQ(mseal(BASE, P, 0), 0);
  mm.def_vma_flags = mk_vma_flags();
  t.ASSERT_EQ(vm_brk_flags(BASE, P, false), -EPERM, 'sealed');
});
