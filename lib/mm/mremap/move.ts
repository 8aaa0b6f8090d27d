// SPDX-License-Identifier: GPL-2.0
/**
 * Moving a VMA, or a part of one: port of prep_move_vma(), unmap_source_vma(), copy_vma_and_data(),
 * dontunmap_complete() and move_vma() of mm/mremap.c (Linux 7.3).
 *
 * Deviation: page tables are the stub world's.
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { PAGETABLE_MOVE } from '../../../include/linux/pagetable_move.js';
import { VMA_ITERATOR, type vm_area_struct } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { MADV_UNMERGEABLE, MREMAP_DONTUNMAP } from '../../../include/uapi/mman.js';
import { VMA_ACCOUNT_BIT, VMA_LOCKED_MASK } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE } from '../../bug.js';
import { vma_clear_flags, vma_clear_flags_mask, vma_set_flags, vma_test } from '../inlines/flag_operations.js';
import { vma_next, vma_prev } from '../inlines/iterator.js';
import { vma_is_anonymous } from '../inlines/lifecycle.js';
import { vma_set_anon_pgoff, vma_set_pgoff } from '../inlines/pgoff.js';
import { __linear_anon_page_index, linear_page_index } from '../inlines/range.js';
import { ksm_madvise } from '../ksm.js';
import { copy_vma } from '../vma/copy.js';
import { do_vmi_munmap } from '../vma/munmap.js';
import { split_vma } from '../vma/split.js';
import {
  check_map_count_against_split,
  mremapMm,
  needs_pre_split,
  type vma_remap_struct,
  vmaOf,
  vrm_calc_charge,
  vrm_stat_account,
  vrm_uncharge,
} from './vrm.js';

function isDontunmap(vrm: vma_remap_struct): boolean {
  return (vrm.flags & MREMAP_DONTUNMAP) !== 0;
}

/** Asks the driver whether the VMA may be split where the range begins and ends inside it. 0 or its errno. */
function askMaySplit(vma: vm_area_struct, places: readonly number[]): number {
  const { vm_ops } = vma;
  if (!vm_ops?.may_split) return 0;
  for (const addr of places) {
    const err = stubs.call_hook(vm_ops, 'may_split', vm_ops.may_split, vma, addr);
    if (err !== 0) return err;
  }
  return 0;
}

/** What can refuse a move is asked before anything of it is done. 0 or a negative errno. */
function prep_move_vma(vrm: vma_remap_struct): number {
  const vma = vmaOf(vrm);
  const start = vrm.addr;
  const end = start + vrm.old_len;
  const split_before = vma.vm_start !== start;
  const split_after = vma.vm_end !== end;

  if (!check_map_count_against_split(vrm)) return -ENOMEM;

  let err = askMaySplit(vma, [...(split_before ? [start] : []), ...(split_after ? [end] : [])]);
  if (err !== 0) return err;

  // The flags stay: KSM may merge the pages again, here and there.
  err = ksm_madvise(vma, start, end, MADV_UNMERGEABLE, new Ref(vma.vm_flags));
  if (err !== 0 || !needs_pre_split(vrm)) return err;

  const vmi = VMA_ITERATOR(vma.vm_mm ?? missing('prep_move_vma', 'vma.vm_mm'), start);
  if (split_before) err = split_vma(vmi, vma, start, true);
  if (err === 0 && split_after) err = split_vma(vmi, vma, end, false);
  vrm.vmi_needs_invalidate = true;
  return err;
}

/** A part of the source that stays accounts for its pages again. */
function accountAgain(vma: vm_area_struct | null): void {
  const left = vma ?? missing('unmap_source_vma', 'what is left of the source');
  stubs.vma_start_write(left);
  vma_set_flags(left, VMA_ACCOUNT_BIT);
}

/**
 * Unmaps what was moved away, or, after an error, what it was to be moved to. What that accounts for was charged for
 * the other place already, so the flag is off meanwhile; an unmap that fails leaves the pages charged twice.
 */
function unmap_source_vma(vrm: vma_remap_struct): void {
  const mm = mremapMm();
  const { addr, old_len: len } = vrm;
  const vma = vmaOf(vrm);
  const vmi = VMA_ITERATOR(mm, addr);
  // With MREMAP_DONTUNMAP it is the new VMA that goes, after an error, and its charge with it.
  const accountable_move = vma_test(vma, VMA_ACCOUNT_BIT) && !isDontunmap(vrm);
  const { vm_start, vm_end } = vma;

  if (accountable_move) vma_clear_flags(vma, VMA_ACCOUNT_BIT);

  const err = do_vmi_munmap(vmi, mm, addr, len, vrm.uf_unmap, false);
  vrm.vma = null;
  vrm.vmi_needs_invalidate = true;
  if (err !== 0) {
    stubs.vm_acct_memory(PHYS_PFN(len));
    return;
  }

  if (!accountable_move) return;
  if (vm_start < addr) accountAgain(vma_prev(vmi));
  if (vm_end > addr + len) accountAgain(vma_next(vmi));
}

