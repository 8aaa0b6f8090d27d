// SPDX-License-Identifier: GPL-2.0-only
/**
 * Address spaces of processes as the package exports them: their layout, where mappings go, what a process may have,
 * forks and exits, stacks that grow. Functions of lib/ by the same names, with numbers and VMAs checked.
 */
import { badArgument, checkPageRange, checkUlong } from '../../include/check.js';
import { checkFlagsWord } from '../../include/flag_bitmap.js';
import type { ErrPtr } from '../../include/linux/errno.js';
import {
  type file,
  mm_struct,
  type task_struct,
  type vm_area_struct,
  type vm_unmapped_area_info,
} from '../../include/mm_types.js';
import type { vm_flags_t, vma_flags_t } from '../../include/vma_flags.js';
import * as fork from '../kernel/fork.js';
import * as huge from '../mm/huge_memory.js';
import * as dup from '../mm/mmap/dup.js';
import * as exit from '../mm/mmap/exit.js';
import * as area from '../mm/mmap/get_unmapped_area.js';
import * as layout from '../mm/mmap/layout.js';
import * as limits from '../mm/mmap/limits.js';
import * as special from '../mm/mmap/special.js';
import * as stack from '../mm/mmap/stack.js';
import * as unmapped from '../mm/mmap/vm_unmapped_area.js';
import * as shmem from '../mm/shmem.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export { arch_pick_mmap_layout } from '../arch/x86/mmap.js';
export { set_mm_exe_file } from '../kernel/fork.js';
export { rlimit_max, vm_commit_limit, vm_memory_committed } from '../mm/mmap/limits.js';
export { vm_special_mapping } from '../mm/mmap/special.js';
export { shmem_aops, shmem_file_operations, shmem_mapping } from '../mm/shmem.js';

function checkMm(fn: string, arg: string, mm: mm_struct): void {
  if (!(mm instanceof mm_struct)) badArgument(fn, arg, mm, 'not an address space');
}

function checkArea(fn: string, addr: number, len: number, pgoff: number, flags: number): void {
  checkUlong(fn, 'addr', addr);
  checkUlong(fn, 'len', len);
  checkUlong(fn, 'pgoff', pgoff);
  checkUlong(fn, 'flags', flags);
}

/**
 * An address in the current address space for len bytes, page-aligned, which addr is a hint for, or the address itself
 * with MAP_FIXED. -ENOMEM, -EINVAL for one that is not page-aligned, -EPERM where the task may not map.
 * get_unmapped_area() of include/linux/mm.h.
 */
export function get_unmapped_area(file: file | null, addr: number, len: number, pgoff: number, flags: number): number {
  checkArea('get_unmapped_area', addr, len, pgoff, flags);
  return area.get_unmapped_area(file, addr, len, pgoff, flags);
}

/**
 * As get_unmapped_area(), by the layout of the address space alone: what a driver's get_unmapped_area hook may fall
 * back on. mm_get_unmapped_area() of mm/mmap.c.
 */
export function mm_get_unmapped_area(
  file: file | null,
  addr: number,
  len: number,
  pgoff: number,
  flags: number,
): number {
  checkArea('mm_get_unmapped_area', addr, len, pgoff, flags);
  return layout.mm_get_unmapped_area(file, addr, len, pgoff, flags);
}

/**
 * As mm_get_unmapped_area(), at an address that huge pages fit, if there is one: a hook for files whose pages may be
 * huge. thp_get_unmapped_area() of mm/huge_memory.c.
 */
export function thp_get_unmapped_area(
  file: file | null,
  addr: number,
  len: number,
  pgoff: number,
  flags: number,
): number {
  checkArea('thp_get_unmapped_area', addr, len, pgoff, flags);
  return huge.thp_get_unmapped_area(file, addr, len, pgoff, flags);
}

/**
 * An address from which info.length bytes are free in the current address space, searched the way that info.flags
 * says; -ENOMEM. vm_unmapped_area() of mm/mmap.c.
 */
