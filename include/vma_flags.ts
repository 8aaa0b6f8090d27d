// SPDX-License-Identifier: GPL-2.0-only
/**
 * VMA flags: the bitmap type, the bits and the usual combinations, after tools/testing/vma/include/dup.h (Linux 7.2).
 *
 * The configuration is the harness's: MMU, 64 bit, stack grows down, no soft-dirty, no shadow stack, no protection keys.
 * Flags whose CONFIG option is off are VM_NONE, as they are in C.
 */
import { badArgument } from './check.js';

/** Width of the flag bitmap, 64 or 128 bits: environment variable NUM_VMA_FLAG_BITS, 128 unless given. */
export const NUM_VMA_FLAG_BITS: 64 | 128 = flagBitsFromEnvironment(process.env.NUM_VMA_FLAG_BITS);

/** Number of a flag bit, 0 to NUM_VMA_FLAG_BITS - 1. */
export type vma_flag_t = number;
/** The legacy flags word: the lowest 64 bits of the bitmap. */
export type vm_flags_t = bigint;

function flagBitsFromEnvironment(text: string | undefined): 64 | 128 {
  if (text === undefined || text === '' || text === '128') return 128;
  if (text === '64') return 64;
  throw new RangeError(`environment: NUM_VMA_FLAG_BITS = ${JSON.stringify(text)}: must be 64 or 128`);
}

/** Throws unless bit is a flag number that the bitmap has room for. */
export function checkFlagBit(fn: string, bit: vma_flag_t): void {
  if (!(Number.isInteger(bit) && bit >= 0 && bit < NUM_VMA_FLAG_BITS)) {
    badArgument(fn, 'bit', bit, `not a flag bit of ${NUM_VMA_FLAG_BITS}`);
  }
}

const LOW_HALF = 0xffffffffn;
const WORD_MASK = 0xffffffffffffffffn;

/**
 * A bitmap of NUM_VMA_FLAG_BITS bits, held as 32-bit pieces so that no operation on it allocates. It is a struct that
 * C copies by value: whoever keeps one keeps its own (`assign`, `clone`); owners' setters do it for you.
 */
export class vma_flags_t {
  /** Bits 0 to 31, as a signed 32-bit integer; w1 to w3 follow. At 64 bits w2 and w3 stay 0. */
  w0: number;
  w1: number;
  w2: number;
  w3: number;

  constructor() {
    this.w0 = 0;
    this.w1 = 0;
    this.w2 = 0;
    this.w3 = 0;
  }

  /** Struct assignment: takes over all bits of another bitmap. */
  assign(from: vma_flags_t): this {
    this.w0 = from.w0;
    this.w1 = from.w1;
    this.w2 = from.w2;
    this.w3 = from.w3;
    return this;
  }

  /** A copy that nobody else owns. */
  clone(): vma_flags_t {
    return new vma_flags_t().assign(this);
  }

  /** The bitmap as C's array of unsigned longs: a snapshot, lowest word first. */
  get __vma_flags(): bigint[] {
    const words = [wordOf(this.w0, this.w1)];
    if (NUM_VMA_FLAG_BITS > 64) words.push(wordOf(this.w2, this.w3));
    return words;
  }
}

function wordOf(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/**
 * The last words that were turned into a bigint. Few combinations of flags are in use at a time, and making a bigint
 * costs more than the rest of a merge; the values are immutable, so sharing them is safe.
 */
const wordCache: { low: number; high: number; word: bigint }[] = Array.from({ length: 64 }, () => ({
  low: 0,
  high: 0,
  word: 0n,
}));

/** The lowest 64 bits of a bitmap as one word. */
export function flagsWord(flags: vma_flags_t): vm_flags_t {
  const { w0, w1 } = flags;
  const entry = wordCache[(w0 ^ (w0 >> 8) ^ (w0 >> 20) ^ w1) & 63];
  if (entry === undefined) return wordOf(w0, w1);
  if (entry.low !== w0 || entry.high !== w1) {
    entry.low = w0;
    entry.high = w1;
    entry.word = wordOf(w0, w1);
  }
  return entry.word;
}

/** Throws on a word that 64 bits cannot hold. */
export function checkFlagsWord(fn: string, word: vm_flags_t): void {
  if (typeof word !== 'bigint' || word < 0n || word > WORD_MASK) {
    badArgument(fn, 'flags', word, 'not a 64-bit flags word (bigint)');
  }
}

/** Writes a word into the lowest 64 bits and leaves the others. Throws on a word that 64 bits cannot hold. */
export function setFlagsWord(fn: string, flags: vma_flags_t, word: vm_flags_t): void {
  checkFlagsWord(fn, word);
  flags.w0 = Number(word & LOW_HALF) | 0;
  flags.w1 = Number(word >> 32n) | 0;
}

/** Sets one bit. */
export function setFlagBit(fn: string, flags: vma_flags_t, bit: vma_flag_t): void {
  checkFlagBit(fn, bit);
  const mask = 1 << (bit & 31);
  switch (bit >> 5) {
    case 0:
      flags.w0 |= mask;
      break;
    case 1:
      flags.w1 |= mask;
      break;
    case 2:
      flags.w2 |= mask;
      break;
    default:
      flags.w3 |= mask;
  }
}

/** Bits to a new bitmap. */
export function mk_vma_flags(...bits: vma_flag_t[]): vma_flags_t {
  const flags = new vma_flags_t();
  for (const bit of bits) setFlagBit('mk_vma_flags', flags, bit);
  return flags;
}

/** A combination that everybody shares: frozen, so that nobody changes it for the others. */
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
export const VM_SHADOW_STACK = VM_NONE;
export const VM_GROWSUP = VM_NONE;
export const VM_MTE = VM_NONE;
export const VM_MTE_ALLOWED = VM_NONE;
export const VM_UFFD_MINOR = VM_NONE;
export const VM_ALLOW_ANY_UNCACHED = word(VMA_ALLOW_ANY_UNCACHED_BIT);
export const VM_SEALED = word(VMA_SEALED_BIT);
export const VM_DROPPABLE = word(VMA_DROPPABLE_BIT);

/** Set until an exec'd stack stands where it will stay. */
export const VM_STACK_INCOMPLETE_SETUP = VM_RAND_READ | VM_SEQ_READ | VM_STACK_EARLY;

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
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;

/** A merged VMA keeps these when any of its parts had them. */
export const VMA_STICKY_FLAGS = constantFlags(VMA_MAYBE_GUARD_BIT);
/** Flags that may differ between VMAs that merge. */
export const VMA_IGNORE_MERGE_FLAGS = VMA_STICKY_FLAGS;
export const VM_COPY_ON_FORK = VM_PFNMAP | VM_MIXEDMAP | VM_UFFD_WP | VM_MAYBE_GUARD;

/** A new bitmap with no bit set; C's EMPTY_VMA_FLAGS is a fresh value at each use, so this is a function's result. */
export function emptyFlags(): vma_flags_t {
  return new vma_flags_t();
}

/** No flags, to compare with and to copy from. */
export const EMPTY_VMA_FLAGS = constantFlags();
