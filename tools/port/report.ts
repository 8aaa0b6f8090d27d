// SPDX-License-Identifier: GPL-2.0-only
/** What `port status` says of a comparison, line by line. */
import { definitionOfRow } from '../table/check.js';
import type { Table } from '../table/table.js';
import {
  type Comparison,
  countStates,
  type FileStatus,
  placeOf,
  STATES,
  type State,
  type SymbolStatus,
} from './status.js';
import type { Place } from './tokens.js';
import { PROJECT } from './tree.js';

export interface Line {
  state: State;
  /** State, symbol, kind, upstream, home here, remark. */
  cells: string[];
}

export const HEAD = ['state', 'symbol', 'kind', 'upstream', 'home here', ''];

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** FILE:LINE on both sides; the second file only where it is another one. */
export function upstreamOf({ from, to }: SymbolStatus): string {
  const at = ({ file, print }: Place): string => `${file}:${print.line}`;
  if (from === null) return to === null ? '' : `-> ${at(to)}`;
  if (to === null) return `${at(from)} ->`;
  return from.file === to.file ? `${at(from)} -> :${to.print.line}` : `${at(from)} -> ${at(to)}`;
}

/** FILE:LINE of the definition here, or why there is none. */
export function homeOf(status: SymbolStatus, tables: readonly Table[]): string {
  const { row, ported, state } = status;
  if (row === null && ported) return state === 'removed' ? 'no row any more' : 'no row yet';
  if (row === null) return 'not ported';
  if (row.home === null) return `none: ${row.remark}`;
  const table = tables.find(({ rows }) => rows.includes(row));
  const line = table === undefined ? undefined : definitionOfRow(PROJECT, table, row)?.line;
  return line === undefined ? row.home : `${row.home}:${line}`;
}

function remarkOf({ state, from, to, differs }: SymbolStatus): string {
  if (from === null || to === null) return '';
  if (from.print.kind !== to.print.kind) return `was a ${from.print.kind}`;
  if (!differs) return state === 'unchanged' ? '' : 'otherwise unchanged';
  if (from.print.hash === to.print.hash) return 'only what stands around it: an #if, or values before it';
  return state === 'changed' ? '' : 'and changed';
}

/** A line for each symbol, what the port has before what it has not, state by state. */
export function linesOf(
  { symbols }: Comparison,
  tables: readonly Table[],
  elsewhere: ReadonlyMap<SymbolStatus, string>,
  all: boolean,
): Line[] {
  const shown = symbols.filter(({ state, withFile }) => !withFile && (all || state !== 'unchanged'));
  const groups = [true, false].flatMap((ported) => STATES.map((state) => ({ ported, state })));
  const ordered = groups.flatMap((group) =>
    shown.filter(({ ported, state }) => ported === group.ported && state === group.state),
  );
  return ordered.map((one) => {
    const { symbol, print } = placeOf(one);
    const name = one.state === 'renamed' ? `${one.from?.symbol} -> ${symbol}` : symbol;
    const place = elsewhere.get(one);
    const remark = place ?? remarkOf(one);
    return { state: one.state, cells: [one.state, name, print.kind, upstreamOf(one), homeOf(one, tables), remark] };
  });
}

/** One line for a file that is new, missing or changed as a whole. */
export function lineOfFile(
  { file, state, symbols, tests, table }: FileStatus,
  statuses: readonly SymbolStatus[],
): string {
  const moved = statuses.filter(({ from, to }) => from !== null && to !== null && from.file !== to.file);
  const said: string[] = [];
  if (symbols === 0) said.push('declares nothing; it is followed as a whole');
  else if (state === 'new') said.push(`${count(symbols, 'symbol')}, of them ${count(tests, 'test')}`);
  else said.push(count(symbols, 'symbol'));
  const [here, gone] = [moved.filter(({ to }) => to?.file === file), moved.filter(({ from }) => from?.file === file)];
  if (state === 'new' && here.length > 0) said.push(`${here.length} moved here`);
  if (state === 'missing' && gone.length > 0) said.push(`${gone.length} moved elsewhere`);
  if (state === 'new' && symbols > 0) said.push(table ? 'not in the baseline yet' : 'no table in docs/upstream.md');
  return `${state} file ${file}: ${said.join(', ')}`;
}

function summary(symbols: readonly SymbolStatus[]): string {
  const counts = countStates(symbols);
  const always = new Set<State>(['changed', 'added', 'removed', 'unchanged']);
  return STATES.filter((state) => always.has(state) || counts[state] > 0)
    .map((state) => `${counts[state]} ${state}`)
    .join(', ');
}

/** Both of the same release, such as 7.3, and another point release? */
function isOtherPointRelease(a: string, b: string): boolean {
  const release = (version: string): string | undefined => /^\d+\.\d+/.exec(version)?.[0];
  return a !== b && release(a) !== undefined && release(a) === release(b);
}

/** The lines that close the list. */
export function closingLines(
  kernel: string,
  version: string,
  baseline: string,
  { files, symbols }: Comparison,
): string[] {
  const lines: string[] = [];
  const rest = symbols.filter(({ ported }) => !ported);
  if (rest.length > 0) lines.push(`not ported, of files that are followed in part: ${summary(rest)}`);
  const states = (['new', 'missing', 'changed'] as const).map((state) => ({
    state,
    number: files.filter((file) => file.state === state).length,
  }));
  const some = states.filter(({ number }) => number > 0).map(({ state, number }) => `${number} ${state}`);
  if (some.length > 0) lines.push(`files: ${some.join(', ')}`);
  if (isOtherPointRelease(version, baseline)) {
    lines.push(
      `${version} is another point release than the baseline's: a difference is a finding to read, no failure`,
    );
  }
  const ported = symbols.filter((one) => one.ported);
  lines.push(`${kernel} (${version}) against the baseline ${baseline}: ${summary(ported)}`);
  return lines;
}
