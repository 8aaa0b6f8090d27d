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
import { countAt, type Pieces } from './reached.js';
import { Runner } from './runner.js';
import { killingTests, Modules } from './tests.js';
import type { Answer } from './worker.js';

/** What a test file was seen to do. */
interface Seen {
  /** Of the test and of all modules that are no tests. */
  hash: string;
  /** Milliseconds of computing; null when the test fails as it is, so that it can find nothing. */
  ms: number | null;
  /** What it runs, by name of the source. */
  reached: Record<string, Pieces>;
}

type Plans = Record<string, Seen>;

/** What is known as the test that loads all modules. */
const LOADING = 'loading';
/** Seconds of computing that a test file may take without any mutant. */
const PATIENCE = 120;

function isPlans(value: unknown): value is Plans {
  return typeof value === 'object' && value !== null;
}

/** A test file that reaches a mutant, and how often. */
export interface Reaching {
  test: string;
  ms: number;
  count: number;
}

export class Plan {
  private readonly seen: Map<string, Seen>;
  /** Of the tests themselves. */
  readonly hashes: ReadonlyMap<string, string>;

  private constructor(seen: Map<string, Seen>, hashes: ReadonlyMap<string, string>) {
    this.seen = seen;
    this.hashes = hashes;
  }

  /** Is the mutant's code run when modules are loaded? */
  isLoading({ file, start }: Mutant): boolean {
    return countAt(this.seen.get(LOADING)?.reached[file] ?? [], start) > 0;
  }

  /** Test files that reach a mutant, the quickest first; for one that is reached by loading all that reach its module. */
  reaching(mutant: Mutant): Reaching[] {
    const loading = this.isLoading(mutant);
    const reaching: Reaching[] = [];
    for (const [test, { ms, reached }] of this.seen) {
      const pieces = reached[mutant.file];
      if (ms === null || pieces === undefined || test === LOADING) continue;
      const count = countAt(pieces, mutant.start);
      if (count > 0 || loading) reaching.push({ test, ms, count });
    }
    return reaching.sort((a, b) => a.ms - b.ms);
  }

  /**
   * Measures what is not known yet, in several processes side by side.
   *
   * @param folders where the code is that has mutants, as compiled
   * @param below folder of the tests
   */
  static async make(copy: Copy, kept: Kept, folders: readonly string[], below: string, jobs: number): Promise<Plan> {
    const modules = new Modules(copy.root);
    const hashes = killingTests(copy.root, modules, below);
    const mutable = folders.flatMap((folder) => sourcesBelow(copy.root, folder));
    const around = sourcesBelow(copy.root, '').filter((file) => !file.startsWith('tests/'));
    const world = modules.hash([...around, ...mutable].map((file) => compiledPath(copy.root, file)));
    const known = kept.read('reached', isPlans) ?? {};
    const wanted = new Map([[LOADING, ''], ...hashes]);
    const seen = new Map<string, Seen>();
    const missing: string[] = [];
    for (const [test, hash] of wanted) {
      const before = known[test];
      if (before?.hash === world + hash) seen.set(test, before);
      else missing.push(test);
    }
    if (missing.length > 0) {
      const measured = await measure(copy.folder, mutable, missing, jobs);
      for (const [test, found] of measured) seen.set(test, { hash: world + (wanted.get(test) ?? ''), ...found });
      kept.write('reached', Object.fromEntries(seen));
    }
    for (const [test, { ms }] of seen) {
      if (ms === null) complain('mutate', `fails without any mutant, so it finds none: ${test}`);
    }
    return new Plan(seen, hashes);
  }
}

function sourcesBelow(root: string, layer: string): string[] {
  const dist = join(root, 'dist');
  return readdirSync(join(dist, layer), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js') && !path.endsWith('.test.js'))
    .map((path) => relative(dist, join(dist, layer, path)).replace(/\.js$/, '.ts'))
    .sort();
}

type Measured = Omit<Seen, 'hash'>;

function measuredOf(folder: string, answer: Answer): Measured {
  const reached = Object.entries(answer.reached).map(([url, pieces]) => [
    relative(join(folder, 'dist'), fileURLToPath(url)).replace(/\.js$/, '.ts'),
    pieces,
  ]);
  return { ms: answer.failed === null ? answer.cpu / 1000 : null, reached: Object.fromEntries(reached) };
}

/** Runs test files, each once, and counts; in each process modules are loaded first, so that no test is said to do it. */
async function measure(folder: string, mutable: readonly string[], tests: readonly string[], jobs: number) {
  const measured = new Map<string, Measured>();
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
        measured.set(test, typeof answer === 'string' ? { ms: null, reached: {} } : measuredOf(folder, answer));
      }
    } finally {
      runner.end();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return measured;
}
