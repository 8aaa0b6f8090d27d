// SPDX-License-Identifier: GPL-2.0-only
/** What no flag and no flags word may be, by exported function: the calls of flags.test.ts. */
import {
  __pgprot,
  append_vma_flags,
  legacy_to_vma_flags,
  mk_vma_flags,
  mm_struct,
  vm_area_desc,
  type vm_area_struct,
  vm_flags_clear,
  vm_flags_init,
  vm_flags_reset,
  vm_flags_set,
  vm_get_page_prot,
  vm_stat_account,
  vma_clear_flags,
  vma_desc_clear_flags,
  vma_desc_set_flags,
  vma_desc_test,
  vma_desc_test_all,
  vma_desc_test_any,
  vma_flags_and,
  vma_flags_clear,
  vma_flags_clear_word,
  vma_flags_overwrite_word,
  vma_flags_overwrite_word_once,
  vma_flags_same,
  vma_flags_set,
  vma_flags_set_flag,
  vma_flags_set_word,
  vma_flags_test,
  vma_flags_test_all,
  vma_flags_test_any,
  vma_set_flags,
  vma_test,
  vma_test_all,
  vma_test_any,
} from '../../../lib/index.js';

/** The exported function that is called, the one that the message names, the call with a bad value. */
export type FlagRefusal<T> = readonly [door: string, fn: string, call: (vma: vm_area_struct, bad: T) => unknown];

function describing(vma: vm_area_struct): vm_area_desc {
  return new vm_area_desc({ vma_flags: vma.flags });
}

export const BIT_REFUSALS: readonly FlagRefusal<number>[] = [
  ['mk_vma_flags', 'mk_vma_flags', (_vma, bad) => mk_vma_flags(1, bad)],
  ['append_vma_flags', 'append_vma_flags', (vma, bad) => append_vma_flags(vma.flags, 1, bad)],
  ['vma_flags_set_flag', 'vma_flags_set_flag', (vma, bad) => vma_flags_set_flag(vma.flags, bad)],
  ['vma_flags_test', 'vma_flags_test', (vma, bad) => vma_flags_test(vma.flags, bad)],
  ['vma_test', 'vma_flags_test', (vma, bad) => vma_test(vma, bad)],
  ['vma_desc_test', 'vma_flags_test', (vma, bad) => vma_desc_test(describing(vma), bad)],
  ['vma_flags_and', 'mk_vma_flags', (vma, bad) => vma_flags_and(vma.flags, 3, bad)],
  ['vma_flags_test_any', 'mk_vma_flags', (vma, bad) => vma_flags_test_any(vma.flags, 3, bad)],
  ['vma_flags_test_all', 'mk_vma_flags', (vma, bad) => vma_flags_test_all(vma.flags, 3, bad)],
  ['vma_flags_set', 'mk_vma_flags', (vma, bad) => vma_flags_set(vma.flags, 3, bad)],
  ['vma_flags_clear', 'mk_vma_flags', (vma, bad) => vma_flags_clear(vma.flags, 3, bad)],
  ['vma_flags_same', 'mk_vma_flags', (vma, bad) => vma_flags_same(vma.flags, 3, bad)],
  ['vma_test_any', 'mk_vma_flags', (vma, bad) => vma_test_any(vma, 3, bad)],
  ['vma_test_all', 'mk_vma_flags', (vma, bad) => vma_test_all(vma, 3, bad)],
  ['vma_set_flags', 'mk_vma_flags', (vma, bad) => vma_set_flags(vma, 3, bad)],
  ['vma_clear_flags', 'mk_vma_flags', (vma, bad) => vma_clear_flags(vma, 3, bad)],
  ['vma_desc_test_any', 'mk_vma_flags', (vma, bad) => vma_desc_test_any(describing(vma), 3, bad)],
  ['vma_desc_test_all', 'mk_vma_flags', (vma, bad) => vma_desc_test_all(describing(vma), 3, bad)],
  ['vma_desc_set_flags', 'mk_vma_flags', (vma, bad) => vma_desc_set_flags(describing(vma), 3, bad)],
  ['vma_desc_clear_flags', 'mk_vma_flags', (vma, bad) => vma_desc_clear_flags(describing(vma), 3, bad)],
];

export const WORD_REFUSALS: readonly FlagRefusal<bigint>[] = [
  ['legacy_to_vma_flags', 'legacy_to_vma_flags', (_vma, bad) => legacy_to_vma_flags(bad)],
  ['vma_flags_overwrite_word', 'vma_flags_overwrite_word', (vma, bad) => vma_flags_overwrite_word(vma.flags, bad)],
  [
    'vma_flags_overwrite_word_once',
    'vma_flags_overwrite_word_once',
    (vma, bad) => vma_flags_overwrite_word_once(vma.flags, bad),
  ],
  ['vma_flags_set_word', 'vma_flags_set_word', (vma, bad) => vma_flags_set_word(vma.flags, bad)],
  ['vma_flags_clear_word', 'vma_flags_clear_word', (vma, bad) => vma_flags_clear_word(vma.flags, bad)],
  ['vm_flags_init', 'vm_flags_init', (vma, bad) => vm_flags_init(vma, bad)],
  ['vm_flags_set', 'vm_flags_set', (vma, bad) => vm_flags_set(vma, bad)],
  ['vm_flags_clear', 'vm_flags_clear', (vma, bad) => vm_flags_clear(vma, bad)],
  ['vm_flags_reset', 'vm_flags_init', (vma, bad) => vm_flags_reset(vma, bad)],
  ['__pgprot', 'legacy_to_vma_flags', (_vma, bad) => __pgprot(bad)],
  ['vm_get_page_prot', 'legacy_to_vma_flags', (_vma, bad) => vm_get_page_prot(bad)],
  ['vm_stat_account', 'legacy_to_vma_flags', (_vma, bad) => vm_stat_account(new mm_struct(), bad, 1)],
];
