// SPDX-License-Identifier: GPL-2.0-only
/** What a world has to complain about, and the warnings that a test said it would see. */
import { Place } from '../../stubs/place.js';

interface Expectation {
  where: string;
  what: string | undefined;
  place: Place;
}

export class Reports {
  private readonly complaints: string[];
  private readonly expected: Expectation[];
  private readonly expectedAssertions: Expectation[];

  constructor() {
    this.complaints = [];
    this.expected = [];
    this.expectedAssertions = [];
  }

  /** Rules broken so far. */
  get count(): number {
    return this.complaints.length;
  }

  /** A rule was broken; the test fails when it ends. */
  complain(text: string): void {
    this.complaints.push(text);
  }

  /** The next warning will be this one: of that function, with that text in it. It must come. */
  expectWarning(where: string, what?: string): void {
    this.expected.push({ where, what, place: new Place() });
  }

  /** The next lock assertion that fails will be one in that function. It must come. */
  expectAssertion(where: string): void {
    this.expectedAssertions.push({ where, what: undefined, place: new Place() });
  }

  /** A lock assertion failed: a complaint, unless it is the one expected next. */
  assertion(what: string): void {
    const place = new Place();
    const [next] = this.expectedAssertions;
    if (next !== undefined && new RegExp(`\\b${next.where}\\b`).test(place.frames()[0] ?? '')) {
      this.expectedAssertions.shift();
      return;
    }
    this.complain(`lock assertion: ${what} at ${place}`);
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

  /** The complaints until now, which are forgotten. */
  take(): string[] {
    return this.complaints.splice(0);
  }

  /** Everything, with expectations that were not met. */
  end(): string[] {
    for (const { where, what, place } of this.expected) {
      this.complain(`no warning came from ${where}${what === undefined ? '' : `: ${what}`}; expected at ${place}`);
    }
    for (const { where, place } of this.expectedAssertions) {
      this.complain(`no lock assertion failed in ${where}; expected at ${place}`);
    }
    return this.complaints;
  }
}
