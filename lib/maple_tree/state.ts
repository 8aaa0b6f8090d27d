// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The state of an operation: set-up, status, and the walk from the root to a range. Ports mas_init(), mas_set(),
 * mas_set_range(), __mas_set_range(), mas_reset(), mas_pause(), mas_start(), mas_make_walkable(), mas_walk(),
 * mtree_range_walk() and the status predicates of include/linux/maple_tree.h and lib/maple_tree.c, Linux 7.3.
 *
 * Deviation: a state whose tree another state has changed walks again from the root, by its index. Upstream does that
 * only if its node has been replaced, and otherwise relies on it being unchanged.
 */
import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  MAPLE_NODE_SLOTS,
  ma_active,
  ma_error,
  ma_none,
  ma_overflow,
  ma_pause,
  ma_root,
  ma_start,
  ma_state,
  ma_underflow,
  type maple_tree,
  NO_NODE,
} from '../../include/linux/maple_tree.js';
import { maple_debug } from './debug.js';
import { nodesOf, slotEndingAt } from './node.js';

/** `version` of a state that must walk again whatever the tree's is. */
export const STALE = -1;

/** Does the state stand in a node? */
export function mas_is_active<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_active;
}

/** Has the state not walked yet? */
export function mas_is_start<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_start;
}

/** Does the state stand on a single entry at index 0, held without a node? */
export function mas_is_ptr<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_root;
}

/** Has the state walked, and found nothing to stand on? */
export function mas_is_none<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_none;
}

/** Was the state told to forget its node? */
export function mas_is_paused<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_pause;
}

/** Did the last step meet its upper limit? */
export function mas_is_overflow<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_overflow;
}

/** Did the last step meet its lower limit? */
export function mas_is_underflow<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_underflow;
}

/** Has the operation failed? mas_error() has the errno. */
export function mas_is_err<T>(mas: ma_state<T>): boolean {
  return mas.status === ma_error;
}

/** The negative errno of a state in error, else 0. What xa_err(mas->node) is upstream. */
export function mas_error<T>(mas: ma_state<T>): number {
  return mas.status === ma_error ? mas.err : 0;
}

/** A state for the range from index to last of tree. What the macro MA_STATE() declares upstream. */
export function MA_STATE<T>(tree: maple_tree<T>, index: number, last: number): ma_state<T> {
  return new ma_state(tree, index, last);
}

/** Makes a state new again, for one index of tree. Port of mas_init(). Reserved nodes must have been given back. */
export function mas_init<T>(mas: ma_state<T>, tree: maple_tree<T>, addr: number): void {
  mas.tree = tree;
  mas.index = addr;
  mas.last = addr;
  mas.node = NO_NODE;
  mas.offset = 0;
  mas.end = 0;
  mas.min = 0;
  mas.max = ULONG_MAX;
  mas.status = ma_start;
  mas.err = 0;
  mas.depth = 0;
  mas.store_type = 0;
  mas.mas_flags = 0;
  mas.node_request = 0;
  mas.reserved = 0;
}

/** Forgets the place in the tree, and an error; index and last stay. Port of mas_reset(). */
export function mas_reset<T>(mas: ma_state<T>): void {
  mas.status = ma_start;
  mas.node = NO_NODE;
  mas.err = 0;
}

/**
 * Changes the range without leaving the slot that the state stands in. Warns when the start of an active state leaves
 * its present range: a store then looks on from there, to the right only. Port of __mas_set_range().
 */
export function __mas_set_range<T>(mas: ma_state<T>, start: number, last: number): void {
  if (mas.status === ma_active && (mas.index > start || mas.last < start)) warnOutside(start);
  mas.index = start;
  mas.last = last;
}

function warnOutside(start: number): void {
  maple_debug.warn('__mas_set_range', `start = ${hexOf(start)} is outside the range that the state stands on`);
}

/** Moves the state to another range, to be walked to from the root. Port of mas_set_range(). */
export function mas_set_range<T>(mas: ma_state<T>, start: number, last: number): void {
  mas_reset(mas);
  mas.index = start;
  mas.last = last;
}

