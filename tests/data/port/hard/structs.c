// SPDX-License-Identifier: GPL-2.0-only
/* Structs are values: they are copied when assigned, passed and returned. */

struct range {
	unsigned long start;
	unsigned long end;
};

struct range_pair {
	struct range first;
	struct range second;
	int sizes[2];
};

static struct range struct_grown(struct range r, unsigned long by)
{
	r.end += by;
	return r;
}

static void struct_reset(struct range *r)
{
	*r = (struct range){ .end = 1 };
}

static vma_flags_t struct_with_exec(vma_flags_t flags)
{
	vma_flags_set(&flags, VMA_EXEC_BIT);
	return flags;
}

static unsigned long struct_length(const struct range *r)
{
	return r->end - r->start;
}

static bool test_struct_assignment_copies(void)
{
	struct range one = { 1, 2 }, other;

	other = one;
	one.end = 9;
	ASSERT_EQ(other.end, 2);
	return true;
}

static bool test_struct_assignment_shares(void)
{
	struct range one = { .start = 1 }, other = one;

	other.start = 5;
	/* Fails: two structs. */
	ASSERT_EQ(one.start, 5);
	return true;
}

static bool test_struct_through_pointers(void)
{
	struct range one = { 3, 4 }, other = {};
	struct range *from = &one, *to = &other;

	*to = *from;
	from->end = 8;
	ASSERT_EQ(other.start, 3);
	ASSERT_EQ(other.end, 4);
	ASSERT_NE(from, to);
	return true;
}

static bool test_struct_through_pointers_shares(void)
{
	struct range one = { 3, 4 }, other = {};
	struct range *from = &one, *to = &other;

	*to = *from;
	to->start = 7;
	/* Fails: *from is where it was. */
	ASSERT_EQ(one.start, 7);
	return true;
}

static bool test_struct_passed_by_value(void)
{
	struct range one = { 0, 10 };
	struct range grown = struct_grown(one, 5);

	ASSERT_EQ(grown.end, 15);
	ASSERT_EQ(one.end, 10);
	return true;
}

static bool test_struct_passed_by_value_changed(void)
{
	struct range one = { 0, 10 };

	struct_grown(one, 5);
	/* Fails: the callee had a copy. */
	ASSERT_EQ(one.end, 15);
	return true;
}

static bool test_struct_field_of_result(void)
{
	struct range one = { 1, 2 };

	ASSERT_EQ(struct_grown(struct_grown(one, 3), 4).end, 9);
	return true;
}

static bool test_struct_reset_through_pointer(void)
{
	struct range one = { 5, 6 };

	struct_reset(&one);
	ASSERT_EQ(one.start, 0);
	ASSERT_EQ(one.end, 1);
	return true;
}

static bool test_struct_nested_copy(void)
{
	struct range_pair pair = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
	struct range_pair copy = pair;

	copy.first.start = 10;
	copy.sizes[1] = 60;
	pair.second = pair.first;
	pair.first.end = 20;
	ASSERT_EQ(pair.first.start, 1);
	ASSERT_EQ(pair.sizes[1], 6);
	ASSERT_EQ(pair.second.end, 2);
	return true;
}

static bool test_struct_nested_shares(void)
{
	struct range_pair pair = {}, copy;

	copy = pair;
	copy.sizes[0] = 3;
	/* Fails: arrays within are copied too. */
	ASSERT_EQ(pair.sizes[0], 3);
	return true;
}

static bool test_struct_chosen(void)
{
	struct range one = { 1, 1 }, two = { 2, 2 };
	bool which = true;
	struct range got = which ? one : two;

	got.end = 50;
	ASSERT_EQ(one.end, 1);
	/* Fails: a copy was chosen. */
	ASSERT_EQ(one.end, got.end);
	return true;
}

static bool test_struct_flags_passed(void)
{
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT);
	vma_flags_t more = struct_with_exec(flags);

	ASSERT_TRUE(vma_flags_test(&more, VMA_EXEC_BIT));
	ASSERT_FALSE(vma_flags_test(&flags, VMA_EXEC_BIT));
	return true;
}

static bool test_struct_flags_chosen(void)
{
	vma_flags_t a = mk_vma_flags(VMA_READ_BIT), b = mk_vma_flags(VMA_WRITE_BIT);
	bool writes = false;
	vma_flags_t got = writes ? b : a;

	vma_flags_set(&got, VMA_EXEC_BIT);
	/* Fails: a is as it was. */
	ASSERT_TRUE(vma_flags_test(&a, VMA_EXEC_BIT));
	return true;
}

static bool test_struct_flags_of_vma(void)
{
	struct mm_struct mm = {};
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT);
	struct vm_area_struct *vma = alloc_vma(&mm, 0x1000, 0x2000, 1, flags);

	vma_flags_set(&flags, VMA_WRITE_BIT);
	ASSERT_FALSE(vma_flags_test(&vma->flags, VMA_WRITE_BIT));
	vma->flags = flags;
	vma_flags_clear(&flags, VMA_READ_BIT);
	ASSERT_TRUE(vma_flags_test(&vma->flags, VMA_READ_BIT));
	vm_area_free(vma);
	return true;
}

static bool test_struct_vma_copied(void)
{
	struct vm_area_struct one = { .vm_start = 0x1000, .vm_end = 0x3000 };
	struct vm_area_struct *p = &one;
	struct vm_area_struct other = *p;

	p->vm_end = 0x2000;
	ASSERT_EQ(other.vm_end, 0x3000);
	/* Fails. */
	ASSERT_EQ(other.vm_end, one.vm_end);
	return true;
}

static bool test_struct_unnamed_rest_is_zero(void)
{
	struct range r = { .start = 4 };
	struct vm_area_struct vma = { .vm_end = 1 };

	ASSERT_EQ(r.end, 0);
	ASSERT_EQ(vma.vm_start, 0);
	ASSERT_EQ(vma.vm_ops, NULL);
	return true;
}

static bool test_struct_compound_literal(void)
{
	ASSERT_EQ(struct_length(&(struct range){ 3, 10 }), 7);
	return true;
}

static bool test_struct_array_element(void)
{
	struct range all[3] = { { 1, 2 } };
	struct range *last = &all[2];

	all[1] = all[0];
	all[0].start = 7;
	last->end = 3;
	ASSERT_EQ(all[1].start, 1);
	ASSERT_EQ(all[2].end, 3);
	/* Fails: only the first had an initialiser, the copy is of that. */
	ASSERT_EQ(all[1].start, 7);
	return true;
}

static bool test_struct_chained_assignment(void)
{
	struct range a, b, c = { 1, 2 };

	a = b = c;
	b.start = 5;
	ASSERT_EQ(a.start, 1);
	ASSERT_EQ(c.start, 1);
	return true;
}

static void run_structs_tests(int *num_tests, int *num_fail)
{
	TEST(struct_assignment_copies);
	TEST(struct_assignment_shares);
	TEST(struct_through_pointers);
	TEST(struct_through_pointers_shares);
	TEST(struct_passed_by_value);
	TEST(struct_passed_by_value_changed);
	TEST(struct_field_of_result);
	TEST(struct_reset_through_pointer);
	TEST(struct_nested_copy);
	TEST(struct_nested_shares);
	TEST(struct_chosen);
	TEST(struct_flags_passed);
	TEST(struct_flags_chosen);
	TEST(struct_flags_of_vma);
	TEST(struct_vma_copied);
	TEST(struct_unnamed_rest_is_zero);
	TEST(struct_compound_literal);
	TEST(struct_array_element);
	TEST(struct_chained_assignment);
}
