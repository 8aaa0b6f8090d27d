// SPDX-License-Identifier: GPL-2.0-only
/** What a world has to complain about, and the warnings that a test said it would see. */
import { Place } from './place.js';

interface Expectation {
  where: string;
  what: string | undefined;
  place: Place;
}

export class Reports {
  private readonly complaints: string[];
  private readonly expected: Expectation[];

  constructor() {
    this.complaints = [];
    this.expected = [];
  }

  /** A rule was broken; the test fails when it ends. */
  complain(text: string): void {
    this.complaints.push(text);
  }

  /** The next warning will be this one: of that function, with that text in it. It must come. */
  expectWarning(where: string, what?: string): void {
    this.expected.push({ where, what, place: new Place() });
  }

  /** A WARN_ON() that held: a complaint, unless it is the one expected next. */
  warn(where: string, what: string): void {
    const [next] = this.expected;
    if (next !== undefined && next.where === where && (next.what === undefined || what.includes(next.what))) {
      this.expected.shift();
      return;
    }
    this.complain(`WARN: ${where}: ${what}; at ${new Place()}`);
  }

  /** Everything, with expectations that were not met. */
  end(): string[] {
    for (const { where, what, place } of this.expected) {
      this.complain(`no warning came from ${where}${what === undefined ? '' : `: ${what}`}; expected at ${place}`);
    }
    return this.complaints;
  }
}
