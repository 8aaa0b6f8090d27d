// SPDX-License-Identifier: GPL-2.0-only
/** Compares the programs of many seeds on all cores, until all are done, one differs, or a side does not come back. */
import { Worker } from 'node:worker_threads';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import type { Difference } from './compare.js';
import { CALLS, type Compared, GROUP, type WorkerData } from './worker.js';

export interface Campaign {
  /** Seed of the first program; those after it have the next ones. */
  seed: number;
  runs: number;
  operations: number;
  every: number;
  jobs: number;
  /** Milliseconds that a call may take. */
  patience: number;
  /** The module that a worker runs. */
  worker?: URL;
}

export interface CampaignEnd {
  /** Programs that were compared, and their calls. */
  programs: number;
  calls: number;
  difference: Difference | null;
  /** Who did not come back; null when all did. */
  hanging: string | null;
}

interface Hand {
  worker: Worker;
  folder: string;
  shared: Int32Array;
  /** What it is at; null when there is nothing left for it. */
  seed: number | null;
  /** Calls that were answered when it was looked at last, and when that was. */
  seen: number;
  since: number;
  /** Its live side was killed, to see whether it was that which did not come back. */
  isKilled: boolean;
}

export class LiveCampaign {
  private readonly campaign: Campaign;
  private readonly progress: (programs: number) => void;
  private readonly hands: Hand[];
  private next: number;
  private programs: number;
  private calls: number;
  private watch: NodeJS.Timeout | null;
  private settle: ((end: CampaignEnd) => void) | null;

  constructor(campaign: Campaign, progress: (programs: number) => void = () => {}) {
    this.campaign = campaign;
    this.progress = progress;
    this.hands = [];
    this.next = 0;
    this.programs = 0;
    this.calls = 0;
    this.watch = null;
    this.settle = null;
  }

  run(): Promise<CampaignEnd> {
    const { runs, jobs, patience } = this.campaign;
    return new Promise((resolve) => {
      this.settle = resolve;
      this.watch = setInterval(() => this.look(), Math.min(1000, patience));
      for (let i = 0; i < Math.min(jobs, runs); i++) this.start();
    });
  }

  /** Ends it before its time. */
  stop(): void {
    this.end(null, null);
  }

  private start(): void {
    const { operations, every, worker: module = new URL('./worker.js', import.meta.url) } = this.campaign;
    const shared = new SharedArrayBuffer(8);
    const folder = scratchFolder('live');
    const workerData: WorkerData = { folder, operations, every, shared };
    const worker = new Worker(module, { workerData });
    const hand: Hand = {
      worker,
      folder,
      shared: new Int32Array(shared),
      seed: null,
      seen: 0,
      since: Date.now(),
      isKilled: false,
    };
    this.hands.push(hand);
    worker.on('message', (compared: Compared) => this.take(hand, compared));
    worker.on('error', (error) => this.broken(hand, error));
    this.give(hand);
  }

  private give(hand: Hand): void {
    const { seed, runs } = this.campaign;
    hand.seed = null;
    if (this.next >= runs) return;
    hand.seed = seed + this.next++;
    hand.since = Date.now();
    hand.worker.postMessage(hand.seed);
  }

  private take(hand: Hand, { calls, difference }: Compared): void {
    if (this.settle === null) return;
    this.programs++;
    this.calls += calls;
    this.progress(this.programs);
    if (difference !== null || this.programs >= this.campaign.runs) this.end(difference, null);
    else this.give(hand);
  }

  /** Is somebody still at the call that they were at when they were looked at last, for too long? */
  private look(): void {
    const now = Date.now();
    for (const hand of this.hands) {
      const seen = Atomics.load(hand.shared, CALLS);
      if (seen !== hand.seen) {
        hand.seen = seen;
        hand.since = now;
      } else if (hand.seed !== null && now - hand.since > this.campaign.patience) {
        this.kill(hand);
        hand.since = now;
      }
    }
  }

  /** Kills the live side, which ends a wait for it. Whoever waits even then is the port. */
  private kill(hand: Hand): void {
    if (hand.isKilled) {
      this.end(null, `the port does not come back: seed ${hand.seed}, after ${hand.seen} calls of this worker`);
      return;
    }
    hand.isKilled = true;
    const group = Atomics.load(hand.shared, GROUP);
    if (group > 0) killGroup(group);
  }

  private broken(hand: Hand, error: Error): void {
    const who = hand.isKilled ? 'the live side does not come back' : error.message;
    this.end(null, `${who}: seed ${hand.seed}`);
  }

  private end(difference: Difference | null, hanging: string | null): void {
    const { settle, programs, calls } = this;
    this.settle = null;
    if (this.watch !== null) clearInterval(this.watch);
    if (settle === null) return;
    void this.quit().then(() => settle({ programs, calls, difference, hanging }));
  }

  private async quit(): Promise<void> {
    await Promise.all(
      this.hands.splice(0).map(async ({ worker, shared, folder }) => {
        const group = Atomics.load(shared, GROUP);
        // A thread that waits for its live side cannot be ended otherwise.
        if (group > 0) killGroup(group);
        await worker.terminate();
        removeScratch(folder);
      }),
    );
  }
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
