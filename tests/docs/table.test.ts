// SPDX-License-Identifier: GPL-2.0-only
/** docs/upstream.md is true, and the check of it finds what is not. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { symbolsOf } from '../../tools/table/c_symbols.js';
import { checkHomes, checkTree, declares } from '../../tools/table/check.js';
import { parseTables } from '../../tools/table/table.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tables = parseTables(readFileSync(join(root, 'docs/upstream.md'), 'utf8'));

/** A folder with these files in it, gone after the test. */
function folderWith(test: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'vma-table-'));
  test.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

t.test('each row of docs/upstream.md has a home that declares it, or a reason', async (t) => {
  t.ok(tables.length >= 14, 'the tables were found');
  t.same(checkHomes(root, tables), []);
});

const kernel = process.env.KERNEL;
t.test(
  'docs/upstream.md agrees with the kernel tree in KERNEL',
  { skip: kernel ? false : 'KERNEL is not set' },
  async (t) => {
    t.same(await checkTree(kernel ?? '', tables), []);
  },
);

t.test('the symbols of a C text are found, under any #if, macros in odd places included', async (t) => {
  const symbols = await symbolsOf(`
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

t.test('a declaration is told from a use', async (t) => {
  t.ok(declares('export function vma_find(', 'vma_find'));
  t.ok(declares('function* for_each_vma(', 'for_each_vma'));
  t.ok(declares('export interface S {\n  vma_policy(vma: V): P;\n}', 'vma_policy'));
  t.ok(declares("test('merge_new', (t) => {", 'merge_new'));
  t.notOk(declares('  const x = vma_find(vmi);', 'vma_find'));
  t.notOk(declares('export function vma_find_any(', 'vma_find'));
});

t.test('the check finds what is missing on either side', async (t) => {
  const folder = folderWith(t, {
    'mm/a.c': 'int kept(void) { return 1; }\nint forgotten(void) { return 2; }\n',
    'lib/a.ts': 'export function kept() {}\n',
  });
  const [table] = parseTables(
    [
      '## `mm/a.c`',
      '',
      '| `kept` | function | `lib/a.ts` |  |',
      '| `gone` | function | `lib/a.ts` |  |',
      '| `nowhere` | function | — |  |',
      '| `lost` | function | `lib/b.ts` |  |',
    ].join('\n'),
  );
  if (table === undefined) throw new Error('no table was parsed');

  t.same(checkHomes(folder, [table]), [
    'docs/upstream.md:4: gone of mm/a.c: lib/a.ts does not declare gone',
    'docs/upstream.md:5: nowhere of mm/a.c: neither a home nor a reason',
    'docs/upstream.md:6: lost of mm/a.c: there is no lib/b.ts',
  ]);
  t.same(await checkTree(folder, [table]), [
    'docs/upstream.md:4: mm/a.c has no gone',
    'docs/upstream.md:5: mm/a.c has no nowhere',
    'docs/upstream.md:6: mm/a.c has no lost',
    'mm/a.c:2: function forgotten has no row in docs/upstream.md',
  ]);
  t.same(await checkTree(folder, [{ ...table, complete: false, rows: table.rows.slice(0, 1) }]), []);
  await t.rejects(checkTree(join(folder, 'lib'), [table]), /is no kernel tree that could be read: it has no mm\/a\.c/);
});

t.test('a line that begins like a row and is none is refused with its number', async (t) => {
  t.throws(() => parseTables('## `mm/a.c`\n| `x` | function |'), /docs\/upstream\.md:2: not a row/);
});
