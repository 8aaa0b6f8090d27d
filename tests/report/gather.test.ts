// SPDX-License-Identifier: GPL-2.0-only
/** What the report is made of, and that nothing in it can break out of its page. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { commitOf, keepFigures, readFigures } from '../../dev/report/figures.js';
import {
  copyPages,
  coverageMeasured,
  figures,
  functionCoverage,
  joinParts,
  namesOf,
  runTests,
  withFiles,
} from '../../dev/report/gather.js';
import type { ProjectData, ReportData, TestResult } from '../../tools/report/data.js';
import { escapeHtml } from '../../tools/report/html.js';
import { pageOf } from '../../tools/report/page.js';
import { ROOT, runCommand, runNode } from '../house/project.js';

/** A report of this project with nothing in it but what is given. */
function projectReport(given: Partial<ProjectData>): ReportData {
  const project = { review: [], bugs: [], coverage: [], coverageMeasured: null, figures: {}, ...given };
  return { made: 'now', kernel: '7.2', of: 'all tests', tests: [], project };
}

t.test('names and data stay text', async (t) => {
  t.equal(escapeHtml('<a href="x">&'), '&lt;a href=&quot;x&quot;&gt;&amp;');
  const test = {
    name: '</script><b>',
    file: '',
    result: 'ok' as const,
    reason: '',
    milliseconds: 1,
    failures: [],
    parts: [],
  };
  const coverage = [
    { upstream: 'mm/vma.c', name: 'f<1>', home: 'lib/f.ts', line: 12, lines: 4, reached: 3 },
    { upstream: 'mm/vma.c', name: 'g', home: 'lib/g.ts', line: 1, lines: 0, reached: 0 },
  ];
  const data = {
    made: 'now',
    kernel: '7.2',
    of: 'tests <of> mine',
    tests: [test, { ...test, file: 'tests/review/a.test.ts', name: 'the matrix' }],
    project: {
      review: [
        ['defect', 'v1'],
        ['<x>', 'clean'],
        ['y', 'WARN: here'],
      ],
      bugs: [
        ['bug', 'here', 'by'],
        ['A<1>', 'yes', 'the matrix: leak (tests/review/a.test.ts)'],
        ['A2', 'yes', 'another (tests/review/a.test.ts)'],
      ],
      coverage,
      coverageMeasured: { date: '2026-01-02', commit: 'abc', stale: true },
      figures: {},
    },
  };
  const page = pageOf(data, 'a{}', 'run()');
  t.equal(page.match(/<\/script>/g)?.length, 2, 'the two of the page itself');
  t.match(page, '2 tests: 2 passed, 0 failed<');
  t.match(page, 'tests &lt;of&gt; mine; Linux 7.2');
  t.match(page, 'Measured 2026-01-02 of commit abc, which is not the one reported here.');
  t.match(page, '<a href="coverage/lib/f.ts.html#L12">f&lt;1&gt;</a>');
  t.match(page, '</meter> 75 %</td><td class="number">3 of 4</td>');
  t.match(page, '1 functions reached whole');
  t.match(
    page,
    '<th scope="row">&lt;x&gt;</th><td class="clean"><a href="#test=tests%2Freview%2Fa.test.ts%3A%20the%20matrix">clean</a></td>',
  );
  t.match(
    page,
    '<th scope="row">A&lt;1&gt;</th><td>yes</td><td><a href="#test=tests%2Freview%2Fa.test.ts%3A%20the%20matrix">the matrix: leak (tests/review/a.test.ts)</a></td>',
  );
  t.match(page, '<td>another (tests/review/a.test.ts)</td>', 'a test that is not in the report');
  t.match(page, /<td class="found"><a [^>]*>WARN: here<\/a><\/td>/);
  t.notMatch(
    pageOf({ ...data, project: null }, '', ''),
    /id="review"|id="bugs"|id="coverage"|id="figures"/,
    'of somebody else',
  );
  t.match(page, '2 functions of upstream live here; tests reach 3 of their 4 lines');

  t.match(
    page,
    '<th scope="row">mm/vma.c</th><td class="number">2</td><td class="number">75 %</td><td class="number">3 of 4</td>',
    'by file',
  );

  const results = (['not ok', 'skip', 'todo'] as const).map((result) => ({ ...test, result }));
  t.match(pageOf({ ...data, tests: results }, '', ''), 'bad">3 tests: 0 passed, 1 failed, 1 skipped, 1 to be done<');
});

