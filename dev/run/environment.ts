// SPDX-License-Identifier: GPL-2.0-only
import { defaultStubSet, traceWanted } from '../../harness/environment.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import type { RunOptions } from './options.js';

/** tap and the code under test read these once, when they are loaded. */
export function setEnvironment({ timeout, grep, bits }: RunOptions): void {
  // tap's own clock is behind ours, which says in one line what happened.
  process.env.TAP_TIMEOUT = String(Number(timeout) + 60);
  if (grep.length > 0) process.env.TAP_GREP = grep.join('\n');
  if (bits !== undefined) process.env.NUM_VMA_FLAG_BITS = bits;
}

/**
 * Loads what reads the environment, so that an unknown value ends the run before its first test.
 */
export async function checkEnvironment(): Promise<void> {
  // Places that reports name are those of .ts files. Not with node's option: that reads the maps of all packages as well.
  process.setSourceMapsEnabled(true);
  try {
    if (traceWanted()) await import('../../tools/trace/register.js');
    await import('../../include/vma_flags.js');
    defaultStubSet();
    // Before a test can start a program that has tests as well.
    const { recorder } = await import('../../harness/recorder.js');
    recorder.claim();
  } catch (error) {
    throw error instanceof RangeError ? new CannotBeDone(error.message) : error;
  }
}
