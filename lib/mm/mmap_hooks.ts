// SPDX-License-Identifier: GPL-2.0-only
/**
 * The seam between mapping a region and a file's hooks. `mmap_region()` calls the functions below through one object,
 * so that a world can have another revision of them; nothing else of lib/ can be exchanged.
 */
import type { file, mmap_action, vm_area_desc, vm_area_struct } from '../../include/mm_types.js';
import { vfs_mmap_prepare } from './inlines/mapping.js';
import { mmap_action_complete, mmap_action_prepare, mmap_file } from './util.js';

export interface MmapHooks {
  mmap_file(file: file, vma: vm_area_struct): number;
  vfs_mmap_prepare(file: file, desc: vm_area_desc): number;
  mmap_action_prepare(desc: vm_area_desc): number;
  mmap_action_complete(vma: vm_area_struct, action: mmap_action, is_compat: boolean): number;
}

/**
 * Linux 7.3's.
 * @internal
 */
export const ownMmapHooks: Readonly<MmapHooks> = {
  mmap_file,
  vfs_mmap_prepare,
  mmap_action_prepare,
  mmap_action_complete,
};

/**
 * What mmap_region() calls: those of the world in force.
 * @internal
 */
export const mmapHooks: MmapHooks = { ...ownMmapHooks };
