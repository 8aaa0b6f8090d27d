// SPDX-License-Identifier: GPL-2.0-only
/** mlock() and its relations: each errno, flags, and what counts as locked. */
import {
  current,
  EAGAIN,
  EFAULT,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  globals,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_NORESERVE,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  mlock,
  mlock2,
  mlockall,
  munlock,
  munlockall,
  PROT_READ,
  RLIMIT_MEMLOCK,
  type rlimit,
  stubs,
  TASK_SIZE,
  ULONG_MAX,
  VMA_IO_BIT,
  vma_lookup,
  vma_set_flags,
} from '../../lib/index.js';
import { ANON, BASE, expectAll, mapAt, maps, P, processTest, RW } from './process.js';

/** Takes the capabilities away; the limit of what may be locked. */
function unprivileged(): rlimit {
  const limit = current.signal.rlim[RLIMIT_MEMLOCK];
  if (limit === undefined) throw new Error('there is such a limit');
  current.cap_effective.clear();
  return limit;
}

processTest('mlock: whole pages, locked once', (t, mm) => {
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  mapAt(t, BASE, 4);
  t.ASSERT_EQ(mlock(BASE + P + 1, P), 0);
  t.ASSERT_TRUE(populated.calledOnceWithExactly(BASE + P, 2 * P, false));
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 100073,200000001000-200000003000 102073,200000003000-200000004000 100073',
  );
  t.ASSERT_EQ(mm.locked_vm, 2);
  t.ASSERT_EQ(mlock(BASE, 4 * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 4);
  t.ASSERT_EQ(maps(mm).length, 1);
  t.ASSERT_EQ(mlock2(BASE + P, P, MLOCK_ONFAULT), 0);
  t.ASSERT_EQ(mm.locked_vm, 4, 'it was locked already');
  t.ASSERT_EQ(maps(mm)[1], '200000001000-200000002000 182073');
  t.ASSERT_EQ(munlock(BASE + P, 2 * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 2);
  t.ASSERT_EQ(munlockall(), 0);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000004000 100073');
  t.ASSERT_EQ(mm.locked_vm, 0);
});

processTest('mlock: arguments that cannot be', (t) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 3 * P, 1);
  expectAll(t, [
    ['no length', mlock(0, 0), 0],
    ['a hole', mlock(BASE, 4 * P), -ENOMEM],
    ['from a hole', mlock(BASE + 2 * P, 2 * P), -ENOMEM],
    ['past the last', mlock(BASE + 3 * P, 2 * P), -ENOMEM],
    ['past the end', mlock(TASK_SIZE, P), -ENOMEM],
    ['past ULONG_MAX', mlock(ULONG_MAX - P + 1, P), -EINVAL],
    ['rounded up to 0', mlock(BASE, ULONG_MAX), 0],
    ['unknown flags', mlock2(BASE, P, 2), -EINVAL],
    ['unknown flags first', mlock2(BASE + 2 * P, P, 3), -EINVAL],
    ['munlock past ULONG_MAX', munlock(ULONG_MAX - P + 1, P), -EINVAL],
    ['munlock of a hole', munlock(BASE + 2 * P, P), -ENOMEM],
    ['mlockall of nothing', mlockall(0), -EINVAL],
    ['mlockall on fault only', mlockall(MCL_ONFAULT), -EINVAL],
    ['mlockall of what is unknown', mlockall(8 | MCL_CURRENT), -EINVAL],
  ]);
});

