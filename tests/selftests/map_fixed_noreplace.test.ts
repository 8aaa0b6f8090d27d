// SPDX-License-Identifier: GPL-2.0-only
/** map_fixed_noreplace.c: MAP_FIXED_NOREPLACE takes what is free, and nothing else. From tools/testing/selftests/mm (Linux 7.3). */
import {
  getpagesize,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result_pass,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  mmap,
  munmap,
  NULL,
  PROT_NONE,
  SELFTEST,
} from '../../harness/selftest/index.js';

SELFTEST('map_fixed_noreplace.c');

const page_size = getpagesize();
const FLAGS = MAP_PRIVATE | MAP_ANONYMOUS;

/** Where there is room for so many bytes. */
function find_base_addr(size: number): number {
  const addr = mmap(NULL, size, PROT_NONE, FLAGS, -1, 0);
  if (addr === MAP_FAILED) ksft_exit_fail_msg('there is no room to map in');
  unmap(addr, size);
  return addr;
}

function unmap(addr: number, size: number): void {
  if (munmap(addr, size) !== 0) ksft_exit_fail_msg('munmap() fails');
}

/** Tries to map pages [from, from + count) behind base; says that it came out as it should. */
function check(base: number, from: number, count: number, maps: boolean, result: string): void {
  const p = mmap(base + from * page_size, count * page_size, PROT_NONE, FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
  if ((p !== MAP_FAILED) !== maps) ksft_exit_fail_msg(`${result}: mmap() ${maps ? 'fails' : 'does not fail'}`);
  ksft_test_result_pass(result);
}

const RESULTS = [
  'mmap() 5*PAGE_SIZE at base',
  'mmap() 3*PAGE_SIZE at base+PAGE_SIZE',
  'Second mmap() 5*PAGE_SIZE at base',
  'mmap() 2*PAGE_SIZE at base+PAGE_SIZE',
  'mmap() 2*PAGE_SIZE  at base+(3*PAGE_SIZE)',
  'mmap() 2*PAGE_SIZE bytes at base',
  'mmap() PAGE_SIZE at base',
  'mmap() PAGE_SIZE at base+(4*PAGE_SIZE)',
  'Base Address unmap() successful',
] as const;

KSFT('map_fixed_noreplace', RESULTS, () => {
  const [whole, middle, again, inside, end, start, before, after, done] = RESULTS;
  const base = find_base_addr(5 * page_size);

  check(base, 0, 5, true, whole);
  unmap(base, 5 * page_size);

  // Pages 1 to 3 are taken from here on.
  check(base, 1, 3, true, middle);
  check(base, 0, 5, false, again);
  check(base, 2, 1, false, inside);
  check(base, 3, 2, false, end);
  check(base, 0, 2, false, start);
  check(base, 0, 1, true, before);
  check(base, 4, 1, true, after);

  unmap(base, 5 * page_size);
  ksft_test_result_pass(done);
});
