// SPDX-License-Identifier: GPL-2.0-only
/** `port status`: a symbol that moved or was renamed is one line, and what only looks like it is two. */
import t from 'tap';
import { portingOrder } from '../../tools/port/order.js';
import { placeOf } from '../../tools/port/status.js';
import { compareTrees, type Files } from './trees.js';

const C = 'mm/vma.c';
const H = 'mm/vma.h';
const STUBS = 'tools/testing/vma/include/stubs.h';

const BODY = '(struct vma *vma, unsigned long start)\n{\n\tif (vma->start < start)\n\t\tvma->start = start;\n}\n';
const OTHER = 'int other(void) { return 1; }\n';

t.test('renamed: the same text under another name, in the same file', async (t) => {
  const found = (older: string, newer: string): string[] => compareTrees(t, { [C]: older }, { [C]: newer }).found;
  t.same(found(`static void vma_move${BODY}`, `${OTHER}\nstatic void vma_shift${BODY}`), [
    `added other -> ${C}:1`,
    `renamed vma_move to vma_shift ${C}:1 -> :3`,
  ]);
  t.same(
    found(
      `static void tree_pre_update${BODY.replace('}', '\ttree_insert(vma, 1);\n}')}`,
      `static void rmap_tree_pre_update${BODY.replace('}', '\trmap_insert(vma, 1);\n}')}`,
    ),
    [`renamed tree_pre_update to rmap_tree_pre_update ${C}:1 -> :1 +`],
    'and changed',
  );
  t.same(
    found(`void f(int n) { if (n > 0) f(n - 1); }`, `void g(int n) { if (n > 0) g(n - 1); }`),
    [`renamed f to g ${C}:1 -> :1`],
    'a name within its own text',
  );
});

t.test('what is short, or of another kind, is not taken for a renamed one', async (t) => {
  const found = (older: string, newer: string): string[] => compareTrees(t, { [C]: older }, { [C]: newer }).found;
  const stub = (name: string): string => `static inline void ${name}(struct vma *vma)\n{\n}\n`;
  t.same(found(stub('ksm_exit'), stub('uprobe_mmap')), [`added uprobe_mmap -> ${C}:1`, `removed ksm_exit ${C}:1 ->`]);
  t.same(found(stub('tree_insert'), stub('rmap_tree_insert')), [
    `renamed tree_insert to rmap_tree_insert ${C}:1 -> :1`,
  ]);
  t.same(found('#define ONE_THING 1\n', '#define OTHER_MATTER 1\n').length, 2);
  t.equal(found('struct thing { int a; int b; };\n', 'int thing_new(int a, int b) { return a; }\n').length, 2);
  t.same(
    found(`static void vma_move${BODY}`, `static void vma_move${BODY}static void vma_shift${BODY}`),
    [`added vma_shift -> ${C}:2`].map((line) => line.replace(':2', `:${1 + BODY.split('\n').length - 1}`)),
    'the old one is still there',
  );
});

t.test('moved: to another file, changed or not, out of a header or into one', async (t) => {
  const found = (older: Files, newer: Files): string[] => compareTrees(t, older, newer).found;
  const [plain, inline] = [`static void f${BODY}`, `static inline void f${BODY}`];
  t.same(found({ [C]: plain, [H]: OTHER }, { [C]: '', [H]: OTHER + plain }), [`moved f ${C}:1 -> ${H}:2`]);
  t.same(found({ [C]: plain, [H]: OTHER }, { [C]: '', [H]: OTHER + inline }), [`moved f ${C}:1 -> ${H}:2 +`]);
  t.same(
    found({ [H]: '#define f(x) 1\n', [C]: OTHER }, { [H]: '', [C]: `${OTHER}int f(int x) { return 1; }\n` }),
    [`moved f ${H}:1 -> ${C}:2 +`],
    'a macro that became a function on the way',
  );
  t.same(
    found({ [C]: plain, [H]: OTHER }, { [C]: '', [H]: OTHER + plain.replace(/\bf\b/, 'f_of_another_name') }),
    [`renamed f to f_of_another_name ${C}:1 -> ${H}:2`],
    'moved and renamed',
  );
});

t.test('one name in two files', async (t) => {
  const older = { [C]: OTHER, [H]: `static inline void f${BODY}`, [STUBS]: 'static inline void f(void) {}\n' };
  const { found, comparison, tree } = compareTrees(t, older, {
    ...older,
    [C]: `${OTHER}void f${BODY}`,
    [H]: '',
    [STUBS]: '',
  });
  t.same(found, [`moved f ${H}:1 -> ${C}:2 +`, `removed f ${STUBS}:1 ->`], 'code stays code; the copy for tests went');
  const { foundElsewhere } = await import('../../tools/port/elsewhere.js');
  t.same([...foundElsewhere(tree, comparison.symbols).values()], [`another at ${C}:2`]);
  t.same(
    compareTrees(t, older, { ...older, [H]: older[H]?.replace('start;', 'start + 1;') ?? '' }).found,
    [`changed f ${H}:1 -> :1`],
    'only one of them',
  );
});

