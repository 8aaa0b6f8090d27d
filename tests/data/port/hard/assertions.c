// SPDX-License-Identifier: GPL-2.0-only
/* An assertion is a return of false from the function that it stands in, and no more. */

static int assert_runs;

static bool assert_positive(int n)
{
	assert_runs++;
	ASSERT_TRUE(n > 0);
	assert_runs += 10;
	return true;
}

static int assert_count(int n)
{
	ASSERT_EQ(n, 4);
	return n;
}

static struct vm_area_struct *assert_found(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	ASSERT_NE(vma, NULL);
	return vma;
}

static bool assert_both(int a, int b)
{
	return assert_positive(a) && assert_positive(b);
}

#define ASSERT_SMALL(n) ASSERT_TRUE((n) < 10)
#define ASSERT_IN(n, low, high) do { ASSERT_TRUE((n) >= (low)); ASSERT_TRUE((n) <= (high)); } while (0)

static bool test_assert_ignored(void)
{
	/* Passes: nobody looks at what the helper returns. */
	assert_positive(-1);
	return true;
}

static bool test_assert_expected(void)
{
	ASSERT_FALSE(assert_positive(-1));
	ASSERT_TRUE(assert_positive(1));
	return true;
}

static bool test_assert_in_condition(void)
{
	int n = 0;

	if (!assert_positive(0))
		n = 5;
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_assert_returned(void)
{
	/* Fails: false comes back. */
	return assert_positive(-5);
}

static bool test_assert_returns_zero(void)
{
	/* Passes: false is 0. */
	ASSERT_EQ(assert_count(3), 0);
	ASSERT_EQ(assert_count(4), 4);
	return true;
}

static bool test_assert_returns_null(void)
{
	struct mm_struct mm = {};

	ASSERT_EQ(assert_found(&mm, 0x1000), NULL);
	return true;
}

static bool test_assert_ends_helper(void)
{
	assert_runs = 0;
	assert_positive(-1);
	ASSERT_EQ(assert_runs, 1);
	assert_positive(1);
	ASSERT_EQ(assert_runs, 12);
	return true;
}

static bool test_assert_short_circuit(void)
{
	assert_runs = 0;
	ASSERT_FALSE(assert_both(-1, 1));
	/* Fails: the second one was not asked. */
	ASSERT_EQ(assert_runs, 12);
	return true;
}

static bool test_assert_evaluates_once(void)
{
	int n = 0;

	ASSERT_EQ(n++, 0);
	ASSERT_TRUE(n++);
	ASSERT_FALSE(n++ == 0);
	ASSERT_NE(n++, 0);
	ASSERT_EQ(n, 4);
	return true;
}

static bool test_assert_own_macros(void)
{
	ASSERT_SMALL(9);
	ASSERT_IN(5, 1, 5);
	/* Fails at the second part. */
	ASSERT_IN(6, 1, 5);
	return true;
}

static bool test_assert_false_return(void)
{
	if (assert_runs >= 0)
		/* Fails: without an assertion, too. */
		return false;
	return true;
}

static bool test_assert_number_returned(void)
{
	/* Passes: anything but 0 is true. */
	return 256;
}

static bool test_assert_pointer_returned(void)
{
	struct vm_area_struct vma;

	return &vma;
}

static bool test_assert_null_returned(void)
{
	struct mm_struct mm = {};

	/* Fails: NULL is false. */
	return vma_lookup(&mm, 0x5000);
}

static bool test_assert_truth_of_pointer(void)
{
	struct vm_area_struct vma = {}, *p = &vma;

	ASSERT_TRUE(p);
	ASSERT_FALSE(!p);
	ASSERT_TRUE(p != NULL && !vma.vm_ops);
	ASSERT_FALSE(vma.vm_file);
	return true;
}

static bool test_assert_in_loop(void)
{
	int i;

	for (i = 0; i < 5; i++)
		/* Fails in the fourth turn. */
		ASSERT_TRUE(i < 3);
	return true;
}

static bool test_assert_unsigned_and_signed(void)
{
	unsigned char c = 200;
	signed char s = 200;

	/* Fails: -56 is not 200. */
	ASSERT_EQ(c, s);
	return true;
}

static bool test_assert_helper_of_helper(void)
{
	int n = assert_positive(3) + assert_positive(-3) * 10;

	ASSERT_EQ(n, 1);
	return true;
}

static void run_assertions_tests(int *num_tests, int *num_fail)
{
	TEST(assert_ignored);
	TEST(assert_expected);
	TEST(assert_in_condition);
	TEST(assert_returned);
	TEST(assert_returns_zero);
	TEST(assert_returns_null);
	TEST(assert_ends_helper);
	TEST(assert_short_circuit);
	TEST(assert_evaluates_once);
	TEST(assert_own_macros);
	TEST(assert_false_return);
	TEST(assert_number_returned);
	TEST(assert_pointer_returned);
	TEST(assert_null_returned);
	TEST(assert_truth_of_pointer);
	TEST(assert_in_loop);
	TEST(assert_unsigned_and_signed);
	TEST(assert_helper_of_helper);
}
