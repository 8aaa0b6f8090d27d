// SPDX-License-Identifier: GPL-2.0-only
/** The tokens of a C text, with their places: what it says, without how it is written. */

export interface Token {
  text: string;
  /** Offset of its first character, and of the one after its last. */
  start: number;
  end: number;
}

const SPACE = /(?:\s|\\\r?\n|\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\r?\n|[^\n])*)+/y;
const TOKEN =
  /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|[A-Za-z_$](?:\\\r?\n|[\w$])*|\.?\d(?:[eEpP][+-]|[\w.])*|->|\+\+|--|<<=|>>=|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\.\.\.|##|[\s\S]/y;
const DIRECTIVE = /#(?:"(?:\\[\s\S]|[^"\\\n])*"|\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\r?\n|[^\n])*|\\\r?\n|[^\n])*/y;

/** Where the match of a sticky pattern at this offset ends; the offset itself without one. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/**
 * All tokens from one offset to another; comments, white space and line splices are none. With `directives` a line of
 * the preprocessor is one token, continuation lines included.
 */
export function* scan(text: string, directives = false): Generator<Token> {
  let lineStart = true;
  let at = 0;
  while (at < text.length) {
    const next = endOf(SPACE, text, at);
    lineStart ||= /\n/.test(text.slice(at, next).replace(/\\\r?\n/g, ''));
    at = next;
    if (at >= text.length) return;
    const end = endOf(directives && lineStart && text[at] === '#' ? DIRECTIVE : TOKEN, text, at);
    yield { text: text.slice(at, end), start: at, end };
    lineStart = false;
    at = end;
  }
}

/**
 * The words and signs of a C text. Where C tells `#define F(x)` from `#define F (x)`, by a blank, the first has a
 * parenthesis of its own.
 */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let end = 0;
  for (const token of scan(text)) {
    const ofMacro = token.text === '(' && token.start === end && tokens.at(-2) === 'define' && tokens.at(-3) === '#';
    tokens.push(ofMacro ? '#(' : token.text.replace(/\\\r?\n/g, ''));
    end = token.end;
  }
  return tokens;
}

/** Says on which line an offset lies, from 1. */
export class Lines {
  private readonly starts: number[];

  constructor(text: string) {
    this.starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  at(offset: number): number {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}
