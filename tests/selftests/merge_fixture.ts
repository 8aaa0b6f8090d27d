// SPDX-License-Identifier: GPL-2.0-or-later
/** What the tests of merge.c begin with: room of 30 pages to map into, and PROCMAP_QUERY. */
import {
  ASSERT_EQ,
  ASSERT_NE,
  ASSERT_TRUE,
  close_procmap,
  FIXTURE,
  FIXTURE_SETUP,
  FIXTURE_TEARDOWN,
  FIXTURE_VARIANT,
  FIXTURE_VARIANT_ADD,
  find_vma_procmap,
  fork,
  MAP_ANON,
  MAP_FAILED,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  mmap,
  munmap,
  NULL,
  open_self_procmap,
  PR_SET_MEMORY_MERGE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  prctl,
  procmap_fd,
  psize,
  wait,
} from '../../harness/selftest/index.js';

export const RW = PROT_READ | PROT_WRITE;
export const ANON = MAP_ANON | MAP_PRIVATE;
export const MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

function map_carveout(page_size: number): number {
  return mmap(NULL, 30 * page_size, PROT_NONE, ANON, -1, 0);
}

/** A child, as which the test goes on, or its number, once it has ended. */
export function do_fork(procmap: procmap_fd): number {
  const pid = fork();
  if (pid === -1) return -1;
  if (pid !== 0) {
    wait();
    return pid;
  }
  // The child is to be asked of itself.
  if (close_procmap(procmap) !== 0) return -1;
  return open_self_procmap(procmap) === 0 ? 0 : -1;
}

/** One mapping has all of the range, and nothing else. */
export function ASSERT_SPAN(procmap: procmap_fd, start: number, size: number): void {
  ASSERT_TRUE(find_vma_procmap(procmap, start));
  ASSERT_EQ(procmap.query.vma_start, start);
  ASSERT_EQ(procmap.query.vma_end, start + size);
}

interface Carveout {
  page_size: number;
  carveout: number;
  procmap: procmap_fd;
}

function fields(): Carveout {
  return { page_size: 0, carveout: 0, procmap: new procmap_fd() };
}

function set_up(self: Carveout): void {
  self.page_size = psize();
  self.carveout = map_carveout(self.page_size);
  ASSERT_NE(self.carveout, MAP_FAILED);
  ASSERT_EQ(open_self_procmap(self.procmap), 0);
}

export const merge = FIXTURE('merge', fields);

FIXTURE_SETUP(merge, set_up);

FIXTURE_TEARDOWN(merge, (self) => {
  ASSERT_EQ(munmap(self.carveout, 30 * self.page_size), 0);
  close_procmap(self.procmap);
  // A test may have set it; where there is no KSM this fails.
  prctl(PR_SET_MEMORY_MERGE, 0);
});

export const merge_with_fork = FIXTURE('merge_with_fork', fields, FIXTURE_VARIANT<{ forked: boolean }>());

FIXTURE_VARIANT_ADD(merge_with_fork, 'forked', { forked: true });
FIXTURE_VARIANT_ADD(merge_with_fork, 'unforked', { forked: false });

FIXTURE_SETUP(merge_with_fork, set_up);

FIXTURE_TEARDOWN(merge_with_fork, (self) => {
  ASSERT_EQ(munmap(self.carveout, 30 * self.page_size), 0);
  ASSERT_EQ(close_procmap(self.procmap), 0);
  prctl(PR_SET_MEMORY_MERGE, 0);
});
