// SPDX-License-Identifier: GPL-2.0-only
/**
 * The range tree's structs and constants. Port of include/linux/maple_tree.h, Linux 7.3 (GPL-2.0+ there).
 *
 * Node sizes are those of upstream's userland harness. It does not pass CONFIG_64BIT on to this header, so that its
 * trees have 32 slots a node where a 64-bit kernel's have 16; `new maple_tree(flags, 16)` has the kernel's.
 *
 * Deviations
 * - A node is a number, the place of its first slot in the arrays of `maple_nodes`. All nodes of one tree share those
 *   arrays: a walk then loads two words a level, and splitting makes no garbage.
 * - A parent link is a number too: the place of the slot that holds the child. Upstream packs the slot into a pointer.
 * - The last pivot of a node is always written, also where upstream implies it, so `pivot[node + end]` is its maximum.
 * - The height is a field, not bits of ma_flags. Locks are not modelled; MT_FLAGS_LOCK_MASK only survives as flags.
 * - `version` stands for dead-node marks: a state that has not seen the tree's last change walks again.
 */
import { checkUlong } from '../check.js';
import { ULONG_MAX } from './limits.js';

/** Slots of a leaf, and of an inner node of a tree that does not track gaps. */
export const MAPLE_RANGE64_SLOTS = 32;
/** Slots of an inner node that tracks gaps; two thirds of the former. */
export const MAPLE_ARANGE64_SLOTS = 21;
/** The offset of a state that stands in no node. */
export const MAPLE_NODE_SLOTS = 63;
export const MAPLE_HEIGHT_MAX = 31;

export const MT_FLAGS_ALLOC_RANGE = 0x01;
export const MT_FLAGS_USE_RCU = 0x02;
export const MT_FLAGS_LOCK_MASK = 0x300;
export const MT_FLAGS_LOCK_IRQ = 0x100;
export const MT_FLAGS_LOCK_BH = 0x200;
export const MT_FLAGS_LOCK_EXTERN = 0x300;

/** enum maple_status: where a state stands. Values as upstream counts them. */
export type maple_status = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
/** In a node, at a slot. */
export const ma_active: maple_status = 0;
/** Has not walked yet. */
export const ma_start: maple_status = 1;
/** The tree is one entry at index 0, held without a node. */
export const ma_root: maple_status = 2;
/** Walked, and there is nothing to stand on. */
export const ma_none: maple_status = 3;
/** Told to forget its node; goes on after `last`. */
export const ma_pause: maple_status = 4;
/** The last step would have passed the upper limit. */
export const ma_overflow: maple_status = 5;
/** The last step would have passed the lower limit. */
export const ma_underflow: maple_status = 6;
/** Failed; the errno is in `err`. */
export const ma_error: maple_status = 7;

/** enum store_type: what a store will have to do to the tree. */
export type store_type = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
export const wr_invalid: store_type = 0;
export const wr_new_root: store_type = 1;
export const wr_store_root: store_type = 2;
export const wr_exact_fit: store_type = 3;
export const wr_spanning_store: store_type = 4;
export const wr_split_store: store_type = 5;
export const wr_rebalance: store_type = 6;
export const wr_append: store_type = 7;
export const wr_node_store: store_type = 8;
export const wr_slot_store: store_type = 9;

/** No node: the `node` of a state that stands nowhere, the `root` of a tree without nodes, the end of the free list. */
export const NO_NODE = -1;
/** Slots are laid out at this stride in the arrays, whatever a node may use of them. */
export const NODE_STRIDE = 32;
/** log2 of NODE_STRIDE: from a node to its place in the per-node arrays. */
export const NODE_SHIFT = 5;
/** The bits of a slot's place that are its offset. */
export const OFFSET_MASK = NODE_STRIDE - 1;
/** `level` of a node that is on the free list. */
export const LEVEL_FREE = -1;

function noSuchPlace(place: number): never {
  throw new Error(`maple_tree: internal error: nothing is at place ${place}`);
}

/**
 * All nodes of one tree, side by side. `node` below is a multiple of NODE_STRIDE; per-slot arrays are indexed by
 * node + offset, per-node arrays by node / NODE_STRIDE. The arrays are written to as they are. Reading past their end is
 * a bug of the tree, so it goes by the methods, which throw then; those of nodes take the place of any slot as well.
 */
export class maple_nodes<T> {
  /** Last index of each slot's range, inclusive. */
  pivot: number[];
  /** Leaves: the entries. */
  slot: (T | null)[];
  /** Inner nodes: the child nodes. */
  child: number[];
  /** Inner nodes of a gap-tracking tree: the longest NULL range below each child. Empty in other trees. */
  gap: number[];
  /** The slot in `child` that points here; NO_NODE at the root; the next free node on the free list. */
  parent: number[];
  /** Offset of the last slot in use. */
  end: number[];
  /** 0 for a leaf, one more for each storey above; LEVEL_FREE when unused. */
  level: number[];
  /** First node of the free list. */
  free: number;
  /** Nodes in use. */
  live: number;

  constructor() {
    // A double from the start keeps V8 from choosing small integers first and converting later.
    this.pivot = [ULONG_MAX];
    this.pivot.pop();
    this.slot = [null];
    this.slot.pop();
    this.child = [];
    this.gap = [ULONG_MAX];
    this.gap.pop();
    this.parent = [];
    this.end = [];
    this.level = [];
    this.free = NO_NODE;
    this.live = 0;
  }

