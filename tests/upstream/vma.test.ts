// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/vma.c (Linux 7.3), first part: copy_vma and how flags are kept: vma_flags_unchanged,
 * vma_flags_cleared, vma_flags_word, vma_flags_empty, vma_flags_diff, append_vma_flags, vma_flags_count.
 *
 * Bits 64 and up are there at 128 bits only; upstream leaves what needs them out by #if.
 */

import { test } from '../../harness/c.js';
import { alloc_and_link_vma, cleanup_mm, type VmaTest } from '../../harness/index.js';
import {
  append_vma_flags,
  BITS_PER_LONG,
  copy_vma,
  EMPTY_VMA_FLAGS,
  emptyFlags,
  legacy_to_vma_flags,
  mk_vma_flags,
  NUM_VMA_FLAG_BITS,
  Ref,
  VM_EXEC,
  VM_READ,
  VM_WRITE,
  VMA_DONTDUMP_BIT,
  VMA_DONTEXPAND_BIT,
  VMA_EXEC_BIT,
  VMA_IO_BIT,
  VMA_ITERATOR,
  VMA_MAYEXEC_BIT,
  VMA_MAYWRITE_BIT,
  VMA_PFNMAP_BIT,
  VMA_READ_BIT,
  VMA_REMAP_FLAGS,
  VMA_WRITE_BIT,
  vm_area_desc,
  vm_area_struct,
  type vm_flags_t,
  vma_assert_attached,
  vma_desc_set_flags,
  vma_desc_set_flags_mask,
  vma_flags_clear,
  vma_flags_clear_all,
  vma_flags_clear_word,
  vma_flags_count,
  vma_flags_diff_pair,
  vma_flags_overwrite_word,
  vma_flags_overwrite_word_once,
  vma_flags_set,
  vma_flags_set_mask,
  vma_flags_set_word,
  type vma_flags_t,
  vma_flags_to_legacy,
  vma_set_anonymous,
  vma_set_flags,
  vma_set_flags_mask,
} from '../../lib/index.js';
import { assertRange, assertVma, dataFlags } from './merge_helpers.js';

/** Bits that exist at 128 bits, none at 64. */
function wide(...bits: number[]): number[] {
  return NUM_VMA_FLAG_BITS > 64 ? bits : [];
}

/** Are the lowest 64 bits this word and the others clear, and do the conversions agree? */
function compare_legacy_flags(t: VmaTest, legacy_flags: vm_flags_t, flags: vma_flags_t): boolean {
  const [flags_lower, ...higher] = flags.__vma_flags;
  if (higher.some((word) => word !== 0n)) return false;

  t.ASSERT_FLAGS_SAME_MASK(legacy_to_vma_flags(legacy_flags), flags);
  t.ASSERT_EQ(vma_flags_to_legacy(flags), legacy_flags);
  return legacy_flags === flags_lower;
}

