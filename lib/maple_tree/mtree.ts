// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Operations on a tree without a state. Ports mt_init(), mt_init_flags(), mtree_load(), mtree_store(),
 * mtree_store_range(), mtree_insert(), mtree_insert_range(), mtree_erase(), mtree_destroy(), __mt_destroy(), mt_find(),
 * mt_find_after(), mt_next(), mt_prev() and mt_for_each() of include/linux/maple_tree.h and lib/maple_tree.c, Linux
 * 7.3.
 *
 * Deviation: the lookups walk the nodes themselves, without a state, so that they allocate nothing.
 */
import { EINVAL } from '../../include/linux/errno.js';
import type { gfp_t } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { ma_state, type maple_nodes, maple_tree, NO_NODE, OFFSET_MASK } from '../../include/linux/maple_tree.js';
import type { Ref } from '../../include/ref.js';
import { leafSlotOf, nodeEnd, nodesOf } from './node.js';
import { freeAllNodes } from './slab.js';
import { mas_error } from './state.js';
import { mas_destroy, mas_erase, mas_insert, mas_nomem, mas_store_gfp } from './store.js';

/** Makes a tree empty, with the given MT_FLAGS_*. Its nodes must be gone. Port of mt_init_flags(). */
export function mt_init_flags<T>(mt: maple_tree<T>, flags: number): void {
  const fresh = new maple_tree<T>(flags);
  mt.ma_flags = flags;
  mt.ma_root = null;
  mt.root = NO_NODE;
  mt.height = 0;
  mt.version++;
  mt.leaf_slots = fresh.leaf_slots;
  mt.inner_slots = fresh.inner_slots;
  mt.leaf_min_slots = fresh.leaf_min_slots;
  mt.inner_min_slots = fresh.inner_min_slots;
  mt.nodes = null;
}

/** Makes a tree empty, without flags. Port of mt_init(). */
export function mt_init<T>(mt: maple_tree<T>): void {
  mt_init_flags(mt, 0);
}

/** Whether the tree holds no entry. Port of mtree_empty(). */
export function mtree_empty<T>(mt: maple_tree<T>): boolean {
  return mt.ma_root === null && mt.root === NO_NODE;
}

/** Storeys of nodes. Port of mt_height(). */
export function mt_height<T>(mt: maple_tree<T>): number {
  return mt.height;
}

/** Place of the leaf slot after `at`, which must not be the last. */
function placeAfter<T>(nodes: maple_nodes<T>, at: number): number {
  let node = at & ~OFFSET_MASK;
  if (at < nodeEnd(nodes, node)) return at + 1;
  let up = at;
  let level = 0;
  do {
    up = nodes.parentOf(node);
    node = up & ~OFFSET_MASK;
    level++;
  } while (up === nodeEnd(nodes, node));
  node = nodes.childAt(up + 1);
  while (--level > 0) node = nodes.childAt(node);
  return node;
}

/** Place of the leaf slot before `at`, which must not be the first. */
function placeBefore<T>(nodes: maple_nodes<T>, at: number): number {
  let node = at & ~OFFSET_MASK;
  if (at > node) return at - 1;
  let up = at;
  let level = 0;
  do {
    up = nodes.parentOf(node);
    node = up & ~OFFSET_MASK;
    level++;
  } while (up === node);
  up--;
  while (--level > 0) up = nodeEnd(nodes, nodes.childAt(up));
  return nodeEnd(nodes, nodes.childAt(up));
}

/** The entry at index, or NULL. Port of mtree_load(). */
export function mtree_load<T>(mt: maple_tree<T>, index: number): T | null {
  if (mt.root === NO_NODE) return index === 0 ? mt.ma_root : null;
  const nodes = nodesOf(mt);
  return nodes.slotAt(leafSlotOf(nodes, mt.root, index));
}

/** Stores an entry, or NULL, over [index, last]; 0, -EINVAL for last below index, or -ENOMEM. */
export function mtree_store_range<T>(
  mt: maple_tree<T>,
  index: number,
  last: number,
  entry: T | null,
  gfp: gfp_t,
): number {
  if (index > last) return -EINVAL;
  return mas_store_gfp(new ma_state(mt, index, last), entry, gfp);
}

