// SPDX-License-Identifier: GPL-2.0-only
/** The tables of words in docs/traces.md, made from the words themselves. */
import { CALL_TABLES } from './call_table.js';
import type { CallWords } from './call_word.js';
import { TABLES } from './table.js';
import type { Words } from './word.js';

function tableOf({ words }: Words | CallWords): string {
  const rows = words.map(({ name, args, does, gives }) => `| \`${[name, ...args].join(' ')}\` | ${does} | ${gives} |`);
  return ['| operation | carried out | result |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The document with each table as the words have it; a table stands between two comments that name it. */
export function withTables(document: string): string {
  return [...TABLES, ...CALL_TABLES].reduce((text: string, words) => {
    const [begin, end] = [`<!-- words: ${words.title} -->`, `<!-- end: ${words.title} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the document has no place for the words of ${words.title}`);
    return `${text.slice(0, from + begin.length)}\n${tableOf(words)}\n${text.slice(to)}`;
  }, document);
}
