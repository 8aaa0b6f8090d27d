// SPDX-License-Identifier: GPL-2.0-only
/**
 * Port of vma_close(), mm/internal.h (Linux 7.3). The harness stubs it out; here it is real.
 */

import type { vm_area_struct } from '../../include/mm_types.js';
import { stubs, vma_dummy_vm_ops } from '../../stubs/index.js';

/** Calls the close hook, if there is one. */
export function vma_close(vma: vm_area_struct): void {
  if (!vma.vm_ops?.close) return;

  stubs.call_hook(vma.vm_ops, 'close', vma.vm_ops.close, vma);
  vma.vm_ops = vma_dummy_vm_ops;
}
