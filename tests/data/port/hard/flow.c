// SPDX-License-Identifier: GPL-2.0-only
/* More of control flow. */

#define FLOW_ONCE(body) do { body } while (0)
#define flow_for_each(i, a) for (i = 0; i < ARRAY_SIZE(a); i++)
#define FLOW_CHECK(x) if (!(x)) return -1

static vma_flags_t flow_flags(void) { return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT); }

static int flow_check(int n)
{
	FLOW_CHECK(n > 2);
	else
		n++;
	return n;
}

static int flow_copy(int n)
{
	int left = (n + 3) / 4, done = 0;

	switch (n % 4) {
	case 0:
		do {
			done++;
	case 3:
			done++;
	case 2:
			done++;
	case 1:
			done++;
		} while (--left > 0);
	}
	return done;
}

static int flow_errors(int where)
{
	int undone = 0;

	if (where == 1)
		goto fail_first;
	if (where == 2)
		goto fail_second;
	return 0;
fail_second:
	undone += 10;
fail_first:
	undone += 1;
	return -undone;
}

static int flow_find(const int *a, int n, int what)
{
	int i;

	for (i = 0; i < n; i++)
		if (a[i] == what)
			break;
	return i == n ? -1 : i;
}

static bool test_flow_macro_else(void)
{
	ASSERT_EQ(flow_check(1), -1);
	ASSERT_EQ(flow_check(3), 4);
	return true;
}

static bool test_flow_switch_into_loop(void)
{
	ASSERT_EQ(flow_copy(7), 7);
	ASSERT_EQ(flow_copy(4), 4);
	return true;
}

static bool test_flow_error_labels(void)
{
	ASSERT_EQ(flow_errors(0), 0);
	ASSERT_EQ(flow_errors(1), -1);
	ASSERT_EQ(flow_errors(2), -11);
	return true;
}

static bool test_flow_error_labels_apart(void)
{
	/* Fails: the second label goes on into the first. */
	ASSERT_EQ(flow_errors(2), -10);
	return true;
}

static bool test_flow_break_in_once(void)
{
	int n = 0, i;

	for (i = 0; i < 3; i++)
		FLOW_ONCE(n++; if (n == 2) break; n += 10;);
	/* Passes: the break leaves the macro's loop. */
	ASSERT_EQ(i, 3);
	ASSERT_EQ(n, 33);
	return true;
}

static bool test_flow_continue_in_once(void)
{
	int n = 0, i;

	for (i = 0; i < 2; i++) {
		FLOW_ONCE(if (i == 0) continue; n += 5;);
		n++;
	}
	/* Fails: `continue` ends the macro's loop, so both turns count. */
	ASSERT_EQ(n, 6);
	return true;
}

static bool test_flow_dangling_else(void)
{
	int n = 0;

	if (1)
		if (0)
			n = 1;
		else
			n = 2;
	ASSERT_EQ(n, 2);
	if (0)
		if (1)
			n = 3;
		else
			n = 4;
	/* Fails: the else belongs to the inner if. */
	ASSERT_EQ(n, 4);
	return true;
}

static bool test_flow_empty_statements(void)
{
	int n = 0;

	if (n);
	else n = 5;
	;
	for (;;)
		if (n++ > 7)
			break;
	ASSERT_EQ(n, 9);
	return true;
}

static bool test_flow_goto_retry(void)
{
	int tries = 0, sum = 0;

retry:
	{
		int fresh = 5;

		sum += fresh++;
	}
	if (++tries < 3)
		goto retry;
	ASSERT_EQ(sum, 15);
	ASSERT_EQ(tries, 3);
	return true;
}

static bool test_flow_found_or_not(void)
{
	static const int a[] = { 4, 5, 6 };

	ASSERT_EQ(flow_find(a, 3, 6), 2);
	ASSERT_EQ(flow_find(a, 3, 7), -1);
	ASSERT_EQ(flow_find(a + 1, 2, 5), 0);
	return true;
}

static bool test_flow_loop_macro_index(void)
{
	int a[4] = {}, i;

	flow_for_each(i, a)
		a[i] = i * i;
	ASSERT_EQ(i, 4);
	ASSERT_EQ(a[3], 9);
	return true;
}

static bool test_flow_nested_vma_loops(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *a, *b;
	int pairs = 0;

	VMA_ITERATOR(outer, &mm, 0);

	alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, flow_flags());
	alloc_and_link_vma(&mm, 0x3000, 0x4000, 3, flow_flags());
	for_each_vma(outer, a) {
		VMA_ITERATOR(inner, &mm, 0);

		for_each_vma(inner, b) {
			if (a == b)
				continue;
			pairs++;
		}
		ASSERT_EQ(b, NULL);
	}
	ASSERT_EQ(pairs, 2);
	ASSERT_EQ(a, NULL);
	cleanup_mm(&mm, &outer);
	return true;
}

static bool test_flow_vma_goto_out(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	int count = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, flow_flags());
	alloc_and_link_vma(&mm, 0x3000, 0x4000, 3, flow_flags());
	for_each_vma(vmi, vma) {
		count++;
		if (vma->vm_start == 0x1000)
			goto found;
	}
	count = 100;
found:
	ASSERT_EQ(count, 1);
	ASSERT_TRUE(vma);
	/* Fails: there was one. */
	ASSERT_EQ(vma, NULL);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_flow_prev_after_loop(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma, *prev = NULL;

	VMA_ITERATOR(vmi, &mm, 0);

	alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, flow_flags());
	alloc_and_link_vma(&mm, 0x3000, 0x4000, 3, flow_flags());
	for_each_vma(vmi, vma)
		prev = vma;
	ASSERT_TRUE(prev && !vma);
	ASSERT_EQ(prev->vm_start, 0x3000);
	vma = vma_prev(&vmi);
	ASSERT_EQ(vma->vm_start, 0x3000);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_flow_return_in_loop(void)
{
	int i;

	for (i = 0; ; i++) {
		switch (i) {
		case 5:
			return true;
		case 3:
			i++;
			continue;
		}
		if (i == 4)
			break;
	}
	return false;
}

static bool test_flow_nested_switch(void)
{
	int a = 1, b = 2, got = 0;

	switch (a) {
	case 1:
		switch (b) {
		case 2:
			got = 12;
			break;
		default:
			got = 1;
		}
		got++;
		break;
	case 2:
		got = 50;
	}
	ASSERT_EQ(got, 13);
	return true;
}

static bool test_flow_while_with_side_effect(void)
{
	const char *s = "rwx";
	const char *p = s;

	while (*p++)
		;
	ASSERT_EQ(p - s, 4);
	p = s;
	while (*p)
		p++;
	/* Fails: three. */
	ASSERT_EQ(p - s, 4);
	return true;
}

static void run_flow_tests(int *num_tests, int *num_fail)
{
	TEST(flow_macro_else);
	TEST(flow_switch_into_loop);
	TEST(flow_error_labels);
	TEST(flow_error_labels_apart);
	TEST(flow_break_in_once);
	TEST(flow_continue_in_once);
	TEST(flow_dangling_else);
	TEST(flow_empty_statements);
	TEST(flow_goto_retry);
	TEST(flow_found_or_not);
	TEST(flow_loop_macro_index);
	TEST(flow_nested_vma_loops);
	TEST(flow_vma_goto_out);
	TEST(flow_prev_after_loop);
	TEST(flow_return_in_loop);
	TEST(flow_nested_switch);
	TEST(flow_while_with_side_effect);
}
