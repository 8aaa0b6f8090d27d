// SPDX-License-Identifier: GPL-2.0-only
/** Runs cases as tests of the runner, and says what came of each. */
import { UnrepresentableError } from '../failure.js';
import { loadRunner } from '../load_runner.js';
import { registerTest, type VmaTest } from '../vma_test.js';
import { type KsftResult, runCase, SelftestCase } from './case.js';
import { chooseBackend } from './choose_backend.js';
import { currentFile, enter, isListing, record } from './registry.js';

const runner = await loadRunner();
const backend = await chooseBackend();

/** Bits of a status that say which signal ended a process. */
const SIGNAL = 0x7f;

/** What is to be run. */
interface CaseOptions {
  readonly title: string;
  readonly body: () => void;
  /** The signal that its process is to die of; 0 unless given: it is to exit with 0. */
  readonly signal?: number;
  /** The results that it tells itself, in their order; it is one result as a whole unless given. */
  readonly results?: readonly string[];
}

/** Registers a case that cannot run. */
export function registerLeftOut(name: string, reason: string): void {
  enter({ file: currentFile(), name, left_out: reason });
  if (!isListing()) void runner.test(name, { at: null, skip: reason }, async () => {});
}

/** Registers a case that is still to be done: it is told as one that fails, and may. */
export function registerTodo(name: string, reason: string): void {
  enter({ file: currentFile(), name, left_out: `to be done: ${reason}` });
  if (!isListing()) registerTest(runner, name, () => {}, { todo: reason });
}

/** Registers a case. */
export function registerCase(options: CaseOptions): void {
  const file = currentFile();
  const { title, results = [title] } = options;
  for (const name of results) enter({ file, name, left_out: null });
  if (!isListing()) registerTest(runner, title, (t) => new CaseRun(t, file, options).run(), { stubs: 'checked' });
}

/** How a process ended that should have ended in another way; null where that is as it should be. */
function wrongEnd(status: number, wanted: number): string | null {
  const signal = status & SIGNAL;
  const code = status >> 8;
  if (signal === wanted && code === 0) return null;
  const ended = signal === 0 ? `it exited with ${code}` : `signal ${signal} ended it`;
  return wanted === 0 ? `the test did not end well: ${ended}` : `the test is to die of signal ${wanted}: ${ended}`;
}

class CaseRun {
  private readonly one: SelftestCase;
  private readonly file: string;
  private readonly options: CaseOptions;

  constructor(t: VmaTest, file: string, options: CaseOptions) {
    this.one = new SelftestCase(t, backend);
    this.file = file;
    this.options = options;
  }

  run(): void {
    const { one, options } = this;
    try {
      const status = runCase(one, () => one.carryOut(options.body));
      this.throwUnexpected();
      const wrong = wrongEnd(status, options.signal ?? 0);
      if (wrong !== null) throw new Error(wrong);
      this.checkResults();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof UnrepresentableError) this.note('skip', `to be done: ${reason}`);
      else this.note('fail', reason);
      throw error;
    }
    if (one.skipped !== null) Object.assign(one.t.tap.options, { skip: one.skipped });
    this.note(one.skipped === null ? 'pass' : 'skip', one.skipped ?? '');
  }

  /** What was expected in vain: the first fails the test, which shows the address space; the others are told. */
  private throwUnexpected(): void {
    const [first, ...rest] = this.one.unexpected;
    for (const { message, stack } of rest) this.one.t.tap.fail(message, { at: null, stack });
    if (first !== undefined) throw first;
  }

  /** Did all results come that were to come, and no others? */
  private checkResults(): void {
    const { results } = this.options;
    if (results === undefined || this.one.skipped !== null) return;
    const told = this.one.results.map(({ name }) => name);
    this.one.t.equal(told, results, 'the results that the program tells');
  }

  /** Records what came of it: of each result, where it tells them itself. */
  private note(verdict: KsftResult['verdict'], reason: string): void {
    const { title, results = [title] } = this.options;
    for (const name of results) {
      const told = this.one.results.find((result) => result.name === name) ?? { verdict, reason };
      record({ file: this.file, name, backend: backend.name, verdict: told.verdict, reason: told.reason });
    }
  }
}
