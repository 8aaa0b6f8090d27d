// SPDX-License-Identifier: GPL-2.0-only
/** mremap_test.c: growing, and several mappings moved at once. From tools/testing/selftests/mm (Linux 7.3). */
import {
  getpagesize,
  LEFT_OUT,
  MAP_ANON,
  MAP_FAILED,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  memcpy,
  memset,
  mmap,
  mremap,
  munmap,
  NULL,
  PROT_NONE,
  SELFTEST,
} from '../../harness/selftest/index.js';
import {
  align_down,
  get_source_mapping,
  is_pattern,
  is_ptr_mapped,
  KB,
  MB,
  pattern,
  RW,
  TEST_RESULT,
  wrong,
} from './mremap_helpers.js';

SELFTEST('mremap_test.c');

const page_size = getpagesize();
const MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

/** Private memory of so many bytes. */
function anonymous(size: number): number {
  return mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANON, -1, 0);
}

/** An address at which so many bytes are free; MAP_FAILED if there is none. */
function free_range(size: number): number {
  const ptr = anonymous(size);
  return ptr !== MAP_FAILED && munmap(ptr, size) === 0 ? ptr : MAP_FAILED;
}

/** Unmaps one page after the other. Did it go well? */
function unmap_pages(ptr: number, ...indices: readonly number[]): boolean {
  return indices.every((i) => munmap(ptr + i * page_size, page_size) === 0);
}

TEST_RESULT('mremap expand merge', () => {
  const start = anonymous(3 * page_size);
  if (start === MAP_FAILED) return wrong('mmap() fails');

  munmap(start + page_size, page_size);
  if (mremap(start, page_size, 2 * page_size, 0) === MAP_FAILED) return wrong('mremap() fails');
  return is_ptr_mapped(start, 3 * page_size);
});

TEST_RESULT('mremap expand merge offset', () => {
  const start = anonymous(3 * page_size);
  if (start === MAP_FAILED) return wrong('mmap() fails');

  munmap(start + 2 * page_size, page_size);
  if (mremap(start + page_size, page_size, 2 * page_size, 0) === MAP_FAILED) return wrong('mremap() fails');
  return is_ptr_mapped(start, 3 * page_size);
});

/** The upper half of a block of 2MB moves; the lower half stays as it was. */
TEST_RESULT('mremap mremap move within range', () => {
  const size = 20 * MB;
  const ptr = anonymous(size);
  if (ptr === MAP_FAILED) return wrong('mmap() fails');
  memset(ptr, 0, size);

  const src = align_down(ptr + 6 * MB, 2 * MB);
  memcpy(src, pattern(2 * MB), 2 * MB);

  const dest = src - 2 * MB;
  if (mremap(src + MB, MB, MB, MOVE, dest + MB) === MAP_FAILED) return wrong('mremap() fails');
  if (!is_pattern(src, 0, MB)) return wrong('what did not move was changed');
  return munmap(ptr, size) === 0;
});

/** The same, where nothing is mapped at the start of the destination's block. */
TEST_RESULT('mremap move 1mb from start at 1MB+256KB aligned src', () => {
  const alignment = MB + 256 * KB;
  const region_size = 6 * MB;
  const src = get_source_mapping(alignment, region_size);
  const dest = src === NULL ? NULL : get_source_mapping(alignment, region_size);
  if (dest === NULL) return wrong('there is no such place');
  memcpy(src, pattern(2 * MB), 2 * MB);

  munmap(dest, MB);
  if (mremap(src + MB, MB, MB, MOVE, dest + MB) === MAP_FAILED) return wrong('mremap() fails');
  return is_pattern(src, 0, MB) || wrong('what did not move was changed');
});

/** Several mappings shrink to the first page of the first. */
for (const inplace of [true, false]) {
  TEST_RESULT(`mremap shrink multiple vmas${inplace ? ' [inplace]' : ''}`, () => {
    const size = 10 * page_size;
    const ptr = anonymous(size);
    const tgt_ptr = free_range(size);
    if (ptr === MAP_FAILED || tgt_ptr === MAP_FAILED) return wrong('mmap() fails');
    if (!unmap_pages(ptr, 1, 3, 5, 7, 9)) return wrong('munmap() fails');

    const res = inplace ? mremap(ptr, size, page_size, 0) : mremap(ptr, size, page_size, MOVE, tgt_ptr);
    if (res === MAP_FAILED) return wrong('mremap() fails');
    return munmap(tgt_ptr, size) === 0 && munmap(ptr, size) === 0;
  });
}

