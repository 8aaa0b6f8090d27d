// SPDX-License-Identifier: GPL-2.0-only
/** docs/upstream.md is true, and the check of it finds what is not. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readBaseline } from '../../tools/port/manifest.js';
import { KernelTree } from '../../tools/port/tree.js';
import { blankMacros } from '../../tools/table/c_source.js';
import { symbolsOf } from '../../tools/table/c_symbols.js';
import { checkHomes, checkTree, definitionOfRow } from '../../tools/table/check.js';
import { parseTables, type Table } from '../../tools/table/table.js';
import { declarationsIn } from '../../tools/table/ts_declarations.js';
import { sourceFiles } from '../house/project.js';
import { folderWith } from '../port/trees.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tables = parseTables(readFileSync(join(root, 'docs/upstream.md'), 'utf8'));

t.test('each row of docs/upstream.md has a home that declares it, or a reason', async (t) => {
  t.ok(tables.length >= 14, 'the tables were found');
  t.same(checkHomes(root, tables), []);
});

t.test('the head of a ported file names the release that the baseline is of', async (t) => {
  const release = /^\d+\.\d+/.exec(readBaseline().kernel)?.[0];
  const heads = sourceFiles(['include', 'stubs', 'lib', 'harness', 'tests/upstream'], ['.ts']).map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text: text.slice(0, text.indexOf('*/')) };
  });
  const named = heads.flatMap(({ file, text }) =>
    [...text.matchAll(/\(Linux\s(?:\* )?(\d+\.\d+)\)/g)].map(([, version]) => ({ file, version })),
  );
  t.ok(named.length >= 40, 'heads that name a release');
  t.same(
    named.filter(({ version }) => version !== release),
    [],
  );
});

const kernel = process.env.KERNEL;
t.test(
  'docs/upstream.md agrees with the kernel tree in KERNEL',
  { skip: kernel ? false : 'KERNEL is not set' },
  async (t) => {
    const faults = checkTree(kernel ?? '', tables);
    const { version } = new KernelTree(kernel ?? '');
    const baseline = readBaseline().kernel;
    if (version === baseline) t.same(faults, []);
    else
      for (const fault of faults)
        t.comment(`a finding to read, as ${version} is not the baseline's ${baseline}: ${fault}`);
  },
);

t.test('the symbols of a C text are found, under any #if, macros in odd places included', async (t) => {
  const symbols = symbolsOf(`
    #define LIMIT 3
    #define TWICE(x) ((x) * 2)
    enum colour { RED, GREEN };
    enum { DECLARE_VMA_BIT(FIRST, 0), DECLARE_VMA_BIT_ALIAS(SECOND, FIRST), };
    struct __randomize_layout point { int x; 
    #define INNER 1
    };
    typedef unsigned long word_t;
    static int counter;
    extern int elsewhere;
    int prototype(void);
    #ifdef CONFIG_MMU
    static inline __must_check struct point *find(struct point *p)
    {
      for_each_vma(vmi, vma) { counter++; }
      return p;
    }
    #else
    static int other(void) { return 0; }
    #endif
  `);
  t.same(
    symbols.map(({ name, kind }) => `${kind} ${name}`),
    [
      'macro LIMIT',
      'macro TWICE',
      'enum colour',
      'enumerator RED',
      'enumerator GREEN',
      'enumerator VMA_FIRST_BIT',
      'enumerator VMA_SECOND_BIT',
      'struct point',
      'macro INNER',
      'typedef word_t',
      'variable counter',
      'function find',
      'function other',
    ],
  );
});

t.test('declarations in every dress that C has for them', async (t) => {
  const cases: [string, string[]][] = [
    ['int (*handler)(int), *other = 0, table[3] = { 1 };', ['variable handler', 'variable other', 'variable table']],
    ['int (*get(void))(int) { return 0; }', ['function get']],
    ['int old(a, b) int a; char *b; { return a; }', ['function old']],
    ['main(argc, argv) char **argv; { return 0; }', ['function main']],
    ['typedef int (*action_t)(int a); typedef int (plain_t)(void);', ['typedef action_t', 'typedef plain_t']],
    ['typedef struct pair { int a; } pair_t, *pair_p;', ['typedef pair_t', 'typedef pair_p', 'struct pair']],
    ['static DEFINE_MUTEX(lock); DECLARE_PER_CPU(struct a, b);', ['variable lock', 'variable b']],
    ['static DEFINE_PER_CPU(int, c[3]) = { 1 };', ['variable c']],
    ['SYSCALL_DEFINE2(munmap, unsigned long, addr, size_t, len)\n{\n}', ['function sys_munmap']],
    ['static __printf(1, 2) int say(const char *f, ...) { return 0; }', ['function say']],
    ['EXPORT_SYMBOL(a);\nMODULE_LICENSE("GPL")\nint after(void) { return 0; }', ['function after']],
    [
      'DEFINE_FREE(put, struct a *, put(_T))\nstatic inline int after(void) { return 0; }',
      ['variable put', 'function after'],
    ],
    ['static_assert(sizeof(int) == 4); struct forward; int proto(void);', []],
    ['struct a { int x; } __aligned(8) one;', ['struct a', 'variable one']],
    ['#ifdef A\nint f(int a)\n#else\nint f(long a)\n#endif\n{ return a; }\nint g;', ['function f', 'variable g']],
    ['#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n return a; }\nint g;', ['function f', 'variable g']],
    ['#if 0\nint broken(void) { { (\n#endif\nint g;', ['variable g']],
    ['#ifndef _H\n#define _H\nint g;\n#endif', ['variable g']],
    ['int f(void) {\n#define INNER 1\n return INNER; }', ['function f']],
    ['int f(void) { return "}{"[0] == \'{\'; } // }\n/* { */ int g;', ['function f', 'variable g']],
    ['extern "C" {\nint f(void) { return 0; }\n}\n', ['function f']],
    ['int unfinished(void) { if (', []],
    ['\u0000\u0001"', []],
  ];
  for (const [text, expected] of cases) {
    t.same(
      symbolsOf(text).map(({ name, kind }) => `${kind} ${name}`),
      expected,
      text,
    );
  }
});

