// SPDX-License-Identifier: GPL-2.0-only
/** Arguments as strace prints them, as words of a trace. */
import { parseCallArgument } from '../replay/call_arguments.js';
import { TraceError } from '../replay/trace_error.js';
import { straceNumber, unescaped } from './strace_line.js';

/** A call that a trace has no word for; the message says which argument it is about. */
export class Unsaid extends Error {
  override readonly name = 'Unsaid';
}

/** A number in hexadecimal. */
export function hex(value: number): string {
  return value < 0 ? `-${(-value).toString(16)}` : value.toString(16);
}

export function sayNumber(text: string | undefined): string {
  const value = straceNumber(text ?? '');
  if (Number.isNaN(value)) throw new Unsaid(`'${text ?? ''}' is no number`);
  return hex(value);
}

/** Bits by their names, or as numbers; `argument` is what the trace calls them. */
export function sayBits(argument: string, text: string | undefined): string {
  const parts = (text ?? '').replace(/\/\*.*?\*\//g, '').split('|');
  const words = parts.map((part) => {
    const name = part.trim();
    return Number.isNaN(straceNumber(name)) ? name : sayNumber(name);
  });
  const word = words.filter((one) => one !== '').join('|') || '0';
  try {
    parseCallArgument(argument, word, 0);
  } catch (error) {
    if (error instanceof TraceError) throw new Unsaid(error.reason);
    throw error;
  }
  return word;
}

/** A string as a word without blanks; `-` for NULL. */
export function sayText(text: string | undefined): string {
  const [, quoted] = /^"(.*)"(?:\.\.\.)?$/.exec(text ?? '') ?? [];
  return quoted === undefined ? '-' : encodeURIComponent(unescaped(quoted));
}
