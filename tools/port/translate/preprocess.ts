// SPDX-License-Identifier: GPL-2.0-only
/**
 * The preprocessor of C, line by line: conditionals are decided, macros of the file expanded where they are used. Two
 * things stay for the translator: conditions on NUM_VMA_FLAG_BITS, which a run decides, and macros that read better as a
 * constant or a function of their own and mean the same.
 */
import { evaluate, withDefined } from './conditions.js';
import { keepable } from './keepable.js';
import { lex, SourceError, significant, type Token } from './lexer.js';
import { argumentsAt, Expander, type Macro, macroOf } from './macros.js';

/** The number that differs from run to run. */
export const BITS = 'NUM_VMA_FLAG_BITS';
/** The call that stands for arguments under a condition. */
export const CONDITIONAL_ARGUMENTS = '__if_arguments';

/** The configuration that the userland harness is built with. */
const CONFIGURED: Record<string, string> = {
  CONFIG_MMU: '1',
  CONFIG_PER_VMA_LOCK: '1',
  CONFIG_64BIT: '1',
  CONFIG_PHYS_ADDR_T_64BIT: '1',
  CONFIG_XARRAY_MULTI: '1',
  BITS_PER_LONG: '64',
  PAGE_SHIFT: '12',
  PAGE_SIZE: '4096',
  __x86_64__: '1',
  __LP64__: '1',
  __STDC__: '1',
  __GNUC__: '14',
  __SIZEOF_LONG__: '8',
  __SIZEOF_POINTER__: '8',
  __CHAR_BIT__: '8',
};

interface Level {
  /** Is this branch translated, as far as is known? */
  active: boolean;
  /** Has a branch of this conditional been taken? */
  taken: boolean;
  /** Decided by the run: both branches stay. */
  open: boolean;
  line: number;
  hasElse: boolean;
}

export interface Preprocessed {
  /** As many lines as before. */
  text: string;
  /** The tokens of the file before anything was done to them. */
  macros: ReadonlyMap<string, Macro>;
}

export class Preprocessor {
  /** Macros in force: those of the file, over those of the headers. */
  private readonly macros: Map<string, Macro>;
  private readonly headers: ReadonlyMap<string, Macro>;
  /** Names that the translator knows by themselves: macros of the headers give way to them. */
  private readonly known: (name: string) => boolean;
  private readonly levels: Level[];
  private kept: ReadonlyMap<number, string>;
  private readonly keptNames: Set<string>;
  private readonly expander: Expander;

  constructor(headers: ReadonlyMap<string, Macro> = new Map(), known: (name: string) => boolean = () => false) {
    this.headers = headers;
    this.known = known;
    this.macros = new Map();
    this.levels = [];
    this.kept = new Map();
    this.keptNames = new Set();
    this.expander = new Expander((name) => this.macro(name));
  }

  private macro(name: string): Macro | null {
    if (this.keptNames.has(name)) return null;
    const own = this.macros.get(name);
    if (own !== undefined) return own;
    const header = this.headers.get(name);
    return header === undefined || header.opaque || this.known(name) ? null : header;
  }

  /** @throws SourceError where the text is no C */
  run(text: string): Preprocessed {
    const tokens = lex(text);
    this.kept = keepable(tokens, this.known);
    const lines = splitLines(tokens);
    const parts: string[] = [];
    let run: Token[] = [];
    const flush = (): void => {
      parts.push(this.expanded(run));
      run = [];
    };
    for (const line of lines) {
      const first = line.find(significant);
      if (first?.text === '#') {
        flush();
        parts.push(this.directive(line, first.line));
      } else if (this.active()) run.push(...line);
      else run.push(...line.filter(({ text: one }) => one.includes('\n')).map((one) => newlinesOf(one)));
    }
    flush();
    const [left] = this.levels;
    if (left !== undefined) throw new SourceError(left.line, '#if without #endif');
    return { text: argumentsAsCalls(parts.join('')), macros: this.macros };
  }

  private active(): boolean {
    return this.levels.every((level) => level.active);
  }

  private expanded(tokens: readonly Token[]): string {
    let text = '';
    for (let i = 0, token = tokens[0]; token !== undefined; token = tokens[++i]) {
      const found = token.kind === 'name' ? this.macro(token.text) : null;
      const call = found === null ? null : this.expander.callAt(tokens, i, found);
      // A comment that goes on behind a backslash is none for the grammar.
      if (token.kind === 'comment' && token.text.startsWith('//') && token.text.includes('\n'))
        text += newlinesOf(token).text;
      else if (token.text === '__LINE__') text += String(token.line);
      else if (call === null) text += token.text;
      else {
        const used = tokens.slice(i, call.end + 1);
        text += spell(this.expander.expand(used, token.line));
        text += '\n'.repeat(used.map((one) => one.text.split('\n').length - 1).reduce((a, b) => a + b, 0));
        i = call.end;
      }
    }
    return text;
  }

