// SPDX-License-Identifier: GPL-2.0
/**
 * Changing the protection of memory. Port of mprotect_fixup(), do_mprotect_pkey() and mprotect() of mm/mprotect.c
 * (Linux 7.3).
 *
 * Deviation: no protection keys, so that -1 and 0 are the only ones, and pkey_alloc() and pkey_free() are not here. Page
 * tables are the stub world's.
 */
import { EACCES, EINTR, EINVAL, ENOMEM, EPERM, IS_ERR } from '../../include/linux/errno.js';
import { offset_in_page, PHYS_PFN, READ_IMPLIES_EXEC } from '../../include/linux/mm.js';
import {
  type mm_struct,
  mmu_gather,
  VMA_ITERATOR,
  type vm_area_struct,
  type vma_iterator,
} from '../../include/mm_types.js';
import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ } from '../../include/uapi/mman.js';
import {
  VM_ACCESS_FLAGS,
  VM_FLAGS_CLEAR,
  VMA_ACCESS_FLAGS,
  VMA_ACCOUNT_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_GROWSUP,
  VMA_HUGETLB_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYEXEC_BIT,
  VMA_MIXEDMAP_BIT,
  VMA_NORESERVE_BIT,
  VMA_PFNMAP_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vm_flags_t,
  type vma_flags_t,
} from '../../include/vma_flags.js';
import { current, currentMm, stubs } from '../../stubs/index.js';
import { missing } from '../bug.js';
import { accountPages, vm_unacct_memory } from './inlines/accounting.js';
import {
  legacy_to_vma_flags,
  vma_flags_clear,
  vma_flags_reset_once,
  vma_flags_same_pair,
  vma_flags_set,
  vma_flags_test,
  vma_flags_test_any,
  vma_flags_test_any_mask,
  vma_test,
  vma_test_single_mask,
} from './inlines/flag_operations.js';
import { for_each_vma_range, vma_find, vma_iter_end, vma_prev } from './inlines/iterator.js';
import { vma_is_anonymous } from './inlines/lifecycle.js';
import { arch_validate_prot, calc_vm_prot_bits } from './inlines/mman.js';
import { vma_is_sealed } from './inlines/range.js';
import { sumWraps, withBits, wrappingPageAlign } from './inlines/unsigned.js';
import { map_deny_write_exec } from './vma/mmap_region.js';
import { vma_modify_flags } from './vma/modify.js';
import { vma_set_page_prot, vma_wants_manual_pte_write_upgrade } from './vma/writenotify.js';

/** Bit of change_protection(): entries may become writable at once. */
export const MM_CP_TRY_CHANGE_WRITABLE = 1;

/** The VMA before the range under way, which changes as the range moves on; `**pprev` in C. */
interface Prev {
  value: vm_area_struct | null;
}

/** May page frames in the range lose all access? 0 or -EACCES. */
function checkProtNone(vma: vm_area_struct, old: vma_flags_t, wanted: vma_flags_t, start: number, end: number): number {
  if (!vma_flags_test_any(old, VMA_PFNMAP_BIT, VMA_MIXEDMAP_BIT)) return 0;
  return vma_flags_test_any_mask(wanted, VMA_ACCESS_FLAGS) ? 0 : stubs.prot_none_walk(vma, start, end);
}

/**
 * What becomes of the charge: a private mapping is charged when it becomes writable, and the charge of anonymous memory
 * without any page is dropped when it ceases to be. Pages charged, or -ENOMEM.
 */
function settleCharge(vma: vm_area_struct, old: vma_flags_t, wanted: vma_flags_t, nrpages: number): number {
  const mm = vma.vm_mm ?? missing('mprotect_fixup', 'vma.vm_mm');

  if (!vma_flags_test(wanted, VMA_WRITE_BIT)) {
    if (vma_flags_test(old, VMA_ACCOUNT_BIT) && vma_is_anonymous(vma) && vma.anon_vma === null) {
      vma_flags_clear(wanted, VMA_ACCOUNT_BIT);
    }
    return 0;
  }
  // It may become data, of which there is a limit of its own.
  if (!stubs.may_expand_vm(mm, wanted, nrpages) && stubs.may_expand_vm(mm, old, nrpages)) return -ENOMEM;
  if (vma_flags_test_any(old, VMA_ACCOUNT_BIT, VMA_WRITE_BIT, VMA_HUGETLB_BIT, VMA_SHARED_BIT, VMA_NORESERVE_BIT)) {
    return 0;
  }
  if (stubs.security_vm_enough_memory_mm(mm, nrpages) !== 0) return -ENOMEM;
  vma_flags_set(wanted, VMA_ACCOUNT_BIT);
  return nrpages;
}

