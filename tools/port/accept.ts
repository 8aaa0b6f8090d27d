// SPDX-License-Identifier: GPL-2.0-only
/** Moves the baseline: for the symbols and files that somebody names, or for all of a tree. */
import type { Table } from '../table/table.js';
import { type Baseline, readBaseline, writeBaseline } from './manifest.js';
import { type Comparison, compareWithBaseline, type FileStatus, placeOf, type SymbolStatus } from './status.js';
import { type Fingerprint, hashOfFile, type Place } from './tokens.js';
import type { KernelTree } from './tree.js';

/** What was asked for, of what differs. */
export interface Choice {
  files: FileStatus[];
  symbols: SymbolStatus[];
}

function isCalled(place: Place | null, name: string): boolean {
  return place !== null && [place.symbol, place.file, `${place.file}:${place.symbol}`].includes(name);
}

/**
 * What the user named, by symbol, file or FILE:SYMBOL, all if nothing; of that what differs, or with `unchanged` all.
 *
 * @throws RangeError for a name that is nowhere
 */
export function choose({ files, symbols }: Comparison, names: readonly string[], unchanged = false): Choice {
  const differing = symbols.filter(({ state }) => unchanged || state !== 'unchanged');
  if (names.length === 0) return { files, symbols: differing };
  const named = (name: string): SymbolStatus[] =>
    symbols.filter(({ from, to }) => isCalled(from, name) || isCalled(to, name));
  const unknown = names.filter((name) => named(name).length === 0 && !files.some(({ file }) => file === name));
  if (unknown.length > 0)
    throw new RangeError(`no such symbol or file, in the tree or in the baseline: ${unknown.join(', ')}`);
  const chosen = new Set(names.flatMap(named));
  return {
    files: files.filter(({ file }) => names.includes(file)),
    symbols: differing.filter((one) => chosen.has(one)),
  };
}

/** Where each of them lives here must be known first. @throws RangeError for what docs/upstream.md does not say it of */
function refuseHomeless(tables: readonly Table[], { files, symbols }: Choice): void {
  const byFile = new Map(tables.map((table) => [table.file, table]));
  const without = files.filter(({ file, state, symbols }) => state === 'new' && symbols > 0 && !byFile.has(file));
  if (without.length > 0) {
    throw new RangeError(`no table in docs/upstream.md: ${without.map(({ file }) => file).join(', ')}`);
  }
  const homeless = symbols.filter(({ to, ported, state }) => {
    if (to === null || !ported || state === 'changed') return false;
    return !byFile.get(to.file)?.rows.some(({ symbol }) => symbol === to.symbol);
  });
  if (homeless.length > 0) {
    const names = homeless.map((one) => `${placeOf(one).symbol} of ${placeOf(one).file}`).join(', ');
    throw new RangeError(`no row in docs/upstream.md, which says where it lives here: ${names}`);
  }
}

function acceptFile(baseline: Baseline, tree: KernelTree, file: string): void {
  const text = tree.read(file);
  const symbols = tree.symbols(file);
  delete baseline.files[file];
  delete baseline.whole[file];
  if (text === null) return;
  if (symbols.size === 0) baseline.whole[file] = hashOfFile(file, text);
  else baseline.files[file] = Object.fromEntries([...symbols].map(([name, symbol]) => [name, printOf(symbol)]));
}

/** A fingerprint and nothing else of a symbol that has more. */
function printOf({ kind, line, size, hash, shape, context }: Fingerprint): Fingerprint {
  return { kind, line, size, hash, shape, context };
}

/** The baseline with what was chosen as the tree has it, and nothing else changed. */
export function acceptChoice(baseline: Baseline, tables: readonly Table[], tree: KernelTree, choice: Choice): Baseline {
  refuseHomeless(tables, choice);
  const moved = structuredClone(baseline);
  for (const { from } of choice.symbols) {
    const symbols = from === null ? undefined : moved.files[from.file];
    if (from !== null && symbols !== undefined) delete symbols[from.symbol];
  }
  for (const { to } of choice.symbols) {
    if (to === null) continue;
    const symbols = moved.files[to.file] ?? {};
    symbols[to.symbol] = printOf(to.print);
    moved.files[to.file] = symbols;
  }
  for (const { file } of choice.files) acceptFile(moved, tree, file);
  for (const [file, symbols] of Object.entries(moved.files)) {
    if (Object.keys(symbols).length === 0 && tree.read(file) === null) delete moved.files[file];
  }
  return moved;
}

/** A baseline of all that is followed, as the tree has it, lines and version included. */
export function baselineOf(tables: readonly Table[], tree: KernelTree): Baseline {
  const baseline: Baseline = { kernel: tree.version, whole: {}, files: {} };
  for (const file of [...tables.map(({ file }) => file), ...tree.watched()]) acceptFile(baseline, tree, file);
  return baseline;
}

/** The same, once everything that differs has a home. */
export function acceptAll(tables: readonly Table[], tree: KernelTree, all: Comparison): Baseline {
  refuseHomeless(tables, choose(all, []));
  return baselineOf(tables, tree);
}

function describe({ state, from, to }: SymbolStatus): string {
  const place = to ?? from;
  const was = state === 'renamed' || state === 'moved' ? ` (was ${from?.symbol} of ${from?.file})` : '';
  return `${state} ${place?.symbol} of ${place?.file}${was}: accepted`;
}

/**
 * Moves the baseline of a file, for what the user named or for all. `progress` is told of each file that is compared.
 *
 * @returns what was accepted, line by line
 * @throws TreeError or RangeError, with the file as it was
 */
export function acceptInto(
  path: string,
  tables: readonly Table[],
  tree: KernelTree,
  names: readonly string[],
  progress?: (file: string, of: number) => void,
): string[] {
  const baseline = readBaseline(path);
  const comparison = compareWithBaseline(tree, tables, baseline, progress);
  const choice = choose(comparison, names);
  const all = names.length === 0;
  const moved = all ? acceptAll(tables, tree, comparison) : acceptChoice(baseline, tables, tree, choice);
  writeBaseline(moved, path);
  const files = new Set(choice.files.map(({ file }) => file));
  const shown = choice.symbols.filter((one) => !one.withFile || !files.has(placeOf(one).file));
  const number = choice.symbols.length;
  const version = all ? `; the baseline is ${moved.kernel}` : '';
  return [
    ...choice.files.map(({ state, file }) => `${state} file ${file}: accepted`),
    ...shown.map(describe),
    `${number === 1 ? '1 symbol' : `${number} symbols`} accepted from ${tree.root} (${tree.version})${version}`,
  ];
}
