// SPDX-License-Identifier: GPL-2.0-only
/** The process that tests have: calls, errors, descriptors, limits, forks, and what the checked world finds at exit. */

import {
  CAP_IPC_LOCK,
  CAP_SYS_ADMIN,
  CAP_SYS_RESOURCE,
  ErrnoError,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
  MCL_FUTURE,
  MFD_ALLOW_SEALING,
  MLOCK_ONFAULT,
  MREMAP_MAYMOVE,
  OVERCOMMIT_NEVER,
  PAGE_SIZE,
  PR_GET_MDWE,
  PR_MDWE_REFUSE_EXEC_GAIN,
  PR_SET_MDWE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
  RLIM_INFINITY,
  RLIMIT_AS,
  RLIMIT_DATA,
  RLIMIT_MEMLOCK,
  SignalError,
  snapshot,
  test,
  type VmaTest,
} from '../../harness/index.js';
import { EBADF, EEXIST, EFAULT, EINVAL, ENOMEM, EPERM, type file_operations, TASK_SIZE } from '../../lib/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const AT = 0x200000000000;

function map(p: Process, pages: number, addr = 0, prot = RW, flags = ANON): number {
  return p.mmap(addr, pages * PAGE_SIZE, prot, flags, -1, 0);
}

/** The VMAs: pages from AT on, and access. */
function layout(p: Process): string {
  return snapshot(p.mm)
    .map(({ start, end, access }) => `${(start - AT) / PAGE_SIZE}-${(end - AT) / PAGE_SIZE} ${access}`)
    .join(', ');
}

/** The call must fail with that errno. */
function fails(t: VmaTest, errno: number, call: () => unknown): ErrnoError {
  const error = t.throws(call, '');
  if (!(error instanceof ErrnoError)) throw error;
  t.ASSERT_EQ(error.errno, errno, error.message);
  return error;
}

test('a hole splits', (t) => {
  const p = t.process();
  const addr = map(p, 4);
  p.munmap(addr + PAGE_SIZE, PAGE_SIZE);
  t.equal(
    snapshot(p.mm).map(({ start, end }) => [start - addr, end - addr]),
    [
      [0, PAGE_SIZE],
      [2 * PAGE_SIZE, 4 * PAGE_SIZE],
    ],
  );
  p.exit();
  t.throws(() => p.mm, 'process: mm = null: process 1 has exited');
  t.throws(() => p.munmap(addr, PAGE_SIZE), 'munmap: process 1 has exited');
  t.throws(() => p.exit(), 'exit: process 1 has exited');
});

test('errors: thrown as libc tells them, or returned as the kernel does', (t) => {
  const p = t.process();
  const error = fails(t, EINVAL, () => p.mmap(0, 0, RW, ANON));
  t.ASSERT_EQ(error.code, 'EINVAL');
  t.ASSERT_EQ(error.syscall, 'mmap');
  t.ASSERT_EQ(error.message, 'mmap(addr=0x0, len=0x0, prot=0x3, flags=0x22, fd=-1, off=0x0): EINVAL');
  t.equal(error.args, { addr: 0, len: 0, prot: RW, flags: ANON, fd: -1, off: 0 });
  t.ASSERT_EQ(p.raw.mmap(0, 0, RW, ANON), -EINVAL);
  t.ASSERT_EQ(p.raw.mmap(AT, PAGE_SIZE, RW, ANON | MAP_FIXED), AT);
  fails(t, EEXIST, () => p.mmap(AT, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE));
  fails(t, EINVAL, () => p.munmap(AT + 1, PAGE_SIZE));
  fails(t, ENOMEM, () => p.mprotect(AT + PAGE_SIZE, PAGE_SIZE, PROT_READ));
  fails(t, EINVAL, () => p.mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, 3, 1));
  fails(t, EBADF, () => p.mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, 3, 0));
});

