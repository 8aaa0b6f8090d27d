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
  /** The top-level tests that are run; null for all. */
  only: readonly string[] | null;
  /** Number of the mutant in force; 0 is none. */
  mutant: number;
  /** How often it may be reached. */
  limit: number;
}

/** What a top-level test was seen to do. */
export interface Seen {
  /** Milliseconds of computing. */
  ms: number;
  reached: Reached;
}

/** What it answers when that is done. */
export interface Answer {
  done: true;
  /** The tests that failed. */
  failed: readonly Finding[];
  /** Was the mutant reached too often? */
  endless: boolean;
  /** Bytes of memory that the process has by now. */
  memory: number;
  /** Where that is counted: by name of the test; "" is what is done outside of all. */
  seen: Record<string, Seen>;
}

/** The file that is run, and how. */
const run = {
  number: 0,
  /** Its top-level tests that are wanted; null for all. */
  only: null as ReadonlySet<string> | null,
  /** The test under way, or the last one: what it does at its end counts as its own. */
  current: '',
  inner: null as unknown,
  cpu: process.cpuUsage(),
  seen: {} as Record<string, Seen>,
};

let counter: Counter | null = null;

/** Notes what the test before has done, from the end of that before it on. */
async function note(next: string, inner: unknown): Promise<void> {
  const { user, system } = process.cpuUsage(run.cpu);
  if (counter !== null) run.seen[run.current] = { ms: (user + system) / 1000, reached: await counter.take() };
  run.current = next;
  run.inner = inner;
  run.cpu = process.cpuUsage();
}

/** Has the test before failed? */
function hasFailed(inner: unknown): boolean {
  if (typeof inner !== 'object' || inner === null || !('passing' in inner)) return false;
  return typeof inner.passing === 'function' && Reflect.apply(inner.passing, inner, []) === false;
}

/** Has tap run the top-level tests that are wanted, and none after a failure: it would tell nothing more. */
async function takeOver(): Promise<void> {
  const { t } = await import('tap');
  const { test } = t;
  Reflect.set(t, 'test', (...args: unknown[]): unknown => {
    const [name, body] = [args[0], args.at(-1)];
    if (typeof name !== 'string' || typeof body !== 'function') return Reflect.apply(test, t, args);
    const guarded = (inner: unknown): unknown => {
      if (hasFailed(run.inner) || run.only?.has(name) === false) return Promise.resolve();
      const call = (): unknown => Reflect.apply(body, inner, [inner]);
      if (counter !== null) return note(name, inner).then(call);
      run.inner = inner;
      return call();
    };
    return Reflect.apply(test, t, [...args.slice(0, -1), guarded]);
  });
}

let text = '';
let tap: TapRun | null = null;
async function runFile({ path, name, only, mutant, limit }: RunOrder): Promise<Finding[]> {
  if (tap === null) throw new Error('a file is run before tap is loaded');
  text = '';
  run.only = only === null ? null : new Set(only);
  run.number++;
  run.seen = {};
  await note('', null);
  run.seen = {};
  mutation.set(mutant, limit);
  // The same module under another name: its tests are declared anew.
  await tap.run(path, `?${run.number}`);
  mutation.set(0, 0);
  await note('', null);
  return findingsOf(text, name);
}

async function load({ load: modules, count }: LoadOrder): Promise<void> {
  const urls = modules.map((module) => pathToFileURL(module).href);
  if (count) {
    counter = new Counter(urls);
    await counter.start();
  }
  const { checkEnvironment } = await import('../run/environment.js');
  await checkEnvironment();
  await takeOver();
  tap = await loadTap(process.cwd(), `${process.cwd()}/.tap`, (more) => {
    text += more;
  });
  for (const url of urls) await import(url);
}

async function carryOut(order: Order): Promise<void> {
  let failed: Finding[] = [];
  if ('load' in order) {
    run.seen = {};
    await load(order);
    await note('', null);
  } else failed = await runFile(order);
  const { endless } = mutation;
  const answer: Answer = { done: true, failed, endless, memory: process.memoryUsage.rss(), seen: run.seen };
  process.send?.(answer);
}

process.on('message', (order: Order) => void carryOut(order));

// Tests that were given up must not keep a run alive whose other end has gone.
process.once('disconnect', () => process.exit());
