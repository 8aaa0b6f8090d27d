// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Taking every lock that any user of an address space could need. Port of mm_take_all_locks(), mm_drop_all_locks() and
 * vm_lock_anon_vma(), vm_lock_mapping(), vm_unlock_anon_vma(), vm_unlock_mapping() of mm/vma.c (Linux 7.3).
 *
 * A lock that several VMAs share is taken once: a mark on what it belongs to says that it is held. Order, as mm/rmap.c
 * wants it: VMAs, i_mmap locks of huge pages, other i_mmap locks, anon_vmas.
 */
import { EINTR } from '../../../include/linux/errno.js';
import { ULONG_MAX } from '../../../include/linux/limits.js';
import { list_for_each_entry } from '../../../include/linux/list.js';
import { AS_MM_ALL_LOCKS } from '../../../include/linux/mm.js';
import {
  type address_space,
  type anon_vma,
  type mm_struct,
  mutex,
  VMA_ITERATOR,
  type vm_area_struct,
} from '../../../include/mm_types.js';
import { current, stubs } from '../../../stubs/index.js';
import { BUG, BUG_ON, missing } from '../../bug.js';
import { mas_for_each } from '../../maple_tree.js';

/** Lets only one task at a time take all locks: two would deadlock. */
export const mm_all_locks_mutex = new mutex('mm_all_locks_mutex');

const ALL_LOCKS_FLAG = 1 << AS_MM_ALL_LOCKS;

function rootOf(anon_vma: anon_vma): anon_vma {
  return anon_vma.root ?? missing('mm_take_all_locks', 'anon_vma.root');
}

function vm_lock_anon_vma(mm: mm_struct, anon_vma: anon_vma): void {
  const root = rootOf(anon_vma);
  if (root.rb_root.lsb) return;

  stubs.down_write_nest_lock(root.rwsem, mm.mmap_lock);
  // Set only with the lock held; a hook that set it meanwhile has broken the rules.
  if (root.rb_root.lsb) BUG('vm_lock_anon_vma', 'the anon_vma was marked as locked while its lock was taken');
  root.rb_root.lsb = true;
}

function vm_lock_mapping(mm: mm_struct, mapping: address_space): void {
  if ((mapping.flags & ALL_LOCKS_FLAG) !== 0) return;

  mapping.flags |= ALL_LOCKS_FLAG;
  stubs.down_write_nest_lock(mapping.i_mmap_rwsem, mm.mmap_lock);
}

function vm_unlock_anon_vma(anon_vma: anon_vma): void {
  const root = rootOf(anon_vma);
  if (!root.rb_root.lsb) return;

  // Before the unlock, so that the next holder does not see the mark.
  root.rb_root.lsb = false;
  stubs.anon_vma_unlock_write(anon_vma);
}

function vm_unlock_mapping(mapping: address_space): void {
  if ((mapping.flags & ALL_LOCKS_FLAG) === 0) return;

  stubs.i_mmap_unlock_write(mapping);
  if ((mapping.flags & ALL_LOCKS_FLAG) === 0) BUG('vm_unlock_mapping', 'the mapping lost its mark during the unlock');
  mapping.flags &= ~ALL_LOCKS_FLAG;
}

/** Does something with every VMA; false as soon as a signal is pending. */
function forEachUnlessSignalled(mm: mm_struct, step: (vma: vm_area_struct) => void): boolean {
  const { mas } = VMA_ITERATOR(mm, 0);
  for (const vma of mas_for_each(mas, ULONG_MAX)) {
    if (stubs.signal_pending(current)) return false;
    step(vma);
  }
  return true;
}

function lockMappings(mm: mm_struct, hugetlb: boolean): boolean {
  return forEachUnlessSignalled(mm, (vma) => {
    if (vma.vm_file !== null && stubs.is_vm_hugetlb_page(vma) === hugetlb) vm_lock_mapping(mm, vma.vm_file.f_mapping);
  });
}

function lockAnonVmas(mm: mm_struct): boolean {
  return forEachUnlessSignalled(mm, (vma) => {
    if (vma.anon_vma === null) return;
    for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
      if (avc.anon_vma !== null) vm_lock_anon_vma(mm, avc.anon_vma);
    }
  });
}

/**
 * Takes all locks of mm. The caller holds mmap_lock for writing and keeps it until mm_drop_all_locks(). 0; -EINTR, with
 * none of them held, when a signal is pending.
 */
export function mm_take_all_locks(mm: mm_struct): number {
  stubs.mmap_assert_write_locked(mm);
  stubs.mutex_lock(mm_all_locks_mutex);

  // Write marks on VMAs have no counterpart below: they end with the mmap lock.
  const done =
    forEachUnlessSignalled(mm, (vma) => stubs.vma_start_write(vma)) &&
    lockMappings(mm, true) &&
    lockMappings(mm, false) &&
    lockAnonVmas(mm);
  if (done) return 0;

  mm_drop_all_locks(mm);
  return -EINTR;
}

/** Drops what mm_take_all_locks() took, all of it or, after a signal, a part. */
export function mm_drop_all_locks(mm: mm_struct): void {
  stubs.mmap_assert_write_locked(mm);
  BUG_ON(!stubs.mutex_is_locked(mm_all_locks_mutex), 'mm_drop_all_locks', 'mm_all_locks_mutex is not held');

  const { mas } = VMA_ITERATOR(mm, 0);
  for (const vma of mas_for_each(mas, ULONG_MAX)) {
    if (vma.anon_vma !== null) {
      for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
        if (avc.anon_vma !== null) vm_unlock_anon_vma(avc.anon_vma);
      }
    }
    if (vma.vm_file !== null) vm_unlock_mapping(vma.vm_file.f_mapping);
  }
  stubs.mutex_unlock(mm_all_locks_mutex);
}
