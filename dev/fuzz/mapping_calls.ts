// SPDX-License-Identifier: GPL-2.0-only
/** What maps, unmaps and moves, with the rest that the system calls leave to themselves. */
import {
  __install_special_mapping,
  __vm_munmap,
  copy_vma,
  do_brk_flags,
  do_munmap,
  expand_downwards,
  find_vma_intersection,
  list_head,
  mk_vma_flags,
  mm_drop_all_locks,
  type mm_struct,
  mm_take_all_locks,
  mmap_region,
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
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  vm_munmap,
  vma_lookup,
  vma_merge_extend,
  vma_next,
  vma_prev,
  vma_test,
} from '../../lib/index.js';
import { accountPages, vm_unacct_memory } from '../../lib/mm/inlines/accounting.js';
import { vma_start_anon_pgoff, vma_start_pgoff } from '../../lib/mm/inlines/range.js';
import {
  accessBits,
  BASE,
  HEAP,
  MAY,
  type Mapping,
  MOST_PAGES,
  map,
  type Numbers,
  PAGES,
  partOf,
  pickVma,
  rangeOf,
  SPECIAL,
  SPECIAL_END,
  STACK_PAGES,
  STACKS,
  type Surroundings,
  vmasOf,
} from './places.js';

/** The rest of a VMA, right behind it: what may merge with it. Null where there is no room in the window. */
function continued(mm: mm_struct, [which, length = 0]: Numbers): Mapping | null {
  const vma = pickVma(mm, which);
  if (vma === null || vma.vm_end >= BASE + PAGES * PAGE_SIZE || vma.vm_start < BASE) return null;
  const pages = 1 + (length % Math.min(MOST_PAGES, (BASE + PAGES * PAGE_SIZE - vma.vm_end) / PAGE_SIZE));
  return { ...moreOf(vma, vma.vm_end), len: pages * PAGE_SIZE };
}

/** What has to be mapped from `start` on for it to merge with a VMA there. */
function moreOf(vma: vm_area_struct, start: number): Omit<Mapping, 'len'> {
  const { vm_file: mapped } = vma;
  const kept = [VMA_READ_BIT, VMA_WRITE_BIT, VMA_EXEC_BIT, VMA_SHARED_BIT, ...MAY];
  const pgoff = mapped === null ? start / PAGE_SIZE : vma_start_pgoff(vma) + (start - vma.vm_start) / PAGE_SIZE;
  return { file: mapped, start, bits: kept.filter((bit) => vma_test(vma, bit)), pgoff };
}

export function mapAnon(_around: Surroundings, mm: mm_struct, numbers: Numbers): void {
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

export function mapFile(around: Surroundings, mm: mm_struct, numbers: Numbers): void {
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

export function unmap(_around: Surroundings, mm: mm_struct, [at, length]: Numbers): void {
  const { start, len } = rangeOf(at, length);
  do_munmap(mm, start, len, new list_head());
}

/** munmap() as a system call: it takes the lock itself. */
export function unmapUnlocked([at, length, unlock = 0]: Numbers): void {
  const { start, len } = rangeOf(at, length);
  if (unlock % 2 === 0) vm_munmap(start, len);
  else __vm_munmap(start, len, true);
}

/** A hole is torn into a VMA, and filled again, all of it or a part, with more of the same. */
export function refill({ world, arm }: Surroundings, mm: mm_struct, [which, a, b, length = 0]: Numbers): void {
  const vma = pickVma(mm, which);
  if (vma === null || vma.vm_start < BASE || vma.vm_start >= HEAP) return;
  const { start, end } = partOf(vma, a, b);
  const hole = { ...moreOf(vma, start), len: length % 4 === 0 ? PAGE_SIZE : end - start };
  // A descriptor has the file open meanwhile.
  if (hole.file !== null) stubs.get_file(hole.file);
  world.faults.clear();
  if (do_munmap(mm, start, end - start, new list_head()) === 0) {
    arm();
    map(hole);
  }
  if (hole.file !== null) stubs.fput(hole.file);
}

/** The heap grows at its end, or begins anew. */
export function brk(_around: Surroundings, mm: mm_struct, [length = 0, how = 0]: Numbers): void {
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
export function stack(_around: Surroundings, mm: mm_struct, [depth = 0, how = 0]: Numbers): void {
  const top = STACKS + STACK_PAGES * PAGE_SIZE;
  const vma = vma_lookup(mm, top - PAGE_SIZE);
  if (vma === null) {
    const bits = [VMA_READ_BIT, VMA_WRITE_BIT, ...MAY, VMA_GROWSDOWN_BIT, VMA_ACCOUNT_BIT];
    const word = mk_vma_flags(...bits);
    mmap_region(null, top - 2 * PAGE_SIZE, 2 * PAGE_SIZE, word, top / PAGE_SIZE - 2, null);
    return;
  }
  if (how % 9 === 0) do_munmap(mm, STACKS, STACK_PAGES * PAGE_SIZE, null);
  else growTo(mm, top - (depth % STACK_PAGES) * PAGE_SIZE);
}

/** As a fault does: the VMA above grows down to what is not mapped. */
function growTo(mm: mm_struct, addr: number): void {
  const vma = vma_next(VMA_ITERATOR(mm, addr));
  if (vma !== null && vma.vm_start > addr && vma_test(vma, VMA_GROWSDOWN_BIT)) expand_downwards(vma, addr);
}

/** Was it moved here, with pages that know where they were? */
function isAway(vma: vm_area_struct): boolean {
  return vma.vm_file === null && vma.anon_vma !== null && vma_start_pgoff(vma) !== vma.vm_start / PAGE_SIZE;
}

/** mremap() of a part of a VMA to another place: unmap there, copy, move the pages, unmap here. */
export function move({ world, arm }: Surroundings, mm: mm_struct, [which, a, b, to = 0, keep = 0]: Numbers): void {
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
export function extend(_around: Surroundings, mm: mm_struct, [which, length = 0]: Numbers): void {
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
export function special(around: Surroundings, mm: mm_struct, [at = 0]: Numbers): void {
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
export function relocate({ world }: Surroundings, mm: mm_struct, [by = 0]: Numbers): void {
  const vma = vma_next(VMA_ITERATOR(mm, SPECIAL_END));
  if (vma === null || !vma_test(vma, VMA_GROWSDOWN_BIT) || vma.vm_start < STACKS + STACK_PAGES * PAGE_SIZE) return;
  world.faults.clear();
  // Its strings are written before.
  world.fault(vma, vma.vm_end - PAGE_SIZE, vma.vm_end);
  relocate_vma_down(vma, (1 + (by % 8)) * PAGE_SIZE);
}

export function allLocks(_around: Surroundings, mm: mm_struct): void {
  if (mm_take_all_locks(mm) === 0) mm_drop_all_locks(mm);
}
