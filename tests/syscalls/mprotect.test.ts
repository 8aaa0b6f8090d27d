// SPDX-License-Identifier: GPL-2.0-only
/** mprotect(): each errno, what is split and merged, charged and counted. */
import {
  current,
  EACCES,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  file,
  globals,
  MAP_ANONYMOUS,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MMF_HAS_MDWE,
  mmap,
  mprotect,
  mseal,
  OVERCOMMIT_NEVER,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_NONE,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
  pkey_mprotect,
  READ_IMPLIES_EXEC,
  RLIMIT_DATA,
  stubs,
  TASK_SIZE,
  ULONG_MAX,
  VMA_IO_BIT,
  VMA_MIXEDMAP_BIT,
  VMA_PFNMAP_BIT,
  vma_lookup,
  vma_set_flags,
} from '../../lib/index.js';
import { ANON, BASE, expectAll, mapAt, maps, openFile, P, processTest, RW } from './process.js';

processTest('mprotect: arguments that cannot be', (t) => {
  mapAt(t, BASE, 2);
  expectAll(t, [
    ['both ways', mprotect(BASE, P, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL],
    ['not of a page', mprotect(BASE + 1, P, PROT_READ), -EINVAL],
    ['no length, nowhere', mprotect(0, 0, 2 ** 40), 0],
    ['rounded up to 0', mprotect(BASE, ULONG_MAX, PROT_READ), -ENOMEM],
    ['past ULONG_MAX', mprotect(ULONG_MAX - P + 1, P, PROT_READ), -ENOMEM],
    ['past the end', mprotect(TASK_SIZE, P, PROT_READ), -ENOMEM],
    ['unknown protection', mprotect(BASE, P, 0x10), -EINVAL],
    ['of the upper half', mprotect(BASE, P, 2 ** 40), -EINVAL],
    ['for atomics', mprotect(BASE, P, RW | PROT_SEM), 0],
    ['a key', pkey_mprotect(BASE, P, RW, 1), -EINVAL],
    ['the key of all', pkey_mprotect(BASE, P, RW, 0), 0],
    ['upwards', mprotect(BASE, P, PROT_READ | PROT_GROWSUP), -EINVAL],
    ['downwards, and no stack', mprotect(BASE, P, PROT_READ | PROT_GROWSDOWN), -EINVAL],
  ]);
});

processTest('mprotect: splits, merges and stops at a hole', (t, mm) => {
  mapAt(t, BASE, 4);
  mapAt(t, BASE + 5 * P, 2);
  t.ASSERT_EQ(mprotect(BASE + P, P, PROT_READ), 0);
  t.ASSERT_EQ(
    maps(mm).slice(0, 3).join(),
    '200000000000-200000001000 100073,200000001000-200000002000 71,200000002000-200000004000 100073',
  );
  expectAll(t, [
    ['back', mprotect(BASE + P, P, RW), 0],
    ['one again', maps(mm).length, 2],
    ['over a hole', mprotect(BASE + 2 * P, 5 * P, PROT_NONE), -ENOMEM],
    ['from a hole', mprotect(BASE + 4 * P, 2 * P, PROT_NONE), -ENOMEM],
    ['nothing at all', mprotect(BASE + 0x100 * P, P, PROT_NONE), -ENOMEM],
    ['past the last', mprotect(BASE + 6 * P, 2 * P, PROT_NONE), -ENOMEM],
  ]);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000002000 100073,200000002000-200000004000 70,200000005000-200000006000 100073,200000006000-200000007000 70',
    'what is before a hole is changed',
  );
});