/** The move failed: the pages go back, and the caller unmaps the new VMA in place of the old one. */
function revertMove(vrm: vma_remap_struct, vma: vm_area_struct, new_vma: vm_area_struct, moved_len: number): void {
  const pmc_revert = PAGETABLE_MOVE(new_vma, vma, vrm.new_addr, vrm.addr, moved_len);
  pmc_revert.need_rmap_locks = true;
  stubs.move_page_tables(pmc_revert);

  // Unmapping the new VMA gives no charge back, unless the old one was to stay.
  if (!isDontunmap(vrm)) vrm_uncharge(vrm);

  vrm.vma = new_vma;
  vrm.old_len = vrm.new_len;
  vrm.addr = vrm.new_addr;
}

/** Tells the driver where its pages are now. 0 or its errno. */
function callMremap(vma: vm_area_struct, new_vma: vm_area_struct): number {
  const { vm_ops } = vma;
  return vm_ops?.mremap ? stubs.call_hook(vm_ops, 'mremap', vm_ops.mremap, new_vma) : 0;
}

/**
 * Makes the VMA at the new address and moves the pages there. 0; or a negative errno, with the new VMA, which is to be
 * unmapped then, or with null.
 */
function copy_vma_and_data(vrm: vma_remap_struct, new_vma_ptr: Ref<vm_area_struct | null>): number {
  const source = vmaOf(vrm);
  const new_pgoff = linear_page_index(source, vrm.addr);
  const new_anon_pgoff = __linear_anon_page_index(source, vrm.addr);
  const vmap = new Ref(source);
  const need_rmap_locks = new Ref(false);

  const new_vma = copy_vma(
    vmap,
    vrm.new_addr,
    vrm.new_len,
    new_pgoff,
    new_anon_pgoff,
    need_rmap_locks,
    isDontunmap(vrm),
  );
  new_vma_ptr.value = new_vma;
  if (new_vma === null) {
    vrm_uncharge(vrm);
    return -ENOMEM;
  }
  const vma = vmap.value;
  if (vma !== source) vrm.vmi_needs_invalidate = true;
  vrm.vma = vma;

  const pmc = PAGETABLE_MOVE(vma, new_vma, vrm.addr, vrm.new_addr, vrm.old_len);
  pmc.need_rmap_locks = need_rmap_locks.value;
  const moved_len = vrm.old_len === 0 ? 0 : stubs.move_page_tables(pmc);
  const err = moved_len < vrm.old_len ? -ENOMEM : callMremap(vma, new_vma);

  if (err !== 0) revertMove(vrm, vma, new_vma, moved_len);
  else stubs.mremap_userfaultfd_prep(new_vma, vrm.uf);

  stubs.fixup_hugetlb_reservations(vmaOf(vrm));
  return err;
}

/** The old VMA stays, without pages: it is locked no longer, and, if all of it was copied, has no anon_vma. */
function dontunmap_complete(vrm: vma_remap_struct, new_vma: vm_area_struct): void {
  const vma = vmaOf(vrm);

  VM_WARN_ON_ONCE(new_vma === vma, 'dontunmap_complete', 'the VMA merged with its own copy');
  vma_clear_flags_mask(vma, VMA_LOCKED_MASK);

  if (vrm.addr !== vma.vm_start || vrm.addr + vrm.old_len !== vma.vm_end) return;
  stubs.unlink_anon_vmas(vma);
  // As with every VMA that was never faulted, its page offset is its address.
  vma_set_anon_pgoff(vma, PHYS_PFN(vma.vm_start));
  if (vma_is_anonymous(vma) && vma.vm_file === null) vma_set_pgoff(vma, PHYS_PFN(vma.vm_start));
}

/** Moves the range of a remap, whose new address is known by now, which is returned; or a negative errno. */
export function move_vma(vrm: vma_remap_struct): number {
  const mm = mremapMm();
  const new_vma = new Ref<vm_area_struct | null>(null);

  let err = prep_move_vma(vrm);
  if (err !== 0) return err;
  if (!vrm_calc_charge(vrm)) return -ENOMEM;

  stubs.vma_start_write(vmaOf(vrm));
  err = copy_vma_and_data(vrm, new_vma);
  if (new_vma.value === null) return err;

  // The total is too high until the source is unmapped, which must not count as a peak.
  const { hiwater_vm } = mm;
  if (isDontunmap(vrm) && err === 0) dontunmap_complete(vrm, new_vma.value);
  vrm_stat_account(vrm, vrm.new_len);
  if (!isDontunmap(vrm) || err !== 0) unmap_source_vma(vrm);
  mm.hiwater_vm = hiwater_vm;

  return err !== 0 ? err : vrm.new_addr;
}
