// SPDX-License-Identifier: GPL-2.0-only
/** Which functions are operations: they change an address space, or answer from it what a trace can ask as well. */
import { WORDS } from '../replay/words/table.js';

/** Those that no word of a trace says, by where they live: lib/mm/vma/ by file, then the rest of lib/. */
const WORDLESS_OPERATIONS = [
  'mm_drop_all_locks',
  ...['vma_link_file', 'unlink_file_vma_batch_add', 'unlink_file_vma_batch_final', 'unlink_file_vma_batch_process'],
  ...['vma_merge_copied_range', 'commit_merge', 'dup_anon_vma', 'unmap_vma_locked'],
  ...['vms_gather_munmap_vmas', 'vms_complete_munmap_vmas', 'vms_clean_up_area', 'vms_abort_munmap_vmas'],
  ...['remove_vma', 'unmap_region', 'vma_prepare', 'vma_complete'],
  ...['vma_iter_store_new', 'vma_iter_store_overwrite', 'vma_iter_store_gfp', 'vma_iter_clear', 'vma_iter_clear_gfp'],
];

const OPERATIONS = new Set([
  ...[...WORDS.values()].flatMap(({ says }) => Object.keys(says)).filter((name) => name !== 'fault'),
  ...WORDLESS_OPERATIONS,
]);

/** Helpers of the harness, whose own calls are no more than how they do it. */
const HELPERS = new Set(['alloc_and_link_vma', 'attach_vma', 'detach_free_vma', 'cleanup_mm', 'fault']);

export function isOperation(name: string): boolean {
  return OPERATIONS.has(name);
}

export function isHelper(name: string): boolean {
  return HELPERS.has(name);
}
