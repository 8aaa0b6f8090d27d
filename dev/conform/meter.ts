// SPDX-License-Identifier: GPL-2.0-only
/** How far a campaign is: a bar on a terminal, elsewhere a line a minute. */
import { SingleBar } from 'cli-progress';
import type { Kind } from './sides.js';

const MINUTE = 60_000;

export class Meter {
  private readonly kind: Kind;
  private readonly runs: number;
  private readonly operations: number;
  private readonly began: number;
  /** Null where there is no terminal. */
  private readonly bar: SingleBar | null;
  private said: number;

  constructor(kind: Kind, runs: number, operations: number, done: number, stream: NodeJS.WriteStream = process.stderr) {
    this.kind = kind;
    this.runs = runs;
    this.operations = operations;
    this.began = Date.now();
    this.said = this.began;
    const format = `${kind} {bar} {value}/{total} traces, {eta_formatted} left`;
    this.bar = stream.isTTY ? new SingleBar({ format, clearOnComplete: true, stream }) : null;
    this.bar?.start(runs, done);
  }

  show(done: number): void {
    this.bar?.update(done);
    if (this.bar !== null || Date.now() - this.said < MINUTE) return;
    this.said = Date.now();
    process.stderr.write(`${this.kind}: ${done} of ${this.runs} traces of ${this.operations} operations\n`);
  }

  stop(): void {
    this.bar?.stop();
  }

  /** Operations a second, for that many traces since the meter was made. */
  rate(compared: number): number {
    const seconds = Math.max(Date.now() - this.began, 1) / 1000;
    return Math.round((compared * this.operations) / seconds);
  }
}
