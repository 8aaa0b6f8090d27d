// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Stores that change more than one node: split, rebalance, span. Ports mas_wr_split(), mas_wr_rebalance(),
 * mas_wr_spanning_store(), mas_extend_spanning_null() and the maple_copy functions under them (cp_leaf_init(),
 * cp_data_calc(), push_data_sib(), rebalance_sib(), spanning_sib(), dst_setup(), cp_data_write(), cp_dst_to_slots(),
 * cp_is_new_root(), *_ascend()) of lib/maple_tree.c, Linux 7.3.
 *
 * Storey by storey from the leaves, the slots from the left end of the change to its right end, with what the store
 * puts between them and perhaps a sibling's, are gathered and dealt out to one, two or three new nodes, which are the
 * change of the storey above. Where the boundaries fall can be observed, so they fall where upstream's do.
 *
 * Deviations
 * - The slots are gathered in one list before they are dealt out; upstream copies from node to node.
 * - Old nodes are freed once the new ones are in place, by one walk of the subtree that was replaced.
 * - With the small fan-outs of tests a three-way deal takes one slot less for the first two, so that they have room.
 */
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  ma_active,
  type ma_state,
  type ma_wr_state,
  maple_nodes,
  type maple_tree,
  NO_NODE,
  NODE_SHIFT,
  OFFSET_MASK,
} from '../../include/linux/maple_tree.js';
import { leafSlotOf, mas_update_gap, nodeEnd, nodeMax, nodeMaxGap, nodeMin, nodesOf } from './node.js';
import { freeSubtree, mas_pop_node, mt_is_alloc } from './slab.js';
import { mtree_range_walk } from './state.js';

/** How a storey with too much or too little data looks for a sibling. */
type SiblingRule = 'split' | 'rebalance' | 'span';

/** A list of slots on their way from old nodes to new ones: leaf entries, or children with their gaps. */
class SlotList<T> {
  /** Arrays as a tree has them. What lies past `length` is left over from before. */
  readonly slots: maple_nodes<T>;
  length: number;

  constructor() {
    this.slots = new maple_nodes<T>();
    this.length = 0;
  }

  addEntry(entry: T | null, last: number): void {
    this.slots.pivot[this.length] = last;
    this.slots.slot[this.length++] = entry;
  }

  addChild(child: number, last: number, gap: number): void {
    this.slots.pivot[this.length] = last;
    this.slots.gap[this.length] = gap;
    this.slots.child[this.length++] = child;
  }

  /** Appends the slots of a node from place `from` to place `to`. */
  addSlots(nodes: maple_nodes<T>, from: number, to: number, leaf: boolean, gaps: boolean): void {
    for (let at = from; at <= to; at++) {
      if (leaf) this.addEntry(nodes.slotAt(at), nodes.pivotAt(at));
      else this.addChild(nodes.childAt(at), nodes.pivotAt(at), gaps ? nodes.gapAt(at) : 0);
    }
  }

  /** Appends another list. */
  addList(list: SlotList<T>, leaf: boolean): void {
    this.addSlots(list.slots, 0, list.length - 1, leaf, true);
  }

  /** Empties the list for the storey above. */
  clear(): void {
    this.length = 0;
  }
}

/** The change on one storey. What struct maple_copy is upstream. */
class Change<T> {
  /** Storeys above the leaves. */
  level: number;
  /** Place of the first slot that is replaced, and of the last. */
  first: number;
  last: number;
  /** What takes their place. */
  fresh: SlotList<T>;
  /** All that is dealt out to new nodes. */
  data: SlotList<T>;
  /** The sibling that takes part, NO_NODE if none. */
  sibling: number;
  /** How many new nodes there are, and how many slots each but the last takes. */
  d_count: number;
  split: number;

  constructor(first: number, last: number) {
    this.level = 0;
    this.first = first;
    this.last = last;
    this.fresh = new SlotList<T>();
    this.data = new SlotList<T>();
    this.sibling = NO_NODE;
    this.d_count = 0;
    this.split = 0;
  }
}

/** The node that a slot's place is in. */
function nodeAt(at: number): number {
  return at & ~OFFSET_MASK;
}

/** How many slots the new nodes have to hold, sibling aside. Port of cp_data_calc(). */
function dataSize<T>(nodes: maple_nodes<T>, change: Change<T>): number {
  const right = nodeAt(change.last);
  return (change.first & OFFSET_MASK) + change.fresh.length + (nodeEnd(nodes, right) - change.last);
}

