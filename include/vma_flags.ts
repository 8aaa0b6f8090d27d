// SPDX-License-Identifier: GPL-2.0-only
/**
 * VMA flags: the bits and the usual combinations, after tools/testing/vma/include/dup.h (Linux 7.3).
 *
 * The configuration is the harness's: MMU, 64 bit, stack grows down, no soft-dirty, no shadow stack, no protection
 * keys. Flags whose CONFIG option is off are VM_NONE, as they are in C.
 */
import { flagsWord, mk_vma_flags, type vm_flags_t, type vma_flag_t, vma_flags_t } from './flag_bitmap.js';

export { NUM_VMA_FLAG_BITS } from './autoconf.js';
export { mk_vma_flags, type vm_flags_t, type vma_flag_t, vma_flags_t } from './flag_bitmap.js';

/** A combination that all share: frozen, so that no user can change it for the others. */
function constantFlags(...bits: vma_flag_t[]): Readonly<vma_flags_t> & vma_flags_t {
  return Object.freeze(mk_vma_flags(...bits));
}

export const VMA_READ_BIT = 0;
export const VMA_WRITE_BIT = 1;
export const VMA_EXEC_BIT = 2;
export const VMA_SHARED_BIT = 3;
export const VMA_MAYREAD_BIT = 4;
export const VMA_MAYWRITE_BIT = 5;
export const VMA_MAYEXEC_BIT = 6;
export const VMA_MAYSHARE_BIT = 7;
export const VMA_GROWSDOWN_BIT = 8;
export const VMA_UFFD_MISSING_BIT = 9;
export const VMA_PFNMAP_BIT = 10;
export const VMA_MAYBE_GUARD_BIT = 11;
export const VMA_UFFD_WP_BIT = 12;
export const VMA_LOCKED_BIT = 13;
export const VMA_IO_BIT = 14;
export const VMA_SEQ_READ_BIT = 15;
export const VMA_RAND_READ_BIT = 16;
export const VMA_DONTCOPY_BIT = 17;
export const VMA_DONTEXPAND_BIT = 18;
export const VMA_LOCKONFAULT_BIT = 19;
export const VMA_ACCOUNT_BIT = 20;
export const VMA_NORESERVE_BIT = 21;
export const VMA_HUGETLB_BIT = 22;
export const VMA_SYNC_BIT = 23;
export const VMA_ARCH_1_BIT = 24;
export const VMA_WIPEONFORK_BIT = 25;
export const VMA_DONTDUMP_BIT = 26;
export const VMA_SOFTDIRTY_BIT = 27;
export const VMA_MIXEDMAP_BIT = 28;
export const VMA_HUGEPAGE_BIT = 29;
export const VMA_NOHUGEPAGE_BIT = 30;
export const VMA_MERGEABLE_BIT = 31;
export const VMA_HIGH_ARCH_0_BIT = 32;
export const VMA_HIGH_ARCH_1_BIT = 33;
export const VMA_HIGH_ARCH_2_BIT = 34;
export const VMA_HIGH_ARCH_3_BIT = 35;
export const VMA_HIGH_ARCH_4_BIT = 36;
export const VMA_HIGH_ARCH_5_BIT = 37;
export const VMA_HIGH_ARCH_6_BIT = 38;
export const VMA_ALLOW_ANY_UNCACHED_BIT = 39;
export const VMA_DROPPABLE_BIT = 40;
export const VMA_UFFD_MINOR_BIT = 41;
export const VMA_SEALED_BIT = 42;
// Second names of bits above.
export const VMA_PKEY_BIT0_BIT = VMA_HIGH_ARCH_0_BIT;
export const VMA_PKEY_BIT1_BIT = VMA_HIGH_ARCH_1_BIT;
export const VMA_PKEY_BIT2_BIT = VMA_HIGH_ARCH_2_BIT;
export const VMA_PKEY_BIT3_BIT = VMA_HIGH_ARCH_3_BIT;
export const VMA_PKEY_BIT4_BIT = VMA_HIGH_ARCH_4_BIT;
export const VMA_SAO_BIT = VMA_ARCH_1_BIT;
export const VMA_GROWSUP_BIT = VMA_ARCH_1_BIT;
export const VMA_SPARC_ADI_BIT = VMA_ARCH_1_BIT;
export const VMA_ARM64_BTI_BIT = VMA_ARCH_1_BIT;
export const VMA_ARCH_CLEAR_BIT = VMA_ARCH_1_BIT;
export const VMA_MAPPED_COPY_BIT = VMA_ARCH_1_BIT;
export const VMA_MTE_BIT = VMA_HIGH_ARCH_4_BIT;
export const VMA_MTE_ALLOWED_BIT = VMA_HIGH_ARCH_5_BIT;
export const VMA_STACK_BIT = VMA_GROWSDOWN_BIT;

