// SPDX-License-Identifier: GPL-2.0-or-later
/** guard-regions.c: guard pages, and what is done to the memory around them. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_FALSE,
  ASSERT_TRUE,
  chr,
  EINVAL,
  ENOMEM,
  EPERM,
  errno,
  load8,
  MADV_DONTNEED,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MAP_FIXED,
  MAP_POPULATE,
  madvise,
  mlock,
  mprotect,
  munlock,
  munmap,
  NULL,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  process_madvise,
  SELFTEST,
  SKIP,
  store8,
  TEST_F,
} from '../../harness/selftest/index.js';
import {
  ANON_BACKED,
  guard,
  guard_regions,
  mmap_,
  page_size,
  pages,
  RW,
  try_read_buf,
  try_read_write_buf,
  try_write_buf,
  unguard,
} from './guard_helpers.js';

SELFTEST('guard-regions.c');

/** Guard pages, one and several, over memory that is there and that is not. */
TEST_F(guard_regions, 'basic', (self, { backing }) => {
  const NUM_PAGES = 10;
  const ptr = mmap_(self, backing, NULL, NUM_PAGES * page_size, RW, 0, 0);
  ASSERT_TRUE(try_read_write_buf(ptr));
  guard(ptr, page_size);
  ASSERT_FALSE(try_read_write_buf(ptr));
  for (const curr of pages(ptr, 1, NUM_PAGES)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  ASSERT_EQ(madvise(ptr + (NUM_PAGES - 1) * page_size, page_size, MADV_GUARD_INSTALL), 0);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + (NUM_PAGES - 1) * page_size));
  unguard(ptr, page_size);
  ASSERT_TRUE(try_read_write_buf(ptr));
  ASSERT_FALSE(madvise(ptr + (NUM_PAGES - 1) * page_size, page_size, MADV_GUARD_REMOVE));
  ASSERT_TRUE(try_read_write_buf(ptr + (NUM_PAGES - 1) * page_size));
  guard(ptr, 3 * page_size);
  for (const curr of pages(ptr, 0, 3)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr, 3, NUM_PAGES)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  unguard(ptr, NUM_PAGES * page_size);
  for (const curr of pages(ptr, 0, NUM_PAGES)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  unguard(ptr, NUM_PAGES * page_size);
  for (const curr of pages(ptr, 0, NUM_PAGES)) ASSERT_EQ(load8(curr), chr('x'));
  ASSERT_EQ(munmap(ptr, NUM_PAGES * page_size), 0);
});

/** Over several mappings: with holes between them it is done all the same, and fails with ENOMEM. */
TEST_F(guard_regions, 'multi_vma', (self, { backing }) => {
  const ptr_region = mmap_(self, backing, NULL, 100 * page_size, PROT_NONE, 0, 0);
  const ptr1 = mmap_(self, backing, ptr_region, 10 * page_size, RW, MAP_FIXED, 0);
  const ptr2 = mmap_(self, backing, ptr_region + 50 * page_size, 5 * page_size, RW, MAP_FIXED, 0);
  const ptr3 = mmap_(self, backing, ptr_region + 80 * page_size, 20 * page_size, RW, MAP_FIXED, 0);
  ASSERT_EQ(munmap(ptr_region + 10 * page_size, 40 * page_size), 0);
  ASSERT_EQ(munmap(ptr_region + 55 * page_size, 25 * page_size), 0);
  ASSERT_EQ(madvise(ptr_region, 100 * page_size, MADV_GUARD_INSTALL), -1);
  ASSERT_EQ(errno, ENOMEM);
  for (const curr of pages(ptr1, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr2, 0, 5)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr3, 0, 20)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(madvise(ptr_region, 100 * page_size, MADV_GUARD_REMOVE), -1);
  ASSERT_EQ(errno, ENOMEM);
  for (const curr of pages(ptr1, 0, 10)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr2, 0, 5)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr3, 0, 20)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  mmap_(self, backing, ptr_region + 10 * page_size, 40 * page_size, RW | PROT_EXEC, MAP_FIXED, 0);
  mmap_(self, backing, ptr_region + 55 * page_size, 25 * page_size, RW | PROT_EXEC, MAP_FIXED, 0);
  guard(ptr_region, 100 * page_size);
  for (const curr of pages(ptr_region, 0, 100)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  unguard(ptr_region, 100 * page_size);
  for (const curr of pages(ptr_region, 0, 100)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr_region, 100 * page_size), 0);
});

