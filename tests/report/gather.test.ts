// SPDX-License-Identifier: GPL-2.0-only
/** What the report is made of, and that nothing in it can break out of its page. */
import t from 'tap';
import { keepFigures, readFigures } from '../../tools/report/figures.js';
import { resultsOf } from '../../tools/report/gather.js';
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
