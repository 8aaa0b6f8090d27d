// SPDX-License-Identifier: GPL-2.0-only
/**
 * Replays a trace of system calls on processes, and prints what the kernel's own code would print for it. The format is
 * in docs/traces.md, "Traces of system calls".
 */
import { BugError } from '../../stubs/index.js';
import { type CallArgument, parseCallArgument } from './call_arguments.js';
import { valueText } from './call_names.js';
import { wordsOf } from './hex.js';
import { ReplayedProcesses } from './replayed_processes.js';
import { TraceError } from './trace_error.js';
import { CALL_WORDS } from './words/call_table.js';
import { CallArguments, type CallWord } from './words/call_word.js';

/** A line of a trace. */
export interface CallLine {
  word: CallWord;
  args: readonly CallArgument[];
}

/** What a line says; null for one without words. @throws TraceError for one that is not as the format has it */
export function parseCallLine(text: string, line: number): CallLine | null {
  const [name, ...words] = wordsOf(text);
  if (name === undefined) return null;
  const word = CALL_WORDS.get(name);
  if (word === undefined) throw new TraceError(line, `unknown operation '${name}'`);
  if (words.length !== word.args.length)
    throw new TraceError(line, `'${name}' takes ${word.args.length} arguments, not ${words.length}`);
  return { word, args: word.args.map((argument, i) => parseCallArgument(argument, words[i] ?? '', line)) };
}

/** Is it a trace of system calls? They begin with a process. */
export function isCallTrace(input: string): boolean {
  const first = input.split('\n').find((line) => wordsOf(line).length > 0) ?? '';
  return wordsOf(first)[0] === 'process';
}

/** Carries a line out, and says what it answered. An argument that nothing can be made of is a fault of the line. */
export function runCallLine(processes: ReplayedProcesses, { word, args }: CallLine, line: number): number {
  processes.begin();
  try {
    return word.run(processes, new CallArguments(args));
  } catch (error) {
    if (error instanceof RangeError) throw new TraceError(line, `'${word.name}': ${error.message}`);
    throw error;
  }
}

function answer(processes: ReplayedProcesses, said: CallLine, line: number, write: (text: string) => void): void {
  try {
    const result = runCallLine(processes, said, line);
    write(processes.describe(`${said.word.name} ${valueText(result)}`));
  } catch (error) {
    if (error instanceof BugError) write(processes.takeTold());
    throw error;
  }
}

/**
 * Replays the lines of `input`; what each of them answers goes to `write`. Throws a TraceError at the first line that
 * is not as the format has it; nothing is written for that line or after it.
 *
 * @param validate check the whole address space after each change? Long traces are faster without.
 */
export function replayProcesses(
  input: string,
  write: (text: string) => void,
  { validate = true }: { validate?: boolean } = {},
): void {
  const processes = new ReplayedProcesses(validate);
  processes.world.run(() => {
    for (const [i, text] of input.split('\n').entries()) {
      const said = parseCallLine(text, i + 1);
      if (said !== null) answer(processes, said, i + 1, write);
    }
  });
}
