// SPDX-License-Identifier: GPL-2.0-only
/** Tests on node's own runner, node:test. It knows no failed test that goes on: failures are gathered, thrown at the end. */
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { linesOf } from './failure.js';
import type { RunnerOptions, RunnerTest } from './runner.js';

/** Is what was found as the pattern has it? */
function matches(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(String(found));
  if (typeof wanted === 'string') return String(found).includes(wanted);
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([name, one]) => matches(Reflect.get(found, name), one));
}

/** All that failed in a test; frames are among the diagnostics. */
class TestFailed extends Error {
  constructor(failures: readonly string[]) {
    super(failures.join('\n'));
    this.name = 'TestFailed';
    this.stack = this.message;
  }
}

export class NodeTest implements RunnerTest {
  readonly name: string;
  readonly options: { todo?: string; skip?: string };
  /** Null for the root. */
  private readonly context: TestContext | null;
  private readonly failures: string[];

  constructor(name: string, context: TestContext | null) {
    this.name = name;
    this.context = context;
    this.failures = [];
    this.options = {
      set todo(reason: string) {
        context?.todo(reason);
      },
      set skip(reason: string) {
        context?.skip(reason);
      },
    };
  }

  test(name: string, { todo, skip }: RunnerOptions, body: (t: RunnerTest) => Promise<void>): Promise<void> {
    const run = async (context: TestContext): Promise<void> => {
      const inner = new NodeTest(name, context);
      await body(inner);
      if (inner.failures.length > 0) throw new TestFailed(inner.failures);
    };
    const options = { ...(todo === undefined ? {} : { todo }), ...(skip === undefined ? {} : { skip }) };
    return this.context === null ? test(name, options, run) : this.context.test(name, options, run);
  }

  /** The runner counts tests, not assertions. */
  pass(_what: string): void {}

  fail(what: string, diagnostics: object = {}): void {
    const todo: unknown = Reflect.get(diagnostics, 'todo');
    // Outside of a test it is one: one that fails, and is still to be done.
    if (this.context === null && typeof todo === 'string') {
      void this.test(what, { todo }, async (t) => void t.fail(what));
      return;
    }
    this.failures.push([what, ...linesOf(diagnostics, '  ')].join('\n'));
  }

  comment(text: string): void {
    this.context?.diagnostic(text);
  }

  same(found: unknown, wanted: unknown, what = 'same'): void {
    if (!isDeepStrictEqual(found, wanted)) this.fail(what, { values: { found, wanted } });
  }

  match(found: unknown, wanted: object, what = 'match'): void {
    if (!matches(found, wanted)) this.fail(what, { values: { found, wanted } });
  }

  throws(body: () => unknown, wanted: RegExp, what = 'throws'): void {
    let thrown: unknown = 'nothing';
    try {
      body();
    } catch (error) {
      thrown = error;
    }
    if (!wanted.test(String(thrown))) this.fail(what, { values: { found: String(thrown), wanted: String(wanted) } });
  }
}
