// SPDX-License-Identifier: GPL-2.0-only
/** What the C side is made of: functions taken from a tree by symbol, and headers whose stubs tell of their calls. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { functionsOf } from '../../dev/kernel/c_functions.js';
import { KernelTreeError } from '../../dev/kernel/scratch.js';
import { type HeaderChanges, withCalls } from '../../dev/kernel/stub_calls.js';
import { takeFunctions, takeMacros, takeTypes } from '../../dev/kernel/take.js';

const SOURCE = `
static int deepest(int a)
{
	return a;
}

static int helper(int a)
{
	return deepest(a);
}

#ifdef CONFIG_MMU
/* Mentions other(). */
int wanted(struct file *file,
	   const struct vm_area_struct *vma)
{
	return helper(1) + given(2) + outside(3);
}
#else
int wanted(struct file *file, const struct vm_area_struct *vma)
{
	return 0;
}
#endif

static int given(int a)
{
	return a;
}

int outside(int a)
{
	return a;
}

static unsigned long *other(void)
{
	return NULL;
}
`;

t.test('functions of a file: what they take and return, and the conditions that they stand under', async (t) => {
  const found = await functionsOf(SOURCE);
  t.same(
    found.map(({ name }) => name),
    ['deepest', 'helper', 'wanted', 'wanted', 'given', 'outside', 'other'],
  );
  const [, , first, second, , , last] = found;
  t.same(first?.parameters, [
    { type: 'struct file *', name: 'file' },
    { type: 'const struct vm_area_struct *', name: 'vma' },
  ]);
  t.same(first?.conditions, [['#ifdef CONFIG_MMU']]);
  t.same(second?.conditions, [['#ifdef CONFIG_MMU', '#else']]);
  t.same([last?.returns, last?.isStatic, last?.parameters, last?.line], ['unsigned long *', true, [], 36]);
});

t.test('functions are taken with the static ones that they call', async (t) => {
  const tree = t.testdir({});
  mkdirSync(join(tree, 'mm'));
  writeFileSync(join(tree, 'mm/some.c'), SOURCE);
  const { text, prototypes } = await takeFunctions(tree, 'mm/some.c', ['wanted'], new Set(['given']));
  t.same([...prototypes.keys()], ['deepest', 'helper', 'wanted']);
  t.equal(prototypes.get('wanted'), 'int wanted(struct file *file, const struct vm_area_struct *vma);');
  t.match(text, `#line 2 "${join(tree, 'mm/some.c')}"\nstatic int deepest(int a)`);
  t.match(text, /^#ifdef CONFIG_MMU\n#line 14 .*\nint wanted/m);
  t.match(text, /^#ifdef CONFIG_MMU\n#else\n#line 20 /m);
  t.equal(text.match(/^#endif$/gm)?.length, 2);
  await t.rejects(takeFunctions(tree, 'mm/other.c', ['wanted']), KernelTreeError);
  await t.rejects(takeFunctions(tree, 'mm/some.c', ['lost', 'wanted']), /mm\/some\.c defines no lost$/);
});

const CALLS = `#define LIMIT 3 /* of
 * something */
#define OTHER \\
	(LIMIT + 1)
struct held {
	int a;	/* } */
};
enum {
	/* Mentions SECOND. */
	FIRST,
};
enum {
	SECOND = 2,
};
static int help(int a)
{
	/* other() does not. */
	return a;
}
SYSCALL_DEFINE3(call, unsigned long, start, size_t, len,
		int, flags)
{
	return help(flags);
}
SYSCALL_DEFINE0(none)
{
	return 0;
}
static int other(void)
{
	return 0;
}
`;

t.test('system calls are taken as the functions that they are; types and macros by their names', async (t) => {
  const tree = t.testdir({ 'call.c': CALLS });
  const { text, prototypes } = await takeFunctions(tree, 'call.c', ['__do_sys_call', '__do_sys_none']);
  t.equal(prototypes.get('__do_sys_call'), 'long __do_sys_call(unsigned long start, size_t len, int flags );');
  t.equal(prototypes.get('__do_sys_none'), 'long __do_sys_none(void);');
  t.match(text, /#line 25 .*\nlong __do_sys_none/, 'lines are those of the file');
  t.ok(prototypes.has('help'));
  t.notOk(prototypes.has('other'), 'what a comment mentions is not called');

  t.equal(takeTypes(tree, 'call.c', ['held']), 'struct held {\n\tint a;\t/* } */\n};\n');
  t.equal(takeTypes(tree, 'call.c', ['SECOND']), 'enum {\n\tSECOND = 2,\n};\n');
  t.throws(() => takeTypes(tree, 'call.c', ['lost']), /call\.c defines no lost$/);
  t.equal(takeMacros(tree, 'call.c', /^LIMIT$/), '#undef LIMIT\n#define LIMIT 3  \n');
  t.equal(takeMacros(tree, 'call.c', /^OTHER$/), '#undef OTHER\n#define OTHER \\\n\t(LIMIT + 1)\n');
  t.throws(() => takeMacros(tree, 'lost.h', /./), KernelTreeError);
});

const HEADER = `#pragma once
struct held {
	int a;
};
#define POLICY NULL
static inline int answer(struct mm_struct *mm, long pages)
{
	return 0;
}
static inline void tell(struct vm_area_struct *, unsigned long, vm_flags_t flags)
{
}
static inline int taken(void)
{
	return 0;
}
static inline struct file *counted(struct file *f)
{
	return f;
}
static inline vma_flags_t flags_of(const vma_flags_t *flags)
{
	return *flags;
}
static inline void quiet(void)
{
}
`;

const CHANGES: HeaderChanges = {
  replaced: new Map([['taken', 'int taken(void);']]),
  told: (name) => name !== 'quiet',
  worlds: new Set(['counted']),
  fields: { held: 'int more;' },
  texts: [['#define POLICY NULL', '#define POLICY policy()']],
};

t.test('a header whose stubs tell of their calls', async (t) => {
  const text = await withCalls(HEADER, CHANGES);
  t.match(text, /^struct held \{ int more;$/m);
  t.match(text, /^#define POLICY policy\(\)$/m);
  t.match(text, /^static inline int harness_answer\(struct mm_struct \*mm, long pages\)$/m, 'kept under another name');
  t.match(text, 'if (call_begin("answer")) {\n\t\tcall_mm(mm);\n\t\tcall_long(pages);\n\t}');
  t.match(text, 'if (call_answered())\n\t\tret = call_answer();\n\telse\n\t\tret = harness_answer(mm, pages);');
  t.match(text, 'static inline void tell(struct vm_area_struct * arg0, unsigned long arg1, vm_flags_t flags)');
  t.match(text, 'call_vma(arg0);\n\t\tcall_ulong(arg1);\n\t\tcall_word(flags);');
  t.match(text, 'ret = world_counted(f);', 'the replayer has its own');
  t.notMatch(text, 'harness_counted');
  t.match(text, 'ret.__vma_flags[0] |= call_answer();');
  t.match(text, /^int taken\(void\);$/m);
  t.notMatch(text, /taken\(void\)\n\{/);
  t.match(text, /^static inline void quiet\(void\)\n\{\n\}$/m, 'not told');
});