t.test('what the kernel’s code becomes is the kernel’s, however much it looks like the copy for tests', async (t) => {
  const longer = BODY.replace('}', '\tvma_start_write(vma);\n\tvma_assert_locked(vma);\n}');
  const older = { [C]: OTHER, [H]: `void f${longer}`, [STUBS]: `void f${BODY}` };
  t.same(compareTrees(t, older, { ...older, [C]: `${OTHER}void f${BODY}`, [H]: '', [STUBS]: '' }).found, [
    `moved f ${H}:1 -> ${C}:2 +`,
    `removed f ${STUBS}:1 ->`,
  ]);
});

t.test('a name that stays somewhere was not renamed, and one that was there before is no new name', async (t) => {
  const [f, g] = [`void vma_move_up${BODY}`, `void vma_move_down${BODY}`];
  t.same(compareTrees(t, { [C]: f, [H]: f }, { [C]: g, [H]: f }).found, [
    `added vma_move_down -> ${C}:1`,
    `removed vma_move_up ${C}:1 ->`,
  ]);
  t.same(compareTrees(t, { [C]: f, [H]: g }, { [C]: g, [H]: g }).found, [
    `added vma_move_down -> ${C}:1`,
    `removed vma_move_up ${C}:1 ->`,
  ]);
  t.same(
    compareTrees(t, { [C]: f, [STUBS]: f }, { [C]: g, [STUBS]: f }).found,
    [`renamed vma_move_up to vma_move_down ${C}:1 -> ${C}:1`.replace(`-> ${C}`, '-> ')],
    'the copy for tests is another matter',
  );
  t.same(
    compareTrees(t, { [C]: f, [H]: OTHER }, { [C]: '', [H]: OTHER + g.replace('<', '>=').replace('start;', 'end;') })
      .found,
    [`removed vma_move_up ${C}:1 ->`, `added vma_move_down -> ${H}:2`],
    'in another file what is only alike is another one',
  );
});

t.test('moved to a file that is not followed', async (t) => {
  const { foundElsewhere } = await import('../../tools/port/elsewhere.js');
  const older = { [C]: `${OTHER}void f${BODY}` };
  const { found, comparison, tree } = compareTrees(t, older, { [C]: OTHER, 'mm/mremap.c': `void f${BODY}` });
  t.same(found, [`removed f ${C}:2 ->`]);
  t.same([...foundElsewhere(tree, comparison.symbols).values()], ['now at mm/mremap.c:1, which is not followed']);
});

t.test('the order of porting: types, what others stand on, tests, what is not ported, what went', async (t) => {
  const TESTS = 'tools/testing/vma/tests/merge.c';
  const older = {
    [TESTS]: 'static bool test_a(void) { return user(0, 0) == 0; }\n',
    [C]: 'int user(struct kind *k, int goes) { return base(k->user, goes); }\nint gone(struct kind *k) { return 12; }\nint base(struct kind *k, int n) { return n; }\n',
    [H]: 'struct kind { int user; };\n',
    'mm/util.c': 'int aside(int n) { return user(0, n); }\nint helper(int n) { return n; }\n',
  };
  const newer = {
    [TESTS]: older[TESTS].replace('== 0', '== 1'),
    [C]: 'int user(struct kind *k, int n) { return base(k->user, n) + helper(n); }\nint base(struct kind *k, int n) { return n + 1; }\n',
    [H]: 'struct kind { int user; int more; };\n',
    'mm/util.c': 'int aside(int n) { return user(0, n + 1); }\nint helper(int n) { return -n; }\n',
  };
  const { comparison, tree } = compareTrees(t, older, newer, { 'mm/util.c': [] });
  const differing = comparison.symbols.filter(({ state }) => state !== 'unchanged');
  t.same(
    portingOrder(tree, differing).map((one) => placeOf(one).symbol),
    ['kind', 'base', 'helper', 'user', 'test_a', 'aside', 'gone'],
  );
});

t.test('the order of symbols that need each other is some order with each of them once', async (t) => {
  const text = (n: number): string =>
    `int even(int n) { return odd(n - ${n}); }\nint odd(int n) { return even(n - ${n}); }\n`;
  const { comparison, tree } = compareTrees(t, { [C]: text(1) }, { [C]: text(2) });
  t.same(
    portingOrder(tree, comparison.symbols)
      .map((one) => placeOf(one).symbol)
      .sort(),
    ['even', 'odd'],
  );
});
