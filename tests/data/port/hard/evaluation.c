// SPDX-License-Identifier: GPL-2.0-only
/* Order and number of evaluations: commas, short circuits, side effects, ternaries. */

static int evaluation_log;

static int evaluation_note(int n, int result)
{
	evaluation_log = evaluation_log * 10 + n;
	return result;
}

static bool test_eval_comma_value(void)
{
	int n;

	n = (1, 2, 3);
	ASSERT_EQ(n, 3);
	return true;
}

static bool test_eval_comma_assignment(void)
{
	int n, m = 0;

	/* The assignment binds tighter than the comma. */
	n = 1, m = 2;
	ASSERT_EQ(m, 2);
	/* Fails: 1. */
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_eval_comma_in_condition(void)
{
	int n = 3;

	while (n--, n > 0)
		;
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_eval_comma_side_effects(void)
{
	int n = 1;
	int m = (n++, n * 10);

	ASSERT_EQ(m, 20);
	return true;
}

static bool test_eval_and_stops(void)
{
	evaluation_log = 0;
	ASSERT_FALSE(evaluation_note(1, 0) && evaluation_note(2, 1));
	ASSERT_EQ(evaluation_log, 1);
	return true;
}

static bool test_eval_or_stops(void)
{
	evaluation_log = 0;
	ASSERT_TRUE(evaluation_note(1, 7) || evaluation_note(2, 1));
	/* Fails: the first was enough. */
	ASSERT_EQ(evaluation_log, 12);
	return true;
}

static bool test_eval_bitwise_does_not_stop(void)
{
	evaluation_log = 0;
	if (evaluation_note(1, 0) & evaluation_note(1, 1))
		return false;
	/* Passes: both sides are evaluated. */
	ASSERT_EQ(evaluation_log, 11);
	return true;
}

static bool test_eval_logic_is_zero_or_one(void)
{
	int a = 4, b = 2;

	ASSERT_EQ(a && b, 1);
	ASSERT_EQ(a || b, 1);
	/* Fails: 1 and 1. */
	ASSERT_EQ((a || 0) + (0 || b), 6);
	return true;
}

static bool test_eval_bitwise_of_truths(void)
{
	int a = 4, b = 2;

	ASSERT_TRUE(a && b);
	/* Fails: no bit in common. */
	ASSERT_TRUE(a & b);
	return true;
}

static bool test_eval_precedence_of_and(void)
{
	int flags = 6;

	/* Passes: == binds tighter than &. */
	ASSERT_FALSE(flags & 2 == 2);
	ASSERT_TRUE((flags & 2) == 2);
	return true;
}

static bool test_eval_precedence_of_shift(void)
{
	/* Fails: 1 << 3. */
	ASSERT_EQ(1 << 2 + 1, 5);
	return true;
}

static bool test_eval_chained_comparison(void)
{
	int n = 5;

	/* Passes: 3 < 5 is 1, and 1 < 2. */
	ASSERT_TRUE(3 < n < 2);
	ASSERT_TRUE(10 > n > 0);
	ASSERT_TRUE((n == n) == 1);
	return true;
}

static bool test_eval_chained_equality(void)
{
	int a = 3, b = 3, c = 3;

	/* Fails: 1 == 3. */
	ASSERT_TRUE(a == b == c);
	return true;
}

static bool test_eval_post_increment(void)
{
	int n = 4;
	int m = n++ * 2;

	ASSERT_EQ(m, 8);
	ASSERT_EQ(n, 5);
	m = --n * 2;
	ASSERT_EQ(m, 8);
	return true;
}

static bool test_eval_assignment_in_condition(void)
{
	int n = 0, m = 3;

	if ((n = m))
		m = 9;
	ASSERT_EQ(n, 3);
	ASSERT_EQ(m, 9);
	if (!(n = 0))
		m = 1;
	ASSERT_EQ(m, 1);
	return true;
}

static bool test_eval_chained_assignment_narrows(void)
{
	unsigned char c;
	int n;

	n = c = 300;
	/* Fails: it went through a byte. */
	ASSERT_EQ(n, 300);
	return true;
}

static bool test_eval_ternary_evaluates_one(void)
{
	evaluation_log = 0;
	ASSERT_EQ(1 ? evaluation_note(3, 30) : evaluation_note(4, 40), 30);
	ASSERT_EQ(evaluation_log, 3);
	return true;
}

static bool test_eval_ternary_without_middle(void)
{
	int n = 7, none = 0;

	ASSERT_EQ(n ?: 3, 7);
	ASSERT_EQ(none ?: 3, 3);
	return true;
}

static bool test_eval_ternary_nested(void)
{
	int n = 2;

	ASSERT_EQ(n == 1 ? 10 : n == 2 ? 20 : 30, 20);
	/* Fails: the condition is all that stands before the question mark. */
	ASSERT_EQ(n + 1 ? 5 : 6, 7);
	return true;
}

static bool test_eval_not_binds_tighter(void)
{
	int n = 4;

	/* Fails: !n is 0, and 0 is below 3, so it is the other way round. */
	ASSERT_FALSE(!n < 3);
	return true;
}

static bool test_eval_minus_minus(void)
{
	int n = 5;

	ASSERT_EQ(- -n, 5);
	ASSERT_EQ(- - -n, -5);
	ASSERT_EQ(+n - -1, 6);
	ASSERT_EQ(!!n, 1);
	ASSERT_EQ(~~n, 5);
	return true;
}

static void run_evaluation_tests(int *num_tests, int *num_fail)
{
	TEST(eval_comma_value);
	TEST(eval_comma_assignment);
	TEST(eval_comma_in_condition);
	TEST(eval_comma_side_effects);
	TEST(eval_and_stops);
	TEST(eval_or_stops);
	TEST(eval_bitwise_does_not_stop);
	TEST(eval_logic_is_zero_or_one);
	TEST(eval_bitwise_of_truths);
	TEST(eval_precedence_of_and);
	TEST(eval_precedence_of_shift);
	TEST(eval_chained_comparison);
	TEST(eval_chained_equality);
	TEST(eval_post_increment);
	TEST(eval_assignment_in_condition);
	TEST(eval_chained_assignment_narrows);
	TEST(eval_ternary_evaluates_one);
	TEST(eval_ternary_without_middle);
	TEST(eval_ternary_nested);
	TEST(eval_not_binds_tighter);
	TEST(eval_minus_minus);
}
