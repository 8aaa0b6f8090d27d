// SPDX-License-Identifier: GPL-2.0-only
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Paint, readable } from '../../tools/commands/program.js';
import { sourceName, startsPrograms } from '../run/collect.js';
import { RunFolders } from '../run/folders.js';
import { runInPool } from '../run/pool.js';
import { Tally } from '../run/tally.js';
import { Imports } from './imports.js';
import { type FileOutcome, Spare } from './spare.js';
import { Verdict } from './verdict.js';

/** What of the environment a run does not load until it is asked to. */
const UNLESS_TRACED = 'tools/trace/register.js';
/** Seconds until a run is given up. */
const SECONDS = 60;
/** Processes that share upstream's tests. */
const LANES = Math.min(2, availableParallelism());

export interface SessionOptions {
  /** Test files that run after each edit, by their full compiled paths; none means those that the edit touches. */
  files: readonly string[];
  /** Name patterns, one per level of nesting. */
  grep: readonly string[];
  /** Do tests that load the edited modules follow the nearest ones? */
  rest: boolean;
}

/** Files dealt out to so many lanes, alike in size as far as that goes. */
function shared(files: readonly string[], lanes: number): string[][] {
  const sized = files.map((file) => ({ file, size: statSync(file).size })).sort((a, b) => b.size - a.size);
  const shares = Array.from({ length: Math.min(lanes, files.length) }, () => ({ files: [] as string[], size: 0 }));
  for (const { file, size } of sized) {
    const least = shares.reduce((a, b) => (b.size < a.size ? b : a));
    least.files.push(file);
    least.size += size;
  }
  return shares.map((share) => share.files);
}

/** One round of verdicts: given up as soon as another begins. */
interface Round {
  began: number;
  abort: AbortController;
}

/**
 * What a watched edit is answered with. Processes wait, each with all loaded that the last edit left as it was: the first
 * run upstream's tests, the next those nearest to the edit; after that the rest of what loads it follows.
 */
export class Session {
  private readonly root: string;
  private readonly dist: string;
  private readonly imports: Imports;
  private readonly print: (text: string) => void;
  private readonly paint: Paint;
  private readonly folders: RunFolders;
  private readonly files: readonly string[];
  private readonly hasRest: boolean;
  private spares: Spare[];
  /** Modules of the last edit. */
  private edited: ReadonlySet<string>;
  /** Modules that were written since the last verdict that nothing cut short. */
  private readonly unjudged: Set<string>;
  private grep: readonly string[];
  private failed: Set<string>;
  private round: Round | null;
  private typeErrors: string;

  constructor(root: string, { files, grep, rest }: SessionOptions, print: (text: string) => void, paint: Paint) {
    this.root = root;
    this.dist = join(root, 'dist');
    this.imports = new Imports(this.dist);
    this.print = print;
    this.paint = paint;
    this.folders = new RunFolders(root);
    this.files = files;
    this.hasRest = rest && files.length === 0;
    this.grep = grep;
    this.spares = [];
    this.edited = new Set();
    this.unjudged = new Set();
    this.failed = new Set();
    this.round = null;
    this.typeErrors = '';
    this.prepare();
  }

  /** Modules that no edit of this kind reaches, to be loaded ahead. */
  private preload(): string[] {
    if (this.edited.size === 0) return [];
    const loaded = this.imports.reach(this.imports.tests().filter((test) => test.startsWith('tests/upstream/')));
    const below = /^(?:include|stubs|lib|harness)\//;
    return this.imports.without(this.edited, loaded).filter((module) => below.test(module));
  }

  private prepare(): void {
    const preload = this.preload();
    while (this.spares.length < LANES + 1) this.spares.push(this.newSpare(preload));
  }

  private newSpare(preload: readonly string[]): Spare {
    const { root, folders, grep } = this;
    const env = { ...process.env, TAP_TIMEOUT: String(SECONDS * 2) };
    return new Spare({ root, folders, env: grep.length > 0 ? { ...env, TAP_GREP: grep.join('\n') } : env, preload });
  }

  /** A waiting process, or a new one. */
  private take(): Spare {
    return this.spares.pop() ?? this.newSpare([]);
  }

  /** Ends the processes that have loaded one of these modules: all of them, when it is one that any process loads. */
  private dropOutdated(changed: ReadonlySet<string>): void {
    const always = this.imports.reach(['dev/run/worker.js'], (module) => module !== UNLESS_TRACED);
    const outdatesAll = [...changed].some((module) => always.has(module));
    this.spares = this.spares.filter((spare) => {
      const isCurrent = !outdatesAll && !spare.knows(changed);
      if (!isCurrent) spare.kill();
      return isCurrent;
    });
  }

  /** Modules were written anew: the verdict on upstream's tests, on the nearest ones, on all that load them. */
  async edit(modules: ReadonlySet<string>): Promise<void> {
    for (const module of modules) {
      this.imports.read(module);
      this.unjudged.add(module);
    }
    const changed = new Set(this.unjudged);
    const touched = this.imports.testsOf(changed);
    this.edited = changed;
    this.dropOutdated(changed);
    const round = this.begin([...changed].map((module) => sourceName(this.root, join(this.dist, module))).join(', '));
    round.began = Math.max(...[...modules].map((module) => this.editedAt(module)));
    const chosen = this.files.map((file) => file.slice(this.dist.length + 1));
    const upstream = chosen.length > 0 ? [] : touched.filter((test) => test.startsWith('tests/upstream/'));
    // An edited test runs whatever it starts; else what starts programs is left to a run of all.
    const quick = touched.filter((test) => changed.has(test) || !startsPrograms(join(this.dist, test)));
    const nearest = new Set(
      this.imports.testsNear(changed, (test) => quick.includes(test) && !upstream.includes(test)),
    );
    const near = chosen.length > 0 ? chosen : [...nearest];
    const rest = this.hasRest ? quick.filter((test) => !upstream.includes(test) && !near.includes(test)) : [];
    await this.runNow("upstream's tests", upstream, round, LANES);
    await this.runNow(chosen.length > 0 ? 'chosen files' : 'nearest files', near, round, 1);
    if (round.abort.signal.aborted) return;
    this.unjudged.clear();
    this.prepare();
    await this.runRest('what else loads it', rest, round);
  }

