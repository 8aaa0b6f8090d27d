// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Augmented red-black trees. Port of lib/rbtree.c and the inlines of include/linux/rbtree_augmented.h (Linux 7.3), as
 * far as an interval tree needs them: insertion with its rotations, removal, the next node.
 *
 * Deviations: C writes each case out for the left and for the right; here a side is a value. C moves the pointers of
 * two rotations at once; here each rotation is whole. A node that was removed is marked as being in no tree.
 */
import { RB_CLEAR_NODE, type rb_augment_callbacks, type rb_node, type rb_root } from '../../include/linux/rbtree.js';

type Link<T> = rb_node<T> | null;
type Side = 'rb_left' | 'rb_right';

function opposite(side: Side): Side {
  return side === 'rb_left' ? 'rb_right' : 'rb_left';
}

function isRed<T>(node: Link<T>): boolean {
  return node?.rb_red === true;
}

/** `replacement` takes the place of `old` below parent, or as the root. */
function __rb_change_child<T>(old: rb_node<T>, replacement: Link<T>, parent: Link<T>, root: rb_root<T>): void {
  if (parent === null) root.rb_node = replacement;
  else if (parent.rb_left === old) parent.rb_left = replacement;
  else parent.rb_right = replacement;
}

/** Turns `top` and its child `up` round: the child comes above it. Order stays as it was. */
function rotate<T>(top: rb_node<T>, up: rb_node<T>, root: rb_root<T>, augment: rb_augment_callbacks<T>): void {
  const side: Side = top.rb_left === up ? 'rb_left' : 'rb_right';
  const inner = up[opposite(side)];
  const { rb_parent: parent } = top;

  top[side] = inner;
  if (inner !== null) inner.rb_parent = top;
  up[opposite(side)] = top;
  up.rb_parent = parent;
  __rb_change_child(top, up, parent, root);
  top.rb_parent = up;
  augment.rotate(top, up);
}

/** Hangs a new node below parent, on the side given, or makes it the root. rb_insert_augmented() must follow. */
export function rb_link_node<T>(node: rb_node<T>, parent: Link<T>, side: Side, root: rb_root<T>): void {
  node.rb_parent = parent;
  node.rb_left = null;
  node.rb_right = null;
  node.rb_red = true;
  if (parent === null) root.rb_node = node;
  else parent[side] = node;
}

/** Restores the colours above a node that was just linked. Port of __rb_insert(), lib/rbtree.c. */
export function rb_insert_augmented<T>(inserted: rb_node<T>, root: rb_root<T>, augment: rb_augment_callbacks<T>): void {
  let node = inserted;

  for (;;) {
    let parent = node.rb_parent;
    if (parent === null) {
      node.rb_red = false;
      return;
    }
    const gparent = parent.rb_parent;
    // A red parent has one of its own, for the root is black.
    if (!parent.rb_red || gparent === null) return;

    const side: Side = parent === gparent.rb_left ? 'rb_left' : 'rb_right';
    const uncle = gparent[opposite(side)];
    gparent.rb_red = true;
    if (uncle?.rb_red) {
      // The colours of two generations change places, and the question is the same two levels up.
      uncle.rb_red = false;
      parent.rb_red = false;
      node = gparent;
      continue;
    }
    if (node === parent[opposite(side)]) {
      rotate(parent, node, root, augment);
      parent = node;
    }
    parent.rb_red = false;
    rotate(gparent, parent, root, augment);
    return;
  }
}

/** Two children: the next node takes the place of `node`. Returns where the colours are to be restored, if at all. */
function replaceBySuccessor<T>(
  node: rb_node<T>,
  right: rb_node<T>,
  left: rb_node<T>,
  root: rb_root<T>,
  augment: rb_augment_callbacks<T>,
): Link<T> {
  let successor = right;
  while (successor.rb_left !== null) successor = successor.rb_left;

  const { rb_right: orphan, rb_red: wasRed } = successor;
  let parent = successor;
  if (successor !== right && successor.rb_parent !== null) {
    parent = successor.rb_parent;
    parent.rb_left = orphan;
    successor.rb_right = right;
    right.rb_parent = successor;
  }
  if (orphan !== null) {
    orphan.rb_parent = parent;
    orphan.rb_red = false;
  }

  augment.copy(node, successor);
  successor.rb_left = left;
  left.rb_parent = successor;
  successor.rb_parent = node.rb_parent;
  successor.rb_red = node.rb_red;
  __rb_change_child(node, successor, node.rb_parent, root);

  if (parent !== successor) augment.propagate(parent, successor);
  augment.propagate(successor, null);
  return orphan === null && !wasRed ? parent : null;
}

/** Takes the node out. Returns where the colours are to be restored, if at all. */
function __rb_erase_augmented<T>(node: rb_node<T>, root: rb_root<T>, augment: rb_augment_callbacks<T>): Link<T> {
  const { rb_left: left, rb_right: right, rb_parent: parent } = node;
  if (left !== null && right !== null) return replaceBySuccessor(node, right, left, root, augment);

  const only = left ?? right;
  __rb_change_child(node, only, parent, root);
  if (only !== null) {
    only.rb_parent = parent;
    only.rb_red = node.rb_red;
  }
  augment.propagate(parent, null);
  return only === null && !node.rb_red ? parent : null;
}

/**
 * Paths through one side of `top`, where nothing or a black node stands, have one black node too few. Port of
 * ____rb_erase_color(), lib/rbtree.c.
 */
function __rb_erase_color<T>(top: rb_node<T>, root: rb_root<T>, augment: rb_augment_callbacks<T>): void {
  let node: Link<T> = null;
  let parent: Link<T> = top;

  while (parent !== null) {
    const side: Side = parent.rb_left === node ? 'rb_left' : 'rb_right';
    let sibling: Link<T> = parent[opposite(side)];
    if (sibling === null) return;
    if (sibling.rb_red) {
      sibling.rb_red = false;
      parent.rb_red = true;
      rotate(parent, sibling, root, augment);
      sibling = parent[opposite(side)];
      if (sibling === null) return;
    }

    let far: Link<T> = sibling[opposite(side)];
    if (!isRed(far)) {
      const near: Link<T> = sibling[side];
      if (!near?.rb_red) {
        sibling.rb_red = true;
        if (parent.rb_red) {
          parent.rb_red = false;
          return;
        }
        node = parent;
        parent = node.rb_parent;
        continue;
      }
      rotate(sibling, near, root, augment);
      far = sibling;
      sibling = near;
    }
    sibling.rb_red = parent.rb_red;
    parent.rb_red = false;
    if (far !== null) far.rb_red = false;
    rotate(parent, sibling, root, augment);
    return;
  }
}

/** Takes a node out of its tree. Port of rb_erase_augmented(). */
export function rb_erase_augmented<T>(node: rb_node<T>, root: rb_root<T>, augment: rb_augment_callbacks<T>): void {
  const rebalance = __rb_erase_augmented(node, root, augment);
  if (rebalance !== null) __rb_erase_color(rebalance, root, augment);
  RB_CLEAR_NODE(node);
}

/** The node after this one in order; null at the end. */
export function rb_next<T>(from: rb_node<T>): Link<T> {
  let node = from;
  if (node.rb_right !== null) {
    node = node.rb_right;
    while (node.rb_left !== null) node = node.rb_left;
    return node;
  }
  let parent = node.rb_parent;
  while (parent !== null && node === parent.rb_right) {
    node = parent;
    parent = node.rb_parent;
  }
  return parent;
}
