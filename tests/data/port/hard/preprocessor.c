// SPDX-License-Identifier: GPL-2.0-only
/* Arms of #if, in functions, in expressions and around them. */

#define PRE_LEVEL 3
#define PRE_OFF 0

#if PRE_LEVEL > 2
static int pre_which(void) { return 2; }
#else
static int pre_which(void) { return 1; }
#endif

#ifdef PRE_NOWHERE_DEFINED
#define PRE_STEP 10
#else
#define PRE_STEP 20
#endif

#if defined(PRE_LEVEL) && !defined(PRE_NOWHERE_DEFINED)
#define PRE_BOTH 1
#endif

#ifndef PRE_BOTH
static bool test_pre_not_compiled(void)
{
	return false;
}
#endif

static bool test_pre_function_of_arm(void)
{
	ASSERT_EQ(pre_which(), 2);
	return true;
}

static bool test_pre_function_of_other_arm(void)
{
	/* Fails: the first arm holds. */
	ASSERT_EQ(pre_which(), 1);
	return true;
}

static bool test_pre_unknown_is_not_defined(void)
{
	ASSERT_EQ(PRE_STEP, 20);
	return true;
}

static bool test_pre_unknown_arm(void)
{
	int n = 1;

#ifdef PRE_NOWHERE_DEFINED
	n = 2;
#endif
	/* Fails: that arm is not compiled. */
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_pre_defined_as_zero(void)
{
	int n = 0;

#ifdef PRE_OFF
	n += 1;
#endif
#if PRE_OFF
	n += 10;
#endif
	ASSERT_EQ(n, 1);
	return true;
}

static bool test_pre_elif(void)
{
#if PRE_LEVEL == 1
	int n = 1;
#elif PRE_LEVEL == 3
	int n = 3;
#elif PRE_LEVEL > 0
	int n = 4;
#else
	int n = 5;
#endif

	ASSERT_EQ(n, 3);
	return true;
}

static bool test_pre_unknown_counts_as_zero(void)
{
	int n = 1;

#if PRE_NOWHERE_DEFINED > 0
	n = 2;
#else
	n = 3;
#endif
	/* Fails: an unknown name is 0. */
	ASSERT_NE(n, 3);
	return true;
}

static bool test_pre_nested(void)
{
	int n = 0;

#if PRE_LEVEL
# if PRE_OFF
	n = 1;
# else
	n = 2;
# endif
#else
	n = 3;
#endif
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_pre_within_expression(void)
{
	int n = 1
#if PRE_LEVEL > 2
		+ 10
#else
		+ 100
#endif
		;

	/* Fails: 11. */
	ASSERT_EQ(n, 101);
	return true;
}

static bool test_pre_around_else(void)
{
	int n = 5;

#if PRE_OFF
	if (n > 3)
		n = 0;
	else
#endif
		n++;
	ASSERT_EQ(n, 6);
	return true;
}

static bool test_pre_word_width(void)
{
	int bits = 0;

#if BITS_PER_LONG == 64
	bits = 64;
#else
	bits = 32;
#endif
#ifdef CONFIG_64BIT
	bits++;
#endif
	ASSERT_EQ(bits, 65);
	return true;
}

static bool test_pre_arithmetic(void)
{
	int n = 0;

#if (PRE_LEVEL * 2 == 6) && (1 << PRE_LEVEL) >= 8 && -1 < 0
	n = 1;
#endif
	ASSERT_EQ(n, 1);
	return true;
}

static bool test_pre_flag_bits(void)
{
	int wide = 0;

#if NUM_VMA_FLAG_BITS > BITS_PER_LONG
	wide = 1;
#endif
	ASSERT_EQ(wide, NUM_VMA_FLAG_BITS > 64);
	return true;
}

#if 0
static bool test_pre_left_out(void)
{
	this is no C at all;
}
#endif

static bool test_pre_undefined_again(void)
{
	int n = 1;

#define PRE_SHORT_LIVED
#undef PRE_SHORT_LIVED
#ifdef PRE_SHORT_LIVED
	n = 2;
#endif
	/* Fails: it is undefined again. */
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_pre_line_goes_on(void)
{
	int n = 1; // a comment that goes on \
	n = 2;

	/* Fails: the second line belongs to the comment. */
	ASSERT_EQ(n, 2);
	return true;
}

static void run_preprocessor_tests(int *num_tests, int *num_fail)
{
	TEST(pre_function_of_arm);
	TEST(pre_function_of_other_arm);
	TEST(pre_unknown_is_not_defined);
	TEST(pre_unknown_arm);
	TEST(pre_defined_as_zero);
	TEST(pre_elif);
	TEST(pre_unknown_counts_as_zero);
	TEST(pre_nested);
	TEST(pre_within_expression);
	TEST(pre_around_else);
	TEST(pre_word_width);
	TEST(pre_arithmetic);
	TEST(pre_flag_bits);
	TEST(pre_undefined_again);
	TEST(pre_line_goes_on);
}
