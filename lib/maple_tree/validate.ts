// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Is the tree what it should be? Ports mt_validate() and mt_dump() of lib/maple_tree.c, Linux 7.3 (built there with
 * CONFIG_DEBUG_MAPLE_TREE only), and checks this port's own book-keeping besides.
 */
import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { type maple_nodes, type maple_tree, NO_NODE, NODE_SHIFT } from '../../include/linux/maple_tree.js';
import { nodeMaxGap } from './node.js';
import { mt_is_alloc } from './slab.js';

function fail(what: string, node: number, at?: number): never {
  const slot = at === undefined ? '' : ` slot ${at - node}`;
  throw new Error(`mt_validate: node ${node >> NODE_SHIFT}${slot}: ${what}`);
}

/** Pivots rise from min and end at max. Port of mas_validate_limits(). */
function validateLimits<T>(nodes: maple_nodes<T>, node: number, end: number, min: number, max: number): void {
  let from = min;
  for (let at = node; at <= end; at++) {
    const pivot = nodes.pivot[at];
    if (pivot === undefined || !Number.isSafeInteger(pivot)) fail(`pivot ${pivot} is no index`, node, at);
    if (pivot < from) fail(`pivot ${hexOf(pivot)} below ${hexOf(from)}`, node, at);
    from = pivot + 1;
  }
  if (from !== max + 1) fail(`last pivot ${hexOf(from - 1)} is not its maximum ${hexOf(max)}`, node);
}

/** How many slots are in use: not too few unless it is the root, never too many. */
function validateFill<T>(mt: maple_tree<T>, node: number, end: number, level: number): void {
  const most = level === 0 ? mt.leaf_slots : mt.inner_slots;
  const size = end - node + 1;
  if (size > most) fail(`${size} slots, room for ${most}`, node);
  if (size < 1 || (level > 0 && size < 2)) fail(`${size} slots on level ${level}`, node);
}

/** No two NULLs side by side, no leaf but the last that ends in NULL, nothing left behind past the end. */
function validateLeaf<T>(mt: maple_tree<T>, nodes: maple_nodes<T>, leaf: number, end: number): void {
  for (let at = leaf; at <= end; at++) {
    const entry = nodes.slot[at];
    if (entry === undefined) fail('undefined for an entry', leaf, at);
    if (entry === null && at > leaf && nodes.slot[at - 1] === null) fail('NULL after NULL', leaf, at);
  }
  if (nodes.slot[end] === null && nodes.pivot[end] !== ULONG_MAX) fail('ends in NULL, and is not the last leaf', leaf);
  // Erasing an entry that covers everything leaves this behind, upstream as well.
  if (nodes.slot[leaf] === null && end === leaf && leaf !== mt.root) fail('holds nothing', leaf);
  for (let at = end + 1; at < leaf + mt.leaf_slots; at++) {
    if (nodes.slot[at] !== null) fail('an entry past the end', leaf, at);
  }
}

/** Each child knows its slot and stands one storey below. Port of mas_validate_parent_slot(). */
function validateChild<T>(nodes: maple_nodes<T>, node: number, at: number): number {
  const child = nodes.childAt(at);
  const n = child >> NODE_SHIFT;
  if (nodes.parent[n] !== at) fail(`child ${n} has another parent`, node, at);
  if (nodes.level[n] !== nodes.levelOf(node) - 1) fail(`child ${n} on a wrong level`, node, at);
  return child;
}

/** The longest gap below each child is noted. Port of mas_validate_gaps(). */
function validateGap<T>(nodes: maple_nodes<T>, node: number, at: number, min: number): void {
  const real = nodeMaxGap(nodes, nodes.childAt(at), min);
  if (nodes.gap[at] !== real) fail(`gap ${hexOf(nodes.gap[at])} noted, ${hexOf(real)} found`, node, at);
}

/** Checks a node and all below it; returns how many nodes that is. */
function validateNode<T>(mt: maple_tree<T>, nodes: maple_nodes<T>, node: number, min: number, max: number): number {
  const level = nodes.levelOf(node);
  const end = node + nodes.endOf(node);
  validateFill(mt, node, end, level);
  validateLimits(nodes, node, end, min, max);
  if (level === 0) {
    validateLeaf(mt, nodes, node, end);
    return 1;
  }
  let count = 1;
  let from = min;
  for (let at = node; at <= end; at++) {
    const child = validateChild(nodes, node, at);
    count += validateNode(mt, nodes, child, from, nodes.pivotAt(at));
    if (mt_is_alloc(mt)) validateGap(nodes, node, at, from);
    from = nodes.pivotAt(at) + 1;
  }
  return count;
}

/** Throws with what is wrong and where, if anything is. Port of mt_validate(). */
export function mt_validate<T>(mt: maple_tree<T>): void {
  if (mt.root === NO_NODE) {
    if (mt.height !== 0) throw new Error(`mt_validate: height ${mt.height} without a node`);
    if (mt.nodes !== null && mt.nodes.live !== 0) throw new Error(`mt_validate: ${mt.nodes.live} nodes in no tree`);
    return;
  }
  const nodes = mt.nodes;
  if (nodes === null) throw new Error('mt_validate: a root without nodes');
  if (mt.ma_root !== null) throw new Error('mt_validate: an entry for a root besides a node');
  if (nodes.parent[mt.root >> NODE_SHIFT] !== NO_NODE) fail('the root has a parent', mt.root);
  const level = nodes.levelOf(mt.root);
  if (level !== mt.height - 1) fail(`height ${mt.height}, root on level ${level}`, mt.root);
  const count = validateNode(mt, nodes, mt.root, 0, ULONG_MAX);
  if (count !== nodes.live) throw new Error(`mt_validate: ${count} nodes in the tree, ${nodes.live} in use`);
}

function dumpNode<T>(nodes: maple_nodes<T>, node: number, min: number, indent: string, lines: string[]): void {
  const leaf = nodes.levelOf(node) === 0;
  const end = node + nodes.endOf(node);
  let from = min;
  for (let at = node; at <= end; at++) {
    const last = nodes.pivotAt(at);
    const range = `${indent}${from.toString(16)}-${last.toString(16)}`;
    if (leaf) {
      lines.push(`${range}: ${nodes.slot[at] === null ? 'NULL' : String(nodes.slot[at])}`);
    } else {
      const child = nodes.childAt(at);
      const gap = nodes.gap.length > 0 ? ` gap ${nodes.gapAt(at).toString(16)}` : '';
      lines.push(`${range}: node ${child >> NODE_SHIFT}${gap}`);
      dumpNode(nodes, child, from, `${indent}  `, lines);
    }
    from = last + 1;
  }
}

/** The tree as text, a line for each slot. What mt_dump() prints, in a form of our own. */
export function mt_dump<T>(mt: maple_tree<T>): string {
  const lines = [`maple_tree flags ${mt.ma_flags.toString(16)} height ${mt.height}`];
  if (mt.root !== NO_NODE && mt.nodes !== null) dumpNode(mt.nodes, mt.root, 0, '  ', lines);
  else lines.push(mt.ma_root === null ? '  empty' : `  0-0: ${String(mt.ma_root)}`);
  return lines.join('\n');
}
