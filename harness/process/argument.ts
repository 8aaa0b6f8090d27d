// SPDX-License-Identifier: GPL-2.0-only
/**
 * Arguments of system calls. Each integer of 64 bits, as a number or a bigint, signed or not, is one, and the call answers
 * what the kernel does. What no register can hold (NaN, 0.5, a string, 2^64) is refused by name.
 *
 * The port's unsigned long ends at 2^53-1. So what lies in the upper half of that stands for the upper part of C's:
 * the last 2^52 values before 2^64 are the last 2^52 before 2^53, and all between 2^52 and those become 2^52 plus their
 * low 32 bits. No mapping can be there; sums wrap to 0 where C's do; alignment and flags in the low bits stay.
 */
import { badArgument } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';

/** What a register holds. */
export type SystemArgument = number | bigint;

const HALF = 2n ** 52n;
const TOP = 2n ** 64n - HALF;
const LOW_BITS = 2n ** 32n - 1n;

/** The value as 64 bits without a sign. Throws for what is none. */
function bitsOf64(fn: string, arg: string, value: SystemArgument): bigint {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    return badArgument(fn, arg, value, `not a number (${typeof value})`);
  }
  if (typeof value === 'number' && !Number.isInteger(value)) return badArgument(fn, arg, value, 'not an integer');
  const word = BigInt(value);
  if (word < -(2n ** 63n) || word >= 2n ** 64n) badArgument(fn, arg, value, 'more than 64 bits');
  return BigInt.asUintN(64, word);
}

/** An unsigned long: an address, a length, flags. */
export function toUlong(fn: string, arg: string, value: SystemArgument): number {
  if (typeof value === 'number' && value >= 0 && value < 2 ** 52 && Number.isInteger(value)) return value;
  const word = bitsOf64(fn, arg, value);
  if (word < HALF) return Number(word);
  return Number(word < TOP ? HALF + (word & LOW_BITS) : word - TOP + HALF);
}

/** An int: the low 32 bits, with a sign. */
export function toInt(fn: string, arg: string, value: SystemArgument): number {
  return Number(BigInt.asIntN(32, bitsOf64(fn, arg, value)));
}

/** A limit in bytes, of which the largest is no limit. */
export function toLimit(fn: string, arg: string, value: SystemArgument): number {
  return value === Infinity ? ULONG_MAX : toUlong(fn, arg, value);
}

/** A file's offset in bytes: in whole pages, exactly, or null when it is not page-aligned. */
export function toPages(fn: string, arg: string, value: SystemArgument): number | null {
  const word = bitsOf64(fn, arg, value);
  return word % 4096n === 0n ? Number(word / 4096n) : null;
}
