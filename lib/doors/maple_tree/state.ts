// SPDX-License-Identifier: GPL-2.0-or-later
/** Setting up a state and moving it: the functions of lib/maple_tree/state.ts, with indices checked. */
import { badArgument, checkUlong, checkUlongRange } from '../../../include/check.js';
import type { ma_state, maple_tree } from '../../../include/linux/maple_tree.js';
import * as inner from '../../maple_tree.js';

export {
  mas_error,
  mas_is_active,
  mas_is_err,
  mas_is_none,
  mas_is_overflow,
  mas_is_paused,
  mas_is_ptr,
  mas_is_start,
  mas_is_underflow,
  mas_pause,
  mas_reset,
  mas_walk,
} from '../../maple_tree.js';

/**
 * A state for the range from index to last of tree, both from 0 to ULONG_MAX and inclusive. Throws a RangeError for
 * what is no index, and for last below index. The macro MA_STATE() of include/linux/maple_tree.h.
 */
export function MA_STATE<T>(tree: maple_tree<T>, index: number, last: number): ma_state<T> {
  const mas = inner.MA_STATE(tree, index, last);
  if (last < index) badArgument('MA_STATE', 'last', last, 'below index');
  return mas;
}

/**
 * Makes a state new again, for one index of tree. Reserved nodes must have been given back. Throws a RangeError for
 * what is no index. mas_init() of include/linux/maple_tree.h.
 */
export function mas_init<T>(mas: ma_state<T>, tree: maple_tree<T>, addr: number): void {
  checkUlong('mas_init', 'addr', addr);
  inner.mas_init(mas, tree, addr);
}

/**
 * Moves the state to another index; the tree is walked at the next use. Throws a RangeError for what is no index.
 * mas_set() of include/linux/maple_tree.h.
 */
export function mas_set<T>(mas: ma_state<T>, index: number): void {
  checkUlong('mas_set', 'index', index);
  inner.mas_set(mas, index);
}

/**
 * Moves the state to the range from start to last, inclusive; the tree is walked at the next use. Throws a RangeError
 * for what is no index, and for last below start. mas_set_range() of include/linux/maple_tree.h.
 */
export function mas_set_range<T>(mas: ma_state<T>, start: number, last: number): void {
  checkUlongRange('mas_set_range', 'start', start, 'last', last);
  inner.mas_set_range(mas, start, last);
}

/**
 * Changes the range without leaving the slot that the state stands in. Warns when the start of an active state leaves
 * its present range: a store then looks on from there, to the right only. Throws as mas_set_range().
 * __mas_set_range() of include/linux/maple_tree.h.
 */
export function __mas_set_range<T>(mas: ma_state<T>, start: number, last: number): void {
  checkUlongRange('__mas_set_range', 'start', start, 'last', last);
  inner.__mas_set_range(mas, start, last);
}
