// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Nodes and roots of red-black trees, after include/linux/rbtree_types.h and rbtree_augmented.h (Linux 7.3).
 *
 * Deviations: C finds the struct around a node with rb_entry(); here each node carries its owner. The colour has a
 * field of its own beside the parent. rb_subtree_last, which C keeps in the struct around the node, is part of it.
 */

/** A node, part of its owner. */
export class rb_node<T> {
  /** Null at the root; the node itself while it is in no tree. */
  rb_parent: rb_node<T> | null;
  rb_red: boolean;
  rb_left: rb_node<T> | null;
  rb_right: rb_node<T> | null;
  /** In an interval tree: the highest end of all intervals at and below this node. */
  rb_subtree_last: number;
  readonly owner: T;

  constructor(owner: T) {
    this.rb_parent = this;
    this.rb_red = false;
    this.rb_left = null;
    this.rb_right = null;
    this.rb_subtree_last = 0;
    this.owner = owner;
  }
}

/** A tree by its topmost node. */
export class rb_root<T> {
  rb_node: rb_node<T> | null;

  constructor() {
    this.rb_node = null;
  }
}

/** A tree that knows its first node as well. */
export class rb_root_cached<T> {
  readonly rb_root: rb_root<T>;
  rb_leftmost: rb_node<T> | null;
  /** Stands for bit 0 of rb_root.rb_node, which mm_take_all_locks() borrows to mark a lock as taken. */
  lsb: boolean;

  constructor() {
    this.rb_root = new rb_root();
    this.rb_leftmost = null;
    this.lsb = false;
  }
}

/** What an augmented tree does with the values that a node keeps for all below it. */
export interface rb_augment_callbacks<T> {
  /** Brings the values from `node` up to, but not at, `stop` up to date; null: up to the root. */
  propagate(node: rb_node<T> | null, stop: rb_node<T> | null): void;
  /** `replacement` takes the place of `old`, and its value. */
  copy(old: rb_node<T>, replacement: rb_node<T>): void;
  /** `top` went below `up`, which was its child. */
  rotate(top: rb_node<T>, up: rb_node<T>): void;
}

/** Has the tree no node? */
export function RB_EMPTY_ROOT<T>(root: rb_root<T>): boolean {
  return root.rb_node === null;
}

/** Is the node in no tree? */
export function RB_EMPTY_NODE<T>(node: rb_node<T>): boolean {
  return node.rb_parent === node;
}

/** Marks a node as being in no tree. */
export function RB_CLEAR_NODE<T>(node: rb_node<T>): void {
  node.rb_parent = node;
  node.rb_left = null;
  node.rb_right = null;
}