t.test('an empty section says which command fills it', async (t) => {
  const page = pageOf(projectReport({}), '', '');
  for (const command of [
    'npm run review',
    'npm run bugs',
    'npm run coverage',
    'npm run bench',
    'npm run conform -- --kernel TREE',
  ]) {
    t.match(page, `<code>${command}</code>`);
  }
  t.match(
    pageOf(projectReport({ figures: { bench: { results: [] }, conform: { vma: 'x' } } }), '', ''),
    'npm run bench',
  );
});

t.test('figures as they were measured', async (t) => {
  const results = [
    {
      load: 'split',
      n: 1000,
      nsPerOp: 2345.6,
      heapBytesPerVma: 300,
      others: { '-O2': { nsPerOp: 789, ratio: 2.973 } },
    },
    { load: 'merge', n: 10, nsPerOp: 1.234, others: {} },
  ];
  const figures = { bench: { results }, conform: { vma: ['1,000 operations: no <difference>'], tree: ['another'] } };
  const page = pageOf(projectReport({ figures }), '', '');
  t.match(page, 'When this was measured, and of which commit, is unknown.');
  t.match(page, '<th scope="col">port / -O2</th>');
  t.match(
    page,
    /<th scope="row">split<\/th><td class="number">1,000<\/td><td class="number">2,346<\/td><td class="number">789<\/td><td class="number">2.97<\/td><td class="number">300<\/td>/,
  );
  t.match(page, /merge<\/th><td class="number">10<\/td><td class="number">1.23<\/td><td class="number">–<\/td>/);
  t.match(page, '<li>1,000 operations: no &lt;difference&gt;</li><li>another</li>');
  const alone = { bench: { results: [{ load: 'split', n: 1, nsPerOp: 1, heapBytesPerVma: null }] } };
  t.match(pageOf(projectReport({ figures: alone }), '', ''), 'split</th>');
});

t.test('parts belong to the test whose name theirs begins with', async (t) => {
  const root = t.testdir({ tests: { 'a.test.ts': "test('one', (t) => {\n  act();\n" } });
  const place = { file: 'tests/a.test.ts', line: 2 };
  const seen = {
    steps: [{ at: 'assertion', place, operation: null, locks: [], vmas: [] }],
    hooks: [],
    notes: [],
    failures: [],
    file: 'tests/a.test.ts',
    milliseconds: 1,
    todo: '',
  };
  const result = { file: 'tests/a.test.ts', result: 'ok' as const, reason: '', milliseconds: 1, failures: [] };
  const joined = joinParts(
    root,
    [
      { ...result, name: 'one' },
      { ...result, name: 'one more' },
    ],
    [
      { ...seen, name: 'one > inner' },
      { ...seen, name: 'one' },
      {
        ...seen,
        name: 'one more',
        steps: [{ at: '', place: { file: 'tests/gone.ts', line: 1 }, operation: null, locks: [], vmas: [] }],
      },
      { ...seen, name: 'one > silent', steps: [] },
    ],
  );
  t.same(
    joined.map(({ name, parts }) => [name, ...parts.map((part) => part.name)]),
    [
      ['one', 'inner', ''],
      ['one more', ''],
    ],
    'and one that shows nothing is left out',
  );
  t.same(joined[0]?.parts[1]?.timeline.rows[0]?.code, ["test('one', (t) => {", '  act();']);
  t.same(joined[1]?.parts[0]?.timeline.rows[0]?.code, []);
});

t.test('figures stay until they are measured again', async (t) => {
  const folder = `${t.testdir({})}/figures`;
  t.equal(readFigures('conform', folder), null);
  keepFigures('conform', { tree: ['a'] }, folder);
  keepFigures('conform', { vma: ['b'] }, folder);
  keepFigures('conform', { tree: ['c'] }, folder);
  const kept = readFigures('conform', folder);
  t.match(kept, {
    tree: ['c'],
    vma: ['b'],
    measured: { date: /^\d{4}-\d\d-\d\d$/, commit: /^[0-9a-f]{7,}\+?$|^unknown$/ },
  });
  t.same(Object.keys(kept ?? {}), ['tree', 'measured', 'vma']);
});

