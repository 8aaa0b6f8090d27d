// SPDX-License-Identifier: GPL-2.0-only
/** How far a run is: a bar on a terminal, elsewhere a line now and then. */
import { SingleBar } from 'cli-progress';

const NOW_AND_THEN = 20_000;

export class Meter {
  private readonly total: number;
  /** Null where there is no terminal. */
  private readonly bar: SingleBar | null;
  private said: number;
  private survived: number;

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.total = total;
    this.said = Date.now();
    this.survived = 0;
    const format = 'mutants {bar} {value}/{total}, {survived} survived, {eta_formatted} left';
    this.bar = stream.isTTY ? new SingleBar({ format, clearOnComplete: true, stream }) : null;
    this.bar?.start(total, 0, { survived: 0 });
  }

  show(done: number, survived: boolean): void {
    if (survived) this.survived++;
    this.bar?.update(done, { survived: this.survived });
    if (this.bar !== null || Date.now() - this.said < NOW_AND_THEN) return;
    this.said = Date.now();
    process.stderr.write(`${done} of ${this.total} mutants, ${this.survived} survived\n`);
  }

  stop(): void {
    this.bar?.stop();
  }
}