test('copy_vma', (t) => {
  t.subtest('forwards, next to itself, and merged with itself', (s) => {
    const { mm } = s;
    const vma_orig = alloc_and_link_vma(mm, 0x1000, 0x2000, 1, dataFlags());
    vma_set_anonymous(vma_orig);
    const vma = new Ref(vma_orig);
    const vma_new = assertVma(s, copy_vma(vma, 0x2000, 0x1000, 1, 1, new Ref(false), false));
    s.ASSERT_EQ(vma_new, vma_orig);
    s.ASSERT_EQ(vma.value, vma_orig);
    assertRange(s, vma_new, 0x1000, 0x3000, 1);

    cleanup_mm(mm, VMA_ITERATOR(mm, 0));
  });

  t.subtest('backwards, next to itself, and merged with itself', (s) => {
    const { mm } = s;
    const vma_orig = alloc_and_link_vma(mm, 0x2000, 0x3000, 2, dataFlags());
    vma_set_anonymous(vma_orig);
    const vma = new Ref(vma_orig);
    const vma_new = assertVma(s, copy_vma(vma, 0x1000, 0x1000, 2, 2, new Ref(false), false));
    s.ASSERT_EQ(vma_new, vma_orig);
    s.ASSERT_EQ(vma.value, vma_orig);
    assertRange(s, vma_new, 0x1000, 0x3000, 1);

    cleanup_mm(mm, VMA_ITERATOR(mm, 0));
  });

  // The one before takes over both, so the caller's VMA is another one afterwards.
  t.subtest('backwards, between another and itself, and merged with both', (s) => {
    const { mm } = s;
    const vma_prev = alloc_and_link_vma(mm, 0x1000, 0x2000, 1, dataFlags());
    vma_set_anonymous(vma_prev);
    const vma_orig = alloc_and_link_vma(mm, 0x3000, 0x4000, 3, dataFlags());
    vma_set_anonymous(vma_orig);
    const vma = new Ref(vma_orig);
    const vma_new = assertVma(s, copy_vma(vma, 0x2000, 0x1000, 3, 3, new Ref(false), false));
    s.ASSERT_NE(vma_new, vma_orig);
    s.ASSERT_EQ(vma_new, vma.value);
    assertRange(s, vma_new, 0x1000, 0x4000, 1);
    // Beyond upstream: which other one.
    s.ASSERT_EQ(vma_new, vma_prev);

    cleanup_mm(mm, VMA_ITERATOR(mm, 0));
  });

  t.subtest('backwards, without a merge', (s) => {
    const { mm } = s;
    const vma = alloc_and_link_vma(mm, 0x3000, 0x5000, 3, dataFlags());
    const vma_new = assertVma(s, copy_vma(new Ref(vma), 0, 0x2000, 0, 3, new Ref(false), false));
    s.ASSERT_NE(vma_new, vma);
    assertRange(s, vma_new, 0, 0x2000, 0);
    vma_assert_attached(vma_new);

    cleanup_mm(mm, VMA_ITERATOR(mm, 0));
  });

  t.subtest('next to another, and merged with it', (s) => {
    const { mm } = s;
    const vma = alloc_and_link_vma(mm, 0, 0x2000, 0, dataFlags());
    const vma_next = alloc_and_link_vma(mm, 0x6000, 0x8000, 6, dataFlags());
    const vma_new = assertVma(s, copy_vma(new Ref(vma), 0x4000, 0x2000, 4, 4, new Ref(false), false));
    vma_assert_attached(vma_new);
    s.ASSERT_EQ(vma_new, vma_next);
    // Beyond upstream: it has grown down, and the source is as it was.
    assertRange(s, vma_new, 0x4000, 0x8000, 4);
    assertRange(s, vma, 0, 0x2000, 0);

    cleanup_mm(mm, VMA_ITERATOR(mm, 0));
  });
});

test('vma_flags_unchanged', (t) => {
  const flags = emptyFlags();
  let legacy_flags: vm_flags_t = 0n;
  const vma = new vm_area_struct();
  const desc = new vm_area_desc();

  vma.flags = EMPTY_VMA_FLAGS;
  desc.vma_flags = EMPTY_VMA_FLAGS;

  for (let bit = 0; bit < BITS_PER_LONG; bit++) {
    const mask = mk_vma_flags(bit);
    legacy_flags |= 1n << BigInt(bit);

    // Bit by bit, then by mask: loose flags, a VMA's, a description's.
    vma_flags_set(flags, bit);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, flags));
    vma_flags_set_mask(flags, mask);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, flags));

    vma_set_flags(vma, bit);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, vma.flags));
    vma_set_flags_mask(vma, mask);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, vma.flags));

    vma_desc_set_flags(desc, bit);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, desc.vma_flags));
    vma_desc_set_flags_mask(desc, mask);
    t.ASSERT_TRUE(compare_legacy_flags(t, legacy_flags, desc.vma_flags));
  }
});

test('vma_flags_cleared', (t) => {
  const sizeofFlags = NUM_VMA_FLAG_BITS / 8;
  const flags = emptyFlags();

  // What memset(&flags, 1, sizeof(flags)) leaves: the lowest bit of every byte.
  for (let bit = 0; bit < NUM_VMA_FLAG_BITS; bit += 8) vma_flags_set(flags, bit);
  vma_flags_clear_all(flags);
  t.ASSERT_FLAGS_SAME_MASK(flags, EMPTY_VMA_FLAGS);

  // As upstream has it: bytes over bits, which is no word at all.
  for (let i = 0; i < Math.floor(sizeofFlags / BITS_PER_LONG); i++) t.ASSERT_EQ(flags.__vma_flags[i], 0n);

  // Beyond upstream, what that loop means: every word is 0.
  const words = flags.__vma_flags;
  t.ASSERT_EQ(words.length, NUM_VMA_FLAG_BITS / BITS_PER_LONG, 'as many words as the width has');
  for (const word of words) t.ASSERT_EQ(word, 0n);
});

