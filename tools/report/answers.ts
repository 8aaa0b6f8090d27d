// SPDX-License-Identifier: GPL-2.0-only
/** Answers to a trace, as a replay and the kernel's own code print them, read back: docs/traces.md has the format. */
import { accessOf, type VmaSnapshot } from '../../harness/picture.js';
import type { CallRange, HookCall, RecordedSpace, RecordedVma, Step } from '../../harness/recorder.js';
import { legacy_to_vma_flags } from '../../lib/doors/flags.js';
import { wordsOf } from '../replay/hex.js';

const VMA_LINE = /^ {2}([0-9a-f]+)-([0-9a-f]+) pgoff=([0-9a-f]+) flags=([0-9a-f]+) file=(\d+) anon=([01])$/;

/** The address space that a run of VMA lines describes. */
export function snapshotsOf(lines: readonly string[]): VmaSnapshot[] {
  return lines.flatMap((line) => {
    const [, start = '', end = '', pgoff = '', flags = '', file = '', anon = ''] = VMA_LINE.exec(line) ?? [];
    if (start === '') return [];
    return {
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      pgoff: Number.parseInt(pgoff, 16),
      flags: `0x${flags}`,
      access: accessOf(legacy_to_vma_flags(BigInt(`0x${flags}`))),
      hasFile: file !== '0',
      hasAnonVma: anon === '1',
    };
  });
}

/** The answers to one operation: from its line to the next line that is not indented and no sum. */
export function answersOf(output: string): string[][] {
  const answers: string[][] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith('=') || line.startsWith(' ')) answers.at(-1)?.push(line);
    else if (line !== '') answers.push([line]);
  }
  return answers;
}

/** Gives VMAs numbers: those that begin where one began, or else lie where one lay, keep its number. */
class Numbers {
  private before: readonly RecordedVma[] = [];
  private last = 0;

  number(shots: readonly VmaSnapshot[]): RecordedVma[] {
    const taken = new Set<number>();
    const take = (fits: (old: RecordedVma) => boolean): number | null => {
      const id = this.before.find((old) => !taken.has(old.id) && fits(old))?.id ?? null;
      if (id !== null) taken.add(id);
      return id;
    };
    const exact = shots.map((shot) => take((old) => old.start === shot.start));
    const now = shots.map((shot, i) => {
      const id = exact[i] ?? take((old) => old.start < shot.end && shot.start < old.end) ?? ++this.last;
      return { ...shot, id, fields: fieldsOf(shot) };
    });
    this.before = now;
    return now;
  }
}

function fieldsOf({ start, end, pgoff, flags, hasFile, hasAnonVma }: VmaSnapshot): [string, string][] {
  const hex = (value: number): string => `0x${value.toString(16)}`;
  return [
    ['vm_start', hex(start)],
    ['vm_end', hex(end)],
    ['vm_pgoff', hex(pgoff)],
    ['flags', flags],
    ['vm_file', hasFile ? 'a file' : 'NULL'],
    ['anon_vma', hasAnonVma ? 'there' : 'NULL'],
  ];
}

/** The lines of a trace that are answered. */
export function operationsOf(trace: string): string[] {
  return trace.split('\n').filter((line) => wordsOf(line).length > 0);
}

/** Of an answer that has several address spaces the first: that of the process with the lowest number. */
function firstSpace(lines: readonly string[]): readonly string[] {
  const sums = lines.flatMap((line, i) => (line.startsWith('= count=') ? [i] : []));
  return lines.slice(0, sums[1]);
}

/** The first range among arguments. */
function rangeOf(args: string): CallRange | null {
  const [, from, to] = /\b([0-9a-f]+)-([0-9a-f]+)\b/.exec(args) ?? [];
  if (from === undefined || to === undefined) return null;
  return { start: Number.parseInt(from, 16), end: Number.parseInt(to, 16), at: null };
}

const HOOK_LINE = /^ (open|close|mapped|may_split|mremap|mprotect|mmap|mmap_prepare)\((.*)\)$/;

/** A call of a driver's hook, as an answer tells it. */
function hookOf(line: string, step: number): HookCall[] {
  const [, hook = '', args = ''] = HOOK_LINE.exec(line) ?? [];
  if (hook === '') return [];
  return [{ hook, args: args.split(' '), returned: '', failed: false, range: rangeOf(args), step }];
}

/** Each answer as a step; where one side has none, it stopped there. */
export function spaceOf(trace: string, output: string): RecordedSpace {
  const numbers = new Numbers();
  const said = operationsOf(trace);
  const steps = answersOf(output).map(([head = '', ...rest], i): Step => {
    const line = said[i] ?? head;
    return {
      at: `line ${i + 1} of the trace`,
      place: null,
      operation: `${line.trim()} → ${head.split(' ').slice(1).join(' ')}`,
      locks: [],
      vmas: numbers.number(snapshotsOf(firstSpace(rest))),
    };
  });
  const hooks = answersOf(output).flatMap(([, ...lines], step) => lines.flatMap((line) => hookOf(line, step)));
  return { steps, hooks, notes: rest(said.length, steps.length) };
}

function rest(said: number, answered: number): string[] {
  return said > answered ? [`${said - answered} operations were not answered.`] : [];
}

/** The first answer in which two sides differ; null when there is none. */
export function firstDifference(left: string, right: string): number | null {
  const [a, b] = [answersOf(left), answersOf(right)];
  const i = Array.from({ length: Math.max(a.length, b.length) }, (_, k) => k).find(
    (k) => a[k]?.join('\n') !== b[k]?.join('\n'),
  );
  return i ?? null;
}
