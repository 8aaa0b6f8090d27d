// SPDX-License-Identifier: GPL-2.0
/** Who may lock memory, and which. Port of can_do_mlock(), mm/mlock.c, and vma_supports_mlock(), mm/internal.h (7.3). */
import { CAP_IPC_LOCK, RLIMIT_MEMLOCK } from '../../../include/linux/mm.js';
import type { vm_area_struct } from '../../../include/mm_types.js';
import { VMA_DROPPABLE, VMA_SPECIAL_FLAGS } from '../../../include/vma_flags.js';
import { currentMm, stubs } from '../../../stubs/index.js';
import { vma_test_any_mask, vma_test_single_mask } from './flag_operations.js';

/** May the current task lock memory at all? */
export function can_do_mlock(): boolean {
  return stubs.rlimit(RLIMIT_MEMLOCK) !== 0 || stubs.capable(CAP_IPC_LOCK);
}

/** Can the VMA be locked? Device memory, droppable and huge pages, and the gate cannot. */
export function vma_supports_mlock(vma: vm_area_struct): boolean {
  if (vma_test_any_mask(vma, VMA_SPECIAL_FLAGS)) return false;
  if (vma_test_single_mask(vma, VMA_DROPPABLE)) return false;
  if (stubs.vma_is_dax(vma) || stubs.is_vm_hugetlb_page(vma)) return false;
  return vma !== stubs.get_gate_vma(currentMm('vma_supports_mlock'));
}
