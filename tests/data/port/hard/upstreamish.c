// SPDX-License-Identifier: GPL-2.0-only
/* Tests as somebody would write them for the harness, with what C does by the way. */

struct up_case {
	const char *name;
	unsigned long start, end;
	pgoff_t pgoff;
	bool merges;
	int error;
};

static int up_opened, up_closed;
static void up_open(struct vm_area_struct *vma) { up_opened++; }
static void up_close(struct vm_area_struct *vma) { up_closed++; }
static int up_may_split(struct vm_area_struct *vma, unsigned long addr) { return addr & 0x1000 ? -EINVAL : 0; }
static const struct vm_operations_struct up_ops = { .open = up_open, .close = up_close, .may_split = up_may_split };

static vma_flags_t up_flags(bool write)
{
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT);

	if (write)
		vma_flags_set(&flags, VMA_WRITE_BIT, VMA_MAYWRITE_BIT);
	return flags;
}

static struct vm_area_struct *up_map(struct mm_struct *mm, unsigned long from, unsigned long pages)
{
	return alloc_and_link_vma(mm, from, from + (pages << PAGE_SHIFT), from >> PAGE_SHIFT, up_flags(true));
}

static unsigned long up_gap(struct mm_struct *mm, unsigned long least)
{
	struct vm_area_struct *vma;
	unsigned long prev_end = 0x1000;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma) {
		if (vma->vm_start - prev_end >= least)
			return prev_end;
		prev_end = vma->vm_end;
	}
	return -ENOMEM;
}

static int up_check_order(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *prev = NULL;
	int count = 0;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma) {
		if (prev && prev->vm_end > vma->vm_start)
			return -EINVAL;
		if (vma->vm_start >= vma->vm_end)
			return -ERANGE;
		prev = vma;
		count++;
	}
	return count == mm->map_count ? count : -count;
}

static bool test_up_gap_of_overlap(void)
{
	struct mm_struct mm = {};

	VMA_ITERATOR(vmi, &mm, 0);

	/* Passes: a VMA below the first address is a huge gap, unsigned. */
	up_map(&mm, 0, 1);
	up_map(&mm, 0x2000, 1);
	ASSERT_EQ(up_gap(&mm, 0x100000), 0x1000);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}

static bool test_up_gap_not_found(void)
{
	struct mm_struct mm = {};
	unsigned long addr;

	VMA_ITERATOR(vmi, &mm, 0);

	up_map(&mm, 0x1000, 4);
	addr = up_gap(&mm, 0x1000);
	ASSERT_TRUE(IS_ERR_VALUE(addr));
	ASSERT_EQ(addr, -ENOMEM);
	ASSERT_EQ((int)addr, -ENOMEM);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	/* Fails: an error is above every address. */
	ASSERT_TRUE(addr < TASK_SIZE);
	return true;
}

static bool test_up_order(void)
{
	struct mm_struct mm = {};
	int i;

	VMA_ITERATOR(vmi, &mm, 0);

	ASSERT_EQ(up_check_order(&mm), 0);
	for (i = 4; i; i--)
		up_map(&mm, i * 0x10000, i);
	ASSERT_EQ(up_check_order(&mm), 4);
	mm.map_count++;
	ASSERT_EQ(up_check_order(&mm), -4);
	mm.map_count--;
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 4);
	return true;
}

static bool test_up_cases(void)
{
	static const struct up_case cases[] = {
		{ "before", 0x1000, 0x2000, 1, false, 0 },
		{ .name = "after", .start = 0x5000, .end = 0x7000, .error = -EINVAL },
		{ "wrapped", 0x2000, 0x1000, .merges = true },
	};
	const struct up_case *c;
	unsigned long total = 0;
	int errors = 0;

	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		total += c->end - c->start;
		errors += !!c->error;
		if (c->merges)
			break;
	}
	/* Passes: the third one takes a page away again. */
	ASSERT_EQ(total, 0x2000);
	ASSERT_EQ(errors, 1);
	ASSERT_EQ(c - cases, 2);
	return true;
}

static bool test_up_hooks(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0);

	up_opened = up_closed = 0;
	vma = up_map(&mm, 0x10000, 4);
	vma->vm_ops = &up_ops;
	ASSERT_EQ(vma->vm_ops->may_split(vma, 0x11000), -EINVAL);
	ASSERT_FALSE(vma->vm_ops->may_split(vma, 0x12000));
	vma->vm_ops->open(vma);
	vma->vm_ops->open(vma);
	if (vma->vm_ops->close)
		vma->vm_ops->close(vma);
	ASSERT_EQ(up_opened - up_closed, 1);
	vma->vm_ops = NULL;
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	/* Fails: cleanup_mm() calls no hook. */
	ASSERT_EQ(up_closed, 2);
	return true;
}

static bool test_up_iterator_position(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0x8000);

	up_map(&mm, 0x1000, 1);
	up_map(&mm, 0x8000, 2);
	vma = vma_next(&vmi);
	ASSERT_EQ(vma->vm_start, 0x8000);
	ASSERT_EQ(vma_iter_addr(&vmi), 0x8000);
	ASSERT_EQ(vma_iter_end(&vmi), 0xa000);
	vma = vma_prev(&vmi);
	ASSERT_EQ(vma->vm_start, 0x1000);
	ASSERT_EQ(vma_next(&vmi), vma_lookup(&mm, 0x9000));
	ASSERT_EQ(vma_next(&vmi), NULL);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}

