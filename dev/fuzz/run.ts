// SPDX-License-Identifier: GPL-2.0-only
/** Runs random programs in checked worlds, with the world's detectors as the only judge. */
import { difference, snapshot, type VmaSnapshot } from '../../harness/picture.js';
import { Random } from '../random.js';
import { type Ground, groundOf, type Kind, type Program, randomLines } from './program.js';

/** Steps of one program: enough for address spaces to fill. */
export const PROGRAM_LENGTH = 250;

export interface Finding extends Program {
  readonly complaints: readonly string[];
  /** The address spaces before and after the last line, drawn; nothing where that was quick. */
  readonly drawing: readonly string[];
}

/**
 * Upstream's own, in the kernel of the baseline: a merge of both sides whose clone fails leaves the iterator at the VMA
 * before (docs/upstream.md).
 */
const KNOWN: readonly RegExp[] = [/^WARN: __mas_set_range: .* is outside the range that the state stands on/];

function unknown(complaints: readonly string[]): string[] {
  return complaints.filter((text) => !KNOWN.some((known) => known.test(text)));
}

/** What the world has to complain about when something was done, or the error that it ended with. */
function complaintsOf({ checked }: Ground, act: () => void): string[] {
  try {
    act();
    return unknown(checked.takeComplaints());
  } catch (error) {
    return [String(error)];
  }
}

/** What there is when all is over, and should not be. */
function leftOvers({ checked, world }: Ground): string[] {
  const { reserved, live } = world.nodes;
  return [
    ...unknown(checked.end()),
    ...(reserved === 0 ? [] : [`leak: ${reserved} tree nodes are reserved for a store that never came`]),
    ...(live === 0 ? [] : [`leak: ${live} tree nodes are in trees that were not destroyed`]),
  ];
}

/** The address spaces now; none where a tree cannot be read any more. */
function shots(ground: Ground): VmaSnapshot[][] {
  try {
    return ground.spaces().map(snapshot);
  } catch {
    return [];
  }
}

function drawn(before: readonly VmaSnapshot[][], after: readonly VmaSnapshot[][]): string[] {
  return before.flatMap((was, i) => {
    const drawing = difference(was, after[i] ?? []);
    const name = before.length === 1 ? '' : ` of address space ${i + 1}`;
    return [`before the last line${name}:`, ...drawing.before, `after it${name}:`, ...drawing.after];
  });
}

/**
 * Runs one program to its first finding, or its end, when everything must be let go of. Null: it was silent. `quick`:
 * complaints do not say where, nothing is drawn, and all goes faster.
 */
export function runProgram({ kind, lines }: Program, quick = false): Finding | null {
  const ground = groundOf(kind, quick ? { frames: 0 } : {});
  return ground.world.run(() => {
    let before: VmaSnapshot[][] = [];
    for (const [i, line] of lines.entries()) {
      if (!quick) before = shots(ground);
      const complaints = complaintsOf(ground, ground.read(line));
      if (complaints.length === 0) continue;
      return { kind, lines: lines.slice(0, i + 1), complaints, drawing: quick ? [] : drawn(before, shots(ground)) };
    }
    if (!quick) before = shots(ground);
    let complaints = complaintsOf(ground, () => ground.end());
    if (complaints.length === 0) complaints = complaintsOf(ground, () => {}).concat(leftOvers(ground));
    return complaints.length > 0 ? { kind, lines, complaints, drawing: quick ? [] : drawn(before, []) } : null;
  });
}

/** A finding, and after how many operations it came. */
export interface Found extends Finding {
  readonly operations: number;
}

/** Runs that many steps, in programs of a usual length; of one kind, if one is given. */
export function fuzz(seed: number, runs: number, kind?: Kind, progress?: (done: number) => void): Found | null {
  const random = new Random(seed);
  for (let done = 0; done < runs; done += PROGRAM_LENGTH) {
    progress?.(done);
    const finding = runProgram(randomLines(random, Math.min(PROGRAM_LENGTH, runs - done), kind), true);
    if (finding !== null) return { ...finding, operations: done + finding.lines.length };
  }
  return null;
}

/** A complaint without what differs from program to program. */
function kindOf(text = ''): string {
  return text.replace(/0x[0-9a-f]+|\d+/g, 'N').slice(0, 40);
}

function isSame(finding: Finding | null, wanted: string): finding is Finding {
  return finding !== null && kindOf(finding.complaints[0]) === wanted;
}

/** Leaves lines out, as long as the same kind of complaint comes. */
function withFewerLines(finding: Finding, wanted: string): Finding {
  let best = finding;
  for (let size = Math.ceil(best.lines.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.lines.length; ) {
      const again = runProgram({ ...best, lines: [...best.lines.slice(0, at), ...best.lines.slice(at + size)] }, true);
      if (isSame(again, wanted)) best = again;
      else at += size;
    }
  }
  return best;
}

/** Simpler words for one, the simplest first. */
function simpler(word: string): string[] {
  if (/^\d{2,}$/.test(word)) return ['0', '1', '2', '3', String(Number(word) % 16), String(Number(word) % 256)];
  return /^[2-9]$/.test(word) ? ['0', '1'] : [];
}

/** Makes numbers smaller, as long as the same kind of complaint comes. */
function withSmallerNumbers(finding: Finding, wanted: string): Finding {
  let best = finding;
  for (let at = 0; at < best.lines.length; at++) {
    const count = best.lines[at]?.split(' ').length ?? 0;
    for (let i = 1; i < count; i++) {
      for (const word of simpler(best.lines[at]?.split(' ')[i] ?? '')) {
        const changed = best.lines.map((line, k) => (k === at ? line.split(' ').with(i, word).join(' ') : line));
        const again = runProgram({ ...best, lines: changed }, true);
        if (!isSame(again, wanted) || again.lines.length !== best.lines.length) continue;
        best = again;
        break;
      }
    }
  }
  return best;
}

/** The same finding by a program that is as short and as simple as it gets. */
export function shorten(finding: Finding): Finding {
  const wanted = kindOf(finding.complaints[0]);
  let best: Finding = finding;
  for (let length = Infinity; best.lines.length < length; ) {
    length = best.lines.length;
    best = withFewerLines(best, wanted);
    if (best.kind === 'functions') best = withSmallerNumbers(best, wanted);
  }
  // Once more, for the places and the drawing.
  return runProgram(best) ?? best;
}

/** A complaint in a few words: without places and addresses. */
export function shortly(complaint: string): string {
  return complaint
    .replace(
      /[;,]? (?:taken|allocated|not allocated|freed|held|since|dropped|released|expected)? ?(?:at|here) \S.*$/,
      '',
    )
    .replace(/\b0x[0-9a-f]+(?:-0x[0-9a-f]+)?\b/g, '…')
    .slice(0, 80)
    .trim();
}

export function printFinding({ lines, complaints, drawing }: Finding): string {
  return [...lines, '', ...drawing, '', ...complaints].join('\n');
}
