// SPDX-License-Identifier: GPL-2.0-only
/** Macros that may stay what they are: a number that has a name, and a list of calls with numbers for arguments. */
import { significant, type Token } from './lexer.js';
import { argumentsAt, type Macro, macroOf } from './macros.js';

interface Definition {
  macro: Macro;
  /** Index of the token after the definition's line, and of the #undef, or the end. */
  from: number;
  to: number;
  /** Depth of braces at the definition. */
  depth: number;
}

/** Lines of definitions that stay, each with the name that it defines. */
export function keepable(tokens: readonly Token[], known: (name: string) => boolean): Map<number, string> {
  const definitions = definitionsIn(tokens);
  const kept = new Map<number, string>();
  // Where macros make texts and names of their arguments, a constant must be what it says.
  const spells = definitions.some(({ macro }) => macro.body.some((one) => one.text === '#' || one.text === '##'));
  for (const one of definitions) {
    const { macro } = one;
    const others = definitions.filter((other) => other.macro.name === macro.name);
    const keeps =
      macro.parameters === null
        ? !spells && others.length === 1 && isNumber(macro) && !known(macro.name) && one.depth === 0
        : one.depth > 0 && isListOfCalls(macro, definitions) && usesAreNumbers(tokens, one);
    if (keeps && !(macro.parameters === null && isUndefined(tokens, macro.name))) kept.set(macro.line, macro.name);
  }
  return kept;
}

function directiveAt(tokens: readonly Token[], i: number): string | null {
  if (tokens[i]?.text !== '#') return null;
  const before = tokens.slice(0, i).findLast((one) => one.kind === 'newline' || significant(one));
  if (before !== undefined && before.kind !== 'newline') return null;
  return tokens.slice(i + 1).find(significant)?.text ?? null;
}

function definitionsIn(tokens: readonly Token[]): Definition[] {
  const found: Definition[] = [];
  let depth = 0;
  const close = (name: string | null, at: number): void => {
    for (const one of found) if (one.to < 0 && (name === null ? one.depth > 0 : one.macro.name === name)) one.to = at;
  };
  for (let i = 0; i < tokens.length; i++) {
    const directive = directiveAt(tokens, i);
    if (directive !== null) {
      const end = tokens.findIndex((one, at) => at > i && one.kind === 'newline');
      const line = tokens.slice(i, end < 0 ? tokens.length : end);
      const rest = line.slice(line.findIndex((one) => one.text === directive) + 1);
      if (directive === 'define') {
        const macro = macroOf(rest, tokens[i]?.line ?? 0);
        close(macro.name, i);
        found.push({ macro, from: i + line.length, to: -1, depth });
      } else if (directive === 'undef') close(rest.find(significant)?.text ?? '', i);
      i += line.length;
    } else if (tokens[i]?.text === '{') depth++;
    else if (tokens[i]?.text === '}' && --depth === 0) close(null, i);
  }
  for (const one of found) if (one.to < 0) one.to = tokens.length;
  return found;
}

function isNumber({ body }: Macro): boolean {
  const list = body.filter((one) => significant(one) && one.text !== '(' && one.text !== ')');
  return list.length === 1 && list[0]?.kind === 'number';
}

function isUndefined(tokens: readonly Token[], name: string): boolean {
  return tokens.some((one, i) => one.text === 'undef' && tokens.slice(i + 1).find(significant)?.text === name);
}

/** Calls of functions one after the other, whose arguments hold no assignment, and no address of a parameter. */
function isListOfCalls(macro: Macro, definitions: readonly Definition[]): boolean {
  const list = macro.body.filter(significant);
  if (list.length === 0) return false;
  const names = macro.parameters ?? [];
  const forbidden =
    /^(?:[-+*/%&|^]|<<|>>)?=$|^(?:\+\+|--|##?|\{|\}|return|if|else|for|while|do|switch|goto|break|continue)$/;
  if (list.some((one) => forbidden.test(one.text))) return false;
  if (list.some((one, i) => one.text === '&' && names.includes(list[i + 1]?.text ?? ''))) return false;
  if (list.some((one) => definitions.some(({ macro: other }) => other.name === one.text))) return false;
  for (let i = 0; i < list.length; ) {
    if (list[i]?.kind !== 'name' || list[i + 1]?.text !== '(') return false;
    const call = argumentsAt(list, i + 1);
    if (call === null) return false;
    i = call.end + 1;
    if (i < list.length && list[i++]?.text !== ';') return false;
  }
  return true;
}

/** Is every use a statement of its own whose arguments are numbers, by themselves or by a name in capitals? */
function usesAreNumbers(tokens: readonly Token[], { macro, from, to }: Definition): boolean {
  const list = tokens.slice(from, to).filter((one) => significant(one) || one.kind === 'newline');
  let used = false;
  for (let i = 0; i < list.length; i++) {
    if (list[i]?.text !== macro.name) continue;
    used = true;
    const before = list.slice(0, i).findLastIndex(significant);
    if (before >= 0 && !';{}'.includes(list[before]?.text ?? '') && !isDirectiveLine(list, before, i)) return false;
    const open = list.findIndex((one, at) => at > i && significant(one));
    const call = list[open]?.text === '(' ? argumentsAt(list, open) : null;
    if (call === null || list.slice(call.end + 1).find(significant)?.text !== ';') return false;
    const given = call.args.map((one) => one.filter(significant));
    if (given.some((one) => one.length !== 1 || !isConstant(one[0]))) return false;
    const wanted = macro.parameters?.length ?? 0;
    if (macro.variadic ? given.length < wanted : given.length !== wanted) return false;
  }
  return used;
}

function isConstant(token: Token | undefined): boolean {
  return token?.kind === 'number' || (token?.kind === 'name' && /^[A-Z_][A-Z0-9_]*$/.test(token.text));
}

/** Is the line that this token stands on a directive, and the use not on it? */
function isDirectiveLine(list: readonly Token[], at: number, use: number): boolean {
  const start = list.slice(0, at).findLastIndex((one) => one.kind === 'newline') + 1;
  return list[start]?.text === '#' && list.slice(at, use).some((one) => one.kind === 'newline');
}
