// SPDX-License-Identifier: GPL-2.0-only
/* What is known of a variable is not always what it holds: counters that wrap, values that come by other ways. */

static unsigned int range_global = 5;
static unsigned char range_byte;

static void range_set(unsigned int *p) { *p = UINT_MAX; }
static void range_touch(void) { range_global = UINT_MAX - 1; }
static unsigned int range_pass(unsigned int n) { return n; }
static unsigned long range_twice(unsigned long n) { return n * 2; }
static int range_signed(int n) { return n < 0 ? -n : n; }
static unsigned int range_deep(unsigned int n, int depth) { return depth == 0 ? n : range_deep(n * 3, depth - 1); }

static bool test_range_byte_counts_round(void)
{
	unsigned char c;
	int turns = 0;

	for (c = 250; c > 5; c++)
		turns++;
	ASSERT_EQ(turns, 6);
	ASSERT_EQ(c, 0);
	return true;
}

static bool test_range_short_by_threes(void)
{
	short s = 32760;
	int turns = 0;

	while (s > 0) {
		s += 3;
		turns++;
	}
	ASSERT_EQ(turns, 3);
	ASSERT_EQ(s, -32767);
	return true;
}

static bool test_range_through_pointer(void)
{
	unsigned int n = 1;

	range_set(&n);
	ASSERT_EQ(n + 1, 0);
	return true;
}

static bool test_range_global_changed(void)
{
	range_touch();
	ASSERT_EQ(range_global + 2, 0);
	/* Fails. */
	ASSERT_TRUE(range_global + 3 > range_global);
	return true;
}

static bool test_range_recursion_grows(void)
{
	ASSERT_EQ(range_deep(0x10000000, 3), 0xb0000000u);
	ASSERT_EQ(range_deep(1, 21), 1870418611u);
	return true;
}

static bool test_range_loop_doubles(void)
{
	unsigned int n = 1;
	int i;

	for (i = 0; i < 33; i++)
		n *= 2;
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_range_loop_doubles_long(void)
{
	unsigned long n = 3;
	int i;

	for (i = 0; i < 63; i++)
		n += n;
	ASSERT_EQ(n, 1UL << 63);
	/* Fails: the other bit is gone. */
	ASSERT_EQ(n >> 63, 3);
	return true;
}

static bool test_range_large_steps(void)
{
	unsigned int n = 0;
	int i;

	for (i = 0; i < 5; i++)
		n += 0x40000000;
	ASSERT_EQ(n, 0x40000000);
	return true;
}

static bool test_range_limit_is_left(void)
{
	unsigned int i, last = 0;

	for (i = 0; i < 10; i++) {
		last = i;
		if (i == 5)
			i = UINT_MAX - 1;
		if (last == 0 && i > 100)
			break;
	}
	ASSERT_TRUE(last <= 9 || last == 0);
	return true;
}

static bool test_range_limit_of_other_type(void)
{
	int i, turns = 0;
	unsigned int limit = 3;

	for (i = -2; i < (int)limit; i++)
		turns++;
	ASSERT_EQ(turns, 5);
	turns = 0;
	for (i = -2; i < limit; i++)
		turns++;
	/* Passes: -2 is large. */
	ASSERT_EQ(turns, 0);
	return true;
}

static bool test_range_error_arithmetic(void)
{
	unsigned long addr = -EINVAL;

	ASSERT_EQ(addr >> 12, 0xfffffffffffffUL);
	ASSERT_EQ(addr & 0xfff, 4096 - EINVAL);
	ASSERT_EQ(addr + EINVAL, 0);
	ASSERT_EQ(addr / 2, 0x7ffffffffffffff5UL);
	/* Fails: that word is no error. */
	ASSERT_TRUE(IS_ERR_VALUE(addr - 4096));
	return true;
}

static bool test_range_errors_compared(void)
{
	unsigned long a = -EINVAL, b = -ENOMEM, c = 0x1000;

	/* Passes: -22 is below -12. */
	ASSERT_TRUE(a < b);
	ASSERT_TRUE(a > c);
	ASSERT_TRUE(c < b);
	/* Fails. */
	ASSERT_TRUE(a < c);
	return true;
}

static bool test_range_error_or_address(void)
{
	int i, errors = 0;

	for (i = 0; i < 4; i++) {
		unsigned long got = i % 2 ? -ENOMEM : 0x1000 * i;

		if (got >= -4095UL)
			errors++;
	}
	ASSERT_EQ(errors, 2);
	return true;
}

static bool test_range_ulong_max_field(void)
{
	struct vm_area_struct vma = { .vm_end = ULONG_MAX };

	ASSERT_EQ(vma.vm_end, ULONG_MAX);
	ASSERT_EQ(vma.vm_end, -1);
	ASSERT_EQ(vma.vm_end & 0xfff, 0xfff);
	ASSERT_EQ(vma.vm_end >> 56, 0xff);
	return true;
}

static bool test_range_field_wraps(void)
{
	struct mm_struct mm = {};

	mm.total_vm--;
	ASSERT_EQ(mm.total_vm, ULONG_MAX);
	mm.total_vm += 2;
	ASSERT_EQ(mm.total_vm, 1);
	/* Fails: it is back. */
	ASSERT_TRUE(mm.total_vm > 0x1000);
	return true;
}

static bool test_range_field_product(void)
{
	struct vm_area_struct vma = { .vm_pgoff = 1UL << 52 };

	ASSERT_EQ(vma.vm_pgoff << 12, 0);
	ASSERT_EQ(vma.vm_pgoff * 4096, 0);
	ASSERT_EQ(range_twice(vma.vm_pgoff), 1UL << 53);
	return true;
}

static bool test_range_int_field_wraps(void)
{
	struct vm_area_struct vma = {};

	vma.vm_lock_seq = UINT_MAX;
	vma.vm_lock_seq++;
	ASSERT_EQ(vma.vm_lock_seq, 0);
	vma.vm_lock_seq -= 2;
	ASSERT_EQ(vma.vm_lock_seq, 0xfffffffeu);
	return true;
}

static bool test_range_variable_kept_between_turns(void)
{
	int i, last, sum = 0;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			sum += last;
		last = i * 10;
	}
	ASSERT_EQ(sum, 30);
	return true;
}