t.test('coverage of upstream’s functions, the worst first', async (t) => {
  const lcov = [
    'SF:lib/a.ts',
    'FN:1,good',
    'FN:10,better',
    'DA:1,1',
    'DA:2,0',
    'DA:10,3',
    'FN:20,tie',
    'DA:20,1',
    'DA:21,1',
    'DA:22,0',
    'DA:23,0',
    'FN:30,empty',
    'FN:40,loaded',
    'FNDA:0,loaded',
    'FNDA:2,tie',
    'DA:40,1',
    'DA:41,0',
    'end_of_record',
    'TN:',
    'SF:lib/b.ts',
    'FN:5,worst',
    'DA:6,0',
    'end_of_record',
  ].join('\n');
  const rows = [
    '| `loaded` | function | `lib/a.ts` |  |',
    '| `empty` | function | `lib/a.ts` |  |',
    '| `good` | function | `lib/a.ts` |  |',
    '| `tie` | function | `lib/a.ts` |  |',
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
    ['loaded 0/2', 'worst 0/1', 'tie 2/4', 'good 1/2', 'best 1/1', 'empty 0/0'],
  );
  copyPages(root, null);
  t.notOk(existsSync(join(root, 'out/coverage')), 'a report of one file');
  copyPages(root, join(root, 'out'));
  t.equal(readFileSync(join(root, 'out/coverage/index.html'), 'utf8'), 'c8');

  const bare = join(root, 'docs');
  t.same(functionCoverage(bare), []);
  copyPages(bare, bare);
  t.notOk(existsSync(join(root, 'docs/coverage')));
});

t.test('figures go to another folder if one is named', async (t) => {
  const folder = t.testdir({});
  const args = ['dist/dev/bench/bench.js', '--sizes', '10', '--ops', '10', '--rounds', '1'];
  const { status } = runNode(args, { env: { VMA_FIGURES: folder } });
  t.equal(status, 0);
  t.ok(readFigures('bench', folder), 'where it was told to');
});

t.test('coverage by upstream file, the longest first', async (t) => {
  const one = (upstream: string, name: string, lines: number, reached: number) => ({
    upstream,
    name,
    home: 'lib/mm/x.ts',
    line: 7,
    lines,
    reached,
  });
  const coverage = [
    one('mm/vma.h', 'short_one', 2, 2),
    one('mm/vma.c', 'first', 10, 5),
    one('mm/vma.c', 'second', 10, 10),
  ];
  const page = pageOf(projectReport({ coverage }), '', '');
  const files = page.slice(page.indexOf('By upstream file'));
  t.ok(files.indexOf('mm/vma.c') < files.indexOf('mm/vma.h'), 'the longer file first');
  t.match(files, '75 %');
  t.match(files, '15 of 20');
  t.match(page, 'tests reach 17 of their 22 lines');
  t.match(page, 'coverage/lib/mm/x.ts.html#L7');
});

