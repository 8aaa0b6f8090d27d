// SPDX-License-Identifier: GPL-2.0-only

/** One top-level test point, as far as counting it goes. */
export interface TopLevelResult {
  name: string;
  ok: boolean;
  /** A reason, true, or false, as tap's parser has it. */
  skip?: string | boolean;
  todo?: string | boolean;
}

/** Counts top-level tests the way upstream's main() does: a test has run or it has failed, there is no third kind. */
export class Tally {
  run: number;
  readonly failed: string[];

  constructor() {
    this.run = 0;
    this.failed = [];
  }

  add(result: TopLevelResult): void {
    if (result.skip) {
      return;
    }
    this.run++;
    // Marking a test todo excuses it to tap, but not here: count what it did.
    if (!result.ok) {
      this.failed.push(result.name);
    }
  }

  /** Upstream's closing line. */
  summary(): string {
    return `${this.run} tests run, ${this.run - this.failed.length} passed, ${this.failed.length} failed.`;
  }
}
