// SPDX-License-Identifier: GPL-2.0-only
/** What changes attributes of memory that is mapped: mprotect_fixup(), mlock_fixup() and their like; faults. */
import {
  IS_ERR,
  mk_vma_flags,
  type mm_struct,
  NULL_VM_UFFD_CTX,
  PAGE_SIZE,
  stubs,
  VMA_ACCOUNT_BIT,
  VMA_EXEC_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_UFFD_MISSING_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  type vma_flags_t,
  type vma_iterator,
  vma_lookup,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_next,
  vma_prev,
  vma_set_page_prot,
  vma_test,
} from '../../lib/index.js';
import { accountPages, vm_unacct_memory } from '../../lib/mm/inlines/accounting.js';
import { vma_flags_set_flag } from '../../lib/mm/inlines/flag_operations.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import { accessBits, type Numbers, partOf, pickVma, type Surroundings, targetOf } from './places.js';

/** Calls `change` for each VMA of a range, as mprotect() and its like do, until one fails. */
function eachOf(
  mm: mm_struct,
  start: number,
  end: number,
  change: (vmi: vma_iterator, prev: vm_area_struct | null, vma: vm_area_struct, from: number, to: number) => number,
): void {
  let prev = vma_prev(VMA_ITERATOR(mm, start));
  for (let at = start; at < end; ) {
    const vma = vma_next(VMA_ITERATOR(mm, at));
    if (vma === null || vma.vm_start >= end) return;
    const from = Math.max(at, vma.vm_start);
    const to = Math.min(end, vma.vm_end);
    if (from > vma.vm_start) prev = vma;
    if (change(VMA_ITERATOR(mm, from), prev, vma, from, to) !== 0) return;
    prev = vma_lookup(mm, to - 1);
    at = to;
  }
}

/** The flags of a VMA with some bits replaced. */
function flagsWith(vma: vm_area_struct, without: readonly number[], bits: readonly number[]): vma_flags_t {
  const flags = mk_vma_flags(...bits);
  const kept = vma.flags.clone();
  const gone = mk_vma_flags(...without);
  kept.w0 = (kept.w0 & ~gone.w0) | flags.w0;
  kept.w1 = (kept.w1 & ~gone.w1) | flags.w1;
  return kept;
}

/** Private memory that becomes writable is charged, once. */
function chargeFor(vma: vm_area_struct, flags: vma_flags_t, pages: number): number {
  const bits = [VMA_ACCOUNT_BIT, VMA_WRITE_BIT, VMA_SHARED_BIT];
  const wants = (flags.w0 & mk_vma_flags(VMA_WRITE_BIT).w0) !== 0;
  return wants && !bits.some((bit) => vma_test(vma, bit)) ? pages : 0;
}

/** The access that the memory beside a range has, so that they can merge; else what the number says. */
function accessLike(mm: mm_struct, start: number, end: number, n: number): readonly number[] {
  const beside = n % 4 === 0 ? null : vma_lookup(mm, n % 2 === 0 ? end : start - 1);
  if (beside === null) return accessBits(n >> 2);
  return [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT].filter((bit) => vma_test(beside, bit));
}

/** mprotect_fixup(). */
export function protect(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , access = 0] = numbers;
  const bits = accessLike(mm, start, start + len, access);
  eachOf(mm, start, start + len, (vmi, prev, vma, from, to) => {
    const pages = (to - from) / PAGE_SIZE;
    const flags = flagsWith(vma, [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT], bits);
    const old = vma.flags.clone();
    const charged = chargeFor(vma, flags, pages);
    if (charged > 0) {
      if (stubs.security_vm_enough_memory_mm(mm, charged) !== 0) return -1;
      flags.w0 |= mk_vma_flags(VMA_ACCOUNT_BIT).w0;
    }
    const changed = vma_modify_flags(vmi, prev, vma, from, to, flags);
    if (IS_ERR(changed)) {
      vm_unacct_memory(charged);
      return changed;
    }
    stubs.vma_start_write(changed);
    changed.flags = flags;
    vma_set_page_prot(changed);
    accountPages(mm, old, -pages);
    accountPages(mm, flags, pages);
    return 0;
  });
}