/** Several ranges in one call. */
TEST_F(guard_regions, 'process_madvise', (self, { backing }) => {
  const ptr_region = mmap_(self, backing, NULL, 100 * page_size, PROT_NONE, 0, 0);
  const ptr1 = mmap_(self, backing, ptr_region + page_size, 10 * page_size, RW, MAP_FIXED | MAP_POPULATE, 0);
  const ptr2 = mmap_(self, backing, ptr_region + 50 * page_size, 5 * page_size, RW, MAP_FIXED, 0);
  const ptr3 = mmap_(self, backing, ptr_region + 79 * page_size, 20 * page_size, RW, MAP_FIXED, 0);
  ASSERT_EQ(munmap(ptr_region, page_size), 0);
  ASSERT_EQ(munmap(ptr_region + 11 * page_size, 39 * page_size), 0);
  ASSERT_EQ(munmap(ptr_region + 55 * page_size, 24 * page_size), 0);
  ASSERT_EQ(munmap(ptr_region + 99 * page_size, page_size), 0);
  const vec = [ptr1, ptr1 + 9 * page_size, ptr2, ptr2 + 4 * page_size, ptr3, ptr3 + 19 * page_size].map((iov_base) => ({
    iov_base,
    iov_len: page_size,
  }));
  const count = process_madvise(vec, MADV_GUARD_INSTALL, 0);
  if (count === -1 && errno === EPERM) return SKIP('process_madvise() is not permitted');
  ASSERT_EQ(count, 6 * page_size);
  ASSERT_FALSE(try_read_write_buf(ptr1));
  ASSERT_FALSE(try_read_write_buf(ptr1 + 9 * page_size));
  ASSERT_FALSE(try_read_write_buf(ptr2));
  ASSERT_FALSE(try_read_write_buf(ptr2 + 4 * page_size));
  ASSERT_FALSE(try_read_write_buf(ptr3));
  ASSERT_FALSE(try_read_write_buf(ptr3 + 19 * page_size));
  process_madvise(vec, MADV_GUARD_REMOVE, 0);
  ASSERT_TRUE(try_read_write_buf(ptr1));
  ASSERT_TRUE(try_read_write_buf(ptr1 + 9 * page_size));
  ASSERT_TRUE(try_read_write_buf(ptr2));
  ASSERT_TRUE(try_read_write_buf(ptr2 + 4 * page_size));
  ASSERT_TRUE(try_read_write_buf(ptr3));
  ASSERT_TRUE(try_read_write_buf(ptr3 + 19 * page_size));
  ASSERT_EQ(munmap(ptr1, 10 * page_size), 0);
  ASSERT_EQ(munmap(ptr2, 5 * page_size), 0);
  ASSERT_EQ(munmap(ptr3, 20 * page_size), 0);
});

