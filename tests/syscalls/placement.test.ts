// SPDX-License-Identifier: GPL-2.0-only
/** Where mmap() puts what is to lie anywhere: layouts, hints, guard gaps, huge pages, a file's own choice. */

import { TASK_UNMAPPED_BASE } from '../../lib/arch/x86/mmap.js';
import {
  ADDR_COMPAT_LAYOUT,
  arch_pick_mmap_layout,
  current,
  EINVAL,
  ENOMEM,
  file,
  globals,
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_SHARED,
  MMF_TOPDOWN,
  mmap,
  munmap,
  PMD_SIZE,
  RLIMIT_STACK,
  TASK_SIZE,
  thp_get_unmapped_area,
  ULONG_MAX,
} from '../../lib/index.js';
import { ANON, BASE, expectAll, mapAt, newProcessMm, openFile, P, processTest, RW } from './process.js';

const MB = 1024 * 1024;
const GB = 1024 * MB;

function anywhere(pages: number, flags = ANON, hint = 0): number {
  return mmap(hint, pages * P, RW, flags, -1, 0);
}

processTest('layout: from the top down below the stack, or up from a third', (t) => {
  const limit = current.signal.rlim[RLIMIT_STACK];
  if (limit === undefined) throw new Error('there is such a limit');
  const baseFor = (bytes: number): number => {
    limit.rlim_cur = bytes;
    return newProcessMm().mmap_base;
  };
  expectAll(t, [
    ['a small stack', baseFor(8 * MB), TASK_SIZE - 128 * MB],
    ['a large one', baseFor(GB), TASK_SIZE - GB - globals.stack_guard_gap],
    ['without limit', baseFor(ULONG_MAX), Math.ceil((TASK_SIZE - Math.floor(TASK_SIZE / 6) * 5) / P) * P],
    ['the legacy base', newProcessMm().mmap_legacy_base, TASK_UNMAPPED_BASE],
  ]);
  const mm = newProcessMm();
  t.ASSERT_TRUE(mm.flags.has(MMF_TOPDOWN));
  globals.sysctl_legacy_va_layout = true;
  arch_pick_mmap_layout(mm);
  t.ASSERT_FALSE(mm.flags.has(MMF_TOPDOWN));
  t.ASSERT_EQ(mm.mmap_base, TASK_UNMAPPED_BASE);
  globals.sysctl_legacy_va_layout = false;
  current.personality = ADDR_COMPAT_LAYOUT;
  t.ASSERT_EQ(newProcessMm().mmap_base, TASK_UNMAPPED_BASE);
});

processTest('anywhere: top down, and into the highest hole that fits', (t, mm) => {
  const top = mm.mmap_base;
  t.ASSERT_EQ(anywhere(4), top - 4 * P);
  t.ASSERT_EQ(anywhere(2), top - 6 * P);
  t.ASSERT_EQ(munmap(top - 3 * P, 2 * P), 0);
  t.ASSERT_EQ(anywhere(3), top - 9 * P);
  t.ASSERT_EQ(anywhere(2), top - 3 * P);
});

processTest('anywhere: bottom up without MMF_TOPDOWN, and where the top is full', (t, mm) => {
  mm.flags.delete(MMF_TOPDOWN);
  t.ASSERT_EQ(anywhere(2), TASK_UNMAPPED_BASE);
  t.ASSERT_EQ(anywhere(2), TASK_UNMAPPED_BASE + 2 * P);
  mm.flags.add(MMF_TOPDOWN);
  mm.mmap_base = globals.mmap_min_addr + 2 * P;
  t.ASSERT_EQ(anywhere(2), globals.mmap_min_addr);
  t.ASSERT_EQ(anywhere(2), TASK_UNMAPPED_BASE + 4 * P, 'nothing is left below');
  mm.flags.delete(MMF_TOPDOWN);
  t.ASSERT_EQ(mmap(0, TASK_SIZE - TASK_UNMAPPED_BASE, RW, ANON | 0x4000, -1, 0), -ENOMEM);
});

processTest('anywhere: a hint that is free is taken, another is none', (t, mm) => {
  t.ASSERT_EQ(anywhere(2, ANON, BASE + 5), BASE);
  t.ASSERT_EQ(anywhere(2, ANON, BASE + 2 * P), BASE + 2 * P);
  t.ASSERT_EQ(anywhere(2, ANON, BASE - P), mm.mmap_base - 2 * P, 'it reaches into one');
  t.ASSERT_EQ(anywhere(2, ANON, BASE), mm.mmap_base - 4 * P);
  t.ASSERT_EQ(anywhere(2, ANON, TASK_SIZE - P), mm.mmap_base - 6 * P, 'it would pass the end');
  t.ASSERT_EQ(anywhere(2, ANON, ULONG_MAX), mm.mmap_base - 8 * P, 'far past the end');
  mm.flags.delete(MMF_TOPDOWN);
  t.ASSERT_EQ(anywhere(2, ANON, BASE + 0x100 * P), BASE + 0x100 * P);
  t.ASSERT_EQ(anywhere(2, ANON, BASE + 0x100 * P), TASK_UNMAPPED_BASE);
});

