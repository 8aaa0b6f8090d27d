// SPDX-License-Identifier: GPL-2.0-only
/** System calls of a test's processes as lines of a trace: which word says what a process did, and what came of it. */
import { ErrnoError, SignalError } from '../../harness/process/errors.js';
import type { OpenOptions, Process } from '../../harness/process/process.js';
import type { RawCalls } from '../../harness/process/raw.js';
import { EFAULT, ENOMEM } from '../../include/linux/errno.js';
import { FMODE_READ, FMODE_WRITE } from '../../include/linux/fs.js';
import { file, type file_operations, type mm_struct, VMA_ITERATOR } from '../../include/mm_types.js';
import { PR_SET_VMA, PR_SET_VMA_ANON_NAME } from '../../include/uapi/prctl.js';
import { vma_next } from '../../lib/doors/iterator.js';
import { globals } from '../../stubs/index.js';
import { type CallArgument, sayCallArgument } from '../replay/call_arguments.js';
import { flagsText } from '../replay/call_names.js';
import * as driver from '../replay/driver_files.js';
import { knobsOf } from '../replay/process_settings.js';
import { CALL_WORDS } from '../replay/words/call_table.js';
import { NO_NAME } from '../replay/words/calls.js';
import { Unsayable } from '../replay/words/said.js';

/** A line, and what the test saw as its result; null where nothing is compared. */
export interface SaidCall {
  text: string;
  result: number | null;
}

/** The calls of the processes of one test. */
export interface RecordedCalls {
  lines: SaidCall[];
  /** The VMAs of each process that lives at the end of the test, by its number. */
  ends: Map<number, string[]>;
}

/** The VMAs of an address space, as far as they are compared. */
export function rangesOf(mm: mm_struct): string[] {
  const found: string[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
    const range = `${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)}`;
    found.push(`${range} pgoff=${vma.vm_pgoff.toString(16)} flags=${flagsText(vma.flags)}`);
  }
  return found;
}

type Line = readonly [word: string, ...args: CallArgument[]];

/** An argument that a test gave; what is none of these would have thrown. */
function argument(value: unknown): CallArgument {
  if (value === Infinity) return -1;
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  throw new Unsayable(`${String(value)} is no argument that a trace has`);
}

/** Methods of raw calls that have another name than the word, or other arguments. */
const RAW: Readonly<Record<string, (args: readonly unknown[]) => Line>> = {
  mmap: ([addr, len, prot, flags, fd = -1, off = 0]) => ['mmap', ...[addr, len, prot, flags, fd, off].map(argument)],
  mremap: ([addr, old, len, flags = 0, to = 0]) => ['mremap', ...[addr, old, len, flags, to].map(argument)],
  mseal: ([addr, len, flags = 0]) => ['mseal', ...[addr, len, flags].map(argument)],
  memfd_create: ([, flags = 0]) => ['memfd_create', argument(flags)],
  addSeals: ([fd, seals]) => ['add_seals', argument(fd), argument(seals)],
  touch: ([addr, len = 1]) => ['touch', argument(addr), argument(len)],
  setrlimit: ([resource, limit]) => {
    const { rlim_cur, rlim_max } = isLimit(limit) ? limit : { rlim_cur: limit, rlim_max: limit };
    return ['setrlimit', argument(resource), argument(rlim_cur), argument(rlim_max)];
  },
  prctl: ([option, a = 0, b = 0, c = 0, d = 0]) => {
    const isName = option === PR_SET_VMA && a === PR_SET_VMA_ANON_NAME;
    if (isName && typeof d === 'string') return ['name', argument(b), argument(c), d];
    if (isName && d === 0) return ['name', argument(b), argument(c), NO_NAME];
    return ['prctl', ...[option, a, b, c, d].map(argument)];
  },
};

function isLimit(limit: unknown): limit is { rlim_cur: unknown; rlim_max: unknown } {
  return typeof limit === 'object' && limit !== null && 'rlim_cur' in limit && 'rlim_max' in limit;
}

function rawLine(method: string, args: readonly unknown[]): Line {
  const own = RAW[method];
  if (own !== undefined) return own(args);
  const word = CALL_WORDS.get(method);
  if (word === undefined) throw new Unsayable('the format has no word for it');
  return [method, ...word.args.map((_, i) => argument(args[i]))];
}

/** The driver of a trace that has the hooks which this one has. */
function driverKind(what: file | file_operations): number {
  const ops = what instanceof file ? what.f_op : what;
  return ops.mmap ? driver.DRIVER_OLD : 0;
}

/** Methods of a process that raw calls have not. */
const OWN = new Set(['open', 'unlink', 'read', 'write', 'touch', 'fork', 'exit']);

/** Those of raw calls that ask or do what no trace is about. */
const QUIET = new Set(['touchPages', 'constructor']);

function textOf([word, ...args]: Line): string {
  const names = CALL_WORDS.get(word)?.args ?? [];
  return [word, ...args.map((value, i) => sayCallArgument(names[i] ?? '', value))].join(' ');
}

/** What a call ended with, as a trace has it. */
function resultOf(ended: unknown): number | null {
  if (typeof ended === 'number') return ended;
  if (ended === undefined) return 0;
  if (ended instanceof ErrnoError) return -ended.errno;
  if (ended instanceof SignalError) return ended.signal === 'SIGKILL' ? -ENOMEM : -EFAULT;
  return null;
}

