// SPDX-License-Identifier: GPL-2.0-only
/**
 * Cuts a C text into what stands at its top level: functions with their bodies, declarations up to their semicolon,
 * calls of macros, definitions of macros. Types and macros need not be known for that, only brackets and `#if`.
 */
import { scan, type Token, tokensOf } from './c_tokens.js';

/** A token, and the conditions of the preprocessor that it stands under. */
export interface ItemToken extends Token {
  context: string;
}

export interface Item {
  kind: 'function' | 'declaration' | 'call' | 'macro';
  /** Of a macro its whole definition is one token; a body of any kind is there as its tokens. */
  tokens: ItemToken[];
}

/** What stands between an #if and its #endif. */
interface Condition {
  text: string;
  /** `#if 0`, which is a comment. */
  dead: boolean;
  /** Brackets open at the #if: each branch begins with the same. */
  braces: number;
  brackets: number;
}

const WORD = /^[A-Za-z_$]/;
const STORAGE = new Set(['static', 'extern', 'inline', '__inline', 'const', '__always_inline', 'noinline']);

/** Macros with arguments that say something about a declaration and are not its name. */
export const ATTRIBUTE_CALLS =
  /^(?:__attribute__|__aligned|__printf|__scanf|__section|__acquires\w*|__releases\w*|__must_hold\w*|__cond_\w+|__alloc_size|__realloc_size|__counted_by\w*|__no_sanitize|__free|__cleanup|__guarded_by|_Alignas|asm|__asm__|__diagnose_as|__nonnull)$/;

/** Index of the bracket that closes the one at an index; the last index when none does. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i]?.text ?? '';
    if (text === '(' || text === '[' || text === '{') depth++;
    if ((text === ')' || text === ']' || text === '}') && --depth === 0) return i;
  }
  return tokens.length - 1;
}

/** The first parenthesis after a name that could hold parameters; -1 without one. */
export function parameters(tokens: readonly Token[]): number {
  for (let i = 0; i < tokens.length; i++) {
    const text = tokens[i]?.text ?? '';
    if (text === '=' || text === '{') return -1;
    if (text === '[') i = closing(tokens, i);
    if (text !== '(') continue;
    const before = tokens[i - 1]?.text ?? '';
    if (WORD.test(before) && !ATTRIBUTE_CALLS.test(before)) return i;
    i = closing(tokens, i);
  }
  return -1;
}

/** Names in parentheses and nothing else: the parameters of a definition as C had them before 1989. */
function bareNames(tokens: readonly Token[], open: number): string[] | null {
  const inner = tokens.slice(open + 1, closing(tokens, open)).map(({ text }) => text);
  const good = inner.every((text, i) => (i % 2 === 0 ? WORD.test(text) : text === ','));
  return good && inner.length % 2 === 1 && inner[0] !== 'void' ? inner.filter((text) => text !== ',') : null;
}

/** Do declarations of those parameters, and of nothing else, follow? */
function declaresParameters(tokens: readonly Token[], open: number): boolean {
  const names = bareNames(tokens, open);
  const after = tokens.slice(closing(tokens, open) + 1);
  if (names === null || after.length < 2) return false;
  const declared = after
    .filter((_, i) => /^[;,[)]$/.test(after[i + 1]?.text ?? ';'))
    .filter(({ text }) => WORD.test(text));
  return declared.length > 0 && declared.every(({ text }) => names.includes(text));
}

class Cutter {
  readonly items: Item[];
  private readonly all: Token[];
  private readonly conditions: Condition[];
  private item: ItemToken[];
  private braces: number;
  private brackets: number;
  private inFunction: boolean;
  private context: string;

  constructor(text: string) {
    this.items = [];
    this.all = [...scan(text, true)];
    this.conditions = [];
    this.item = [];
    this.braces = 0;
    this.brackets = 0;
    this.inFunction = false;
    this.context = '';
  }

  cut(): Item[] {
    for (const [i, token] of this.all.entries()) {
      if (token.text.startsWith('#') && token.text !== '##') this.directive(token, i);
      else if (!this.conditions.some(({ dead }) => dead)) this.take(token, i);
    }
    if (this.item.length > 0) this.end('declaration');
    return this.items;
  }

