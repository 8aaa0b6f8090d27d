// SPDX-License-Identifier: GPL-2.0-only
/* Loops, jumps and switches, and what variables hold after them. */

static vma_flags_t loop_flags(void)
{
	return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
}

static void loop_three_vmas(struct mm_struct *mm)
{
	alloc_and_link_vma(mm, 0x1000, 0x2000, 1, loop_flags());
	alloc_and_link_vma(mm, 0x4000, 0x5000, 4, loop_flags());
	alloc_and_link_vma(mm, 0x8000, 0x9000, 8, loop_flags());
}

static bool test_loop_vma_is_null_after(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	int count = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	for_each_vma(vmi, vma)
		count++;
	/* Passes: the loop ends when there is none. */
	ASSERT_EQ(vma, NULL);
	ASSERT_EQ(count, 3);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 3);
	return true;
}

static bool test_loop_vma_is_last_after(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = NULL;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	for_each_vma(vmi, vma)
		;
	/* Fails: NULL, not the last one. */
	ASSERT_NE(vma, NULL);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_loop_vma_after_break(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_start >= 0x4000)
			break;
	}
	ASSERT_NE(vma, NULL);
	ASSERT_EQ(vma->vm_start, 0x4000);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 3);
	return true;
}

static bool test_loop_vma_not_found(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *first, *vma;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	first = vma_lookup(&mm, 0x1000);
	vma = first;
	for_each_vma(vmi, vma) {
		if (vma->vm_start > 0x10000)
			break;
	}
	/* Fails: it was overwritten, with NULL at last. */
	ASSERT_EQ(vma, first);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_loop_range_ends_with_null(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	unsigned long last = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	for_each_vma_range(vmi, vma, 0x5000)
		last = vma->vm_start;
	ASSERT_EQ(last, 0x4000);
	ASSERT_FALSE(vma);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 3);
	return true;
}

static bool test_loop_goes_on_where_it_was(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;
	int before = 0, after = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	loop_three_vmas(&mm);
	for_each_vma(vmi, vma) {
		before++;
		break;
	}
	for_each_vma(vmi, vma)
		after++;
	ASSERT_EQ(before, 1);
	/* Fails: the iterator stands at the first one, two are left. */
	ASSERT_EQ(after, 3);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_loop_index_after(void)
{
	int i;

	for (i = 0; i < 5; i++)
		;
	ASSERT_EQ(i, 5);
	return true;
}

static bool test_loop_continue_counts(void)
{
	int i, odd = 0;

	for (i = 0; i < 10; i++) {
		if (i % 2 == 0)
			continue;
		odd++;
	}
	ASSERT_EQ(odd, 5);
	/* Fails: 10. */
	ASSERT_EQ(i, 9);
	return true;
}

static bool test_loop_inner_break_only(void)
{
	int i, j, turns = 0;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++) {
			if (j == 1)
				break;
			turns++;
		}
	}
	ASSERT_EQ(turns, 3);
	ASSERT_EQ(j, 1);
	return true;
}

static bool test_loop_do_while_once(void)
{
	int n = 10;

	do {
		n++;
	} while (n < 5);
	/* Passes: the body runs first. */
	ASSERT_EQ(n, 11);
	return true;
}

static bool test_loop_do_while_continue(void)
{
	int n = 0, turns = 0;

	do {
		turns++;
		if (turns < 3)
			continue;
		n = turns;
	} while (turns < 3);
	/* Fails: `continue` goes to the condition, so there are three turns. */
	ASSERT_EQ(turns, 1);
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_loop_while_post_decrement(void)
{
	int n = 3, turns = 0;

	while (n--)
		turns++;
	ASSERT_EQ(turns, 3);
	/* Passes: the last look takes one more. */
	ASSERT_EQ(n, -1);
	return true;
}

static int loop_sum_by_goto(int n)
{
	int sum = 0;

again:
	sum += n;
	if (--n > 0)
		goto again;
	return sum;
}

static bool test_loop_goto_back(void)
{
	ASSERT_EQ(loop_sum_by_goto(4), 10);
	return true;
}

static bool test_loop_goto_out_of_two(void)
{
	int i, j = 0;

	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			if (i * j == 2)
				goto found;
		}
	}
found:
	ASSERT_EQ(i, 1);
	ASSERT_EQ(j, 2);
	return true;
}

static bool test_loop_goto_skips(void)
{
	int n = 1;

	if (n)
		goto out;
	n = 5;
out:
	/* Fails: 1. */
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_loop_comma_update(void)
{
	int i, j;

	for (i = 0, j = 10; i < j; i += 2, j--)
		;
	ASSERT_EQ(i, 8);
	ASSERT_EQ(j, 6);
	return true;
}

static bool test_loop_break_in_switch(void)
{
	int i, seen = 0;

	for (i = 0; i < 4; i++) {
		switch (i) {
		case 1:
			break;
		default:
			seen++;
		}
	}
	/* Passes: the break leaves the switch only. */
	ASSERT_EQ(seen, 3);
	ASSERT_EQ(i, 4);
	return true;
}

static bool test_loop_continue_in_switch(void)
{
	int i, seen = 0;

	for (i = 0; i < 4; i++) {
		switch (i) {
		case 0:
		case 2:
			continue;
		}
		seen++;
	}
	/* Fails: two. */
	ASSERT_EQ(seen, 4);
	return true;
}

static void run_loops_tests(int *num_tests, int *num_fail)
{
	TEST(loop_vma_is_null_after);
	TEST(loop_vma_is_last_after);
	TEST(loop_vma_after_break);
	TEST(loop_vma_not_found);
	TEST(loop_range_ends_with_null);
	TEST(loop_goes_on_where_it_was);
	TEST(loop_index_after);
	TEST(loop_continue_counts);
	TEST(loop_inner_break_only);
	TEST(loop_do_while_once);
	TEST(loop_do_while_continue);
	TEST(loop_while_post_decrement);
	TEST(loop_goto_back);
	TEST(loop_goto_out_of_two);
	TEST(loop_goto_skips);
	TEST(loop_comma_update);
	TEST(loop_break_in_switch);
	TEST(loop_continue_in_switch);
}
