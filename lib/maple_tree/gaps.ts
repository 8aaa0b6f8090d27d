// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Looking for room. Ports mas_empty_area(), mas_empty_area_rev() and what they stand on (mas_awalk(),
 * mas_anode_descend(), mas_rev_awalk(), mas_rewind_node(), mas_skip_node(), mas_sparse_area()) of lib/maple_tree.c,
 * Linux 7.3.
 *
 * As upstream, a tree without MT_FLAGS_ALLOC_RANGE finds room only while it is a single leaf: its inner nodes know of
 * no gaps.
 *
 * Deviations
 * - A state that stands in no node, or in a tree that another state has changed, begins at the root. Upstream would go
 *   by its offset, or follow a node that is gone. An active state goes on from where it is, as upstream.
 * - -EBUSY always leaves the state in error; upstream leaves it active where the search back ended below the root.
 */
import { EBUSY, EINVAL } from '../../include/linux/errno.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  ma_active,
  ma_none,
  ma_root,
  type ma_state,
  type maple_nodes,
  OFFSET_MASK,
} from '../../include/linux/maple_tree.js';
import { nodeMax, nodeMin, nodesOf } from './node.js';
import { mas_set_err, mt_is_alloc } from './slab.js';
import { isFresh, mas_error, mas_reset, mas_start } from './state.js';

/** What one node had to say. */
const FOUND = 0;
const DESCENDED = 1;
const NOTHING_HERE = 2;
const FAILED = 3;
type Answer = typeof FOUND | typeof DESCENDED | typeof NOTHING_HERE | typeof FAILED;

/** First index of the slot at offset. */
function slotMin<T>(mas: ma_state<T>, nodes: maple_nodes<T>, offset: number): number {
  return offset > 0 ? nodes.pivotAt(mas.node + offset - 1) + 1 : mas.min;
}

/** Indices from first to last. Upstream counts modulo 2^64, so that all of them are none; answers depend on it. */
function lengthOf(first: number, last: number): number {
  return first === 0 && last === ULONG_MAX ? 0 : last - first + 1;
}

/** Moves the state to the child at offset. */
function descend<T>(mas: ma_state<T>, nodes: maple_nodes<T>, offset: number): void {
  const at = mas.node + offset;
  mas.min = slotMin(mas, nodes, offset);
  mas.max = nodes.pivotAt(at);
  mas.node = nodes.childAt(at);
  mas.end = nodes.endOf(mas.node);
}

/** Moves the state to its parent, at the slot that it came from. Port of mas_ascend(). */
function mas_ascend<T>(mas: ma_state<T>, nodes: maple_nodes<T>): void {
  const at = nodes.parentOf(mas.node);
  mas.node = at & ~OFFSET_MASK;
  mas.offset = at & OFFSET_MASK;
  mas.min = nodeMin(nodes, mas.node);
  mas.max = nodeMax(nodes, mas.node);
  mas.end = nodes.endOf(mas.node);
}

/** To the slot before the present subtree, above it; false if there is none. Port of mas_rewind_node(). */
function mas_rewind_node<T>(mas: ma_state<T>, nodes: maple_nodes<T>): boolean {
  do {
    if (mas.node === mas.tree.root) {
      if (mas.offset === 0) return false;
    } else {
      mas_ascend(mas, nodes);
    }
  } while (mas.offset === 0);
  mas.offset--;
  return true;
}

/** To the slot after the present subtree, above it; false and -EBUSY if there is none. Port of mas_skip_node(). */
function mas_skip_node<T>(mas: ma_state<T>, nodes: maple_nodes<T>): boolean {
  do {
    if (mas.node === mas.tree.root) {
      if (mas.offset >= nodes.endOf(mas.node)) {
        mas_set_err(mas, -EBUSY);
        return false;
      }
    } else {
      mas_ascend(mas, nodes);
    }
  } while (mas.offset >= nodes.endOf(mas.node));
  mas.offset++;
  return true;
}

/**
 * Looks in one node, upwards from the state's offset, for a slot with a gap of size within [index, last]. Port of
 * mas_anode_descend().
 */
function mas_anode_descend<T>(mas: ma_state<T>, nodes: maple_nodes<T>, size: number, gaps: boolean): Answer {
  const leaf = nodes.levelOf(mas.node) === 0;
  const end = nodes.endOf(mas.node);
  let offset = mas.offset;
  let min = slotMin(mas, nodes, offset);
  for (; offset <= end; offset++) {
    const at = mas.node + offset;
    const pivot = nodes.pivotAt(at);
    if (mas.index <= pivot) {
      let gap = 0;
      if (!leaf) gap = gaps ? nodes.gapAt(at) : 0;
      else if (nodes.slot[at] === null) gap = lengthOf(Math.max(mas.index, min), Math.min(pivot, mas.last));
      if (gap >= size) {
        mas.offset = leaf ? offset : 0;
        if (leaf) return FOUND;
        descend(mas, nodes, offset);
        return DESCENDED;
      }
    }
    min = pivot + 1;
    if (mas.last <= pivot) {
      mas_set_err(mas, -EBUSY);
      return FAILED;
    }
  }
  mas.offset = offset;
  return NOTHING_HERE;
}

