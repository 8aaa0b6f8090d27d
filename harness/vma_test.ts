// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a test function is given: its world, and assertions by upstream's names (tools/testing/vma/shared.h). The first
 * assertion that fails ends the test, as it does in C, and shows the address space before and after.
 */

import { inspect, isDeepStrictEqual } from 'node:util';
import type sinon from 'sinon';
import { hexOf } from '../include/check.js';
import { TASK_SIZE } from '../include/linux/mm.js';
import { type mm_struct, vm_area_struct } from '../include/mm_types.js';
import type { vma_flag_t, vma_flags_t } from '../include/vma_flags.js';
import { vma_flags_empty, vma_flags_same, vma_flags_same_mask } from '../lib/doors/flags.js';
import { do_munmap } from '../lib/doors/map.js';
import { find_mergeable_anon_vma } from '../lib/doors/vma.js';
import { linkAnonVma } from './anon_link.js';
import { defaultStubSet, type StubSet } from './environment.js';
import { failureOf, followsOf, linesOf, UnrepresentableError, VmaAssertionError } from './failure.js';
import { layoutLine, snapshot } from './picture.js';
import type { Process } from './process/process.js';
import type { ProcessOptions } from './process/processes.js';
import { type RecordedFailure, type RecordedSpace, recorder } from './recorder.js';
import type { RunnerTest } from './runner.js';
import { TestWorld } from './test_world.js';
import { currentLine } from './timeline.js';
import { checkTracing, tracing } from './tracing/current.js';

/** How a test is run. */
export interface TestOptions {
  /** The set of stubs to run on; what VMA_STUBS says, or checked, unless given. */
  stubs?: StubSet;
  /**
   * MT_FLAGS_* of the trees of the test's address spaces. On the checked stubs they are the kernel's, MM_MT_FLAGS, unless
   * given: then every store needs nodes that were reserved. Upstream's harness has none: 0.
   */
  treeFlags?: number;
  /** Why the test cannot run yet: it is reported as one that fails and is still to be done. */
  todo?: string;
}

/** The function of a test. */
export type TestBody = (t: VmaTest) => void | Promise<void>;

/** A value as an assertion shows it: numbers in hex, VMAs by their range. */
export function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return hexOf(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof vm_area_struct) return `VMA ${hexOf(value.vm_start)}-${hexOf(value.vm_end)}`;
  // A freed object has no constructor, but says what it was.
  return 'constructor' in value ? value.constructor.name : String(value);
}

/** What the function of a test is given. */
export class VmaTest {
  /** The runner's own test, for whatever is not here: tap's, or node's where tap is not installed. */
  readonly tap: RunnerTest;
  /** The test's address space, which is current->mm; its lock is held for writing. */
  readonly mm: mm_struct;
  /** Restored when the test ends. */
  readonly sandbox: sinon.SinonSandbox;
  /** What surrounds the test; `world.checked` is what the checked world keeps count of, `world.checked.faults` its faults. */
  readonly world: TestWorld;
  /** Sub-cases that have not begun. */
  private readonly pending: (() => Promise<unknown>)[];
  private passed: number;
  /** Its name, after those of the tests around it. */
  private readonly path: string;
  /** The test file, where somebody records. */
  private readonly file: string;
  private readonly options: TestOptions;

  constructor(tap: RunnerTest, world: TestWorld, path: string = tap.name, file = '', options: TestOptions = {}) {
    this.tap = tap;
    this.world = world;
    this.mm = world.mm;
    this.sandbox = world.sandbox;
    this.pending = [];
    this.passed = 0;
    this.path = path;
    this.file = file;
    this.options = options;
  }

  /**
   * A sub-case, with a world of its own, whose trees have the flags of this one's. They run one after the other when the test around them ends, or waits for them:
   * until then it goes on in its own world.
   */
  subtest(name: string, body: TestBody, options: TestOptions = {}): void {
    const path = `${this.path} > ${name}`;
    const { treeFlags } = this.options;
    const own = treeFlags === undefined ? options : { treeFlags, ...options };
    this.pending.push(async () =>
      this.tap.test(name, nowhere(), (tap) => runInWorld(tap, { path, file: this.file }, body, own)),
    );
  }

  /** Runs every sub-case there is so far, to its end. */
  async settle(): Promise<void> {
    for (let next = this.pending.shift(); next !== undefined; next = this.pending.shift()) await next();
  }

  /** One line of TAP for all assertions that held: a line each costs more than the code under test. */
  conclude(): void {
    if (this.passed > 0) this.tap.pass(this.passed === 1 ? '1 assertion' : `${this.passed} assertions`);
  }

  private report(
    ok: boolean,
    what: string,
    found: unknown,
    wanted: string,
    assertion: (...args: never[]) => void,
  ): void {
    if (!ok) throw new VmaAssertionError(what, show(found), wanted, assertion);
    this.passed++;
    this.world.observe(what);
  }

