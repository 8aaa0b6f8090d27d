// SPDX-License-Identifier: GPL-2.0-only
/** The two sides of a comparison: the kernel's code in a process of its own, the port in this one. */
import { spawnSync } from 'node:child_process';
import { TraceError } from '../../tools/replay/trace_error.js';
import { replayTree } from '../../tools/replay/tree.js';
import { replayVma } from '../../tools/replay/vma.js';

export type Kind = 'vma' | 'tree';

/** What one side says to a trace: its answers, and how it ended if not well. */
export interface Answer {
  output: string;
  /** Null when the side came to the end of the trace. */
  failure: string | null;
}

export type Side = (trace: string) => Answer;

/** The kernel's code: a program that reads the trace from standard input. */
export function kernelSide(program: string): Side {
  return (input) => {
    const { status, signal, stdout, stderr, error } = spawnSync(program, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    // A program that ends before it has read everything has a status all the same.
    if (error !== undefined && status === null && signal === null) throw error;
    if (status === 0) return { output: stdout, failure: null };
    const how = signal !== null ? `ended by ${signal}` : `ended with status ${status}`;
    const why = stderr.trim().split('\n').at(-1);
    return { output: stdout, failure: why ? `${how}: ${why}` : how };
  };
}

/** The port. An address that the code under test refuses ends it as it ends `replay`. */
export function portSide(kind: Kind): Side {
  return (input) => {
    const parts: string[] = [];
    const write = (text: string): number => parts.push(text);
    try {
      if (kind === 'vma') replayVma(input, write, { validate: false });
      else replayTree(input, write);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const failure = error instanceof TraceError ? error.message : (error.stack ?? error.message);
      return { output: parts.join(''), failure };
    }
    return { output: parts.join(''), failure: null };
  };
}

/** Do they say the same, to the byte, and both reach the end? */
export function agree(kernel: Answer, port: Answer): boolean {
  return kernel.output === port.output && kernel.failure === null && port.failure === null;
}
