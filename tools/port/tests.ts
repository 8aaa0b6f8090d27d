// SPDX-License-Identifier: GPL-2.0-only
/** Translates test files of a kernel tree and writes them, all of them or none. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from '../commands/folders.js';
import { declarationsOf } from '../table/c_symbols.js';
import { isSelftest } from './selftest/dialect.js';
import { translateSelftest } from './selftest/file.js';
import { type Options, type Translation, translateC } from './translate/file.js';
import { type Headers, readHeaders } from './translate/headers.js';
import { SourceError } from './translate/lexer.js';
import { portApi } from './translate/port_api.js';
import { recordedHeaders } from './translate/recorded.js';
import type { Mark } from './translate/scope.js';
import type { HelperSource } from './translate/source.js';
import { type KernelTree, TreeError } from './tree.js';

const FOLDER = 'tools/testing/vma';
/** Where helpers of upstream's tests are defined. */
const HELPER_FILES = ['shared.c', 'shared.h', 'main.c'].map((name) => `${FOLDER}/${name}`);
/** Where the names of the tests come from, to say where one is defined that the port does not have. */
const DEFINING = [
  'mm/vma.h',
  'mm/vma.c',
  'mm/vma_exec.c',
  'mm/vma_init.c',
  'include/linux/mm.h',
  'include/linux/mm_types.h',
];

export interface TranslatedFile {
  /** The C file, as it was named. */
  source: string;
  /** Path of the TypeScript file. */
  target: string;
  text: string;
  translation: Translation;
}

/** The files that are translated unless some are named. */
export function defaultFiles(tree: KernelTree): string[] {
  const tests = join(tree.root, FOLDER, 'tests');
  if (existsSync(tests)) {
    return readdirSync(tests)
      .filter((name) => name.endsWith('.c'))
      .sort()
      .map((name) => `${FOLDER}/tests/${name}`);
  }
  if (tree.read(`${FOLDER}/vma.c`) !== null) return [`${FOLDER}/vma.c`];
  throw new TreeError(`${tree.root}: has no ${FOLDER}/tests/*.c and no ${FOLDER}/vma.c`);
}

function readSource(tree: KernelTree, file: string): string {
  const text = tree.read(file) ?? (existsSync(file) ? readFileSync(file, 'utf8') : null);
  if (text === null) throw new TreeError(`${file}: neither in ${tree.root} nor here`);
  return text;
}

/** Files in which a helper may be: all tests of the tree are one program. */
function helperFiles(tree: KernelTree): string[] {
  const tests = existsSync(join(tree.root, FOLDER, 'tests')) ? defaultFiles(tree) : [];
  return [...HELPER_FILES, ...tests];
}

/** Definitions of helpers that the file mentions, and they each other, and that the harness does not have. */
async function helpersFor(tree: KernelTree, file: string, text: string): Promise<HelperSource[]> {
  const known = portApi().entries;
  const available = new Map<string, HelperSource>();
  for (const helperFile of helperFiles(tree).filter((name) => name !== file)) {
    for (const { name, kind, line, text: source } of await declarationsOf(tree.read(helperFile) ?? '')) {
      if (
        kind === 'function' &&
        name !== 'main' &&
        !/^(?:test|run)_/.test(name) &&
        !known.has(name) &&
        !available.has(name)
      )
        available.set(name, { file: helperFile, line, text: source });
    }
  }
  const own = new Set((await declarationsOf(text)).filter(({ kind }) => kind === 'function').map(({ name }) => name));
  const wanted = new Map<string, HelperSource>();
  const search = (code: string): void => {
    for (const [name, helper] of available) {
      if (wanted.has(name) || own.has(name) || !new RegExp(`\\b${name}\\b`).test(code)) continue;
      wanted.set(name, helper);
      search(helper.text);
    }
  };
  search(text);
  return [...wanted.values()];
}

const MARKER = /^\/\/ vma-userland:generated ([0-9a-f]{16})$/m;

function markerHash(text: string): string {
  return createHash('sha256').update(text.replace(MARKER, '')).digest('hex').slice(0, 16);
}

