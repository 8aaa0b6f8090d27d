// SPDX-License-Identifier: GPL-2.0-only
/**
 * Traces tests: shows the address space after each operation, and writes a trace of each test to a file. Loaded only
 * when VMA_TRACE=1 asks for it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Process } from '../../harness/process/process.js';
import type { ProcessOptions } from '../../harness/process/processes.js';
import { isFreed, showCall, showResult } from '../../harness/said.js';
import type { TracedTest, Tracer } from '../../harness/tracing/current.js';
import { maple_tree } from '../../include/linux/maple_tree.js';
import { mm_struct, vm_area_struct, vma_iterator } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { vma_merge_struct } from '../../include/vma.js';
import type { NamedArguments } from '../../lib/doors/operation.js';
import { current } from '../../stubs/index.js';
import { makeFolder } from '../commands/folders.js';
import { complain, USAGE } from '../commands/program.js';
import type { Part } from '../replay/words/word.js';
import { callTraceOf } from './call_writer.js';
import { CallRecorder, type RecordedCalls } from './calls.js';
import { TestNumbers } from './numbers.js';
import type { RecordedOperation, Recording } from './recording.js';
import { showChange } from './show.js';
import { type SpaceState, stateOf } from './state.js';
import { lineOf, resultOf } from './words.js';
import { traceOf } from './writer.js';

/** Helpers of the harness, whose own calls are no more than how they do it. */
const HELPERS = new Set(['alloc_and_link_vma', 'attach_vma', 'detach_free_vma', 'cleanup_mm', 'fault']);

/** The tree of the address space that an argument is about; null when it says nothing of one. */
function treeOf(value: unknown): object | null {
  if (value instanceof maple_tree) return value;
  if (value instanceof mm_struct) return value.mm_mt;
  if (value instanceof vma_iterator) return value.mas.tree;
  if (value instanceof vma_merge_struct) return value.vmi.mas.tree;
  if (value instanceof Ref) return treeOf(value.value);
  if (value instanceof vm_area_struct && !isFreed(value)) return value.vm_mm?.mm_mt ?? null;
  return null;
}

/** A test that runs. */
class RunningTest {
  readonly test: TracedTest;
  readonly numbers: TestNumbers;
  private readonly operations: RecordedOperation[];
  private readonly elsewhere: string[];
  private last: SpaceState;
  /** False from when the test frees VMAs itself until it cleans up: they are not counted down. */
  private isCounted: boolean;
  /** What the test's processes do; null until it makes one. */
  private calls: CallRecorder | null;

  constructor(test: TracedTest) {
    this.test = test;
    this.numbers = new TestNumbers();
    this.operations = [];
    this.elsewhere = [];
    this.isCounted = true;
    this.calls = null;
    this.last = this.look();
  }

  /** The address space now. */
  look(): SpaceState {
    const state = stateOf(this.test.mm);
    if (state.count === null) this.isCounted = false;
    return this.isCounted ? state : { ...state, count: null };
  }

  /** What the test did by hand since the last operation is shown before the next. */
  showByHand(now: SpaceState): void {
    const lines = showChange(this.last.vmas, now.vmas, this.numbers);
    if (lines.some((line) => !line.startsWith(' '))) this.test.say(['by hand:', ...lines].join('\n'));
  }

  /** An operation is over: shows and records it. */
  finished(operation: Omit<RecordedOperation, 'after'>, name: string): void {
    if (name === 'cleanup_mm') this.isCounted = true;
    else if (name === 'detach_free_vma') this.isCounted = false;
    const after = this.look();
    this.last = after;
    this.operations.push({ ...operation, after });
    const lines = [
      `${this.operations.length}: ${operation.said}`,
      ...operation.within.map((call) => `  within: ${call}`),
      ...showChange(operation.before.vmas, after.vmas, this.numbers),
    ];
    this.test.say(lines.join('\n'));
  }

  /** An operation on another address space than the test's own. */
  elsewhereDone(call: string): void {
    this.elsewhere.push(call);
    this.test.say(`on another address space: ${call}`);
  }

  /** The test makes a process. */
  process(process: Process, options: ProcessOptions): Process {
    this.calls ??= new CallRecorder();
    return this.calls.begin(process, options);
  }

  /** What its processes have done; null when it made none. */
  endCalls(): RecordedCalls | null {
    return this.calls?.end() ?? null;
  }

  /** The test ends. What there is to write, or null. */
  end(): Recording | null {
    const end = this.look();
    this.showByHand(end);
    const { operations, elsewhere } = this;
    if (operations.length === 0 && elsewhere.length === 0) return null;
    return { name: this.test.name, stubs: this.test.stubs, operations, elsewhere, end };
  }
}

