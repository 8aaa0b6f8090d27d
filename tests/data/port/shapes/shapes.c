// SPDX-License-Identifier: GPL-2.0-only
/* What upstream's tests seldom have, and C allows. All of these pass in C. */

enum { SHAPE_TWO = 2, SHAPE_EIGHT = SHAPE_TWO << 2, SHAPE_FOUR = (SHAPE_EIGHT | 1) % 5 };

struct shape {
	struct {
		int x, y;
	};
	int own[SHAPE_TWO + 1];
};

static int shape_calls;

static int twice(int n)
{
	shape_calls++;
	return 2 * n;
}

static int apply(int fn(int), int n)
{
	return fn(n);
}

static int apply_pointer(int (*fn)(int n), int n)
{
	return fn(n);
}

static void next_of(struct mm_struct *mm, unsigned long addr, struct vm_area_struct **vma)
{
	*vma = vma_lookup(mm, addr);
}

static bool test_else_if(void)
{
	int n = 5, found;

	if (n < 3)
		found = 1;
	else if (n < 6)
		found = 2;
	else
		found = 3;
	ASSERT_EQ(found, 2); /* the one between */
	return true;
}

static bool test_wide_or_narrow(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, mk_vma_flags(VMA_READ_BIT));
	int n = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	ASSERT_NE(vma, NULL);
#if NUM_VMA_FLAG_BITS > 64
	n = vma->vm_pgoff;
#elif NUM_VMA_FLAG_BITS <= 64
	n = 2 * vma->vm_pgoff;
#endif
#if NUM_VMA_FLAG_BITS > 64
	int wide = 1;

	n += wide;
#else
	int narrow = 0;

	n += narrow;
#endif
	ASSERT_EQ(vma->vm_start, 0x1000);
	ASSERT_EQ(n, 2);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static bool test_functions_as_arguments(void)
{
	shape_calls = 0;
	ASSERT_EQ(apply(twice, 4), 8);
	ASSERT_EQ(apply_pointer(twice, SHAPE_FOUR), 8);
	ASSERT_EQ(shape_calls, 2);
	return true;
}

static bool test_nameless_parts(void)
{
	struct shape a = { .x = 3, .own = { 1, 2 } };

	static_assert(SHAPE_EIGHT == 8, "eight");
	;
	a.y = a.x + SHAPE_FOUR;
	ASSERT_EQ(a.y, 7);
	ASSERT_EQ(ARRAY_SIZE(a.own), 3);
	ASSERT_EQ(a.own[SHAPE_TWO], 0);
	ASSERT_EQ((typeof(a.x))(a.y), 7);
	return true;
}

static bool test_address_of_a_local(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = NULL, *made;

	VMA_ITERATOR(vmi, &mm, 0);

	made = alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, mk_vma_flags(VMA_READ_BIT));
	next_of(&mm, 0x1000, &vma);
	ASSERT_EQ(vma, made);
	next_of(&mm, 0x2000, &vma);
	ASSERT_EQ(vma, NULL);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static bool test_list_of_calls(void)
{
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);

#define check(bit, other) \
	ASSERT_TRUE(vma_flags_test(&flags, bit)); \
	ASSERT_FALSE(vma_flags_test(&flags, other))
	check(VMA_READ_BIT, VMA_EXEC_BIT);
	check(VMA_WRITE_BIT, 5);
#undef check
	return true;
}

static bool test_statement_expression(void)
{
	int n = ({ int m = twice(2); m + 1; });

	({ shape_calls = 7; twice(1); });
	ASSERT_EQ(n, 5);
	ASSERT_EQ(shape_calls, 8);
	return true;
}

static bool test_marked_for_writing(void)
{
	struct mm_struct mm = {};
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
	struct vm_area_struct *vma = alloc_and_link_vma(&mm, 0, 0x3000, 0, flags);

	VMA_ITERATOR(vmi, &mm, 0);

	ASSERT_NE(vma, NULL);
	vma_assert_attached(vma);
	ASSERT_FALSE(vma_write_started(vma));
	ASSERT_EQ(split_vma(&vmi, vma, 0x1000, 0), 0);
	ASSERT_TRUE(vma_write_started(vma));
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}

static bool test_cloned(void)
{
	struct mm_struct mm = {};
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
	struct vm_area_struct *prev = alloc_and_link_vma(&mm, 0, 0x3000, 0, flags);
	struct vm_area_struct *next = alloc_and_link_vma(&mm, 0x3000, 0x5000, 3, flags);

	VMA_ITERATOR(vmi, &mm, 0);

	struct vma_merge_struct vmg = { .mm = &mm, .vmi = &vmi, .start = 0, .end = 0x5000, .vma_flags = flags };

	ASSERT_NE(prev, NULL);
	reset_dummy_anon_vma();
	next->anon_vma = &dummy_anon_vma;
	vmg.target = prev;
	vmg.next = next;
	ASSERT_EQ(vma_expand(&vmg), 0);
	ASSERT_EQ(prev->anon_vma, &dummy_anon_vma);
	ASSERT_TRUE(prev->anon_vma->was_cloned);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static void run_shape_tests(int *num_tests, int *num_fail)
{
	TEST(else_if);
	TEST(wide_or_narrow);
	TEST(functions_as_arguments);
	TEST(nameless_parts);
	TEST(address_of_a_local);
	TEST(list_of_calls);
	TEST(statement_expression);
	TEST(marked_for_writing);
	TEST(cloned);
}
