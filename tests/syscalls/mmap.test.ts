// SPDX-License-Identifier: GPL-2.0-only
/** mmap() and do_mmap(): each errno, and the flags of what is mapped. */
import {
  address_space,
  current,
  EACCES,
  EAGAIN,
  EBADF,
  EEXIST,
  EINTR,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  ETXTBSY,
  emptyFlags,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_WRITE,
  FMODE_PATH,
  FMODE_READ,
  FMODE_WRITE,
  FOP_MMAP_SYNC,
  file,
  globals,
  IS_ERR,
  inode,
  ksys_mmap_pgoff,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MNT_NOEXEC,
  mk_vma_flags,
  mmap,
  mprotect,
  munmap,
  OVERCOMMIT_NEVER,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  READ_IMPLIES_EXEC,
  RLIMIT_AS,
  RLIMIT_DATA,
  RLIMIT_MEMLOCK,
  S_APPEND,
  S_IFREG,
  S_SWAPFILE,
  shmem_file_setup,
  stubs,
  TASK_SIZE,
  ULONG_MAX,
  VMA_LOCKED_BIT,
  VMA_NORESERVE_BIT,
  vm_mmap,
  vma_lookup,
} from '../../lib/index.js';
import { checkDroppable } from '../../lib/mm/mmap/do_mmap.js';
import { ANON, BASE, expectAll, mapAt, maps, openFile, P, processTest, RW } from './process.js';

processTest('mmap: private anonymous memory', (t, mm) => {
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(maps(mm, true).join(), `200000000000-200000002000 100073 200000000`);
  t.ASSERT_EQ(globals.vm_committed_as, 2);
  t.ASSERT_EQ(mm.data_vm, 2);
});

