// SPDX-License-Identifier: GPL-2.0-only
/** Worlds that are broken on purpose: what they complain about is compared, not reported. */

import { CheckedWorld, type VmaTest, World } from '../../harness/index.js';
import {
  __mmap_region,
  current,
  do_munmap,
  file,
  MM_MT_FLAGS,
  mk_vma_flags,
  mm_struct,
  mtree_destroy,
  PAGE_SIZE,
  type Stubs,
  TASK_SIZE,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';

/** Has a world's own stubs do something else, or nothing: as if the code under test had not called them. */
export type Doctor = (stubs: Stubs) => void;

/** Complaints of a new world in which `use` ran, with its stubs in force. */
export function complaintsOf(use: (world: CheckedWorld) => void, doctor?: Doctor): string[] {
  const world = new CheckedWorld();
  doctor?.(world.stubs);
  return new World(world.worldOptions()).run(() => {
    use(world);
    return world.end();
  });
}

/** Lets `break_` loose on a new world and asserts the one complaint that must come of it. */
export function assertComplaint(
  t: VmaTest,
  break_: (world: CheckedWorld) => void,
  wanted: RegExp,
  doctor?: Doctor,
): void {
  const complaints = complaintsOf(break_, doctor);
  t.ASSERT_EQ(complaints.length, 1, `one complaint: ${complaints.join(' | ')}`);
  t.ASSERT_TRUE(wanted.test(complaints[0] ?? ''), `${complaints[0]} matches ${wanted}`);
}

export function assertSilent(t: VmaTest, use: (world: CheckedWorld) => void): void {
  t.ASSERT_EQ(complaintsOf(use).join(' | '), '', 'no complaint');
}

export const START = 0x10000;
export const LEN = 8 * PAGE_SIZE;

/** An address space that is current and locked. */
export class Space {
  readonly world: CheckedWorld;
  readonly mm: mm_struct;

  constructor(world: CheckedWorld) {
    this.world = world;
    this.mm = new mm_struct(MM_MT_FLAGS);
    current.mm = this.mm;
    world.locks.mmapWriteLock(this.mm);
  }

  /** Maps private, writable memory, and returns the VMA there. */
  map(start = START, len = LEN, f: file | null = null, more: readonly number[] = []): vm_area_struct {
    const flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, ...more);
    const pgoff = f === null ? start / PAGE_SIZE : (start - START) / PAGE_SIZE;
    const error = __mmap_region(f, start, len, flags, pgoff, null);
    if (error !== start) throw new Error(`__mmap_region: ${error}`);
    return this.at(start);
  }

  at(addr: number): vm_area_struct {
    const vma = vma_lookup(this.mm, addr);
    if (vma === null) throw new Error(`nothing is mapped at 0x${addr.toString(16)}`);
    return vma;
  }

  unmap(start = 0, len = TASK_SIZE): void {
    const error = do_munmap(this.mm, start, len, null);
    if (error !== 0) throw new Error(`do_munmap: ${error}`);
  }

  /** Everything goes, as it should. */
  leave(): void {
    this.unmap();
    mtree_destroy(this.mm.mm_mt);
    this.world.locks.mmapWriteUnlock(this.mm);
  }
}

/** Runs `use` in an address space of a world of its own. */
export function inSpace(use: (space: Space) => void): (world: CheckedWorld) => void {
  return (world) => {
    const space = new Space(world);
    use(space);
    space.leave();
  };
}

/** A file whose mmap hook has nothing to do. */
export function plainFile(): file {
  return new file({ mmap: () => 0 });
}