export function vm_unmapped_area(info: vm_unmapped_area_info): number {
  checkUlong('vm_unmapped_area', 'info.length', info.length);
  checkUlong('vm_unmapped_area', 'info.low_limit', info.low_limit);
  checkUlong('vm_unmapped_area', 'info.high_limit', info.high_limit);
  checkUlong('vm_unmapped_area', 'info.align_mask', info.align_mask);
  checkUlong('vm_unmapped_area', 'info.align_offset', info.align_offset);
  checkUlong('vm_unmapped_area', 'info.start_gap', info.start_gap);
  return unmapped.vm_unmapped_area(info);
}

/**
 * May the address space grow by npages of memory with these flags? RLIMIT_AS and RLIMIT_DATA of the current task.
 * may_expand_vm() of mm/mmap.c.
 */
export function may_expand_vm(mm: mm_struct, vma_flags: vma_flags_t, npages: number): boolean {
  checkMm('may_expand_vm', 'mm', mm);
  checkUlong('may_expand_vm', 'npages', npages);
  return limits.may_expand_vm(mm, vma_flags, npages);
}

/**
 * Charges pages, if the overcommit mode allows it. 0, or -ENOMEM with nothing charged. __vm_enough_memory() of
 * mm/util.c.
 */
export function __vm_enough_memory(mm: mm_struct | null, pages: number, cap_sys_admin: boolean): number {
  checkUlong('__vm_enough_memory', 'pages', pages);
  return limits.__vm_enough_memory(mm, pages, cap_sys_admin);
}

/**
 * A new, empty address space for a process that the current task makes; null when out of memory. mm_alloc() of
 * kernel/fork.c.
 */
export function mm_alloc(): mm_struct | null {
  return fork.mm_alloc();
}

/** A copy of oldmm for tsk; null when it could not be made, for whatever reason. dup_mm() of kernel/fork.c. */
export function dup_mm(tsk: task_struct, oldmm: mm_struct): mm_struct | null {
  if (isWatched()) return watched('dup_mm', dup_mm, { tsk, oldmm });
  checkMm('dup_mm', 'oldmm', oldmm);
  return fork.dup_mm(tsk, oldmm);
}

/**
 * Gives a new task an address space like the current one's, or the same, shared. 0 or -ENOMEM. copy_mm() of
 * kernel/fork.c.
 */
export function copy_mm(tsk: task_struct, shared: boolean): number {
  if (isWatched()) return watched('copy_mm', copy_mm, { tsk, shared });
  return fork.copy_mm(tsk, shared);
}

/**
 * Copies the VMAs of oldmm into mm, which is new and empty. 0, or a negative errno with mm empty again. dup_mmap() of
 * mm/mmap.c.
 */
export function dup_mmap(mm: mm_struct, oldmm: mm_struct): number {
  if (isWatched()) return watched('dup_mmap', dup_mmap, { mm, oldmm });
  checkMm('dup_mmap', 'mm', mm);
  checkMm('dup_mmap', 'oldmm', oldmm);
  return dup.dup_mmap(mm, oldmm);
}

/** Drops a user of the address space; the last one unmaps all and frees it. mmput() of kernel/fork.c. */
export function mmput(mm: mm_struct): void {
  if (isWatched()) {
    watched('mmput', mmput, { mm });
    return;
  }
  checkMm('mmput', 'mm', mm);
  fork.mmput(mm);
}

/** Unmaps all that there is. The address space must have no user any more. exit_mmap() of mm/mmap.c. */
export function exit_mmap(mm: mm_struct): void {
  if (isWatched()) {
    watched('exit_mmap', exit_mmap, { mm });
    return;
  }
  checkMm('exit_mmap', 'mm', mm);
  exit.exit_mmap(mm);
}

/**
 * What a fault at addr does where it found no VMA: grows a stack to it. mmap_lock is held for reading. The VMA, with
 * the lock held for reading; or null, with the lock dropped. expand_stack() of mm/mmap.c.
 */
export function expand_stack(mm: mm_struct, addr: number): vm_area_struct | null {
  if (isWatched()) return watched('expand_stack', expand_stack, { mm, addr });
  checkMm('expand_stack', 'mm', mm);
  checkUlong('expand_stack', 'addr', addr);
  return stack.expand_stack(mm, addr);
}

/**
 * Has the stack reach to address; mmap_lock is held for writing. 0 or a negative errno. expand_stack_locked() of
 * mm/mmap.c.
 */
