// SPDX-License-Identifier: GPL-2.0-only
/* Pointers compared, pointers that hold errors, pointers taken as conditions. */

struct node {
	int n;
	struct node *next;
};

static struct vm_area_struct *pointer_or_error(bool fail, struct vm_area_struct *vma)
{
	return fail ? ERR_PTR(-ENOMEM) : vma;
}

static bool test_pointer_equal_content(void)
{
	struct vm_area_struct one = {}, other = {};

	/* Fails: alike, and yet two. */
	ASSERT_EQ(&one, &other);
	return true;
}

static bool test_pointer_same(void)
{
	struct vm_area_struct one = {};
	struct vm_area_struct *p = &one, *q = &one;

	ASSERT_EQ(p, q);
	ASSERT_EQ(p, &one);
	return true;
}

static bool test_pointer_to_fields_differ(void)
{
	struct vm_area_struct vma = {};
	unsigned long *start = &vma.vm_start, *end = &vma.vm_end;

	ASSERT_EQ(start, &vma.vm_start);
	/* Fails: two fields. */
	ASSERT_EQ(start, end);
	return true;
}

static bool test_pointer_to_local_same(void)
{
	int n = 1;
	int *p = &n;

	/* Passes: the address of a variable does not change. */
	ASSERT_EQ(p, &n);
	n = 2;
	ASSERT_EQ(p, &n);
	return true;
}

static bool test_pointer_to_equal_numbers(void)
{
	int a = 4, b = 4;
	int *p = &a, *q = &b;

	ASSERT_EQ(*p, *q);
	/* Fails: equal numbers, two places. */
	ASSERT_TRUE(p == q);
	return true;
}

static bool test_pointer_error_is_true(void)
{
	struct vm_area_struct *vma = pointer_or_error(true, NULL);

	/* Passes: an error is not NULL. */
	ASSERT_TRUE(vma);
	ASSERT_TRUE(IS_ERR(vma));
	ASSERT_EQ(PTR_ERR(vma), -ENOMEM);
	return true;
}

static bool test_pointer_null_is_error(void)
{
	struct vm_area_struct *vma = pointer_or_error(false, NULL);

	ASSERT_TRUE(IS_ERR_OR_NULL(vma));
	/* Fails. */
	ASSERT_TRUE(IS_ERR(vma));
	return true;
}

static bool test_pointer_not_not(void)
{
	struct vm_area_struct vma = {}, *p = &vma;

	ASSERT_EQ(!!p, 1);
	ASSERT_EQ(!p, 0);
	p = NULL;
	ASSERT_EQ(!p + !p, 2);
	return true;
}

static bool test_pointer_counts_as_one(void)
{
	struct vm_area_struct vma = {}, *p = &vma;
	bool there = p;

	ASSERT_EQ(there, 1);
	/* Fails: one that is there is 1. */
	ASSERT_EQ(there + there, 1);
	return true;
}

static bool test_pointer_or_gives_number(void)
{
	struct vm_area_struct vma = {}, *p = &vma, *q = NULL;

	/* Passes: || gives 0 or 1, not one of its sides. */
	ASSERT_EQ(q || p, 1);
	ASSERT_EQ((p && p) + 1, 2);
	return true;
}

static bool test_pointer_and_chain(void)
{
	struct node last = { 3, NULL }, first = { 1, &last };
	struct node *p = &first;

	ASSERT_TRUE(p && p->next && p->next->n == 3);
	ASSERT_FALSE(p->next->next && p->next->next->n);
	return true;
}

static bool test_pointer_list_walk(void)
{
	struct node c = { 3, NULL }, b = { 2, &c }, a = { 1, &b };
	struct node *p;
	int sum = 0;

	for (p = &a; p; p = p->next)
		sum = sum * 10 + p->n;
	ASSERT_EQ(sum, 123);
	/* Fails: the walk ended at NULL. */
	ASSERT_TRUE(p);
	return true;
}

static bool test_pointer_list_removed(void)
{
	struct node c = { 3, NULL }, b = { 2, &c }, a = { 1, &b };
	struct node *head = &a, **where = &head;

	while (*where && (*where)->n != 2)
		where = &(*where)->next;
	*where = (*where)->next;
	ASSERT_EQ(a.next, &c);
	ASSERT_EQ(head, &a);
	return true;
}

static bool test_pointer_list_head_removed(void)
{
	struct node b = { 2, NULL }, a = { 1, &b };
	struct node *head = &a, **where = &head;

	*where = (*where)->next;
	ASSERT_EQ(head, &b);
	/* Fails: a itself was not touched. */
	ASSERT_EQ(a.next, NULL);
	return true;
}

static bool test_pointer_order(void)
{
	int a[3] = {};
	int *p = &a[0], *q = &a[2];

	ASSERT_TRUE(p < q);
	ASSERT_EQ(q - p, 2);
	ASSERT_EQ(p + 2, q);
	return true;
}

static bool test_pointer_as_number(void)
{
	struct vm_area_struct *none = NULL;

	ASSERT_EQ((unsigned long)none, 0);
	ASSERT_EQ((unsigned long)ERR_PTR(-EINVAL), -EINVAL);
	return true;
}

static bool test_pointer_void_and_back(void)
{
	struct vm_area_struct vma = { .vm_start = 0x1000 };
	void *opaque = &vma;
	struct vm_area_struct *back = opaque;

	ASSERT_EQ(back->vm_start, 0x1000);
	ASSERT_EQ(opaque, &vma);
	return true;
}

static void run_pointers_tests(int *num_tests, int *num_fail)
{
	TEST(pointer_equal_content);
	TEST(pointer_same);
	TEST(pointer_to_fields_differ);
	TEST(pointer_to_local_same);
	TEST(pointer_to_equal_numbers);
	TEST(pointer_error_is_true);
	TEST(pointer_null_is_error);
	TEST(pointer_not_not);
	TEST(pointer_counts_as_one);
	TEST(pointer_or_gives_number);
	TEST(pointer_and_chain);
	TEST(pointer_list_walk);
	TEST(pointer_list_removed);
	TEST(pointer_list_head_removed);
	TEST(pointer_order);
	TEST(pointer_as_number);
	TEST(pointer_void_and_back);
}