processTest('anywhere: a stack keeps its guard gap free', (t, mm) => {
  const gap = globals.stack_guard_gap;
  mapAt(t, BASE, 1, RW, ANON | MAP_GROWSDOWN);
  t.ASSERT_EQ(anywhere(1, ANON, BASE - gap), mm.mmap_base - P, 'its last page');
  t.ASSERT_EQ(anywhere(1, ANON, BASE - gap - P), BASE - gap - P, 'below it');
});

processTest('anywhere: MAP_32BIT and MAP_ABOVE4G', (t, mm) => {
  t.ASSERT_EQ(anywhere(1, ANON | MAP_32BIT), 0x40000000);
  t.ASSERT_EQ(anywhere(1, ANON | MAP_32BIT, 0x10000000), 0x10000000, 'a hint');
  t.ASSERT_EQ(mmap(0, 0x40000000, RW, ANON | MAP_32BIT | 0x4000, -1, 0), -ENOMEM);
  mm.mmap_base = 2 ** 32 + P;
  t.ASSERT_EQ(anywhere(1, ANON | MAP_ABOVE4G), 2 ** 32);
  t.ASSERT_EQ(anywhere(1, ANON | MAP_ABOVE4G), TASK_UNMAPPED_BASE, 'no room between');
  t.ASSERT_EQ(anywhere(1), 2 ** 32 - P);
});

processTest('huge pages: anonymous memory of their size is aligned to them', (t, mm) => {
  const pages = PMD_SIZE / P;
  anywhere(1);
  const first = anywhere(pages);
  t.ASSERT_EQ(first % PMD_SIZE, 0);
  t.ASSERT_TRUE(first + PMD_SIZE <= mm.mmap_base - P);
  t.ASSERT_EQ(anywhere(pages), first - PMD_SIZE, 'no padding where none is needed');
  t.ASSERT_EQ(anywhere(pages + 1) % P, 0);
  mm.flags.delete(MMF_TOPDOWN);
  t.ASSERT_EQ(anywhere(pages) % PMD_SIZE, 0);
});

processTest('huge pages: a hint is heard before alignment (A34)', (t) => {
  const pages = PMD_SIZE / P;
  mapAt(t, 0x400000 - P, 1);
  mapAt(t, 0x600000, 1);
  t.ASSERT_EQ(anywhere(pages, ANON, 0x400000), 0x400000, 'the hole is just that large');
});

processTest('huge pages: where padding finds no room, alignment is given up', (t, mm) => {
  mm.flags.delete(MMF_TOPDOWN);
  const rest = TASK_SIZE - PMD_SIZE - P - TASK_UNMAPPED_BASE;
  mapAt(t, TASK_UNMAPPED_BASE, rest / P, RW, ANON | 0x4000);
  t.ASSERT_EQ(anywhere(PMD_SIZE / P), TASK_SIZE - PMD_SIZE - P);
});

processTest('huge pages: offset and address of a file are alike', (t) => {
  const fd = openFile(new file({ mmap: () => 0, get_unmapped_area: thp_get_unmapped_area }));
  const at = mmap(0, 2 * PMD_SIZE, RW, MAP_SHARED, fd, 3 * P);
  t.ASSERT_EQ(at % PMD_SIZE, 3 * P);
  t.ASSERT_EQ(mmap(0, P, RW, MAP_SHARED, fd, 3 * P) % P, 0, 'too short to matter');
});

processTest('huge pages: shared memory, where its mount has them', (t) => {
  const shared = MAP_SHARED | MAP_ANONYMOUS;
  anywhere(1, shared);
  t.ASSERT_NE(anywhere(PMD_SIZE / P, shared) % PMD_SIZE, 0);
  globals.shmem_huge = true;
  t.ASSERT_EQ(anywhere(PMD_SIZE / P, shared) % PMD_SIZE, 0);
  t.ASSERT_EQ(anywhere(PMD_SIZE / P, shared, BASE + P), BASE + P, 'a hint');
  t.ASSERT_NE(anywhere(8, shared) % PMD_SIZE, 0, 'too short');
  t.ASSERT_EQ(mmap(0, TASK_SIZE, RW, shared | 0x4000, -1, 0), -ENOMEM);
});

processTest('a file chooses, and its choice is looked at', (t) => {
  let answer = BASE;
  const asked: number[][] = [];
  const fd = openFile(
    new file({
      mmap: () => 0,
      get_unmapped_area: (_file, ...args) => {
        asked.push(args);
        return answer;
      },
    }),
  );
  const ask = (): number => mmap(0x123456, 2 * P, RW, MAP_SHARED, fd, 4 * P);
  t.ASSERT_EQ(ask(), BASE);
  t.tap.same(asked, [[0x123000, 2 * P, 4, MAP_SHARED]]);
  answer = BASE + 1;
  t.ASSERT_EQ(ask(), -EINVAL);
  answer = TASK_SIZE - P;
  t.ASSERT_EQ(ask(), -ENOMEM);
  answer = -EINVAL;
  t.ASSERT_EQ(ask(), -EINVAL);
  t.ASSERT_EQ(mmap(BASE, P, RW, MAP_SHARED | MAP_FIXED, fd, 0), -EINVAL, 'MAP_FIXED asks as well');
});
