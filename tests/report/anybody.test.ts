// SPDX-License-Identifier: GPL-2.0-only
/** `vma-userland report`: of somebody else's tests, under any runner, and of traces. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { ReportedTest } from '../../tools/report/data.js';
import { type Finished, ROOT, runNode } from '../house/project.js';

const CLI = join(ROOT, 'dist/tools/cli.js');
const from = (path: string): string => pathToFileURL(join(ROOT, 'dist', path)).href;

const OWN = `import { test } from '${from('harness/index.js')}';
import { mk_vma_flags, mmap_region, VMA_READ_BIT } from '${from('lib/index.js')}';
test('mine', (t) => {
  t.ASSERT_EQ(mmap_region(null, 0x10000, 0x4000, mk_vma_flags(VMA_READ_BIT), 0x10, null), 0x10000);
  t.subtest('inner', (t) => t.ASSERT_TRUE(process.env.FAIL === undefined));
  t.unmapAll();
});
`;

function report(cwd: string, args: readonly string[], env: Record<string, string> = {}): Finished {
  return runNode([CLI, 'report', ...args], { cwd, env });
}

/** The tests in a page. */
function testsIn(page: string): ReportedTest[] {
  const [, data = '[]'] = /id="data">(.*?)<\/script>/s.exec(readFileSync(page, 'utf8')) ?? [];
  return JSON.parse(data);
}

