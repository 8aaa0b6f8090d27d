// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Steps and searches: the functions of lib/maple_tree/iterate.ts and gaps.ts, with limits and sizes checked. Each
 * throws a RangeError for a limit or a size that is no integer from 0 to ULONG_MAX.
 */
import { checkUlong } from '../../../include/check.js';
import type { ma_state } from '../../../include/linux/maple_tree.js';
import * as inner from '../../maple_tree.js';

/**
 * On a fresh state the entry at or after index, later the entry after the present one, if it begins at or below max;
 * else NULL. mas_find() of lib/maple_tree.c.
 */
export function mas_find<T>(mas: ma_state<T>, max: number): T | null {
  checkUlong('mas_find', 'max', max);
  return inner.mas_find(mas, max);
}

/** As mas_find(), but later steps take every range, with an entry or NULL. mas_find_range() of lib/maple_tree.c. */
export function mas_find_range<T>(mas: ma_state<T>, max: number): T | null {
  checkUlong('mas_find_range', 'max', max);
  return inner.mas_find_range(mas, max);
}

/**
 * On a fresh state the entry at or before index, later the entry before the present one, if it ends at or above min;
 * else NULL. mas_find_rev() of lib/maple_tree.c.
 */
export function mas_find_rev<T>(mas: ma_state<T>, min: number): T | null {
  checkUlong('mas_find_rev', 'min', min);
  return inner.mas_find_rev(mas, min);
}

/**
 * As mas_find_rev(), but later steps take every range, with an entry or NULL. mas_find_range_rev() of
 * lib/maple_tree.c.
 */
export function mas_find_range_rev<T>(mas: ma_state<T>, min: number): T | null {
  checkUlong('mas_find_range_rev', 'min', min);
  return inner.mas_find_range_rev(mas, min);
}

/** Each entry from the state's place up to max. The macro mas_for_each() of include/linux/maple_tree.h. */
export function mas_for_each<T>(mas: ma_state<T>, max: number): IterableIterator<T, void> {
  checkUlong('mas_find', 'max', max);
  return inner.mas_for_each(mas, max);
}

/** Each entry from the state's place down to min. The macro mas_for_each_rev() of include/linux/maple_tree.h. */
export function mas_for_each_rev<T>(mas: ma_state<T>, min: number): IterableIterator<T, void> {
  checkUlong('mas_find_rev', 'min', min);
  return inner.mas_for_each_rev(mas, min);
}

/**
 * Steps to the next entry that begins at or below max; NULL, with the state in overflow, if there is none. mas_next()
 * of lib/maple_tree.c.
 */
export function mas_next<T>(mas: ma_state<T>, max: number): T | null {
  checkUlong('mas_next', 'max', max);
  return inner.mas_next(mas, max);
}

/**
 * Steps to the next range, with an entry or NULL, that begins at or below max. mas_next_range() of lib/maple_tree.c.
 */
export function mas_next_range<T>(mas: ma_state<T>, max: number): T | null {
  checkUlong('mas_next_range', 'max', max);
  return inner.mas_next_range(mas, max);
}

/**
 * Steps to the entry before that ends at or above min; NULL, with the state in underflow, if there is none. mas_prev()
 * of lib/maple_tree.c.
 */
export function mas_prev<T>(mas: ma_state<T>, min: number): T | null {
  checkUlong('mas_prev', 'min', min);
  return inner.mas_prev(mas, min);
}

/**
 * Steps to the range before, with an entry or NULL, that ends at or above min. mas_prev_range() of lib/maple_tree.c.
 */
export function mas_prev_range<T>(mas: ma_state<T>, min: number): T | null {
  checkUlong('mas_prev_range', 'min', min);
  return inner.mas_prev_range(mas, min);
}

function checkWindow(fn: string, min: number, max: number, size: number): void {
  checkUlong(fn, 'min', min);
  checkUlong(fn, 'max', max);
  checkUlong(fn, 'size', size);
}

/**
 * Finds the lowest `size` indices in a row within [min, max] that hold nothing; index and last become them. 0, -EBUSY
 * (the state is in error then), or -EINVAL for a window that is smaller than size. mas_empty_area() of
 * lib/maple_tree.c.
 */
export function mas_empty_area<T>(mas: ma_state<T>, min: number, max: number, size: number): number {
  checkWindow('mas_empty_area', min, max, size);
  return inner.mas_empty_area(mas, min, max, size);
}

/** The highest such indices; results as mas_empty_area(). mas_empty_area_rev() of lib/maple_tree.c. */
export function mas_empty_area_rev<T>(mas: ma_state<T>, min: number, max: number, size: number): number {
  checkWindow('mas_empty_area_rev', min, max, size);
  return inner.mas_empty_area_rev(mas, min, max, size);
}
