// SPDX-License-Identifier: GPL-2.0-only
/** fork() of an address space, as dup_mmap() of mm/mmap.c (Linux 7.3) does it, as far as it concerns VMAs. */

import type { CheckedWorld } from '../../harness/checked/world.js';
import { ENOMEM } from '../../include/linux/errno.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../include/mm_types.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_MASK } from '../../include/vma_flags.js';
import { mas_find } from '../../lib/maple_tree.js';
import { accountPages, vm_unacct_memory } from '../../lib/mm/inlines/accounting.js';
import { vma_clear_flags_mask, vma_is_shared_maywrite, vma_test } from '../../lib/mm/inlines/flag_operations.js';
import {
  vma_iter_config,
  vma_iter_free,
  vma_iter_prealloc,
  vma_iter_store_new,
} from '../../lib/mm/inlines/iterator.js';
import { mapping_allow_writable } from '../../lib/mm/inlines/mapping.js';
import { vma_pages } from '../../lib/mm/inlines/range.js';
import { anon_vma_fork } from '../../lib/mm/rmap.js';
import { vm_area_dup, vm_area_free } from '../../lib/mm/vma_init.js';
import { stubs } from '../../stubs/index.js';

/** Puts the copy on its file, right after the original. */
function linkFile(copy: vm_area_struct): void {
  const { vm_file: file } = copy;
  if (file === null) return;
  const { f_mapping: mapping } = file;
  stubs.get_file(file);
  stubs.i_mmap_lock_write(mapping);
  if (vma_is_shared_maywrite(copy)) mapping_allow_writable(mapping);
  stubs.flush_dcache_mmap_lock(mapping);
  stubs.mapping_rmap_tree_insert(copy, mapping);
  stubs.flush_dcache_mmap_unlock(mapping);
  stubs.i_mmap_unlock_write(mapping);
}

/** One VMA of the child. 0 or a negative errno with nothing kept. */
function dupOne(world: CheckedWorld, mm: mm_struct, mpnt: vm_area_struct): number {
  const charge = vma_test(mpnt, VMA_ACCOUNT_BIT) ? vma_pages(mpnt) : 0;
  if (charge > 0 && stubs.security_vm_enough_memory_mm(mm, charge) !== 0) return -ENOMEM;

  const tmp = vm_area_dup(mpnt);
  let error = tmp === null ? -ENOMEM : 0;
  if (tmp !== null) {
    tmp.vm_mm = mm;
    error = stubs.vma_dup_policy(mpnt, tmp);
    if (error === 0) {
      error = anon_vma_fork(tmp, mpnt);
      if (error === 0) {
        vma_clear_flags_mask(tmp, VMA_LOCKED_MASK);
        const vmi = VMA_ITERATOR(mm, tmp.vm_start);
        vma_iter_config(vmi, tmp.vm_start, tmp.vm_end);
        error = vma_iter_prealloc(vmi, tmp) !== 0 ? -ENOMEM : 0;
        if (error === 0) {
          stubs.vma_start_write(tmp);
          vma_iter_store_new(vmi, tmp);
          mm.map_count++;
          const { vm_ops } = tmp;
          if (vm_ops?.open) stubs.call_hook(vm_ops, 'open', vm_ops.open, tmp);
          linkFile(tmp);
          accountPages(mm, tmp.flags, vma_pages(tmp));
          world.pages.share(mpnt.vm_mm ?? mm, mm, tmp.vm_start, tmp.vm_end);
          return 0;
        }
        vma_iter_free(vmi);
        stubs.unlink_anon_vmas(tmp);
      }
      stubs.mpol_put(stubs.vma_policy(tmp));
    }
    vm_area_free(tmp);
  }
  vm_unacct_memory(charge);
  return error;
}

/** Copies all VMAs. 0, or a negative errno with those that were copied in the child. Both are locked for writing. */
export function dup_mmap(world: CheckedWorld, mm: mm_struct, oldmm: mm_struct): number {
  const { mas } = VMA_ITERATOR(oldmm, 0);
  let error = 0;
  for (let mpnt = mas_find(mas, ULONG_MAX); mpnt !== null && error === 0; mpnt = mas_find(mas, ULONG_MAX)) {
    stubs.vma_start_write(mpnt);
    error = dupOne(world, mm, mpnt);
  }
  return error;
}
