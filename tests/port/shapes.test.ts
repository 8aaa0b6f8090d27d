// SPDX-License-Identifier: GPL-2.0-only
/** `port tests` on C that upstream's tests seldom have: it comes out and passes, or each place and who uses it is marked. */
import { join } from 'node:path';
import t from 'tap';
import { translateFile } from '../../tools/port/tests.js';
import { KernelTree } from '../../tools/port/tree.js';
import { ROOT } from '../house/project.js';
import { SMALL_TREE, Workshop } from './workshop.js';

const FOLDER = join(ROOT, 'tests/data/port/shapes');

t.test('shapes: translated without a mark, compiled as it comes, and true at both widths of flags', async (t) => {
  const workshop = new Workshop(t);
  const { status, stdout, stderr } = workshop.translate('--kernel', SMALL_TREE, join(FOLDER, 'shapes.c'));
  t.equal(status, 0, stdout + stderr);
  const compiled = workshop.compile();
  t.equal(compiled.status, 0, compiled.stdout);
  const names = ['else_if', 'wide_or_narrow', 'functions_as_arguments', 'nameless_parts', 'address_of_a_local'];
  const results = [...names, 'list_of_calls', 'statement_expression', 'marked_for_writing', 'cloned'];
  for (const bits of ['128', '64'] as const) {
    t.same(workshop.run('shapes', bits), { status: 0, results: results.map((name) => `ok ${name}`) }, `${bits} bits`);
  }
});

t.test('what reads otherwise than in C means the same', async (t) => {
  const { text } = await translateFile(new KernelTree(SMALL_TREE), join(FOLDER, 'shapes.c'), FOLDER);
  for (const line of [
    '  t.ASSERT_EQ(found, 2); /* the one between */',
    '  } else if (NUM_VMA_FLAG_BITS <= 64) {',
    '  const check = (bit: number, other: number): void => {',
    "  assert_called_with(anon_vma_clone, 'anon_vma_clone() once', prev, next);",
    'const SHAPE_FOUR = 4;',
  ]) {
    t.ok(text.split('\n').includes(line), line);
  }
  t.notMatch(text, /static_assert|eight/, 'what the compiler of C has checked');
});

/** The lines of marked.c that are marked, and why. */
const MARKS: readonly [line: number, reason: string][] = [
  [17, 'MARK_SIZE is no number that can be worked out'],
  [17, 'MARK_ONE is no number that can be worked out'],
  [19, 'a macro that is not known declares it'],
  [20, 'a struct mm_struct of the whole file'],
  [21, 'an array whose length is no number'],
  [21, 'an array whose length is no number'],
  [22, 'mark_shared is shared by tests that run in another order than they stand in'],
  [31, 'a value from a function without one'],
  [34, 'an array whose length is no number'],
  [40, 'mark_twice() is there twice, under two conditions'],
  [53, 'uses struct with_union, which was not translated'],
  [55, 'uses a, which was not translated'],
  [61, 'uses MARK_SIZE, which was not translated'],
  [62, 'uses MARK_ONE, which was not translated'],
  [63, 'uses mark_list, which was not translated'],
  [69, 'uses mark_defined, which was not translated'],
  [70, 'uses mark_mm, which was not translated'],
  [77, 'the port has no mark_sized()'],
  [84, 'uses mark_shared, which was not translated'],
  [85, 'uses mark_shared, which was not translated'],
  [92, 'a struct vma_merge_struct without vmi, which it needs here'],
  [94, 'the port has no mark_no_such_function()'],
  [95, 'the port has no VMA_ITERATOR()'],
  [97, 'uses vmi, which was not translated'],
  [103, 'wide is declared under a condition and used outside of it'],
  [108, 'the port has no wide'],
  [114, 'a statement expression that is left early'],
  [115, 'an array whose length is no number'],
  [117, 'uses n, which was not translated'],
  [118, 'uses list, which was not translated'],
  [124, 'uses mark_shared, which was not translated'],
  [139, 'there is no test_nowhere()'],
];

t.test('marked: each place is said, each test that comes to one is a todo, and what comes out compiles', async (t) => {
  const { translation } = await translateFile(new KernelTree(SMALL_TREE), join(FOLDER, 'marked.c'), FOLDER);
  t.same(
    translation.marks.map(({ line, reason }) => [line, reason]),
    MARKS,
  );
  const workshop = new Workshop(t);
  t.equal(workshop.translate('--kernel', SMALL_TREE, join(FOLDER, 'marked.c')).status, 1);
  const compiled = workshop.compile();
  t.equal(compiled.status, 0, compiled.stdout);
  const { results } = workshop.run('marked', '128');
  t.equal(results.length, translation.tests.length);
  for (const result of results) t.match(result, /^not ok \w+ # TODO .*marked\.c:\d+: /);
});
