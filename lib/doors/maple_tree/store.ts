// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Storing through a state: the functions of lib/maple_tree/store.ts, with the state's range and the entry checked. Each
 * throws a RangeError for a range that somebody wrote into the state and that no tree may hold, and a TypeError for
 * undefined as an entry: NULL is null. The state and the tree are as they were then.
 */
import { badArgument, checkUlong, checkUlongRange } from '../../../include/check.js';
import type { gfp_t } from '../../../include/linux/gfp.js';
import type { ma_state } from '../../../include/linux/maple_tree.js';
import * as inner from '../../maple_tree.js';

export { mas_destroy } from '../../maple_tree.js';

function checkStore<T>(fn: string, mas: ma_state<T>, entry: T | null): void {
  checkUlongRange(fn, 'index', mas.index, 'last', mas.last);
  if (entry === undefined) badArgument(fn, 'entry', entry, 'undefined is no entry, NULL is null');
}

/**
 * Stores an entry, or NULL, over [index, last]; returns what was at index before. Without memory the state is in error
 * with -ENOMEM. mas_store() of lib/maple_tree.c.
 */
export function mas_store<T>(mas: ma_state<T>, entry: T | null): T | null {
  checkStore('mas_store', mas, entry);
  return inner.mas_store(mas, entry);
}

/** Stores an entry, or NULL, over [index, last]; 0 or -ENOMEM. mas_store_gfp() of lib/maple_tree.c. */
export function mas_store_gfp<T>(mas: ma_state<T>, entry: T | null, gfp: gfp_t): number {
  checkStore('mas_store_gfp', mas, entry);
  return inner.mas_store_gfp(mas, entry, gfp);
}

/**
 * Reserves the nodes that storing entry over [index, last] may take; 0 or -ENOMEM. mas_destroy() gives back what was
 * not used. mas_preallocate() of lib/maple_tree.c.
 */
export function mas_preallocate<T>(mas: ma_state<T>, entry: T | null, gfp: gfp_t): number {
  checkStore('mas_preallocate', mas, entry);
  return inner.mas_preallocate(mas, entry, gfp);
}

/**
 * The store that mas_preallocate() promised. It asks for no memory and cannot fail. Without a promise a store that
 * needs no node is carried out, and any other throws. mas_store_prealloc() of lib/maple_tree.c.
 */
export function mas_store_prealloc<T>(mas: ma_state<T>, entry: T | null): void {
  checkStore('mas_store_prealloc', mas, entry);
  inner.mas_store_prealloc(mas, entry);
}

/**
 * Stores entry over [index, last] if all of that is NULL. Else the state is in error with -EEXIST, and what is there
 * at index is returned. mas_insert() of lib/maple_tree.c.
 */
export function mas_insert<T>(mas: ma_state<T>, entry: T | null): T | null {
  checkStore('mas_insert', mas, entry);
  return inner.mas_insert(mas, entry);
}

/**
 * Erases the whole range that holds index and returns its entry, or NULL if there was none. Throws a RangeError if the
 * state's index is none. mas_erase() of lib/maple_tree.c.
 */
export function mas_erase<T>(mas: ma_state<T>): T | null {
  checkUlong('mas_erase', 'index', mas.index);
  return inner.mas_erase(mas);
}
