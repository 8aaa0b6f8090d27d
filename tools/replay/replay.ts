// SPDX-License-Identifier: GPL-2.0-only
/** Replays a trace, whichever it is: one of VMAs, or one of system calls, which begins with a process. */
import { isCallTrace, replayProcesses } from './processes.js';
import { type ReplayOptions, replayVma } from './vma.js';

/** As replayVma() and replayProcesses(). Calls are those of VMA traces; hooks are always told in traces of system calls. */
export function replayTrace(input: string, write: (text: string) => void, options: ReplayOptions = {}): void {
  if (isCallTrace(input)) replayProcesses(input, write, options);
  else replayVma(input, write, options);
}
