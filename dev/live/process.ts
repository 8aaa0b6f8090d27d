// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process of the live side, with the calls of RawCalls by the same names, answered as the running kernel answers:
 * a negative errno where one failed.
 */
import type { Answer, Machine } from './machine.js';
import { type LiveMapping, parseSmaps, parseStatus } from './smaps.js';
import { type CallName, NR } from './system_calls.js';
import { cString, OP, type WireArgument, words } from './wire.js';

const F_ADD_SEALS = 1033;
const RLIMIT_BYTES = 16;

/** An address, a length, flags: what fits a register. */
export type LiveArgument = number | bigint;

export class LiveProcess {
  readonly pid: number;
  private readonly machine: Machine;
  private readonly number: number;
  /** Who waits for it. */
  private readonly parent: LiveProcess | null;
  private hasExited: boolean;

  constructor(machine: Machine, number: number, pid: number, parent: LiveProcess | null) {
    this.machine = machine;
    this.number = number;
    this.pid = pid;
    this.parent = parent;
    this.hasExited = false;
  }

  /** The process that only waits to be forked: its own map stays as it is. */
  static first(machine: Machine): LiveProcess {
    return new LiveProcess(machine, 0, machine.group, null);
  }

  get isAlive(): boolean {
    return !this.hasExited;
  }

  /** Any system call; bytes stand for their address. */
  call(name: CallName, ...args: readonly WireArgument[]): number {
    return this.ask(name, args, 0).result;
  }

  /** The same, with the first bytes of what was given as it is afterwards. */
  ask(name: CallName, args: readonly WireArgument[], out: number): Answer {
    if (this.hasExited) throw new Error(`${name}: live process ${this.pid} has exited`);
    return this.machine.ask(this.number, { op: OP.SYSCALL, nr: NR[name], args, out });
  }

  mmap(
    addr: LiveArgument,
    len: LiveArgument,
    prot: LiveArgument,
    flags: LiveArgument,
    fd: LiveArgument = -1,
    off: LiveArgument = 0,
  ): number {
    return this.call('mmap', addr, len, prot, flags, fd, off);
  }

  munmap(addr: LiveArgument, len: LiveArgument): number {
    return this.call('munmap', addr, len);
  }

  mremap(
    addr: LiveArgument,
    oldLen: LiveArgument,
    newLen: LiveArgument,
    flags: LiveArgument = 0,
    newAddr: LiveArgument = 0,
  ): number {
    return this.call('mremap', addr, oldLen, newLen, flags, newAddr);
  }

  mprotect(addr: LiveArgument, len: LiveArgument, prot: LiveArgument): number {
    return this.call('mprotect', addr, len, prot);
  }

  pkey_mprotect(addr: LiveArgument, len: LiveArgument, prot: LiveArgument, pkey: LiveArgument): number {
    return this.call('pkey_mprotect', addr, len, prot, pkey);
  }

  madvise(addr: LiveArgument, len: LiveArgument, advice: LiveArgument): number {
    return this.call('madvise', addr, len, advice);
  }

  /** Where the heap ends then. */
  brk(addr: LiveArgument): number {
    return this.call('brk', addr);
  }

  mlock(addr: LiveArgument, len: LiveArgument): number {
    return this.call('mlock', addr, len);
  }

  mlock2(addr: LiveArgument, len: LiveArgument, flags: LiveArgument): number {
    return this.call('mlock2', addr, len, flags);
  }

  munlock(addr: LiveArgument, len: LiveArgument): number {
    return this.call('munlock', addr, len);
  }

  mlockall(flags: LiveArgument): number {
    return this.call('mlockall', flags);
  }

  munlockall(): number {
    return this.call('munlockall');
  }

  mseal(addr: LiveArgument, len: LiveArgument, flags: LiveArgument = 0): number {
    return this.call('mseal', addr, len, flags);
  }

  remap_file_pages(
    addr: LiveArgument,
    size: LiveArgument,
    prot: LiveArgument,
    pgoff: LiveArgument,
    flags: LiveArgument,
  ): number {
    return this.call('remap_file_pages', addr, size, prot, pgoff, flags);
  }

