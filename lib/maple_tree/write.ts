// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * One store, from the walk to the change. Ports mas_wr_prealloc_setup(), mas_wr_walk(), mas_is_span_wr(),
 * mas_wr_extend_null(), mas_wr_store_type(), mas_prealloc_calc(), mas_wr_store_entry() and the stores that stay in one
 * node (mas_wr_node_store(), mas_wr_slot_store(), mas_wr_append(), mas_root_expand(), mas_store_root(),
 * mas_new_root()) of lib/maple_tree.c, Linux 7.3.
 *
 * Deviations
 * - The three ways to store within a leaf leave the same leaf, so here they are one function that moves the tail of the
 *   leaf in place. They stay apart as store types, because an RCU tree reserves a node for one of them.
 * - A state in error is set up as a new one; upstream would follow the error as if it were a node.
 */
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  MT_FLAGS_USE_RCU,
  ma_active,
  ma_none,
  ma_root,
  ma_start,
  type ma_state,
  ma_wr_state,
  type maple_nodes,
  type maple_tree,
  NO_NODE,
  NODE_SHIFT,
  OFFSET_MASK,
  type store_type,
  wr_append,
  wr_exact_fit,
  wr_new_root,
  wr_node_store,
  wr_rebalance,
  wr_slot_store,
  wr_spanning_store,
  wr_split_store,
  wr_store_root,
} from '../../include/linux/maple_tree.js';
import { growGap, nodesOf, shrinkGap, slotEndingAt } from './node.js';
import { mas_wr_rebalance, mas_wr_spanning_store, mas_wr_split } from './rebalance.js';
import { freeAllNodes, mas_pop_node, mt_is_alloc } from './slab.js';
import { isFresh, mas_reset, mas_start } from './state.js';

/** Whether readers may walk the tree while it changes. Port of mt_in_rcu(). */
export function mt_in_rcu<T>(mt: maple_tree<T>): boolean {
  return (mt.ma_flags & MT_FLAGS_USE_RCU) !== 0;
}

/** From here on the tree is not walked while it changes: stores may change nodes in place. Port of mt_clear_in_rcu(). */
export function mt_clear_in_rcu<T>(mt: maple_tree<T>): void {
  mt.ma_flags &= ~MT_FLAGS_USE_RCU;
}

/** Somebody may, from here on. Port of mt_set_in_rcu(). */
export function mt_set_in_rcu<T>(mt: maple_tree<T>): void {
  mt.ma_flags |= MT_FLAGS_USE_RCU;
}

/** The notes about the store under way, made with the first one. */
export function wrOf<T>(tree: maple_tree<T>): ma_wr_state<T> {
  if (tree.wr === null) tree.wr = new ma_wr_state<T>();
  return tree.wr;
}

/** Finds the slot of index in the state's node again. Port of mas_wr_node_walk(). */
export function mas_wr_node_walk<T>(mas: ma_state<T>, wr: ma_wr_state<T>): void {
  const nodes = nodesOf(mas.tree);
  const node = mas.node;
  const index = mas.index;
  let at = node + mas.offset;
  // A state that was moved back within its node begins at the first slot; upstream never has one here.
  if (at > node && nodes.pivotAt(at - 1) >= index) at = node;
  at = slotEndingAt(nodes, at, index);
  settle(mas, wr, nodes, at, mas.min);
}

/** Writes down that the store begins in the slot at `at`, in a node that begins at min. */
function settle<T>(mas: ma_state<T>, wr: ma_wr_state<T>, nodes: maple_nodes<T>, at: number, min: number): void {
  const offset = at & OFFSET_MASK;
  mas.end = nodes.endOf(at);
  mas.offset = offset;
  wr.offset_end = offset;
  wr.r_min = offset > 0 ? nodes.pivotAt(at - 1) + 1 : min;
  wr.r_max = nodes.pivotAt(at);
}

/**
 * Whether a store that ends at last leaves what ends at limit: a leaf, or a slot of an inner node. A NULL up to the
 * limit does as well: no leaf but the last ends in NULL. Port of mas_is_span_wr().
 */
function spans<T>(last: number, limit: number, entry: T | null): boolean {
  return last > limit || (last === limit && entry === null && last !== ULONG_MAX);
}

/**
 * Walks down to the leaf of the store; false if the store spans more than one, with the state in the node above them
 * then. Port of mas_wr_walk().
 */
