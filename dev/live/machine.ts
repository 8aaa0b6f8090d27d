// SPDX-License-Identifier: GPL-2.0-only
/** The live side as a whole: the program that was started, its pipes, and which of its processes are there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { LiveProgram } from './build.js';
import { makePipes, type Pipe, readWhole, writeWhole } from './pipes.js';
import { ANSWER_SIZE, cString, encode, OP, type Request, resultOf } from './wire.js';

/** Processes that there may be at a time, the first included, which only waits to be forked. */
const PROCESSES = 9;

/** The program has gone: it was killed, or what it was asked to do has ended it. */
export class LiveSideGone extends Error {
  override readonly name = 'LiveSideGone';
}

export interface Answer {
  result: number;
  data: Buffer;
}

/** What processes ask of it. */
export type Machine = Pick<LiveMachine, 'ask' | 'file' | 'fork' | 'exit' | 'group'>;

export class LiveMachine {
  readonly program: LiveProgram;
  private readonly child: ChildProcess;
  private readonly requests: Pipe[];
  private readonly answers: Pipe[];
  private readonly taken: Set<number>;

  /** Starts the program; close() ends it. */
  constructor(program: LiveProgram) {
    this.program = program;
    this.taken = new Set([0]);
    const pipes = makePipes(program.folder, 2 * PROCESSES);
    this.requests = pipes.slice(0, PROCESSES);
    this.answers = pipes.slice(PROCESSES);
    const theirs = this.requests.flatMap(({ read }, i) => [read, this.answers[i]?.write ?? -1]);
    // A group of its own, so that all of it can be killed.
    this.child = spawn(program.path, [String(PROCESSES)], {
      stdio: ['ignore', 'ignore', 'ignore', ...theirs],
      env: {},
      detached: true,
    });
    this.child.unref();
    for (const fd of theirs) closeSync(fd);
  }

  /** Its process group: whoever kills that ends all its processes. */
  get group(): number {
    return this.child.pid ?? 0;
  }

  /** @throws LiveSideGone */
  ask(process: number, request: Request): Answer {
    this.send(process, request);
    const head = this.take(process, ANSWER_SIZE);
    return { result: resultOf(head), data: this.take(process, request.out ?? 0) };
  }

  /** A file as the process reads it, or a negative errno: /proc/self/smaps. */
  file(process: number, path: string): string | number {
    this.send(process, { op: OP.FILE, args: [cString(path)] });
    const pieces: Buffer[] = [];
    for (;;) {
      const size = resultOf(this.take(process, ANSWER_SIZE));
      if (size < 0) return size;
      if (size === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(this.take(process, size));
    }
  }

  /** A copy of a process: its number, and the kernel's; or a negative errno. */
  fork(process: number): { process: number; pid: number } | number {
    const free = Array.from({ length: PROCESSES }, (_, i) => i).find((i) => !this.taken.has(i));
    if (free === undefined) throw new RangeError(`live: more than ${PROCESSES - 1} processes`);
    const { result: pid } = this.ask(process, { op: OP.FORK, args: [free] });
    if (pid < 0) return pid;
    this.taken.add(free);
    return { process: free, pid };
  }

  /** Ends a process, which answers nothing; wait for it with wait4() of its parent. */
  exit(process: number): void {
    this.send(process, { op: OP.EXIT });
    this.taken.delete(process);
  }

  private send(process: number, request: Request): void {
    try {
      writeWhole(this.requests[process]?.write ?? -1, encode(request));
    } catch (error) {
      throw error instanceof Error && 'code' in error && error.code === 'EPIPE' ? this.gone() : error;
    }
  }

  private take(process: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    if (size > 0 && !readWhole(this.answers[process]?.read ?? -1, bytes)) throw this.gone();
    return bytes;
  }

  private gone(): LiveSideGone {
    return new LiveSideGone('the live side has ended');
  }

  /** Ends all its processes. */
  close(): void {
    for (const { write } of this.requests.splice(0)) closeSync(write);
    for (const { read } of this.answers.splice(0)) closeSync(read);
    this.child.kill('SIGKILL');
  }
}