processTest('mprotect: the charge of private memory', (t, mm) => {
  mapAt(t, BASE, 4, PROT_READ);
  t.ASSERT_EQ(globals.vm_committed_as, 0);
  t.ASSERT_EQ(mprotect(BASE, 2 * P, RW), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 2);
  t.ASSERT_EQ(mm.data_vm, 2);
  t.ASSERT_EQ(mprotect(BASE, P, PROT_READ), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 1, 'no page was written');
  const vma = vma_lookup(mm, BASE + P);
  if (vma === null || t.world.checkedWorld === null) throw new Error('it is there');
  t.world.checked.locks.mmapWriteLock(mm);
  t.world.checked.fault(vma);
  t.world.checked.locks.mmapWriteUnlock(mm);
  t.ASSERT_EQ(mprotect(BASE + P, P, PROT_READ), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 1, 'there are pages');
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 71,200000001000-200000002000 100071,200000002000-200000004000 71',
  );

  mapAt(t, BASE + 0x10 * P, 1, PROT_READ, ANON | MAP_NORESERVE);
  mapAt(t, BASE + 0x20 * P, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
  const before = globals.vm_committed_as;
  t.ASSERT_EQ(mprotect(BASE + 0x10 * P, P, RW) | mprotect(BASE + 0x20 * P, P, RW), 0);
  t.ASSERT_EQ(globals.vm_committed_as, before, 'neither is charged');
});

processTest('mprotect: limits', (t, mm) => {
  mapAt(t, BASE, 4, PROT_READ);
  const limit = current.signal.rlim[RLIMIT_DATA];
  if (limit === undefined) throw new Error('there is such a limit');
  limit.rlim_cur = 3 * P;
  t.ASSERT_EQ(mprotect(BASE, 4 * P, RW), -ENOMEM, 'it would become data');
  t.ASSERT_EQ(mprotect(BASE, 3 * P, RW), 0);
  limit.rlim_cur = ULONG_MAX;
  globals.sysctl_overcommit_memory = OVERCOMMIT_NEVER;
  globals.totalram_pages = 6;
  globals.sysctl_user_reserve_kbytes = 0;
  t.ASSERT_EQ(mprotect(BASE + 3 * P, P, RW), -ENOMEM, 'it cannot be charged');
  globals.totalram_pages = 1000;
  globals.sysctl_max_map_count = 2;
  t.ASSERT_EQ(mprotect(BASE, P, PROT_READ), -ENOMEM, 'a VMA too many');
  t.ASSERT_EQ(globals.vm_committed_as, 3);
  t.ASSERT_EQ(mm.data_vm, 3);
});

processTest('mprotect: gives back what it charged when the VMA cannot be split', (t) => {
  const { checked } = t.world;
  mapAt(t, BASE, 4, PROT_READ);
  checked?.faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), -ENOMEM);
  t.ASSERT_EQ(globals.vm_committed_as, 0);
  checked?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), -EINTR);
  checked?.faults.fail('security_file_mprotect');
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), -EACCES);
  t.sandbox.stub(stubs, 'arch_validate_flags').returns(false);
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), -EINVAL);
});

processTest('mprotect: sealed memory, and memory-deny-write-execute', (t, mm) => {
  mapAt(t, BASE, 4);
  t.ASSERT_EQ(mseal(BASE + P, P, 0), 0);
  t.ASSERT_EQ(mprotect(BASE, 3 * P, PROT_READ), -EPERM);
  t.ASSERT_EQ(maps(mm)[0], '200000000000-200000001000 71', 'what is before is changed');
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), -EPERM, 'even to what it is');
  mm.flags.add(MMF_HAS_MDWE);
  t.ASSERT_EQ(mprotect(BASE + 2 * P, P, PROT_READ | PROT_EXEC), -EACCES);
  t.ASSERT_EQ(mmap(0, P, PROT_WRITE | PROT_EXEC, ANON, -1, 0), -EACCES);
});

processTest('mprotect: stacks from their start', (t, mm) => {
  mapAt(t, BASE, 4, RW, ANON | MAP_GROWSDOWN);
  t.ASSERT_EQ(mprotect(BASE + 2 * P, P, PROT_READ | PROT_GROWSDOWN), 0);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000003000 171,200000003000-200000004000 100173');
  t.ASSERT_EQ(mprotect(BASE - 4 * P, P, PROT_READ | PROT_GROWSDOWN), -ENOMEM, 'it begins past the range');
});

