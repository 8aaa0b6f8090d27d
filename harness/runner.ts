// SPDX-License-Identifier: GPL-2.0-only
/**
 * What runs tests: tap where it is installed, else the runner that comes with node. tap brings three hundred packages,
 * which whoever tests a driver can do without.
 */

/** A test of the runner, as far as this harness needs it; tap's own test has more. */
export interface RunnerTest {
  readonly name: string;
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
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

/** The runner's root, on which top-level tests are registered. */
export async function loadRunner(): Promise<RunnerTest> {
  try {
    const { t } = await import('tap');
    return t;
  } catch (error) {
    if (!isMissing(error)) throw error;
    const { NodeTest } = await import('./node_runner.js');
    return new NodeTest('', null);
  }
}
