// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Single VMAs as the package exports them: allocation, range, links to tree and file, anon_vma, protection. Functions
 * of lib/mm by the same names, with VMAs and ranges checked. Addresses are in bytes, offsets and sizes in pages unless
 * a comment says otherwise. Each throws a TypeError for a VMA that was freed or is none, a RangeError for a number that
 * is no address or no offset.
 */
import { checkPageRange, checkUlong } from '../../include/check.js';
import type {
  address_space,
  anon_vma,
  mm_struct,
  pgprot_t,
  vm_area_struct,
  vma_iterator,
} from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import type { struct_vma_prepare, unlink_vma_file_batch } from '../../include/vma.js';
import { freed } from '../../stubs/freed.js';
import * as inlinePgoff from '../mm/inlines/pgoff.js';
import * as internal from '../mm/internal.js';
import * as anonVma from '../mm/vma/anon_vma.js';
import * as fileLinks from '../mm/vma/file_links.js';
import * as link from '../mm/vma/link.js';
import * as merge from '../mm/vma/merge.js';
import * as munmap from '../mm/vma/munmap.js';
import * as prepare from '../mm/vma/prepare.js';
import * as writenotify from '../mm/vma/writenotify.js';
import * as vmaInit from '../mm/vma_init.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export {
  vma_assert_attached,
  vma_assert_can_modify,
  vma_assert_detached,
  vma_init,
  vma_is_anonymous,
  vma_is_attached,
  vma_mark_attached,
  vma_mark_detached,
  vma_set_anonymous,
} from '../mm/inlines/lifecycle.js';
export {
  assert_sane_pgoff,
  vma_add_pgoff,
  vma_sub_pgoff,
  vmg_end_anon_pgoff,
  vmg_end_pgoff,
  vmg_pages,
  vmg_start_anon_pgoff,
  vmg_start_pgoff,
} from '../mm/inlines/pgoff.js';
export {
  __linear_anon_page_index,
  linear_anon_page_index,
  linear_page_delta,
  linear_page_index,
  range_in_vma,
  range_in_vma_desc,
  range_is_subset,
  stack_guard_start_gap,
  vm_end_gap,
  vm_start_gap,
  vma_desc_pages,
  vma_desc_size,
  vma_end_anon_pgoff,
  vma_end_pgoff,
  vma_is_accessible,
  vma_is_sealed,
  vma_last_anon_pgoff,
  vma_last_pgoff,
  vma_pages,
  vma_start_anon_pgoff,
  vma_start_pgoff,
} from '../mm/inlines/range.js';
export { unlink_file_vma_batch_init } from '../mm/vma/file_links.js';
export {
  anon_rmap_tree_post_update_vma,
  anon_rmap_tree_pre_update_vma,
  init_multi_vma_prep,
  init_vma_prep,
} from '../mm/vma/prepare.js';
export { vma_mmu_pagesize } from '../mm/vma/writenotify.js';
export { vm_area_alloc, vma_state_init } from '../mm/vma_init.js';

function checkBatch(vb: unlink_vma_file_batch): void {
  for (const vma of vb.vmas) checkLive('__remove_shared_vm_struct', 'vma', vma);
}

function checkPrepared(fn: string, vp: struct_vma_prepare): void {
  for (const field of ['vma', 'adj_next', 'insert', 'remove', 'remove2'] as const) {
    checkLive(fn, `vp.${field}`, vp[field]);
  }
}

/**
 * Sets where the VMA lies, [start, end) in bytes and page-aligned, and its page offsets: that in its file, or of
 * anonymous memory its address, and that of its anonymous pages. vma_set_range() of mm/vma.c.
 */
export function vma_set_range(
  vma: vm_area_struct,
  start: number,
  end: number,
  pgoff: number,
  anon_pgoff: number,
): void {
  checkPageRange('vma_set_range', 'start', start, 'end', end);
  checkUlong('vma_set_range', 'pgoff', pgoff);
  checkUlong('vma_set_range', 'anon_pgoff', anon_pgoff);
  inlinePgoff.vma_set_range(vma, start, end, pgoff, anon_pgoff);
}

/** Sets the page offset of a VMA that is in no tree, or write-locked. vma_set_pgoff() of mm/vma.h. */
export function vma_set_pgoff(vma: vm_area_struct, pgoff: number): void {
  checkLive('vma_set_pgoff', 'vma', vma);
  checkUlong('vma_set_pgoff', 'pgoff', pgoff);
  inlinePgoff.vma_set_pgoff(vma, pgoff);
}

