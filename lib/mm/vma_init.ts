// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Allocating, duplicating and freeing VMAs. Port of mm/vma_init.c (Linux 7.3): vma_state_init(), vm_area_alloc(),
 * vm_area_init_from(), vm_area_dup(), vm_area_free(), vma_pfnmap_track_ctx_dup(), vma_pfnmap_track_ctx_release().
 *
 * Deviation: the slab cache is the stub world's. PFN tracking is compiled out in the harness, so the two helpers do
 * nothing, as theirs do.
 */
import { INIT_LIST_HEAD } from '../../include/linux/list.js';
import type { mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { assignFlagsWord } from './inlines/flag_operations.js';
import { vma_assert_detached, vma_init } from './inlines/lifecycle.js';
import { __vma_set_anon_pgoff } from './inlines/pgoff.js';
import { vma_start_anon_pgoff, vma_start_pgoff } from './inlines/range.js';

/** Makes the cache that VMAs come from; what an older one had kept is forgotten. */
export function vma_state_init(): void {
  stubs.vm_area_cache_create();
}

/** A new VMA of mm, detached; null when out of memory. */
export function vm_area_alloc(mm: mm_struct): vm_area_struct | null {
  const vma = stubs.vm_area_cache_alloc();
  if (vma === null) return null;

  vma_init(vma, mm);
  return vma;
}

/** Copies what a duplicate shares with its original; chains and counters start anew. */
function vm_area_init_from(src: vm_area_struct, dest: vm_area_struct): void {
  dest.vm_mm = src.vm_mm;
  dest.vm_ops = src.vm_ops;
  dest.vm_start = src.vm_start;
  dest.vm_end = src.vm_end;
  dest.anon_vma = src.anon_vma;
  dest.vm_pgoff = vma_start_pgoff(src);
  __vma_set_anon_pgoff(dest, vma_start_anon_pgoff(src));
  dest.vm_file = src.vm_file;
  dest.vm_private_data = src.vm_private_data;
  // Only the legacy word is copied, as upstream has it: a duplicate loses flags past bit 63.
  assignFlagsWord(dest.flags, src.flags);
  dest.vm_page_prot = src.vm_page_prot;
  dest.vm_userfaultfd_ctx = src.vm_userfaultfd_ctx;
}

/** Would share the PFN tracking of the original. 0: nothing is tracked in this configuration. */
function vma_pfnmap_track_ctx_dup(_orig: vm_area_struct, _copy: vm_area_struct): number {
  return 0;
}

/** Would release it. */
function vma_pfnmap_track_ctx_release(_vma: vm_area_struct): void {}

/** A detached copy of a VMA; null when out of memory. */
export function vm_area_dup(orig: vm_area_struct): vm_area_struct | null {
  const copy = stubs.vm_area_cache_alloc();
  if (copy === null) return null;

  vm_area_init_from(orig, copy);
  if (vma_pfnmap_track_ctx_dup(orig, copy) !== 0) {
    stubs.vm_area_cache_free(copy);
    return null;
  }
  stubs.vma_lock_init(copy, true);
  INIT_LIST_HEAD(copy.anon_vma_chain);
  stubs.vma_numab_state_init(copy);
  stubs.dup_anon_vma_name(orig, copy);
  return copy;
}

/** Frees a VMA, which must be detached. */
export function vm_area_free(vma: vm_area_struct): void {
  vma_assert_detached(vma);
  stubs.vma_numab_state_free(vma);
  stubs.free_anon_vma_name(vma);
  vma_pfnmap_track_ctx_release(vma);
  stubs.vm_area_cache_free(vma);
}
