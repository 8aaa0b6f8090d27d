// SPDX-License-Identifier: GPL-2.0-only
/** Compares the traces of many seeds on all cores, until all are done, one differs, or the user has enough. */
import { Worker } from 'node:worker_threads';
import { type Difference, traceFile, traceOf } from './compare.js';
import type { Kind } from './sides.js';
import { type Compared, KERNEL_IS_AT_IT, type WorkerData } from './worker.js';

export interface Campaign {
  kind: Kind;
  /** The C side. */
  program: string;
  /** Seed of the first trace; those after it have the next ones. */
  seed: number;
  runs: number;
  operations: number;
  jobs: number;
  /** Milliseconds that an operation of the port may take. */
  patience: number;
  /** How many traces, from the first on, are done already. */
  done: number;
  /** The module that a worker runs. */
  worker?: URL;
}

export interface CampaignEnd {
  /** Traces from the first on that are done without a gap: where a next campaign goes on. */
  done: number;
  /** Traces that this campaign has compared. */
  compared: number;
  /** Of the time of all workers the share in which the C side was at it, from 0 to 1. */
  kernelShare: number;
  difference: Difference | null;
}

/** A worker, and what it is at. */
interface Hand {
  worker: Worker;
  seed: number;
  answered: Int32Array;
  /** Operations that were answered when it was looked at last, and when that was. */
  seen: number;
  since: number;
}

export class CampaignRun {
  private readonly campaign: Campaign;
  private readonly hands: Hand[];
  private readonly finished: Set<number>;
  private readonly progress: (done: number) => void;
  private next: number;
  private done: number;
  private compared: number;
  /** Milliseconds of all workers, and those of them that the C side was at it. */
  private ms: number;
  private kernelMs: number;
  private watch: NodeJS.Timeout | null;
  private settle: ((end: CampaignEnd) => void) | null;
  private fail: ((error: Error) => void) | null;

  /** `progress` is told how many traces are done, those of earlier campaigns included. */
  constructor(campaign: Campaign, progress: (done: number) => void = () => {}) {
    this.campaign = campaign;
    this.hands = [];
    this.finished = new Set();
    this.progress = progress;
    this.next = campaign.done;
    this.done = campaign.done;
    this.compared = 0;
    this.ms = 0;
    this.kernelMs = 0;
    this.watch = null;
    this.settle = null;
    this.fail = null;
  }

  run(): Promise<CampaignEnd> {
    const { runs, jobs, patience } = this.campaign;
    return new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
      if (this.next >= runs) {
        this.end(null);
        return;
      }
      this.watch = setInterval(() => this.look(), Math.min(1000, patience));
      for (let i = 0; i < Math.min(jobs, runs - this.next); i++) this.start();
    });
  }

  /** Traces from the first on that are done without a gap. */
  get doneSoFar(): number {
    return this.done;
  }

  /** Ends the campaign before its time; what is under way is not counted. */
  stop(): void {
    this.end(null);
  }

  private start(): void {
    const { kind, program, operations, worker: module = new URL('./worker.js', import.meta.url) } = this.campaign;
    const answered = new SharedArrayBuffer(4);
    const workerData: WorkerData = { kind, program, operations, answered };
    const worker = new Worker(module, { workerData });
    const hand = { worker, seed: 0, answered: new Int32Array(answered), seen: 0, since: Date.now() };
    this.hands.push(hand);
    worker.on('message', (compared: Compared) => this.take(hand, compared));
    worker.on('error', (error) => this.broken(error));
    this.give(hand);
  }

  private give(hand: Hand): void {
    const { seed, runs } = this.campaign;
    if (this.next >= runs) return;
    hand.seed = seed + this.next++;
    hand.seen = 0;
    hand.since = Date.now();
    // The port has not begun, and neither has the worker perhaps.
    Atomics.store(hand.answered, 0, KERNEL_IS_AT_IT);
    hand.worker.postMessage(hand.seed);
  }

  private take(hand: Hand, { seed, difference, ms, kernelMs }: Compared): void {
    if (this.settle === null) return;
    this.compared++;
    this.ms += ms;
    this.kernelMs += kernelMs;
    if (difference !== null) {
      this.end(difference);
      return;
    }
    this.finished.add(seed - this.campaign.seed);
    while (this.finished.delete(this.done)) this.done++;
    this.progress(this.campaign.done + this.compared);
    if (this.done >= this.campaign.runs) this.end(null);
    else this.give(hand);
  }

  /** Is a port still at the operation that it was at when it was looked at last, for too long? */
  private look(): void {
    const now = Date.now();
    for (const hand of this.hands) {
      const answered = Atomics.load(hand.answered, 0);
      if (answered === KERNEL_IS_AT_IT || answered !== hand.seen) {
        hand.seen = answered;
        hand.since = now;
      } else if (now - hand.since > this.campaign.patience) {
        this.end(this.hanging(hand));
        return;
      }
    }
  }

  private hanging({ seed, seen }: Hand): Difference {
    const { kind, operations, patience } = this.campaign;
    // What hangs is the first operation after those that were answered.
    const operation = Math.max(seen, 0);
    const upTo = traceOf(kind, seed, operations).slice(0, operation + 1);
    const { file, trace } = traceFile(kind, seed, upTo);
    const what = `the port does not come back: seed ${seed}, operation ${operation + 1}: ${upTo.at(-1)}`;
    return {
      seed,
      file,
      trace,
      answers: '',
      what,
      said: `no answer for ${patience / 1000} s; ${file} ends with that operation\n`,
    };
  }

  private broken(error: Error): void {
    const { fail } = this;
    void this.quit().then(() => fail?.(error));
  }

  private end(difference: Difference | null): void {
    const { settle, done, compared } = this;
    const kernelShare = this.ms > 0 ? this.kernelMs / this.ms : 0;
    void this.quit().then(() => settle?.({ done, compared, kernelShare, difference }));
  }

  /** Ends the workers. It is done when their programs have ended too, which write what they have counted. */
  private async quit(): Promise<void> {
    this.settle = null;
    this.fail = null;
    if (this.watch !== null) clearInterval(this.watch);
    await Promise.all(this.hands.splice(0).map(({ worker }) => worker.terminate()));
  }
}
