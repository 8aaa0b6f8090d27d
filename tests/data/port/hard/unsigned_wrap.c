// SPDX-License-Identifier: GPL-2.0-only
/* Unsigned arithmetic that leaves its range. */

static unsigned long wrap_gap(unsigned long start, unsigned long prev_end)
{
	return start - prev_end;
}

static bool test_wrap_gap_of_overlap(void)
{
	/* Passes: a start below the end of the one before is a huge gap. */
	ASSERT_TRUE(wrap_gap(0x1000, 0x2000) > 0x100000);
	return true;
}

static bool test_wrap_gap_is_not_negative(void)
{
	/* Fails. */
	ASSERT_TRUE(wrap_gap(0x1000, 0x2000) < 0x1000);
	return true;
}

static bool test_wrap_down_from_zero(void)
{
	unsigned long n = 0;

	n--;
	ASSERT_EQ(n, ULONG_MAX);
	ASSERT_TRUE(n > 0);
	return true;
}

static bool test_wrap_up_to_zero(void)
{
	unsigned long n = ULONG_MAX;

	n++;
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_wrap_int_up_to_zero(void)
{
	unsigned int n = UINT_MAX;

	n += 2;
	/* Fails: it is 1. */
	ASSERT_TRUE(n > UINT_MAX);
	return true;
}

static bool test_wrap_int_down(void)
{
	unsigned int n = 3;

	n -= 5;
	ASSERT_EQ(n, 0xfffffffeu);
	return true;
}

static bool test_wrap_negated_size(void)
{
	unsigned long size = 0x1000;

	/* Passes: this is how a size of two's power becomes a mask. */
	ASSERT_EQ(0x12345 & -size, 0x12000);
	ASSERT_TRUE(-size > size);
	return true;
}

static bool test_wrap_negated_is_below_zero(void)
{
	unsigned long size = 0x1000;

	/* Fails. */
	ASSERT_TRUE(-size < 0);
	return true;
}

static bool test_wrap_countdown_loop(void)
{
	unsigned int i;
	int turns = 0;

	for (i = 3; i < 4; i--)
		turns++;
	/* Passes: below zero is the largest, which ends the loop. */
	ASSERT_EQ(turns, 4);
	ASSERT_EQ(i, UINT_MAX);
	return true;
}

static bool test_wrap_product(void)
{
	unsigned int a = 0x10000, b = 0x10001;

	ASSERT_EQ(a * b, 0x10000);
	return true;
}

static bool test_wrap_product_of_long(void)
{
	unsigned long a = 0x100000001UL;

	/* Fails: the square has more than 64 bits. */
	ASSERT_EQ((a * a) >> 62, 4);
	return true;
}

static bool test_wrap_product_exact(void)
{
	unsigned long a = 0x123456789abcdefUL, b = 0xfedcba987654321UL;

	/* Passes: the lower 64 bits, to the last. */
	ASSERT_EQ(a * b, 0x22236d88fe5618cfUL);
	return true;
}

static bool test_wrap_sum_overflow_check(void)
{
	unsigned long addr = ULONG_MAX - 0xfff, len = 0x2000;

	/* Passes: the usual test for an overflow. */
	ASSERT_TRUE(addr + len < addr);
	return true;
}

static bool test_wrap_sum_overflow_unseen(void)
{
	unsigned long addr = 0xfffffffffffff000UL;

	/* Fails: the sum is 0. */
	ASSERT_TRUE(addr + 0x1000 > addr);
	return true;
}

static bool test_wrap_average(void)
{
	unsigned int low = 0xfffffff0u, high = 0xfffffffeu;

	/* Fails: the sum wraps before it is halved. */
	ASSERT_EQ((low + high) / 2, 0xfffffff7u);
	return true;
}

static bool test_wrap_vma_length(void)
{
	struct vm_area_struct vma = { .vm_start = 0x3000, .vm_end = 0x1000 };

	/* Passes: ends before it starts, so the length is close to the top. */
	ASSERT_TRUE(vma.vm_end - vma.vm_start > 1UL << 62);
	return true;
}

static void run_unsigned_wrap_tests(int *num_tests, int *num_fail)
{
	TEST(wrap_gap_of_overlap);
	TEST(wrap_gap_is_not_negative);
	TEST(wrap_down_from_zero);
	TEST(wrap_up_to_zero);
	TEST(wrap_int_up_to_zero);
	TEST(wrap_int_down);
	TEST(wrap_negated_size);
	TEST(wrap_negated_is_below_zero);
	TEST(wrap_countdown_loop);
	TEST(wrap_product);
	TEST(wrap_product_of_long);
	TEST(wrap_product_exact);
	TEST(wrap_sum_overflow_check);
	TEST(wrap_sum_overflow_unseen);
	TEST(wrap_average);
	TEST(wrap_vma_length);
}
