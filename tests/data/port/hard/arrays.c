// SPDX-License-Identifier: GPL-2.0-only
/* Arrays: initialisers that are short, out of order or designated, sizes, and arrays of arrays. */

#define ARRAY_STEPS { 1, 2, 3 }

static const unsigned long array_addrs[4] = { 0x1000 };
static int array_filled[8] = { [2] = 5, 6, [7] = 1 };

static int array_count(const unsigned long addrs[], int n)
{
	int i, count = 0;

	for (i = 0; i < n; i++)
		count += addrs[i] != 0;
	return count;
}

static bool test_array_short_initialiser(void)
{
	int a[4] = { 1 };

	ASSERT_EQ(a[0], 1);
	ASSERT_EQ(a[1] + a[2] + a[3], 0);
	ASSERT_EQ(ARRAY_SIZE(a), 4);
	return true;
}

static bool test_array_size_of_short(void)
{
	/* Fails: four, whatever the initialiser names. */
	ASSERT_EQ(ARRAY_SIZE(array_addrs), 1);
	return true;
}

static bool test_array_static_rest(void)
{
	ASSERT_EQ(array_count(array_addrs, ARRAY_SIZE(array_addrs)), 1);
	ASSERT_EQ(array_addrs[3], 0);
	return true;
}

static bool test_array_designated(void)
{
	ASSERT_EQ(array_filled[2], 5);
	ASSERT_EQ(array_filled[3], 6);
	ASSERT_EQ(array_filled[0], 0);
	ASSERT_EQ(array_filled[7], 1);
	return true;
}

static bool test_array_designated_in_order(void)
{
	int a[] = { [3] = 1, [1] = 2 };

	ASSERT_EQ(ARRAY_SIZE(a), 4);
	/* Fails: the place is named. */
	ASSERT_EQ(a[0], 1);
	return true;
}

static bool test_array_designated_twice(void)
{
	int a[3] = { [0 ... 2] = 4, [1] = 9 };

	ASSERT_EQ(a[0], 4);
	ASSERT_EQ(a[1], 9);
	ASSERT_EQ(a[2], 4);
	return true;
}

static bool test_array_empty_initialiser(void)
{
	struct vm_area_struct *vmas[3] = {};
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(vmas[i], NULL);
	return true;
}

static bool test_array_of_arrays(void)
{
	int grid[2][3] = { { 1, 2 }, { 4 } };

	ASSERT_EQ(grid[0][2], 0);
	ASSERT_EQ(grid[1][0], 4);
	grid[1][2] = 7;
	ASSERT_EQ(grid[0][2], 0);
	ASSERT_EQ(sizeof(grid) / sizeof(grid[0]), 2);
	return true;
}

static bool test_array_of_arrays_flat(void)
{
	int grid[2][3] = { 1, 2, 3, 4 };

	ASSERT_EQ(grid[1][0], 4);
	/* Fails: rows are filled one after the other. */
	ASSERT_EQ(grid[1][0], 2);
	return true;
}

static bool test_array_rows_not_shared(void)
{
	int grid[3][2] = {};

	grid[0][0] = 1;
	/* Fails: each row is its own. */
	ASSERT_EQ(grid[1][0], 1);
	return true;
}

static bool test_array_narrow_elements(void)
{
	unsigned char a[2] = { 255, 0x101 };

	a[0]++;
	ASSERT_EQ(a[0], 0);
	ASSERT_EQ(a[1], 1);
	return true;
}

static bool test_array_side_effect_in_index(void)
{
	int a[3] = {}, i = 0;

	a[i++] = 5;
	a[i++] = 6;
	ASSERT_EQ(i, 2);
	ASSERT_EQ(a[1], 6);
	a[i] += 2;
	a[i]++;
	ASSERT_EQ(a[2], 3);
	return true;
}

static bool test_array_compound_index_once(void)
{
	int a[3] = { 10, 20, 30 }, i = 0;

	a[i++] += 5;
	ASSERT_EQ(a[0], 15);
	/* Fails: the index is evaluated once. */
	ASSERT_EQ(i, 2);
	return true;
}

static bool test_array_passed_is_shared(void)
{
	unsigned long a[2] = { 0, 1 };

	ASSERT_EQ(array_count(a, 2), 1);
	a[0] = 7;
	ASSERT_EQ(array_count(a, 2), 2);
	ASSERT_EQ(array_count(&a[1], 1), 1);
	return true;
}

static bool test_array_macro_initialiser(void)
{
	int a[] = ARRAY_STEPS;
	int b[5] = ARRAY_STEPS;

	a[0] = 9;
	ASSERT_EQ(b[0], 1);
	ASSERT_EQ(b[4], 0);
	/* Fails: three and five. */
	ASSERT_EQ(ARRAY_SIZE(a), ARRAY_SIZE(b));
	return true;
}

static bool test_array_text(void)
{
	char name[8] = "vma";

	ASSERT_EQ(name[3], 0);
	ASSERT_EQ(sizeof(name), 8);
	name[0] = 'V';
	ASSERT_EQ(name[0], 86);
	ASSERT_EQ(strlen(name), 3);
	return true;
}

static bool test_array_index_turned(void)
{
	int a[] = { 4, 5, 6 };

	/* Passes: an index may stand first. */
	ASSERT_EQ(2[a], 6);
	return true;
}

static void run_arrays_tests(int *num_tests, int *num_fail)
{
	TEST(array_short_initialiser);
	TEST(array_size_of_short);
	TEST(array_static_rest);
	TEST(array_designated);
	TEST(array_designated_in_order);
	TEST(array_designated_twice);
	TEST(array_empty_initialiser);
	TEST(array_of_arrays);
	TEST(array_of_arrays_flat);
	TEST(array_rows_not_shared);
	TEST(array_narrow_elements);
	TEST(array_side_effect_in_index);
	TEST(array_compound_index_once);
	TEST(array_passed_is_shared);
	TEST(array_macro_initialiser);
	TEST(array_text);
	TEST(array_index_turned);
}
