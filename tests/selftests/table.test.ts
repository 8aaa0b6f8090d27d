// SPDX-License-Identifier: GPL-2.0-only
/** The table of the selftests is what the test files say, and what the kernel's own files have. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { casesInC, FILES, harnessCases, plannedCases, portedCases, SELFTESTS } from '../../dev/selftests/cases.js';
import { rowsOf, type SelftestTable, tableOf, tellVerdicts, withSelftests } from '../../dev/selftests/table.js';
import { ROOT } from '../house/project.js';

const table: SelftestTable = JSON.parse(readFileSync(join(ROOT, 'tests/selftests/table.json'), 'utf8'));
const entries = portedCases(join(ROOT, 'dist/tests/selftests'));

t.test('what is recorded is what the test files have: `npm run selftests -- --record` writes it anew', async (t) => {
  const now = rowsOf(entries, []).map(({ verdicts: _none, ...row }) => row);
  t.same(
    table.files.map(({ verdicts: _some, ...row }) => row),
    now,
  );
  for (const { file, run, verdicts } of table.files) {
    const { port } = verdicts;
    t.ok(port, file);
    if (port !== undefined) t.equal(port.pass + port.skip + port.xfail, run, `${file}: all of them on the port`);
  }
});

t.test('at least 200 cases run here, and docs/upstream.md says what is left out', async (t) => {
  t.ok(table.files.reduce((sum, { run }) => sum + run, 0) >= 200);
  const document = readFileSync(join(ROOT, 'docs/upstream.md'), 'utf8');
  t.equal(withSelftests(document, table.files), document);
  t.throws(() => withSelftests('nothing', table.files), /no place for the selftests/);
  for (const { name } of table.files.flatMap(({ left_out }) => left_out)) t.match(document, `\`${name}\``);
});

t.test('the table in words', async (t) => {
  const [row] = rowsOf(
    [
      { file: 'merge.c', name: 'a', left_out: null },
      { file: 'merge.c', name: 'b', left_out: 'no uprobes' },
    ],
    [{ file: 'merge.c', name: 'a', backend: 'port', verdict: 'pass', reason: '' }],
  );
  if (row === undefined) throw new Error('no row');
  t.match(tableOf([row]), '| `merge.c` | 2 | 1 | 1 | 1 |');
  t.match(tableOf([row, row]), '| all | 4 | 2 | 2 | 2 |');
  t.equal(tellVerdicts({ pass: 5, fail: 1, skip: 2, xfail: 3 }), '5, 3 expected to fail, 2 skipped, 1 FAILED');
});

t.test('cases of a file of C', async (t) => {
  const source = `
    /* TEST(no) { } */
    FIXTURE_VARIANT_ADD(f, one) { .x = 1, };
    FIXTURE_VARIANT_ADD(f, two) { };
    TEST_F(f, a) { }
    TEST_F(g, b) { }
    TEST(c)
    { }`.replace(/^ {4}/gm, '');
  t.same(harnessCases(source), ['global.c', 'f.one.a', 'f.two.a', 'g.b']);
  t.equal(casesInC(source), 4);
  t.equal(plannedCases('ksft_set_plan(15);'), 15);
  t.equal(
    plannedCases('#define N 3\nstruct test cases[N];\nint more = 2;\nksft_set_plan(ARRAY_SIZE(cases) + more);'),
    5,
  );
  t.equal(plannedCases('int n = 16;\nif (dirty)\n\tn += 5;\nksft_set_plan(n);'), 21);
  t.equal(plannedCases('int n = 1;\nksft_set_plan(n + (perf ? ARRAY_SIZE(other) : 0));'), 1);
  t.throws(() => plannedCases('ksft_set_plan(unheard_of);'), /unheard_of: its value/);
});

const kernel = process.env.KERNEL;
t.test(
  'all cases of the kernel are here, or left out by name',
  { skip: kernel ? false : 'KERNEL is not set' },
  async (t) => {
    if (kernel === undefined) return;
    for (const file of FILES) {
      const path = join(kernel, SELFTESTS, file);
      if (!existsSync(path)) {
        t.comment(`${path} is not there`);
        continue;
      }
      const source = readFileSync(path, 'utf8');
      const own = entries.filter((entry) => entry.file === file).map(({ name }) => name);
      const named = harnessCases(source);
      if (named.length > 0) t.same([...own].sort(), [...named].sort(), file);
      else t.equal(own.length, plannedCases(source), file);
    }
  },
);
