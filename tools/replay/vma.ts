// SPDX-License-Identifier: GPL-2.0-only
/**
 * Replays a trace of VMA operations on one address space, and prints what the kernel's own mm/vma.c would print for it.
 * The format is in docs/traces.md, "VMA traces". The stub world is the harness's own, whatever the caller has set.
 */
import { BugError, type Stubs } from '../../stubs/index.js';
import { valueText } from './call_names.js';
import { ANSWERED } from './calls.js';
import { parseHex, wordsOf } from './hex.js';
import { TraceError } from './trace_error.js';
import { ReplayedSpace } from './vma_space.js';
import { WORDS } from './words/table.js';
import type { Word } from './words/word.js';

/** An argument of a word as a number, by what its name says: a stub by its place among all, a value that may be negative. */
function parseArgument(name: string, word: string, line: number): number {
  if (name === 'STUB') {
    const place = ANSWERED.indexOf(word);
    if (place < 0) throw new TraceError(line, `'${word}' is no stub, and no hook`);
    return place;
  }
  if (name === 'VALUE' && word.startsWith('-')) return -parseHex(word.slice(1), line);
  return parseHex(word, line);
}

/** The arguments of one line, or an error that says what is wrong with them. */
function parseArgs({ name, args }: Word, words: readonly string[], line: number): number[] {
  if (words.length !== args.length)
    throw new TraceError(line, `'${name}' takes ${args.length} arguments, not ${words.length}`);
  return args.map((argument, i) => parseArgument(argument, words[i] ?? '', line));
}

/** Runs one operation; an argument that the code under test refuses is a fault of the line. */
function runOperation(space: ReplayedSpace, operation: Word, args: readonly number[], line: number): number {
  space.begin();
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

/** Carries out one line. Null for a line without words. */
export function replayLine(space: ReplayedSpace, text: string, line: number): Answered | null {
  const [name, ...words] = wordsOf(text);
  if (name === undefined) return null;
  const operation = WORDS.get(name);
  if (operation === undefined) throw new TraceError(line, `unknown operation '${name}'`);
  const args = parseArgs(operation, words, line);
  return { name, result: runOperation(space, operation, args, line) };
}

/** Carries out one line. At a BUG the calls that led there are written, as nothing else will be. */
function answerOrBug(space: ReplayedSpace, text: string, line: number, write: (text: string) => void): Answered | null {
  try {
    return replayLine(space, text, line);
  } catch (error) {
    if (error instanceof BugError) write(space.calls.take());
    throw error;
  }
}

function replayLines(space: ReplayedSpace, input: string, write: (text: string) => void): void {
  for (const [i, text] of input.split('\n').entries()) {
    const answered = answerOrBug(space, text, i + 1, write);
    if (answered !== null) write(space.describe(`${answered.name} ${valueText(answered.result)}`));
  }
}

export interface ReplayOptions {
  /** Check the whole address space after each change? On unless said otherwise; long traces are faster without. */
  validate?: boolean;
  /** Print calls from the first line on, as after `calls 1`? */
  calls?: boolean;
  /** In place of the harness's stubs. */
  stubs?: Partial<Stubs>;
}

/** Runs `body` on a fresh address space, in a world of its own. */
export function inReplayWorld<T>(body: (space: ReplayedSpace) => T, options: ReplayOptions = {}): T {
  const { validate = true, stubs = {} } = options;
  const space = new ReplayedSpace({ globals: { debug_vm_maple_tree: validate, slab_store_user: validate }, stubs });
  return space.world.run(() => {
    if (options.calls === true) space.tellCalls(true);
    return body(space);
  });
}

/**
 * Replays the lines of `input`; what each of them answers goes to `write`. Throws a TraceError at the first line that
 * is not as the format has it; nothing is written for that line or after it.
 */
export function replayVma(input: string, write: (text: string) => void, options: ReplayOptions = {}): void {
  inReplayWorld((space) => replayLines(space, input, write), options);
}
