// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of locals, of fields and of elements, and what is written through them. */

static vma_flags_t address_flags(void)
{
	return mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT);
}

static bool address_find(struct mm_struct *mm, unsigned long addr, struct vm_area_struct **found)
{
	*found = vma_lookup(mm, addr);
	return *found != NULL;
}

static int address_set(int *where, int n)
{
	*where = n;
	return n;
}

static bool address_fails_but_writes(unsigned long *where)
{
	*where = 0x5000;
	return false;
}

static void address_swap(int *a, int *b)
{
	int old = *a;

	*a = *b;
	*b = old;
}

static void address_second(int *a)
{
	a[1] = 5;
	*(a + 2) = 6;
}

static int address_sum(const int *a, int n)
{
	int sum = 0;

	while (n--)
		sum += *a++;
	return sum;
}

static bool test_address_in_condition(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = NULL;

	VMA_ITERATOR(vmi, &mm, 0);

	alloc_and_link_vma(&mm, 0x3000, 0x5000, 3, address_flags());
	if (!address_find(&mm, 0x4000, &vma))
		return false;
	ASSERT_EQ(vma->vm_start, 0x3000);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_address_then_field(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = NULL;

	VMA_ITERATOR(vmi, &mm, 0);

	alloc_and_link_vma(&mm, 0x3000, 0x5000, 3, address_flags());
	/* Passes: the right side sees what the left side wrote. */
	ASSERT_TRUE(address_find(&mm, 0x4000, &vma) && vma->vm_end == 0x5000);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_address_overwritten_with_null(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma, *first;

	VMA_ITERATOR(vmi, &mm, 0);

	first = alloc_and_link_vma(&mm, 0x3000, 0x5000, 3, address_flags());
	vma = first;
	address_find(&mm, 0x9000, &vma);
	/* Fails: nothing is there, so it is NULL now. */
	ASSERT_EQ(vma, first);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_address_written_on_failure(void)
{
	unsigned long addr = 1;

	if (address_fails_but_writes(&addr))
		return false;
	ASSERT_EQ(addr, 0x5000);
	return true;
}

static bool test_address_not_called(void)
{
	int n = 1;

	if (n > 5 && address_set(&n, 9))
		return false;
	/* Fails: the call does not take place. */
	ASSERT_EQ(n, 9);
	return true;
}

static bool test_address_swapped(void)
{
	int a = 1, b = 2;

	address_swap(&a, &b);
	ASSERT_EQ(a, 2);
	ASSERT_EQ(b, 1);
	return true;
}

static bool test_address_of_elements(void)
{
	int a[3] = { 1, 2, 3 };

	address_swap(&a[0], &a[2]);
	ASSERT_EQ(a[0], 3);
	/* Fails: they were exchanged. */
	ASSERT_EQ(a[2], 3);
	return true;
}

static bool test_address_of_field(void)
{
	struct mm_struct mm = {};

	address_set(&mm.map_count, 4);
	ASSERT_EQ(mm.map_count, 4);
	return true;
}

static bool test_address_store_beside(void)
{
	int a[4] = {};

	address_second(a);
	ASSERT_EQ(a[1], 5);
	ASSERT_EQ(a[2], 6);
	address_second(a + 1);
	ASSERT_EQ(a[2], 5);
	ASSERT_EQ(a[3], 6);
	return true;
}

static bool test_address_parameter_is_own(void)
{
	int a[2] = { 3, 4 };
	int *p = a;

	ASSERT_EQ(address_sum(p, 2), 7);
	/* Fails: the callee moved its own copy of the pointer. */
	ASSERT_EQ(*p, 4);
	return true;
}

static bool test_address_pointer_to_pointer(void)
{
	int a = 1, b = 2;
	int *p = &a;
	int **pp = &p;

	**pp = 10;
	*pp = &b;
	**pp = 20;
	ASSERT_EQ(a, 10);
	ASSERT_EQ(b, 20);
	ASSERT_EQ(p, &b);
	return true;
}

static bool test_address_alias(void)
{
	int n = 1;
	int *p = &n, *q = &n;

	*p += 4;
	*q *= 2;
	/* Fails: 10. */
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_address_walks_array(void)
{
	static const unsigned long addrs[] = { 0x1000, 0x3000, 0x7000 };
	const unsigned long *p;
	unsigned long sum = 0;

	for (p = addrs; p < addrs + ARRAY_SIZE(addrs); p++)
		sum += *p;
	ASSERT_EQ(sum, 0xb000);
	ASSERT_EQ(p - addrs, 3);
	return true;
}

static bool test_address_increment_what(void)
{
	int a[] = { 5, 7, 9 };
	int *p = a;

	ASSERT_EQ(*p++, 5);
	ASSERT_EQ((*p)++, 7);
	ASSERT_EQ(*p, 8);
	ASSERT_EQ(*++p, 9);
	/* Fails: only what the brackets hold was counted up. */
	ASSERT_EQ(a[0], 6);
	return true;
}

static bool test_address_of_loop_variable(void)
{
	int i, turns = 0;

	for (i = 0; i < 10; i++) {
		address_set(&i, i + 1);
		turns++;
	}
	ASSERT_EQ(turns, 5);
	return true;
}

static bool test_address_of_parameter(void)
{
	unsigned long addr = 0x2000;
	unsigned long *where = &addr;

	addr = 0x4000;
	/* Fails: the pointer sees the variable, not what it was. */
	ASSERT_EQ(*where, 0x2000);
	return true;
}

static bool test_address_of_narrow(void)
{
	unsigned char c = 250;
	unsigned char *p = &c;

	*p += 10;
	ASSERT_EQ(c, 4);
	return true;
}

static void run_address_of_tests(int *num_tests, int *num_fail)
{
	TEST(address_in_condition);
	TEST(address_then_field);
	TEST(address_overwritten_with_null);
	TEST(address_written_on_failure);
	TEST(address_not_called);
	TEST(address_swapped);
	TEST(address_of_elements);
	TEST(address_of_field);
	TEST(address_store_beside);
	TEST(address_parameter_is_own);
	TEST(address_pointer_to_pointer);
	TEST(address_alias);
	TEST(address_walks_array);
	TEST(address_increment_what);
	TEST(address_of_loop_variable);
	TEST(address_of_parameter);
	TEST(address_of_narrow);
}
