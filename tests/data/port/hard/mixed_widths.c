// SPDX-License-Identifier: GPL-2.0-only
/* More of integers: compound assignments, mixed widths, conversions on the way. */

static unsigned int mix_u32(unsigned long n) { return n; }
static long mix_s64(int n) { return n; }
static unsigned long mix_u64(int n) { return n; }
static short mix_s16(unsigned int n) { return n; }
static unsigned long mix_shift(unsigned long n, int by) { return n >> by; }

static bool test_mix_compound_wide_right(void)
{
	int n = 5;

	n += 0x100000001L;
	ASSERT_EQ(n, 6);
	return true;
}

static bool test_mix_compound_unsigned_right(void)
{
	long n = -10;
	unsigned int by = 2;

	n /= by;
	ASSERT_EQ(n, -5);
	return true;
}

static bool test_mix_int_by_unsigned(void)
{
	int n = -10;
	unsigned int by = 2;

	n /= by;
	/* Fails: divided as unsigned, which leaves 0x7ffffffb. */
	ASSERT_EQ(n, -5);
	return true;
}

static bool test_mix_times_minus_one(void)
{
	unsigned int n = 3;

	n *= -1;
	ASSERT_EQ(n, 0xfffffffdu);
	return true;
}

static bool test_mix_shift_signed_short(void)
{
	short s = -2;

	s >>= 1;
	ASSERT_EQ(s, -1);
	s = (unsigned short)s >> 1;
	ASSERT_EQ(s, 0x7fff);
	return true;
}

static bool test_mix_remainder_of_negative(void)
{
	long n = -7;
	unsigned long m = 4;

	ASSERT_EQ(n % 4, -3);
	ASSERT_EQ(n % m, 1);
	return true;
}

static bool test_mix_remainder_is_positive(void)
{
	int n = -7;

	/* Fails: the sign of the left side stays. */
	ASSERT_EQ(n % 4, 1);
	return true;
}

static bool test_mix_round_trip_through_u32(void)
{
	ASSERT_EQ(mix_u32(0x1ffffffffUL), 0xffffffffu);
	ASSERT_EQ(mix_s64(mix_u32(0xffffffffUL)), -1);
	ASSERT_EQ(mix_u64(-2), ULONG_MAX - 1);
	return true;
}

static bool test_mix_short_result(void)
{
	ASSERT_EQ(mix_s16(0x18001), -32767);
	/* Fails. */
	ASSERT_TRUE(mix_s16(0xffff) > 0);
	return true;
}

static bool test_mix_ternary_long_unsigned(void)
{
	bool which = true;
	unsigned int u = 1;
	long l = which ? -1 : u;
	long k = which ? -1L : u;

	ASSERT_EQ(l, 0xffffffffL);
	ASSERT_EQ(k, -1);
	return true;
}

static bool test_mix_not_of_bool(void)
{
	bool b = true;

	/* Fails: the complement of 1 as an int is -2, which is true. */
	ASSERT_FALSE(~b);
	return true;
}

static bool test_mix_while_shift(void)
{
	unsigned long n = 1UL << 45;
	int bits = 0;

	while (n >>= 1)
		bits++;
	ASSERT_EQ(bits, 45);
	return true;
}

static bool test_mix_unsigned_down_loop(void)
{
	unsigned long i;
	int sum = 0;

	for (i = 5; i-- > 0;)
		sum += i;
	ASSERT_EQ(sum, 10);
	ASSERT_EQ(i, ULONG_MAX);
	return true;
}

static bool test_mix_shift_count_of_long(void)
{
	unsigned long by = 4;
	int n = 1;

	/* Passes: the type of a shift is that of its left side. */
	ASSERT_EQ(sizeof(n << by), 4);
	ASSERT_EQ(mix_shift(ULONG_MAX, 60), 15);
	return true;
}

static bool test_mix_int_shift_into_long(void)
{
	unsigned int u = 0x80000000u;
	unsigned long n = u << 1;

	/* Fails: shifted before it is widened. */
	ASSERT_EQ(n, 0x100000000UL);
	return true;
}

static bool test_mix_int_product_into_long(void)
{
	unsigned int pages = 0x200000, size = 4096;
	unsigned long bytes = pages * size;
	unsigned long right = (unsigned long)pages * size;

	ASSERT_EQ(bytes, 0);
	ASSERT_EQ(right, 0x200000000UL);
	return true;
}

static bool test_mix_difference_of_ints(void)
{
	unsigned int a = 1, b = 2;
	long d = a - b;
	long e = (long)a - b;

	ASSERT_EQ(d, 0xffffffffL);
	ASSERT_EQ(e, -1);
	return true;
}

