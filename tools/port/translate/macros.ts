// SPDX-License-Identifier: GPL-2.0-only
/** Macros of C and their expansion: arguments, # and ##, __VA_ARGS__, and no macro within itself. */
import { lex, SourceError, significant, type Token } from './lexer.js';

export interface Macro {
  name: string;
  /** Null for one without a parameter list. */
  parameters: string[] | null;
  variadic: boolean;
  body: Token[];
  line: number;
  /** Only that it is there is known, not what it says. */
  opaque?: boolean;
}

/** What follows `#define`. @throws SourceError when that is no macro */
export function macroOf(tokens: readonly Token[], line: number): Macro {
  const rest = tokens.filter((one) => one.kind !== 'comment');
  const start = rest.findIndex(significant);
  const name = rest[start];
  if (name?.kind !== 'name') throw new SourceError(line, '#define without a name');
  // A parenthesis right after the name opens the parameters; after a blank it belongs to the body.
  if (rest[start + 1]?.text !== '(') {
    return { name: name.text, parameters: null, variadic: false, body: trimmed(rest.slice(start + 1)), line };
  }
  const close = rest.findIndex((one, i) => i > start && one.text === ')');
  if (close < 0) throw new SourceError(line, `#define ${name.text}: a parameter list that is not closed`);
  const list = rest.slice(start + 2, close).filter(significant);
  const named = list.filter((one) => one.kind === 'name').map((one) => one.text);
  const variadic = list.some((one) => one.text === '...');
  // `args...` names the rest itself.
  const last = list.at(-2);
  const body = trimmed(rest.slice(close + 1));
  if (!variadic || last?.kind !== 'name') return { name: name.text, parameters: named, variadic, body, line };
  const renamed = body.map((one) => (one.text === last.text ? { ...one, text: '__VA_ARGS__' } : one));
  return { name: name.text, parameters: named.slice(0, -1), variadic, body: renamed, line };
}

function trimmed(tokens: readonly Token[]): Token[] {
  const first = tokens.findIndex(significant);
  if (first < 0) return [];
  return tokens
    .slice(first, tokens.findLastIndex(significant) + 1)
    .map((one) => (significant(one) ? one : { ...one, text: ' ' }));
}

/** A token with the macros that it came out of, which must not expand in it again. */
interface Painted extends Token {
  hidden?: ReadonlySet<string>;
}

/** The arguments of a call that begins with the parenthesis at `open`; null if it is not closed. */
export function argumentsAt(tokens: readonly Token[], open: number): { args: Token[][]; end: number } | null {
  const args: Token[][] = [[]];
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const { text } = token;
    if ('([{'.includes(text) && text.length === 1 && depth++ === 0) continue;
    if (')]}'.includes(text) && text.length === 1 && --depth === 0) return { args, end: i };
    if (text === ',' && depth === 1) args.push([]);
    else args.at(-1)?.push(token);
  }
  return null;
}

function spelled(tokens: readonly Token[]): string {
  return tokens
    .filter((one) => one.kind !== 'comment')
    .map((one) => (significant(one) ? one.text : ' '))
    .join('')
    .trim()
    .replaceAll(/ +/g, ' ');
}

export class Expander {
  private readonly find: (name: string) => Macro | null;
  private counter: number;

  /** `find`: the macro of a name, null where it is none or is not to be expanded. */
  constructor(find: (name: string) => Macro | null) {
    this.find = find;
    this.counter = 0;
  }

