// SPDX-License-Identifier: GPL-2.0-only
/** Which mutants a command line asks for. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { CannotBeDone } from '../../tools/commands/program.js';
import { Random } from '../random.js';
import type { Shard } from '../shards/shard.js';
import type { Mutant } from './mutant.js';

/** Folders whose code is mutated. */
export const LAYERS_WITH_MUTANTS = ['lib', 'stubs', 'harness'] as const;

/** Sources below a folder of the project, by name. */
function sourcesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path))
    .sort();
}

/**
 * The sources that arguments stand for: files, or folders with all below them; none stands for everything.
 *
 * @throws CannotBeDone for one that is not there, or whose code is not mutated
 */
export function chooseSources(
  root: string,
  cwd: string,
  args: readonly string[],
  layers: readonly string[] = LAYERS_WITH_MUTANTS,
): string[] {
  const names =
    args.length === 0
      ? layers.filter((layer) => existsSync(join(root, layer)))
      : args.map((arg) => relative(root, resolve(cwd, arg)));
  const sources = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (!existsSync(join(root, name))) throw new CannotBeDone(`no such file: ${args[i]}`);
    if (!layers.includes(name.split(sep)[0] ?? '')) {
      throw new CannotBeDone(`${args[i]}: mutants are of ${layers.join(', ')}`);
    }
    const found = statSync(join(root, name)).isDirectory() ? sourcesBelow(root, name) : [name];
    if (found.some((file) => !file.endsWith('.ts'))) throw new CannotBeDone(`${args[i]}: not a source file`);
    for (const file of found) sources.add(file);
  }
  return [...sources];
}

/** Is it a call of the stub world that goes? */
export function isDeletedStubCall({ from, to, form }: Mutant): boolean {
  return form === 'statement' && to === '' && /^stubs\.\w+\(/.test(from);
}

/** Mutants in an order that the seed decides. */
export function shuffled(mutants: readonly Mutant[], seed: number): Mutant[] {
  const random = new Random(seed);
  const result = [...mutants];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.between(0, i);
    const [a, b] = [result[i], result[j]];
    if (a === undefined || b === undefined) throw new RangeError('shuffled: out of range');
    result[i] = b;
    result[j] = a;
  }
  return result;
}

export function shardOf(mutants: readonly Mutant[], { shard, of }: Shard): Mutant[] {
  return mutants.filter((_mutant, i) => i % of === shard - 1);
}
