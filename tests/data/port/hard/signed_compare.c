// SPDX-License-Identifier: GPL-2.0-only
/* Signed beside unsigned, in comparisons and sums. */

static bool test_sign_minus_one_is_largest(void)
{
	unsigned int count = 1;

	/* Passes: -1 becomes the largest unsigned. */
	ASSERT_TRUE(-1 > count);
	return true;
}

static bool test_sign_minus_one_below(void)
{
	unsigned long limit = 10;
	int n = -1;

	/* Fails: n is taken as unsigned. */
	ASSERT_TRUE(n < limit);
	return true;
}

static bool test_sign_equal_as_unsigned(void)
{
	unsigned int none = UINT_MAX;

	ASSERT_EQ(none, -1);
	return true;
}

static bool test_sign_long_holds_unsigned_int(void)
{
	unsigned int none = UINT_MAX;
	long n = -1;

	/* Fails: a long holds all of them, so no wrap-around. */
	ASSERT_TRUE(n == none);
	return true;
}

static bool test_sign_lock_seq(void)
{
	struct vm_area_struct vma = {};
	int seq;

	vma.vm_lock_seq = UINT_MAX;
	seq = vma.vm_lock_seq;
	/* Passes: the harness itself stands on this. */
	ASSERT_EQ(seq, -1);
	ASSERT_FALSE(seq > -1);
	return true;
}

static bool test_sign_int_from_large(void)
{
	unsigned int big = 0x80000000u;
	int n = big;

	ASSERT_TRUE(n < 0);
	/* Fails. */
	ASSERT_TRUE(n > 0);
	return true;
}

static bool test_sign_error_as_unsigned(void)
{
	unsigned long addr = -ENOMEM;

	/* Passes: an error in an address is above all addresses. */
	ASSERT_TRUE(addr > TASK_SIZE);
	ASSERT_TRUE(IS_ERR_VALUE(addr));
	return true;
}

static bool test_sign_error_below_zero(void)
{
	unsigned long addr = -EINVAL;

	/* Fails: an unsigned word. */
	ASSERT_TRUE(addr < 0);
	return true;
}

static bool test_sign_error_through_long(void)
{
	unsigned long addr = -EINVAL;
	long err = addr;

	ASSERT_TRUE(err < 0);
	ASSERT_EQ((int)addr, -EINVAL);
	return true;
}

static bool test_sign_sum_of_both(void)
{
	unsigned int a = 2;
	int b = -3;

	/* Passes: the sum is unsigned. */
	ASSERT_TRUE(a + b > 100);
	return true;
}

static bool test_sign_sizeof_less_than(void)
{
	int n = -1;

	/* Fails: sizeof is unsigned. */
	ASSERT_TRUE(n < sizeof(int));
	return true;
}

static bool test_sign_array_size_loop(void)
{
	static const int steps[] = { 1, 2, 3 };
	int i, turns = 0;

	/* Passes: -1 is not below 3. */
	for (i = -1; i < ARRAY_SIZE(steps); i++)
		turns++;
	ASSERT_EQ(turns, 0);
	return true;
}

static bool test_sign_ternary_mixes(void)
{
	bool which = true;
	unsigned int u = 1;

	/* Fails: both arms get one type, unsigned int. */
	ASSERT_TRUE((which ? -1 : u) < 0);
	return true;
}

static bool test_sign_halved_negative(void)
{
	int n = -6;
	unsigned int two = 2;

	/* Fails: an unsigned division. */
	ASSERT_EQ((int)(n / two), -3);
	return true;
}

static void run_signed_compare_tests(int *num_tests, int *num_fail)
{
	TEST(sign_minus_one_is_largest);
	TEST(sign_minus_one_below);
	TEST(sign_equal_as_unsigned);
	TEST(sign_long_holds_unsigned_int);
	TEST(sign_lock_seq);
	TEST(sign_int_from_large);
	TEST(sign_error_as_unsigned);
	TEST(sign_error_below_zero);
	TEST(sign_error_through_long);
	TEST(sign_sum_of_both);
	TEST(sign_sizeof_less_than);
	TEST(sign_array_size_loop);
	TEST(sign_ternary_mixes);
	TEST(sign_halved_negative);
}
