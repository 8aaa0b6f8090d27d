// SPDX-License-Identifier: GPL-2.0-only
/**
 * Guards at the door: every number that enters from outside is checked once, and a bad one is refused with the
 * function, the argument and the value. C would wrap or round in silence; a NaN in a range tree is found days later.
 */
import { ULONG_MAX } from './linux/limits.js';

/**
 * A value as an error message shows it: integers in hex, anything else as it prints.
 * @internal
 */
export function hexOf(value: unknown): string {
  if (typeof value === 'bigint') return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  if (typeof value !== 'number' || !Number.isInteger(value)) return String(value);
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function refuse(fn: string, arg: string, value: unknown, why: string): never {
  const Kind = typeof value === 'number' || typeof value === 'bigint' ? RangeError : TypeError;
  throw new Kind(`${fn}: ${arg} = ${hexOf(value)}: ${why}`);
}

/** What is wrong with a number that is no unsigned long, in words. */
function ulongFault(value: unknown): string {
  if (typeof value !== 'number') return `not a number (${typeof value})`;
  if (Number.isNaN(value)) return 'not a number';
  if (value < 0) return 'negative';
  if (value > ULONG_MAX) return `past ULONG_MAX (${hexOf(ULONG_MAX)})`;
  return 'not an integer';
}

/**
 * Throws unless value is an unsigned long: an integer from 0 to ULONG_MAX.
 * @internal
 */
export function checkUlong(fn: string, arg: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= ULONG_MAX)) refuse(fn, arg, value, ulongFault(value));
}

/**
 * Throws unless first <= last, both unsigned longs.
 * @internal
 */
export function checkUlongRange(fn: string, firstArg: string, first: number, lastArg: string, last: number): void {
  // One condition for all that is right: it stands on the way of every store. What is wrong is found out afterwards.
  if (Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first <= last && last <= ULONG_MAX) return;
  checkUlong(fn, firstArg, first);
  checkUlong(fn, lastArg, last);
  refuse(fn, lastArg, last, `below ${firstArg}`);
}

/** A whole number of pages, of 4096 bytes each? */
function isWholePages(value: number): boolean {
  return Number.isInteger(value) && Math.floor(value / 4096) * 4096 === value;
}

/**
 * Throws unless value is a page-aligned unsigned long. Pages are 4096 bytes.
 * @internal
 */
export function checkPageAligned(fn: string, arg: string, value: number): void {
  if (value >= 0 && value <= ULONG_MAX && isWholePages(value)) return;
  checkUlong(fn, arg, value);
  refuse(fn, arg, value, 'not page-aligned');
}

/**
 * Throws unless start < end, both page-aligned. The message names the end, which is the argument that contradicts.
 * @internal
 */
export function checkPageRange(fn: string, startArg: string, start: number, endArg: string, end: number): void {
  if (start >= 0 && start < end && end <= ULONG_MAX && isWholePages(start) && isWholePages(end)) return;
  checkPageAligned(fn, startArg, start);
  checkPageAligned(fn, endArg, end);
  refuse(fn, endArg, end, `not above ${startArg} = ${hexOf(start)}`);
}

/**
 * Throws with the house's message form; for checks that are particular to one caller.
 * @internal
 */
export function badArgument(fn: string, arg: string, value: unknown, why: string): never {
  return refuse(fn, arg, value, why);
}
