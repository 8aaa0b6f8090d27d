// SPDX-License-Identifier: GPL-2.0-only
/** What could have been done, and what a fork tells others: each is left out, and the complaint comes. */
import { test } from '../../harness/index.js';
import { mmap, mprotect } from '../../lib/doors/calls.js';
import {
  current,
  dup_mmap,
  globals,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MM_MT_FLAGS,
  mm_struct,
  PAGE_SIZE,
  PROT_READ,
  VMA_GROWSDOWN_BIT,
} from '../../lib/index.js';
import { vma_set_anon_pgoff } from '../../lib/mm/inlines/pgoff.js';
import { mm_alloc_pgd } from '../../lib/mm/page_tables.js';
import { LEN, type Space, START } from './broken.js';
import { driver, MIDDLE, OTHER, runCases, split } from './cases.js';

/** A system call, which takes the lock itself. */
function call(space: Space, make: () => number): number {
  space.world.locks.mmapWriteUnlock(space.mm);
  const result = make();
  space.world.locks.mmapWriteLock(space.mm);
  return result;
}

test('what could have been done', (t) => {
  runCases(t, [
    [
      'two that could be one',
      (space) => {
        space.map();
        call(space, () => mprotect(START, LEN / 2, PROT_READ));
        call(space, () => mprotect(MIDDLE, LEN / 2, PROT_READ));
      },
      (own) => {
        own.is_mergeable_vm_userfaultfd_ctx = () => false;
      },
      /^merge: VMA 0x10000-0x14000 and VMA 0x14000-0x18000 could be one; after mprotect\(\)/,
    ],
    [
      'a place that is free',
      (space) => {
        space.map(OTHER, LEN, null, [VMA_GROWSDOWN_BIT]);
        globals.stack_guard_gap = LEN;
        space.mm.mmap_base = 16 * OTHER;
        call(space, () => mmap(OTHER - PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      },
      (own) => {
        own.security_mmap_addr = () => {
          globals.stack_guard_gap = 0;
          return 0;
        };
      },
      /^place: 0x3f000 was asked for and is free, and the mapping went to 0x[0-9a-f]+; after mmap\(\)/,
    ],
    [
      'an offset that does not follow the address',
      (space) => {
        mm_alloc_pgd(space.mm);
        const other = space.map(OTHER);
        const may_split = (): number => {
          vma_set_anon_pgoff(other, 7);
          return 0;
        };
        space.map(START, LEN, driver({ may_split }));
        split(space);
      },
      null,
      /^offsets: vm_area_struct 0x40000-0x48000 has no anon_vma, and its anonymous pages are not counted from its address/,
    ],
  ]);
});

/** A fork that fails where userfaultfd is asked, or for what a stub was made to answer. */
function failingFork(space: Space): void {
  const child = new mm_struct(MM_MT_FLAGS);
  space.map();
  space.world.faults.fail('dup_userfaultfd');
  call(space, () => dup_mmap(child, space.mm));
  space.world.faults.clear();
  current.mm = space.mm;
  space.world.freeMm(child);
}

test('what a fork tells others', (t) => {
  runCases(t, [
    [
      'userfaultfd, nothing',
      failingFork,
      (own) => {
        own.dup_userfaultfd_fail = () => {};
      },
      /^userfaultfd: it was asked about a fork, and not told how that ended; after dup_mmap\(\)/,
    ],
    [
      'userfaultfd, that it went well',
      failingFork,
      (own) => {
        own.dup_userfaultfd_fail = own.dup_userfaultfd_complete;
      },
      /^userfaultfd: it was told of a fork that failed/,
    ],
    [
      'KSM, of what failed later',
      failingFork,
      (own) => {
        const { dup_userfaultfd_fail, ksm_fork } = own;
        own.dup_userfaultfd_fail = (uf) => {
          ksm_fork(new mm_struct(), new mm_struct());
          dup_userfaultfd_fail(uf);
        };
      },
      /^fork: ksm_fork\(\) was called for a child that came to nothing/,
    ],
    [
      'khugepaged, the same',
      failingFork,
      (own) => {
        const { dup_userfaultfd_fail, khugepaged_fork } = own;
        own.dup_userfaultfd_fail = (uf) => {
          khugepaged_fork(new mm_struct(), new mm_struct());
          dup_userfaultfd_fail(uf);
        };
      },
      /^fork: khugepaged_fork\(\) was called for a child that came to nothing/,
    ],
  ]);
});
