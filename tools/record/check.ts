// SPDX-License-Identifier: GPL-2.0-only
/** Does a recorded trace lead to what the program had mapped in the end? */
import { IS_ERR } from '../../include/linux/errno.js';
import { mapEntries } from '../../lib/fs/proc/smaps.js';
import { wordsOf } from '../replay/hex.js';
import { parseCallLine } from '../replay/processes.js';
import { ReplayedProcesses } from '../replay/replayed_processes.js';
import { CallArguments } from '../replay/words/call_word.js';
import type { MapsLine } from './log.js';
import type { Recording } from './writer.js';

/** What the first process has mapped when the trace is over, by the names that the recorded files have. */
export function mapsAfter({ trace, files }: Recording): MapsLine[] {
  const processes = new ReplayedProcesses(false);
  return processes.world.run(() => {
    for (const [i, text] of trace.split('\n').entries()) {
      const line = wordsOf(text).length === 0 ? null : parseCallLine(text, i + 1);
      if (line === null) continue;
      processes.begin();
      line.word.run(processes, new CallArguments(line.args));
    }
    const mm = processes.mmOf(1);
    const entries = mm === null ? [] : mapEntries(mm);
    const maps = IS_ERR(entries) ? [] : entries.map((entry) => ({ ...entry, name: nameOf(entry.name, files) }));
    processes.end();
    return maps;
  });
}

function nameOf(name: string, files: Recording['files']): string {
  const [, number] = /^\/file(\d+)$/.exec(name) ?? [];
  return number === undefined ? name : (files.get(Number(number)) ?? name);
}

/** Names that only an address gives: the port knows where its heap is, but not which memory was the stack. */
function plain({ name }: MapsLine): string {
  return /^\[(?:stack|heap|anon:.*)\]$/.test(name) ? '' : name;
}

export function mapsText(line: MapsLine): string {
  const { start, end, perms, offset } = line;
  // Of memory without a file there is no offset.
  return `${start.toString(16)}-${end.toString(16)} ${perms} ${offset.toString(16)} ${plain(line)}`.trimEnd();
}

/** Lines that only one side has: those of the program with `-`, those of the trace with `+`. */
export function mapsDifference(live: readonly MapsLine[], port: readonly MapsLine[]): string[] {
  const [theirs, ours] = [live.map(mapsText), port.map(mapsText)];
  return [
    ...theirs.filter((line) => !ours.includes(line)).map((line) => `- ${line}`),
    ...ours.filter((line) => !theirs.includes(line)).map((line) => `+ ${line}`),
  ];
}