  /** A directive; what stays of it is its line breaks, unless the translator is to see it. */
  private directive(line: readonly Token[], at: number): string {
    const list = line.filter(significant);
    const name = list[1]?.text ?? '';
    const rest = line.slice(line.findIndex((one) => one.text === name && significant(one)) + 1);
    const blank = line.map((one) => newlinesOf(one).text).join('');
    if (/^(?:if|ifdef|ifndef)$/.test(name)) return this.begin(name, rest, at) + blank;
    if (/^(?:elif|elifdef|elifndef|else)$/.test(name)) return this.turn(name, rest, at) + blank;
    if (name === 'endif') {
      const level = this.levels.pop();
      if (level === undefined) throw new SourceError(at, '#endif without #if');
      return level.open && this.active() ? `#endif${blank}` : blank;
    }
    if (!this.active()) return blank;
    if (name === 'define') return this.define(rest, at) ? line.map((one) => one.text).join('') : blank;
    if (name === 'undef') {
      const undefined_ = list[2]?.text ?? '';
      this.macros.delete(undefined_);
      this.keptNames.delete(undefined_);
      return blank;
    }
    if (name === 'error') throw new SourceError(at, `#error ${spell(rest).trim()}`);
    if (!/^(?:include|pragma|warning|line|ident)?$/.test(name))
      throw new SourceError(at, `#${name}: no directive of C`);
    return blank;
  }

  /** True where the definition is left to the translator. */
  private define(rest: readonly Token[], at: number): boolean {
    const macro = macroOf(rest, at);
    this.macros.set(macro.name, macro);
    if (this.kept.get(at) !== macro.name) {
      this.keptNames.delete(macro.name);
      return false;
    }
    this.keptNames.add(macro.name);
    return true;
  }

  private begin(name: string, rest: readonly Token[], line: number): string {
    if (!this.active()) {
      this.levels.push({ active: false, taken: true, open: false, line, hasElse: false });
      return '';
    }
    const condition = this.condition(name, rest, line);
    const open = condition === null;
    const active = open || condition;
    this.levels.push({ active, taken: active, open, line, hasElse: false });
    return open ? `#if ${this.openCondition(rest, line)}` : '';
  }

  private turn(name: string, rest: readonly Token[], line: number): string {
    const level = this.levels.at(-1);
    if (level === undefined) throw new SourceError(line, `#${name} without #if`);
    if (level.hasElse) throw new SourceError(line, `#${name} after #else`);
    level.hasElse = name === 'else';
    const outside = this.levels.slice(0, -1).every((one) => one.active);
    if (!outside) return '';
    if (level.open) {
      if (name === 'else') return '#else';
      const condition = this.condition(name.replace('el', ''), rest, line);
      if (condition !== null) throw new SourceError(line, '#elif that is decided after an #if that is not');
      return `#elif ${this.openCondition(rest, line)}`;
    }
    if (level.taken) {
      level.active = false;
      return '';
    }
    const condition = name === 'else' ? true : this.condition(name.replace('el', ''), rest, line);
    if (condition !== null) {
      level.active = condition;
      level.taken = condition;
      return '';
    }
    Object.assign(level, { active: true, taken: true, open: true });
    return `#if ${this.openCondition(rest, line)}`;
  }

  private defined(name: string): boolean {
    return this.macros.has(name) || this.headers.has(name) || name in CONFIGURED || name === BITS;
  }

  private condition(name: string, rest: readonly Token[], line: number): boolean | null {
    if (name === 'ifdef' || name === 'ifndef') {
      const found = rest.find(significant);
      if (found?.kind !== 'name') throw new SourceError(line, `#${name} without a name`);
      return this.defined(found.text) === (name === 'ifdef');
    }
    if (!rest.some(significant)) throw new SourceError(line, `#${name} without a condition`);
    const [narrow, wide] = ['64', '128'].map((bits) => this.valueWith(bits, rest, line));
    return (narrow !== 0n) === (wide !== 0n) ? narrow !== 0n : null;
  }

  private valueWith(bits: string, rest: readonly Token[], line: number): bigint {
    const number = (text: string): Macro => ({
      name: '',
      parameters: null,
      variadic: false,
      body: [{ kind: 'number', text, line }],
      line,
    });
    const expander = new Expander((name) => {
      if (name === BITS) return { ...number(bits), name };
      const given = CONFIGURED[name];
      return (
        this.macros.get(name) ?? (given === undefined ? this.headers.get(name) : { ...number(given), name }) ?? null
      );
    });
    return evaluate(
      expander.expand(
        withDefined(rest, line, (name) => this.defined(name)),
        line,
      ),
      line,
    );
  }

  /** The condition as the translator is to write it: decided by the width of the flags alone. */
  private openCondition(rest: readonly Token[], line: number): string {
    return this.valueWith('128', rest, line) !== 0n ? `${BITS} > 64` : `${BITS} <= 64`;
  }
}

function splitLines(tokens: readonly Token[]): Token[][] {
  const lines: Token[][] = [[]];
  for (const token of tokens) {
    lines.at(-1)?.push(token);
    if (token.kind === 'newline') lines.push([]);
  }
  return lines;
}

function newlinesOf(token: Token): Token {
  return { ...token, kind: 'newline', text: '\n'.repeat(token.text.split('\n').length - 1) };
}

