// SPDX-License-Identifier: GPL-2.0-only
/** mseal_test.c: what can be sealed, and what mprotect() may do then. From tools/testing/selftests/mm (Linux 7.3). */
import { mprotect, mseal, munmap, PROT_EXEC, PROT_NONE, PROT_READ, SELFTEST } from '../../harness/selftest/index.js';
import {
  ASSERT_READ_ONLY,
  ASSERT_VMA,
  fails,
  page_size,
  RW,
  refused_if,
  single_address,
  succeeds,
  sys_mseal,
  TEST_ONCE,
  TEST_SEAL,
} from './mseal_helpers.js';

SELFTEST('mseal_test.c');

TEST_ONCE('test_seal_addseal', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(sys_mseal(ptr, size));
});

/** What is not mapped cannot be sealed. */
TEST_ONCE('test_seal_unmapped_start', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr, 2 * page_size));
  fails(mprotect(ptr, size, RW));
  fails(sys_mseal(ptr, size));
  succeeds(sys_mseal(ptr + 2 * page_size, 2 * page_size));
});

TEST_ONCE('test_seal_unmapped_middle', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + page_size, 2 * page_size));
  fails(mprotect(ptr, size, RW));
  fails(sys_mseal(ptr, size));
  succeeds(sys_mseal(ptr, page_size));
  succeeds(sys_mseal(ptr + 3 * page_size, page_size));
});

TEST_ONCE('test_seal_unmapped_end', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + 2 * page_size, 2 * page_size));
  fails(mprotect(ptr, size, RW));
  fails(sys_mseal(ptr, size));
  succeeds(sys_mseal(ptr, 2 * page_size));
});

TEST_ONCE('test_seal_multiple_vmas', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr + page_size, 2 * page_size, RW));
  succeeds(mprotect(ptr, size, PROT_READ));
  succeeds(mprotect(ptr + page_size, 2 * page_size, RW));
  succeeds(sys_mseal(ptr, size));
});

TEST_ONCE('test_seal_split_start', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, 2 * page_size, RW));
  succeeds(sys_mseal(ptr, page_size));
  succeeds(sys_mseal(ptr + page_size, 3 * page_size));
});

TEST_ONCE('test_seal_split_end', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, 2 * page_size, RW));
  succeeds(sys_mseal(ptr + 3 * page_size, page_size));
  succeeds(sys_mseal(ptr, 3 * page_size));
});

TEST_ONCE('test_seal_invalid_input', () => {
  const size = 4 * page_size;
  const ptr = single_address(8 * page_size);
  succeeds(munmap(ptr + 4 * page_size, 4 * page_size));
  fails(mseal(ptr, size, 0x20));
  fails(sys_mseal(ptr + 1, 2 * page_size));
  fails(sys_mseal(ptr, 5 * page_size));
  fails(sys_mseal(ptr, (2n ** 64n - 1n) / BigInt(page_size)));
  fails(sys_mseal(ptr - page_size, 5 * page_size));
});

/** No bytes: nothing is sealed. */
TEST_ONCE('test_seal_zero_length', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, 0, RW));
  succeeds(sys_mseal(ptr, 0));
  succeeds(mprotect(ptr, size, RW));
});

TEST_ONCE('test_seal_twice', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(sys_mseal(ptr, size));
  succeeds(sys_mseal(ptr, size));
});

TEST_SEAL('test_seal_mprotect', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  refused_if(seal, mprotect(ptr, size, RW));
});

TEST_SEAL('test_seal_start_mprotect', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, page_size));
  refused_if(seal, mprotect(ptr, page_size, RW));
  succeeds(mprotect(ptr + page_size, page_size * 3, RW));
});

TEST_SEAL('test_seal_end_mprotect', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr + page_size, 3 * page_size));
  succeeds(mprotect(ptr, page_size, RW));
  refused_if(seal, mprotect(ptr + page_size, page_size * 3, RW));
});

/** A length is rounded up to whole pages. */
TEST_SEAL('test_seal_mprotect_unalign_len', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, page_size * 2 - 1));
  refused_if(seal, mprotect(ptr, page_size * 2, RW));
  succeeds(mprotect(ptr + page_size * 2, page_size, RW));
});

TEST_SEAL('test_seal_mprotect_unalign_len_variant_2', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, page_size * 2 + 1));
  refused_if(seal, mprotect(ptr, page_size * 3, RW));
  succeeds(mprotect(ptr + page_size * 3, page_size, RW));
});

