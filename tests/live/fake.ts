// SPDX-License-Identifier: GPL-2.0-only
/**
 * A live side that is none: what it is asked, a second port answers, so that it can be made to lie. It is asked in the
 * same requests, and tells of itself in the same texts, as the real one.
 */
import type { LeftOut } from '../../dev/live/features.js';
import type { Answer, Machine } from '../../dev/live/machine.js';
import { LiveProcess } from '../../dev/live/process.js';
import { CALL_NAMES, type CallName } from '../../dev/live/system_calls.js';
import { OP, type Request, type WireArgument } from '../../dev/live/wire.js';
import type { RawCalls } from '../../harness/process/raw.js';
import { ENOSYS, IS_ERR } from '../../include/linux/errno.js';
import type { mm_struct } from '../../include/mm_types.js';
import { proc_pid_smaps } from '../../lib/fs/proc/smaps.js';
import { ReplayedProcesses } from '../../tools/replay/replayed_processes.js';

/** What it answers in place of the truth; undefined where it tells the truth. */
export type Lie = (name: CallName, args: readonly number[]) => number | undefined;

function numbers(args: readonly WireArgument[]): number[] {
  return args.map((arg) => (arg instanceof Uint8Array ? 0 : Number(arg)));
}

/** The calls that the lies of tests need. */
const CALLS: Readonly<Partial<Record<CallName, (p: RawCalls, a: readonly number[]) => number>>> = {
  mmap: (p, [addr = 0, len = 0, prot = 0, flags = 0, fd = -1, off = 0]) => p.mmap(addr, len, prot, flags, fd, off),
  munmap: (p, [addr = 0, len = 0]) => p.munmap(addr, len),
  mprotect: (p, [addr = 0, len = 0, prot = 0]) => p.mprotect(addr, len, prot),
  mremap: (p, [addr = 0, from = 0, to = 0, flags = 0, target = 0]) => p.mremap(addr, from, to, flags, target),
  madvise: (p, [addr = 0, len = 0, advice = 0]) => p.madvise(addr, len, advice),
  mlock: (p, [addr = 0, len = 0]) => p.mlock(addr, len),
  munlock: (p, [addr = 0, len = 0]) => p.munlock(addr, len),
  brk: (p, [addr = 0]) => p.brk(addr),
  wait4: () => 0,
};

export class FakeMachine implements Machine {
  readonly group = 0;
  /** Lines of smaps that are told otherwise. */
  private readonly retell: (smaps: string) => string;
  private readonly lie: Lie;
  /** Each process of the live side has a port of its own: forks of forks are not asked for. */
  private readonly ports: ReplayedProcesses[];

  constructor(lie: Lie, retell: (smaps: string) => string = (smaps) => smaps) {
    this.lie = lie;
    this.retell = retell;
    this.ports = [];
  }

  private in<T>(process: number, body: (port: ReplayedProcesses) => T): T {
    const port = this.ports[process];
    if (port === undefined) throw new Error(`process ${process} was not forked`);
    return port.world.run(() => body(port));
  }

  private call(process: number, make: (calls: RawCalls) => number): number {
    return this.in(process, (port) => port.call(make));
  }

  ask(process: number, { op, nr = -1, args = [], out = 0 }: Request): Answer {
    const name = CALL_NAMES.get(nr);
    const a = numbers(args);
    const lie = op === OP.SYSCALL && name !== undefined ? this.lie(name, a) : undefined;
    const result = lie ?? this.truth(process, op, name, a);
    return { result, data: Buffer.alloc(out) };
  }

  private truth(process: number, op: number, name: CallName | undefined, a: readonly number[]): number {
    if (op === OP.WRITE) return this.call(process, (p) => p.write(a[0] ?? 0, 0)) || 1;
    const make = name === undefined ? undefined : CALLS[name];
    return make === undefined ? -ENOSYS : this.call(process, (p) => make(p, a));
  }

  file(process: number, path: string): string | number {
    if (!path.endsWith('smaps')) return path.endsWith('status') ? this.status(process) : -ENOSYS;
    const text = this.in(process, ({ task }) => (task?.mm ? proc_pid_smaps(task.mm) : ''));
    return IS_ERR(text) ? text : this.retell(text);
  }

  private status(process: number): string {
    const sums = ({ total_vm, locked_vm, data_vm, stack_vm, exec_vm }: mm_struct): string =>
      `VmSize:\t${4 * total_vm} kB\nVmLck:\t${4 * locked_vm} kB\nVmData:\t${4 * data_vm} kB\n` +
      `VmStk:\t${4 * stack_vm} kB\nVmExe:\t${4 * exec_vm} kB\nVmLib:\t0 kB\nCapEff:\t00000001ffffffff\n`;
    return this.in(process, ({ task }) => (task?.mm ? sums(task.mm) : ''));
  }

  /** Only the first process forks: each program begins with a fork of it. */
  fork(): { process: number; pid: number } {
    const port = new ReplayedProcesses(false);
    port.world.run(() => port.choose(1));
    return { process: this.ports.push(port) - 1, pid: this.ports.length };
  }

  exit(process: number): void {
    this.in(process, (port) => port.exit());
  }
}

const NOTHING: LeftOut = new Map();

/** As a comparison needs it. */
export function fakeLive(machine: FakeMachine, leftOut: LeftOut = NOTHING) {
  return { first: LiveProcess.first(machine), folder: '/nowhere', leftOut, head: [] };
}
