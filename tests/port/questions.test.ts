// SPDX-License-Identifier: GPL-2.0-only
/** The questions that a translation asks about pieces of C: values of constants, who fails when, what is read later. */
import t from 'tap';
import type { OwnFunction } from '../../tools/port/translate/model.js';
import { type Node, plain } from '../../tools/port/translate/nodes.js';
import {
  assertedNext,
  type Callees,
  changesParameter,
  failsOnFalse,
  followedNext,
  isUnread,
  loopArguments,
  loopMacro,
  loopVariable,
  onlyInOwnLoops,
  readAfter,
  rootOf,
} from '../../tools/port/translate/questions.js';
import { assignmentOf, branchesOf, constantOf, exits, findAll, literalOf } from '../../tools/port/translate/scope.js';
import { parseC } from '../../tools/table/c_source.js';

async function parsed(text: string): Promise<Node> {
  return plain((await parseC(text)).rootNode, text);
}

/** The statements of a function with this body, and the text that they are of. */
async function statements(body: string): Promise<{ nodes: Node[]; text: string }> {
  const text = `int f(void)\n{\n${body}\n}\n`;
  const root = await parsed(text);
  const [block] = findAll(root, ({ type }) => type === 'compound_statement');
  if (block === undefined || root.hasError) throw new Error(`no C: ${body}`);
  return { nodes: block.namedChildren.filter((one) => one !== null), text };
}

function first(nodes: readonly Node[], wanted: (node: Node) => boolean): Node {
  const found = nodes.flatMap((one) => findAll(one, wanted))[0];
  if (found === undefined) throw new Error('there is none');
  return found;
}

t.test('numbers as C spells them', async (t) => {
  const value = (text: string): unknown => literalOf(text)?.value ?? null;
  t.equal(value('10'), 10n);
  t.equal(value('010'), 8n);
  t.equal(value('0x10UL'), 16n);
  t.equal(value('0b101'), 5n);
  t.equal(value('089'), null, 'no octal number has an 8');
  t.equal(value('1.5'), null);
  t.match(literalOf('10ul'), { unsigned: true, long: true, decimal: true });
  t.match(literalOf('0x10'), { unsigned: false, long: false, decimal: false });
});

t.test('constant expressions without types', async (t) => {
  const names = new Map([['SIX', 6n]]);
  const comesTo = async (text: string): Promise<bigint | null> => {
    const { nodes } = await statements(`int a[${text}];`);
    const size = first(nodes, ({ type }) => type === 'array_declarator').childForFieldName('size');
    if (size === null) throw new Error(`no size: ${text}`);
    return constantOf(size, names);
  };
  const cases: [string, bigint | null][] = [
    ['7', 7n],
    ['SIX', 6n],
    ['SEVEN', null],
    ['-7', -7n],
    ['-SIX', -6n],
    ['+SIX', 6n],
    ['~SIX', -7n],
    ['!SIX', null],
    ['-SEVEN', null],
    ['(int)SIX', 6n],
    ['(2 + SIX)', 8n],
    ['2 - SIX', -4n],
    ['2 * SIX', 12n],
    ['SIX / 4', 1n],
    ['SIX / 0', null],
    ['SIX % 4', 2n],
    ['SIX % 0', null],
    ['SIX | 9', 15n],
    ['SIX & 3', 2n],
    ['1 << SIX', 64n],
    ['1 << 200', null],
    ['1 << -1', null],
    ['SIX >> 1', 3n],
    ['SIX >> -1', null],
    ['SIX ^ 1', null],
    ['SEVEN + 1', null],
    ['1 + SEVEN', null],
    ['sizeof(int)', null],
    ['1.5', null],
  ];
  for (const [text, value] of cases) t.equal(await comesTo(text), value, text);
});

t.test('whether control comes past a statement', async (t) => {
  const past = async (body: string): Promise<boolean> => !exits((await statements(`${body}`)).nodes[0] as Node);
  t.notOk(await past('return 1;'));
  t.ok(await past('call();'));
  t.ok(await past('if (a) return 1;'));
  t.notOk(await past('if (a) return 1; else return 2;'));
  t.notOk(await past('if (a) { call(); return 1; } else { goto out; }'));
  t.ok(await past('if (a) return 1; else call();'));
  t.ok(await past('{ }'));
});

