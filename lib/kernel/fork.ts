// SPDX-License-Identifier: GPL-2.0-only
/**
 * Address spaces come and go with processes. Port of mm_init(), dup_mm(), copy_mm(), mm_alloc(), __mmput() and mmput()
 * of kernel/fork.c, mmf_init_legacy_flags() of include/linux/mm_types.h and set_mm_exe_file() (Linux 7.3), as far as
 * they deal in what an address space here has.
 */
import { ENOMEM } from '../../include/linux/errno.js';
import { maple_tree } from '../../include/linux/maple_tree.js';
import {
  MMF_DISABLE_THP_COMPLETELY,
  MMF_DISABLE_THP_EXCEPT_ADVISED,
  MMF_HAS_MDWE,
  MMF_HAS_MDWE_NO_INHERIT,
  MMF_TOPDOWN,
  MMF_VM_MERGE_ANY,
} from '../../include/linux/mm.js';
import type { file, mm_struct, task_struct } from '../../include/mm_types.js';
import { VM_INIT_DEF_MASK, VM_NONE } from '../../include/vma_flags.js';
import { current, stubs } from '../../stubs/index.js';
import { VM_BUG_ON } from '../bug.js';
import { dup_mmap } from '../mm/mmap/dup.js';
import { exit_mmap } from '../mm/mmap/exit.js';
import { mm_alloc_pgd } from '../mm/page_tables.js';

/** What a child's address space takes over of the bits in mm_struct::flags. */
const INHERITED: readonly number[] = [
  MMF_DISABLE_THP_COMPLETELY,
  MMF_DISABLE_THP_EXCEPT_ADVISED,
  MMF_HAS_MDWE,
  MMF_VM_MERGE_ANY,
  MMF_TOPDOWN,
];

/** The bits of a new address space, made by a task whose own has `flags`. */
function mmf_init_legacy_flags(flags: ReadonlySet<number>): number[] {
  const kept = INHERITED.filter((flag) => flags.has(flag));
  return flags.has(MMF_HAS_MDWE_NO_INHERIT) ? kept.filter((flag) => flag !== MMF_HAS_MDWE) : kept;
}

/** Sets up what a copy must not share with its original, or what a new one begins with. */
function mm_init(mm: mm_struct, p: task_struct | null): mm_struct {
  const { mm: own } = current;
  const { ma_flags, leaf_slots } = own?.mm_mt ?? mm.mm_mt;

  mm.mm_mt = new maple_tree(ma_flags, leaf_slots);
  mm.mm_users = 1;
  mm.map_count = 0;
  mm.locked_vm = 0;
  mm.owner = p;
  mm.exe_file = null;
  if (own !== null && own.pgd !== null) mm_alloc_pgd(mm);
  mm.flags.clear();
  for (const flag of mmf_init_legacy_flags(own?.flags ?? new Set())) mm.flags.add(flag);
  mm.def_flags = own === null ? VM_NONE : own.def_flags & VM_INIT_DEF_MASK;
  return mm;
}

/** Copies the fields that memcpy() does in C, and that mm_init() leaves as they are. */
function copyFields(mm: mm_struct, oldmm: mm_struct): void {
  mm.hiwater_vm = oldmm.hiwater_vm;
  mm.hiwater_rss = oldmm.hiwater_rss;
  mm.start_code = oldmm.start_code;
  mm.end_code = oldmm.end_code;
  mm.start_data = oldmm.start_data;
  mm.end_data = oldmm.end_data;
  mm.start_brk = oldmm.start_brk;
  mm.brk = oldmm.brk;
  mm.start_stack = oldmm.start_stack;
  mm.arg_start = oldmm.arg_start;
  mm.arg_end = oldmm.arg_end;
  mm.env_start = oldmm.env_start;
  mm.env_end = oldmm.env_end;
  mm.mmap_base = oldmm.mmap_base;
  mm.mmap_legacy_base = oldmm.mmap_legacy_base;
}

/** A new, empty address space for a task that the current one is about to make; null when out of memory. */
export function mm_alloc(): mm_struct | null {
  const mm = stubs.allocate_mm();
  return mm === null ? null : mm_init(mm, current);
}

/** Puts a file, or none, in the place of the program that the address space runs. */
export function set_mm_exe_file(mm: mm_struct, new_exe_file: file | null): void {
  const old = mm.exe_file;
  mm.exe_file = new_exe_file === null ? null : stubs.get_file(new_exe_file);
  if (old !== null) stubs.fput(old);
}

/** The address space has no user any more. */
function __mmput(mm: mm_struct): void {
  VM_BUG_ON(mm.mm_users !== 0, '__mmput', 'the address space is in use');

  stubs.ksm_exit(mm);
  stubs.khugepaged_exit(mm);
  exit_mmap(mm);
  set_mm_exe_file(mm, null);
  stubs.free_mm(mm);
}

/** One user less; the last one unmaps all and frees the address space. */
export function mmput(mm: mm_struct): void {
  stubs.might_sleep();
  if (--mm.mm_users === 0) __mmput(mm);
}

/** A copy of oldmm for tsk; null when it could not be made, for whatever reason. */
export function dup_mm(tsk: task_struct, oldmm: mm_struct): mm_struct | null {
  const mm = stubs.allocate_mm();
  if (mm === null) return null;

  copyFields(mm, oldmm);
  mm_init(mm, tsk);
  if (dup_mmap(mm, oldmm) !== 0) {
    mm.owner = null;
    mmput(mm);
    return null;
  }
  mm.hiwater_vm = mm.total_vm;
  return mm;
}

/** Gives a new task an address space like the current one's, or the same with shared (CLONE_VM). 0 or -ENOMEM. */
export function copy_mm(tsk: task_struct, shared: boolean): number {
  const { mm: oldmm } = current;
  tsk.mm = null;
  // A thread of the kernel has none.
  if (oldmm === null) return 0;

  if (shared) {
    oldmm.mm_users++;
    tsk.mm = oldmm;
    return 0;
  }
  tsk.mm = dup_mm(tsk, oldmm);
  return tsk.mm === null ? -ENOMEM : 0;
}
