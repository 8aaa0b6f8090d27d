// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT, sourceFiles } from './project.js';

const FOLDERS = ['include', 'stubs', 'lib', 'harness', 'tools', 'dev', 'tests'];
const MAX_LINES = 600;

/** Licences that upstream's files carry; a ported file has its original's. */
const SPDX = /^(?:#!.*\n)?\/\/ SPDX-License-Identifier: (?:GPL-2\.0-only|GPL-2\.0|GPL-2\.0\+|GPL-2\.0-or-later)\n/;

/** Ways around the compiler that this project does without. */
const EVASION = /@ts-(?:ignore|nocheck|expect-error)|\bas any\b|<any>|: any\b|\bas unknown as\b/;

/** Paths that exist on one machine only, and registries' names, which say where somebody happened to install from. */
const ONE_MACHINE = /\/(?:home|root|Users)\/\w|\bregistry\.\w+\.\w+/;

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function offenders(files: readonly string[], offends: (content: string) => boolean): string[] {
  return files.filter((file) => offends(read(file)));
}

const sources = sourceFiles(FOLDERS, ['.ts']);

t.test('there are sources to check', async (t) => {
  for (const folder of FOLDERS) {
    t.ok(
      sources.some((file) => file.startsWith(`${folder}/`)),
      folder,
    );
  }
});

t.test('every source file begins with its licence', async (t) => {
  t.same(
    offenders(sources, (content) => !SPDX.test(content)),
    [],
  );
  t.notMatch('// a comment\n// SPDX-License-Identifier: GPL-2.0-only\n', SPDX, 'not first');
  t.notMatch('// SPDX-License-Identifier: MIT\n', SPDX, 'not a licence of the kernel files');
  t.match('#!/usr/bin/env node\n// SPDX-License-Identifier: GPL-2.0-only\n', SPDX);
});

t.test(`no source file has more than ${MAX_LINES} lines`, async (t) => {
  t.same(
    offenders(sources, (content) => content.split('\n').length - 1 > MAX_LINES),
    [],
  );
});

t.test('nothing silences the compiler', async (t) => {
  const own = join('tests', 'house', 'files.test.ts');
  t.same(
    offenders(
      sources.filter((file) => file !== own),
      (content) => EVASION.test(content),
    ),
    [],
  );
  for (const evasion of ['// @ts-ignore', 'x as any', 'let x: any = 1', 'x as unknown as T']) {
    t.match(evasion, EVASION);
  }
});

t.test('no file names a machine or a registry', async (t) => {
  const documents = [
    'README.md',
    'package.json',
    'package-lock.json',
    'Makefile',
    '.npmrc',
    '.ci/run',
    'tsconfig.json',
  ];
  t.same(
    offenders([...sources, ...documents, ...sourceFiles(['docs'], ['.md'])], (content) => ONE_MACHINE.test(content)),
    [],
  );
  t.match(['', 'home', 'someone', 'vma'].join('/'), ONE_MACHINE);
  t.match(['registry', 'example', 'org'].join('.'), ONE_MACHINE);
});

t.test('no test file ends the run of all others', async (t) => {
  // tap takes it as a sign that the file is alone, and ends as soon as nothing waits.
  const ENDS = /^t\.(?:teardown|after|end|endAll|autoend)\(/m;
  t.same(
    offenders(
      sources.filter((file) => file.endsWith('.test.ts')),
      (content) => ENDS.test(content),
    ),
    [],
  );
  t.match('\nt.teardown(() => {});\n', ENDS);
  t.notMatch('  t.teardown(() => {});\n', ENDS, 'within a test it is in its place');
});
