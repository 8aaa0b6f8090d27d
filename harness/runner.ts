// SPDX-License-Identifier: GPL-2.0-only
/** What this harness needs of whatever runs tests. */

/** A test of the runner, as far as this harness needs it; tap's own test has more. */
export interface RunnerTest {
  readonly name: string;
  /** What it was begun with. `todo`, set while it runs, says why it may fail; `skip`, why it did not run to its end. */
  readonly options: object;
  /** A test within this one. */
  test(name: string, options: RunnerOptions, body: (t: RunnerTest) => Promise<void>): PromiseLike<unknown>;
  pass(what: string): unknown;
  /** What is wrong, with what there is to show of it. The test goes on. */
  fail(...what: [title: string] | [title: string, diagnostics: object]): unknown;
  /** A line for the reader. */
  comment(text: string): unknown;
  /** Deep equality. */
  same(found: unknown, wanted: unknown, ...what: [] | [title: string]): unknown;
  /** Strings and regular expressions stand for texts that contain them, also within objects. */
  match(found: unknown, wanted: object, ...what: [] | [title: string]): unknown;
  throws(body: () => unknown, wanted: RegExp, ...what: [] | [title: string]): unknown;
}

export interface RunnerOptions {
  /** Where tap was called from: left out. */
  at?: null;
  /** Why it is expected to fail. */
  todo?: string;
  /** Why it does not run. */
  skip?: string;
}
