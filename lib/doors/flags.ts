// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * VMA flags as the package exports them: the functions of lib/mm/inlines/flag_operations.ts and pgprot.ts by the same
 * names, with flag numbers and flag words checked. A flag that the bitmap has no room for, and a word that 64 bits
 * cannot hold, throws an error that names call, argument and value.
 */

import { checkFlagBit, checkFlagsWord } from '../../include/flag_bitmap.js';
import type { mm_struct, pgprot_t, vm_area_desc, vm_area_struct } from '../../include/mm_types.js';
import type { vm_flags_t, vma_flag_t, vma_flags_t } from '../../include/vma_flags.js';
import * as declared from '../../include/vma_flags.js';
import * as accounting from '../mm/inlines/accounting.js';
import * as inner from '../mm/inlines/flag_operations.js';
import * as pgprot from '../mm/inlines/pgprot.js';
import { isWatched, watched } from './operation.js';

export {
  is_data_mapping,
  is_data_mapping_vma_flags,
  is_exec_mapping,
  is_stack_mapping,
} from '../mm/inlines/accounting.js';
export {
  is_shared_maywrite,
  mm_flags_test,
  vma_clear_flags_mask,
  vma_desc_clear_flags_mask,
  vma_desc_set_flags_mask,
  vma_desc_test_all_mask,
  vma_desc_test_any_mask,
  vma_flags_and_mask,
  vma_flags_clear_all,
  vma_flags_clear_mask,
  vma_flags_count,
  vma_flags_diff_pair,
  vma_flags_empty,
  vma_flags_is_cow_mapping,
  vma_flags_reset_once,
  vma_flags_same_mask,
  vma_flags_same_pair,
  vma_flags_set_mask,
  vma_flags_test_all_mask,
  vma_flags_test_any_mask,
  vma_flags_test_single_mask,
  vma_flags_to_legacy,
  vma_is_cow_mapping,
  vma_is_shared_maywrite,
  vma_set_flags_mask,
  vma_test_all_mask,
  vma_test_any_mask,
  vma_test_single_mask,
} from '../mm/inlines/flag_operations.js';
export {
  pgprot_modify,
  pgprot_val,
  vma_flags_to_page_prot,
  vma_get_page_prot,
  vma_pgprot_modify,
} from '../mm/inlines/pgprot.js';

function checkBits(fn: string, bits: readonly vma_flag_t[]): void {
  for (const bit of bits) checkFlagBit(fn, bit);
}

/** A new bitmap with the bits given, each from 0 to NUM_VMA_FLAG_BITS - 1. mk_vma_flags() of include/linux/mm.h. */
export function mk_vma_flags(...bits: vma_flag_t[]): vma_flags_t {
  checkBits('mk_vma_flags', bits);
  return declared.mk_vma_flags(...bits);
}

/** Replaces the lowest 64 bits; the others stay. vma_flags_overwrite_word() of tools/testing/vma/include/dup.h. */
export function vma_flags_overwrite_word(flags: vma_flags_t, value: vm_flags_t): void {
  checkFlagsWord('vma_flags_overwrite_word', value);
  inner.vma_flags_overwrite_word(flags, value);
}

/**
 * As vma_flags_overwrite_word(); in C the store is also a single one. vma_flags_overwrite_word_once() of
 * tools/testing/vma/include/dup.h.
 */
export function vma_flags_overwrite_word_once(flags: vma_flags_t, value: vm_flags_t): void {
  checkFlagsWord('vma_flags_overwrite_word_once', value);
  inner.vma_flags_overwrite_word_once(flags, value);
}

/** Sets the bits of a word among the lowest 64. vma_flags_set_word() of tools/testing/vma/include/dup.h. */
export function vma_flags_set_word(flags: vma_flags_t, value: vm_flags_t): void {
  checkFlagsWord('vma_flags_set_word', value);
  inner.vma_flags_set_word(flags, value);
}

