// SPDX-License-Identifier: GPL-2.0-only
/**
 * A log to make a trace from: what strace prints, and in comments among it what /proc/PID/maps had when a program began
 * and when it was about to end. A log of strace alone will do; then nobody knows what was mapped at first.
 */
import { LineJoiner, parseStraceLine, type StraceCall } from './strace_line.js';

/** A line of /proc/PID/maps. */
export interface MapsLine {
  start: number;
  end: number;
  perms: string;
  offset: number;
  /** Path or name; empty without one. */
  name: string;
}

/** What was mapped at a time. */
export interface MapsEvent {
  pid: number;
  when: 'begin' | 'end';
  maps: readonly MapsLine[];
}

export type LogEvent = { call: StraceCall } | { maps: MapsEvent };

const HEAD = /^# (begin|end) (\d+)$/;
const LINE = /^(?:# {3})?([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)$/;

/** The lines of /proc/PID/maps; what is no process's own is left out. */
export function parseMaps(lines: readonly string[]): MapsLine[] {
  return lines.flatMap((line) => {
    const [, start, end, perms = '', offset = '0', name = ''] = LINE.exec(line) ?? [];
    if (start === undefined || end === undefined || name === '[vsyscall]') return [];
    const [from, to] = [Number.parseInt(start, 16), Number.parseInt(end, 16)];
    return [{ start: from, end: to, perms, offset: Number.parseInt(offset, 16), name }];
  });
}

/** What a log has as comments for /proc/PID/maps. */
export function mapsComment(when: 'begin' | 'end', pid: number, text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  return `# ${when} ${pid}\n${lines.map((line) => `#   ${line}\n`).join('')}`;
}

/** The events of a log, in their order. */
export function parseLog(text: string): LogEvent[] {
  const joiner = new LineJoiner();
  const events: LogEvent[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const [, when, pid] = HEAD.exec(line) ?? [];
    if (when === 'begin' || when === 'end') {
      const from = i + 1;
      while (lines[i + 1]?.startsWith('#   ')) i++;
      events.push({ maps: { pid: Number(pid), when, maps: parseMaps(lines.slice(from, i + 1)) } });
      continue;
    }
    const whole = line.startsWith('#') ? null : joiner.join(line);
    const call = whole === null ? null : parseStraceLine(whole);
    if (call !== null) events.push({ call });
  }
  return events;
}
