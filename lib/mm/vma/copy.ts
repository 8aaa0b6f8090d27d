// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Copying a VMA to another place, for mremap(). Port of copy_vma(), mm/vma.c (Linux 7.3).
 */
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR, VMA_OP_REMAP, type vm_area_struct } from '../../../include/mm_types.js';
import type { Ref } from '../../../include/ref.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE_VMA } from '../../bug.js';
import { find_vma_prev, vma_iter_next_rewind } from '../inlines/iterator.js';
import { vma_is_anonymous } from '../inlines/lifecycle.js';
import { vma_set_range } from '../inlines/pgoff.js';
import { vma_start_pgoff } from '../inlines/range.js';
import { vma_close } from '../internal.js';
import { vm_area_dup, vm_area_free } from '../vma_init.js';
import { vma_link } from './link.js';
import { vma_merge_copied_range } from './merge.js';
import { VMG_VMA_STATE } from './merge_state.js';

/** Takes back a copy that could not be linked. */
function undoCopy(copy: vm_area_struct): void {
  stubs.fixup_hugetlb_reservations(copy);
  vma_close(copy);
  if (copy.vm_file !== null) stubs.fput(copy.vm_file);
  stubs.unlink_anon_vmas(copy);
  stubs.mpol_put(stubs.vma_policy(copy));
  vm_area_free(copy);
}

/** A VMA of its own at the destination; null when out of memory, with nothing kept. */
function duplicateAt(
  mm: mm_struct,
  vma: vm_area_struct,
  addr: number,
  len: number,
  pgoff: number,
  anon_pgoff: number,
): vm_area_struct | null {
  const copy = vm_area_dup(vma);
  if (copy === null) return null;

  vma_set_range(copy, addr, addr + len, pgoff, anon_pgoff);
  if (stubs.vma_dup_policy(vma, copy) !== 0) {
    vm_area_free(copy);
    return null;
  }
  if (stubs.anon_vma_clone(copy, vma, VMA_OP_REMAP) !== 0) {
    stubs.mpol_put(stubs.vma_policy(copy));
    vm_area_free(copy);
    return null;
  }
  if (copy.vm_file !== null) stubs.get_file(copy.vm_file);
  if (copy.vm_ops?.open) stubs.call_hook(copy.vm_ops, 'open', copy.vm_ops.open, copy);
  if (vma_link(mm, copy) !== 0) {
    undoCopy(copy);
    return null;
  }
  return copy;
}

/**
 * Makes the VMA at [addr, addr + len) into which mremap() will move the page tables of vmap.value: a neighbour there
 * that grows, or a copy.
 */
export function copy_vma(
  vmap: Ref<vm_area_struct>,
  addr: number,
  len: number,
  pgoff: number,
  anon_pgoff: number,
  need_rmap_locks: Ref<boolean>,
  keep_source: boolean,
): vm_area_struct | null {
  const vma = vmap.value;
  const mm = vma.vm_mm ?? missing('copy_vma', 'vmap.value.vm_mm');
  const old_vma_start = vma.vm_start;

  // What was never faulted has no pages that know their offset: the offset may follow the address, and more merges.
  const unfaulted = vma.anon_vma === null;
  const can_move_pgoff = unfaulted && vma_is_anonymous(vma);
  const new_anon_pgoff = unfaulted ? PHYS_PFN(addr) : anon_pgoff;
  const new_pgoff = can_move_pgoff ? new_anon_pgoff : pgoff;

  const vmi = VMA_ITERATOR(mm, addr);
  const vmg = VMG_VMA_STATE(vmi, null, vma, addr, addr + len);
  // A uprobe set on the merged VMA would be lost when its page tables are moved over.
  if (vma.vm_file !== null) vmg.skip_vma_uprobe = true;

  const taken = find_vma_prev(mm, addr, vmg);
  if (taken !== null && taken.vm_start < addr + len) return null;

  vmg.pgoff = new_pgoff;
  vmg.anon_pgoff = new_anon_pgoff;
  vmg.next = vma_iter_next_rewind(vmi, null);

  const can_self_merge = can_move_pgoff && !keep_source;
  if (can_move_pgoff && keep_source) {
    if (vmg.prev === vma) vmg.prev = null;
    if (vmg.next === vma) vmg.next = null;
  }

  const new_vma = vma_merge_copied_range(vmg);
  if (new_vma === null) {
    const copy = duplicateAt(mm, vma, addr, len, new_pgoff, new_anon_pgoff);
    if (copy !== null) need_rmap_locks.value = false;
    return copy;
  }

  // Right before the source and right behind another VMA: that one grew over both, and the source is gone.
  const replaced = new_vma.vm_start < old_vma_start && new_vma.vm_end > old_vma_start;
  if (replaced) {
    VM_WARN_ON_ONCE_VMA(!can_self_merge, 'copy_vma', 'a VMA with pages merged with its own copy');
    vmap.value = new_vma;
  }
  need_rmap_locks.value = vma_start_pgoff(new_vma) <= vma_start_pgoff(vmap.value);
  return new_vma;
}
