// SPDX-License-Identifier: GPL-2.0-only
/** Selftests as tests of the runner: fixtures and variants, results, what is skipped, left out, recorded; other backends. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import type { SelftestResult } from '../../harness/selftest/index.js';
import { type Finished, ROOT, runNode } from '../house/project.js';

const INDEX = pathToFileURL(join(ROOT, 'dist/harness/selftest/index.js')).href;

/** Runs selftests that are written here: what they print, and what they record, in short. */
function run(t: Test, body: string, env = {}, files = {}): Finished & { recorded: string[] } {
  const cwd = t.testdir({ ...files, 'own.test.mjs': `import * as s from '${INDEX}';\n${body}` });
  const path = join(cwd, 'results.jsonl');
  const finished = runNode(['own.test.mjs'], { cwd, env: { VMA_SELFTEST_RECORD: path, ...env } });
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  const recorded = lines.map((line) => {
    const { file, name, backend, verdict, reason }: SelftestResult = JSON.parse(line);
    return `${file} ${name} ${backend} ${verdict}${reason === '' ? '' : `: ${reason}`}`;
  });
  return { ...finished, recorded };
}

/** The results of top-level tests, without their times. */
function results({ stdout }: Finished): string[] {
  return stdout
    .split('\n')
    .filter((line) => /^(not )?ok /.test(line))
    .map((line) => line.replace(/ # time=.*/, ''));
}

t.test('fixtures, variants, skipping and failing', async (t) => {
  const finished = run(
    t,
    `s.SELFTEST('own.c');
const told = [];
const f = s.FIXTURE('f', () => ({ value: 1 }), s.FIXTURE_VARIANT());
s.FIXTURE_VARIANT_ADD(f, 'one', { add: 1 });
s.FIXTURE_VARIANT_ADD(f, 'two', { add: 2 });
s.FIXTURE_SETUP(f, (self, { add }) => { self.value += add; told.push('up'); if (add === 2) s.SKIP('not two'); });
s.FIXTURE_TEARDOWN(f, (self) => { told.push('down ' + self.value); });
s.TEST_F(f, 'a', (self, { add }) => { s.ASSERT_EQ(self.value, 1 + add); self.value = 9; });
s.TEST_F(f, 'forks', () => { s.fork(); });
s.TEST('alone', () => { console.log('# ' + told.join(', ')); });
s.TEST('fails', () => { s.EXPECT_EQ(1, 2); s.EXPECT_EQ(3, 4); });
s.TEST('exits', () => s.exit(4));
s.TEST('dies', () => s.load8(0));
s.TEST_SIGNAL('is to die', s.SIGSEGV, () => s.load8(0));
s.TEST_SIGNAL('lives', s.SIGSEGV, () => {});
s.TEST('skips', () => { s.TH_LOG('a line'); return s.SKIP('no reason'); });
s.LEFT_OUT('gone', 'nobody has it');`,
  );
  t.same(results(finished), [
    'ok 1 - f.one.a',
    'ok 2 - f.two.a # SKIP not two',
    'ok 3 - f.one.forks',
    'ok 4 - f.two.forks # SKIP not two',
    'ok 5 - global.alone',
    'not ok 6 - global.fails',
    'not ok 7 - global.exits',
    'not ok 8 - global.dies',
    'ok 9 - global.is to die',
    'not ok 10 - global.lives',
    'ok 11 - global.skips # SKIP no reason',
    'ok 12 - gone # SKIP nobody has it',
  ]);
  t.match(
    finished.stdout,
    '# up, down 9, up, up, down 2, up, up',
    'torn down once, by the child, and never unless set up',
  );
  t.match(finished.stdout, '# a line');
  t.equal(finished.stdout.match(/not ok \d - EXPECT_EQ/g)?.length, 2, 'both are told');
  t.same(finished.recorded, [
    'own.c f.one.a port pass',
    'own.c f.two.a port skip: not two',
    'own.c f.one.forks port pass',
    'own.c f.two.forks port skip: not two',
    'own.c global.alone port pass',
    'own.c global.fails port fail: EXPECT_EQ',
    'own.c global.exits port fail: the test did not end well: it exited with 4',
    'own.c global.dies port fail: the test did not end well: signal 11 ended it',
    'own.c global.is to die port pass',
    'own.c global.lives port fail: the test is to die of signal 11: it exited with 0',
    'own.c global.skips port skip: no reason',
  ]);
});

t.test('a case that fails shows what is mapped', async (t) => {
  const finished = run(
    t,
    `s.SELFTEST('own.c');
s.TEST('a', () => {
  const ptr = s.mmap(0x100000, 4096, s.PROT_READ, s.MAP_FIXED | s.MAP_ANON | s.MAP_PRIVATE, -1, 0);
  s.ASSERT_EQ(ptr, 0);
});`,
  );
  t.match(finished.stdout, 'not ok 1 - ASSERT_EQ(ptr, 0)');
  t.match(finished.stdout, 'operation: mmap(addr=0x100000');
  t.match(finished.stdout, '- 0x100000-0x101000 +|#| pgoff=0x100 r--p');
});

t.test('programs that tell results themselves', async (t) => {
  const finished = run(
    t,
    `s.SELFTEST('own.c');
s.KSFT('all', ['a', 'b', 'c', 'd'], () => {
  s.ksft_test_result_pass('a');
  s.ksft_test_result(true, 'b');
  s.ksft_test_result_xfail('c');
  s.ksft_test_result_skip('d', 'no d');
});
s.KSFT_CALL('skipped', () => { s.ksft_test_result_skip('a', 'no a'); s.ksft_test_result_skip('b', 'no b'); });
s.KSFT_CALL('half', () => { s.ksft_test_result_skip('a', 'no a'); s.ksft_test_result_pass('b'); });
s.KSFT_CALL('to be done', () => s.untranslated('own.c:1: no rule'));
s.KSFT('one fails', ['e', 'f'], () => { s.ksft_test_result(false, 'e'); s.ksft_test_result_pass('f'); });
s.KSFT('one is missing', ['g', 'h'], () => s.ksft_test_result_pass('g'));
s.KSFT('gives up', ['i'], () => s.ksft_exit_fail_msg('no more'));`,
  );
  t.same(results(finished), [
    'ok 1 - all',
    'ok 2 - skipped # SKIP no a',
    'ok 3 - half',
    'ok 4 - to be done # TODO own.c:1: no rule',
    'not ok 5 - one fails',
    'not ok 6 - one is missing',
    'not ok 7 - gives up',
  ]);
  t.match(finished.stdout, '# c: fails, as is expected');
  t.match(finished.stdout, 'not ok 1 - no more');
  t.same(finished.recorded, [
    'own.c a port pass',
    'own.c b port pass',
    'own.c c port xfail: expected to fail',
    'own.c d port skip: no d',
    'own.c skipped port skip: no a',
    'own.c half port pass',
    'own.c to be done port skip: to be done: own.c:1: no rule',
    'own.c e port fail: failed',
    'own.c f port pass',
    'own.c g port pass',
    'own.c h port fail: the results that the program tells',
    'own.c i port fail: no more',
  ]);
});

t.test('what cannot be registered', async (t) => {
  const said = (body: string): string => run(t, body).stderr;
  t.match(said("s.TEST('a', () => {});"), 'SELFTEST: nobody has said of which file the cases are');
  t.match(said("s.SELFTEST('merge');"), "SELFTEST: name = 'merge': not the name of a C file");
  t.match(said("s.SELFTEST('a.c'); s.TEST('a', () => {}); s.TEST('a', () => {});"), "two cases are named 'global.a'");
  const f = "s.SELFTEST('a.c'); const f = s.FIXTURE('f', () => ({}), s.FIXTURE_VARIANT());";
  t.match(said(`${f} s.TEST_F(f, 'a', () => {});`), 'TEST_F: f has no variants: a would never run');
  t.match(
    said(`${f} s.FIXTURE_VARIANT_ADD(f, 'x', {}); s.TEST_F(f, 'a', () => {}); s.FIXTURE_VARIANT_ADD(f, 'y', {});`),
    'FIXTURE_VARIANT_ADD: f has tests already: y comes too late',
  );
});

t.test('the example of docs/selftests.md', async (t) => {
  const document = readFileSync(join(ROOT, 'docs/selftests.md'), 'utf8');
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(document) ?? [];
  const source = example.replace("'vma-userland/test/selftest'", `'${INDEX}'`).replace('<{ flags: number }>', '');
  const cwd = t.testdir({ 'mine.test.mjs': source });
  t.same(results(runNode(['mine.test.mjs'], { cwd })), ['ok 1 - page.own.fork', 'ok 2 - page.shared.fork']);
});

t.test('a backend of somebody else', async (t) => {
  const body = "s.SELFTEST('own.c'); s.TEST('asks', () => { s.ASSERT_EQ(s.getpid(), 77); });";
  const files = {
    'mine.mjs': `const process = { pid: 77, call: (name) => (name === 'getpid' ? 77 : -38), exit: () => {} };
export const backend = { name: 'mine', begin: () => process };`,
    'none.mjs': 'export const other = 1;',
  };
  t.same(run(t, body, { VMA_SELFTEST_BACKEND: 'mine.mjs' }, files).recorded, ['own.c global.asks mine pass']);
  const none = run(t, body, { VMA_SELFTEST_BACKEND: 'none.mjs' }, files);
  t.match(none.stderr, 'environment: VMA_SELFTEST_BACKEND = "none.mjs": exports no backend');
  t.not(none.status, 0);
  const missing = run(t, body, { VMA_SELFTEST_BACKEND: 'missing.mjs' });
  t.match(missing.stderr, /environment: VMA_SELFTEST_BACKEND = "missing\.mjs": Cannot find module/);
});
