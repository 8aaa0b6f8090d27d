// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Storing through a state. Ports mas_store(), mas_store_gfp(), mas_store_prealloc(), mas_preallocate(), mas_destroy(),
 * mas_erase(), mas_insert(), mas_nomem() and mas_nomem_nofail() of lib/maple_tree.c, Linux 7.3.
 *
 * Deviation: a promised store whose tree has changed since walks anew, and throws if that takes more nodes than were
 * reserved. Upstream would write into a node that may be gone.
 */
import { EEXIST, ENOMEM } from '../../include/linux/errno.js';
import { __GFP_NOFAIL, GFP_KERNEL, type gfp_t } from '../../include/linux/gfp.js';
import {
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_LOCK_MASK,
  ma_active,
  ma_error,
  type ma_state,
  type ma_wr_state,
  type maple_tree,
  wr_new_root,
  wr_spanning_store,
  wr_store_root,
} from '../../include/linux/maple_tree.js';
import { maple_debug } from './debug.js';
import { nodesOf } from './node.js';
import { mas_alloc_nodes, mas_empty_nodes, mas_set_err } from './slab.js';
import {
  isFresh,
  mas_error,
  mas_make_walkable,
  mas_reset,
  mas_set_range,
  mas_start,
  mas_state_walk,
  STALE,
} from './state.js';
import {
  mas_prealloc_calc,
  mas_wr_end_piv,
  mas_wr_node_walk,
  mas_wr_prealloc_setup,
  mas_wr_store_entry,
  mas_wr_store_type,
  wrOf,
} from './write.js';

/** mas_flags: a store was promised. */
const MA_STATE_PREALLOC = 1;
/** What the first attempt to allocate may do: nothing but take what there is. */
const GFP_NOWAIT: gfp_t = 0;

/** Walks to the place of the store and notes its type and its need of nodes. */
function planStore<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  mas_wr_prealloc_setup(mas, wr, entry);
  mas.store_type = mas_wr_store_type(mas, wr, entry);
  mas_prealloc_calc(mas, wr);
}

/** Plans the store and reserves its nodes, if that can be done at once. Port of mas_wr_preallocate(). */
function mas_wr_preallocate<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  planStore(mas, wr, entry);
  if (mas.node_request > 0) mas_alloc_nodes(mas, GFP_NOWAIT);
}

/** Whether a tree is protected by a lock that is not its own. Port of mt_external_lock(). */
function mt_external_lock<T>(mt: maple_tree<T>): boolean {
  return (mt.ma_flags & MT_FLAGS_LOCK_MASK) === MT_FLAGS_LOCK_EXTERN;
}

/**
 * After a failure for want of memory: tries again with gfp; true if the store is to be planned anew. Warns of a second
 * attempt that may not wait for memory either. Port of mas_nomem().
 */
export function mas_nomem<T>(mas: ma_state<T>, gfp: gfp_t): boolean {
  if (mas.status !== ma_error || mas.err !== -ENOMEM) return false;
  if ((gfp & GFP_KERNEL) === 0 && mt_external_lock(mas.tree)) {
    maple_debug.warn('mas_nomem', 'an allocation that may not block, for a tree with an external lock');
  }
  mas_alloc_nodes(mas, gfp);
  if (mas.reserved === 0) return false;
  mas_reset(mas);
  return true;
}

/**
 * As mas_nomem(), but memory is not refused, and the state is set back to [index, last]. Port of mas_nomem_nofail().
 */
function mas_nomem_nofail<T>(mas: ma_state<T>, index: number, last: number): boolean {
  if (mas.status !== ma_error || mas.err !== -ENOMEM) return false;
  mas_alloc_nodes(mas, GFP_KERNEL | __GFP_NOFAIL);
  mas_set_range(mas, index, last);
  return true;
}

/** Gives back what was reserved and not used. Port of mas_destroy(). */
export function mas_destroy<T>(mas: ma_state<T>): void {
  if (mas.mas_flags !== 0) {
    mas.mas_flags = 0;
    // A promise that is not kept can leave the state above the leaves, where no step can begin.
    if (mas.store_type === wr_spanning_store && isFresh(mas)) {
      if (nodesOf(mas.tree).levelOf(mas.node) !== 0) mas.version = STALE;
    }
  }
  mas_empty_nodes(mas);
}

/**
 * Stores an entry, or NULL, over [index, last]; returns what was at index before. Port of mas_store(). Without memory
 * the state is in error.
 */
export function mas_store<T>(mas: ma_state<T>, entry: T | null): T | null {
  const wr = wrOf(mas.tree);
  if (mas.mas_flags === MA_STATE_PREALLOC) {
    planStore(mas, wr, entry);
    mas_wr_store_entry(mas, wr, entry);
    return wr.content;
  }
  mas_wr_preallocate(mas, wr, entry);
  if (mas.status === ma_error) return null;
  mas_wr_store_entry(mas, wr, entry);
  mas_destroy(mas);
  return wr.content;
}