/** Writes down what the processes of one test do. */
export class CallRecorder {
  private readonly lines: SaidCall[];
  private readonly processes: Map<number, Process>;
  private readonly capabilities: Map<number, Set<number>>;
  private readonly files: string[];
  private knobs: Map<string, number>;
  private running: number;

  constructor() {
    this.lines = [];
    this.processes = new Map();
    this.capabilities = new Map();
    this.files = [];
    this.knobs = knobsOf(globals);
    this.running = 0;
  }

  /** A process that the test has made, with calls that are written down. */
  begin(process: Process, options: { stack?: boolean; startBrk?: number }): Process {
    if (this.processes.size === 0) this.add('process 1', 0);
    else this.add('another', process.pid);
    this.enlist(process);
    if (options.startBrk !== undefined) this.say(process, ['heap', options.startBrk], 0);
    if (options.stack === true) this.say(process, ['stack'], 0);
    return this.watched(process);
  }

  /** What there is to write, at the end of the test. */
  end(): RecordedCalls {
    const ends = new Map<number, string[]>();
    for (const [pid, process] of this.processes) if (process.isAlive) ends.set(pid, rangesOf(process.mm));
    return { lines: this.lines, ends };
  }

  private enlist(process: Process): void {
    this.processes.set(process.pid, process);
    this.capabilities.set(process.pid, new Set(process.capabilities));
    if (this.processes.size === 1) this.running = process.pid;
  }

  private add(text: string, result: number | null): void {
    this.lines.push({ text, result });
  }

  private comment(text: string): void {
    this.add(`# ${text.replaceAll('\n', ' ')}`, null);
  }

  private watched(process: Process): Process {
    const raw = this.watchedRaw(process);
    return new Proxy(process, {
      get: (target, key, receiver) => {
        if (key === 'raw') return raw;
        const value: unknown = Reflect.get(target, key, receiver);
        if (typeof value !== 'function' || typeof key !== 'string' || !OWN.has(key)) return value;
        return (...args: unknown[]) => this.carriedOut(process, key, args, () => Reflect.apply(value, target, args));
      },
    });
  }

  private watchedRaw(process: Process): RawCalls {
    return new Proxy(process.raw, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function' || typeof key !== 'string' || QUIET.has(key)) return value;
        return (...args: unknown[]) => this.carriedOut(process, key, args, () => Reflect.apply(value, target, args));
      },
    });
  }

  private carriedOut(process: Process, method: string, args: readonly unknown[], call: () => unknown): unknown {
    this.settings(process);
    try {
      const result = call();
      this.said(process, method, args, method === 'fork' ? pidOf(result) : result);
      return method === 'fork' ? this.child(result) : result;
    } catch (error) {
      this.said(process, method, args, error);
      throw error;
    }
  }

  private child(process: unknown): unknown {
    if (!isProcess(process)) return process;
    this.enlist(process);
    return this.watched(process);
  }

  private said(process: Process, method: string, args: readonly unknown[], ended: unknown): void {
    try {
      this.say(process, this.lineOf(method, args), resultOf(ended));
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error;
      this.comment(`not here: ${method}: ${error.message}`);
    }
  }

  private say(process: Process, line: Line, result: number | null): void {
    if (this.running !== process.pid) this.add(`process ${process.pid.toString(16)}`, 0);
    this.running = process.pid;
    this.add(textOf(line), result);
  }

  private lineOf(method: string, args: readonly unknown[]): Line {
    const [what] = args;
    switch (method) {
      case 'open':
        return this.openLine(what, args[1]);
      case 'unlink':
        return ['unlink', this.numberOf(String(what))];
      case 'fork':
      case 'exit':
        return [method];
      default:
        return rawLine(method, args);
    }
  }

  private openLine(what: unknown, options: unknown): Line {
    if (typeof what !== 'string') {
      if (typeof what !== 'object' || what === null) throw new Unsayable('nothing to open');
      this.comment("a driver of the test's own: in its place one that only has the same kind of hook");
      return ['driver', driverKind(what)];
    }
    const { size = 0, read = true, write = true } = isOptions(options) ? options : {};
    return ['open', this.numberOf(what), (read ? FMODE_READ : 0) + (write ? FMODE_WRITE : 0), argument(size)];
  }

  /** The number of a path, from 1 on. */
  private numberOf(path: string): number {
    if (!this.files.includes(path)) this.files.push(path);
    return this.files.indexOf(path) + 1;
  }

  /** What the test has set of the machine and of the process since the last call. */
  private settings(process: Process): void {
    const now = knobsOf(globals);
    for (const [knob, value] of now) {
      if (this.knobs.get(knob) !== value) this.add(`sysctl ${knob} ${value.toString(16)}`, 0);
    }
    this.knobs = now;
    const had = this.capabilities.get(process.pid) ?? new Set();
    for (const cap of new Set([...had, ...process.capabilities])) {
      const has = process.capabilities.has(cap);
      if (had.has(cap) !== has) this.say(process, ['capable', cap, has ? 1 : 0], 0);
    }
    this.capabilities.set(process.pid, new Set(process.capabilities));
  }
}

function isOptions(options: unknown): options is OpenOptions {
  return typeof options === 'object' && options !== null;
}

function isProcess(value: unknown): value is Process {
  return typeof value === 'object' && value !== null && 'pid' in value && 'raw' in value;
}

function pidOf(value: unknown): unknown {
  return isProcess(value) ? value.pid : value;
}
