// SPDX-License-Identifier: GPL-2.0-only
/** `port tests` on files of kselftest_harness.h: what is translated ends as in C, the rest is marked. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SelftestResult } from '../../harness/selftest/registry.js';
import { translateSelftest } from '../../tools/port/selftest/file.js';
import { ROOT, runCommand } from '../house/project.js';
import { SMALL_TREE, Workshop } from './workshop.js';

const DIALECT = join(SMALL_TREE, 'selftest/dialect.c');
const PROGRAM = join(SMALL_TREE, 'selftest/program.c');

/** A selftest of these lines, translated: its code, and why places of it are not. */
async function translated(...lines: string[]): Promise<{ code: string; reasons: string[] }> {
  const text = ['#include "kselftest_harness.h"', ...lines, ''].join('\n');
  const { code, marks } = await translateSelftest('own.c', text);
  return { code, reasons: marks.map(({ line, reason }) => `${line}: ${reason}`) };
}

t.test('the dialect: each construct ends as it does in C, or is marked', async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout } = workshop.translate('--kernel', SMALL_TREE, DIALECT);
  t.equal(status, 1);
  t.match(stdout, 'dialect.test.ts: 12 tests of ');
  const marks = stdout.split('\n').filter((line) => line.includes('dialect.c:'));
  t.same(
    marks.map((line) => /dialect\.c:(\d+: .*)/.exec(line)?.[1]),
    [
      '96: array declarator: no rule for it: table[]: static const int table[] = { 1, 2, 3 };',
      '98: table is not known: return table[n];',
      '246: n * 4096 may leave the range of an unsigned integer of 32 bits: ASSERT_EQ(n * 4096 / 4096, n);',
      '251: the macro TWICE() has no rule: ASSERT_EQ(TWICE(2), 4);',
    ],
  );
  t.equal(workshop.compile().stdout, '');
  const { results } = workshop.run('dialect', '128');
  const short = results.map((line) => line.replace(/\S*dialect\.c/, 'dialect.c'));
  t.same(short, [
    'ok room.small.mapped',
    'ok room.large.mapped',
    'ok room.small.kinds # SKIP two pages are too few',
    'ok room.large.kinds',
    'ok room.small.signals',
    'ok room.large.signals',
    'ok room.small.forks',
    'ok room.large.forks',
    'ok global.alone',
    'ok global.numbers',
    'not ok global.fails',
    'ok global.comes_to_what_has_no_rule # TODO dialect.c:96: array declarator: no rule for it: table[]',
    'ok global.never_comes_to_it',
    'not ok global.wraps # TODO dialect.c:246: n * 4096 may leave the range of an unsigned integer of 32 bits',
    'not ok global.macro # TODO dialect.c:251: the macro TWICE() has no rule',
    'ok global.dies',
  ]);
});

t.test('a program that tells its results: what its main() calls are cases', async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout } = workshop.translate('--kernel', SMALL_TREE, PROGRAM);
  t.equal(status, 1);
  t.match(stdout, 'program.test.ts: 8 tests of ');
  const marks = stdout.split('\n').filter((line) => line.includes('program.c:'));
  t.same(
    marks.map((line) => /program\.c:(\d+: .*)/.exec(line)?.[1]),
    [
      '81: a text that is not written out: ksft_test_result_pass(NAME);',
      '100: main() does more than call tests: last = getpid();',
      '101: main() does more than call tests: if (last) test_calls(1);',
    ],
  );
  t.equal(workshop.compile().stdout, '');
  const { results } = workshop.run('program', '128');
  t.same(
    results.map((line) => line.replace(/\S*program\.c/, 'program.c')),
    [
      'ok test_mapped(false)',
      'ok test_mapped(true)',
      'ok test_bytes',
      'ok test_calls(1)',
      'ok test_calls(2) # SKIP not twice',
      'ok test_calls(1) (2)',
      'not ok test_wrong',
      'ok test_text # TODO program.c:81: a text that is not written out',
    ],
  );
});

