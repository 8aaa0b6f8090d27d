// SPDX-License-Identifier: GPL-2.0-only
/** unmapped_area() and unmapped_area_topdown() against a search that looks at every page. */
import fc from 'fast-check';
import { test, type VmaTest } from '../../harness/index.js';
import {
  __mmap_region,
  current,
  ENOMEM,
  globals,
  MM_MT_FLAGS,
  mk_vma_flags,
  mm_struct,
  PAGE_SIZE,
  ULONG_MAX,
  unmapped_area,
  unmapped_area_topdown,
  VMA_GROWSDOWN_BIT,
  VMA_READ_BIT,
  vm_unmapped_area_info,
  vma_lookup,
} from '../../lib/index.js';
import { plainFile } from './space.js';

const BASE = 0x200000;
const PAGES = 48;

/** An address space that tracks gaps, made the current one. */
function gapTrackingSpace(): mm_struct {
  const mm = new mm_struct(MM_MT_FLAGS);
  current.mm = mm;
  return mm;
}

/** Runs body with such an address space, write-locked like the test's own, and unmaps all of it afterwards. */
function withSpace(t: VmaTest, body: (mm: mm_struct) => void): void {
  const mm = gapTrackingSpace();
  t.world.lock(mm);
  try {
    body(mm);
    t.unmapAll(mm);
  } finally {
    t.world.unlock(mm);
    current.mm = t.mm;
  }
}

function map(page: number, pages: number, bit = VMA_READ_BIT): void {
  const addr = BASE + page * PAGE_SIZE;
  // Offsets that never follow on keep neighbours apart.
  const result = __mmap_region(plainFile(), addr, pages * PAGE_SIZE, mk_vma_flags(bit), page * 1000, null);
  if (result !== addr) throw new Error(`mmap failed with ${result}`);
}

function search(length: number, topdown: boolean, init: Partial<vm_unmapped_area_info> = {}): number {
  const info = new vm_unmapped_area_info({
    length,
    low_limit: BASE,
    high_limit: BASE + PAGES * PAGE_SIZE,
    ...init,
  });
  return topdown ? unmapped_area_topdown(info) : unmapped_area(info);
}

/** First (or last) page from which `length` bytes are free, found by trying all. */
function searchByTrying(taken: readonly boolean[], pages: number, topdown: boolean): number {
  const starts = Array.from({ length: PAGES - pages + 1 }, (_, i) => (topdown ? PAGES - pages - i : i));
  const at = starts.find((start) => !taken.slice(start, start + pages).some(Boolean));
  return at === undefined ? -ENOMEM : BASE + at * PAGE_SIZE;
}

test('the lowest and the highest gap are those that trying every page finds', (t) => {
  const mapped = fc.uniqueArray(fc.integer({ min: 0, max: PAGES - 1 }), { maxLength: PAGES });
  fc.assert(
    fc.property(mapped, fc.integer({ min: 1, max: 12 }), fc.boolean(), (pages, wanted, topdown) => {
      let found = 0;
      withSpace(t, () => {
        for (const page of pages) map(page, 1);
        found = search(wanted * PAGE_SIZE, topdown);
      });
      const taken = Array.from({ length: PAGES }, (_, page) => pages.includes(page));
      return found === searchByTrying(taken, wanted, topdown);
    }),
    { numRuns: 200 },
  );
  t.tap.pass('200 random layouts');
});

/**
 * As searchByTrying(), where a stack right above the area wants its guard gap of some pages kept free. From the top, the
 * search goes on below that gap, past whatever else lies in it.
 */
function searchWithGuard(kinds: ReadonlyMap<number, boolean>, pages: number, topdown: boolean, guard: number): number {
  const taken = [...kinds.keys()];
  const starts = Array.from({ length: PAGES - pages + 1 }, (_, i) => (topdown ? PAGES - pages - i : i));
  let limit = PAGES;
  for (const start of starts) {
    const end = start + pages;
    if (end > limit || taken.some((page) => page >= start && page < end)) continue;
    const next = Math.min(...taken.filter((page) => page >= end), Infinity);
    if (kinds.get(next) !== true || next - guard >= end) return BASE + start * PAGE_SIZE;
    if (topdown) limit = next - guard;
  }
  return -ENOMEM;
}

