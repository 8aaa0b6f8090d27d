// SPDX-License-Identifier: GPL-2.0-only
/** README.md: its first test does what it says, and what it leads to is there. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { type Finished, ROOT, runNode } from '../house/project.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SECTION = /^## Write a test\n(.*?)^## /ms.exec(README)?.[1] ?? '';

/** The first block of that section in a language. */
function block(language: string): string {
  const blocks = [...SECTION.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.find(([, own]) => own === language)?.[2] ?? '';
}

/** Runs the test as it stands there; it has no types that would have to go. */
function runTest(t: Test, source: string): Finished {
  const here = source.replaceAll("'../../", `'${pathToFileURL(join(ROOT, 'dist')).href}/`);
  return runNode([join(t.testdir({ 'first.test.mjs': here }), 'first.test.mjs')]);
}

t.test('the first test fails as it says, and passes as it says', async (t) => {
  const source = block('ts');
  const output = block('');
  t.match(output, /^ {4}not ok 1 /);
  const failed = runTest(t, source);
  t.equal(failed.status, 1);
  t.ok(failed.stdout.includes(output), failed.stdout);
  const mended = source.replace('map_count, 3)', 'map_count, 2)');
  t.not(mended, source);
  t.equal(runTest(t, mended).status, 0);
});

t.test('links lead to files', async (t) => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
  t.ok(links.includes('docs/report.png'));
  t.same(
    links.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  t.ok(statSync(join(ROOT, 'docs/report.png')).size < 100_000, 'the picture is kept small');
});
