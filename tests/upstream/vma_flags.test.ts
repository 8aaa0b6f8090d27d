// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Port of tools/testing/vma/tests/vma.c (Linux 7.3), second part, how flags are asked and changed: vma_flags_test,
 * vma_flags_test_any, vma_flags_clear, vma_flags_and.
 *
 * Bits 64 and up are there at 128 bits only; upstream leaves what needs them out by #if.
 */

import { test } from '../../harness/c.js';
import {
  EMPTY_VMA_FLAGS,
  emptyFlags,
  mk_vma_flags,
  NUM_VMA_FLAG_BITS,
  VMA_EXEC_BIT,
  VMA_IO_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_MAYEXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_RAND_READ_BIT,
  VMA_READ_BIT,
  VMA_SEQ_READ_BIT,
  VMA_WRITE_BIT,
  vm_area_desc,
  vm_area_struct,
  vma_clear_flags,
  vma_clear_flags_mask,
  vma_desc_clear_flags,
  vma_desc_clear_flags_mask,
  vma_desc_set_flags,
  vma_desc_test,
  vma_desc_test_all,
  vma_desc_test_any,
  vma_flags_and,
  vma_flags_and_mask,
  vma_flags_clear,
  vma_flags_clear_mask,
  vma_flags_set,
  vma_flags_test,
  vma_flags_test_all,
  vma_flags_test_all_mask,
  vma_flags_test_any,
  vma_flags_test_any_mask,
  vma_flags_test_single_mask,
  vma_set_flags,
  vma_test,
  vma_test_all,
  vma_test_all_mask,
  vma_test_any,
  vma_test_single_mask,
} from '../../lib/index.js';

const WIDE = NUM_VMA_FLAG_BITS > 64;

/** Bits that exist at 128 bits, none at 64. */
function wide(...bits: number[]): number[] {
  return WIDE ? bits : [];
}

/** The same flags loose, on a VMA and on a description. */
function threeOwners(...bits: number[]) {
  const flags = mk_vma_flags(...bits);
  return { flags, vma: new vm_area_struct({ flags }), desc: new vm_area_desc({ vma_flags: flags }) };
}

test('vma_flags_test', (t) => {
  const { flags, vma, desc } = threeOwners(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));

  const do_test = (flag: number): void => {
    t.ASSERT_TRUE(vma_flags_test(flags, flag));
    t.ASSERT_TRUE(vma_flags_test_single_mask(flags, mk_vma_flags(flag)));
    t.ASSERT_TRUE(vma_test(vma, flag));
    t.ASSERT_TRUE(vma_test_single_mask(vma, mk_vma_flags(flag)));
    t.ASSERT_TRUE(vma_desc_test(desc, flag));
  };
  const do_test_false = (flag: number): void => {
    t.ASSERT_FALSE(vma_flags_test(flags, flag));
    t.ASSERT_FALSE(vma_flags_test_single_mask(flags, mk_vma_flags(flag)));
    t.ASSERT_FALSE(vma_test(vma, flag));
    t.ASSERT_FALSE(vma_test_single_mask(vma, mk_vma_flags(flag)));
    t.ASSERT_FALSE(vma_desc_test(desc, flag));
  };

  for (const flag of [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65)]) do_test(flag);
  for (const flag of [VMA_MAYWRITE_BIT, ...wide(66)]) do_test_false(flag);

  // A mask without a bit is never set, not even on flags without one.
  t.ASSERT_FALSE(vma_flags_test_single_mask(flags, EMPTY_VMA_FLAGS));
  t.ASSERT_FALSE(vma_test_single_mask(vma, EMPTY_VMA_FLAGS));
  flags.assign(EMPTY_VMA_FLAGS);
  vma.flags = EMPTY_VMA_FLAGS;
  t.ASSERT_FALSE(vma_flags_test_single_mask(flags, EMPTY_VMA_FLAGS));
  t.ASSERT_FALSE(vma_test_single_mask(vma, EMPTY_VMA_FLAGS));
});

