// SPDX-License-Identifier: GPL-2.0-only
/** Runs test files in this process, one after the other, with tap as a library. */
import { relative, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

export interface TapRun {
  /**
   * Runs a file to the end of its last test. Never throws: a file that cannot be loaded is a failed test. `query`, such
   * as "?2", has a file that was run before declare its tests anew.
   */
  run(file: string, query?: string): Promise<void>;
}

/** A result that tap prints behind all that was declared before it. */
const END = 'all of this file was printed';
const END_LINE = new RegExp(`^ok \\d+ - ${END}$`);

/** Hands on what is written until the line with END has come; that line is kept back. */
class Printed extends Writable {
  private readonly hand: (text: string) => void;
  private rest: string;
  private ended: () => void;

  constructor(hand: (text: string) => void) {
    super();
    this.hand = hand;
    this.rest = '';
    this.ended = () => {};
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    const lines = (this.rest + String(chunk)).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (END_LINE.test(line)) this.ended();
      else this.hand(`${line}\n`);
    }
    done();
  }

  untilEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.ended = resolve;
    });
  }
}

/**
 * Loads tap, and whatever the environment has it do, for files below `root`. Their TAP goes to `hand`; `fixtures` is
 * the folder that their test folders are made in.
 */
export async function loadTap(root: string, fixtures: string, hand: (text: string) => void): Promise<TapRun> {
  // Without the maps of all of their modules.
  process.setSourceMapsEnabled(false);
  const [{ t }] = await Promise.all([import('tap'), import('sinon')]);
  process.setSourceMapsEnabled(true);
  const printed = new Printed(hand);
  t.pipe(printed);
  const declared: unknown[] = [];
  const { test } = t;
  Reflect.set(t, 'test', (...args: unknown[]): unknown => {
    const ended: unknown = Reflect.apply(test, t, args);
    declared.push(ended);
    return ended;
  });
  // tap would keep them for the end of the process, and end all tests at the first pause from then on.
  const teardowns: (() => unknown)[] = [];
  Reflect.set(t, 'teardown', (handler: () => unknown): void => void teardowns.push(handler));

  return {
    async run(file, query = '') {
      const name = relative(root, file);
      // The default is named after all arguments of the process.
      t.testdirName = resolve(fixtures, name.replace(/^dist\/tests\//, '').replace(/[^\w.-]+/g, '-'));
      try {
        await import(`${pathToFileURL(file).href}${query}`);
      } catch (error) {
        // Not a test of its own: a name filter would skip it.
        t.fail(`load ${name}`, { error: error instanceof Error ? error.stack : error });
      }
      await Promise.allSettled(declared.splice(0));
      for (const teardown of teardowns.splice(0).reverse()) {
        try {
          await teardown();
        } catch (error) {
          t.fail(`tear down ${name}`, { error: error instanceof Error ? error.stack : error });
        }
      }
      // A test has ended before it is printed.
      const end = printed.untilEnd();
      t.pass(END);
      await end;
    },
  };
}