/** The operation that is under way, and the calls that hooks have made meanwhile. */
interface UnderWay {
  within: string[];
  isHelper: boolean;
}

export class TestTracer implements Tracer {
  private readonly folder: string;
  /** Tests that run, by the trees of their address spaces; the innermost is the last. */
  private readonly running: Map<object, RunningTest>;
  private underWay: UnderWay | null;
  /** Ended tests. They are written when none is running, for a replay has the stub world to itself. */
  private readonly ended: { text: () => string; file: string }[];
  private readonly files: Set<string>;

  constructor(folder: string) {
    this.folder = folder;
    this.running = new Map();
    this.underWay = null;
    this.ended = [];
    this.files = new Set();
    // What was not written because the process ends in the middle of a test.
    process.once('exit', () => this.write());
  }

  begin(test: TracedTest): () => void {
    const tree = test.mm.mm_mt;
    const run = new RunningTest(test);
    this.running.set(tree, run);
    return () => {
      this.running.delete(tree);
      const [calls, recording] = [run.endCalls(), run.end()];
      if (recording !== null) this.keep(test, '.trace', () => traceOf(recording, run.numbers));
      if (calls !== null) this.keep(test, '.calls.trace', () => callTraceOf(test.name, calls));
      if (this.running.size === 0) this.write();
    };
  }

  process(process: Process, options: ProcessOptions): Process {
    return [...this.running.values()].at(-1)?.process(process, options) ?? process;
  }

  /** There is something to write of a test, once none is running. */
  private keep(test: TracedTest, ending: string, text: () => string): void {
    const file = this.fileOf(test.name, ending);
    test.say(`trace: ${file}`);
    this.ended.push({ text, file });
  }

  operation<T>(name: string, named: NamedArguments, call: () => T): T {
    const run = this.testOf(Object.values(named));
    if (run === null) return call();
    const { underWay } = this;
    if (underWay !== null) {
      const said = showCall(name, named, run.numbers);
      const result = call();
      if (!underWay.isHelper) underWay.within.push(`${said}${showResult(result)}`);
      return result;
    }
    return this.outermost(run, name, named, call);
  }

  private outermost<T>(run: RunningTest, name: string, named: NamedArguments, call: () => T): T {
    const args = Object.values(named);
    const said = showCall(name, named, run.numbers);
    const isOwn = this.treeOfCall(args) === run.test.mm.mm_mt;
    const before = run.look();
    const line = isOwn ? sayableLine(name, args, run.numbers) : '';
    if (isOwn) run.showByHand(before);

    const underWay: UnderWay = { within: [], isHelper: HELPERS.has(name) };
    const { within } = underWay;
    const finish = (how: string, result: number | null, threw: boolean): void => {
      this.underWay = null;
      if (isOwn) run.finished({ said: `${said}${how}`, within, line, result, threw, before }, name);
      else run.elsewhereDone(`${said}${how}`);
    };
    this.underWay = underWay;
    try {
      const result = call();
      finish(showResult(result), resultOf(name, args, result), false);
      return result;
    } catch (error) {
      if (this.underWay !== null) finish(`: ${error instanceof Error ? error.message : String(error)}`, null, true);
      throw error;
    }
  }

  private treeOfCall(args: readonly unknown[]): object | null {
    for (const value of args) {
      const tree = treeOf(value);
      if (tree !== null) return tree;
    }
    return current.mm?.mm_mt ?? null;
  }

  /** The test whose address space it is, or else the innermost that runs. */
  private testOf(args: readonly unknown[]): RunningTest | null {
    const tree = this.treeOfCall(args);
    const own = tree === null ? undefined : this.running.get(tree);
    return own ?? [...this.running.values()].at(-1) ?? null;
  }

  /** A file's path for a test's name; each test has one of its own. */
  private fileOf(name: string, ending: string): string {
    const plain = name.replaceAll(/[^\w.>-]+/g, '-').replaceAll(/-*>-*/g, '--');
    const stem = plain.replaceAll(/^[-.]+|-+$/g, '').slice(0, 150) || 'test';
    let file = `${stem}${ending}`;
    for (let i = 2; this.files.has(file); i++) file = `${stem}-${i}${ending}`;
    this.files.add(file);
    return join(this.folder, file);
  }

  private write(): void {
    for (const { text: write, file } of this.ended.splice(0)) {
      const text = write();
      // A full disk is no failure of the test.
      try {
        makeFolder(this.folder);
        writeFileSync(file, text);
      } catch (error) {
        complain('trace', error);
        process.exitCode = USAGE;
      }
    }
  }
}

/** The line for a call, or why there is none: arguments that were freed throw when they are looked at. */
function sayableLine(name: string, args: readonly unknown[], numbers: TestNumbers): Part[] | string {
  try {
    return lineOf(name, args, numbers);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