processTest('mlock: a huge range that is locked already is no more locked than it was (D2)', (t, mm) => {
  // 2^31 pages: more than an int holds.
  const pages = 2 ** 31;
  mapAt(t, BASE, pages, RW, ANON | MAP_NORESERVE);
  t.ASSERT_EQ(mlock(BASE, pages * P), 0);
  t.ASSERT_EQ(mm.locked_vm, pages);
  t.ASSERT_EQ(munlock(BASE, pages * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 0);
});

processTest('mlock: RLIMIT_MEMLOCK', (t, mm) => {
  mapAt(t, BASE, 8);
  const limit = unprivileged();
  limit.rlim_cur = 4 * P + 1;
  expectAll(t, [
    ['up to the limit', mlock(BASE, 4 * P), 0],
    ['past it', mlock(BASE + 4 * P, P), -ENOMEM],
    ['what is locked counts once', mlock(BASE + P, 3 * P), 0],
    ['in part', mlock(BASE + P, 4 * P), -ENOMEM],
    ['all, which is too much', mlockall(MCL_CURRENT), -ENOMEM],
    ['what is to come', mlockall(MCL_FUTURE), 0],
  ]);
  t.ASSERT_EQ(munlockall(), 0);
  limit.rlim_cur = 8 * P;
  t.ASSERT_EQ(mlockall(MCL_CURRENT), 0);
  t.ASSERT_EQ(mm.locked_vm, 8);
  t.ASSERT_EQ(mlock(0, ULONG_MAX - P), -ENOMEM, 'far too much');
  limit.rlim_cur = 0;
  expectAll(t, [
    ['nobody may', mlock(BASE, P), -EPERM],
    ['nobody may, all', mlockall(MCL_CURRENT), -EPERM],
    ['all may unlock', munlock(BASE, P), 0],
  ]);
});

processTest('mlock: what populating says', (t) => {
  mapAt(t, BASE, 1);
  const populate = t.sandbox.stub(stubs, '__mm_populate');
  for (const [said, told] of [
    [-EFAULT, -ENOMEM],
    [-ENOMEM, -EAGAIN],
    [-EINTR, -EINTR],
    [0, 0],
  ] as const) {
    populate.returns(said);
    t.ASSERT_EQ(mlock(BASE, P), told);
  }
});

processTest('mlock: interrupted', (t) => {
  const { checked } = t.world;
  for (const call of [() => mlock(BASE, P), () => munlock(BASE, P), () => mlockall(MCL_FUTURE), munlockall]) {
    checked?.faults.fail('mmap_write_lock_killable');
    t.ASSERT_EQ(call(), -EINTR);
  }
});

processTest('mlock: what cannot be locked is passed over', (t, mm) => {
  const { checked } = t.world;
  mapAt(t, BASE, 1, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  mapAt(t, BASE + P, 1);
  const io = vma_lookup(mm, BASE + P);
  if (io === null) throw new Error('it is there');
  checked?.locks.mmapWriteLock(mm);
  stubs.vma_start_write(io);
  vma_set_flags(io, VMA_IO_BIT);
  checked?.locks.mmapWriteUnlock(mm);
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  t.sandbox.stub(stubs, 'vma_is_secretmem').callsFake((vma) => vma.vm_start === BASE + 2 * P);
  mapAt(t, BASE + 3 * P, 1, RW);
  t.ASSERT_EQ(mlock(BASE, 4 * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 1);
  t.ASSERT_EQ(
    maps(mm).join(),
    [
      '200000000000-200000001000 10006200073',
      '200000001000-200000002000 104073',
      '200000002000-200000003000 71',
      '200000003000-200000004000 102073',
    ].join(),
  );
});

processTest('mlockall: now, later, on fault', (t, mm) => {
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(mlockall(MCL_FUTURE | MCL_ONFAULT), 0);
  t.ASSERT_EQ(mm.def_flags, 0x82000n);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000002000 100073');
  t.ASSERT_EQ(populated.callCount, 0);
  mapAt(t, BASE + 4 * P, 1);
  t.ASSERT_EQ(maps(mm)[1], '200000004000-200000005000 182073');
  t.ASSERT_EQ(mlockall(MCL_CURRENT), 0);
  t.ASSERT_EQ(mm.def_flags, 0n, 'nothing more to come');
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000002000 102073,200000004000-200000005000 102073');
  t.ASSERT_TRUE(populated.calledWithExactly(0, TASK_SIZE, true));
  t.ASSERT_EQ(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT), 0);
  t.ASSERT_EQ(maps(mm)[0], '200000000000-200000002000 182073');
  t.ASSERT_EQ(mm.locked_vm, 3);
});

processTest('mlockall: goes on behind a VMA that memory ran out for (D1)', (t, mm) => {
  // The first two differ in their locks, so that locking the second merges it with the first.
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(mlock(BASE, P), 0);
  mapAt(t, BASE + 4 * P, 1);
  mapAt(t, BASE + 5 * P, 1);
  t.ASSERT_EQ(mlock(BASE + 4 * P, P), 0);
  t.world.checkedWorld?.faults.fail('vma_iter_prealloc');
  t.ASSERT_EQ(mlockall(MCL_CURRENT), 0);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 102073,200000001000-200000002000 100073,200000004000-200000006000 102073',
  );
  t.ASSERT_EQ(mm.locked_vm, 3);
});

processTest('mlockall: the VMA after one that memory ran out for still knows what is before it (D1)', (t, mm) => {
  mapAt(t, BASE, 1);
  t.ASSERT_EQ(mlock(BASE, P), 0);
  mapAt(t, BASE + P, 1);
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  t.world.checkedWorld?.faults.fail('vma_iter_prealloc');
  t.ASSERT_EQ(mlockall(MCL_CURRENT), 0);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 102073,200000001000-200000002000 100073,200000002000-200000003000 2071',
  );
});

processTest('mlock: while pages are walked the flags tell the reverse map to wait', (t, mm) => {
  mapAt(t, BASE, 1);
  const seen: (bigint | undefined)[] = [];
  t.sandbox.stub(stubs, 'mlock_pages').callsFake((vma) => {
    seen.push(vma.vm_flags);
  });
  t.ASSERT_EQ(mlock(BASE, P), 0);
  t.ASSERT_EQ(munlock(BASE, P), 0);
  t.tap.same(seen, [0x106073n, 0x100073n]);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000001000 100073');
  t.ASSERT_EQ(globals.vm_committed_as, 1);
});
