// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Stepping through the ranges. Ports mas_next(), mas_next_range(), mas_prev(), mas_prev_range(), mas_find(),
 * mas_find_range(), mas_find_rev(), mas_find_range_rev() and what they stand on (mas_next_slot(), mas_next_node(),
 * mas_prev_slot(), mas_prev_node(), mas_may_activate(), the *_setup() functions) of lib/maple_tree.c, Linux 7.3.
 *
 * Deviations
 * - Whether the tree has changed is asked once, in the set-up of each function, not at every slot: nothing else runs.
 * - States that make upstream follow a NULL node (an overflow met before the first walk) walk to index first.
 */
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  ma_active,
  ma_error,
  ma_none,
  ma_overflow,
  ma_pause,
  ma_root,
  ma_start,
  type ma_state,
  ma_underflow,
  type maple_nodes,
  OFFSET_MASK,
} from '../../include/linux/maple_tree.js';
import { nodeEnd, nodeMin, nodesOf } from './node.js';
import { isFresh, mas_rewalk, mas_walk } from './state.js';

/** The *_setup() functions: false when the caller is to step on, else DONE, with the answer in `entry` below. */
const STEP = undefined;
type Setup<T> = T | null | typeof STEP;

/** First index of the slot that the state stands in. Port of mas_safe_min(). */
function slotMin<T>(mas: ma_state<T>, nodes: maple_nodes<T>): number {
  return mas.offset > 0 ? nodes.pivotAt(mas.node + mas.offset - 1) + 1 : mas.min;
}

/** Back in action after a limit was met, if the state still knows where it is. Port of mas_may_activate(). */
function mas_may_activate<T>(mas: ma_state<T>): void {
  const placed = isFresh(mas) && mas.index >= mas.min && mas.index <= mas.max;
  mas.status = placed ? ma_active : ma_start;
}

/** Moves to the leaf after this one, which must exist. Port of mas_next_node(). */
function mas_next_node<T>(mas: ma_state<T>, nodes: maple_nodes<T>): void {
  let node = mas.node;
  let at: number;
  let level = 0;
  do {
    at = nodes.parentOf(node);
    node = at & ~OFFSET_MASK;
    level++;
  } while (at === nodeEnd(nodes, node));
  node = nodes.childAt(at + 1);
  while (--level > 0) node = nodes.childAt(node);
  mas.min = mas.max + 1;
  mas.node = node;
  mas.end = nodes.endOf(node);
  mas.max = nodes.pivotAt(node + mas.end);
}

/** Moves to the leaf before this one, which must exist. Port of mas_prev_node(). */
function mas_prev_node<T>(mas: ma_state<T>, nodes: maple_nodes<T>): void {
  let node = mas.node;
  let at: number;
  let level = 0;
  do {
    at = nodes.parentOf(node);
    node = at & ~OFFSET_MASK;
    level++;
  } while (at === node);
  at--;
  while (--level > 0) at = nodeEnd(nodes, nodes.childAt(at));
  node = nodes.childAt(at);
  mas.max = mas.min - 1;
  mas.node = node;
  mas.end = nodes.endOf(node);
  mas.offset = mas.end;
}

/**
 * Steps to the next slot, or with empty false to the next that has an entry, unless the present one ends at or above
 * max. Port of mas_next_slot().
 */
function mas_next_slot<T>(mas: ma_state<T>, max: number, empty: boolean): T | null {
  const nodes = nodesOf(mas.tree);
  if (mas.max >= max) {
    const here = mas.offset < mas.end ? nodes.pivotAt(mas.node + mas.offset) : mas.max;
    if (here >= max) {
      mas.status = ma_overflow;
      return null;
    }
  }
  if (mas.offset < mas.end) {
    mas.index = nodes.pivotAt(mas.node + mas.offset) + 1;
    mas.offset++;
  } else {
    mas_next_node(mas, nodes);
    mas.offset = 0;
    mas.index = mas.min;
  }
  for (;;) {
    const at = mas.node + mas.offset;
    mas.last = mas.offset < mas.end ? nodes.pivotAt(at) : mas.max;
    const entry = nodes.slotAt(at);
    if (entry !== null || empty) return entry;
    if (mas.last >= max) {
      mas.status = ma_overflow;
      return null;
    }
    // Only the last leaf of a tree ends in NULL, so the next slot is in this leaf.
    mas.index = mas.last + 1;
    mas.offset++;
  }
}