static bool test_range_switch_variable(void)
{
	int n = 2, got = 0;

	switch (n) {
		int m;
	case 1:
		m = 5;
		got = m;
		break;
	case 2:
		m = 6;
		got = m + 1;
		break;
	}
	ASSERT_EQ(got, 7);
	return true;
}

static bool test_range_minus_zero(void)
{
	int n = 0, m = -8;

	ASSERT_EQ(-n, 0);
	ASSERT_EQ(m % 4, 0);
	ASSERT_EQ(n * -5, 0);
	ASSERT_EQ(n / -5, 0);
	ASSERT_EQ(1 + m / 100, 1);
	ASSERT_FALSE(m % 8);
	return true;
}

static bool test_range_static_byte(void)
{
	int i;

	for (i = 0; i < 300; i++)
		range_byte++;
	ASSERT_EQ(range_byte, 44);
	/* Fails. */
	ASSERT_EQ(range_byte, 300);
	return true;
}

static bool test_range_argument_converted(void)
{
	long wide = -1;

	ASSERT_EQ(range_pass(wide), UINT_MAX);
	ASSERT_EQ(range_pass(0x500000001L), 1);
	ASSERT_EQ(range_signed(0xfffffffb), 5);
	return true;
}

static bool test_range_condition_is_stale(void)
{
	unsigned int n = 3;

	if (n > 2) {
		n -= 5;
		ASSERT_TRUE(n > 1000);
	}
	while (n > 1000)
		n += 2;
	/* Passes: it was -2, so one step. */
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_range_down_to_zero(void)
{
	unsigned int n = 10;

	while (n > 0)
		n -= n > 3 ? 3 : 1;
	ASSERT_EQ(n, 0);
	n = 10;
	do
		n -= 4;
	while (n < 100);
	ASSERT_EQ(n, (unsigned int)-2);
	return true;
}

static bool test_range_enum_wraps(void)
{
	enum { LOW = -2, HIGH = 3 } e = LOW;
	int n = e;

	ASSERT_TRUE(e < 0);
	ASSERT_EQ((unsigned char)e, 254);
	ASSERT_EQ(n + HIGH, 1);
	/* Fails: -2 becomes a large number. */
	ASSERT_TRUE(e < 1u);
	return true;
}

static void run_ranges_tests(int *num_tests, int *num_fail)
{
	TEST(range_byte_counts_round);
	TEST(range_short_by_threes);
	TEST(range_through_pointer);
	TEST(range_global_changed);
	TEST(range_recursion_grows);
	TEST(range_loop_doubles);
	TEST(range_loop_doubles_long);
	TEST(range_large_steps);
	TEST(range_limit_is_left);
	TEST(range_limit_of_other_type);
	TEST(range_error_arithmetic);
	TEST(range_errors_compared);
	TEST(range_error_or_address);
	TEST(range_ulong_max_field);
	TEST(range_field_wraps);
	TEST(range_field_product);
	TEST(range_int_field_wraps);
	TEST(range_variable_kept_between_turns);
	TEST(range_switch_variable);
	TEST(range_minus_zero);
	TEST(range_static_byte);
	TEST(range_argument_converted);
	TEST(range_condition_is_stale);
	TEST(range_down_to_zero);
	TEST(range_enum_wraps);
}
