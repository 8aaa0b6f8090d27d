// SPDX-License-Identifier: GPL-2.0-only
/** README.md: its first test does what it says, and what it leads to is there. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Finished, ROOT, runNode } from '../house/project.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SECTION = /^## Write a test\n(.*?)^## /ms.exec(README)?.[1] ?? '';

/** The first block of that section in a language. */
function block(language: string): string {
  const blocks = [...SECTION.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.find(([, own]) => own === language)?.[2] ?? '';
}

/** Runs the test as it stands there; it has no types that would have to go. */
function runTest(source: string): Finished {
  const here = source.replace("'../../lib/", "'./dist/lib/").replace("'../harness/", "'./dist/harness/");
  return runNode(['--input-type=module', '-e', here]);
}

t.test('the first test fails as it says, and passes as it says', async (t) => {
  const source = block('ts');
  const output = block('');
  t.match(output, /^ {4}not ok 1 /);
  const failed = runTest(source);
  t.equal(failed.status, 1);
  t.ok(failed.stdout.includes(output), failed.stdout);
  const mended = source.replace('map_count, 3)', 'map_count, 2)');
  t.not(mended, source);
  t.equal(runTest(mended).status, 0);
});

t.test('links lead to files', async (t) => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path = '']) => path);
  t.ok(links.includes('docs/report.png'));
  t.same(
    links.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  t.ok(statSync(join(ROOT, 'docs/report.png')).size < 100_000, 'the picture is kept small');
});
