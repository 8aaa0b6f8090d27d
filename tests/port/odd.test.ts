// SPDX-License-Identifier: GPL-2.0-only
/** `port tests` and files that are no C, or C that nobody expects: an error that names the place, or a mark. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runTranslated } from '../../dev/port/translated.js';
import { translateFile } from '../../tools/port/tests.js';
import { KernelTree } from '../../tools/port/tree.js';
import { SMALL_TREE, Workshop } from './workshop.js';

/** Nothing but a mark will do for these. */
const MARKED = ['an unknown function', 'an unknown field', 'an unknown type'];

const SPDX = '// SPDX-License-Identifier: GPL-2.0-only\n';
const RUNNER = (...names: string[]): string =>
  `static void run_odd_tests(int *num_tests, int *num_fail)\n{\n${names.map((name) => `\tTEST(${name});\n`).join('')}}\n`;
const SANE = 'static bool test_sane(void)\n{\n\tASSERT_EQ(1 + 1, 2);\n\treturn true;\n}\n';

/** Bytes that look random, and are the same each time. */
function noise(length: number): Buffer {
  let state = 12345;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 48271) % (2 ** 31 - 1);
      return (state >> 16) & 0xff;
    }),
  );
}

/** What is no C: a file's content, and the line that the error has to name; null for a file as a whole. */
const NO_C: readonly [name: string, content: string | Buffer, line: number | null][] = [
  ['an empty file', '', null],
  ['blanks and comments only', `${SPDX}\n/* Nothing. */\n\n`, null],
  ['random bytes', noise(2000), 1],
  ['random bytes behind a good test', Buffer.concat([Buffer.from(SPDX + SANE), noise(500)]), 7],
  ['zero bytes', Buffer.alloc(100), 1],
  ['another language', 'def test_x():\n    return True\n', 1],
  ['prose', 'Dear all,\nplease find the tests attached.\n', 1],
  ['a missing semicolon', `${SPDX}static bool test_x(void)\n{\n\tint n = 1\n\treturn n;\n}\n${RUNNER('x')}`, 4],
  ['a missing bracket', `${SPDX}static bool test_x(void)\n{\n\treturn (1 + 2;\n}\n${RUNNER('x')}`, 4],
  ['a brace that is never closed', `${SPDX}static bool test_x(void)\n{\n\tif (true) {\n\treturn true;\n}\n`, null],
  ['a brace too many', `${SPDX}static bool test_x(void)\n{\n\treturn true;\n}\n}\n${RUNNER('x')}`, 6],
  ['a comment that is never closed', `${SPDX}${SANE}/* and so on\n${RUNNER('sane')}`, 7],
  ['a string that is never closed', `${SPDX}static const char *a = "abc;\n${SANE}${RUNNER('sane')}`, 2],
  ['#if without #endif', `${SPDX}#if 1\n${SANE}${RUNNER('sane')}`, 2],
  ['#endif without #if', `${SPDX}${SANE}#endif\n${RUNNER('sane')}`, 7],
  ['#else twice', `${SPDX}#if 1\n#else\n#else\n#endif\n${SANE}${RUNNER('sane')}`, 4],
  ['a statement outside of functions', `${SPDX}${SANE}return 5;\n${RUNNER('sane')}`, 7],
  ['two operators', `${SPDX}static bool test_x(void)\n{\n\treturn 1 * / 2;\n}\n${RUNNER('x')}`, 4],
  ['half a file', `${SPDX}${SANE}static bool test_`, 7],
];