t.test('tests of somebody else', async (t) => {
  const cwd = t.testdir({ 'a.test.js': OWN, 'b.test.js': OWN });
  const page = join(cwd, 'report/index.html');
  const good = report(cwd, ['--', process.execPath, 'a.test.js']);
  t.equal(good.status, 0, good.stderr);
  t.equal(good.stdout, `${page}: 1 test, 0 failed\n`);
  const [mine] = testsIn(page);
  t.match(mine, { name: 'mine', file: 'a.test.js', result: 'ok', failures: [] });
  const [row] = mine?.parts[0]?.timeline.rows ?? [];
  t.match(row?.operation, /^mmap_region\(.*len=0x4000.*\) = 0x10000$/);
  t.same(row?.place, { file: 'a.test.js', line: 4 });
  t.same(row?.locks, ['mmap_lock']);
  t.match(row?.changes, [/^\+ VMA #1 0x10000-0x14000: mapped/]);

  const bad = report(cwd, ['--single', 'one.html', '--', process.execPath, '--test', '.'], { FAIL: '1' });
  t.equal(bad.status, 1, bad.stderr);
  t.match(bad.stdout, 'one.html: 2 tests, 2 failed', 'of two processes');
  t.same(
    testsIn(join(cwd, 'one.html')).map(({ name, file, result, failures }) => [name, file, result, failures[0]?.path]),
    ['a.test.js', 'b.test.js'].map((file) => [
      'mine',
      file,
      'not ok',
      'mine > inner > ASSERT_TRUE(process.env.FAIL === undefined)',
    ]),
  );
  t.same(readdirSync(cwd).sort(), ['a.test.js', 'b.test.js', 'one.html', 'report']);
});

t.test('what cannot be reported', async (t) => {
  const cwd = t.testdir({
    'a.test.js': "import { writeFileSync } from 'node:fs';\nwriteFileSync('ran', '');\n",
    mine: { kept: '' },
  });
  const cases: [string[], RegExp][] = [
    [[], /give traces, or -- and a command/],
    [['--', process.execPath, '-e', '0'], /ended with status 0, and no test of vma-userland\/test ran/],
    [['--', '/nonexistent'], /\/nonexistent: .*ENOENT/],
    [['gone.trace'], /gone\.trace: ENOENT/],
    [['--single', '', '--', process.execPath, 'a.test.js'], /--single: no file is named/],
    [['--single', '/proc/x/y.html', '--', process.execPath, 'a.test.js'], /--single .*cannot be written/],
    [['--out', '/proc/x', '--', process.execPath, 'a.test.js'], /--out \/proc\/x: cannot be written/],
    [['--out', 'mine', '--', process.execPath, 'a.test.js'], /mine is there, and is no report/],
    [['--single', 'mine/kept', '--', process.execPath, 'a.test.js'], /mine\/kept is there, and is no report/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = report(cwd, args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '');
  }
  t.notOk(existsSync(join(cwd, 'ran')), 'refused before anything runs');
});

t.test('a trace of system calls: each call, the hooks of drivers, the first of several processes', async (t) => {
  const calls = ['process 1', 'driver 1', 'mmap 10000 4000 3 11 3 0', 'fork', 'munmap 11000 1000', 'show'];
  const cwd = t.testdir({ 'c.trace': `${calls.join('\n')}\n` });
  t.equal(report(cwd, ['c.trace']).status, 0);
  const [trace] = testsIn(join(cwd, 'report/index.html'));
  const rows = trace?.parts[0]?.timeline.rows ?? [];
  t.equal(rows[4]?.operation, 'munmap 11000 1000 → 0');
  t.same(
    rows.map(({ vmas }) => vmas.length),
    [0, 0, 1, 1, 2, 2],
  );
  t.same(
    rows.map(({ calls }) => calls.map(({ hook }) => hook)),
    [...[[], [], ['mmap_prepare'], ['open'], ['open', 'open', 'close'], []]],
  );
});

t.test('a trace of a tree: its answers as steps, and a difference side by side', async (t) => {
  const cwd = t.testdir({ 't.trace': 'store 10 20 3\nload 15\nload 30\n' });
  const alone = report(cwd, ['t.trace']);
  t.equal(alone.status, 0, alone.stderr);
  const [trace] = testsIn(join(cwd, 'report/index.html'));
  const operations = trace?.parts.map(({ timeline }) => timeline.rows.map(({ operation }) => operation));
  t.match(operations, [[/^store 10 20 3 → 0 index=10 last=20/, /^load 15 → 3 /, /^load 30 → 0 /]]);

  const answers = runNode([CLI, 'replay', '--tree'], { input: readFileSync(join(cwd, 't.trace'), 'utf8') }).stdout;
  writeFileSync(join(cwd, 't.expected'), answers.replace('load 3 ', 'load 4 '));
  t.equal(report(cwd, ['--single', 'd.html', 't.trace']).status, 1);
  t.match(testsIn(join(cwd, 'd.html')), [{ beside: true, first: 1 }]);
});

t.test('traces, and a difference side by side', async (t) => {
  const cwd = t.testdir({ 'a.trace': 'mmap 10000 4000 73 10 0\nmunmap 11000 1000\n', 'bad.trace': 'what 1\n' });
  const alone = report(cwd, ['a.trace']);
  t.equal(alone.status, 0, alone.stderr);
  const [trace] = testsIn(join(cwd, 'report/index.html'));
  t.same(
    trace?.parts.map(({ timeline }) => timeline.rows.map(({ vmas }) => vmas.length)),
    [[1, 2]],
  );
  t.equal(trace?.parts[0]?.timeline.rows[1]?.operation, 'munmap 11000 1000 → 0');

  const answers = runNode([CLI, 'replay'], { input: readFileSync(join(cwd, 'a.trace'), 'utf8') }).stdout;
  writeFileSync(join(cwd, 'a.expected'), answers);
  t.equal(report(cwd, ['a.trace']).status, 0, 'the kernel says the same');
  writeFileSync(join(cwd, 'a.expected'), answers.replace('12000-14000 pgoff=12', '12000-14000 pgoff=13'));
  const differs = report(cwd, ['--single', 'd.html', 'a.trace']);
  t.equal(differs.status, 1);
  const [side] = testsIn(join(cwd, 'd.html'));
  t.match(side, { beside: true, first: 1, failures: [{ path: "the port and the kernel's code differ at step 2" }] });
  t.same(
    side?.parts.map(({ name }) => name),
    ['the port', "the kernel's code"],
  );
  t.same(
    side?.parts.map(({ timeline }) => timeline.rows[1]?.vmas[1]?.pgoff),
    [0x12, 0x13],
  );

  const bad = report(cwd, ['bad.trace']);
  t.equal(bad.status, 2);
  t.match(bad.stderr, /bad\.trace: line 1: unknown operation 'what'/);
});
