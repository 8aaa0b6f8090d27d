// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Links between VMAs and the file they map. Port of __vma_link_file(), __remove_shared_vm_struct(), vma_link_file() and
 * unlink_file_vma_batch_init(), _add(), _process(), _final() of mm/vma.c (Linux 7.3).
 */

import type { address_space, vm_area_struct } from '../../../include/mm_types.js';
import { UNLINK_VMA_FILE_BATCH, type unlink_vma_file_batch } from '../../../include/vma.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON_ONCE } from '../../bug.js';
import { vma_is_shared_maywrite } from '../inlines/flag_operations.js';
import { mapping_allow_writable } from '../inlines/mapping.js';

/** Adds the VMA to the mapping's tree. */
export function __vma_link_file(vma: vm_area_struct, mapping: address_space): void {
  if (vma_is_shared_maywrite(vma)) mapping_allow_writable(mapping);

  stubs.flush_dcache_mmap_lock(mapping);
  stubs.mapping_rmap_tree_insert(vma, mapping);
  stubs.flush_dcache_mmap_unlock(mapping);
}

/** Takes the VMA off the mapping's tree. */
export function __remove_shared_vm_struct(vma: vm_area_struct, mapping: address_space): void {
  if (vma_is_shared_maywrite(vma)) stubs.mapping_unmap_writable(mapping);

  stubs.flush_dcache_mmap_lock(mapping);
  stubs.mapping_rmap_tree_remove(vma, mapping);
  stubs.flush_dcache_mmap_unlock(mapping);
}

/** Links a new VMA to its file, if it has one; on request the file's rmap lock stays held. */
export function vma_link_file(vma: vm_area_struct, hold_rmap_lock: boolean): void {
  const file = vma.vm_file;
  if (file === null) return;

  const mapping = file.f_mapping;
  stubs.i_mmap_lock_write(mapping);
  __vma_link_file(vma, mapping);
  if (!hold_rmap_lock) stubs.i_mmap_unlock_write(mapping);
}

/** Empties a batch before its first use. */
export function unlink_file_vma_batch_init(vb: unlink_vma_file_batch): void {
  vb.vmas.length = 0;
}

/** Unlinks what the batch holds under one hold of the file's lock. */
export function unlink_file_vma_batch_process(vb: unlink_vma_file_batch): void {
  const mapping = mappingOf(vb.vmas[0]);
  if (mapping === null) return;

  stubs.i_mmap_lock_write(mapping);
  for (const vma of vb.vmas) {
    VM_WARN_ON_ONCE(mappingOf(vma) !== mapping, 'unlink_file_vma_batch_process', 'VMAs of two mappings in one batch');
    __remove_shared_vm_struct(vma, mapping);
  }
  stubs.i_mmap_unlock_write(mapping);

  unlink_file_vma_batch_init(vb);
}

function mappingOf(vma: vm_area_struct | undefined): address_space | null {
  return vma?.vm_file?.f_mapping ?? null;
}

/** Adds a VMA to be unlinked. */
export function unlink_file_vma_batch_add(vb: unlink_vma_file_batch, vma: vm_area_struct): void {
  if (vma.vm_file === null) return;

  const first = vb.vmas[0];
  if ((first !== undefined && first.vm_file !== vma.vm_file) || vb.count === UNLINK_VMA_FILE_BATCH) {
    unlink_file_vma_batch_process(vb);
  }
  vb.vmas.push(vma);
}

/** Unlinks what is left in the batch. */
export function unlink_file_vma_batch_final(vb: unlink_vma_file_batch): void {
  if (vb.count > 0) unlink_file_vma_batch_process(vb);
}
