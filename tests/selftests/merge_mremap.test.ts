// SPDX-License-Identifier: GPL-2.0-or-later
/** merge.c: what merges when it moves. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_NE,
  ftruncate,
  MAP_FAILED,
  MAP_FIXED,
  MAP_PRIVATE,
  MFD_CLOEXEC,
  memfd_create,
  mmap,
  munmap,
  SELFTEST,
  store8,
  sys_mremap,
  TEST_F,
} from '../../harness/selftest/index.js';
import { ANON, ASSERT_SPAN, MOVE, merge, RW } from './merge_fixture.js';

SELFTEST('merge.c');

/** Memory without pages moves to the end of memory with some. */
TEST_F(merge, 'mremap_unfaulted_to_faulted', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 7 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  store8(ptr, 'x');
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
});

/** Memory without pages moves to the start of memory with some. */
TEST_F(merge, 'mremap_unfaulted_behind_faulted', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + 6 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 14 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  store8(ptr, 'x');
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, carveout + page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr2, 10 * page_size);
});

/** Both neighbours have pages, of offsets that do not fit: the move joins the one before. */
TEST_F(merge, 'mremap_unfaulted_between_faulted', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 7 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  let ptr3 = mmap(carveout + 14 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr3 + page_size * 2000);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  store8(ptr, 'x');
  store8(ptr3, 'x');
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr + 10 * page_size);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
  ASSERT_SPAN(procmap, ptr3, 5 * page_size);
});

/** The one after has no pages: the move joins all three. */
TEST_F(merge, 'mremap_unfaulted_between_faulted_unfaulted', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 7 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  let ptr3 = mmap(carveout + 14 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr3 + page_size * 2000);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  store8(ptr, 'x');
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr + 10 * page_size);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 15 * page_size);
});

/** Into a hole of memory with pages: the move joins all three. */
TEST_F(merge, 'mremap_unfaulted_between_correctly_placed_faulted', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 15 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  store8(ptr, 'x');
  ASSERT_EQ(munmap(ptr + 5 * page_size, 5 * page_size), 0);
  let ptr2 = mmap(carveout + 20 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 15 * page_size);
});

/** Three parts of one mapping go away and come back, in any order: they join again. */
TEST_F(merge, 'mremap_correct_placed_faulted', ({ page_size, carveout, procmap }) => {
  let ptr = mmap(carveout + page_size, 15 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  store8(ptr, 'x');
  let ptr3 = ptr + 10 * page_size;
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr3 + page_size * 2000);
  ASSERT_NE(ptr3, MAP_FAILED);
  let ptr2 = ptr + 5 * page_size;
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
  ptr = sys_mremap(ptr, 5 * page_size, 5 * page_size, MOVE, ptr + page_size * 1000);
  ASSERT_NE(ptr, MAP_FAILED);
  ptr = sys_mremap(ptr, 5 * page_size, 5 * page_size, MOVE, carveout + page_size);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
  ptr = sys_mremap(ptr, 5 * page_size, 5 * page_size, MOVE, ptr + page_size * 1000);
  ASSERT_NE(ptr, MAP_FAILED);
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr2 + 5 * page_size);
  ASSERT_NE(ptr3, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr2, 10 * page_size);
  ptr = sys_mremap(ptr, 5 * page_size, 5 * page_size, MOVE, carveout + page_size);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 15 * page_size);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr2 + page_size * 1000);
  ASSERT_NE(ptr2, MAP_FAILED);
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, ptr + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 15 * page_size);
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr3 + page_size * 1000);
  ASSERT_NE(ptr3, MAP_FAILED);
  ptr3 = sys_mremap(ptr3, 5 * page_size, 5 * page_size, MOVE, ptr + 10 * page_size);
  ASSERT_NE(ptr3, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 15 * page_size);
});

/** The offsets in the file fit, those of the copied page do not. */
TEST_F(merge, 'anon_and_page_offset_mismatch_memfd', ({ page_size, carveout, procmap }) => {
  const fd = memfd_create('anon_page_offset_test', MFD_CLOEXEC);
  ASSERT_NE(fd, -1);
  ASSERT_EQ(ftruncate(fd, 10 * page_size), 0);
  const ptr = mmap(carveout, 5 * page_size, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 10 * page_size, 5 * page_size, RW, MAP_PRIVATE | MAP_FIXED, fd, 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  store8(ptr2, 'x');
  ptr2 = sys_mremap(ptr2, 5 * page_size, 5 * page_size, MOVE, carveout + 5 * page_size);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 5 * page_size);
});