t.test('assignments, and the branches of a conditional of the preprocessor', async (t) => {
  const { nodes } = await statements('a += b;\ncall();\nc;');
  t.match(assignmentOf(nodes[0] as Node), { left: { text: 'a' }, right: { text: 'b' }, operator: '+=' });
  t.equal(assignmentOf(nodes[1] as Node), null);
  t.equal(assignmentOf(nodes[2] as Node), null);

  const root = await parsed(
    '#if A\nint a;\nint b;\n#else\nint c;\n#endif\n#if A\nint d;\n#elif B\nint e;\n#endif\n#if A\nint g;\n#endif\n',
  );
  const texts = findAll(root, ({ type }) => type === 'preproc_if').map((one) => {
    const { then, otherwise } = branchesOf(one);
    return [then.map(({ text }) => text).join(' '), otherwise.map(({ text }) => text.split('\n')[0]).join(' ')];
  });
  t.same(texts, [
    ['int a; int b;', 'int c;'],
    ['int d;', '#elif B'],
    ['int g;', ''],
  ]);
});

/** A body with a call of ask(), and whether the function fails when ask() is false or NULL. */
const FAILS: [body: string, fails: boolean][] = [
  ['ASSERT_TRUE(ask());', true],
  ['ASSERT_TRUE((ask()));', true],
  ['ASSERT_TRUE(a && ask());', false],
  ['ASSERT_TRUE(given(ask()));', false],
  ['ASSERT_FALSE(ask());', false],
  ['ASSERT_NE(ask(), NULL);', true],
  ['ASSERT_NE(ask(), 0);', true],
  ['ASSERT_NE(ask(), 5);', false],
  ['ASSERT_NE(NULL, ask());', false],
  ['ASSERT_EQ(ask(), NULL);', false],
  ['if (!ask()) return false;', true],
  ['if (!ask()) { return NULL; }', true],
  ['if (!ask()) return true;', false],
  ['if (!ask()) { call(); return false; }', false],
  ['if (!ask()) call();', false],
  ['if (!ask() && b) return false;', false],
  ['if (ask()) return false;', false],
  ['while (!ask()) call();', false],
  ['ask();', false],
  ['int a = ask();\nASSERT_TRUE(a);', true],
  ['int a = ask();\nASSERT_TRUE(a && b);', true],
  ['int a = ask();\nASSERT_TRUE(b && a);', true],
  ['int a = ask();\nASSERT_TRUE(b || a);', false],
  ['int a = ask();\nASSERT_TRUE(a != NULL);', true],
  ['int a = ask();\nASSERT_TRUE(b != NULL);\nASSERT_TRUE(a);', true],
  ['int a = ask();\nASSERT_TRUE(call(a));', false],
  ['int a = ask();\nASSERT_TRUE(!a);', false],
  ['int a = ask();\nASSERT_NE(a, NULL);', true],
  ['int a = ask();\nASSERT_NE(NULL, a);', true],
  ['int a = ask();\nASSERT_NE(a, b);', false],
  ['int a = ask();\ncall(a);', false],
  ['int a = ask();\nif (!a) return false;', true],
  ['int a = ask();\nif (! a) return 0;', true],
  ['int a = ask();\nif (!a) return 1;', false],
  ['int a = ask();\nif (a) return false;', false],
  ['int a = ask();\nwhile (a) call();', false],
  ['int a = ask();\nreturn true;\nASSERT_TRUE(a);', false],
  ['int a = ask();\na = 5;\nASSERT_TRUE(a);', false],
  ['int a = ask();\n/* why */\nASSERT_EQ(a->vm_start, 5);', true],
  ['int a = ask();\nint b = a->vm_start;', true],
  ['a = ask();\na->vm_start = 5;', true],
  ['a = ask();\nb = c ? a->vm_start : 5;', false],
  ['a = ask();\nb = a->vm_start ? 1 : 5;', true],
  ['a = ask();\nb = c && a->vm_start;', false],
  ['a = ask();\nb = a->vm_start && c;', true],
  ['a = ask();\nb = c + a->vm_start;', true],
  ['a = ask();\nb = sizeof(a->vm_start);', false],
  ['a = ask();\nb = a.vm_start;', false],
  ['a = ask();\nb = a->vm_mm->map_count;', true],
  ['b.c = ask();\nASSERT_TRUE(b.c);', false],
  ['if ((a = ask())) call();', false],
  ['int a = ask();\nASSERT_EQ(a, &vma);', true],
  ['int a = ask();\nASSERT_EQ(&vma, a);', true],
  ['int a = ask();\nASSERT_EQ(a, 5);', false],
  ['int a = ask();\nASSERT_EQ(b->c, a);', false],
  ['int a = ask();\nASSERT_EQ(call(a), 5);', false],
  ['int a = ask();\nASSERT_EQ(a);', false],
  ['int a = ask();\ncall(a);\nASSERT_EQ(a, &vma);', false],
  ['int a = ask();\nif (b) return true;\nASSERT_EQ(a, &vma);', false],
  ['int b = next();\nb->vm_start = 5;\nint a = ask();\nASSERT_EQ(a, b);', true],
  ['int b;\nb = next();\nASSERT_TRUE(b);\nint a = ask();\nASSERT_EQ(a, b);', true],
  ['int b = next();\nint a = ask();\nASSERT_EQ(a, b);', false],
  ['int a = ask();\nASSERT_EQ(a, b);', false],
  ['b->vm_start = 5;\nb = next();\nint a = ask();\nASSERT_EQ(a, b);', false],
];

