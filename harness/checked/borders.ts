// SPDX-License-Identifier: GPL-2.0-only
/** Page tables are freed between the neighbours of what is unmapped: none of those that a mapping needs which stays. */
import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { VMA_ITERATOR } from '../../include/mm_types.js';
import type { unmap_desc } from '../../include/vma.js';
import { vma_next } from '../../lib/mm/inlines/iterator.js';
import { describeVma } from '../../stubs/freed.js';

/** VMAs that stay, and whose page tables are between the borders. */
export function tablesOfOthers({ first, pg_start, pg_end, vma_start, vma_end }: unmap_desc): string[] {
  const { vm_mm: mm } = first;
  if (mm === null) return [];
  // 0 stands for no end.
  const ceiling = pg_end === 0 ? ULONG_MAX : pg_end;
  const end = vma_end === 0 ? ULONG_MAX : vma_end;
  const found: string[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
    const stays = vma.vm_mm === mm && (vma.vm_end <= vma_start || vma.vm_start >= end);
    if (!stays || vma.vm_end <= pg_start || vma.vm_start >= ceiling) continue;
    found.push(
      `page tables: those of ${describeVma(vma)} lie between ${hexOf(pg_start)} and ${hexOf(ceiling)}, and go`,
    );
  }
  return found;
}
