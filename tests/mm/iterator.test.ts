// SPDX-License-Identifier: GPL-2.0-only
/** The VMA iterator: where it stands, how far it looks, what a store does where it stands elsewhere, want of memory. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  ENOMEM,
  GFP_KERNEL,
  globals,
  maple_slab,
  mm_struct,
  range_in_vma,
  stubs,
  VMA_ITERATOR,
  VMA_READ_BIT,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vma_find,
  vma_is_attached,
  vma_iter_init,
  vma_iter_load,
  vma_iter_prev_range_limit,
  vma_iter_store_gfp,
  vma_iter_store_overwrite,
  vma_mark_detached,
  vma_next,
  vma_state_init,
} from '../../lib/index.js';
import { vma_iter_bulk_store } from '../../lib/mm/inlines/iterator.js';
import { mapRange } from './space.js';

/** A VMA of [start, end) that is in no tree. */
function detachedVma(t: VmaTest, start: number, end: number): vm_area_struct {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('no memory');
  vma.vm_start = start;
  vma.vm_end = end;
  return vma;
}

test('an iterator is begun anew on an address space, wherever it stood', (t) => {
  const [low, high] = [mapRange(t, 0x10000, 0x12000), mapRange(t, 0x20000, 0x22000)];
  const vmi = VMA_ITERATOR(new mm_struct(), 0x20000);
  t.ASSERT_EQ(vma_next(vmi), null, 'nothing is in the other one');
  vma_iter_init(vmi, t.mm, 0x12000);
  t.ASSERT_EQ(vma_next(vmi), high);
  vma_iter_init(vmi, t.mm, 0);
  t.ASSERT_EQ(vma_next(vmi), low);
  t.unmapAll();
});

test('how far it looks: below a limit that is not its own, where 0 is past the highest address', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  t.ASSERT_EQ(vma_find(VMA_ITERATOR(t.mm, 0), 0x10000), null);
  t.ASSERT_EQ(vma_find(VMA_ITERATOR(t.mm, 0), 0x10001), vma);
  t.ASSERT_EQ(vma_find(VMA_ITERATOR(t.mm, 0), 0), vma);
  t.unmapAll();
});

test('the range before may be a gap, and none below the limit', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  const vmi = VMA_ITERATOR(t.mm, 0x14000);
  t.ASSERT_EQ(vma_iter_load(vmi), null);
  t.ASSERT_EQ(vma_iter_prev_range_limit(vmi, 0x11000), vma);
  t.ASSERT_EQ(vma_iter_prev_range_limit(vmi, 0x10000), null, 'what is below ends below the limit');
  t.ASSERT_EQ(vma_iter_load(vmi), vma, 'so that it stays');
  t.unmapAll();
});

test('a store at another place than the iterator stands at goes to the place of the VMA', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x40000, 0x42000, { bits: [VMA_READ_BIT] });
  const vmi = VMA_ITERATOR(t.mm, 0x11000);
  vma_iter_load(vmi);
  const added = detachedVma(t, 0x20000, 0x22000);
  stubs.vma_start_write(added);
  t.ASSERT_EQ(vma_iter_store_gfp(vmi, added, GFP_KERNEL), 0);
  t.ASSERT_TRUE(vma_is_attached(added));
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x20000-0x22000
    0x40000-0x42000`);
  t.mm.map_count++;
  t.mm.total_vm += 2;
  t.unmapAll();
});

test('a store that begins before its range is told of, where the kernel is built to look', {
  stubs: 'upstream',
}, (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  const warn = t.sandbox.stub(stubs, 'warn');
  globals.debug_vm_maple_tree = true;
  vma_iter_store_overwrite(VMA_ITERATOR(t.mm, 0x11000), vma);
  t.ASSERT_EQ(warn.callCount, 0, 'it stands nowhere yet');
  const vmi = VMA_ITERATOR(t.mm, 0x14000);
  vma_iter_load(vmi);
  vma_iter_store_overwrite(vmi, vma);
  t.ASSERT_TRUE(
    warn.calledOnceWithExactly(
      'vma_iter_store_overwrite',
      'VMA 0x10000-0x12000 stored into slot 0x12000-0x1fffffffffffff',
    ),
  );
  t.ASSERT_LAYOUT('0x10000-0x12000');
  t.unmapAll();
});

test('no memory: the VMA stays outside', (t) => {
  const vma = detachedVma(t, 0x20000, 0x22000);
  t.sandbox.stub(maple_slab, 'alloc').returns(false);
  t.ASSERT_EQ(vma_iter_store_gfp(VMA_ITERATOR(t.mm, 0x20000), vma, GFP_KERNEL), -ENOMEM);
  t.ASSERT_EQ(vma_iter_bulk_store(VMA_ITERATOR(t.mm, 0x20000), vma), -ENOMEM);
  t.ASSERT_FALSE(vma_is_attached(vma));
  t.sandbox.restore();
  t.ASSERT_LAYOUT('');
  vm_area_free(vma);
});

test('a range lies in a VMA, or not', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  t.ASSERT_TRUE(range_in_vma(vma, 0x10000, 0x12000));
  t.ASSERT_TRUE(range_in_vma(vma, 0x11000, 0x11001));
  t.ASSERT_FALSE(range_in_vma(vma, 0xf000, 0x11000));
  t.ASSERT_FALSE(range_in_vma(vma, 0x11000, 0x12001));
  t.ASSERT_FALSE(range_in_vma(null, 0x10000, 0x12000));
  t.unmapAll();
});

test('a new cache of VMAs has forgotten those of the old one', { stubs: 'upstream' }, (t) => {
  const first = detachedVma(t, 0x10000, 0x12000);
  vm_area_free(first);
  t.ASSERT_EQ(vm_area_alloc(t.mm), first, 'the cache uses it again');
  vma_mark_detached(first);
  vm_area_free(first);
  vma_state_init();
  t.ASSERT_NE(vm_area_alloc(t.mm), first);
});