/** mprotect() as a system call: it takes the lock itself. */
export function mprotectUnlocked({ world }: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , access = 0] = numbers;
  const bits = accessLike(mm, start, start + len, access);
  const prot = bits.reduce((sum, bit) => sum | (1 << bit), 0);
  world.operation('mprotect', { start, len, prot }, () => mprotect(start, len, prot));
}

/** mlock_fixup(). */
export function lock(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , on = 0] = numbers;
  eachOf(mm, start, start + len, (vmi, prev, vma, from, to) => {
    const wanted = on % 2 === 0;
    if (vma_test(vma, VMA_LOCKED_BIT) === wanted) return 0;
    const flags = flagsWith(vma, [VMA_LOCKED_BIT], wanted ? [VMA_LOCKED_BIT] : []);
    const changed = vma_modify_flags(vmi, prev, vma, from, to, flags);
    if (IS_ERR(changed)) return changed;
    mm.locked_vm += ((to - from) / PAGE_SIZE) * (wanted ? 1 : -1);
    stubs.vma_start_write(changed);
    changed.flags = flags;
    return 0;
  });
}

export function name({ world, names }: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , which = 0] = numbers;
  const chosen = names[which % (names.length + 1)] ?? null;
  eachOf(mm, start, start + len, (vmi, prev, vma, from, to) => {
    if (vma.vm_file !== null) return 0;
    const changed = vma_modify_name(vmi, prev, vma, from, to, chosen);
    if (IS_ERR(changed)) return changed;
    stubs.vma_start_write(changed);
    world.attributes.setName(changed, chosen);
    return 0;
  });
}

export function policy({ world, policies }: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , which = 0] = numbers;
  const chosen = policies[which % (policies.length + 1)] ?? null;
  eachOf(mm, start, start + len, (vmi, prev, vma, from, to) => {
    const changed = vma_modify_policy(vmi, prev, vma, from, to, chosen);
    if (IS_ERR(changed)) return changed;
    stubs.vma_start_write(changed);
    world.attributes.setPolicy(changed, chosen);
    return 0;
  });
}

/** A userfaultfd takes a range, or lets go of one: userfaultfd_register_range() and userfaultfd_clear_vma(). */
export function uffd({ contexts }: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const { start, len } = targetOf(mm, numbers);
  const [, , which = 0, give = 0] = numbers;
  const chosen = contexts[which % (contexts.length + 1)] ?? NULL_VM_UFFD_CTX;
  eachOf(mm, start, start + len, (vmi, prev, vma, from, to) => {
    if (vma.vm_userfaultfd_ctx.ctx === chosen.ctx) return 0;
    // It may be of another one: who registers a range that is taken is refused.
    if (vma.vm_userfaultfd_ctx.ctx !== null && chosen.ctx !== null) return -1;
    const flags = flagsWith(vma, [VMA_UFFD_MISSING_BIT], chosen.ctx === null ? [] : [VMA_UFFD_MISSING_BIT]);
    const giveUp = give % 2 === 0 && from === vma.vm_start && to === vma.vm_end;
    const changed = vma_modify_flags_uffd(vmi, prev, vma, from, to, flags, chosen, giveUp);
    if (IS_ERR(changed)) return changed;
    stubs.vma_start_write(changed);
    changed.vm_userfaultfd_ctx = chosen;
    changed.flags = flags;
    return 0;
  });
}

/** madvise(MADV_GUARD_INSTALL) as far as a VMA without page tables has it: the flag comes without a mark. */
export function guard(_around: Surroundings, mm: mm_struct, [which]: Numbers): void {
  const vma = pickVma(mm, which);
  if (vma === null || vma_test(vma, VMA_LOCKED_BIT)) return;
  if (vma.vm_file === null && stubs.anon_vma_prepare(vma) !== 0) return;
  vma_flags_set_flag(vma.flags, VMA_MAYBE_GUARD_BIT);
}

/** A write fault on private memory. */
export function fault({ world }: Surroundings, mm: mm_struct, [which, a, b]: Numbers): void {
  const vma = pickVma(mm, which);
  if (vma === null || vma_test(vma, VMA_SHARED_BIT) || !vma_test(vma, VMA_MAYWRITE_BIT)) return;
  const { start, end } = partOf(vma, a, b);
  world.fault(vma, start, end);
}
