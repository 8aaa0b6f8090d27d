// SPDX-License-Identifier: GPL-2.0-only
/**
 * The patch that adds vm_ops->mapped, as it was posted and as its review changed it, by the names it was posted with:
 * call_mapped_hook(), maybe_drop_file_rmap_lock(), __compat_vma_mmap(), __compat_vma_mapped(), __vma_check_mmap_hook(),
 * unmap_vma_locked(). Each thing that the review changed is a switch, so that a revision is the list of what it has.
 */
import {
  do_munmap,
  EINVAL,
  type file,
  MMAP_MAP_KERNEL_PAGES,
  MMAP_NOTHING,
  MMAP_REMAP_PFN,
  map_kernel_pages_complete,
  type mm_struct,
  type mmap_action,
  mmap_action_prepare,
  PAGE_SIZE,
  Ref,
  remap_pfn_range_complete,
  stubs,
  VM_WARN_ON_ONCE,
  vfs_mmap_prepare,
  vm_area_desc,
  type vm_area_struct,
  vma_dummy_vm_ops,
  vma_pages,
  WARN_ON_ONCE,
} from '../../../lib/index.js';
import { compatSetVma, followed } from './merged.js';
import { hooksOf, type Revision } from './revision.js';

/** What an error_hook made of an error, which may be another one and must not be none. */
function filtered(err: number): number {
  VM_WARN_ON_ONCE(err === 0, 'mmap_action_finish', 'error_hook made a success of an error');
  return err;
}

interface Changes {
  /** vm_ops may be NULL, and is looked at before it is followed. */
  checksVmOps: boolean;
  /** After unmap_vma_locked() the VMA is left alone. */
  returnsAfterUnmap: boolean;
  /** unmap_vma_locked() asserts the lock for writing. */
  assertsWriteLock: boolean;
  /** The file's rmap lock is dropped before an unmap, and the file not looked up through the VMA after it. */
  dropsLockFirst: boolean;
}

function mmOf(vma: vm_area_struct): mm_struct {
  if (vma.vm_mm === null) throw new TypeError('vma.vm_mm = null');
  return vma.vm_mm;
}

/** The description that __compat_vma_mmap() starts from: vm_ops and private data are not the VMA's, but NULL. */
function postedDescOf(f: file, vma: vm_area_struct): vm_area_desc {
  const desc = new vm_area_desc();
  desc.mm = vma.vm_mm;
  desc.file = f;
  desc.start = vma.vm_start;
  desc.end = vma.vm_end;
  desc.pgoff = vma.vm_pgoff;
  desc.vm_file = vma.vm_file;
  desc.vma_flags = vma.flags;
  desc.page_prot = vma.vm_page_prot;
  desc.action.type = MMAP_NOTHING;
  return desc;
}

class PostedRevision implements Revision {
  readonly name: string;
  readonly actionHooks = true;
  readonly hooks: Revision['hooks'];
  private readonly has: Changes;

  constructor(name: string, has: Changes) {
    this.name = name;
    this.has = has;
    this.hooks = {
      mmap_file: (f, vma) => this.mmap_file(f, vma),
      mmap_action_complete: (vma, action) => this.completeMapping(vma, action),
    };
  }

  private unmap_vma_locked(vma: vm_area_struct): void {
    const mm = mmOf(vma);
    if (this.has.assertsWriteLock) stubs.mmap_assert_write_locked(mm);
    else stubs.mmap_assert_locked(mm);
    do_munmap(mm, vma.vm_start, vma_pages(vma) * PAGE_SIZE, null);
  }

  private maybe_drop_file_rmap_lock(vma: vm_area_struct, action: mmap_action): void {
    if (!action.hide_from_rmap_until_complete) return;
    stubs.i_mmap_unlock_write(followed(vma.vm_file).f_mapping);
    action.hide_from_rmap_until_complete = false;
  }

  private unmapFailed(vma: vm_area_struct, action: mmap_action): void {
    if (this.has.dropsLockFirst) this.maybe_drop_file_rmap_lock(vma, action);
    this.unmap_vma_locked(vma);
  }

  private call_mapped_hook(vma: vm_area_struct, action: mmap_action): number {
    const { vm_ops } = vma;
    const vm_private_data = new Ref(vma.vm_private_data);
    if (!vm_ops?.mapped) return 0;

    const err = vm_ops.mapped(vma.vm_start, vma.vm_end, vma.vm_pgoff, vma.vm_file, vm_private_data);
    if (err !== 0) {
      this.unmapFailed(vma, action);
      return err;
    }
    if (vm_private_data.value !== vma.vm_private_data) vma.vm_private_data = vm_private_data.value;
    return 0;
  }

