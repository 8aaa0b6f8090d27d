// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Reading and keeping up single nodes: limits, gaps, neighbours. Ports ma_leaf_max_gap(), ma_max_gap(),
 * mas_update_gap() and mas_parent_gap() of lib/maple_tree.c, Linux 7.3.
 *
 * Deviation: the offset of a node's longest gap is not stored; ten gaps are read faster than kept in order.
 */
import { type maple_nodes, type maple_tree, NO_NODE, OFFSET_MASK } from '../../include/linux/maple_tree.js';
import { mt_is_alloc } from './slab.js';

/** The nodes of a tree that has some. */
export function nodesOf<T>(mt: maple_tree<T>): maple_nodes<T> {
  const nodes = mt.nodes;
  if (nodes === null) throw new Error('maple_tree: internal error: a state stands in a tree without nodes');
  return nodes;
}

/**
 * The first slot from `at` on whose range ends at or above index; one there is, as a tree's last pivot is ULONG_MAX.
 * Four to a turn, as each turn of a loop has V8 look at the array's map, header and length anew.
 */
export function slotEndingAt<T>(nodes: maple_nodes<T>, at: number, index: number): number {
  for (;;) {
    if (nodes.pivotAt(at) >= index) return at;
    if (nodes.pivotAt(at + 1) >= index) return at + 1;
    if (nodes.pivotAt(at + 2) >= index) return at + 2;
    if (nodes.pivotAt(at + 3) >= index) return at + 3;
    at += 4;
  }
}

/** Place of the leaf slot below `node` that holds index. */
export function leafSlotOf<T>(nodes: maple_nodes<T>, node: number, index: number): number {
  for (let level = nodes.levelOf(node); ; level--) {
    const at = slotEndingAt(nodes, node, index);
    if (level === 0) return at;
    node = nodes.childAt(at);
  }
}

/** Place of the last slot in use. */
export function nodeEnd<T>(nodes: maple_nodes<T>, node: number): number {
  return node + nodes.endOf(node);
}

/** Last index that the node covers. */
export function nodeMax<T>(nodes: maple_nodes<T>, node: number): number {
  return nodes.pivotAt(nodeEnd(nodes, node));
}

/** First index that the node covers: one past the pivot before the first slot above that is not leftmost. */
export function nodeMin<T>(nodes: maple_nodes<T>, node: number): number {
  let at = nodes.parentOf(node);
  while (at !== NO_NODE) {
    if ((at & OFFSET_MASK) !== 0) return nodes.pivotAt(at - 1) + 1;
    at = nodes.parentOf(at);
  }
  return 0;
}

/** Longest run of NULL in a leaf that begins at min; 0 if it is full. Port of ma_leaf_max_gap(). */
export function ma_leaf_max_gap<T>(nodes: maple_nodes<T>, leaf: number, min: number): number {
  const end = nodeEnd(nodes, leaf);
  let max = 0;
  for (let at = leaf; at <= end; at++) {
    if (nodes.slot[at] !== null) continue;
    const before = at > leaf ? nodes.pivotAt(at - 1) : min - 1;
    const gap = nodes.pivotAt(at) - before;
    if (gap > max) max = gap;
  }
  return max;
}

/** Longest gap below an inner node. Port of ma_max_gap(). */
export function ma_max_gap<T>(nodes: maple_nodes<T>, node: number): number {
  const end = nodeEnd(nodes, node);
  let max = 0;
  for (let at = node; at <= end; at++) {
    const gap = nodes.gapAt(at);
    if (gap > max) max = gap;
  }
  return max;
}

/** Longest gap in or below a node that begins at min. */
export function nodeMaxGap<T>(nodes: maple_nodes<T>, node: number, min: number): number {
  return nodes.levelOf(node) === 0 ? ma_leaf_max_gap(nodes, node, min) : ma_max_gap(nodes, node);
}

/** Notes a gap at a slot and tells the storeys above, as far up as it matters. Port of mas_parent_gap(). */
function noteGap<T>(nodes: maple_nodes<T>, at: number, gap: number): void {
  while (nodes.gap[at] !== gap) {
    nodes.gap[at] = gap;
    const parent = at & ~OFFSET_MASK;
    at = nodes.parentOf(parent);
    if (at === NO_NODE) return;
    gap = ma_max_gap(nodes, parent);
  }
}

/** Finds a node's longest gap anew and tells the storeys above. Port of mas_update_gap(). */
export function mas_update_gap<T>(mt: maple_tree<T>, nodes: maple_nodes<T>, node: number, min: number): void {
  const at = nodes.parentOf(node);
  if (at !== NO_NODE && mt_is_alloc(mt)) noteGap(nodes, at, nodeMaxGap(nodes, node, min));
}

/** A gap of that length has come into a leaf: it counts as far up as no longer one is known. */
export function growGap<T>(nodes: maple_nodes<T>, leaf: number, gap: number): void {
  let at = nodes.parentOf(leaf);
  while (at !== NO_NODE && nodes.gapAt(at) < gap) {
    nodes.gap[at] = gap;
    at = nodes.parentOf(at);
  }
}

/** A gap of that length is gone from a leaf, or shorter: nothing to do unless it was the longest. */
export function shrinkGap<T>(nodes: maple_nodes<T>, leaf: number, min: number, gap: number): void {
  const at = nodes.parentOf(leaf);
  if (at !== NO_NODE && gap >= nodes.gapAt(at)) noteGap(nodes, at, ma_leaf_max_gap(nodes, leaf, min));
}
