// SPDX-License-Identifier: GPL-2.0-only
/** `port status` and `port accept`: what differs from the baseline, and how the baseline moves. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Baseline, readBaseline, writeBaseline } from '../../tools/port/manifest.js';
import { acceptSymbols, chooseSymbols, compareWithBaseline, countStates } from '../../tools/port/status.js';
import { hashOf, tokensOf } from '../../tools/port/tokens.js';
import { KernelTree, portedTables, TreeError } from '../../tools/port/tree.js';
import type { Table } from '../../tools/table/table.js';
import { runNode } from '../house/project.js';
import { CLI } from './workshop.js';

/** A tree that consists of these files. */
function treeOf(test: Test, files: Record<string, string>): KernelTree {
  const root = test.testdir({});
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return new KernelTree(root);
}

function tableOf(file: string, complete: boolean, ...symbols: string[]): Table {
  const rows = symbols.map((symbol, i) => ({
    symbol,
    kind: 'function',
    home: `lib/${symbol}.ts`,
    name: symbol,
    remark: '',
    line: i,
  }));
  return { file, complete, rows };
}

t.test('tokens say what a text says, not how it is written', async (t) => {
  t.same(tokensOf('int x = a->b; /* no */ // nor this\n'), ['int', 'x', '=', 'a', '->', 'b', ';']);
  t.same(tokensOf('"a /* b" \'"\' 0x10UL <<= \\\n c'), ['"a /* b"', "'\"'", '0x10UL', '<<=', 'c']);
  const written = 'static int f(void)\n{\n\treturn 1;\n}\n';
  t.equal(hashOf([written]), hashOf(['static int f(void) { /* why */ return 1; }']));
  t.not(hashOf([written]), hashOf([written.replace('1', '2')]));
  t.not(hashOf(['a', 'b']), hashOf(['ab']));
  t.not(hashOf(['for_each_vma(vmi, vma)']), hashOf(['for_each_vma_range(vmi, vma)']), 'macros that the parser blanks');
});

const FILE = 'mm/vma.c';
const OLD = 'int stays(void) { return 1; }\nint changes(void) { return 1; }\nint goes(void) { return 1; }\n';
const NEW =
  '/* new */\nint stays(void)\n{\n\treturn 1;\n}\nint changes(void) { return 2; }\nint comes(void) { return 1; }\n';
const TABLES = [tableOf(FILE, true, 'stays', 'changes', 'goes')];

async function baselineOf(tree: KernelTree, tables: readonly Table[]): Promise<Baseline> {
  const empty = { kernel: 'none', files: {} };
  return acceptSymbols(empty, tables, await compareWithBaseline(tree, tables, empty), '7.2');
}

t.test('each symbol is unchanged, changed, added or removed', async (t) => {
  const baseline = await baselineOf(treeOf(t, { [FILE]: OLD }), TABLES);
  const statuses = await compareWithBaseline(treeOf(t, { [FILE]: NEW }), TABLES, baseline);
  t.same(
    statuses.map(({ symbol, state, home }) => [symbol, state, home]),
    [
      ['stays', 'unchanged', 'lib/stays.ts'],
      ['changes', 'changed', 'lib/changes.ts'],
      ['comes', 'added', null],
      ['goes', 'removed', 'lib/goes.ts'],
    ],
  );
  t.same(countStates(statuses), { unchanged: 1, changed: 1, added: 1, removed: 1 });
});

t.test('of a file that is ported in part only what has a row counts', async (t) => {
  const tables = [tableOf(FILE, false, 'stays')];
  const baseline = await baselineOf(treeOf(t, { [FILE]: OLD }), tables);
  t.same(Object.keys(baseline.files[FILE] ?? {}), ['stays']);
  const statuses = await compareWithBaseline(treeOf(t, { [FILE]: NEW }), tables, baseline);
  t.same(countStates(statuses), { unchanged: 1, changed: 0, added: 0, removed: 0 });
});

t.test('a symbol under two branches of an #if changes when either does', async (t) => {
  const both = (n: number): string =>
    `#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return ${n}; }\n#endif\n`;
  const tables = [tableOf(FILE, true, 'f')];
  const baseline = await baselineOf(treeOf(t, { [FILE]: both(2) }), tables);
  const [status] = await compareWithBaseline(treeOf(t, { [FILE]: both(3) }), tables, baseline);
  t.equal(status?.state, 'changed');
});