/**
 * Sets the page offset of anonymous pages of a VMA that is in no tree, or write-locked. vma_set_anon_pgoff() of
 * mm/vma.h.
 */
export function vma_set_anon_pgoff(vma: vm_area_struct, pgoff: number): void {
  checkLive('vma_set_anon_pgoff', 'vma', vma);
  checkUlong('vma_set_anon_pgoff', 'pgoff', pgoff);
  inlinePgoff.vma_set_anon_pgoff(vma, pgoff);
}

/** A detached copy of a VMA; null when out of memory. vm_area_dup() of mm/vma_init.c. */
export function vm_area_dup(orig: vm_area_struct): vm_area_struct | null {
  checkLive('vm_area_dup', 'orig', orig);
  return vmaInit.vm_area_dup(orig);
}

/** Frees a VMA, which must be detached. vm_area_free() of mm/vma_init.c. */
export function vm_area_free(vma: vm_area_struct): void {
  freed.objects.assertLive(vma);
  checkLive('vm_area_free', 'vma', vma);
  vmaInit.vm_area_free(vma);
}

/**
 * Calls the close hook, if there is one. None of the VMA's hooks is called after it. vma_close() of
 * tools/testing/vma/include/stubs.h.
 */
export function vma_close(vma: vm_area_struct): void {
  checkLive('vma_close', 'vma', vma);
  internal.vma_close(vma);
}

/** Closes a VMA that is in no tree any more and frees it. remove_vma() of mm/vma.c. */
export function remove_vma(vma: vm_area_struct): void {
  if (isWatched()) {
    watched('remove_vma', remove_vma, { vma });
    return;
  }
  checkLive('remove_vma', 'vma', vma);
  munmap.remove_vma(vma);
}

/**
 * Adds the VMA to the tree and to its file. Its range must be free. 0, or -ENOMEM with nothing changed. vma_link() of
 * mm/vma.c.
 */
export function vma_link(mm: mm_struct, vma: vm_area_struct): number {
  if (isWatched()) return watched('vma_link', vma_link, { mm, vma });
  checkLive('vma_link', 'vma', vma);
  checkPageRange('vma_link', 'vma.vm_start', vma.vm_start, 'vma.vm_end', vma.vm_end);
  return link.vma_link(mm, vma);
}

/**
 * As vma_link(), for a VMA whose range may be taken and whose pages may have to be charged. Anonymous memory gets the
 * page offset that its address gives, so that it splits and merges like any other. 0, or -ENOMEM with nothing changed.
 * insert_vm_struct() of mm/vma.c.
 */
export function insert_vm_struct(mm: mm_struct, vma: vm_area_struct): number {
  if (isWatched()) return watched('insert_vm_struct', insert_vm_struct, { mm, vma });
  checkLive('insert_vm_struct', 'vma', vma);
  checkPageRange('insert_vm_struct', 'vma.vm_start', vma.vm_start, 'vma.vm_end', vma.vm_end);
  return link.insert_vm_struct(mm, vma);
}

/** Adds the VMA to the mapping's tree. The caller holds its i_mmap_rwsem. __vma_link_file() of mm/vma.c. */
export function __vma_link_file(vma: vm_area_struct, mapping: address_space): void {
  checkLive('__vma_link_file', 'vma', vma);
  fileLinks.__vma_link_file(vma, mapping);
}

/** Takes the VMA off the mapping's tree. The caller holds its i_mmap_rwsem. __remove_shared_vm_struct() of mm/vma.c. */
export function __remove_shared_vm_struct(vma: vm_area_struct, mapping: address_space): void {
  checkLive('__remove_shared_vm_struct', 'vma', vma);
  fileLinks.__remove_shared_vm_struct(vma, mapping);
}

/**
 * Links a new VMA to its file, if it has one; on request the file's rmap lock stays held. vma_link_file() of mm/vma.c.
 */
export function vma_link_file(vma: vm_area_struct, hold_rmap_lock: boolean): void {
  if (isWatched()) {
    watched('vma_link_file', vma_link_file, { vma, hold_rmap_lock });
    return;
  }
  checkLive('vma_link_file', 'vma', vma);
  fileLinks.vma_link_file(vma, hold_rmap_lock);
}

/**
 * Adds a VMA to be unlinked. A full batch, or one of another file, is processed first. unlink_file_vma_batch_add() of
 * mm/vma.c.
 */
