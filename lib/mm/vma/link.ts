// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Putting a VMA that the caller has made into an address space. Port of vma_link() and insert_vm_struct() of
 * mm/vma.c (Linux 7.3).
 */
import { ENOMEM } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../../include/mm_types.js';
import { VMA_ACCOUNT_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { WARN_ON_ONCE } from '../../bug.js';
import { vm_unacct_memory } from '../inlines/accounting.js';
import { vma_test } from '../inlines/flag_operations.js';
import { find_vma_intersection, vma_iter_config, vma_iter_prealloc, vma_iter_store_new } from '../inlines/iterator.js';
import { vma_is_anonymous } from '../inlines/lifecycle.js';
import { vma_set_anon_pgoff, vma_set_pgoff } from '../inlines/pgoff.js';
import { vma_pages } from '../inlines/range.js';
import { vma_link_file } from './file_links.js';
import { validate_mm } from './validate.js';

/** Adds the VMA to the tree and to its file. */
export function vma_link(mm: mm_struct, vma: vm_area_struct): number {
  const vmi = VMA_ITERATOR(mm, 0);

  vma_iter_config(vmi, vma.vm_start, vma.vm_end);
  if (vma_iter_prealloc(vmi, vma) !== 0) return -ENOMEM;

  stubs.vma_start_write(vma);
  vma_iter_store_new(vmi, vma);
  vma_link_file(vma, false);
  mm.map_count++;
  validate_mm(mm);
  return 0;
}

/** As vma_link(), for a VMA whose range may be taken and whose pages may have to be charged. */
export function insert_vm_struct(mm: mm_struct, vma: vm_area_struct): number {
  const charged = vma_pages(vma);
  const accounted = vma_test(vma, VMA_ACCOUNT_BIT);

  if (find_vma_intersection(mm, vma.vm_start, vma.vm_end) !== null) return -ENOMEM;
  if (accounted && stubs.security_vm_enough_memory_mm(mm, charged) !== 0) return -ENOMEM;

  if (vma_is_anonymous(vma)) {
    WARN_ON_ONCE(vma.anon_vma !== null, 'insert_vm_struct', 'a new anonymous VMA has an anon_vma already');
    vma_set_pgoff(vma, PHYS_PFN(vma.vm_start));
  }
  vma_set_anon_pgoff(vma, PHYS_PFN(vma.vm_start));

  if (vma_link(mm, vma) !== 0) {
    if (accounted) vm_unacct_memory(charged);
    return -ENOMEM;
  }
  return 0;
}
