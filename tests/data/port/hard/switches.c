// SPDX-License-Identifier: GPL-2.0-only
/* What a switch does: fall through, default in the middle, ranges, what it compares. */

static int switch_fall(int n)
{
	int sum = 0;

	switch (n) {
	case 1:
		sum += 1;
	case 2:
		sum += 2;
		break;
	case 3:
		sum += 4;
	default:
		sum += 8;
	}
	return sum;
}

static bool test_switch_falls_through(void)
{
	ASSERT_EQ(switch_fall(1), 3);
	ASSERT_EQ(switch_fall(3), 12);
	return true;
}

static bool test_switch_stops_at_case(void)
{
	/* Fails: 3. */
	ASSERT_EQ(switch_fall(1), 1);
	return true;
}

static int switch_default_first(int n)
{
	int got = 0;

	switch (n) {
	default:
		got = 10;
	case 1:
		got++;
		break;
	case 2:
		got = 20;
	}
	return got;
}

static bool test_switch_default_first(void)
{
	ASSERT_EQ(switch_default_first(1), 1);
	ASSERT_EQ(switch_default_first(2), 20);
	ASSERT_EQ(switch_default_first(3), 11);
	return true;
}

static bool test_switch_default_is_last(void)
{
	/* Fails: from the default it falls into the case below. */
	ASSERT_EQ(switch_default_first(7), 10);
	return true;
}

static bool test_switch_no_case(void)
{
	int n = 9;

	switch (n) {
	case 1:
		n = 0;
	}
	ASSERT_EQ(n, 9);
	return true;
}

static bool test_switch_cuts_narrow(void)
{
	unsigned char c = 0;
	int got = 0;

	c -= 1;
	switch (c) {
	case 255:
		got = 1;
		break;
	case -1:
		got = 2;
		break;
	}
	/* Fails: a byte is 255. */
	ASSERT_EQ(got, 2);
	return true;
}

static bool test_switch_on_unsigned(void)
{
	unsigned int n = -1;
	int got = 0;

	switch (n) {
	case -1:
		got = 1;
		break;
	default:
		got = 2;
	}
	/* Passes: a case is converted to the type of the expression. */
	ASSERT_EQ(got, 1);
	return true;
}

static bool test_switch_on_enum(void)
{
	enum vma_merge_state state = VMA_MERGE_NOMERGE;
	int got = 0;

	switch (state) {
	case VMA_MERGE_START:
		got = 1;
		break;
	case VMA_MERGE_NOMERGE:
		got = 2;
		break;
	default:
		got = 3;
	}
	ASSERT_EQ(got, 2);
	return true;
}

static bool test_switch_range(void)
{
	int n = 5, got = 0;

	switch (n) {
	case 0 ... 4:
		got = 1;
		break;
	case 5 ... 9:
		got = 2;
		break;
	}
	ASSERT_EQ(got, 2);
	return true;
}

static bool test_switch_evaluates_once(void)
{
	int n = 0;

	switch (n++) {
	case 0:
		n += 10;
		break;
	case 1:
		n += 20;
	}
	ASSERT_EQ(n, 11);
	return true;
}

static bool test_switch_local_in_case(void)
{
	int n = 2, got = 0;

	switch (n) {
	case 1: {
		int m = 5;

		got = m;
		break;
	}
	case 2: {
		int m = 6;

		got = m;
	}
	/* fall through */
	case 3:
		got *= 2;
	}
	/* Fails: 12. */
	ASSERT_EQ(got, 6);
	return true;
}

static bool test_switch_character(void)
{
	const char *word = "rw";
	int got = 0;

	switch (word[1]) {
	case 'r':
		got = 4;
		break;
	case 'w':
		got = 2;
		break;
	}
	ASSERT_EQ(got, 2);
	return true;
}

static void run_switches_tests(int *num_tests, int *num_fail)
{
	TEST(switch_falls_through);
	TEST(switch_stops_at_case);
	TEST(switch_default_first);
	TEST(switch_default_is_last);
	TEST(switch_no_case);
	TEST(switch_cuts_narrow);
	TEST(switch_on_unsigned);
	TEST(switch_on_enum);
	TEST(switch_range);
	TEST(switch_evaluates_once);
	TEST(switch_local_in_case);
	TEST(switch_character);
}
