// SPDX-License-Identifier: GPL-2.0-only
import type { RunOptions } from './options.js';
import type { TopLevelResult } from './tap_lines.js';

/** Counts top-level tests as upstream's main() does: those that ran, and which of them failed. */
export class Tally {
  run: number;
  /** Failed, as is expected of what is still to be done. */
  todo: number;
  readonly failed: Pick<TopLevelResult, 'name' | 'place'>[];
  private readonly upstream: boolean;

  constructor(upstream: boolean) {
    this.upstream = upstream;
    this.run = 0;
    this.todo = 0;
    this.failed = [];
  }

  add({ name, ok, skip, todo, place }: TopLevelResult): void {
    if (skip) return;
    this.run++;
    if (ok) return;
    // Marking a test todo excuses it to tap, but upstream's main() counts what it did.
    if (todo && !this.upstream) this.todo++;
    else this.failed.push({ name, place });
  }

  /** Upstream's closing line, and what is still to be done, if anything is. */
  summary(): string {
    const { run, todo, failed } = this;
    const passed = run - failed.length - todo;
    return `${run} tests run, ${passed} passed, ${failed.length} failed${todo === 0 ? '' : `, ${todo} to be done`}.`;
  }

  /** Prints the tests that failed, each with its place, and the sum. Returns the status of the run. */
  conclude({ grep }: Pick<RunOptions, 'grep'>): number {
    const { upstream } = this;
    const comment = upstream ? '' : '# ';
    if (this.run === 0) {
      process.stderr.write(grep.length > 0 ? `no test matches ${grep.join(' ')}\n` : 'no test ran\n');
    }
    for (const { name, place } of this.failed) {
      const where = place === '' ? '' : `: ${place}`;
      if (upstream) process.stderr.write(`Test ${name} FAILED${where}\n`);
      else process.stdout.write(`# FAILED: ${name}${where}\n`);
    }
    process.stdout.write(`${comment}${this.summary()}\n`);
    return this.run === 0 || this.failed.length > 0 ? 1 : 0;
  }
}