  /** Anything but false, 0, null, undefined and the empty text. */
  ASSERT_TRUE(value: unknown, what = 'ASSERT_TRUE'): void {
    this.report(Boolean(value), what, value, 'true', this.ASSERT_TRUE);
  }

  /** The opposite of ASSERT_TRUE. */
  ASSERT_FALSE(value: unknown, what = 'ASSERT_FALSE'): void {
    this.report(!value, what, value, 'false', this.ASSERT_FALSE);
  }

  /** The same number, or the very same object: C compares pointers. */
  ASSERT_EQ(found: unknown, wanted: unknown, what = 'ASSERT_EQ'): void {
    this.report(found === wanted, what, found, show(wanted), this.ASSERT_EQ);
  }

  /** Another number, or another object. */
  ASSERT_NE(found: unknown, unwanted: unknown, what = 'ASSERT_NE'): void {
    this.report(found !== unwanted, what, found, `anything but ${show(unwanted)}`, this.ASSERT_NE);
  }

  /** Two bitmaps with the same bits. */
  ASSERT_FLAGS_SAME_MASK(flags: vma_flags_t, flags_other: vma_flags_t, what = 'ASSERT_FLAGS_SAME_MASK'): void {
    const ok = vma_flags_same_mask(flags, flags_other);
    this.report(ok, what, showFlags(flags), showFlags(flags_other), this.ASSERT_FLAGS_SAME_MASK);
  }

  /** Two bitmaps that differ in some bit. */
  ASSERT_FLAGS_NOT_SAME_MASK(flags: vma_flags_t, flags_other: vma_flags_t, what = 'ASSERT_FLAGS_NOT_SAME_MASK'): void {
    const ok = !vma_flags_same_mask(flags, flags_other);
    const wanted = `anything but ${showFlags(flags_other)}`;
    this.report(ok, what, showFlags(flags), wanted, this.ASSERT_FLAGS_NOT_SAME_MASK);
  }

  /** A bitmap with these bits and no others. */
  ASSERT_FLAGS_SAME(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
    const wanted = `bits ${bits.join(', ')}`;
    this.report(vma_flags_same(flags, ...bits), 'ASSERT_FLAGS_SAME', showFlags(flags), wanted, this.ASSERT_FLAGS_SAME);
  }

  /** A bitmap that has not just these bits. */
  ASSERT_FLAGS_NOT_SAME(flags: vma_flags_t, ...bits: vma_flag_t[]): void {
    const ok = !vma_flags_same(flags, ...bits);
    const wanted = `anything but bits ${bits.join(', ')}`;
    this.report(ok, 'ASSERT_FLAGS_NOT_SAME', showFlags(flags), wanted, this.ASSERT_FLAGS_NOT_SAME);
  }

  /** A bitmap with no bit. */
  ASSERT_FLAGS_EMPTY(flags: vma_flags_t, what = 'ASSERT_FLAGS_EMPTY'): void {
    this.report(vma_flags_empty(flags), what, showFlags(flags), 'no bits', this.ASSERT_FLAGS_EMPTY);
  }

  /** A bitmap with some bit. */
  ASSERT_FLAGS_NONEMPTY(flags: vma_flags_t, what = 'ASSERT_FLAGS_NONEMPTY'): void {
    this.report(!vma_flags_empty(flags), what, showFlags(flags), 'some bits', this.ASSERT_FLAGS_NONEMPTY);
  }

  /**
   * Compares the address space with a list of VMAs, one a line: "0x1000-0x3000 pgoff=0x1 flags=0x73 file anon", of which
   * all but the range may be left out. An empty text means that nothing is mapped.
   */
  ASSERT_LAYOUT(text: string, mm: mm_struct = this.mm): void {
    const wanted = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const found = snapshot(mm).map(layoutLine);
    const ok = wanted.length === found.length && wanted.every((line, i) => hasWords(found[i] ?? '', line));
    this.report(ok, 'ASSERT_LAYOUT', found.join('\n'), wanted.join('\n'), this.ASSERT_LAYOUT);
  }

  /** Another address space, its lock held for writing until the test ends. */
  newMm(): mm_struct {
    return this.world.newMm();
  }

  /**
   * A process with nothing mapped, whose calls have the names that programs know. It exits when the test ends, if not
   * before. Needs the checked stubs.
   */
  process(options: ProcessOptions = {}): Process {
    return this.world.newProcess(options);
  }

  /** The same number or text, or objects and arrays with the same content. */
  equal(found: unknown, wanted: unknown, what = 'equal'): void {
    if (!isDeepStrictEqual(found, wanted))
      throw new VmaAssertionError(what, showAll(found), showAll(wanted), this.equal);
    this.passed++;
    this.world.observe(what);
  }

  /** The next WARN of the code under test will come from `where`, and must come. Upstream stubs print it instead. */
  expectWarning(where: string, what?: string): void {
    this.world.checkedWorld?.expectWarning(where, what);
  }