test('what is no argument is refused by name, in every call', (t) => {
  const p = t.process();
  const { raw } = p;
  const calls: [string, (value: number) => unknown][] = [
    ['mmap: addr', (v) => raw.mmap(v, 1, 0, 0, 0, 0)],
    ['mmap: len', (v) => raw.mmap(0, v, 0, 0, 0, 0)],
    ['mmap: prot', (v) => raw.mmap(0, 1, v, 0, 0, 0)],
    ['mmap: flags', (v) => raw.mmap(0, 1, 0, v, 0, 0)],
    ['mmap: fd', (v) => raw.mmap(0, 1, 0, 0, v, 0)],
    ['mmap: off', (v) => raw.mmap(0, 1, 0, 0, 0, v)],
    ['munmap: addr', (v) => raw.munmap(v, 0)],
    ['munmap: len', (v) => raw.munmap(0, v)],
    ['mremap: addr', (v) => raw.mremap(v, 0, 0)],
    ['mremap: oldLen', (v) => raw.mremap(0, v, 0)],
    ['mremap: newLen', (v) => raw.mremap(0, 0, v)],
    ['mremap: flags', (v) => raw.mremap(0, 0, 0, v)],
    ['mremap: newAddr', (v) => raw.mremap(0, 0, 0, 0, v)],
    ['mprotect: addr', (v) => raw.mprotect(v, 0, 0)],
    ['mprotect: len', (v) => raw.mprotect(0, v, 0)],
    ['mprotect: prot', (v) => raw.mprotect(0, 0, v)],
    ['pkey_mprotect: pkey', (v) => raw.pkey_mprotect(0, 0, 0, v)],
    ['brk: addr', (v) => raw.brk(v)],
    ['mlock: addr', (v) => raw.mlock(v, 0)],
    ['mlock2: flags', (v) => raw.mlock2(0, 0, v)],
    ['munlock: len', (v) => raw.munlock(0, v)],
    ['mlockall: flags', (v) => raw.mlockall(v)],
    ['mseal: flags', (v) => raw.mseal(0, 0, v)],
    ['remap_file_pages: pgoff', (v) => raw.remap_file_pages(0, 0, 0, v, 0)],
    ['prctl: option', (v) => raw.prctl(v)],
    ['prctl: arg2', (v) => raw.prctl(0, v)],
    ['close: fd', (v) => raw.close(v)],
    ['setrlimit: resource', (v) => raw.setrlimit(v, 0)],
    ['setrlimit: rlim_cur', (v) => raw.setrlimit(0, v)],
    ['read: addr', (v) => raw.read(v)],
    ['write: addr', (v) => raw.write(v, 0)],
    ['touch: len', (v) => raw.touch(0, v)],
  ];
  for (const [name, call] of calls) {
    t.throws(() => call(NaN), `${name} = NaN: not an integer`, name);
    t.throws(() => call(0.5), `${name} = 0.5: not an integer`, name);
    t.throws(() => call(2 ** 64), `${name} = 0x10000000000000000: more than 64 bits`, name);
    t.throws(() => Reflect.apply(call, null, ['1']), `${name} = 1: not a number (string)`, name);
  }
  t.throws(() => Reflect.apply(p.open, p, [null]), 'open: what = null: not a file, its operations, or a path');
  t.throws(() => p.setOvercommit(3), 'setOvercommit: mode = 0x3: none of OVERCOMMIT_*');
  t.throws(() => p.getrlimit(99), 'getrlimit: resource = 0x63: no such limit');
  t.throws(() => p.setMaxMapCount(NaN), 'setMaxMapCount: count = NaN: not an integer');
});

test('addresses near 2^64, as numbers and bigints, with sign and without', (t) => {
  const p = t.process();
  for (const high of [2n ** 63n, 2n ** 64n - 4096n, -4096, -4096n, 2 ** 53, 2n ** 52n]) {
    t.ASSERT_EQ(p.raw.mmap(high, PAGE_SIZE, RW, ANON | MAP_FIXED), -ENOMEM, `mmap ${high}`);
    t.ASSERT_EQ(p.raw.munmap(high, PAGE_SIZE), -EINVAL, `munmap ${high}`);
    t.ASSERT_EQ(p.raw.brk(high), p.mm.start_brk, `brk ${high}`);
    t.ASSERT_EQ(p.raw.read(high), -EFAULT, `read ${high}`);
    t.ASSERT_EQ(p.raw.mmap(0, high, RW, ANON), -ENOMEM, `length ${high}`);
  }
  t.ASSERT_EQ(p.raw.mmap(0, 2n ** 64n - 1n, RW, ANON), -ENOMEM, 'a length that rounds up to 2^64');
  t.ASSERT_EQ(p.raw.mprotect(2n ** 64n - 4096n, 4096n, RW), -ENOMEM, 'ends at 2^64, which is 0');
  t.ASSERT_EQ(p.raw.mprotect(2n ** 63n, 2n ** 63n, RW), -ENOMEM, 'and so does this');
  t.ASSERT_EQ(p.raw.mprotect(2n ** 63n + 1n, 4096n, RW), -EINVAL, 'alignment is kept');
  t.ASSERT_EQ(p.raw.mlockall(2n ** 32n + 1n), 0, 'an int has 32 bits');
  t.ASSERT_EQ(p.raw.mmap(0, PAGE_SIZE, RW, ANON, -1, -1), -EINVAL, 'an offset that is not page-aligned');
  const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, p.open({ mmap: () => 0, fop_flags: 32 }), 2n ** 64n - 8192n);
  t.equal(
    snapshot(p.mm).map(({ start, pgoff }) => [start, pgoff]),
    [[addr, 2 ** 52 - 2]],
    'offsets are exact',
  );
});

