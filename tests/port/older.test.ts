// SPDX-License-Identifier: GPL-2.0-only
/** `port tests` on a tree from before the baseline: calls as that kernel has them ask the port what they asked then. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workshop } from './workshop.js';

/** What such a tree declares otherwise, as far as it is called. */
const HEADER = `struct vma_merge_struct {
	struct mm_struct *mm;
	struct vma_iterator *vmi;
	unsigned long start, end, pgoff;
	vma_flags_t vma_flags;
};
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, unsigned long addr, unsigned long len,
				unsigned long pgoff, bool *locks, bool keep);
int vma_shrink(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long start,
	       unsigned long end, unsigned long pgoff);
`;

const TEST = `static bool test_before(void)
{
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0);
	VMG_STATE(vmg, &mm, &vmi, 0x5000, 0x6000, flags, 5);
	struct vma_merge_struct other = { .vmi = &vmi, .pgoff = 3 };
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0, 0x3000, 0, flags);
	bool locks = false;

	ASSERT_EQ(vmg.pgoff, 5);
	other.pgoff = 7;
	ASSERT_EQ(vma_shrink(&vmi, vma, 0, 0x2000, 0), 0);
	ASSERT_EQ(vma->vm_end, 0x2000);
	ASSERT_EQ(copy_vma(&vma, 0x8000, 0x2000, 8, &locks, false)->vm_pgoff, 8);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}
static void run_before_tests(int *num_tests, int *num_fail)
{
	TEST(before);
}
`;

t.test('arguments and fields that came later', async (t) => {
  const workshop = new Workshop(t);
  const tree = join(workshop.folder, 'tree');
  mkdirSync(join(tree, 'mm'), { recursive: true });
  writeFileSync(join(tree, 'mm/vma.h'), HEADER);
  const file = join(workshop.folder, 'before.c');
  writeFileSync(file, TEST);
  const { status, stdout, stderr } = workshop.translate('--kernel', tree, file);
  t.equal(status, 0, stdout + stderr);
  t.equal(workshop.compile().stdout, '');
  t.same(workshop.run('before', '64'), { status: 0, results: ['ok before'] });
  const text = readFileSync(join(workshop.folder, 'before.test.ts'), 'utf8');
  t.match(text, /VMG_STATE\(mm, vmi, 0x5000, 0x6000, flags, 5, 5\)/);
  t.match(text, /new vma_merge_struct\(vmi, \{ pgoff: 3, anon_pgoff: 3 \}\)/);
  t.match(text, /other\.anon_pgoff = other\.pgoff;/);
  t.match(text, /copy_vma\([^;]*?, 0x8000, 0x2000, 8, 8, locks, false\)/);
});
