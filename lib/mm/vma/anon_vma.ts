// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Sharing a neighbour's anon_vma at the first write fault, so that the two can merge later. Port of
 * anon_vma_compatible(), reusable_anon_vma() and find_mergeable_anon_vma() of mm/vma.c (Linux 7.3).
 */
import { list_is_singular } from '../../../include/linux/list.js';
import { type anon_vma, VMA_ITERATOR, type vm_area_struct } from '../../../include/mm_types.js';
import { VMA_ACCESS_FLAGS, VMA_IGNORE_MERGE_FLAGS } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_BUG_ON_VMA } from '../../bug.js';
import { vma_flags_clear_mask, vma_flags_diff_pair, vma_flags_empty } from '../inlines/flag_operations.js';
import { vma_iter_load, vma_prev } from '../inlines/iterator.js';
import { vma_end_anon_pgoff, vma_end_pgoff, vma_start_anon_pgoff, vma_start_pgoff } from '../inlines/range.js';

/**
 * Could a and b, in this order, be one VMA but for what mprotect() changes? A close hook does not matter: sharing the
 * anon_vma does not mean that they merge.
 */
function anon_vma_compatible(a: vm_area_struct, b: vm_area_struct): boolean {
  const diff = vma_flags_diff_pair(a.flags, b.flags);
  vma_flags_clear_mask(diff, VMA_ACCESS_FLAGS);
  vma_flags_clear_mask(diff, VMA_IGNORE_MERGE_FLAGS);

  return (
    a.vm_end === b.vm_start &&
    stubs.mpol_equal(stubs.vma_policy(a), stubs.vma_policy(b)) &&
    a.vm_file === b.vm_file &&
    vma_flags_empty(diff) &&
    vma_end_pgoff(a) === vma_start_pgoff(b) &&
    // Both can have anonymous pages, or nothing would ask.
    vma_end_anon_pgoff(a) === vma_start_anon_pgoff(b)
  );
}

/** The anon_vma of `old`, one of the neighbours a and b, if they are compatible and no fork has made it complex. */
function reusable_anon_vma(old: vm_area_struct, a: vm_area_struct, b: vm_area_struct): anon_vma | null {
  if (!anon_vma_compatible(a, b)) return null;
  return old.anon_vma !== null && list_is_singular(old.anon_vma_chain) ? old.anon_vma : null;
}

/** An anon_vma that vma can share with the VMA after it or before it; null if there is none. */
export function find_mergeable_anon_vma(vma: vm_area_struct): anon_vma | null {
  const vmi = VMA_ITERATOR(vma.vm_mm ?? missing('find_mergeable_anon_vma', 'vma.vm_mm'), vma.vm_end);

  const next = vma_iter_load(vmi);
  if (next !== null) {
    const anon_vma = reusable_anon_vma(next, vma, next);
    if (anon_vma !== null) return anon_vma;
  }

  VM_BUG_ON_VMA(vma_prev(vmi) !== vma, 'find_mergeable_anon_vma', 'the VMA is not where it says it is');
  const prev = vma_prev(vmi);
  return prev !== null ? reusable_anon_vma(prev, prev, vma) : null;
}
