// SPDX-License-Identifier: GPL-2.0-only
/* More of structs, pointers, callbacks and the harness's own types. */

struct counter { int hits; unsigned char small; struct counter *parent; };
struct ops { int (*get)(struct counter *); void (*set)(struct counter *, int); const char *name; };
struct box { struct counter inner[2]; const struct ops *ops; };

static int data_closed;
static struct vm_area_struct *data_last;

static int data_get(struct counter *c) { return c->hits; }
static void data_set(struct counter *c, int n) { c->hits = n; c->small = n; }
static const struct ops data_ops = { .get = data_get, .set = data_set, .name = "plain" };

static void data_close(struct vm_area_struct *vma) { data_closed++; data_last = vma; }
static const struct vm_operations_struct data_vm_ops = { .close = data_close };
static vma_flags_t data_rw(void) { return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT); }

static void data_each(struct counter *all, int n, void (*fn)(struct counter *, void *), void *arg)
{
	int i;

	for (i = 0; i < n; i++)
		fn(&all[i], arg);
}

static void data_sum_into(struct counter *c, void *arg)
{
	int *sum = arg;

	*sum += c->hits;
}

static struct counter *data_top(struct counter *c)
{
	while (c->parent)
		c = c->parent;
	return c;
}

static struct counter data_made(int hits)
{
	struct counter c = { hits, hits };

	return c;
}

static int data_take(struct counter c)
{
	c.hits++;
	return c.hits;
}

static void data_replace(struct counter **where, struct counter *with)
{
	*where = with;
}

static bool test_data_ops_table(void)
{
	struct counter c = {};
	struct box b = { .ops = &data_ops };

	b.ops->set(&c, 300);
	ASSERT_EQ(b.ops->get(&c), 300);
	ASSERT_EQ(c.small, 44);
	ASSERT_EQ(b.ops->name[0], 'p');
	return true;
}

static bool test_data_callback_with_argument(void)
{
	struct counter all[3] = { { 1 }, { 2 }, { .hits = 3 } };
	int sum = 0;

	data_each(all, 3, data_sum_into, &sum);
	ASSERT_EQ(sum, 6);
	/* Fails: all but the first. */
	data_each(all + 1, 2, data_sum_into, &sum);
	ASSERT_EQ(sum, 12);
	return true;
}

static bool test_data_parent_walk(void)
{
	struct counter a = { 1 }, b = { 2, 0, &a }, c = { .parent = &b };

	ASSERT_EQ(data_top(&c), &a);
	data_top(&c)->hits = 10;
	ASSERT_EQ(a.hits, 10);
	return true;
}

static bool test_data_array_in_struct_copied(void)
{
	struct box a = {}, b;
	struct counter *p = &a.inner[1];

	p->hits = 4;
	b = a;
	p->hits = 5;
	ASSERT_EQ(b.inner[1].hits, 4);
	b.inner[0] = a.inner[1];
	a.inner[1].hits = 6;
	ASSERT_EQ(b.inner[0].hits, 5);
	return true;
}

static bool test_data_returned_struct(void)
{
	struct counter c = data_made(257);

	ASSERT_EQ(c.small, 1);
	ASSERT_EQ(data_take(c), 258);
	ASSERT_EQ(c.hits, 257);
	ASSERT_EQ(data_take(data_made(3)), 4);
	ASSERT_EQ(data_made(9).hits, 9);
	return true;
}

static bool test_data_pointer_replaced(void)
{
	struct counter a = { 1 }, b = { 2 };
	struct counter *p = &a, *q = p;

	data_replace(&p, &b);
	ASSERT_EQ(p->hits, 2);
	ASSERT_EQ(q->hits, 1);
	data_replace(&b.parent, q);
	ASSERT_EQ(p->parent, &a);
	/* Fails: q is another variable. */
	ASSERT_EQ(q, p);
	return true;
}

static bool test_data_self_reference(void)
{
	struct counter a = {};

	a.parent = &a;
	a.parent->parent->hits++;
	ASSERT_EQ(a.hits, 1);
	{
		struct counter b = a;

		/* Passes: the copy points to the original. */
		b.parent->hits = 5;
		ASSERT_EQ(b.hits, 1);
	}
	ASSERT_EQ(a.hits, 5);
	return true;
}

static bool test_data_swap_structs(void)
{
	struct counter a = { 1 }, b = { 2 };

	swap(a, b);
	ASSERT_EQ(a.hits, 2);
	ASSERT_EQ(b.hits, 1);
	a.hits = 7;
	/* Fails: no longer the same. */
	ASSERT_EQ(b.hits, 7);
	return true;
}