/** A sibling that has room for what is too much here, left before right. Port of push_data_sib(). */
function push_data_sib<T>(tree: maple_tree<T>, nodes: maple_nodes<T>, change: Change<T>, size: number): number {
  const at = nodes.parentOf(nodeAt(change.first));
  if (at === NO_NODE) return NO_NODE;
  const space = 2 * (change.level === 0 ? tree.leaf_slots : tree.inner_slots);
  const parent = nodeAt(at);
  if (at > parent) {
    const left = nodes.childAt(at - 1);
    // One slot is left over on purpose, against splitting again with the next store.
    if (nodes.endOf(left) + 1 + size < space) return left;
  }
  if (at < nodeEnd(nodes, parent)) {
    const right = nodes.childAt(at + 1);
    if (nodes.endOf(right) + 1 + size < space) return right;
  }
  return NO_NODE;
}

/** The sibling to share with when there is too little here, right before left. Port of rebalance_sib(). */
function rebalance_sib<T>(nodes: maple_nodes<T>, change: Change<T>): number {
  const at = nodes.parentOf(nodeAt(change.first));
  return nodes.childAt(at < nodeEnd(nodes, nodeAt(at)) ? at + 1 : at - 1);
}

/** The nearest node of this storey outside the change, under whatever ancestor. Port of spanning_sib(). */
function spanning_sib<T>(nodes: maple_nodes<T>, change: Change<T>): number {
  let left = nodeAt(change.first);
  let right = nodeAt(change.last);
  for (let depth = 1; ; depth++) {
    const l = nodes.parentOf(left);
    const r = nodes.parentOf(right);
    if (r === NO_NODE) throw new Error('maple_tree: internal error: no sibling for a store that does not cover all');
    left = nodeAt(l);
    right = nodeAt(r);
    if (r < nodeEnd(nodes, right)) {
      let node = nodes.childAt(r + 1);
      for (let down = depth; down > 1; down--) node = nodes.childAt(node);
      return node;
    }
    if (l > left) {
      let node = nodes.childAt(l - 1);
      for (let down = depth; down > 1; down--) node = nodes.childAt(nodeEnd(nodes, node));
      return node;
    }
  }
}

/** Decides which sibling takes part, if any. Port of split_data(), rebalance_data() and spanning_data(). */
function chooseSibling<T>(tree: maple_tree<T>, nodes: maple_nodes<T>, change: Change<T>, rule: SiblingRule): void {
  const size = dataSize(nodes, change);
  const slots = change.level === 0 ? tree.leaf_slots : tree.inner_slots;
  const least = change.level === 0 ? tree.leaf_min_slots : tree.inner_min_slots;
  change.sibling = NO_NODE;
  if (rule !== 'span' && size > slots) {
    change.sibling = push_data_sib(tree, nodes, change, size);
  } else if (rule !== 'split' && size <= least) {
    const left = nodeAt(change.first);
    const right = nodeAt(change.last);
    if (nodeMin(nodes, left) === 0 && nodeMax(nodes, right) === ULONG_MAX) return;
    change.sibling = rule === 'span' ? spanning_sib(nodes, change) : rebalance_sib(nodes, change);
  }
}

/** Whether the sibling lies before the change. */
function siblingIsLeft<T>(nodes: maple_nodes<T>, change: Change<T>): boolean {
  return nodeMax(nodes, change.sibling) < nodes.pivotAt(change.first);
}

/** Gathers what the new nodes hold, in order. Port of multi_src_setup(). */
function gather<T>(nodes: maple_nodes<T>, change: Change<T>, gaps: boolean): void {
  const { data, fresh, sibling, first, last } = change;
  const leaf = change.level === 0;
  const sibLeft = sibling !== NO_NODE && siblingIsLeft(nodes, change);
  data.clear();
  if (sibLeft) data.addSlots(nodes, sibling, nodeEnd(nodes, sibling), leaf, gaps);
  data.addSlots(nodes, nodeAt(first), first - 1, leaf, gaps);
  data.addList(fresh, leaf);
  data.addSlots(nodes, last + 1, nodeEnd(nodes, nodeAt(last)), leaf, gaps);
  if (sibling !== NO_NODE && !sibLeft) data.addSlots(nodes, sibling, nodeEnd(nodes, sibling), leaf, gaps);
}