  pivotAt(at: number): number {
    const pivot = this.pivot[at];
    if (pivot === undefined) noSuchPlace(at);
    return pivot;
  }

  slotAt(at: number): T | null {
    const entry = this.slot[at];
    if (entry === undefined) noSuchPlace(at);
    return entry;
  }

  childAt(at: number): number {
    const child = this.child[at];
    if (child === undefined) noSuchPlace(at);
    return child;
  }

  gapAt(at: number): number {
    const gap = this.gap[at];
    if (gap === undefined) noSuchPlace(at);
    return gap;
  }

  parentOf(node: number): number {
    const parent = this.parent[node >> NODE_SHIFT];
    if (parent === undefined) noSuchPlace(node);
    return parent;
  }

  endOf(node: number): number {
    const end = this.end[node >> NODE_SHIFT];
    if (end === undefined) noSuchPlace(node);
    return end;
  }

  levelOf(node: number): number {
    const level = this.level[node >> NODE_SHIFT];
    if (level === undefined) noSuchPlace(node);
    return level;
  }
}

/** struct maple_tree: ranges of [0, ULONG_MAX], each with an entry or NULL. */
export class maple_tree<T> {
  /** MT_FLAGS_*, set once. */
  ma_flags: number;
  /** The entry at index 0 while it is the only one and no longer than that; else null. */
  ma_root: T | null;
  /** Top node, NO_NODE while there is none. */
  root: number;
  /** Storeys of nodes; 0 without nodes. */
  height: number;
  /** Counts the changes that can leave another state's node or offset wrong. */
  version: number;
  /** Slots of a leaf and of an inner node, and the fewest that each keeps unless it is the root. */
  leaf_slots: number;
  inner_slots: number;
  leaf_min_slots: number;
  inner_min_slots: number;
  /** Where the nodes live; made with the first one. */
  nodes: maple_nodes<T> | null;
  /** Notes about the store under way: one at a time changes a tree. On the stack in C. */
  wr: ma_wr_state<T> | null;

  /**
   * @param flags MT_FLAGS_*
   * @param fanout slots of a leaf, 4 to 32. Inner nodes have as many, or two thirds of that if they track gaps, at
   * least 4, which is how upstream's sizes relate. Tests want deep trees.
   */
  constructor(flags = 0, fanout = MAPLE_RANGE64_SLOTS) {
    if (!(Number.isInteger(fanout) && fanout >= 4 && fanout <= NODE_STRIDE)) {
      throw new RangeError(`maple_tree: fanout = ${fanout}: not an integer from 4 to ${NODE_STRIDE}`);
    }
    const gaps = (flags & MT_FLAGS_ALLOC_RANGE) !== 0;
    this.ma_flags = flags;
    this.ma_root = null;
    this.root = NO_NODE;
    this.height = 0;
    this.version = 0;
    this.leaf_slots = fanout;
    this.inner_slots = gaps ? Math.max(4, Math.floor((fanout * 2) / 3)) : fanout;
    this.leaf_min_slots = Math.max(1, (this.leaf_slots >> 1) - 2);
    this.inner_min_slots = Math.max(1, (this.inner_slots >> 1) - (gaps ? 1 : 2));
    this.nodes = null;
    this.wr = null;
  }
}

/** struct ma_wr_state: what a walk for a store learned about the place it stores to. */
export class ma_wr_state<T> {
  /** First and last index of the slot that the store begins in. */
  r_min: number;
  r_max: number;
  /** Offset of the slot that the store ends in, and the last index of that slot. */
  offset_end: number;
  end_piv: number;
  /** What is stored now where the store begins. */
  content: T | null;
  /** Height of the lowest node on the path with a free slot, and of the lowest that may lose one. */
  vacant_height: number;
  sufficient_height: number;

  constructor() {
    this.r_min = 0;
    this.r_max = 0;
    this.offset_end = 0;
    this.end_piv = 0;
    this.content = null;
    this.vacant_height = 0;
    this.sufficient_height = 0;
  }
}

/** struct ma_state: an operation on a tree, or a place in it between operations. */
export class ma_state<T> {
  tree: maple_tree<T>;
  /** First and last index of the range that the state stands on or is to work on. */
  index: number;
  last: number;
  /** The node it stands in, NO_NODE if none; the slot there; the last slot in use there. */
  node: number;
  offset: number;
  end: number;
  /** First and last index that the node covers. */
  min: number;
  max: number;
  status: maple_status;
  /** Negative errno while status is ma_error, else 0. */
  err: number;
  /** Storeys between the root and the node. */
  depth: number;
  store_type: store_type;
  /** MA_STATE_PREALLOC while mas_preallocate() has promised a store. */
  mas_flags: number;
  /** Nodes that the next store may need, and nodes reserved for it. */
  node_request: number;
  reserved: number;
  /** The tree's version when node, offset, min, max and end were read. */
  version: number;

  constructor(tree: maple_tree<T>, index: number, last: number) {
    checkUlong('ma_state', 'index', index);
    if (last !== index) checkUlong('ma_state', 'last', last);
    this.tree = tree;
    this.index = index;
    this.last = last;
    this.node = NO_NODE;
    this.offset = 0;
    this.end = 0;
    this.min = 0;
    this.max = ULONG_MAX;
    this.status = ma_start;
    this.err = 0;
    this.depth = 0;
    this.store_type = wr_invalid;
    this.mas_flags = 0;
    this.node_request = 0;
    this.reserved = 0;
    this.version = 0;
  }
}