/** Pages [first page, pages of it] of the mappings that move, one after the other in the pattern. */
const RUNS = [
  [0, 1],
  [2, 1],
  [4, 2],
  [6, 1],
  [8, 1],
  [10, 1],
] as const;

/** Each run of pages with where its bytes begin in the pattern. */
function* runs(): Iterable<{ at: number; from: number; size: number }> {
  let from = 0;
  for (const [page, count] of RUNS) {
    const size = count * page_size;
    yield { at: page * page_size, from, size };
    from += size;
  }
}

function is_multiple_vma_range_ok(ptr: number): boolean {
  for (const { at, from, size } of runs()) {
    if (!is_pattern(ptr + at, from, size)) return wrong(`page ${at / page_size} holds something else`);
  }
  return true;
}

/** Six mappings with holes between them: moved, moved beside themselves, moved back over what was mapped there. */
for (const dont_unmap of [false, true]) {
  TEST_RESULT(`mremap move multiple vmas${dont_unmap ? ' [dontunnmap]' : ''}`, () => {
    const flags = dont_unmap ? MOVE | MREMAP_DONTUNMAP : MOVE;
    const size = 11 * page_size;
    const ptr = anonymous(size);
    const tgt_ptr = free_range(2 * size);
    if (ptr === MAP_FAILED || tgt_ptr === MAP_FAILED) return wrong('mmap() fails');
    if (!unmap_pages(ptr, 1, 3, 7, 9)) return wrong('munmap() fails');
    for (const { at, from, size } of runs()) memcpy(ptr + at, pattern(from + size).subarray(from), size);

    if (mremap(ptr, size, size, flags, tgt_ptr) === MAP_FAILED) return wrong('mremap() fails');
    if (!is_multiple_vma_range_ok(tgt_ptr)) return false;

    if (mremap(tgt_ptr, size, size, flags, tgt_ptr + size) === MAP_FAILED) return wrong('the second mremap() fails');
    if (!is_multiple_vma_range_ok(tgt_ptr + size)) return false;

    const over = mmap(tgt_ptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
    if (over === MAP_FAILED) return wrong('mmap() fails');
    if (mremap(tgt_ptr + size, size, size, flags, tgt_ptr) === MAP_FAILED) return wrong('the third mremap() fails');
    if (!is_multiple_vma_range_ok(tgt_ptr)) return false;

    return munmap(tgt_ptr, 2 * size) === 0 && munmap(ptr, size) === 0;
  });
}

/** Part of one mapping, a hole, and part of another: both are split, and move. */
for (const dont_unmap of [false, true]) {
  TEST_RESULT(`mremap move multiple vmas split${dont_unmap ? ' [dontunnmap]' : ''}`, () => {
    const flags = dont_unmap ? MOVE | MREMAP_DONTUNMAP : MOVE;
    const size = 10 * page_size;
    const ptr = anonymous(size);
    const tgt_ptr = free_range(size);
    if (ptr === MAP_FAILED || tgt_ptr === MAP_FAILED) return wrong('mmap() fails');
    if (!unmap_pages(ptr, 5)) return wrong('munmap() fails');
    memcpy(ptr, pattern(5 * page_size), 5 * page_size);
    memcpy(ptr + 6 * page_size, pattern(9 * page_size).subarray(5 * page_size), 4 * page_size);

    const moved = size - 3 * page_size;
    if (mremap(ptr + 2 * page_size, moved, moved, flags, tgt_ptr) === MAP_FAILED) return wrong('mremap() fails');
    if (!is_pattern(tgt_ptr, 2 * page_size, 3 * page_size)) return wrong('the first part holds something else');
    if (!is_pattern(tgt_ptr + 4 * page_size, 5 * page_size, 3 * page_size)) {
      return wrong('the second part holds something else');
    }
    return munmap(tgt_ptr, size) === 0 && munmap(ptr, size) === 0;
  });
}

LEFT_OUT('mremap move multiple invalid vmas', 'there is no userfaultfd');
