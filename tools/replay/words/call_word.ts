// SPDX-License-Identifier: GPL-2.0-only
/** What one word of a trace of system calls is; the tables beside this file hold them all. */
import type { RawCalls } from '../../../harness/process/raw.js';
import type { CallArgument } from '../call_arguments.js';
import type { ReplayedProcesses } from '../replayed_processes.js';

/** The arguments of one line, each of the type that its name asks for. */
export class CallArguments {
  private readonly values: readonly CallArgument[];

  constructor(values: readonly CallArgument[]) {
    this.values = values;
  }

  private at(i: number): CallArgument {
    const value = this.values[i];
    if (value === undefined)
      throw new Error(`replay: a word asks for argument ${i + 1}, which its entry does not name`);
    return value;
  }

  /** A number of 64 bits. */
  num(i: number): number | bigint {
    const value = this.at(i);
    if (typeof value === 'string') throw new Error(`replay: argument ${i + 1} is a text`);
    return value;
  }

  /** A number that the trace itself means something by: no argument of a call. */
  small(i: number): number {
    const value = this.num(i);
    if (typeof value !== 'number' || value < 0) throw new RangeError(`${value.toString(16)}: out of range`);
    return value;
  }

  text(i: number): string {
    const value = this.at(i);
    if (typeof value !== 'string') throw new Error(`replay: argument ${i + 1} is no text`);
    return value;
  }
}

type CallRun = (processes: ReplayedProcesses, a: CallArguments) => number;

export interface CallWord {
  name: string;
  /** Names of the arguments, as the document has them. What may stand for each goes by its name. */
  args: readonly string[];
  /** What is carried out, or set, and what comes of it: for the document. */
  does: string;
  gives: string;
  run: CallRun;
}

export interface CallWords {
  title: string;
  words: readonly CallWord[];
}

interface CallWordInit {
  does: string;
  gives?: string;
  run: CallRun;
}

/** `line` is the word and the names of its arguments. */
export function callWord(line: string, { does, gives = '0', run }: CallWordInit): CallWord {
  const [name = '', ...args] = line.split(' ');
  return { name, args, does, gives, run };
}

/** A system call of the process that runs. */
export function call(line: string, does: string, make: (calls: RawCalls, a: CallArguments) => number): CallWord {
  const run: CallRun = (processes, a) => processes.call((calls) => make(calls, a));
  return callWord(line, { does, gives: 'what it returns', run });
}