  /** All tests, in all their files. */
  async all(): Promise<void> {
    await this.runRest('all', this.imports.tests(), this.begin('all tests'));
  }

  /** The files in which a test failed when it ran last. */
  async failedAgain(): Promise<void> {
    const files = [...this.failed].sort();
    if (files.length === 0) this.print('nothing has failed\n');
    else await this.runRest('failed files', files, this.begin('files that failed'));
  }

  /** From now on only tests of that name; an empty one means all. Runs what the last edit touched, or upstream's. */
  async only(pattern: string): Promise<void> {
    this.grep = pattern === '' ? [] : [pattern];
    this.killSpares();
    const files = this.imports.tests().filter((test) => !startsPrograms(join(this.dist, test)));
    await this.runRest(pattern === '' ? 'all names' : pattern, files, this.begin('tests chosen by name'));
    this.prepare();
  }

  /** Types are known: said when they are wrong, and when they are right again. */
  types(errors: readonly string[]): void {
    const text = errors.join('\n');
    if (text === this.typeErrors) return;
    this.typeErrors = text;
    this.print(text === '' ? `${this.paint('green', 'types are right')}\n` : `${this.paint('red', text)}\n`);
  }

  stop(): void {
    this.round?.abort.abort();
    this.killSpares();
    this.folders.remove();
  }

  private killSpares(): void {
    for (const spare of this.spares) spare.kill();
    this.spares = [];
  }

  private begin(what: string): Round {
    this.round?.abort.abort();
    this.round = { began: Date.now(), abort: new AbortController() };
    this.print(`\n${this.paint('bold', readable(what))}\n`);
    return this.round;
  }

  /** When a source was saved, in milliseconds since the epoch; now, if it is gone. */
  private editedAt(module: string): number {
    const source = join(this.root, module.replace(/\.js$/, '.ts'));
    return statSync(source, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  }

  /** Runs tests in waiting processes side by side, the larger files first; told in the order of the files. */
  private async runNow(what: string, tests: readonly string[], round: Round, lanes: number): Promise<void> {
    if (tests.length === 0 || round.abort.signal.aborted) return;
    const verdict = new Verdict();
    const files = tests.map((test) => join(this.dist, test));
    const outcomes = new Map<string, FileOutcome>();
    const run = async (share: readonly string[]): Promise<void> => {
      // A file that ends the process leaves the others to the next.
      for (let left = share; left.length > 0 && !round.abort.signal.aborted; ) {
        const spare = this.take();
        const kill = (): void => spare.kill();
        round.abort.signal.addEventListener('abort', kill);
        const some = await spare.run(left, SECONDS);
        round.abort.signal.removeEventListener('abort', kill);
        for (const [file, outcome] of some) outcomes.set(file, outcome);
        left = left.slice(some.size);
      }
    };
    await Promise.all(shared(files, lanes).map(run));
    for (const file of files) {
      const outcome = outcomes.get(file) ?? { died: 'given up' };
      verdict.lines.next(sourceName(this.root, file));
      if ('tap' in outcome) verdict.lines.write(outcome.tap);
      else verdict.lines.fail(`run ${sourceName(this.root, file)}`, outcome.died);
    }
    this.conclude(what, tests, verdict, round);
  }

  private async runRest(what: string, tests: readonly string[], round: Round): Promise<void> {
    if (tests.length === 0) return;
    const verdict = new Verdict();
    const files = tests.map((test) => join(this.dist, test));
    const jobs = Math.min(files.length, availableParallelism());
    process.env.TAP_GREP = this.grep.join('\n');
    if (this.grep.length === 0) delete process.env.TAP_GREP;
    await runInPool(this.root, files, verdict.lines, { jobs, seconds: 10 * SECONDS, signal: round.abort.signal });
    this.conclude(what, tests, verdict, round);
  }

  private conclude(what: string, tests: readonly string[], verdict: Verdict, round: Round): void {
    if (round.abort.signal.aborted) return;
    const tally = new Tally(false);
    const results = verdict.close();
    for (const result of results) tally.add(result);
    for (const test of tests) this.failed.delete(test);
    for (const { ok, file } of results) if (!ok) this.failed.add(file.replace(/\.ts$/, '.js'));
    if (verdict.failures.length > 0) this.print(`${verdict.failures.join('\n')}\n`);
    for (const { name, place } of tally.failed) this.print(`${this.paint('red', 'FAILED')}: ${name}: ${place}\n`);
    const time = ((Date.now() - round.began) / 1000).toFixed(2);
    const sum = this.paint(tally.failed.length > 0 ? 'red' : 'green', tally.summary());
    this.print(`${what} (${tests.length} ${tests.length === 1 ? 'file' : 'files'}): ${sum} ${time} s\n`);
  }
}
