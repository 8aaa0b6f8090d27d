// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads the tables of docs/upstream.md: under a heading that names an upstream file, one row for each of its symbols,
 * with the place where it lives here or the reason why it does not.
 */

export interface Row {
  symbol: string;
  kind: string;
  /** File of this project, from its root; null when it lives nowhere here. */
  home: string | null;
  /** Its name there. */
  name: string;
  remark: string;
  /** Line in the document, from 1. */
  line: number;
}

export interface Table {
  /** Upstream file, from the root of its tree. */
  file: string;
  /** Must the table have every symbol of the file? Of some files only a part is ported. */
  complete: boolean;
  rows: Row[];
  /** Line of its heading in the document, from 1. */
  line: number;
}

/** "## `mm/vma.c`" has all symbols of the file, "## From `mm/util.c`" those that are ported. */
const HEADING = /^## (From )?`([\w./-]+)`$/;
const ROW = /^\| `([^`]+)` \| ([a-z]+) \| (?:`([^`]+)`(?: as `([^`]+)`)?|—) \| (.*?) ?\|$/;

function parseRow(text: string, line: number): Row {
  const match = ROW.exec(text);
  if (match === null) throw new Error(`docs/upstream.md:${line}: not a row: ${text}`);
  const [, symbol = '', kind = '', home, name, remark = ''] = match;
  return { symbol, kind, home: home ?? null, name: name ?? symbol, remark, line };
}

/** All tables of the document. Throws on a line that begins like a row and is none. */
export function parseTables(markdown: string): Table[] {
  const tables: Table[] = [];
  let table: Table | null = null;
  for (const [index, text] of markdown.split('\n').entries()) {
    const heading = HEADING.exec(text);
    if (heading !== null) {
      table = { file: heading[2] ?? '', complete: heading[1] === undefined, rows: [], line: index + 1 };
      tables.push(table);
    } else if (text.startsWith('## ')) {
      table = null;
    } else if (table !== null && text.startsWith('| `')) {
      table.rows.push(parseRow(text, index + 1));
    }
  }
  return tables;
}