/** Clears the bits of a word among the lowest 64. vma_flags_clear_word() of tools/testing/vma/include/dup.h. */
export function vma_flags_clear_word(flags: vma_flags_t, value: vm_flags_t): void {
  checkFlagsWord('vma_flags_clear_word', value);
  inner.vma_flags_clear_word(flags, value);
}

/** A new bitmap with the bits of a word. legacy_to_vma_flags() of tools/testing/vma/include/dup.h. */
export function legacy_to_vma_flags(flags: vm_flags_t): vma_flags_t {
  checkFlagsWord('legacy_to_vma_flags', flags);
  return inner.legacy_to_vma_flags(flags);
}

/** Sets one bit. vma_flags_set_flag() of tools/testing/vma/include/dup.h. */
export function vma_flags_set_flag(flags: vma_flags_t, bit: vma_flag_t): void {
  checkFlagBit('vma_flags_set_flag', bit);
  inner.vma_flags_set_flag(flags, bit);
}

/** A copy of flags with more bits set. append_vma_flags() of tools/testing/vma/include/dup.h. */
export function append_vma_flags(flags: vma_flags_t, ...bits: vma_flag_t[]): vma_flags_t {
  checkBits('append_vma_flags', bits);
  return inner.append_vma_flags(flags, ...bits);
}

/** Is the bit set? vma_flags_test() of tools/testing/vma/include/dup.h. */
export function vma_flags_test(flags: vma_flags_t, bit: vma_flag_t): boolean {
  checkFlagBit('vma_flags_test', bit);
  return inner.vma_flags_test(flags, bit);
}

/** Has the VMA this flag? vma_test() of tools/testing/vma/include/dup.h. */
export function vma_test(vma: vm_area_struct, bit: vma_flag_t): boolean {
  checkFlagBit('vma_flags_test', bit);
  return inner.vma_test(vma, bit);
}

/** Will the VMA described have this flag? vma_desc_test() of tools/testing/vma/include/dup.h. */
export function vma_desc_test(desc: vm_area_desc, bit: vma_flag_t): boolean {
  checkFlagBit('vma_flags_test', bit);
  return inner.vma_desc_test(desc, bit);
}

/** A new bitmap: those of the bits given that are set in flags. vma_flags_and() of tools/testing/vma/include/dup.h. */
export function vma_flags_and(flags: vma_flags_t, ...bits: vma_flag_t[]): vma_flags_t {
  checkBits('mk_vma_flags', bits);
  return inner.vma_flags_and(flags, ...bits);
}

/** Is any of the bits given set? vma_flags_test_any() of tools/testing/vma/include/dup.h. */
export function vma_flags_test_any(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_flags_test_any(flags, ...bits);
}

/** Are all of the bits given set? True for none. vma_flags_test_all() of tools/testing/vma/include/dup.h. */
export function vma_flags_test_all(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_flags_test_all(flags, ...bits);
}

/** Sets the bits given. vma_flags_set() of tools/testing/vma/include/dup.h. */
export function vma_flags_set(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_flags_set(flags, ...bits);
}

/** Clears the bits given. vma_flags_clear() of tools/testing/vma/include/dup.h. */
export function vma_flags_clear(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_flags_clear(flags, ...bits);
}

/** Exactly these bits set? vma_flags_same() of tools/testing/vma/include/dup.h. */
export function vma_flags_same(flags: vma_flags_t, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_flags_same(flags, ...bits);
}

/** Has the VMA any of the flags given? vma_test_any() of tools/testing/vma/include/dup.h. */
export function vma_test_any(vma: vm_area_struct, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_test_any(vma, ...bits);
}

/** Has the VMA all of the flags given? vma_test_all() of tools/testing/vma/include/dup.h. */
export function vma_test_all(vma: vm_area_struct, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_test_all(vma, ...bits);
}

/**
 * Sets the flags given. Takes no lock: the VMA must be in no tree yet, or write-locked. vma_set_flags() of
 * tools/testing/vma/include/dup.h.
 */
export function vma_set_flags(vma: vm_area_struct, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_set_flags(vma, ...bits);
}