function mas_wr_walk<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): boolean {
  const tree = mas.tree;
  const nodes = nodesOf(tree);
  const { index, last } = mas;
  let { node, min, depth } = mas;
  for (let level = nodes.levelOf(node); ; level--) {
    const at = slotEndingAt(nodes, node, index);
    const end = nodes.endOf(node);
    const limit = nodes.pivotAt(level === 0 ? node + end : at);
    const inside = !spans(last, limit, entry);
    if (level === 0 || !inside) {
      mas.node = node;
      mas.min = min;
      mas.max = nodes.pivotAt(node + end);
      mas.depth = depth;
      settle(mas, wr, nodes, at, min);
      if (inside) wr.content = nodes.slotAt(at);
      return inside;
    }
    if (end < tree.inner_slots - 1) wr.vacant_height = depth + 1;
    // A root of two children may not lose one.
    if (node === tree.root ? end > 2 : end > tree.inner_min_slots + 1) wr.sufficient_height = depth + 1;
    if (at > node) min = nodes.pivotAt(at - 1) + 1;
    node = nodes.childAt(at);
    depth++;
  }
}

/** Finds the slot that the store ends in. Port of mas_wr_end_piv(). */
export function mas_wr_end_piv<T>(mas: ma_state<T>, wr: ma_wr_state<T>): void {
  const nodes = nodesOf(mas.tree);
  const at = slotEndingAt(nodes, mas.node + wr.offset_end, mas.last);
  wr.offset_end = at - mas.node;
  wr.end_piv = nodes.pivotAt(at);
}

/** Widens a store of NULL over the NULLs that it touches within its leaf. Port of mas_wr_extend_null(). */
function mas_wr_extend_null<T>(mas: ma_state<T>, wr: ma_wr_state<T>): void {
  const nodes = nodesOf(mas.tree);
  const node = mas.node;
  if (nodes.slot[node + wr.offset_end] === null) {
    mas.last = wr.end_piv;
  } else if (mas.last === wr.end_piv && mas.end !== wr.offset_end && nodes.slot[node + wr.offset_end + 1] === null) {
    wr.offset_end++;
    wr.end_piv = nodes.pivotAt(node + wr.offset_end);
    mas.last = wr.end_piv;
  }
  if (wr.content === null) {
    mas.index = wr.r_min;
  } else if (mas.index === wr.r_min && mas.offset > 0 && nodes.slot[node + mas.offset - 1] === null) {
    mas.offset--;
    wr.r_min = mas.offset > 0 ? nodes.pivotAt(node + mas.offset - 1) + 1 : mas.min;
    wr.r_max = nodes.pivotAt(node + mas.offset);
    mas.index = wr.r_min;
  }
}

/** Offset of the last slot in use once the store is done. Port of mas_wr_new_end(). */
function mas_wr_new_end<T>(mas: ma_state<T>, wr: ma_wr_state<T>): number {
  let end = mas.end + 2 - (wr.offset_end - mas.offset);
  if (wr.r_min === mas.index) end--;
  if (wr.end_piv === mas.last) end--;
  return end;
}

/** Walks to the place of the store, and tells what it will take. Port of mas_wr_store_type(). */
export function mas_wr_store_type<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): store_type {
  if (mas.status === ma_none || mas.status === ma_root) return wr_store_root;
  if (!mas_wr_walk(mas, wr, entry)) return wr_spanning_store;
  mas_wr_end_piv(mas, wr);
  if (entry === null) mas_wr_extend_null(mas, wr);
  if (wr.r_min === mas.index && wr.r_max === mas.last) return wr_exact_fit;
  if (mas.index === 0 && mas.last === ULONG_MAX) return wr_new_root;

  const tree = mas.tree;
  const new_end = mas_wr_new_end(mas, wr);
  const in_rcu = mt_in_rcu(tree);
  const appending = mas.offset === mas.end;
  const one_slot = wr.offset_end - mas.offset === 1;
  if (new_end < tree.leaf_min_slots) {
    if (mas.node !== tree.root) return wr_rebalance;
    if (!in_rcu && appending) return wr_append;
    return !in_rcu && new_end === mas.end && one_slot ? wr_slot_store : wr_node_store;
  }
  if (new_end >= tree.leaf_slots) return wr_split_store;
  if (!in_rcu && appending) return wr_append;
  return new_end === mas.end && (!in_rcu || one_slot) ? wr_slot_store : wr_node_store;
}

