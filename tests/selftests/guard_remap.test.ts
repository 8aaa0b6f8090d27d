// SPDX-License-Identifier: GPL-2.0-or-later
/** guard-regions.c: guard pages of memory that moves, is copied, or is advised on. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_FALSE,
  ASSERT_NE,
  ASSERT_TRUE,
  chr,
  EFAULT,
  errno,
  exit,
  fork,
  MADV_COLD,
  MADV_FREE,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_WIPEONFORK,
  MAP_FAILED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  madvise,
  memcmp,
  memcpy,
  mremap,
  munmap,
  NULL,
  PROT_NONE,
  SELFTEST,
  SKIP,
  TEST_F,
  waitpid,
} from '../../harness/selftest/index.js';
import {
  ANON_BACKED,
  guard,
  guard_regions,
  is_buf_eq,
  mmap_,
  page_size,
  pages,
  RW,
  try_read_write_buf,
  unguard,
} from './guard_helpers.js';

SELFTEST('guard-regions.c');

/** Guard pages move along. */
TEST_F(guard_regions, 'mremap_move', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 5 * page_size, RW, 0, 0);
  guard(ptr, page_size);
  guard(ptr + 4 * page_size, page_size);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 4 * page_size));
  const ptr_new = mmap_(self, backing, NULL, 5 * page_size, PROT_NONE, 0, 0);
  ASSERT_EQ(mremap(ptr, 5 * page_size, 5 * page_size, MREMAP_MAYMOVE | MREMAP_FIXED, ptr_new), ptr_new);
  ASSERT_FALSE(try_read_write_buf(ptr_new));
  ASSERT_FALSE(try_read_write_buf(ptr_new + 4 * page_size));
  munmap(ptr_new, 5 * page_size);
});

/** They stay at their place in a mapping that grows, and moves. */
TEST_F(guard_regions, 'mremap_expand', (self, { backing }) => {
  let ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  ASSERT_EQ(munmap(ptr + 5 * page_size, 5 * page_size), 0);
  guard(ptr, page_size);
  guard(ptr + 4 * page_size, page_size);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 4 * page_size));
  ptr = mremap(ptr, 5 * page_size, 10 * page_size, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 4 * page_size));
  const ptr_new = mmap_(self, backing, NULL, 20 * page_size, PROT_NONE, 0, 0);
  ptr = mremap(ptr, 10 * page_size, 20 * page_size, MREMAP_MAYMOVE | MREMAP_FIXED, ptr_new);
  ASSERT_EQ(ptr, ptr_new);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 4 * page_size));
  munmap(ptr, 20 * page_size);
});

/** What is cut off takes its guard pages along: they do not come back. */
TEST_F(guard_regions, 'mremap_shrink', (self, { backing }) => {
  let ptr = mmap_(self, backing, NULL, 5 * page_size, RW, 0, 0);
  guard(ptr, page_size);
  guard(ptr + 4 * page_size, page_size);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 4 * page_size));
  ptr = mremap(ptr, 5 * page_size, 3 * page_size, MREMAP_MAYMOVE);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_FALSE(try_read_write_buf(ptr));
  for (const curr of pages(ptr, 1, 3)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  ptr = mremap(ptr, 3 * page_size, 5 * page_size, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  ASSERT_FALSE(try_read_write_buf(ptr));
  for (const curr of pages(ptr, 1, 5)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  munmap(ptr, 5 * page_size);
});

/** A child has them too; what it does to its own is its own matter. */
TEST_F(guard_regions, 'fork', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, 5 * page_size);
  const pid = fork();
  ASSERT_NE(pid, -1);
  if (pid === 0) {
    for (let i = 0; i < 10; i++) {
      const curr = ptr + i * page_size;
      const result = try_read_write_buf(curr);
      ASSERT_EQ(result, i >= 5);
    }
    unguard(ptr, 10 * page_size);
    exit(0);
  }
  waitpid(pid);
  for (let i = 0; i < 10; i++) {
    const curr = ptr + i * page_size;
    const result = try_read_write_buf(curr);
    ASSERT_EQ(result, i >= 5);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Pages of before a fork are not touched by guard pages of the child. */
TEST_F(guard_regions, 'fork_cow', (self, { backing }) => {
  if (backing !== ANON_BACKED) return SKIP('only anonymous memory is copied when it is written');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  const letters = Uint8Array.from({ length: 10 * page_size }, (_, i) => chr('a') + (i % 26));
  memcpy(ptr, letters, 10 * page_size);
  const pid = fork();
  ASSERT_NE(pid, -1);
  if (pid === 0) {
    ASSERT_EQ(memcmp(ptr, letters, 10 * page_size), 0);
    guard(ptr, 10 * page_size);
    unguard(ptr, 10 * page_size);
    ASSERT_TRUE(is_buf_eq(ptr, 10 * page_size, 0));
    exit(0);
  }
  waitpid(pid);
  ASSERT_EQ(memcmp(ptr, letters, 10 * page_size), 0);
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** MADV_WIPEONFORK wipes them as well. */
TEST_F(guard_regions, 'fork_wipeonfork', (self, { backing }) => {
  if (backing !== ANON_BACKED) return SKIP('only anonymous memory is wiped by a fork');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_WIPEONFORK), 0);
  guard(ptr, 5 * page_size);
  const pid = fork();
  ASSERT_NE(pid, -1);
  if (pid === 0) {
    for (const curr of pages(ptr, 0, 10)) {
      ASSERT_TRUE(try_read_write_buf(curr));
    }
    exit(0);
  }
  waitpid(pid);
  for (let i = 0; i < 10; i++) {
    const curr = ptr + i * page_size;
    const result = try_read_write_buf(curr);
    ASSERT_EQ(result, i >= 5);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** MADV_FREE leaves guard pages alone. */
TEST_F(guard_regions, 'lazyfree', (self, { backing }) => {
  if (backing !== ANON_BACKED) return SKIP('MADV_FREE is for anonymous memory');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_FREE), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Guard pages cannot be populated. */
TEST_F(guard_regions, 'populate', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, 10 * page_size);
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_POPULATE_READ), -1);
  ASSERT_EQ(errno, EFAULT);
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_POPULATE_WRITE), -1);
  ASSERT_EQ(errno, EFAULT);
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Neither MADV_COLD nor MADV_PAGEOUT touches them. */
TEST_F(guard_regions, 'cold_pageout', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_COLD), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_PAGEOUT), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});
