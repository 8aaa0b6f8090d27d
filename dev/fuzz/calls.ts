// SPDX-License-Identifier: GPL-2.0-only
/**
 * What each word of a program does: functions of mm/vma.c, called as the system calls do it (mprotect_fixup(),
 * mlock_fixup(), move_vma() and the like), with what those leave to themselves. Errors are part of it.
 */
import type { CheckedWorld } from '../../harness/checked/world.js';
import {
  __install_special_mapping,
  __vm_munmap,
  type anon_vma_name,
  copy_vma,
  do_brk_flags,
  do_munmap,
  expand_downwards,
  type file,
  find_vma_intersection,
  IS_ERR,
  list_head,
  type mempolicy,
  mk_vma_flags,
  mm_drop_all_locks,
  type mm_struct,
  mm_take_all_locks,
  mmap_region,
  NULL_VM_UFFD_CTX,
  PAGE_SIZE,
  Ref,
  relocate_vma_down,
  stubs,
  VM_MAYREAD,
  VM_READ,
  VMA_ACCOUNT_BIT,
  VMA_DONTEXPAND_BIT,
  VMA_EXEC_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_MAYEXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_UFFD_MISSING_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  vm_munmap,
  type vm_userfaultfd_ctx,
  type vma_flags_t,
  type vma_iterator,
  vma_lookup,
  vma_merge_extend,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_next,
  vma_pages,
  vma_prev,
  vma_set_page_prot,
  vma_test,
} from '../../lib/index.js';
import { accountPages, vm_unacct_memory } from '../../lib/mm/inlines/accounting.js';
import { vma_end_pgoff, vma_start_anon_pgoff, vma_start_pgoff } from '../../lib/mm/inlines/range.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import type { Drivers } from './drivers.js';
import type { Word } from './steps.js';

const BASE = 0x400000;
/** Pages in which mappings come to lie: few, so that they meet. */
const PAGES = 48;
const MOST_PAGES = 8;
const HEAP = 0x2000000;
const STACKS = 0x8000000;
const STACK_PAGES = 64;
const SPECIAL = 0x6000000;
const SPECIAL_END = STACKS + STACK_PAGES * PAGE_SIZE;

const MAY = [VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT];
/** What PROT_* come to. */
const ACCESS: readonly (readonly number[])[] = [
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT],
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT],
  [VMA_READ_BIT, VMA_EXEC_BIT],
  [],
];

type Numbers = readonly number[];

/** What the calls find around an address space. */
export interface Surroundings {
  readonly world: CheckedWorld;
  readonly drivers: Drivers;
  readonly policies: readonly mempolicy[];
  readonly names: readonly anon_vma_name[];
  readonly contexts: readonly vm_userfaultfd_ctx[];
  /** Has the call that is to fail counted from here: what came before was preparation. */
  readonly arm: () => void;
}

type Call = (around: Surroundings, mm: mm_struct, numbers: Numbers) => void;

function accessBits(n: number): readonly number[] {
  return ACCESS[n % ACCESS.length] ?? [];
}

/** A range of the window, in bytes. */
function rangeOf(at = 0, length = 0): { start: number; len: number } {
  const first = at % PAGES;
  const pages = 1 + (length % Math.min(MOST_PAGES, PAGES - first));
  return { start: BASE + first * PAGE_SIZE, len: pages * PAGE_SIZE };
}

/** A range of the window, or a VMA or a part of one. */
function targetOf(mm: mm_struct, [a = 0, b = 0, , , c = 0]: Numbers): { start: number; len: number } {
  const vma = a % 4 === 0 ? null : pickVma(mm, b);
  if (vma === null || vma.vm_start >= HEAP) return rangeOf(a, b);
  const { start, end } = partOf(vma, a, c);
  return { start, len: end - start };
}

/** All VMAs of an address space, in order. */
function vmasOf(mm: mm_struct): vm_area_struct[] {
  const vmas: vm_area_struct[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) vmas.push(vma);
  return vmas;
}

