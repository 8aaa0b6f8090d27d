// SPDX-License-Identifier: GPL-2.0-only
/** mlock2-tests.c: memory that is locked at once, on fault, from now on, or never. From tools/testing/selftests/mm (Linux 7.3). */
import {
  check_vmflag,
  EINVAL,
  EOPNOTSUPP,
  errno,
  getpagesize,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result,
  ksft_test_result_pass,
  ksft_test_result_skip,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FAILED,
  MAP_PRIVATE,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  mlock2,
  mlockall,
  mmap,
  munlock,
  munlockall,
  munmap,
  NULL,
  PROT_READ,
  PROT_WRITE,
  read_maps,
  SELFTEST,
  smaps_value,
  store8,
} from '../../harness/selftest/index.js';

SELFTEST('mlock2-tests.c');

const page_size = getpagesize();

/** Ends the program where a call fails that is no subject of the test. */
function must(ret: number, call: string): void {
  if (ret !== 0) ksft_exit_fail_msg(`${call} fails`);
}

function map_pages(pages: number): number {
  const map = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (map === MAP_FAILED) ksft_exit_fail_msg('mmap() fails');
  return map;
}

/** Kilobytes that smaps tells of the mapping. */
function kilobytes(addr: number, name: string): number {
  return Number.parseInt(smaps_value(addr, name) ?? '', 10);
}

function is_locked(addr: number): boolean {
  return check_vmflag(addr, 'lo');
}

/** Is it locked, with only some of its pages there? */
function is_vma_lock_on_fault(addr: number): boolean {
  return is_locked(addr) && kilobytes(addr, 'Rss:') < kilobytes(addr, 'Size:');
}

/** Is it locked, with all of its pages there? */
function lock_check(addr: number): boolean {
  return is_locked(addr) && kilobytes(addr, 'Rss:') === kilobytes(addr, 'Size:');
}

function onfault_check(map: number): boolean {
  store8(map, 'a');
  return is_vma_lock_on_fault(map);
}

function unlock_onfault_check(map: number): boolean {
  return !is_vma_lock_on_fault(map) && !is_vma_lock_on_fault(map + page_size);
}

/** A program of several results, which are handed on in their order. */
function TEST_LOCK(name: string, results: readonly string[], body: (...results: string[]) => void): void {
  const full = results.map((result) => `${name}: ${result}`);
  KSFT(name, full, () => body(...full));
}

TEST_LOCK('test_mlock_lock', ['Locked', 'Unlocked'], (locked = '', unlocked = '') => {
  const map = map_pages(2);
  must(mlock2(map, 2 * page_size, 0), 'mlock2(0)');
  ksft_test_result(lock_check(map), locked);

  must(munlock(map, 2 * page_size), 'munlock()');
  ksft_test_result(!is_locked(map), unlocked);
  munmap(map, 2 * page_size);
});

TEST_LOCK(
  'test_mlock_onfault',
  ['VMA marked for lock on fault', 'VMA open lock after fault'],
  (marked = '', open = '') => {
    const map = map_pages(2);
    must(mlock2(map, 2 * page_size, MLOCK_ONFAULT), 'mlock2(MLOCK_ONFAULT)');
    ksft_test_result(onfault_check(map), marked);

    must(munlock(map, 2 * page_size), 'munlock()');
    ksft_test_result(unlock_onfault_check(map), open);
    munmap(map, 2 * page_size);
  },
);

TEST_LOCK('test_munlockall0', ['Locked memory area', 'No locked memory'], (locked = '', unlocked = '') => {
  const map = map_pages(2);
  must(mlockall(MCL_CURRENT), 'mlockall(MCL_CURRENT)');
  ksft_test_result(lock_check(map), locked);

  must(munlockall(), 'munlockall()');
  ksft_test_result(!is_locked(map), unlocked);
  munmap(map, 2 * page_size);
});

