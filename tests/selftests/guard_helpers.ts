// SPDX-License-Identifier: GPL-2.0-or-later
/** What the tests of guard-regions.c share: three kinds of memory, and accesses that may fail. */
import {
  ASSERT_EQ,
  ASSERT_NE,
  chr,
  close,
  close_procmap,
  EEXIST,
  errno,
  FIXTURE,
  FIXTURE_SETUP,
  FIXTURE_TEARDOWN_PARENT,
  FIXTURE_VARIANT,
  FIXTURE_VARIANT_ADD,
  FORCE_READ,
  find_vma_procmap,
  ftruncate,
  getpagesize,
  load,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MAP_ANON,
  MAP_FAILED,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  madvise,
  memfd_create,
  memset,
  mmap,
  munmap,
  NULL,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  open,
  open_self_procmap,
  PROT_READ,
  PROT_WRITE,
  procmap_fd,
  rand,
  SIGSEGV,
  sigaction,
  siglongjmp,
  sigsetjmp,
  store8,
  unlink,
} from '../../harness/selftest/index.js';

export const page_size = getpagesize();
export const RW = PROT_READ | PROT_WRITE;

/** What memory is made of. */
export type BackingType = 'anon' | 'shmem' | 'file';
export const ANON_BACKED = 'anon';
export const SHMEM_BACKED = 'shmem';
export const LOCAL_FILE_BACKED = 'file';

interface GuardRegions {
  path: string;
  fd: number;
}

export const guard_regions = FIXTURE(
  'guard_regions',
  (): GuardRegions => ({ path: '', fd: -1 }),
  FIXTURE_VARIANT<{ backing: BackingType }>(),
);

FIXTURE_VARIANT_ADD(guard_regions, 'anon', { backing: ANON_BACKED });
FIXTURE_VARIANT_ADD(guard_regions, 'shmem', { backing: SHMEM_BACKED });
FIXTURE_VARIANT_ADD(guard_regions, 'file', { backing: LOCAL_FILE_BACKED });

export function is_anon_backed(backing: BackingType): boolean {
  return backing !== LOCAL_FILE_BACKED;
}

/** Is an access to memory on trial? */
let signal_jump_set = false;

function handle_fatal(signal: number): void {
  if (signal_jump_set) siglongjmp(signal);
}

/** A new file of the disk, whose name is left in self. */
function open_file(self: GuardRegions): number {
  for (;;) {
    self.path = `guard_regions_test_file_${rand().toString(36)}`;
    const fd = open(self.path, O_RDWR | O_CREAT | O_EXCL, 0o600);
    if (fd >= 0) return fd;
    ASSERT_EQ(errno, EEXIST);
  }
}

FIXTURE_SETUP(guard_regions, (self, { backing }) => {
  sigaction(SIGSEGV, handle_fatal);
  if (backing === ANON_BACKED) return;
  self.fd = backing === SHMEM_BACKED ? memfd_create('', 0) : open_file(self);
  // Enough for each test, some of which change it.
  ASSERT_EQ(ftruncate(self.fd, 100 * page_size), 0);
});

FIXTURE_TEARDOWN_PARENT(guard_regions, (self, { backing }) => {
  sigaction(SIGSEGV, null);
  if (backing === ANON_BACKED) return;
  if (self.fd >= 0) close(self.fd);
  if (self.path !== '') unlink(self.path);
});

/** Maps memory of the kind that the variant is about, from that offset on where it has a file. */
export function mmap_(
  { fd }: GuardRegions,
  backing: BackingType,
  addr: number,
  length: number,
  prot: number,
  extra_flags: number,
  offset: number,
): number {
  const ptr =
    backing === ANON_BACKED
      ? mmap(addr, length, prot, extra_flags | MAP_PRIVATE | MAP_ANON, -1, 0)
      : mmap(addr, length, prot, extra_flags | MAP_SHARED, fd, offset);
  ASSERT_NE(ptr, MAP_FAILED);
  return ptr;
}

export function guard(addr: number, length: number): void {
  ASSERT_EQ(madvise(addr, length, MADV_GUARD_INSTALL), 0);
}

export function unguard(addr: number, length: number): void {
  ASSERT_EQ(madvise(addr, length, MADV_GUARD_REMOVE), 0);
}

/** The addresses of pages [from, to) of memory, each, or one in `step`. */
export function* pages(addr: number, from: number, to: number, step = 1): Iterable<number> {
  for (let i = from; i < to; i += step) yield addr + i * page_size;
}

/** Did the access come to its end without a signal? */
function try_access_buf(ptr: number, write: boolean): boolean {
  signal_jump_set = true;
  const failed =
    sigsetjmp(() => {
      if (write) store8(ptr, 'x');
      else FORCE_READ(ptr);
    }) !== 0;
  signal_jump_set = false;
  return !failed;
}

export function try_read_buf(ptr: number): boolean {
  return try_access_buf(ptr, false);
}

export function try_write_buf(ptr: number): boolean {
  return try_access_buf(ptr, true);
}

/** Can it be both read and written? */
export function try_read_write_buf(ptr: number): boolean {
  return try_read_buf(ptr) && try_write_buf(ptr);
}

/** Fills each page with a letter of its own. */
export function set_pattern(ptr: number, num_pages: number, size: number): void {
  for (let i = 0; i < num_pages; i++) memset(ptr + i * size, chr('a') + (i % 26), size);
}

/** Does memory hold what set_pattern() has put there, from page pgoff on? */
export function check_pattern_offset(ptr: number, num_pages: number, size: number, pgoff: number): boolean {
  for (let i = pgoff; i < pgoff + num_pages; i++) {
    if (!is_buf_eq(ptr + i * size, size, chr('a') + (i % 26))) return false;
  }
  return true;
}

export function check_pattern(ptr: number, num_pages: number, size: number): boolean {
  return check_pattern_offset(ptr, num_pages, size, 0);
}

/** Is it nothing but that byte? */
export function is_buf_eq(buf: number, size: number, value: number): boolean {
  return load(buf, size).every((byte) => byte === value);
}

/** Do mappings of a file of this disk merge at all? */
export function local_fs_has_sane_mmap(self: GuardRegions, backing: BackingType): boolean {
  if (backing !== LOCAL_FILE_BACKED) return true;
  const ptr = mmap_(self, backing, NULL, 10 * page_size, RW, 0, 0);
  munmap(ptr + 5 * page_size, page_size);
  mmap_(self, backing, ptr + 5 * page_size, page_size, RW, MAP_FIXED, 5 * page_size);

  const procmap = new procmap_fd();
  if (open_self_procmap(procmap) !== 0 || !find_vma_procmap(procmap, ptr)) return false;
  const { vma_start, vma_end } = procmap.query;
  close_procmap(procmap);
  return vma_start === ptr && vma_end === ptr + 10 * page_size;
}
