// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The range tree behind the kernel's maple-state API: lib/maple_tree.c, Linux 7.3, room by room. Each range of
 * [0, ULONG_MAX] has an entry or NULL; ranges, NULLs included, can be found, walked both ways and stored over, and room
 * can be looked for. Every operation is logarithmic; lookups and steps allocate nothing. It knows nothing of VMAs.
 *
 * Node boundaries fall where upstream's fall, as some answers depend on them: where mas_prev() ends a range after a
 * search for a gap, when a tree without gap tracking stops finding room, how many nodes a store reserves.
 *
 * Not ported: RCU and locks (one thread), dense nodes (upstream never makes one), mtree_alloc_*(), mtree_dup().
 */
export { maple_debug } from './maple_tree/debug.js';
export { __mt_dup } from './maple_tree/dup.js';
export { mas_empty_area, mas_empty_area_rev } from './maple_tree/gaps.js';
export {
  mas_find,
  mas_find_range,
  mas_find_range_rev,
  mas_find_rev,
  mas_for_each,
  mas_for_each_rev,
  mas_next,
  mas_next_range,
  mas_prev,
  mas_prev_range,
} from './maple_tree/iterate.js';
export {
  __mt_destroy,
  mt_find,
  mt_find_after,
  mt_height,
  mt_init,
  mt_init_flags,
  mt_next,
  mt_prev,
  mtree_destroy,
  mtree_empty,
  mtree_erase,
  mtree_insert,
  mtree_insert_range,
  mtree_load,
  mtree_store,
  mtree_store_range,
} from './maple_tree/mtree.js';
export { type MapleSlab, maple_slab } from './maple_tree/slab.js';
export {
  __mas_set_range,
  MA_STATE,
  mas_error,
  mas_init,
  mas_is_active,
  mas_is_err,
  mas_is_none,
  mas_is_overflow,
  mas_is_paused,
  mas_is_ptr,
  mas_is_start,
  mas_is_underflow,
  mas_pause,
  mas_reset,
  mas_set,
  mas_set_range,
  mas_walk,
} from './maple_tree/state.js';
export {
  mas_destroy,
  mas_erase,
  mas_insert,
  mas_preallocate,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
} from './maple_tree/store.js';
export { mt_dump, mt_validate } from './maple_tree/validate.js';
export { mt_clear_in_rcu, mt_in_rcu, mt_set_in_rcu } from './maple_tree/write.js';