t.test('what TypeScript declares is told from what it uses, and as what', async (t) => {
  const kinds = (text: string): string[] => declarationsIn(text).map(({ name, kind }) => `${kind} ${name}`);
  t.same(kinds('export function vma_find(\n  vmi: V,\n): N {\n  vma_next(vmi);\n  const inner = 1;\n}'), [
    'function vma_find',
  ]);
  t.same(kinds('export function* for_each_vma('), ['function for_each_vma']);
  t.same(kinds('export interface S {\n  vma_policy(vma: V): P;\n  count: number;\n  hook?: (a: A) => B;\n}'), [
    'interface S',
    'method vma_policy',
    'field count',
    'method hook',
  ]);
  t.same(
    kinds('export class file {\n  anon_vma: A | null;\n  #own = 1;\n  get size(): number {\n    return f();\n  }\n}'),
    ['class file', 'field anon_vma', 'field #own', 'method size'],
  );
  t.same(
    kinds('const stubs: Stubs = {\n  fput: nothing,\n  get_file(file) {\n    fput(file);\n  },\n  mpol_put,\n};'),
    ['value stubs', 'property fput', 'method get_file', 'property mpol_put'],
  );
  t.same(
    kinds('export const A = 1;\nexport const B = (x: N) => x;\nexport const { C, D: E } = bits();\nexport type F = 1;'),
    ['value A', 'function B', 'computed C', 'computed E', 'type F'],
  );
  t.same(kinds("test('merge_new', (t) => {\n  t.ok(1);\n});"), ['test merge_new']);
  t.same(kinds('/*\n * function hidden() {\n */\n// const also = 1;\nexport { elsewhere } from "./x.js";'), []);
  t.equal(declarationsIn('\n\nexport class here {}')[0]?.line, 3);
});

/** One table, of mm/a.c unless its heading says otherwise. */
function tableOf(heading: string, ...rows: string[]): Table {
  const [table] = parseTables([heading, '', ...rows].join('\n'));
  if (table === undefined) throw new Error('no table was parsed');
  return table;
}

t.test('the check finds what is missing on either side', async (t) => {
  const folder = folderWith(t, {
    'mm/a.c': 'int kept(void) { return 1; }\nint forgotten(void) { return 2; }\n',
    'lib/a.ts': 'export function kept() {\n  gone();\n}\nexport { gone } from "./b.js";\n',
  });
  const table = tableOf(
    '## `mm/a.c`',
    '| `kept` | function | `lib/a.ts` |  |',
    '| `gone` | function | `lib/a.ts` |  |',
    '| `nowhere` | function | — |  |',
    '| `lost` | function | `lib/b.ts` |  |',
    '| `odd` | procedure | `lib/a.ts` |  |',
  );
  t.same(checkHomes(folder, [table]), [
    'docs/upstream.md:4: gone of mm/a.c: lib/a.ts does not define gone',
    'docs/upstream.md:5: nowhere of mm/a.c: neither a home nor a reason',
    'docs/upstream.md:6: lost of mm/a.c: there is no lib/b.ts',
    'docs/upstream.md:7: odd of mm/a.c: no kind "procedure"; there are function, test, macro, struct, enum, constant, type, variable',
  ]);
  t.same(checkTree(folder, [table]), [
    'docs/upstream.md:4: mm/a.c has no gone',
    'docs/upstream.md:5: mm/a.c has no nowhere',
    'docs/upstream.md:6: mm/a.c has no lost',
    'docs/upstream.md:7: mm/a.c has no odd',
    'mm/a.c:2: function forgotten has no row in docs/upstream.md',
  ]);
  t.same(checkTree(folder, [{ ...table, complete: false, rows: table.rows.slice(0, 1) }]), []);
  t.throws(() => checkTree(join(folder, 'lib'), [table]), /is no kernel tree that could be read: it has no mm\/a\.c/);
  t.throws(() => checkTree(folder, []), /is no kernel tree that could be read: it has no file/);
  const found = (symbol: string): (string | number)[] => {
    const row = table.rows.find((one) => one.symbol === symbol);
    const definition = row === undefined ? null : definitionOfRow(folder, table, row);
    return definition === null ? [] : [definition.name, definition.line];
  };
  t.same(found('kept'), ['kept', 1]);
  t.same(found('nowhere'), [], 'no home');
  t.same(found('lost'), [], 'a home that is not there');
  t.same(found('odd'), []);
  const odd = { symbol: 'odd', kind: 'procedure', home: 'lib/a.ts', name: 'kept', remark: '', line: 9 };
  t.equal(definitionOfRow(folder, table, odd)?.line, 1, 'of an unknown kind, whatever has the name');
});

