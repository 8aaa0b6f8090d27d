// SPDX-License-Identifier: GPL-2.0-only
/** mremap_dontunmap.c: pages move, and what they leave is mapped still. From tools/testing/selftests/mm (Linux 7.3). */
import {
  type Char,
  chr,
  close,
  EINVAL,
  errno,
  ftruncate,
  getpagesize,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result_pass,
  load,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FILE,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_CLOEXEC,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  memfd_create,
  memset,
  mmap,
  mremap,
  munmap,
  NULL,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  SELFTEST,
  SKIP,
} from '../../harness/selftest/index.js';

SELFTEST('mremap_dontunmap.c');

const page_size = getpagesize();
const MOVE = MREMAP_DONTUNMAP | MREMAP_MAYMOVE;

function BUG_ON(condition: boolean, description: string): void {
  if (condition) ksft_exit_fail_msg(description);
}

/** Maps pages that are filled with a byte. */
function filled(num_pages: number, byte: Char): number {
  const size = num_pages * page_size;
  const ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BUG_ON(ptr === MAP_FAILED, 'mmap() fails');
  memset(ptr, byte, size);
  return ptr;
}

function unmap(addr: number, num_pages: number): void {
  BUG_ON(munmap(addr, num_pages * page_size) === -1, 'munmap() fails');
}

/** Moves pages, to `to` if it is given. */
function moved(from: number, num_pages: number, to?: number): number {
  const size = num_pages * page_size;
  const ptr =
    to === undefined ? mremap(from, size, size, MOVE, NULL) : mremap(from, size, size, MOVE | MREMAP_FIXED, to);
  BUG_ON(ptr === MAP_FAILED, 'mremap() fails');
  BUG_ON(to !== undefined && ptr !== to, 'the pages went elsewhere');
  return ptr;
}

/** Do pages hold nothing but that byte? */
function check_pages(addr: number, num_pages: number, byte: Char, what: string): void {
  const value = chr(byte);
  BUG_ON(!load(addr, num_pages * page_size).every((found) => found === value), what);
}

/** Can it be done at all? Older kernels do not know the flag. */
function kernel_support_for_mremap_dontunmap(): boolean {
  const source = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BUG_ON(source === MAP_FAILED, 'mmap() fails');
  const dest = mremap(source, page_size, page_size, MOVE, 0);
  if (dest !== MAP_FAILED) unmap(dest, 1);
  unmap(source, 1);
  return dest !== MAP_FAILED;
}

function TEST_DONTUNMAP(name: string, body: () => void): void {
  KSFT(name, [name], () => {
    if (!kernel_support_for_mremap_dontunmap()) return SKIP('there is no MREMAP_DONTUNMAP');
    body();
    ksft_test_result_pass(name);
  });
}

TEST_DONTUNMAP('mremap_dontunmap_simple', () => {
  const source = filled(5, 'a');
  const dest = moved(source, 5);

  check_pages(dest, 5, 'a', 'the pages did not move');
  check_pages(source, 5, 0, 'the source has pages still');

  unmap(dest, 5);
  unmap(source, 5);
});

/** The pages are the file's: both places show them. */
TEST_DONTUNMAP('mremap_dontunmap_simple_shmem', () => {
  const size = 5 * page_size;
  const mem_fd = memfd_create('memfd', MFD_CLOEXEC);
  BUG_ON(mem_fd < 0, 'memfd_create() fails');
  BUG_ON(ftruncate(mem_fd, size) < 0, 'ftruncate() fails');

  const source = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_FILE | MAP_SHARED, mem_fd, 0);
  BUG_ON(source === MAP_FAILED, 'mmap() fails');
  BUG_ON(close(mem_fd) < 0, 'close() fails');
  memset(source, 'a', size);

  const dest = mremap(source, size, size, MOVE, NULL);
  if (dest === MAP_FAILED && errno === EINVAL) return unmap(source, 5);
  BUG_ON(dest === MAP_FAILED, 'mremap() fails');

  check_pages(dest, 5, 'a', 'the pages did not move');
  check_pages(source, 5, 'a', 'the source does not show the file');

  unmap(dest, 5);
  unmap(source, 5);
});

/** To where something else is. */
TEST_DONTUNMAP('mremap_dontunmap_simple_fixed', () => {
  const dest = filled(5, 'X');
  const source = filled(5, 'a');
  moved(source, 5, dest);

  check_pages(dest, 5, 'a', 'the pages did not move');
  check_pages(source, 5, 0, 'the source has pages still');

  unmap(dest, 5);
  unmap(source, 5);
});

/** The second half of a mapping moves. */
TEST_DONTUNMAP('mremap_dontunmap_partial_mapping', () => {
  const source = filled(10, 'a');
  const dest = moved(source + 5 * page_size, 5);

  check_pages(source, 5, 'a', 'the first half has lost its pages');
  check_pages(source + 5 * page_size, 5, 0, 'the second half has pages still');
  check_pages(dest, 5, 'a', 'the pages did not move');

  unmap(dest, 5);
  unmap(source, 10);
});

/** Over the first half of another. */
TEST_DONTUNMAP('mremap_dontunmap_partial_mapping_overwrite', () => {
  const source = filled(5, 'a');
  const dest = filled(10, 'X');
  moved(source, 5, dest);

  check_pages(source, 5, 0, 'the source has pages still');
  check_pages(dest, 5, 'a', 'the pages did not move');
  check_pages(dest + 5 * page_size, 5, 'X', 'the second half of the other has lost its pages');

  unmap(dest, 10);
  unmap(source, 5);
});