/**
 * Steps to the slot before, or with empty false to the nearest before that has an entry, unless the present one begins
 * at or below min. Port of mas_prev_slot(), with its habit of ending the slot right before `index`, wherever in its
 * range that stood, if both are in one leaf.
 */
function mas_prev_slot<T>(mas: ma_state<T>, min: number, empty: boolean): T | null {
  const nodes = nodesOf(mas.tree);
  if (mas.min <= min && slotMin(mas, nodes) <= min) {
    mas.status = ma_underflow;
    return null;
  }
  for (;;) {
    if (mas.offset > 0) {
      mas.offset--;
      mas.last = mas.index - 1;
    } else {
      if (mas.index <= min) {
        mas.status = ma_underflow;
        return null;
      }
      mas_prev_node(mas, nodes);
      mas.min = nodeMin(nodes, mas.node);
      mas.last = mas.max;
    }
    mas.index = slotMin(mas, nodes);
    const entry = nodes.slotAt(mas.node + mas.offset);
    if (entry !== null || empty) return entry;
    if (mas.index <= min) {
      mas.status = ma_underflow;
      return null;
    }
  }
}

/** Nothing comes after a single entry at 0. */
function pastSingleEntry<T>(mas: ma_state<T>): null {
  mas.index = 1;
  mas.last = ULONG_MAX;
  mas.status = ma_none;
  return null;
}

/** What stands before an index in a tree without nodes: the entry at 0, if there is one. */
function beforeAll<T>(mas: ma_state<T>): T | null {
  mas.index = 0;
  mas.last = 0;
  mas.status = ma_root;
  return mas.tree.ma_root;
}

/** Port of mas_next_setup(). */
function mas_next_setup<T>(mas: ma_state<T>, max: number): Setup<T> {
  if (mas.last >= max) {
    mas.status = ma_overflow;
    return null;
  }
  const status = mas.status;
  if (status === ma_active) {
    if (isFresh(mas)) return STEP;
    mas_rewalk(mas, mas.last);
  } else if (status === ma_error) {
    return null;
  } else if (status === ma_underflow) {
    // The caller takes the state to be one before where it is.
    mas_may_activate(mas);
    const entry = mas_walk(mas);
    if (entry !== null) return entry;
  } else if (status === ma_overflow) {
    // Met a limit before, but max is another now.
    mas_may_activate(mas);
    if (mas.status === ma_start) mas_rewalk(mas, mas.last);
  } else if (status !== ma_root || mas.version !== mas.tree.version) {
    mas.status = ma_start;
    mas_walk(mas);
  }
  if (mas.status === ma_active) return STEP;
  if (mas.status === ma_root) {
    if (status !== ma_none || mas.index !== 0) return pastSingleEntry(mas);
    mas.last = 0;
  }
  return null;
}

/** Steps to the next entry that begins at or below max; NULL and overflow if there is none. Port of mas_next(). */
export function mas_next<T>(mas: ma_state<T>, max: number): T | null {
  const entry = mas_next_setup(mas, max);
  return entry === STEP ? mas_next_slot(mas, max, false) : entry;
}

/** Steps to the next range, with an entry or NULL. Port of mas_next_range(). */
export function mas_next_range<T>(mas: ma_state<T>, max: number): T | null {
  const entry = mas_next_setup(mas, max);
  return entry === STEP ? mas_next_slot(mas, max, true) : entry;
}

