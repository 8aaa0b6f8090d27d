// SPDX-License-Identifier: GPL-2.0-only
/** An address space as far as a trace can tell two apart: more than a picture shows, less than there is. */

import { bitsOf, snapshotVma, type VmaSnapshot } from '../../harness/picture.js';
import { isFreed } from '../../harness/said.js';
import { list_empty, list_is_singular } from '../../include/linux/list.js';
import { MMF_HAS_MDWE } from '../../include/linux/mm.js';
import {
  type anon_vma,
  type file,
  type mm_struct,
  VMA_ITERATOR,
  type vm_area_struct,
  type vm_operations_struct,
} from '../../include/mm_types.js';
import { vma_next } from '../../lib/doors/iterator.js';
import { globals } from '../../stubs/index.js';
import { OPS_CLOSE, OPS_MKWRITE, OPS_THERE } from '../replay/files.js';

export interface VmaState extends VmaSnapshot {
  file: file | null;
  anon: anon_vma | null;
  /** Links on the chain: 0, 1, or 2 for more; 0 without an anon_vma. */
  links: number;
  /** The hooks, as `setops` has them. */
  ops: number;
  /** Are there hooks that no word describes? */
  picky: boolean;
  uffd: boolean;
}

/** What is set for all of an address space; each is a word of the format. */
export interface Settings {
  failprealloc: number;
  maxmaps: number;
  guardgap: number;
  minaddr: number;
  mdwe: number;
  setdefflags: bigint;
}

export interface SpaceState {
  vmas: readonly VmaState[];
  /** Null when the test has freed VMAs itself: the number then is what it was before. */
  count: number | null;
  /** total, data, exec, stack, locked. */
  sums: readonly number[];
  settings: Settings;
}

function linksOf(vma: vm_area_struct): number {
  if (vma.anon_vma === null || list_empty(vma.anon_vma_chain)) return 0;
  return list_is_singular(vma.anon_vma_chain) ? 1 : 2;
}

function kindOfOps(ops: vm_operations_struct | null): number {
  if (ops === null) return 0;
  return OPS_THERE | (ops.close ? OPS_CLOSE : 0) | (ops.page_mkwrite || ops.pfn_mkwrite ? OPS_MKWRITE : 0);
}

function vmaState(vma: vm_area_struct): VmaState {
  return {
    ...snapshotVma(vma),
    file: vma.vm_file,
    anon: vma.anon_vma,
    links: linksOf(vma),
    ops: kindOfOps(vma.vm_ops),
    picky: Boolean(vma.vm_ops?.may_split),
    uffd: vma.vm_userfaultfd_ctx.ctx !== null,
  };
}

/** The address space now. VMAs that a test has freed while the tree has them still are gone. */
export function stateOf(mm: mm_struct): SpaceState {
  const vmas: VmaState[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  let freed = false;
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
    if (isFreed(vma)) freed = true;
    else vmas.push(vmaState(vma));
  }
  return {
    vmas,
    count: freed ? null : mm.map_count,
    sums: [mm.total_vm, mm.data_vm, mm.exec_vm, mm.stack_vm, mm.locked_vm],
    settings: {
      failprealloc: globals.fail_prealloc ? 1 : 0,
      maxmaps: globals.sysctl_max_map_count,
      guardgap: globals.stack_guard_gap,
      minaddr: globals.mmap_min_addr,
      mdwe: mm.flags.has(MMF_HAS_MDWE) ? 1 : 0,
      setdefflags: bitsOf(mm.def_vma_flags),
    },
  };
}