function pickVma(mm: mm_struct, n = 0): vm_area_struct | null {
  const vmas = vmasOf(mm);
  return vmas[n % Math.max(1, vmas.length)] ?? null;
}

/** A part of a VMA that may be all of it. */
function partOf(vma: vm_area_struct, a = 0, b = 0): { start: number; end: number } {
  const pages = vma_pages(vma);
  const first = a % 3 === 0 ? 0 : a % pages;
  const length = b % 3 === 0 ? pages - first : 1 + (b % (pages - first));
  return { start: vma.vm_start + first * PAGE_SIZE, end: vma.vm_start + (first + length) * PAGE_SIZE };
}

/** What is mapped: where, how, and what of a file. */
interface Mapping {
  readonly file: file | null;
  readonly start: number;
  readonly len: number;
  readonly bits: readonly number[];
  readonly pgoff: number;
}

function map({ file: mapped, start, len, bits, pgoff }: Mapping): void {
  mmap_region(mapped, start, len, mk_vma_flags(...bits), pgoff, new list_head());
}

/** The rest of a VMA, right behind it: what may merge with it. Null where there is no room in the window. */
function continued(mm: mm_struct, [which, length = 0]: Numbers): Mapping | null {
  const vma = pickVma(mm, which);
  if (vma === null || vma.vm_end >= BASE + PAGES * PAGE_SIZE || vma.vm_start < BASE) return null;
  const { vm_end: start, vm_file: mapped } = vma;
  const kept = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, VMA_SHARED_BIT, ...MAY];
  const pages = 1 + (length % Math.min(MOST_PAGES, (BASE + PAGES * PAGE_SIZE - start) / PAGE_SIZE));
  const pgoff = mapped === null ? start / PAGE_SIZE : vma_end_pgoff(vma);
  return { file: mapped, start, len: pages * PAGE_SIZE, bits: kept.filter((bit) => vma_test(vma, bit)), pgoff };
}

function mapAnon(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const [at, length, access = 0, kind = 0] = numbers;
  const beside = kind % 3 === 1 ? continued(mm, numbers) : null;
  if (beside !== null) {
    map(beside);
    return;
  }
  const { start, len } = rangeOf(at, length);
  const bits = [...accessBits(access), ...MAY];
  if (kind % 16 === 0) bits.push(VMA_SHARED_BIT);
  if (kind % 11 === 0) bits.push(VMA_LOCKED_BIT);
  map({ file: null, start, len, bits, pgoff: start / PAGE_SIZE });
}

function mapFile(around: Surroundings, mm: mm_struct, numbers: Numbers): void {
  const [at, length, access = 0, kind = 0, which = 0] = numbers;
  const beside = kind % 3 === 1 ? continued(mm, numbers) : null;
  if (beside !== null) {
    map(beside);
    return;
  }
  const { start, len } = rangeOf(at, length);
  const { files } = around.drivers;
  const bits = [...accessBits(access), ...MAY];
  if (kind % 3 === 0) bits.push(VMA_SHARED_BIT);
  const pgoff = (start - BASE) / PAGE_SIZE + (kind % 13 === 0 ? 7 : 0);
  map({ file: files[which % files.length] ?? null, start, len, bits, pgoff });
}

function unmap(_around: Surroundings, mm: mm_struct, [at, length]: Numbers): void {
  const { start, len } = rangeOf(at, length);
  do_munmap(mm, start, len, new list_head());
}

