// SPDX-License-Identifier: GPL-2.0-only
/** Assertions on states of the range tree, with indices in hex. */

import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE, type ma_state, maple_tree } from '../../include/linux/maple_tree.js';
import { mt_validate, mtree_store_range } from '../../lib/maple_tree.js';

const STATUS = ['active', 'start', 'root', 'none', 'pause', 'overflow', 'underflow', 'error'];

function hex(index: number): string {
  return index === ULONG_MAX ? 'max' : index.toString(16);
}

/** Where a state is: `10-1f active`. */
export function place<T>(mas: ma_state<T>): string {
  return `${hex(mas.index)}-${hex(mas.last)} ${STATUS[mas.status]}`;
}

/** All ranges of a tree, the NULL ones as `-`: `0-f:- 10-1f:a 20-max:-`. */
export function ranges<T>(mt: maple_tree<T>): string {
  mt_validate(mt);
  const { nodes, root } = mt;
  if (nodes === null || root < 0) return mt.ma_root === null ? '' : `0-0:${mt.ma_root}`;
  const out: string[] = [];
  let from = 0;
  const visit = (node: number, level: number): void => {
    const end = node + (nodes.end[node >> 5] ?? 0);
    for (let at = node; at <= end; at++) {
      if (level > 0) {
        visit(nodes.child[at] ?? -1, level - 1);
        continue;
      }
      const last = nodes.pivot[at] ?? -1;
      out.push(`${hex(from)}-${hex(last)}:${nodes.slot[at] ?? '-'}`);
      from = last + 1;
    }
  };
  visit(root, mt.height - 1);
  return out.join(' ');
}

/** A gap-tracking tree with the given entries: [first, last, entry]. */
export function treeOf(entries: readonly (readonly [number, number, string])[], fanout?: number): maple_tree<string> {
  const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE, fanout);
  for (const [first, last, entry] of entries) {
    if (mtree_store_range(mt, first, last, entry, GFP_KERNEL) !== 0) throw new Error('treeOf: no memory');
  }
  return mt;
}

/** A deep tree: entry `e0` at 0x10-0x17, `e1` at 0x20-0x27 and so on, with gaps of 8 between. */
export function deepTree(count: number, fanout = 4): maple_tree<string> {
  const entries: [number, number, string][] = [];
  for (let i = 0; i < count; i++) entries.push([16 * (i + 1), 16 * (i + 1) + 7, `e${i}`]);
  return treeOf(entries, fanout);
}
