// SPDX-License-Identifier: GPL-2.0-or-later
/** merge.c: what MREMAP_DONTUNMAP merges, in a process and in its child. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_NE,
  ASSERT_TRUE,
  find_vma_procmap,
  MAP_FAILED,
  MAP_FIXED,
  MREMAP_DONTUNMAP,
  mmap,
  mremap,
  SELFTEST,
  store8,
  TEST_F,
} from '../../harness/selftest/index.js';
import { ANON, ASSERT_SPAN, do_fork, MOVE, merge_with_fork, RW } from './merge_fixture.js';

SELFTEST('merge.c');

/** Moved with MREMAP_DONTUNMAP to the end of memory without pages. */
TEST_F(merge_with_fork, 'mremap_faulted_to_unfaulted_prev', ({ page_size, carveout, procmap }, { forked }) => {
  let ptr_a = mmap(carveout + page_size + 3 * page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr_a, MAP_FAILED);
  store8(ptr_a, 'x');
  if (forked) {
    const pid = do_fork(procmap);
    ASSERT_NE(pid, -1);
    if (pid !== 0) return;
  }
  ptr_a = mremap(ptr_a, 3 * page_size, 3 * page_size, MOVE, carveout + 20 * page_size);
  ASSERT_NE(ptr_a, MAP_FAILED);
  const ptr_b = mmap(carveout + page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr_b, MAP_FAILED);
  ptr_a = mremap(ptr_a, 3 * page_size, 3 * page_size, MOVE | MREMAP_DONTUNMAP, carveout + page_size + 3 * page_size);
  ASSERT_NE(ptr_a, MAP_FAILED);
  ASSERT_TRUE(find_vma_procmap(procmap, ptr_b));
  ASSERT_EQ(procmap.query.vma_start, ptr_b);
  const offset = forked ? 3 * page_size : 6 * page_size;
  ASSERT_EQ(procmap.query.vma_end, ptr_b + offset);
});

/** Moved with MREMAP_DONTUNMAP to the start of memory without pages. */
TEST_F(merge_with_fork, 'mremap_faulted_to_unfaulted_next', ({ page_size, carveout, procmap }, { forked }) => {
  let ptr_a = mmap(carveout + page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr_a, MAP_FAILED);
  store8(ptr_a, 'x');
  if (forked) {
    const pid = do_fork(procmap);
    ASSERT_NE(pid, -1);
    if (pid !== 0) return;
  }
  ptr_a = mremap(ptr_a, 3 * page_size, 3 * page_size, MOVE, carveout + 20 * page_size);
  ASSERT_NE(ptr_a, MAP_FAILED);
  const ptr_b = mmap(carveout + page_size + 3 * page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr_b, MAP_FAILED);
  ptr_a = mremap(ptr_a, 3 * page_size, 3 * page_size, MOVE | MREMAP_DONTUNMAP, carveout + page_size);
  ASSERT_NE(ptr_a, MAP_FAILED);
  ASSERT_TRUE(find_vma_procmap(procmap, ptr_a));
  ASSERT_EQ(procmap.query.vma_start, ptr_a);
  const offset = forked ? 3 * page_size : 6 * page_size;
  ASSERT_EQ(procmap.query.vma_end, ptr_a + offset);
});

/** Moved with MREMAP_DONTUNMAP between memory without pages. */
TEST_F(
  merge_with_fork,
  'mremap_faulted_to_unfaulted_prev_unfaulted_next',
  ({ page_size, carveout, procmap }, { forked }) => {
    let ptr_b = mmap(carveout + page_size + 3 * page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
    ASSERT_NE(ptr_b, MAP_FAILED);
    store8(ptr_b, 'x');
    if (forked) {
      const pid = do_fork(procmap);
      ASSERT_NE(pid, -1);
      if (pid !== 0) return;
    }
    ptr_b = mremap(ptr_b, 3 * page_size, 3 * page_size, MOVE, carveout + 20 * page_size);
    ASSERT_NE(ptr_b, MAP_FAILED);
    const ptr_a = mmap(carveout + page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
    ASSERT_NE(ptr_a, MAP_FAILED);
    const ptr_c = mmap(
      carveout + page_size + 3 * page_size + 3 * page_size,
      3 * page_size,
      RW,
      ANON | MAP_FIXED,
      -1,
      0,
    );
    ASSERT_NE(ptr_c, MAP_FAILED);
    ptr_b = mremap(ptr_b, 3 * page_size, 3 * page_size, MOVE | MREMAP_DONTUNMAP, carveout + page_size + 3 * page_size);
    ASSERT_NE(ptr_b, MAP_FAILED);
    ASSERT_TRUE(find_vma_procmap(procmap, ptr_a));
    ASSERT_EQ(procmap.query.vma_start, ptr_a);
    const offset = forked ? 3 * page_size : 9 * page_size;
    ASSERT_EQ(procmap.query.vma_end, ptr_a + offset);
    if (forked) {
      ASSERT_SPAN(procmap, ptr_b, 3 * page_size);
    }
  },
);

/** The one after has pages of the same anon_vma. */
TEST_F(
  merge_with_fork,
  'mremap_faulted_to_unfaulted_prev_faulted_next',
  ({ page_size, carveout, procmap }, { forked }) => {
    const ptr_bc = mmap(
      carveout + page_size + 3 * page_size,
      3 * page_size + 3 * page_size,
      RW,
      ANON | MAP_FIXED,
      -1,
      0,
    );
    ASSERT_NE(ptr_bc, MAP_FAILED);
    store8(ptr_bc, 'x');
    if (forked) {
      const pid = do_fork(procmap);
      ASSERT_NE(pid, -1);
      if (pid !== 0) return;
    }
    let ptr_b = mremap(ptr_bc, 3 * page_size, 3 * page_size, MOVE, carveout + 20 * page_size);
    ASSERT_NE(ptr_b, MAP_FAILED);
    const ptr_a = mmap(carveout + page_size, 3 * page_size, RW, ANON | MAP_FIXED, -1, 0);
    ASSERT_NE(ptr_a, MAP_FAILED);
    ptr_b = mremap(ptr_b, 3 * page_size, 3 * page_size, MOVE | MREMAP_DONTUNMAP, carveout + page_size + 3 * page_size);
    ASSERT_NE(ptr_b, MAP_FAILED);
    if (forked) {
      ASSERT_SPAN(procmap, ptr_b, 6 * page_size);
    } else {
      ASSERT_SPAN(procmap, ptr_a, 9 * page_size);
    }
  },
);
