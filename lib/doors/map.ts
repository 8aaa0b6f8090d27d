// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Mapping, unmapping, growing and moving as the package exports it: functions of lib/mm by the same names, with numbers
 * and VMAs checked. Addresses and lengths are in bytes, page-aligned where a comment says so; offsets are in pages.
 * Each throws a RangeError for a number that is no address, no length or no offset, a TypeError for a VMA that was
 * freed or is none, and one where it needs a current address space and there is none.
 */
import { badArgument, checkPageAligned, checkPageRange, checkUlong } from '../../include/check.js';
import { checkFlagsWord } from '../../include/flag_bitmap.js';
import type { ErrPtr } from '../../include/linux/errno.js';
import type { list_head } from '../../include/linux/list.js';
import type { ma_state } from '../../include/linux/maple_tree.js';
import type {
  file,
  mm_struct,
  vm_area_struct,
  vm_operations_struct,
  vm_unmapped_area_info,
  vma_iterator,
} from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import type { unmap_desc, vma_munmap_struct } from '../../include/vma.js';
import { type vm_flags_t, vma_flags_t } from '../../include/vma_flags.js';
import * as mmap from '../mm/mmap/munmap.js';
import * as allLocks from '../mm/vma/all_locks.js';
import * as brk from '../mm/vma/brk.js';
import * as copy from '../mm/vma/copy.js';
import * as mmapRegion from '../mm/vma/mmap_region.js';
import * as munmap from '../mm/vma/munmap.js';
import * as special from '../mm/vma/special.js';
import * as stack from '../mm/vma/stack.js';
import * as unmappedArea from '../mm/vma/unmapped_area.js';
import * as exec from '../mm/vma_exec.js';
import { checkLive } from './guards.js';
import { isWatched, watched } from './operation.js';

export { get_sysctl_max_map_count, mlock_future_ok, vm_unacct_memory } from '../mm/inlines/accounting.js';
export { mm_all_locks_mutex } from '../mm/vma/all_locks.js';
export { UNMAP_STATE, unmap_all_init, unmap_pgtable_init } from '../mm/vma/merge_state.js';
export { map_deny_write_exec } from '../mm/vma/mmap_region.js';
export {
  accountable_mapping,
  can_set_ksm_flags_early,
  mmap_state,
  set_desc_from_map,
  set_vma_user_defined_fields,
  update_ksm_flags,
  VMG_MMAP_STATE,
} from '../mm/vma/mmap_state.js';
export { init_vma_munmap } from '../mm/vma/munmap.js';
export { validate_mm } from '../mm/vma/validate.js';

function checkRegion(fn: string, addr: number, len: number, pgoff: number): void {
  checkPageAligned(fn, 'addr', addr);
  checkPageAligned(fn, 'len', len);
  checkPageRange(fn, 'addr', addr, 'addr + len', addr + len);
  checkUlong(fn, 'pgoff', pgoff);
}

/** A bitmap of flags; the legacy word, which mmap_region() took until Linux 7.2, is none. */
function checkFlags(fn: string, flags: vma_flags_t): void {
  if (!(flags instanceof vma_flags_t)) badArgument(fn, 'vma_flags', flags, 'not a bitmap of VMA flags (vma_flags_t)');
}

function checkInfo(fn: string, info: vm_unmapped_area_info): void {
  checkUlong(fn, 'info.length', info.length);
  checkUlong(fn, 'info.low_limit', info.low_limit);
  checkUlong(fn, 'info.high_limit', info.high_limit);
  checkUlong(fn, 'info.align_mask', info.align_mask);
  checkUlong(fn, 'info.align_offset', info.align_offset);
  checkUlong(fn, 'info.start_gap', info.start_gap);
}

function checkUnmap(fn: string, vms: vma_munmap_struct): void {
  // Without a first VMA nothing is set up.
  if (vms.vma === null) return;
  checkPageRange(fn, 'vms.start', vms.start, 'vms.end', vms.end);
  checkLive(fn, 'vms.vma', vms.vma);
}

/**
 * Maps a region as __mmap_region() does, after the checks that do not depend on what is mapped already: write-execute
 * denial (-EACCES), the architecture (-EINVAL) and a file that denies writable shared mappings (-EPERM). mmap_region()
 * of mm/vma.c.
 */
export function mmap_region(
  file: file | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
  pgoff: number,
  uf: list_head | null,
): number {
  if (isWatched()) return watched('mmap_region', mmap_region, { file, addr, len, vma_flags, pgoff, uf });
  checkRegion('mmap_region', addr, len, pgoff);
  checkFlags('mmap_region', vma_flags);
  return mmapRegion.mmap_region(file, addr, len, vma_flags, pgoff, uf);
}