if (NUM_VMA_FLAG_BITS > 64) {
  // What works on the first word leaves the second alone.
  test('vma_flags_word', (t) => {
    const flags = emptyFlags();
    const comparison = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, 64, 65);

    vma_flags_set(flags, 64, 65);
    vma_flags_overwrite_word(flags, VM_READ | VM_WRITE);
    t.ASSERT_FLAGS_SAME_MASK(flags, comparison);

    flags.assign(EMPTY_VMA_FLAGS);
    vma_flags_set(flags, 64, 65);
    vma_flags_overwrite_word_once(flags, VM_READ | VM_WRITE);
    t.ASSERT_FLAGS_SAME_MASK(flags, comparison);

    flags.assign(EMPTY_VMA_FLAGS);
    vma_flags_set(flags, 64, 65);
    vma_flags_set(flags, VMA_WRITE_BIT);
    vma_flags_set_word(flags, VM_READ);
    t.ASSERT_FLAGS_SAME_MASK(flags, comparison);

    flags.assign(EMPTY_VMA_FLAGS);
    vma_flags_set(flags, 64, 65);
    vma_flags_set(flags, VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT);
    vma_flags_clear_word(flags, VM_EXEC);
    t.ASSERT_FLAGS_SAME_MASK(flags, comparison);
  });
}

test('vma_flags_empty', (t) => {
  const flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));

  t.ASSERT_FLAGS_NONEMPTY(flags);
  vma_flags_clear(flags, VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT);
  if (NUM_VMA_FLAG_BITS > 64) {
    t.ASSERT_FLAGS_NONEMPTY(flags);
    vma_flags_clear(flags, 64, 65);
  }
  t.ASSERT_FLAGS_EMPTY(flags);
});

test('vma_flags_diff', (t) => {
  const flags1 = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));
  const flags2 = append_vma_flags(flags1, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT, ...wide(66, 67));

  // Whichever comes first.
  t.ASSERT_FLAGS_SAME(vma_flags_diff_pair(flags1, flags2), VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT, ...wide(66, 67));
  t.ASSERT_FLAGS_SAME(vma_flags_diff_pair(flags2, flags1), VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT, ...wide(66, 67));

  t.ASSERT_FLAGS_EMPTY(vma_flags_diff_pair(flags1, flags1));
  t.ASSERT_FLAGS_EMPTY(vma_flags_diff_pair(flags2, flags2));

  flags2.assign(EMPTY_VMA_FLAGS);
  t.ASSERT_FLAGS_SAME_MASK(vma_flags_diff_pair(flags1, flags2), flags1);

  flags2.assign(mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT));
  t.ASSERT_FLAGS_SAME(vma_flags_diff_pair(flags1, flags2), VMA_EXEC_BIT, ...wide(64, 65));
});

test('append_vma_flags', (t) => {
  let flags = append_vma_flags(VMA_REMAP_FLAGS, VMA_READ_BIT, VMA_WRITE_BIT, ...wide(64, 65));
  t.ASSERT_FLAGS_SAME(
    flags,
    VMA_IO_BIT,
    VMA_PFNMAP_BIT,
    VMA_DONTEXPAND_BIT,
    VMA_DONTDUMP_BIT,
    VMA_READ_BIT,
    VMA_WRITE_BIT,
    ...wide(64, 65),
  );

  flags = append_vma_flags(EMPTY_VMA_FLAGS, VMA_READ_BIT, VMA_WRITE_BIT);
  t.ASSERT_FLAGS_SAME(flags, VMA_READ_BIT, VMA_WRITE_BIT);
  // Beyond upstream: what was appended to is as it was.
  t.ASSERT_FLAGS_EMPTY(EMPTY_VMA_FLAGS);
});

test('vma_flags_count', (t) => {
  const flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));

  if (NUM_VMA_FLAG_BITS > 64) {
    t.ASSERT_EQ(vma_flags_count(flags), 5);
    vma_flags_clear(flags, 64);
    t.ASSERT_EQ(vma_flags_count(flags), 4);
    vma_flags_clear(flags, 65);
  }
  t.ASSERT_EQ(vma_flags_count(flags), 3);
  vma_flags_clear(flags, VMA_EXEC_BIT);
  t.ASSERT_EQ(vma_flags_count(flags), 2);
  vma_flags_clear(flags, VMA_WRITE_BIT);
  t.ASSERT_EQ(vma_flags_count(flags), 1);
  vma_flags_clear(flags, VMA_READ_BIT);
  t.ASSERT_EQ(vma_flags_count(flags), 0);
});