t.test('does the test fail for certain when a call is false?', async (t) => {
  const isAsk = (one: Node): boolean =>
    one.type === 'call_expression' && one.childForFieldName('function')?.text === 'ask';
  for (const [body, fails] of FAILS) {
    const { nodes } = await statements(body);
    t.equal(failsOnFalse(first(nodes, isAsk), true), fails, body);
  }
  const { nodes } = await statements('return ask();');
  t.ok(failsOnFalse(first(nodes, isAsk), true), 'what it returns is false then');
  t.notOk(failsOnFalse(first(nodes, isAsk), false), 'a struct is never false');
});

/** give(p) refuses NULL; checks() asserts. */
const CALLEES: Callees = {
  strict: (call, argument) => call.childForFieldName('function')?.text === 'give' && argument === 0,
  asserts: (name) => name === 'checks',
};

t.test('is the pointer followed before anything else can fail or leave?', async (t) => {
  const cases: [body: string, followed: boolean][] = [
    ['p->vm_start = 5;', true],
    ['call();\nint a = p->vm_start;', true],
    ['give(p);', true],
    ['give(q, p);', false],
    ['ASSERT_EQ(p->vm_start, 5);', true],
    ['return p->vm_start;', true],
    ['if (p->vm_start) call();', true],
    ['if (q) p->vm_start = 5;', false],
    ['while (p->vm_start) call();', true],
    ['for (;;) p->vm_start = 5;', false],
    ['p = q;\np->vm_start = 5;', false],
    ['p = p->vm_mm;', true],
    ['ASSERT_TRUE(q);\np->vm_start = 5;', false],
    ['checks();\np->vm_start = 5;', false],
    ['if (q) return 1;\np->vm_start = 5;', false],
    ['a = { p->vm_start };', false],
    ['call();', false],
  ];
  for (const [body, followed] of cases) {
    const parts = body.includes('{') ? [body.replace('a = ', 'int a[] = ')] : [body];
    const { nodes } = await statements(parts.join('\n'));
    t.equal(followedNext(nodes, 'p', CALLEES), followed, body);
  }
});

t.test('is it asserted right after, and used later?', async (t) => {
  const cases: [body: string, asserted: boolean][] = [
    ['ASSERT_TRUE(p);\ncall(p);', true],
    ['ASSERT_NE(p, NULL);\ncall(p);', true],
    ['ASSERT_NE(p, q);\ncall(p);', false],
    ['ASSERT_TRUE(p, q);\ncall(p);', false],
    ['ASSERT_TRUE(q);\ncall(p);', false],
    ['ASSERT_TRUE();\ncall(p);', false],
    ['ASSERT_EQ(p, NULL);\ncall(p);', false],
    ['p;\ncall(p);', false],
    ['int a;\ncall(p);', false],
    ['ASSERT_TRUE(p);\ncall(q);', false],
    ['ASSERT_TRUE(p);', false],
  ];
  for (const [body, asserted] of cases) {
    const { nodes } = await statements(body);
    t.equal(assertedNext(nodes, 'p'), asserted ? nodes[0] : null, body);
  }
  t.equal(assertedNext([], 'p'), null);
});

t.test('loops that are macros: their name, arguments and variable', async (t) => {
  const loops: [body: string, macro: string | null, variable: string | null][] = [
    ['for_each_vma(vmi, vma) call(vma);', 'for_each_vma', 'vma'],
    ['for_each_vma_range(vmi, vma, end) call(vma);', 'for_each_vma_range', 'vma'],
    ['list_for_each_entry(pos, &head, same_vma) call(pos);', 'list_for_each_entry', 'pos'],
    ['while (a) call(a);', null, null],
    ['for (;;) call(a);', null, null],
  ];
  for (const [body, macro, variable] of loops) {
    const { nodes, text } = await statements(body);
    const [loop] = nodes;
    if (loop === undefined) throw new Error('no loop');
    t.equal(loopMacro(loop, text), macro, body);
    t.equal(macro === null ? null : loopVariable(loop, macro), variable, body);
  }
  const { nodes } = await statements('for_each_vma_range(vmi, vma, end) call(vma);\nwhile (a) ;');
  t.same(
    loopArguments(nodes[0] as Node).map(({ text }) => text),
    ['vmi', 'vma', 'end'],
  );
});

