// SPDX-License-Identifier: GPL-2.0-only
/** Old and new C of what differs, as unified diffs with the line numbers of both files. */
import { structuredPatch } from 'diff';
import { type FileStatus, placeOf, type SymbolStatus } from './status.js';
import type { Place } from './tokens.js';
import type { KernelTree } from './tree.js';

interface Text {
  lines: string[];
  /** Line in the file of each line of the text. */
  numbers: number[];
}

/** All declarations of a symbol, one below the other. */
function textOf(tree: KernelTree, place: Place | null): Text {
  const symbol = place === null ? undefined : tree.symbols(place.file).get(place.symbol);
  const text: Text = { lines: [], numbers: [] };
  for (const [i, declaration] of (symbol?.texts ?? []).entries()) {
    for (const [k, line] of declaration.split(/\r?\n/).entries()) {
      text.lines.push(line);
      text.numbers.push((symbol?.lines[i] ?? 0) + k);
    }
  }
  return text;
}

function at(place: Place | null, version: string): string {
  return place === null ? '/dev/null' : `${place.file}:${place.print.line} ${place.symbol} (${version})`;
}

/** "@@ -12,3 +14,4 @@" with the lines of the files. */
function header(before: Text, after: Text): string {
  const side = (text: Text, start: number, count: number): string => `${text.numbers[start] ?? 0},${count}`;
  return `@@ -${side(before, 0, before.lines.length)} +${side(after, 0, after.lines.length)} @@`;
}

/** One symbol, with its home here; whole, as one cannot port a part of it. */
export function diffOf(one: SymbolStatus, home: string, older: KernelTree, newer: KernelTree): string {
  const { from, to, state } = one;
  const [before, after] = [textOf(older, from), textOf(newer, to)];
  const title = `${state} ${placeOf(one).symbol}: ${home}`;
  const head = [title, `--- ${at(from, older.version)}`, `+++ ${at(to, newer.version)}`];
  if (!one.differs) {
    const name = placeOf(one).symbol;
    return [...head, state === 'unchanged' ? `unchanged: ${name}` : `${state}, otherwise unchanged: ${name}`, ''].join(
      '\n',
    );
  }
  const [old, now] = [before, after].map(({ lines }) => lines.map((line) => `${line}\n`).join(''));
  const { hunks } = structuredPatch('a', 'b', old ?? '', now ?? '', undefined, undefined, { context: 100_000 });
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const said =
    lines.length > 0
      ? [header(before, after), ...lines]
      : ['only what stands around it differs: an #if, or values before it'];
  return [...head, ...said, ''].join('\n');
}

/** A file that is new, missing, or followed as a whole. The symbols of the first two have diffs of their own. */
export function diffOfFile({ file, state, symbols }: FileStatus, older: KernelTree, newer: KernelTree): string {
  const [from, to] = [state === 'new' ? '/dev/null' : file, state === 'missing' ? '/dev/null' : file];
  const head = `--- ${from} (${older.version})\n+++ ${to} (${newer.version})\n`;
  if (symbols > 0) return `${head}${state} file, symbol by symbol below\n`;
  const { hunks } = structuredPatch('a', 'b', older.read(file) ?? '', newer.read(file) ?? '');
  const parts = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
  return `${head}${parts.join('\n')}\n`;
}
