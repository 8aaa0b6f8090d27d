// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The check of a whole address space after a change. Port of validate_mm(), mm/vma.c (Linux 7.3), which the harness
 * compiles out (CONFIG_DEBUG_VM_MAPLE_TREE and CONFIG_DEBUG_VM_RB); here it is on unless
 * `globals.debug_vm_maple_tree` says otherwise.
 *
 * Deviation: a VMA that disagrees with the tree is named in the warning; upstream dumps the whole tree to the log.
 */
import { hexOf } from '../../../include/check.js';
import { list_for_each_entry } from '../../../include/linux/list.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { globals, stubs } from '../../../stubs/index.js';
import { BUG_ON, WARN_ON_ONCE } from '../../bug.js';
import { mt_validate } from '../../maple_tree.js';
import { for_each_vma, vma_iter_addr, vma_iter_end } from '../inlines/iterator.js';

/** Does the VMA lie where the tree has it? Its two ends are looked at one by one. */
function validateRange(vma: vm_area_struct, vmi: vma_iterator): void {
  const own = `${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}`;
  const tree = `${hexOf(vma_iter_addr(vmi))}-${hexOf(vma_iter_end(vmi))}`;
  const what = `VMA says ${own}, the tree has it at ${tree}`;
  WARN_ON_ONCE(vma.vm_end !== vma_iter_end(vmi), 'validate_mm', what);
  WARN_ON_ONCE(vma.vm_start !== vma_iter_addr(vmi), 'validate_mm', what);
}

/** Is the link of each anon_vma of the VMA where its range says? */
function validateAnonRmap(vma: vm_area_struct): void {
  const { anon_vma } = vma;
  if (anon_vma === null) return;

  stubs.anon_vma_lock_read(anon_vma);
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) stubs.anon_rmap_tree_verify(avc);
  stubs.anon_vma_unlock_read(anon_vma);
}

/** Checks the tree, each VMA against it, the anonymous reverse map and map_count. Reports; throws on a wrong count. */
export function validate_mm(mm: mm_struct): void {
  if (!globals.debug_vm_maple_tree) return;

  mt_validate(mm.mm_mt);
  const vmi = VMA_ITERATOR(mm, 0);
  let count = 0;
  for (const vma of for_each_vma(vmi)) {
    validateRange(vma, vmi);
    validateAnonRmap(vma);
    // A tree that runs in a circle has no end.
    if (++count > mm.map_count + 10) {
      count = -1;
      break;
    }
  }
  const held = count < 0 ? 'more than 10 more' : String(count);
  BUG_ON(count !== mm.map_count, 'validate_mm', `map_count is ${mm.map_count}, the tree holds ${held} VMAs`);
}