  /** What a write fault does to a VMA: an anon_vma, a neighbour's if one can be shared, by a link of its own. */
  fault(vma: vm_area_struct): void {
    this.world.operations.operation('fault', { vma }, () => this.doFault(vma));
  }

  private doFault(vma: vm_area_struct): void {
    const { checkedWorld: checked } = this.world;
    if (checked === null) linkAnonVma(vma, find_mergeable_anon_vma(vma));
    const error = checked?.fault(vma) ?? 0;
    if (error !== 0) throw new VmaAssertionError('fault', show(error), '0', this.fault);
  }

  /** Unmaps everything, closing and letting go as munmap() does. */
  unmapAll(mm: mm_struct = this.mm): void {
    const error = do_munmap(mm, 0, TASK_SIZE, null);
    if (error !== 0) throw new VmaAssertionError('unmapAll', show(error), '0', this.unmapAll);
  }

  /** Asserts that body throws an error whose message matches. Returns the error. */
  throws(body: () => unknown, message: RegExp | string, what = 'throws'): Error {
    try {
      body();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const ok = typeof message === 'string' ? error.message.includes(message) : message.test(error.message);
      this.report(ok, what, error.message, String(message), this.throws);
      return error;
    }
    throw new VmaAssertionError(what, 'no error', String(message), this.throws);
  }
}

/** A value that is compared by its content: a text as it is, anything else in lines. */
function showAll(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? inspect(value, { depth: 6, compact: 3 }) : show(value);
}

/** Does the line have all words of the pattern? */
function hasWords(line: string, pattern: string): boolean {
  const words = line.split(' ');
  return pattern.split(/\s+/).every((word) => words.includes(word));
}

function showFlags(flags: vma_flags_t): string {
  return flags.__vma_flags.map((word) => hexOf(word)).join(' ');
}

/** Where tap was called from is the harness's own line: it is left out. Made anew each time, for tap deletes the field. */
function nowhere(): { at: null } {
  return { at: null };
}

/** Says what is wrong, and returns it in short: what was broken, then what was left, which may follow from a failure. */
function reportEnd(tap: RunnerTest, world: TestWorld, hasFailed: boolean): string[] {
  const { broken, left } = world.end();
  if (!hasFailed) broken.push(...left);
  for (const complaint of broken) tap.fail(complaint, nowhere());
  if (!hasFailed || left.length === 0) return broken;
  const follows = followsOf(left);
  tap.comment(follows);
  return [...broken, follows];
}

/** Frames of a stack: those of the watch over an operation lie between it and the test. */
const FRAMES = 30;

async function runInWorld(
  tap: RunnerTest,
  { path, file }: { path: string; file: string },
  body: TestBody,
  options: TestOptions,
): Promise<void> {
  const stubs = options.stubs ?? defaultStubSet();
  const world = new TestWorld(stubs, { treeFlags: options.treeFlags });
  const t = new VmaTest(tap, world, path, file, options);
  const endTrace = tracing.tracer?.begin({ name: path, mm: world.mm, stubs, say: (text) => tap.comment(text) });
  const failures: RecordedFailure[] = [];
  const began = performance.now();
  let recorded: RecordedSpace | null = null;
  let reason = '';
  const { stackTraceLimit } = Error;

  try {
    Error.stackTraceLimit = Math.max(stackTraceLimit, FRAMES);
    await body(t);
    await t.settle();
    t.conclude();
  } catch (error) {
    const { title, diagnostics } = failureOf(error, world.operations.last, world.history.lastChange());
    failures.push({ title, diagnostics: linesOf(diagnostics, '').join('\n') });
    const todo = error instanceof UnrepresentableError ? { todo: title } : {};
    reason = todo.todo ?? '';
    Object.assign(tap.options, todo);
    tap.fail(title, { ...diagnostics, ...todo });
    await t.settle();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    try {
      endTrace?.();
      recorded = world.recorded();
    } finally {
      const said = reportEnd(tap, world, failures.length > 0);
      failures.push(...said.map((title) => ({ title, diagnostics: '' })));
    }
    const milliseconds = performance.now() - began;
    if (recorded !== null) recorder.add({ name: path, file, milliseconds, todo: reason, failures, ...recorded });
  }
}

/** Registers a top-level test. Under plain node, and under the tap command, it runs when its turn comes. */
export function registerTest(root: RunnerTest, name: string, body: TestBody, options: TestOptions): void {
  checkTracing();
  recorder.claim();
  const file = recorder.enabled ? (currentLine()?.file ?? '') : '';
  const { todo } = options;
  // Not run, for it may do no more than not compile.
  if (todo === undefined) {
    void root.test(name, nowhere(), (tap) => runInWorld(tap, { path: name, file }, body, options));
  } else root.fail(name, { ...nowhere(), todo });
}