/** How many nodes the store may take, at most. Port of mas_prealloc_calc(). */
export function mas_prealloc_calc<T>(mas: ma_state<T>, wr: ma_wr_state<T>): void {
  switch (mas.store_type) {
    case wr_spanning_store:
      mas.node_request = storeysToChange(mas, wr) * 3 + 1;
      break;
    case wr_rebalance:
      mas.node_request = storeysToChange(mas, wr) * 2 + 1;
      break;
    case wr_split_store:
      mas.node_request = (mas.tree.height - wr.vacant_height) * 2 + 1;
      break;
    case wr_node_store:
      mas.node_request = mt_in_rcu(mas.tree) ? 1 : 0;
      break;
    case wr_new_root:
      mas.node_request = 1;
      break;
    case wr_store_root:
      mas.node_request = mas.last !== 0 || mas.index !== 0 ? 1 : 0;
      break;
    default:
      mas.node_request = 0;
  }
}

/** Storeys up to which a store that takes slots away may reach: to the lowest node that can do with fewer. */
function storeysToChange<T>(mas: ma_state<T>, wr: ma_wr_state<T>): number {
  return mas.tree.height - Math.min(wr.sufficient_height, wr.vacant_height);
}

/** Whether a state that has a place must drop it before it stores. Part of mas_wr_prealloc_setup(). */
function mustRestart<T>(mas: ma_state<T>, entry: T | null): boolean {
  if (mas.status === ma_root) return mas.version !== mas.tree.version || (entry === null && mas.last === ULONG_MAX);
  if (mas.status !== ma_active || !isFresh(mas)) return true;
  if (mas.last > mas.max || mas.index < mas.min) return true;
  // A NULL to the end of a leaf changes the leaf after it too, so the walk must come from above.
  const leaf = nodesOf(mas.tree).levelOf(mas.node) === 0;
  return entry === null && leaf && mas.last === mas.max;
}

/** Readies the state and its notes for the walk of a store. Port of mas_wr_prealloc_setup(). */
export function mas_wr_prealloc_setup<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  wr.vacant_height = 0;
  wr.sufficient_height = 0;
  if (mas.status !== ma_start && mustRestart(mas, entry)) mas_reset(mas);
  wr.content = mas_start(mas);
}

/** Length of the longest NULL range that the store overwrites, in part or whole; 0 if there is none. */
function longestOverwritten<T>(mas: ma_state<T>, wr: ma_wr_state<T>, nodes: maple_nodes<T>): number {
  const last = mas.node + wr.offset_end;
  let longest = 0;
  for (let at = mas.node + mas.offset; at <= last; at++) {
    if (nodes.slot[at] !== null) continue;
    const before = at > mas.node ? nodes.pivotAt(at - 1) : mas.min - 1;
    longest = Math.max(longest, nodes.pivotAt(at) - before);
  }
  return longest;
}

/**
 * Keeps the gaps above a leaf after a store into it. A NULL can only make them longer. An entry can only make them
 * shorter, and only if what it overwrites was as long as the longest.
 */
function leafGapsAfter<T>(mas: ma_state<T>, nodes: maple_nodes<T>, entry: T | null, overwritten: number): void {
  if (entry === null) growGap(nodes, mas.node, mas.last - mas.index + 1);
  else if (overwritten > 0) shrinkGap(nodes, mas.node, mas.min, overwritten);
}

/** Moves the slots from `from` to the node's end so that they begin at `to`; returns the place of the new last slot. */
function moveTail<T>(nodes: maple_nodes<T>, from: number, end: number, to: number): number {
  const { pivot, slot } = nodes;
  const shift = to - from;
  if (shift > 0) {
    for (let at = end; at >= from; at--) {
      pivot[at + shift] = nodes.pivotAt(at);
      slot[at + shift] = nodes.slotAt(at);
    }
  } else if (shift < 0) {
    for (let at = from; at <= end; at++) {
      pivot[at + shift] = nodes.pivotAt(at);
      slot[at + shift] = nodes.slotAt(at);
    }
    for (let at = end + shift + 1; at <= end; at++) slot[at] = null;
  }
  return end + shift;
}

/**
 * Stores within one leaf that has the room. What is left of the slot that the store begins in stays before it, what is
 * left of the one it ends in stays after it. Stands for mas_wr_node_store(), mas_wr_slot_store() and mas_wr_append().
 */