/** munmap() as a system call: it takes the lock itself. */
export function unmapUnlocked([at, length, unlock = 0]: Numbers): void {
  const { start, len } = rangeOf(at, length);
  if (unlock % 2 === 0) vm_munmap(start, len);
  else __vm_munmap(start, len, true);
}

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
function protect(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
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
function lock(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
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

function name({ world, names }: Surroundings, mm: mm_struct, numbers: Numbers): void {
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

function policy({ world, policies }: Surroundings, mm: mm_struct, numbers: Numbers): void {
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
function uffd({ contexts }: Surroundings, mm: mm_struct, numbers: Numbers): void {
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

/** A write fault on private memory. */
function fault({ world }: Surroundings, mm: mm_struct, [which, a, b]: Numbers): void {
  const vma = pickVma(mm, which);
  if (vma === null || vma_test(vma, VMA_SHARED_BIT) || !vma_test(vma, VMA_MAYWRITE_BIT)) return;
  const { start, end } = partOf(vma, a, b);
  world.fault(vma, start, end);
}

/** The heap grows at its end, or begins anew. */
function brk(_around: Surroundings, mm: mm_struct, [length = 0, how = 0]: Numbers): void {
  const len = (1 + (length % 4)) * PAGE_SIZE;
  let addr = HEAP;
  for (let vma = vma_lookup(mm, addr); vma !== null; vma = vma_lookup(mm, addr)) addr = vma.vm_end;
  if (addr - HEAP > 64 * PAGE_SIZE || how % 8 === 0) {
    do_munmap(mm, HEAP, Math.max(PAGE_SIZE, addr - HEAP), null);
    return;
  }
  if (find_vma_intersection(mm, addr, addr + len) !== null) return;
  const vmi = VMA_ITERATOR(mm, addr);
  const prev = vma_prev(vmi);
  const bits = [VMA_READ_BIT, VMA_WRITE_BIT, ...MAY, VMA_ACCOUNT_BIT];
  do_brk_flags(vmi, prev, addr, len, mk_vma_flags(...bits));
}

/** A stack is made, or grows. */
function stack(_around: Surroundings, mm: mm_struct, [depth = 0, how = 0]: Numbers): void {
  const top = STACKS + STACK_PAGES * PAGE_SIZE;
  const vma = vma_lookup(mm, top - PAGE_SIZE);
  if (vma === null) {
    const bits = [VMA_READ_BIT, VMA_WRITE_BIT, ...MAY, VMA_GROWSDOWN_BIT, VMA_ACCOUNT_BIT];
    const word = mk_vma_flags(...bits);
    mmap_region(null, top - 2 * PAGE_SIZE, 2 * PAGE_SIZE, word, top / PAGE_SIZE - 2, null);
    return;
  }
  if (how % 9 === 0) do_munmap(mm, STACKS, STACK_PAGES * PAGE_SIZE, null);
  else if (vma_test(vma, VMA_GROWSDOWN_BIT)) expand_downwards(vma, top - (depth % STACK_PAGES) * PAGE_SIZE);
}

/** Was it moved here, with pages that know where they were? */
function isAway(vma: vm_area_struct): boolean {
  return vma.vm_file === null && vma.anon_vma !== null && vma_start_pgoff(vma) !== vma.vm_start / PAGE_SIZE;
}

/** mremap() of a part of a VMA to another place: unmap there, copy, move the pages, unmap here. */
function move({ world, arm }: Surroundings, mm: mm_struct, [which, a, b, to = 0, keep = 0]: Numbers): void {
  const away = keep % 2 === 0 ? vmasOf(mm).filter(isAway) : [];
  const found = away[(which ?? 0) % Math.max(1, away.length)] ?? pickVma(mm, which);
  if (found === null || vma_test(found, VMA_DONTEXPAND_BIT) || vma_test(found, VMA_GROWSDOWN_BIT)) return;
  const { start, end } = partOf(found, a, b);
  const len = end - start;
  // Where its page offset says it was before, if anywhere: there it may merge.
  const home = (vma_start_pgoff(found) + (start - found.vm_start) / PAGE_SIZE) * PAGE_SIZE;
  const origin = found.vm_file === null ? home : home + BASE;
  const isHome = (away.length > 0 || to % 3 === 1) && origin >= BASE && origin + len <= BASE + PAGES * PAGE_SIZE;
  const target = isHome ? origin : BASE + (to % PAGES) * PAGE_SIZE;
  if (target < end && start < target + len) return;
  world.faults.clear();
  do_munmap(mm, target, len, null);

  const vma = vma_lookup(mm, start);
  if (vma === null || vma.vm_end < end) return;
  const accounted = vma_test(vma, VMA_ACCOUNT_BIT);
  const locked = vma_test(vma, VMA_LOCKED_BIT);
  const pages = len / PAGE_SIZE;
  if (accounted && stubs.security_vm_enough_memory_mm(mm, pages) !== 0) return;
  arm();
  stubs.vma_start_write(vma);
  const pgoff = vma.vm_pgoff + (start - vma.vm_start) / PAGE_SIZE;
  const dontUnmap = keep % 5 === 0 && vma.vm_file === null && vma.vm_ops === null;
  const anonPgoff = vma_start_anon_pgoff(vma) + (start - vma.vm_start) / PAGE_SIZE;
  const copy = copy_vma(new Ref(vma), target, len, pgoff, anonPgoff, new Ref(false), dontUnmap);
  if (copy === null) {
    if (accounted) vm_unacct_memory(pages);
    return;
  }
  if (!dontUnmap) stubs.mremap_userfaultfd_prep(copy, { vma: null });
  world.pages.move(mm, start, target, len);
  accountPages(mm, copy.flags, pages);
  if (locked) mm.locked_vm += pages;
  if (!dontUnmap) {
    world.faults.clear();
    do_munmap(mm, start, len, null);
  }
}

/** mremap() of a VMA that has room to grow. */
function extend(_around: Surroundings, mm: mm_struct, [which, length = 0]: Numbers): void {
  const vma = pickVma(mm, which);
  if (vma === null || vma_test(vma, VMA_DONTEXPAND_BIT) || vma.vm_start >= HEAP) return;
  const pages = 1 + (length % 3);
  const { vm_end: end } = vma;
  if (find_vma_intersection(mm, end, end + pages * PAGE_SIZE) !== null) return;
  if (vma_test(vma, VMA_ACCOUNT_BIT) && stubs.security_vm_enough_memory_mm(mm, pages) !== 0) return;
  const vmi = VMA_ITERATOR(mm, end);
  const flags = vma.flags.clone();
  const grown = vma_merge_extend(vmi, vma, pages * PAGE_SIZE);
  if (grown === null) {
    if (vma_test(vma, VMA_ACCOUNT_BIT)) vm_unacct_memory(pages);
    return;
  }
  accountPages(mm, flags, pages);
  if (vma_test(grown, VMA_LOCKED_BIT)) mm.locked_vm += pages;
}

/** A mapping of the kernel's own, such as the vDSO. */
function special(around: Surroundings, mm: mm_struct, [at = 0]: Numbers): void {
  __install_special_mapping(
    mm,
    SPECIAL + (at % 16) * 4 * PAGE_SIZE,
    2 * PAGE_SIZE,
    VM_READ | VM_MAYREAD,
    null,
    around.drivers.specialOps,
  );
}

/** The last step of exec(): the stack goes to where it shall be. One that fails ends the process, so it may not here. */
function relocate({ world }: Surroundings, mm: mm_struct, [by = 0]: Numbers): void {
  const vma = vma_next(VMA_ITERATOR(mm, SPECIAL_END));
  if (vma === null || !vma_test(vma, VMA_GROWSDOWN_BIT) || vma.vm_start < STACKS + STACK_PAGES * PAGE_SIZE) return;
  world.faults.clear();
  // Its strings are written before.
  world.fault(vma, vma.vm_end - PAGE_SIZE, vma.vm_end);
  relocate_vma_down(vma, (1 + (by % 8)) * PAGE_SIZE);
}

function allLocks(_around: Surroundings, mm: mm_struct): void {
  if (mm_take_all_locks(mm) === 0) mm_drop_all_locks(mm);
}

function nothing(): void {}

export const CALLS: Readonly<Record<Word, Call>> = {
  map_anon: mapAnon,
  map_file: mapFile,
  unmap,
  // These take and drop locks, and make and free address spaces, by themselves.
  unmap_unlocked: nothing,
  mprotect: nothing,
  fork: nothing,
  exit: nothing,
  exec: nothing,
  relocate,
  protect,
  lock,
  name,
  policy,
  uffd,
  fault,
  brk,
  stack,
  move,
  extend,
  all_locks: allLocks,
  special,
};