test('memory is read, written, touched, and kept by whoever wrote it', (t) => {
  const p = t.process();
  const addr = map(p, 3);
  t.ASSERT_EQ(p.read(addr), 0);
  p.write(addr, 7);
  const child = p.fork();
  t.ASSERT_EQ(child.read(addr), 7);
  child.write(addr, 8);
  t.ASSERT_EQ(p.read(addr), 7);
  t.ASSERT_EQ(child.read(addr + 1), 8);
  p.touch(addr, 3 * PAGE_SIZE);
  t.ASSERT_EQ(p.read(addr), 7, 'touching keeps what is there');

  const shared = map(p, 1, 0, RW, MAP_SHARED | MAP_ANONYMOUS);
  const heir = p.fork();
  heir.write(shared, 9);
  t.ASSERT_EQ(p.read(shared), 9);
  heir.exit();

  p.mprotect(addr, PAGE_SIZE, PROT_READ);
  const error = t.throws(() => p.touch(addr, 2 * PAGE_SIZE), `write at 0x${addr.toString(16)}: SIGSEGV`);
  t.ASSERT_TRUE(error instanceof SignalError && error.signal === 'SIGSEGV' && error.access === 'write');
  t.throws(() => p.write(addr, 1), 'SIGSEGV');
  t.throws(() => p.read(0), 'read at 0x0: SIGSEGV');
  t.ASSERT_EQ(p.raw.write(addr, 1), -EFAULT);
  t.ASSERT_EQ(p.raw.touch(addr), -EFAULT);
  t.ASSERT_EQ(p.raw.read(addr), 7);
  const fd = p.open('/data', { size: PAGE_SIZE });
  const file = p.mmap(0, 2 * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
  t.throws(() => p.read(file + PAGE_SIZE), 'SIGBUS');
});

test('out of memory: ENOMEM from a call, and the killer for a write', (t) => {
  const p = t.process();
  const addr = map(p, 1);
  t.world.checked.faults.fail('alloc_page');
  t.throws(() => p.write(addr, 1), 'SIGKILL');
  t.world.checked.faults.fail('alloc_page');
  t.ASSERT_EQ(p.raw.touch(addr), -ENOMEM);
  t.world.checked.faults.fail('allocate_mm');
  fails(t, ENOMEM, () => p.fork());
  p.open({ mmap: () => 0 });
  for (let n = 1; ; n++) {
    t.world.checked.faults.failAt(n);
    try {
      p.fork().exit();
      break;
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error;
    }
  }
  t.world.checked.faults.clear();
});

test('descriptors: the lowest that is free; a mapping keeps its file', (t) => {
  const p = t.process();
  const released: string[] = [];
  const driver: file_operations = {
    mmap: () => 0,
    release: () => {
      released.push('driver');
      return 0;
    },
  };
  t.ASSERT_EQ(p.open(driver), 3);
  t.ASSERT_EQ(p.open('/a'), 4);
  const addr = p.mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, 3, 0);
  p.close(3);
  t.equal(released, []);
  t.ASSERT_EQ(p.open('/b'), 3);
  fails(t, EBADF, () => p.close(7));
  fails(t, EBADF, () => p.file(7));
  p.munmap(addr, PAGE_SIZE);
  t.equal(released, ['driver']);
  t.ASSERT_EQ(p.file(4).f_path.name, '/a');

  const readOnly = p.open('/a', { write: false });
  t.ASSERT_EQ(p.file(readOnly).f_mapping, p.file(4).f_mapping, 'one inode for a path');
  t.ASSERT_EQ(p.raw.mmap(0, PAGE_SIZE, RW, MAP_SHARED, readOnly, 0), -13);
  p.unlink('/a');
  t.ASSERT_EQ(p.file(4).f_inode.i_nlink, 0);
  t.throws(() => p.unlink('/a'), 'ENOENT');
});

