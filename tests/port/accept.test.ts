// SPDX-License-Identifier: GPL-2.0-only
/** `port accept`: how the baseline moves, and that it moves no further than asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { acceptAll, acceptChoice, acceptInto, choose } from '../../tools/port/accept.js';
import { type Baseline, readBaseline, writeBaseline } from '../../tools/port/manifest.js';
import { compareWithBaseline, countStates } from '../../tools/port/status.js';
import { portedTables } from '../../tools/port/tree.js';
import { ROOT, runNode } from '../house/project.js';
import { type Compared, compareTrees, describeSymbols, folderWith, tableOf } from './trees.js';

const FILE = 'mm/vma.c';
const OLD = 'int stays(void) { return 1; }\nint changes(void) { return 1; }\nstruct goes { int a; };\n';
const NEW = '\n\nint stays(void) { return 1; }\nint changes(void) { return 2; }\nlong comes(void) { return 1 + 2; }\n';
const MAKEFILE = 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n';

function compared(test: Test): Compared {
  const older = { [FILE]: OLD, 'mm/vma.h': '#define A 1\n', Makefile: MAKEFILE.replace('3', '2') };
  return compareTrees(test, older, { [FILE]: NEW, 'mm/vma.h': '#define A 2\n', Makefile: MAKEFILE });
}

/** Lines of two baselines, as they are written, that differ. */
function changedLines(test: Test, before: Baseline, after: Baseline): string[] {
  const path = join(test.testdir({}), 'baseline.json');
  const lines = (baseline: Baseline): string[] => {
    writeBaseline(baseline, path);
    return readFileSync(path, 'utf8').split('\n');
  };
  const [older, newer] = [lines(before), lines(after)];
  return [
    ...older.filter((line) => !newer.includes(line)).map((line) => `-${line}`),
    ...newer.filter((line) => !older.includes(line)).map((line) => `+${line}`),
  ].map((line) => line.slice(0, line.indexOf('":') + 1));
}

t.test('a symbol that is accepted changes its own lines and no others', async (t) => {
  const { before, tree, tables, comparison } = compared(t);
  const accept = (...names: string[]): string[] =>
    changedLines(t, before, acceptChoice(before, tables, tree, choose(comparison, names)));
  t.same(accept('changes'), ['-      "changes"', '+      "changes"']);
  t.same(accept('goes'), ['-      "goes"']);
  t.same(accept('mm/vma.h'), ['-      "A"', '+      "A"']);
  t.same(accept('mm/vma.h:A'), ['-      "A"', '+      "A"']);
  t.same(accept('stays'), [], 'what is unchanged has nothing to accept');
  t.throws(() => accept('changes', 'nowhere'), /no such symbol or file, in the tree or in the baseline: nowhere/);
});

t.test('the last symbol of a file comes and goes without its neighbour’s line', async (t) => {
  const [one, two] = ['int a(void) { return 1; }\n', 'int b(void) { return 2; }\n'];
  for (const [older, newer, line] of [
    [one, one + two, '+      "b"'],
    [one + two, one, '-      "b"'],
  ] as const) {
    const { before, tree, comparison } = compareTrees(t, { [FILE]: older }, { [FILE]: newer });
    const after = acceptChoice(before, [tableOf(FILE, true, 'a', 'b')], tree, choose(comparison, ['b']));
    t.same(changedLines(t, before, after), [line]);
  }
});

t.test('what has no row cannot be accepted, alone or with the rest', async (t) => {
  const { before, tree, tables, comparison } = compared(t);
  const homeless = /no row in docs\/upstream\.md, which says where it lives here: comes of mm\/vma\.c$/;
  t.throws(() => acceptChoice(before, tables, tree, choose(comparison, ['comes'])), homeless);
  t.throws(() => acceptAll(tables, tree, comparison), homeless);
});

