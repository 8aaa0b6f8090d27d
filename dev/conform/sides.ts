// SPDX-License-Identifier: GPL-2.0-only
/** The two sides of a comparison: the kernel's code in a process of its own, the port in this one. */
import { spawnSync } from 'node:child_process';
import { replayProcesses } from '../../tools/replay/processes.js';
import { TraceError } from '../../tools/replay/trace_error.js';
import { replayTree } from '../../tools/replay/tree.js';
import { replayVma } from '../../tools/replay/vma.js';

export type Kind = 'vma' | 'tree' | 'syscalls';

/** What one side says to a trace: its answers, and how it ended if not well. */
export interface Answer {
  output: string;
  /** Null when the side came to the end of the trace. */
  failure: string | null;
}

export type Side = (trace: string) => Answer;

/** Milliseconds that the kernel's code may take for a trace. */
const PATIENCE = 120_000;
/** How a program ends at a BUG_ON(), and what it says last. */
const BUG_STATUS = 3;
const BUG = /^BUG: (\w+): /;

/** The kernel's code: a program that reads the trace from standard input. */
export function kernelSide(program: string): Side {
  return (input) => {
    const { status, signal, stdout, stderr, error } = spawnSync(program, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    });
    // A program that ends before it has read everything has a status all the same.
    if (error !== undefined && status === null && signal === null) throw error;
    if (status === 0) return { output: stdout, failure: null };
    const why = stderr.trim().split('\n').at(-1) ?? '';
    if (status === BUG_STATUS) return { output: stdout, failure: why };
    const how = signal !== null ? `ended by ${signal}` : `ended with status ${status}`;
    return { output: stdout, failure: why ? `${how}: ${why}` : how };
  };
}

/** Carries a trace out on the port. An address that the code under test refuses ends it as it ends `replay`. */
function runPort(kind: Kind, input: string, write: (text: string) => void): string | null {
  try {
    if (kind === 'vma') replayVma(input, write, { validate: false });
    else if (kind === 'tree') replayTree(input, write);
    else replayProcesses(input, write, { validate: false });
    return null;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof DiffersError) throw error;
    return failureOf(error);
  }
}

/** The port. */
export function portSide(kind: Kind): Side {
  return (input) => {
    const parts: string[] = [];
    const failure = runPort(kind, input, (text) => parts.push(text));
    return { output: parts.join(''), failure };
  };
}

/** The port has said something else: there is no need to hear the rest. */
class DiffersError extends Error {}

/**
 * Does the port say what the kernel's code has said? Answers are compared as they come, for all of them together are
 * more than a young heap holds.
 *
 * @param progress is told of each operation that was answered
 */
export function portAgrees(kind: Kind, input: string, kernel: Answer, progress: () => void = () => {}): boolean {
  let at = 0;
  const compare = (text: string): void => {
    if (!kernel.output.startsWith(text, at)) throw new DiffersError();
    at += text.length;
    progress();
  };
  try {
    const failure = runPort(kind, input, compare);
    return at === kernel.output.length && isSameEnd(kernel.failure, failure);
  } catch (error) {
    if (error instanceof DiffersError) return false;
    throw error;
  }
}

function failureOf(error: Error): string {
  const [, where] = BUG.exec(error.message) ?? [];
  if (where !== undefined) return `BUG in ${where}`;
  return error instanceof TraceError ? error.message : (error.stack ?? error.message);
}

/** Both at the end of the trace, or at a BUG in the same function. */
function isSameEnd(kernel: string | null, port: string | null): boolean {
  return kernel === port && (kernel === null || kernel.startsWith('BUG in '));
}

/** Do they say the same, to the byte, and come to the same end? */
export function agree(kernel: Answer, port: Answer): boolean {
  return kernel.output === port.output && isSameEnd(kernel.failure, port.failure);
}
