// SPDX-License-Identifier: GPL-2.0-only
/** The cases of the kernel's selftests: those that are ported, from our test files, and those of a file of C. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SelftestEntry } from '../../harness/selftest/registry.js';

/** The kernel's files that are ported, in the order of the table. */
export const FILES = [
  'merge.c',
  'mseal_test.c',
  'map_fixed_noreplace.c',
  'mdwe_test.c',
  'mremap_test.c',
  'mremap_dontunmap.c',
  'mlock2-tests.c',
  'mlock-random-test.c',
  'guard-regions.c',
  'droppable.c',
  'madv_populate.c',
  'map_populate.c',
  'prctl_thp_disable.c',
] as const;

/** Where they are in a kernel tree. */
export const SELFTESTS = 'tools/testing/selftests/mm';

const LIST = fileURLToPath(new URL('list.js', import.meta.url));

/** All cases of the compiled test files of a folder, from themselves: a process lists them, and runs none. */
export function portedCases(folder: string): readonly SelftestEntry[] {
  const entries: SelftestEntry[] = JSON.parse(execFileSync(process.execPath, [LIST, folder], { encoding: 'utf8' }));
  return entries;
}

/** The source without comments, its lines joined that end with a backslash. */
function bare(source: string): string {
  return source
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\/\/[^\n]*/g, '')
    .replace(/\\\n/g, ' ');
}

/** The names of cases of a file that uses kselftest_harness.h; empty for one that does not. */
export function harnessCases(source: string): string[] {
  const text = bare(source);
  const variants = new Map<string, string[]>();
  for (const [, fixture = '', name = ''] of text.matchAll(/^FIXTURE_VARIANT_ADD\((\w+),\s*(\w+)\)/gm)) {
    variants.set(fixture, [...(variants.get(fixture) ?? []), name]);
  }
  const alone = [...text.matchAll(/^TEST\((\w+)\)/gm)].map(([, name]) => `global.${name}`);
  const fixed = [...text.matchAll(/^TEST_F\((\w+),\s*(\w+)\)/gm)].flatMap(([, fixture = '', name = '']) => {
    const own = variants.get(fixture);
    return own === undefined ? [`${fixture}.${name}`] : own.map((variant) => `${fixture}.${variant}.${name}`);
  });
  return [...alone, ...fixed];
}

/** The value of an identifier: of its #define, its initialiser and what is added to it, or the size of its array. */
function numberOf(name: string, text: string): number {
  const [, defined] = new RegExp(`^#define ${name}\\s+(\\d+)`, 'm').exec(text) ?? [];
  if (defined !== undefined) return Number(defined);
  const [, size] = new RegExp(`\\b${name}\\[(\\w+)\\]`).exec(text) ?? [];
  if (size !== undefined) return numberOf(size, text);
  const terms = [...text.matchAll(new RegExp(`\\b${name} \\+?= (\\d+);`, 'g'))].map(([, term]) => Number(term));
  if (terms.length === 0) throw new Error(`${name}: its value is not to be found`);
  return terms.reduce((sum, term) => sum + term, 0);
}

/**
 * How many results a file announces that prints them itself, by ksft_set_plan(): those of its options that are off by
 * default are not counted, those that it skips on some kernels are.
 */
export function plannedCases(source: string): number {
  const text = bare(source);
  const [, plan = ''] = /ksft_set_plan\(([^;]*)\);/.exec(text) ?? [];
  const terms = plan.replace(/\([^()?]*\?.*?:\s*(\w+)\)/gs, '$1').split('+');
  return terms.reduce((sum, term) => {
    const bareTerm = term.replace('ARRAY_SIZE', '').replace(/[()\s]/g, '');
    return sum + (/^\d+$/.test(bareTerm) ? Number(bareTerm) : numberOf(bareTerm, text));
  }, 0);
}

/** How many cases a file of C has. */
export function casesInC(source: string): number {
  const named = harnessCases(source).length;
  return named > 0 ? named : plannedCases(source);
}