test('memfd: size and seals', (t) => {
  const p = t.process();
  const fd = p.memfd_create('ring', MFD_ALLOW_SEALING);
  p.ftruncate(fd, 2 * PAGE_SIZE);
  const addr = p.mmap(0, 2 * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
  p.write(addr + PAGE_SIZE, 5);
  t.ASSERT_EQ(p.raw.addSeals(fd, F_SEAL_WRITE), -16, 'it is mapped for writing');
  p.addSeals(fd, F_SEAL_SHRINK);
  fails(t, EPERM, () => p.ftruncate(fd, PAGE_SIZE));
  p.munmap(addr, 2 * PAGE_SIZE);
  p.addSeals(fd, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SEAL);
  fails(t, EPERM, () => p.ftruncate(fd, 4 * PAGE_SIZE));
  fails(t, EPERM, () => p.addSeals(fd, F_SEAL_WRITE));
  fails(t, EPERM, () => p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0));
  t.ASSERT_EQ(p.read(p.mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0) + PAGE_SIZE), 5);

  const plain = p.memfd_create('plain');
  t.ASSERT_EQ(p.raw.addSeals(plain, F_SEAL_WRITE), -EPERM, 'made without MFD_ALLOW_SEALING');
  t.ASSERT_EQ(p.raw.addSeals(plain, 0x1000), -EINVAL);
  t.ASSERT_EQ(p.raw.addSeals(p.open('/a'), F_SEAL_WRITE), -EINVAL);
  t.ASSERT_EQ(p.raw.addSeals(99, F_SEAL_WRITE), -EBADF);
  t.ASSERT_EQ(p.raw.ftruncate(99, 0), -EBADF);
  t.ASSERT_EQ(p.raw.memfd_create('x', 64), -EINVAL);
});

test('the heap', (t) => {
  const p = t.process({ startBrk: AT });
  t.ASSERT_EQ(p.sbrk(3 * PAGE_SIZE), AT);
  t.ASSERT_EQ(layout(p), '0-3 rw-p');
  t.ASSERT_EQ(p.sbrk(-PAGE_SIZE), AT + 3 * PAGE_SIZE);
  p.brk(AT + 4 * PAGE_SIZE);
  t.ASSERT_EQ(layout(p), '0-4 rw-p');
  t.ASSERT_EQ(p.sbrk(0), AT + 4 * PAGE_SIZE);
  p.setrlimit(RLIMIT_DATA, { rlim_cur: 4 * PAGE_SIZE, rlim_max: RLIM_INFINITY });
  fails(t, ENOMEM, () => p.brk(AT + 5 * PAGE_SIZE));
  fails(t, ENOMEM, () => p.sbrk(PAGE_SIZE));
  fails(t, ENOMEM, () => p.brk(0));
});

test('locks, seals, protections, moves', (t) => {
  const p = t.process();
  map(p, 4, AT, RW, ANON | MAP_FIXED);
  p.mlock(AT, PAGE_SIZE);
  p.mlock2(AT + PAGE_SIZE, PAGE_SIZE, MLOCK_ONFAULT);
  t.ASSERT_EQ(p.mm.locked_vm, 2);
  p.munlock(AT, 2 * PAGE_SIZE);
  p.mlockall(MCL_FUTURE);
  p.munlockall();
  p.mprotect(AT, PAGE_SIZE, PROT_READ);
  p.pkey_mprotect(AT + PAGE_SIZE, PAGE_SIZE, PROT_NONE, -1);
  t.ASSERT_EQ(layout(p), '0-1 r--p, 1-2 ---p, 2-4 rw-p');
  p.write(AT + 2 * PAGE_SIZE, 6);
  const moved = p.mremap(AT + 2 * PAGE_SIZE, PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE);
  t.ASSERT_EQ(p.read(moved), 6);
  p.mseal(AT, PAGE_SIZE);
  fails(t, EPERM, () => p.munmap(AT, PAGE_SIZE));
  p.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN);
  t.ASSERT_EQ(p.prctl(PR_GET_MDWE), PR_MDWE_REFUSE_EXEC_GAIN);
  t.ASSERT_EQ(p.raw.mprotect(moved, PAGE_SIZE, PROT_READ | PROT_EXEC), -13);
  const fd = p.memfd_create('f');
  p.ftruncate(fd, 4 * PAGE_SIZE);
  const shared = p.mmap(0, 2 * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
  p.write(shared, 1);
  p.remap_file_pages(shared + PAGE_SIZE, PAGE_SIZE, 0, 0, 0);
  t.ASSERT_EQ(p.read(shared + PAGE_SIZE), 1);
});