test('vma_flags_test_any', (t) => {
  const { flags, vma, desc } = threeOwners(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));

  const do_test = (...bits: number[]): void => {
    t.ASSERT_TRUE(vma_flags_test_any(flags, ...bits));
    t.ASSERT_TRUE(vma_desc_test_any(desc, ...bits));
    t.ASSERT_TRUE(vma_test_any(vma, ...bits));
  };
  const do_test_all_true = (...bits: number[]): void => {
    t.ASSERT_TRUE(vma_flags_test_all(flags, ...bits));
    t.ASSERT_TRUE(vma_test_all(vma, ...bits));
  };
  const do_test_all_false = (...bits: number[]): void => {
    t.ASSERT_FALSE(vma_flags_test_all(flags, ...bits));
    t.ASSERT_FALSE(vma_test_all(vma, ...bits));
  };

  // One of them is enough for any, not for all.
  do_test(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SEQ_READ_BIT);
  do_test_all_false(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SEQ_READ_BIT);
  if (WIDE) {
    do_test_all_true(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, 64, 65);
    do_test_all_true(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, 64);
  }
  do_test_all_true(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT);
  do_test_all_true(VMA_READ_BIT, VMA_WRITE_BIT);
  do_test_all_true(VMA_READ_BIT);

  t.ASSERT_TRUE(vma_flags_test_any_mask(flags, flags));
  t.ASSERT_TRUE(vma_flags_test_all_mask(flags, flags));

  for (const bit of [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65)]) do_test(bit);

  // Two bits, in both orders.
  do_test(VMA_READ_BIT, VMA_WRITE_BIT);
  do_test(VMA_READ_BIT, VMA_EXEC_BIT);
  do_test(VMA_WRITE_BIT, VMA_EXEC_BIT);
  do_test(VMA_WRITE_BIT, VMA_READ_BIT);
  do_test(VMA_EXEC_BIT, VMA_READ_BIT);
  do_test(VMA_EXEC_BIT, VMA_WRITE_BIT);
  for (const high of wide(64, 65)) {
    do_test(VMA_READ_BIT, high);
    do_test(VMA_WRITE_BIT, high);
    do_test(high, VMA_READ_BIT);
    do_test(high, VMA_WRITE_BIT);
  }

  // Three, four and five bits.
  do_test(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT);
  if (WIDE) {
    do_test(VMA_READ_BIT, VMA_WRITE_BIT, 64);
    do_test(VMA_READ_BIT, VMA_WRITE_BIT, 65);
    do_test(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, 64);
    do_test(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, 65);
    do_test(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, 64, 65);
  }

  // All of nothing is set, always.
  t.ASSERT_TRUE(vma_flags_test_all_mask(flags, EMPTY_VMA_FLAGS));
  t.ASSERT_TRUE(vma_test_all_mask(vma, EMPTY_VMA_FLAGS));

  // Beyond upstream, any says no as well, and descriptions are asked for all.
  t.ASSERT_FALSE(vma_flags_test_any(flags, VMA_MAYREAD_BIT, VMA_SEQ_READ_BIT));
  t.ASSERT_FALSE(vma_test_any(vma, VMA_MAYREAD_BIT, VMA_SEQ_READ_BIT));
  t.ASSERT_FALSE(vma_desc_test_any(desc, VMA_MAYREAD_BIT, VMA_SEQ_READ_BIT));
  t.ASSERT_TRUE(vma_desc_test_all(desc, VMA_READ_BIT, VMA_WRITE_BIT));
  t.ASSERT_FALSE(vma_desc_test_all(desc, VMA_READ_BIT, VMA_MAYREAD_BIT));
  t.ASSERT_FALSE(vma_flags_test_any_mask(flags, EMPTY_VMA_FLAGS));
});

