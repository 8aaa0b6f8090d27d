// SPDX-License-Identifier: GPL-2.0-only
/** What an operation was not asked for, and what holds whatever it does: each is broken, and the complaint comes. */
import { tablesOfOthers } from '../../harness/checked/borders.js';
import { unknownError } from '../../harness/checked/promises.js';
import { test } from '../../harness/index.js';
import { unmap_desc } from '../../include/vma.js';
import {
  anon_vma_name,
  current,
  do_munmap,
  dup_mmap,
  EOPNOTSUPP,
  expand_downwards,
  globals,
  list_head,
  MM_MT_FLAGS,
  mk_vma_flags,
  mm_struct,
  mmap_region,
  mtree_destroy,
  PAGE_SIZE,
  type Stubs,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_READ_BIT,
  VMA_SEALED_BIT,
  VMA_WIPEONFORK_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';
import * as munmap from '../../lib/mm/mmap/munmap.js';
import { mm_alloc_pgd } from '../../lib/mm/page_tables.js';
import * as region from '../../lib/mm/vma/mmap_region.js';
import { LEN, type Space, START } from './broken.js';
import { type Case, driver, OTHER, PROTECTED, runCases, split } from './cases.js';

/** A split of one VMA, in whose hook something happens to another. */
function whileSplitting(act: (other: vm_area_struct, space: Space) => void): (space: Space) => void {
  return (space) => {
    const other = space.map(OTHER);
    const may_split = (): number => {
      act(other, space);
      return 0;
    };
    space.map(START, LEN, driver({ may_split }));
    split(space);
  };
}

test('what an operation was not asked for', (t) => {
  runCases(t, [
    [
      'flags',
      (space) => {
        space.map(START, LEN);
        fork(space);
      },
      (own) => {
        const { copy_page_range } = own;
        own.copy_page_range = (copy, source) => {
          source.flags.w0 ^= 1;
          copy.flags.w0 ^= 1;
          return copy_page_range(copy, source);
        };
      },
      /^outside: 0x10000-0x18000 has another flags, which it was not asked for; after dup_mmap\(\)/,
    ],
    [
      'a name',
      (space) => {
        space.map(START, LEN);
        fork(space);
      },
      (own) => {
        const { copy_page_range, replace_anon_vma_name } = own;
        own.copy_page_range = (copy, source) => {
          replace_anon_vma_name(source, new anon_vma_name('x'));
          return copy_page_range(copy, source);
        };
      },
      /^outside: 0x10000-0x18000 has another name, /,
    ],
    [
      'a page offset',
      whileSplitting((other) => (other.vm_pgoff += 1)),
      null,
      /^outside: 0x40000-0x48000 has another page offset, /,
    ],
    [
      'memory that goes',
      whileSplitting((_, { mm }) => munmap.do_munmap(mm, OTHER, PAGE_SIZE, null)),
      null,
      /^outside: 0x40000-0x41000 is not mapped any more, /,
    ],
    [
      'memory that comes',
      whileSplitting(() => region.__mmap_region(null, 2 * OTHER, PAGE_SIZE, PROTECTED, (2 * OTHER) / PAGE_SIZE, null)),
      null,
      /^outside: 0x80000-0x81000 is mapped now, /,
    ],
  ]);
});

test('sealed memory, limits, stacks', (t) => {
  const noMemory = (stubs: Stubs): void => {
    stubs.rlimit = () => 0;
    stubs.capable = () => false;
    stubs.vma_supports_mlock = () => true;
  };
  runCases(t, [
    [
      'seals',
      (space) => {
        const other = space.map(OTHER);
        other.flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_SEALED_BIT);
        const may_split = (): number => {
          other.flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
          return 0;
        };
        space.map(START, LEN, driver({ may_split }));
        split(space);
      },
      null,
      /^sealed: VMA 0x40000-0x48000 was sealed, and is not what it was; after split_vma\(\)/,
    ],
    [
      'an error',
      (space) => {
        space.map();
        do_munmap(space.mm, START, LEN, new list_head());
      },
      (own) => {
        own.userfaultfd_unmap_prep = () => -524;
      },
      /^errno: do_munmap\(\) answers -524, which no program knows; after do_munmap\(\)/,
    ],
    ['the address space', (space) => space.map(), noMemory, /^limits: 8 pages are mapped, where RLIMIT_AS allows 0;/],
    [
      'locked memory',
      (space) => space.map(START, LEN, null, [VMA_LOCKED_BIT]),
      noMemory,
      /^limits: 8 pages are locked, where RLIMIT_MEMLOCK allows 0;/,
    ],
    [
      'a stack',
      (space) => {
        space.map(START, PAGE_SIZE);
        const stack = space.map(OTHER, LEN, null, [VMA_GROWSDOWN_BIT]);
        globals.stack_guard_gap = 0;
        expand_downwards(stack, OTHER - PAGE_SIZE);
      },
      (own) => {
        const { anon_vma_prepare } = own;
        own.anon_vma_prepare = (vma) => {
          globals.stack_guard_gap = OTHER;
          return anon_vma_prepare(vma);
        };
      },
      /^limits: the stack at 0x3f000 is 0x2e000 bytes away from VMA 0x10000-0x11000; after expand_downwards\(\)/,
    ],
  ]);
  t.equal(unknownError('mmap', -524), ['errno: mmap() answers -524, which no program knows']);
  t.equal(
    [-EOPNOTSUPP, -513, 524, -4096].flatMap((result) => unknownError('mmap', result)),
    [],
  );
});

