// SPDX-License-Identifier: GPL-2.0-only
/**
 * Actions of mmap_prepare hooks, the mapped hook, and the layer that calls mmap_prepare from an older mmap hook. Port
 * of call_vma_mapped(), mmap_action_finish(), check_mmap_action(), mmap_action_prepare(), mmap_action_complete(),
 * compat_set_desc_from_vma(), __compat_vma_mmap(), compat_vma_mmap() of mm/util.c, compat_set_vma_from_desc() of
 * mm/vma.h, maybe_rmap_unlock_action() and mmap_file() of mm/internal.h and vfs_mmap() of include/linux/fs.h (Linux
 * 7.3). The harness stubs the actions out; here they are real.
 */
import { EINVAL, IS_ERR_VALUE } from '../../include/linux/errno.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import {
  type file,
  MMAP_IO_REMAP_PFN,
  MMAP_MAP_KERNEL_PAGES,
  MMAP_NOTHING,
  MMAP_REMAP_PFN,
  MMAP_SIMPLE_IO_REMAP,
  type mmap_action,
  vm_area_desc,
  type vm_area_struct,
} from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { currentMm, stubs, vma_dummy_vm_ops } from '../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE, WARN_ON_ONCE } from '../bug.js';
import { checkMapped } from '../doors/hooks.js';
import { vma_is_anonymous } from './inlines/lifecycle.js';
import { vfs_mmap_prepare, vma_set_file } from './inlines/mapping.js';
import { vma_set_pgoff } from './inlines/pgoff.js';
import { vma_pages, vma_start_pgoff } from './inlines/range.js';
import {
  io_remap_pfn_range_prepare,
  map_kernel_pages_complete,
  map_kernel_pages_prepare,
  remap_pfn_range_complete,
  remap_pfn_range_prepare,
  simple_ioremap_prepare,
} from './memory.js';
import { do_munmap } from './mmap/munmap.js';

/** Calls vm_ops->mapped, if there is one; its private data goes into the VMA when it succeeds. 0 or its errno. */
function call_vma_mapped(vma: vm_area_struct): number {
  const { vm_ops } = vma;
  if (!vm_ops?.mapped) return 0;

  const vm_private_data = new Ref(vma.vm_private_data);
  const { vm_start, vm_end, vm_file } = vma;
  const pgoff = vma_start_pgoff(vma);
  const err = stubs.call_hook(vm_ops, 'mapped', vm_ops.mapped, vm_start, vm_end, pgoff, vm_file, vm_private_data);
  if (err !== 0) return err;

  if (vm_private_data.value !== vma.vm_private_data) vma.vm_private_data = vm_private_data.value;
  return 0;
}

/** Drops the file's rmap lock, if the action had it held until now. */
export function maybe_rmap_unlock_action(vma: vm_area_struct, action: mmap_action): void {
  if (!action.hide_from_rmap_until_complete) return;

  VM_WARN_ON_ONCE(vma_is_anonymous(vma), 'maybe_rmap_unlock_action', 'anonymous memory is hidden from the file rmap');
  const file = vma.vm_file ?? missing('maybe_rmap_unlock_action', 'vma.vm_file');
  stubs.i_mmap_unlock_write(file.f_mapping);
  action.hide_from_rmap_until_complete = false;
}

/** Calls the mapped hook after an action that went well; unmaps the VMA, which is new, after one that did not. */
function mmap_action_finish(vma: vm_area_struct, action: mmap_action, error: number, is_compat: boolean): number {
  const err = error !== 0 ? error : call_vma_mapped(vma);

  // The unmap may need the lock.
  maybe_rmap_unlock_action(vma, action);
  // From the compatibility layer the mmap hook fails, and its caller cleans up.
  if (err === 0 || is_compat) return err;

  do_munmap(currentMm('mmap_action_finish'), vma.vm_start, vma_pages(vma) * PAGE_SIZE, null);
  return action.error_override !== 0 ? action.error_override : err;
}

/** Is the error that the action wants instead an errno? 0 or -EINVAL. */
function check_mmap_action(action: mmap_action): number {
  const override = action.error_override;
  const bad = override !== 0 && !IS_ERR_VALUE(override);
  return WARN_ON_ONCE(bad, 'check_mmap_action', 'error_override is no negative errno') ? -EINVAL : 0;
}

