// SPDX-License-Identifier: GPL-2.0-only
/** What the report is made of, and that nothing in it can break out of its page. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { keepFigures, readFigures } from '../../tools/report/figures.js';
import { copyPages, functionCoverage, resultsOf } from '../../tools/report/gather.js';
import { escapeHtml, pageOf } from '../../tools/report/page.js';

t.test('results of a run', async (t) => {
  const tap = [
    'ok 1 - first # time=3.5ms',
    '    not ok 1 - inner',
    'not ok 2 - second \\# two # time=1ms',
    'ok 3 - third # SKIP why',
    'not ok 4 - fourth # TODO later',
  ].join('\n');
  t.same(
    resultsOf(tap).map(({ name, result, milliseconds }) => [name, result, milliseconds]),
    [
      ['first', 'ok', 3.5],
      ['second # two', 'not ok', 1],
      ['third', 'skip', null],
      ['fourth', 'todo', null],
    ],
  );
});

t.test('names and data stay text', async (t) => {
  t.equal(escapeHtml('<a href="x">&'), '&lt;a href=&quot;x&quot;&gt;&amp;');
  const test = { name: '</script><b>', result: 'ok' as const, milliseconds: 1, parts: [] };
  const coverage = [
    { upstream: 'mm/vma.c', name: 'f<1>', home: 'lib/f.ts', lines: 4, reached: 3 },
    { upstream: 'mm/vma.c', name: 'g', home: 'lib/g.ts', lines: 0, reached: 0 },
  ];
  const data = {
    made: 'now',
    kernel: '7.2',
    tests: [test],
    review: [
      ['defect', 'v1'],
      ['<x>', 'clean'],
    ],
    coverage,
    figures: { bench: { a: '<b>' } },
  };
  const page = pageOf(data, 'a{}', 'run()');
  t.equal(page.match(/<\/script>/g)?.length, 2, 'the two of the page itself');
  t.match(page, '<td>75 %</td><td><a href="coverage/lib/f.ts.html">f&lt;1&gt;</a></td>');
  t.match(page, '<td>100 %</td>');
  t.match(page, '&lt;x&gt;');
  const empty = pageOf({ ...data, coverage: [], figures: {} }, '', '');
  t.match(empty, 'npm run coverage');
  t.match(empty, 'npm run bench');
});

t.test('figures stay until they are measured again', async (t) => {
  const folder = `${t.testdir({})}/figures`;
  t.equal(readFigures('conform', folder), null);
  keepFigures('conform', { tree: ['a'] }, folder);
  keepFigures('conform', { vma: ['b'] }, folder);
  keepFigures('conform', { tree: ['c'] }, folder);
  t.same(readFigures('conform', folder), { tree: ['c'], vma: ['b'] });
});

t.test('coverage of upstream’s functions, the worst first', async (t) => {
  const lcov = [
    'SF:lib/a.ts',
    'FN:1,good',
    'FN:10,better',
    'DA:1,1',
    'DA:2,0',
    'DA:10,3',
    'end_of_record',
    'TN:',
    'SF:lib/b.ts',
    'FN:5,worst',
    'DA:6,0',
    'end_of_record',
  ].join('\n');
  const rows = [
    '| `good` | function | `lib/a.ts` |  |',
    '| `best` | function | `lib/a.ts` as `better` |  |',
    '| `worst` | function | `lib/b.ts` |  |',
  ];
  const document = [
    '## `mm/vma.c`',
    ...rows,
    '| `gone` | function | — | why |',
    '| `LIMIT` | macro | `lib/a.ts` |  |',
  ].join('\n');
  const root = t.testdir({
    coverage: { 'lcov.info': lcov, 'index.html': 'c8' },
    docs: { 'upstream.md': document },
    out: {},
  });
  t.same(
    functionCoverage(root).map(({ name, reached, lines }) => `${name} ${reached}/${lines}`),
    ['worst 0/1', 'good 1/2', 'best 1/1'],
  );
  copyPages(root, join(root, 'out'));
  t.equal(readFileSync(join(root, 'out/coverage/index.html'), 'utf8'), 'c8');

  const bare = join(root, 'docs');
  t.same(functionCoverage(bare), []);
  copyPages(bare, bare);
  t.notOk(existsSync(join(root, 'docs/coverage')));
});
