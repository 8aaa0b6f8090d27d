// SPDX-License-Identifier: GPL-2.0-only
/* Where a pointer is proven to be there, and where it is not. */

static struct vm_area_struct *null_kept;
static int null_calls;

static vma_flags_t null_flags(void) { return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT); }
static struct vm_area_struct *null_or(bool there, struct vm_area_struct *vma) { null_calls++; return there ? vma : NULL; }
static bool null_is(const struct vm_area_struct *vma) { return !vma; }
static void null_clear(struct vm_area_struct **where) { *where = NULL; }
static unsigned long null_start(struct vm_area_struct *vma) { return vma ? vma->vm_start : 77; }
static bool null_check(struct vm_area_struct *vma)
{
	ASSERT_NE(vma, NULL);
	ASSERT_EQ(vma->vm_start, 0x1000);
	return true;
}
static int null_count(struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_lookup(mm, 0x1000);

	ASSERT_NE(vma, NULL);
	return 1;
}

static bool test_null_asserted_under_condition(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	bool found = false;

	vma = vma_lookup(&mm, 0x9000);
	if (found)
		ASSERT_NE(vma, NULL);
	ASSERT_FALSE(found);
	return true;
}

static bool test_null_asserted_after_other(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = vma_lookup(&mm, 0x9000);

	ASSERT_EQ(mm.map_count, 0);
	/* Fails here, as the second assertion. */
	ASSERT_NE(vma, NULL);
	ASSERT_EQ(vma->vm_start, 0x9000);
	return true;
}

static bool test_null_both_asserted(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = vma_lookup(&mm, 0x9000);

	ASSERT_TRUE(!vma || vma->vm_start);
	ASSERT_EQ(vma ? vma->vm_end : 0, 0);
	ASSERT_EQ(null_start(vma), 77);
	ASSERT_TRUE(null_is(vma));
	return true;
}

static bool test_null_helper_asserts(void)
{
	struct mm_struct mm = {};

	ASSERT_FALSE(null_check(NULL));
	ASSERT_EQ(null_count(&mm), 0);
	ASSERT_FALSE(null_check(vma_lookup(&mm, 0x1000)));
	return true;
}

static bool test_null_cleared_behind(void)
{
	struct vm_area_struct vma = {}, *p = &vma;

	if (p) {
		null_clear(&p);
		ASSERT_EQ(p, NULL);
	}
	ASSERT_TRUE(null_is(p));
	/* Fails. */
	ASSERT_EQ(p, &vma);
	return true;
}

static bool test_null_global_cleared(void)
{
	struct vm_area_struct vma = {};

	null_kept = &vma;
	if (null_kept) {
		null_clear(&null_kept);
		ASSERT_FALSE(null_kept);
	}
	ASSERT_EQ(null_or(false, &vma), null_kept);
	return true;
}

static bool test_null_assigned_in_loop(void)
{
	struct vm_area_struct vma = {}, *p = &vma;
	int turns = 0;

	while (p) {
		turns++;
		p = turns < 3 ? p : NULL;
	}
	ASSERT_EQ(turns, 3);
	ASSERT_EQ(p, NULL);
	return true;
}

static bool test_null_in_and_or(void)
{
	struct vm_area_struct vma = { .vm_start = 1 }, *p = NULL, *q = &vma;

	ASSERT_FALSE(p && p->vm_start);
	ASSERT_TRUE(p || q->vm_start);
	ASSERT_TRUE((p || q) && (!p || p->vm_start));
	ASSERT_EQ((p ?: q)->vm_start, 1);
	ASSERT_EQ(p == q || (p = q) == q, 1);
	ASSERT_EQ(p, q);
	return true;
}

static bool test_null_call_in_condition(void)
{
	struct vm_area_struct vma = {};
	struct vm_area_struct *p;

	null_calls = 0;
	if ((p = null_or(true, &vma)) && null_or(false, p))
		return false;
	ASSERT_EQ(null_calls, 2);
	ASSERT_EQ(p, &vma);
	if (null_or(false, &vma) || !(p = null_or(false, p)))
		null_calls += 10;
	/* Fails: fourteen, and p is gone. */
	ASSERT_NE(p, NULL);
	return true;
}

static bool test_null_unread_variable(void)
{
	struct vm_area_struct vma = {}, *unused;
	int n = 0, m;

	null_calls = 0;
	unused = null_or(true, &vma);
	m = n++;
	m = n++;
	unused = null_or(false, unused);
	ASSERT_EQ(null_calls, 2);
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_null_prev_of_first(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma, *prev = NULL;
	int without = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, null_flags());
	alloc_and_link_vma(&mm, 0x4000, 0x5000, 4, null_flags());
	for_each_vma(vmi, vma) {
		if (!prev)
			without++;
		else
			ASSERT_TRUE(prev->vm_end < vma->vm_start);
		prev = vma;
	}
	ASSERT_EQ(without, 1);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}

static bool test_null_two_results(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *a, *b;

	VMA_ITERATOR(vmi, &mm, 0);

	a = alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, null_flags());
	b = vma_lookup(&mm, 0x1fff);
	ASSERT_EQ(a, b);
	b = vma_lookup(&mm, 0x2000);
	ASSERT_EQ(b, NULL);
	b = vma_lookup(&mm, 0x1000);
	ASSERT_EQ(b, a);
	a = vma_lookup(&mm, 0x2000);
	ASSERT_EQ(a, NULL);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_null_array_of(void)
{
	struct vm_area_struct one = { .vm_start = 1 }, *all[4] = { &one, NULL, &one };
	int i, there = 0;

	for (i = 0; i < 4; i++)
		if (all[i])
			there += all[i]->vm_start;
	ASSERT_EQ(there, 2);
	ASSERT_EQ(all[0] == all[2], 1);
	ASSERT_TRUE(!all[1] && !all[3]);
	all[1] = all[0];
	all[0] = NULL;
	ASSERT_EQ(all[1], &one);
	return true;
}

static bool test_null_error_pointers(void)
{
	struct vm_area_struct *vma = ERR_PTR(-EINVAL), *none = NULL;

	ASSERT_NE(vma, NULL);
	ASSERT_NE(vma, none);
	ASSERT_EQ(vma, ERR_PTR(-EINVAL));
	ASSERT_TRUE(vma && IS_ERR(vma));
	ASSERT_EQ(PTR_ERR_OR_ZERO(vma), -EINVAL);
	ASSERT_EQ(PTR_ERR_OR_ZERO(none), 0);
	/* Fails: an error is not NULL. */
	ASSERT_FALSE(vma);
	return true;
}

static void run_nulls_tests(int *num_tests, int *num_fail)
{
	TEST(null_asserted_under_condition);
	TEST(null_asserted_after_other);
	TEST(null_both_asserted);
	TEST(null_helper_asserts);
	TEST(null_cleared_behind);
	TEST(null_global_cleared);
	TEST(null_assigned_in_loop);
	TEST(null_in_and_or);
	TEST(null_call_in_condition);
	TEST(null_unread_variable);
	TEST(null_prev_of_first);
	TEST(null_two_results);
	TEST(null_array_of);
	TEST(null_error_pointers);
}
