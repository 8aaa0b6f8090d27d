// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Interval trees over objects of any kind: red-black trees by the start of each interval, where each node keeps the
 * highest end below it, so that a search skips what cannot reach. Port of include/linux/interval_tree_generic.h and of
 * RB_DECLARE_CALLBACKS_MAX() of include/linux/rbtree_augmented.h (Linux 7.3).
 *
 * Deviation: what the macro defines by name are the methods of the object that it returns here.
 */
import type { rb_augment_callbacks, rb_node, rb_root_cached } from '../../include/linux/rbtree.js';
import { rb_erase_augmented, rb_insert_augmented, rb_link_node, rb_next } from './rbtree.js';

/** Where an object has its node, and its interval [start, last]. */
export interface IntervalShape<T> {
  node(of: T): rb_node<T>;
  start(of: T): number;
  last(of: T): number;
}

/** Keeps rb_subtree_last right. Port of RB_DECLARE_CALLBACKS_MAX(). */
function augmentMax<T>(shape: IntervalShape<T>): rb_augment_callbacks<T> {
  const highest = ({ owner, rb_left, rb_right }: rb_node<T>): number => {
    let max = shape.last(owner);
    if (rb_left !== null && rb_left.rb_subtree_last > max) max = rb_left.rb_subtree_last;
    if (rb_right !== null && rb_right.rb_subtree_last > max) max = rb_right.rb_subtree_last;
    return max;
  };
  return {
    propagate: (from, stop) => {
      for (let node = from; node !== null && node !== stop; node = node.rb_parent) {
        const max = highest(node);
        if (node.rb_subtree_last === max) return;
        node.rb_subtree_last = max;
      }
    },
    copy: (old, replacement) => {
      replacement.rb_subtree_last = old.rb_subtree_last;
    },
    rotate: (top, up) => {
      up.rb_subtree_last = top.rb_subtree_last;
      top.rb_subtree_last = highest(top);
    },
  };
}

/** The functions that INTERVAL_TREE_DEFINE() makes, for one shape of nodes. */
export class IntervalTree<T> {
  private readonly shape: IntervalShape<T>;
  /** For who links a node by hand. */
  readonly augment: rb_augment_callbacks<T>;

  constructor(shape: IntervalShape<T>) {
    this.shape = shape;
    this.augment = augmentMax(shape);
  }

  /** Adds an object, behind those with the same start. */
  insert(item: T, root: rb_root_cached<T>): void {
    const { shape } = this;
    const [start, last, node] = [shape.start(item), shape.last(item), shape.node(item)];
    let parent: rb_node<T> | null = null;
    let leftmost = true;
    let left = true;

    for (let at = root.rb_root.rb_node; at !== null; at = left ? at.rb_left : at.rb_right) {
      parent = at;
      if (at.rb_subtree_last < last) at.rb_subtree_last = last;
      left = start < shape.start(at.owner);
      if (!left) leftmost = false;
    }

    node.rb_subtree_last = last;
    if (leftmost) root.rb_leftmost = node;
    rb_link_node(node, parent, left ? 'rb_left' : 'rb_right', root.rb_root);
    rb_insert_augmented(node, root.rb_root, this.augment);
  }

  /** Takes an object out; it must be in that tree. */
  remove(item: T, root: rb_root_cached<T>): void {
    const node = this.shape.node(item);
    if (root.rb_leftmost === node) root.rb_leftmost = rb_next(node);
    rb_erase_augmented(node, root.rb_root, this.augment);
  }

  /** The first object, by its start, at or below `top` that meets [start, last]. */
  private search(top: rb_node<T>, start: number, last: number): T | null {
    const { shape } = this;

    for (let node: rb_node<T> | null = top; node !== null; ) {
      if (node.rb_left !== null && start <= node.rb_left.rb_subtree_last) {
        // Something on the left reaches far enough: the first such is the answer, or begins too late, as all after it.
        node = node.rb_left;
        continue;
      }
      if (shape.start(node.owner) > last) return null;
      if (start <= shape.last(node.owner)) return node.owner;
      node = node.rb_right;
    }
    return null;
  }

  /** The first object whose interval meets [start, last]; null if there is none. */
  iterFirst(root: rb_root_cached<T>, start: number, last: number): T | null {
    const { rb_node: top } = root.rb_root;
    if (top === null || top.rb_subtree_last < start) return null;
    if (root.rb_leftmost !== null && this.shape.start(root.rb_leftmost.owner) > last) return null;
    return this.search(top, start, last);
  }

  /** The one after `item`, which iterFirst() or this found for the same [start, last]. */
  iterNext(item: T, start: number, last: number): T | null {
    const { shape } = this;
    let node = shape.node(item);

    for (;;) {
      const { rb_right: right } = node;
      if (right !== null && start <= right.rb_subtree_last) return this.search(right, start, last);

      // Up, until it is from a left child.
      let from: rb_node<T>;
      do {
        from = node;
        if (node.rb_parent === null) return null;
        node = node.rb_parent;
      } while (from === node.rb_right);

      if (last < shape.start(node.owner)) return null;
      if (start <= shape.last(node.owner)) return node.owner;
    }
  }
}

/** The functions of an interval tree over objects of one shape. */
export function INTERVAL_TREE_DEFINE<T>(shape: IntervalShape<T>): IntervalTree<T> {
  return new IntervalTree(shape);
}
