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
        .flatMap(({ start, end }) => [...mentionedIn(source.slice(start, end))]),
    );
    for (const one of all) if (mentioned.has(one.name) && isHelper(one)) wanted.add(one.name);
  }
  return all.filter(({ name }) => wanted.has(name));
}

/**
 * @param kernel the tree
 * @param file path in the tree, such as mm/util.c
 * @param symbols functions to take
 * @param given names that are there already, and so are not taken as helpers
 * @throws KernelTreeError when the file or a symbol is not there
 */
export async function takeFunctions(
  kernel: string,
  file: string,
  symbols: readonly string[],
  given: ReadonlySet<string> = new Set(),
): Promise<TakenFunctions> {
  const path = join(kernel, file);
  if (!existsSync(path)) throw new KernelTreeError(`${kernel}: no ${file}`);
  const source = readFileSync(path, 'utf8');
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
