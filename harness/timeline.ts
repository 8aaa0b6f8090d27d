// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the report is told of one test, while it runs: its address space at each change that an assertion sees, and each
 * call of a hook, of a fake, spy or stub. Nothing of this is there unless a run is recorded.
 */
import { relative } from 'node:path';
import type sinon from 'sinon';
import { type mm_struct, VMA_ITERATOR } from '../include/mm_types.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';
import type { Stubs } from '../stubs/index.js';
import type { Locks } from './checked/locks.js';
import { framesOf, isIn } from './frames.js';
import type { Operations } from './operations.js';
import { layoutLine } from './picture.js';
import {
  type HookCall,
  MOST_OBSERVED,
  MOST_STEPS,
  type RecordedSpace,
  type RecordedVma,
  type SourceLine,
  type Step,
} from './recorder.js';
import { Identities, isError, rangeOf, recordVma, shortly } from './shortly.js';

type Call = (...args: unknown[]) => unknown;

function isCall(value: unknown): value is Call {
  return typeof value === 'function';
}

/** A member of a sinon sandbox, whose results are shown to `made`, with the arguments that they were made from. */
function watchedMember<T extends object>(member: T, made: (result: unknown, args: unknown[]) => unknown): T {
  return new Proxy(member, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      return isCall(value) ? watchedMember(value, made) : value;
    },
    apply(target, self, args): unknown {
      // Fakes are put in place of what the first argument has: what it has afterwards is told from what it had.
      const [object] = args;
      const before = functionsOf(object);
      const result: unknown = isCall(target) ? Reflect.apply(target, self, args) : undefined;
      for (const [name, fake] of functionsOf(object)) {
        if (before.get(name) !== fake) Reflect.set(object, name, made(fake, [object, name]));
      }
      return isCall(result) ? made(result, args) : result;
    },
  });
}

/** The functions that an object has of its own. */
function functionsOf(object: unknown): Map<string, Call> {
  if (typeof object !== 'object' || object === null) return new Map();
  return new Map(Object.entries(object).filter((entry): entry is [string, Call] => isCall(entry[1])));
}

/** Folders of this package in which no test is. */
const OWN = ['include', 'stubs', 'lib', 'harness', 'tools', 'dev'];

/** The line of a test that is running: of the innermost frame in a test file, or at least not in the harness. */
export function currentLine(): SourceLine | null {
  const limit = Error.stackTraceLimit;
  // A hook is called from deep within the code under test.
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const frames = framesOf(stack)
    .filter((frame) => !isIn(frame, OWN) && !frame.file.includes('/node_modules/'))
    .map(({ file, line }) => ({ file: relative(process.cwd(), file), line }));
  return frames.find(({ file }) => /\.test\.[cm]?[jt]s$/.test(file)) ?? frames[0] ?? null;
}

/** The timeline of one world. */
export class Timeline {
  private mm: mm_struct;
  private readonly operations: Operations;
  private readonly locks: Locks | null;
  /** Operations that there were at the last step. */
  private counted: number;
  /** Steps of the operation that is under way: its result is still to come. */
  private open: Step[];
  /** The last step as text, to see when there is another. */
  private seen: string;
  private readonly steps: Step[];
  private readonly calls: HookCall[];
  private readonly notes: Set<string>;
  private readonly numbers: Identities;
  /** What was given out in place of each fake, and is in place of itself. */
  private readonly reporting: WeakMap<object, Call>;
  /** Arguments of the calls that have not returned yet. */
  private readonly running: (readonly unknown[])[];

  constructor(mm: mm_struct, operations: Operations, locks: Locks | null) {
    this.mm = mm;
    this.operations = operations;
    this.locks = locks;
    this.counted = 0;
    this.open = [];
    this.seen = '';
    this.steps = [];
    this.calls = [];
    this.notes = new Set();
    this.numbers = new Identities();
    this.reporting = new WeakMap();
    this.running = [];
  }