t.test('what has no rule is never written as it stands', async (t) => {
  const cases: [string, RegExp][] = [
    ['goto out;\nout:\n\treturn;', /goto statement: no rule for it/],
    ['int n = sizeof(int);\n\tASSERT_EQ(n, 4);', /sizeof expression: no rule for it/],
    ['float f = 1;\n\tASSERT_EQ(f, 1);', /the type float is not known/],
    ['char *p = NULL, **q = &p;\n\tASSERT_NE(q, NULL);', /a variable that points to others: q/],
    ['unsigned int n = 0;\n\tn--;\n\tASSERT_EQ(n, 0xffffffff);', /may leave the range of an unsigned integer/],
    ['int n = -1;\n\tASSERT_LT(n, 1U);', /a comparison in which n changes its sign/],
    ['char *a = NULL, *b = NULL;\n\tASSERT_EQ(a - b, 0);', /- of pointers/],
    ['void *p = NULL;\n\tASSERT_EQ(*(int *)p, 0);', /a cast of a pointer to a pointer to a integer/],
    ['ASSERT_EQ(access("/", 0), 0);', /access\(\) is not known/],
    ['ASSERT_EQ(O_PATH, 1);', /O_PATH is not known/],
    ['int n[2];\n\tASSERT_EQ(n[0], 0);', /array declarator: no rule for it/],
    ['SKIP(goto out, "no");\nout:\n\treturn;', /SKIP\(\) with a goto/],
    ['ASSERT_EQ(1, 1) { return; }', /a handler of an assertion that leaves the function/],
    ['unsigned long n = ~0UL;\n\tn = 1;\n\tASSERT_EQ(n, 1);', /0xffffffffffffffffn in a variable/],
    ['int n = 1;\n\tASSERT_EQ(n++, 1);', /update expression: no rule for it/],
    ['int n;\n\tASSERT_EQ(n = 1, 1);', /assignment expression: no rule for it/],
    ['ASSERT_EQ(MAP_FAILED, (int)NULL);', /a pointer made an integer of 32 bits/],
  ];
  for (const [body, reason] of cases) {
    const { code, reasons } = await translated('TEST(own)', '{', `\t${body}`, '}', 'TEST_HARNESS_MAIN');
    t.match(reasons[0], reason, body);
    t.match(code, /TEST_TODO\('own', "own\.c:\d+: /);
    t.notMatch(code, "TEST('own'");
  }
});

t.test('what a value can be is followed through calls', async (t) => {
  const calls = (most: string): string[] => [
    'static unsigned int low(unsigned int n)',
    '{',
    '\treturn n * 65536;',
    '}',
    'static unsigned int middle(unsigned int n)',
    '{',
    '\treturn low(n);',
    '}',
    'TEST(own)',
    '{',
    `\tASSERT_NE(middle(${most}), 1);`,
    '}',
  ];
  const fits = await translated(...calls('65535'));
  t.same(fits.reasons, []);
  t.match(fits.code, 'return n * 65536;');
  const wraps = await translated(...calls('65536'));
  t.same(wraps.reasons, ['4: n * 65536 may leave the range of an unsigned integer of 32 bits']);
});

t.test('what a fixture stands on makes todos of all its tests', async (t) => {
  const fixture = ['FIXTURE(f)', '{', '\tint n;', '};', 'FIXTURE_VARIANT(f)', '{', '\tint n;', '};'];
  const variant = (n: string): string[] => ['FIXTURE_VARIANT_ADD(f, one)', '{', `\t.n = ${n},`, '};'];
  const setup = (body: string): string[] => ['FIXTURE_SETUP(f)', '{', `\t${body}`, '}'];
  const rest = ['FIXTURE_TEARDOWN(f)', '{', '}', 'TEST_F(f, a)', '{', '\tASSERT_EQ(self->n, variant->n);', '}'];

  const unknown = await translated(...fixture, ...variant('UNHEARD_OF'), ...setup('self->n = 1;'), ...rest);
  t.match(unknown.code, 'TEST_F_TODO(f, \'a\', "own.c:10: UNHEARD_OF is not known")');
  t.match(unknown.code, "FIXTURE_VARIANT_ADD(f, 'one', { n: 0 })", 'which there must be one for a test');
  const odd = await translated(...fixture, ...variant('1'), ...setup('goto out;'), ...rest);
  t.match(odd.code, 'TEST_F_TODO(f, \'a\', "own.c:16: goto statement: no rule for it")');
  const whole = await translated(...fixture, ...variant('1'), ...setup('self->n = 1;'), ...rest);
  t.same(whole.reasons, []);
  t.match(whole.code, "TEST_F(f, 'a', (self, variant) => {\nASSERT_EQ(self.n, variant.n);\n});");
});

t.test('bad input writes nothing', async (t) => {
  const workshop = new Workshop(t);
  const file = join(workshop.folder, 'own.c');
  writeFileSync(file, '#include "kselftest_harness.h"\nstruct a {\nTEST(b)\n{\n}\n');
  const broken = workshop.translate('--kernel', SMALL_TREE, file);
  t.equal(broken.status, 2);
  t.match(broken.stderr, /own\.c:\d+: a syntax error near/);
  const written = workshop.command('--kernel', SMALL_TREE, '--write', DIALECT);
  t.equal(written.status, 2);
  t.match(written.stderr, 'is a selftest: --write is for tests of tools/testing/vma');
  t.same(
    readdirSync(workshop.folder).filter((name) => name.endsWith('.ts')),
    [],
  );
});

/** What a compiled test file came to, by the names of its cases. */
function verdictsOf(workshop: Workshop, file: string): Record<string, string> {
  const path = join(workshop.folder, 'results.jsonl');
  writeFileSync(path, '');
  runCommand(process.execPath, [file], { env: { VMA_SELFTEST_RECORD: path } });
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const results = lines.map((line): SelftestResult => JSON.parse(line));
  return Object.fromEntries(results.map(({ name, verdict }) => [name, verdict]));
}

const kernel = process.env.KERNEL;
t.test(
  'selftests of a tree come to what those ported by hand come to',
  { skip: kernel ? false : 'KERNEL is not set' },
  async (t) => {
    if (kernel === undefined) return;
    const workshop = new Workshop(t);
    const files = {
      merge: ['merge_mprotect', 'merge_mremap', 'merge_with_fork'],
      mdwe_test: ['mdwe'],
      mseal_test: ['mseal_seal', 'mseal_munmap', 'mseal_mmap'],
      mremap_dontunmap: ['mremap_dontunmap'],
    };
    const sources = Object.keys(files).map((name) => `tools/testing/selftests/mm/${name}.c`);
    const { status, stdout } = workshop.translate('--kernel', kernel, ...sources);
    t.equal(status, 1);
    // The test of uprobes, and no other.
    const marked = [...stdout.matchAll(/^ {2}\S*\/merge\.c:(\d+)/gm)].map(([, line]) => Number(line));
    t.ok(marked.length > 0);
    t.ok(marked.every((line) => line >= 520 && line <= 570));
    t.equal(workshop.compile().stdout, '');
    for (const [name, own] of Object.entries(files)) {
      const translated = verdictsOf(workshop, join(workshop.folder, 'out', `${name}.test.js`));
      const byHand: Record<string, string> = Object.assign(
        {},
        ...own.map((one) => verdictsOf(workshop, join(ROOT, `dist/tests/selftests/${one}.test.js`))),
      );
      // What x86-64 has not is skipped by C, and left out by hand; what comes to a mark is a todo, told as skipped.
      const run = Object.entries(translated).filter(([, verdict]) => verdict !== 'skip');
      for (const [test, verdict] of run) t.equal(verdict, byHand[test], test);
      const todo = Object.keys(byHand).filter((test) => translated[test] === 'skip');
      t.equal(run.length + todo.length, Object.keys(byHand).length, name);
      t.equal(todo.length, name === 'mseal_test' ? 8 : 0, 'those that read /proc');
    }
  },
);

/** How each case of the dialect's file ends in C, with the harness of that tree: null without a compiler. */
function inC(t: Test, tree: string): Record<string, string> | null {
  const program = join(t.testdir({}), 'dialect');
  const folders = [join(SMALL_TREE, 'selftest'), join(tree, 'tools/testing/selftests'), join(tree, 'tools/include')];
  const options = ['-w', ...folders.map((folder) => `-I${folder}`), '-o', program, DIALECT];
  if (spawnSync('gcc', ['--version']).status !== 0) return null;
  const compiled = spawnSync('gcc', options, { encoding: 'utf8' });
  t.equal(compiled.stderr, '');
  const { stdout } = runCommand(program, []);
  const results = [...stdout.matchAll(/^((?:not )?ok) \d+ (\S+)(.*)$/gm)];
  return Object.fromEntries(results.map(([, state = '', name = '', rest = '']) => [name, `${state}${rest}`]));
}

t.test('the dialect ends in C as it does here', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  if (kernel === undefined) return;
  const c = inC(t, kernel);
  if (c === null) return t.comment('there is no gcc');
  const workshop = new Workshop(t);
  workshop.translate('--kernel', SMALL_TREE, DIALECT);
  workshop.compile();
  const whole = workshop.run('dialect', '128').results.filter((line) => !line.includes('# TODO'));
  t.equal(whole.length, 13);
  for (const line of whole) {
    const [, state = '', name = '', rest = ''] = /^((?:not )?ok) (\S+)(.*)$/.exec(line) ?? [];
    t.equal(`${state}${rest}`, c[name], name);
  }
});
