// SPDX-License-Identifier: GPL-2.0-only
/** /proc/PID/maps, smaps and PROCMAP_QUERY of processes, as text and as objects. */

import {
  ErrnoError,
  MADV_DONTFORK,
  MADV_GUARD_INSTALL,
  MADV_WIPEONFORK,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGE_SIZE,
  PR_SET_VMA,
  PR_SET_VMA_ANON_NAME,
  PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
  PROCMAP_QUERY_FILE_BACKED_VMA,
  PROCMAP_QUERY_VMA_READABLE,
  PROCMAP_QUERY_VMA_SHARED,
  PROCMAP_QUERY_VMA_WRITABLE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
  test,
  type VmaTest,
} from '../../harness/index.js';
import { EINTR, EINVAL, ENAMETOOLONG, ENOENT } from '../../lib/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const AT = 0x200000000000;

function at(p: Process, page: number, pages: number, prot = RW, flags = ANON, fd = -1, pgoff = 0): number {
  return p.mmap(AT + page * PAGE_SIZE, pages * PAGE_SIZE, prot, flags | MAP_FIXED, fd, pgoff * PAGE_SIZE);
}

/** Heap, file, deleted file, shared memory, names, and the stack. */
function furnished(t: VmaTest): Process {
  const p = t.process({ stack: true });
  p.sbrk(2 * PAGE_SIZE);
  at(p, 0, 2, PROT_READ | PROT_EXEC, MAP_PRIVATE, p.open('/lib/libc.so', { size: 8 * PAGE_SIZE, write: false }), 3);
  const gone = p.open('/tmp/a\nb', { size: PAGE_SIZE });
  at(p, 2, 1, RW, MAP_SHARED, gone);
  p.unlink('/tmp/a\nb');
  const fd = p.memfd_create('ring');
  p.ftruncate(fd, PAGE_SIZE);
  at(p, 4, 1, PROT_READ, MAP_SHARED, fd);
  at(p, 5, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  at(p, 6, 1, PROT_NONE);
  at(p, 8, 1);
  p.prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, AT + 8 * PAGE_SIZE, PAGE_SIZE, 'pool');
  return p;
}

test('maps: a line for each mapping, with its name in its column', (t) => {
  const p = furnished(t);
  t.equal(
    p.maps(),
    `\
200000000000-200000002000 r-xp 00003000 08:01 1                          /lib/libc.so
200000002000-200000003000 rw-s 00000000 08:01 2                          /tmp/a\\012b (deleted)
200000004000-200000005000 r--s 00000000 00:01 0                          /memfd:ring (deleted)
200000005000-200000006000 rw-s 00000000 00:00 0                          /dev/zero (deleted)
200000006000-200000007000 ---p 00000000 00:00 0 \n\
200000008000-200000009000 rw-p 00000000 00:00 0                          [anon:pool]
555555560000-555555562000 rw-p 00000000 00:00 0                          [heap]
7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]
`,
  );
});

test('maps as objects', (t) => {
  const p = t.process();
  t.equal(p.mapEntries(), []);
  t.equal(p.maps(), '');
  at(p, 2, 1, RW, MAP_SHARED, p.open('/data', { size: 4 * PAGE_SIZE }), 3);
  const [start, end] = [AT + 2 * PAGE_SIZE, AT + 3 * PAGE_SIZE];
  t.equal(p.mapEntries(), [{ start, end, perms: 'rw-s', offset: 3 * PAGE_SIZE, dev: [8, 1], inode: 1, name: '/data' }]);
});

test('maps: what a driver calls its memory, and names of shared memory', (t) => {
  const p = t.process();
  const vm_ops = { name: (): string => '[ring]' };
  const driver = p.open({
    mmap: (_file, vma) => {
      vma.vm_ops = vm_ops;
      return 0;
    },
  });
  at(p, 0, 1, RW, MAP_PRIVATE, driver);
  t.equal(p.mapEntries()[0]?.name, '/dev/driver', 'a file has its path, whatever the driver says');
  at(p, 2, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  p.prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, AT + 2 * PAGE_SIZE, PAGE_SIZE, 'shm');
  t.equal(p.mapEntries()[1]?.name, '[anon_shmem:shm]');
});

