// SPDX-License-Identifier: GPL-2.0-only
/** A C text as tokens that keep white space, comments and their lines. */

export type TokenKind = 'space' | 'newline' | 'comment' | 'name' | 'number' | 'text' | 'sign';

export interface Token {
  kind: TokenKind;
  text: string;
  /** From 1. */
  line: number;
}

/** C that cannot be read at all: the message says what, `line` where. */
export class SourceError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'SourceError';
    this.line = line;
  }
}

const PATTERN = new RegExp(
  [
    '(?<newline>\\r?\\n)',
    '(?<space>[ \\t\\f\\v\\r]+|\\\\[ \\t]*\\r?\\n)',
    '(?<comment>/\\*[\\s\\S]*?\\*/|//(?:\\\\\\r?\\n|[^\\n])*)',
    '(?<text>(?:L|u8?|U)?"(?:\\\\(?:\\r?\\n|.)|[^"\\\\\\n])*"|\'(?:\\\\.|[^\'\\\\\\n])+\')',
    '(?<name>[A-Za-z_$][\\w$]*)',
    '(?<number>\\.?\\d(?:[eEpP][+-]|[\\w.])*)',
    '(?<sign>->|\\+\\+|--|<<=|>>=|<<|>>|[-+*/%&|^=!<>]=|&&|\\|\\||\\.\\.\\.|##|[!#%&()*+,\\-./:;<=>?\\[\\]^{|}~])',
  ].join('|'),
  'y',
);

function kindOf(groups: Record<string, string | undefined>): TokenKind {
  const kinds = ['newline', 'space', 'comment', 'text', 'name', 'number', 'sign'] as const;
  return kinds.find((kind) => groups[kind] !== undefined) ?? 'sign';
}

/** @throws SourceError at a character that C has no use for, and at a comment or text that does not end */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    if (match?.groups === undefined) {
      const found = text[at] ?? '';
      if (text.startsWith('/*', at)) throw new SourceError(line, 'a comment that does not end');
      if (found === '"' || found === "'") throw new SourceError(line, `a text that does not end: ${found}`);
      throw new SourceError(line, `a character that C does not have: ${JSON.stringify(found)}`);
    }
    tokens.push({ kind: kindOf(match.groups), text: match[0], line });
    line += match[0].split('\n').length - 1;
    at = PATTERN.lastIndex;
  }
  return tokens;
}

/** Does the token mean anything? */
export function significant({ kind }: Token): boolean {
  return kind !== 'space' && kind !== 'newline' && kind !== 'comment';
}

const CLOSING: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** @throws SourceError where a bracket has no partner */
export function checkBrackets(tokens: readonly Token[]): void {
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind !== 'sign') continue;
    if ('([{'.includes(token.text) && token.text.length === 1) open.push(token);
    const wanted = CLOSING[token.text];
    if (wanted === undefined) continue;
    const last = open.pop();
    if (last?.text === wanted) continue;
    if (last === undefined) throw new SourceError(token.line, `${token.text} where nothing is open`);
    // A brace ends more than a parenthesis can hold: it is the parenthesis that was forgotten.
    const line = token.text === '}' ? last.line : token.line;
    throw new SourceError(line, `${last.text} of line ${last.line} meets ${token.text} of line ${token.line}`);
  }
  const [left] = open.slice(-1);
  if (left !== undefined) throw new SourceError(left.line, `${left.text} that is not closed`);
}
