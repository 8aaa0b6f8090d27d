// SPDX-License-Identifier: GPL-2.0-only
/**
 * Exported functions that need page tables, a heap or a task: faults, stacks that grow under the lock for reading,
 * forks, and what the kernel calls in place of system calls.
 */
import {
  arch_pick_mmap_layout,
  copy_mm,
  current,
  do_mmap,
  do_user_addr_fault,
  dup_mm,
  dup_mmap,
  EFAULT,
  ENOMEM,
  exit_mmap,
  expand_stack,
  expand_stack_locked,
  FAULT_FLAG_WRITE,
  faultin_page_range,
  find_extend_vma_locked,
  handle_mm_fault,
  IS_ERR_VALUE,
  ksys_mmap_pgoff,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  mk_vma_flags,
  mm_alloc,
  mm_alloc_pgd,
  type mm_struct,
  mmap_read_lock_maybe_expand,
  mmput,
  PROT_READ,
  PROT_WRITE,
  populate_vma_page_range,
  Ref,
  read_user_byte,
  read_user_bytes,
  set_anon_vma_name,
  stubs,
  task_struct,
  VM_FAULT_OOM,
  VMA_GROWSDOWN_BIT,
  vm_brk_flags,
  vm_mmap,
  vm_mmap_pgoff,
  write_user_byte,
  write_user_bytes,
} from '../../lib/index.js';
import { DATA } from '../mm/space.js';
import type { Door } from './doors_change.js';
import type { Space } from './space.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

/** Gives the address space page tables and places, as a process has them. */
function asProcess(s: Space): mm_struct {
  const { mm } = s;
  mm_alloc_pgd(mm);
  arch_pick_mmap_layout(mm);
  mm.start_brk = 0x18000;
  mm.brk = 0x18000;
  return mm;
}

/** A call that takes the lock itself. */
function unlocked<R>(s: Space, call: () => R): R {
  s.t.world.unlock(s.mm);
  const result = call();
  s.t.world.lock(s.mm);
  return result;
}