for (const [name, content, line] of NO_C) {
  t.test(`no C: ${name}`, async (t) => {
    const folder = t.testdir({ 'odd.c': '' });
    const file = join(folder, 'odd.c');
    writeFileSync(file, content);
    const place = line === null ? `${file}:` : `${file}:${line}:`;
    const message = await translateFile(new KernelTree(SMALL_TREE), file, folder).then(
      () => 'no error at all',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    t.ok(message.startsWith(place), `${place} before ${message}`);
  });
}

t.test('no C, from the command line', async (t) => {
  const workshop = new Workshop(t);
  const good = join(workshop.folder, 'good.c');
  const bad = join(workshop.folder, 'bad.c');
  writeFileSync(good, `${SPDX}${SANE}${RUNNER('sane')}`);
  writeFileSync(bad, noise(500));
  const { status, stdout, stderr } = workshop.translate('--kernel', SMALL_TREE, good, bad);
  t.equal(status, 2, stdout);
  t.match(stderr, `vma-userland port tests: ${bad}:1: `);
  t.equal(stderr.trimEnd().split('\n').length, 1, 'one line');
  t.same(readdirSync(workshop.folder).sort(), ['bad.c', 'good.c', 'tsconfig.json'], 'nothing is written');
});

/** C that may have no counterpart: a test x that passes in C, or that C does not compile. It is marked, or it passes. */
const ODD: readonly [name: string, content: string][] = [
  ['assembler', 'static bool test_x(void)\n{\n\tasm volatile("nop");\n\treturn true;\n}\n'],
  [
    'a function within a function',
    'static bool test_x(void)\n{\n\tint inner(int n) { return n; }\n\n\tASSERT_EQ(inner(1), 1);\n\treturn true;\n}\n',
  ],
  [
    'the address of a label',
    'static bool test_x(void)\n{\n\tvoid *where = &&out;\n\n\tgoto *where;\nout:\n\treturn true;\n}\n',
  ],
  ['an unknown function', 'static bool test_x(void)\n{\n\tASSERT_EQ(no_such_function(1, 2), 3);\n\treturn true;\n}\n'],
  [
    'an unknown field',
    'static bool test_x(void)\n{\n\tstruct mm_struct mm = {};\n\n\tASSERT_EQ(mm.no_such_field, 0);\n\treturn true;\n}\n',
  ],
  [
    'an unknown type',
    'static bool test_x(void)\n{\n\tstruct no_such_struct s = {};\n\n\tASSERT_EQ(s.n, 0);\n\treturn true;\n}\n',
  ],
  ['floating point', 'static bool test_x(void)\n{\n\tfloat f = 0.1f;\n\n\tASSERT_TRUE(f != 0.1);\n\treturn true;\n}\n'],
  [
    'a wide float',
    'static bool test_x(void)\n{\n\tlong double d = 1.0L;\n\n\tASSERT_TRUE(d / 3 * 3 == 1);\n\treturn true;\n}\n',
  ],
  [
    '128 bits',
    'static bool test_x(void)\n{\n\t__int128 n = 1;\n\n\tn <<= 100;\n\tASSERT_TRUE(n >> 99 == 2);\n\treturn true;\n}\n',
  ],
  [
    'a choice by type',
    'static bool test_x(void)\n{\n\tASSERT_EQ(_Generic(1, int: 1, default: 2), 1);\n\treturn true;\n}\n',
  ],
  [
    'variable arguments',
    'static int sum(int n, ...)\n{\n\tva_list args;\n\n\tva_start(args, n);\n\tva_end(args);\n\treturn n;\n}\nstatic bool test_x(void)\n{\n\tASSERT_EQ(sum(2, 1, 2), 2);\n\treturn true;\n}\n',
  ],
  [
    'a jump out of everything',
    'static bool test_x(void)\n{\n\tjmp_buf here;\n\n\tASSERT_EQ(setjmp(here), 0);\n\treturn true;\n}\n',
  ],
  [
    'memory as bytes',
    'static bool test_x(void)\n{\n\tunsigned long n = 1;\n\tunsigned char bytes[8];\n\n\tmemcpy(bytes, &n, sizeof(n));\n\tASSERT_EQ(bytes[0], 1);\n\treturn true;\n}\n',
  ],
  [
    'a pointer seen as another',
    'static bool test_x(void)\n{\n\tunsigned long n = 0x100000002UL;\n\n\tASSERT_EQ(*(unsigned int *)&n, 2);\n\treturn true;\n}\n',
  ],
  ['a test that is not defined', ''],
  [
    'a vector',
    'typedef int four __attribute__((vector_size(16)));\nstatic bool test_x(void)\n{\n\tfour v = { 1, 2, 3, 4 };\n\n\tv += v;\n\tASSERT_EQ(v[3], 8);\n\treturn true;\n}\n',
  ],
  [
    'a type as an argument of a macro',
    'static bool test_x(void)\n{\n\tstruct anon_vma_chain avc = {};\n\tstruct list_head *at = &avc.same_vma;\n\n\tASSERT_EQ(container_of(at, struct anon_vma_chain, same_vma), &avc);\n\treturn true;\n}\n',
  ],
  [
    'a loop over a list',
    'static bool test_x(void)\n{\n\tstruct anon_vma_chain avc = {}, *pos;\n\tLIST_HEAD(head);\n\tint count = 0;\n\n\tlist_add(&avc.same_vma, &head);\n\tlist_for_each_entry(pos, &head, same_vma) {\n\t\tcount += pos == &avc;\n\t}\n\tASSERT_EQ(count, 1);\n\treturn true;\n}\n',
  ],
  [
    'statements as an argument of a macro',
    '#define BLOCK(code) { code }\nstatic bool test_x(void)\n{\n\tint n = 1;\n\n\tBLOCK(n += 2; n *= 3;)\n\tASSERT_EQ(n, 9);\n\treturn true;\n}\n',
  ],
  [
    'a field called constructor',
    'struct odd { int constructor; };\nstatic bool test_x(void)\n{\n\tstruct odd o = { .constructor = 3 }, p = o;\n\n\tASSERT_EQ(p.constructor, 3);\n\treturn true;\n}\n',
  ],
  [
    'a function called function',
    'static int function(int delete) { return delete + 1; }\nstatic bool test_x(void)\n{\n\tASSERT_EQ(function(1), 2);\n\treturn true;\n}\n',
  ],
  [
    'words of a declaration in another order',
    'static bool test_x(void)\n{\n\tunsigned long static int n = 5;\n\n\tASSERT_EQ(n, 5);\n\treturn true;\n}\n',
  ],
  [
    'a definition in the old style',
    'static int old(a, b)\n\tint a, b;\n{\n\treturn a + b;\n}\nstatic bool test_x(void)\n{\n\tASSERT_EQ(old(1, 2), 3);\n\treturn true;\n}\n',
  ],
  [
    'clean-up by attribute',
    'static int closed;\nstatic void close_it(int *n) { closed += *n; }\nstatic bool test_x(void)\n{\n\t{\n\t\tint n __attribute__((cleanup(close_it))) = 4;\n\t}\n\tASSERT_EQ(closed, 4);\n\treturn true;\n}\n',
  ],
];

t.test('C that has no counterpart is marked, and stops nothing', async (t) => {
  const folder = t.testdir();
  const files = ODD.map(([, content], index) => {
    const file = join(folder, `odd_${index}.c`);
    const tests = `${content.replaceAll('test_x', `test_x_${index}`)}${SANE.replace('test_sane', `test_sane_${index}`)}`;
    writeFileSync(file, `${SPDX}${tests}${RUNNER(`x_${index}`, `sane_${index}`)}`);
    return file;
  });
  const { status, said, complaints, outcomes } = runTranslated(SMALL_TREE, files);
  t.equal(status, 1, said);
  t.equal(complaints, '', 'what comes out compiles');
  for (const [index, [name]] of ODD.entries()) {
    const outcome = outcomes[`x_${index}`];
    const found = JSON.stringify({ sane: outcomes[`sane_${index}`], outcome });
    t.ok(outcome === 'marked' || (outcome?.startsWith('ok') && !MARKED.includes(name)), `${name}: ${found}`);
    t.equal(outcomes[`sane_${index}`], 'ok 1', `beside ${name}`);
    if (outcome === 'marked') t.match(said, new RegExp(`odd_${index}\\.c:\\d+: `), 'the place is named');
  }
});
