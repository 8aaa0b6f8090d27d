// SPDX-License-Identifier: GPL-2.0-only
/** map_populate.c: private memory that is populated has copies of its own. From tools/testing/selftests/mm (Linux 7.3). */
import {
  EEXIST,
  errno,
  exit,
  fork,
  ftruncate,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result,
  load64,
  MAP_FAILED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_SYNC,
  mmap,
  msync,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  open,
  PROT_READ,
  PROT_WRITE,
  rand,
  SELFTEST,
  store64,
  unlink,
  WEXITSTATUS,
  waitpid,
} from '../../harness/selftest/index.js';

SELFTEST('map_populate.c');

const MMAP_SZ = 4096;
const OLD = 0xdeadbaben;
const NEW = 0x22222badn;

function BUG_ON(condition: boolean, description: string): void {
  if (condition) ksft_exit_fail_msg(description);
}

/** A file without a name. */
function tmpfile(): number {
  for (;;) {
    const path = `map_populate_${rand().toString(36)}`;
    const fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
    if (fd >= 0) {
      unlink(path);
      return fd;
    }
    BUG_ON(errno !== EEXIST, 'open() fails');
  }
}

/** Writes to the file, as it is mapped shared. */
function write_shared(smap: number, value: bigint): void {
  store64(smap, value);
  BUG_ON(msync(smap, MMAP_SZ, MS_SYNC) !== 0, 'msync() fails');
}

function must_end_well(pid: number): void {
  const status = { value: 0 };
  BUG_ON(waitpid(pid, status) !== pid || WEXITSTATUS(status.value) !== 0, 'a child does not end well');
}

const RESULTS = ['MAP_POPULATE COW private page', 'The mapping state'] as const;

/**
 * In C parent and child take turns, over a socket: the child maps, the parent writes, the child looks. Here whoever
 * writes is a child of the one that maps, so that it is done when fork() returns there.
 */
KSFT('map_populate', RESULTS, () => {
  const fd = tmpfile();
  BUG_ON(ftruncate(fd, MMAP_SZ) !== 0, 'ftruncate() fails');
  const shared = mmap(0, MMAP_SZ, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  BUG_ON(shared === MAP_FAILED, 'mmap() fails');
  write_shared(shared, OLD);

  const child = fork();
  BUG_ON(child === -1, 'fork() fails');
  if (child !== 0) return must_end_well(child);

  const smap = mmap(0, MMAP_SZ, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  BUG_ON(smap === MAP_FAILED, 'mmap() fails');
  BUG_ON(load64(smap) !== OLD, 'populating changes what is read');

  const writer = fork();
  BUG_ON(writer === -1, 'fork() fails');
  if (writer === 0) {
    write_shared(shared, NEW);
    exit(0);
  }
  must_end_well(writer);
  BUG_ON(load64(shared) !== NEW, 'the file was not written');

  const [copied, kept] = RESULTS;
  ksft_test_result(load64(smap) !== NEW, copied);
  ksft_test_result(load64(smap) === OLD, kept);
});