/** The text with a line that tells later whether somebody has edited it. */
function withMarker(text: string): string {
  const [first = '', ...rest] = text.split('\n');
  const marked = [first, '// vma-userland:generated 0000000000000000', ...rest].join('\n');
  return marked.replace(MARKER, `// vma-userland:generated ${markerHash(marked)}`);
}

/** Was the file edited since it was generated, or never generated? */
export function editedByHand(text: string): boolean {
  const marker = MARKER.exec(text)?.[1];
  return marker === undefined || marker !== markerHash(text);
}

/** What each tree's headers declare, read once. */
const headers = new WeakMap<KernelTree, Promise<Headers>>();

function headersOf(tree: KernelTree): Promise<Headers> {
  const known = headers.get(tree) ?? readHeaders(tree, recordedHeaders());
  headers.set(tree, known);
  return known;
}

/** A file of the kernel's selftests, which has a harness of its own. */
async function selftest(file: string, text: string, { house }: Options): Promise<Translation> {
  if (house !== null) throw new TreeError(`${file}: is a selftest: --write is for tests of ${FOLDER}`);
  return translateSelftest(file, text);
}

/** The translation of one C file, as prettier writes it. */
export async function translateText(
  tree: KernelTree,
  file: string,
  options: Options,
): Promise<{ text: string; translation: Translation }> {
  const text = readSource(tree, file);
  let translation: Translation;
  try {
    translation = isSelftest(text)
      ? await selftest(file, text, options)
      : await translateC(file, text, await headersOf(tree), await helpersFor(tree, file, text), options);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new TreeError(`${file}:${error.line}: ${error.message}`);
  }
  const { format } = await import('prettier');
  const formatted = await format(translation.code, {
    parser: 'typescript',
    printWidth: 120,
    singleQuote: true,
    trailingComma: 'all',
  });
  return { text: formatted, translation };
}

export async function translateFile(tree: KernelTree, file: string, out: string): Promise<TranslatedFile> {
  const { text, translation } = await translateText(tree, file, { comments: 'all', house: null });
  const name = basename(file, '.c');
  const target = join(out, translation.tests.length > 0 ? `${name}.test.ts` : `${name}.ts`);
  return { source: file, target, text: withMarker(text), translation };
}

/** Writes all files. Throws, with none written, when one was edited by hand, unless `force`. */
export function writeFiles(files: readonly TranslatedFile[], out: string, force: boolean): void {
  const edited = files.filter(({ target }) => existsSync(target) && editedByHand(readFileSync(target, 'utf8')));
  if (edited.length > 0 && !force) {
    const names = edited.map(({ target }) => target).join(', ');
    throw new TreeError(`${names}: edited by hand since it was generated, or never generated; --force overwrites it`);
  }
  makeFolder(out);
  for (const { target, text } of files) writeFileSync(`${target}.new`, text);
  for (const { target } of files) renameSync(`${target}.new`, target);
}

/** Where a name that the port does not have is defined upstream; null if nowhere that tests take names from. */
export async function definitionOf(tree: KernelTree, name: string): Promise<string | null> {
  const folder = join(tree.root, FOLDER);
  const harness = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
        (file) => /\.[ch]$/.test(file) && !file.startsWith('tests/'),
      )
    : [];
  for (const file of [...DEFINING, ...harness.sort().map((one) => `${FOLDER}/${one}`)]) {
    const text = tree.read(file);
    if (text === null || !new RegExp(`\\b${name}\\b`).test(text)) continue;
    const symbol = (await declarationsOf(text)).find((one) => one.name === name);
    if (symbol !== undefined) return `${file}:${symbol.line}`;
    const lines = text.split('\n');
    const field = lines.findIndex((line) =>
      new RegExp(`^\\s+[\\w\\s*]+\\b${name}(?:\\[.*\\]|\\s*:\\s*\\d+)?;`).test(line),
    );
    if (field >= 0) return `${file}:${field + 1}`;
  }
  return null;
}

/** Every name that the port does not have, over all files, with the marks that it makes. */
export function missingNames(files: readonly TranslatedFile[]): Map<string, Mark[]> {
  const all = new Map<string, Mark[]>();
  for (const { translation } of files) {
    for (const [name, marks] of translation.missing) all.set(name, [...(all.get(name) ?? []), ...marks]);
  }
  return all;
}