/**
 * Maps [addr, addr + len), page-aligned, in the current address space. pgoff is the page offset in the file, or addr in
 * pages for anonymous memory. The caller holds mmap_lock for writing. Returns addr, or a negative errno.
 * __mmap_region() of mm/vma.c.
 */
export function __mmap_region(
  file: file | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
  pgoff: number,
  uf: list_head | null,
): number {
  if (isWatched()) return watched('__mmap_region', __mmap_region, { file, addr, len, vma_flags, pgoff, uf });
  checkRegion('__mmap_region', addr, len, pgoff);
  checkFlags('__mmap_region', vma_flags);
  return mmapRegion.__mmap_region(file, addr, len, vma_flags, pgoff, uf);
}

/**
 * Unmaps len bytes from start on; the caller holds mmap_lock for writing. As do_vmi_munmap(). do_munmap() of
 * tools/testing/vma/include/stubs.h.
 */
export function do_munmap(mm: mm_struct, start: number, len: number, uf: list_head | null): number {
  if (isWatched()) return watched('do_munmap', do_munmap, { mm, start, len, uf });
  checkUlong('do_munmap', 'start', start);
  checkUlong('do_munmap', 'len', len);
  return mmap.do_munmap(mm, start, len, uf);
}

/**
 * Unmaps len bytes from start on in the current address space, whose lock it takes. As __vm_munmap(). vm_munmap() of
 * mm/mmap.c.
 */
export function vm_munmap(start: number, len: number): number {
  if (isWatched()) return watched('vm_munmap', vm_munmap, { start, len });
  checkUlong('vm_munmap', 'start', start);
  checkUlong('vm_munmap', 'len', len);
  return mmap.vm_munmap(start, len);
}

/**
 * Takes the mmap lock of the current address space and unmaps; `unlock` lets it be downgraded on the way. -EINTR when a
 * fatal signal came before the lock; else as do_vmi_munmap(). __vm_munmap() of mm/vma.c.
 */
export function __vm_munmap(start: number, len: number, unlock: boolean): number {
  if (isWatched()) return watched('__vm_munmap', __vm_munmap, { start, len, unlock });
  checkUlong('__vm_munmap', 'start', start);
  checkUlong('__vm_munmap', 'len', len);
  return munmap.__vm_munmap(start, len, unlock);
}

/**
 * Unmaps len bytes, rounded up to pages, from start on; the iterator is new or before the range. 0, also where nothing
 * was mapped, with the mmap lock dropped if `unlock`; -EINVAL for an unaligned start, an empty range or one that leaves
 * user space, or another negative errno, with the lock held. do_vmi_munmap() of mm/vma.c.
 */
export function do_vmi_munmap(
  vmi: vma_iterator,
  mm: mm_struct,
  start: number,
  len: number,
  uf: list_head | null,
  unlock: boolean,
): number {
  if (isWatched()) return watched('do_vmi_munmap', do_vmi_munmap, { vmi, mm, start, len, uf, unlock });
  checkUlong('do_vmi_munmap', 'start', start);
  checkUlong('do_vmi_munmap', 'len', len);
  return munmap.do_vmi_munmap(vmi, mm, start, len, uf, unlock);
}

/**
 * Unmaps [start, end), page-aligned, whose first VMA is vma. 0, with the mmap lock dropped if `unlock`; or a negative
 * errno with the lock held. do_vmi_align_munmap() of mm/vma.c.
 */
export function do_vmi_align_munmap(
  vmi: vma_iterator,
  vma: vm_area_struct,
  mm: mm_struct,
  start: number,
  end: number,
  uf: list_head | null,
  unlock: boolean,
): number {
  if (isWatched()) return watched('do_vmi_align_munmap', do_vmi_align_munmap, { vmi, vma, mm, start, end, uf, unlock });
  checkLive('do_vmi_align_munmap', 'vma', vma);
  checkPageRange('do_vmi_align_munmap', 'start', start, 'end', end);
  return munmap.do_vmi_align_munmap(vmi, vma, mm, start, end, uf, unlock);
}

/**
 * Puts all VMAs of [vms.start, vms.end) on the side tree, splitting the first and the last where they reach beyond. On
 * success the sums, neighbours and page table limits stand in vms and the iterator is at the range's start. 0, or a
 * negative errno with the VMAs attached as before. vms_gather_munmap_vmas() of mm/vma.c.
 */
