// SPDX-License-Identifier: GPL-2.0-only
/** mseal(): each errno, and what a sealed mapping still allows. */
import {
  current,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MMAP_PAGE_ZERO,
  mlock,
  mmap,
  mprotect,
  mseal,
  munmap,
  PROT_READ,
  ULONG_MAX,
} from '../../lib/index.js';
import { mseal_mmap_page_zero } from '../../lib/mm/mseal.js';
import { ANON, BASE, expectAll, mapAt, maps, P, processTest, RW } from './process.js';

processTest('mseal: arguments that cannot be', (t) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 3 * P, 1);
  expectAll(t, [
    ['flags', mseal(BASE, P, 1), -EINVAL],
    ['not of a page', mseal(BASE + 1, P, 0), -EINVAL],
    ['no length, nowhere', mseal(0, 0, 0), 0],
    ['rounded up to 0', mseal(BASE, ULONG_MAX, 0), -EINVAL],
    ['past ULONG_MAX', mseal(ULONG_MAX - P + 1, 2 * P, 0), -EINVAL],
    ['a hole', mseal(BASE, 4 * P, 0), -ENOMEM],
    ['from a hole', mseal(BASE + 2 * P, 2 * P, 0), -ENOMEM],
    ['past the last', mseal(BASE + 3 * P, P + 1, 0), -ENOMEM],
  ]);
  t.world.checkedWorld?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(mseal(BASE, P, 0), -EINTR);
});

processTest('mseal: splits, merges, and stays', (t, mm) => {
  mapAt(t, BASE, 6);
  t.ASSERT_EQ(mseal(BASE + P, P + 1, 0), 0);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 100073,200000001000-200000003000 40000100073,200000003000-200000006000 100073',
  );
  t.ASSERT_EQ(mseal(BASE + 2 * P, 2 * P, 0), 0);
  t.ASSERT_EQ(maps(mm)[1], '200000001000-200000004000 40000100073');
  expectAll(t, [
    ['unmapped', munmap(BASE + P, P), -EPERM],
    ['unmapped with what is before', munmap(BASE, 2 * P), -EPERM],
    ['mapped over', mmap(BASE + P, P, RW, ANON | MAP_FIXED, -1, 0), -EPERM],
    ['protected', mprotect(BASE + P, P, PROT_READ), -EPERM],
    ['locked', mlock(BASE + P, P), 0],
    ['sealed again', mseal(BASE, 6 * P, 0), 0],
  ]);
  t.ASSERT_EQ(
    maps(mm).join(),
    '200000000000-200000001000 40000100073,200000001000-200000002000 40000102073,200000002000-200000006000 40000100073',
  );
});

processTest('mseal: memory that cannot be had', (t, mm) => {
  mapAt(t, BASE, 4);
  t.world.checkedWorld?.faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(mseal(BASE + P, P, 0), -ENOMEM);
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000004000 100073');
});

processTest('mseal: the page at 0 of an old personality', (t, mm) => {
  t.expectWarning('mseal_mmap_page_zero');
  mseal_mmap_page_zero();
  current.personality = MMAP_PAGE_ZERO;
  mseal_mmap_page_zero();
  t.ASSERT_EQ(maps(mm).length, 0, 'it is not mapped: only the log says so');
  t.ASSERT_EQ(mmap(0, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), 0);
  mseal_mmap_page_zero();
  t.ASSERT_EQ(maps(mm).join(), '0-1000 40000000071');
});