/** Port of mas_prev_setup(). */
function mas_prev_setup<T>(mas: ma_state<T>, min: number): Setup<T> {
  if (mas.index <= min) {
    mas.status = ma_underflow;
    return null;
  }
  const status = mas.status;
  if (status === ma_active) {
    if (isFresh(mas)) return STEP;
    mas.status = ma_start;
  } else if (status === ma_error) {
    return null;
  } else if (status === ma_none || status === ma_pause) {
    mas.status = ma_start;
  } else if (status === ma_underflow) {
    // Met a limit before, but min is another now.
    mas_may_activate(mas);
  } else if (status === ma_overflow) {
    // The caller takes the state to be one after where it is.
    mas_may_activate(mas);
    const entry = mas_walk(mas);
    if (entry !== null) return entry;
  } else if (status === ma_root && mas.version !== mas.tree.version) {
    mas.status = ma_start;
  }
  if (mas.status === ma_start) mas_walk(mas);
  if (mas.status === ma_root) {
    if (mas.index === 0) {
      mas.status = ma_none;
      return null;
    }
    mas.index = 0;
    mas.last = 0;
    return mas.tree.ma_root;
  }
  if (mas.status === ma_none) return mas.index !== 0 ? beforeAll(mas) : null;
  return STEP;
}

/** Steps to the entry before that ends at or above min; NULL and underflow if there is none. Port of mas_prev(). */
export function mas_prev<T>(mas: ma_state<T>, min: number): T | null {
  const entry = mas_prev_setup(mas, min);
  return entry === STEP ? mas_prev_slot(mas, min, false) : entry;
}

/** Steps to the range before, with an entry or NULL. Port of mas_prev_range(). */
export function mas_prev_range<T>(mas: ma_state<T>, min: number): T | null {
  const entry = mas_prev_setup(mas, min);
  return entry === STEP ? mas_prev_slot(mas, min, true) : entry;
}

/** The statuses of mas_find_setup() other than active: true if they end the search before any walk. */
function findSetupEnds<T>(mas: ma_state<T>, max: number): boolean {
  const status = mas.status;
  if (status === ma_error) return true;
  if (status === ma_pause || status === ma_none) {
    if (mas.last >= max) return true;
    if (status === ma_pause) mas.last++;
    mas.index = mas.last;
    mas.status = ma_start;
  } else if (status === ma_underflow) {
    // Stands on the entry before which it could not go.
    if (mas.index >= max) {
      mas.status = ma_overflow;
      return true;
    }
  } else if (status === ma_overflow) {
    return mas.last >= max;
  } else if (status === ma_root && mas.version !== mas.tree.version) {
    mas_rewalk(mas, mas.last);
  }
  return false;
}

/** Port of mas_find_setup(). */
function mas_find_setup<T>(mas: ma_state<T>, max: number): Setup<T> {
  const status = mas.status;
  if (status === ma_active) {
    if (mas.last >= max) return null;
    if (isFresh(mas)) return STEP;
    mas_rewalk(mas, mas.last);
  } else {
    if (status !== ma_start && findSetupEnds(mas, max)) return null;
    if (status === ma_underflow || status === ma_overflow) {
      mas_may_activate(mas);
      const entry = mas_walk(mas);
      if (entry !== null) return entry;
    }
    if (mas.status === ma_start) {
      if (mas.index > max) return null;
      const entry = mas_walk(mas);
      if (entry !== null) return entry;
    }
  }
  if (mas.status === ma_root) return pastSingleEntry(mas);
  if (mas.status === ma_none || mas.index === max) return null;
  return STEP;
}

/**
 * On a fresh state the entry at or after index, later the entry after the present one, if it begins at or below max.
 * Port of mas_find().
 */
export function mas_find<T>(mas: ma_state<T>, max: number): T | null {
  const found = mas_find_setup(mas, max);
  if (found !== STEP) return found;
  const entry = mas_next_slot(mas, max, false);
  // A limit met here is no overflow: the next find is to go on from the range it stands on.
  mas.status = ma_active;
  return entry;
}