static bool test_data_assign_in_array(void)
{
	struct counter all[2] = { { 1 }, { 2 } };
	struct counter *first = &all[0];

	all[0] = all[1];
	ASSERT_EQ(first->hits, 2);
	all[1].hits = 9;
	ASSERT_EQ(first->hits, 2);
	*first = (struct counter){ 5 };
	ASSERT_EQ(all[0].hits, 5);
	return true;
}

static bool test_data_vm_ops_call(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma = alloc_vma(&mm, 0x1000, 0x2000, 1, data_rw());

	data_closed = 0;
	vma->vm_ops = &data_vm_ops;
	ASSERT_TRUE(vma->vm_ops && vma->vm_ops->close);
	ASSERT_FALSE(vma->vm_ops->open);
	vma->vm_ops->close(vma);
	ASSERT_EQ(data_closed, 1);
	ASSERT_EQ(data_last, vma);
	ASSERT_TRUE(vma->vm_ops->close == data_close);
	vm_area_free(vma);
	return true;
}

static bool test_data_private_data(void)
{
	struct mm_struct mm = {};
	struct counter c = { 3 }, *back;
	struct vm_area_struct *vma = alloc_vma(&mm, 0x1000, 0x2000, 1, data_rw());

	vma->vm_private_data = &c;
	back = vma->vm_private_data;
	back->hits++;
	ASSERT_EQ(c.hits, 4);
	ASSERT_EQ(((struct counter *)vma->vm_private_data)->hits, 4);
	vm_area_free(vma);
	return true;
}

static bool test_data_vmg_copied(void)
{
	struct mm_struct mm = {};
	struct vma_merge_struct vmg = { .mm = &mm, .start = 0x1000, .end = 0x2000, .vma_flags = data_rw() };
	struct vma_merge_struct other = vmg;

	other.start = 0x5000;
	vma_flags_clear(&other.vma_flags, VMA_WRITE_BIT);
	ASSERT_EQ(vmg.start, 0x1000);
	ASSERT_TRUE(vma_flags_test(&vmg.vma_flags, VMA_WRITE_BIT));
	ASSERT_EQ(vmg.mm, other.mm);
	ASSERT_EQ(vmg.prev, NULL);
	/* Fails. */
	ASSERT_TRUE(vma_flags_test(&other.vma_flags, VMA_WRITE_BIT));
	return true;
}

static bool test_data_flags_word(void)
{
	vma_flags_t flags = data_rw();
	unsigned long word = flags.__vma_flags[0];

	ASSERT_EQ(word, 3);
	flags.__vma_flags[0] |= 1UL << 40;
	ASSERT_TRUE(vma_flags_test(&flags, 40));
	ASSERT_EQ(word, 3);
	return true;
}

static bool test_data_flags_through_pointer(void)
{
	vma_flags_t a = data_rw(), b = EMPTY_VMA_FLAGS;
	vma_flags_t *p = &a;

	b = *p;
	vma_flags_set(p, VMA_EXEC_BIT);
	ASSERT_FALSE(vma_flags_test(&b, VMA_EXEC_BIT));
	p = &b;
	vma_flags_clear_all(p);
	ASSERT_TRUE(vma_flags_empty(&b));
	/* Fails: only b was cleared. */
	ASSERT_TRUE(vma_flags_empty(&a));
	return true;
}

static bool test_data_flags_array(void)
{
	vma_flags_t all[2] = { mk_vma_flags(VMA_READ_BIT) };

	all[1] = all[0];
	vma_flags_set(&all[0], VMA_EXEC_BIT);
	ASSERT_FALSE(vma_flags_test(&all[1], VMA_EXEC_BIT));
	ASSERT_TRUE(vma_flags_test(&all[1], VMA_READ_BIT));
	return true;
}

static bool test_data_vma_array(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vmas[3] = {};
	unsigned long addr = 0x1000;
	int i, n = 0;

	VMA_ITERATOR(vmi, &mm, 0);

	for (i = 0; i < 3; i++, addr += 0x10000)
		vmas[i] = alloc_and_link_vma(&mm, addr, addr + 0x1000, addr >> 12, data_rw());
	while (n < 3 && vmas[n]->vm_start < 0x20000)
		n++;
	ASSERT_EQ(n, 2);
	ASSERT_EQ(vma_lookup(&mm, 0x21000), vmas[2]);
	ASSERT_NE(vmas[0], vmas[1]);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 3);
	return true;
}

