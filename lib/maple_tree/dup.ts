// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Duplicating a tree. Port of __mt_dup(), mas_dup_build() and mas_dup_alloc() of lib/maple_tree.c, Linux 7.3.
 *
 * Deviation: the arrays of nodes are copied at once, after memory was asked for node by node as upstream does; so
 * mas_dup_free() has nothing to do.
 */
import { EINVAL, ENOMEM } from '../../include/linux/errno.js';
import type { gfp_t } from '../../include/linux/gfp.js';
import { maple_nodes, type maple_tree, NO_NODE } from '../../include/linux/maple_tree.js';
import { mtree_empty } from './mtree.js';
import { nodeEnd } from './node.js';
import { maple_slab } from './slab.js';

/** Asks for the children of each inner node, node by node from the top down and from the left. Is there memory? */
function allocBelow<T>(nodes: maple_nodes<T>, node: number, gfp: gfp_t): boolean {
  if (nodes.levelOf(node) === 0) return true;
  const end = nodeEnd(nodes, node);
  if (!maple_slab.alloc(end - node + 1, gfp)) return false;
  for (let at = node; at <= end; at++) if (!allocBelow(nodes, nodes.childAt(at), gfp)) return false;
  return true;
}

function copyNodes<T>(from: maple_nodes<T>): maple_nodes<T> {
  const to = new maple_nodes<T>();
  to.pivot = [...from.pivot];
  to.slot = [...from.slot];
  to.child = [...from.child];
  to.gap = [...from.gap];
  to.parent = [...from.parent];
  to.end = [...from.end];
  to.level = [...from.level];
  to.free = from.free;
  to.live = from.live;
  return to;
}

/**
 * Makes `copy`, an empty tree of the same flags and fanout, a duplicate: nodes of its own, the same entries. 0, -EINVAL
 * for a tree that is not like that, or -ENOMEM with nothing changed.
 */
export function __mt_dup<T>(mt: maple_tree<T>, copy: maple_tree<T>, gfp: gfp_t): number {
  if (mt.ma_flags !== copy.ma_flags || mt.leaf_slots !== copy.leaf_slots || !mtree_empty(copy)) return -EINVAL;

  const { nodes, root } = mt;
  if (nodes !== null && root !== NO_NODE) {
    if (!maple_slab.alloc(1, gfp) || !allocBelow(nodes, root, gfp)) return -ENOMEM;
    copy.nodes = copyNodes(nodes);
    maple_slab.live += nodes.live;
  }
  copy.ma_root = mt.ma_root;
  copy.root = root;
  copy.height = mt.height;
  copy.version++;
  return 0;
}
