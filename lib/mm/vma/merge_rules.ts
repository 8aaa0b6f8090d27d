// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * When two neighbours may be one VMA. Port of the predicates of mm/vma.c (Linux 7.3): vma_is_fork_child(),
 * is_mergeable_vma(), is_mergeable_anon_vma(), needs_adjacent_anon_pgoff(), can_vma_merge_before(),
 * can_vma_merge_after(), can_vma_merge_left(), can_vma_merge_right(), can_merge_remove_vma().
 *
 * Deviation: is_mergeable_*() are given the neighbour itself; upstream passes a boolean and fetches it.
 */
import { list_is_singular } from '../../../include/linux/list.js';
import type { vm_area_struct } from '../../../include/mm_types.js';
import type { vma_merge_struct } from '../../../include/vma.js';
import { VMA_IGNORE_MERGE_FLAGS } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { VM_WARN_ON } from '../../bug.js';
import { flagsDifferBeyond, vma_flags_is_cow_mapping } from '../inlines/flag_operations.js';
import { vmg_end_anon_pgoff, vmg_end_pgoff, vmg_start_anon_pgoff, vmg_start_pgoff } from '../inlines/pgoff.js';
import { vma_end_anon_pgoff, vma_end_pgoff, vma_start_anon_pgoff, vma_start_pgoff } from '../inlines/range.js';

/**
 * May the VMA hold pages that it shares with a parent process? More than one link on its chain says so; merging such
 * VMAs would lengthen what the root's lock covers.
 */
export function vma_is_fork_child(vma: vm_area_struct | null): boolean {
  return vma !== null && vma.anon_vma !== null && !list_is_singular(vma.anon_vma_chain);
}

/** Do policy, flags, file, userfaultfd context and name agree with the neighbour's? Sticky flags may differ. */
export function is_mergeable_vma(vmg: vma_merge_struct, vma: vm_area_struct): boolean {
  if (!stubs.mpol_equal(vmg.policy, stubs.vma_policy(vma))) return false;

  if (flagsDifferBeyond(vma.flags, vmg.vma_flags, VMA_IGNORE_MERGE_FLAGS)) return false;

  return (
    vma.vm_file === vmg.file &&
    stubs.is_mergeable_vm_userfaultfd_ctx(vma, vmg.uffd_ctx) &&
    stubs.anon_vma_name_eq(stubs.anon_vma_name(vma), vmg.anon_name)
  );
}

/** Can the anon_vmas of the range and of the neighbour, `tgt`, become one? */
export function is_mergeable_anon_vma(vmg: vma_merge_struct, tgt: vm_area_struct): boolean {
  const src = vmg.middle;
  const tgt_anon = tgt.anon_vma;
  const src_anon = vmg.anon_vma;

  VM_WARN_ON(src !== null && src_anon !== src.anon_vma, 'is_mergeable_anon_vma', 'vmg.anon_vma is not that of middle');

  // The neighbour would get a copy of the chain: of middle's, or of the VMA that mremap() copies.
  if (tgt_anon === null && src_anon !== null) return !vma_is_fork_child(src) && !vma_is_fork_child(vmg.copied_from);
  // The range takes over what the neighbour has.
  if (tgt_anon !== null && src_anon === null) return !vma_is_fork_child(tgt);
  return src_anon === tgt_anon;
}

/**
 * Must the offsets of anonymous pages follow on as well? Only for private mappings of a file: in pure anonymous memory
 * they are the page offsets, and what is shared or can never be written has no such pages.
 */
export function needs_adjacent_anon_pgoff(vmg: vma_merge_struct): boolean {
  return vmg.file !== null && vma_flags_is_cow_mapping(vmg.vma_flags);
}

/** Can the range be put in front of `next`? Their page offsets must follow on. */
export function can_vma_merge_before(vmg: vma_merge_struct, next: vm_area_struct): boolean {
  return (
    is_mergeable_vma(vmg, next) &&
    is_mergeable_anon_vma(vmg, next) &&
    vmg_end_pgoff(vmg) === vma_start_pgoff(next) &&
    (!needs_adjacent_anon_pgoff(vmg) || vmg_end_anon_pgoff(vmg) === vma_start_anon_pgoff(next))
  );
}

/** Can the range be put behind `prev`? Their page offsets must follow on. */
export function can_vma_merge_after(vmg: vma_merge_struct, prev: vm_area_struct): boolean {
  return (
    is_mergeable_vma(vmg, prev) &&
    is_mergeable_anon_vma(vmg, prev) &&
    vma_end_pgoff(prev) === vmg_start_pgoff(vmg) &&
    (!needs_adjacent_anon_pgoff(vmg) || vma_end_anon_pgoff(prev) === vmg_start_anon_pgoff(vmg))
  );
}

/** Does the range touch the VMA before it, and may the two be one? */
export function can_vma_merge_left(vmg: vma_merge_struct): boolean {
  const { prev } = vmg;
  return prev !== null && prev.vm_end === vmg.start && can_vma_merge_after(vmg, prev);
}

/**
 * Does the range touch the VMA after it, and may the two be one? If it merges to the left as well, prev and next must
 * also agree with each other on their anon_vma: each may agree with a range that has none.
 */
export function can_vma_merge_right(vmg: vma_merge_struct, can_merge_left: boolean): boolean {
  const { prev, next } = vmg;

  if (next === null || vmg.end !== next.vm_start || !can_vma_merge_before(vmg, next)) return false;
  if (!can_merge_left || prev === null) return true;
  return prev.anon_vma === null || next.anon_vma === null || prev.anon_vma === next.anon_vma;
}

/** A VMA with a close hook is never removed by a merge: its driver counts on being told. */
export function can_merge_remove_vma(vma: vm_area_struct): boolean {
  return !vma.vm_ops?.close;
}
