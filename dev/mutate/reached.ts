// SPDX-License-Identifier: GPL-2.0-only
/** Which code was run, by V8's own counts, and how often. */
import { Session } from 'node:inspector/promises';

/** Pieces of a module that were run: start, end and count of each, one after the other, in the order of the text. */
export type Pieces = readonly number[];

/** Pieces by URL of the module. */
export type Reached = Record<string, Pieces>;

interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

/** The innermost range decides; ranges lie within each other. */
function piecesOf(ranges: readonly Range[]): number[] {
  const sorted = [...ranges].sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const pieces: number[] = [];
  const open: Range[] = [];
  let at = 0;
  const upTo = (end: number): void => {
    const count = open.at(-1)?.count ?? 0;
    if (count > 0 && end > at) pieces.push(at, end, count);
    at = Math.max(at, end);
  };
  const closeUpTo = (start: number): void => {
    for (let last = open.at(-1); last !== undefined && last.endOffset <= start; last = open.at(-1)) {
      upTo(last.endOffset);
      open.pop();
    }
  };
  for (const range of sorted) {
    closeUpTo(range.startOffset);
    upTo(range.startOffset);
    open.push(range);
  }
  closeUpTo(Number.POSITIVE_INFINITY);
  return pieces;
}

/** How often the code at an offset was run. */
export function countAt(pieces: Pieces, offset: number): number {
  let first = 0;
  let last = pieces.length / 3 - 1;
  while (first <= last) {
    const middle = (first + last) >> 1;
    if (offset < (pieces[3 * middle] ?? 0)) last = middle - 1;
    else if (offset >= (pieces[3 * middle + 1] ?? 0)) first = middle + 1;
    else return pieces[3 * middle + 2] ?? 0;
  }
  return 0;
}

/** Counts what this process runs, from its construction on. */
export class Counter {
  private readonly session: Session;
  private readonly wanted: ReadonlySet<string>;

  /** @param wanted URLs of the modules to be counted */
  constructor(wanted: readonly string[]) {
    this.wanted = new Set(wanted);
    this.session = new Session();
    this.session.connect();
  }

  async start(): Promise<void> {
    await this.session.post('Profiler.enable');
    await this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What was run since the last time. */
  async take(): Promise<Reached> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage');
    const reached: Reached = {};
    for (const { url, functions } of result) {
      if (!this.wanted.has(url)) continue;
      const pieces = piecesOf(functions.flatMap(({ ranges }) => ranges));
      if (pieces.length > 0) reached[url] = pieces;
    }
    return reached;
  }
}
