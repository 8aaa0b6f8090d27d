// SPDX-License-Identifier: GPL-2.0-only
/**
 * Holds the tables of docs/upstream.md against both sides: each row's home must declare the symbol here, and, with a
 * kernel tree at hand, each symbol of an upstream file must have a row and each row a symbol.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { symbolsOf } from './c_symbols.js';
import type { Row, Table } from './table.js';

/** Does the TypeScript text declare the name: at its top level, as a member, or as a test? */
export function declares(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const forms = [
    `^(?:export )?(?:async )?(?:function\\*?|const|let|class|interface|type) ${escaped}\\b`,
    `^  +(?:export |private |readonly |get |set |const )*${escaped}[?]?(?:[:(<,]| =)`,
    `^export \\{[^}]*\\b${escaped}\\b`,
    `\\btest\\('${escaped}'`,
  ];
  return forms.some((form) => new RegExp(form, 'm').test(text));
}

function faultOfRow(root: string, table: Table, row: Row): string | null {
  const where = `docs/upstream.md:${row.line}: ${row.symbol} of ${table.file}`;
  if (row.home === null) return row.remark === '' ? `${where}: neither a home nor a reason` : null;
  const path = join(root, row.home);
  if (!existsSync(path)) return `${where}: there is no ${row.home}`;
  return declares(readFileSync(path, 'utf8'), row.name) ? null : `${where}: ${row.home} does not declare ${row.name}`;
}

/** What is wrong with the rows as seen from this project. */
export function checkHomes(root: string, tables: readonly Table[]): string[] {
  const faults = tables.flatMap((table) => table.rows.map((row) => faultOfRow(root, table, row)));
  return faults.filter((fault) => fault !== null);
}

/** What is wrong with the rows as seen from a kernel tree. Throws when the tree lacks a file. */
export async function checkTree(kernel: string, tables: readonly Table[]): Promise<string[]> {
  const faults: string[] = [];
  for (const table of tables) {
    const path = join(kernel, table.file);
    if (!existsSync(path)) throw new Error(`${kernel} is no kernel tree that could be read: it has no ${table.file}`);
    const symbols = await symbolsOf(readFileSync(path, 'utf8'));
    const names = new Set(symbols.map(({ name }) => name));
    const rows = new Set(table.rows.map(({ symbol }) => symbol));
    for (const row of table.rows) {
      if (!names.has(row.symbol)) faults.push(`docs/upstream.md:${row.line}: ${table.file} has no ${row.symbol}`);
    }
    if (!table.complete) continue;
    for (const { name, kind, line } of symbols) {
      if (!rows.has(name)) faults.push(`${table.file}:${line}: ${kind} ${name} has no row in docs/upstream.md`);
    }
  }
  return faults;
}
