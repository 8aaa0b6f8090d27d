// SPDX-License-Identifier: GPL-2.0-only
/* What has no counterpart here: each is said where it stands, and who uses it is. */

union whole {
	int all;
	char parts[4];
};

struct with_union {
	union {
		int whole;
		unsigned int bits;
	};
	int rest;
};

enum { MARK_SIZE = sizeof(struct with_union), MARK_ONE = 1 };

DEFINE_MARK(mark_defined);
static struct mm_struct mark_mm;
static int mark_list[MARK_SIZE];
static int mark_shared;

static int mark_void_value(void)
{
	return 1;
}

static void mark_void(void)
{
	return mark_void_value();
}

static int mark_sized(int list[mark_void_value()])
{
	return list[0];
}

#if NUM_VMA_FLAG_BITS > 64
static int mark_twice(void)
{
	return 1;
}
#else
static int mark_twice(void)
{
	return 2;
}
#endif

static bool test_union(void)
{
	struct with_union a = { .rest = 1 };

	ASSERT_EQ(a.rest, 1);
	return true;
}

static bool test_unknown_numbers(void)
{
	ASSERT_EQ(MARK_SIZE, 8);
	ASSERT_EQ(MARK_ONE, 1);
	ASSERT_EQ(mark_list[0], 0);
	return true;
}

static bool test_of_the_file(void)
{
	ASSERT_EQ(mark_defined, 0);
	ASSERT_EQ(mark_mm.map_count, 0);
	return true;
}

static bool test_void(void)
{
	mark_void();
	ASSERT_EQ(mark_sized(&mark_shared), 0);
	ASSERT_EQ(mark_twice(), 2);
	return true;
}

static bool test_later(void)
{
	mark_shared++;
	ASSERT_EQ(mark_shared, 2);
	return true;
}

static bool test_iterators(void)
{
	struct mm_struct mm = {};
	struct vma_merge_struct vmg = {};

	VMA_ITERATOR(vmi, mark_no_such_function(), 0);
	VMA_ITERATOR(vmg.vmi, &mm, 0);

	ASSERT_EQ(vma_next(&vmi), NULL);
	return true;
}

static bool test_under_a_condition(void)
{
#if NUM_VMA_FLAG_BITS > 64
	int wide = 1;
#else
	int wide = 0;
#endif
	ASSERT_EQ(wide, 1);
	return true;
}

static bool test_left_early(void)
{
	int n = ({ if (mark_shared) return false; 5; });
	int list[mark_void_value()];

	ASSERT_EQ(n, 5);
	ASSERT_EQ(sizeof(list), 4);
	return true;
}

static bool test_earlier(void)
{
	mark_shared = 1;
	return true;
}

static void run_mark_tests(int *num_tests, int *num_fail)
{
	TEST(union);
	TEST(unknown_numbers);
	TEST(of_the_file);
	TEST(void);
	TEST(iterators);
	TEST(under_a_condition);
	TEST(left_early);
	TEST(earlier);
	TEST(later);
	TEST(nowhere);
}