/** A folder outside of the project's checkout, gone after the test. */
function outside(t: Test): string {
  const root = mkdtempSync(join(tmpdir(), 'vma-gather-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  return root;
}

/** A checkout of one file, at its first commit. */
function checkout(t: Test): string {
  const root = outside(t);
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@localhost', '-c', 'commit.gpgsign=false'];
    t.equal(runCommand('git', [...identity, ...args], { cwd: root }).status, 0, args.join(' '));
  };
  git('init', '-q');
  writeFileSync(join(root, 'a.txt'), 'a\n');
  git('add', 'a.txt');
  git('commit', '-q', '-m', 'first');
  return root;
}

t.test('the commit of a checkout, and that it was edited', async (t) => {
  t.equal(commitOf(outside(t)), 'unknown');
  t.equal(commitOf('/nonexistent'), 'unknown');
  const root = checkout(t);
  const commit = commitOf(root);
  t.match(commit, /^[0-9a-f]{7,}$/);
  writeFileSync(join(root, 'b.txt'), 'nobody follows it');
  t.equal(commitOf(root), commit);
  writeFileSync(join(root, 'a.txt'), 'b\n');
  t.equal(commitOf(root), `${commit}+`);
});

t.test('figures and coverage of another commit are stale', async (t) => {
  const root = checkout(t);
  const commit = commitOf(root);
  const folder = t.testdir({
    'bench.json': JSON.stringify({ results: [], measured: { date: '2026-01-02', commit } }),
    'conform.json': JSON.stringify({ vma: 'x', measured: { date: '2026-01-02', commit: 'abcdefg' } }),
  });
  t.same(figures(root, folder), {
    bench: { results: [], measured: { date: '2026-01-02', commit, stale: false } },
    conform: { vma: 'x', measured: { date: '2026-01-02', commit: 'abcdefg', stale: true } },
  });
  writeFileSync(join(folder, 'bench.json'), '{"results": [1]}');
  writeFileSync(join(folder, 'conform.json'), '5');
  t.same(figures(root, folder), { bench: { results: [1] } }, 'nobody knows of what, and what are no figures');

  t.equal(coverageMeasured(root), null);
  const measured = t.testdir({ coverage: { 'measured.json': '{"date": "2026-01-02", "commit": "abcdefg"}' } });
  t.same(coverageMeasured(measured), { date: '2026-01-02', commit: 'abcdefg', stale: true });
});

t.test('results belong to files in the order in which they came, but for what a filter left out', async (t) => {
  const result = (name: string, more: Partial<TestResult> = {}): TestResult => {
    const all = { name, file: '', result: 'ok' as const, reason: '', milliseconds: 1, failures: [] };
    return { ...all, ...more };
  };
  const results = [
    result('a'),
    result('b', { result: 'skip', reason: 'filter: /a/' }),
    result('c', { result: 'skip', reason: 'no kernel tree' }),
    result('d'),
  ];
  t.same(
    withFiles(results, ['tests/a.test.ts', 'tests/c.test.ts']).map(({ name, file }) => [name, file]),
    [
      ['a', 'tests/a.test.ts'],
      ['c', 'tests/c.test.ts'],
      ['d', ''],
    ],
  );
});

t.test('what was recorded by another file is still shown, where its own has recorded nothing', async (t) => {
  const seen = {
    steps: [{ at: 'assertion', place: null, operation: null, locks: [], vmas: [] }],
    hooks: [],
    notes: ['a note'],
  };
  const recorded = [{ ...seen, name: 'one', file: 'tests/b.test.ts', milliseconds: 1, todo: '', failures: [] }];
  const result = { name: 'one', result: 'ok' as const, reason: '', milliseconds: 1, failures: [] };
  const parts = (file: string): number => joinParts(ROOT, [{ ...result, file }], recorded)[0]?.parts.length ?? -1;
  t.equal(parts('tests/b.test.ts'), 1);
  t.equal(parts('tests/a.test.ts'), 1);
  t.equal(joinParts(ROOT, [{ ...result, name: 'on', file: 'tests/b.test.ts' }], recorded)[0]?.parts.length, 0);
});

t.test('a run says on a terminal how far it is, and what it was asked for', async (t) => {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  const found = await runTests(ROOT, ['tests/mm/mmap_state.test.ts'], { isTTY: true, write });
  if (typeof found === 'string') throw new Error(found);
  t.same(
    found.map(({ file, result }) => [file, result]),
    [
      ['tests/mm/mmap_state.test.ts', 'ok'],
      ['tests/mm/mmap_state.test.ts', 'ok'],
    ],
  );
  t.equal(written.at(-2), '\r2 tests');
  t.equal(written.at(-1), '\n');
  written.length = 0;
  const none = await runTests(ROOT, ['tests/nowhere.test.ts'], { isTTY: false, write });
  t.match(none, /tests\/nowhere\.test\.ts/, 'why there are none');
  t.same(written, []);
  t.equal(namesOf([]), 'all tests');
  t.equal(namesOf(['tests/mm', 'tests/tree']), 'tests/mm, tests/tree');
});
