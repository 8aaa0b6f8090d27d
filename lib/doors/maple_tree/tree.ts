// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Operations on a tree without a state, and what is for tests: the functions of lib/maple_tree/mtree.ts and
 * validate.ts, with indices and entries checked. Each throws a RangeError for what is no integer from 0 to ULONG_MAX.
 */
import { badArgument, checkUlong } from '../../../include/check.js';
import type { gfp_t } from '../../../include/linux/gfp.js';
import type { maple_tree } from '../../../include/linux/maple_tree.js';
import type { Ref } from '../../../include/ref.js';
import * as inner from '../../maple_tree.js';
import { isWatched, watched } from '../operation.js';

export {
  __mt_destroy,
  type MapleSlab,
  maple_debug,
  maple_slab,
  mt_dump,
  mt_height,
  mt_in_rcu,
  mt_init,
  mt_init_flags,
  mt_validate,
  mtree_empty,
} from '../../maple_tree.js';

/** Frees all nodes. mtree_destroy() of lib/maple_tree.c. */
export function mtree_destroy<T>(mt: maple_tree<T>): void {
  if (isWatched()) {
    watched('mtree_destroy', mtree_destroy, { mt });
    return;
  }
  inner.mtree_destroy(mt);
}

/** The entry at index, or NULL. mtree_load() of lib/maple_tree.c. */
export function mtree_load<T>(mt: maple_tree<T>, index: number): T | null {
  checkUlong('mtree_load', 'index', index);
  return inner.mtree_load(mt, index);
}

function checkEntry<T>(fn: string, entry: T | null): void {
  if (entry === undefined) badArgument(fn, 'entry', entry, 'undefined is no entry, NULL is null');
}

/**
 * Stores an entry, or NULL, over [index, last]; 0, -EINVAL for last below index, or -ENOMEM. Throws a TypeError for
 * undefined as an entry. mtree_store_range() of lib/maple_tree.c.
 */
export function mtree_store_range<T>(
  mt: maple_tree<T>,
  index: number,
  last: number,
  entry: T | null,
  gfp: gfp_t,
): number {
  checkUlong('mtree_store_range', 'index', index);
  checkUlong('mtree_store_range', 'last', last);
  if (index <= last) checkEntry('mas_store_gfp', entry);
  return inner.mtree_store_range(mt, index, last, entry, gfp);
}

/**
 * Stores an entry, or NULL, at index; 0 or -ENOMEM. Throws as mtree_store_range(). mtree_store() of lib/maple_tree.c.
 */
export function mtree_store<T>(mt: maple_tree<T>, index: number, entry: T | null, gfp: gfp_t): number {
  checkUlong('mtree_store_range', 'index', index);
  checkEntry('mas_store_gfp', entry);
  return inner.mtree_store(mt, index, entry, gfp);
}

/**
 * Stores entry over [first, last] if nothing is there; 0, -EEXIST, -EINVAL for last below first, or -ENOMEM. Throws a
 * TypeError for undefined as an entry. mtree_insert_range() of lib/maple_tree.c.
 */
export function mtree_insert_range<T>(mt: maple_tree<T>, first: number, last: number, entry: T, gfp: gfp_t): number {
  checkUlong('mtree_insert_range', 'first', first);
  checkUlong('mtree_insert_range', 'last', last);
  if (first <= last) checkEntry('mas_insert', entry);
  return inner.mtree_insert_range(mt, first, last, entry, gfp);
}

/** Stores entry at index if nothing is there; results as mtree_insert_range(). mtree_insert() of lib/maple_tree.c. */
export function mtree_insert<T>(mt: maple_tree<T>, index: number, entry: T, gfp: gfp_t): number {
  checkUlong('mtree_insert_range', 'first', index);
  checkEntry('mas_insert', entry);
  return inner.mtree_insert(mt, index, entry, gfp);
}

/** Erases the whole range that holds index; returns its entry, or NULL. mtree_erase() of lib/maple_tree.c. */
export function mtree_erase<T>(mt: maple_tree<T>, index: number): T | null {
  checkUlong('ma_state', 'index', index);
  return inner.mtree_erase(mt, index);
}

/**
 * The first entry in a range that ends at or above index and begins at or below max, or NULL. With an entry, index
 * becomes the place after its range, 0 after ULONG_MAX. mt_find() of lib/maple_tree.c.
 */
export function mt_find<T>(mt: maple_tree<T>, index: Ref<number>, max: number): T | null {
  checkUlong('mt_find', 'index', index.value);
  checkUlong('mt_find', 'max', max);
  return inner.mt_find(mt, index, max);
}

/**
 * As mt_find(), for going on: an index of 0 means that the last range has been seen, and NULL is the answer.
 * mt_find_after() of lib/maple_tree.c.
 */
export function mt_find_after<T>(mt: maple_tree<T>, index: Ref<number>, max: number): T | null {
  checkUlong('mt_find', 'index', index.value);
  checkUlong('mt_find', 'max', max);
  return inner.mt_find_after(mt, index, max);
}

/**
 * Each entry from index on that begins at or below max; index is kept up as mt_find() does. The macro mt_for_each() of
 * include/linux/maple_tree.h.
 */
export function* mt_for_each<T>(mt: maple_tree<T>, index: Ref<number>, max: number): Generator<T, void> {
  for (let entry = mt_find(mt, index, max); entry !== null; entry = mt_find_after(mt, index, max)) yield entry;
}

/**
 * The first entry after the range that holds index that begins at or below max, or NULL. mt_next() of lib/maple_tree.c.
 */
export function mt_next<T>(mt: maple_tree<T>, index: number, max: number): T | null {
  checkUlong('mt_next', 'index', index);
  checkUlong('mt_next', 'max', max);
  return inner.mt_next(mt, index, max);
}

/**
 * The last entry before the range that holds index that ends at or above min, or NULL. mt_prev() of lib/maple_tree.c.
 */
export function mt_prev<T>(mt: maple_tree<T>, index: number, min: number): T | null {
  checkUlong('mt_prev', 'index', index);
  checkUlong('mt_prev', 'min', min);
  return inner.mt_prev(mt, index, min);
}