/** Decides how many new nodes there are to be, and how many slots the first ones take. Port of dst_setup(). */
function dst_setup<T>(change: Change<T>, slots: number): void {
  const { data } = change;
  const size = data.length;
  if (size <= slots) {
    change.d_count = 1;
    change.split = size;
    return;
  }
  const half = Math.floor((size - 1) / 2) + 1;
  // Two full leaves do only if the first does not end in NULL, which would have to move over.
  const twoDo = size < slots * 2 || (size === slots * 2 && (change.level > 0 || data.slots.slotAt(half - 1) !== null));
  if (twoDo) {
    change.d_count = 2;
    change.split = half;
    return;
  }
  const third = Math.floor((size + 2) / 3) + 1;
  change.d_count = 3;
  change.split = third + 1 > slots ? third - 1 : third;
}

/** Fills a new node from the gathered slots [from, to). Port of node_copy() and node_finalise(). */
function fillNode<T>(nodes: maple_nodes<T>, node: number, data: SlotList<T>, from: number, to: number): void {
  const leaf = nodes.levelOf(node) === 0;
  const gaps = nodes.gap.length > 0;
  for (let i = from, at = node; i < to; i++, at++) {
    nodes.pivot[at] = data.slots.pivotAt(i);
    if (leaf) {
      nodes.slot[at] = data.slots.slotAt(i);
      continue;
    }
    const child = data.slots.childAt(i);
    nodes.child[at] = child;
    nodes.parent[child >> NODE_SHIFT] = at;
    if (gaps) nodes.gap[at] = data.slots.gapAt(i);
  }
  nodes.end[node >> NODE_SHIFT] = to - from - 1;
}

/**
 * Deals the gathered slots out to new nodes, which become the fresh slots of the storey above. A leaf that would end
 * in NULL leaves that to the next one. Port of cp_data_write() and cp_dst_to_slots().
 */
function deal<T>(mas: ma_state<T>, change: Change<T>, min: number): void {
  const tree = mas.tree;
  const { data, fresh, level } = change;
  dst_setup(change, level === 0 ? tree.leaf_slots : tree.inner_slots);
  const { d_count, split } = change;
  const gaps = mt_is_alloc(tree);
  let from = 0;
  let size = split;
  let nodeFrom = min;
  fresh.clear();
  for (let d = 1; d <= d_count; d++) {
    let to = d === d_count ? data.length : from + size;
    size = split;
    if (level === 0 && d < d_count && data.slots.slotAt(to - 1) === null) {
      to--;
      size++;
    }
    const node = mas_pop_node(mas, level);
    const nodes = nodesOf(tree);
    fillNode(nodes, node, data, from, to);
    const last = data.slots.pivotAt(to - 1);
    fresh.addChild(node, last, gaps ? nodeMaxGap(nodes, node, nodeFrom) : 0);
    nodeFrom = last + 1;
    from = to;
  }
}

/** Puts the new top node where its predecessor was, or at the root, and frees what it replaces. */
function replaceTop<T>(mas: ma_state<T>, node: number, old: number, min: number): void {
  const tree = mas.tree;
  const nodes = nodesOf(tree);
  const at = nodes.parentOf(old);
  nodes.parent[node >> NODE_SHIFT] = at;
  if (at === NO_NODE) {
    tree.root = node;
    tree.height = nodes.levelOf(node) + 1;
  } else {
    nodes.child[at] = node;
  }
  freeSubtree(nodes, old);
  mas.node = node;
  mas.min = min;
  mas.status = ma_active;
  mas_update_gap(tree, nodes, node, min);
  mtree_range_walk(mas);
}

/** A root above the new nodes, if there are several; else the one new node. Port of cp_is_new_root(). */
function newTop<T>(mas: ma_state<T>, change: Change<T>): number {
  const { fresh, data } = change;
  if (fresh.length === 1) return fresh.slots.childAt(0);
  data.clear();
  data.addList(fresh, false);
  const node = mas_pop_node(mas, change.level + 1);
  fillNode(nodesOf(mas.tree), node, data, 0, data.length);
  return node;
}