static bool test_mix_difference_is_negative(void)
{
	unsigned short a = 1, b = 2;
	unsigned int c = 1, d = 2;

	/* Passes for shorts, which are ints by then. */
	ASSERT_TRUE(a - b < 0);
	/* Fails for unsigned ints. */
	ASSERT_TRUE(c - d < 0);
	return true;
}

static bool test_mix_xor_narrow(void)
{
	unsigned char c = 0xf0;

	c ^= 0x1ff;
	ASSERT_EQ(c, 0x0f);
	c = ~c;
	ASSERT_EQ(c, 0xf0);
	c |= 0x100;
	ASSERT_EQ(c, 0xf0);
	return true;
}

static bool test_mix_increment_value(void)
{
	unsigned char c = 255;
	int old = c++;
	int now = ++c;

	ASSERT_EQ(old, 255);
	ASSERT_EQ(now, 1);
	/* Fails: it has wrapped. */
	ASSERT_EQ(c, 257);
	return true;
}

static bool test_mix_wide_multiply_signed(void)
{
	long n = -3037000499L;

	ASSERT_EQ(n * n, 9223372030926249001L);
	ASSERT_EQ((n * n) % 1000, 1);
	return true;
}

static bool test_mix_exact_division(void)
{
	unsigned long n = 9007199254740993UL * 3;

	ASSERT_EQ(n / 3, 9007199254740993UL);
	/* Fails: exact, to the last digit. */
	ASSERT_EQ(n / 3, 9007199254740992UL);
	return true;
}

static bool test_mix_compare_wide(void)
{
	unsigned long a = 0xfffffffffffffffeUL, b = 0xffffffffffffffffUL;

	ASSERT_TRUE(a < b);
	ASSERT_TRUE(a != b);
	/* Fails. */
	ASSERT_TRUE((long)a < (long)b && a + 1 > b);
	return true;
}

static bool test_mix_mask_from_bits(void)
{
	int bits = 47;
	unsigned long mask = (1UL << bits) - 1;

	ASSERT_EQ(mask, 0x7fffffffffffUL);
	ASSERT_EQ(~mask >> bits, 0x1ffff);
	ASSERT_EQ((~0UL) >> (64 - bits), mask);
	return true;
}

static bool test_mix_sign_bit_test(void)
{
	int n = -5;

	ASSERT_TRUE(n & 0x80000000);
	ASSERT_EQ((unsigned int)n >> 31, 1);
	/* Fails: -1 from an arithmetic shift. */
	ASSERT_EQ(n >> 31, 1);
	return true;
}
static bool test_mix_and_with_negative(void)
{
	unsigned long addr = 0x7fffdeadb123UL;
	int mask = -4096;
	unsigned int umask = -4096;

	ASSERT_EQ(addr & mask, 0x7fffdeadb000UL);
	/* Fails: an unsigned int is not extended by its sign. */
	ASSERT_EQ(addr & umask, 0x7fffdeadb000UL);
	return true;
}
static bool test_mix_assign_from_comparison(void)
{
	unsigned long n = 5;
	int c = n > 3;
	unsigned char d = !!n + !!n;
	bool e = n - 5;

	ASSERT_EQ(c + d, 3);
	ASSERT_FALSE(e);
	c += n == 5;
	ASSERT_EQ(c, 2);
	return true;
}

static void run_mixed_widths_tests(int *num_tests, int *num_fail)
{
	TEST(mix_compound_wide_right);
	TEST(mix_compound_unsigned_right);
	TEST(mix_int_by_unsigned);
	TEST(mix_times_minus_one);
	TEST(mix_shift_signed_short);
	TEST(mix_remainder_of_negative);
	TEST(mix_remainder_is_positive);
	TEST(mix_round_trip_through_u32);
	TEST(mix_short_result);
	TEST(mix_ternary_long_unsigned);
	TEST(mix_not_of_bool);
	TEST(mix_while_shift);
	TEST(mix_unsigned_down_loop);
	TEST(mix_shift_count_of_long);
	TEST(mix_int_shift_into_long);
	TEST(mix_int_product_into_long);
	TEST(mix_difference_of_ints);
	TEST(mix_difference_is_negative);
	TEST(mix_xor_narrow);
	TEST(mix_increment_value);
	TEST(mix_wide_multiply_signed);
	TEST(mix_exact_division);
	TEST(mix_compare_wide);
	TEST(mix_mask_from_bits);
	TEST(mix_sign_bit_test);
	TEST(mix_and_with_negative);
	TEST(mix_assign_from_comparison);
}
