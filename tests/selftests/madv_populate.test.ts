// SPDX-License-Identifier: GPL-2.0-only
/** madv_populate.c: MADV_POPULATE_READ and MADV_POPULATE_WRITE. From tools/testing/selftests/mm (Linux 7.3). */
import {
  EINVAL,
  ENOMEM,
  errno,
  getpagesize,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result,
  LEFT_OUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_PRIVATE,
  madvise,
  mmap,
  munmap,
  PM_PRESENT,
  PM_SWAP,
  PROT_READ,
  PROT_WRITE,
  pagemap_entries,
  SELFTEST,
} from '../../harness/selftest/index.js';

SELFTEST('madv_populate.c');

const SIZE = 2 * 1024 * 1024;
const pagesize = getpagesize();

function map(prot: number): number {
  const addr = mmap(0, SIZE, prot, MAP_ANONYMOUS | MAP_PRIVATE, 0, 0);
  if (addr === MAP_FAILED) ksft_exit_fail_msg('mmap() fails');
  return addr;
}

/** Pages of a range that are there, in memory or swapped out. */
function populated(start: number, size: number): number {
  const isThere = PM_PRESENT | PM_SWAP;
  return pagemap_entries(start, size / pagesize).filter((entry) => (entry & isThere) !== 0n).length;
}

/** Does the advice fail with that? */
function fails(addr: number, size: number, advice: number, error: number): boolean {
  return madvise(addr, size, advice) === -1 && errno === error;
}

const READ_ONLY = ['MADV_POPULATE_READ with PROT_READ', 'MADV_POPULATE_WRITE with PROT_READ'] as const;

KSFT('test_prot_read', READ_ONLY, () => {
  const [read, write] = READ_ONLY;
  const addr = map(PROT_READ);
  ksft_test_result(madvise(addr, SIZE, MADV_POPULATE_READ) === 0, read);
  ksft_test_result(fails(addr, SIZE, MADV_POPULATE_WRITE, EINVAL), write);
  munmap(addr, SIZE);
});

const WRITE_ONLY = ['MADV_POPULATE_READ with PROT_WRITE', 'MADV_POPULATE_WRITE with PROT_WRITE'] as const;

KSFT('test_prot_write', WRITE_ONLY, () => {
  const [read, write] = WRITE_ONLY;
  const addr = map(PROT_WRITE);
  ksft_test_result(fails(addr, SIZE, MADV_POPULATE_READ, EINVAL), read);
  ksft_test_result(madvise(addr, SIZE, MADV_POPULATE_WRITE) === 0, write);
  munmap(addr, SIZE);
});

const PLACES = ['in the middle', 'at the end', 'at the beginning'] as const;
const HOLES = PLACES.flatMap((place) => [
  `MADV_POPULATE_READ with holes ${place}`,
  `MADV_POPULATE_WRITE with holes ${place}`,
]);

/** The second page is a hole: of all, at the end of two, at the start of one. */
KSFT('test_holes', HOLES, () => {
  const addr = map(PROT_READ | PROT_WRITE);
  if (munmap(addr + pagesize, pagesize) !== 0) ksft_exit_fail_msg('munmap() fails');

  const ranges = [
    [addr, SIZE],
    [addr, 2 * pagesize],
    [addr + pagesize, pagesize],
  ] as const;
  for (const [i, [start, size]] of ranges.entries()) {
    ksft_test_result(fails(start, size, MADV_POPULATE_READ, ENOMEM), HOLES[2 * i] ?? '');
    ksft_test_result(fails(start, size, MADV_POPULATE_WRITE, ENOMEM), HOLES[2 * i + 1] ?? '');
  }
  munmap(addr, SIZE);
});

function test_populate(program: string, advice: number, results: readonly [string, string, string]): void {
  KSFT(program, results, () => {
    const [before, advised, after] = results;
    const addr = map(PROT_READ | PROT_WRITE);
    ksft_test_result(populated(addr, SIZE) === 0, before);
    ksft_test_result(madvise(addr, SIZE, advice) === 0, advised);
    ksft_test_result(populated(addr, SIZE) === SIZE / pagesize, after);
    munmap(addr, SIZE);
  });
}

test_populate('test_populate_read', MADV_POPULATE_READ, [
  'read range initially not populated',
  'MADV_POPULATE_READ',
  'read range is populated',
]);
test_populate('test_populate_write', MADV_POPULATE_WRITE, [
  'write range initially not populated',
  'MADV_POPULATE_WRITE',
  'write range is populated',
]);

for (const name of [
  'cleared range is not softdirty',
  'softdirty MADV_POPULATE_READ',
  'range is not softdirty after MADV_POPULATE_READ',
  'softdirty MADV_POPULATE_WRITE',
  'range is softdirty after MADV_POPULATE_WRITE',
]) {
  LEFT_OUT(name, 'there are no soft-dirty bits, without which C skips it as well');
}
