// SPDX-License-Identifier: GPL-2.0-only
/** Which tests reach which code, and how long each takes: measured once, and kept until something changes. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { complain } from '../../tools/commands/program.js';
import type { Copy } from './copy.js';
import type { Kept } from './kept.js';
import type { Mutant } from './mutant.js';
import { compiledPath } from './mutants.js';
import { countAt, type Pieces, type Reached } from './reached.js';
import { Runner } from './runner.js';
import { killingTests, Modules } from './tests.js';
import type { Answer } from './worker.js';

/** What a top-level test was seen to do. */
interface Seen {
  /** Milliseconds of computing. */
  ms: number;
  /** Does it pass without any mutant? Else it finds none. */
  ok: boolean;
  /** What it runs, by name of the source. */
  reached: Record<string, Pieces>;
}

/** What the tests of a file were seen to do. */
interface SeenFile {
  /** Of the file, all that it imports, and all code that may have mutants in it. */
  hash: string;
  /** By name; "" is what is done outside of them. */
  tests: Record<string, Seen>;
}

type Plans = Record<string, SeenFile>;

/** What is known as the test that loads all modules. */
const LOADING = 'loading';
/** Seconds of computing that a test file may take without any mutant. */
const PATIENCE = 120;

function isPlans(value: unknown): value is Plans {
  return typeof value === 'object' && value !== null;
}

/** Tests of a file that reach a mutant, and how often one of them does. */
export interface Reaching {
  /** The file. */
  test: string;
  /** Its top-level tests; null for all. */
  only: readonly string[] | null;
  /** Milliseconds of computing. */
  ms: number;
  count: number;
}

export class Plan {
  private readonly seen: Map<string, SeenFile>;
  /** Of the test files themselves. */
  readonly hashes: ReadonlyMap<string, string>;

  private constructor(seen: Map<string, SeenFile>, hashes: ReadonlyMap<string, string>) {
    this.seen = seen;
    this.hashes = hashes;
  }

  /** Is the mutant's code run when modules are loaded? */
  isLoading({ file, start }: Mutant): boolean {
    return countAt(this.seen.get(LOADING)?.tests['']?.reached[file] ?? [], start) > 0;
  }

  /** Tests that reach a mutant, by their files; for one that is reached by loading all that reach its module. */
  reaching(mutant: Mutant): Reaching[] {
    const loading = this.isLoading(mutant);
    const reaching: Reaching[] = [];
    for (const [test, { tests }] of this.seen) {
      if (test === LOADING) continue;
      const found = reachingIn(tests, mutant, loading);
      if (found !== null) reaching.push({ test, ...found });
    }
    return reaching.sort((a, b) => a.ms - b.ms);
  }

  /**
   * Measures what is not known yet, in several processes side by side.
   *
   * @param folders where the code is that has mutants, as compiled
   * @param below folders of the tests
   */
  static async make(
    copy: Copy,
    kept: Kept,
    folders: readonly string[],
    below: readonly string[],
    jobs: number,
  ): Promise<Plan> {
    const modules = new Modules(copy.root);
    const tests = killingTests(copy.root, modules, below);
    const mutable = folders.flatMap((folder) => sourcesBelow(copy.root, folder));
    const code = modules.hash(mutable.map((file) => compiledPath(copy.root, file)));
    const known = kept.read('reached', isPlans) ?? {};
    const wanted = new Map([[LOADING, code], ...[...tests].map(([test, { whole }]) => [test, code + whole] as const)]);
    const seen = new Map<string, SeenFile>();
    const missing: string[] = [];
    for (const [test, hash] of wanted) {
      const before = known[test];
      if (before?.hash === hash) seen.set(test, before);
      else missing.push(test);
    }
    if (missing.length > 0) {
      const measured = await measure(copy.folder, mutable, missing, jobs);
      for (const [test, found] of measured) seen.set(test, { hash: wanted.get(test) ?? '', tests: found });
      kept.write('reached', { ...known, ...Object.fromEntries(seen) });
    }
    for (const [file, { tests }] of seen) {
      const failing = Object.entries(tests).filter(([, { ok }]) => !ok);
      for (const [name] of failing) {
        complain(
          'mutate',
          `fails without any mutant, so it finds none: ${name === '' ? 'all' : `"${name}"`} of ${file}`,
        );
      }
    }
    return new Plan(seen, new Map([...tests].map(([test, { own }]) => [test, own])));
  }
}

function reachingIn(
  tests: Record<string, Seen>,
  { file, start }: Mutant,
  loading: boolean,
): Omit<Reaching, 'test'> | null {
  const only: string[] = [];
  let count = 0;
  let time = 0;
  for (const [name, { ms, ok, reached }] of Object.entries(tests)) {
    const pieces = reached[file];
    if (!ok || pieces === undefined) continue;
    const times = countAt(pieces, start);
    if (times === 0 && !loading) continue;
    count = Math.max(count, times);
    only.push(name);
    time += ms;
  }
  if (only.length === 0) return null;
  const all = Object.entries(tests);
  // What is done outside of the tests may make any of them fail.
  if (!only.includes('')) return { only, count, ms: time };
  if (all.some(([, { ok }]) => !ok))
    return { only: all.flatMap(([name, { ok }]) => (ok ? name : [])), count, ms: time };
  return { only: null, count, ms: all.reduce((sum, [, { ms }]) => sum + ms, 0) };
}

function sourcesBelow(root: string, layer: string): string[] {
  const dist = join(root, 'dist');
  return readdirSync(join(dist, layer), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js') && !path.endsWith('.test.js'))
    .map((path) => relative(dist, join(dist, layer, path)).replace(/\.js$/, '.ts'))
    .sort();
}

function measuredOf(folder: string, { seen, failed }: Answer): Record<string, Seen> {
  const source = (url: string): string => relative(join(folder, 'dist'), fileURLToPath(url)).replace(/\.js$/, '.ts');
  const named = (reached: Reached): Record<string, Pieces> =>
    Object.fromEntries(Object.entries(reached).map(([url, pieces]) => [source(url), pieces]));
  return Object.fromEntries(
    Object.entries(seen).map(([name, { ms, reached }]) => {
      const ok = !failed.some(({ test }) => test === name);
      return [name, { ms: Math.round(ms), ok, reached: named(reached) }];
    }),
  );
}

/** Runs test files, each once, and counts; in each process modules are loaded first, so that no test is said to do it. */
async function measure(folder: string, mutable: readonly string[], tests: readonly string[], jobs: number) {
  const measured = new Map<string, Record<string, Seen>>();
  const waiting = tests.filter((test) => test !== LOADING);
  const loaded = mutable.map((file) => compiledPath(folder, file));
  const work = async (): Promise<void> => {
    const runner = new Runner(folder);
    try {
      let start = true;
      for (let test = waiting.shift(); test !== undefined || !measured.has(LOADING); test = waiting.shift()) {
        if (start) {
          const loading = await runner.start(0, loaded, true);
          if (loading === null) throw new Error('mutate: the modules cannot be loaded');
          measured.set(LOADING, measuredOf(folder, loading));
          start = false;
        }
        if (test === undefined) return;
        const answer = await runner.counted(test, PATIENCE);
        start = typeof answer === 'string';
        measured.set(
          test,
          typeof answer === 'string' ? { '': { ms: 0, ok: false, reached: {} } } : measuredOf(folder, answer),
        );
      }
    } finally {
      runner.end();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return measured;
}
