// SPDX-License-Identifier: GPL-2.0-only
/* Macros that are more than a function with another name. */

#define MACRO_RETURN_IF(cond, value) do { if (cond) return value; } while (0)
#define MACRO_BUMP(n) ((n) += 2)
#define MACRO_SWAP(a, b) do { typeof(a) old = (a); (a) = (b); (b) = old; } while (0)
#define MACRO_LARGER(a, b) ((a) > (b) ? (a) : (b))
#define MACRO_LARGER_ONCE(a, b) ({ typeof(a) _a = (a); typeof(b) _b = (b); _a > _b ? _a : _b; })
#define MACRO_SUM_UNBRACED(a, b) a + b
#define MACRO_TWICE(stmt) do { stmt; stmt; } while (0)
#define MACRO_FIELD(vma, which) ((vma)->vm_##which)
#define MACRO_NAME(x) #x
#define MACRO_COUNT(...) (sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))
#define MACRO_EACH(i, n) for ((i) = 0; (i) < (n); (i)++)
#define MACRO_VALUE macro_where
#define MACRO_EMPTY
#define MACRO_DECLARE(type, name, value) type name = value

static int macro_where = 5;

static int macro_sign(int n)
{
	MACRO_RETURN_IF(n < 0, -1);
	MACRO_RETURN_IF(n == 0, 0);
	return 1;
}

static int macro_calls(int *n)
{
	return ++*n;
}

static bool test_macro_returns(void)
{
	ASSERT_EQ(macro_sign(-5), -1);
	ASSERT_EQ(macro_sign(0), 0);
	ASSERT_EQ(macro_sign(8), 1);
	return true;
}

static bool test_macro_return_missed(void)
{
	/* Fails: the macro returns from the function. */
	ASSERT_EQ(macro_sign(-5), 1);
	return true;
}

static bool test_macro_changes_argument(void)
{
	int n = 1;

	ASSERT_EQ(MACRO_BUMP(n), 3);
	ASSERT_EQ(n, 3);
	return true;
}

static bool test_macro_changes_a_copy(void)
{
	int n = 1;

	MACRO_BUMP(n);
	MACRO_BUMP(n);
	/* Fails: it is the variable itself. */
	ASSERT_EQ(n, 1);
	return true;
}

static bool test_macro_swaps(void)
{
	int a[2] = { 1, 2 };
	unsigned long low = 9, high = 3;

	MACRO_SWAP(a[0], a[1]);
	if (low > high)
		swap(low, high);
	ASSERT_EQ(a[0], 2);
	ASSERT_EQ(a[1], 1);
	ASSERT_EQ(low, 3);
	ASSERT_EQ(high, 9);
	return true;
}

static bool test_macro_evaluates_twice(void)
{
	int n = 3;

	/* Passes: the larger one is evaluated again. */
	ASSERT_EQ(MACRO_LARGER(n++, 1), 4);
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_macro_evaluates_once(void)
{
	int n = 3;

	ASSERT_EQ(MACRO_LARGER_ONCE(n++, 1), 3);
	/* Fails: once, so 4. */
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_macro_call_evaluated_twice(void)
{
	int calls = 0;

	if (MACRO_LARGER(macro_calls(&calls), 0))
		calls += 10;
	/* Fails: the call stands there twice. */
	ASSERT_EQ(calls, 11);
	return true;
}

static bool test_macro_without_brackets(void)
{
	/* Passes: 1 + 2 * 3. */
	ASSERT_EQ(MACRO_SUM_UNBRACED(1, 2) * 3, 7);
	return true;
}

static bool test_macro_with_brackets_in_mind(void)
{
	/* Fails. */
	ASSERT_EQ(2 * MACRO_SUM_UNBRACED(3, 4), 14);
	return true;
}

static bool test_macro_statement_twice(void)
{
	int n = 1;

	MACRO_TWICE(n *= 3);
	ASSERT_EQ(n, 9);
	return true;
}

static bool test_macro_pastes(void)
{
	struct vm_area_struct vma = { .vm_start = 0x1000, .vm_end = 0x2000 };

	ASSERT_EQ(MACRO_FIELD(&vma, start), 0x1000);
	/* Fails: another field. */
	ASSERT_EQ(MACRO_FIELD(&vma, end), 0x1000);
	return true;
}

static bool test_macro_text(void)
{
	ASSERT_EQ(MACRO_NAME(vma)[0], 'v');
	ASSERT_EQ(sizeof(MACRO_NAME(a + b)), 6);
	return true;
}

static bool test_macro_variadic(void)
{
	ASSERT_EQ(MACRO_COUNT(4, 5, 6), 3);
	ASSERT_EQ(MACRO_COUNT(4), 1);
	return true;
}

static bool test_macro_loop(void)
{
	int i, sum = 0;

	MACRO_EACH(i, 4)
		sum += i;
	ASSERT_EQ(sum, 6);
	/* Fails: the loop has its own statement only. */
	ASSERT_EQ(i, 3);
	return true;
}

static bool test_macro_names_a_variable(void)
{
	int before = MACRO_VALUE;

	MACRO_VALUE++;
	ASSERT_EQ(macro_where, before + 1);
	{
		int macro_where = 100;

		/* Passes: the name is looked up where it stands. */
		ASSERT_EQ(MACRO_VALUE, 100);
	}
	return true;
}

static bool test_macro_redefined(void)
{
	int first, second;

#define MACRO_LEVEL 1
	first = MACRO_LEVEL;
#undef MACRO_LEVEL
#define MACRO_LEVEL 2
	second = MACRO_LEVEL;
#undef MACRO_LEVEL
	/* Fails: each place has what was defined above it. */
	ASSERT_EQ(first, second);
	return true;
}

static bool test_macro_declares(void)
{
	MACRO_DECLARE(unsigned char, c, 257);

	MACRO_EMPTY;
	ASSERT_EQ(c, 1);
	return true;
}

#define MACRO_MAKES_TEST(name, value)			\
	static bool test_macro_made_##name(void)	\
	{						\
		int n = value;				\
							\
		ASSERT_EQ(n * 2, 8);			\
		return true;				\
	}

/* TESTS: macro_made_four */
MACRO_MAKES_TEST(four, 4)
/* TESTS: macro_made_five */
MACRO_MAKES_TEST(five, 5)

static bool test_macro_fewer_arguments(void)
{
	ASSERT_EQ(sizeof(MACRO_NAME()), 1);
	return true;
}

static void run_macros_tests(int *num_tests, int *num_fail)
{
	TEST(macro_returns);
	TEST(macro_return_missed);
	TEST(macro_changes_argument);
	TEST(macro_changes_a_copy);
	TEST(macro_swaps);
	TEST(macro_evaluates_twice);
	TEST(macro_evaluates_once);
	TEST(macro_call_evaluated_twice);
	TEST(macro_without_brackets);
	TEST(macro_with_brackets_in_mind);
	TEST(macro_statement_twice);
	TEST(macro_pastes);
	TEST(macro_text);
	TEST(macro_variadic);
	TEST(macro_loop);
	TEST(macro_names_a_variable);
	TEST(macro_redefined);
	TEST(macro_declares);
	TEST(macro_made_four);
	TEST(macro_made_five);
	TEST(macro_fewer_arguments);
}
