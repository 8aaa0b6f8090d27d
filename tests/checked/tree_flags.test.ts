// SPDX-License-Identifier: GPL-2.0-only
/** Trees of a test's address spaces are the kernel's where they can be, and upstream's where a test is upstream's. */
import { test as upstreamTest } from '../../harness/c.js';
import {
  alloc_and_link_vma,
  cleanup_mm,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PROT_READ,
  PROT_WRITE,
  test,
  type VmaTest,
} from '../../harness/index.js';
import {
  current,
  MM_MT_FLAGS,
  MT_FLAGS_ALLOC_RANGE,
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_USE_RCU,
  mk_vma_flags,
  PAGE_SIZE,
  stubs,
  VMA_ITERATOR,
  VMA_READ_BIT,
  vm_area_free,
  vma_iter_clear,
  vma_mark_detached,
  vma_next,
} from '../../lib/index.js';

const FLAGS = mk_vma_flags(VMA_READ_BIT);

/** Takes the first of two VMAs off the tree, as simple_modify does, without having asked for nodes. */
function storeUnasked({ mm }: VmaTest): void {
  const [vma] = [0x1000, 0x2000].map((at) => alloc_and_link_vma(mm, at, at + 0x1000, at / PAGE_SIZE, FLAGS));
  if (vma === undefined) return;
  const vmi = VMA_ITERATOR(mm, 0x1000);
  vma_next(vmi);
  vma_iter_clear(vmi);
  vma_mark_detached(vma);
  vm_area_free(vma);
}

test('the checked world: the kernel’s flags, so that each store needs nodes', { stubs: 'checked' }, (t) => {
  t.ASSERT_EQ(MM_MT_FLAGS, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU);
  t.ASSERT_EQ(t.mm.mm_mt.ma_flags, MM_MT_FLAGS);
  t.ASSERT_EQ(t.newMm().mm_mt.ma_flags, MM_MT_FLAGS);
  t.throws(() => storeUnasked(t), /mas_store_prealloc: 1 nodes needed, 0 reserved/);
  cleanup_mm(t.mm, VMA_ITERATOR(t.mm, 0));
  t.subtest('within it', (inner) => inner.ASSERT_EQ(inner.mm.mm_mt.ma_flags, MM_MT_FLAGS), { stubs: 'checked' });
});

test('a process and its child: the kernel’s flags', { stubs: 'checked' }, (t) => {
  const parent = t.process();
  t.ASSERT_EQ(parent.mm.mm_mt.ma_flags, MM_MT_FLAGS);
  t.ASSERT_EQ(parent.fork().mm.mm_mt.ma_flags, MM_MT_FLAGS);
});

test('an address space that nobody else sees is changed in place: a child in the making, one that is over', {
  stubs: 'checked',
}, (t) => {
  const parent = t.process();
  parent.mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const seen: number[] = [];
  const { copy_page_range, free_pgtables } = stubs;
  stubs.copy_page_range = (dst, src) => {
    seen.push(dst.vm_mm?.mm_mt.ma_flags ?? -1, src.vm_mm?.mm_mt.ma_flags ?? -1);
    return copy_page_range(dst, src);
  };
  const child = parent.fork();
  stubs.free_pgtables = (tlb, unmap) => {
    seen.push(unmap.first.vm_mm?.mm_mt.ma_flags ?? -1);
    free_pgtables(tlb, unmap);
  };
  child.exit();
  t.equal(seen, [MM_MT_FLAGS & ~MT_FLAGS_USE_RCU, MM_MT_FLAGS, MM_MT_FLAGS & ~MT_FLAGS_USE_RCU]);
});

test('the upstream stubs: no flags, as the harness', { stubs: 'upstream' }, (t) => {
  t.ASSERT_EQ(t.mm.mm_mt.ma_flags, 0);
  t.ASSERT_EQ(t.newMm().mm_mt.ma_flags, 0);
  storeUnasked(t);
  t.ASSERT_EQ(t.mm.map_count, 2, 'the tree is what was changed');
  cleanup_mm(t.mm, VMA_ITERATOR(t.mm, 0));
});

test('flags that a test asks for, its sub-cases too', { treeFlags: MT_FLAGS_ALLOC_RANGE }, (t) => {
  t.ASSERT_EQ(t.mm.mm_mt.ma_flags, MT_FLAGS_ALLOC_RANGE);
  t.subtest('theirs', (inner) => inner.ASSERT_EQ(inner.mm.mm_mt.ma_flags, MT_FLAGS_ALLOC_RANGE));
  t.subtest('others', (inner) => inner.ASSERT_EQ(inner.newMm().mm_mt.ma_flags, 0), { treeFlags: 0 });
});

upstreamTest('a test of upstream’s: no flags, on either stubs', (t) => {
  t.ASSERT_EQ(t.mm.mm_mt.ma_flags, 0);
  t.ASSERT_EQ(current.mm, t.mm);
  storeUnasked(t);
  cleanup_mm(t.mm, VMA_ITERATOR(t.mm, 0));
});
