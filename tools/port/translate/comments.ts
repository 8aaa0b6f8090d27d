// SPDX-License-Identifier: GPL-2.0-only
/** Comments of the C file: as they are, or only the figures in them, in which layouts are drawn. */

export type Comments = 'all' | 'figures';

/** A ruler, a range, or VMAs as letters; no sentence. */
function isFigure(line: string): boolean {
  const text = line.trim();
  if (/^0123456789[a-f]*$/.test(text) || text === '->') return true;
  return /^[A-Z*.<>|\- ]+$/.test(text) && /[*<>|]|--|([A-Z])\1/.test(text);
}

/** A comment's own lines, without its marks. */
function inner(text: string): string[] {
  if (text.startsWith('//')) return [text.slice(2)];
  return text
    .slice(2, -2)
    .split('\n')
    .map((line, i) => (i === 0 ? line : line.replace(/^\s*\*? ?/, '')).trimEnd());
}

/** The lines that stay of a comment; those of a block at one beginning. */
export function commentText(text: string, comments: Comments): string[] {
  if (comments === 'all') {
    return text.split('\n').map((line, i) => (i === 0 ? line.trim() : line.replace(/^\s*\*/, ' *').trimEnd()));
  }
  return inner(text)
    .filter(isFigure)
    .map((line) => `// ${line}`);
}