export function unlink_file_vma_batch_add(vb: unlink_vma_file_batch, vma: vm_area_struct): void {
  if (isWatched()) {
    watched('unlink_file_vma_batch_add', unlink_file_vma_batch_add, { vb, vma });
    return;
  }
  checkLive('unlink_file_vma_batch_add', 'vma', vma);
  fileLinks.unlink_file_vma_batch_add(vb, vma);
}

/** Unlinks what the batch holds under one hold of the file's lock. unlink_file_vma_batch_process() of mm/vma.c. */
export function unlink_file_vma_batch_process(vb: unlink_vma_file_batch): void {
  if (isWatched()) {
    watched('unlink_file_vma_batch_process', unlink_file_vma_batch_process, { vb });
    return;
  }
  checkBatch(vb);
  fileLinks.unlink_file_vma_batch_process(vb);
}

/** Unlinks what is left in the batch. unlink_file_vma_batch_final() of mm/vma.c. */
export function unlink_file_vma_batch_final(vb: unlink_vma_file_batch): void {
  if (isWatched()) {
    watched('unlink_file_vma_batch_final', unlink_file_vma_batch_final, { vb });
    return;
  }
  checkBatch(vb);
  fileLinks.unlink_file_vma_batch_final(vb);
}

/**
 * An anon_vma that vma can share with the VMA after it or before it; null if there is none. find_mergeable_anon_vma()
 * of mm/vma.c.
 */
export function find_mergeable_anon_vma(vma: vm_area_struct): anon_vma | null {
  checkLive('find_mergeable_anon_vma', 'vma', vma);
  return anonVma.find_mergeable_anon_vma(vma);
}

/**
 * Gives dst the anon_vmas of src, when only src has any: the merged VMA must reach all pages of both. On success dup
 * tells whose link is to be undone should the merge fail. 0 or a negative errno. dup_anon_vma() of mm/vma.c.
 */
export function dup_anon_vma(dst: vm_area_struct, src: vm_area_struct, dup: Ref<vm_area_struct | null>): number {
  if (isWatched()) return watched('dup_anon_vma', dup_anon_vma, { dst, src, dup });
  checkLive('dup_anon_vma', 'dst', dst);
  checkLive('dup_anon_vma', 'src', src);
  return merge.dup_anon_vma(dst, src, dup);
}

/**
 * Locks the file's and the anonymous reverse map, and takes the VMAs off them. vma_complete() undoes it. vma_prepare()
 * of mm/vma.c.
 */
export function vma_prepare(vp: struct_vma_prepare): void {
  if (isWatched()) {
    watched('vma_prepare', vma_prepare, { vp });
    return;
  }
  checkPrepared('vma_prepare', vp);
  prepare.vma_prepare(vp);
}

/**
 * Ends what vma_prepare() began, with ranges changed: inserts, unlocks, frees what a merge removed. vma_complete() of
 * mm/vma.c.
 */
export function vma_complete(vp: struct_vma_prepare, vmi: vma_iterator, mm: mm_struct): void {
  if (isWatched()) {
    watched('vma_complete', vma_complete, { vp, vmi, mm });
    return;
  }
  checkPrepared('vma_complete', vp);
  prepare.vma_complete(vp, vmi, mm);
}

/** Must the dirty state of the pages be tracked? vma_needs_dirty_tracking() of mm/vma.c. */
export function vma_needs_dirty_tracking(vma: vm_area_struct): boolean {
  checkLive('vma_needs_dirty_tracking', 'vma', vma);
  return writenotify.vma_needs_dirty_tracking(vma);
}

/**
 * Are pages to be mapped read-only at first, so that the first write is seen? Not if the protection has more in it than
 * the flags give, which is then a driver's doing. vma_wants_writenotify() of mm/vma.c.
 */
export function vma_wants_writenotify(vma: vm_area_struct, vm_page_prot: pgprot_t): boolean {
  checkLive('vma_wants_writenotify', 'vma', vma);
  return writenotify.vma_wants_writenotify(vma, vm_page_prot);
}

/** Brings the VMA's protection in line with its flags. vma_set_page_prot() of tools/testing/vma/include/dup.h. */
export function vma_set_page_prot(vma: vm_area_struct): void {
  checkLive('vma_set_page_prot', 'vma', vma);
  writenotify.vma_set_page_prot(vma);
}

/**
 * Must each page table entry be looked at before it is made writable? vma_wants_manual_pte_write_upgrade() of mm/vma.h.
 */
export function vma_wants_manual_pte_write_upgrade(vma: vm_area_struct): boolean {
  checkLive('vma_wants_manual_pte_write_upgrade', 'vma', vma);
  return writenotify.vma_wants_manual_pte_write_upgrade(vma);
}
