// SPDX-License-Identifier: GPL-2.0-only
/* Numbers and characters as they are written, and their types. */

#define LITERAL_ODD 9007199254740993UL
#define LITERAL_MASK 0xffff000000000000

static bool test_literal_odd_above_2_53(void)
{
	unsigned long n = 9007199254740993UL;

	/* Passes: exact. */
	ASSERT_EQ(n & 1, 1);
	ASSERT_NE(n, 9007199254740992UL);
	return true;
}

static bool test_literal_rounded(void)
{
	/* Fails: two numbers. */
	ASSERT_EQ(LITERAL_ODD, LITERAL_ODD - 1);
	return true;
}

static bool test_literal_top(void)
{
	ASSERT_EQ(0xffffffffffffffffUL, ULONG_MAX);
	ASSERT_EQ(0xffffffffffffffff, -1UL);
	ASSERT_EQ(18446744073709551615UL % 10, 5);
	return true;
}

static bool test_literal_sum_above_2_53(void)
{
	unsigned long n = 0x20000000000000UL;

	/* Fails: one more is one more. */
	ASSERT_EQ(n + 1, n);
	return true;
}

static bool test_literal_octal(void)
{
	ASSERT_EQ(010, 8);
	ASSERT_EQ(0755, 493);
	return true;
}

static bool test_literal_octal_as_decimal(void)
{
	/* Fails: 64. */
	ASSERT_EQ(0100, 100);
	return true;
}

static bool test_literal_binary(void)
{
	ASSERT_EQ(0b1011, 11);
	return true;
}

static bool test_literal_character(void)
{
	ASSERT_EQ('a' + 1, 'b');
	ASSERT_EQ('\n', 10);
	ASSERT_EQ('\0', 0);
	ASSERT_EQ('\x41', 'A');
	ASSERT_EQ('\101', 'A');
	ASSERT_EQ('\\', 92);
	return true;
}

static bool test_literal_character_is_signed(void)
{
	/* Fails: a plain char is signed here. */
	ASSERT_EQ('\xff', 255);
	return true;
}

static bool test_literal_hex_is_unsigned(void)
{
	/* Passes: 0xffffffff has no place in an int, so it is unsigned. */
	ASSERT_TRUE(-1 == 0xffffffff);
	ASSERT_EQ(0xffffffff + 1, 0);
	return true;
}

static bool test_literal_decimal_is_long(void)
{
	/* Fails: a decimal number becomes a long instead. */
	ASSERT_TRUE(-1 == 4294967295);
	return true;
}

static bool test_literal_suffix_widens(void)
{
	ASSERT_EQ(1UL << 35, 0x800000000UL);
	ASSERT_EQ(0xffffffffUL + 1, 0x100000000UL);
	ASSERT_EQ(1ull << 63 >> 62, 2);
	return true;
}

static bool test_literal_macro_mask(void)
{
	unsigned long addr = 0x123456789abcd000;

	ASSERT_EQ(addr & LITERAL_MASK, 0x1234000000000000);
	return true;
}

static bool test_literal_strings_join(void)
{
	const char *text = "ab" "cd";

	ASSERT_EQ(text[2], 'c');
	ASSERT_EQ(text[4], 0);
	ASSERT_EQ(strlen("r\0w"), 1);
	return true;
}

static bool test_literal_string_size(void)
{
	/* Fails: the zero at the end counts. */
	ASSERT_EQ(sizeof("abc"), 3);
	return true;
}

static bool test_literal_minimum(void)
{
	long low = LONG_MIN;

	ASSERT_TRUE(low < 0);
	ASSERT_EQ(low + LONG_MAX, -1);
	return true;
}

static void run_literals_tests(int *num_tests, int *num_fail)
{
	TEST(literal_odd_above_2_53);
	TEST(literal_rounded);
	TEST(literal_top);
	TEST(literal_sum_above_2_53);
	TEST(literal_octal);
	TEST(literal_octal_as_decimal);
	TEST(literal_binary);
	TEST(literal_character);
	TEST(literal_character_is_signed);
	TEST(literal_hex_is_unsigned);
	TEST(literal_decimal_is_long);
	TEST(literal_suffix_widens);
	TEST(literal_macro_mask);
	TEST(literal_strings_join);
	TEST(literal_string_size);
	TEST(literal_minimum);
}