/** What is mapped where guard pages were has none. */
TEST_F(guard_regions, 'munmap', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, page_size);
  guard(ptr + 9 * page_size, page_size);
  ASSERT_FALSE(try_read_write_buf(ptr));
  ASSERT_FALSE(try_read_write_buf(ptr + 9 * page_size));
  ASSERT_EQ(munmap(ptr, page_size), 0);
  ASSERT_EQ(munmap(ptr + 9 * page_size, page_size), 0);
  const ptr_new1 = mmap_(self, backing, ptr, page_size, RW, MAP_FIXED, 0);
  const ptr_new2 = mmap_(self, backing, ptr + 9 * page_size, page_size, RW, MAP_FIXED, 0);
  ASSERT_TRUE(try_read_write_buf(ptr_new1));
  ASSERT_TRUE(try_read_write_buf(ptr_new2));
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Protection and guard pages have nothing to do with each other. */
TEST_F(guard_regions, 'mprotect', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  ASSERT_EQ(madvise(ptr + 5 * page_size, 2 * page_size, MADV_GUARD_INSTALL), 0);
  ASSERT_FALSE(try_read_write_buf(ptr + 5 * page_size));
  ASSERT_FALSE(try_read_write_buf(ptr + 6 * page_size));
  ASSERT_EQ(mprotect(ptr + 5 * page_size, 2 * page_size, PROT_READ), 0);
  ASSERT_FALSE(try_read_buf(ptr + 5 * page_size));
  ASSERT_FALSE(try_read_buf(ptr + 6 * page_size));
  ASSERT_EQ(madvise(ptr + 5 * page_size, 2 * page_size, MADV_GUARD_INSTALL), 0);
  ASSERT_FALSE(try_read_buf(ptr + 5 * page_size));
  ASSERT_FALSE(try_read_buf(ptr + 6 * page_size));
  unguard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_TRUE(try_read_buf(curr));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Guard pages stay where they are when mappings split and merge. */
TEST_F(guard_regions, 'split_merge', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  guard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr + 2 * page_size, page_size), 0);
  ASSERT_EQ(munmap(ptr + 5 * page_size, page_size), 0);
  ASSERT_EQ(munmap(ptr + 8 * page_size, page_size), 0);
  for (const curr of pages(ptr, 0, 2)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr, 2, 5)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr, 6, 8)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  for (const curr of pages(ptr, 9, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  mmap_(self, backing, ptr + 2 * page_size, page_size, RW, MAP_FIXED, 0);
  mmap_(self, backing, ptr + 5 * page_size, page_size, RW, MAP_FIXED, 0);
  mmap_(self, backing, ptr + 8 * page_size, page_size, RW, MAP_FIXED, 0);
  for (let i = 0; i < 10; i++) {
    const curr = ptr + i * page_size;
    const result = try_read_write_buf(curr);
    const expect_true = i === 2 || i === 5 || i === 8;
    ASSERT_EQ(result, expect_true);
  }
  guard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(mprotect(ptr, 3 * page_size, PROT_READ), 0);
  ASSERT_EQ(mprotect(ptr + 7 * page_size, 3 * page_size, PROT_READ), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_buf(curr));
  }
  ASSERT_EQ(mprotect(ptr, 3 * page_size, RW), 0);
  ASSERT_EQ(mprotect(ptr + 7 * page_size, 3 * page_size, RW), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_read_write_buf(curr));
  }
  ASSERT_EQ(mprotect(ptr, 3 * page_size, PROT_READ), 0);
  ASSERT_EQ(mprotect(ptr + 7 * page_size, 3 * page_size, PROT_READ), 0);
  unguard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_TRUE(try_read_buf(curr));
  }
  ASSERT_EQ(mprotect(ptr, 3 * page_size, RW), 0);
  ASSERT_EQ(mprotect(ptr + 7 * page_size, 3 * page_size, RW), 0);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** MADV_DONTNEED leaves guard pages alone. */
TEST_F(guard_regions, 'dontneed', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  for (const curr of pages(ptr, 0, 10)) {
    store8(curr, 'y');
  }
  for (const curr of pages(ptr, 0, 10, 2)) {
    guard(curr, page_size);
  }
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_DONTNEED), 0);
  for (let i = 0; i < 10; i++) {
    const curr = ptr + i * page_size;
    const result = try_read_buf(curr);
    if (i % 2 === 0) {
      ASSERT_FALSE(result);
    } else {
      ASSERT_TRUE(result);
      // Anonymous memory has lost what it had; a file has it still.
      ASSERT_EQ(load8(curr), backing === ANON_BACKED ? 0 : chr('y'));
    }
    ASSERT_EQ(try_write_buf(curr), i % 2 !== 0);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Locked memory takes no guard pages, but lets go of those that it has. */
TEST_F(guard_regions, 'mlock', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  for (const curr of pages(ptr, 0, 10)) {
    store8(curr, 'y');
  }
  ASSERT_EQ(mlock(ptr, 10 * page_size), 0);
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_GUARD_INSTALL), -1);
  ASSERT_EQ(errno, EINVAL);
  ASSERT_EQ(munlock(ptr, 10 * page_size), 0);
  guard(ptr, 5 * page_size);
  for (let i = 0; i < 10; i++) {
    const curr = ptr + i * page_size;
    const result = try_read_write_buf(curr);
    if (i < 5) {
      ASSERT_FALSE(result);
    } else {
      ASSERT_TRUE(result);
      ASSERT_EQ(load8(curr), chr('x'));
    }
  }
  ASSERT_EQ(mlock(ptr + 5 * page_size, 5 * page_size), 0);
  unguard(ptr, 10 * page_size);
  for (const curr of pages(ptr, 0, 10)) {
    ASSERT_TRUE(try_read_write_buf(curr));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});
