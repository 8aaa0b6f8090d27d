// SPDX-License-Identifier: GPL-2.0-only
/** A process that a command waits for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { ENDING } from './folders.js';

/**
 * Waits until a process is closed; this one does not end before, whatever signal comes, and ends by it then. On Ctrl-C
 * the other has it too, and what else ends this process is handed on. Its status, or the signal that it ended by.
 *
 * @throws what keeps it from being started
 */
export async function ended(child: ChildProcess): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
  let came: NodeJS.Signals | null = null;
  const wait = (signal: NodeJS.Signals): void => {
    came = signal;
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of ENDING) process.on(signal, wait);
  try {
    await once(child, 'close');
  } finally {
    for (const signal of ENDING) process.off(signal, wait);
  }
  if (came !== null) process.exit(128 + constants.signals[came]);
  return { status: child.exitCode, signal: child.signalCode };
}

export interface Output {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end, as ended() does, and returns what it said. */
export async function outputOf(command: readonly [string, ...string[]], cwd: string): Promise<Output> {
  const child = spawn(command[0], command.slice(1), { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [{ status }, stdout, stderr] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}