/** Checks the action that a hook asked for and prepares the description for it. 0 or a negative errno. */
export function mmap_action_prepare(desc: vm_area_desc): number {
  const err = check_mmap_action(desc.action);
  if (err !== 0) return err;

  switch (desc.action.type) {
    case MMAP_NOTHING:
      return 0;
    case MMAP_REMAP_PFN:
      return remap_pfn_range_prepare(desc);
    case MMAP_IO_REMAP_PFN:
      return io_remap_pfn_range_prepare(desc);
    case MMAP_SIMPLE_IO_REMAP:
      return simple_ioremap_prepare(desc);
    case MMAP_MAP_KERNEL_PAGES:
      return map_kernel_pages_prepare(desc);
    default:
      WARN_ON_ONCE(true, 'mmap_action_prepare', 'unknown type of action');
      return -EINVAL;
  }
}

/** Carries the action out and calls the mapped hook. */
export function mmap_action_complete(vma: vm_area_struct, action: mmap_action, is_compat: boolean): number {
  let err = 0;

  switch (action.type) {
    case MMAP_REMAP_PFN:
      err = remap_pfn_range_complete(vma, action);
      break;
    case MMAP_MAP_KERNEL_PAGES:
      err = map_kernel_pages_complete(vma, action);
      break;
    case MMAP_IO_REMAP_PFN:
    case MMAP_SIMPLE_IO_REMAP:
      // The preparation makes them remaps of frames.
      WARN_ON_ONCE(true, 'mmap_action_complete', 'the action was not prepared');
      err = -EINVAL;
      break;
    default:
      break;
  }
  return mmap_action_finish(vma, action, err, is_compat);
}

/** Describes a VMA that exists, for an mmap hook that nests an mmap_prepare hook. */
export function compat_set_desc_from_vma(desc: vm_area_desc, file: file, vma: vm_area_struct): void {
  desc.mm = vma.vm_mm;
  desc.file = file;
  desc.start = vma.vm_start;
  desc.end = vma.vm_end;
  desc.pgoff = vma_start_pgoff(vma);
  desc.vm_file = vma.vm_file;
  desc.vma_flags = vma.flags;
  desc.page_prot = vma.vm_page_prot;
  desc.vm_ops = vma.vm_ops;
  desc.private_data = null;
  desc.action.type = MMAP_NOTHING;
  desc.action.error_override = 0;
  desc.action.hide_from_rmap_until_complete = false;
}

/** Gives the VMA what mmap_prepare changed in its description. */
export function compat_set_vma_from_desc(vma: vm_area_struct, desc: vm_area_desc): void {
  vma_set_pgoff(vma, desc.pgoff);
  if (desc.vm_file !== vma.vm_file) {
    vma_set_file(vma, desc.vm_file ?? missing('compat_set_vma_from_desc', 'desc.vm_file'));
  }
  vma.flags = desc.vma_flags;
  vma.vm_page_prot = desc.page_prot;
  vma.vm_ops = desc.vm_ops;
  vma.vm_private_data = desc.private_data;
}

/** Applies a description, on which mmap_prepare has been called, to its VMA: action and mapped hook included. */
export function __compat_vma_mmap(desc: vm_area_desc, vma: vm_area_struct): number {
  const err = mmap_action_prepare(desc);
  if (err !== 0) return err;

  compat_set_vma_from_desc(vma, desc);
  return mmap_action_complete(vma, desc.action, true);
}

/** Calls file's mmap_prepare on a VMA that exists, from an outer file's mmap hook. */
export function compat_vma_mmap(file: file, vma: vm_area_struct): number {
  const desc = new vm_area_desc();
  compat_set_desc_from_vma(desc, file, vma);

  const err = vfs_mmap_prepare(file, desc);
  if (err !== 0) return err;

  // The VMA is in no tree yet, so nothing can find it.
  desc.action.hide_from_rmap_until_complete = false;
  return __compat_vma_mmap(desc, vma);
}

/** Calls the file's mmap hook, or by way of the compatibility layer its mmap_prepare. */
export function vfs_mmap(file: file, vma: vm_area_struct): number {
  if (file.f_op.mmap_prepare) return compat_vma_mmap(file, vma);

  const { mmap } = file.f_op;
  if (!mmap) throw new TypeError('vfs_mmap: file.f_op.mmap = null: no such hook');
  const err = stubs.call_hook(file.f_op, 'mmap', mmap, file, vma);
  if (err === 0) checkMapped(vma);
  return err;
}

/** vfs_mmap(); after an error none of the VMA's hooks is called any more. */
export function mmap_file(file: file, vma: vm_area_struct): number {
  const err = vfs_mmap(file, vma);
  if (err !== 0) vma.vm_ops = vma_dummy_vm_ops;
  return err;
}