/** The word with only one bit set: a flag in its legacy form. */
function word(bit: vma_flag_t): vm_flags_t {
  return 1n << BigInt(bit);
}

export const VM_NONE: vm_flags_t = 0n;
export const VM_READ = word(VMA_READ_BIT);
export const VM_WRITE = word(VMA_WRITE_BIT);
export const VM_EXEC = word(VMA_EXEC_BIT);
export const VM_SHARED = word(VMA_SHARED_BIT);
export const VM_MAYREAD = word(VMA_MAYREAD_BIT);
export const VM_MAYWRITE = word(VMA_MAYWRITE_BIT);
export const VM_MAYEXEC = word(VMA_MAYEXEC_BIT);
export const VM_MAYSHARE = word(VMA_MAYSHARE_BIT);
export const VM_GROWSDOWN = word(VMA_GROWSDOWN_BIT);
export const VM_UFFD_MISSING = word(VMA_UFFD_MISSING_BIT);
export const VM_PFNMAP = word(VMA_PFNMAP_BIT);
export const VM_MAYBE_GUARD = word(VMA_MAYBE_GUARD_BIT);
export const VM_UFFD_WP = word(VMA_UFFD_WP_BIT);
export const VM_LOCKED = word(VMA_LOCKED_BIT);
export const VM_IO = word(VMA_IO_BIT);
export const VM_SEQ_READ = word(VMA_SEQ_READ_BIT);
export const VM_RAND_READ = word(VMA_RAND_READ_BIT);
export const VM_DONTCOPY = word(VMA_DONTCOPY_BIT);
export const VM_DONTEXPAND = word(VMA_DONTEXPAND_BIT);
export const VM_LOCKONFAULT = word(VMA_LOCKONFAULT_BIT);
export const VM_ACCOUNT = word(VMA_ACCOUNT_BIT);
export const VM_NORESERVE = word(VMA_NORESERVE_BIT);
export const VM_HUGETLB = word(VMA_HUGETLB_BIT);
export const VM_SYNC = word(VMA_SYNC_BIT);
export const VM_ARCH_1 = word(VMA_ARCH_1_BIT);
export const VM_WIPEONFORK = word(VMA_WIPEONFORK_BIT);
export const VM_DONTDUMP = word(VMA_DONTDUMP_BIT);
export const VM_SOFTDIRTY = VM_NONE;
export const VM_MIXEDMAP = word(VMA_MIXEDMAP_BIT);
export const VM_HUGEPAGE = word(VMA_HUGEPAGE_BIT);
export const VM_NOHUGEPAGE = word(VMA_NOHUGEPAGE_BIT);
export const VM_MERGEABLE = word(VMA_MERGEABLE_BIT);
export const VM_STACK = word(VMA_STACK_BIT);
export const VM_STACK_EARLY = VM_NONE;
export const VMA_STACK_EARLY = constantFlags();
export const VM_SHADOW_STACK = VM_NONE;
export const VM_GROWSUP = VM_NONE;
export const VM_MTE = VM_NONE;
export const VM_MTE_ALLOWED = VM_NONE;
export const VM_UFFD_MINOR = VM_NONE;
export const VM_ALLOW_ANY_UNCACHED = word(VMA_ALLOW_ANY_UNCACHED_BIT);
export const VM_SEALED = word(VMA_SEALED_BIT);
export const VM_DROPPABLE = word(VMA_DROPPABLE_BIT);
/** Empty where droppable mappings are not supported. */
export const VMA_DROPPABLE = constantFlags(VMA_DROPPABLE_BIT);
/** Empty: nothing grows up in this configuration. */
export const VMA_GROWSUP = constantFlags();

