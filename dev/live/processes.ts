// SPDX-License-Identifier: GPL-2.0-only
/** The processes of the live side that a trace is carried out by, by number, and the words of traces that they know. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENOENT, ESRCH } from '../../include/linux/errno.js';
import { PR_SET_VMA, PR_SET_VMA_ANON_NAME } from '../../include/uapi/prctl.js';
import type { CallArguments } from '../../tools/replay/words/call_word.js';
import { NO_NAME } from '../../tools/replay/words/calls.js';
import { Capabilities } from './capabilities.js';
import type { LiveProcess } from './process.js';

/** FMODE_READ and FMODE_WRITE, 1 and 2, as flags of open(). */
const ACCESS = [0, 0, 1, 2];

type Run = (processes: LiveProcesses, a: CallArguments) => number;
type Make = (p: LiveProcess, a: CallArguments) => number;

const call =
  (make: Make): Run =>
  (processes, a) =>
    processes.call((p) => make(p, a));

/** A page of a trace has one byte of content: its first. */
function pageOf(addr: number | bigint): bigint {
  return BigInt(addr) & ~0xfffn;
}

/** What the live side does at a word, which is what the port's own run() does. */
const RUNS: Readonly<Record<string, Run>> = {
  process: (all, a) => all.choose(a.small(0)),
  fork: (all) => all.fork(),
  exit: (all) => all.exit(),
  read: call((p, a) => p.read(pageOf(a.num(0)))),
  write: call((p, a) => p.write(pageOf(a.num(0)), a.small(1))),
  mmap: call((p, a) => p.mmap(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4), a.num(5))),
  munmap: call((p, a) => p.munmap(a.num(0), a.num(1))),
  mprotect: call((p, a) => p.mprotect(a.num(0), a.num(1), a.num(2))),
  pkey_mprotect: call((p, a) => p.pkey_mprotect(a.num(0), a.num(1), a.num(2), a.num(3))),
  mremap: call((p, a) => p.mremap(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4))),
  brk: call((p, a) => p.brk(a.num(0))),
  madvise: call((p, a) => p.madvise(a.num(0), a.num(1), a.num(2))),
  mlock: call((p, a) => p.mlock(a.num(0), a.num(1))),
  mlock2: call((p, a) => p.mlock2(a.num(0), a.num(1), a.num(2))),
  munlock: call((p, a) => p.munlock(a.num(0), a.num(1))),
  mlockall: call((p, a) => p.mlockall(a.num(0))),
  munlockall: call((p) => p.munlockall()),
  mseal: call((p, a) => p.mseal(a.num(0), a.num(1), a.num(2))),
  remap_file_pages: call((p, a) => p.remap_file_pages(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4))),
  prctl: call((p, a) => p.prctl(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4))),
  name: call((p, a) => {
    const text = a.text(2);
    return p.prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a.num(0), a.num(1), text === NO_NAME ? 0 : text);
  }),
  memfd_create: call((p, a) => p.memfd_create('trace', a.num(0))),
  open: (all, a) => all.open(a.small(0), a.small(1), a.small(2)),
  close: call((p, a) => p.close(a.num(0))),
  unlink: (all, a) => all.unlink(a.small(0)),
  ftruncate: call((p, a) => p.ftruncate(a.num(0), a.num(1))),
  add_seals: call((p, a) => p.addSeals(a.num(0), a.num(1))),
  setrlimit: call((p, a) => p.setrlimit(a.num(0), a.num(1), a.num(2))),
  capable: (all, a) => all.capable(a.small(0), a.small(1) !== 0),
  quiet: () => 0,
  show: () => 0,
};

/** Words that the live side knows. */
export const LIVE_WORDS: ReadonlySet<string> = new Set(Object.keys(RUNS));

export class LiveProcesses {
  /** Where files of the disk are. */
  readonly folder: string;
  /** Number 1 is the first; null for one that has exited. */
  private readonly processes: (LiveProcess | null)[];
  private readonly capabilities: Map<LiveProcess, Capabilities>;
  private readonly files: Set<string>;
  private running: number;

  /** The first process of the program is a copy of `first`. */
  constructor(first: LiveProcess, folder: string) {
    const child = first.fork();
    if (typeof child === 'number') throw new Error(`the live side cannot fork: ${child}`);
    this.folder = folder;
    this.processes = [child];
    this.capabilities = new Map([[child, Capabilities.of(child)]]);
    this.files = new Set();
    this.running = 1;
  }

  run(word: string, a: CallArguments): number {
    const run = RUNS[word];
    if (run === undefined) throw new Error(`the live side does not know '${word}'`);
    return run(this, a);
  }

  /** All that live, by number. */
  alive(): Map<number, LiveProcess> {
    return new Map(this.processes.flatMap((p, i): [number, LiveProcess][] => (p === null ? [] : [[i + 1, p]])));
  }

  get current(): LiveProcess | null {
    return this.processes[this.running - 1] ?? null;
  }

  get currentNumber(): number {
    return this.running;
  }

  choose(number: number): number {
    if (!this.processes[number - 1]) return -ESRCH;
    this.running = number;
    return 0;
  }

  call(make: (p: LiveProcess) => number): number {
    return this.current === null ? -ESRCH : make(this.current);
  }

  fork(): number {
    return this.call((p) => {
      const child = p.fork();
      if (typeof child === 'number') return child;
      this.capabilities.set(child, (this.capabilities.get(p) ?? Capabilities.of(p)).copy());
      return this.processes.push(child);
    });
  }

  exit(): number {
    return this.call((p) => {
      this.processes[this.running - 1] = null;
      p.exit();
      return 0;
    });
  }

  private pathOf(file: number): string {
    return join(this.folder, `file${file}`);
  }

  open(file: number, mode: number, size: number): number {
    const path = this.pathOf(file);
    return this.call((p) => {
      if (!existsSync(path)) writeFileSync(path, Buffer.alloc(size));
      this.files.add(path);
      return p.open(path, ACCESS[mode] ?? 0);
    });
  }

  unlink(file: number): number {
    const path = this.pathOf(file);
    if (!existsSync(path)) return -ENOENT;
    rmSync(path);
    return 0;
  }

  capable(cap: number, isOn: boolean): number {
    return this.call((p) => this.capabilities.get(p)?.set(p, cap, isOn) ?? -ESRCH);
  }

  /** All of them end, and their files go. */
  end(): void {
    for (const p of [...this.alive().values()].reverse()) p.exit();
    for (const path of this.files) rmSync(path, { force: true });
  }
}
