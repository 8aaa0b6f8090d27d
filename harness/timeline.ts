// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the report is told of one test, while it runs: its address space at each change that an assertion sees, and each
 * call of a hook, of a fake, spy or stub. Nothing of this is there when nobody records.
 */
import { fileURLToPath } from 'node:url';
import type sinon from 'sinon';
import { file, type mm_struct, VMA_ITERATOR, vm_area_struct } from '../include/mm_types.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';
import { layoutLine } from './picture.js';
import {
  type HookCall,
  MOST_OBSERVED,
  MOST_STEPS,
  type RecordedSpace,
  type RecordedVma,
  recorder,
  type SourceLine,
  type Step,
} from './recorder.js';
import { Identities, isError, rangeOf, recordVma, shortly } from './shortly.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Names that sinon gives to what has none. */
const NAMELESS = new Set(['fake', 'spy', 'stub', 'functionStub', '']);

/** Hooks that are called when an address space is in order, so that a picture can be taken. */
const HOOKS = new Set(['mmap', 'mmap_prepare', 'mapped', 'may_split', 'open', 'close']);

type Call = (...args: unknown[]) => unknown;

function isCall(value: unknown): value is Call {
  return typeof value === 'function';
}

/** Everything that is called on the object, and on its functions, is followed by `after`. */
function followed<T extends object>(object: T, after: () => void): T {
  return new Proxy(object, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      return isCall(value) ? followed(value, after) : value;
    },
    apply(target, self, args): unknown {
      const result: unknown = isCall(target) ? Reflect.apply(target, self, args) : undefined;
      after();
      return result;
    },
  });
}

/** The line of a test that is running: of the innermost frame in a test file, or at least not in the harness. */
function currentLine(): SourceLine | null {
  const limit = Error.stackTraceLimit;
  // A hook is called from deep within the code under test.
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const frames = [...stack.matchAll(/(?:\(|at |file:\/\/)(\/[^():]+):(\d+):\d+\)?$/gm)]
    .map(([, path = '', line]) => ({ file: path.startsWith(ROOT) ? path.slice(ROOT.length) : '', line: Number(line) }))
    .filter((frame) => frame.file.startsWith('tests/'));
  return frames.find((frame) => frame.file.endsWith('.test.ts')) ?? frames[0] ?? null;
}

/** The timeline of one world. */
export class Timeline {
  /** That of the world that is innermost now. */
  private static current: Timeline | null = null;

  private readonly outer: Timeline | null;
  private readonly mm: mm_struct;
  /** The last step as text, to see when there is another. */
  private seen: string;
  private readonly steps: Step[];
  private readonly calls: HookCall[];
  private readonly notes: Set<string>;
  private readonly numbers: Identities;
  /** Fakes that report their calls already. */
  private readonly known: WeakSet<object>;
  /** Arguments of the calls that have not returned yet. */
  private readonly running: (readonly unknown[])[];

  constructor(mm: mm_struct) {
    this.outer = Timeline.current;
    this.mm = mm;
    this.seen = '';
    this.steps = [];
    this.calls = [];
    this.notes = new Set();
    this.numbers = new Identities();
    this.known = new WeakSet();
    this.running = [];
    Timeline.current = this;
  }

  /** The sandbox, whose fakes report here from when they are made. */
  listenTo(sandbox: sinon.SinonSandbox): sinon.SinonSandbox {
    return followed(sandbox, () => {
      // sinon has it, and its types do not.
      const getFakes: unknown = Reflect.get(sandbox, 'getFakes');
      const fakes: unknown = isCall(getFakes) ? getFakes() : [];
      for (const fake of Array.isArray(fakes) ? fakes : []) this.listenToFake(fake);
    });
  }

  private listenToFake(fake: unknown): void {
    if (typeof fake !== 'function' || this.known.has(fake)) return;
    this.known.add(fake);
    const invoke: unknown = Reflect.get(fake, 'invoke');
    if (!isCall(invoke)) return;
    Reflect.set(fake, 'invoke', (func: unknown, self: unknown, args: unknown[]): unknown =>
      this.follow(nameOf(fake, self, args), args, () => Reflect.apply(invoke, fake, [func, self, args])),
    );
  }

  /** Carries a call out and notes it. */
  private follow(hook: string, args: readonly unknown[], run: () => unknown): unknown {
    if (HOOKS.has(hook)) this.look(`${hook}(), as it was called`);
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

  /** A hook that is no fake. One that a spy calls in turn has been noted already. */
  private static followHook(name: string, args: readonly unknown[], run: () => unknown): unknown {
    const { current } = Timeline;
    const last = current?.running.at(-1);
    const isInner = last !== undefined && last.length === args.length && last.every((arg, i) => arg === args[i]);
    return current === null || isInner ? run() : current.follow(name, args, run);
  }

  /** Has the hooks of an object report to whichever timeline is current. */
  static listenToHooks(ops: unknown): void {
    if (typeof ops !== 'object' || ops === null || Object.isFrozen(ops)) return;
    for (const [name, hook] of Object.entries(ops)) {
      if (!isCall(hook) || 'invoke' in hook || reporting.has(hook)) continue;
      const reports = function (this: unknown, ...args: unknown[]): unknown {
        return Timeline.followHook(name, args, () => Reflect.apply(hook, this, args));
      };
      reporting.add(reports);
      Reflect.set(ops, name, reports);
    }
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
    if (this.steps.length < MOST_STEPS) this.steps.push({ at: what, place: currentLine(), vmas });
    else this.notes.add(`Only the first ${MOST_STEPS} changes are shown.`);
  }

  /** The world around this one is the innermost again. */
  leave(): void {
    Timeline.current = this.outer;
  }

  /** What was recorded, up to now. */
  recorded(): RecordedSpace {
    this.look('the end of the test');
    return { steps: this.steps, hooks: this.calls, notes: [...this.notes] };
  }
}

/** Hooks that report already. */
const reporting = new WeakSet<object>();

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

/** A fake's name: its own, or that of the hook that it stands for, in what it is called on or in one of the arguments. */
function nameOf(fake: object, self: unknown, args: readonly unknown[]): string {
  const own = String(fake);
  if (!NAMELESS.has(own)) return own;
  const objects = [self, ...args].filter((one): one is object => typeof one === 'object' && one !== null);
  const tables = objects.flatMap((one) => [one, tryGet(one, 'vm_ops'), tryGet(one, 'f_op')]);
  for (const table of tables) {
    const entry = Object.entries(table ?? {}).find(([, hook]) => hook === fake);
    if (entry !== undefined) return entry[0];
  }
  return own;
}

function tryGet(object: object, name: string): object | null {
  try {
    const value: unknown = Reflect.get(object, name);
    return typeof value === 'object' ? value : null;
  } catch {
    // It was freed.
    return null;
  }
}

/** From here on, whatever is put into this field of an object of this class has its hooks listened to. */
function listenToField(prototype: object, field: string): void {
  Object.defineProperty(prototype, field, {
    configurable: true,
    set(this: object, first: unknown) {
      let held = first;
      Timeline.listenToHooks(held);
      Object.defineProperty(this, field, {
        configurable: true,
        enumerable: true,
        get: () => held,
        set: (value: unknown) => {
          held = value;
          Timeline.listenToHooks(value);
        },
      });
    },
  });
}

// Constructors assign fields, and so meet these. The code under test is left alone.
if (recorder.enabled) {
  listenToField(vm_area_struct.prototype, 'vm_ops');
  listenToField(file.prototype, 'f_op');
}
