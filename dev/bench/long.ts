// SPDX-License-Identifier: GPL-2.0-only
/** One long run: a million VMAs in one address space, mapped, split, merged and unmapped, and the heap back to where it was. */
import { World } from '../../harness/world.js';
import { MT_FLAGS_ALLOC_RANGE } from '../../include/linux/maple_tree.js';
import { PAGE_SIZE, TASK_SIZE } from '../../include/linux/mm.js';
import { mm_struct, VMA_ITERATOR } from '../../include/mm_types.js';
import {
  VMA_ACCOUNT_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
} from '../../include/vma_flags.js';
import { vma_modify_flags } from '../../lib/doors/change.js';
import { mk_vma_flags } from '../../lib/doors/flags.js';
import { vma_iter_load } from '../../lib/doors/iterator.js';
import { __mmap_region, do_munmap } from '../../lib/doors/map.js';
import { mt_validate } from '../../lib/doors/maple_tree.js';

export interface LongRun {
  vmas: number;
  /** Most VMAs there were at a time. */
  most: number;
  heapBefore: number;
  heapFull: number;
  heapAfter: number;
}

function heapUsed(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const BASE = 0x10000000;
/** Four pages each: the second is split off, and merges back. */
const SIZE = 4 * PAGE_SIZE;

function exercise(mm: mm_struct, vmas: number): { most: number; heap: number } {
  // Private writable memory is accounted, and has the flag that says so.
  const data = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_ACCOUNT_BIT);
  const readOnly = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
  // With a gap between them, so that none merges.
  for (let k = 0; k < vmas; k++) {
    const addr = BASE + k * (SIZE + PAGE_SIZE);
    __mmap_region(null, addr, SIZE, data, addr / PAGE_SIZE, null);
  }
  let most = mm.map_count;
  const heap = heapUsed();
  for (let k = 0; k < vmas; k++) {
    const start = BASE + k * (SIZE + PAGE_SIZE) + PAGE_SIZE;
    for (const flags of [readOnly, data]) {
      const vmi = VMA_ITERATOR(mm, start);
      const vma = vma_iter_load(vmi);
      if (vma === null) throw new Error(`nothing is mapped at 0x${start.toString(16)}`);
      const prev = flags === readOnly ? vma : vma_iter_load(VMA_ITERATOR(mm, start - PAGE_SIZE));
      const changed = vma_modify_flags(vmi, prev, vma, start, start + PAGE_SIZE, flags.clone());
      if (typeof changed === 'number') throw new Error(`vma_modify_flags failed with ${changed}`);
      changed.flags = flags;
      most = Math.max(most, mm.map_count);
    }
  }
  if (mm.map_count !== vmas) throw new Error(`${mm.map_count} VMAs after splits and merges, not ${vmas}`);
  mt_validate(mm.mm_mt);
  const error = do_munmap(mm, 0, TASK_SIZE, null);
  if (error !== 0 || mm.map_count !== 0) throw new Error(`do_munmap: ${error}, ${mm.map_count} VMAs are left`);
  return { most, heap };
}

/** One round on an address space of its own, which nothing holds any more when it is over. */
function round(vmas: number): { most: number; heap: number } {
  const mm = new mm_struct(MT_FLAGS_ALLOC_RANGE);
  const world = new World({
    mm,
    globals: { debug_vm_maple_tree: false, slab_store_user: false, sysctl_max_map_count: 2 ** 30 },
  });
  return world.run(() => exercise(mm, vmas));
}

export function longRun(vmas: number): LongRun {
  // A small round first, for what is compiled and cached once and for all.
  round(20_000);
  const heapBefore = heapUsed();
  const { most, heap } = round(vmas);
  return { vmas, most, heapBefore, heapFull: heap, heapAfter: 0 };
}

/** The heap once the address space of a long run is gone. */
export function heapNow(): number {
  return heapUsed();
}