  prctl(
    option: LiveArgument,
    arg2: LiveArgument = 0,
    arg3: LiveArgument = 0,
    arg4: LiveArgument = 0,
    arg5: LiveArgument | string = 0,
  ): number {
    return this.call('prctl', option, arg2, arg3, arg4, typeof arg5 === 'string' ? cString(arg5) : arg5);
  }

  open(path: string, flags: number, mode = 0o600): number {
    return this.call('open', cString(path), flags, mode);
  }

  close(fd: LiveArgument): number {
    return this.call('close', fd);
  }

  memfd_create(name: string, flags: LiveArgument = 0): number {
    return this.call('memfd_create', cString(name), flags);
  }

  ftruncate(fd: LiveArgument, length: LiveArgument): number {
    return this.call('ftruncate', fd, length);
  }

  addSeals(fd: LiveArgument, seals: LiveArgument): number {
    return this.call('fcntl', fd, F_ADD_SEALS, seals);
  }

  setrlimit(resource: LiveArgument, rlim_cur: LiveArgument, rlim_max: LiveArgument = rlim_cur): number {
    return this.call('prlimit64', 0, resource, words(rlim_cur, rlim_max), 0);
  }

  /** The limit in force and the highest; a negative errno. */
  getrlimit(resource: LiveArgument): [rlim_cur: bigint, rlim_max: bigint] | number {
    const { result, data } = this.ask('prlimit64', [0, resource, 0, words(0, 0)], RLIMIT_BYTES);
    return result < 0 ? result : [data.readBigUInt64LE(0), data.readBigUInt64LE(8)];
  }

  /** As many of the bytes from addr on as can be read; a negative errno where that is none. At most MOST_DATA. */
  peek(addr: LiveArgument, length: number): Uint8Array | number {
    const { result, data } = this.machine.ask(this.number, { op: OP.READ, args: [addr, length], out: length });
    return result < 0 ? result : data.subarray(0, result);
  }

  /** Writes bytes. How many of them were written; a negative errno where that is none. */
  poke(addr: LiveArgument, bytes: Uint8Array): number {
    return this.machine.ask(this.number, { op: OP.WRITE, args: [addr, bytes.length, bytes] }).result;
  }

  /** The byte at addr; -EFAULT where a program would get a signal. */
  read(addr: LiveArgument): number {
    const bytes = this.peek(addr, 1);
    return typeof bytes === 'number' ? bytes : (bytes[0] ?? 0);
  }

  /** Writes a byte. 0 or -EFAULT. */
  write(addr: LiveArgument, value: number): number {
    return Math.min(this.poke(addr, Uint8Array.of(value)), 0);
  }

  /** A copy of the process; a negative errno. */
  fork(): LiveProcess | number {
    const child = this.machine.fork(this.number);
    return typeof child === 'number' ? child : new LiveProcess(this.machine, child.process, child.pid, this);
  }

  /** It ends, and is gone when this returns. */
  exit(): void {
    this.hasExited = true;
    this.machine.exit(this.number);
    const { parent } = this;
    const reaper = parent?.isAlive === false ? parent.first() : parent;
    reaper?.call('wait4', this.pid, 0, 0, 0);
  }

  /** The one that all come from, which also has the children of those that are gone. */
  private first(): LiveProcess {
    return this.parent === null ? this : this.parent.first();
  }

  /** A file of /proc about the process. Null where it may not be read. */
  proc(name: string): string | null {
    const text = this.machine.file(this.number, `/proc/self/${name}`);
    return typeof text === 'string' ? text : null;
  }

  /** @throws Error where the kernel does not tell */
  mappings(file: 'smaps' | 'maps' = 'smaps'): LiveMapping[] {
    return parseSmaps(this.proc(file) ?? this.refused(file));
  }

  status(): Map<string, number> {
    return parseStatus(this.proc('status') ?? this.refused('status'));
  }

  private refused(name: string): never {
    throw new Error(`/proc/${this.pid}/${name} cannot be read`);
  }
}
