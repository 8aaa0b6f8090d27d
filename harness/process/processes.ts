// SPDX-License-Identifier: GPL-2.0-only
/**
 * The processes of one test, on the checked world with the kernel's own limits and charges: each call runs with
 * `current` its process, and whoever exits must leave nothing behind.
 */
import { ENOMEM } from '../../include/linux/errno.js';
import { RLIMIT_STACK } from '../../include/linux/mm.js';
import { signal_struct } from '../../include/linux/sched.js';
import { MM_MT_FLAGS, mm_struct, task_struct } from '../../include/mm_types.js';
import { arch_pick_mmap_layout } from '../../lib/arch/x86/mmap.js';
import { copy_mm, mmput } from '../../lib/doors/process.js';
import { mm_alloc_pgd } from '../../lib/mm/page_tables.js';
import { type Globals, type Stubs, stubs } from '../../stubs/index.js';
import { processGlobals, processStubs } from '../process_stubs.js';
import type { World } from '../world.js';
import { ErrnoError } from './errors.js';
import { closeAll, copyFiles, Disk } from './files.js';
import { setUpStack } from './stack.js';

/** Where heaps begin. */
export const START_BRK = 0x555555560000;

/** How a process begins; as after exec, but for the program, unless told otherwise. */
export interface ProcessOptions {
  /** Its name: at most 15 characters. */
  comm?: string;
  /** Where the heap begins; page-aligned. */
  startBrk?: number;
  /** Does it have a stack? Nothing is mapped otherwise. */
  stack?: boolean;
}

/** What it is told of the test around it. */
export interface ProcessHost {
  readonly checked: {
    readonly stubs: Stubs;
    readonly reports: { complain(text: string): void };
    /** Pages that upstream's own bugs have left charged. */
    readonly chargedForGood?: number;
  };
  readonly world: World;
  /** The address space that a failed test is to show. */
  show(mm: mm_struct | null): void;
}

/** A copy of its parent, before it has an address space and files. */
function copyTask(parent: task_struct): task_struct {
  const child = new task_struct(parent.comm);
  child.personality = parent.personality;
  child.flags = parent.flags;
  child.signal = new signal_struct();
  parent.signal.rlim.forEach((limit, resource) => {
    child.signal.rlim[resource] = { ...limit };
  });
  child.cap_effective = new Set(parent.cap_effective);
  return child;
}

export class Processes {
  readonly disk: Disk;
  private readonly host: ProcessHost;
  private readonly alive: Set<task_struct>;
  private made: number;

  constructor(host: ProcessHost) {
    this.host = host;
    this.disk = new Disk();
    this.alive = new Set();
    this.made = 0;
    this.exchangeStubs(host);
    Object.assign(host.world.globals, processGlobals);
  }

  /** The kernel's own functions take the place of stubs that a test has left alone. */
  private exchangeStubs({ checked, world }: ProcessHost): void {
    const own = processStubs({ ...checked.stubs });
    const untouched = Object.entries(own).filter(
      ([name]) => Reflect.get(stubs, name) === Reflect.get(checked.stubs, name),
    );
    world.exchangeStubs(Object.fromEntries(untouched));
    Object.assign(checked.stubs, own);
  }

  /** A process with nothing mapped. */
  create({ comm = 'test', startBrk = START_BRK, stack = false }: ProcessOptions): task_struct {
    const task = new task_struct(comm);
    const mm = new mm_struct(MM_MT_FLAGS);
    mm_alloc_pgd(mm);
    mm.start_brk = startBrk;
    mm.brk = startBrk;
    mm.owner = task;
    arch_pick_mmap_layout(mm, task.signal.rlim[RLIMIT_STACK]);
    task.mm = mm;
    this.enlist(task);
    const error = stack ? this.run(task, () => setUpStack(mm)) : 0;
    if (error !== 0) throw new ErrnoError('process', { stack }, -error);
    return task;
  }

  private enlist(task: task_struct): void {
    task.pid = ++this.made;
    this.alive.add(task);
  }

  /** Is the process still there? */
  isAlive(task: task_struct): boolean {
    return this.alive.has(task);
  }

  /** Carries out a call of the process. */
  run<R>(task: task_struct, call: () => R): R {
    if (task.mm !== null) this.host.show(task.mm);
    return this.host.world.asTask(task, call);
  }

  /** What is the machine's and not one process's. */
  get globals(): Globals {
    return this.host.world.globals;
  }

  /** fork(): the child, or a negative errno. */
  fork(parent: task_struct): task_struct | number {
    const child = copyTask(parent);
    copyFiles(child, parent);
    const error = this.run(parent, () => copy_mm(child, false));
    if (error !== 0 || child.mm === null) {
      closeAll(child);
      return error || -ENOMEM;
    }
    this.enlist(child);
    return child;
  }

  /** The process ends: its memory first, then its files, as in C. */
  exit(task: task_struct): void {
    const { mm } = task;
    task.mm = null;
    this.host.show(null);
    if (mm !== null) this.run(task, () => mmput(mm));
    this.run(task, () => closeAll(task));
    this.alive.delete(task);
    if (this.alive.size === 0) this.checkCharges();
  }

  private checkCharges(): void {
    const { globals } = this.host.world;
    const pages = globals.vm_committed_as - (this.host.checked.chargedForGood ?? 0);
    if (pages === 0) return;
    this.host.checked.reports.complain(`charges: ${pages} pages are committed, and no process is left`);
    globals.vm_committed_as = 0;
  }

  /** The test ends: so do processes that live. */
  end(): void {
    for (const task of [...this.alive].reverse()) this.exit(task);
  }
}
