// SPDX-License-Identifier: GPL-2.0-only
/** `port tests`: what is translated compiles, is formatted, and passes; what is not is said, and nothing is lost. */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SMALL_TREE, Workshop } from './workshop.js';

const DIALECT = 'tools/testing/vma/tests/dialect.c';
const BROKEN = 'tools/testing/vma/tests/broken.c';

t.test('the dialect of upstream’s tests, construct by construct', async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout, stderr } = workshop.translate('--kernel', SMALL_TREE, DIALECT);
  t.equal(stderr, '');
  t.equal(status, 0, stdout);
  t.match(stdout, /dialect\.test\.ts: 6 tests of tools\/testing\/vma\/tests\/dialect\.c\n$/);
  const compiled = workshop.compile();
  t.equal(compiled.status, 0, compiled.stdout);
  const linted = workshop.lint();
  t.equal(linted.status, 0, linted.stdout + linted.stderr);
  const names = ['out_parameters', 'loops', 'copies', 'words', 'hooks'];
  t.same(workshop.run('dialect', '128'), { status: 0, results: [...names, 'wide'].map((name) => `ok ${name}`) });
  t.same(workshop.run('dialect', '64'), { status: 0, results: names.map((name) => `ok ${name}`) });
});

t.test('comments stay where they stand, and helpers from beside the file come along', async (t) => {
  const workshop = new Workshop(t);
  workshop.translate('--kernel', SMALL_TREE, DIALECT);
  const text = readFileSync(join(workshop.folder, 'dialect.test.ts'), 'utf8');
  t.match(text, /\/\* Each size, once and twice\. \*\/\n {2}for \(i = 0;/);
  t.match(text, /\/\* Several results: by return, and by two pointers\. \*\/\nfunction bounds\(/);
  t.match(text, /^function pages_mapped\(mm: mm_struct\): bigint \{$/m);
  t.match(text, /^\/\/ SPDX-License-Identifier: GPL-2\.0-only\n\/\/ vma-userland:generated [0-9a-f]{16}\n/);
});

t.test('what cannot be translated is marked in place, and its test is a failing todo', async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout } = workshop.translate('--kernel', SMALL_TREE, BROKEN);
  t.equal(status, 1);
  t.match(stdout, `  ${BROKEN}:6: goto statement: no rule for it: goto out;\n`);
  t.match(
    stdout,
    `  ${BROKEN}:15: the port has no vma_do_something_new(): int answer = vma_do_something_new(&mm, 3);\n`,
  );
  t.match(stdout, `  ${BROKEN}:17: uses answer, which was not translated: ASSERT_EQ(answer, 0);\n`);
  t.match(
    stdout,
    /names that the port does not have:\n {2}vma_do_something_new: defined at mm\/vma\.h:3, used 2 times\n$/,
  );
  t.equal(stdout.match(/vma_do_something_new: defined/g)?.length, 1, 'once');

  const text = readFileSync(join(workshop.folder, 'broken.test.ts'), 'utf8');
  t.match(
    text,
    /untranslated\('tools\/testing\/vma\/tests\/broken\.c:6', 'goto out;', 'goto statement: no rule for it'\);/,
  );
  t.match(
    text,
    /'unknown_function',\s*\{ todo: 'tools\/testing\/vma\/tests\/broken\.c:15: the port has no vma_do_something_new\(\)' \},/,
  );
  workshop.compile();
  t.same(workshop.run('broken', '128'), {
    status: 0,
    results: [
      'not ok unknown_function # TODO tools/testing/vma/tests/broken.c:15: the port has no vma_do_something_new()',
      'not ok through_helper # TODO tools/testing/vma/tests/broken.c:6: goto statement: no rule for it',
      'ok whole',
    ],
  });
});

t.test('a file that was edited by hand is not overwritten, and then none is', async (t) => {
  const workshop = new Workshop(t);
  const [dialect, broken] = ['dialect', 'broken'].map((name) => join(workshop.folder, `${name}.test.ts`));
  t.equal(workshop.translate('--kernel', SMALL_TREE, DIALECT).status, 0);
  t.equal(workshop.translate('--kernel', SMALL_TREE, DIALECT).status, 0, 'as it was generated');
  appendFileSync(dialect ?? '', '// mine\n');
  const refused = workshop.translate('--kernel', SMALL_TREE, BROKEN, DIALECT);
  t.equal(refused.status, 2);
  t.match(
    refused.stderr,
    /dialect\.test\.ts: edited by hand since it was generated, or never generated; --force overwrites it/,
  );
  t.notOk(existsSync(broken ?? ''), 'the other file is not written either');
  t.match(readFileSync(dialect ?? '', 'utf8'), /\/\/ mine\n$/);
  t.equal(workshop.translate('--kernel', SMALL_TREE, '--force', DIALECT).status, 0);
  t.notMatch(readFileSync(dialect ?? '', 'utf8'), /mine/);
  t.same(
    readdirSync(workshop.folder).filter((name) => name.endsWith('.new')),
    [],
  );
});

t.test('bad input writes nothing', async (t) => {
  const workshop = new Workshop(t);
  const cases: [string[], RegExp][] = [
    [['--kernel', '/nonexistent'], /vma-userland port tests: \/nonexistent: no such folder/],
    [
      ['--kernel', join(SMALL_TREE, 'mm')],
      /has no tools\/testing\/vma\/tests\/\*\.c and no tools\/testing\/vma\/vma\.c/,
    ],
    [['--kernel', SMALL_TREE, 'nothing.c'], /nothing\.c: neither in .* nor here/],
    [[], /required option '-k, --kernel <tree>' not specified/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = workshop.translate(...args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
  }
  t.same(readdirSync(workshop.folder), ['tsconfig.json']);
});

t.test('a test from outside of the tree', async (t) => {
  const workshop = new Workshop(t);
  const file = join(workshop.folder, 'mine.c');
  writeFileSync(
    file,
    [
      '// SPDX-License-Identifier: GPL-2.0-only',
      'static bool test_mine(void)',
      '{',
      '\tstruct mm_struct mm = {};',
      '',
      '\tASSERT_EQ(mm.map_count, 0);',
      '\treturn true;',
      '}',
      'static void run_mine_tests(int *num_tests, int *num_fail)',
      '{',
      '\tTEST(mine);',
      '}',
      '',
    ].join('\n'),
  );
  t.equal(workshop.translate('--kernel', SMALL_TREE, file).status, 0);
  t.equal(workshop.compile().status, 0);
  t.same(workshop.run('mine', '128'), { status: 0, results: ['ok mine'] });
});

t.test('a number that the port does not have makes a todo of the test that comes to it', async (t) => {
  const workshop = new Workshop(t);
  const file = join(workshop.folder, 'far.c');
  const test = (name: string, by: string): string =>
    `static bool test_${name}(void)\n{\n\tstruct vm_area_struct vma = { .vm_start = 0x2000 };\n\n\tvma.vm_start -= ${by};\n\tASSERT_EQ(vma.vm_start, 0x2000 - ${by});\n\treturn true;\n}\n`;
  const run = 'static void run_far_tests(int *num_tests, int *num_fail)\n{\n\tTEST(near);\n\tTEST(far);\n}\n';
  writeFileSync(file, `${test('near', '0x1000UL')}${test('far', '0x3000UL')}${run}`);
  t.equal(workshop.translate('--kernel', SMALL_TREE, file).status, 0);
  t.equal(workshop.compile().stdout, '');
  t.same(workshop.run('far', '64'), {
    status: 0,
    results: ['ok near', 'ok far # TODO ulong: value = 0xfffffffffffff000: the port has no number for it'],
  });
});

const kernel = process.env.KERNEL;
t.test('all of upstream’s tests, with no hand edit', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout } = workshop.translate('--kernel', kernel ?? '');
  t.equal(status, 0, stdout);
  const compiled = workshop.compile();
  t.equal(compiled.status, 0, compiled.stdout);
  const linted = workshop.lint();
  t.equal(linted.status, 0, linted.stdout + linted.stderr);
  for (const [bits, count] of [
    ['128', 27],
    ['64', 26],
  ] as const) {
    const runs = ['merge', 'mmap', 'vma'].map((name) => workshop.run(name, bits));
    t.same(
      runs.map((run) => run.status),
      [0, 0, 0],
    );
    const results = runs.flatMap((run) => run.results);
    t.equal(results.length, count, `at ${bits} bits`);
    t.same(
      results.filter((result) => result.startsWith('not')),
      [],
    );
  }
});
