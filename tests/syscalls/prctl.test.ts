// SPDX-License-Identifier: GPL-2.0-only
/** prctl() about memory: each errno, and what is set and inherited. */
import {
  brk,
  dup_mm,
  EACCES,
  EFAULT,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_SHARED,
  mmput,
  mprotect,
  PR_GET_MDWE,
  PR_GET_MEMORY_MERGE,
  PR_GET_THP_DISABLE,
  PR_MDWE_NO_INHERIT,
  PR_MDWE_REFUSE_EXEC_GAIN,
  PR_SET_MDWE,
  PR_SET_MEMORY_MERGE,
  PR_SET_THP_DISABLE,
  PR_SET_VMA,
  PR_SET_VMA_ANON_NAME,
  PR_THP_DISABLE_EXCEPT_ADVISED,
  PROT_EXEC,
  PROT_READ,
  prctl,
  stubs,
  task_struct,
  vma_lookup,
} from '../../lib/index.js';
import { BASE, expectAll, HEAP, mapAt, maps, P, processTest, RW } from './process.js';

processTest('prctl: memory-deny-write-execute', (t, mm) => {
  const on = PR_MDWE_REFUSE_EXEC_GAIN;
  expectAll(t, [
    ['unused arguments', prctl(PR_SET_MDWE, on, 1), -EINVAL],
    ['unused arguments, the last', prctl(PR_SET_MDWE, on, 0, 0, 1), -EINVAL],
    ['unknown bits', prctl(PR_SET_MDWE, 4), -EINVAL],
    ['of the upper half', prctl(PR_SET_MDWE, on + 2 ** 40), -EINVAL],
    ['not inherited, but not set', prctl(PR_SET_MDWE, PR_MDWE_NO_INHERIT), -EINVAL],
    ['nothing', prctl(PR_SET_MDWE, 0), 0],
    ['not set', prctl(PR_GET_MDWE, 0), 0],
    ['set', prctl(PR_SET_MDWE, on), 0],
    ['again', prctl(PR_SET_MDWE, on), 0],
    ['unset', prctl(PR_SET_MDWE, 0), -EPERM],
    ['changed', prctl(PR_SET_MDWE, on | PR_MDWE_NO_INHERIT), -EPERM],
    ['asked', prctl(PR_GET_MDWE, 0), on],
    ['asked with an argument', prctl(PR_GET_MDWE, 1), -EINVAL],
  ]);
  mapAt(t, BASE, 1);
  t.ASSERT_EQ(mprotect(BASE, P, PROT_READ | PROT_EXEC), -EACCES);
  const child = dup_mm(new task_struct(), mm);
  if (child === null) throw new Error('no memory');
  t.ASSERT_EQ(child.flags.has(28), true);
  mmput(child);
});

processTest('prctl: memory-deny-write-execute that a child does not inherit', (t, mm) => {
  t.ASSERT_EQ(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT), 0);
  t.ASSERT_EQ(prctl(PR_GET_MDWE, 0), 3);
  const child = dup_mm(new task_struct(), mm);
  if (child === null) throw new Error('no memory');
  t.tap.same([...child.flags], [31], 'the layout, and nothing else');
  mmput(child);
});

processTest('prctl: huge pages', (t) => {
  const advised = PR_THP_DISABLE_EXCEPT_ADVISED;
  expectAll(t, [
    ['flags, but not disabled', prctl(PR_SET_THP_DISABLE, 0, advised), -EINVAL],
    ['unknown flags', prctl(PR_SET_THP_DISABLE, 1, 1), -EINVAL],
    ['unused arguments', prctl(PR_SET_THP_DISABLE, 1, 0, 1), -EINVAL],
    ['asked with an argument', prctl(PR_GET_THP_DISABLE, 0, 1), -EINVAL],
    ['not disabled', prctl(PR_GET_THP_DISABLE, 0), 0],
    ['disabled', prctl(PR_SET_THP_DISABLE, 1), 0],
    ['asked', prctl(PR_GET_THP_DISABLE, 0), 1],
    ['but where advised', prctl(PR_SET_THP_DISABLE, 1, advised), 0],
    ['asked then', prctl(PR_GET_THP_DISABLE, 0), 3],
    ['enabled', prctl(PR_SET_THP_DISABLE, 0), 0],
    ['asked in the end', prctl(PR_GET_THP_DISABLE, 0), 0],
  ]);
  t.world.checkedWorld?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 1), -EINTR);
});

