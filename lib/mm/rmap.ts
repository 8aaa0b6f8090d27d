// SPDX-License-Identifier: GPL-2.0-only
/**
 * The anonymous reverse map: from a page, by its anon_vma, to every VMA that may have it. Port of the part of mm/rmap.c
 * that deals in VMAs, and of get_anon_vma(), put_anon_vma() and anon_vma_prepare() of include/linux/rmap.h (Linux 7.3).
 *
 * Deviation: the slab caches and the locks are the stub world's.
 */
import { ENOMEM } from '../../include/linux/errno.js';
import {
  list_add,
  list_del_init,
  list_empty,
  list_for_each_entry,
  list_is_singular,
} from '../../include/linux/list.js';
import { RB_EMPTY_ROOT } from '../../include/linux/rbtree.js';
import {
  type anon_vma,
  type anon_vma_chain,
  VMA_OP_FORK,
  VMA_OP_MERGE_UNFAULTED,
  type vm_area_struct,
  type vma_operation,
} from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { missing, VM_BUG_ON, VM_WARN_ON, VM_WARN_ON_ONCE } from '../bug.js';
import { find_mergeable_anon_vma } from './vma/anon_vma.js';

/** A new anon_vma, its own root and parent, with one reference; null when memory is out. */
export function anon_vma_alloc(): anon_vma | null {
  const anon_vma = stubs.anon_vma_cache_alloc();
  if (anon_vma === null) return null;

  anon_vma.refcount = 1;
  anon_vma.num_children = 0;
  anon_vma.num_active_vmas = 0;
  anon_vma.parent = anon_vma;
  anon_vma.root = anon_vma;
  return anon_vma;
}

function rootOf(anon_vma: anon_vma): anon_vma {
  return anon_vma.root ?? missing('anon_vma', 'anon_vma.root');
}

function parentOf(anon_vma: anon_vma): anon_vma {
  return anon_vma.parent ?? missing('anon_vma', 'anon_vma.parent');
}

/** Frees an anon_vma without references, once whoever looks at it by its lock is gone. */
export function anon_vma_free(anon_vma: anon_vma): void {
  VM_BUG_ON(anon_vma.refcount !== 0, 'anon_vma_free', 'references are left');

  stubs.might_sleep();
  if (stubs.rwsem_is_locked(rootOf(anon_vma).rwsem)) {
    stubs.anon_vma_lock_write(anon_vma);
    stubs.anon_vma_unlock_write(anon_vma);
  }
  stubs.anon_vma_cache_free(anon_vma);
}

/** One reference more. */
export function get_anon_vma(anon_vma: anon_vma): void {
  anon_vma.refcount++;
}

/** The last reference is gone: frees the anon_vma, and with it, perhaps, its root. */
function __put_anon_vma(anon_vma: anon_vma): void {
  const root = rootOf(anon_vma);

  anon_vma_free(anon_vma);
  if (root !== anon_vma && --root.refcount === 0) anon_vma_free(root);
}

/** One reference less; the last one frees it. */
export function put_anon_vma(anon_vma: anon_vma): void {
  if (--anon_vma.refcount === 0) __put_anon_vma(anon_vma);
}

/** A link, on no list and no tree; null when memory is out. */
export function anon_vma_chain_alloc(): anon_vma_chain | null {
  return stubs.anon_vma_chain_cache_alloc();
}

/** Frees a link, which is on no list and in no tree any more. */
export function anon_vma_chain_free(avc: anon_vma_chain): void {
  stubs.anon_vma_chain_cache_free(avc);
}

/** Ties a link to both ends, in front of the VMA's others. */
function anon_vma_chain_assign(vma: vm_area_struct, avc: anon_vma_chain, anon_vma: anon_vma): void {
  avc.vma = vma;
  avc.anon_vma = anon_vma;
  list_add(avc.same_vma, vma.anon_vma_chain);
}

/** The anon_vma of a link that is on a VMA's list. */
function anonVmaOf(avc: anon_vma_chain): anon_vma {
  return avc.anon_vma ?? missing('anon_vma_chain', 'avc.anon_vma');
}

/** Puts a link of the VMA, and the VMA as one that is active, on a locked anon_vma. */
function publish(vma: vm_area_struct, avc: anon_vma_chain, anon_vma: anon_vma): void {
  vma.anon_vma = anon_vma;
  anon_vma_chain_assign(vma, avc, anon_vma);
  stubs.anon_rmap_tree_insert(avc, anon_vma);
}