/** Stores an entry, or NULL, at index; 0 or -ENOMEM. Port of mtree_store(). */
export function mtree_store<T>(mt: maple_tree<T>, index: number, entry: T | null, gfp: gfp_t): number {
  return mtree_store_range(mt, index, index, entry, gfp);
}

/**
 * Stores entry over [first, last] if nothing is there; 0, -EEXIST, -EINVAL or -ENOMEM. Port of mtree_insert_range().
 */
export function mtree_insert_range<T>(mt: maple_tree<T>, first: number, last: number, entry: T, gfp: gfp_t): number {
  if (first > last) return -EINVAL;
  const mas = new ma_state(mt, first, last);
  do mas_insert(mas, entry);
  while (mas_nomem(mas, gfp));
  const error = mas_error(mas);
  mas_destroy(mas);
  return error;
}

/** Stores entry at index if nothing is there; errors as mtree_insert_range(). Port of mtree_insert(). */
export function mtree_insert<T>(mt: maple_tree<T>, index: number, entry: T, gfp: gfp_t): number {
  return mtree_insert_range(mt, index, index, entry, gfp);
}

/** Erases the whole range that holds index; returns its entry, or NULL. Port of mtree_erase(). */
export function mtree_erase<T>(mt: maple_tree<T>, index: number): T | null {
  return mas_erase(new ma_state(mt, index, index));
}

/** Frees all nodes; the tree is empty and may be used again. Port of __mt_destroy(). */
export function __mt_destroy<T>(mt: maple_tree<T>): void {
  freeAllNodes(mt);
  mt.ma_root = null;
  mt.version++;
}

/** Frees all nodes; there is no lock to take here. Port of mtree_destroy(). */
export function mtree_destroy<T>(mt: maple_tree<T>): void {
  __mt_destroy(mt);
}

/**
 * The first entry in a range that ends at or above index and begins at or below max, or NULL. With an entry, index
 * becomes the place after its range, 0 after ULONG_MAX. Port of mt_find().
 */
export function mt_find<T>(mt: maple_tree<T>, index: Ref<number>, max: number): T | null {
  if (index.value > max) return null;
  if (mt.root === NO_NODE) {
    if (index.value > 0 || mt.ma_root === null) return null;
    index.value = 1;
    return mt.ma_root;
  }
  const nodes = nodesOf(mt);
  let at = leafSlotOf(nodes, mt.root, index.value);
  for (;;) {
    const entry = nodes.slotAt(at);
    const last = nodes.pivotAt(at);
    if (entry !== null) {
      index.value = last === ULONG_MAX ? 0 : last + 1;
      return entry;
    }
    if (last >= max) return null;
    at = placeAfter(nodes, at);
  }
}

/** As mt_find(), for going on: an index of 0 means that the last range has been seen. Port of mt_find_after(). */
export function mt_find_after<T>(mt: maple_tree<T>, index: Ref<number>, max: number): T | null {
  return index.value === 0 ? null : mt_find(mt, index, max);
}

/** The first entry after the range that holds index that begins at or below max, or NULL. Port of mt_next(). */
export function mt_next<T>(mt: maple_tree<T>, index: number, max: number): T | null {
  if (index >= max || mt.root === NO_NODE) return null;
  const nodes = nodesOf(mt);
  let at = leafSlotOf(nodes, mt.root, index);
  while (nodes.pivotAt(at) < max) {
    at = placeAfter(nodes, at);
    const entry = nodes.slotAt(at);
    if (entry !== null) return entry;
  }
  return null;
}

/** The last entry before the range that holds index that ends at or above min, or NULL. Port of mt_prev(). */
export function mt_prev<T>(mt: maple_tree<T>, index: number, min: number): T | null {
  if (index <= min) return null;
  if (mt.root === NO_NODE) return mt.ma_root;
  const nodes = nodesOf(mt);
  const first = leafSlotOf(nodes, mt.root, 0);
  let at = leafSlotOf(nodes, mt.root, index);
  while (at !== first) {
    at = placeBefore(nodes, at);
    if (nodes.pivotAt(at) < min) return null;
    const entry = nodes.slotAt(at);
    if (entry !== null) return entry;
  }
  return null;
}