export function vms_gather_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): number {
  if (isWatched()) return watched('vms_gather_munmap_vmas', vms_gather_munmap_vmas, { vms, mas_detach });
  checkUnmap('vms_gather_munmap_vmas', vms);
  return munmap.vms_gather_munmap_vmas(vms, mas_detach);
}

/**
 * Undoes a gathered unmap after an error. If the page tables are gone already, the close hooks may have run, and the
 * unmap is completed instead: a gap stays where the new mapping failed. vms_abort_munmap_vmas() of mm/vma.c.
 */
export function vms_abort_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  if (isWatched()) {
    watched('vms_abort_munmap_vmas', vms_abort_munmap_vmas, { vms, mas_detach });
    return;
  }
  checkUnmap('vms_abort_munmap_vmas', vms);
  munmap.vms_abort_munmap_vmas(vms, mas_detach);
}

/**
 * The lowest address in the current address space from which info.length bytes are free within [info.low_limit,
 * info.high_limit), aligned and clear of guard gaps; -ENOMEM if there is none. unmapped_area() of mm/vma.c.
 */
export function unmapped_area(info: vm_unmapped_area_info): number {
  if (isWatched()) return watched('unmapped_area', unmapped_area, { info });
  checkInfo('unmapped_area', info);
  return unmappedArea.unmapped_area(info);
}

/** As unmapped_area(), but the highest such address. unmapped_area_topdown() of mm/vma.c. */
export function unmapped_area_topdown(info: vm_unmapped_area_info): number {
  if (isWatched()) return watched('unmapped_area_topdown', unmapped_area_topdown, { info });
  checkInfo('unmapped_area_topdown', info);
  return unmappedArea.unmapped_area_topdown(info);
}

/**
 * Maps len bytes of anonymous memory at addr in the current address space: grows `vma`, the VMA before, if it ends
 * there and has these flags, else makes a new one. The iterator is at `vma`. The range must be free and the caller hold
 * mmap_lock for writing. 0 or -ENOMEM. do_brk_flags() of mm/vma.c.
 */
export function do_brk_flags(
  vmi: vma_iterator,
  vma: vm_area_struct | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
): number {
  if (isWatched()) return watched('do_brk_flags', do_brk_flags, { vmi, vma, addr, len, vma_flags });
  checkLive('do_brk_flags', 'vma', vma);
  checkPageAligned('do_brk_flags', 'addr', addr);
  checkPageAligned('do_brk_flags', 'len', len);
  checkPageRange('do_brk_flags', 'addr', addr, 'addr + len', addr + len);
  checkFlags('do_brk_flags', vma_flags);
  return brk.do_brk_flags(vmi, vma, addr, len, vma_flags);
}

/**
 * Makes the VMA at [addr, addr + len) into which mremap() will move the page tables of vmap.value: a neighbour there
 * that grows, or a copy. If the source itself grew to hold it, vmap.value becomes the merged VMA. need_rmap_locks tells
 * whether page tables must be moved under rmap locks. keep_source: the source stays (MREMAP_DONTUNMAP), and must not be
 * merged with. pgoff and anon_pgoff are the offsets that the source has at the part that moves. The range must be free.
 * The VMA, or null when out of memory. copy_vma() of mm/vma.c.
 */
export function copy_vma(
  vmap: Ref<vm_area_struct>,
  addr: number,
  len: number,
  pgoff: number,
  anon_pgoff: number,
  need_rmap_locks: Ref<boolean>,
  keep_source: boolean,
): vm_area_struct | null {
  if (isWatched())
    return watched('copy_vma', copy_vma, { vmap, addr, len, pgoff, anon_pgoff, need_rmap_locks, keep_source });
  checkPageAligned('copy_vma', 'addr', addr);
  checkPageAligned('copy_vma', 'len', len);
  checkPageRange('copy_vma', 'addr', addr, 'addr + len', addr + len);
  checkUlong('copy_vma', 'pgoff', pgoff);
  checkUlong('copy_vma', 'anon_pgoff', anon_pgoff);
  checkLive('copy_vma', 'vmap.value', vmap.value);
  return copy.copy_vma(vmap, addr, len, pgoff, anon_pgoff, need_rmap_locks, keep_source);
}

/**
 * Grows a VM_GROWSDOWN VMA so that it holds address, which lies below it and above the VMA before. The caller holds
 * mmap_lock for writing. 0; -EFAULT for another kind of VMA, -EPERM below mmap_min_addr, -ENOMEM for a limit, the guard
 * gap or lack of memory. expand_downwards() of mm/vma.c.
 */
export function expand_downwards(vma: vm_area_struct, address: number): number {
  if (isWatched()) return watched('expand_downwards', expand_downwards, { vma, address });
  checkLive('expand_downwards', 'vma', vma);
  checkUlong('expand_downwards', 'address', address);
  return stack.expand_downwards(vma, address);
}