t.test('is a variable mentioned only in loops that give it its value?', async (t) => {
  const cases: [body: string, only: boolean][] = [
    ['call();', true],
    ['for (a = 0; a < 3; a++) call(a);', true],
    ['for (a = a; a < 3; a++) call(a);', false],
    ['for (; a < 3; a++) call(a);', false],
    ['for (a += 1; a < 3; a++) call(a);', false],
    ['for_each_vma(vmi, a) call(a);', true],
    ['for_each_vma(vmi, a) a = b;', false],
    ['for_each_vma(vmi, a) call(&a);', false],
    ['for_each_vma(vmi[a], a) call(a);', false],
    ['for_each_vma(vmi, b) call(a);', false],
    ['if (b) for (a = 0; a < 3; a++) call(a);', true],
    ['for (a = 0; a < 3; a++) call(a);\ncall(a);', false],
  ];
  for (const [body, only] of cases) {
    const { nodes, text } = await statements(body);
    t.equal(
      nodes.every((one) => onlyInOwnLoops(one, 'a', text)),
      only,
      body,
    );
  }
});

t.test('is what a loop leaves in a variable read after it?', async (t) => {
  const cases: [body: string, read: boolean][] = [
    ['for (a = 0; a < 3; a++) call(a);', false],
    ['for (a = 0; a < 3; a++) call(a);\ncall(a);', true],
    ['for (a = 0; a < 3; a++) call(a);\na = 5;\ncall(a);', false],
    ['for (a = 0; a < 3; a++) call(a);\na += 5;', true],
    ['for (a = 0; a < 3; a++) call(a);\na = a + 5;', true],
    ['if (b) {\nfor (a = 0; a < 3; a++) call(a);\n}\ncall(a);', true],
    ['while (b) {\ncall(a);\nfor (a = 0; a < 3; a++) call(a);\n}', true],
    ['while (a < 9) {\nfor (a = 0; a < 3; a++) call(a);\n}', true],
    ['while (b) {\nfor (a = 0; a < 3; a++) call(a);\n}', false],
  ];
  for (const [body, read] of cases) {
    const { nodes } = await statements(body);
    const loop = first(nodes, ({ type }) => type === 'for_statement');
    t.equal(readAfter(loop, 'a'), read, body);
  }
});

t.test('does a function change a struct that it is given by value?', async (t) => {
  const changes = async (body: string): Promise<boolean> => {
    const root = await parsed(`int f(struct pair p)\n{\n${body}\n}\n`);
    const node = first([root], ({ type }) => type === 'function_definition');
    const own: Pick<OwnFunction, 'node'> = { node };
    return changesParameter(own, 'p');
  };
  const cases: [body: string, changed: boolean][] = [
    ['return p.a;', false],
    ['p.a = 5;', true],
    ['p.b[3].c = 5;', true],
    ['p.a++;', true],
    ['(p).a--;', true],
    ['q.a = p.a;', false],
    ['p.q->a = 5;', false],
    ['*p.q = 5;', false],
    ['call(&p);', true],
    ['call(&p.a);', true],
    ['call(&q);', false],
    ['ASSERT_FLAGS_SAME_MASK(&p.flags, &q);', false],
    ['return vma_flags_empty(&p.flags);', false],
    ['q = &p;', true],
  ];
  for (const [body, changed] of cases) t.equal(await changes(body), changed, body);
});

t.test('the variable that a place is a part of', async (t) => {
  const root = async (text: string): Promise<string | null> => {
    const { nodes } = await statements(`return ${text};`);
    const [value] = nodes[0]?.namedChildren ?? [];
    return value ? rootOf(value) : 'nothing';
  };
  const cases: [string, string | null][] = [
    ['a', 'a'],
    ['(a)', 'a'],
    ['a.b.c', 'a'],
    ['a[1].b', 'a'],
    ['a->b', null],
    ['a->b.c', null],
    ['*a', null],
    ['call()', null],
    ['5', null],
  ];
  for (const [text, name] of cases) t.equal(await root(text), name, text);
});

t.test('is a variable only given values?', async (t) => {
  const cases: [body: string, unread: boolean][] = [
    ['a = 5;\na = call();', true],
    ['call(b);', true],
    ['a = a + 1;', false],
    ['a += 1;', false],
    ['b = a = 5;', false],
    ['call(a);', false],
  ];
  for (const [body, unread] of cases) t.equal(isUnread((await statements(body)).nodes, 'a'), unread, body);
});
