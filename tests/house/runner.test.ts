// SPDX-License-Identifier: GPL-2.0-only
/** The test runner itself, on small test files of its own. */
import { join } from 'node:path';
import t from 'tap';
import { collectTests } from '../../dev/run/collect.js';
import { UsageError } from '../../dev/run/options.js';
import { Tally } from '../../dev/run/tally.js';
import { type Finished, runNode } from './project.js';

const RUNNER = 'dist/dev/run/run.js';

const GOOD = `import t from 'tap';
t.test('good', async (t) => { t.pass(process.env.NUM_VMA_FLAG_BITS ?? 'no width'); });
t.test('better', async (t) => { t.pass('as well'); });
`;
const BAD = `import t from 'tap';
t.test('bad', async (t) => { t.fail('on purpose'); });
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
    t.match(stderr, /^Test bad FAILED$/m);
    t.equal(stdout.split('\n').at(-2), '4 tests run, 2 passed, 2 failed.');
  });

  t.test('of tests chosen by name', async (t) => {
    const { status, stdout } = runTests(dir, '--upstream', '--grep', '/^BETT/i');
    t.match(stdout, /^ok 1 - good # SKIP/m);
    t.match(stdout, /^ok 2 - better # time/m);
    t.equal(status, 1, 'a file that cannot be loaded is not overlooked');
    const none = runTests(join(dir, 'a.test.js'), '--grep', 'nothing of the kind');
    t.equal(none.status, 1);
    t.match(none.stderr, 'no test matches nothing of the kind');
  });
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
  t.throws(() => collectTests(root, root, ['tests/two']), new UsageError('no such test: tests/two'));
  t.throws(() => collectTests(root, root, ['tests/empty']), new UsageError('no tests below tests/empty'));
});

t.test("counting as upstream's main() does", async (t) => {
  const tally = new Tally();
  tally.add({ name: 'one', ok: true });
  tally.add({ name: 'two', ok: false });
  tally.add({ name: 'three', ok: true, skip: 'filter: /one/' });
  tally.add({ name: 'four', ok: false, todo: 'not translated' });
  t.equal(tally.summary(), '3 tests run, 1 passed, 2 failed.', 'skipped is not run, todo is no excuse');
  t.same(tally.failed, ['two', 'four']);
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