  private end(kind: Item['kind']): void {
    this.items.push({ kind, tokens: this.item });
    this.item = [];
    this.inFunction = false;
  }

  private take(token: Token, i: number): void {
    const { text } = token;
    if (this.braces === 0 && this.brackets === 0) {
      if (this.item.length === 0 && (text === ';' || text === '}')) return;
      if (WORD.test(text) && this.isCall(i)) this.end('call');
    }
    this.item.push({ ...token, context: this.context });
    if (text === '(' || text === '[') this.brackets++;
    else if (text === ')' || text === ']') this.brackets = Math.max(0, this.brackets - 1);
    else if (text === '{') this.openBrace();
    else if (text === '}') this.closeBrace();
    else if (text === ';' && this.braces === 0 && this.brackets === 0) this.semicolon();
  }

  /** Is what stands there a macro's call, so that the word that follows begins something new? */
  private isCall(next: number): boolean {
    const start = this.item.findIndex(({ text }) => !STORAGE.has(text));
    if (start !== 0 || this.item[1]?.text !== '(' || closing(this.item, 1) !== this.item.length - 1) return false;
    if (this.item.at(-1)?.text !== ')') return false;
    const body = this.all.findIndex((token, i) => i >= next && token.text === '{');
    if (body < 0) return true;
    return !declaresParameters([...this.item, ...this.all.slice(next, body)], 1);
  }

  private openBrace(): void {
    if (this.braces++ > 0 || this.brackets > 0) return;
    if (this.item[0]?.text === 'extern' && this.item[1]?.text.startsWith('"')) {
      this.item = [];
      this.braces = 0;
      return;
    }
    this.inFunction = parameters(this.item) >= 0 && !this.item.some(({ text }) => text === '=');
  }

  private closeBrace(): void {
    this.braces = Math.max(0, this.braces - 1);
    if (this.braces === 0 && this.inFunction) {
      this.brackets = 0;
      this.end('function');
    }
  }

  private semicolon(): void {
    const open = parameters(this.item);
    const rest = this.item.slice(0, -1);
    if (open >= 0 && declaresParameters(rest, open)) return;
    this.end('declaration');
  }

  private directive(token: Token, i: number): void {
    const words = tokensOf(token.text);
    const [, name = '', ...rest] = words;
    if (name === 'if' || name === 'ifdef' || name === 'ifndef') this.open(name, rest, i);
    else if (name === 'else' || name === 'elif') this.otherwise(name === 'else' ? null : rest);
    else if (name === 'endif') this.conditions.pop();
    else if (name === 'define' && !this.inFunction && !this.isGuard(i, rest[0])) {
      if (this.conditions.some(({ dead }) => dead)) return;
      this.items.push({ kind: 'macro', tokens: [{ ...token, context: this.context }] });
    }
    this.context = this.conditions
      .map(({ text }) => text)
      .filter((text) => text !== '')
      .join(' && ');
  }

  /** Does this #define say that a header was read, right below the #ifndef that asks for it? */
  private isGuard(i: number, name: string | undefined): boolean {
    const above = tokensOf(this.all[i - 1]?.text ?? '');
    return i === 1 && above[1] === 'ifndef' && above[2] === name;
  }

  private open(name: string, words: readonly string[], i: number): void {
    const test = words.join(' ');
    const next = tokensOf(this.all[i + 1]?.text ?? '');
    const guard = i === 0 && name === 'ifndef' && next[1] === 'define' && next[2] === words[0];
    const text = name === 'if' ? test : `${name === 'ifdef' ? '' : '! '}defined ( ${test} )`;
    const dead = name === 'if' && test === '0';
    this.conditions.push({ text: guard ? '' : text, dead, braces: this.braces, brackets: this.brackets });
  }

  private otherwise(words: readonly string[] | null): void {
    const condition = this.conditions.at(-1);
    if (condition === undefined) return;
    const not = `! ( ${condition.text} )`;
    condition.text = words === null ? not : `${not} && ${words.join(' ')}`;
    condition.dead = false;
    this.braces = condition.braces;
    this.brackets = condition.brackets;
    if (this.braces === 0) this.inFunction = false;
  }
}

/** Everything at the top level of a C text, and every macro that is not defined within a function, in its order. */
export function itemsOf(text: string): Item[] {
  return new Cutter(text).cut();
}
