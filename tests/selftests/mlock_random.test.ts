// SPDX-License-Identifier: GPL-2.0-only
/** mlock-random-test.c: random parts of a chunk are locked, within the limit and beyond it. From tools/testing/selftests/mm (Linux 7.3). */
import {
  drop_capabilities,
  getpagesize,
  getrlimit,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result_pass,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_PRIVATE,
  MLOCK_ONFAULT,
  mlock,
  mlock2,
  mmap,
  NULL,
  PROT_READ,
  PROT_WRITE,
  RLIMIT_MEMLOCK,
  rand,
  read_proc,
  SELFTEST,
  setrlimit,
  smaps_value,
  srand,
} from '../../harness/selftest/index.js';

SELFTEST('mlock-random-test.c');

const CHUNK_UNIT = 128 * 1024;
const MLOCK_RLIMIT_SIZE = CHUNK_UNIT * 2;
const MLOCK_WITHIN_LIMIT_SIZE = CHUNK_UNIT;
const MLOCK_OUTOF_LIMIT_SIZE = CHUNK_UNIT * 3;
const TEST_LOOP = 100;

/** Takes away all capabilities, CAP_IPC_LOCK with them, and lowers the limit. */
function set_cap_limits(max: number): void {
  if (setrlimit(RLIMIT_MEMLOCK, { rlim_cur: max, rlim_max: max }) !== 0) ksft_exit_fail_msg('setrlimit() fails');
  if (drop_capabilities() !== 0) ksft_exit_fail_msg('capset() fails');
}

/** A large chunk as libc has it: in a mapping of its own, behind a head of 16 bytes. */
function malloc(size: number): number {
  const mapping = mmap(NULL, size + getpagesize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping === MAP_FAILED) ksft_exit_fail_msg('mmap() fails');
  return mapping + 16;
}

/** Bytes that are locked. */
function get_proc_locked_vm_size(): number {
  const [, kilobytes] = /^VmLck:\s*(\d+) kB$/m.exec(read_proc('status')) ?? [];
  return Number(kilobytes ?? ksft_exit_fail_msg('/proc/self/status has no VmLck')) * 1024;
}

/** The size of pages at the address. */
function get_proc_page_size(addr: number): number {
  return Number.parseInt(smaps_value(addr, 'MMUPageSize:') ?? '0', 10) * 1024;
}

/** Locks part of the chunk, at once or on fault. 0 or -1. */
function lock_at_random(p: number, alloc_size: number, least: number): number {
  const is_mlock = rand() % 2 !== 0;
  const lock_size = (rand() % (alloc_size - least)) + least;
  const start_offset = rand() % (alloc_size - lock_size);
  const start = p + start_offset;
  return is_mlock ? mlock(start, lock_size) : mlock2(start, lock_size, MLOCK_ONFAULT);
}

KSFT('test_mlock_within_limit', ['test_mlock_within_limit'], () => {
  set_cap_limits(MLOCK_RLIMIT_SIZE);
  const alloc_size = MLOCK_WITHIN_LIMIT_SIZE;
  const p = malloc(alloc_size);
  if (getrlimit(RLIMIT_MEMLOCK).rlim_cur < alloc_size) ksft_exit_fail_msg('the chunk is beyond the limit');

  srand(2019);
  for (let i = 0; i < TEST_LOOP; i++) {
    if (lock_at_random(p, alloc_size, 0) !== 0) ksft_exit_fail_msg('mlock() fails');
  }

  const page_size = get_proc_page_size(p);
  const most = Math.ceil(alloc_size / page_size) * page_size + page_size;
  if (get_proc_locked_vm_size() > most) ksft_exit_fail_msg('more is locked than the chunk has');
  ksft_test_result_pass('test_mlock_within_limit');
});

KSFT('test_mlock_outof_limit', ['test_mlock_outof_limit'], () => {
  set_cap_limits(MLOCK_RLIMIT_SIZE);
  const alloc_size = MLOCK_OUTOF_LIMIT_SIZE;
  const p = malloc(alloc_size);
  const { rlim_cur } = getrlimit(RLIMIT_MEMLOCK);
  if (rlim_cur >= alloc_size) ksft_exit_fail_msg('the chunk is within the limit');

  const old_locked_vm_size = get_proc_locked_vm_size();
  srand(2019);
  for (let i = 0; i < TEST_LOOP; i++) {
    if (lock_at_random(p, alloc_size, rlim_cur) === 0) ksft_exit_fail_msg('mlock() beyond the limit does not fail');
  }

  if (get_proc_locked_vm_size() !== old_locked_vm_size) ksft_exit_fail_msg('what fails has locked something');
  ksft_test_result_pass('test_mlock_outof_limit');
});
