// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The trees that hold the VMAs of an unmap until it is done. In mm/vma.c (Linux 7.3) each unmap has one on its stack.
 */
import { MT_FLAGS_LOCK_MASK, type ma_state, maple_tree } from '../../../include/linux/maple_tree.js';
import type { vm_area_struct, vma_iterator } from '../../../include/mm_types.js';
import { __mt_destroy, MA_STATE, mas_init } from '../../maple_tree.js';

/**
 * States on side trees that are empty again, for the next unmap in this world.
 * @internal
 */
export const sideTrees: { idle: ma_state<vm_area_struct>[] } = { idle: [] };

/**
 * A side tree for the VMAs of one unmap, and a state on it.
 * @internal
 */
export function detachedTree(vmi: vma_iterator): ma_state<vm_area_struct> {
  const ma_flags = vmi.mas.tree.ma_flags & MT_FLAGS_LOCK_MASK;
  const idle = sideTrees.idle.pop();
  if (idle === undefined) return MA_STATE(new maple_tree<vm_area_struct>(ma_flags), 0, 0);

  idle.tree.ma_flags = ma_flags;
  mas_init(idle, idle.tree, 0);
  return idle;
}

/**
 * The unmap is over, or was undone: nothing looks at its side tree any more.
 * @internal
 */
export function dropDetachedTree(mas_detach: ma_state<vm_area_struct>): void {
  __mt_destroy(mas_detach.tree);
  sideTrees.idle.push(mas_detach);
}
