// SPDX-License-Identifier: GPL-2.0-only
/**
 * The bitmap that holds VMA flags, and its lowest 64 bits as a word, after tools/testing/vma/include/dup.h (Linux 7.3).
 * The flags themselves are in vma_flags.ts, what is done with them in lib/mm/inlines/flag_operations.ts.
 */
import { NUM_VMA_FLAG_BITS } from './autoconf.js';
import { badArgument } from './check.js';

/** Number of a flag bit, 0 to NUM_VMA_FLAG_BITS - 1. */
export type vma_flag_t = number;
/** The legacy flags word: the lowest 64 bits of the bitmap. */
export type vm_flags_t = bigint;

/**
 * Throws unless bit is a flag number that the bitmap has room for.
 * @internal
 */
export function checkFlagBit(fn: string, bit: vma_flag_t): void {
  if (!(Number.isInteger(bit) && bit >= 0 && bit < NUM_VMA_FLAG_BITS)) {
    badArgument(fn, 'bit', bit, `not a flag bit of ${NUM_VMA_FLAG_BITS}`);
  }
}

const LOW_HALF = 0xffffffffn;
const WORD_MASK = 0xffffffffffffffffn;

/**
 * A bitmap of NUM_VMA_FLAG_BITS bits, held as 32-bit pieces so that no operation on it allocates. It is a struct that
 * C copies by value: no two owners share one (`assign`, `clone`); the setters of owners copy.
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

  /** A copy of its own. */
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

/**
 * The lowest 64 bits of a bitmap as one word.
 * @internal
 */
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

/**
 * Throws on a word that 64 bits cannot hold.
 * @internal
 */
export function checkFlagsWord(fn: string, word: vm_flags_t): void {
  if (typeof word !== 'bigint' || word < 0n || word > WORD_MASK) {
    badArgument(fn, 'flags', word, 'not a 64-bit flags word (bigint)');
  }
}

/**
 * Writes a word into the lowest 64 bits and leaves the others.
 * @internal
 */
export function setFlagsWord(flags: vma_flags_t, word: vm_flags_t): void {
  flags.w0 = Number(word & LOW_HALF) | 0;
  flags.w1 = Number(word >> 32n) | 0;
}

/**
 * Sets one bit, which the bitmap must have room for.
 * @internal
 */
export function setFlagBit(flags: vma_flags_t, bit: vma_flag_t): void {
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

/** A new bitmap with the bits given. */
export function mk_vma_flags(...bits: vma_flag_t[]): vma_flags_t {
  const flags = new vma_flags_t();
  for (const bit of bits) setFlagBit(flags, bit);
  return flags;
}
