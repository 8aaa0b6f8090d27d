// SPDX-License-Identifier: GPL-2.0-only
/** Which functions are operations: they change an address space, or answer from it what a trace can ask as well. */

/** By where they live: lib/mm/vma/ by file, then the rest of lib/, then the harness. */
const OPERATIONS = new Set([
  ...['mm_take_all_locks', 'mm_drop_all_locks'],
  ...['do_brk_flags', 'copy_vma', 'vma_link', 'insert_vm_struct'],
  ...['vma_link_file', 'unlink_file_vma_batch_add', 'unlink_file_vma_batch_final', 'unlink_file_vma_batch_process'],
  ...['vma_merge_new_range', 'vma_merge_existing_range', 'vma_merge_copied_range', 'vma_merge_extend'],
  ...['vma_expand', 'commit_merge', 'dup_anon_vma'],
  ...['__mmap_region', 'mmap_region'],
  ...['vma_modify_flags', 'vma_modify_name', 'vma_modify_policy', 'vma_modify_flags_uffd'],
  ...['do_vmi_munmap', 'do_vmi_align_munmap', '__vm_munmap', 'do_munmap', 'vm_munmap', 'unmap_vma_locked'],
  ...['vms_gather_munmap_vmas', 'vms_complete_munmap_vmas', 'vms_clean_up_area', 'vms_abort_munmap_vmas'],
  ...['remove_vma', 'unmap_region', 'vma_prepare', 'vma_complete'],
  ...['split_vma', '__split_vma', 'vma_shrink', 'expand_downwards'],
  ...['unmapped_area', 'unmapped_area_topdown'],
  ...['create_init_stack_vma', 'relocate_vma_down'],
  ...['vma_iter_store_new', 'vma_iter_store_overwrite', 'vma_iter_store_gfp', 'vma_iter_clear', 'vma_iter_clear_gfp'],
  'mtree_destroy',
  ...['alloc_and_link_vma', 'attach_vma', 'detach_free_vma', 'cleanup_mm'],
]);

/** Helpers of the harness, whose own calls are no more than how they do it. */
const HELPERS = new Set(['alloc_and_link_vma', 'attach_vma', 'detach_free_vma', 'cleanup_mm', 'fault']);

export function isOperation(name: string): boolean {
  return OPERATIONS.has(name);
}

export function isHelper(name: string): boolean {
  return HELPERS.has(name);
}