/** Set until an exec'd stack stands where it will stay. */
export const VM_STACK_INCOMPLETE_SETUP = VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY;
export const VMA_STACK_INCOMPLETE_SETUP = constantFlags(VMA_RAND_READ_BIT, VMA_SEQ_READ_BIT);

export const VMA_DATA_FLAGS_NON_EXEC = constantFlags(
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_MAYEXEC_BIT,
);
export const VMA_DATA_FLAGS_EXEC = constantFlags(
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  VMA_EXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_MAYEXEC_BIT,
);
export const VMA_DATA_DEFAULT_FLAGS = VMA_DATA_FLAGS_EXEC;
export const VMA_STACK_DEFAULT_FLAGS = VMA_DATA_DEFAULT_FLAGS;
export const VMA_STACK_FLAGS = constantFlags(
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  VMA_EXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_MAYEXEC_BIT,
  VMA_STACK_BIT,
  VMA_ACCOUNT_BIT,
);
export const VM_STACK_FLAGS = flagsWord(VMA_STACK_FLAGS);
/** VMAs that keep a gap free below their start. */
export const VMA_STARTGAP_FLAGS = constantFlags(VMA_GROWSDOWN_BIT);
export const VM_STARTGAP_FLAGS = VM_GROWSDOWN | VM_SHADOW_STACK;

export const VMA_ACCESS_FLAGS = constantFlags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT);
export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;

/** With any of these a VMA neither merges nor is locked in memory. */
export const VMA_SPECIAL_FLAGS = constantFlags(VMA_IO_BIT, VMA_DONTEXPAND_BIT, VMA_PFNMAP_BIT, VMA_MIXEDMAP_BIT);
export const VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;

/** What a remap of device memory sets on its VMA. */
export const VMA_REMAP_FLAGS = constantFlags(VMA_IO_BIT, VMA_PFNMAP_BIT, VMA_DONTEXPAND_BIT, VMA_DONTDUMP_BIT);

export const VMA_LOCKED_MASK = constantFlags(VMA_LOCKED_BIT, VMA_LOCKONFAULT_BIT);
/** What a child's default flags keep of the parent's. */
export const VM_INIT_DEF_MASK = VM_NOHUGEPAGE;
/** What mprotect() clears beside the access flags: nothing without protection keys. */
export const VM_FLAGS_CLEAR = VM_NONE;
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;

/** A merged VMA keeps these when any of its parts had them. */
export const VMA_STICKY_FLAGS = constantFlags(VMA_MAYBE_GUARD_BIT);
/** Flags that may differ between VMAs that merge. */
export const VMA_IGNORE_MERGE_FLAGS = VMA_STICKY_FLAGS;
export const VM_COPY_ON_FORK = VM_PFNMAP | VM_MIXEDMAP | VM_UFFD_WP | VM_MAYBE_GUARD;

/** A new bitmap with no bit set. C's EMPTY_VMA_FLAGS is a fresh value at each use, so this is a function's result. */
export function emptyFlags(): vma_flags_t {
  return new vma_flags_t();
}

/** No flags, to compare with and to copy from. */
export const EMPTY_VMA_FLAGS = constantFlags();
