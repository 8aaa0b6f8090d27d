// SPDX-License-Identifier: GPL-2.0-only
/* When a value is taken, and where it goes. */

struct order { int n; int m; unsigned char small; };

static int order_log;
static int order_note(int n) { order_log = order_log * 10 + n; return n; }
static int order_bump(struct order *o) { return ++o->n; }
static struct order *order_same(struct order *o) { o->m++; return o; }
static int order_zero(int *p) { int old = *p; *p = 0; return old; }
static unsigned int order_half(unsigned int n) { return n >> 1; }
static int order_sum3(int a, int b, int c) { return a * 100 + b * 10 + c; }
static bool order_store(unsigned long *to, unsigned long n) { *to = n; return n != 0; }

static bool test_order_place_once(void)
{
	struct order o = { 1, 0 };

	order_same(&o)->n += 5;
	order_same(&o)->n++;
	ASSERT_EQ(o.n, 7);
	/* Passes: the place is looked for once each time. */
	ASSERT_EQ(o.m, 2);
	order_same(&o)->small -= 1;
	ASSERT_EQ(o.small, 255);
	ASSERT_EQ(o.m, 3);
	return true;
}

static bool test_order_value_before_change(void)
{
	int n = 5;
	int old = order_zero(&n);
	int now = n;

	ASSERT_EQ(old, 5);
	ASSERT_EQ(now, 0);
	return true;
}

static bool test_order_declared_values(void)
{
	int a = 1, b = a + 1, c = b * 2;
	int d = a++, e = a;

	ASSERT_EQ(order_sum3(a, b, c), 224);
	ASSERT_EQ(d + e, 3);
	return true;
}

static bool test_order_later_change(void)
{
	int n = 1;
	int doubled = n * 2;
	bool small = n < 5;

	n = 10;
	/* Passes: values were taken before. */
	ASSERT_EQ(doubled, 2);
	ASSERT_TRUE(small);
	/* Fails. */
	ASSERT_EQ(doubled, n * 2);
	return true;
}

static bool test_order_condition_assigns(void)
{
	unsigned long got = 5;
	int seen = 0;

	if (order_store(&got, 0) || got == 0)
		seen = 1;
	ASSERT_EQ(seen, 1);
	while (order_store(&got, got + 1) && got < 4)
		seen++;
	ASSERT_EQ(got, 4);
	ASSERT_EQ(seen, 4);
	return true;
}

static bool test_order_loop_condition_each_turn(void)
{
	struct order o = {};
	int turns = 0;

	for (o.n = 0; order_bump(&o) < 8; o.n++)
		turns++;
	ASSERT_EQ(turns, 4);
	ASSERT_EQ(o.n, 9);
	return true;
}

static bool test_order_limit_changes(void)
{
	int limit = 10, i;

	for (i = 0; i < limit; i++)
		limit--;
	ASSERT_EQ(i, 5);
	/* Fails: the limit came down to it. */
	ASSERT_EQ(limit, 10);
	return true;
}

static bool test_order_logged(void)
{
	order_log = 0;
	(void)(order_note(1), order_note(2));
	if (order_note(3) && !order_note(0))
		order_note(4);
	ASSERT_EQ(order_log, 12304);
	order_log = 0;
	(order_note(1) > 5 ? order_note(6) : order_note(7));
	ASSERT_EQ(order_log, 17);
	return true;
}

static bool test_order_ternary_of_calls(void)
{
	struct order a = { 1 }, b = { 2 };
	int which = 1;
	struct order *p = which ? &a : &b;

	(which ? p : &b)->n = 9;
	(*(which ? &b : &a)).m = 4;
	ASSERT_EQ(a.n, 9);
	ASSERT_EQ(b.m, 4);
	ASSERT_EQ((which ? a : b).n, 9);
	return true;
}

static bool test_order_wrapping_in_condition(void)
{
	unsigned int n = 1;
	int turns = 0;

	while (n -= 1, n < 5 && turns < 9)
		turns++;
	ASSERT_EQ(turns, 1);
	ASSERT_EQ(n, UINT_MAX);
	return true;
}

static bool test_order_half_of_wrapped(void)
{
	unsigned int n = 0;

	ASSERT_EQ(order_half(n - 1), 0x7fffffff);
	ASSERT_EQ(order_half(n - 1) + order_half(2), 0x80000000u);
	/* Fails. */
	ASSERT_EQ(order_half(n - 2), -1);
	return true;
}

static bool test_order_field_by_field(void)
{
	struct order o = { .small = 250 };
	unsigned char *p = &o.small;
	int i;

	for (i = 0; i < 10; i++)
		(*p)++;
	ASSERT_EQ(o.small, 4);
	p = &((struct order *)&o)->small;
	*p = 300;
	ASSERT_EQ(o.small, 44);
	return true;
}

static bool test_order_nested_assignments(void)
{
	int a[2] = {}, i = 0, n;
	struct order o;

	n = o.n = a[i = 1] = 7;
	ASSERT_EQ(n + o.n + a[1], 21);
	ASSERT_EQ(i, 1);
	o.small = n = 0x107;
	ASSERT_EQ(o.small, 7);
	n = o.small = 0x207;
	/* Fails: what a byte could hold came back. */
	ASSERT_EQ(n, 0x207);
	return true;
}

static bool test_order_shadowed_in_loop(void)
{
	int i, sum = 0;

	for (i = 0; i < 3; i++) {
		int sum = i;

		sum++;
		if (sum == 2) {
			int i = 50;

			i++;
		}
	}
	ASSERT_EQ(sum, 0);
	ASSERT_EQ(i, 3);
	return true;
}

static bool test_order_bool_steps(void)
{
	bool b = false;

	b++;
	b++;
	ASSERT_EQ(b, 1);
	b = b + 1;
	ASSERT_EQ(b, 1);
	b ^= 1;
	ASSERT_EQ(b, 0);
	b |= 6;
	ASSERT_EQ(b, 1);
	b = !b;
	ASSERT_FALSE(b);
	return true;
}

static bool test_order_vma_fields_copied(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	unsigned long start, end;

	VMA_ITERATOR(vmi, &mm, 0);

	vma = alloc_and_link_vma(&mm, 0x1000, 0x3000, 1, mk_vma_flags(VMA_READ_BIT));
	start = vma->vm_start;
	end = vma->vm_end;
	vma->vm_end = start + (end - start) / 2;
	ASSERT_EQ(end, 0x3000);
	ASSERT_EQ(vma->vm_end, 0x2000);
	vma->vm_end = end;
	ASSERT_EQ(vma_pages(vma), 2);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static void run_order_tests(int *num_tests, int *num_fail)
{
	TEST(order_place_once);
	TEST(order_value_before_change);
	TEST(order_declared_values);
	TEST(order_later_change);
	TEST(order_condition_assigns);
	TEST(order_loop_condition_each_turn);
	TEST(order_limit_changes);
	TEST(order_logged);
	TEST(order_ternary_of_calls);
	TEST(order_wrapping_in_condition);
	TEST(order_half_of_wrapped);
	TEST(order_field_by_field);
	TEST(order_nested_assignments);
	TEST(order_shadowed_in_loop);
	TEST(order_bool_steps);
	TEST(order_vma_fields_copied);
}
