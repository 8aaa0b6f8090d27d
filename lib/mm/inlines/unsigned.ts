// SPDX-License-Identifier: GPL-2.0-only
/**
 * The arithmetic of an unsigned long where a system call relies on it to wrap, with ULONG_MAX as the largest: sums and
 * differences that a caller chose, before anybody has looked whether they make sense.
 */
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { offset_in_page, PAGE_ALIGN_DOWN, PAGE_SIZE } from '../../../include/linux/mm.js';

/** Would a + b pass ULONG_MAX? */
export function sumWraps(a: number, b: number): boolean {
  return a > ULONG_MAX - b;
}

/** a + b. */
export function wrappingSum(a: number, b: number): number {
  return sumWraps(a, b) ? a - (ULONG_MAX - b) - 1 : a + b;
}

/** a - b. */
export function wrappingDifference(a: number, b: number): number {
  return a >= b ? a - b : ULONG_MAX - (b - a) + 1;
}

/** PAGE_ALIGN() of a length: 0 for one in the last page there is. */
export function wrappingPageAlign(len: number): number {
  return PAGE_ALIGN_DOWN(wrappingSum(len, PAGE_SIZE - 1));
}

/** Whole pages of what lies from `start`, anywhere in a page, `len` bytes on: PAGE_ALIGN(len + offset_in_page(start)). */
export function wrappingSpan(start: number, len: number): number {
  return wrappingPageAlign(wrappingSum(len, offset_in_page(start)));
}

/**
 * Are bits set in an argument of a system call that are none of `known`? Those past bit 31, which the operators of
 * JavaScript leave out, are never known.
 */
export function hasOtherBits(value: number, known: number): boolean {
  return value > 0xffffffff || (value & ~known) !== 0;
}

/** value with all of `bits`, which lie below bit 31, set; those past bit 31 stay. */
export function withBits(value: number, bits: number): number {
  return value + (bits & ~value);
}