/** Moves the state to another index, to be walked to from the root. Port of mas_set(). */
export function mas_set<T>(mas: ma_state<T>, index: number): void {
  mas_reset(mas);
  mas.index = index;
  mas.last = index;
}

/** Forgets the place in the tree; the next find goes on after `last`. Port of mas_pause(). */
export function mas_pause<T>(mas: ma_state<T>): void {
  mas.status = ma_pause;
  mas.node = NO_NODE;
}

/** Whether what the state knows of its node still holds. */
export function isFresh<T>(mas: ma_state<T>): boolean {
  return mas.version === mas.tree.version && mas.node !== NO_NODE;
}

/**
 * Enters the tree if the state has not yet: active at the top node, or root, or none. Returns the entry if the tree is
 * a single one and index is 0, else NULL. Port of mas_start().
 */
export function mas_start<T>(mas: ma_state<T>): T | null {
  if (mas.status !== ma_start) return null;
  const tree = mas.tree;
  mas.min = 0;
  mas.max = ULONG_MAX;
  mas.depth = 0;
  mas.version = tree.version;
  if (tree.root !== NO_NODE) {
    mas.status = ma_active;
    mas.node = tree.root;
    mas.offset = 0;
    return null;
  }
  mas.node = NO_NODE;
  mas.offset = MAPLE_NODE_SLOTS;
  if (tree.ma_root === null) {
    mas.status = ma_none;
    return null;
  }
  mas.status = ma_root;
  return mas.index > 0 ? null : tree.ma_root;
}

/**
 * Descends from the state's node to the slot that holds index, which must lie below that node. Port of
 * mtree_range_walk(): index and last become the slot's range. The scan needs no bound, as a node's last pivot is its
 * maximum.
 */
export function mtree_range_walk<T>(mas: ma_state<T>): T | null {
  const nodes = nodesOf(mas.tree);
  const index = mas.index;
  let node = mas.node;
  let min = mas.min;
  for (let level = nodes.levelOf(node); ; level--) {
    const at = slotEndingAt(nodes, node, index);
    const slotMin = at > node ? nodes.pivotAt(at - 1) + 1 : min;
    if (level === 0) {
      const end = nodes.endOf(node);
      mas.end = end;
      mas.offset = at - node;
      mas.index = slotMin;
      mas.last = nodes.pivotAt(at);
      mas.min = min;
      mas.max = nodes.pivotAt(node + end);
      mas.node = node;
      return nodes.slotAt(at);
    }
    min = slotMin;
    node = nodes.childAt(at);
  }
}

/**
 * Has a state walk from the node that it stands in if index lies there, else from the root. Port of
 * mas_make_walkable(), which takes the former for granted.
 */
export function mas_make_walkable<T>(mas: ma_state<T>): void {
  if (mas.status !== ma_active || !isFresh(mas) || mas.index < mas.min || mas.index > mas.max) mas.status = ma_start;
}

/** Port of mas_state_walk(): index and last are left alone if the tree has no nodes. */
export function mas_state_walk<T>(mas: ma_state<T>): T | null {
  const entry = mas_start(mas);
  return mas.status === ma_active ? mtree_range_walk(mas) : entry;
}

/**
 * Finds the range that holds index; index and last become that range, NULL ranges included. Port of mas_walk(). In an
 * empty tree the range is all of it and the status none; past a single entry at 0 it is the rest, and none too.
 */
export function mas_walk<T>(mas: ma_state<T>): T | null {
  mas_make_walkable(mas);
  const entry = mas_state_walk(mas);
  if (mas.status === ma_none) {
    mas.index = 0;
    mas.last = ULONG_MAX;
  } else if (mas.status === ma_root) {
    if (mas.index === 0) {
      mas.last = 0;
      return entry;
    }
    mas.index = 1;
    mas.last = ULONG_MAX;
    mas.status = ma_none;
    return null;
  }
  return entry;
}

/** Finds its place anew, at the range that holds index. Port of mas_rewalk(). */
export function mas_rewalk<T>(mas: ma_state<T>, index: number): void {
  mas.status = ma_start;
  mas.node = NO_NODE;
  mas.index = index;
  mas.last = index;
  mas_walk(mas);
}