  /** The sandbox, whose fakes, spies and stubs report here: it gives out a function around each. */
  listenTo(sandbox: sinon.SinonSandbox): sinon.SinonSandbox {
    return watchedMember(sandbox, (result, args) => (isCall(result) ? this.reportingFake(result, args) : result));
  }

  private reportingFake(fake: Call, [, name]: unknown[]): Call {
    const known = this.reporting.get(fake);
    if (known !== undefined) return known;
    const named = typeof name === 'string' ? name : String(fake);
    const reports = new Proxy(fake, {
      apply: (target, self, args) => this.followFake(named, args, () => Reflect.apply(target, self, args)),
    });
    this.reporting.set(fake, reports);
    this.reporting.set(reports, reports);
    return reports;
  }

  /** A call of a fake. One that a hook is has been noted already, when the hook was called. */
  private followFake(name: string, args: readonly unknown[], run: () => unknown): unknown {
    const last = this.running.at(-1);
    const isHook = last !== undefined && last.length === args.length && last.every((arg, i) => arg === args[i]);
    return isHook ? run() : this.follow(name, args, run);
  }

  /** What the world's stubs have in place of theirs: each hook is noted, with the address space as it was called. */
  noting(inner: Stubs['call_hook']): Stubs['call_hook'] {
    return (ops, name, hook, ...args) => {
      this.look(`${name}(), as it was called`);
      return this.follow(name, args, () => inner(ops, name, hook, ...args));
    };
  }

  /** Carries a call out and notes it. */
  private follow<R>(hook: string, args: readonly unknown[], run: () => R): R {
    const call: HookCall = {
      hook,
      args: args.map((arg) => shortly(arg, this.numbers)),
      returned: '',
      failed: false,
      range: rangeOf(args),
      step: this.steps.length,
    };
    this.calls.push(call);
    this.running.push(args);
    try {
      const returned = run();
      call.returned = returned === 0 ? '0' : shortly(returned, this.numbers);
      call.failed = isError(returned);
      return returned;
    } catch (error) {
      call.returned = `an exception: ${error instanceof Error ? error.message : String(error)}`;
      call.failed = true;
      throw error;
    } finally {
      this.running.pop();
    }
  }

  /** Another address space is what the test is about from here on. */
  turnTo(mm: mm_struct): void {
    this.mm = mm;
  }

  /** A step, if the address space is another than at the last one. */
  look(what: string): void {
    if (this.mm.map_count > MOST_OBSERVED) {
      this.notes.add(`Address spaces of more than ${MOST_OBSERVED} VMAs are not shown.`);
      return;
    }
    const vmas = tryRecord(this.mm, this.numbers);
    const seen = vmas?.map(layoutLine).join('\n') ?? this.seen;
    if (vmas === null || seen === this.seen) return;
    this.seen = seen;
    const { last, count } = this.operations;
    const operation = count === this.counted && !this.operations.isUnderWay ? null : last;
    this.counted = count;
    const locks = this.locks?.heldNow() ?? [];
    if (this.steps.length < MOST_STEPS) {
      const step = { at: what, place: currentLine(), operation, locks, vmas };
      this.steps.push(step);
      if (this.operations.isUnderWay) this.open.push(step);
    } else this.notes.add(`Only the first ${MOST_STEPS} changes are shown.`);
  }

  /** An operation is over: this is what came of it. */
  ended(said: string): void {
    for (const step of this.open) step.operation = said;
    this.open = [];
  }

  /** What was recorded, up to now. */
  recorded(): RecordedSpace {
    this.look('the end of the test');
    return { steps: this.steps, hooks: this.calls, notes: [...this.notes] };
  }
}

/** Null where a test has freed VMAs that the tree still has, as upstream's do at their end. */
function tryRecord(mm: mm_struct, numbers: Identities): RecordedVma[] | null {
  const vmas: RecordedVma[] = [];
  try {
    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) vmas.push(recordVma(vma, numbers));
  } catch {
    return null;
  }
  return vmas;
}
