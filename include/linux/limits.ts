// SPDX-License-Identifier: GPL-2.0-only
/**
 * Ranges of the integer types the port stands on. An `unsigned long` is a safe integer here, so its largest value is
 * 2^53-1 where the kernel has 2^64-1 (docs/upstream.md, "Numbers").
 */

export const ULONG_MAX = Number.MAX_SAFE_INTEGER;
export const UINT_MAX = 0xffffffff;
export const USHRT_MAX = 0xffff;
export const BITS_PER_LONG = 64;