/**
 * Gives the VMA an anon_vma, a neighbour's if one can be shared, so that it can have anonymous pages. The caller holds
 * mmap_lock at least for reading. 0, or -ENOMEM with nothing changed.
 */
export function __anon_vma_prepare(vma: vm_area_struct): number {
  const mm = vma.vm_mm ?? missing('__anon_vma_prepare', 'vma.vm_mm');
  stubs.mmap_assert_locked(mm);
  stubs.might_sleep();

  const avc = anon_vma_chain_alloc();
  if (avc === null) return -ENOMEM;

  const shared = find_mergeable_anon_vma(vma);
  const allocated = shared === null ? anon_vma_alloc() : null;
  const anon_vma = shared ?? allocated;
  if (anon_vma === null) {
    anon_vma_chain_free(avc);
    return -ENOMEM;
  }
  // A root counts as a child of its own.
  if (allocated !== null) allocated.num_children++;

  stubs.anon_vma_lock_write(anon_vma);
  stubs.spin_lock(mm.page_table_lock);
  const raced = vma.anon_vma !== null;
  if (!raced) {
    publish(vma, avc, anon_vma);
    anon_vma.num_active_vmas++;
  }
  stubs.spin_unlock(mm.page_table_lock);
  stubs.anon_vma_unlock_write(anon_vma);

  if (raced) {
    if (allocated !== null) put_anon_vma(allocated);
    anon_vma_chain_free(avc);
  }
  return 0;
}

/** As __anon_vma_prepare(), for a VMA that may have an anon_vma already. */
export function anon_vma_prepare(vma: vm_area_struct): number {
  return vma.anon_vma !== null ? 0 : stubs.__anon_vma_prepare(vma);
}

/** What anon_vma_clone() relies on its caller for. */
function check_anon_vma_clone(dst: vm_area_struct, src: vm_area_struct, operation: vma_operation): void {
  const where = 'check_anon_vma_clone';
  const fork = operation === VMA_OP_FORK;
  const merge = operation === VMA_OP_MERGE_UNFAULTED;
  const faulted = src.anon_vma !== null;

  stubs.mmap_assert_write_locked(src.vm_mm);
  VM_WARN_ON_ONCE(
    !fork && dst.vm_mm !== src.vm_mm,
    where,
    'src and dst are of two address spaces, and this is no fork',
  );
  VM_WARN_ON_ONCE(!faulted && !list_empty(src.anon_vma_chain), where, 'src has links but no anon_vma');
  VM_WARN_ON_ONCE(!faulted && dst.anon_vma !== null, where, 'dst has an anon_vma, src has none');
  VM_WARN_ON_ONCE(!list_empty(dst.anon_vma_chain), where, 'dst has links already');
  VM_WARN_ON_ONCE(dst.anon_vma !== null && dst.anon_vma !== src.anon_vma, where, 'dst has another anon_vma than src');
  VM_WARN_ON_ONCE(!fork && faulted && dst.anon_vma === null, where, 'dst was not given the anon_vma of src');
  VM_WARN_ON_ONCE(merge && !list_is_singular(src.anon_vma_chain), where, 'src of a merge was forked');
  VM_WARN_ON_ONCE(!merge && dst.vm_refcnt !== 0, where, 'dst is in a tree, and this is no merge');
}

/** Has a forked VMA use an anon_vma of its ancestors, if no VMA uses it any more and it has one child at most. */
function maybe_reuse_anon_vma(dst: vm_area_struct, anon_vma: anon_vma): void {
  if (dst.anon_vma !== null || anon_vma.num_active_vmas > 0 || anon_vma.num_children > 1) return;

  dst.anon_vma = anon_vma;
  anon_vma.num_active_vmas++;
}

/**
 * Has dst share all anon_vmas of src, by links of its own; in a fork, perhaps, use one that is unused. 0, or -ENOMEM,
 * when dst ends without an anon_vma.
 */
export function anon_vma_clone(dst: vm_area_struct, src: vm_area_struct, operation: vma_operation): number {
  const { anon_vma: active } = src;

  check_anon_vma_clone(dst, src, operation);
  if (active === null) return 0;

  // These links cannot be seen yet, so no lock is needed. Each goes in front, so dst has them in the opposite order.
  for (const pavc of list_for_each_entry(src.anon_vma_chain)) {
    const avc = anon_vma_chain_alloc();
    if (avc === null) {
      cleanup_partial_anon_vmas(dst);
      return -ENOMEM;
    }
    anon_vma_chain_assign(dst, avc, anonVmaOf(pavc));
  }

  // One lock does, for all have the same root. Backwards is the order of src.
  stubs.anon_vma_lock_write(active);
  for (const avc of [...list_for_each_entry(dst.anon_vma_chain)].reverse()) {
    const anon_vma = anonVmaOf(avc);
    stubs.anon_rmap_tree_insert(avc, anon_vma);
    if (operation === VMA_OP_FORK) maybe_reuse_anon_vma(dst, anon_vma);
  }
  if (operation !== VMA_OP_FORK && dst.anon_vma !== null) dst.anon_vma.num_active_vmas++;
  stubs.anon_vma_unlock_write(active);
  return 0;
}

