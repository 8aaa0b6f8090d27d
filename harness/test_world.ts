// SPDX-License-Identifier: GPL-2.0-only
/**
 * What surrounds one test: a world, entered from the start, with a fresh address space, checked stubs unless others are
 * asked for, and a sinon sandbox. Nested tests each have their own; the outer one's is put back at the end.
 */
import sinon from 'sinon';
import { ENOMEM } from '../include/linux/errno.js';
import { __GFP_NOFAIL } from '../include/linux/gfp.js';
import { PAGE_SIZE } from '../include/linux/mm.js';
import { mm_struct, VMA_ITERATOR } from '../include/mm_types.js';
import type { MapleSlab } from '../lib/maple_tree.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';
import { CheckedWorld } from './checked/world.js';
import type { StubSet } from './environment.js';
import { layoutLine, snapshot, type VmaSnapshot } from './picture.js';
import { MOST_OBSERVED, type RecordedSpace, recorder } from './recorder.js';
import { Timeline } from './timeline.js';
import { World, type WorldOptions } from './world.js';

/** A number that changes when any field of a picture does, nearly always; null where the tree cannot be walked. */
function fingerprint(mm: mm_struct): number | null {
  let sum = mm.map_count;
  const mix = (value: number): void => {
    sum = Math.imul(sum ^ (value % 2 ** 31), 0x9e3779b1) ^ (sum >>> 15);
  };
  try {
    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      const { flags } = vma;
      for (const value of [vma.vm_start / PAGE_SIZE, vma.vm_end / PAGE_SIZE, vma.vm_pgoff]) mix(value);
      for (const value of [flags.w0, flags.w1, flags.w2, flags.w3]) mix(value);
      mix((vma.vm_file === null ? 0 : 1) + (vma.anon_vma === null ? 0 : 2));
    }
  } catch {
    return null;
  }
  return sum;
}

/** Null where a test has freed VMAs that the tree still has, as upstream's do at their end. */
function trySnapshot(mm: mm_struct): VmaSnapshot[] | null {
  try {
    return snapshot(mm);
  } catch {
    return null;
  }
}

function isSame(a: readonly VmaSnapshot[], b: readonly VmaSnapshot[]): boolean {
  return a.length === b.length && a.every((shot, i) => layoutLine(shot) === layoutLine(b[i] ?? shot));
}

/** What a test's world may have of its own, beside its stubs. */
export type TestWorldOptions = Pick<WorldOptions, 'globals' | 'mmapHooks'>;

function checkedFor(set: StubSet): CheckedWorld | null {
  if (set !== 'checked' && set !== 'upstream') {
    throw new RangeError(`TestWorld: set = ${JSON.stringify(set)}: must be checked or upstream`);
  }
  return set === 'checked' ? new CheckedWorld() : null;
}

function nodes(count: number): string {
  return count === 1 ? '1 tree node is' : `${count} tree nodes are`;
}

/** The tree's allocator is one of the calls that can be made to fail. A request that must not fail is none. */
function fallibleNodes({ faults }: CheckedWorld): MapleSlab['alloc'] {
  return (_count, gfp) => (gfp & __GFP_NOFAIL) !== 0 || faults.check('maple_slab.alloc', -ENOMEM) === 0;
}

/** The world of one test, from its construction to leave(). */
export class TestWorld {
  readonly mm: mm_struct;
  readonly sandbox: sinon.SinonSandbox;
  /** What the checked world keeps count of; null on the upstream stubs. */
  readonly checked: CheckedWorld | null;
  /** The address space as an assertion saw it last, and before it last changed. */
  private seen: readonly VmaSnapshot[];
  private before: readonly VmaSnapshot[];
  /** Fingerprint of what was seen last. */
  private print: number;
  private readonly others: mm_struct[];
  /** For the report; null when nobody records. */
  private readonly timeline: Timeline | null;
  private readonly world: World;

  constructor(set: StubSet, options: TestWorldOptions = {}) {
    this.checked = checkedFor(set);
    this.mm = new mm_struct();
    this.world = new World({
      ...options,
      mm: this.mm,
      ...(this.checked === null
        ? {}
        : { stubs: this.checked.stubs, allocNodes: fallibleNodes(this.checked), freed: this.checked.freed }),
    });
    const sandbox = sinon.createSandbox();
    this.timeline = recorder.enabled ? new Timeline(this.mm) : null;
    this.sandbox = this.timeline?.listenTo(sandbox) ?? sandbox;
    this.seen = [];
    this.before = [];
    this.others = [];
    this.print = 0;
    this.lock(this.mm);
    // Last: where any of this throws, no world was entered.
    this.world.enter();
  }

  /** Takes the lock of an address space for writing, as the test's own is from the start. */
  lock(mm: mm_struct): void {
    this.checked?.locks.mmapWriteLock(mm);
  }

  /** What the report shows of this world; null when nobody records. */
  recorded(): RecordedSpace | null {
    return this.timeline?.recorded() ?? null;
  }

  /** Remembers the address space, if it is another than last time. Called at every assertion. */
  observe(what: string): void {
    this.timeline?.look(`assertion ${what}`);
    if (this.mm.map_count > MOST_OBSERVED) return;
    // A snapshot is text, and most assertions change nothing.
    const print = fingerprint(this.mm);
    if (print === null || print === this.print) return;
    this.print = print;
    const now = trySnapshot(this.mm);
    if (now === null || isSame(now, this.seen)) return;
    this.before = this.seen;
    this.seen = now;
  }

  /** The last change there was: up to now, or if nothing has changed since the last assertion the one before. */
  lastChange(now: readonly VmaSnapshot[]): { before: readonly VmaSnapshot[]; after: readonly VmaSnapshot[] } {
    return { before: isSame(now, this.seen) ? this.before : this.seen, after: now };
  }

  /** Another address space, locked for writing until leave(). */
  newMm(): mm_struct {
    const mm = new mm_struct();
    this.lock(mm);
    this.others.push(mm);
    return mm;
  }

  /** Drops it. */
  unlock(mm: mm_struct): void {
    this.checked?.locks.mmapWriteUnlock(mm);
  }

  /** Puts the outer world back, also where something of this one throws. Returns what this one has to complain about. */
  leave(): string[] {
    try {
      this.timeline?.leave();
      this.sandbox.restore();
      for (const mm of [this.mm, ...this.others]) if (this.checked?.locks.isWriteLocked(mm)) this.unlock(mm);
      return this.checked === null ? [] : [...this.checked.end(), ...this.treeComplaints()];
    } finally {
      this.world.leave();
    }
  }

  /** Nodes that a store was promised and never used, and nodes of trees that nobody destroyed. */
  private treeComplaints(): string[] {
    const complaints: string[] = [];
    const { reserved, live } = this.world.nodes;
    if (reserved !== 0) complaints.push(`leak: ${nodes(reserved)} reserved for a store that never came`);
    if (live !== 0) complaints.push(`leak: ${nodes(live)} in a tree that was not destroyed`);
    return complaints;
  }
}