t.test('only what is accepted moves the baseline', async (t) => {
  const baseline = await baselineOf(treeOf(t, { [FILE]: OLD }), TABLES);
  const tree = treeOf(t, { [FILE]: NEW });
  const statuses = await compareWithBaseline(tree, TABLES, baseline);
  const moved = acceptSymbols(baseline, TABLES, chooseSymbols(statuses, ['changes', 'goes']), '7.2');
  const after = await compareWithBaseline(tree, TABLES, moved);
  t.same(countStates(after), { unchanged: 2, changed: 0, added: 1, removed: 0 });
  t.throws(() => chooseSymbols(statuses, ['nowhere']), /no such symbol, in the tree or in the baseline: nowhere/);
  t.throws(
    () => acceptSymbols(baseline, TABLES, chooseSymbols(statuses, []), '7.2'),
    /no row in docs\/upstream.md.*comes of mm\/vma.c/,
  );
});

t.test('the baseline is written whole, a line for each symbol, and read back', async (t) => {
  const path = join(t.testdir({}), 'baseline.json');
  const baseline: Baseline = { kernel: '7.2', files: { b: { y: { kind: 'macro', hash: '1', home: null } }, a: {} } };
  writeBaseline(baseline, path);
  t.same(readBaseline(path), baseline);
  t.match(readFileSync(path, 'utf8'), /^ {6}"y": \{"kind":"macro","hash":"1","home":null\}$/m);
  writeFileSync(path, '[]');
  t.throws(() => readBaseline(path), /not a baseline/);
});

t.test('the baseline has a symbol for each row of docs/upstream.md', async (t) => {
  const { files, kernel } = readBaseline();
  t.equal(kernel, '7.2');
  const rows = portedTables().flatMap(({ file, rows }) => rows.map(({ symbol }) => `${file} ${symbol}`));
  const symbols = Object.entries(files).flatMap(([file, inFile]) =>
    Object.keys(inFile).map((name) => `${file} ${name}`),
  );
  t.same(symbols.sort(), rows.sort());
});

t.test('a tree that cannot be read ends with status 2', async (t) => {
  t.throws(() => new KernelTree('/nonexistent'), TreeError);
  const empty = t.testdir({});
  for (const [args, message] of [
    [['status', '--kernel', '/nonexistent'], /port status: \/nonexistent: no such folder/],
    [['status', '--kernel', empty], /has none of the files that the port follows, such as mm\/vma\.c/],
    [['accept', '--kernel', empty], /port accept: .* has none of the files/],
    [['status', '--kernel', empty, '--diff', 'vma_merge_new_range'], /give the older one with --baseline/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ] as const) {
    const { status, stderr } = runNode([CLI, 'port', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
  }
});

t.test('status and diff from the command line', async (t) => {
  const older = treeOf(t, {
    Makefile: 'VERSION = 7\nPATCHLEVEL = 1\n',
    [FILE]: 'int vma_shrink(void) { return 1; }\n',
  });
  const root = `${t.testdirName}-newer`;
  mkdirSync(join(root, 'mm'), { recursive: true });
  writeFileSync(join(root, FILE), 'int vma_shrink(void) { return 2; }\n');
  const status = runNode([CLI, 'port', 'status', '--kernel', older.root]);
  t.equal(status.status, 1);
  t.match(status.stdout, /^state +symbol +kind +upstream file +home here\n/);
  t.match(status.stdout, /^changed +vma_shrink +function +mm\/vma\.c +lib\/mm\/vma\/split\.ts$/m);
  t.match(status.stdout, /\(7\.1\) against the baseline 7\.2: 1 changed, 0 added, \d+ removed, 0 unchanged\n$/);
  const json: unknown = JSON.parse(runNode([CLI, 'port', 'status', '--kernel', older.root, '--json']).stdout);
  t.match(json, { kernel: '7.1', counts: { changed: 1, added: 0, unchanged: 0 } });
  const diff = runNode([CLI, 'port', 'status', '--kernel', root, '--baseline', older.root, '--diff', 'vma_shrink']);
  t.match(diff.stdout, /^-int vma_shrink\(void\) \{ return 1; \}\n\+int vma_shrink\(void\) \{ return 2; \}$/m);
});

const kernel = process.env.KERNEL;
t.test('nothing differs in the tree of the baseline', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  const { status, stdout } = runNode([CLI, 'port', 'status', '--kernel', kernel ?? '']);
  t.equal(status, 0);
  t.match(stdout, /: 0 changed, 0 added, 0 removed, \d+ unchanged\n$/);
});
