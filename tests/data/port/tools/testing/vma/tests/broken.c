// SPDX-License-Identifier: GPL-2.0-only

static int helper_with_goto(int n)
{
	if (n > 3)
		goto out;
	n++;
out:
	return n;
}

static bool test_unknown_function(void)
{
	struct mm_struct mm = {};
	int answer = vma_do_something_new(&mm, 3);

	ASSERT_EQ(answer, 0);
	ASSERT_EQ(vma_do_something_new(&mm, 4), 0);
	return true;
}

static bool test_through_helper(void)
{
	ASSERT_EQ(helper_with_goto(1), 2);
	return true;
}

static bool test_whole(void)
{
	ASSERT_TRUE(true);
	return true;
}

static void run_broken_tests(int *num_tests, int *num_fail)
{
	TEST(unknown_function);
	TEST(through_helper);
	TEST(whole);
}
