// SPDX-License-Identifier: GPL-2.0-only
/** `port status`: what counts as a difference, and what does not. */
import t, { type Test } from 'tap';
import { homeOf, lineOfFile } from '../../tools/port/report.js';
import { countStates, differs, placeOf } from '../../tools/port/status.js';
import { fingerprintOf, hashOfFile } from '../../tools/port/tokens.js';
import { KernelTree, TreeError } from '../../tools/port/tree.js';
import { tokensOf } from '../../tools/table/c_tokens.js';
import { compareTrees, type Files } from './trees.js';

const FILE = 'mm/vma.c';

/** What is found between two texts of one file. */
function between(t: Test, older: string, newer: string, ported?: string[]): string[] {
  return compareTrees(t, { [FILE]: older }, { [FILE]: newer }, ported === undefined ? {} : { [FILE]: ported }).found;
}

t.test('tokens say what a text says, not how it is written', async (t) => {
  t.same(tokensOf('int x = a->b; /* no */ // nor this \\\n nor this\n'), ['int', 'x', '=', 'a', '->', 'b', ';']);
  t.same(tokensOf('"a /* b" \'"\' 0x10UL <<= \\\r\n c 1e+5 d\\\ne'), [
    '"a /* b"',
    "'\"'",
    '0x10UL',
    '<<=',
    'c',
    '1e+5',
    'de',
  ]);
  t.not(tokensOf('#define F(x) 1').join(' '), tokensOf('#define F (x) 1').join(' '), 'a blank that C looks at');
  const print = (...texts: string[]): string =>
    fingerprintOf(
      'function',
      texts.map((text) => ({ name: 'f', line: 1, text, context: '' })),
    ).hash;
  const written = 'static int f(void)\n{\n\treturn 1;\n}\n';
  t.equal(print(written), print('static int f(void) { /* why */ return 1; }'));
  t.not(print(written), print(written.replace('1', '2')));
  t.not(print('a', 'b'), print('ab'));
  const twice = [9, 4].map((line) => ({ name: 'f', line, text: written, context: '' }));
  t.equal(fingerprintOf('function', twice).line, 4, 'it begins where the first of its texts begins');
  t.not(print('for_each_vma(vmi, vma)'), print('for_each_vma_range(vmi, vma)'));
});

t.test('each symbol is unchanged, changed, added or removed, with its lines on both sides', async (t) => {
  const older = 'int stays(void) { return 1; }\nint changes(int a) { return a; }\nstruct goes { int b; };\n';
  const newer =
    '/* new */\nint stays(void)\n{\n\treturn 1;\n}\nint changes(int a) { return -a; }\nlong comes(void) { return 1 + 2 + 3; }\n';
  t.same(between(t, older, newer), [
    `changed changes ${FILE}:2 -> :6`,
    `added comes -> ${FILE}:7`,
    `removed goes ${FILE}:3 ->`,
  ]);
  const { comparison } = compareTrees(t, { [FILE]: older }, { [FILE]: newer });
  t.same(countStates(comparison.symbols), { unchanged: 1, changed: 1, added: 1, removed: 1, moved: 0, renamed: 0 });
});

t.test('blanks, comments, line ends and continuation lines are no difference', async (t) => {
  const older = [
    'enum {',
    '\tDECLARE_VMA_BIT(READ, 0),',
    '\tDECLARE_VMA_BIT_ALIAS(ALSO, READ),',
    '};',
    '#define TWICE(x) \\',
    '\t((x) * \\',
    '\t 2)',
    'static inline __must_check int f(struct a *a, int b)',
    '{',
    '\tif (a->b)',
    '\t\treturn b; /* why */',
    '\treturn 0;',
    '}',
    '',
  ].join('\n');
  const newer = [
    '// SPDX-License-Identifier: GPL-2.0',
    'enum { DECLARE_VMA_BIT(READ ,',
    ' 0), DECLARE_VMA_BIT_ALIAS',
    ' ( ALSO , READ ) , } ;',
    '#  define TWICE(x) ((x) * 2) // twice',
    'static inline __must_check',
    'int f(struct a *a,',
    '      int b) { if (a -> b) return b;',
    '  /* another reason */ return 0; }',
  ].join('\n');
  t.same(between(t, older, newer), []);
  t.same(between(t, older, older.replaceAll('\n', '\r\n')), []);
  t.same(between(t, older.replaceAll('\n', '\r\n'), newer), []);
});

