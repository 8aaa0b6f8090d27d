// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The bracket around every change of a VMA's range: which VMAs it touches, their locks, and their places in the reverse
 * map before and after. Port of init_multi_vma_prep(), init_vma_prep(), vma_prepare(), vma_complete() and
 * anon_rmap_tree_pre_update_vma(), _post_update_vma() of mm/vma.c (Linux 7.3).
 */
import { list_for_each_entry } from '../../../include/linux/list.js';
import type { mm_struct, vm_area_struct, vma_iterator } from '../../../include/mm_types.js';
import { struct_vma_prepare, type vma_merge_struct } from '../../../include/vma.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON, WARN_ON_ONCE } from '../../bug.js';
import { vma_iter_store_new } from '../inlines/iterator.js';
import { vma_mark_detached } from '../inlines/lifecycle.js';
import { vm_area_free } from '../vma_init.js';
import { __remove_shared_vm_struct, __vma_link_file } from './file_links.js';

/** The neighbour whose start the merge moves, if any. */
function adjustedNeighbour(vmg: vma_merge_struct | null): vm_area_struct | null {
  if (vmg?.__adjust_middle_start) return vmg.middle;
  if (vmg?.__adjust_next_start) return vmg.next;
  return null;
}

/** Describes a change of vma: for a merge with what it removes and adjusts, else of vma alone. */
export function init_multi_vma_prep(vma: vm_area_struct, vmg: vma_merge_struct | null): struct_vma_prepare {
  const vp = new struct_vma_prepare(vma);
  const adjust = adjustedNeighbour(vmg);

  vp.anon_vma = vma.anon_vma;
  if (vmg?.__remove_middle) vp.remove = vmg.middle;
  if (vmg?.__remove_next) {
    if (vp.remove !== null) vp.remove2 = vmg.next;
    else vp.remove = vmg.next;
  }

  vp.adj_next = adjust;
  if (vp.anon_vma === null && adjust !== null) vp.anon_vma = adjust.anon_vma;
  VM_WARN_ON(
    vp.anon_vma !== null && adjust !== null && adjust.anon_vma !== null && vp.anon_vma !== adjust.anon_vma,
    'init_multi_vma_prep',
    'vma and its adjusted neighbour have different anon_vmas',
  );

  vp.file = vma.vm_file;
  if (vp.file !== null) vp.mapping = vp.file.f_mapping;
  if (vmg?.skip_vma_uprobe) vp.skip_vma_uprobe = true;
  return vp;
}

/** Describes a change of vma alone. */
export function init_vma_prep(vma: vm_area_struct): struct_vma_prepare {
  return init_multi_vma_prep(vma, null);
}

/** Takes the VMA off the interval trees of its anon_vmas, before its range changes. */
export function anon_rmap_tree_pre_update_vma(vma: vm_area_struct): void {
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
    if (avc.anon_vma !== null) stubs.anon_rmap_tree_remove(avc, avc.anon_vma);
  }
}

/** Puts it back, after its range has changed. */
export function anon_rmap_tree_post_update_vma(vma: vm_area_struct): void {
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
    if (avc.anon_vma !== null) stubs.anon_rmap_tree_insert(avc, avc.anon_vma);
  }
}

/** Locks the file's and the anonymous reverse map, and takes the VMAs off them. */
export function vma_prepare(vp: struct_vma_prepare): void {
  const { vma, adj_next, mapping, anon_vma } = vp;

  if (mapping !== null) {
    stubs.uprobe_munmap(vma, vma.vm_start, vma.vm_end);
    if (adj_next !== null) stubs.uprobe_munmap(adj_next, adj_next.vm_start, adj_next.vm_end);

    stubs.i_mmap_lock_write(mapping);
    // Already visible through the file, so that no page is missed; in the address space only once ranges are set.
    if (vp.insert !== null && vp.insert.vm_file !== null) __vma_link_file(vp.insert, vp.insert.vm_file.f_mapping);
  }

  if (anon_vma !== null) {
    stubs.anon_vma_lock_write(anon_vma);
    anon_rmap_tree_pre_update_vma(vma);
    if (adj_next !== null) anon_rmap_tree_pre_update_vma(adj_next);
  }

  if (mapping !== null) {
    stubs.flush_dcache_mmap_lock(mapping);
    stubs.mapping_rmap_tree_remove(vma, mapping);
    if (adj_next !== null) stubs.mapping_rmap_tree_remove(adj_next, mapping);
  }
}

/** Puts the VMAs back on the file's tree, and takes off it what the merge removes. */
function relinkFile(vp: struct_vma_prepare): void {
  const { vma, adj_next, mapping, remove, remove2 } = vp;
  if (mapping === null) return;

  if (adj_next !== null) stubs.mapping_rmap_tree_insert(adj_next, mapping);
  stubs.mapping_rmap_tree_insert(vma, mapping);
  stubs.flush_dcache_mmap_unlock(mapping);

  if (remove !== null) {
    __remove_shared_vm_struct(remove, mapping);
    if (remove2 !== null) __remove_shared_vm_struct(remove2, mapping);
  }
}

/** Drops the locks that vma_prepare() took, the anonymous one first. */
function unlockReverseMaps(vp: struct_vma_prepare): void {
  const { vma, adj_next, mapping, anon_vma } = vp;

  if (anon_vma !== null) {
    anon_rmap_tree_post_update_vma(vma);
    if (adj_next !== null) anon_rmap_tree_post_update_vma(adj_next);
    stubs.anon_vma_unlock_write(anon_vma);
  }

  if (mapping !== null) {
    stubs.i_mmap_unlock_write(mapping);
    if (!vp.skip_vma_uprobe) {
      stubs.uprobe_mmap(vma);
      if (adj_next !== null) stubs.uprobe_mmap(adj_next);
    }
  }
}

/** Frees a VMA that the merge has replaced. `isLast`: nothing else is removed after it. */
function freeRemoved(vp: struct_vma_prepare, removed: vm_area_struct, mm: mm_struct, isLast: boolean): void {
  vma_mark_detached(removed);
  if (vp.file !== null) {
    stubs.uprobe_munmap(removed, removed.vm_start, removed.vm_end);
    stubs.fput(vp.file);
  }
  if (removed.anon_vma !== null) stubs.unlink_anon_vmas(removed);
  mm.map_count--;
  stubs.mpol_put(stubs.vma_policy(removed));
  if (isLast)
    WARN_ON_ONCE(vp.vma.vm_end < removed.vm_end, 'vma_complete', 'a removed VMA sticks out of the merged one');
  vm_area_free(removed);
}

/** Ends what vma_prepare() began, with ranges changed: inserts, unlocks, frees what a merge removed. */
export function vma_complete(vp: struct_vma_prepare, vmi: vma_iterator, mm: mm_struct): void {
  const { remove, remove2, insert } = vp;

  relinkFile(vp);
  if (insert !== null && !(remove !== null && vp.file !== null)) {
    // Both halves of a split must be in the tree before the locks go.
    vma_iter_store_new(vmi, insert);
    mm.map_count++;
  }
  unlockReverseMaps(vp);

  if (remove !== null) {
    freeRemoved(vp, remove, mm, remove2 === null);
    if (remove2 !== null) freeRemoved(vp, remove2, mm, true);
  }
  if (insert !== null && vp.file !== null) stubs.uprobe_mmap(insert);
}
