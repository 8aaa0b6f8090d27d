// SPDX-License-Identifier: GPL-2.0-only
/**
 * What surrounds one test: a fresh address space, a stub world, a sinon sandbox, and the globals as the harness starts
 * with them. Nested tests each have their own; the outer one's is put back at the end.
 */
import sinon from 'sinon';
import { ENOMEM } from '../include/linux/errno.js';
import { __GFP_NOFAIL } from '../include/linux/gfp.js';
import { PAGE_SIZE } from '../include/linux/mm.js';
import { mm_struct, VMA_ITERATOR } from '../include/mm_types.js';
import { type MapleSlab, maple_debug, maple_slab } from '../lib/maple_tree.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';
import {
  current,
  globals,
  reset_dummy_anon_vma,
  resetGlobals,
  type Stubs,
  stubs,
  upstreamStubs,
  useStubs,
} from '../stubs/index.js';
import { CheckedWorld } from './checked/world.js';
import { layoutLine, snapshot, type VmaSnapshot } from './picture.js';
import { MOST_OBSERVED, type RecordedSpace, recorder } from './recorder.js';
import { Timeline } from './timeline.js';

/** The sets of stubs that a test can run on. */
export type StubSet = 'checked' | 'upstream';

/** The set that tests run on unless they say otherwise: environment variable VMA_STUBS, checked unless given. */
export function defaultStubSet(text: string | undefined = process.env.VMA_STUBS): StubSet {
  if (text === undefined || text === '' || text === 'checked') return 'checked';
  if (text === 'upstream') return 'upstream';
  throw new RangeError(`environment: VMA_STUBS = ${JSON.stringify(text)}: must be checked or upstream`);
}

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
  private readonly outerStubs: Stubs;
  private readonly outerGlobals: typeof globals;
  private readonly outerMm: mm_struct | null;
  private readonly outerTreeWarn: (typeof maple_debug)['warn'];
  private readonly outerSlab: { alloc: MapleSlab['alloc']; reserved: number; live: number };

  constructor(set: StubSet) {
    this.outerStubs = { ...stubs };
    this.outerGlobals = { ...globals };
    this.outerMm = current.mm;
    this.outerSlab = { ...maple_slab };
    this.outerTreeWarn = maple_debug.warn;

    resetGlobals();
    reset_dummy_anon_vma();
    this.checked = set === 'checked' ? new CheckedWorld() : null;
    useStubs(this.checked?.stubs ?? upstreamStubs);
    this.connectTree();
    this.mm = new mm_struct();
    const sandbox = sinon.createSandbox();
    this.timeline = recorder.enabled ? new Timeline(this.mm) : null;
    this.sandbox = this.timeline?.listenTo(sandbox) ?? sandbox;
    current.mm = this.mm;
    this.lock(this.mm);
    this.seen = snapshot(this.mm);
    this.before = this.seen;
    this.others = [];
    this.print = 0;
  }

  /** The tree's warnings go to the stub world, and its allocator is one of the calls that can be made to fail. */
  private connectTree(): void {
    maple_debug.warn = (where, what) => stubs.warn(where, what);
    const { checked } = this;
    if (checked === null) return;
    const { alloc } = this.outerSlab;
    maple_slab.alloc = (count, gfp) => {
      // A request that must not fail is no point of failure.
      if ((gfp & __GFP_NOFAIL) === 0 && checked.faults.check('maple_slab.alloc', -ENOMEM) !== 0) return false;
      return alloc(count, gfp);
    };
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

  /** Puts the outer world back. Returns what this one has to complain about. */
  leave(): string[] {
    this.timeline?.leave();
    this.sandbox.restore();
    for (const mm of [this.mm, ...this.others]) if (this.checked?.locks.isWriteLocked(mm)) this.unlock(mm);
    const complaints = this.checked === null ? [] : [...this.checked.end(), ...this.treeComplaints()];
    useStubs(this.outerStubs);
    Object.assign(globals, this.outerGlobals);
    Object.assign(maple_slab, this.outerSlab);
    maple_debug.warn = this.outerTreeWarn;
    current.mm = this.outerMm;
    return complaints;
  }

  /** Nodes that a store was promised and never used, and nodes of trees that nobody destroyed. */
  private treeComplaints(): string[] {
    const complaints: string[] = [];
    const reserved = maple_slab.reserved - this.outerSlab.reserved;
    const live = maple_slab.live - this.outerSlab.live;
    if (reserved !== 0) complaints.push(`leak: ${reserved} tree nodes are reserved for a store that never came`);
    if (live !== 0) complaints.push(`leak: ${live} tree nodes are in trees that were not destroyed`);
    return complaints;
  }
}
