// SPDX-License-Identifier: GPL-2.0-only
/** The symbols that a C file declares at its top level, whatever #if they stand in. */
import { ATTRIBUTE_CALLS, closing, type ItemToken, itemsOf, parameters } from './c_items.js';
import { Lines, tokensOf } from './c_tokens.js';

export type SymbolKind = 'function' | 'struct' | 'enum' | 'enumerator' | 'macro' | 'typedef' | 'variable';

export interface CSymbol {
  name: string;
  kind: SymbolKind;
  /** Line of the declaration, from 1. */
  line: number;
  /** Its text, as the file has it. */
  text: string;
  /** What it means depends on this as well: the #if above it; of an enumerator without a value, how it comes by one. */
  context: string;
}

const WORD = /^[A-Za-z_$]/;
const TYPES = /^(?:struct|union|enum)$/;
const BASIC = /^(?:void|char|short|int|long|float|double|signed|unsigned|bool|_Bool)$/;
/** Words of a declaration that name neither its type nor what it declares. */
const NOISE =
  /^(?:static|const|volatile|register|inline|asmlinkage|noinline\w*|notrace|__\w+_aligned\w*|____cacheline_\w+|__(?:init|initdata|initconst|exit|exitdata|read_mostly|ro_after_init|maybe_unused|always_unused|used|weak|packed|randomize_layout|must_check|always_inline|inline|rcu|user|iomem|percpu|force|bitwise|private|cold|hot|pure|malloc|visible|meminit|meminitdata|ref|refdata|sched|latent_entropy|deprecated|noreturn|cacheline_aligned\w*))$/;
/** Calls at the top level that declare something. */
const DECLARING = /^(?:DEFINE|DECLARE)_|_HEAD$/;
const NAME_IS_SECOND = /PER_CPU|_MAYBE$/;
const SYSTEM_CALL = /^(?:COMPAT_)?SYSCALL_DEFINE\d$/;
const BIT = /^DECLARE_VMA_BIT(?:_ALIAS)?$/;

class Collector {
  private readonly symbols: { start: number; symbol: CSymbol }[];
  private readonly original: string;
  private readonly lines: Lines;

  constructor(original: string) {
    this.symbols = [];
    this.original = original;
    this.lines = new Lines(original);
  }

  private add(name: string | undefined, kind: SymbolKind, tokens: readonly ItemToken[], context = ''): void {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (name === undefined || first === undefined || last === undefined) return;
    const text = this.original.slice(first.start, last.end);
    const around = [first.context, context].filter((part) => part !== '').join('; ');
    const symbol = { name, kind, line: this.lines.at(first.start), text, context: around };
    this.symbols.push({ start: first.start, symbol });
  }

  collect(): CSymbol[] {
    for (const { kind, tokens } of itemsOf(this.original)) {
      if (kind === 'macro') this.add(tokensOf(tokens[0]?.text ?? '')[2], 'macro', tokens);
      else if (kind === 'function') this.add(functionName(tokens), 'function', tokens);
      else this.addDeclaration(tokens);
    }
    // What stands within a struct was found before it.
    return this.symbols.sort((a, b) => a.start - b.start).map(({ symbol }) => symbol);
  }

  private addDeclaration(tokens: readonly ItemToken[]): void {
    const words = tokens.filter(({ text }) => text !== ';');
    const rest = this.addTypes(words);
    if (words[0]?.text === 'typedef') {
      for (const name of declaredNames(rest.slice(1), true)) this.add(name, 'typedef', tokens);
    } else if (!words.some(({ text }) => text === 'extern')) {
      // A prototype, or what another file defines, is no symbol of this one.
      for (const name of called(rest) ?? declaredNames(rest, false)) this.add(name, 'variable', tokens);
    }
  }

  /** Structs, unions and enums with a body, enumerators too. Returns what is left without the bodies. */
  private addTypes(tokens: readonly ItemToken[]): ItemToken[] {
    const rest: ItemToken[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      if (token === undefined || token.text === '=') return [...rest, ...tokens.slice(i)];
      rest.push(token);
      if (!TYPES.test(token.text)) continue;
      const body = tokens.findIndex(({ text }, at) => at > i && !WORD.test(text));
      if (tokens[body]?.text !== '{') continue;
      const end = closing(tokens, body);
      const name = tokens.slice(i + 1, body).find(({ text }) => !NOISE.test(text))?.text;
      this.add(name, token.text === 'enum' ? 'enum' : 'struct', tokens.slice(i, end + 1));
      if (token.text === 'enum') this.addEnumerators(tokens.slice(body + 1, end));
      // The name stands for the type from here on.
      rest.push({ ...token, text: name ?? 'unnamed' });
      i = end;
    }
    return rest;
  }