test('with stacks of which each wants its guard gap, the search goes on from gap to gap', (t) => {
  const guard = 3;
  globals.stack_guard_gap = guard * PAGE_SIZE;
  const mapped = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.boolean()), {
    minLength: 5,
    maxLength: 24,
    selector: ([page]) => page,
  });
  fc.assert(
    fc.property(mapped, fc.integer({ min: 1, max: 6 }), fc.boolean(), (pages, wanted, topdown) => {
      let found = 0;
      withSpace(t, () => {
        for (const [page, grows] of pages) map(page, 1, grows ? VMA_GROWSDOWN_BIT : VMA_READ_BIT);
        found = search(wanted * PAGE_SIZE, topdown);
      });
      return found === searchWithGuard(new Map(pages), wanted, topdown, guard);
    }),
    { numRuns: 200 },
  );
  t.tap.pass('200 random layouts');
});

test('an area is aligned as asked', (t) => {
  withSpace(t, () => {
    map(0, 1);
    const up = search(PAGE_SIZE, false, { align_mask: 0x3fff, align_offset: 0x1000 });
    t.ASSERT_EQ(up, BASE + 0x1000);
    const down = search(PAGE_SIZE, true, { align_mask: 0x3fff, align_offset: 0x1000 });
    t.ASSERT_EQ(down & 0x3fff, 0x1000);
    t.ASSERT_EQ(down, BASE + 0x2d000);
  });
});

test('the guard gap of a stack stays free', (t) => {
  globals.stack_guard_gap = 4 * PAGE_SIZE;
  withSpace(t, () => {
    map(40, 8, VMA_GROWSDOWN_BIT);
    t.ASSERT_EQ(search(PAGE_SIZE, true), BASE + 35 * PAGE_SIZE, 'top-down ends below the gap');
    map(0, 30);
    t.ASSERT_EQ(search(8 * PAGE_SIZE, false), -ENOMEM, 'bottom-up finds no room that leaves the gap');
    t.ASSERT_EQ(search(5 * PAGE_SIZE, false), BASE + 30 * PAGE_SIZE);
  });
});

test('a gap of its own is kept below the area', (t) => {
  withSpace(t, () => {
    map(0, 4);
    t.ASSERT_EQ(search(PAGE_SIZE, false, { start_gap: PAGE_SIZE }), BASE + 5 * PAGE_SIZE);
  });
});

test('nothing below mmap_min_addr is found', (t) => {
  withSpace(t, () => {
    t.ASSERT_EQ(search(PAGE_SIZE, false, { low_limit: 0 }), globals.mmap_min_addr);
    t.ASSERT_EQ(search(PAGE_SIZE, true, { low_limit: 0, high_limit: globals.mmap_min_addr }), -ENOMEM);
  });
});

test('a length that overflows with its alignment is refused', (t) => {
  withSpace(t, () => {
    t.ASSERT_EQ(search(ULONG_MAX, false, { align_mask: 0xfff }), -ENOMEM);
    t.ASSERT_EQ(search(ULONG_MAX, true, { align_mask: 0xfff }), -ENOMEM);
  });
});

test('a VMA that ends past its range in the tree is searched around, from below and from above', (t) => {
  withSpace(t, (mm) => {
    map(0, 2);
    map(10, 38);
    const vma = vma_lookup(mm, BASE);
    if (vma === null) throw new Error('nothing is mapped');
    const { vm_end } = vma;
    vma.vm_end += 3 * PAGE_SIZE;
    t.ASSERT_EQ(search(2 * PAGE_SIZE, false), BASE + 5 * PAGE_SIZE);
    t.ASSERT_EQ(search(5 * PAGE_SIZE, true), BASE + 5 * PAGE_SIZE, 'the highest lies above it');
    t.ASSERT_EQ(search(6 * PAGE_SIZE, true), -ENOMEM, 'and there is none below it');
    vma.vm_end = vm_end;
    t.ASSERT_EQ(search(2 * PAGE_SIZE, false), BASE + 2 * PAGE_SIZE);
    t.ASSERT_EQ(search(6 * PAGE_SIZE, true), BASE + 4 * PAGE_SIZE);
  });
});
