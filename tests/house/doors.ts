// SPDX-License-Identifier: GPL-2.0-only
/** The functions that say at their door that they are operations, as the sources have them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, sourceFiles } from './project.js';

export interface WatchedFunction {
  /** The exported name, what it gives as its name, and the function that it has carried out. */
  name: string;
  told: string;
  carriedOut: string;
  parameters: string[];
  /** The arguments that it names. */
  named: string[];
}

const FUNCTION =
  /^export function (\w+)(?:<\w+>)?\(([^{]*?)\): [^{]*\{\n {2}if \(isWatched\(\)\)\s*(?:return|\{)\s*watched\('(\w+)', (\w+), \{([^}]*)\}\);/gm;

function words(list: string): string[] {
  return list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Names of the parameters of a declaration, whose types may have commas in angle brackets. */
function parametersOf(list: string): string[] {
  return words(list.replaceAll(/<[^<>]*>/g, '')).map((parameter) => parameter.replace(/(?:\??:| =).*/s, ''));
}

export function watchedFunctions(): WatchedFunction[] {
  const files = sourceFiles(['lib/doors', 'harness'], ['.ts']);
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(FUNCTION)].map(
      ([, name = '', list = '', told = '', carriedOut = '', named = '']) => ({
        name,
        told,
        carriedOut,
        parameters: parametersOf(list),
        named: words(named),
      }),
    ),
  );
}

/** How often a door asks whether it is watched. */
export function asked(): number {
  const files = sourceFiles(['lib/doors', 'harness'], ['.ts']).filter((file) => !file.endsWith('operation.ts'));
  return files.reduce((sum, file) => sum + readFileSync(join(ROOT, file), 'utf8').split('isWatched()').length - 1, 0);
}