  private addEnumerators(tokens: readonly ItemToken[]): void {
    let given = '';
    let since = 0;
    for (const part of split(tokens, ',')) {
      const first = part[0]?.text ?? '';
      const name = BIT.test(first) ? `VMA_${part[2]?.text ?? ''}_BIT` : first;
      const value = part.findIndex(({ text }) => text === '=');
      since++;
      if (value >= 0) {
        given = part
          .slice(value + 1)
          .map(({ text }) => text)
          .join(' ');
        since = 0;
      }
      this.add(name, 'enumerator', part, value >= 0 || BIT.test(first) ? '' : `${given} + ${since}`);
    }
  }
}

/** Parts between separators that stand outside of all brackets; none of them empty. */
function split(tokens: readonly ItemToken[], separator: string): ItemToken[][] {
  const parts: ItemToken[][] = [[]];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.text === separator) {
      parts.push([]);
      continue;
    }
    const end = /^[([{]$/.test(token.text) ? closing(tokens, i) : i;
    parts.at(-1)?.push(...tokens.slice(i, end + 1));
    i = end;
  }
  return parts.filter((part) => part.length > 0);
}

function functionName(tokens: readonly ItemToken[]): string | undefined {
  const open = parameters(tokens);
  const name = tokens[open - 1]?.text ?? '';
  // A system call is sys_NAME wherever it is declared; one that returns a function has its name further in.
  if (SYSTEM_CALL.test(name)) return `${name.startsWith('COMPAT') ? 'compat_' : ''}sys_${tokens[open + 1]?.text ?? ''}`;
  const inner = tokens.slice(open + 1, closing(tokens, open));
  return BASIC.test(name) || inner[0]?.text === '*' ? functionName(inner) : name;
}

/** What a call of a macro at the top level declares; null when it is no call. */
function called(tokens: readonly ItemToken[]): string[] | null {
  const words = tokens.filter(({ text }) => !NOISE.test(text));
  const name = words[0]?.text ?? '';
  if (words[1]?.text !== '(' || !WORD.test(name) || BASIC.test(name)) return null;
  if (!DECLARING.test(name)) return words[2]?.text === '*' || words[4]?.text === '(' ? null : [];
  const args = split(words.slice(2, closing(words, 1)), ',');
  return args
    .slice(NAME_IS_SECOND.test(name) ? 1 : 0)
    .slice(0, 1)
    .flatMap((arg) => declaredName(arg, 0, false) ?? []);
}

/** The names of a declaration without its semicolon; functions count when they are types. */
function declaredNames(tokens: readonly ItemToken[], functions: boolean): string[] {
  return split(tokens, ',').flatMap((part, i) => {
    const value = part.findIndex(({ text }) => text === '=');
    const words = (value < 0 ? part : part.slice(0, value)).filter(({ text }) => !NOISE.test(text));
    // The first part begins with the type: a name alone, or "struct name", declares nothing.
    const type = i > 0 ? 0 : TYPES.test(words[0]?.text ?? '') ? 2 : 1;
    return declaredName(words, type, functions) ?? [];
  });
}

function declaredName(tokens: readonly ItemToken[], type: number, functions: boolean): string | null {
  let name: string | null = null;
  for (let i = type; i < tokens.length; i++) {
    const text = tokens[i]?.text ?? '';
    if (ATTRIBUTE_CALLS.test(text)) i = closing(tokens, i + 1);
    else if (text === '(' && name === null) return declaredName(tokens.slice(i + 1, closing(tokens, i)), 0, functions);
    else if (text === '(') return functions ? name : null;
    else if (text === '[' || text === '{') i = closing(tokens, i);
    else if (WORD.test(text)) name = text;
  }
  return name;
}

/** All declarations of a C text, in its order. */
export function declarationsOf(text: string): CSymbol[] {
  return new Collector(text).collect();
}

/** All symbols of a C text, in its order; a name that is declared under several #if branches comes once. */
export function symbolsOf(text: string): CSymbol[] {
  const seen = new Set<string>();
  return declarationsOf(text).filter(({ name }) => !seen.has(name) && seen.add(name));
}