t.test('what C looks at is a difference', async (t) => {
  const cases: [string, string, string][] = [
    ['a signature', 'int f(int a) { return 0; }', 'int f(long a) { return 0; }'],
    ['storage', 'static int f(void) { return 0; }', 'int f(void) { return 0; }'],
    ['a macro that takes arguments', '#define f(x) 1', '#define f (x) 1'],
    ['a macro that became a function', '#define f() 0', 'static inline int f(void) { return 0; }'],
    ['a text', 'char *f(void) { return "a  b"; }', 'char *f(void) { return "a b"; }'],
    ['a field', 'struct f { int a; };', 'struct f { int a; int b; };'],
    [
      'the second of two',
      '#ifdef A\n#define f 1\n#else\n#define f 2\n#endif',
      '#ifdef A\n#define f 1\n#else\n#define f 3\n#endif',
    ],
    ['an #if around it', '#ifdef A\n#define f 1\n#endif', '#ifdef B\n#define f 1\n#endif'],
    ['an #if within it', 'int f(void) {\n#ifdef A\n g();\n#endif\n}', 'int f(void) {\n#ifdef B\n g();\n#endif\n}'],
    ['a branch of an #if', '#ifdef A\n#else\n#define f 1\n#endif', '#ifdef A\n#define f 1\n#else\n#endif'],
    ['parameters of old', 'int f(a) int a; { return a; }', 'int f(a) long a; { return a; }'],
    ['an initialiser', 'static int f = 1;', 'static int f = 2;'],
  ];
  for (const [what, older, newer] of cases) {
    const [first = '', ...rest] = between(t, older, newer);
    t.match(first, /^changed f /, what);
    t.same(rest, [], what);
  }
  t.same(
    between(t, 'enum { A, B };', 'enum { C, A, B };').sort(),
    [`added C -> ${FILE}:1`, `changed A ${FILE}:1 -> :1`, `changed B ${FILE}:1 -> :1`],
    'values that shift',
  );
});

t.test('an enumerator without a value has one by what stands before it', async (t) => {
  t.same(between(t, 'enum { A = 3, B, C = 7 };', 'enum { A = 4, B, C = 7 };'), [
    `changed A ${FILE}:1 -> :1`,
    `changed B ${FILE}:1 -> :1`,
  ]);
  t.same(between(t, 'enum { A = 3, B };', 'enum { A=3, B, };'), []);
});

t.test('what is around a whole file, and what is nowhere compiled, is no difference', async (t) => {
  const body = 'int f(void) { return 0; }\n';
  t.same(between(t, body, `#ifndef _F_H\n#define _F_H\n#include <x.h>\n${body}#endif\n`), []);
  t.same(between(t, body, `#if 0\nint g(void) { { \n#endif\n${body}int prototype(void);\nextern int other;\n`), []);
  t.same(between(t, body, `${body}EXPORT_SYMBOL(f);\nMODULE_LICENSE("GPL")\n`), []);
});

t.test('the #if of a difference is named in the remark', async (t) => {
  const { linesOf } = await import('../../tools/port/report.js');
  const [older, newer] = [
    '#ifdef A\nint f(void) { return 0; }\n#endif\n',
    '#ifdef B\nint f(void) { return 0; }\n#endif\n',
  ];
  const { comparison, tables } = compareTrees(t, { [FILE]: older }, { [FILE]: newer });
  const [line] = linesOf(comparison, tables, new Map(), false);
  t.equal(line?.cells.at(-1), 'only what stands around it: an #if, or values before it');
});

t.test('where a symbol lives here, or why nowhere', async (t) => {
  const older = 'int kept(void) { return 1; }\nstruct gone { int a; };\n';
  const newer = 'int kept(void) { return 2; }\nint (*come)(void);\n';
  const { comparison, tables } = compareTrees(t, { [FILE]: older }, { [FILE]: newer });
  const homes = (): string[] => comparison.symbols.map((one) => homeOf(one, tables));
  t.same(homes(), ['no row yet', 'no row yet', 'no row any more']);
  const [kept] = comparison.symbols;
  if (kept === undefined) throw new Error('no symbol');
  const row = { symbol: 'kept', kind: 'function', home: null, name: 'kept', remark: 'nothing uses it', line: 1 };
  t.equal(homeOf({ ...kept, row }, tables), 'none: nothing uses it');
  t.equal(homeOf({ ...kept, row: { ...row, home: 'lib/nowhere.ts' } }, tables), 'lib/nowhere.ts');
  t.equal(homeOf({ ...kept, ported: false }, tables), 'not ported');
});

t.test('of a file that is followed in part what is not ported is named as such', async (t) => {
  const older = 'int ported(void) { return 1; }\nint internal(int a) { return a + 1; }\nstruct goes { int a; };\n';
  const newer =
    'int ported(void) { return 1; }\nint internal(int a) { return a + 2; }\nlong comes(void) { return 3; }\n';
  t.same(between(t, older, newer, ['ported']), [
    `changed internal ${FILE}:2 -> :2 (not ported)`,
    `added comes -> ${FILE}:3 (not ported)`,
    `removed goes ${FILE}:3 -> (not ported)`,
  ]);
  t.same(between(t, older, newer.replace('return 1', 'return 4'), ['ported'])[0], `changed ported ${FILE}:1 -> :1`);
});

const TESTS = 'tools/testing/vma/tests/merge.c';
const TREE: Files = {
  'mm/vma.c': 'int f(void) { return 0; }\n',
  'mm/vma.h': 'struct a { int b; };\n#define X 1\n#define Y 2\n',
  [TESTS]: 'static bool test_x(void) { return true; }\n',
  'tools/testing/vma/Makefile': 'CFLAGS += -DBITS=128 # wide\n',
};