  /** The tokens with every macro in them expanded; `line` is that of the outermost call. */
  expand(input: readonly Painted[], line: number): Painted[] {
    const result: Painted[] = [];
    let tokens = [...input];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      if (token === undefined) break;
      const found = token.kind === 'name' && !token.hidden?.has(token.text) ? this.find(token.text) : null;
      if (token.kind === 'name' && (token.text === '__LINE__' || token.text === '__COUNTER__')) {
        result.push({ kind: 'number', text: String(token.text === '__LINE__' ? line : this.counter++), line });
        continue;
      }
      const call = found === null ? null : this.callAt(tokens, i, found);
      if (found === null || call === null) {
        result.push(token);
        continue;
      }
      const hidden = new Set([...(token.hidden ?? []), found.name]);
      const body = this.replaced(found, call.args, line).map((one) => ({
        ...one,
        hidden: new Set([...hidden, ...(one.hidden ?? [])]),
      }));
      // What came out is looked at again together with what follows it.
      tokens = [...body, ...tokens.slice(call.end + 1)];
      i = -1;
    }
    return result;
  }

  /** Where a use of the macro ends, and its arguments; null when a macro with parameters stands without a list. */
  callAt(tokens: readonly Token[], at: number, macro: Macro): { args: Token[][]; end: number } | null {
    if (macro.parameters === null) return { args: [], end: at };
    let open = at + 1;
    for (let next = tokens[open]; next !== undefined && !significant(next); next = tokens[++open]);
    if (tokens[open]?.text !== '(') return null;
    const line = tokens[at]?.line ?? macro.line;
    const found = argumentsAt(tokens, open);
    if (found === null) throw new SourceError(line, `${macro.name}(: arguments that are not closed`);
    const given = macro.parameters.length === 0 && spelled(found.args[0] ?? []) === '' ? [] : found.args;
    const enough = macro.variadic ? given.length >= macro.parameters.length : given.length === macro.parameters.length;
    if (!enough) {
      throw new SourceError(line, `${macro.name}() takes ${macro.parameters.length} arguments, not ${given.length}`);
    }
    return { args: given, end: found.end };
  }

  /** The body of a macro with the arguments in it. */
  private replaced(macro: Macro, args: readonly Token[][], line: number): Painted[] {
    const names = macro.parameters ?? [];
    const rest: Token[] = args
      .slice(names.length)
      .flatMap((one, i): Token[] => (i === 0 ? one : [{ kind: 'sign', text: ',', line }, ...one]));
    const raw = (name: string): Token[] | null => {
      if (macro.variadic && name === '__VA_ARGS__') return rest;
      const i = names.indexOf(name);
      return i < 0 ? null : (args[i] ?? []);
    };
    const body = this.optional(macro, rest, line);
    const result: Painted[] = [];
    for (let i = 0; i < body.length; i++) {
      const token = body[i];
      if (token === undefined) break;
      const next = nextSignificant(body, i + 1);
      if (token.text === '#' && macro.parameters !== null && next !== null) {
        const given = raw(body[next]?.text ?? '');
        if (given === null) throw new SourceError(macro.line, `${macro.name}: # before what is no parameter`);
        result.push({ kind: 'text', text: JSON.stringify(spelled(given)), line });
        i = next;
      } else if (token.text === '##' && next !== null) {
        this.paste(result, raw(body[next]?.text ?? '') ?? [body[next] ?? token], line);
        i = next;
      } else {
        const given = token.kind === 'name' ? raw(token.text) : null;
        const pasted = next !== null && body[next]?.text === '##';
        if (given === null) result.push({ ...token, line });
        else
          result.push(
            ...(pasted ? trimmed(given) : this.expand(trimmed(given), line)).map((one) => ({ ...one, line })),
          );
      }
    }
    return result;
  }

  /** `__VA_OPT__(x)` is x where there are more arguments, else nothing. */
  private optional(macro: Macro, rest: readonly Token[], line: number): Token[] {
    const at = macro.body.findIndex((one) => one.text === '__VA_OPT__');
    if (at < 0) return macro.body;
    const open = nextSignificant(macro.body, at + 1);
    const found = open === null ? null : argumentsAt(macro.body, open);
    if (found === null) throw new SourceError(macro.line, `${macro.name}: __VA_OPT__ without arguments`);
    const comma: Token = { kind: 'sign', text: ',', line };
    const inner = found.args.flatMap((one, i) => (i === 0 ? one : [comma, ...one]));
    const body = [
      ...macro.body.slice(0, at),
      ...(rest.some(significant) ? inner : []),
      ...macro.body.slice(found.end + 1),
    ];
    return this.optional({ ...macro, body }, rest, line);
  }

  /** Joins the last token of the result with the first of what follows `##`. */
  private paste(result: Painted[], right: readonly Token[], line: number): void {
    while (result.length > 0 && !significant(result[result.length - 1] ?? { kind: 'sign', text: '', line }))
      result.pop();
    const [first, ...others] = trimmed(right);
    const last = result.at(-1);
    // `, ##__VA_ARGS__` drops the comma when there are none, and keeps it when there are.
    if (last?.text === ',') {
      if (first === undefined) result.pop();
      else result.push(...this.expand(trimmed(right), line));
      return;
    }
    if (first === undefined) return;
    result.pop();
    result.push(...lex(`${last?.text ?? ''}${first.text}`).map((one) => ({ ...one, line })), ...others);
  }
}

function nextSignificant(tokens: readonly Token[], from: number): number | null {
  const at = tokens.findIndex((one, i) => i >= from && significant(one));
  return at < 0 ? null : at;
}
