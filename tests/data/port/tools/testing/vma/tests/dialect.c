// SPDX-License-Identifier: GPL-2.0-only
/* What tests in the style of upstream's are written in, construct by construct. */

#define FIRST_PAGE 0x10
#define page_addr(n) ((FIRST_PAGE + (n)) * 0x1000)

enum outcome { PLAIN };

static int calls;
static const unsigned long sizes[] = { 1, 2, 3 };

static vma_flags_t data_flags(void)
{
	return mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
}

static struct vm_area_struct *first_above(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, mm, addr);

	vma = vma_next(&vmi);
	if (!vma)
		return NULL;
	return vma;
}

/* Several results: by return, and by two pointers. */
static bool bounds(struct mm_struct *mm, unsigned long *lowest, int *count)
{
	struct vm_area_struct *vma = first_above(mm, 0);

	*lowest = vma ? vma->vm_start : 0;
	*count += mm->map_count;
	calls++;
	return vma != NULL && *count > 0;
}

static const char *word_for(int n)
{
	switch (n) {
	case 0:
		return "none";
	case 1:
	case 2:
		return "few";
	default:
		break;
	}
	return "many";
}

static bool test_out_parameters(void)
{
	struct mm_struct mm = {};
	unsigned long lowest;
	int count = 0;
	bool found;

	VMA_ITERATOR(vmi, &mm, 0);

	ASSERT_FALSE(bounds(&mm, &lowest, &count));
	alloc_and_link_vma(&mm, page_addr(4), page_addr(6), FIRST_PAGE + 4, data_flags());
	found = bounds(&mm, &lowest, &count);
	ASSERT_TRUE(found);
	ASSERT_EQ(lowest, page_addr(4));
	ASSERT_EQ(count, 1);
	ASSERT_TRUE(calls >= 2);
	ASSERT_EQ(pages_mapped(&mm), 2);
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 1);
	return true;
}

static bool __test_sizes(bool twice, unsigned long size)
{
	struct mm_struct mm = {};
	unsigned long addr = page_addr(0);
	int left = twice ? 2 : 1;

	VMA_ITERATOR(vmi, &mm, 0);

	do {
		alloc_and_link_vma(&mm, addr, addr + size * 0x1000, addr >> 12, data_flags());
		addr += 0x10000;
	} while (--left > 0);

	while (addr > page_addr(0))
		addr -= 0x10000;
	ASSERT_EQ(addr, page_addr(0));
	ASSERT_EQ(mm.map_count, twice ? 2 : 1);
	cleanup_mm(&mm, &vmi);
	return true;
}

static bool test_loops(void)
{
	int i, j;

	/* Each size, once and twice. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < 2; j++)
			ASSERT_TRUE(__test_sizes(j, sizes[i]));

	for (i = 0, j = 9; i < j; i++, j--) {
		if (i == 2)
			continue;
		if (i > 3)
			break;
	}
	ASSERT_EQ(i, 4);
	ASSERT_EQ(word_for(0)[0], 'n');
	return true;
}

static bool test_copies(void)
{
	struct mm_struct mm = {};
	vma_flags_t flags = data_flags();
	vma_flags_t copy = flags;
	struct vm_area_struct one = {
		.vm_start = 0x1000,
		.vm_end = 0x2000,
		.flags = flags,
	};
	struct vm_area_struct other = one;

	VMA_ITERATOR(vmi, &mm, 0);
	VMG_STATE(vmg, &mm, &vmi, 0x1000, 0x2000, flags, 1, 1);

	vma_flags_set(&flags, VMA_EXEC_BIT);
	ASSERT_FLAGS_NOT_SAME_MASK(&copy, flags);
	copy = flags;
	vma_flags_clear(&flags, VMA_EXEC_BIT);
	ASSERT_TRUE(vma_flags_test(&copy, VMA_EXEC_BIT));
	other.vm_end = 0x3000;
	vma_set_flags(&other, VMA_EXEC_BIT);
	ASSERT_EQ(one.vm_end, 0x2000);
	ASSERT_FALSE(vma_test(&one, VMA_EXEC_BIT));
	ASSERT_EQ(vmg.state, VMA_MERGE_START);
	ASSERT_TRUE(!vmg.prev && vmg.start < vmg.end);
	return true;
}

static bool test_words(void)
{
	vm_flags_t word = VM_READ | VM_WRITE;
	unsigned long copy = word;
	vma_flags_t flags = legacy_to_vma_flags(word);

	word |= 1UL << VMA_EXEC_BIT;
	ASSERT_EQ(word & VM_EXEC, VM_EXEC);
	ASSERT_EQ(copy, VM_READ | VM_WRITE);
	if (word & ~copy)
		word &= ~VM_EXEC;
	ASSERT_EQ(word, vma_flags_to_legacy(flags));
	ASSERT_TRUE(IS_SET(word, VM_READ));

#define both_have(...)						\
	ASSERT_TRUE(vma_flags_test_all(&flags, __VA_ARGS__));	\
	ASSERT_TRUE(vma_flags_test_any(&flags, __VA_ARGS__))

	both_have(VMA_READ_BIT, VMA_WRITE_BIT);
	both_have(VMA_READ_BIT);
#undef both_have
	return true;
}

static bool test_hooks(void)
{
	struct mm_struct mm = {};
	struct anon_vma_chain avc = {};
	const struct vm_operations_struct vm_ops = { .close = dummy_close };
	struct vm_area_struct *vma;
	bool need_locks = true;

	VMA_ITERATOR(vmi, &mm, 0);

	vma = alloc_and_link_vma(&mm, 0x1000, 0x2000, 1, data_flags());
	ASSERT_NE(vma, NULL);
	ASSERT_TRUE(vma_is_anonymous(vma) == false);
	vma->vm_ops = &vm_ops;
	vma_set_dummy_anon_vma(vma, &avc);
	ASSERT_EQ(vma->anon_vma, &dummy_anon_vma);
	vma = vma_lookup(&mm, 0x5000);
	ASSERT_EQ(vma, NULL);
	if (vma == NULL || vma->vm_start == 0)
		vma = vma_lookup(&mm, 0x1000);
	ASSERT_EQ(vma->vm_end, 0x2000);
	vma = copy_vma(&vma, 0x8000, 0x1000, 1, 1, &need_locks, false);
	ASSERT_TRUE(vma && !need_locks);
	/* Both are there. */
	ASSERT_EQ(cleanup_mm(&mm, &vmi), 2);
	fail_prealloc = false;
	return true;
}

#if NUM_VMA_FLAG_BITS > 64
static bool test_wide(void)
{
	vma_flags_t flags = mk_vma_flags(VMA_READ_BIT
#if NUM_VMA_FLAG_BITS > 64
					 , 64, 65
#endif
		);

#ifdef CONFIG_64BIT
	ASSERT_EQ(vma_flags_count(&flags), 3);
#else
	ASSERT_TRUE(false);
#endif
	return true;
}
#endif

static void run_dialect_tests(int *num_tests, int *num_fail)
{
	TEST(out_parameters);
	TEST(loops);
	TEST(copies);
	TEST(words);
	TEST(hooks);
#if NUM_VMA_FLAG_BITS > 64
	TEST(wide);
#endif
}