/** The lines for files between the small tree and a doctored one. */
function fileLines(t: Test, doctor: (files: Record<string, string>) => void): string[] {
  const newer = { ...TREE };
  doctor(newer);
  const { comparison, found } = compareTrees(t, TREE, newer);
  t.equal(differs(comparison), comparison.files.length + found.length > 0);
  return [...comparison.files.map((file) => lineOfFile(file, comparison.symbols)), ...found];
}

t.test('files that are new, missing or changed as a whole have one line each', async (t) => {
  t.same(
    fileLines(t, () => {}),
    [],
  );
  const shrink = 'static bool test_shrink(void) { return true; }\nstatic void run(void) { TEST(shrink); }\n';
  t.same(
    fileLines(t, (files) => {
      files['tools/testing/vma/tests/shrink.c'] = shrink;
    }),
    ['new file tools/testing/vma/tests/shrink.c: 2 symbols, of them 1 test, no table in docs/upstream.md'],
  );
  t.same(
    fileLines(t, (files) => {
      delete files['mm/vma.h'];
    }),
    ['missing file mm/vma.h: 3 symbols'],
  );
  t.same(
    fileLines(t, (files) => {
      files['tools/testing/vma/Makefile'] = 'CFLAGS += -DBITS=64\n';
    }),
    ['changed file tools/testing/vma/Makefile: declares nothing; it is followed as a whole'],
  );
  t.same(
    fileLines(t, (files) => {
      files['tools/testing/vma/Makefile'] = '# Bits\nCFLAGS   += \\\n  -DBITS=128\n';
    }),
    [],
    'comments and blanks',
  );
  t.same(
    fileLines(t, (files) => {
      files['mm/vma_all.h'] = '#include "vma.h"\n';
      files['mm/vma_none.h'] = 'int prototype(void);\n';
    }),
    [
      'new file mm/vma_all.h: declares nothing; it is followed as a whole',
      'new file mm/vma_none.h: declares nothing; it is followed as a whole',
    ],
  );
  t.same(
    fileLines(t, (files) => {
      delete files['tools/testing/vma/Makefile'];
      files['mm/vma_new.c'] = 'int new_one(void) { return 5; }\n';
      files['mm/vmscan.c'] = 'int none_of_ours(void) { return 5; }\n';
      files['tools/testing/vma/generated/bits.h'] = '#define BITS 64\n';
    }),
    [
      'new file mm/vma_new.c: 1 symbol, of them 0 tests, no table in docs/upstream.md',
      'missing file tools/testing/vma/Makefile: declares nothing; it is followed as a whole',
    ],
  );
});

t.test('a file with another name is two lines, and its symbols moved', async (t) => {
  const lines = fileLines(t, (files) => {
    files['mm/vma_types.h'] = `\n${files['mm/vma.h'] ?? ''}`;
    delete files['mm/vma.h'];
  });
  t.same(lines, [
    'missing file mm/vma.h: 3 symbols, 3 moved elsewhere',
    'new file mm/vma_types.h: 3 symbols, of them 0 tests, 3 moved here, no table in docs/upstream.md',
    'moved a mm/vma.h:1 -> mm/vma_types.h:2',
    'moved X mm/vma.h:2 -> mm/vma_types.h:3',
    'moved Y mm/vma.h:3 -> mm/vma_types.h:4',
  ]);
});

t.test('a folder that is no kernel tree', async (t) => {
  t.throws(() => new KernelTree('/nonexistent'), TreeError);
  t.throws(() => new KernelTree(process.execPath), /not a folder/);
  t.throws(
    () => compareTrees(t, TREE, { README: 'nothing' }),
    /has none of the files that the port follows, such as mm/,
  );
});

t.test('a tree has the version of its Makefile, else that of its folder', async (t) => {
  const { treeOf } = await import('./trees.js');
  const makefile = (text: string): string => treeOf(t, { Makefile: text }).version;
  t.equal(makefile('VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n'), '7.3.4');
  t.equal(makefile('VERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 0\nEXTRAVERSION = -rc1\n'), '7.4.0-rc1');
  t.equal(makefile('nothing\n'), 'of unknown version');
});

t.test('a file that declares nothing is what it says, as its language has it', async (t) => {
  const written = '#include <linux/mm.h>\n#include "vma.h"\n';
  const hash = hashOfFile('mm/vma_all.h', written);
  t.equal(hashOfFile('mm/vma_all.h', `/* all */\n${written.replaceAll(' ', '   ')}// end\n`), hash);
  t.not(hashOfFile('mm/vma_all.h', written.replace('vma.h', 'vmb.h')), hash);
  t.not(hashOfFile('Makefile', written), hash, 'where # begins a comment');
  t.equal(hashOfFile('Makefile', written), hashOfFile('Makefile', ''));
});

t.test('a symbol is somewhere', async (t) => {
  t.throws(() => placeOf({ from: null, to: null }), /^placeOf: a symbol that is nowhere/);
});
