// SPDX-License-Identifier: GPL-2.0-only
/** copy_vma(): what stays the source, what the source may merge with, and what mremap() is told of it. */
import { test, type VmaTest } from '../../harness/index.js';
import { copy_vma, type file, PAGE_SIZE, Ref, stubs, type vm_area_struct } from '../../lib/index.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { mapRange, plainFile, vmaAt } from './space.js';

const SOURCE = 0x20000;

interface Copied {
  /** Where the copy is; null for none. */
  at: vm_area_struct | null;
  /** What is the source by then. */
  source: vm_area_struct;
  locks: boolean;
}

/** Copies two pages of the VMA at SOURCE, and counts them. */
function copyTo(t: VmaTest, to: number, pgoff: number, keep_source = false): Copied {
  const vmap = new Ref(vmaAt(t, SOURCE));
  const locks = new Ref(false);
  const at = copy_vma(vmap, to, 2 * PAGE_SIZE, pgoff, pgoff, locks, keep_source);
  if (at !== null) accountPages(t.mm, at.flags, 2);
  return { at, source: vmap.value, locks: locks.value };
}

/** Two pages of it. */
function mapTwo(t: VmaTest, start: number, f: file | null = null, pgoff = start / PAGE_SIZE): vm_area_struct {
  return mapRange(t, start, start + 2 * PAGE_SIZE, { file: f, pgoff });
}

test('a source that is kept does not take in its own copy', (t) => {
  for (const [what, to, layout] of [
    ['below', SOURCE - 2 * PAGE_SIZE, '0x1e000-0x20000 pgoff=0x1e\n0x20000-0x22000 pgoff=0x20'],
    ['above', SOURCE + 2 * PAGE_SIZE, '0x20000-0x22000 pgoff=0x20\n0x22000-0x24000 pgoff=0x22'],
  ] as const) {
    t.subtest(what, (t) => {
      const vma = mapTwo(t, SOURCE);
      const { at, source } = copyTo(t, to, SOURCE / PAGE_SIZE, true);
      t.ASSERT_EQ(source, vma);
      t.ASSERT_NE(at, vma);
      t.ASSERT_LAYOUT(layout);
      t.unmapAll();
    });
  }
});

test('a copy that another VMA takes in, up to the start of the source, leaves the source what it is', (t) => {
  const below = mapTwo(t, SOURCE - 4 * PAGE_SIZE);
  const vma = mapTwo(t, SOURCE);
  const { at, source } = copyTo(t, SOURCE - 2 * PAGE_SIZE, SOURCE / PAGE_SIZE, true);
  t.ASSERT_EQ(at, below);
  t.ASSERT_EQ(source, vma);
  t.ASSERT_LAYOUT('0x1c000-0x20000\n0x20000-0x22000');
  t.unmapAll();
});

test('pages of a file may follow on their own source, kept or not: their offsets are the file’s', (t) => {
  for (const keep of [false, true]) {
    t.subtest(keep ? 'kept' : 'not kept', (t) => {
      const vma = mapTwo(t, SOURCE, plainFile(), 5);
      const { at, source } = copyTo(t, SOURCE + 2 * PAGE_SIZE, 7, keep);
      t.ASSERT_EQ(at, vma);
      t.ASSERT_EQ(source, vma);
      t.ASSERT_LAYOUT('0x20000-0x24000 pgoff=0x5 file');
      t.unmapAll();
    });
  }
});

test('pages of a file that meet their own source from both sides are a warning', (t) => {
  const f = plainFile();
  const below = mapTwo(t, SOURCE - 4 * PAGE_SIZE, f, 1);
  mapTwo(t, SOURCE, f, 5);
  t.expectWarning('copy_vma', 'merged with its own copy');
  const { at, source } = copyTo(t, SOURCE - 2 * PAGE_SIZE, 3);
  t.ASSERT_EQ(at, below);
  t.ASSERT_EQ(source, below, 'the source is gone');
  t.ASSERT_LAYOUT('0x1c000-0x22000 pgoff=0x1 file');
  t.unmapAll();
});

test('the reverse map is locked for the move where the copy may come before the source in it', (t) => {
  const f = plainFile();
  const cases: readonly (readonly [what: string, beside: number, to: number, locks: boolean])[] = [
    ['the same first page: the copy grew downwards', 7, -2, true],
    ['an earlier first page', 3, 2, true],
    ['a copy of its own', 100, -2, false],
  ];
  for (const [what, pgoff, side, wanted] of cases) {
    t.subtest(what, (t) => {
      mapTwo(t, SOURCE, f, 5);
      mapTwo(t, 2 * SOURCE, f, pgoff);
      const { at, locks } = copyTo(t, 2 * SOURCE + side * PAGE_SIZE, 5);
      t.ASSERT_NE(at, null);
      t.ASSERT_EQ(locks, wanted);
      t.unmapAll();
    });
  }
});

test('a destination that is taken is refused', (t) => {
  mapTwo(t, SOURCE);
  mapTwo(t, 2 * SOURCE);
  t.ASSERT_EQ(copyTo(t, 2 * SOURCE - PAGE_SIZE, SOURCE / PAGE_SIZE).at, null);
  const { at } = copyTo(t, 2 * SOURCE - 2 * PAGE_SIZE, SOURCE / PAGE_SIZE);
  t.ASSERT_EQ(at, vmaAt(t, 2 * SOURCE), 'but up to it there is room');
  t.unmapAll();
});

test('the copy is opened, and closed again where it cannot be linked', { stubs: 'checked' }, (t) => {
  const calls: [string, number][] = [];
  const note = (what: string) => (vma: vm_area_struct) => void calls.push([what, vma.vm_start]);
  const f = plainFile();
  const vma = mapTwo(t, SOURCE, f, 5);
  vma.vm_ops = { open: note('open'), close: note('close') };
  const { faults } = t.world.checked;
  faults.fail('vma_iter_prealloc');
  t.ASSERT_EQ(copyTo(t, 2 * SOURCE, 5).at, null);
  t.equal(calls, [
    ['open', 2 * SOURCE],
    ['close', 2 * SOURCE],
  ]);
  t.ASSERT_EQ(f.f_ref, 2);
  const put = t.sandbox.spy(stubs, 'fput');
  t.unmapAll();
  t.ASSERT_TRUE(put.calledOnceWithExactly(f));
});
