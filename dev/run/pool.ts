// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs test files in several processes side by side, each of them file after file, and hands over the TAP of each in the
 * order of the files. What starts programs of its own comes first, so that nothing long is left for the end.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sourceName, startsPrograms } from './collect.js';
import { RunFolders } from './folders.js';
import type { TapLines } from './tap_lines.js';
import type { WorkerAnswer, WorkerOrder } from './worker.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));

/** A file ended: its TAP, or why there is none. */
type Outcome = { tap: string } | { died: string };

class Pool {
  private readonly root: string;
  private readonly files: readonly string[];
  private readonly waiting: number[];
  private readonly outcomes: (Outcome | undefined)[];
  private readonly lines: TapLines;
  private readonly workers: Map<ChildProcess, number | null>;
  private readonly folders: RunFolders;
  /** Files that have been handed over. */
  private shown: number;
  private finish: () => void;

  constructor(root: string, files: readonly string[], lines: TapLines) {
    this.root = root;
    this.files = files;
    this.lines = lines;
    const heavy = files.map(startsPrograms);
    const order = files.map((_file, i) => i);
    this.waiting = [...order.filter((i) => heavy[i]), ...order.filter((i) => !heavy[i])];
    this.outcomes = files.map(() => undefined);
    this.workers = new Map();
    this.folders = new RunFolders(root);
    this.shown = 0;
    this.finish = () => {};
  }

  async run(jobs: number, seconds: number, signal?: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    const watch = setTimeout(() => this.giveUp(`given up after ${seconds} s`), seconds * 1000);
    const interrupted = (signal: NodeJS.Signals): void => {
      this.giveUp(`interrupted by ${signal}`);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
    const aborted = (): void => this.giveUp(null);
    signal?.addEventListener('abort', aborted);
    try {
      for (let i = 0; i < Math.min(jobs, this.files.length); i++) this.start();
      await ended;
      await this.leave();
    } finally {
      clearTimeout(watch);
      signal?.removeEventListener('abort', aborted);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupted);
      this.stop();
      this.folders.remove();
    }
  }

  /** Waits for processes that have nothing more to do: at their end they write what coverage is measured by. */
  private async leave(): Promise<void> {
    const leaving = [...this.workers.keys()].filter((worker) => worker.exitCode === null && !worker.killed);
    await Promise.all(leaving.map((worker) => once(worker, 'exit')));
  }

  private start(): void {
    const worker = fork(WORKER, [], { cwd: this.root, env: { ...process.env, TMPDIR: this.folders.tmp } });
    this.workers.set(worker, null);
    worker.on('message', (answer: Partial<WorkerAnswer>) => this.answered(worker, answer));
    worker.on('exit', (status, signal) => this.died(worker, signal ?? `status ${status}`));
    this.give(worker);
  }

  /** The next file, or nothing more to do. */
  private give(worker: ChildProcess): void {
    const next = this.waiting.shift();
    const file = next === undefined ? undefined : this.files[next];
    this.workers.set(worker, next ?? null);
    if (file === undefined) worker.disconnect();
    else worker.send({ root: this.root, fixtures: this.folders.fixtures, file } satisfies WorkerOrder);
  }

  private answered(worker: ChildProcess, { file: name, tap }: Partial<WorkerAnswer>): void {
    const file = this.workers.get(worker);
    if (file === null || file === undefined || name !== this.files[file] || tap === undefined) return;
    this.outcomes[file] = { tap };
    this.show();
    if (this.lines.bailed) this.giveUp(null);
    else if (worker.connected) this.give(worker);
  }

  private died(worker: ChildProcess, how: string): void {
    const file = this.workers.get(worker);
    this.workers.delete(worker);
    if (file === null || file === undefined) return;
    this.outcomes[file] = { died: `its process ended with ${how} before its last test` };
    this.show();
    if (this.waiting.length > 0) this.start();
  }

  /** Hands over what is next in the order of files, as far as it is there. */
  private show(): void {
    for (; this.shown < this.files.length; this.shown++) {
      const outcome = this.outcomes[this.shown];
      if (outcome === undefined) return;
      this.lines.next(this.nameOf(this.shown));
      if ('tap' in outcome) this.lines.write(outcome.tap);
      else this.lines.fail(`run ${this.nameOf(this.shown)}`, outcome.died);
    }
    this.finish();
  }

  private nameOf(file: number): string {
    return sourceName(this.root, this.files[file] ?? '');
  }

  /** Ends the run: what has not ended has failed, for the reason given; null keeps silent about it. */
  private giveUp(why: string | null): void {
    this.waiting.length = 0;
    for (const [i, outcome] of this.outcomes.entries()) {
      if (outcome === undefined) this.outcomes[i] = why === null ? { tap: '' } : { died: why };
    }
    this.stop();
    this.show();
  }

  private stop(): void {
    for (const worker of this.workers.keys()) {
      this.workers.set(worker, null);
      worker.kill('SIGKILL');
    }
  }
}

/**
 * Runs the files in up to `jobs` processes and waits for the last; all TAP goes to `lines`. Once `signal` is aborted, no
 * more is waited for.
 */
export async function runInPool(
  root: string,
  files: readonly string[],
  lines: TapLines,
  { jobs, seconds, signal }: { jobs: number; seconds: number; signal?: AbortSignal },
): Promise<void> {
  await new Pool(root, files, lines).run(jobs, seconds, signal);
}
