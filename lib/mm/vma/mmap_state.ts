// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A mapping under way. Port of struct mmap_state, MMAP_STATE and VMG_MMAP_STATE of mm/vma.c (Linux 7.3), and of
 * set_desc_from_map(), set_vma_user_defined_fields(), update_ksm_flags(), can_set_ksm_flags_early() and
 * accountable_mapping(), which only read and write it.
 */

import type { ma_state } from '../../../include/linux/maple_tree.js';
import { PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import type {
  file,
  mm_struct,
  pgprot_t,
  vm_area_desc,
  vm_area_struct,
  vm_operations_struct,
  vma_iterator,
} from '../../../include/mm_types.js';
import { vma_merge_struct, type vma_munmap_struct } from '../../../include/vma.js';
import { VMA_NORESERVE_BIT, VMA_SHARED_BIT, VMA_WRITE_BIT, vma_flags_t } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { vma_flags_test } from '../inlines/flag_operations.js';
import { vma_set_anonymous } from '../inlines/lifecycle.js';
import { vma_flags_to_page_prot } from '../inlines/pgprot.js';

/**
 * The unmap of what lies where a mapping goes, and the side tree where it gathers.
 * @internal
 */
export interface Overlap {
  vms: vma_munmap_struct;
  mas_detach: ma_state<vm_area_struct>;
}

/** What __mmap_region() threads through its steps. Addresses in bytes, lengths and charges in pages. */
export class mmap_state {
  readonly mm: mm_struct;
  readonly vmi: vma_iterator;
  readonly addr: number;
  readonly end: number;
  pgoff: pgoff_t;
  /** Page offset that anonymous pages of the mapping will have. */
  readonly anon_pgoff: pgoff_t;
  readonly pglen: number;
  readonly vma_flags: vma_flags_t;
  file: file | null;
  page_prot: pgprot_t;
  /** Set by mmap_prepare. */
  vm_ops: vm_operations_struct | null;
  vm_private_data: unknown;
  /** Pages charged against the commit limit. */
  charged: number;
  prev: vm_area_struct | null;
  next: vm_area_struct | null;
  /** Null when nothing lay there. */
  overlap: Overlap | null;
  /** May KSM flags be set before the merge is tried? */
  check_ksm_early: boolean;
  /** mmap_prepare has put in another file, and holds the reference already. */
  file_doesnt_need_get: boolean;

  constructor(
    mm: mm_struct,
    vmi: vma_iterator,
    addr: number,
    len: number,
    pgoff: pgoff_t,
    anon_pgoff: pgoff_t,
    vma_flags: vma_flags_t,
    file: file | null,
  ) {
    this.mm = mm;
    this.vmi = vmi;
    this.addr = addr;
    this.end = addr + len;
    this.pgoff = pgoff;
    this.anon_pgoff = anon_pgoff;
    this.pglen = PHYS_PFN(len);
    this.vma_flags = new vma_flags_t().assign(vma_flags);
    this.file = file;
    this.page_prot = vma_flags_to_page_prot(vma_flags);
    this.vm_ops = null;
    this.vm_private_data = null;
    this.charged = 0;
    this.prev = null;
    this.next = null;
    this.overlap = null;
    this.check_ksm_early = false;
    this.file_doesnt_need_get = false;
  }
}

/** The merge that is tried for the mapping. With a VMA, that is the middle one. */
export function VMG_MMAP_STATE(map: mmap_state, vma: vm_area_struct | null): vma_merge_struct {
  const vmg = new vma_merge_struct(map.vmi);
  vmg.mm = map.mm;
  vmg.start = map.addr;
  vmg.end = map.end;
  vmg.vma_flags = map.vma_flags;
  vmg.pgoff = map.pgoff;
  vmg.anon_pgoff = map.anon_pgoff;
  vmg.file = map.file;
  vmg.prev = map.prev;
  vmg.middle = vma;
  vmg.next = vma !== null ? null : map.next;
  return vmg;
}

/** Fills in what mmap_prepare may read and change. */
export function set_desc_from_map(desc: vm_area_desc, map: mmap_state): void {
  desc.start = map.addr;
  desc.end = map.end;
  desc.pgoff = map.pgoff;
  desc.vm_file = map.file;
  desc.vma_flags = map.vma_flags;
  desc.page_prot = map.page_prot;
}

/** Gives the VMA the hooks and the data that mmap_prepare chose. No hooks at all makes it anonymous: /dev/zero does. */
export function set_vma_user_defined_fields(vma: vm_area_struct, map: mmap_state): void {
  if (map.vm_ops !== null) vma.vm_ops = map.vm_ops;
  else vma_set_anonymous(vma);
  vma.vm_private_data = map.vm_private_data;
}

/** Adds the flags that KSM wants on the mapping. */
export function update_ksm_flags(map: mmap_state): void {
  map.vma_flags.assign(stubs.ksm_vma_flags(map.mm, map.file, map.vma_flags));
}

/**
 * Is it sure that no driver changes flags any more, so that KSM's can be set before the merge is tried? It is for
 * anonymous memory, for mmap_prepare, which has run by then, and for shmem; not for another mmap hook.
 */
export function can_set_ksm_flags_early(map: mmap_state): boolean {
  const { file } = map;
  return file === null || Boolean(file.f_op.mmap_prepare) || stubs.shmem_file(file);
}

/** Does the mapping count against the commit limit? Private writable ones do; huge pages are accounted elsewhere. */
export function accountable_mapping(map: mmap_state): boolean {
  if (map.file !== null && stubs.is_file_hugepages(map.file)) return false;

  return (
    vma_flags_test(map.vma_flags, VMA_WRITE_BIT) &&
    !vma_flags_test(map.vma_flags, VMA_NORESERVE_BIT) &&
    !vma_flags_test(map.vma_flags, VMA_SHARED_BIT)
  );
}