  private mmap_action_finish(vma: vm_area_struct, action: mmap_action, err: number): number {
    const { success_hook, error_hook } = hooksOf(action);
    if (err !== 0) {
      this.unmapFailed(vma, action);
      return error_hook ? filtered(error_hook(err)) : err;
    }
    return success_hook ? success_hook(vma) : 0;
  }

  private mmap_action_complete(vma: vm_area_struct, action: mmap_action): number {
    let err = 0;
    if (action.type === MMAP_REMAP_PFN) err = remap_pfn_range_complete(vma, action);
    else if (action.type === MMAP_MAP_KERNEL_PAGES) err = map_kernel_pages_complete(vma, action);
    return this.mmap_action_finish(vma, action, err);
  }

  /** What __mmap_region() does at its end: the action, the hook, the lock. */
  private completeMapping(vma: vm_area_struct, action: mmap_action): number {
    let error = this.mmap_action_complete(vma, action);
    if (error === 0) error = this.call_mapped_hook(vma, action);
    // Where the lock is dropped before an unmap, it is gone by now on every error path.
    if (error === 0 || !this.has.dropsLockFirst) this.maybe_drop_file_rmap_lock(vma, action);
    return error;
  }

  private __compat_vma_mmap(f: file, vma: vm_area_struct): number {
    const desc = postedDescOf(f, vma);
    let err = vfs_mmap_prepare(f, desc);
    if (err !== 0) return err;
    err = mmap_action_prepare(desc);
    if (err !== 0) return err;
    compatSetVma(vma, desc);
    return this.mmap_action_complete(vma, desc.action);
  }

  private __compat_vma_mapped(f: file, vma: vm_area_struct): number {
    const { vm_ops } = vma;
    if (this.has.checksVmOps && vm_ops === null) return 0;
    const { mapped } = followed(vm_ops);
    if (!mapped) return 0;

    const vm_private_data = new Ref(vma.vm_private_data);
    const err = mapped(vma.vm_start, vma.vm_end, vma.vm_pgoff, f, vm_private_data);
    if (err !== 0) {
      this.unmap_vma_locked(vma);
      if (this.has.returnsAfterUnmap) return err;
    }
    if (vm_private_data.value !== vma.vm_private_data) vma.vm_private_data = vm_private_data.value;
    return err;
  }

  compat_vma_mmap(f: file, vma: vm_area_struct): number {
    const err = this.__compat_vma_mmap(f, vma);
    return err !== 0 ? err : this.__compat_vma_mapped(f, vma);
  }

  private __vma_check_mmap_hook(vma: vm_area_struct): number {
    if (this.has.checksVmOps && vma.vm_ops === null) return 0;
    const bad = Boolean(followed(vma.vm_ops).mapped);
    return WARN_ON_ONCE(bad, '__vma_check_mmap_hook', 'mapped is set, which an mmap hook may not') ? -EINVAL : 0;
  }

  private vfs_mmap(f: file, vma: vm_area_struct): number {
    if (f.f_op.mmap_prepare) return this.compat_vma_mmap(f, vma);
    const err = followed(f.f_op.mmap ?? null)(f, vma);
    return err !== 0 ? err : this.__vma_check_mmap_hook(vma);
  }

  private mmap_file(f: file, vma: vm_area_struct): number {
    const err = this.vfs_mmap(f, vma);
    if (err !== 0) vma.vm_ops = vma_dummy_vm_ops;
    return err;
  }
}

/** As posted. */
export const v1: Revision = new PostedRevision('v1', {
  checksVmOps: false,
  returnsAfterUnmap: false,
  assertsWriteLock: false,
  dropsLockFirst: false,
});

/** After the review that the seed holds. */
export const v2: Revision = new PostedRevision('v2', {
  checksVmOps: true,
  returnsAfterUnmap: true,
  assertsWriteLock: true,
  dropsLockFirst: false,
});

/** With the rmap lock dropped before each unmap. */
export const v3: Revision = new PostedRevision('v3', {
  checksVmOps: true,
  returnsAfterUnmap: true,
  assertsWriteLock: true,
  dropsLockFirst: true,
});
