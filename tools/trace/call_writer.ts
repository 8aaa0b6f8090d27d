// SPDX-License-Identifier: GPL-2.0-only
/** Writes the system calls of a test as a trace, and replays it meanwhile: where the replay differs, a comment says so. */
import { formatHex } from '../replay/hex.js';
import { parseCallLine } from '../replay/processes.js';
import { ReplayedProcesses } from '../replay/replayed_processes.js';
import { CallArguments } from '../replay/words/call_word.js';
import { type RecordedCalls, rangesOf, type SaidCall } from './calls.js';

function replayed(processes: ReplayedProcesses, { text, result }: SaidCall, line: number): string[] {
  const said = text.startsWith('#') ? null : parseCallLine(text, line);
  if (said === null) return [text];
  processes.begin();
  const found = said.word.run(processes, new CallArguments(said.args));
  processes.takeTold();
  if (result === null || found === result) return [text];
  return [text, `#   ${formatHex(result)} in the test, ${formatHex(found)} in a replay`];
}

/** A line that cannot be replayed ends no trace. */
function lineOrComment(processes: ReplayedProcesses, said: SaidCall, line: number): string[] {
  try {
    return replayed(processes, said, line);
  } catch (error) {
    return [`#   not here: ${said.text}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function endOf(processes: ReplayedProcesses, number: number, wanted: readonly string[]): string[] {
  const mm = processes.mmOf(number);
  const found = mm === null ? [] : rangesOf(mm);
  if (found.join('\n') === wanted.join('\n')) return [];
  return [
    `# process ${formatHex(number)} was otherwise at the end of the test:`,
    ...wanted.map((line) => `#   ${line}`),
  ];
}

/** The trace of the calls that a test's processes made, as text. */
export function callTraceOf(name: string, { lines, ends }: RecordedCalls): string {
  const processes = new ReplayedProcesses(false);
  return processes.world.run(() => {
    const text = [`# test: ${name}`, '# system calls; docs/traces.md has the format'];
    for (const said of lines) text.push(...lineOrComment(processes, said, text.length + 1));
    for (const [number, wanted] of ends) text.push(...endOf(processes, number, wanted));
    return `${[...text, 'show'].join('\n')}\n`;
  });
}
