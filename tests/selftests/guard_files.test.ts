// SPDX-License-Identifier: GPL-2.0-or-later
/** guard-regions.c: guard pages of files, and how /proc tells them. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_FALSE,
  ASSERT_NE,
  ASSERT_TRUE,
  check_vmflag_guard,
  chr,
  close,
  close_procmap,
  EOPNOTSUPP,
  errno,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  fcntl,
  find_vma_procmap,
  ftruncate,
  LEFT_OUT,
  load8,
  MADV_GUARD_INSTALL,
  MADV_PAGEOUT,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MAP_FAILED,
  MAP_FIXED,
  MAP_PRIVATE,
  MFD_ALLOW_SEALING,
  madvise,
  memcmp,
  memfd_create,
  memset,
  mmap,
  munmap,
  NULL,
  O_RDONLY,
  open,
  open_self_procmap,
  PM_GUARD_REGION,
  PROT_READ,
  pagemap_get_entry,
  procmap_fd,
  SELFTEST,
  SKIP,
  TEST_F,
  TH_LOG,
} from '../../harness/selftest/index.js';
import {
  ANON_BACKED,
  check_pattern,
  check_pattern_offset,
  guard,
  guard_regions,
  is_anon_backed,
  is_buf_eq,
  LOCAL_FILE_BACKED,
  local_fs_has_sane_mmap,
  mmap_,
  page_size,
  pages,
  RW,
  SHMEM_BACKED,
  set_pattern,
  try_read_buf,
  try_read_write_buf,
  try_write_buf,
  unguard,
} from './guard_helpers.js';

SELFTEST('guard-regions.c');

LEFT_OUT('guard_regions.anon.uffd', 'there is no userfaultfd');
LEFT_OUT('guard_regions.anon.pagemap_scan', 'there is no PAGEMAP_SCAN');
LEFT_OUT('guard_regions.anon.collapse', 'there are no huge pages');
LEFT_OUT('guard_regions.shmem.uffd', 'there is no userfaultfd');
LEFT_OUT('guard_regions.shmem.pagemap_scan', 'there is no PAGEMAP_SCAN');
LEFT_OUT('guard_regions.shmem.collapse', 'there are no huge pages');
LEFT_OUT('guard_regions.file.uffd', 'there is no userfaultfd');
LEFT_OUT('guard_regions.file.pagemap_scan', 'there is no PAGEMAP_SCAN');
LEFT_OUT('guard_regions.file.collapse', 'there are no huge pages');

/** Nor does reading ahead. */
TEST_F(guard_regions, 'madvise_sequential', (self, { backing }) => {
  if (backing === ANON_BACKED) return SKIP('there is nothing to read ahead');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  ASSERT_TRUE(check_pattern(ptr, 10, page_size));
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_SEQUENTIAL), 0);
  for (const ptr2 of pages(ptr, 0, 10, 2)) {
    guard(ptr2, page_size);
  }
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_PAGEOUT), 0);
  for (let i = 0; i < 10; i++) {
    const chrp = ptr + i * page_size;
    if (i % 2 === 0) {
      ASSERT_FALSE(try_read_write_buf(chrp));
    } else {
      ASSERT_EQ(load8(chrp), chr('a') + i);
    }
  }
  unguard(ptr, 10 * page_size);
  ASSERT_TRUE(check_pattern(ptr, 10, page_size));
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** A private mapping of a file has guard pages of its own, and copies of its own. */
TEST_F(guard_regions, 'map_private', (self, { backing }) => {
  if (backing === ANON_BACKED) return SKIP('there is no file to map privately');
  const ptr_shared = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  const ptr_private = mmap(0, 10 * page_size, RW, MAP_PRIVATE, self.fd, 0);
  ASSERT_NE(ptr_private, MAP_FAILED);
  set_pattern(ptr_shared, 10, page_size);
  for (const ptr of pages(ptr_shared, 0, 10, 2)) {
    guard(ptr, page_size);
  }
  for (let i = 0; i < 10; i++) {
    ASSERT_EQ(try_read_buf(ptr_shared + i * page_size), i % 2 !== 0);
    ASSERT_TRUE(try_read_buf(ptr_private + i * page_size));
  }
  for (const ptr of pages(ptr_private, 0, 10, 2)) {
    guard(ptr, page_size);
  }
  for (let i = 0; i < 10; i++) {
    ASSERT_EQ(try_read_buf(ptr_shared + i * page_size), i % 2 !== 0);
    ASSERT_EQ(try_read_buf(ptr_private + i * page_size), i % 2 !== 0);
  }
  unguard(ptr_shared, 10 * page_size);
  for (let i = 0; i < 10; i++) {
    ASSERT_TRUE(try_read_buf(ptr_shared + i * page_size));
    ASSERT_EQ(try_read_buf(ptr_private + i * page_size), i % 2 !== 0);
  }
  unguard(ptr_private, 10 * page_size);
  for (let i = 0; i < 10; i++) {
    ASSERT_TRUE(try_read_buf(ptr_shared + i * page_size));
    ASSERT_TRUE(try_read_buf(ptr_private + i * page_size));
  }
  ASSERT_TRUE(check_pattern(ptr_shared, 10, page_size));
  ASSERT_TRUE(check_pattern(ptr_private, 10, page_size));
  for (let i = 0; i < 10; i += 2) {
    const ptr = ptr_private + i * page_size;
    memset(ptr, chr('a') + i, page_size);
  }
  guard(ptr_private, 5 * page_size);
  for (let i = 0; i < 10; i++) {
    const ptr = ptr_private + i * page_size;
    ASSERT_EQ(try_read_buf(ptr), i >= 5);
    ASSERT_TRUE(try_read_buf(ptr_shared + i * page_size));
  }
  unguard(ptr_private, 10 * page_size);
  for (let i = 0; i < 10; i++) {
    const ptr = ptr_private + i * page_size;
    if (i < 5 || i % 2 === 0) {
      const ptr_s = ptr_shared + i * page_size;
      ASSERT_EQ(memcmp(ptr, ptr_s, page_size), 0);
      continue;
    }
    ASSERT_TRUE(is_buf_eq(ptr, page_size, chr('a') + i));
  }
  ASSERT_EQ(munmap(ptr_shared, 10 * page_size), 0);
  ASSERT_EQ(munmap(ptr_private, 10 * page_size), 0);
});