/** The flags of the mapping at a page. */
function flagsAt(p: Process, page: number): string | undefined {
  return p
    .smapEntries()
    .find(({ start }) => start === AT + page * PAGE_SIZE)
    ?.vmFlags.join(' ');
}

test('smaps: VmFlags', (t) => {
  const p = t.process();
  at(p, 0, 1);
  t.equal(flagsAt(p, 0), 'rd wr mr mw me ac');
  p.madvise(AT, PAGE_SIZE, MADV_DONTFORK);
  p.mlock(AT, PAGE_SIZE);
  p.mseal(AT, PAGE_SIZE);
  t.equal(flagsAt(p, 0), 'rd wr mr mw me lo dc ac sl');
  at(p, 2, 1, RW, ANON | MAP_NORESERVE);
  p.madvise(AT + 2 * PAGE_SIZE, PAGE_SIZE, MADV_WIPEONFORK);
  t.equal(flagsAt(p, 2), 'rd wr mr mw me nr wf');
  p.madvise(AT + 2 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL);
  t.equal(flagsAt(p, 2), 'rd wr mr mw me gu nr wf');
  at(p, 4, 1, PROT_READ, MAP_SHARED, p.open('/a', { size: PAGE_SIZE, write: false }));
  t.equal(flagsAt(p, 4), 'rd mr me ms');
  at(p, 6, 1, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  t.equal(flagsAt(p, 6), 'rd wr mr mw me nr wf dd dp');
});

test('smaps: pages, shared and private, clean and dirty', (t) => {
  const p = t.process();
  at(p, 0, 4);
  p.read(AT);
  p.touch(AT + PAGE_SIZE, 2 * PAGE_SIZE);
  at(p, 8, 2, RW, MAP_SHARED, p.open('/data', { size: 2 * PAGE_SIZE }));
  p.read(AT + 8 * PAGE_SIZE);
  p.write(AT + 9 * PAGE_SIZE, 1);
  const sums = (q: Process): (readonly number[])[] =>
    q
      .smapEntries()
      .map((e) => [e.size, e.rss, e.pss, e.sharedClean, e.sharedDirty, e.privateClean, e.privateDirty, e.anonymous]);
  t.equal(
    sums(p),
    [
      [16, 8, 8, 0, 0, 0, 8, 8],
      [8, 8, 8, 0, 0, 4, 4, 0],
    ],
    'the page of zeroes is nobody’s',
  );
  const child = p.fork();
  child.write(AT + PAGE_SIZE, 1);
  t.equal(sums(p)[0], [16, 8, 6, 0, 4, 0, 4, 8]);
  t.equal(sums(child)[0], [16, 8, 6, 0, 4, 0, 4, 8]);
  t.equal(sums(child)[1]?.[1], 0, 'pages of files are found again, not copied');
  p.mlock(AT, PAGE_SIZE);
  t.equal(p.smapEntries()[0]?.locked, 4);
});

test('smaps: the text', (t) => {
  const p = t.process();
  at(p, 0, 2);
  p.touch(AT);
  t.equal(
    p.smaps(),
    `\
200000000000-200000002000 rw-p 00000000 00:00 0 \n\
Size:                  8 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                   4 kB
Pss:                   4 kB
Pss_Dirty:             4 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         4 kB
Referenced:            4 kB
Anonymous:             4 kB
KSM:                   0 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:                  0 kB
SwapPss:               0 kB
Locked:                0 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac \n`,
  );
  at(p, 4, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  p.touch(AT + 4 * PAGE_SIZE);
  at(p, 6, 1, RW, MAP_SHARED, p.open('/a', { size: PAGE_SIZE }));
  p.touch(AT + 6 * PAGE_SIZE);
  const lines = p.smapsRollup().split('\n');
  t.equal(lines[0], '200000000000-200000007000 ---p 00000000 00:00 0                          [rollup]');
  t.equal(lines.slice(1, 7), [
    'Rss:                  12 kB',
    'Pss:                  12 kB',
    'Pss_Dirty:            12 kB',
    'Pss_Anon:              4 kB',
    'Pss_File:              4 kB',
    'Pss_Shmem:             4 kB',
  ]);
  t.ASSERT_EQ(t.process().smapsRollup().split('\n')[0]?.slice(0, 17), '00000000-00000000');
});

test('PROCMAP_QUERY: the mapping at an address, or the next that is asked for', (t) => {
  const p = furnished(t);
  const q = p.procmapQuery(AT + PAGE_SIZE);
  t.equal(
    { ...q },
    {
      query_flags: 0,
      query_addr: AT + PAGE_SIZE,
      vma_name_size: 13,
      vma_start: AT,
      vma_end: AT + 2 * PAGE_SIZE,
      vma_flags: 5,
      vma_page_size: PAGE_SIZE,
      vma_offset: 3 * PAGE_SIZE,
      inode: 1,
      dev_major: 8,
      dev_minor: 1,
      vma_name: '/lib/libc.so',
    },
  );
  const start = (page: number, flags: number): number => {
    const found = p.procmapQuery(AT + page * PAGE_SIZE, flags).vma_start;
    return (found - AT) / PAGE_SIZE;
  };
  const NEXT = PROCMAP_QUERY_COVERING_OR_NEXT_VMA;
  t.ASSERT_EQ(start(3, NEXT), 4);
  t.ASSERT_EQ(start(0, NEXT | PROCMAP_QUERY_VMA_WRITABLE | PROCMAP_QUERY_VMA_SHARED), 2);
  t.ASSERT_EQ(start(5, NEXT | PROCMAP_QUERY_VMA_READABLE | PROCMAP_QUERY_VMA_WRITABLE), 5);
  t.ASSERT_EQ(start(6, NEXT | PROCMAP_QUERY_VMA_WRITABLE), 8);
  t.ASSERT_EQ(start(4, PROCMAP_QUERY_FILE_BACKED_VMA), 4);
  t.equal(p.procmapQuery(AT + 6 * PAGE_SIZE).vma_name, '');
  t.equal(p.procmapQuery(AT + 6 * PAGE_SIZE).vma_name_size, 0);
  t.equal(p.procmapQuery(AT, 0, 0).vma_name, '');

  const fails: [number, () => unknown][] = [
    [ENOENT, () => start(3, 0)],
    [ENOENT, () => start(6, PROCMAP_QUERY_VMA_READABLE)],
    [ENOENT, () => start(6, PROCMAP_QUERY_FILE_BACKED_VMA)],
    [ENOENT, () => start(8, NEXT | PROCMAP_QUERY_FILE_BACKED_VMA)],
    [EINVAL, () => start(0, 0x40)],
    [ENAMETOOLONG, () => p.procmapQuery(AT, 0, 12)],
  ];
  for (const [errno, call] of fails) {
    const error = t.throws(call, 'procmapQuery');
    t.ASSERT_EQ(error instanceof ErrnoError && error.errno, errno);
  }
});

test('maps: interrupted, and of nobody', (t) => {
  const p = t.process();
  for (const call of [() => p.maps(), () => p.smapEntries(), () => p.smapsRollup(), () => p.procmapQuery(0)]) {
    t.world.checked.faults.fail('mmap_read_lock_killable');
    const error = t.throws(call, 'EINTR');
    t.ASSERT_EQ(error instanceof ErrnoError && error.errno, EINTR);
  }
  p.exit();
  t.throws(() => p.maps(), 'maps: process 1 has exited');
});