/** As mas_find(), but later steps take every range, with an entry or NULL. Port of mas_find_range(). */
export function mas_find_range<T>(mas: ma_state<T>, max: number): T | null {
  const entry = mas_find_setup(mas, max);
  return entry === STEP ? mas_next_slot(mas, max, true) : entry;
}

/** Back to active at the place it has, or walked there anew if it has none. */
function activateForRev<T>(mas: ma_state<T>): void {
  if (isFresh(mas)) mas.status = ma_active;
  else mas_rewalk(mas, mas.index);
}

/** The statuses of mas_find_rev_setup(): true if they end the search before any walk. */
function findRevSetupEnds<T>(mas: ma_state<T>, min: number): boolean {
  const status = mas.status;
  if (status === ma_active) {
    if (!isFresh(mas)) mas_rewalk(mas, mas.index);
  } else if (status === ma_error) {
    return true;
  } else if (status === ma_pause) {
    if (mas.index <= min) {
      mas.status = ma_underflow;
      return true;
    }
    mas.index--;
    mas.last = mas.index;
    mas.status = ma_start;
  } else if (status === ma_none) {
    if (mas.index <= min) return true;
    mas.last = mas.index;
    mas.status = ma_start;
  } else if (status === ma_overflow || status === ma_underflow) {
    if (mas.index <= min) {
      mas.status = ma_underflow;
      return true;
    }
    activateForRev(mas);
  } else if (status === ma_root && mas.version !== mas.tree.version) {
    mas_rewalk(mas, mas.index);
  }
  return false;
}

/** Port of mas_find_rev_setup(). */
function mas_find_rev_setup<T>(mas: ma_state<T>, min: number): Setup<T> {
  if (findRevSetupEnds(mas, min)) return null;
  if (mas.status === ma_start) {
    if (mas.index < min) return null;
    const entry = mas_walk(mas);
    if (entry !== null) return entry;
  }
  if (mas.status === ma_root) {
    mas.status = ma_none;
    return null;
  }
  if (mas.status === ma_none) return beforeAll(mas);
  return mas.index < min ? null : STEP;
}

/**
 * On a fresh state the entry at or before index, later the entry before the present one, if it ends at or above min.
 * Port of mas_find_rev().
 */
export function mas_find_rev<T>(mas: ma_state<T>, min: number): T | null {
  const entry = mas_find_rev_setup(mas, min);
  return entry === STEP ? mas_prev_slot(mas, min, false) : entry;
}

/** As mas_find_rev(), but later steps take every range, with an entry or NULL. Port of mas_find_range_rev(). */
export function mas_find_range_rev<T>(mas: ma_state<T>, min: number): T | null {
  const entry = mas_find_rev_setup(mas, min);
  return entry === STEP ? mas_prev_slot(mas, min, true) : entry;
}

/** The entries that one search after the other finds, for `for … of`. A generator would cost more per turn. */
class EntryWalk<T> implements IterableIterator<T, void> {
  private readonly find: (mas: ma_state<T>, limit: number) => T | null;
  private readonly mas: ma_state<T>;
  private readonly limit: number;

  constructor(find: (mas: ma_state<T>, limit: number) => T | null, mas: ma_state<T>, limit: number) {
    this.find = find;
    this.mas = mas;
    this.limit = limit;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T, void> {
    const entry = this.find(this.mas, this.limit);
    return entry === null ? { done: true, value: undefined } : { done: false, value: entry };
  }
}

/** Each entry from the state's place up to max. What the macro of the name does: mas_find() before each turn. */
export function mas_for_each<T>(mas: ma_state<T>, max: number): IterableIterator<T, void> {
  return new EntryWalk(mas_find, mas, max);
}

/** Each entry from the state's place down to min. */
export function mas_for_each_rev<T>(mas: ma_state<T>, min: number): IterableIterator<T, void> {
  return new EntryWalk(mas_find_rev, mas, min);
}
