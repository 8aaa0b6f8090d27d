// SPDX-License-Identifier: GPL-2.0-only
/** What a timeline shows: the pictures of an address space, what became of each VMA between two, and calls between them. */
import { layoutLine } from '../../harness/picture.js';
import type { HookCall, RecordedSpace, RecordedVma, SourceLine, Step } from '../../harness/recorder.js';
import { type Axis, axisOf } from './axis.js';

/** Addresses that a VMA has from one of the step before. */
export interface Link {
  /** Which of the VMAs before, which of those after. */
  from: number;
  to: number;
  start: number;
  end: number;
}

/** Where one VMA has become two, or two have become one; the addresses between the two, if there are any. */
export interface Joint {
  kind: 'split' | 'merge';
  start: number;
  end: number;
}

export interface ShownVma extends RecordedVma {
  /** What has happened to it since the step before. */
  became: string;
  /** Is anything about it as the step before did not have it? */
  changed: boolean;
}

/** A step with what led to it. */
export interface Row {
  at: string;
  place: SourceLine | null;
  /** What made it; null for the test itself, by hand. */
  operation: string | null;
  locks: string[];
  /** What is otherwise than at the step before, a line each. */
  changes: string[];
  /** Lines of the test since the step before. */
  code: string[];
  calls: HookCall[];
  vmas: ShownVma[];
  links: Link[];
  joints: Joint[];
  /** Addresses that a VMA had before and none has now. */
  gone: { start: number; end: number }[];
}

export interface ShownTimeline {
  axis: Axis;
  rows: Row[];
  /** Calls after the last step. */
  callsAfter: HookCall[];
  notes: string[];
}

interface Range {
  start: number;
  end: number;
}

function linksBetween(before: readonly Range[], after: readonly Range[]): Link[] {
  return after.flatMap((vma, to) =>
    before.flatMap((old, from) => {
      const [start, end] = [Math.max(vma.start, old.start), Math.min(vma.end, old.end)];
      return start < end ? [{ from, to, start, end }] : [];
    }),
  );
}

/** Between neighbours that have the same VMA on the other side. */
function jointsBetween(
  links: readonly Link[],
  kind: Joint['kind'],
  own: readonly Range[],
  side: 'from' | 'to',
): Joint[] {
  const other = side === 'from' ? 'to' : 'from';
  return links.flatMap((link) => {
    const next = links.find((one) => one[other] === link[other] && one[side] === link[side] + 1);
    const [left, right] = [own[link[side]], own[next?.[side] ?? -1]];
    return left === undefined || right === undefined ? [] : [{ kind, start: left.end, end: right.start }];
  });
}

/** What of a range no other covers; those must be in order. */
function uncovered(range: Range, others: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let { start } = range;
  for (const other of others) {
    if (other.end <= start || other.start >= range.end) continue;
    if (other.start > start) rest.push({ start, end: other.start });
    start = other.end;
  }
  if (start < range.end) rest.push({ start, end: range.end });
  return rest;
}

function becameOf(vma: RecordedVma, to: number, before: readonly RecordedVma[], links: readonly Link[]): string {
  const parents = links.filter((link) => link.to === to);
  const [first] = parents;
  const old = before[first?.from ?? -1];
  if (first === undefined || old === undefined) return 'mapped';
  if (parents.length > 1) return `merged from ${parents.length}`;
  const children = links.filter((link) => link.from === first.from).length;
  if (children > 1) return `one of ${children} after a split`;
  const [was, is] = [old.end - old.start, vma.end - vma.start];
  if (was !== is) return is > was ? 'grown' : 'shrunk';
  if (old.start !== vma.start) return 'moved';
  return layoutLine(old) === layoutLine(vma) ? 'as before' : 'changed';
}

/** Which fields of a VMA are otherwise, as "flags 0x1 -> 0x3". */
function fieldChanges(old: RecordedVma, vma: RecordedVma): string[] {
  const were = new Map(old.fields);
  return vma.fields
    .filter(([name, value]) => were.has(name) && were.get(name) !== value)
    .map(([name, value]) => `${name} ${were.get(name)} → ${value}`);
}

function changesBetween(
  before: readonly RecordedVma[],
  after: readonly RecordedVma[],
  links: readonly Link[],
): string[] {
  const range = ({ start, end }: Range): string => `0x${start.toString(16)}-0x${end.toString(16)}`;
  const changed = after.flatMap((vma, to) => {
    const old = before.find(({ id }) => id === vma.id);
    const became = becameOf(vma, to, before, links);
    if (old === undefined) return [`+ VMA #${vma.id} ${range(vma)}: ${became === 'as before' ? 'new' : became}`];
    const fields = fieldChanges(old, vma);
    return fields.length === 0 ? [] : [`~ VMA #${vma.id} ${range(vma)}: ${became}; ${fields.join(', ')}`];
  });
  const gone = before
    .filter(({ id }) => !after.some((vma) => vma.id === id))
    .map((old) => `- VMA #${old.id} ${range(old)}: gone`);
  return [...gone, ...changed];
}

function rowOf(step: Step, before: readonly RecordedVma[], calls: HookCall[], code: string[]): Row {
  const { at, place, operation, locks, vmas } = step;
  const links = linksBetween(before, vmas);
  const known = new Set(before.map(layoutLine));
  return {
    at,
    place,
    operation,
    locks,
    changes: changesBetween(before, vmas, links),
    code,
    calls,
    vmas: vmas.map((vma, to) => ({
      ...vma,
      became: becameOf(vma, to, before, links),
      changed: !known.has(layoutLine(vma)),
    })),
    links,
    joints: [...jointsBetween(links, 'split', vmas, 'to'), ...jointsBetween(links, 'merge', before, 'from')],
    gone: before.flatMap((old) => uncovered(old, vmas)),
  };
}

/** Most lines of a test that a step shows. */
const MOST_LINES = 16;

/** Lines of the test that led to a step: from the one before, or from the head of the test. */
export function codeBefore(lines: readonly string[], place: SourceLine, previous: SourceLine | null): string[] {
  const goesOn = previous !== null && previous.file === place.file && previous.line < place.line;
  const earliest = Math.max(1, place.line - MOST_LINES + 1);
  let first = goesOn ? Math.max(earliest, previous.line + 1) : place.line;
  if (previous === null) {
    const heads = lines.slice(earliest - 1, place.line).map((line) => /\btest\(/.test(line));
    first = earliest + Math.max(heads.lastIndexOf(true), heads.includes(true) ? 0 : heads.length - 1);
  }
  const shown = lines.slice(first - 1, place.line);
  const indents = shown.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  return shown.map((line) => line.slice(indent));
}

/** The timeline of what was recorded; `linesOf` reads a source file. */
export function timelineOf(space: RecordedSpace, linesOf: (file: string) => readonly string[]): ShownTimeline {
  const { steps, hooks, notes } = space;
  const ranges = [
    ...steps.flatMap((step) => step.vmas),
    ...hooks.flatMap(({ range }) => (range === null ? [] : [range])),
  ];
  const rows = steps.map((step, i) => {
    const before = steps[i - 1];
    const calls = hooks.filter((call) => call.step === i);
    const code = step.place === null ? [] : codeBefore(linesOf(step.place.file), step.place, before?.place ?? null);
    return rowOf(step, before?.vmas ?? [], calls, code);
  });
  return { axis: axisOf(ranges), rows, callsAfter: hooks.filter((call) => call.step >= steps.length), notes };
}