/** What becomes of a forked VMA that found no anon_vma to use again: one of its own, below that of the parent. */
function addChild(vma: vm_area_struct, parent: anon_vma, anon_vma: anon_vma, avc: anon_vma_chain): void {
  const root = rootOf(parent);

  anon_vma.num_active_vmas = 1;
  anon_vma.root = root;
  anon_vma.parent = parent;
  // The lock lives in the root, which must therefore live as long as this one does.
  get_anon_vma(root);

  vma.anon_vma = anon_vma;
  anon_vma_chain_assign(vma, avc, anon_vma);
  stubs.anon_vma_lock_write(anon_vma);
  stubs.anon_rmap_tree_insert(avc, anon_vma);
  parent.num_children++;
  stubs.anon_vma_unlock_write(anon_vma);
}

/**
 * Gives the VMA of a child, a copy of the parent's pvma, links to all that pvma has, and an anon_vma for the pages that
 * it will write. 0, or -ENOMEM with nothing kept.
 */
export function anon_vma_fork(vma: vm_area_struct, pvma: vm_area_struct): number {
  const { anon_vma: parent } = pvma;
  if (parent === null) return 0;

  vma.anon_vma = null;
  const anon_vma = anon_vma_alloc();
  if (anon_vma === null) return -ENOMEM;
  const avc = anon_vma_chain_alloc();
  if (avc === null) {
    put_anon_vma(anon_vma);
    return -ENOMEM;
  }

  // First the pages that both have, until one of them is written.
  const rc = stubs.anon_vma_clone(vma, pvma, VMA_OP_FORK);
  if (rc !== 0 || vma.anon_vma !== null) {
    put_anon_vma(anon_vma);
    anon_vma_chain_free(avc);
    return rc;
  }
  addChild(vma, parent, anon_vma, avc);
  return 0;
}

/** Frees the links that a clone had made before memory ran out; none is on a tree yet. */
function cleanup_partial_anon_vmas(vma: vm_area_struct): void {
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
    list_del_init(avc.same_vma);
    anon_vma_chain_free(avc);
  }
  vma.anon_vma = null;
}

/** Takes the links off their trees, and frees those whose anon_vma still has others. */
function unlinkTrees(vma: vm_area_struct): void {
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
    const anon_vma = anonVmaOf(avc);

    stubs.anon_rmap_tree_remove(avc, anon_vma);
    if (RB_EMPTY_ROOT(anon_vma.rb_root.rb_root)) {
      // It stays on the list, to be freed when the lock is dropped.
      parentOf(anon_vma).num_children--;
      continue;
    }
    list_del_init(avc.same_vma);
    anon_vma_chain_free(avc);
  }
}

/**
 * The VMA lets go of its anon_vmas; those without any VMA are freed. The caller holds mmap_lock, at least for reading.
 * The next fault prepares it anew.
 */
export function unlink_anon_vmas(vma: vm_area_struct): void {
  const { anon_vma: active } = vma;

  stubs.mmap_assert_locked(vma.vm_mm);
  if (active === null) {
    VM_WARN_ON_ONCE(!list_empty(vma.anon_vma_chain), 'unlink_anon_vmas', 'links are left, but no anon_vma');
    return;
  }

  stubs.anon_vma_lock_write(active);
  unlinkTrees(vma);
  active.num_active_vmas--;
  vma.anon_vma = null;
  stubs.anon_vma_unlock_write(active);

  // What is left has no VMA. From the newest to the oldest, so that the root goes last.
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
    const anon_vma = anonVmaOf(avc);

    VM_WARN_ON(anon_vma.num_children !== 0, 'unlink_anon_vmas', 'an anon_vma without VMAs has children');
    VM_WARN_ON(anon_vma.num_active_vmas !== 0, 'unlink_anon_vmas', 'an anon_vma without VMAs is in use');
    put_anon_vma(anon_vma);
    list_del_init(avc.same_vma);
    anon_vma_chain_free(avc);
  }
}
