// SPDX-License-Identifier: GPL-2.0-only
/** The loads that are measured: on n VMAs side by side, readable and writable in turn, at places drawn at random. */

import { World } from '../../harness/world.js';
import { MT_FLAGS_ALLOC_RANGE } from '../../include/linux/maple_tree.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import { mm_struct, VMA_ITERATOR } from '../../include/mm_types.js';
import {
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  type vma_flags_t,
} from '../../include/vma_flags.js';
import { vma_modify_flags } from '../../lib/doors/change.js';
import { mk_vma_flags, vma_flags_same_mask } from '../../lib/doors/flags.js';
import { vma_lookup } from '../../lib/doors/iterator.js';
import { __mmap_region, do_vmi_munmap } from '../../lib/doors/map.js';
import { stubs } from '../../stubs/index.js';
import { changeRange } from '../../tools/replay/protect.js';

export const LOADS = ['churn', 'protect', 'lookup'] as const;
export type Load = (typeof LOADS)[number];
export const SIZES: readonly number[] = [100, 1000, 10_000, 100_000];
export const OPERATIONS = 200_000;

const BASE = 0x10000000;
const SIZE = 0x4000;
const SEED = 12345;

/** The address space of one measurement. */
class LoadedSpace {
  private readonly mm: mm_struct;
  /** Of even and of odd positions. */
  private readonly flags: readonly [vma_flags_t, vma_flags_t];
  private state: number;
  found: number;

  constructor(mm: mm_struct, n: number) {
    this.mm = mm;
    this.flags = [
      mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT),
      mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT),
    ];
    this.state = SEED;
    this.found = 0;
    for (let k = 0; k < n; k++) this.map(k);
  }

  /** The numbers begin anew. */
  restart(): void {
    this.state = SEED;
  }

  /** The next number of xorshift32, unsigned, modulo n. Unsigned at each step, as a remainder of doubles is slow. */
  random(n: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % (n >>> 0);
  }

  private flagsOf(k: number): vma_flags_t {
    return (k & 1) === 0 ? this.flags[0] : this.flags[1];
  }

  private map(k: number): void {
    const addr = BASE + k * SIZE;
    __mmap_region(null, addr, SIZE, this.flagsOf(k), addr / PAGE_SIZE, null);
  }

  churn(k: number): void {
    const addr = BASE + k * SIZE;
    do_vmi_munmap(VMA_ITERATOR(this.mm, addr), this.mm, addr, SIZE, null, false);
    this.map(k);
  }

  protect(k: number): void {
    const addr = BASE + k * SIZE;
    this.change(addr, addr + PAGE_SIZE, this.flagsOf(k + 1));
    this.change(addr, addr + PAGE_SIZE, this.flagsOf(k));
  }

  /** The walk of `modify` in a trace, without the accounting. */
  private change(start: number, end: number, to: vma_flags_t): void {
    changeRange(VMA_ITERATOR(this.mm, start), start, end, (vmi, prev, vma, from, until) => {
      if (vma_flags_same_mask(vma.flags, to)) return null;
      const want = to.clone();
      const ret = vma_modify_flags(vmi, prev, vma, from, until, want);
      if (typeof ret === 'number') throw new Error(`vma_modify_flags failed with ${ret}`);
      stubs.vma_start_write(ret);
      ret.flags = want;
      return ret;
    });
  }

  lookup(k: number): void {
    if (vma_lookup(this.mm, BASE + k * SIZE + 0x1000) !== null) this.found++;
  }
}

/** Each load's operation, as a function: a method looked up by its name would be measured as well. */
const RUN: Record<Load, (space: LoadedSpace, k: number) => void> = {
  churn: (space, k) => space.churn(k),
  protect: (space, k) => space.protect(k),
  lookup: (space, k) => space.lookup(k),
};

function heapUsed(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** An address space in a world on the harness's stubs, without the checks that a user can switch off. */
function uncheckedSpace(): { mm: mm_struct; world: World } {
  const mm = new mm_struct(MT_FLAGS_ALLOC_RANGE);
  return {
    mm,
    world: new World({
      mm,
      globals: { debug_vm_maple_tree: false, slab_store_user: false, sysctl_max_map_count: 2 ** 30 },
    }),
  };
}

/**
 * Maps n VMAs; what is returned runs the load on them, as often as it is called, and gives nanoseconds per operation. No
 * collection is forced before or in it, and no space thrown away between: a collection that finds no object of a class
 * alive has V8 throw away the code compiled for it, and one that is due runs when it likes.
 */
export function prepareLoad(load: Load, n: number): (operations: number) => number {
  const { mm, world } = uncheckedSpace();
  const space = world.run(() => new LoadedSpace(mm, n));
  const run = RUN[load];
  return (operations) =>
    world.run(() => {
      space.restart();
      const began = process.hrtime.bigint();
      for (let i = 0; i < operations; i++) run(space, space.random(n));
      return Number(process.hrtime.bigint() - began) / operations;
    });
}

/** Bytes of heap that each of n VMAs takes, its share of the tree included. Node has to run with --expose-gc. */
export function heapPerVma(n: number): number {
  const { mm, world } = uncheckedSpace();
  return world.run(() => {
    const before = heapUsed();
    const space = new LoadedSpace(mm, n);
    const bytes = heapUsed() - before;
    // Used once more after the measure, so that it is alive until then.
    space.lookup(0);
    return bytes / n;
  });
}