TEST_LOCK(
  'test_munlockall1',
  ['VMA marked for lock on fault', 'Unlocked', 'Locked', 'No locked memory'],
  (marked = '', open = '', locked = '', unlocked = '') => {
    const map = map_pages(2);
    must(mlockall(MCL_CURRENT | MCL_ONFAULT), 'mlockall(MCL_CURRENT | MCL_ONFAULT)');
    ksft_test_result(onfault_check(map), marked);
    must(munlockall(), 'munlockall()');
    ksft_test_result(unlock_onfault_check(map), open);

    must(mlockall(MCL_CURRENT | MCL_FUTURE), 'mlockall(MCL_CURRENT | MCL_FUTURE)');
    ksft_test_result(lock_check(map), locked);
    must(munlockall(), 'munlockall()');
    ksft_test_result(!is_locked(map), unlocked);
    munmap(map, 2 * page_size);
  },
);

TEST_LOCK('test_lock_onfault_of_present', ['VMA with present pages is not marked lock on fault'], (marked = '') => {
  const map = map_pages(2);
  store8(map, 'a');
  must(mlock2(map, 2 * page_size, MLOCK_ONFAULT), 'mlock2(MLOCK_ONFAULT)');
  ksft_test_result(is_vma_lock_on_fault(map) || is_vma_lock_on_fault(map + page_size), marked);
  munmap(map, 2 * page_size);
});

/** Where the mapping of each of three pages begins. */
function starts(map: number): number[] {
  const maps = read_maps();
  return [0, 1, 2].map((page) => {
    const addr = map + page * page_size;
    const entry = maps.find(({ start, end }) => start <= addr && addr < end);
    return entry?.start ?? ksft_exit_fail_msg('a page is not mapped');
  });
}

/** Unlocking the page in the middle splits the mapping; unlocking the others makes it one again. */
function test_vma_management(result: string, call_mlock: boolean): void {
  const map = map_pages(3);
  if (call_mlock) must(mlock2(map, 3 * page_size, MLOCK_ONFAULT), 'mlock2(MLOCK_ONFAULT)');
  const [first, second, third] = starts(map);
  if (first !== second || second !== third) ksft_exit_fail_msg('the pages are not one mapping to begin with');

  must(munlock(map + page_size, page_size), 'munlock()');
  const [before, middle, after] = starts(map);
  if (before === middle || middle === after) ksft_exit_fail_msg('munlock() does not split the mapping');

  must(munlock(map, 3 * page_size), 'munlock()');
  const [start, ...others] = starts(map);
  if (others.some((other) => other !== start)) ksft_exit_fail_msg('munlock() does not merge the mappings');

  ksft_test_result_pass(result);
  munmap(map, 3 * page_size);
}

TEST_LOCK('test_vma_management', ['call_mlock 1'], (result = '') => test_vma_management(result, true));

TEST_LOCK('test_mlockall', ['call_mlock 0'], (result = '') => {
  must(mlockall(MCL_CURRENT | MCL_ONFAULT | MCL_FUTURE), 'mlockall()');
  test_vma_management(result, false);
  munlockall();
});

const NOT_LOCKED = ['droppable memory not locked'];

/** Maps droppable memory; null, and the result told, where it cannot be. */
function map_droppable(result: string): number | null {
  const map = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_DROPPABLE, -1, 0);
  if (map !== MAP_FAILED) return map;
  if (errno !== EOPNOTSUPP && errno !== EINVAL) ksft_exit_fail_msg('mmap() fails');
  ksft_test_result_skip(result, 'there is no MAP_DROPPABLE');
  return null;
}

TEST_LOCK('test_mlock_droppable', NOT_LOCKED, (result = '') => {
  must(munlockall(), 'munlockall()');
  const map = map_droppable(result);
  if (map === null) return;

  must(mlock2(map, 2 * page_size, 0), 'mlock2(0)');
  ksft_test_result(!is_locked(map), result);
  munmap(map, 2 * page_size);
});

TEST_LOCK('test_mlockall_future_droppable', NOT_LOCKED, (result = '') => {
  must(mlockall(MCL_CURRENT | MCL_FUTURE), 'mlockall(MCL_CURRENT | MCL_FUTURE)');
  const map = map_droppable(result);
  if (map !== null) ksft_test_result(!is_locked(map), result);
  munlockall();
  if (map !== null) munmap(map, 2 * page_size);
});
