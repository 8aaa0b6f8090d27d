// SPDX-License-Identifier: GPL-2.0-or-later
/** merge.c: what merges when it becomes alike, and what a fork keeps apart. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_NE,
  EINVAL,
  ENOSYS,
  errno,
  LEFT_OUT,
  MAP_FAILED,
  MAP_FIXED,
  MAP_NORESERVE,
  mmap,
  mprotect,
  mseal,
  munmap,
  NULL,
  PR_SET_MEMORY_MERGE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  prctl,
  SELFTEST,
  SKIP,
  store8,
  TEST_F,
} from '../../harness/selftest/index.js';
import { ANON, ASSERT_SPAN, do_fork, merge, RW } from './merge_fixture.js';

SELFTEST('merge.c');

LEFT_OUT('merge.handle_uprobe_upon_merged_vma', 'there are no uprobes');

/** RO without pages | RW with one; made RO as well, both are one. */
TEST_F(merge, 'mprotect_unfaulted_left', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 10 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_EQ(mprotect(ptr, 5 * page_size, PROT_READ), 0);
  store8(ptr + 5 * page_size, 'x');
  ASSERT_EQ(mprotect(ptr + 5 * page_size, 5 * page_size, PROT_READ), 0);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
});

/** RW with a page | RO without any; made RO as well, both are one. */
TEST_F(merge, 'mprotect_unfaulted_right', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 10 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_EQ(mprotect(ptr + 5 * page_size, 5 * page_size, PROT_READ), 0);
  store8(ptr, 'x');
  ASSERT_EQ(mprotect(ptr, 5 * page_size, PROT_READ), 0);
  ASSERT_SPAN(procmap, ptr, 10 * page_size);
});

/** RO | RW with a page | RO: the one in the middle joins both of its neighbours. */
TEST_F(merge, 'mprotect_unfaulted_both', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + 2 * page_size, 9 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_EQ(mprotect(ptr, 3 * page_size, PROT_READ), 0);
  ASSERT_EQ(mprotect(ptr + 6 * page_size, 3 * page_size, PROT_READ), 0);
  store8(ptr + 3 * page_size, 'x');
  ASSERT_EQ(mprotect(ptr + 3 * page_size, 3 * page_size, PROT_READ), 0);
  ASSERT_SPAN(procmap, ptr, 9 * page_size);
});

/** RO and RW of the same anon_vma | RO without one: all three become one. */
TEST_F(merge, 'mprotect_faulted_left_unfaulted_right', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + 2 * page_size, 9 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_EQ(mprotect(ptr + 6 * page_size, 3 * page_size, PROT_READ), 0);
  store8(ptr, 'x');
  ASSERT_EQ(mprotect(ptr, 3 * page_size, PROT_READ), 0);
  ASSERT_EQ(mprotect(ptr + 3 * page_size, 3 * page_size, PROT_READ), 0);
  ASSERT_SPAN(procmap, ptr, 9 * page_size);
});

/** RO without an anon_vma | RW and RO of the same one: all three become one. */
TEST_F(merge, 'mprotect_unfaulted_left_faulted_right', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + 2 * page_size, 9 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_EQ(mprotect(ptr, 3 * page_size, PROT_READ), 0);
  store8(ptr + 3 * page_size, 'x');
  ASSERT_EQ(mprotect(ptr + 6 * page_size, 3 * page_size, PROT_READ), 0);
  ASSERT_EQ(mprotect(ptr + 3 * page_size, 3 * page_size, PROT_READ), 0);
  ASSERT_SPAN(procmap, ptr, 9 * page_size);
});

/** What a child has from its parent is not grown into memory of its own. */
TEST_F(merge, 'forked_target_vma', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  store8(ptr, 'x');
  const pid = do_fork(procmap);
  ASSERT_NE(pid, -1);
  if (pid !== 0) return;
  for (let i = 0; i < 5 * page_size; i += page_size) store8(ptr + i, 'x');
  const ptr2 = mmap(ptr + 5 * page_size, 5 * page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 5 * page_size);
});

/** What a child has from its parent does not join memory of its own when it becomes like it. */
TEST_F(merge, 'forked_source_vma', ({ page_size, carveout, procmap }) => {
  const ptr = mmap(carveout + page_size, 5 * page_size, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  store8(ptr, 'x');
  const pid = do_fork(procmap);
  ASSERT_NE(pid, -1);
  if (pid !== 0) return;
  for (let i = 0; i < 5 * page_size; i += page_size) store8(ptr + i, 'x');
  const ptr2 = mmap(carveout + 6 * page_size, 5 * page_size, RW | PROT_EXEC, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr2, 5 * page_size);
  ASSERT_EQ(mprotect(ptr, 5 * page_size, RW | PROT_EXEC), 0);
  ASSERT_SPAN(procmap, ptr2, 5 * page_size);
});

/** Memory that was mapped before PR_SET_MEMORY_MERGE, and after it, is one all the same. */
TEST_F(merge, 'ksm_merge', ({ page_size, carveout, procmap }) => {
  let ptr = mmap(carveout + page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  let ptr2 = mmap(carveout + 2 * page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 2 * page_size);
  ASSERT_EQ(munmap(ptr2, page_size), 0);
  const err = prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
  if (err === -1) {
    const errnum = errno;
    ASSERT_EQ(errnum, EINVAL);
    return SKIP('there is no KSM');
  }
  ptr2 = mmap(carveout + 2 * page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 2 * page_size);
  ASSERT_EQ(munmap(ptr, 2 * page_size), 0);
  ptr = mmap(carveout + page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ptr2 = mmap(carveout + 2 * page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  ASSERT_SPAN(procmap, ptr, 2 * page_size);
});

/** Sealing what lies before sealed memory makes them one. */
TEST_F(merge, 'merge_vmas_with_mseal', ({ page_size, procmap }) => {
  ASSERT_EQ(mseal(NULL, 0, -1), -1);
  if (errno === ENOSYS) return SKIP('there is no mseal()');
  const carveout = mmap(0, 5 * page_size, PROT_NONE, ANON, -1, 0);
  ASSERT_NE(carveout, MAP_FAILED);
  const ptr = mmap(carveout + page_size, page_size, RW, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  const ptr2 = mmap(carveout + 2 * page_size, page_size, RW | PROT_EXEC, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr2, MAP_FAILED);
  const ptr3 = mmap(carveout + 3 * page_size, page_size, PROT_READ, ANON | MAP_FIXED, -1, 0);
  ASSERT_NE(ptr3, MAP_FAILED);
  ASSERT_EQ(mseal(ptr2, page_size, 0), 0);
  ASSERT_EQ(mprotect(ptr, page_size, RW | PROT_EXEC), 0);
  ASSERT_EQ(mseal(ptr, 3 * page_size, 0), 0);
  ASSERT_SPAN(procmap, ptr, 2 * page_size);
});
