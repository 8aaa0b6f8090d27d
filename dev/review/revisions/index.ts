// SPDX-License-Identifier: GPL-2.0-only
/** The four revisions. */
import { compat_vma_mmap, unmap_vma_locked, vfs_mmap } from '../../../lib/index.js';
import { v1, v2, v3 } from './posted.js';
import type { Revision } from './revision.js';

export { type ActionHooks, hooksOf, type Revision } from './revision.js';

/** What lib/ has: the merged form of Linux 7.2. */
export const merged: Revision = {
  name: '7.2',
  hooks: {},
  compat_vma_mmap,
  vfs_mmap,
  unmap_vma_locked,
  actionHooks: false,
};

export const REVISIONS: readonly Revision[] = [v1, v2, v3, merged];
