// SPDX-License-Identifier: GPL-2.0-only
/** `port tests --write`: tests that the project does not have, in its own form, where its tests of upstream's are. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runNode } from '../house/project.js';
import { Workshop } from './workshop.js';

const MERGE = `// SPDX-License-Identifier: GPL-2.0-or-later

/* A sentence that stays behind. */
static struct vm_area_struct *merge_new(struct vma_merge_struct *vmg)
{
	return vma_merge_new_range(vmg);
}

static int count_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);
	int count = 0;

	for_each_vma(vmi, vma)
		count++;
	return count;
}

static int of_no_use(void)
{
	return no_such_function();
}

static bool test_simple_merge(void)
{
	return of_no_use();
}

static bool test_merge_thrice(void)
{
	vma_flags_t vma_flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT,
					     VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0);
	struct vma_merge_struct vmg = {
		.mm = &mm,
		.vmi = &vmi,
	};
	const struct vm_operations_struct vm_ops = {
		.close = dummy_close,
	};
	struct vm_area_struct *vma_a, *vma;

	/*
	 * Another sentence.
	 *
	 * 0123456789
	 * AAA**
	 */
	vma_a = alloc_and_link_vma(&mm, 0, 0x3000, 0, vma_flags);
	vma_a->vm_ops = &vm_ops; /* And another. */
	vmg_set_range(&vmg, 0x3000, 0x5000, 3, vma_flags);
	vma = merge_new(&vmg);
	ASSERT_EQ(vma, vma_a);
	ASSERT_EQ(vma->vm_end, 0x5000);
	ASSERT_EQ(count_vmas(&mm), 1);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static void run_merge_tests(int *num_tests, int *num_fail)
{
	TEST(simple_merge);
	TEST(merge_thrice);
}
`;

const HELPER = `// SPDX-License-Identifier: GPL-2.0-or-later

static void vmg_set_range(struct vma_merge_struct *vmg, unsigned long start,
			  unsigned long end, unsigned long pgoff, vma_flags_t vma_flags)
{
	vmg->start = start;
	vmg->end = end;
	vmg->pgoff = pgoff;
	vmg->vma_flags = vma_flags;
}
`;

/** A tree with two files of tests, and the place to write to: as deep in the project as tests/upstream is. */
function setUp(workshop: Workshop): { tree: string; out: string } {
  const tree = join(workshop.folder, 'tree');
  mkdirSync(join(tree, 'tools/testing/vma/tests'), { recursive: true });
  writeFileSync(join(tree, 'Makefile'), 'VERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 1\n');
  writeFileSync(join(tree, 'tools/testing/vma/tests/merge.c'), MERGE);
  writeFileSync(join(tree, 'tools/testing/vma/shared.c'), HELPER);
  return { tree, out: join(workshop.folder, 'upstream') };
}

t.test('a new test among those that are there', async (t) => {
  const workshop = new Workshop(t);
  const { tree, out } = setUp(workshop);
  const { status, stdout, stderr } = workshop.command('--kernel', tree, '--write', '--out', out);
  t.equal(status, 0, stdout + stderr);
  t.same(readdirSync(out), ['merge_thrice.test.ts'], 'named after the test: the file has others that are there');
  t.match(stdout, /\| `test_merge_thrice` \| test \| `.*merge_thrice\.test\.ts` as `merge_thrice` \| {2}\|/);
  const text = readFileSync(join(out, 'merge_thrice.test.ts'), 'utf8');
  t.match(text, / \* Port of tools\/testing\/vma\/tests\/merge\.c \(Linux 7\.4\): merge_thrice\.\n/);
  t.match(
    text,
    /import \{ dataFlags, merge_new, vmg_set_range \} from '\.\/merge_helpers\.js';/,
    'helpers of the project',
  );
  t.match(text, /\/\/ 0123456789\n {2}\/\/ AAA\*\*\n/, 'figures come along');
  t.notMatch(text, /sentence|another|simple_merge|of_no_use|generated/i, 'and nothing else does');
  t.match(text, /const close = t\.sandbox\.fake\(\);/);
  const linted = workshop.lint('upstream');
  t.equal(linted.status, 0, linted.stdout + linted.stderr);
  writeFileSync(join(out, 'merge_helpers.ts'), "export * from '../../tests/upstream/merge_helpers.js';\n");
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noEmit: true, incremental: false, rootDir: '../..' },
  };
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ ...config, include: ['*.ts'] }));
  const compiled = runNode(['node_modules/typescript/bin/tsc', '-p', out]);
  t.equal(compiled.status, 0, compiled.stdout);
});

t.test('what is there is not written again, and not overwritten', async (t) => {
  const workshop = new Workshop(t);
  const { tree, out } = setUp(workshop);
  workshop.command('--kernel', tree, '--write', '--out', out);
  const again = workshop.command('--kernel', tree, '--write', '--out', out);
  t.equal(again.status, 0);
  t.equal(again.stdout, 'no new tests\n');
  writeFileSync(join(out, 'merge_thrice.test.ts'), '// something else\n');
  const refused = workshop.command('--kernel', tree, '--write', '--out', out);
  t.equal(refused.status, 2);
  t.match(refused.stderr, /merge_thrice\.test\.ts: is there already; --force overwrites it/);
  t.equal(workshop.command('--kernel', tree, '--write', '--force', '--out', out).status, 0);
  t.match(readFileSync(join(out, 'merge_thrice.test.ts'), 'utf8'), /merge_thrice/);
});

t.test('a file all of whose tests are new keeps its name', async (t) => {
  const workshop = new Workshop(t);
  const { tree, out } = setUp(workshop);
  const file = join(tree, 'tools/testing/vma/tests/shrink.c');
  writeFileSync(
    file,
    'static bool test_shrink_one(void)\n{\n\tASSERT_EQ(nothing_known(), 1);\n\treturn true;\n}\nstatic void run_shrink_tests(int *num_tests, int *num_fail)\n{\n\tTEST(shrink_one);\n}\n',
  );
  const { status, stdout } = workshop.command('--kernel', tree, '--write', '--out', out, file);
  t.equal(status, 1, 'a mark');
  t.ok(existsSync(join(out, 'shrink.test.ts')));
  t.match(stdout, /shrink\.c:3: the port has no nothing_known\(\)/);
});
