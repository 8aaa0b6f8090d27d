// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LAYERS } from '../../dev/build/layers.js';
import { readSummary, readThresholds, writeThresholds } from '../../dev/coverage/files.js';
import { complaints, type FileCoverage, raise } from '../../dev/coverage/ratchet.js';
import { hasCode } from '../../dev/coverage/untouched.js';
import { ROOT } from '../house/project.js';

function coverage(lines: number, branches = lines): FileCoverage {
  return { lines, statements: lines, functions: lines, branches };
}

t.test('a file at its threshold or above is no complaint', async (t) => {
  t.same(complaints({ a: coverage(50), b: coverage(100) }, { a: coverage(50), b: coverage(99.99) }), []);
});

t.test('a metric below its threshold is', async (t) => {
  t.same(complaints({ a: coverage(100, 87.5) }, { a: coverage(90, 87.51) }), ['a: branches 87.5 %, threshold 87.51 %']);
  t.equal(complaints({ a: coverage(1) }, { a: coverage(2) }).length, 4, 'each metric is held');
});

t.test('files and thresholds belong together', async (t) => {
  t.match(complaints({ a: coverage(100), b: coverage(100) }, { a: coverage(1) }), [/^b: no threshold yet/]);
  t.match(complaints({ a: coverage(100) }, { a: coverage(1), b: coverage(0) }), [/^b: a threshold, but nothing/]);
});

t.test('thresholds only go up', async (t) => {
  const before = { fell: coverage(80), rose: coverage(80), gone: coverage(80), mixed: coverage(50, 70) };
  const measured = { rose: coverage(90), fell: coverage(70), mixed: coverage(60, 60), added: coverage(12.34) };
  const after = raise(measured, before);
  t.strictSame(after, {
    added: coverage(12.34),
    fell: coverage(80),
    mixed: coverage(60, 70),
    rose: coverage(90),
  });
  t.same(Object.keys(after), ['added', 'fell', 'mixed', 'rose'], 'in order, so that a rise is a small change');
  t.equal(complaints(measured, after).length, 5, 'what fell is still a complaint');
});

t.test('the thresholds file', async (t) => {
  const path = join(t.testdir(), 'thresholds.json');
  writeThresholds(path, { a: coverage(12.5) });
  t.strictSame(readThresholds(path), { a: coverage(12.5) });
  const broken: [string, RegExp][] = [
    ['[]', /not a JSON object/],
    ['{"a": 5}', /a: lines is undefined, not a percentage/],
    ['{"a": {"lines": 1, "statements": 1, "functions": 1, "branches": "all"}}', /branches is all/],
    ['{"a": {"lines": 101}}', /lines is 101/],
  ];
  for (const [content, message] of broken) {
    const file = join(t.testdir({ 'broken.json': content }), 'broken.json');
    t.throws(() => readThresholds(file), { message });
  }
  t.throws(() => readThresholds(`${path}.missing`), { code: 'ENOENT' });
});

t.test("istanbul's summary", async (t) => {
  const of = (total: number, pct: number | string): object => ({ total, pct });
  const entry = { lines: of(4, 50), statements: of(3, 33.33), functions: of(2, 0), branches: of(0, '') };
  const root = t.testdir();
  const summary = { total: entry, 'lib/a.ts': entry, [join(root, 'lib/b.ts')]: entry };
  const path = join(t.testdir({ 'summary.json': JSON.stringify(summary) }), 'summary.json');
  const expected = { lines: 50, statements: 33.33, functions: 0, branches: 100 };
  t.strictSame(readSummary(path, root), { 'lib/a.ts': expected, 'lib/b.ts': expected });
});

t.test('all that ships is measured, and what keeps it up: every folder but that of the tests', async (t) => {
  const { include, exclude }: { include: string[]; exclude: string[] } = JSON.parse(
    readFileSync(join(ROOT, '.c8rc.json'), 'utf8'),
  );
  t.same(exclude, []);
  const measured: readonly string[] = LAYERS.filter((folder) => folder !== 'tests');
  t.same(
    include,
    measured.map((folder) => `dist/${folder}/**/*.js`),
  );
  const { files }: { files: string[] } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const shipped = files.filter((name) => name.startsWith('dist/')).map((name) => name.slice('dist/'.length));
  t.same(
    shipped.filter((folder) => !measured.includes(folder)),
    [],
  );
  t.ok(shipped.includes('harness'));
});

t.test('a module of types has no code', async (t) => {
  t.notOk(hasCode('// licence\n/* two\n lines */\nexport {};\n//# sourceMappingURL=a.js.map'));
  t.notOk(hasCode(''));
  t.ok(hasCode('export {};\nrun();'));
  t.ok(hasCode("export * from './a.js';\n"));
  t.ok(hasCode('#!/usr/bin/env node\nrun();'));
});