/**
 * Gives [start, end), all within vma, the flags `newflags`, by a merge or a split if need be. prev.value, the VMA
 * before, or vma itself where the range begins inside, becomes the VMA that spans the range. 0 or a negative errno.
 */
export function mprotect_fixup(
  vmi: vma_iterator,
  tlb: mmu_gather,
  given: vm_area_struct,
  prev: Prev,
  start: number,
  end: number,
  newflags: vm_flags_t,
): number {
  const old_vma_flags = given.flags.clone();
  const new_vma_flags = legacy_to_vma_flags(newflags);
  const nrpages = PHYS_PFN(end - start);

  if (vma_is_sealed(given)) return -EPERM;
  if (vma_flags_same_pair(old_vma_flags, new_vma_flags)) {
    prev.value = given;
    return 0;
  }
  const error = checkProtNone(given, old_vma_flags, new_vma_flags, start, end);
  if (error !== 0) return error;

  const charged = settleCharge(given, old_vma_flags, new_vma_flags, nrpages);
  if (charged < 0) return charged;

  const vma = vma_modify_flags(vmi, prev.value, given, start, end, new_vma_flags);
  if (IS_ERR(vma)) {
    vm_unacct_memory(charged);
    return vma;
  }
  prev.value = vma;
  applyFlags(tlb, vma, old_vma_flags, new_vma_flags, start, end);
  return 0;
}

/** The second half of mprotect_fixup(), which cannot fail: the VMA spans the range. */
function applyFlags(
  tlb: mmu_gather,
  vma: vm_area_struct,
  old: vma_flags_t,
  wanted: vma_flags_t,
  start: number,
  end: number,
): void {
  const mm = vma.vm_mm ?? missing('mprotect_fixup', 'vma.vm_mm');
  const nrpages = PHYS_PFN(end - start);

  stubs.vma_start_write(vma);
  vma_flags_reset_once(vma, wanted);
  const cp_flags = vma_wants_manual_pte_write_upgrade(vma) ? MM_CP_TRY_CHANGE_WRITABLE : 0;
  vma_set_page_prot(vma);
  stubs.change_protection(tlb, vma, start, end, cp_flags);

  if (vma_flags_test(old, VMA_ACCOUNT_BIT) && !vma_flags_test(wanted, VMA_ACCOUNT_BIT)) vm_unacct_memory(nrpages);

  // Locked memory is not to fault when it is written to for the first time.
  if (
    vma_flags_test(wanted, VMA_WRITE_BIT) &&
    vma_flags_test(old, VMA_LOCKED_BIT) &&
    !vma_flags_test_any(old, VMA_WRITE_BIT, VMA_SHARED_BIT)
  ) {
    stubs.populate_vma_page_range(vma, start, end);
  }

  accountPages(mm, old, -nrpages);
  accountPages(mm, wanted, nrpages);
  stubs.perf_event_mmap(vma);
}

/** Does the task want what it may read to be executable? */
function readImpliesExec(prot: number): boolean {
  return (current.personality & READ_IMPLIES_EXEC) !== 0 && (prot & PROT_READ) !== 0;
}

/** What is asked of one call. */
interface Request {
  start: number;
  end: number;
  prot: number;
}

/** Changes the part [nstart, tmp) of vma. 0 or a negative errno. */
function protectOne(
  vmi: vma_iterator,
  tlb: mmu_gather,
  vma: vm_area_struct,
  prev: Prev,
  nstart: number,
  end: number,
  reqprot: number,
): number {
  const exec = readImpliesExec(reqprot) && vma_test(vma, VMA_MAYEXEC_BIT);
  const prot = exec ? withBits(reqprot, PROT_EXEC) : reqprot;
  // A permission that is not asked for is taken away.
  const newflags = calc_vm_prot_bits(prot) | (vma.vm_flags & ~(VM_ACCESS_FLAGS | VM_FLAGS_CLEAR));

  // VM_MAYREAD and the like lie four bits above VM_READ and the like.
  if ((newflags & ~(newflags >> 4n) & VM_ACCESS_FLAGS) !== 0n) return -EACCES;
  if (map_deny_write_exec(vma.flags, legacy_to_vma_flags(newflags))) return -EACCES;
  if (!stubs.arch_validate_flags(newflags)) return -EINVAL;
  let error = stubs.security_file_mprotect(vma, reqprot, prot);
  if (error !== 0) return error;

  const tmp = Math.min(vma.vm_end, end);
  if (vma.vm_ops?.mprotect) {
    error = stubs.call_hook(vma.vm_ops, 'mprotect', vma.vm_ops.mprotect, vma, nstart, tmp, newflags);
    if (error !== 0) return error;
  }
  return mprotect_fixup(vmi, tlb, vma, prev, nstart, tmp, newflags);
}