TEST_SEAL('test_seal_mprotect_two_vma', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size * 2, RW));
  if (seal) succeeds(sys_mseal(ptr, page_size * 4));
  refused_if(seal, mprotect(ptr, page_size * 2, RW));
  refused_if(seal, mprotect(ptr + page_size * 2, page_size * 2, RW));
});

TEST_SEAL('test_seal_mprotect_two_vma_with_split', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size * 2, RW));
  if (seal) succeeds(sys_mseal(ptr + page_size, page_size * 2));
  succeeds(mprotect(ptr, page_size, RW));
  refused_if(seal, mprotect(ptr + page_size, page_size, RW));
  refused_if(seal, mprotect(ptr + 2 * page_size, page_size, RW));
  succeeds(mprotect(ptr + 3 * page_size, page_size, RW));
});

/** The first of two pages is sealed: mprotect() of both fails. */
TEST_SEAL('test_seal_mprotect_partial_mprotect', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, page_size));
  refused_if(seal, mprotect(ptr, 2 * page_size, RW));
});

/** A hole lets both fail; what is mapped around it is not sealed. */
TEST_ONCE('test_seal_mprotect_two_vma_with_gap', () => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size, RW));
  succeeds(mprotect(ptr + 3 * page_size, page_size, RW));
  succeeds(munmap(ptr + page_size, 2 * page_size));
  fails(mprotect(ptr, 4 * page_size, PROT_READ));
  fails(sys_mseal(ptr, 4 * page_size));
  succeeds(mprotect(ptr, page_size, PROT_READ));
  succeeds(mprotect(ptr + 3 * page_size, page_size, PROT_READ));
});

TEST_SEAL('test_seal_mprotect_merge', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size, RW));
  if (seal) succeeds(sys_mseal(ptr, 2 * page_size));
  refused_if(seal, mprotect(ptr, 2 * page_size, PROT_READ));
  succeeds(mprotect(ptr + 2 * page_size, 2 * page_size, PROT_READ));
});

TEST_SEAL('test_seal_mprotect_split', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size, RW));
  if (seal) succeeds(sys_mseal(ptr, 4 * page_size));
  refused_if(seal, mprotect(ptr, 2 * page_size, PROT_READ));
  refused_if(seal, mprotect(ptr + 2 * page_size, 2 * page_size, PROT_READ));
});

/** The second page is sealed: it stays as it was, whatever becomes of the first. */
TEST_SEAL('test_seal_mprotect_partial_mprotect_tail', (seal) => {
  const size = 2 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr + page_size, page_size));
  refused_if(seal, mprotect(ptr, size, PROT_EXEC));
  if (seal) ASSERT_READ_ONLY(ptr + page_size);
});

/** Sealing page after page splits, and merges with what is sealed beside it. */
TEST_ONCE('test_seal_merge_and_split', () => {
  const ptr = single_address(24 * page_size);
  succeeds(mprotect(ptr, page_size, PROT_NONE));
  succeeds(mprotect(ptr + 23 * page_size, page_size, PROT_NONE));
  ASSERT_VMA(ptr + page_size, 22 * page_size, 'r');
  succeeds(sys_mseal(ptr + page_size, page_size));
  ASSERT_VMA(ptr + page_size, page_size, 'r');
  ASSERT_VMA(ptr + 2 * page_size, 21 * page_size, 'r');
  succeeds(sys_mseal(ptr + 22 * page_size, page_size));
  ASSERT_VMA(ptr + 22 * page_size, page_size, 'r');
  ASSERT_VMA(ptr + 2 * page_size, 20 * page_size, 'r');
  succeeds(sys_mseal(ptr + 2 * page_size, page_size));
  ASSERT_VMA(ptr + page_size, 2 * page_size, 'r');
  succeeds(sys_mseal(ptr + 21 * page_size, page_size));
  ASSERT_VMA(ptr + 21 * page_size, 2 * page_size, 'r');
  succeeds(sys_mseal(ptr + 2 * page_size, 2 * page_size));
  ASSERT_VMA(ptr + 1 * page_size, 3 * page_size, 'r');
  fails(munmap(ptr + page_size, page_size));
  fails(mprotect(ptr + 2 * page_size, page_size, PROT_NONE));
  succeeds(sys_mseal(ptr + 20 * page_size, 2 * page_size));
  ASSERT_VMA(ptr + 20 * page_size, 3 * page_size, 'r');
  succeeds(sys_mseal(ptr + 2 * page_size, 20 * page_size));
  ASSERT_VMA(ptr + page_size, 22 * page_size, 'r');
});