static bool test_up_iterator_copied(void)
{
	struct mm_struct mm = {};
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0);
	struct vma_iterator at_start;

	up_map(&mm, 0x1000, 1);
	up_map(&mm, 0x8000, 2);
	at_start = vmi;
	vma = vma_next(&vmi);
	vma = vma_next(&vmi);
	ASSERT_EQ(vma->vm_start, 0x8000);
	vma = vma_next(&at_start);
	ASSERT_EQ(vma->vm_start, 0x1000);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	return true;
}

static bool test_up_flags_differ(void)
{
	vma_flags_t a = up_flags(true), b = up_flags(false);
	vma_flags_t *which[] = { &a, &b };
	int i, writable = 0;

	for (i = 0; i < ARRAY_SIZE(which); i++)
		writable += vma_flags_test(which[i], VMA_WRITE_BIT);
	ASSERT_EQ(writable, 1);
	*which[1] = *which[0];
	ASSERT_TRUE(vma_flags_test(&b, VMA_WRITE_BIT));
	vma_flags_clear(which[0], VMA_WRITE_BIT);
	/* Fails: b has a copy. */
	ASSERT_FALSE(vma_flags_test(&b, VMA_WRITE_BIT));
	return true;
}

static bool test_up_legacy_word(void)
{
	vm_flags_t word = vma_flags_to_legacy(up_flags(true));
	unsigned int low = word;

	ASSERT_EQ(word, VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE);
	ASSERT_EQ(low, 0x33);
	ASSERT_EQ((word & VM_ACCESS_FLAGS) << 4, word & (VM_ACCESS_FLAGS << 4));
	ASSERT_TRUE((word & (VM_READ | VM_EXEC)) == VM_READ);
	ASSERT_FALSE(word & VM_EXEC);
	word ^= VM_READ;
	ASSERT_EQ(word >> 1 & 1, 1);
	ASSERT_EQ(~word & VM_READ, 1);
	/* Fails: & after ==. */
	ASSERT_TRUE(word & VM_WRITE == VM_WRITE + 1);
	return true;
}

static bool test_up_task_size(void)
{
	unsigned long addr = TASK_SIZE - PAGE_SIZE, len = 2 * PAGE_SIZE;

	ASSERT_TRUE(addr + len > TASK_SIZE);
	ASSERT_TRUE(len > TASK_SIZE - addr);
	ASSERT_EQ(offset_in_page(addr + 123), 123);
	ASSERT_EQ(PHYS_PFN(addr), (TASK_SIZE >> PAGE_SHIFT) - 1);
	ASSERT_EQ(addr & PAGE_MASK, addr);
	ASSERT_EQ((addr | 0xfff) + 1, TASK_SIZE);
	return true;
}

static bool test_up_map_count_limit(void)
{
	struct mm_struct mm = {};

	mm.map_count = sysctl_max_map_count;
	ASSERT_EQ(mm.map_count, 65530);
	mm.map_count = (short)mm.map_count;
	/* Fails: as a short it is negative. */
	ASSERT_TRUE(mm.map_count >= 0);
	return true;
}

static bool test_up_merge_struct(void)
{
	struct mm_struct mm = {};

	VMA_ITERATOR(vmi, &mm, 0);
	struct vma_merge_struct vmg = { .mm = &mm, .vmi = &vmi, .start = 0x1000, .end = 0x3000, .vma_flags = up_flags(false) };

	ASSERT_EQ(vmg.end - vmg.start >> PAGE_SHIFT, 2);
	ASSERT_EQ(vmg.vmi, &vmi);
	ASSERT_FALSE(vmg.just_expand);
	vmg.just_expand = 2;
	ASSERT_EQ(vmg.just_expand + 0, 1);
	ASSERT_TRUE(vma_flags_test(&vmg.vma_flags, VMA_READ_BIT));
	return true;
}

static bool test_up_private_list(void)
{
	struct anon_vma_chain chains[3] = {};
	struct vm_area_struct vma = {};
	struct list_head *pos;
	int i, count = 0;

	INIT_LIST_HEAD(&vma.anon_vma_chain);
	for (i = 0; i < 3; i++)
		list_add(&chains[i].same_vma, &vma.anon_vma_chain);
	for (pos = vma.anon_vma_chain.next; pos != &vma.anon_vma_chain; pos = pos->next)
		count++;
	ASSERT_EQ(count, 3);
	ASSERT_EQ(vma.anon_vma_chain.next, &chains[2].same_vma);
	ASSERT_FALSE(list_empty(&vma.anon_vma_chain));
	return true;
}

static void run_upstreamish_tests(int *num_tests, int *num_fail)
{
	TEST(up_gap_of_overlap);
	TEST(up_gap_not_found);
	TEST(up_order);
	TEST(up_cases);
	TEST(up_hooks);
	TEST(up_iterator_position);
	TEST(up_iterator_copied);
	TEST(up_flags_differ);
	TEST(up_legacy_word);
	TEST(up_task_size);
	TEST(up_map_count_limit);
	TEST(up_merge_struct);
	TEST(up_private_list);
}
