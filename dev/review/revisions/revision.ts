// SPDX-License-Identifier: GPL-2.0-only
/** One revision of the code that calls the mapped hook: what the seam of lib/ takes, and what drivers call themselves. */
import type { file, mmap_action, vm_area_struct } from '../../../lib/index.js';
import type { MmapHooks } from '../../../lib/mm/mmap_hooks.js';

/** What an action had before error_override: hooks of the driver, called at its end. */
export interface ActionHooks {
  /** Called when the action went well; a negative errno is returned. */
  success_hook?: (vma: vm_area_struct) => number;
  /** Called with the error of the action; returns the one to report. */
  error_hook?: (err: number) => number;
}

export interface Revision {
  readonly name: string;
  /** Replaces lib's functions at the seam; empty for lib's own revision. */
  readonly hooks: Partial<MmapHooks>;
  compat_vma_mmap(file: file, vma: vm_area_struct): number;
  /** Does it know success_hook and error_hook, or error_override? */
  readonly actionHooks: boolean;
}

/** The hooks of an action, where the revision has them. */
export function hooksOf(action: mmap_action): mmap_action & ActionHooks {
  return action;
}
