// SPDX-License-Identifier: GPL-2.0-only
/** A process that runs a test file again and again, each time with another mutant in force; for runner.ts. */
// First of all: what it loads may have mutants in it.

import { pathToFileURL } from 'node:url';
import { type Finding, findingsOf } from '../bugs/test_process.js';
import { loadTap, type TapRun } from '../run/tap_files.js';
import { Counter, type Reached } from './reached.js';
import { mutation } from './switch.js';

/** What a worker is told: load modules, or run a test file. */
export type Order = LoadOrder | RunOrder;

export interface LoadOrder {
  /** Compiled modules, beside those of the tests. */
  load: readonly string[];
  /** Is what is run of them to be counted? */
  count: boolean;
}

export interface RunOrder {
  /** The compiled test file, and the name that it is known by. */
  path: string;
  name: string;
  /** Number of the mutant in force; 0 is none. */
  mutant: number;
  /** How often it may be reached. */
  limit: number;
}

/** What it answers when that is done. */
export interface Answer {
  done: true;
  /** The first test that failed. */
  failed: Finding | null;
  /** Was the mutant reached too often? */
  endless: boolean;
  /** Microseconds of computing. */
  cpu: number;
  /** Bytes of memory that the process has by now. */
  memory: number;
  /** What was run, where that is counted. */
  reached: Reached;
}

/** How the tests of a file are run: none of them after one that failed. */
const run = { failed: false, number: 0 };

/** Leaves out what comes after a failure: it may take its time, and tells nothing more. */
async function stopAtFailures(): Promise<void> {
  const { t } = await import('tap');
  const { test } = t;
  Reflect.set(t, 'test', (...args: unknown[]): unknown => {
    const body = args.at(-1);
    const guarded = (inner: unknown): unknown =>
      run.failed || typeof body !== 'function' ? undefined : Reflect.apply(body, inner, [inner]);
    const ended: unknown = Reflect.apply(test, t, typeof body === 'function' ? [...args.slice(0, -1), guarded] : args);
    void Promise.resolve(ended).then(
      (result) => {
        if (typeof result === 'object' && result !== null && 'ok' in result && result.ok === false) run.failed = true;
      },
      () => {
        run.failed = true;
      },
    );
    return ended;
  });
}

let text = '';
let tap: TapRun | null = null;
let counter: Counter | null = null;

async function runFile({ path, name, mutant, limit }: RunOrder): Promise<Omit<Answer, 'reached' | 'memory' | 'done'>> {
  if (tap === null) throw new Error('a file is run before tap is loaded');
  text = '';
  run.failed = false;
  run.number++;
  const before = process.cpuUsage();
  mutation.set(mutant, limit);
  // The same module under another name: its tests are declared anew.
  await tap.run(path, `?${run.number}`);
  const { endless } = mutation;
  mutation.set(0, 0);
  const { user, system } = process.cpuUsage(before);
  return { failed: findingsOf(text, name)[0] ?? null, endless, cpu: user + system };
}

async function load({ load: modules, count }: LoadOrder): Promise<void> {
  const urls = modules.map((module) => pathToFileURL(module).href);
  if (count) {
    counter = new Counter(urls);
    await counter.start();
  }
  const { checkEnvironment } = await import('../run/environment.js');
  await checkEnvironment();
  await stopAtFailures();
  tap = await loadTap(process.cwd(), `${process.cwd()}/.tap`, (more) => {
    text += more;
  });
  for (const url of urls) await import(url);
}

async function carryOut(order: Order): Promise<void> {
  const nothing = { failed: null, endless: false, cpu: 0 };
  if ('load' in order) await load(order);
  const result = 'load' in order ? nothing : await runFile(order);
  const reached = (await counter?.take()) ?? {};
  const answer: Answer = { done: true, ...result, memory: process.memoryUsage.rss(), reached };
  process.send?.(answer);
}

process.on('message', (order: Order) => void carryOut(order));

// Tests that were given up must not keep a run alive whose other end has gone.
process.once('disconnect', () => process.exit());