static bool test_data_two_address_spaces(void)
{
	struct mm_struct a = {}, b = {};

	VMA_ITERATOR(va, &a, 0);
	VMA_ITERATOR(vb, &b, 0);

	alloc_and_link_vma(&a, 0x1000, 0x2000, 1, data_rw());
	ASSERT_EQ(vma_lookup(&b, 0x1000), NULL);
	alloc_and_link_vma(&b, 0x1000, 0x3000, 1, data_rw());
	ASSERT_NE(vma_lookup(&a, 0x1000), vma_lookup(&b, 0x1000));
	ASSERT_EQ(a.map_count + b.map_count, 2);
	ASSERT_EQ(cleanup_mm(&a, &va) + cleanup_mm(&b, &vb), 2);
	return true;
}

static bool test_data_pages_precedence(void)
{
	struct vm_area_struct vma = { .vm_start = 0x3000, .vm_end = 0x9000, .vm_pgoff = 3 };
	unsigned long n = vma.vm_end - vma.vm_start >> PAGE_SHIFT;

	ASSERT_EQ(n, 6);
	ASSERT_EQ(vma.vm_end - vma.vm_start >> PAGE_SHIFT == 6, 1);
	ASSERT_EQ(vma_pages(&vma) + vma.vm_pgoff, 9);
	/* Fails: + before >>. */
	ASSERT_EQ(vma.vm_start >> 12 + 0, 0x3000 >> (12 - 1));
	return true;
}

static bool test_data_char_buffer(void)
{
	char buf[6] = "ab";
	char *p = buf + 2;

	*p++ = 'c';
	*p = 0;
	ASSERT_EQ(strcmp(buf, "abc"), 0);
	ASSERT_EQ(p - buf, 3);
	buf[1] = '\0';
	ASSERT_EQ(strlen(buf), 1);
	/* Fails: it ends at the first zero. */
	ASSERT_EQ(strcmp(buf, "abc"), 0);
	return true;
}

static bool test_data_const_struct_table(void)
{
	static const struct { unsigned long start, end; bool ok; } cases[] = {
		{ 0x1000, 0x2000, true },
		{ 0x3000, 0x1000 },
		{ .end = 5, .ok = 2 },
	};
	int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].ok == (cases[i].start < cases[i].end))
			good++;
	}
	ASSERT_EQ(good, 3);
	return true;
}

static bool test_data_local_address_per_turn(void)
{
	int *seen = NULL, i, sum = 0;

	for (i = 0; i < 3; i++) {
		int fresh = i;

		seen = &fresh;
		*seen += 10;
		sum += fresh;
	}
	ASSERT_EQ(sum, 33);
	return true;
}

static bool test_data_list(void)
{
	struct list_head head, a, b;

	INIT_LIST_HEAD(&head);
	ASSERT_TRUE(list_empty(&head));
	list_add(&a, &head);
	list_add_tail(&b, &head);
	ASSERT_EQ(head.next, &a);
	ASSERT_EQ(head.prev, &b);
	list_del(&a);
	ASSERT_EQ(head.next, &b);
	return true;
}

static bool test_data_malloced(void)
{
	struct counter *c = calloc(2, sizeof(*c));
	int got;

	c[1].hits = 4;
	(c + 1)->hits++;
	got = c[1].hits + c->hits;
	free(c);
	ASSERT_EQ(got, 5);
	return true;
}

static bool test_data_memset(void)
{
	struct counter c = { 5, 6 };
	int a[3] = { 1, 2, 3 }, b[3];

	memset(&c, 0, sizeof(c));
	ASSERT_EQ(c.hits + c.small, 0);
	memcpy(b, a, sizeof(a));
	a[0] = 9;
	ASSERT_EQ(b[0], 1);
	ASSERT_EQ(memcmp(a + 1, b + 1, sizeof(int) * 2), 0);
	return true;
}

static void run_data_tests(int *num_tests, int *num_fail)
{
	TEST(data_ops_table);
	TEST(data_callback_with_argument);
	TEST(data_parent_walk);
	TEST(data_array_in_struct_copied);
	TEST(data_returned_struct);
	TEST(data_pointer_replaced);
	TEST(data_self_reference);
	TEST(data_swap_structs);
	TEST(data_assign_in_array);
	TEST(data_vm_ops_call);
	TEST(data_private_data);
	TEST(data_vmg_copied);
	TEST(data_flags_word);
	TEST(data_flags_through_pointer);
	TEST(data_flags_array);
	TEST(data_vma_array);
	TEST(data_two_address_spaces);
	TEST(data_pages_precedence);
	TEST(data_char_buffer);
	TEST(data_const_struct_table);
	TEST(data_local_address_per_turn);
	TEST(data_list);
	TEST(data_malloced);
	TEST(data_memset);
}
