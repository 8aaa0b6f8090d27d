// SPDX-License-Identifier: GPL-2.0-only
/** The processes that a trace of system calls is carried out by, with their files, by number. */
import { driverFile, installFd } from '../../harness/process/files.js';
import { Processes, type ProcessHost } from '../../harness/process/processes.js';
import { RawCalls } from '../../harness/process/raw.js';
import { setUpStack } from '../../harness/process/stack.js';
import { World } from '../../harness/world.js';
import { ENOENT, ESRCH } from '../../include/linux/errno.js';
import type { mm_struct, task_struct } from '../../include/mm_types.js';
import { driverOf } from './driver_files.js';
import { setKnob } from './process_settings.js';
import { ProcessWorld } from './process_stubs.js';
import { spaceText } from './process_text.js';

/** What processes stand on where nobody prints them: a world that watches them, say. */
export interface Ground {
  made: ProcessWorld;
  world: World;
  host: ProcessHost['checked'];
}

export class ReplayedProcesses {
  readonly world: World;
  /** What the world is made of, and what is to fail. */
  readonly made: ProcessWorld;
  /** Are VMAs left out of the answers? */
  quiet: boolean;
  /** Is all told in the answer to the word that is carried out? */
  isShown: boolean;
  /** Null until a process is asked for. */
  private machine: Processes | null;
  private readonly host: ProcessHost['checked'];
  /** Number 1 is the first; null for one that has exited. */
  private readonly tasks: (task_struct | null)[];
  /** The number of the one that runs. */
  private running: number;
  /** Calls of hooks, and warnings, of the word that is carried out. */
  private told: string;

  /** Its world must be in force when words are carried out. `ground`: one that was made for it already. */
  constructor(validate: boolean, ground?: Ground) {
    this.told = '';
    this.made = ground?.made ?? new ProcessWorld((text) => this.tell(text));
    this.world =
      ground?.world ??
      new World({
        stubs: this.made.stubs,
        globals: { debug_vm_maple_tree: validate, slab_store_user: validate },
        allocNodes: (_count, gfp) => !this.made.refusesNodes(gfp),
      });
    this.host = ground?.host ?? { stubs: this.made.stubs, reports: { complain: this.tell } };
    this.machine = null;
    this.quiet = false;
    this.isShown = false;
    this.tasks = [];
    this.running = 1;
  }

  private get processes(): Processes {
    if (this.machine === null) {
      this.machine = new Processes({ checked: this.host, world: this.world, show: () => {} });
    }
    return this.machine;
  }

  /** Begins a word. */
  begin(): void {
    this.isShown = false;
  }

  /** Told of hooks and warnings. */
  readonly tell = (text: string): void => {
    this.told += ` ${text}\n`;
  };

  /** The process of a number runs from here on; number 1 is made when it is first asked for. 0, or -ESRCH. */
  choose(number: number): number {
    if (number === 1 && this.tasks.length === 0) this.tasks.push(this.processes.create({ comm: 'replay' }));
    if (number < 1 || !this.tasks[number - 1]) return -ESRCH;
    this.running = number;
    return 0;
  }

  /** A new process, as the first began. Its number. */
  another(): number {
    return this.tasks.push(this.processes.create({ comm: 'replay' }));
  }

  /** The process that runs; null when it has exited. */
  get task(): task_struct | null {
    return this.tasks[this.running - 1] ?? null;
  }

  /** The address space of a process by its number; null when it has exited, or never was. */
  mmOf(number: number): mm_struct | null {
    return this.tasks[number - 1]?.mm ?? null;
  }

  /** Has the running process make a call. What it answers, or -ESRCH without one. */
  call(make: (calls: RawCalls, task: task_struct) => number): number {
    const { task } = this;
    return task === null ? -ESRCH : make(new RawCalls(task, this.processes), task);
  }

  /** The number of the child, or a negative errno. */
  fork(): number {
    return this.call((_, task) => {
      const child = this.processes.fork(task);
      return typeof child === 'number' ? child : this.tasks.push(child);
    });
  }

  exit(): number {
    return this.call((_, task) => {
      this.tasks[this.running - 1] = null;
      this.processes.exit(task);
      return 0;
    });
  }

  /** Those of the processes that there are. */
  get spaces(): mm_struct[] {
    return this.tasks.flatMap((task) => task?.mm ?? []);
  }

  /** All processes end. */
  end(): void {
    this.tasks.forEach((task, i) => {
      this.running = i + 1;
      if (task !== null) this.exit();
    });
  }

  /** Gives the process the stack that a program begins with. 0 or a negative errno. */
  stack(): number {
    return this.call((_, task) => {
      const { mm } = task;
      return mm === null ? -ESRCH : this.processes.run(task, () => setUpStack(mm));
    });
  }

  /** The heap of the process begins, and ends, there. */
  heap(addr: number): number {
    return this.call((_, { mm }) => {
      if (mm === null) return -ESRCH;
      mm.start_brk = addr;
      mm.brk = addr;
      return 0;
    });
  }

  /** Opens a file on the disk, by its number. The descriptor. */
  open(file: number, mode: number, size: number): number {
    return this.call((_, task) =>
      this.processes.run(task, () => installFd(task, this.processes.disk.open(`/file${file}`, size, mode))),
    );
  }

  /** Takes the name of a file on the disk away. */
  unlink(file: number): number {
    return this.processes.disk.unlink(`/file${file}`) ? 0 : -ENOENT;
  }

  /** Opens a driver. The descriptor. */
  driver(kind: number): number {
    return this.call((_, task) =>
      this.processes.run(task, () => installFd(task, driverFile(driverOf(kind, this.tell)))),
    );
  }

  /** Gives the running process a capability, or takes it away. */
  capable(cap: number, isOn: boolean): number {
    return this.call((_, { cap_effective: caps }) => {
      if (isOn) caps.add(cap);
      else caps.delete(cap);
      return 0;
    });
  }

  setKnob(knob: string, value: number): void {
    setKnob(this.processes.globals, knob, value);
  }

  /** What hooks and warnings of the word had to tell. */
  takeTold(): string {
    const { told } = this;
    this.told = '';
    return told;
  }

  /** The answer to a word: its result, what was told, the sums of the process, and unless `quiet` its VMAs. */
  describe(result: string): string {
    const told = this.takeTold();
    const listed = this.isShown ? this.tasks.map((_, i) => i + 1) : [this.running];
    const spaces = listed.map((number) => this.spaceOf(number)).join('');
    return `${result}\n${told}${spaces}`;
  }

  private spaceOf(number: number): string {
    const mm = this.mmOf(number);
    if (mm === null) return '';
    const sums = { process: number, committed: this.processes.globals.vm_committed_as };
    return spaceText(this.made, mm, sums, this.isShown || !this.quiet);
  }
}