/** Stores an entry, or NULL, over [index, last]; 0 or -ENOMEM. Port of mas_store_gfp(). */
export function mas_store_gfp<T>(mas: ma_state<T>, entry: T | null, gfp: gfp_t): number {
  const wr = wrOf(mas.tree);
  const { index, last } = mas;
  mas_wr_preallocate(mas, wr, entry);
  while (mas.status === ma_error && mas_nomem(mas, gfp)) {
    if (entry === null) {
      mas.index = index;
      mas.last = last;
    }
    mas_wr_preallocate(mas, wr, entry);
  }
  const error = mas_error(mas);
  if (error === 0) mas_wr_store_entry(mas, wr, entry);
  mas_destroy(mas);
  return error;
}

/** Reserves the nodes that storing entry over [index, last] may take; 0 or -ENOMEM. Port of mas_preallocate(). */
export function mas_preallocate<T>(mas: ma_state<T>, entry: T | null, gfp: gfp_t): number {
  planStore(mas, wrOf(mas.tree), entry);
  if (mas.node_request > 0) {
    mas.mas_flags = 0;
    mas_alloc_nodes(mas, gfp);
    if (mas.status === ma_error) {
      const error = mas.err;
      mas_destroy(mas);
      mas_reset(mas);
      return error;
    }
  }
  mas.mas_flags = MA_STATE_PREALLOC;
  return 0;
}

/** A store that was promised to another tree or place, or not at all: planned anew, within what is reserved. */
function replan<T>(mas: ma_state<T>, wr: ma_wr_state<T>, entry: T | null): void {
  mas_reset(mas);
  planStore(mas, wr, entry);
  if (mas.node_request > mas.reserved) {
    throw new Error(
      `mas_store_prealloc: ${mas.node_request} nodes needed, ${mas.reserved} reserved: no mas_preallocate() before it, or the tree changed since`,
    );
  }
}

/**
 * The store that mas_preallocate() promised. It asks for no memory and cannot fail. Without a promise, which upstream's
 * tests rely on in one place, a store that needs no node is carried out and any other throws. Port of
 * mas_store_prealloc().
 */
export function mas_store_prealloc<T>(mas: ma_state<T>, entry: T | null): void {
  const wr = wrOf(mas.tree);
  const promised = mas.mas_flags === MA_STATE_PREALLOC;
  const placed = promised && mas.status === ma_active && isFresh(mas) && mas.index >= mas.min && mas.index <= mas.max;
  if (promised && mas.store_type === wr_store_root && mas.version === mas.tree.version) {
    mas_wr_prealloc_setup(mas, wr, entry);
  } else if (!placed) {
    replan(mas, wr, entry);
  } else {
    mas_wr_node_walk(mas, wr);
    if (mas.store_type !== wr_spanning_store) {
      wr.content = nodesOf(mas.tree).slotAt(mas.node + mas.offset);
      mas_wr_end_piv(mas, wr);
    }
  }
  mas_wr_store_entry(mas, wr, entry);
  mas_destroy(mas);
}

/** Whether an insert would overwrite something. Part of mas_insert(). */
function insertMeets<T>(mas: ma_state<T>, wr: ma_wr_state<T>): boolean {
  // A store over several leaves overwrites something always. One over everything is not looked at, upstream neither.
  if (mas.store_type === wr_spanning_store) return true;
  if (mas.store_type === wr_new_root || mas.store_type === wr_store_root) return false;
  wr.offset_end = mas.offset;
  wr.end_piv = wr.r_max;
  return wr.content !== null || mas.last > wr.r_max;
}

/**
 * Stores entry over [index, last] if all of that is NULL. Else the state is in error with -EEXIST, and what is there
 * at index is returned. Port of mas_insert().
 */
export function mas_insert<T>(mas: ma_state<T>, entry: T | null): T | null {
  const wr = wrOf(mas.tree);
  wr.content = mas_start(mas);
  if (wr.content === null) {
    mas_wr_preallocate(mas, wr, entry);
    if (mas.status === ma_error) return null;
    if (!insertMeets(mas, wr)) {
      mas_wr_store_entry(mas, wr, entry);
      return wr.content;
    }
  }
  mas_set_err(mas, -EEXIST);
  return wr.content;
}

/**
 * Erases the whole range that holds index and returns its entry, or NULL if there was none. It cannot fail: memory is
 * asked for until there is some. Port of mas_erase().
 */
export function mas_erase<T>(mas: ma_state<T>): T | null {
  const wr = wrOf(mas.tree);
  const index = mas.index;
  mas_make_walkable(mas);
  let entry: T | null;
  do {
    entry = mas_state_walk(mas);
    if (entry === null) break;
    // From the root, so that a NULL at the end of a leaf is seen to span.
    mas_reset(mas);
    mas_wr_preallocate(mas, wr, null);
  } while (mas_nomem_nofail(mas, index, index));
  if (entry !== null) mas_wr_store_entry(mas, wr, null);
  mas_destroy(mas);
  return entry;
}
