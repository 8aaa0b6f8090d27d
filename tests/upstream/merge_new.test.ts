// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/merge.c (Linux 7.3): merge_new, once for each combination of sticky flags.
 */

import { test } from '../../harness/c.js';
import {
  alloc_and_link_vma,
  detach_free_vma,
  dummy_anon_vma,
  type VmaTest,
  vma_write_started,
} from '../../harness/index.js';
import {
  anon_vma_chain,
  INIT_LIST_HEAD,
  list_add,
  mtree_destroy,
  Ref,
  stubs,
  VMA_ITERATOR,
  VMA_STICKY_FLAGS,
  type vm_area_struct,
  vma_flags_set_mask,
  vma_flags_test_any_mask,
  vma_iter_set,
  vma_merge_struct,
  vma_next,
} from '../../lib/index.js';
import {
  assertCloned,
  assertNotClosed,
  assertRange,
  dataFlags,
  hooksWithClose,
  try_merge_new_vma,
} from './merge_helpers.js';

interface Sticky {
  range: boolean;
  a: boolean;
  b: boolean;
  c: boolean;
}

/** One link each, so that anon_vmas can be seen to be handed on. */
function giveLink(vma: vm_area_struct): void {
  const avc = new anon_vma_chain({ anon_vma: dummy_anon_vma });
  INIT_LIST_HEAD(vma.anon_vma_chain);
  list_add(avc.same_vma, vma.anon_vma_chain);
}

/** A merge that must take place, into `into`, with the range and the number of VMAs after it. */
function assertMerged(
  t: VmaTest,
  vma: vm_area_struct,
  into: vm_area_struct,
  merged: boolean,
  range: [start: number, end: number, pgoff: number],
  map_count: number,
): void {
  t.ASSERT_EQ(vma, into);
  t.ASSERT_TRUE(merged);
  assertRange(t, vma, ...range);
  t.ASSERT_EQ(vma.anon_vma, dummy_anon_vma);
  t.ASSERT_TRUE(vma_write_started(vma));
  t.ASSERT_EQ(t.mm.map_count, map_count);
}

/** Sticky flags of any part stay on the whole. Upstream asserts only that they are there when one part had them. */
function assertSticky(t: VmaTest, vma: vm_area_struct, upstream: boolean, meant: boolean): void {
  if (upstream) t.ASSERT_TRUE(vma_flags_test_any_mask(vma.flags, VMA_STICKY_FLAGS));
  // Beyond upstream: and that they are not there when none had them.
  t.ASSERT_EQ(vma_flags_test_any_mask(vma.flags, VMA_STICKY_FLAGS), meant, 'sticky exactly when a part was');
}