test('limits and capabilities are those of the process, and of its children from then on', (t) => {
  const p = t.process();
  p.setrlimit(RLIMIT_AS, 4 * PAGE_SIZE);
  const child = p.fork();
  map(p, 4, AT, RW, ANON | MAP_FIXED);
  fails(t, ENOMEM, () => map(p, 1));
  child.setrlimit(RLIMIT_AS, Infinity);
  map(child, 5);
  t.equal(p.getrlimit(RLIMIT_AS), { rlim_cur: 4 * PAGE_SIZE, rlim_max: 4 * PAGE_SIZE });
  t.equal(child.getrlimit(RLIMIT_AS), { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY });

  p.capabilities.delete(CAP_SYS_RESOURCE);
  p.capabilities.delete(CAP_IPC_LOCK);
  fails(t, EPERM, () => p.setrlimit(RLIMIT_AS, 5 * PAGE_SIZE));
  fails(t, EINVAL, () => p.setrlimit(RLIMIT_AS, { rlim_cur: 2, rlim_max: 1 }));
  fails(t, EINVAL, () => p.setrlimit(99, 0));
  p.setrlimit(RLIMIT_MEMLOCK, PAGE_SIZE);
  fails(t, ENOMEM, () => p.mlock(AT, 2 * PAGE_SIZE));
  child.mlock(map(child, 2), 2 * PAGE_SIZE);
});

test('overcommit and the number of mappings are those of the machine', (t) => {
  const p = t.process();
  const child = p.fork();
  child.capabilities.delete(CAP_SYS_ADMIN);
  p.setOvercommit(OVERCOMMIT_NEVER, { kbytes: 64, ratio: 10 });
  fails(t, ENOMEM, () => map(p, 20));
  fails(t, ENOMEM, () => map(child, 4));
  map(p, 4);
  p.setOvercommit(0);
  p.setMaxMapCount(1);
  map(child, 1, AT, RW, ANON | MAP_FIXED);
  map(child, 1, AT + 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
  fails(t, ENOMEM, () => map(child, 1, AT + 4 * PAGE_SIZE, RW, ANON | MAP_FIXED));
});

test('the upstream stubs have no processes', { stubs: 'upstream' }, (t) => {
  t.throws(() => t.process(), 'process: the upstream stubs have no pages and no limits');
});

test('a process may use all addresses there are', (t) => {
  const p = t.process();
  const top = TASK_SIZE - PAGE_SIZE;
  t.ASSERT_EQ(p.mmap(top, PAGE_SIZE, RW, ANON | MAP_FIXED), top);
  const [vma] = [...t.world.history.lastChange().after];
  t.ASSERT_EQ(vma?.start, top, 'a test that fails shows the address space of the process');
});

test('equal compares content, and shows it', (t) => {
  t.equal({ a: [1, 'b'] }, { a: [1, 'b'] });
  t.equal('a\n', 'a\n');
  for (const [found, wanted] of [
    [[1], [2]],
    ['a', 'b'],
    [1, 2],
    [null, undefined],
  ]) {
    const error = t.throws(() => t.equal(found, wanted, 'what it is'), 'what it is');
    t.ASSERT_TRUE('found' in error && 'wanted' in error && error.found !== error.wanted);
  }
});

test('a process with a stack: not executable, grown by what touches it; without memory there is none', (t) => {
  const p = t.process({ stack: true, comm: 'stacked' });
  const [stack] = p.mapEntries();
  t.equal([stack?.perms, stack?.name, stack?.end], ['rw-p', '[stack]', TASK_SIZE]);
  const below = (stack?.start ?? 0) - PAGE_SIZE;
  p.write(below, 1);
  t.equal(p.mapEntries()[0]?.start, below);
  t.world.checked.faults.fail('vm_area_cache_alloc');
  const error = fails(t, ENOMEM, () => t.process({ stack: true }));
  t.equal(error.syscall, 'process');
});