/** A file that can only be read is told from its guard pages. */
TEST_F(guard_regions, 'readonly_file', (self, { backing }) => {
  if (backing !== LOCAL_FILE_BACKED) return SKIP('there is no file on a disk');
  let ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
  ASSERT_EQ(close(self.fd), 0);
  self.fd = open(self.path, O_RDONLY);
  ASSERT_NE(self.fd, -1);
  ptr = mmap_(self, backing, NULL, 10 * page_size, PROT_READ, 0, 0);
  for (const ptr_pg of pages(ptr, 0, 10, 2)) {
    guard(ptr_pg, page_size);
  }
  for (let i = 0; i < 10; i++) {
    const ptr_pg = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_pg), i % 2 !== 0);
  }
  unguard(ptr, 10 * page_size);
  ASSERT_TRUE(check_pattern(ptr, 10, page_size));
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Faults beside a guard page do not fill it. */
TEST_F(guard_regions, 'fault_around', (self, { backing }) => {
  if (backing === ANON_BACKED) return SKIP('there is no file around the fault');
  let ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  ASSERT_EQ(madvise(ptr, 10 * page_size, MADV_PAGEOUT), 0);
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
  ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  for (const ptr_p of pages(ptr, 0, 10, 2)) {
    guard(ptr_p, page_size);
  }
  for (const ptr_p of pages(ptr, 1, 10, 2)) {
    ASSERT_TRUE(try_read_buf(ptr_p));
  }
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_p), i % 2 !== 0);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Guard pages stay when the file becomes shorter, and longer again. */
TEST_F(guard_regions, 'truncation', (self, { backing }) => {
  if (backing === ANON_BACKED) return SKIP('there is no file to cut');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  for (const ptr_p of pages(ptr, 0, 10, 2)) {
    guard(ptr_p, page_size);
  }
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_write_buf(ptr_p), i % 2 !== 0);
  }
  ASSERT_EQ(ftruncate(self.fd, 10 * page_size), 0);
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_write_buf(ptr_p), i % 2 !== 0);
  }
  ASSERT_EQ(ftruncate(self.fd, 5 * page_size), 0);
  ASSERT_EQ(ftruncate(self.fd, 10 * page_size), 0);
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_write_buf(ptr_p), i % 2 !== 0);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** They stay when a hole is made in the file below them. */
TEST_F(guard_regions, 'hole_punch', (self, { backing }) => {
  if (backing === ANON_BACKED) return SKIP('there is no file to make a hole in');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  ASSERT_EQ(madvise(ptr + 3 * page_size, 4 * page_size, MADV_GUARD_INSTALL), 0);
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_p), i < 3 || i >= 7);
  }
  const ret = madvise(ptr + 3 * page_size, 4 * page_size, MADV_REMOVE);
  if (ret === -1 && errno === EOPNOTSUPP) {
    ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
    return SKIP('the file system makes no holes');
  }
  ASSERT_EQ(ret, 0);
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_p), i < 3 || i >= 7);
  }
  unguard(ptr, 10 * page_size);
  ASSERT_TRUE(check_pattern(ptr, 3, page_size));
  ASSERT_TRUE(is_buf_eq(ptr + 3 * page_size, 4 * page_size, 0));
  ASSERT_TRUE(check_pattern_offset(ptr, 3, page_size, 7));
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** A memfd that is sealed against writing can still be mapped, and guarded. */
TEST_F(guard_regions, 'memfd_write_seal', (self, { backing }) => {
  if (backing !== SHMEM_BACKED) return SKIP('there is no memfd');
  ASSERT_EQ(close(self.fd), 0);
  self.fd = memfd_create('guard_regions_memfd_seals_test', MFD_ALLOW_SEALING);
  ASSERT_NE(self.fd, -1);
  ASSERT_EQ(ftruncate(self.fd, 10 * page_size), 0);
  let ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  set_pattern(ptr, 10, page_size);
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
  ASSERT_EQ(fcntl(self.fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
  ptr = mmap_(self, backing, NULL, 10 * page_size, PROT_READ, 0, 0);
  ASSERT_TRUE(check_pattern(ptr, 10, page_size));
  for (const ptr_p of pages(ptr, 0, 10, 2)) {
    guard(ptr_p, page_size);
  }
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_p), i % 2 !== 0);
  }
  unguard(ptr, 10 * page_size);
  ASSERT_TRUE(check_pattern(ptr, 10, page_size));
  for (const ptr_p of pages(ptr, 0, 10)) {
    ASSERT_FALSE(try_write_buf(ptr_p));
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** Memory that can only be read has guard pages over nothing but zeroes. */
TEST_F(guard_regions, 'anon_zeropage', (self, { backing }) => {
  if (!is_anon_backed(backing)) return SKIP('a file has no zero page');
  const ptr = mmap_(self, backing, NULL, 10 * page_size, PROT_READ, 0, 0);
  for (const ptr_p of pages(ptr, 0, 10, 2)) {
    guard(ptr_p, page_size);
  }
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    ASSERT_EQ(try_read_buf(ptr_p), i % 2 !== 0);
  }
  unguard(ptr, 10 * page_size);
  for (const ptr_p of pages(ptr, 0, 10)) {
    ASSERT_TRUE(try_read_buf(ptr_p));
  }
  ASSERT_TRUE(is_buf_eq(ptr, 10 * page_size, 0));
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** /proc/self/pagemap tells them. */
TEST_F(guard_regions, 'pagemap', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  for (const ptr_p of pages(ptr, 0, 10)) {
    const entry = pagemap_get_entry(ptr_p);
    const masked = entry & PM_GUARD_REGION;
    ASSERT_EQ(masked, 0);
  }
  for (const ptr_p of pages(ptr, 0, 10, 2)) {
    guard(ptr_p, page_size);
  }
  for (let i = 0; i < 10; i++) {
    const ptr_p = ptr + i * page_size;
    const entry = pagemap_get_entry(ptr_p);
    const masked = entry & PM_GUARD_REGION;
    ASSERT_EQ(masked, i % 2 === 0 ? PM_GUARD_REGION : 0);
  }
  ASSERT_EQ(munmap(ptr, 10 * page_size), 0);
});

/** VmFlags say that there may be some; such mappings still merge. */
TEST_F(guard_regions, 'smaps', (self, { backing }) => {
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  ASSERT_FALSE(check_vmflag_guard(ptr));
  guard(ptr, page_size);
  ASSERT_TRUE(check_vmflag_guard(ptr));
  unguard(ptr, page_size);
  ASSERT_TRUE(check_vmflag_guard(ptr));
  for (let i = 0; i < 10; i++) {
    guard(ptr + i * page_size, page_size);
    ASSERT_TRUE(check_vmflag_guard(ptr));
  }
  ASSERT_EQ(munmap(ptr + 4 * page_size, page_size), 0);
  ASSERT_TRUE(check_vmflag_guard(ptr));
  ASSERT_TRUE(check_vmflag_guard(ptr + 5 * page_size));
  if (!local_fs_has_sane_mmap(self, backing)) {
    TH_LOG('mappings of files of this disk do not merge');
    return;
  }
  mmap_(self, backing, ptr + 4 * page_size, page_size, RW, MAP_FIXED, 4 * page_size);
  const procmap = new procmap_fd();
  ASSERT_EQ(open_self_procmap(procmap), 0);
  ASSERT_TRUE(find_vma_procmap(procmap, ptr));
  ASSERT_EQ(procmap.query.vma_start, ptr);
  ASSERT_EQ(procmap.query.vma_end, ptr + 10 * page_size);
  ASSERT_EQ(close_procmap(procmap), 0);
  ASSERT_TRUE(check_vmflag_guard(ptr));
});