processTest('mmap: lengths and addresses that cannot be', (t) => {
  const addr = BASE;
  expectAll(t, [
    ['no length', mmap(addr, 0, RW, ANON, -1, 0), -EINVAL],
    ['offset not of a page', mmap(addr, P, RW, ANON, -1, 1), -EINVAL],
    ['longer than all there is', mmap(0, TASK_SIZE + P, RW, ANON, -1, 0), -ENOMEM],
    ['rounded up to 0', mmap(0, ULONG_MAX, RW, ANON, -1, 0), -ENOMEM],
    ['fixed past the end', mmap(TASK_SIZE, P, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM],
    ['fixed over the end', mmap(TASK_SIZE - P, 2 * P, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM],
    ['fixed, far past the end', mmap(ULONG_MAX - P + 1, P, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM],
    ['fixed, not of a page', mmap(addr + 1, P, RW, ANON | MAP_FIXED, -1, 0), -EINVAL],
    ['fixed at the end', mmap(TASK_SIZE - P, P, RW, ANON | MAP_FIXED, -1, 0), TASK_SIZE - P],
    ['neither shared nor private', mmap(0, P, RW, MAP_ANONYMOUS, -1, 0), -EINVAL],
    ['shared and validated, anonymous', mmap(0, P, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0), -EINVAL],
    ['huge pages', mmap(0, P, RW, ANON | MAP_HUGETLB, -1, 0), -EINVAL],
    ['no such descriptor', mmap(0, P, RW, MAP_PRIVATE, 77, 0), -EBADF],
  ]);
});

processTest('mmap: below the lowest address only with CAP_SYS_RAWIO', (t) => {
  const low = globals.dac_mmap_min_addr - P;
  t.ASSERT_EQ(mmap(low, P, RW, ANON | MAP_FIXED, -1, 0), low);
  current.cap_effective.clear();
  t.ASSERT_EQ(mmap(low, P, RW, ANON | MAP_FIXED, -1, 0), -EPERM);
  t.ASSERT_EQ(mmap(P, P, RW, ANON, -1, 0), globals.mmap_min_addr, 'a hint is moved up');
});

processTest('mmap: MAP_FIXED_NOREPLACE', (t, mm) => {
  mapAt(t, BASE, 2);
  const flags = ANON | MAP_FIXED_NOREPLACE;
  expectAll(t, [
    ['over the end', mmap(BASE + P, 2 * P, RW, flags, -1, 0), -EEXIST],
    ['inside', mmap(BASE, P, RW, flags, -1, 0), -EEXIST],
    ['behind', mmap(BASE + 2 * P, P, PROT_READ, flags, -1, 0), BASE + 2 * P],
    ['before', mmap(BASE - P, P, PROT_READ, flags, -1, 0), BASE - P],
  ]);
  t.ASSERT_EQ(maps(mm).length, 3);
});

processTest('mmap: too many VMAs', (t) => {
  mapAt(t, BASE, 1);
  mapAt(t, BASE + 2 * P, 1);
  globals.sysctl_max_map_count = 2;
  mapAt(t, BASE + 4 * P, 1);
  t.ASSERT_EQ(mmap(0, P, RW, ANON, -1, 0), -ENOMEM, 'one more than the limit is the last');
});

processTest('mmap: types of anonymous mappings', (t, mm) => {
  mapAt(t, BASE, 1, PROT_NONE);
  mapAt(t, BASE + 2 * P, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  mapAt(t, BASE + 4 * P, 1, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  mapAt(t, BASE + 0x10 * P, 1, RW, ANON | MAP_NORESERVE);
  mapAt(t, BASE + 0x12 * P, 1, RW, ANON | MAP_STACK);
  mapAt(t, BASE + 0x1000 * P, 1, RW, ANON | MAP_GROWSDOWN);
  t.ASSERT_EQ(
    maps(mm, true).join('\n'),
    [
      '200000000000-200000001000 70 200000000',
      '200000002000-200000003000 fb 0 file',
      '200000004000-200000005000 10006200073 200000004',
      '200000010000-200000011000 200073 200000010',
      '200000012000-200000013000 40100073 200000012',
      '200001000000-200001001000 100173 200001000',
    ].join('\n'),
  );
  t.ASSERT_EQ(globals.vm_committed_as, 3, 'shared memory is charged to its file, droppable memory to nobody');
  expectAll(t, [
    ['a shared stack', mmap(0, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), -EINVAL],
    ['a droppable stack', mmap(0, P, RW, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), -EINVAL],
    ['droppable and locked', mmap(0, P, RW, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), -EINVAL],
  ]);
});

processTest('mmap: MAP_DROPPABLE where it is not supported is an errno that user space knows (A36)', (t) => {
  // The configuration supports it; this is what an empty VMA_DROPPABLE makes of it.
  t.ASSERT_EQ(EOPNOTSUPP, 95);
  t.ASSERT_EQ(checkDroppable(MAP_DROPPABLE, emptyFlags(), emptyFlags()), -EOPNOTSUPP);
});

processTest('mmap: MAP_NORESERVE counts for nothing under strict overcommit', (t, mm) => {
  globals.sysctl_overcommit_memory = OVERCOMMIT_NEVER;
  mapAt(t, BASE, 1, RW, ANON | MAP_NORESERVE);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000001000 100073');
  t.ASSERT_EQ(globals.vm_committed_as, 1);
});

processTest('mmap: charges in the three modes of overcommit', (t) => {
  globals.totalram_pages = 1000;
  globals.sysctl_user_reserve_kbytes = 0;
  globals.sysctl_admin_reserve_kbytes = 400;
  t.ASSERT_EQ(mmap(0, 1001 * P, RW, ANON, -1, 0), -ENOMEM, 'more than there can be');
  mapAt(t, BASE, 1000);
  mapAt(t, BASE + 2000 * P, 1000);
  t.ASSERT_EQ(globals.vm_committed_as, 2000, 'guessing refuses only what can never be');
  t.ASSERT_EQ(munmap(BASE, 4000 * P), 0);

  globals.sysctl_overcommit_memory = OVERCOMMIT_NEVER;
  mapAt(t, BASE, 499);
  t.ASSERT_EQ(mmap(BASE + 499 * P, P, RW, ANON, -1, 0), -ENOMEM, 'the limit itself is too much');
  t.ASSERT_EQ(munmap(BASE, 499 * P), 0);
  current.cap_effective.clear();
  t.ASSERT_EQ(mmap(0, 400 * P, RW, ANON, -1, 0), -ENOMEM, 'what is kept for the administrator');
  mapAt(t, BASE, 399);
  t.ASSERT_EQ(munmap(BASE, 399 * P), 0);
  globals.sysctl_overcommit_kbytes = 40 * 4 + 400;
  t.ASSERT_EQ(mmap(0, 40 * P, RW, ANON, -1, 0), -ENOMEM);
  mapAt(t, BASE, 39);
  globals.sysctl_overcommit_memory = 1;
  mapAt(t, BASE + 0x10000 * P, 5000);
});

processTest('mmap: what is kept back under strict overcommit grows with the process', (t) => {
  globals.sysctl_overcommit_memory = OVERCOMMIT_NEVER;
  globals.totalram_pages = 1000;
  mapAt(t, BASE, 320, PROT_READ);
  t.ASSERT_EQ(mmap(0, 490 * P, RW, ANON, -1, 0), -ENOMEM, 'a 32nd of what is mapped');
  globals.sysctl_user_reserve_kbytes = 4 * 4;
  t.ASSERT_EQ(mmap(0, 496 * P, RW, ANON, -1, 0), -ENOMEM, 'but no more than the limit of that');
  mapAt(t, BASE + 0x1000 * P, 495);
});

processTest('mmap: shared anonymous memory is charged until its file goes', (t) => {
  globals.totalram_pages = 10;
  t.ASSERT_EQ(mmap(0, 11 * P, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), -ENOMEM);
  mapAt(t, BASE, 4, RW, MAP_SHARED | MAP_ANONYMOUS);
  t.ASSERT_EQ(munmap(BASE + P, P), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 4, 'the file is as large as before');
  t.ASSERT_EQ(munmap(BASE, 4 * P), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 0);
  mapAt(t, BASE, 4, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
  t.ASSERT_EQ(globals.vm_committed_as, 0);
});

processTest('mmap: RLIMIT_AS and RLIMIT_DATA', (t, mm) => {
  const [as, data] = [current.signal.rlim[RLIMIT_AS], current.signal.rlim[RLIMIT_DATA]];
  if (as === undefined || data === undefined) throw new Error('there are such limits');
  as.rlim_cur = 4 * P + 1;
  mapAt(t, BASE, 3);
  t.ASSERT_EQ(mmap(0, 2 * P, PROT_READ, ANON, -1, 0), -ENOMEM);
  mapAt(t, BASE, 4);
  t.ASSERT_EQ(mm.total_vm, 4, 'what is replaced does not count');
  as.rlim_cur = ULONG_MAX;

  data.rlim_cur = 5 * P;
  t.ASSERT_EQ(mmap(0, 2 * P, RW, ANON, -1, 0), -ENOMEM);
  t.ASSERT_EQ(mmap(BASE + 0x10 * P, 2 * P, PROT_READ, ANON, -1, 0), BASE + 0x10 * P, 'no data');
  data.rlim_cur = 0;
  mapAt(t, BASE + 0x20 * P, 2);
  data.rlim_max = 7 * P;
  t.ASSERT_EQ(mmap(0, 2 * P, RW, ANON, -1, 0), -ENOMEM, 'a limit of 0 leaves what it may be raised to');
  globals.ignore_rlimit_data = true;
  mapAt(t, BASE + 0x30 * P, 2);
});

processTest('mmap: MAP_LOCKED, and RLIMIT_MEMLOCK', (t, mm) => {
  const limit = current.signal.rlim[RLIMIT_MEMLOCK];
  if (limit === undefined) throw new Error('there is such a limit');
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  mapAt(t, BASE, 2, RW, ANON | MAP_LOCKED);
  t.ASSERT_EQ(mm.locked_vm, 2);
  t.ASSERT_TRUE(populated.calledOnceWithExactly(BASE, 2 * P, true));

  current.cap_effective.clear();
  limit.rlim_cur = 3 * P;
  t.ASSERT_EQ(mmap(0, 2 * P, RW, ANON | MAP_LOCKED, -1, 0), -EAGAIN);
  limit.rlim_cur = 0;
  t.ASSERT_EQ(mmap(0, P, RW, ANON | MAP_LOCKED, -1, 0), -EPERM);
  mm.def_vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  t.ASSERT_EQ(mmap(0, P, RW, ANON, -1, 0), -EAGAIN, 'after mlockall(MCL_FUTURE) as well');
});

processTest('mmap: what is populated', (t) => {
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  mapAt(t, BASE, 1, RW, ANON | MAP_POPULATE | MAP_NONBLOCK);
  mapAt(t, BASE, 1);
  t.ASSERT_EQ(populated.callCount, 0);
  t.ASSERT_EQ(mmap(BASE, 1, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0), BASE);
  t.ASSERT_TRUE(populated.calledOnceWithExactly(BASE, P, true), 'whole pages');
});

processTest('mmap: interrupted, and refused by a security module', (t) => {
  const { checked } = t.world;
  if (checked === null) return;
  checked.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(mmap(0, P, RW, ANON, -1, 0), -EINTR);
  checked.faults.fail('security_mmap_file');
  t.ASSERT_EQ(mmap(0, P, RW, ANON, -1, 0), -EACCES);
  t.sandbox.stub(stubs, 'fsnotify_mmap_perm').returns(-EPERM);
  t.ASSERT_EQ(mmap(0, P, RW, ANON, -1, 0), -EPERM);
});

processTest('mmap: READ_IMPLIES_EXEC', (t, mm) => {
  const noexec = openFile();
  const f = current.files.fd.get(noexec);
  if (f === undefined) throw new Error('just opened');
  f.f_path.mnt.mnt_flags = MNT_NOEXEC;
  current.personality = READ_IMPLIES_EXEC;
  mapAt(t, BASE, 1, PROT_READ);
  mapAt(t, BASE + 2 * P, 1, PROT_WRITE);
  t.ASSERT_EQ(mmap(BASE + 4 * P, P, PROT_READ, MAP_PRIVATE | MAP_FIXED, noexec, 0), BASE + 4 * P);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 75,200000002000-200000003000 100072,200000004000-200000005000 31',
  );
});

/** A file of which mmap() sees only mode, flags and mount. */
function fileWith(change: (f: file) => void): number {
  const f = new file({ mmap: () => 0 });
  change(f);
  return openFile(f);
}

processTest('mmap: what a file allows', (t) => {
  const readOnly = fileWith((f) => {
    f.f_mode = FMODE_READ;
  });
  const writeOnly = fileWith((f) => {
    f.f_mode = FMODE_WRITE;
  });
  const swap = fileWith((f) => {
    f.f_inode.i_flags = S_SWAPFILE;
  });
  const append = fileWith((f) => {
    f.f_inode.i_flags = S_APPEND;
  });
  const noexec = fileWith((f) => {
    f.f_path.mnt.mnt_flags = MNT_NOEXEC;
  });
  const byName = fileWith((f) => {
    f.f_mode = FMODE_READ | FMODE_PATH;
  });
  const hookless = openFile(new file());
  const regular = openFile(new file({ mmap: () => 0 }, new address_space(new inode(S_IFREG))));
  const at = (fd: number, prot: number, flags: number, off = 0): number => mmap(0, P, prot, flags, fd, off);
  expectAll(t, [
    ['written to, shared, opened for reading', at(readOnly, RW, MAP_SHARED), -EACCES],
    ['opened for writing only', at(writeOnly, PROT_READ, MAP_PRIVATE), -EACCES],
    ['a swap file', at(swap, RW, MAP_SHARED), -ETXTBSY],
    ['append only', at(append, PROT_READ, MAP_SHARED), -EACCES],
    ['executed, from a mount without execution', at(noexec, PROT_EXEC, MAP_PRIVATE), -EPERM],
    ['opened by name only', at(byName, PROT_READ, MAP_PRIVATE), -EBADF],
    ['without a hook', at(hookless, PROT_READ, MAP_PRIVATE), -ENODEV],
    ['a stack', at(readOnly, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN), -EINVAL],
    ['huge pages', at(readOnly, PROT_READ, MAP_PRIVATE | MAP_HUGETLB), -EINVAL],
    ['neither shared nor private', at(readOnly, PROT_READ, 0), -EINVAL],
    ['droppable', at(readOnly, PROT_READ, MAP_DROPPABLE), -EINVAL],
    ['past the largest offset', ksys_mmap_pgoff(0, P, PROT_READ, MAP_PRIVATE, regular, 2 ** 51 - 1), -EOVERFLOW],
    ['longer than the largest offset', vm_mmap(null, 0, ULONG_MAX, RW, ANON, P), -EINVAL],
    ['an offset within a page', vm_mmap(null, 0, P, RW, ANON, 1), -EINVAL],
  ]);
});

processTest('mmap: flags of files, and what mprotect() may make of them', (t, mm) => {
  const readOnly = fileWith((f) => {
    f.f_mode = FMODE_READ;
  });
  const noexec = fileWith((f) => {
    f.f_path.mnt.mnt_flags = MNT_NOEXEC;
  });
  mapFile(readOnly, BASE, PROT_READ, MAP_SHARED);
  mapFile(readOnly, BASE + 2 * P, RW, MAP_PRIVATE);
  mapFile(noexec, BASE + 4 * P, PROT_READ, MAP_SHARED);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 d1,200000002000-200000003000 100073,200000004000-200000005000 b9',
  );
  t.ASSERT_EQ(mprotect(BASE, P, RW), -EACCES);
  t.ASSERT_EQ(mprotect(BASE + 4 * P, P, PROT_EXEC), -EACCES);
});

function mapFile(fd: number, addr: number, prot: number, flags: number, len = P): number {
  return mmap(addr, len, prot, flags | MAP_FIXED, fd, 0);
}

processTest('mmap: MAP_SHARED_VALIDATE knows its flags, MAP_SHARED ignores others', (t) => {
  const plain = openFile();
  const sync = openFile(new file({ mmap: () => 0, fop_flags: FOP_MMAP_SYNC }));
  expectAll(t, [
    ['unknown', mapFile(plain, BASE, RW, MAP_SHARED_VALIDATE | MAP_SYNC), -EOPNOTSUPP],
    ['unknown, of the upper half', mapFile(plain, BASE, RW, MAP_SHARED_VALIDATE), BASE],
    ['upper half', mmap(BASE, P, RW, MAP_SHARED_VALIDATE + 2 ** 40, plain, 0), -EOPNOTSUPP],
    ['not to replace', mmap(BASE, P, RW, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, plain, 0), -EEXIST],
    ['not to replace, free', mmap(BASE + P, P, RW, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, plain, 0), -EOPNOTSUPP],
    ['ignored', mapFile(plain, BASE, RW, MAP_SHARED | MAP_SYNC), BASE],
    ['known', mapFile(sync, BASE, RW, MAP_SHARED_VALIDATE | MAP_SYNC), BASE],
  ]);
});

processTest('mmap: a write-sealed memfd can be mapped for reading, never to be written (A35)', (t, mm) => {
  const f = shmem_file_setup('memfd:x', 4 * P, mk_vma_flags(VMA_NORESERVE_BIT));
  if (IS_ERR(f)) throw new Error('no memory');
  const fd = openFile(f);
  for (const seals of [F_SEAL_WRITE, F_SEAL_FUTURE_WRITE]) {
    f.f_inode.seals = seals;
    t.ASSERT_EQ(mapFile(fd, BASE, RW, MAP_SHARED), -EPERM);
    t.ASSERT_EQ(mapFile(fd, BASE, PROT_READ, MAP_SHARED), BASE);
    t.ASSERT_EQ(vma_lookup(mm, BASE)?.vm_flags, 0xd9n, 'may not be written');
    t.ASSERT_EQ(mprotect(BASE, P, RW), -EACCES);
    t.ASSERT_EQ(mapFile(fd, BASE + 2 * P, RW, MAP_PRIVATE), BASE + 2 * P);
    t.ASSERT_EQ(munmap(BASE, 4 * P), 0);
  }
  // A mapping for reading counts as one that may write, unless the seal is looked at first.
  f.f_mapping.i_mmap_writable = -1;
  f.f_inode.seals = F_SEAL_WRITE;
  t.ASSERT_EQ(mapFile(fd, BASE, PROT_READ, MAP_SHARED), BASE);
  t.ASSERT_EQ(munmap(BASE, P), 0);
  f.f_mapping.i_mmap_writable = 0;
});

processTest('munmap: each errno', (t) => {
  mapAt(t, BASE, 4);
  expectAll(t, [
    ['not of a page', munmap(BASE + 1, P), -EINVAL],
    ['no length', munmap(BASE, 0), -EINVAL],
    ['past the end', munmap(TASK_SIZE, P), -EINVAL],
    ['over the end', munmap(TASK_SIZE - P, 2 * P), -EINVAL],
    ['nothing there', munmap(BASE + 8 * P, P), 0],
    ['a hole', munmap(BASE + P, 1), 0],
  ]);
  globals.sysctl_max_map_count = 2;
  mapAt(t, BASE + 0x10 * P, 4);
  t.ASSERT_EQ(munmap(BASE + 0x11 * P, P), -ENOMEM, 'one VMA too many');
});
