// SPDX-License-Identifier: GPL-2.0-only
/** Numbers of the trace formats: hexadecimal without a prefix, checked to the letter. */
import { ULONG_MAX } from '../../include/linux/limits.js';
import { TraceError } from './trace_error.js';

/** A word of a trace as a number; `line` is for the error. */
export function parseHex(word: string, line: number): number {
  if (!/^[0-9a-f]+$/i.test(word)) throw new TraceError(line, `'${word}' is not a hexadecimal number`);
  const value = Number.parseInt(word, 16);
  if (value > ULONG_MAX) throw new TraceError(line, `'${word}' is past ${ULONG_MAX.toString(16)}`);
  return value;
}

/** A number as the traces print it: hexadecimal, a negative one as `-` and its absolute value. */
export function formatHex(value: number): string {
  return value.toString(16);
}

/** The words of a line, without the comment that `#` begins. */
export function wordsOf(line: string): string[] {
  const comment = line.indexOf('#');
  const text = comment < 0 ? line : line.slice(0, comment);
  return text.split(/[ \t\r]+/).filter((word) => word !== '');
}

/** Argument i of an operation. Its entry in the table of operations says how many there are. */
export function at(args: readonly number[], i: number): number {
  const value = args[i];
  if (value === undefined)
    throw new Error(`replay: operation asks for argument ${i + 1}, which its entry does not name`);
  return value;
}
