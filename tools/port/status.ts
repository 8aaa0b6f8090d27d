// SPDX-License-Identifier: GPL-2.0-only
/** Compares a kernel tree with the baseline, symbol by symbol. */
import type { Table } from '../table/table.js';
import type { Baseline } from './manifest.js';
import { hashOf } from './tokens.js';
import { type KernelTree, TreeError } from './tree.js';

export type State = 'unchanged' | 'changed' | 'added' | 'removed';
export const STATES: readonly State[] = ['changed', 'added', 'removed', 'unchanged'];

export interface SymbolStatus {
  file: string;
  symbol: string;
  kind: string;
  state: State;
  home: string | null;
  /** Of the tree's symbol; null when it has none. */
  hash: string | null;
}

function statusOfFile(
  table: Table,
  baseline: Baseline,
  symbols: Awaited<ReturnType<KernelTree['symbols']>>,
): SymbolStatus[] {
  const { file } = table;
  const known = baseline.files[file] ?? {};
  const homes = new Map(table.rows.map(({ symbol, home }) => [symbol, home]));
  const result: SymbolStatus[] = [];
  for (const [symbol, { kind, texts }] of symbols) {
    const before = known[symbol];
    // Of a file that is ported in part, what has no row is none of ours.
    if (before === undefined && !table.complete && !homes.has(symbol)) continue;
    const hash = hashOf(texts);
    const state = before === undefined ? 'added' : before.hash === hash ? 'unchanged' : 'changed';
    result.push({ file, symbol, kind, state, home: homes.get(symbol) ?? before?.home ?? null, hash });
  }
  for (const [symbol, { kind, home }] of Object.entries(known)) {
    if (!symbols.has(symbol)) result.push({ file, symbol, kind, state: 'removed', home, hash: null });
  }
  return result;
}

/**
 * The state of every symbol of the files that the port follows. `progress` is told of each file.
 *
 * @throws TreeError when the tree has none of them
 */
export async function compareWithBaseline(
  tree: KernelTree,
  tables: readonly Table[],
  baseline: Baseline,
  progress: (file: string) => void = () => {},
): Promise<SymbolStatus[]> {
  if (!tables.some(({ file }) => tree.read(file) !== null)) {
    throw new TreeError(`${tree.root}: has none of the files that the port follows, such as ${tables[0]?.file}`);
  }
  const result: SymbolStatus[] = [];
  for (const table of tables) {
    result.push(...statusOfFile(table, baseline, await tree.symbols(table.file)));
    progress(table.file);
  }
  return result;
}

/** How many symbols are in each state. */
export function countStates(statuses: readonly SymbolStatus[]): Record<State, number> {
  const counts: Record<State, number> = { changed: 0, added: 0, removed: 0, unchanged: 0 };
  for (const { state } of statuses) counts[state]++;
  return counts;
}

/** The symbols that the user named; all that differ if none. @throws RangeError for a name that is nowhere */
export function chooseSymbols(statuses: readonly SymbolStatus[], names: readonly string[]): SymbolStatus[] {
  if (names.length === 0) return statuses.filter(({ state }) => state !== 'unchanged');
  const unknown = names.filter((name) => !statuses.some(({ symbol }) => symbol === name));
  if (unknown.length > 0) throw new RangeError(`no such symbol, in the tree or in the baseline: ${unknown.join(', ')}`);
  return statuses.filter(({ symbol }) => names.includes(symbol));
}

/**
 * The baseline with the chosen symbols as the tree has them.
 *
 * @throws RangeError for an added symbol that docs/upstream.md has no row for: where it lives must be known first
 */
export function acceptSymbols(
  baseline: Baseline,
  tables: readonly Table[],
  chosen: readonly SymbolStatus[],
  kernel: string,
): Baseline {
  const files = structuredClone(baseline.files);
  const rows = new Map(tables.map((table) => [table.file, new Set(table.rows.map(({ symbol }) => symbol))]));
  const homeless = chosen.filter(({ state, file, symbol }) => state === 'added' && !rows.get(file)?.has(symbol));
  if (homeless.length > 0) {
    const names = homeless.map(({ file, symbol }) => `${symbol} of ${file}`).join(', ');
    throw new RangeError(`no row in docs/upstream.md, which says where it lives here: ${names}`);
  }
  for (const { file, symbol, kind, hash, home } of chosen) {
    const symbols = files[file] ?? {};
    files[file] = symbols;
    if (hash === null) delete symbols[symbol];
    else symbols[symbol] = { kind, hash, home };
  }
  return { kernel, files };
}