processTest('prctl: KSM for all that can be merged, now and later', (t, mm) => {
  mapAt(t, BASE, 1);
  mapAt(t, BASE + 2 * P, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  mapAt(t, BASE + 4 * P, 1, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  expectAll(t, [
    ['unused arguments', prctl(PR_SET_MEMORY_MERGE, 1, 1), -EINVAL],
    ['asked with an argument', prctl(PR_GET_MEMORY_MERGE, 1), -EINVAL],
    ['asked', prctl(PR_GET_MEMORY_MERGE, 0), 0],
    ['off, which it is', prctl(PR_SET_MEMORY_MERGE, 0), 0],
    ['on', prctl(PR_SET_MEMORY_MERGE, 1), 0],
    ['on, which it is', prctl(PR_SET_MEMORY_MERGE, 1), 0],
    ['asked then', prctl(PR_GET_MEMORY_MERGE, 0), 1],
  ]);
  mapAt(t, BASE + P, 1);
  t.ASSERT_EQ(brk(HEAP + P), HEAP + P);
  const on = [
    '200000000000-200000002000 80100073',
    '200000002000-200000003000 fb',
    '200000004000-200000005000 10006200073',
    '555500000000-555500001000 80100073',
  ];
  t.ASSERT_EQ(maps(mm).join(), on.join());
  t.tap.same([...mm.flags].sort(), [16, 30, 31]);
  mm.flags.delete(16);
  mapAt(t, BASE + 8 * P, 1);
  t.ASSERT_TRUE(mm.flags.has(16), 'taken in anew');
  t.ASSERT_EQ(prctl(PR_SET_MEMORY_MERGE, 0), 0);
  t.ASSERT_EQ(maps(mm)[0], '200000000000-200000002000 100073');
});

processTest('prctl: KSM that cannot be turned on or off', (t, mm) => {
  const { checked } = t.world;
  mapAt(t, BASE, 1);
  mapAt(t, BASE + 2 * P, 1);
  checked?.faults.fail('__ksm_enter');
  t.ASSERT_EQ(prctl(PR_SET_MEMORY_MERGE, 1), -ENOMEM);
  t.ASSERT_EQ(prctl(PR_GET_MEMORY_MERGE, 0), 0);
  checked?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(prctl(PR_SET_MEMORY_MERGE, 1), -EINTR);
  t.ASSERT_EQ(prctl(PR_SET_MEMORY_MERGE, 1), 0);

  const second = vma_lookup(mm, BASE + 2 * P);
  if (second === null || checked === null) throw new Error('it is there');
  checked.locks.mmapWriteLock(mm);
  checked.fault(second);
  checked.locks.mmapWriteUnlock(mm);
  t.sandbox.stub(stubs, 'break_ksm').returns(-ENOMEM);
  t.ASSERT_EQ(prctl(PR_SET_MEMORY_MERGE, 0), -ENOMEM);
  t.ASSERT_EQ(prctl(PR_GET_MEMORY_MERGE, 0), 1);
  t.ASSERT_EQ(maps(mm)[0], '200000000000-200000001000 80100073', 'as it was');
});

processTest('prctl: names, and what is unknown', (t, mm) => {
  mapAt(t, BASE, 2);
  const nameAt = (addr: number): string | undefined => vma_lookup(mm, addr)?.anon_name?.name;
  t.ASSERT_EQ(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE, P, 'heap of mine'), 0);
  t.ASSERT_EQ(nameAt(BASE), 'heap of mine');
  t.ASSERT_EQ(nameAt(BASE + P), undefined);
  t.ASSERT_EQ(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE, P, null), 0);
  t.ASSERT_EQ(nameAt(BASE), undefined);
  t.ASSERT_EQ(maps(mm).length, 1);
  t.ASSERT_EQ(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE, P), 0);
  expectAll(t, [
    ['another attribute', prctl(PR_SET_VMA, 1, BASE, P, 'x'), -EINVAL],
    ['no text', prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE, P, 5), -EFAULT],
    ['a name that cannot be', prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE, P, 'a[b'), -EINVAL],
    ['nothing there', prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE + 2 * P, P, 'x'), -ENOMEM],
    ['another option', prctl(1, 0), -EINVAL],
  ]);
});
