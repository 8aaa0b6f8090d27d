// SPDX-License-Identifier: GPL-2.0-only
/**
 * Takes functions out of a file of a kernel tree, by symbol: with the static functions that they call, under the #if
 * lines that they stand under, each with its line, so that a compiler and gcov speak of the kernel's own file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CFunction, functionsOf, mentionedIn } from './c_functions.js';
import { KernelTreeError } from './scratch.js';

export interface TakenFunctions {
  /** The definitions, in the order of the file. */
  text: string;
  /** A declaration of each, by name. */
  prototypes: Map<string, string>;
}

function withConditions({ conditions }: CFunction, text: string): string {
  const before = conditions.flat();
  return [...before, text, ...conditions.map(() => '#endif')].join('\n');
}

function prototypeOf(source: string, { start, bodyAt }: CFunction): string {
  return `${source
    .slice(start, start + bodyAt)
    .replaceAll(/\s+/g, ' ')
    .trim()};`;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, ' ');
}

/** Those that are asked for, and the static ones that they call, and those call. */
function withHelpers(
  source: string,
  all: readonly CFunction[],
  symbols: readonly string[],
  given: ReadonlySet<string>,
): CFunction[] {
  const wanted = new Set(symbols);
  const isHelper = ({ name, isStatic }: CFunction): boolean => isStatic && !given.has(name);
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size;
    const mentioned = new Set(
      all
        .filter(({ name }) => wanted.has(name))
        .flatMap(({ start, end }) => [...mentionedIn(withoutComments(source.slice(start, end)))]),
    );
    for (const one of all) if (mentioned.has(one.name) && isHelper(one)) wanted.add(one.name);
  }
  return all.filter(({ name }) => wanted.has(name));
}

/** The arguments of a SYSCALL_DEFINE, which has types and names apart, as a parameter list; with as many line ends. */
function parameterList(list: string): string {
  const parts = list.split(',').map((part) => part.trim());
  const pairs = Array.from({ length: parts.length / 2 }, (_, i) => `${parts[2 * i]} ${parts[2 * i + 1]}`);
  return `${pairs.join(', ') || 'void'}${'\n'.repeat(list.split('\n').length - 1)}`;
}

/** System calls as the functions that the macro makes of them. */
function withSystemCalls(source: string): string {
  return source.replaceAll(
    /^SYSCALL_DEFINE\d\((\w+)(?:,([^)]*))?\)/gm,
    (_, name: string, list = '') => `long __do_sys_${name}(${parameterList(list)})`,
  );
}

function sourceOf(kernel: string, file: string): { path: string; source: string } {
  const path = join(kernel, file);
  if (!existsSync(path)) throw new KernelTreeError(`${kernel}: no ${file}`);
  return { path, source: readFileSync(path, 'utf8') };
}

/** The definition of a struct or an enum, by its name; of an enum without one, by the name of a constant in it. */
function definitionOf(source: string, name: string): string | undefined {
  const named = new RegExp(`^(?:struct|enum) ${name} \\{[\\s\\S]*?^\\}[^;]*;`, 'm').exec(source)?.[0];
  const nameless = [...source.matchAll(/^enum \{[\s\S]*?^\}[^;]*;/gm)].map(([text]) => text);
  return named ?? nameless.find((text) => mentionedIn(withoutComments(text)).has(name));
}

/**
 * The definitions of structs and enums of a file, by name.
 *
 * @throws KernelTreeError when the file or one of them is not there
 */
export function takeTypes(kernel: string, file: string, names: readonly string[]): string {
  const { source } = sourceOf(kernel, file);
  const found = names.map((name) => {
    const text = definitionOf(source, name);
    if (text === undefined) throw new KernelTreeError(`${kernel}: ${file} defines no ${name}`);
    return text;
  });
  return `${found.join('\n\n')}\n`;
}

/**
 * The macros of a file whose names match, each in place of what has the name already.
 *
 * @throws KernelTreeError when the file is not there
 */
export function takeMacros(kernel: string, file: string, names: RegExp): string {
  const source = withoutComments(sourceOf(kernel, file).source);
  const macros = [...source.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)(?:[^\n\\]|\\[\s\S])*/gm)].filter(
    ([, name = '']) => names.test(name),
  );
  return macros.map(([text, name]) => `#undef ${name}\n${text.trimStart()}\n`).join('');
}

/**
 * @param kernel the tree
 * @param file path in the tree, such as mm/util.c
 * @param symbols functions to take; a system call as `__do_sys_brk`
 * @param given names that are there already, and so are not taken as helpers
 * @throws KernelTreeError when the file or a symbol is not there
 */
export async function takeFunctions(
  kernel: string,
  file: string,
  symbols: readonly string[],
  given: ReadonlySet<string> = new Set(),
): Promise<TakenFunctions> {
  const { path, source: text } = sourceOf(kernel, file);
  const source = withSystemCalls(text);
  const all = await functionsOf(source);
  const missing = symbols.filter((symbol) => !all.some(({ name }) => name === symbol));
  if (missing.length > 0) throw new KernelTreeError(`${kernel}: ${file} defines no ${missing.join(', ')}`);

  const taken = withHelpers(source, all, symbols, given);
  const texts = taken.map((one) =>
    withConditions(one, `#line ${one.line} "${path}"\n${source.slice(one.start, one.end)}`),
  );
  const prototypes = new Map(taken.map((one) => [one.name, prototypeOf(source, one)]));
  return { text: `${texts.join('\n\n')}\n`, prototypes };
}
