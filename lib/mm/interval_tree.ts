// SPDX-License-Identifier: GPL-2.0-only
/**
 * The interval trees of the reverse map, by page offset: VMAs on their file's i_mmap, links on their anon_vma. Port of
 * mm/interval_tree.c (Linux 7.3), with CONFIG_DEBUG_VM_RB.
 */
import type { pgoff_t } from '../../include/linux/mm.js';
import type { address_space, anon_vma, anon_vma_chain, vm_area_struct } from '../../include/mm_types.js';
import { missing, VM_WARN_ON_ONCE, WARN_ON_ONCE } from '../bug.js';
import { INTERVAL_TREE_DEFINE } from '../interval_tree/interval_tree_generic.js';
import { rb_insert_augmented, rb_link_node } from '../interval_tree/rbtree.js';
import { vma_last_anon_pgoff, vma_last_pgoff, vma_start_anon_pgoff, vma_start_pgoff } from './inlines/range.js';

const mappingTree = INTERVAL_TREE_DEFINE<vm_area_struct>({
  node: (vma) => vma.shared,
  start: vma_start_pgoff,
  last: vma_last_pgoff,
});

/** Puts the VMA on the tree of the file that it maps. */
export function mapping_rmap_tree_insert(vma: vm_area_struct, mapping: address_space): void {
  mappingTree.insert(vma, mapping.i_mmap);
}

/** The same right behind prev, which is on the tree and maps the same pages: what fork() does for a child's VMA. */
export function mapping_rmap_tree_insert_after(
  vma: vm_area_struct,
  prev: vm_area_struct,
  mapping: address_space,
): void {
  const last = vma_last_pgoff(vma);
  VM_WARN_ON_ONCE(
    vma_start_pgoff(vma) !== vma_start_pgoff(prev),
    'mapping_rmap_tree_insert_after',
    'the VMA begins elsewhere in the file than prev',
  );

  let parent = prev.shared;
  let side: 'rb_left' | 'rb_right' = 'rb_right';
  for (let at = parent.rb_right; at !== null; at = at.rb_left) {
    parent = at;
    side = 'rb_left';
    if (parent.rb_subtree_last < last) parent.rb_subtree_last = last;
  }

  vma.shared.rb_subtree_last = last;
  rb_link_node(vma.shared, parent, side, mapping.i_mmap.rb_root);
  rb_insert_augmented(vma.shared, mapping.i_mmap.rb_root, mappingTree.augment);
}

/** Takes it off. */
export function mapping_rmap_tree_remove(vma: vm_area_struct, mapping: address_space): void {
  mappingTree.remove(vma, mapping.i_mmap);
}

/** The first VMA that maps any of the pages [pgoff_start, pgoff_last] of the file. */
export function mapping_rmap_tree_iter_first(
  mapping: address_space,
  pgoff_start: pgoff_t,
  pgoff_last: pgoff_t,
): vm_area_struct | null {
  return mappingTree.iterFirst(mapping.i_mmap, pgoff_start, pgoff_last);
}

/** The next one. */
export function mapping_rmap_tree_iter_next(
  vma: vm_area_struct,
  pgoff_start: pgoff_t,
  pgoff_last: pgoff_t,
): vm_area_struct | null {
  return mappingTree.iterNext(vma, pgoff_start, pgoff_last);
}

function vmaOf(avc: anon_vma_chain): vm_area_struct {
  return avc.vma ?? missing('anon_rmap_tree', 'avc.vma');
}

function avc_start_pgoff(avc: anon_vma_chain): pgoff_t {
  return vma_start_anon_pgoff(vmaOf(avc));
}

function avc_last_pgoff(avc: anon_vma_chain): pgoff_t {
  return vma_last_anon_pgoff(vmaOf(avc));
}

const anonTree = INTERVAL_TREE_DEFINE<anon_vma_chain>({
  node: (avc) => avc.rb,
  start: avc_start_pgoff,
  last: avc_last_pgoff,
});

/** Puts a link on the tree of its anon_vma, where its VMA's pages are. */
export function anon_rmap_tree_insert(avc: anon_vma_chain, anon_vma: anon_vma): void {
  avc.cached_vma_start = avc_start_pgoff(avc);
  avc.cached_vma_last = avc_last_pgoff(avc);
  anonTree.insert(avc, anon_vma.rb_root);
}

/** Takes it off. */
export function anon_rmap_tree_remove(avc: anon_vma_chain, anon_vma: anon_vma): void {
  anonTree.remove(avc, anon_vma.rb_root);
}

/** The first link whose VMA may have any of the anonymous pages [pgoff_start, pgoff_last]. */
export function anon_rmap_tree_iter_first(
  anon_vma: anon_vma,
  pgoff_start: pgoff_t,
  pgoff_last: pgoff_t,
): anon_vma_chain | null {
  return anonTree.iterFirst(anon_vma.rb_root, pgoff_start, pgoff_last);
}

/** The next one. */
export function anon_rmap_tree_iter_next(
  avc: anon_vma_chain,
  pgoff_start: pgoff_t,
  pgoff_last: pgoff_t,
): anon_vma_chain | null {
  return anonTree.iterNext(avc, pgoff_start, pgoff_last);
}

/** Is the link where its VMA's pages are? */
export function anon_rmap_tree_verify(avc: anon_vma_chain): void {
  const where = 'anon_rmap_tree_verify';
  WARN_ON_ONCE(avc.cached_vma_start !== avc_start_pgoff(avc), where, 'the VMA begins elsewhere than its link says');
  WARN_ON_ONCE(avc.cached_vma_last !== avc_last_pgoff(avc), where, 'the VMA ends elsewhere than its link says');
}