/** A fork, and the end of the child. */
function fork(space: Space): void {
  const child = new mm_struct(MM_MT_FLAGS);
  if (space.mm.pgd !== null) mm_alloc_pgd(child);
  space.world.locks.mmapWriteUnlock(space.mm);
  if (dup_mmap(child, space.mm) !== 0) throw new Error('dup_mmap failed');
  space.world.locks.mmapWriteLock(space.mm);
  space.world.locks.mmapWriteLock(child);
  current.mm = child;
  munmap.do_munmap(child, 0, 2 * OTHER, null);
  mtree_destroy(child.mm_mt);
  space.world.locks.mmapWriteUnlock(child);
  current.mm = space.mm;
  space.world.freeMm(child);
}

/** Maps, writes to and forks an address space with page tables. */
function forkPages(space: Space, ...more: readonly number[]): void {
  mm_alloc_pgd(space.mm);
  space.world.fault(space.map(START, LEN, null, more));
  fork(space);
}

test('the child of a fork', (t) => {
  const changed = (what: string, change: (copy: vm_area_struct) => void, wanted: RegExp): Case => [
    what,
    (space) => {
      space.map();
      fork(space);
    },
    (own) => {
      const { dup_userfaultfd } = own;
      own.dup_userfaultfd = (vma, uf) => {
        change(vma);
        return dup_userfaultfd(vma, uf);
      };
    },
    wanted,
  ];
  runCases(t, [
    changed('flags', (vma) => (vma.flags.w0 ^= 1), /^fork: VMA 0x10000-0x18000 has another flags than VMA 0x10000/),
    changed('an offset', (vma) => (vma.vm_pgoff += 1), /^fork: VMA 0x10000-0x18000 has another page offset than/),
    [
      'a VMA that is not there',
      (space) => {
        space.map();
        fork(space);
      },
      (own) => {
        own.khugepaged_fork = (mm) => {
          const { mm: parent } = current;
          current.mm = mm;
          munmap.do_munmap(mm, START, LEN, null);
          current.mm = parent;
        };
      },
      /^fork: the child has 0 VMAs, where 1 were to be/,
    ],
    [
      'pages that are not there',
      (space) => forkPages(space),
      (own) => {
        own.copy_page_range = () => 0;
      },
      /^fork: the child has not what the parent has at 0x10000/,
    ],
    [
      'pages that should not be there',
      (space) => forkPages(space, VMA_WIPEONFORK_BIT),
      (own) => {
        own.khugepaged_fork = (mm, oldmm) => {
          for (const [addr, pte] of oldmm.pgd ?? []) mm.pgd?.set(addr, pte);
        };
      },
      /^fork: VMA 0x10000-0x18000 has pages of the parent's, which were to be wiped/,
    ],
  ]);
});

test('page tables of others', (t) => {
  runCases(t, [
    [
      'a border past the neighbour',
      (space) => {
        space.map(OTHER);
        space.map();
        space.unmap(START, LEN);
      },
      (own) => {
        const { unmap_vmas } = own;
        own.unmap_vmas = (tlb, unmap) => {
          unmap.pg_end = 0;
          unmap_vmas(tlb, unmap);
        };
      },
      /^page tables: those of vm_area_struct 0x40000-0x48000 lie between 0x0 and 0x1fffffffffffff, and go; at /,
    ],
  ]);
  const flags = mk_vma_flags(VMA_READ_BIT);
  t.ASSERT_EQ(mmap_region(null, START, LEN, flags, START / PAGE_SIZE, null), START);
  t.ASSERT_EQ(mmap_region(null, OTHER, LEN, flags, OTHER / PAGE_SIZE, null), OTHER);
  const first = vma_lookup(t.mm, START);
  if (first === null) throw new Error('nothing is mapped');
  const unmap = new unmap_desc(VMA_ITERATOR(t.mm, START).mas, first);
  Object.assign(unmap, { vma_start: START, vma_end: START + LEN, pg_start: 0, pg_end: OTHER });
  t.equal(tablesOfOthers(unmap), []);
  unmap.pg_end++;
  const [found] = tablesOfOthers(unmap);
  t.ASSERT_TRUE(
    /^page tables: those of .*0x40000-0x48000 lie between 0x0 and 0x40001, and go$/.test(found ?? ''),
    found,
  );
  t.unmapAll();
});
