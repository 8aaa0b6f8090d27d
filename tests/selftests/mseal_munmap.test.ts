// SPDX-License-Identifier: GPL-2.0-only
/** mseal_test.c: munmap() and mremap() of sealed memory. From tools/testing/selftests/mm (Linux 7.3). */
import {
  MAP_FAILED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  mprotect,
  mremap,
  munmap,
  SELFTEST,
} from '../../harness/selftest/index.js';
import {
  ASSERT_READ_ONLY,
  ASSERT_VMA,
  fails,
  page_size,
  RW,
  refused_if,
  sealed_or,
  single_address,
  succeeds,
  sys_mseal,
  TEST_SEAL,
} from './mseal_helpers.js';

SELFTEST('mseal_test.c');

TEST_SEAL('test_seal_munmap', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  refused_if(seal, munmap(ptr, size));
});

TEST_SEAL('test_seal_munmap_two_vma', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(mprotect(ptr, page_size * 2, RW));
  if (seal) succeeds(sys_mseal(ptr, size));
  refused_if(seal, munmap(ptr, page_size * 2));
  refused_if(seal, munmap(ptr + page_size, page_size * 2));
});

/** The hole lets mseal() fail, so all can be unmapped. */
TEST_SEAL('test_seal_munmap_vma_with_gap', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + page_size, page_size * 2));
  if (seal) fails(sys_mseal(ptr, size));
  succeeds(munmap(ptr, page_size));
  succeeds(munmap(ptr + page_size * 2, page_size));
  succeeds(munmap(ptr, size));
});

TEST_SEAL('test_seal_munmap_partial_across_vmas', (seal) => {
  const size = 2 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr + page_size, page_size));
  refused_if(seal, munmap(ptr, size));
  if (seal) ASSERT_READ_ONLY(ptr + page_size);
});

TEST_SEAL('test_munmap_start_freed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr, page_size));
  if (seal) succeeds(sys_mseal(ptr + page_size, 3 * page_size));
  const ret = munmap(ptr, size);
  if (seal) {
    fails(ret);
    ASSERT_VMA(ptr + page_size, page_size * 3);
  } else {
    succeeds(ret);
    ASSERT_VMA(ptr + page_size, 0);
  }
});

TEST_SEAL('test_munmap_middle_freed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + page_size, page_size * 2));
  if (seal) succeeds(sys_mseal(ptr, page_size));
  const ret = munmap(ptr, size);
  if (seal) {
    fails(ret);
    ASSERT_VMA(ptr, page_size);
    ASSERT_VMA(ptr + page_size * 3, page_size);
  } else {
    succeeds(ret);
    ASSERT_VMA(ptr, 0);
    ASSERT_VMA(ptr + page_size * 3, 0);
  }
});

TEST_SEAL('test_munmap_end_freed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + page_size * 3, page_size));
  if (seal) succeeds(sys_mseal(ptr, 3 * page_size));
  refused_if(seal, munmap(ptr, size));
});

/** mremap() of sealed memory fails, whatever it is to do. */
TEST_SEAL('test_seal_mremap_shrink', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mremap(ptr, size, 2 * page_size, 0, 0);
  sealed_or(seal, ret2, ret2 !== MAP_FAILED);
});

TEST_SEAL('test_seal_mremap_expand', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  succeeds(munmap(ptr + 2 * page_size, 2 * page_size));
  if (seal) succeeds(sys_mseal(ptr, 2 * page_size));
  const ret2 = mremap(ptr, 2 * page_size, 4 * page_size, 0, 0);
  sealed_or(seal, ret2, ret2 === ptr);
});

TEST_SEAL('test_seal_mremap_move', (seal) => {
  const size = page_size;
  const ptr = single_address(size);
  const new_ptr = single_address(size);
  succeeds(munmap(new_ptr, size));
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mremap(ptr, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, new_ptr);
  sealed_or(seal, ret2, ret2 !== MAP_FAILED);
});

TEST_SEAL('test_seal_mremap_shrink_fixed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  const new_addr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mremap(ptr, size, 2 * page_size, MREMAP_MAYMOVE | MREMAP_FIXED, new_addr);
  sealed_or(seal, ret2, ret2 === new_addr);
});

/** Nor can anything move over sealed memory. */
TEST_SEAL('test_seal_mremap_expand_fixed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(page_size);
  const new_addr = single_address(size);
  if (seal) succeeds(sys_mseal(new_addr, size));
  const ret2 = mremap(ptr, page_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, new_addr);
  sealed_or(seal, ret2, ret2 === new_addr);
});

TEST_SEAL('test_seal_mremap_move_fixed', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  const new_addr = single_address(size);
  if (seal) succeeds(sys_mseal(new_addr, size));
  const ret2 = mremap(ptr, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, new_addr);
  sealed_or(seal, ret2, ret2 === new_addr);
});

TEST_SEAL('test_seal_mremap_move_dontunmap', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mremap(ptr, size, size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
  sealed_or(seal, ret2, ret2 !== MAP_FAILED);
});

TEST_SEAL('test_seal_mremap_move_fixed_zero', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ret2 = mremap(ptr, size, 2 * page_size, MREMAP_MAYMOVE | MREMAP_FIXED, 0);
  sealed_or(seal, ret2, ret2 === 0);
});

/** The address is a hint, and free. */
TEST_SEAL('test_seal_mremap_move_dontunmap_anyaddr', (seal) => {
  const size = 4 * page_size;
  const ptr = single_address(size);
  if (seal) succeeds(sys_mseal(ptr, size));
  const ptr2 = single_address(size);
  succeeds(munmap(ptr2, size));
  const ret2 = mremap(ptr, size, size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, ptr2);
  sealed_or(seal, ret2, ret2 === ptr2);
});
