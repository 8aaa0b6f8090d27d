// SPDX-License-Identifier: GPL-2.0-only
/** What a piece of C says, without how it is written: its tokens, and a hash of them. */
import { createHash } from 'node:crypto';

const TOKEN =
  /(?<space>\s+|\\\r?\n|\/\*[\s\S]*?\*\/|\/\/[^\n]*)|"(?:\\[\s\S]|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\.?\d[\w.]*|->|\+\+|--|<<=|>>=|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\.\.\.|##|[\s\S]/g;

/** The tokens of a C text; comments, white space and line splices are none. */
export function tokensOf(text: string): string[] {
  return [...text.matchAll(TOKEN)].filter((match) => match.groups?.space === undefined).map(([token]) => token);
}

/** The same for two texts exactly when their tokens are the same: 16 hexadecimal digits. */
export function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(tokensOf(text).join('\n')).update('\0');
  return hash.digest('hex').slice(0, 16);
}
