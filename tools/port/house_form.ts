// SPDX-License-Identifier: GPL-2.0-only
/** `port tests --write`: tests that upstream has and this project does not, as files of tests/upstream/. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TranslatedFile, translateText } from './tests.js';
import type { House } from './translate/file.js';
import { type KernelTree, TreeError } from './tree.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const UPSTREAM = join(ROOT, 'tests/upstream');

const MODULES = {
  'vma-userland': '../../lib/index.js',
  'vma-userland/test': '../../harness/index.js',
  'vma-userland/test/c': '../../harness/c.js',
};

/** The flags that nearly every test maps with have a name of their own. */
const DATA_FLAGS = 'mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT)';

function filesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : [];
}

/** Names of the tests that the files of a folder have. */
function testsIn(folder: string): Set<string> {
  const texts = filesOf(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(/\btest\('(\w+)'/g)].map(([, name = '']) => name)));
}

/** Functions that the helpers of the project's tests export, and where from. */
function helpersIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of filesOf(folder).filter((one) => one.endsWith('_helpers.ts'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, helper = ''] of text.matchAll(/^export function (\w+)/gm)) {
      found.set(helper, `./${basename(name, '.ts')}.js`);
    }
  }
  return found;
}

/** The name of the file: that of a C file all of whose tests are new, or of the test. */
function nameOf(source: string, tests: readonly string[], all: boolean): string {
  const stem = basename(source, '.c');
  if (all) return stem;
  const [first = stem] = tests;
  return first.startsWith(stem) ? first : `${stem}_${first}`;
}

/** The new tests of one C file; null when the project has all of them. */
export async function newTests(tree: KernelTree, source: string, out = UPSTREAM): Promise<TranslatedFile | null> {
  if (!existsSync(UPSTREAM)) throw new TreeError('tests/upstream: --write is for a checkout of this project');
  const known = new Set([...testsIn(UPSTREAM), ...testsIn(out)]);
  const helpers = helpersIn(UPSTREAM);
  let count = 0;
  const house: House = {
    modules: MODULES,
    helpers,
    shorthands: helpers.has('dataFlags') ? { [DATA_FLAGS]: 'dataFlags()' } : {},
    has: (test) => known.has(test),
    header: (file, tests) => {
      count = tests.length;
      return `/**\n * Port of ${file} (Linux ${tree.version.replace(/^(\d+\.\d+).*$/, '$1')}): ${tests.join(', ')}.\n */`;
    },
  };
  const { text, translation } = await translateText(tree, source, { comments: 'figures', house });
  if (count === 0) return null;
  const all = !filesOf(UPSTREAM).some((name) => name.startsWith(basename(source, '.c')));
  const target = join(out, `${nameOf(source, translation.tests, all)}.test.ts`);
  return { source, target, text, translation };
}

/** Writes them. Throws, with none written, when there is a file already, unless `force`. */
export function writeNew(files: readonly TranslatedFile[], force: boolean): void {
  const there = files.filter(({ target }) => existsSync(target));
  if (there.length > 0 && !force) {
    throw new TreeError(`${there.map(({ target }) => target).join(', ')}: is there already; --force overwrites it`);
  }
  for (const { target, text } of files) {
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, text);
  }
}

/** Rows for the table of the C file in docs/upstream.md. */
export function rowsFor({ target, translation }: TranslatedFile): string[] {
  const home = relative(ROOT, target);
  return translation.tests.map((name) => `| \`test_${name}\` | test | \`${home}\` as \`${name}\` |  |`);
}
