// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Where nodes come from. Ports mas_alloc_nodes(), mas_empty_nodes(), mas_pop_node() and the freeing half of
 * lib/maple_tree.c, Linux 7.3.
 *
 * Deviation: a reservation is a count, not a list of nodes. A node itself is a place in its tree's arrays; the arrays
 * grow when a reserved node is used, and go away with the last node.
 */
import { ENOMEM } from '../../include/linux/errno.js';
import { __GFP_NOFAIL, type gfp_t } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  LEVEL_FREE,
  MT_FLAGS_ALLOC_RANGE,
  ma_error,
  type ma_state,
  maple_nodes,
  type maple_tree,
  NO_NODE,
  NODE_SHIFT,
  NODE_STRIDE,
} from '../../include/linux/maple_tree.js';

/** The node allocator of all trees. A test replaces `alloc` to make it fail, and reads the counters to find leaks. */
export interface MapleSlab {
  /** Asks for nodes; false is "no memory". Never called for a store that was preallocated. */
  alloc(count: number, gfp: gfp_t): boolean;
  /** Nodes promised to a state and not used yet. */
  reserved: number;
  /** Nodes in trees. */
  live: number;
}

export const maple_slab: MapleSlab = {
  alloc(_count: number, _gfp: gfp_t): boolean {
    return true;
  },
  reserved: 0,
  live: 0,
};

/** Whether the tree tracks gaps. Port of mt_is_alloc(). */
export function mt_is_alloc<T>(mt: maple_tree<T>): boolean {
  return (mt.ma_flags & MT_FLAGS_ALLOC_RANGE) !== 0;
}

/** Puts the state in error; err is a negative errno. Port of mas_set_err(). */
export function mas_set_err<T>(mas: ma_state<T>, err: number): void {
  mas.node = NO_NODE;
  mas.err = err;
  mas.status = ma_error;
}

/** Reserves what node_request asks for, beyond what the state holds; -ENOMEM in the state if there is none. */
export function mas_alloc_nodes<T>(mas: ma_state<T>, gfp: gfp_t): void {
  const missing = mas.node_request - mas.reserved;
  if (missing > 0) {
    if (!maple_slab.alloc(missing, gfp) && (gfp & __GFP_NOFAIL) === 0) {
      mas_set_err(mas, -ENOMEM);
      return;
    }
    mas.reserved += missing;
    maple_slab.reserved += missing;
  }
  mas.node_request = 0;
}

/** Gives unused reservations back. Port of mas_empty_nodes(). */
export function mas_empty_nodes<T>(mas: ma_state<T>): void {
  mas.node_request = 0;
  if (mas.reserved === 0) return;
  maple_slab.reserved -= mas.reserved;
  mas.reserved = 0;
}

/** Adds one node's worth of room to the arrays. Growing by push keeps them free of holes. */
function growNodes<T>(nodes: maple_nodes<T>, withGaps: boolean): number {
  const node = nodes.pivot.length;
  for (let i = 0; i < NODE_STRIDE; i++) {
    nodes.pivot.push(ULONG_MAX);
    nodes.slot.push(null);
    nodes.child.push(NO_NODE);
    if (withGaps) nodes.gap.push(0);
  }
  nodes.parent.push(NO_NODE);
  nodes.end.push(0);
  nodes.level.push(LEVEL_FREE);
  return node;
}

/** Turns one reserved node into a node of the tree, `level` storeys above the leaves. Port of mas_pop_node(). */
export function mas_pop_node<T>(mas: ma_state<T>, level: number): number {
  if (mas.reserved === 0) throw new Error('maple_tree: internal error: a store needs more nodes than it reserved');
  mas.reserved--;
  maple_slab.reserved--;
  maple_slab.live++;
  const tree = mas.tree;
  if (tree.nodes === null) tree.nodes = new maple_nodes<T>();
  const nodes = tree.nodes;
  let node = nodes.free;
  if (node === NO_NODE) node = growNodes(nodes, mt_is_alloc(tree));
  else nodes.free = nodes.parentOf(node);
  nodes.parent[node >> NODE_SHIFT] = NO_NODE;
  nodes.level[node >> NODE_SHIFT] = level;
  nodes.live++;
  return node;
}

/** Puts a node on the free list and lets go of its entries. */
function freeNode<T>(nodes: maple_nodes<T>, node: number): void {
  const n = node >> NODE_SHIFT;
  if (nodes.levelOf(node) === 0) {
    const end = node + nodes.endOf(node);
    for (let at = node; at <= end; at++) nodes.slot[at] = null;
  }
  nodes.level[n] = LEVEL_FREE;
  nodes.parent[n] = nodes.free;
  nodes.free = node;
  nodes.live--;
  maple_slab.live--;
}

/**
 * Frees a node that a store has replaced, and all below it that the store did not take over: a child that was moved
 * points to its new parent already. Port of what mas_topiary_replace() does to the old tree.
 */
export function freeSubtree<T>(nodes: maple_nodes<T>, node: number): void {
  if (nodes.levelOf(node) > 0) {
    const end = node + nodes.endOf(node);
    for (let at = node; at <= end; at++) {
      const child = nodes.childAt(at);
      if (nodes.parent[child >> NODE_SHIFT] === at) freeSubtree(nodes, child);
    }
  }
  freeNode(nodes, node);
}

/** Drops all nodes at once, arrays included. */
export function freeAllNodes<T>(mt: maple_tree<T>): void {
  if (mt.nodes !== null) maple_slab.live -= mt.nodes.live;
  mt.nodes = null;
  mt.root = NO_NODE;
  mt.height = 0;
}
