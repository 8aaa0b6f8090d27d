// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Operations on VMA flags, after tools/testing/vma/include/dup.h (Linux 7.3): tests, changes and conversions of
 * vma_flags_t, and the same on the flags of a VMA or a VMA description.
 *
 * Where C has a macro over a list of bits (`vma_flags_set(&flags, A, B)`), a rest parameter takes the list. C's
 * pass-by-value arguments are only read here, so they need no copy.
 */

import { flagsWord, setFlagBit, setFlagsWord } from '../../../include/flag_bitmap.js';
import type { mm_struct, vm_area_desc, vm_area_struct } from '../../../include/mm_types.js';
import {
  mk_vma_flags,
  VMA_MAYWRITE_BIT,
  VMA_SHARED_BIT,
  type vm_flags_t,
  type vma_flag_t,
  vma_flags_t,
} from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';

/** No bit set? */
export function vma_flags_empty(flags: vma_flags_t): boolean {
  return (flags.w0 | flags.w1 | flags.w2 | flags.w3) === 0;
}

/** Replaces the lowest 64 bits; the others stay. */
export function vma_flags_overwrite_word(flags: vma_flags_t, value: vm_flags_t): void {
  setFlagsWord(flags, value);
}

/** As vma_flags_overwrite_word(); in C the store is also a single one. */
export function vma_flags_overwrite_word_once(flags: vma_flags_t, value: vm_flags_t): void {
  setFlagsWord(flags, value);
}

/** Sets the bits of a word among the lowest 64. */
export function vma_flags_set_word(flags: vma_flags_t, value: vm_flags_t): void {
  setFlagsWord(flags, flagsWord(flags) | value);
}

/** Clears the bits of a word among the lowest 64. */
export function vma_flags_clear_word(flags: vma_flags_t, value: vm_flags_t): void {
  setFlagsWord(flags, flagsWord(flags) & ~value);
}

/** Clears every bit. */
export function vma_flags_clear_all(flags: vma_flags_t): void {
  flags.w0 = 0;
  flags.w1 = 0;
  flags.w2 = 0;
  flags.w3 = 0;
}

/** The lowest 64 bits as a word; higher bits are dropped. */
export function vma_flags_to_legacy(flags: vma_flags_t): vm_flags_t {
  return flagsWord(flags);
}

/** A new bitmap with the bits of a word. */
export function legacy_to_vma_flags(flags: vm_flags_t): vma_flags_t {
  const ret = new vma_flags_t();
  setFlagsWord(ret, flags);
  return ret;
}

/**
 * Takes over the lowest 64 bits of another bitmap and clears the rest: what C does where it assigns through the older
 * half of the union (`.vm_flags = vma->vm_flags`).
 * @internal
 */
export function assignFlagsWord(flags: vma_flags_t, from: vma_flags_t): void {
  flags.w0 = from.w0;
  flags.w1 = from.w1;
  flags.w2 = 0;
  flags.w3 = 0;
}

/** Sets one bit. */
export function vma_flags_set_flag(flags: vma_flags_t, bit: vma_flag_t): void {
  setFlagBit(flags, bit);
}

/** A copy of flags with more bits set. */
export function append_vma_flags(flags: vma_flags_t, ...bits: vma_flag_t[]): vma_flags_t {
  const ret = flags.clone();
  for (const bit of bits) setFlagBit(ret, bit);
  return ret;
}

