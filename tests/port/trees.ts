// SPDX-License-Identifier: GPL-2.0-only
/** Kernel trees of a few files, and what is found between two of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { baselineOf } from '../../tools/port/accept.js';
import type { Baseline } from '../../tools/port/manifest.js';
import { upstreamOf } from '../../tools/port/report.js';
import { type Comparison, compareWithBaseline, placeOf } from '../../tools/port/status.js';
import { KernelTree } from '../../tools/port/tree.js';
import type { Table } from '../../tools/table/table.js';

/** Texts of files, by path. */
export type Files = Readonly<Record<string, string>>;

/** A folder outside of the project with these files in it, gone after the test. */
export function folderWith(test: Test, files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'vma-tree-'));
  test.teardown(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** A tree that consists of these files. */
export function treeOf(test: Test, files: Files): KernelTree {
  return new KernelTree(folderWith(test, files));
}

/** A table with a row for each symbol, all of them functions of lib/. */
export function tableOf(file: string, complete: boolean, ...symbols: string[]): Table {
  const rows = symbols.map((symbol, i) => ({
    symbol,
    kind: 'function',
    home: `lib/${symbol}.ts`,
    name: symbol,
    remark: '',
    line: i,
  }));
  return { file, complete, rows, line: 0 };
}

export interface Compared {
  before: Baseline;
  tree: KernelTree;
  tables: Table[];
  comparison: Comparison;
  /** What differs: state, symbol and places; "not ported" where that is so; "+" where a moved symbol's text differs. */
  found: string[];
}

export function describeSymbols({ symbols }: Comparison): string[] {
  const listed = symbols.filter(({ state, withFile }) => state !== 'unchanged' && !withFile);
  return listed.map((one) => {
    const { symbol } = placeOf(one);
    const name = one.from === null || one.from.symbol === symbol ? symbol : `${one.from.symbol} to ${symbol}`;
    const also = one.differs && /^(?:moved|renamed)$/.test(one.state) ? ' +' : '';
    return `${one.state} ${name} ${upstreamOf(one)}${also}${one.ported ? '' : ' (not ported)'}`;
  });
}

/** What is found between two trees; files are followed as a whole unless `inPart` names them and the symbols ported. */
export function compareTrees(test: Test, older: Files, newer: Files, inPart: Record<string, string[]> = {}): Compared {
  const files = Object.keys(older).filter((file) => /\.[ch]$/.test(file));
  const tables = files.map((file) => tableOf(file, !(file in inPart), ...(inPart[file] ?? [])));
  const before = baselineOf(tables, treeOf(test, older));
  const tree = treeOf(test, newer);
  const comparison = compareWithBaseline(tree, tables, before);
  return { before, tree, tables, comparison, found: describeSymbols(comparison) };
}
