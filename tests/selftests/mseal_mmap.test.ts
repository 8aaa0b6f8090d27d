// SPDX-License-Identifier: GPL-2.0-only
/** mseal_test.c: mmap() over sealed memory, and advice on it. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_TRUE,
  close,
  fallocate,
  LEFT_OUT,
  MADV_DONTNEED,
  MADV_RANDOM,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  madvise,
  memfd_create,
  mmap,
  mprotect,
  munmap,
  NULL,
  PROT_NONE,
  PROT_READ,
  SELFTEST,
} from '../../harness/selftest/index.js';
import {
  ASSERT_VMA,
  fails,
  page_size,
  RW,
  refused_if,
  sealed_or,
  single_address,
  single_address_rw,
  succeeds,
  sys_mseal,
  TEST_ONCE,
  TEST_SEAL,
} from './mseal_helpers.js';

SELFTEST('mseal_test.c');

LEFT_OUT('test_seal_discard_ro_anon_on_pkey(false)', 'there are no protection keys');
LEFT_OUT('test_seal_discard_ro_anon_on_pkey(true)', 'there are no protection keys');

/** Advice that discards nothing is always taken. */
TEST_SEAL('test_seal_madvise_nodiscard', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  succeeds(madvise(ptr, size, MADV_RANDOM));
  refused_if(seal, munmap(ptr, size));
});

/** Read-only private memory that is sealed keeps its pages. */
TEST_SEAL('test_seal_discard_ro_anon', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  refused_if(seal, madvise(ptr, size, MADV_DONTNEED));
  refused_if(seal, munmap(ptr, size));
});

TEST_SEAL('test_seal_discard_across_vmas', (seal) => {
  const size = 2 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr + page_size, page_size));
  refused_if(seal, madvise(ptr, size, MADV_DONTNEED));
  refused_if(seal, munmap(ptr, size));
});

/** What can be written can be discarded. */
TEST_SEAL('test_seal_discard_ro_anon_on_rw', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address_rw(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  succeeds(madvise(ptr, size, MADV_DONTNEED));
  refused_if(seal, munmap(ptr, size));
});

/** So can what is shared. */
TEST_SEAL('test_seal_discard_ro_anon_on_shared', (seal) => {
  const size = 4 * page_size;
  const ptr = mmap(NULL, size, PROT_READ, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
  ASSERT_TRUE(ptr !== MAP_FAILED);
  if (seal) succeeds(sys_mseal(ptr, size));
  succeeds(madvise(ptr, size, MADV_DONTNEED));
  refused_if(seal, munmap(ptr, size));
});

/** So can what is in a file. */
TEST_SEAL('test_seal_discard_ro_anon_on_filebacked', (seal) => {
  const size = 4 * page_size;
  const fd = memfd_create('test', 0);
  ASSERT_TRUE(fd > 0);
  succeeds(fallocate(fd, 0, 0, size));
  const ptr = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ASSERT_TRUE(ptr !== MAP_FAILED);
  if (seal) succeeds(sys_mseal(ptr, size));
  succeeds(madvise(ptr, size, MADV_DONTNEED));
  refused_if(seal, munmap(ptr, size));
  close(fd);
});

/** mmap() does not replace sealed memory. */
TEST_SEAL('test_seal_mmap_overwrite_prot', (seal) => {
  const size = page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mmap(ptr, size, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
  sealed_or(seal, ret2, ret2 === ptr);
});

TEST_SEAL('test_seal_mmap_expand', (seal) => {
  const size = 12 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + 8 * page_size, 4 * page_size));
  if (seal) succeeds(sys_mseal(ptr, 8 * page_size));
  const ret2 = mmap(ptr, size, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
  sealed_or(seal, ret2, ret2 === ptr);
});

TEST_SEAL('test_seal_mmap_shrink', (seal) => {
  const size = 12 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mmap(ptr, 8 * page_size, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
  sealed_or(seal, ret2, ret2 === ptr);
});

/** Address 0 is no exception. */
TEST_ONCE('test_seal_zero_address', () => {
  const size = 4 * page_size;
  const ptr = mmap(0, size, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
  ASSERT_TRUE(ptr === 0);
  ASSERT_VMA(ptr, 4 * page_size);
  succeeds(sys_mseal(ptr, size));
  fails(mprotect(ptr, size, RW));
});
