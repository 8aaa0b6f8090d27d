// SPDX-License-Identifier: GPL-2.0-only
/** The test runner itself, on small test files of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { collectTests } from '../../dev/run/collect.js';
import { Tally } from '../../dev/run/tally.js';
import { TapLines } from '../../dev/run/tap_lines.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import { type Finished, runNode } from './project.js';

const RUNNER = 'dist/dev/run/run.js';

const GOOD = `import t from 'tap';
t.test('good', async (t) => { t.pass(process.env.NUM_VMA_FLAG_BITS ?? 'no width'); });
t.test('better', async (t) => { t.pass('as well'); });
`;
const BAD = `import t from 'tap';
t.test('bad', async (t) => { t.fail('on purpose'); });
`;
const LATE = `import t from 'tap';
t.test('late', async () => { await new Promise((resolve) => setTimeout(resolve, 200)); });
`;
const ENDS = `import t from 'tap';
t.test('ends', async () => { process.exit(7); });
`;
const STAYS = `import t from 'tap';
t.test('stays', () => new Promise((resolve) => setTimeout(resolve, 600_000)));
`;
const LEAVES = `import { writeFileSync } from 'node:fs';
import t from 'tap';
t.test('leaves', async (t) => { t.pass(); });
process.once('exit', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  writeFileSync(new URL('left', import.meta.url), '');
});
`;
const FOLDERS = `import { readdirSync } from 'node:fs';
import t from 'tap';
t.test('folders', async (t) => { t.same(readdirSync(t.testdir({ own: '' })), ['own']); });
`;
const TORN_DOWN = `import { appendFileSync } from 'node:fs';
import t from 'tap';
for (const name of ['first', 'second']) t.teardown(() => appendFileSync(new URL('torn', import.meta.url), name));
t.test('has a teardown', async (t) => { t.pass(); });
`;
const SLOW_TO_LOAD = `import { readFileSync } from 'node:fs';
import t from 'tap';
await new Promise((resolve) => setTimeout(resolve, 300));
const torn = readFileSync(new URL('torn', import.meta.url), 'utf8');
t.test('comes late', async (t) => { t.equal(torn, 'secondfirst'); });
`;
const UNLOADABLE = `throw new Error('cannot be loaded');
`;

function runTests(folder: string, ...args: string[]): Finished {
  return runNode([RUNNER, ...args, folder]);
}

t.test('a run', async (t) => {
  const dir = t.testdir({ 'a.test.js': GOOD, 'b.test.js': UNLOADABLE, 'c.test.js': BAD, 'helper.js': UNLOADABLE });

  t.test('of tests that pass', async (t) => {
    const { status, stdout, stderr } = runTests(join(dir, 'a.test.js'), '--upstream', '--bits', '64');
    t.equal(status, 0);
    t.match(stdout, /^ok 1 - good/m);
    t.match(stdout, /ok 1 - 64\n/, 'the width of flags reaches the tests');
    t.equal(stdout.split('\n').at(-2), '2 tests run, 2 passed, 0 failed.', 'the last line');
    t.equal(stderr, '');
  });

  t.test('of tests that fail or do not even load', async (t) => {
    const { status, stdout, stderr } = runTests(dir, '--upstream');
    t.equal(status, 1);
    t.match(stdout, /^ok 2 - better/m);
    t.match(stdout, /^not ok 3 - load .*b\.test\.js/m);
    t.match(stdout, 'cannot be loaded');
    t.match(stdout, /^not ok 4 - bad/m, 'the files after it run');
    t.match(stderr, /^Test bad FAILED: .+/m);
    t.equal(stdout.split('\n').at(-2), '4 tests run, 2 passed, 2 failed.');
  });

  t.test('of tests chosen by name', async (t) => {
    const { status, stdout } = runTests(dir, '--upstream', '--grep', '/^BETT/i');
    t.notMatch(stdout, /- good/, 'what was left out is not shown');
    t.match(stdout, /^ok 1 - better # time/m);
    t.equal(status, 1, 'a file that cannot be loaded is not overlooked');
    const none = runTests(join(dir, 'a.test.js'), '--grep', 'nothing of the kind');
    t.equal(none.status, 1);
    t.match(none.stderr, 'no test matches nothing of the kind');
  });
});

t.test('files in several processes', async (t) => {
  const files = { 'a.test.js': LATE, 'b.test.js': GOOD, 'c.test.js': BAD, 'd.test.js': UNLOADABLE };
  const dir = t.testdir({ good: files, bad: { 'a.test.js': ENDS, 'b.test.js': GOOD, 'c.test.js': STAYS } });

  t.test('are printed in their order, as by one', async (t) => {
    const [one, three] = ['1', '3'].map((jobs) => runTests(join(dir, 'good'), '--jobs', jobs));
    const resultsOf = (run?: Finished): unknown => run?.stdout.match(/^ *(?:not )?ok [^#\n]*|^# .*$/gm);
    t.same(resultsOf(three), resultsOf(one));
    t.equal(three?.status, 1);
    t.match(
      three?.stdout,
      /^ok 1 - late [\s\S]*^ok 2 - good [\s\S]*^ok 3 - better [\s\S]*^not ok 4 - bad [\s\S]*^not ok 5 - load /m,
    );
    t.match(
      three?.stdout,
      /^1\.\.5\n# FAILED: bad: .*c\.test\.js.*\n# FAILED: load .*\n# 5 tests run, 3 passed, 2 failed\.\n$/m,
    );
  });

  t.test('may end their process, or never end', async (t) => {
    const { status, stdout } = runTests(join(dir, 'bad'), '--jobs', '2', '--timeout', '10');
    t.equal(status, 1);
    t.match(stdout, /^not ok 1 - run .*a\.test\.js$[\s\S]*ended with status 7 before its last test/m);
    t.match(stdout, /^ok 2 - good /m, 'the files after it run');
    t.match(stdout, /^not ok 4 - run .*c\.test\.js$[\s\S]*given up after 10 s/m);
  });
});

t.test('dozens of files on one command line, each with folders of its own', async (t) => {
  const names = Array.from({ length: 60 }, (_, i) => `a_file_with_quite_a_long_name_${i}.test.js`);
  const dir = t.testdir(Object.fromEntries(names.map((name) => [name, FOLDERS])));
  const { status, stdout } = runNode([RUNNER, '--jobs', '1', ...names.map((name) => join(dir, name))]);
  t.equal(status, 0, stdout.slice(0, 2000));
  t.match(stdout, /^# 60 tests run, 60 passed, 0 failed\.$/m);
});

t.test('what a file tears down is torn down at its end, and the next may take its time', async (t) => {
  const dir = t.testdir({ 'a.test.js': TORN_DOWN, 'b.test.js': SLOW_TO_LOAD });
  const { status, stdout } = runTests(dir, '--jobs', '1');
  t.match(stdout, /^# 2 tests run, 2 passed, 0 failed\.$/m);
  t.equal(status, 0);
});

t.test('a process that has done its work comes to its own end', async (t) => {
  const dir = t.testdir({ 'a.test.js': LEAVES, 'b.test.js': GOOD });
  t.equal(runTests(dir, '--jobs', '2').status, 0);
  t.ok(existsSync(join(dir, 'left')), 'what it does last, such as to write coverage, is done');
});

t.test('TAP of several runs joined', async (t) => {
  let text = '';
  const lines = new TapLines((more) => {
    text += more;
  });
  lines.next('tests/a.test.ts');
  for (const piece of [
    'TAP version 14\nok 1 - o',
    'ne # time=1ms\nok 2 - two # SKIP filter: /x/\n',
    '1..2\n# sums\n',
  ]) {
    lines.write(piece);
  }
  lines.next('tests/b.test.ts');
  lines.write('TAP version 14\n# Subtest: three\n    ok 1 - fine\n    not ok 2 - wrong\n      ---\n');
  lines.write('      stackTrace:\n        - at x (/p/tests/b.test.ts:7:3)\n      ...\nnot ok 1 - three # time=2ms\n');
  lines.write('ok 2 - four # SKIP no browser\nnot ok 3 - fi\\#ve # TODO later\n1..3\n');
  lines.fail('run c', 'it died');
  lines.close();
  t.equal(
    text,
    `TAP version 14
ok 1 - one # time=1ms
# Subtest: three
    ok 1 - fine
    not ok 2 - wrong
      ---
      stackTrace:
        - at x (/p/tests/b.test.ts:7:3)
      ...
not ok 2 - three # time=2ms
ok 3 - four # SKIP no browser
not ok 4 - fi\\#ve # TODO later
not ok 5 - run c
  ---
  error: |
    it died
  ...
1..5
`,
  );
  t.same(
    lines.results.map(({ name, ok, skip, todo, place }) => [name, ok, skip, todo, place]),
    [
      ['one', true, false, false, ''],
      ['three', false, false, false, 'tests/b.test.ts:7'],
      ['four', true, true, false, ''],
      ['fi#ve', false, false, true, 'tests/b.test.ts'],
      ['run c', false, false, false, 'tests/b.test.ts'],
    ],
  );
});

t.test('a command line that cannot be used', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['--bits', '32'], /Allowed choices are 64, 128/],
    [['--grep', '('], /Invalid regular expression/],
    [['--timeout', '0'], /A number of seconds/],
    [['no/such.test.js'], /no such test: no\/such\.test\.js/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = runNode([RUNNER, ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '', 'no test ran');
  }
  const help = runNode([RUNNER, '--help']);
  t.equal(help.status, 0);
  t.match(help.stdout, '--upstream');
  t.match(help.stdout, /^ {2}VMA_TRACE=1 +show /m);
});

t.test('file arguments', async (t) => {
  const root = t.testdir({
    tests: {},
    dist: { tests: { one: { 'a.test.js': '', 'b.test.js': '', 'helper.js': '' }, empty: {} } },
    elsewhere: { 'c.test.js': '' },
  });
  const compiled = (name: string): string => join(root, 'dist/tests/one', name);
  const both = [compiled('a.test.js'), compiled('b.test.js')];
  t.same(collectTests(root, root, ['tests/one/a.test.ts']), [compiled('a.test.js')], 'a source file');
  t.same(collectTests(root, root, ['dist/tests/one/b.test.js']), [compiled('b.test.js')], 'a compiled file');
  t.same(collectTests(root, root, ['tests/one']), both, 'a folder of sources');
  t.same(collectTests(root, root, ['tests']), both, 'all folders');
  t.same(collectTests(root, root, ['tests/one', 'tests/one/a.test.ts']), both, 'none twice');
  t.same(collectTests(root, join(root, 'elsewhere'), ['c.test.js']), [join(root, 'elsewhere/c.test.js')]);
  t.throws(() => collectTests(root, root, ['tests/two']), new CannotBeDone('no such test: tests/two'));
  t.throws(() => collectTests(root, root, ['tests/empty']), new CannotBeDone('no tests below tests/empty'));
});

t.test("counting as upstream's main() does, or with what is still to be done apart", async (t) => {
  const results = [
    { name: 'one', ok: true, skip: false, todo: false, place: '', file: '' },
    { name: 'two', ok: false, skip: false, todo: false, place: 'tests/two.test.ts:2', file: '' },
    { name: 'three', ok: true, skip: true, todo: false, place: '', file: '' },
    { name: 'four', ok: false, skip: false, todo: true, place: '', file: '' },
  ];
  const [upstream, own] = [new Tally(true), new Tally(false)];
  for (const result of results) for (const tally of [upstream, own]) tally.add(result);
  t.equal(upstream.summary(), '3 tests run, 1 passed, 2 failed.', 'skipped is not run, todo is no excuse');
  t.same(
    upstream.failed.map(({ name }) => name),
    ['two', 'four'],
  );
  t.equal(own.summary(), '3 tests run, 1 passed, 1 failed, 1 to be done.');
  t.same(own.failed, [{ name: 'two', place: 'tests/two.test.ts:2' }]);
});

t.test('one test file on its own', async (t) => {
  const dir = t.testdir({ 'a.test.js': GOOD });
  const file = join(dir, 'a.test.js');
  const plain = runNode([file]);
  t.equal(plain.status, 0);
  t.match(plain.stdout, /^ok 2 - better/m, 'under node');
  const tap = runNode(['node_modules/tap/dist/esm/run.mjs', '--reporter=tap', '--grep=good', file]);
  t.equal(tap.status, 0);
  t.match(tap.stdout, /^ {4}ok 1 - good # time/m, 'under the tap command');
  t.match(tap.stdout, /^ {4}ok 2 - better # SKIP/m, "with tap's own filter");
});
