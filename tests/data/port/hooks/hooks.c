// SPDX-License-Identifier: GPL-2.0-only
/* Tests whose VMAs have hooks that a split calls. */

static void dummy_open(struct vm_area_struct *vma)
{
}

static int allow_split(struct vm_area_struct *vma, unsigned long addr)
{
	return 0;
}

static int refuse_split(struct vm_area_struct *vma, unsigned long addr)
{
	return addr == 0x2000 ? -EINVAL : 0;
}

static bool test_split_calls_hooks(void)
{
	vma_flags_t vma_flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0x1000);
	const struct vm_operations_struct vm_ops = {
		.open = dummy_open,
		.may_split = allow_split,
	};
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0x1000, 0x4000, 1, vma_flags);

	vma->vm_ops = &vm_ops;
	ASSERT_EQ(__split_vma(&vmi, vma, 0x2000, 0), 0);
	ASSERT_EQ(vma->vm_end, 0x2000);
	ASSERT_EQ(mm.map_count, 2);

	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_split_is_refused(void)
{
	vma_flags_t vma_flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0x1000);
	const struct vm_operations_struct vm_ops = {
		.may_split = refuse_split,
	};
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0x1000, 0x4000, 1, vma_flags);

	vma->vm_ops = &vm_ops;
	ASSERT_EQ(__split_vma(&vmi, vma, 0x2000, 0), -EINVAL);
	ASSERT_EQ(mm.map_count, 1);

	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_open_of_nothing(void)
{
	vma_flags_t vma_flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0x1000);
	const struct vm_operations_struct vm_ops = {
		.open = dummy_close,
	};
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0x1000, 0x4000, 1, vma_flags);

	vma->vm_ops = &vm_ops;
	ASSERT_EQ(__split_vma(&vmi, vma, 0x2000, 0), 0);
	ASSERT_EQ(mm.map_count, 2);

	cleanup_mm(&mm, &vmi);
	return true;
}

/* Two splits: who was called how often is for the test itself to say. */
static bool test_two_splits(void)
{
	vma_flags_t vma_flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
	struct mm_struct mm = {};
	VMA_ITERATOR(vmi, &mm, 0x1000);
	const struct vm_operations_struct vm_ops = {
		.open = dummy_close,
		.may_split = allow_split,
	};
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0x1000, 0x4000, 1, vma_flags);

	vma->vm_ops = &vm_ops;
	ASSERT_EQ(__split_vma(&vmi, vma, 0x3000, 0), 0);
	ASSERT_EQ(__split_vma(&vmi, vma, 0x2000, 0), 0);
	ASSERT_EQ(mm.map_count, 3);

	cleanup_mm(&mm, &vmi);
	return true;
}

static void run_hooks_tests(int *num_tests, int *num_fail)
{
	TEST(split_calls_hooks);
	TEST(split_is_refused);
	TEST(open_of_nothing);
	TEST(two_splits);
}
