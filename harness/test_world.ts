// SPDX-License-Identifier: GPL-2.0-only
/**
 * What surrounds one test: a world, entered from the start, with a fresh address space, checked stubs unless others are
 * asked for, and a sinon sandbox. Nested tests each have their own; the outer one's is put back at the end.
 */
import sinon from 'sinon';
import { MM_MT_FLAGS, mm_struct } from '../include/mm_types.js';
import { upstreamStubs } from '../stubs/index.js';
import type { Stubs } from '../stubs/stubs.js';
import { CheckedWorld } from './checked/world.js';
import type { StubSet } from './environment.js';
import { History } from './history.js';
import { Operations } from './operations.js';
import { Process } from './process/process.js';
import { Processes, type ProcessOptions } from './process/processes.js';
import { type RecordedSpace, recorder } from './recorder.js';
import { Timeline } from './timeline.js';
import { tracing } from './tracing/current.js';
import { World, type WorldOptions } from './world.js';

/** What a test's world may have of its own, beside its stubs. */
export interface TestWorldOptions extends Pick<WorldOptions, 'globals' | 'mmapHooks' | 'frames'> {
  /** MT_FLAGS_* of its address spaces: on the checked stubs the kernel's, MM_MT_FLAGS, unless given; else none. */
  treeFlags?: number | undefined;
}

function checkedFor(set: StubSet): CheckedWorld | null {
  if (set !== 'checked' && set !== 'upstream') {
    throw new RangeError(`TestWorld: set = ${JSON.stringify(set)}: must be checked or upstream`);
  }
  return set === 'checked' ? new CheckedWorld() : null;
}

function nodes(count: number): string {
  return count === 1 ? '1 tree node is' : `${count} tree nodes are`;
}

/** The world of one test, from its construction to leave(). */
export class TestWorld {
  readonly mm: mm_struct;
  readonly sandbox: sinon.SinonSandbox;
  /** As `checked`; null on the upstream stubs. */
  readonly checkedWorld: CheckedWorld | null;
  /** How the address space was. */
  readonly history: History;
  /** Watches the operations of the test. */
  readonly operations: Operations;
  /** MT_FLAGS_* of the trees of its address spaces. */
  private readonly treeFlags: number;
  private readonly others: mm_struct[];
  /** For the report; null unless a run is recorded. */
  private readonly timeline: Timeline | null;
  private readonly world: World;
  /** Null until the test makes a process. */
  private processes: Processes | null;

  constructor(set: StubSet, options: TestWorldOptions = {}) {
    this.checkedWorld = checkedFor(set);
    const { treeFlags = this.checkedWorld === null ? 0 : MM_MT_FLAGS, ...rest } = options;
    this.treeFlags = treeFlags;
    this.mm = new mm_struct(treeFlags);
    this.history = new History(this.mm);
    this.operations = new Operations(
      (said) => this.operationBegins(said),
      (said) => this.timeline?.ended(said),
      this.checkedWorld,
    );
    this.timeline = recorder.enabled ? new Timeline(this.mm, this.operations, this.checkedWorld?.locks ?? null) : null;
    const sandbox = sinon.createSandbox();
    this.sandbox = this.timeline?.listenTo(sandbox) ?? sandbox;
    const stubs = this.checkedWorld?.stubs ?? { ...upstreamStubs };
    if (this.timeline !== null) stubs.call_hook = this.timeline.noting(stubs.call_hook);
    this.world = new World({
      ...rest,
      mm: this.mm,
      ...this.checkedWorld?.worldOptions(),
      watch: this.operations,
      stubs,
    });
    this.others = [];
    this.processes = null;
    this.lock(this.mm);
    // Last: where any of this throws, no world was entered.
    this.world.enter();
  }

  /**
   * What the checked world keeps count of, and its faults.
   *
   * @throws TypeError on the upstream stubs, which keep count of nothing
   */
  get checked(): CheckedWorld {
    if (this.checkedWorld === null) throw new TypeError('world.checked: the test runs on the upstream stubs');
    return this.checkedWorld;
  }

  /** Takes the lock of an address space for writing, as the test's own is from the start. */
  lock(mm: mm_struct): void {
    this.checkedWorld?.locks.mmapWriteLock(mm);
  }

  /** What the report shows of this world; null unless a run is recorded. */
  recorded(): RecordedSpace | null {
    return this.timeline?.recorded() ?? null;
  }

  /** An assertion holds. */
  observe(what: string): void {
    this.timeline?.look(`assertion ${what}`);
    this.history.look();
  }

  private operationBegins(said: string): void {
    this.timeline?.look(`before ${said}`);
    this.history.operation();
  }

  /** Puts functions in place of stubs until leave(). */
  exchangeStubs(given: Partial<Stubs>): void {
    this.world.exchangeStubs(given);
  }

  /** Another address space, locked for writing until leave(). */
  newMm(): mm_struct {
    const mm = new mm_struct(this.treeFlags);
    this.lock(mm);
    this.others.push(mm);
    return mm;
  }

  /** A new process, on the kernel's own limits and charges. Only the checked world has processes. */
  newProcess(options: ProcessOptions): Process {
    const { checkedWorld: checked } = this;
    if (checked === null)
      throw new Error('process: the upstream stubs have no pages and no limits; use the checked ones');
    this.processes ??= new Processes({ checked, world: this.world, show: (mm) => this.show(mm ?? this.mm) });
    const process = new Process(this.processes.create(options), this.processes);
    return tracing.tracer?.process(process, options) ?? process;
  }

  /** The address space that a failed test, and the report, are to show from here on. */
  private show(mm: mm_struct): void {
    this.history.follow(mm);
    this.timeline?.turnTo(mm);
  }

  /** Drops it. */
  unlock(mm: mm_struct): void {
    this.checkedWorld?.locks.mmapWriteUnlock(mm);
  }

  /** Puts the outer world back, also where something of this one throws. Returns what this one has to complain about. */
  leave(): string[] {
    const { broken, left } = this.end();
    return [...broken, ...left];
  }

  /** As leave(), with what was broken while the test ran apart from what was left undone at its end. */
  end(): { broken: string[]; left: string[] } {
    try {
      this.processes?.end();
      this.sandbox.restore();
      for (const mm of [this.mm, ...this.others]) if (this.checkedWorld?.locks.isWriteLocked(mm)) this.unlock(mm);
      if (this.checkedWorld === null) return { broken: [], left: [] };
      const { count } = this.checkedWorld.reports;
      const complaints = this.checkedWorld.end();
      return { broken: complaints.slice(0, count), left: [...complaints.slice(count), ...this.treeComplaints()] };
    } finally {
      this.world.leave();
    }
  }

  /** Nodes that a store was promised and never used, and nodes of trees that were not destroyed. */
  private treeComplaints(): string[] {
    const complaints: string[] = [];
    const { reserved, live } = this.world.nodes;
    if (reserved !== 0) complaints.push(`leak: ${nodes(reserved)} reserved for a store that never came`);
    if (live !== 0) complaints.push(`leak: ${nodes(live)} in a tree that was not destroyed`);
    return complaints;
  }
}