function errnoOf(fault: number): number {
  if (fault === 0) return 0;
  return (fault & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT;
}

/** All four bytes, or an error. */
function copied(bytes: number): number {
  return bytes === 4 ? 0 : -EFAULT;
}

function addressOr(address: number): number {
  return IS_ERR_VALUE(address) ? address : 0;
}

/** A fault on memory that lies there; drivers here have no pages to give, so it is anonymous. */
function faulting(fault: (s: Space, mm: mm_struct) => number): Door {
  return {
    prepare: (s) => {
      const mm = asProcess(s);
      s.mapUnfaulted(0x10000, 0x12000);
      if (s.file !== null) s.mapAnon(0x14000, 0x16000);
      return { run: () => fault(s, mm) };
    },
  };
}

/** Where faulting() has memory. */
function at(s: Space): number {
  return s.file === null ? 0x10000 : 0x14000;
}

/** A stack that grows from 0x800000 down to 0x7fe000. */
function growing(grow: (s: Space) => number): Door {
  return {
    prepare: (s) => {
      asProcess(s);
      s.mapAnon(0x800000, 0x802000, [...DATA, VMA_GROWSDOWN_BIT]);
      return { run: () => grow(s) };
    },
    range: [0x7fe000, 0x802000],
  };
}

/** A fork of an address space with something of each kind. */
function forking(fork: (s: Space) => number): Door {
  return {
    prepare: (s) => {
      asProcess(s);
      s.map(0x10000, 0x12000);
      s.mapOther(0x12000, 0x14000);
      s.mapAnon(0x16000, 0x18000);
      s.t.fault(s.at(0x16000));
      return { run: () => fork(s) };
    },
  };
}

/** Maps anonymous memory over parts of two VMAs, in the kernel's own ways. */
function mapping(map: (s: Space) => number): Door {
  return {
    prepare: (s) => {
      asProcess(s);
      s.map(0x10000, 0x14000);
      s.mapOther(0x14000, 0x18000);
      return { run: () => addressOr(map(s)) };
    },
    range: [0x12000, 0x16000],
    may: ['gap', 'mapped'],
  };
}

export const PROCESS: Record<string, Door> = {
  handle_mm_fault: faulting((s) => errnoOf(handle_mm_fault(s.at(at(s)), at(s), FAULT_FLAG_WRITE))),
  populate_vma_page_range: faulting((s) => {
    const pages = populate_vma_page_range(s.at(at(s)), at(s), at(s) + 0x2000);
    return Math.min(pages, 0);
  }),
  faultin_page_range: faulting((s, mm) =>
    unlocked(s, () => {
      stubs.mmap_read_lock(mm);
      const pages = faultin_page_range(mm, at(s), at(s) + 0x2000, true);
      stubs.mmap_read_unlock(mm);
      return Math.min(pages, 0);
    }),
  ),
  do_user_addr_fault: faulting((s, mm) => unlocked(s, () => errnoOf(do_user_addr_fault(mm, at(s), true)))),
  read_user_byte: faulting((s, mm) => unlocked(s, () => errnoOf(read_user_byte(mm, at(s), new Ref(0))))),
  write_user_byte: faulting((s, mm) => unlocked(s, () => errnoOf(write_user_byte(mm, at(s), 7)))),

  read_user_bytes: faulting((s, mm) =>
    unlocked(s, () => copied(read_user_bytes(mm, at(s) + 0xffe, new Uint8Array(4)))),
  ),
  write_user_bytes: faulting((s, mm) =>
    unlocked(s, () => copied(write_user_bytes(mm, at(s) + 0xffe, Uint8Array.of(1, 2, 3, 4)))),
  ),

  expand_stack: growing((s) =>
    unlocked(s, () => {
      stubs.mmap_read_lock(s.mm);
      if (expand_stack(s.mm, 0x7fe000) === null) return -ENOMEM;
      stubs.mmap_read_unlock(s.mm);
      return 0;
    }),
  ),
  expand_stack_locked: growing((s) => expand_stack_locked(s.at(0x801000), 0x7fe000)),
  find_extend_vma_locked: growing((s) => (find_extend_vma_locked(s.mm, 0x7fe000) === null ? -ENOMEM : 0)),
  mmap_read_lock_maybe_expand: growing((s) =>
    unlocked(s, () => {
      if (!mmap_read_lock_maybe_expand(s.mm, s.at(0x801000), 0x7fe000, true)) return -ENOMEM;
      stubs.mmap_read_unlock(s.mm);
      return 0;
    }),
  ),

  dup_mm: forking((s) =>
    unlocked(s, () => {
      const child = dup_mm(new task_struct(), s.mm);
      if (child === null) return -ENOMEM;
      mmput(child);
      return 0;
    }),
  ),
  'dup_mmap and exit_mmap': forking((s) =>
    unlocked(s, () => {
      const child = mm_alloc();
      if (child === null) return -ENOMEM;
      const error = dup_mmap(child, s.mm);
      if (error === 0) exit_mmap(child);
      mmput(child);
      return error;
    }),
  ),
  copy_mm: forking((s) =>
    unlocked(s, () => {
      const child = new task_struct();
      const error = copy_mm(child, false);
      if (error === 0 && child.mm !== null && child.mm !== current.mm) mmput(child.mm);
      return error;
    }),
  ),

  vm_mmap: mapping((s) => unlocked(s, () => vm_mmap(null, 0x12000, 0x4000, RW, ANON | MAP_FIXED, 0))),
  vm_mmap_pgoff: mapping((s) => unlocked(s, () => vm_mmap_pgoff(null, 0x12000, 0x4000, RW, ANON | MAP_FIXED, 0))),
  ksys_mmap_pgoff: mapping((s) => unlocked(s, () => ksys_mmap_pgoff(0x12000, 0x4000, RW, ANON | MAP_FIXED, -1, 0))),
  do_mmap: mapping(() => do_mmap(null, 0x12000, 0x4000, RW, ANON | MAP_FIXED, mk_vma_flags(), 0, new Ref(0), null)),
  vm_brk_flags: {
    prepare: (s) => {
      asProcess(s);
      s.map(0x10000, 0x12000);
      return { run: () => unlocked(s, () => vm_brk_flags(0x12000, 0x2000, false)) };
    },
  },
  set_anon_vma_name: {
    prepare: (s) => {
      asProcess(s);
      s.mapAnon(0x10000, 0x16000);
      return { run: () => unlocked(s, () => set_anon_vma_name(0x12000, 0x2000, 'heap')) };
    },
  },
};
