// SPDX-License-Identifier: GPL-2.0-only
/**
 * Holds the tables of docs/upstream.md against both sides: each row's home must define the symbol here, as what it is,
 * and, with a kernel tree at hand, each symbol of an upstream file must have a row and each row a symbol of its kind.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declarationsOf, type SymbolKind } from './c_symbols.js';
import type { Row, Table } from './table.js';
import { type Declaration, type DeclarationKind, declarationsIn } from './ts_declarations.js';
import { isC, watchedFiles } from './watched.js';

/** What C has of a kind, and what that can be here without a remark that says why. */
interface Allowed {
  there: readonly SymbolKind[];
  here: readonly DeclarationKind[];
}

const NOTHING: Allowed = { there: [], here: [] };

/** By what a row may call a symbol. */
const KINDS: Readonly<Record<string, Allowed>> = {
  function: { there: ['function'], here: ['function', 'computed', 'property', 'method'] },
  test: { there: ['function'], here: ['test'] },
  macro: { there: ['macro'], here: ['function', 'computed', 'property', 'method', 'value', 'field', 'type'] },
  struct: { there: ['struct'], here: ['class', 'interface', 'type'] },
  enum: { there: ['enum'], here: ['enum', 'type', 'value', 'class'] },
  constant: { there: ['enumerator', 'macro', 'variable'], here: ['value', 'computed', 'property'] },
  type: { there: ['typedef'], here: ['type', 'class', 'interface'] },
  variable: { there: ['variable'], here: ['value', 'computed', 'property', 'field', 'method'] },
};

const declared = new Map<string, Declaration[]>();

/** What a file of this project declares; read once. */
function declarationsOfFile(path: string): Declaration[] {
  const known = declared.get(path) ?? declarationsIn(readFileSync(path, 'utf8'));
  declared.set(path, known);
  return known;
}

/** Upstream's tests are functions; here they are tests. */
function kindOf(table: Table, { kind, symbol }: Row): string {
  return kind === 'function' && table.file.includes('/testing/vma/tests/') && symbol.startsWith('test_')
    ? 'test'
    : kind;
}

/** Where a row's symbol is defined in its home, as what a thing of its kind can be, else as whatever there is. */
export function definitionOfRow(root: string, table: Table, row: Row): Declaration | null {
  if (row.home === null || !existsSync(join(root, row.home))) return null;
  const all = declarationsOfFile(join(root, row.home)).filter(({ name }) => name === row.name);
  const { here } = KINDS[kindOf(table, row)] ?? NOTHING;
  return all.find(({ kind }) => here.includes(kind)) ?? all[0] ?? null;
}

function faultOfRow(root: string, table: Table, row: Row): string | null {
  const where = `docs/upstream.md:${row.line}: ${row.symbol} of ${table.file}`;
  const kind = kindOf(table, row);
  const allowed = KINDS[kind];
  if (allowed === undefined) return `${where}: no kind "${kind}"; there are ${Object.keys(KINDS).join(', ')}`;
  if (row.home === null) return row.remark === '' ? `${where}: neither a home nor a reason` : null;
  if (!existsSync(join(root, row.home))) return `${where}: there is no ${row.home}`;
  const definition = definitionOfRow(root, table, row);
  if (definition === null) return `${where}: ${row.home} does not define ${row.name}`;
  if (allowed.here.includes(definition.kind) || row.remark !== '') return null;
  const what = `${row.home}:${definition.line}: ${row.name} is a ${definition.kind}`;
  return `${where}: is a ${kind}, but ${what}, and no remark says why`;
}

/** What is wrong with the rows as seen from this project. */
export function checkHomes(root: string, tables: readonly Table[]): string[] {
  const faults = tables.flatMap((table) => table.rows.map((row) => faultOfRow(root, table, row)));
  return faults.filter((fault) => fault !== null);
}

function checkTable(table: Table, text: string): string[] {
  const faults: string[] = [];
  const symbols = declarationsOf(text);
  const rows = new Set(table.rows.map(({ symbol }) => symbol));
  for (const row of table.rows) {
    const where = `docs/upstream.md:${row.line}`;
    const found = symbols.filter(({ name }) => name === row.symbol);
    const { there } = KINDS[row.kind] ?? NOTHING;
    if (found.length === 0) faults.push(`${where}: ${table.file} has no ${row.symbol}`);
    else if (!found.some(({ kind }) => there.includes(kind))) {
      const what = `${table.file}:${found[0]?.line}: ${row.symbol} is a ${found[0]?.kind}`;
      faults.push(`${where}: ${what}, and no ${row.kind}`);
    }
  }
  if (!table.complete) return faults;
  for (const { name, kind, line } of symbols) {
    if (rows.has(name)) continue;
    rows.add(name);
    faults.push(`${table.file}:${line}: ${kind} ${name} has no row in docs/upstream.md`);
  }
  return faults;
}

/** What is wrong with the rows as seen from a kernel tree. Throws when the tree has none of the files. */
export function checkTree(kernel: string, tables: readonly Table[]): string[] {
  if (!tables.some(({ file }) => existsSync(join(kernel, file)))) {
    throw new Error(`${kernel} is no kernel tree that could be read: it has no ${tables[0]?.file ?? 'file'}`);
  }
  const faults: string[] = [];
  for (const table of tables) {
    const path = join(kernel, table.file);
    if (existsSync(path)) faults.push(...checkTable(table, readFileSync(path, 'utf8')));
    else faults.push(`docs/upstream.md:${table.line}: the kernel has no ${table.file}`);
  }
  const known = new Set(tables.map(({ file }) => file));
  for (const file of watchedFiles(kernel).filter(isC)) {
    if (known.has(file) || declarationsOf(readFileSync(join(kernel, file), 'utf8')).length === 0) continue;
    faults.push(`${file}: has no table in docs/upstream.md`);
  }
  return faults;
}