/** Changes the VMAs of the range one after the other, vma first; ends at the first error, or at a hole. */
function protectRange(mm: mm_struct, vmi: vma_iterator, vma: vm_area_struct, { start, end, prot }: Request): number {
  const tlb = new mmu_gather();
  const prev: Prev = { value: vma_prev(vmi) };
  if (start > vma.vm_start) prev.value = vma;

  stubs.tlb_gather_mmu(tlb, mm);
  let error = 0;
  let nstart = start;
  let tmp = vma.vm_start;
  for (const each of for_each_vma_range(vmi, end)) {
    error = each.vm_start !== tmp ? -ENOMEM : protectOne(vmi, tlb, each, prev, nstart, end, prot);
    if (error !== 0) break;
    tmp = vma_iter_end(vmi);
    nstart = tmp;
  }
  stubs.tlb_finish_mmu(tlb);
  return error === 0 && tmp < end ? -ENOMEM : error;
}

/** The range that PROT_GROWSDOWN and PROT_GROWSUP make of the one that was asked for; or a negative errno. */
function grownRange(
  vma: vm_area_struct,
  grows: number,
  start: number,
  end: number,
): { start: number; end: number } | number {
  if ((grows & PROT_GROWSDOWN) !== 0) {
    if (vma.vm_start >= end) return -ENOMEM;
    return vma_test(vma, VMA_GROWSDOWN_BIT) ? { start: vma.vm_start, end } : -EINVAL;
  }
  if (vma.vm_start > start) return -ENOMEM;
  if ((grows & PROT_GROWSUP) === 0) return { start, end };
  return vma_test_single_mask(vma, VMA_GROWSUP) ? { start, end: vma.vm_end } : -EINVAL;
}

/** The part of do_mprotect_pkey() under the lock. */
function protectLocked(mm: mm_struct, start: number, end: number, prot: number, grows: number, pkey: number): number {
  // No key but the one that all have was ever allocated.
  if (pkey !== -1 && pkey !== 0) return -EINVAL;

  const vmi = VMA_ITERATOR(mm, start);
  const vma = vma_find(vmi, end);
  if (vma === null) return -ENOMEM;

  const range = grownRange(vma, grows, start, end);
  return typeof range === 'number' ? range : protectRange(mm, vmi, vma, { ...range, prot });
}

/**
 * Gives len bytes from start on the protection prot in the current address space. With a protection key, -1 for none. 0
 * or a negative errno; what came before the error stays changed.
 */
export function do_mprotect_pkey(start: number, given_len: number, given_prot: number, pkey: number): number {
  const mm = currentMm('do_mprotect_pkey');
  const grows = given_prot & (PROT_GROWSDOWN | PROT_GROWSUP);
  const prot = given_prot - grows;

  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP)) return -EINVAL;
  if (offset_in_page(start) !== 0) return -EINVAL;
  if (given_len === 0) return 0;
  const len = wrappingPageAlign(given_len);
  if (len === 0 || sumWraps(start, len)) return -ENOMEM;
  if (!arch_validate_prot(prot)) return -EINVAL;

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  const error = protectLocked(mm, start, start + len, prot, grows, pkey);
  stubs.mmap_write_unlock(mm);
  return error;
}

/** The system call. */
export function mprotect(start: number, len: number, prot: number): number {
  return do_mprotect_pkey(start, len, prot, -1);
}

/** The system call with a protection key, of which there are none but 0. */
export function pkey_mprotect(start: number, len: number, prot: number, pkey: number): number {
  return do_mprotect_pkey(start, len, prot, pkey);
}