t.test('without names all is the tree’s: line numbers of what is unchanged, and the version', async (t) => {
  const { before, tree, comparison } = compared(t);
  const tables = [tableOf(FILE, true, 'stays', 'changes', 'comes'), tableOf('mm/vma.h', true, 'A')];
  const after = acceptAll(tables, tree, compareWithBaseline(tree, tables, before));
  t.equal(before.kernel, '7.2.4');
  t.equal(after.kernel, '7.3.4');
  t.equal(after.files[FILE]?.stays?.line, 3);
  t.same(describeSymbols(compareWithBaseline(tree, tables, after)), []);
  t.equal(countStates(comparison.symbols).unchanged, 1);
});

t.test('a renamed or moved symbol is accepted by its old name or its new one', async (t) => {
  const body = '(struct vma *vma) { if (vma->start) vma->end = vma->start + vma->pages; }\n';
  const trees = compareTrees(t, { [FILE]: `void old_name${body}` }, { [FILE]: `void new_name${body}` });
  const tables = [tableOf(FILE, true, 'new_name')];
  for (const name of ['old_name', 'new_name']) {
    const after = acceptChoice(trees.before, tables, trees.tree, choose(trees.comparison, [name]));
    t.same(Object.keys(after.files[FILE] ?? {}), ['new_name'], name);
  }
  t.throws(
    () => acceptChoice(trees.before, trees.tables, trees.tree, choose(trees.comparison, ['new_name'])),
    /no row .* new_name of/,
    'under its new name it needs a row',
  );
});

t.test('files: a new one needs a table, a missing one goes, one without symbols is a hash', async (t) => {
  const TESTS = 'tools/testing/vma/tests/shrink.c';
  const older = { [FILE]: OLD, 'mm/vma_old.h': '#define A 1\n', 'tools/testing/vma/Makefile': 'A = 1\n' };
  const newer = {
    [FILE]: OLD,
    [TESTS]: 'bool test_shrink(void) { return 1; }\n',
    'tools/testing/vma/Makefile': 'A = 2\n',
  };
  const { before, tree, tables, comparison } = compareTrees(t, older, newer);
  const accept = (name: string, more = tables): Baseline =>
    acceptChoice(before, more, tree, choose(comparison, [name]));
  t.throws(() => accept(TESTS), /no table in docs\/upstream\.md: tools\/testing\/vma\/tests\/shrink\.c$/);
  t.throws(() => accept('test_shrink'), /no row/);
  const after = accept(TESTS, [...tables, tableOf(TESTS, true, 'test_shrink')]);
  t.same(Object.keys(after.files[TESTS] ?? {}), ['test_shrink']);
  t.notOk('mm/vma_old.h' in accept('mm/vma_old.h').files);
  t.not(
    accept('tools/testing/vma/Makefile').whole['tools/testing/vma/Makefile'],
    before.whole['tools/testing/vma/Makefile'],
  );
});

t.test('of a file that is followed in part what is not ported is accepted without a row', async (t) => {
  const { before, tree, tables, comparison } = compareTrees(t, { [FILE]: OLD }, { [FILE]: NEW }, { [FILE]: ['stays'] });
  const after = acceptAll(tables, tree, comparison);
  t.same(describeSymbols(compareWithBaseline(tree, tables, after)), []);
  t.not(Object.keys(after.files[FILE] ?? {}).join(), Object.keys(before.files[FILE] ?? {}).join());
});

t.test('the baseline is written whole, a line for each symbol, and read back', async (t) => {
  const path = join(t.testdir({}), 'baseline.json');
  const { before } = compared(t);
  writeBaseline(before, path);
  t.same(readBaseline(path), before);
  t.match(readFileSync(path, 'utf8'), /^ {6}"changes": "function 2 \d+ [0-9a-f]{16} [0-9a-f]{32}",?$/m);
  for (const [text, message] of [
    ['[]', /not a baseline: no JSON object/],
    ['{"kernel": "7.2"}', /not a baseline: no "whole" or no "files"/],
    ['{"whole": {}, "files": {}}', /not a baseline: no "kernel"/],
    ['{"kernel": "7.2", "whole": {}, "files": {"a": {"b": "function"}}}', /not a baseline: b of a: "function"/],
    ['\u0000\u0001', /not a baseline/],
  ] as const) {
    writeFileSync(path, text);
    t.throws(() => readBaseline(path), message);
  }
});