test('vma_flags_clear', (t) => {
  const { flags, vma, desc } = threeOwners(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65));
  const mask = mk_vma_flags(VMA_EXEC_BIT, ...wide(64));

  vma_flags_clear_mask(flags, mask);
  vma_clear_flags_mask(vma, mask);
  vma_desc_clear_flags_mask(desc, mask);
  if (WIDE) {
    t.ASSERT_FALSE(vma_flags_test_any(flags, VMA_EXEC_BIT, 64));
    t.ASSERT_FALSE(vma_test_any(vma, VMA_EXEC_BIT, 64));
    t.ASSERT_FALSE(vma_desc_test_any(desc, VMA_EXEC_BIT, 64));
    vma_flags_set(flags, VMA_EXEC_BIT, 64);
    vma_set_flags(vma, VMA_EXEC_BIT, 64);
    vma_desc_set_flags(desc, VMA_EXEC_BIT, 64);
  }

  const do_test_and_reset = (...bits: number[]): void => {
    vma_flags_clear(flags, ...bits);
    vma_clear_flags(vma, ...bits);
    vma_desc_clear_flags(desc, ...bits);
    t.ASSERT_FALSE(vma_flags_test_any(flags, ...bits));
    t.ASSERT_FALSE(vma_test_any(vma, ...bits));
    t.ASSERT_FALSE(vma_desc_test_any(desc, ...bits));
    vma_flags_set(flags, ...bits);
    vma_set_flags(vma, ...bits);
    vma_desc_set_flags(desc, ...bits);
  };

  const bits = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, ...wide(64, 65)];
  for (const bit of bits) do_test_and_reset(bit);

  // Upstream's pairs, in its order.
  const pairs: [number, number][] = [
    [VMA_READ_BIT, VMA_WRITE_BIT],
    [VMA_READ_BIT, VMA_EXEC_BIT],
    [VMA_READ_BIT, 64],
    [VMA_READ_BIT, 65],
    [VMA_WRITE_BIT, VMA_READ_BIT],
    [VMA_WRITE_BIT, VMA_EXEC_BIT],
    [VMA_WRITE_BIT, 64],
    [VMA_WRITE_BIT, 65],
    [VMA_EXEC_BIT, VMA_READ_BIT],
    [VMA_EXEC_BIT, VMA_WRITE_BIT],
    [VMA_EXEC_BIT, 64],
    [VMA_EXEC_BIT, 65],
    [64, VMA_READ_BIT],
    [64, VMA_WRITE_BIT],
    [64, VMA_EXEC_BIT],
    [64, 65],
    [65, VMA_READ_BIT],
    [65, VMA_WRITE_BIT],
    [65, VMA_EXEC_BIT],
    [65, 64],
  ];
  for (const [first, second] of pairs) {
    if (WIDE || (first < 64 && second < 64)) do_test_and_reset(first, second);
  }

  // Beyond upstream, whose heading for three flags has nothing below it: all triples, and that the others stay.
  for (const triple of triplesOf(bits)) {
    do_test_and_reset(...triple);
    const rest = bits.filter((bit) => !triple.includes(bit));
    vma_flags_clear(flags, ...triple);
    t.ASSERT_TRUE(vma_flags_test_all(flags, ...rest));
    vma_flags_set(flags, ...triple);
  }
});

function triplesOf(bits: readonly number[]): number[][] {
  return bits.flatMap((a, i) => bits.slice(i + 1).flatMap((b, k) => bits.slice(i + k + 2).map((c) => [a, b, c])));
}

test('vma_flags_and', (t) => {
  const rwx = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT];
  const flags1 = mk_vma_flags(...rwx, ...wide(64, 65));
  const flags2 = mk_vma_flags(...rwx, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT, ...wide(64, 65, 66, 67));
  const flags3 = mk_vma_flags(VMA_IO_BIT, VMA_MAYBE_GUARD_BIT, ...wide(68, 69));

  t.ASSERT_FLAGS_SAME(vma_flags_and_mask(flags1, flags2), ...rwx, ...wide(64, 65));
  t.ASSERT_FLAGS_SAME_MASK(vma_flags_and_mask(flags1, flags1), flags1);
  t.ASSERT_FLAGS_SAME_MASK(vma_flags_and_mask(flags2, flags2), flags2);
  t.ASSERT_FLAGS_EMPTY(vma_flags_and_mask(flags1, flags3));
  t.ASSERT_FLAGS_EMPTY(vma_flags_and_mask(flags2, flags3));

  t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, VMA_READ_BIT), VMA_READ_BIT);
  t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, VMA_READ_BIT, VMA_WRITE_BIT), VMA_READ_BIT, VMA_WRITE_BIT);
  t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx), ...rwx);
  if (WIDE) {
    t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx, 64), ...rwx, 64);
    t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx, 64, 65), ...rwx, 64, 65);
  }

  // Bits that are not there.
  t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx, VMA_IO_BIT), ...rwx);
  t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx, VMA_IO_BIT, VMA_RAND_READ_BIT), ...rwx);
  if (WIDE) t.ASSERT_FLAGS_SAME(vma_flags_and(flags1, ...rwx, VMA_IO_BIT, VMA_RAND_READ_BIT, 69), ...rwx);

  // Beyond upstream: the operands are as they were.
  t.ASSERT_FLAGS_SAME(flags1, ...rwx, ...wide(64, 65));
  t.ASSERT_FLAGS_EMPTY(emptyFlags());
});
