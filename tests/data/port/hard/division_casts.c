// SPDX-License-Identifier: GPL-2.0-only
/* Division, remainder, and casts to narrower types. */

static bool test_div_drops_rest(void)
{
	int n = 7;

	ASSERT_EQ(n / 2, 3);
	ASSERT_EQ(n / 2 * 2, 6);
	return true;
}

static bool test_div_keeps_half(void)
{
	unsigned long n = 0x1800;

	/* Fails: 1.5 is 1. */
	ASSERT_EQ(n / 0x1000 * 2, 3);
	return true;
}

static bool test_div_negative_to_zero(void)
{
	int n = -7;

	/* Passes: towards zero, not down. */
	ASSERT_EQ(n / 2, -3);
	ASSERT_EQ(n % 2, -1);
	return true;
}

static bool test_div_negative_down(void)
{
	int n = -1;

	/* Fails. */
	ASSERT_EQ(n / 4096, -1);
	return true;
}

static bool test_div_compound(void)
{
	int n = 9;

	n /= 2;
	ASSERT_EQ(n, 4);
	n %= 3;
	ASSERT_EQ(n, 1);
	n *= 3;
	n /= 2;
	ASSERT_EQ(n, 1);
	return true;
}

static bool test_div_large_exact(void)
{
	unsigned long n = 0xfffffffffffffff1UL;

	ASSERT_EQ(n / 16, 0xfffffffffffffffUL);
	ASSERT_EQ(n % 16, 1);
	return true;
}

static bool test_div_of_sum(void)
{
	int a = 3, b = 4;

	/* Fails: 3, not 3.5. */
	ASSERT_TRUE((a + b) / 2 > 3);
	return true;
}

static bool test_cast_to_byte(void)
{
	unsigned long addr = 0x12345678;

	ASSERT_EQ((unsigned char)addr, 0x78);
	ASSERT_EQ((u8)(addr >> 8), 0x56);
	return true;
}

static bool test_cast_to_signed_byte(void)
{
	int n = 200;

	/* Fails: -56. */
	ASSERT_EQ((signed char)n, 200);
	return true;
}

static bool test_cast_to_short(void)
{
	unsigned int n = 0x18000;

	ASSERT_EQ((unsigned short)n, 0x8000);
	ASSERT_EQ((short)n, -32768);
	return true;
}

static bool test_cast_to_int_cuts(void)
{
	unsigned long addr = 0x100001000UL;

	ASSERT_EQ((unsigned int)addr, 0x1000);
	/* Fails. */
	ASSERT_TRUE((int)addr == addr);
	return true;
}

static bool test_cast_int_to_long_extends(void)
{
	int n = -1;

	ASSERT_EQ((unsigned long)n, ULONG_MAX);
	ASSERT_EQ((unsigned long)(unsigned int)n, 0xffffffffUL);
	return true;
}

static bool test_cast_before_shift(void)
{
	unsigned int pages = 0x100000;

	/* Passes: shifted as 32 bits and as 64. */
	ASSERT_EQ(pages << 12, 0);
	ASSERT_EQ((unsigned long)pages << 12, 0x100000000UL);
	return true;
}

static bool test_cast_to_bool(void)
{
	int n = 256;

	/* Passes: any value but 0 is true, also one whose low byte is 0. */
	ASSERT_EQ((bool)n, 1);
	ASSERT_EQ((unsigned char)n, 0);
	return true;
}

static bool test_cast_to_bool_of_two(void)
{
	int n = 2;

	/* Fails: true is 1. */
	ASSERT_EQ((bool)n, 2);
	return true;
}

static bool test_cast_binds_tighter(void)
{
	unsigned long n = 0x1ff;

	/* Fails: the cast is of n, not of the sum. */
	ASSERT_EQ((unsigned char)n + 1, 0);
	return true;
}

static void run_division_casts_tests(int *num_tests, int *num_fail)
{
	TEST(div_drops_rest);
	TEST(div_keeps_half);
	TEST(div_negative_to_zero);
	TEST(div_negative_down);
	TEST(div_compound);
	TEST(div_large_exact);
	TEST(div_of_sum);
	TEST(cast_to_byte);
	TEST(cast_to_signed_byte);
	TEST(cast_to_short);
	TEST(cast_to_int_cuts);
	TEST(cast_int_to_long_extends);
	TEST(cast_before_shift);
	TEST(cast_to_bool);
	TEST(cast_to_bool_of_two);
	TEST(cast_binds_tighter);
}
