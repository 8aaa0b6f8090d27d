// SPDX-License-Identifier: GPL-2.0-only
/**
 * C tests written to be hard to translate: about half of them fail in C, for reasons that a translation by the look of it
 * does not see. Each ends here as it does in C, or is marked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compareVerdicts } from '../../dev/port/compare.js';
import { runInC, type Verdicts } from '../../dev/port/in_c.js';
import { runTranslated } from '../../dev/port/translated.js';
import { ROOT } from '../house/project.js';
import { SMALL_TREE } from './workshop.js';

const FOLDER = join(ROOT, 'tests/data/port/hard');
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.c'))
  .sort()
  .map((name) => join(FOLDER, name));

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
}

/** How they end in C; `npm run hard -- --kernel TREE --json tests/data/port/hard/*.c` writes it. */
const verdicts = readJson<Verdicts>('verdicts.json');
const all = Object.values(verdicts).flatMap((tests) => Object.entries(tests));

t.test('a verdict for each test of each file, and many of them that fail', async (t) => {
  const counted = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^\tTEST\((\w+)\);$/gm)].map(([, name]) => name),
  );
  t.same(all.map(([name]) => name).sort(), counted.sort());
  t.ok(all.length >= 150, `${all.length} tests`);
  const failing = all.filter(([, verdict]) => verdict.startsWith('not')).length;
  t.ok(failing > all.length / 3 && failing < all.length / 2 + 1, `${failing} fail`);
});

const kernel = process.env.KERNEL;
t.test('the verdicts are those of the kernel’s harness', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  t.same(runInC(kernel ?? '', files), verdicts);
});

t.test('translated, each ends as in C or is marked', async (t) => {
  const { status, said, complaints, outcomes } = runTranslated(SMALL_TREE, files);
  const { lines, marked } = compareVerdicts(verdicts, outcomes);
  t.same(
    lines.filter((line) => line.startsWith('!')),
    [],
    'no disagreement',
  );
  t.ok(marked.length * 5 <= all.length, `${marked.length} of ${all.length} marked: ${marked.join(' ')}`);
  t.ok(status === 0 || status === 1, said);
  t.equal(complaints, '', 'what comes out compiles');
});