/** Walks the tree for the lowest gap of size; false and -EBUSY if there is none. Port of mas_awalk(). */
function mas_awalk<T>(mas: ma_state<T>, nodes: maple_nodes<T>, size: number, gaps: boolean): boolean {
  for (;;) {
    const answer = mas_anode_descend(mas, nodes, size, gaps);
    if (answer === FOUND) return true;
    if (answer === FAILED) return false;
    if (answer === NOTHING_HERE && !mas_skip_node(mas, nodes)) return false;
  }
}

/**
 * Looks in one node, downwards from the state's offset. With FOUND the gap is [slot's first index, mas.max], max being
 * lent for the purpose. Port of mas_rev_awalk().
 */
function mas_rev_awalk<T>(mas: ma_state<T>, nodes: maple_nodes<T>, size: number, gaps: boolean): Answer {
  const leaf = nodes.levelOf(mas.node) === 0;
  let offset = mas.offset;
  while (mas.last < slotMin(mas, nodes, offset)) offset--;
  for (; offset >= 0; offset--) {
    const at = mas.node + offset;
    const min = slotMin(mas, nodes, offset);
    const max = nodes.pivotAt(at);
    if (mas.index > max) return FAILED;
    let gap = 0;
    if (!leaf) gap = gaps ? nodes.gapAt(at) : 0;
    else if (nodes.slot[at] === null) gap = lengthOf(min, max);
    if (gap < size || size > lengthOf(min, mas.last)) continue;
    if (size - 1 > max - mas.index) return FAILED;
    if (leaf) {
      mas.offset = offset;
      return FOUND;
    }
    descend(mas, nodes, offset);
    mas.offset = mas.end;
    return DESCENDED;
  }
  return NOTHING_HERE;
}

/** Room in a tree without nodes: all of it, but for 0 if there is an entry. Port of mas_sparse_area(). */
function mas_sparse_area<T>(mas: ma_state<T>, min: number, max: number, size: number, fwd: boolean): number {
  let from = min;
  if (mas.status !== ma_none && from === 0) {
    from++;
    if (from > max || max - from + 1 < size) return -EBUSY;
  }
  mas.index = fwd ? from : max - size + 1;
  mas.last = fwd ? from + size - 1 : max;
  return 0;
}

/** -EINVAL for a window that cannot hold size. */
function checkWindow(min: number, max: number, size: number): number {
  return min > max || size === 0 || max - min < size - 1 ? -EINVAL : 0;
}

/** Enters the tree; true if the state stood in it already and is to go on from there. */
function enter<T>(mas: ma_state<T>): boolean {
  if (mas.status === ma_active && isFresh(mas)) return true;
  mas_reset(mas);
  mas_start(mas);
  return false;
}

/**
 * Finds the lowest `size` indices in a row within [min, max] that hold nothing; index and last become them. 0, -EBUSY
 * (the state is in error then) or -EINVAL (the state is as it was). Port of mas_empty_area().
 */
export function mas_empty_area<T>(mas: ma_state<T>, min: number, max: number, size: number): number {
  const invalid = checkWindow(min, max, size);
  if (invalid !== 0) return invalid;
  const goesOn = enter(mas);
  if (mas.status === ma_none || mas.status === ma_root) return mas_sparse_area(mas, min, max, size, true);
  const nodes = nodesOf(mas.tree);
  if (goesOn) {
    if (mas.offset >= 2) mas.offset -= 2;
    else if (!mas_skip_node(mas, nodes)) return -EBUSY;
  }
  mas.index = min;
  mas.last = max;
  if (!mas_awalk(mas, nodes, size, mt_is_alloc(mas.tree))) return mas_error(mas);
  mas.index = Math.max(mas.index, slotMin(mas, nodes, mas.offset));
  mas.last = mas.index + size - 1;
  mas.end = nodes.endOf(mas.node);
  return 0;
}

/** Where the search back begins. False if an active state has nothing before it. */
function enterRev<T>(mas: ma_state<T>, nodes: maple_nodes<T>, goesOn: boolean): boolean {
  if (goesOn && mas.offset < 2 && !mas_rewind_node(mas, nodes)) return false;
  if (mas.offset >= 2) mas.offset -= 2;
  else mas.offset = nodes.endOf(mas.node);
  return true;
}

/**
 * Finds the highest `size` indices in a row within [min, max] that hold nothing; index and last become them. Errors as
 * mas_empty_area(). Port of mas_empty_area_rev().
 */
export function mas_empty_area_rev<T>(mas: ma_state<T>, min: number, max: number, size: number): number {
  const invalid = checkWindow(min, max, size);
  if (invalid !== 0) return invalid;
  const goesOn = enter(mas);
  if (mas.status === ma_none || mas.status === ma_root) return mas_sparse_area(mas, min, max, size, false);
  const nodes = nodesOf(mas.tree);
  if (!enterRev(mas, nodes, goesOn)) {
    mas_set_err(mas, -EBUSY);
    return -EBUSY;
  }
  mas.index = min;
  mas.last = max;
  const gaps = mt_is_alloc(mas.tree);
  for (;;) {
    const answer = mas_rev_awalk(mas, nodes, size, gaps);
    if (answer === FOUND) break;
    if (answer === DESCENDED) continue;
    if (answer === FAILED || mas.node === mas.tree.root || !mas_rewind_node(mas, nodes)) {
      mas_set_err(mas, -EBUSY);
      return -EBUSY;
    }
  }
  const gapMax = nodes.pivotAt(mas.node + mas.offset);
  if (gapMax < mas.last) mas.last = gapMax;
  mas.index = mas.last - size + 1;
  mas.end = nodes.endOf(mas.node);
  return 0;
}
