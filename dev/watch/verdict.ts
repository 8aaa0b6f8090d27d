// SPDX-License-Identifier: GPL-2.0-only
import { TapLines, type TopLevelResult } from '../run/tap_lines.js';

/** What a run has said: of tests that failed all that TAP has on them, of the others how many there were. */
export class Verdict {
  readonly lines: TapLines;
  /** Lines of TAP of the tests that failed. */
  readonly failures: string[];
  /** Lines since the last top-level result, which come before the one that they belong to. */
  private block: string[];
  /** Do the diagnostics of a failed result follow? */
  private diagnosing: boolean;

  constructor() {
    this.failures = [];
    this.block = [];
    this.diagnosing = false;
    this.lines = new TapLines((text) => {
      for (const line of text.replace(/\n$/, '').split('\n')) this.take(line);
    });
  }

  private take(line: string): void {
    if (line.startsWith('TAP version')) return;
    const result = /^(not )?ok \d/.exec(line);
    if (this.diagnosing && /^ {2}/.test(line)) {
      this.failures.push(line);
      this.diagnosing = line !== '  ...';
    } else if (result === null) this.block.push(line);
    else {
      if (result[1] !== undefined) this.failures.push(...this.block.filter((text) => text !== ''), line);
      this.diagnosing = result[1] !== undefined;
      this.block = [];
    }
  }

  /** No more will come: how the tests ended. */
  close(): readonly TopLevelResult[] {
    this.lines.close();
    return this.lines.results;
  }
}