t.test('macros that the grammar of C cannot know keep their place', async (t) => {
  const text =
    '#define __must_check x\nstatic __must_check int f(void) { for_each_vma(vmi, vma) { } }\nDECLARE_VMA_BIT(READ, 0),\n';
  const blanked = blankMacros(text);
  t.equal(blanked.length, text.length);
  t.equal(
    blanked,
    '#define __must_check x\nstatic              int f(void) { while       (vmi, vma) { } }\nVMA_READ_BIT            ,\n',
  );
});

t.test('the check compares kinds, on either side', async (t) => {
  const TESTS = 'tools/testing/vma/tests/a.c';
  const folder = folderWith(t, {
    [TESTS]: '#define name 1\nstruct pair { int a; };\nbool test_merge(void) { return 1; }\n',
    'lib/a.ts': [
      'export class name {',
      '  pair: number;',
      '}',
      "test('merge', (t) => {});",
      'export function split() {}',
      'const stubs = {',
      '  stub: nothing,',
      '};',
    ].join('\n'),
  });
  const homes = (...rows: string[]): string[] => checkHomes(folder, [tableOf(`## \`${TESTS}\``, ...rows)]);
  const row = (symbol: string, kind: string, as: string, remark = ''): string =>
    `| \`${symbol}\` | ${kind} | \`lib/a.ts\` as \`${as}\` | ${remark} |`;
  const wrong = (symbol: string, kind: string, line: number, as: string, what: string): string =>
    `docs/upstream.md:3: ${symbol} of ${TESTS}: is a ${kind}, but lib/a.ts:${line}: ${as} is a ${what}, and no remark says why`;
  for (const [symbol, kind, as, line, what] of [
    ['name', 'function', 'name', 1, 'class'],
    ['pair', 'struct', 'pair', 2, 'field'],
    ['test_merge', 'test', 'split', 5, 'function'],
    ['merge', 'function', 'merge', 4, 'test'],
    ['stub', 'struct', 'stub', 7, 'property'],
    ['split', 'variable', 'split', 5, 'function'],
  ] as const) {
    t.same(homes(row(symbol, kind, as)), [wrong(symbol, kind, line, as, what)], `${kind} ${symbol}`);
    t.same(homes(row(symbol, kind, as, 'for a reason')), []);
  }
  for (const [symbol, kind, as] of [
    ['name', 'struct', 'name'],
    ['test_merge', 'function', 'merge'],
    ['test_merge', 'test', 'merge'],
    ['stub', 'function', 'stub'],
    ['split', 'macro', 'split'],
  ] as const) {
    t.same(homes(row(symbol, kind, as)), [], `${kind} ${symbol}`);
  }
  const upstream = (...rows: string[]): string[] => checkTree(folder, [tableOf(`## From \`${TESTS}\``, ...rows)]);
  t.same(upstream(row('name', 'function', 'name')), [
    `docs/upstream.md:3: ${TESTS}:1: name is a macro, and no function`,
  ]);
  t.same(upstream(row('name', 'macro', 'name'), row('pair', 'struct', 'x'), row('test_merge', 'test', 'merge')), []);
});

t.test('the check names files that the kernel has and the document has not, and the other way round', async (t) => {
  const folder = folderWith(t, {
    'mm/vma.c': 'int f(void) { return 0; }\n',
    'mm/vma_new.c': 'int g(void) { return 0; }\n',
    'mm/vma_internal.h': '#include <linux/mm.h>\n',
    'tools/testing/vma/tests/shrink.c': 'bool test_shrink(void) { return 1; }\n',
    'tools/testing/vma/Makefile': 'all:\n',
  });
  const linked = join(folder, 'tools/testing/vma/tests/linked.c');
  symlinkSync('shrink.c', linked);
  symlinkSync('nowhere.c', join(folder, 'mm/vma_dangling.c'));
  const [here, gone] = [tableOf('## From `mm/vma.c`'), tableOf('## From `mm/gone.c`')];
  t.same(checkTree(folder, [here, gone]), [
    'docs/upstream.md:1: the kernel has no mm/gone.c',
    'mm/vma_new.c: has no table in docs/upstream.md',
    'tools/testing/vma/tests/linked.c: has no table in docs/upstream.md',
    'tools/testing/vma/tests/shrink.c: has no table in docs/upstream.md',
  ]);
});

t.test('a line that begins like a row and is none is refused with its number', async (t) => {
  t.throws(() => parseTables('## `mm/a.c`\n| `x` | function |'), /docs\/upstream\.md:2: not a row/);
});