t.test('what is accepted is said, and what cannot be leaves the file as it was', async (t) => {
  const { before, tree, tables } = compared(t);
  const path = join(t.testdir({}), 'baseline.json');
  writeBaseline(before, path);
  const written = readFileSync(path, 'utf8');
  t.throws(() => acceptInto(path, tables, tree, ['changes', 'comes']), /no row/);
  t.throws(() => acceptInto(path, tables, tree, []), /no row/);
  t.equal(readFileSync(path, 'utf8'), written);
  t.same(acceptInto(path, tables, tree, ['changes']), [
    'changed changes of mm/vma.c: accepted',
    `1 symbol accepted from ${tree.root} (7.3.4)`,
  ]);
  t.same(acceptInto(path, tables, tree, ['changes']).slice(0, -1), [], 'once');
  const rows = [tableOf(FILE, true, 'stays', 'changes', 'comes'), tableOf('mm/vma.h', true, 'A')];
  t.match(acceptInto(path, rows, tree, []).at(-1), /^3 symbols accepted from .* \(7\.3\.4\); the baseline is 7\.3\.4$/);
  t.equal(readBaseline(path).kernel, '7.3.4');

  const moved = compareTrees(t, { [FILE]: OLD, 'mm/vma_old.h': OLD.replace('goes', 'went') }, { [FILE]: OLD + NEW });
  writeBaseline(moved.before, path);
  t.match(acceptInto(path, moved.tables, moved.tree, ['mm/vma_old.h'])[0], 'missing file mm/vma_old.h: accepted');
});

t.test('it is written as lint wants it', async (t) => {
  const folder = folderWith(t, {
    'biome.json': JSON.stringify({ root: true, formatter: { indentStyle: 'space', lineWidth: 120 } }),
  });
  const path = join(folder, 'baseline.json');
  const long =
    'a_symbol_with_a_name_that_is_longer_than_any_line_of_this_project_may_be_so_that_a_formatter_would_like_to_break_it';
  const print = {
    kind: 'function',
    line: 1,
    size: 2,
    hash: '0'.repeat(16),
    shape: '0'.repeat(32),
    context: '0'.repeat(8),
  };
  for (const files of [{}, { 'mm/vma.c': { [long]: print, f: print }, 'mm/empty.c': {} }]) {
    writeBaseline({ kernel: '7.2.13', whole: {}, files }, path);
    const { status, stdout, stderr } = runNode([
      'node_modules/@biomejs/biome/bin/biome',
      'check',
      `--config-path=${folder}`,
      path,
    ]);
    t.equal(status, 0, stdout + stderr);
  }
  const own = runNode(['node_modules/@biomejs/biome/bin/biome', 'check', join(ROOT, 'tools/port/baseline.json')]);
  t.equal(own.status, 0, own.stdout + own.stderr);
});

t.test(
  'the baseline has a symbol for each row of docs/upstream.md, and a row for each that must have one',
  async (t) => {
    const { files, kernel } = readBaseline();
    t.match(kernel, /^\d+\.\d+\.\d+$/, 'a version and its point release');
    for (const { file, complete, rows } of portedTables()) {
      const symbols = new Set(Object.keys(files[file] ?? {}));
      const named = new Set(rows.map(({ symbol }) => symbol));
      t.same(
        [...named].filter((name) => !symbols.has(name)),
        [],
        `${file}: rows without a symbol`,
      );
      if (complete)
        t.same(
          [...symbols].filter((name) => !named.has(name)),
          [],
          `${file}: symbols without a row`,
        );
    }
  },
);