/**
 * Clears the flags given. Takes no lock: the VMA must be in no tree yet, or write-locked. vma_clear_flags() of
 * tools/testing/vma/include/dup.h.
 */
export function vma_clear_flags(vma: vm_area_struct, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_clear_flags(vma, ...bits);
}

/** Will the VMA described have any of the flags given? vma_desc_test_any() of tools/testing/vma/include/dup.h. */
export function vma_desc_test_any(desc: vm_area_desc, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_desc_test_any(desc, ...bits);
}

/** Will the VMA described have all of the flags given? vma_desc_test_all() of tools/testing/vma/include/dup.h. */
export function vma_desc_test_all(desc: vm_area_desc, ...bits: vma_flag_t[]): boolean {
  checkBits('mk_vma_flags', bits);
  return inner.vma_desc_test_all(desc, ...bits);
}

/** Adds the flags given to a description. vma_desc_set_flags() of tools/testing/vma/include/dup.h. */
export function vma_desc_set_flags(desc: vm_area_desc, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_desc_set_flags(desc, ...bits);
}

/** Takes the flags given out of a description. vma_desc_clear_flags() of tools/testing/vma/include/dup.h. */
export function vma_desc_clear_flags(desc: vm_area_desc, ...bits: vma_flag_t[]): void {
  checkBits('mk_vma_flags', bits);
  inner.vma_desc_clear_flags(desc, ...bits);
}

/** Sets all flags of a VMA that is in no tree yet. vm_flags_init() of tools/testing/vma/include/dup.h. */
export function vm_flags_init(vma: vm_area_struct, flags: vm_flags_t): void {
  checkFlagsWord('vm_flags_init', flags);
  inner.vm_flags_init(vma, flags);
}

/** As vm_flags_init(), for a VMA that is write-locked. vm_flags_reset() of tools/testing/vma/include/dup.h. */
export function vm_flags_reset(vma: vm_area_struct, flags: vm_flags_t): void {
  checkFlagsWord('vm_flags_init', flags);
  inner.vm_flags_reset(vma, flags);
}

/** Write-locks the VMA and sets flags of the legacy word. vm_flags_set() of tools/testing/vma/include/dup.h. */
export function vm_flags_set(vma: vm_area_struct, flags: vm_flags_t): void {
  if (isWatched()) {
    watched('vm_flags_set', vm_flags_set, { vma, flags });
    return;
  }
  checkFlagsWord('vm_flags_set', flags);
  inner.vm_flags_set(vma, flags);
}

/** Write-locks the VMA and clears flags of the legacy word. vm_flags_clear() of tools/testing/vma/include/dup.h. */
export function vm_flags_clear(vma: vm_area_struct, flags: vm_flags_t): void {
  if (isWatched()) {
    watched('vm_flags_clear', vm_flags_clear, { vma, flags });
    return;
  }
  checkFlagsWord('vm_flags_clear', flags);
  inner.vm_flags_clear(vma, flags);
}

/** A protection from a 64-bit value; throws on a wider one. __pgprot() of tools/testing/vma/include/dup.h. */
export function __pgprot(value: bigint): pgprot_t {
  checkFlagsWord('legacy_to_vma_flags', value);
  return pgprot.__pgprot(value);
}

/** The protection that a flags word stands for. vm_get_page_prot() of tools/testing/vma/include/dup.h. */
export function vm_get_page_prot(vm_flags: vm_flags_t): pgprot_t {
  checkFlagsWord('legacy_to_vma_flags', vm_flags);
  return pgprot.vm_get_page_prot(vm_flags);
}

/**
 * Adds pages, which may be negative, to the sums that a mapping with these flags counts in. vm_stat_account() of
 * tools/testing/vma/include/dup.h.
 */
export function vm_stat_account(mm: mm_struct, flags: vm_flags_t, npages: number): void {
  checkFlagsWord('legacy_to_vma_flags', flags);
  accounting.vm_stat_account(mm, flags, npages);
}