function __test_merge_new(t: VmaTest, is: Sticky): void {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0);
  const vmg = new vma_merge_struct(vmi, { mm });
  const { close, vm_ops } = hooksWithClose(t);
  const clone = t.sandbox.spy(stubs, 'anon_vma_clone');
  const merged = new Ref(false);

  if (is.range) vma_flags_set_mask(vma_flags, VMA_STICKY_FLAGS);

  // 0123456789abc
  // AA B       C
  const vma_a = alloc_and_link_vma(mm, 0, 0x2000, 0, vma_flags);
  t.ASSERT_NE(vma_a, null);
  if (is.a) vma_flags_set_mask(vma_a.flags, VMA_STICKY_FLAGS);
  giveLink(vma_a);

  const vma_b = alloc_and_link_vma(mm, 0x3000, 0x4000, 3, vma_flags);
  t.ASSERT_NE(vma_b, null);
  if (is.b) vma_flags_set_mask(vma_b.flags, VMA_STICKY_FLAGS);
  giveLink(vma_b);

  const vma_c = alloc_and_link_vma(mm, 0xb000, 0xc000, 0xb, vma_flags);
  t.ASSERT_NE(vma_c, null);
  if (is.c) vma_flags_set_mask(vma_c.flags, VMA_STICKY_FLAGS);
  giveLink(vma_c);

  // Touches nothing: a VMA of its own, D.
  //
  // 0123456789abc
  // AA B   **  C
  const vma_d = try_merge_new_vma(t, mm, vmg, 0x7000, 0x9000, 7, vma_flags, merged);
  t.ASSERT_NE(vma_d, null);
  giveLink(vma_d);
  t.ASSERT_FALSE(merged.value);
  t.ASSERT_EQ(mm.map_count, 4);

  // A and B: A grows, B goes. The close hook of A is no obstacle.
  //
  // 0123456789abc
  // AA*B   DD  C
  vma_a.vm_ops = vm_ops;
  vma_b.anon_vma = dummy_anon_vma;
  let vma = try_merge_new_vma(t, mm, vmg, 0x2000, 0x3000, 2, vma_flags, merged);
  assertMerged(t, vma, vma_a, merged.value, [0, 0x4000, 0], 3);
  assertCloned(t, clone, vma_a, vma_b);
  const aWithB = is.range || is.a || is.b;
  assertSticky(t, vma, aWithB, aWithB);

  // A alone.
  //
  // 0123456789abc
  // AAAA*  DD  C
  vma = try_merge_new_vma(t, mm, vmg, 0x4000, 0x5000, 4, vma_flags, merged);
  assertMerged(t, vma, vma_a, merged.value, [0, 0x5000, 0], 3);
  assertSticky(t, vma, is.range || is.a, aWithB);

  // D, from below. Its close hook is no obstacle either.
  //
  // 0123456789abc
  // AAAAA *DD  C
  vma_d.anon_vma = dummy_anon_vma;
  vma_d.vm_ops = vm_ops;
  vma = try_merge_new_vma(t, mm, vmg, 0x6000, 0x7000, 6, vma_flags, merged);
  assertMerged(t, vma, vma_d, merged.value, [0x6000, 0x9000, 6], 3);
  assertSticky(t, vma, is.range, is.range);

  // A and D: D goes, for which it must have no close hook.
  //
  // 0123456789abc
  // AAAAA*DDD  C
  vma_d.vm_ops = null;
  vma = try_merge_new_vma(t, mm, vmg, 0x5000, 0x6000, 5, vma_flags, merged);
  assertMerged(t, vma, vma_a, merged.value, [0, 0x9000, 0], 2);
  assertSticky(t, vma, is.range || is.a, aWithB);

  // C, from below.
  //
  // 0123456789abc
  // AAAAAAAAA *C
  vma_c.anon_vma = dummy_anon_vma;
  vma = try_merge_new_vma(t, mm, vmg, 0xa000, 0xb000, 0xa, vma_flags, merged);
  assertMerged(t, vma, vma_c, merged.value, [0xa000, 0xc000, 0xa], 2);
  assertSticky(t, vma, is.range || is.c, is.range || is.c);

  // A and C.
  //
  // 0123456789abc
  // AAAAAAAAA*CC
  vma = try_merge_new_vma(t, mm, vmg, 0x9000, 0xa000, 0x9, vma_flags, merged);
  assertMerged(t, vma, vma_a, merged.value, [0, 0xc000, 0], 1);
  assertSticky(t, vma, is.range || is.a || is.c, aWithB || is.c);

  // 0123456789abc
  // AAAAAAAAAAAA
  let count = 0;
  vma_iter_set(vmi, 0);
  for (let last = vma_next(vmi); last !== null; last = vma_next(vmi)) {
    t.ASSERT_NE(last, null);
    assertRange(t, last, 0, 0xc000, 0);
    t.ASSERT_EQ(last.anon_vma, dummy_anon_vma);

    detach_free_vma(last);
    count++;
  }
  t.ASSERT_EQ(count, 1);
  // A has had the anon_vma since it grew over B.
  t.ASSERT_EQ(clone.callCount, 0, 'anon_vma_clone() is not called again');
  assertNotClosed(t, close);

  mtree_destroy(mm.mm_mt);
}

test('merge_new', (t) => {
  for (const range of [false, true]) {
    for (const a of [false, true]) {
      for (const b of [false, true]) {
        for (const c of [false, true]) {
          const sticky = [range && 'range', a && 'A', b && 'B', c && 'C'].filter(Boolean).join(', ');
          t.subtest(`sticky: ${sticky || 'none'}`, (s) => __test_merge_new(s, { range, a, b, c }));
        }
      }
    }
  }
});