function popcount(word: number): number {
  let rest = word - ((word >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Number of bits set. */
export function vma_flags_count(flags: vma_flags_t): number {
  return popcount(flags.w0) + popcount(flags.w1) + popcount(flags.w2) + popcount(flags.w3);
}

/** Is the bit set? */
export function vma_flags_test(flags: vma_flags_t, bit: vma_flag_t): boolean {
  // Nearly all bits asked for are among the first; what is no integer is not equal to its lowest bits.
  return (bit & 31) === bit ? (flags.w0 & (1 << bit)) !== 0 : testHigherBit(flags, bit);
}

function testHigherBit(flags: vma_flags_t, bit: vma_flag_t): boolean {
  const piece = bit < 64 ? flags.w1 : bit < 96 ? flags.w2 : flags.w3;
  return (piece & (1 << (bit & 31))) !== 0;
}

/** A new bitmap: the bits set in both. */
export function vma_flags_and_mask(flags: vma_flags_t, to_and: vma_flags_t): vma_flags_t {
  const dst = new vma_flags_t();
  dst.w0 = flags.w0 & to_and.w0;
  dst.w1 = flags.w1 & to_and.w1;
  dst.w2 = flags.w2 & to_and.w2;
  dst.w3 = flags.w3 & to_and.w3;
  return dst;
}

/** A new bitmap: those of the bits given that are set in flags. */
export function vma_flags_and(flags: vma_flags_t, ...bits: vma_flag_t[]): vma_flags_t {
  return vma_flags_and_mask(flags, mk_vma_flags(...bits));
}

/** Any bit in common? */
export function vma_flags_test_any_mask(flags: vma_flags_t, to_test: vma_flags_t): boolean {
  return ((flags.w0 & to_test.w0) | (flags.w1 & to_test.w1) | (flags.w2 & to_test.w2) | (flags.w3 & to_test.w3)) !== 0;
}

/** Is any of the bits given set? */
export function vma_flags_test_any(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_any_mask(flags, mk_vma_flags(...bits));
}

/** All bits of to_test set? True for an empty to_test. */
export function vma_flags_test_all_mask(flags: vma_flags_t, to_test: vma_flags_t): boolean {
  return (
    ((to_test.w0 & ~flags.w0) | (to_test.w1 & ~flags.w1) | (to_test.w2 & ~flags.w2) | (to_test.w3 & ~flags.w3)) === 0
  );
}

/** Are all of the bits given set? */
export function vma_flags_test_all(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_all_mask(flags, mk_vma_flags(...bits));
}

/** Is the one bit of flagmask set? Warns when the mask has more than one; false when it has none. */
export function vma_flags_test_single_mask(flags: vma_flags_t, flagmask: vma_flags_t): boolean {
  VM_WARN_ON_ONCE(vma_flags_count(flagmask) > 1, 'vma_flags_test_single_mask', 'more than one bit in flagmask');
  return vma_flags_test_any_mask(flags, flagmask);
}

/** Sets every bit that to_set has. */
export function vma_flags_set_mask(flags: vma_flags_t, to_set: vma_flags_t): void {
  flags.w0 |= to_set.w0;
  flags.w1 |= to_set.w1;
  flags.w2 |= to_set.w2;
  flags.w3 |= to_set.w3;
}

/** Sets the bits given. */
export function vma_flags_set(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
  vma_flags_set_mask(flags, mk_vma_flags(...bits));
}

/** Clears every bit that to_clear has. */
export function vma_flags_clear_mask(flags: vma_flags_t, to_clear: vma_flags_t): void {
  flags.w0 &= ~to_clear.w0;
  flags.w1 &= ~to_clear.w1;
  flags.w2 &= ~to_clear.w2;
  flags.w3 &= ~to_clear.w3;
}

/** Clears the bits given. */
export function vma_flags_clear(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
  vma_flags_clear_mask(flags, mk_vma_flags(...bits));
}

/** A new bitmap: the bits in which the two differ. */
export function vma_flags_diff_pair(flags: vma_flags_t, flags_other: vma_flags_t): vma_flags_t {
  const dst = new vma_flags_t();
  dst.w0 = flags.w0 ^ flags_other.w0;
  dst.w1 = flags.w1 ^ flags_other.w1;
  dst.w2 = flags.w2 ^ flags_other.w2;
  dst.w3 = flags.w3 ^ flags_other.w3;
  return dst;
}

/**
 * Do the two differ in any bit that is not among the ignored ones?
 * @internal
 */
export function flagsDifferBeyond(flags: vma_flags_t, other: vma_flags_t, ignored: vma_flags_t): boolean {
  return (
    (((flags.w0 ^ other.w0) & ~ignored.w0) |
      ((flags.w1 ^ other.w1) & ~ignored.w1) |
      ((flags.w2 ^ other.w2) & ~ignored.w2) |
      ((flags.w3 ^ other.w3) & ~ignored.w3)) !==
    0
  );
}

/** Have the two the same bits set? */
export function vma_flags_same_pair(flags: vma_flags_t, flags_other: vma_flags_t): boolean {
  return (
    flags.w0 === flags_other.w0 &&
    flags.w1 === flags_other.w1 &&
    flags.w2 === flags_other.w2 &&
    flags.w3 === flags_other.w3
  );
}

/** Have the two the same bits set? Upstream keeps this name for a second operand that is a mask. */
export function vma_flags_same_mask(flags: vma_flags_t, flags_other: vma_flags_t): boolean {
  return vma_flags_same_pair(flags, flags_other);
}

/** Exactly these bits set? */
export function vma_flags_same(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  return vma_flags_same_pair(flags, mk_vma_flags(...bits));
}

/** Has the VMA this flag? */
export function vma_test(vma: vm_area_struct, bit: vma_flag_t): boolean {
  return vma_flags_test(vma.flags, bit);
}

/** Has the VMA any of the flags in the mask? */
export function vma_test_any_mask(vma: vm_area_struct, flags: vma_flags_t): boolean {
  return vma_flags_test_any_mask(vma.flags, flags);
}

/** Has the VMA any of the flags given? */
export function vma_test_any(vma: vm_area_struct, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_any(vma.flags, ...bits);
}

/** Has the VMA all flags in the mask? */
export function vma_test_all_mask(vma: vm_area_struct, flags: vma_flags_t): boolean {
  return vma_flags_test_all_mask(vma.flags, flags);
}

/** Has the VMA all of the flags given? */
export function vma_test_all(vma: vm_area_struct, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_all(vma.flags, ...bits);
}

/** Has the VMA the one flag in flagmask? Warns when the mask has more than one; false when it has none. */
export function vma_test_single_mask(vma: vm_area_struct, flagmask: vma_flags_t): boolean {
  return vma_flags_test_single_mask(vma.flags, flagmask);
}

/** Sets the flags in the mask. Takes no lock: the VMA must be in no tree yet, or write-locked. */
export function vma_set_flags_mask(vma: vm_area_struct, flags: vma_flags_t): void {
  vma_flags_set_mask(vma.flags, flags);
}

/** Sets the flags given. */
export function vma_set_flags(vma: vm_area_struct, ...bits: vma_flag_t[]): void {
  vma_flags_set(vma.flags, ...bits);
}

/** Clears the flags in the mask. Takes no lock: the VMA must be in no tree yet, or write-locked. */
export function vma_clear_flags_mask(vma: vm_area_struct, flags: vma_flags_t): void {
  vma_flags_clear_mask(vma.flags, flags);
}

/** Clears the flags given. */
export function vma_clear_flags(vma: vm_area_struct, ...bits: vma_flag_t[]): void {
  vma_flags_clear(vma.flags, ...bits);
}

/** Will the VMA described have this flag? */
export function vma_desc_test(desc: vm_area_desc, bit: vma_flag_t): boolean {
  return vma_flags_test(desc.vma_flags, bit);
}

/** Will the VMA described have any of the flags in the mask? */
export function vma_desc_test_any_mask(desc: vm_area_desc, flags: vma_flags_t): boolean {
  return vma_flags_test_any_mask(desc.vma_flags, flags);
}

/** Will the VMA described have any of the flags given? */
export function vma_desc_test_any(desc: vm_area_desc, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_any(desc.vma_flags, ...bits);
}

/** Will the VMA described have all flags in the mask? */
export function vma_desc_test_all_mask(desc: vm_area_desc, flags: vma_flags_t): boolean {
  return vma_flags_test_all_mask(desc.vma_flags, flags);
}

/** Will the VMA described have all of the flags given? */
export function vma_desc_test_all(desc: vm_area_desc, ...bits: vma_flag_t[]): boolean {
  return vma_flags_test_all(desc.vma_flags, ...bits);
}

/** Adds the flags in the mask to a description. */
export function vma_desc_set_flags_mask(desc: vm_area_desc, flags: vma_flags_t): void {
  vma_flags_set_mask(desc.vma_flags, flags);
}

/** Adds the flags given to a description. */
export function vma_desc_set_flags(desc: vm_area_desc, ...bits: vma_flag_t[]): void {
  vma_flags_set(desc.vma_flags, ...bits);
}

/** Takes the flags in the mask out of a description. */
export function vma_desc_clear_flags_mask(desc: vm_area_desc, flags: vma_flags_t): void {
  vma_flags_clear_mask(desc.vma_flags, flags);
}

/** Takes the flags given out of a description. */
export function vma_desc_clear_flags(desc: vm_area_desc, ...bits: vma_flag_t[]): void {
  vma_flags_clear(desc.vma_flags, ...bits);
}

const SHARED_MAYWRITE = Object.freeze(mk_vma_flags(VMA_SHARED_BIT, VMA_MAYWRITE_BIT));

/** Shared, and writable now or by a later mprotect()? */
export function is_shared_maywrite(flags: vma_flags_t): boolean {
  return vma_flags_test_all_mask(flags, SHARED_MAYWRITE);
}

/** Private, and writable now or later: pages are copied on write. */
export function vma_flags_is_cow_mapping(flags: vma_flags_t): boolean {
  return vma_flags_test(flags, VMA_MAYWRITE_BIT) && !vma_flags_test(flags, VMA_SHARED_BIT);
}

/** vma_flags_is_cow_mapping() of a VMA. */
export function vma_is_cow_mapping(vma: vm_area_struct): boolean {
  return vma_flags_is_cow_mapping(vma.flags);
}

/** Is the VMA shared, and writable now or by a later mprotect()? */
export function vma_is_shared_maywrite(vma: vm_area_struct): boolean {
  return is_shared_maywrite(vma.flags);
}

/** Sets all flags of a VMA that is in no tree yet. */
export function vm_flags_init(vma: vm_area_struct, flags: vm_flags_t): void {
  vma_flags_clear_all(vma.flags);
  setFlagsWord(vma.flags, flags);
}

/** As vm_flags_init(), for a VMA that is write-locked. */
export function vm_flags_reset(vma: vm_area_struct, flags: vm_flags_t): void {
  stubs.vma_assert_write_locked(vma);
  vm_flags_init(vma, flags);
}

/** Replaces all flags of a VMA; in C the first word with a single store, for readers that hold no lock. */
export function vma_flags_reset_once(vma: vm_area_struct, flags: vma_flags_t): void {
  vma.flags.assign(flags);
}

/** Write-locks the VMA and sets flags of the legacy word. */
export function vm_flags_set(vma: vm_area_struct, flags: vm_flags_t): void {
  stubs.vma_start_write(vma);
  vma_flags_set_word(vma.flags, flags);
}

/** Write-locks the VMA and clears flags of the legacy word. */
export function vm_flags_clear(vma: vm_area_struct, flags: vm_flags_t): void {
  stubs.vma_start_write(vma);
  vma_flags_clear_word(vma.flags, flags);
}

/** Is a bit of mm_struct::flags set? */
export function mm_flags_test(flag: number, mm: mm_struct): boolean {
  return mm.flags.has(flag);
}

/** Sets it. */
export function mm_flags_set(flag: number, mm: mm_struct): void {
  mm.flags.add(flag);
}

/** Clears it. */
export function mm_flags_clear(flag: number, mm: mm_struct): void {
  mm.flags.delete(flag);
}
