// SPDX-License-Identifier: GPL-2.0-only
/** What is printed of an operation beside the call: the address space with what has changed marked. */

import { otherFlags, WIDEST, widthOf } from '../../harness/picture.js';
import { hexOf } from '../../include/check.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { PHYS_PFN } from '../../include/linux/mm.js';
import type { TestNumbers } from './numbers.js';
import type { VmaState } from './state.js';

/** With more VMAs than this, those that have not changed are counted instead of drawn. */
const MOST_DRAWN = 64;

/** The column at which an address is drawn, of those that a VMA begins or ends at, before or after; past all: the last. */
function columnsOf(vmas: readonly VmaState[]): (address: number) => number {
  const edges = [...new Set(vmas.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  let from = Math.min(...edges);
  const inProportion = PHYS_PFN(Math.max(...edges) - from) <= WIDEST;
  let column = 0;
  const columns = edges.map((edge) => {
    const isMapped = vmas.some(({ start, end }) => start <= from && end >= edge);
    column += widthOf(from, edge, isMapped, inProportion);
    from = edge;
    return { edge, column };
  });
  return (address) => Math.max(0, ...columns.filter(({ edge }) => edge <= address).map((one) => one.column));
}

function attributesOf(vma: VmaState, numbers: TestNumbers): string {
  const mapped = vma.file === null ? '' : ` file=${numbers.ofFile(vma.file) ?? '?'}`;
  const anon = vma.anon === null ? '' : ` anon=${numbers.ofAnon(vma.anon)}`;
  return `pgoff=${hexOf(vma.pgoff)} ${vma.access} ${otherFlags(vma.flags).join(' ')}${mapped}${anon}`;
}

interface Row {
  mark: string;
  vma: VmaState;
}

/** By address; between two VMAs that are as before, what was there comes before what is there now. */
function inHunks(rows: readonly Row[]): Row[] {
  const sorted = [...rows].sort((a, b) => a.vma.start - b.vma.start);
  const ordered: Row[] = [];
  let hunk: Row[] = [];
  const close = (): void => {
    ordered.push(...hunk.filter(({ mark }) => mark === '-'), ...hunk.filter(({ mark }) => mark === '+'));
    hunk = [];
  };
  for (const row of sorted) {
    if (row.mark !== ' ') hunk.push(row);
    else {
      close();
      ordered.push(row);
    }
  }
  close();
  return ordered;
}

/**
 * The address space, a VMA a line, on one scale: what is as before, what was there (-) and what is there now (+).
 * Returns nothing but a word when nothing is mapped.
 */
export function showChange(before: readonly VmaState[], after: readonly VmaState[], numbers: TestNumbers): string[] {
  if (before.length === 0 && after.length === 0) return ['  (nothing is mapped)'];
  const said = (vma: VmaState): string => `${vma.start} ${vma.end} ${attributesOf(vma, numbers)}`;
  const [was, is] = [new Set(before.map(said)), new Set(after.map(said))];
  const rows = inHunks([
    ...before.filter((vma) => !is.has(said(vma))).map((vma) => ({ mark: '-', vma })),
    ...after.map((vma) => ({ mark: was.has(said(vma)) ? ' ' : '+', vma })),
  ]);
  const drawn = rows.length <= MOST_DRAWN ? rows : rows.filter(({ mark }) => mark !== ' ');

  const columnAt = columnsOf(drawn.map(({ vma }) => vma));
  const width = columnAt(ULONG_MAX);
  const digits = Math.max(...drawn.map(({ vma }) => hexOf(vma.end).length), 0);
  const lines = drawn.map(({ mark, vma }) => {
    const [from, to] = [columnAt(vma.start), columnAt(vma.end)];
    const bar = '.'.repeat(from) + '#'.repeat(to - from) + '.'.repeat(width - to);
    const range = `${hexOf(vma.start).padStart(digits)}-${hexOf(vma.end).padStart(digits)}`;
    return `${mark} ${range} |${bar}| ${attributesOf(vma, numbers)}`;
  });
  if (drawn.length < rows.length) lines.push(`  (and ${rows.length - drawn.length} as before)`);
  return lines;
}