processTest('mprotect: READ_IMPLIES_EXEC where execution is allowed', (t, mm) => {
  const f = new file({ mmap: () => 0 });
  f.f_path.mnt.mnt_flags = 4;
  const fd = openFile(f);
  mapAt(t, BASE, 1, PROT_NONE);
  t.ASSERT_EQ(mmap(BASE + P, P, PROT_NONE, MAP_PRIVATE | 0x10, fd, 0), BASE + P);
  current.personality = READ_IMPLIES_EXEC;
  t.ASSERT_EQ(mprotect(BASE, 2 * P, PROT_READ), 0);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000001000 75,200000001000-200000002000 31');
});

processTest('mprotect: a driver is asked, for each part', (t) => {
  const asked: unknown[] = [];
  let answer = 0;
  const fd = openFile(
    new file({
      mmap: (_file, vma) => {
        vma.vm_ops = {
          mprotect: (_vma, start, end, newflags) => {
            asked.push([start - BASE, end - BASE, newflags]);
            return answer;
          },
        };
        return 0;
      },
    }),
  );
  t.ASSERT_EQ(mmap(BASE, 4 * P, RW, MAP_SHARED | 0x10, fd, 0), BASE);
  t.ASSERT_EQ(mprotect(BASE + P, 2 * P, PROT_READ), 0);
  answer = -EINVAL;
  t.ASSERT_EQ(mprotect(BASE, 4 * P, PROT_NONE), -EINVAL);
  t.tap.same(asked, [
    [P, 3 * P, 0xf9n],
    [0, P, 0xf8n],
  ]);
});

processTest('mprotect: page frames that must not lose all access', (t, mm) => {
  const { checked } = t.world;
  const walk = t.sandbox.stub(stubs, 'prot_none_walk').returns(-EACCES);
  for (const bit of [VMA_PFNMAP_BIT, VMA_MIXEDMAP_BIT, VMA_IO_BIT]) {
    mapAt(t, BASE, 1);
    const vma = vma_lookup(mm, BASE);
    if (vma === null) throw new Error('it is there');
    checked?.locks.mmapWriteLock(mm);
    stubs.vma_start_write(vma);
    vma_set_flags(vma, bit);
    checked?.locks.mmapWriteUnlock(mm);
    t.ASSERT_EQ(mprotect(BASE, P, PROT_READ), 0);
    t.ASSERT_EQ(mprotect(BASE, P, PROT_NONE), bit === VMA_IO_BIT ? 0 : -EACCES);
  }
  t.ASSERT_EQ(walk.callCount, 2);
});

processTest('mprotect: locked memory that becomes writable is written at once', (t) => {
  const populated = t.sandbox.spy(stubs, 'populate_vma_page_range');
  const changed = t.sandbox.spy(stubs, 'change_protection');
  mapAt(t, BASE, 2, PROT_READ, ANON | MAP_LOCKED);
  t.ASSERT_EQ(mprotect(BASE, P, RW), 0);
  t.ASSERT_EQ(populated.callCount, 1);
  t.ASSERT_EQ(mprotect(BASE, P, PROT_WRITE), 0);
  t.ASSERT_EQ(populated.callCount, 1, 'it was writable');
  t.ASSERT_EQ(changed.callCount, 2);
});

processTest('mprotect: a range that begins inside a VMA merges with the next only', (t, mm) => {
  mapAt(t, BASE, 2, PROT_READ);
  mapAt(t, BASE + 2 * P, 2);
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), 0);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000001000 71,200000001000-200000004000 100073');
});

processTest('mprotect: several VMAs become one as the range moves on', (t, mm) => {
  mapAt(t, BASE, 2, PROT_READ);
  mapAt(t, BASE + 2 * P, 2, PROT_EXEC);
  mapAt(t, BASE + 4 * P, 2, PROT_READ | PROT_EXEC);
  t.ASSERT_EQ(mprotect(BASE, 5 * P, PROT_NONE), 0);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000005000 70,200000005000-200000006000 75');
});