export function expand_stack_locked(vma: vm_area_struct, address: number): number {
  if (isWatched()) return watched('expand_stack_locked', expand_stack_locked, { vma, address });
  checkLive('expand_stack_locked', 'vma', vma);
  checkUlong('expand_stack_locked', 'address', address);
  return stack.expand_stack_locked(vma, address);
}

/**
 * The VMA at addr, or a stack above that was grown to it; null if there is none. mmap_lock is held for writing.
 * find_extend_vma_locked() of mm/mmap.c.
 */
export function find_extend_vma_locked(mm: mm_struct, addr: number): vm_area_struct | null {
  if (isWatched()) return watched('find_extend_vma_locked', find_extend_vma_locked, { mm, addr });
  checkMm('find_extend_vma_locked', 'mm', mm);
  checkUlong('find_extend_vma_locked', 'addr', addr);
  return stack.find_extend_vma_locked(mm, addr);
}

/**
 * Takes mmap_lock for reading; before that grows new_vma, a stack that is not visible yet, to hold addr, if that lies
 * below and is to be written. False, without the lock, where it cannot grow. mmap_read_lock_maybe_expand() of
 * mm/mmap.c.
 */
export function mmap_read_lock_maybe_expand(
  mm: mm_struct,
  new_vma: vm_area_struct,
  addr: number,
  write: boolean,
): boolean {
  if (isWatched())
    return watched('mmap_read_lock_maybe_expand', mmap_read_lock_maybe_expand, { mm, new_vma, addr, write });
  checkLive('mmap_read_lock_maybe_expand', 'new_vma', new_vma);
  checkUlong('mmap_read_lock_maybe_expand', 'addr', addr);
  return stack.mmap_read_lock_maybe_expand(mm, new_vma, addr, write);
}

/**
 * An open file of `size` bytes of shared memory that has no name any more, as memfd_create() makes it. -EINVAL or
 * -ENOMEM. shmem_file_setup() of mm/shmem.c.
 */
export function shmem_file_setup(name: string, size: number, flags: vma_flags_t): file | ErrPtr {
  checkUlong('shmem_file_setup', 'size', size);
  return shmem.shmem_file_setup(name, size, flags);
}

/** The same for the kernel itself. shmem_kernel_file_setup() of mm/shmem.c. */
export function shmem_kernel_file_setup(name: string, size: number, flags: vma_flags_t): file | ErrPtr {
  checkUlong('shmem_kernel_file_setup', 'size', size);
  return shmem.shmem_kernel_file_setup(name, size, flags);
}

/**
 * Gives a shared anonymous mapping the file that its pages live in. 0 or a negative errno. shmem_zero_setup() of
 * mm/shmem.c.
 */
export function shmem_zero_setup(vma: vm_area_struct): number {
  checkLive('shmem_zero_setup', 'vma', vma);
  return shmem.shmem_zero_setup(vma);
}

/**
 * Maps len bytes at addr, page-aligned, for the kernel: the mapping has a name, is never split, and tells spec when it
 * moves or goes. The caller holds mmap_lock for writing. The VMA, or a negative errno. _install_special_mapping() of
 * mm/mmap.c.
 */
export function _install_special_mapping(
  mm: mm_struct,
  addr: number,
  len: number,
  vm_flags: vm_flags_t,
  spec: special.vm_special_mapping,
): vm_area_struct | ErrPtr {
  if (isWatched())
    return watched('_install_special_mapping', _install_special_mapping, { mm, addr, len, vm_flags, spec });
  checkMm('_install_special_mapping', 'mm', mm);
  checkPageRange('_install_special_mapping', 'addr', addr, 'addr + len', addr + len);
  checkFlagsWord('_install_special_mapping', vm_flags);
  return special._install_special_mapping(mm, addr, len, vm_flags, spec);
}

/** Does the VMA map sm? vma_is_special_mapping() of mm/mmap.c. */
export function vma_is_special_mapping(vma: vm_area_struct, sm: special.vm_special_mapping): boolean {
  checkLive('vma_is_special_mapping', 'vma', vma);
  return special.vma_is_special_mapping(vma, sm);
}