/**
 * Moves a VMA down by shift bytes, with its page tables: it grows over both ranges, then shrinks to the new one.
 * Nothing may be mapped between the two. 0; -EFAULT if something is; -ENOMEM, where a failed move of page tables leaves
 * the VMA grown, for exit to clean up. relocate_vma_down() of mm/vma_exec.c.
 */
export function relocate_vma_down(vma: vm_area_struct, shift: number): number {
  if (isWatched()) return watched('relocate_vma_down', relocate_vma_down, { vma, shift });
  checkLive('relocate_vma_down', 'vma', vma);
  checkPageAligned('relocate_vma_down', 'shift', shift);
  if (shift > vma.vm_start) badArgument('relocate_vma_down', 'shift', shift, 'moves the VMA below address 0');
  return exec.relocate_vma_down(vma, shift);
}

/**
 * Clears page tables and calls the close hooks of what was gathered, before a new mapping takes its place.
 * vms_clean_up_area() of mm/vma.c.
 */
export function vms_clean_up_area(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  if (isWatched()) {
    watched('vms_clean_up_area', vms_clean_up_area, { vms, mas_detach });
    return;
  }
  munmap.vms_clean_up_area(vms, mas_detach);
}

/**
 * Ends an unmap whose range is clear: sums, page tables, close hooks, memory. Downgrades the mmap lock first, and drops
 * it last, where vms.unlock asks for that. vms_complete_munmap_vmas() of mm/vma.c.
 */
export function vms_complete_munmap_vmas(vms: vma_munmap_struct, mas_detach: ma_state<vm_area_struct>): void {
  if (isWatched()) {
    watched('vms_complete_munmap_vmas', vms_complete_munmap_vmas, { vms, mas_detach });
    return;
  }
  munmap.vms_complete_munmap_vmas(vms, mas_detach);
}

/** Clears the page tables of a range and frees them. unmap_region() of mm/vma.c. */
export function unmap_region(unmap: unmap_desc): void {
  if (isWatched()) {
    watched('unmap_region', unmap_region, { unmap });
    return;
  }
  munmap.unmap_region(unmap);
}

/**
 * Takes all locks of mm. The caller holds mmap_lock for writing and keeps it until mm_drop_all_locks(). 0; -EINTR, with
 * none of them held, when a signal is pending. mm_take_all_locks() of mm/vma.c.
 */
export function mm_take_all_locks(mm: mm_struct): number {
  if (isWatched()) return watched('mm_take_all_locks', mm_take_all_locks, { mm });
  return allLocks.mm_take_all_locks(mm);
}

/** Drops what mm_take_all_locks() took. mm_drop_all_locks() of mm/vma.c. */
export function mm_drop_all_locks(mm: mm_struct): void {
  if (isWatched()) {
    watched('mm_drop_all_locks', mm_drop_all_locks, { mm });
    return;
  }
  allLocks.mm_drop_all_locks(mm);
}

/**
 * Makes the stack of a new program, one page at the top of the address space, to be moved later. On success it lands in
 * vmap and the address of its last pointer in top_mem_p; on failure vmap becomes null. 0, -EINTR, -ENOMEM or what KSM
 * says. create_init_stack_vma() of mm/vma_exec.c.
 */
export function create_init_stack_vma(mm: mm_struct, vmap: Ref<vm_area_struct | null>, top_mem_p: Ref<number>): number {
  if (isWatched()) return watched('create_init_stack_vma', create_init_stack_vma, { mm, vmap, top_mem_p });
  return exec.create_init_stack_vma(mm, vmap, top_mem_p);
}

/**
 * Maps len bytes at addr, both page-aligned, for the kernel itself: a VMA with these flags (the legacy word), hooks and
 * private data. The caller holds mmap_lock for writing. The VMA, or a negative errno: -ENOMEM when the range is taken,
 * when a limit is met or when out of memory. __install_special_mapping() of mm/vma.c.
 */
export function __install_special_mapping(
  mm: mm_struct,
  addr: number,
  len: number,
  vm_flags: vm_flags_t,
  priv: unknown,
  ops: vm_operations_struct | null,
): vm_area_struct | ErrPtr {
  if (isWatched())
    return watched('__install_special_mapping', __install_special_mapping, { mm, addr, len, vm_flags, priv, ops });
  checkRegion('__install_special_mapping', addr, len, 0);
  checkFlagsWord('__install_special_mapping', vm_flags);
  return special.__install_special_mapping(mm, addr, len, vm_flags, priv, ops);
}