/** Carries a change up, storey by storey, to where one new node takes the place of one old one. */
function propagate<T>(mas: ma_state<T>, change: Change<T>, rule: SiblingRule): void {
  const tree = mas.tree;
  const nodes = nodesOf(tree);
  const gaps = mt_is_alloc(tree);
  for (;;) {
    chooseSibling(tree, nodes, change, rule);
    gather(nodes, change, gaps);
    let left = nodeAt(change.first);
    let right = nodeAt(change.last);
    if (change.sibling !== NO_NODE) {
      if (siblingIsLeft(nodes, change)) left = change.sibling;
      else right = change.sibling;
    }
    const min = nodeMin(nodes, left);
    const max = nodeMax(nodes, right);
    deal(mas, change, min);
    if (min === 0 && max === ULONG_MAX) {
      replaceTop(mas, newTop(mas, change), tree.root, 0);
      return;
    }
    if (change.fresh.length === 1 && left === right) {
      replaceTop(mas, change.fresh.slots.childAt(0), left, min);
      return;
    }
    change.first = nodes.parentOf(left);
    change.last = nodes.parentOf(right);
    change.level++;
  }
}

/** The store's own slots: what it leaves of the first range it touches, itself, what it leaves of the last. */
function leafChange<T>(
  mas: ma_state<T>,
  wr: ma_wr_state<T>,
  right: number,
  endPiv: number,
  entry: T | null,
): Change<T> {
  const change = new Change<T>(mas.node + mas.offset, right);
  if (wr.r_min < mas.index) change.fresh.addEntry(wr.content, mas.index - 1);
  change.fresh.addEntry(entry, mas.last);
  if (endPiv > mas.last) change.fresh.addEntry(nodesOf(mas.tree).slotAt(right), endPiv);
  return change;
}

/** A leaf without room for the store becomes more than one. Port of mas_wr_split(). */
export function mas_wr_split<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  propagate(mas, leafChange(mas, wr, mas.node + wr.offset_end, wr.end_piv, entry), 'split');
}

/** A leaf that keeps too little shares with a sibling, or joins it. Port of mas_wr_rebalance(). */
export function mas_wr_rebalance<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  propagate(mas, leafChange(mas, wr, mas.node + wr.offset_end, wr.end_piv, entry), 'rebalance');
}

/** Takes the state down to the leaf in which the store begins. Port of mas_wr_walk_index(). */
function walkLeft<T>(mas: ma_state<T>, wr: ma_wr_state<T>, nodes: maple_nodes<T>): void {
  const at = leafSlotOf(nodes, mas.node, mas.index);
  mas.node = nodeAt(at);
  mas.offset = at & OFFSET_MASK;
  mas.min = nodeMin(nodes, mas.node);
  mas.end = nodes.endOf(mas.node);
  mas.max = nodeMax(nodes, mas.node);
  wr.r_min = mas.offset > 0 ? nodes.pivotAt(at - 1) + 1 : mas.min;
  wr.r_max = nodes.pivotAt(at);
  wr.content = nodes.slotAt(at);
}

/** Widens a spanning store of NULL over a NULL before it. Left half of mas_extend_spanning_null(). */
function extendLeft<T>(mas: ma_state<T>, wr: ma_wr_state<T>, nodes: maple_nodes<T>): void {
  if (wr.content === null) mas.index = wr.r_min;
  const before = mas.node + mas.offset - 1;
  if (mas.index !== wr.r_min || mas.offset === 0 || nodes.slot[before] !== null) return;
  mas.index = mas.offset > 1 ? nodes.pivotAt(before - 1) + 1 : mas.min;
  mas.offset--;
  wr.r_min = mas.index;
}

/**
 * A store over several leaves, or of NULL up to the end of one. The right end is the slot after the store, so that a
 * NULL there is seen and a non-NULL comes into the same leaf. Port of mas_wr_spanning_store(); false, with nothing
 * done but index and last set, if the store covers all there is: then the caller makes a new root.
 */
export function mas_wr_spanning_store<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): boolean {
  if (mas.index === 0 && mas.last === ULONG_MAX) return false;
  const nodes = nodesOf(mas.tree);
  // An entry that ends where the state's node ends has no slot after it to take in.
  const right = leafSlotOf(nodes, mas.node, Math.min(mas.last + 1, mas.max));
  const rightPiv = nodes.pivotAt(right);
  walkLeft(mas, wr, nodes);
  if (entry === null) {
    extendLeft(mas, wr, nodes);
    // The slot after a store cannot be one of two NULLs, so one step is all that there is to widen.
    if (nodes.slot[right] === null) mas.last = rightPiv;
    if (mas.index === 0 && mas.last === ULONG_MAX) return false;
  }
  propagate(mas, leafChange(mas, wr, right, rightPiv, entry), 'span');
  return true;
}
