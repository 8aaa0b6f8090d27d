// SPDX-License-Identifier: GPL-2.0-only
/** Compares a kernel tree with the baseline, file by file and symbol by symbol. */
import type { Row, Table } from '../table/table.js';
import type { Baseline } from './manifest.js';
import { findMoves, type Move, nameOn } from './moves.js';
import { type Fingerprint, hashOfFile, type Place } from './tokens.js';
import { type KernelTree, TreeError } from './tree.js';

export type State = 'changed' | 'added' | 'removed' | 'moved' | 'renamed' | 'unchanged';
export const STATES: readonly State[] = ['changed', 'added', 'removed', 'moved', 'renamed', 'unchanged'];

export interface SymbolStatus {
  state: State;
  /** In the baseline; null for what was added. */
  from: Place | null;
  /** In the tree; null for what was removed. */
  to: Place | null;
  /** Does the text differ, of a symbol that moved or was renamed as well? */
  differs: boolean;
  row: Row | null;
  /** Whether the port should have it: it has a row, or is in a file that is followed as a whole. */
  ported: boolean;
  /** Is it in a file that is new or missing as a whole, which says it all? */
  withFile: boolean;
}

export interface FileStatus {
  file: string;
  state: 'new' | 'missing' | 'changed';
  symbols: number;
  tests: number;
  /** Has docs/upstream.md a table for it? */
  table: boolean;
}

export interface Comparison {
  files: FileStatus[];
  symbols: SymbolStatus[];
}

/** The place that a status is named after: where it is now, or where it was. */
export function placeOf(status: Pick<SymbolStatus, 'from' | 'to'>): Place {
  const place = status.to ?? status.from;
  if (place === null) throw new Error('placeOf: a symbol that is nowhere');
  return place;
}

class Comparer {
  readonly files: FileStatus[];
  private readonly tree: KernelTree;
  private readonly tables: ReadonlyMap<string, Table>;
  private readonly baseline: Baseline;

  constructor(tree: KernelTree, tables: readonly Table[], baseline: Baseline) {
    this.tree = tree;
    this.tables = new Map(tables.map((table) => [table.file, table]));
    this.baseline = baseline;
    this.files = [];
  }

  /** Files with tables in their order, then what the baseline or the tree have besides. */
  followed(): string[] {
    return [...new Set([...this.tables.keys(), ...Object.keys(this.baseline.files), ...this.tree.watched()])];
  }

  private rowOf(place: Place | null): Row | null {
    const table = place === null ? undefined : this.tables.get(place.file);
    return table?.rows.find(({ symbol }) => symbol === place?.symbol) ?? null;
  }

  /** A symbol on both sides, or on one. */
  status(from: Place | null, to: Place | null, state: State, differs: boolean, withFile = false): SymbolStatus {
    const row = this.rowOf(to) ?? this.rowOf(from);
    const table = this.tables.get(placeOf({ from, to }).file);
    return { state, from, to, differs, row, ported: row !== null || (table?.complete ?? true), withFile };
  }

  private add(file: string, state: FileStatus['state'], prints: Iterable<Fingerprint>): void {
    const kinds = [...prints].map(({ kind }) => kind);
    const tests = kinds.filter((kind) => kind === 'test').length;
    this.files.push({ file, state, symbols: kinds.length, tests, table: this.tables.has(file) });
  }

  file(file: string): SymbolStatus[] {
    const before = this.baseline.files[file];
    const text = this.tree.read(file);
    const exists = text !== null;
    const after = this.tree.symbols(file);
    if (exists && before === undefined) {
      if (after.size === 0) return this.whole(file, text);
      this.add(file, 'new', after.values());
    } else if (!exists && before !== undefined) {
      this.add(file, 'missing', Object.values(before));
    }
    const withFile = !exists || before === undefined;
    const place = (symbol: string, print: Fingerprint | undefined): Place | null =>
      print === undefined ? null : { file, symbol, print };
    const names = new Set([...after.keys(), ...Object.keys(before ?? {})]);
    return [...names].map((name) => {
      const [from, to] = [place(name, before?.[name]), place(name, after.get(name))];
      if (from === null) return this.status(from, to, 'added', true, withFile);
      if (to === null) return this.status(from, to, 'removed', true, withFile);
      const differs = isDifferent(from.print, to.print);
      return this.status(from, to, differs ? 'changed' : 'unchanged', differs);
    });
  }

  /** A file that declares nothing has no symbols to compare. */
  private whole(file: string, text: string): [] {
    const known = this.baseline.whole[file];
    if (known === undefined) this.add(file, 'new', []);
    else if (known !== hashOfFile(file, text)) this.add(file, 'changed', []);
    return [];
  }

  missingWholeFiles(): void {
    for (const file of Object.keys(this.baseline.whole)) {
      if (this.tree.read(file) === null) this.add(file, 'missing', []);
    }
  }
}

function isDifferent(a: Fingerprint, b: Fingerprint): boolean {
  return a.hash !== b.hash || a.context !== b.context;
}

/** Makes one of a symbol that went and the one that came in its place. */
function withMoves(comparer: Comparer, symbols: readonly SymbolStatus[]): SymbolStatus[] {
  const sides = (state: State, side: 'from' | 'to'): Place[] =>
    symbols.flatMap(({ state: found, [side]: place }) => (found === state && place !== null ? [place] : []));
  const names = (side: 'from' | 'to'): Set<string> =>
    new Set(symbols.flatMap(({ [side]: place }) => (place === null ? [] : nameOn(place))));
  const moves = findMoves(sides('removed', 'from'), sides('added', 'to'), names('to'), names('from'));
  const came = new Map<Place, Move>(moves.map((move) => [move.to, move]));
  const went = new Set<Place>(moves.map(({ from }) => from));
  return symbols.flatMap((one) => {
    if (one.to === null) return one.from !== null && went.has(one.from) ? [] : [one];
    const move = came.get(one.to);
    if (move === undefined) return [one];
    return [comparer.status(move.from, move.to, move.state, isDifferent(move.from.print, move.to.print))];
  });
}

/**
 * The state of every file and symbol that the port follows. `progress` is told of each file.
 *
 * @throws TreeError when the tree has none of them
 */
export function compareWithBaseline(
  tree: KernelTree,
  tables: readonly Table[],
  baseline: Baseline,
  progress: (file: string, of: number) => void = () => {},
): Comparison {
  if (!tables.some(({ file }) => tree.read(file) !== null)) {
    throw new TreeError(`${tree.root}: has none of the files that the port follows, such as ${tables[0]?.file}`);
  }
  const comparer = new Comparer(tree, tables, baseline);
  const followed = comparer.followed();
  const symbols = followed.flatMap((file) => {
    progress(file, followed.length);
    return comparer.file(file);
  });
  comparer.missingWholeFiles();
  return { files: comparer.files, symbols: withMoves(comparer, symbols) };
}

/** How many symbols are in each state; those of a file that is new or missing count with their file. */
export function countStates(symbols: readonly SymbolStatus[]): Record<State, number> {
  const counts: Record<State, number> = { changed: 0, added: 0, removed: 0, moved: 0, renamed: 0, unchanged: 0 };
  for (const { state, withFile } of symbols) if (!withFile) counts[state]++;
  return counts;
}

/** Is there anything that whoever follows upstream has to look at? */
export function differs({ files, symbols }: Comparison): boolean {
  return files.length > 0 || symbols.some(({ state }) => state !== 'unchanged');
}
