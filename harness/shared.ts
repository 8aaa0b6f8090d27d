// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Helpers of tools/testing/vma/shared.[ch] and main.c (Linux 7.3), by their names.
 *
 * Deviation: alloc_vma() and alloc_and_link_vma() throw where upstream returns NULL, which its tests do not look for.
 */

import { UINT_MAX } from '../include/linux/limits.js';
import { INIT_LIST_HEAD, list_add } from '../include/linux/list.js';
import { PHYS_PFN } from '../include/linux/mm.js';
import type { anon_vma, anon_vma_chain, mm_struct, vm_area_struct, vma_iterator } from '../include/mm_types.js';
import type { vma_merge_struct } from '../include/vma.js';
import type { vma_flags_t } from '../include/vma_flags.js';
import { vma_merge_existing_range } from '../lib/doors/change.js';
import { vma_iter_set, vma_next } from '../lib/doors/iterator.js';
import { mtree_destroy } from '../lib/doors/maple_tree.js';
import { isWatched, watched } from '../lib/doors/operation.js';
import {
  vm_area_alloc,
  vm_area_free,
  vma_assert_attached,
  vma_assert_detached,
  vma_link,
  vma_mark_detached,
  vma_set_anon_pgoff,
  vma_set_pgoff,
} from '../lib/doors/vma.js';
import { dummy_anon_vma, globals, reset_dummy_anon_vma, stubs } from '../stubs/index.js';

export { dummy_anon_vma, reset_dummy_anon_vma };

/** Merges a changed VMA, and asserts that what comes out is in the tree. */
export function merge_existing(vmg: vma_merge_struct): vm_area_struct | null {
  const vma = vma_merge_existing_range(vmg);
  if (vma !== null) vma_assert_attached(vma);
  return vma;
}

/** Puts a VMA into the tree. 0 or a negative errno. */
export function attach_vma(mm: mm_struct, vma: vm_area_struct): number {
  if (isWatched()) return watched('attach_vma', attach_vma, { mm, vma });
  const res = vma_link(mm, vma);
  if (res === 0) vma_assert_attached(vma);
  return res;
}

/** A close hook that does nothing but be there. */
export function dummy_close(_vma: vm_area_struct): void {}

/** A VMA in no tree yet. Throws when memory is out. */
export function alloc_vma(
  mm: mm_struct,
  start: number,
  end: number,
  pgoff: number,
  vma_flags: vma_flags_t,
): vm_area_struct {
  const vma = vm_area_alloc(mm);
  if (vma === null) throw new Error('alloc_vma: vm_area_alloc() has no memory');

  vma.vm_start = start;
  vma.vm_end = end;
  vma_set_pgoff(vma, pgoff);
  vma_set_anon_pgoff(vma, PHYS_PFN(start));
  vma.flags = vma_flags;
  vma_assert_detached(vma);
  return vma;
}

/** Frees a VMA that the tree still has; the caller sees to the tree. */
export function detach_free_vma(vma: vm_area_struct): void {
  if (isWatched()) {
    watched('detach_free_vma', detach_free_vma, { vma });
    return;
  }
  vma_mark_detached(vma);
  vm_area_free(vma);
}

/** A VMA in the tree, with no write begun on it. Throws when memory is out. */
export function alloc_and_link_vma(
  mm: mm_struct,
  start: number,
  end: number,
  pgoff: number,
  vma_flags: vma_flags_t,
): vm_area_struct {
  if (isWatched()) return watched('alloc_and_link_vma', alloc_and_link_vma, { mm, start, end, pgoff, vma_flags });
  const vma = alloc_vma(mm, start, end, pgoff, vma_flags);
  const error = attach_vma(mm, vma);
  if (error !== 0) {
    vm_area_free(vma);
    throw new Error(`alloc_and_link_vma: attach_vma() failed with ${error}`);
  }

  // Linking counted as a write.
  vma.vm_lock_seq = UINT_MAX;
  return vma;
}

/** Frees all VMAs and the tree. Returns how many there were. */
export function cleanup_mm(mm: mm_struct, vmi: vma_iterator): number {
  if (isWatched()) return watched('cleanup_mm', cleanup_mm, { mm, vmi });
  let count = 0;

  globals.fail_prealloc = false;
  reset_dummy_anon_vma();

  vma_iter_set(vmi, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
    detach_free_vma(vma);
    count++;
  }

  mtree_destroy(mm.mm_mt);
  mm.map_count = 0;
  return count;
}

/** Has vma_start_write() been called since this was last asked? In C the counter is read into a signed int. */
export function vma_write_started(vma: vm_area_struct): boolean {
  const seq = vma.vm_lock_seq | 0;

  vma.vm_lock_seq = UINT_MAX;
  return seq > -1;
}

/** Hangs an anon_vma of the test's own on a VMA, by one link. */
export function __vma_set_dummy_anon_vma(vma: vm_area_struct, avc: anon_vma_chain, anon_vma: anon_vma): void {
  vma.anon_vma = anon_vma;
  INIT_LIST_HEAD(vma.anon_vma_chain);
  list_add(avc.same_vma, vma.anon_vma_chain);
  avc.anon_vma = vma.anon_vma;
}

/** The same with dummy_anon_vma. */
export function vma_set_dummy_anon_vma(vma: vm_area_struct, avc: anon_vma_chain): void {
  __vma_set_dummy_anon_vma(vma, avc, dummy_anon_vma);
}

/** The limit as the stub world has it; `rlimit` in C. */
export function rlimit(limit: number): number {
  return stubs.rlimit(limit);
}