function storeInLeaf<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  const tree = mas.tree;
  const nodes = nodesOf(tree);
  const node = mas.node;
  const gaps = mt_is_alloc(tree);
  const overwritten = gaps && entry !== null ? longestOverwritten(mas, wr, nodes) : 0;
  const keepsHead = wr.r_min < mas.index;
  const at = node + mas.offset + (keepsHead ? 1 : 0);
  const tail = node + wr.offset_end + (wr.end_piv > mas.last ? 0 : 1);
  const end = moveTail(nodes, tail, node + mas.end, at + 1);
  if (keepsHead) nodes.pivot[at - 1] = mas.index - 1;
  nodes.pivot[at] = mas.last;
  nodes.slot[at] = entry;
  mas.offset = at - node;
  mas.end = end - node;
  nodes.end[node >> NODE_SHIFT] = mas.end;
  if (gaps) leafGapsAfter(mas, nodes, entry, overwritten);
}

/** The first node of a tree: the store, with what was at 0 before it and NULL around. Port of mas_root_expand(). */
function mas_root_expand<T>(mas: ma_state<T>, entry: T): void {
  const tree = mas.tree;
  const contents = tree.ma_root;
  const node = mas_pop_node(mas, 0);
  const nodes = nodesOf(tree);
  mas.node = node;
  mas.status = ma_active;
  let at = node;
  if (mas.index > 0) {
    if (contents !== null) {
      nodes.slot[at] = contents;
      nodes.pivot[at] = 0;
      if (mas.index > 1) at++;
    }
    nodes.pivot[at++] = mas.index - 1;
  }
  nodes.slot[at] = entry;
  nodes.pivot[at] = mas.last;
  mas.offset = at - node;
  if (mas.last !== ULONG_MAX) nodes.pivot[++at] = ULONG_MAX;
  // The state's `end` is left as it was, as upstream leaves it: a step from here meets the upper limit.
  nodes.end[node >> NODE_SHIFT] = at - node;
  tree.ma_root = null;
  tree.root = node;
  tree.height = 1;
}

/** Stores into a tree without nodes. Port of mas_store_root(). */
function mas_store_root<T>(mas: ma_state<T>, entry: T | null): void {
  if (entry === null) {
    if (mas.index === 0) mas.tree.ma_root = null;
  } else if (mas.last !== 0 || mas.index !== 0) {
    mas_root_expand(mas, entry);
  } else {
    mas.tree.ma_root = entry;
    mas.status = ma_start;
  }
}

/** Makes the whole range one entry, or empties the tree. Port of mas_new_root(). */
export function mas_new_root<T>(mas: ma_state<T>, entry: T | null): void {
  const tree = mas.tree;
  freeAllNodes(tree);
  tree.ma_root = null;
  if (entry === null) {
    mas.node = NO_NODE;
    mas.status = ma_start;
    return;
  }
  const node = mas_pop_node(mas, 0);
  const nodes = nodesOf(tree);
  nodes.slot[node] = entry;
  nodes.pivot[node] = ULONG_MAX;
  nodes.end[node >> NODE_SHIFT] = 0;
  tree.root = node;
  tree.height = 1;
  mas.node = node;
  mas.offset = 0;
  mas.status = ma_active;
}

/** The store itself, after the walk; it cannot fail. Port of mas_wr_store_entry(). */
export function mas_wr_store_entry<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  const tree = mas.tree;
  if (mas.store_type === wr_exact_fit) {
    const nodes = nodesOf(tree);
    nodes.slot[mas.node + mas.offset] = entry;
    if ((entry === null) !== (wr.content === null) && mt_is_alloc(tree)) {
      leafGapsAfter(mas, nodes, entry, mas.last - mas.index + 1);
    }
    return;
  }
  tree.version++;
  switch (mas.store_type) {
    case wr_append:
    case wr_slot_store:
    case wr_node_store:
      storeInLeaf(mas, wr, entry);
      break;
    case wr_spanning_store:
      if (!mas_wr_spanning_store(mas, wr, entry)) mas_new_root(mas, entry);
      break;
    case wr_split_store:
      mas_wr_split(mas, wr, entry);
      break;
    case wr_rebalance:
      mas_wr_rebalance(mas, wr, entry);
      break;
    case wr_new_root:
      mas_new_root(mas, entry);
      break;
    case wr_store_root:
      mas_store_root(mas, entry);
      break;
    default:
      throw new Error('maple_tree: internal error: a store without a type');
  }
  mas.version = tree.version;
}
