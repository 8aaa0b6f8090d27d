// SPDX-License-Identifier: GPL-2.0-only
/** The walk of mprotect() and of its kind: mm/mprotect.c, do_mprotect_pkey(), as far as VMAs go. */
import { ENOMEM, type ErrPtr, IS_ERR, PTR_ERR } from '../../include/linux/errno.js';
import type { vm_area_struct, vma_iterator } from '../../include/mm_types.js';
import { vma_find, vma_iter_set, vma_prev } from '../../lib/doors/iterator.js';

/** What is done to [start, end) of one VMA; null leaves it alone, a VMA is what spans the range now. */
export type ChangeOne = (
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
) => vm_area_struct | ErrPtr | null;

/** Walks [start, end) with an iterator that stands at its start. 0, -ENOMEM where nothing is mapped, or the first error that `change` ends with. */
export function changeRange(vmi: vma_iterator, start: number, end: number, change: ChangeOne): number {
  const first = vma_find(vmi, end);
  if (first === null) return -ENOMEM;

  let prev = vma_prev(vmi);
  if (start > first.vm_start) prev = first;
  vma_iter_set(vmi, Math.max(start, first.vm_start));

  let nstart = start;
  for (let vma = vma_find(vmi, end); vma !== null; vma = vma_find(vmi, end)) {
    const tmp = Math.min(vma.vm_end, end);
    nstart = Math.max(nstart, vma.vm_start);
    const changed = change(vmi, prev, vma, nstart, tmp);
    if (changed === null) {
      prev = vma;
      nstart = tmp;
    } else {
      if (IS_ERR(changed)) return PTR_ERR(changed);
      prev = changed;
      nstart = changed.vm_end;
    }
    vma_iter_set(vmi, nstart);
    if (nstart >= end) break;
  }
  return 0;
}
