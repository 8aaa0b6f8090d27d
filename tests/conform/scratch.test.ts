// SPDX-License-Identifier: GPL-2.0-only
/** A copy of a kernel tree to build in, what a build says, and what gcov has counted. */
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lineCoverage } from '../../dev/conform/coverage.js';
import { KernelTreeError, ScratchTree } from '../../dev/kernel/scratch.js';
import { type FakeTree, fakeTree } from './fake_tree.js';

/** Carries out with another PATH. */
function withPath<T>(PATH: string, body: () => T): T {
  const before = process.env.PATH;
  process.env.PATH = PATH;
  try {
    return body();
  } finally {
    process.env.PATH = before;
  }
}

function scratchOf(test: Test, { kernel }: FakeTree): ScratchTree {
  const scratch = new ScratchTree(kernel);
  test.teardown(() => scratch.remove());
  return scratch;
}

t.test('what is built in is copied, all else is linked, and the tree is not written to', async (t) => {
  const tree = fakeTree(t, 'echo built');
  const scratch = new ScratchTree(tree.kernel);
  const root = join(scratch.vma, '../../..');
  t.ok(lstatSync(join(root, 'mm')).isSymbolicLink());
  t.ok(lstatSync(join(root, 'tools/include')).isSymbolicLink());
  t.ok(lstatSync(join(root, 'tools/testing/other')).isSymbolicLink());
  t.notOk(lstatSync(join(root, 'tools/testing/vma/Makefile')).isSymbolicLink());
  t.notOk(lstatSync(join(root, 'tools/testing/shared')).isSymbolicLink());
  t.notOk(existsSync(join(root, 'tools/testing/radix-tree')), 'what is not there is not copied');

  t.equal(scratch.read('include/stubs.h'), '#pragma once\n');
  scratch.write('include/stubs.h', 'other\n');
  t.equal(scratch.read('include/stubs.h'), 'other\n');
  t.equal(readFileSync(join(tree.kernel, 'tools/testing/vma/include/stubs.h'), 'utf8'), '#pragma once\n');
  t.throws(() => scratch.read('include/gone.h'), /: no tools\/testing\/vma\/include\/gone\.h$/);
  scratch.remove();
  t.notOk(existsSync(root));
});

t.test('a build: headers, main.o with what is asked for, the program; what was compiled otherwise goes', async (t) => {
  const tree = fakeTree(t, 'echo built');
  const scratch = scratchOf(t, tree);
  const source = join(t.testdir({ 'replay.c': 'int main;\n' }), 'replay.c');
  const calls = (build: () => string): string[] => {
    const before = existsSync(join(tree.kernel, '../bin/made')) ? tree.made().length : 0;
    t.equal(readFileSync(withPath(tree.PATH, build), 'utf8'), '#!/bin/sh\necho built\n');
    return tree
      .made()
      .slice(before)
      .filter((line) => !line.includes('generated/'));
  };
  const plain = calls(() => scratch.build(source, 'plain', { defines: '-DA=1' }));
  t.equal(scratch.read('main.c'), 'int main;\n');
  t.equal(plain.length, 2);
  t.match(plain[0], /^-s -j4 main\.o CFLAGS=-I.* -g -O1 -w -D_LGPL_SOURCE -DA=1$/);
  t.match(plain[1], /^-s -j4 vma CFLAGS=.* LDLIBS=-lpthread -lurcu$/);
  t.notOk(existsSync(join(scratch.vma, 'stale.o')));

  writeFileSync(join(scratch.vma, 'kept.o'), '');
  const options = { defines: '-DA=1', coverage: true, link: '-Wl,--x', objects: 'main.o' };
  const covered = calls(() => scratch.build(source, 'covered', options));
  t.ok(existsSync(join(scratch.vma, 'kept.o')), 'compiled with the same options');
  t.match(covered[0], /-DA=1 --coverage$/);
  t.match(covered[1], /LDLIBS=-lpthread -lurcu --coverage -Wl,--x OFILES=main\.o$/);

  const shipped = calls(() => scratch.build(source, 'shipped', { defines: '', asShipped: true }));
  t.notOk(existsSync(join(scratch.vma, 'kept.o')), 'compiled with others');
  t.same(shipped, ['-s -j4 main.o', '-s -j4 vma LDLIBS=-lpthread -lurcu']);
});

t.test('a build that fails: the symbols that do not fit, else the end of what was said', async (t) => {
  const source = join(t.testdir({ 'replay.c': '' }), 'replay.c');
  const failed = (said: string): Error => {
    const tree = fakeTree(t, '', { make: `#!/bin/sh\nprintf '%s\\n' ${said} >&2\nexit 2\n` });
    const scratch = scratchOf(t, tree);
    try {
      withPath(tree.PATH, () => scratch.build(source, 'plain', { defines: '-DA' }));
    } catch (error) {
      if (error instanceof KernelTreeError) return error;
    }
    throw new Error('it was built');
  };
  const misfits = failed(`"main.c:1: error: 'gone' undeclared" "main.c:2: error: unknown type name 'vma_t'"`);
  t.equal(
    misfits.message,
    'the code of this kernel does not fit the replayer:\n  gone: not there\n  vma_t: no such type',
  );
  t.equal(failed('one two three four five six').message, 'make main.o -DA: two\nthree\nfour\nfive\nsix');
  const nothing = scratchOf(t, fakeTree(t, ''));
  t.throws(() => withPath('/nonexistent', () => nothing.build(source, 'plain', { defines: '' })), {
    name: 'KernelTreeError',
    message: /^make: spawnSync make ENOENT/,
  });
});

t.test('lines that were reached, of each file, however often the compiler made code of them', async (t) => {
  const files = [
    {
      file: '/tree/mm/vma.c',
      lines: [
        { line_number: 9, count: 0 },
        { line_number: 5, count: 3 },
        { line_number: 5, count: 0 },
        { line_number: 7, count: 0 },
      ],
    },
    { file: '/tree/mm/other_vma.c', lines: [{ line_number: 1, count: 1 }] },
    { file: '../../mm/vma.c', lines: [{ line_number: 7, count: 1 }] },
  ];
  const folder = t.testdir({});
  const gcov = (text: string): string => fakeTree(t, '', { gcov: `#!/bin/sh\n${text}\n` }).PATH;
  const counted = (PATH: string) => withPath(PATH, () => lineCoverage(folder, ['mm/vma.c', 'mm/vma_init.c']));
  t.same(counted(gcov(`[ "$*" = "--json-format --stdout main.o" ] && echo '${JSON.stringify({ files })}'`)), [
    { source: 'mm/vma.c', reached: 2, lines: 3, missed: [9] },
    { source: 'mm/vma_init.c', reached: 0, lines: 0, missed: [] },
  ]);
  t.throws(() => counted(gcov('echo main.o: no such file >&2; exit 1')), { message: 'gcov: main.o: no such file\n' });
  t.throws(() => counted('/nonexistent'), { name: 'KernelTreeError', message: /^gcov: spawnSync gcov ENOENT/ });
});
