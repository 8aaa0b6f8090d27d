// SPDX-License-Identifier: GPL-2.0-only
/**
 * Replays a trace of VMA operations on one address space, and prints what the kernel's own mm/vma.c would print for it.
 * The format is in docs/traces.md, "VMA traces". The stub world is the harness's own, whatever the caller has set.
 */
import type { vm_unmapped_area_info } from '../../include/mm_types.js';
import { current, globals, resetGlobals, stubs, upstreamStubs, useStubs } from '../../stubs/index.js';
import { at, formatHex, parseHex, wordsOf } from './hex.js';
import { KERNEL_WORDS } from './kernel_words.js';
import { SET_WORDS } from './set_words.js';
import { TraceError } from './trace_error.js';
import { type Operation, ReplayedSpace } from './vma_space.js';

const OPERATIONS = new Map<string, Operation>([
  ['mmap', { args: 5, run: (s, a) => s.mmap(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4)) }],
  ['munmap', { args: 2, run: (s, a) => s.munmap(at(a, 0), at(a, 1)) }],
  ['modify', { args: 3, run: (s, a) => s.modify(at(a, 0), at(a, 1), at(a, 2)) }],
  ['fault', { args: 1, run: (s, a) => s.fault(at(a, 0)) }],
  ['brk', { args: 3, run: (s, a) => s.brk(at(a, 0), at(a, 1), at(a, 2)) }],
  ['down', { args: 1, run: (s, a) => s.down(at(a, 0)) }],
  ['extend', { args: 2, run: (s, a) => s.extend(at(a, 0), at(a, 1)) }],
  ['move', { args: 3, run: (s, a) => s.move(at(a, 0), at(a, 1), at(a, 2)) }],
  ['unmapped', { args: 5, run: (s, a) => s.unmapped(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4) !== 0) }],
  ['region', { args: 5, run: (s, a) => s.region(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4)) }],
  ['unmap', { args: 3, run: (s, a) => s.unmap(at(a, 0), at(a, 1), at(a, 2) !== 0) }],
  ['name', { args: 2, run: (s, a) => s.name(at(a, 0), at(a, 1)) }],
  ['policy', { args: 2, run: (s, a) => s.policy(at(a, 0), at(a, 1)) }],
  ['uffd', { args: 3, run: (s, a) => s.uffd(at(a, 0), at(a, 1), at(a, 2) !== 0) }],
  ['copy', { args: 3, run: (s, a) => s.copy(at(a, 0), at(a, 1), at(a, 2)) }],
  ['relocate', { args: 2, run: (s, a) => s.relocate(at(a, 0), at(a, 1)) }],
  ['shrink', { args: 3, run: (s, a) => s.shrink(at(a, 0), at(a, 1), at(a, 2)) }],
  ['insert', { args: 5, run: (s, a) => s.insert(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4)) }],
  ['locks', { args: 0, run: (s) => s.locks() }],
  ['batch', { args: 2, run: (s, a) => s.batch(at(a, 0), at(a, 1)) }],
  ['notify', { args: 1, run: (s, a) => s.notify(at(a, 0)) }],
  ['room', { args: 7, run: (s, a) => s.room(roomOf(a), at(a, 6) !== 0) }],
  ['guardgap', { args: 1, run: (_, a) => setGlobal('stack_guard_gap', at(a, 0)) }],
  ['minaddr', { args: 1, run: (_, a) => setGlobal('mmap_min_addr', at(a, 0)) }],
  ['mdwe', { args: 1, run: (s, a) => s.mdwe(at(a, 0) !== 0) }],
  ['failprealloc', { args: 1, run: (_, a) => setGlobal('fail_prealloc', at(a, 0) !== 0) }],
  ['maxmaps', { args: 1, run: (_, a) => setGlobal('sysctl_max_map_count', at(a, 0)) }],
  ...KERNEL_WORDS,
  ...SET_WORDS,
]);

function roomOf(a: readonly number[]): Partial<vm_unmapped_area_info> {
  return {
    length: at(a, 0),
    low_limit: at(a, 1),
    high_limit: at(a, 2),
    align_mask: at(a, 3),
    align_offset: at(a, 4),
    start_gap: at(a, 5),
  };
}

function setGlobal<K extends keyof typeof globals>(name: K, value: (typeof globals)[K]): number {
  globals[name] = value;
  return 0;
}

/** The arguments of one line as numbers, or an error that says what is wrong with them. */
function parseArgs(name: string, words: readonly string[], count: number, line: number): number[] {
  if (words.length !== count) throw new TraceError(line, `'${name}' takes ${count} arguments, not ${words.length}`);
  return words.map((word) => parseHex(word, line));
}

/** Runs one operation; an argument that the code under test refuses is a fault of the line. */
function runOperation(space: ReplayedSpace, operation: Operation, args: readonly number[], line: number): number {
  try {
    return operation.run(space, args);
  } catch (error) {
    if (error instanceof RangeError) throw new TraceError(line, error.message);
    throw error;
  }
}

/** What an operation answered; the name is that of the line. */
export interface Answered {
  name: string;
  result: number;
}

/** Carries out one line, which must not be `quiet`. Null for a line without words. */
export function replayLine(space: ReplayedSpace, text: string, line: number): Answered | null {
  const [name, ...words] = wordsOf(text);
  if (name === undefined) return null;
  const operation = OPERATIONS.get(name);
  if (operation === undefined) throw new TraceError(line, `unknown operation '${name}'`);
  const args = parseArgs(name, words, operation.args, line);
  return { name, result: runOperation(space, operation, args, line) };
}

function replayLines(space: ReplayedSpace, input: string, write: (text: string) => void): void {
  let quiet = false;
  let line = 0;

  for (const text of input.split('\n')) {
    line++;
    const [name, ...words] = wordsOf(text);
    if (name === 'quiet') {
      parseArgs(name, words, 0, line);
      quiet = true;
      write(space.describe('quiet 0', quiet));
      continue;
    }
    const answered = replayLine(space, text, line);
    if (answered !== null) write(space.describe(`${answered.name} ${formatHex(answered.result)}`, quiet));
  }
}

export interface ReplayOptions {
  /** Check the whole address space after each change? On unless said otherwise; long traces are faster without. */
  validate?: boolean;
}

/** Runs `body` in the harness's own stub world, on a fresh address space, and puts back whatever world there was. */
export function inReplayWorld<T>(body: (space: ReplayedSpace) => T, options: ReplayOptions = {}): T {
  const outerStubs = { ...stubs };
  const outerMm = current.mm;
  const outerGlobals = { ...globals };

  try {
    resetGlobals();
    globals.debug_vm_maple_tree = options.validate ?? true;
    useStubs(upstreamStubs);
    const space = new ReplayedSpace();
    current.mm = space.mm;
    return body(space);
  } finally {
    useStubs(outerStubs);
    Object.assign(globals, outerGlobals);
    current.mm = outerMm;
  }
}

/**
 * Replays the lines of `input`; what each of them answers goes to `write`. Throws a TraceError at the first line that
 * is not as the format has it; nothing is written for that line or after it.
 */
export function replayVma(input: string, write: (text: string) => void, options: ReplayOptions = {}): void {
  inReplayWorld((space) => replayLines(space, input, write), options);
}
