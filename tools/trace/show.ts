// SPDX-License-Identifier: GPL-2.0-only
/** What is printed of an operation: the call, and the address space with what has changed marked. */

import { errorName } from '../../harness/error_name.js';
import { bitsOf, otherFlags, WIDEST, widthOf } from '../../harness/picture.js';
import { hexOf } from '../../include/check.js';
import { PHYS_PFN } from '../../include/linux/mm.js';
import {
  anon_vma,
  file,
  mm_struct,
  vm_area_struct,
  vm_unmapped_area_info,
  vma_iterator,
} from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { vma_merge_struct } from '../../include/vma.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import type { TestNumbers } from './numbers.js';
import { isFreed, type VmaState } from './state.js';

/** With more VMAs than this, those that have not changed are counted instead of drawn. */
const MOST_DRAWN = 64;

function showVma(vma: vm_area_struct): string {
  return `${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}`;
}

/** The fields of a struct that a caller sets, those left out that are null, false or an iterator. */
function showFields(fields: Record<string, unknown>, numbers: TestNumbers): string {
  const said = Object.entries(fields).flatMap(([name, value]) => {
    const text = value === false ? null : showArgument(value, numbers);
    return text === null ? [] : [`${name}=${text}`];
  });
  return `{${said.join(' ')}}`;
}

/** An argument as it is printed; null for one that says nothing. */
function showArgument(value: unknown, numbers: TestNumbers): string | null {
  if (value === null || value === undefined || value instanceof mm_struct || value instanceof vma_iterator) return null;
  if (typeof value === 'number' || typeof value === 'bigint') return hexOf(value);
  if (typeof value !== 'object') return typeof value === 'function' ? null : String(value);
  if (value instanceof vm_area_struct) return isFreed(value) ? 'freed' : showVma(value);
  if (value instanceof vma_flags_t) return hexOf(bitsOf(value));
  if (value instanceof file) return `file ${numbers.ofFile(value) ?? 'of no number'}`;
  if (value instanceof anon_vma) return `anon ${numbers.ofAnon(value)}`;
  if (value instanceof Ref) return showArgument(value.value, numbers);
  if (value instanceof vm_unmapped_area_info) return showFields({ ...value }, numbers);
  if (value instanceof vma_merge_struct) {
    const { start, end, pgoff, vma_flags: flags, prev, middle, next, target, just_expand, give_up_on_oom } = value;
    const { file: mapped, anon_vma: anon } = value;
    const fields = { start, end, pgoff, flags, prev, middle, next, target, file: mapped, anon };
    return showFields({ ...fields, just_expand, give_up_on_oom }, numbers);
  }
  return null;
}

/** `vma_shrink(vma=0x0-0x3000, start=0x0, …)`. */
export function showCall(
  name: string,
  parameters: readonly string[],
  args: readonly unknown[],
  numbers: TestNumbers,
): string {
  const said = args.flatMap((value, i) => {
    const text = showArgument(value, numbers);
    return text === null ? [] : [`${parameters[i] ?? i}=${text}`];
  });
  return `${name}(${said.join(', ')})`;
}

/** ` = -ENOMEM`, and nothing for a call that returns nothing. */
export function showResult(result: unknown): string {
  if (result === undefined) return '';
  if (typeof result === 'number') return ` = ${errorName(result) ?? hexOf(result)}`;
  if (result instanceof vm_area_struct) return ` = VMA ${isFreed(result) ? 'freed' : showVma(result)}`;
  return ` = ${String(result)}`;
}

/** Column at which each address is drawn that a VMA begins or ends at, before or after. */
function columnsOf(vmas: readonly VmaState[]): Map<number, number> {
  const edges = [...new Set(vmas.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const first = edges[0] ?? 0;
  const inProportion = PHYS_PFN((edges.at(-1) ?? 0) - first) <= WIDEST;
  const columns = new Map<number, number>();
  let column = 0;
  let from = first;
  for (const edge of edges) {
    const isMapped = vmas.some(({ start, end }) => start <= from && end >= edge);
    column += widthOf(from, edge, isMapped, inProportion);
    columns.set(edge, column);
    from = edge;
  }
  return columns;
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

  const columns = columnsOf(drawn.map(({ vma }) => vma));
  const width = Math.max(0, ...columns.values());
  const digits = Math.max(...drawn.map(({ vma }) => hexOf(vma.end).length), 0);
  const lines = drawn.map(({ mark, vma }) => {
    const [from, to] = [columns.get(vma.start) ?? 0, columns.get(vma.end) ?? 0];
    const bar = '.'.repeat(from) + '#'.repeat(to - from) + '.'.repeat(width - to);
    const range = `${hexOf(vma.start).padStart(digits)}-${hexOf(vma.end).padStart(digits)}`;
    return `${mark} ${range} |${bar}| ${attributesOf(vma, numbers)}`;
  });
  if (drawn.length < rows.length) lines.push(`  (and ${rows.length - drawn.length} as before)`);
  return lines;
}
