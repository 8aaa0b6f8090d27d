// SPDX-License-Identifier: GPL-2.0-only
/* Variables that live longer than a call. */

static int static_calls;
static unsigned char static_byte = 250;
static struct vm_area_struct static_vma;
static int *static_where;

static int static_next(void)
{
	static int n;

	return ++n;
}

static int static_from_five(void)
{
	static int n = 5;

	n += 2;
	return n;
}

static int static_by_name(bool first)
{
	if (first) {
		static int n = 100;

		return n++;
	}
	static int n = 200;

	return n++;
}

static int *static_counter(void)
{
	static int counter;

	return &counter;
}

static unsigned char static_wrapping(void)
{
	static unsigned char n = 254;

	return n++;
}

static bool test_static_counts_on(void)
{
	int first = static_next();

	ASSERT_EQ(static_next(), first + 1);
	ASSERT_EQ(static_next(), first + 2);
	return true;
}

static bool test_static_starts_anew(void)
{
	int first = static_from_five();

	/* Fails: set once, not at each call. */
	ASSERT_EQ(static_from_five(), first);
	return true;
}

static bool test_static_two_of_a_name(void)
{
	ASSERT_EQ(static_by_name(true), 100);
	ASSERT_EQ(static_by_name(false), 200);
	ASSERT_EQ(static_by_name(true), 101);
	ASSERT_EQ(static_by_name(false), 201);
	return true;
}

static bool test_static_address_returned(void)
{
	*static_counter() = 7;
	++*static_counter();
	ASSERT_EQ(*static_counter(), 8);
	return true;
}

static bool test_static_wraps(void)
{
	static_wrapping();
	static_wrapping();
	ASSERT_EQ(static_wrapping(), 0);
	return true;
}

static bool test_static_in_test(void)
{
	static int seen[3];
	int i;

	for (i = 0; i < 5; i++)
		seen[i % 3]++;
	ASSERT_EQ(seen[0], 2);
	/* Fails: two as well. */
	ASSERT_EQ(seen[1], 1);
	return true;
}

static bool test_static_of_file_begins_at_zero(void)
{
	ASSERT_EQ(static_calls++, 0);
	ASSERT_EQ(static_calls, 1);
	return true;
}

static bool test_static_of_file_is_kept(void)
{
	/* Fails: the test before has counted. */
	ASSERT_EQ(static_calls, 0);
	return true;
}

static bool test_static_byte_of_file(void)
{
	static_byte += 10;
	ASSERT_EQ(static_byte, 4);
	return true;
}

static bool test_static_struct_is_zero(void)
{
	ASSERT_EQ(static_vma.vm_start, 0);
	ASSERT_EQ(static_vma.vm_file, NULL);
	static_vma.vm_start = 0x1000;
	return true;
}

static bool test_static_struct_keeps(void)
{
	ASSERT_EQ(static_vma.vm_start, 0x1000);
	return true;
}

static bool test_static_shadowed(void)
{
	int static_calls = 50;

	static_calls++;
	{
		int static_calls = 3;

		static_calls++;
	}
	/* Fails: the inner one is another. */
	ASSERT_EQ(static_calls, 4);
	return true;
}

static bool test_static_pointer_to_file(void)
{
	int before = static_calls;

	static_where = &static_calls;
	*static_where += 5;
	ASSERT_EQ(static_calls, before + 5);
	return true;
}

static bool test_static_initialised_once_in_loop(void)
{
	int i, last = 0;

	for (i = 0; i < 3; i++) {
		static int total = 1;

		total *= 2;
		last = total;
	}
	ASSERT_EQ(last, 8);
	return true;
}

static void run_statics_tests(int *num_tests, int *num_fail)
{
	TEST(static_counts_on);
	TEST(static_starts_anew);
	TEST(static_two_of_a_name);
	TEST(static_address_returned);
	TEST(static_wraps);
	TEST(static_in_test);
	TEST(static_of_file_begins_at_zero);
	TEST(static_of_file_is_kept);
	TEST(static_byte_of_file);
	TEST(static_struct_is_zero);
	TEST(static_struct_keeps);
	TEST(static_shadowed);
	TEST(static_pointer_to_file);
	TEST(static_initialised_once_in_loop);
}