/** Tokens as one line of text, with a blank where two would run into one. */
function spell(tokens: readonly Token[]): string {
  let text = '';
  for (const token of tokens) {
    const one = significant(token) ? token.text : ' ';
    const joins = /[\w$]$/.test(text) && /^[\w$]/.test(one);
    const doubles = /[-+&|<>=!*/%^]$/.test(text) && /^[-+&|<>=!*/%^]/.test(one);
    text += joins || doubles ? ` ${one}` : one;
  }
  return text.replaceAll(/ +/g, ' ');
}

/**
 * typeof(x) under a name of its own, which the grammar takes for a type whatever x is. Returns the text, and the operands by
 * these names.
 */
export function liftTypeofs(text: string): { text: string; operands: Map<string, string> } {
  const tokens = lex(text);
  const operands = new Map<string, string>();
  let result = '';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    const open = /^(?:__)?typeof(?:__)?$/.test(token?.text ?? '')
      ? tokens.findIndex((one, at) => at > i && significant(one))
      : -1;
    const close = open < 0 || tokens[open]?.text !== '(' ? null : argumentsAt(tokens, open);
    if (close === null) {
      result += token?.text ?? '';
      continue;
    }
    const name = `__typeof_${operands.size}`;
    const used = tokens.slice(i, close.end + 1);
    // A typeof within the operand is lifted when the operand is.
    operands.set(name, spell(tokens.slice(open + 1, close.end)));
    result += name + used.map((one) => newlinesOf(one).text).join('');
    i = close.end;
  }
  return { text: result, operands };
}

/** The call that stands for a range of case labels. */
export const CASE_RANGE = '__case_range';

/**
 * What gcc has beyond C, as the grammar can read it: `case a ... b:` as a label that is a call, labels as values as names that
 * do not exist.
 */
export function extensionsAsC(text: string): string {
  // What stands in texts and comments is no code.
  const aside: string[] = [];
  const code = lex(text)
    .map((one) => (one.kind === 'text' || one.kind === 'comment' ? `\u{1}${aside.push(one.text) - 1}\u{1}` : one.text))
    .join('')
    .replaceAll(
      /\bcase\s+([^:;{}?]+?)\s*\.\.\.\s*([^:;{}?]+?)\s*:/g,
      (_, low: string, high: string) => `case ${CASE_RANGE}(${low}, ${high}):`,
    )
    .replaceAll(/(__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\))\s*=(?!=)/g, '= with_attribute() |')
    .replaceAll(/\b((?:(?:unsigned|signed|long|short|int|char) +)+)(static|extern|register|inline|typedef)\b/g, '$2 $1')
    .replaceAll(/(,\s*)(?:struct|union|enum)\s+(\w+)(?=\s*[,)])(?!\s*\)\s*[;{])/g, '$1type_named_$2')
    .replaceAll(/\bgoto\s*\*\s*[^;{}]+;/g, 'goto computed;')
    .replaceAll(/([=(,]\s*)&&\s*(\w+)/g, '$1address_of_label_$2');
  return code
    .split('\u{1}')
    .map((one, i) => (i % 2 === 0 ? one : (aside[Number(one)] ?? '')))
    .join('');
}

/** Depth of parentheses at the end of each line, outside of comments and texts. */
function depths(text: string): number[] {
  const result: number[] = [];
  let depth = 0;
  for (const line of splitLines(lex(text))) {
    const directive = line.find(significant)?.text === '#';
    for (const token of line) {
      if (!directive && token.text === '(') depth++;
      if (!directive && token.text === ')') depth--;
      for (let i = 1; i < token.text.split('\n').length; i++) result.push(depth);
    }
  }
  result.push(depth);
  return result;
}

/** One conditional within an argument list, as a call over the same lines. */
function asCall(lines: readonly string[], condition: string): string[] {
  const inner = lines.slice(1, -1);
  const code = inner.join('\n').trim().replace(/^,/, '').trim();
  const padding = Array.from({ length: lines.length - 1 - (code.split('\n').length - 1) }, () => '');
  return [`, ${CONDITIONAL_ARGUMENTS}(${condition}, ${code})`, ...padding].join('\n').split('\n');
}

/** `#if COND` … `#endif` within an argument list as a call, which the grammar can read. */
function argumentsAsCalls(text: string): string {
  const lines = text.split('\n');
  if (!lines.some((line) => line.startsWith('#if '))) return text;
  const depth = depths(text);
  const result: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const condition = /^#if (.*)$/.exec(lines[i] ?? '')?.[1];
    const end = lines.findIndex((line, at) => at > i && /^#(?:endif|else|elif|if)/.test(line));
    if (condition !== undefined && (depth[i] ?? 0) > 0) {
      if (end < 0 || !/^#endif/.test(lines[end] ?? '')) {
        throw new SourceError(i + 1, '#if with another branch within an argument list');
      }
      result.push(...asCall(lines.slice(i, end + 1), condition));
      i = end;
    } else result.push(lines[i] ?? '');
  }
  return result.join('\n');
}
