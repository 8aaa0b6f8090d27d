// SPDX-License-Identifier: GPL-2.0-only
/**
 * One case of a selftest: its process, the forks of it, and what came of all that.
 *
 * fork() returns twice, as in C. The case goes on as the child, to its end; then its function is carried out once more,
 * for the parent: its calls are answered as they were up to the fork, which now returns the child, and go to the parent's
 * process from there on. So a case must do the same again when it is told the same, and the parent's part comes after
 * all of the child's.
 */
import type { VmaTest } from '../vma_test.js';
import type { Backend, BackendProcess } from './backend.js';
import type { Verdict } from './registry.js';

/** What a call was answered. */
interface Answer {
  readonly said: string;
  readonly value: unknown;
}

/** How a process ended: status as wait() tells it. */
interface Ended {
  readonly pid: number;
  readonly status: number;
}

/** A process, with all that it was told so far. */
interface Task {
  readonly process: BackendProcess;
  readonly answers: Answer[];
  /** Answers that the function was given this time. */
  told: number;
  /** Children that have ended and were not waited for. */
  readonly ended: Ended[];
}

/** A result that a program tells by itself, by its words. */
export interface KsftResult {
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** exit() of a process: what is left of the function is not carried out. */
export class ProcessExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit(${code})`);
    this.name = 'ProcessExit';
    this.code = code;
  }
}

/** A process dies of a signal that it does not handle. */
export class ProcessKilled extends Error {
  readonly signal: number;

  constructor(signal: number, why: string) {
    super(`${why}: signal ${signal}`);
    this.name = 'ProcessKilled';
    this.signal = signal;
  }
}

/** The test does not do the same when it is carried out again. */
function differs(said: string, before: string | undefined): never {
  throw new Error(`fork: carried out again for the parent, the case asks for ${said}, not for ${before ?? 'nothing'}`);
}

export class SelftestCase {
  readonly t: VmaTest;
  /** Why it was skipped; null if it was not. */
  skipped: string | null;
  /** What was expected and did not come, in the order of their finding. */
  readonly unexpected: Error[];
  /** Results that the case has told by ksft_test_result() and its like. */
  readonly results: KsftResult[];
  /** Handlers of signals, by number. */
  readonly handlers: Map<number, (signal: number) => void>;
  /** The state of rand(). */
  seed: number;
  private readonly backend: Backend;
  private task: Task;
  /** Processes to whom a fork has not returned yet, the last first; and the child of each. */
  private readonly waiting: { task: Task; child: number }[];

  constructor(t: VmaTest, backend: Backend) {
    this.t = t;
    this.backend = backend;
    this.skipped = null;
    this.unexpected = [];
    this.results = [];
    this.handlers = new Map();
    this.seed = 1;
    this.task = { process: backend.begin(t), answers: [], told: 0, ended: [] };
    this.waiting = [];
  }

  /** Is the function told again what it was told before? Then what it finds was found before, too. */
  get isRepeating(): boolean {
    return this.task.told < this.task.answers.length;
  }

  /** Has the process ask for something, or tells it what it was answered before. */
  ask<T>(said: string, live: (process: BackendProcess) => T): T;
  ask(said: string, live: (process: BackendProcess) => unknown): unknown {
    const { task } = this;
    if (this.isRepeating) {
      const answer = task.answers[task.told++];
      return answer?.said === said ? answer.value : differs(said, answer?.said);
    }
    const value = live(task.process);
    task.answers.push({ said, value });
    task.told++;
    return value;
  }

  /** A copy of the process, as which the case goes on: 0; or the child of before; or -errno. */
  fork(): number {
    if (this.isRepeating) return this.ask('fork', () => 0);
    const { task } = this;
    const process = task.process.fork();
    if (typeof process === 'number') return this.ask('fork', () => process);
    this.waiting.push({ task, child: process.pid });
    const answers = [...task.answers, { said: 'fork', value: 0 }];
    this.task = { process, answers, told: answers.length, ended: [] };
    return 0;
  }

  /** A child that has ended, which is forgotten then; null if there is none. */
  wait(pid: number): Ended | null {
    return this.ask(`wait(${pid})`, () => {
      const { ended } = this.task;
      const index = ended.findIndex((child) => pid <= 0 || child.pid === pid);
      return index === -1 ? null : (ended.splice(index, 1)[0] ?? null);
    });
  }

  /** Carries the function out, for each process. How the first of them ended: status as wait() tells it. */
  carryOut(body: () => void): number {
    try {
      for (;;) {
        const status = this.attempt(body);
        const { process } = this.task;
        process.exit(status >> 8);
        const last = this.waiting.pop();
        if (last === undefined) return status;
        last.task.answers.push({ said: 'fork', value: last.child });
        last.task.ended.push({ pid: last.child, status });
        last.task.told = 0;
        this.task = last.task;
      }
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** The function, for one process: how it ended. */
  private attempt(body: () => void): number {
    this.handlers.clear();
    this.seed = 1;
    try {
      body();
      return 0;
    } catch (error) {
      if (error instanceof ProcessExit) return (error.code & 0xff) << 8;
      if (error instanceof ProcessKilled) return error.signal & 0x7f;
      throw error;
    }
  }

  /** The case is over: whoever is alive ends. */
  private abandon(): void {
    if (this.backend.ends_with_test) return;
    for (const { process } of [this.task, ...this.waiting.reverse().map(({ task }) => task)]) process.exit(1);
  }

  /** As in C, where the processes of a case share its verdict. */
  expectationFailed(error: Error): void {
    if (!this.isRepeating) this.unexpected.push(error);
  }
}

/** The case that is under way. */
let running: SelftestCase | null = null;

/** The case that is under way; what is only of use within one asks for it by name. */
export function currentCase(what: string): SelftestCase {
  if (running === null) throw new Error(`${what}: no selftest is running`);
  return running;
}

/** Has a case be the one under way for as long as it runs. */
export function runCase<R>(one: SelftestCase, run: () => R): R {
  const outer = running;
  running = one;
  try {
    return run();
  } finally {
    running = outer;
  }
}
