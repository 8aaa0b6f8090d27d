// SPDX-License-Identifier: GPL-2.0-only
/**
 * The merged form of the patch, by the release that has it. 7.3 is what lib/ has; of 7.2 only what differs is here:
 * compat_set_vma_from_desc(), which writes the page offset without vma_set_pgoff() and its look at the VMA's lock, and
 * what calls it.
 */
import {
  compat_set_desc_from_vma,
  compat_vma_mmap,
  type file,
  mmap_action_complete,
  mmap_action_prepare,
  stubs,
  vfs_mmap_prepare,
  vm_area_desc,
  type vm_area_struct,
  vma_dummy_vm_ops,
  vma_set_file,
} from '../../../lib/index.js';
import type { Revision } from './revision.js';

/** Follows a pointer that C would follow unchecked: NULL is found by doing it. */
export function followed<T>(pointer: T | null): T {
  return pointer as T;
}

/** Gives the VMA what mmap_prepare changed in its description, as the patch and 7.2 have it. */
export function compatSetVma(vma: vm_area_struct, desc: vm_area_desc): void {
  vma.vm_pgoff = desc.pgoff;
  if (desc.vm_file !== vma.vm_file) vma_set_file(vma, followed(desc.vm_file));
  vma.flags = desc.vma_flags;
  vma.vm_page_prot = desc.page_prot;
  vma.vm_ops = desc.vm_ops;
  vma.vm_private_data = desc.private_data;
}

function compatMmap72(f: file, vma: vm_area_struct): number {
  const desc = new vm_area_desc();
  compat_set_desc_from_vma(desc, f, vma);
  let err = vfs_mmap_prepare(f, desc);
  if (err !== 0) return err;

  desc.action.hide_from_rmap_until_complete = false;
  err = mmap_action_prepare(desc);
  if (err !== 0) return err;

  compatSetVma(vma, desc);
  return mmap_action_complete(vma, desc.action, true);
}

function mmap72(f: file, vma: vm_area_struct): number {
  if (f.f_op.mmap_prepare) return compatMmap72(f, vma);
  const { mmap } = f.f_op;
  return mmap ? stubs.call_hook(f.f_op, 'mmap', mmap, f, vma) : 0;
}

export const v7_2: Revision = {
  name: '7.2',
  hooks: {
    mmap_file: (f, vma) => {
      const err = mmap72(f, vma);
      if (err !== 0) vma.vm_ops = vma_dummy_vm_ops;
      return err;
    },
  },
  compat_vma_mmap: compatMmap72,
  actionHooks: false,
};

export const v7_3: Revision = {
  name: '7.3',
  hooks: {},
  compat_vma_mmap,
  actionHooks: false,
};
