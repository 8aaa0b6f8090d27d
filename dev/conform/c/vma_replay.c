// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays VMA traces (docs/traces.md) on the kernel's own mm/vma.c. Compiled inside a copy of tools/testing/vma, in
 * place of its main.c; all stubs are that folder's.
 */
#if __has_include("include/custom.h")
#include "shared.h"
#else
/* Older kernels: what does not fit is then named by symbol, not by a missing file. */
#include <stdio.h>
#include <stdlib.h>
#include "maple-shared.h"
#include "vma_internal.h"
#include "../../../mm/vma.h"
#endif

#if __has_include("../../../mm/vma_init.c")
#include "../../../mm/vma_init.c"
#include "../../../mm/vma_exec.c"
#endif
#include "../../../mm/vma.c"

#include <string.h>

int sysctl_max_map_count __read_mostly = DEFAULT_MAX_MAP_COUNT;

/* shared.c declares these two, which main.c defines. */
struct vm_area_struct *merge_existing(struct vma_merge_struct *vmg)
{
	return vma_merge_existing_range(vmg);
}

int attach_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return vma_link(mm, vma);
}

typedef unsigned long ulong;

#define MAX_ARGS 7
#define MAX_WORDS 128

/* All words that WORD() defines, with the number of their arguments. */
static struct word {
	const char *name;
	int args;
	long (*run)(ulong *a);
} words[MAX_WORDS];
static int nr_words;

#define WORD(name_, args_)							\
static long op_##name_(ulong *a);						\
static void __attribute__((constructor)) add_##name_(void)			\
{										\
	words[nr_words++] = (struct word){ #name_, args_, op_##name_ };		\
}										\
static long op_##name_(ulong *a)

#define LAST_PREPARED 15
#define NR_FILES 31

static struct mm_struct mm;
static bool quiet;
static struct address_space mappings[NR_FILES + 1];
static struct file files[NR_FILES + 1];

static int plain_mmap(struct file *file, struct vm_area_struct *vma)
{
	return 0;
}

static void do_nothing(struct vm_area_struct *vma)
{
}

static int split_even_pages(struct vm_area_struct *vma, ulong addr)
{
	return (addr >> PAGE_SHIFT) & 1 ? -EINVAL : 0;
}

static const struct vm_operations_struct closing_ops = { .close = do_nothing, .open = do_nothing };
static const struct vm_operations_struct picky_ops = { .may_split = split_even_pages };

static int prepare_nothing(struct vm_area_desc *desc)
{
	return 0;
}

static int prepare_close(struct vm_area_desc *desc)
{
	desc->vm_ops = &closing_ops;
	return 0;
}

static int prepare_picky(struct vm_area_desc *desc)
{
	desc->vm_ops = &picky_ops;
	return 0;
}

static int prepare_error(struct vm_area_desc *desc)
{
	return -EINVAL;
}

static int prepare_swap(struct vm_area_desc *desc)
{
	desc->vm_file = &files[1];
	desc->pgoff++;
	return 0;
}

static int prepare_flags(struct vm_area_desc *desc)
{
	vma_desc_set_flags(desc, VMA_WIPEONFORK_BIT);
	desc->private_data = desc;
	return 0;
}

static vm_fault_t do_not_fault(struct vm_fault *vmf)
{
	return 0;
}

#define OPS_CLOSE 2
#define OPS_PICKY 4
#define OPS_MKWRITE 8

/* What setops gives a VMA; the lowest bit says that there are hooks at all. */
static struct vm_operations_struct ops_of_kind[16];

static const struct vm_operations_struct *ops_of(ulong kind)
{
	return kind & 1 ? &ops_of_kind[kind & 15] : NULL;
}

static const struct file_operations plain_fops = { .mmap = plain_mmap };
static const struct file_operations prepare_fops[] = {
	{ .mmap_prepare = prepare_nothing },
	{ .mmap_prepare = prepare_close },
	{ .mmap_prepare = prepare_picky },
	{ .mmap_prepare = prepare_error },
	{ .mmap_prepare = prepare_swap },
	{ .mmap_prepare = prepare_flags },
};

static void set_up(void)
{
	int i;

	maple_tree_init();
	vma_state_init();
	mt_init_flags(&mm.mm_mt, MT_FLAGS_ALLOC_RANGE);
	current->mm = &mm;
	for (i = 1; i <= NR_FILES; i++) {
		files[i].f_mapping = &mappings[i];
		if (i <= 4 || i > LAST_PREPARED)
			files[i].f_op = &plain_fops;
		else
			files[i].f_op = &prepare_fops[i <= 10 ? i - 5 : 0];
	}
	for (i = 0; i < ARRAY_SIZE(ops_of_kind); i++) {
		if (i & OPS_CLOSE) {
			ops_of_kind[i].close = do_nothing;
			ops_of_kind[i].open = do_nothing;
		}
		if (i & OPS_PICKY)
			ops_of_kind[i].may_split = split_even_pages;
		if (i & OPS_MKWRITE)
			ops_of_kind[i].page_mkwrite = do_not_fault;
	}
}

/* Of the anon_vmas that a line has named so far; number 1 is the first. */
static struct anon_vma **anon_vmas;
static ulong nr_anon_vmas;

static void number_anon(struct anon_vma *anon)
{
	ulong i;

	for (i = 0; i < nr_anon_vmas; i++)
		if (anon_vmas[i] == anon)
			return;
	anon_vmas = realloc(anon_vmas, (nr_anon_vmas + 1) * sizeof(*anon_vmas));
	anon_vmas[nr_anon_vmas++] = anon;
}

static struct anon_vma *new_root_anon(void)
{
	struct anon_vma *anon = calloc(1, sizeof(*anon));

	anon->root = anon;
	return anon;
}

/* Those that have no number yet get theirs first, in the order of addresses; a number past the last makes a new one. */
static struct anon_vma *anon_of(ulong number)
{
	VMA_ITERATOR(vmi, &mm, 0);
	struct vm_area_struct *vma;

	if (!number)
		return NULL;
	for_each_vma(vmi, vma)
		if (vma->anon_vma)
			number_anon(vma->anon_vma);
	if (number > nr_anon_vmas) {
		number_anon(new_root_anon());
		number = nr_anon_vmas;
	}
	return anon_vmas[number - 1];
}

static struct file *file_of(ulong id)
{
	return id == 0 ? NULL : &files[id];
}

static int id_of(struct file *file)
{
	return file ? (int)(file - files) : 0;
}

static void account(ulong word, long pages)
{
	vm_stat_account(&mm, word, pages);
	if (word & VM_LOCKED)
		mm.locked_vm += pages;
}

WORD(mmap, 5)
{
	return __mmap_region(file_of(a[4]), a[0], a[1], legacy_to_vma_flags(a[2]), a[3], NULL);
}

WORD(region, 5)
{
	return mmap_region(file_of(a[4]), a[0], a[1], a[2], a[3], NULL);
}

static long unmap(ulong start, ulong len)
{
	VMA_ITERATOR(vmi, &mm, start);

	return do_vmi_munmap(&vmi, &mm, start, len, NULL, false);
}

WORD(munmap, 2)
{
	return unmap(a[0], a[1]);
}

WORD(unmap, 3)
{
	return __vm_munmap(a[0], a[1], a[2] != 0);
}

enum change { CHANGE_FLAGS, CHANGE_NAME, CHANGE_POLICY };

/* One VMA of a walk: makes it span the range, and where flags change sets them. */
static struct vm_area_struct *change_one(struct vma_iterator *vmi, struct vm_area_struct *prev,
					 struct vm_area_struct *vma, ulong start, ulong end,
					 enum change change, ulong word)
{
	vma_flags_t want = legacy_to_vma_flags(word);
	ulong old = vma->vm_flags;
	struct vm_area_struct *ret;

	if (change == CHANGE_NAME)
		return vma_modify_name(vmi, prev, vma, start, end, NULL);
	if (change == CHANGE_POLICY)
		return vma_modify_policy(vmi, prev, vma, start, end, NULL);

	ret = vma_modify_flags(vmi, prev, vma, start, end, &want);
	if (IS_ERR(ret))
		return ret;
	vma_start_write(ret);
	ret->flags = want;
	account(old, -(long)((end - start) >> PAGE_SHIFT));
	account(word, (end - start) >> PAGE_SHIFT);
	return ret;
}

/* The walk of mprotect() over [start, end). */
static long walk(ulong start, ulong end, enum change change, ulong word)
{
	VMA_ITERATOR(vmi, &mm, start);
	struct vm_area_struct *vma = vma_find(&vmi, end);
	struct vm_area_struct *prev;
	vma_flags_t flags = legacy_to_vma_flags(word);
	ulong nstart = start;

	if (!vma)
		return -ENOMEM;
	prev = vma_prev(&vmi);
	if (start > vma->vm_start)
		prev = vma;
	vma_iter_set(&vmi, start > vma->vm_start ? start : vma->vm_start);

	while ((vma = vma_find(&vmi, end))) {
		ulong tmp = vma->vm_end < end ? vma->vm_end : end;

		if (vma->vm_start > nstart)
			nstart = vma->vm_start;
		if (change == CHANGE_FLAGS && vma_flags_same_mask(&vma->flags, flags)) {
			prev = vma;
			nstart = tmp;
		} else {
			prev = change_one(&vmi, prev, vma, nstart, tmp, change, word);
			if (IS_ERR(prev))
				return PTR_ERR(prev);
			nstart = prev->vm_end;
		}
		vma_iter_set(&vmi, nstart);
		if (nstart >= end)
			break;
	}
	return 0;
}

WORD(modify, 3)
{
	return walk(a[0], a[1], CHANGE_FLAGS, a[2]);
}

WORD(name, 2)
{
	return walk(a[0], a[1], CHANGE_NAME, 0);
}

WORD(policy, 2)
{
	return walk(a[0], a[1], CHANGE_POLICY, 0);
}

WORD(uffd, 3)
{
	VMA_ITERATOR(vmi, &mm, a[0]);
	struct vm_area_struct *vma = vma_iter_load(&vmi);
	struct vm_area_struct *prev, *ret;
	vma_flags_t want = legacy_to_vma_flags(a[1]);
	struct vm_userfaultfd_ctx no_ctx = {};
	ulong old, pages;

	if (!vma)
		return -EFAULT;
	prev = vma_prev(&vmi);
	vma_iter_set(&vmi, vma->vm_start);
	vma_find(&vmi, vma->vm_end);
	old = vma->vm_flags;
	pages = vma_pages(vma);
	ret = vma_modify_flags_uffd(&vmi, prev, vma, vma->vm_start, vma->vm_end, &want, no_ctx, a[2] != 0);
	if (IS_ERR(ret))
		return PTR_ERR(ret);
	vma_start_write(ret);
	ret->flags = want;
	account(old, -(long)pages);
	account(a[1], pages);
	return 0;
}

WORD(fault, 1)
{
	struct vm_area_struct *vma = vma_lookup(&mm, a[0]);
	struct anon_vma_chain *avc;
	struct anon_vma *anon;

	if (!vma || vma->anon_vma)
		return 0;
	anon = find_mergeable_anon_vma(vma);
	if (!anon)
		anon = new_root_anon();
	avc = calloc(1, sizeof(*avc));
	avc->anon_vma = anon;
	vma->anon_vma = anon;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	list_add(&avc->same_vma, &vma->anon_vma_chain);
	return 1;
}

WORD(brk, 3)
{
	VMA_ITERATOR(vmi, &mm, a[0]);
	long err = unmap(a[0], a[1]);

	if (err)
		return err;
	return do_brk_flags(&vmi, vma_prev(&vmi), a[0], a[1], legacy_to_vma_flags(a[2]));
}

WORD(down, 1)
{
	VMA_ITERATOR(vmi, &mm, a[0]);
	struct vm_area_struct *vma = vma_next(&vmi);

	if (!vma)
		return -EFAULT;
	return vma->vm_start <= a[0] ? 0 : expand_downwards(vma, a[0]);
}

static struct vm_area_struct *extend_uncounted(ulong *a)
{
	VMA_ITERATOR(vmi, &mm, a[0]);
	struct vm_area_struct *vma = vma_iter_load(&vmi);

	if (!vma)
		return ERR_PTR(-EFAULT);
	if (find_vma_intersection(&mm, vma->vm_end, vma->vm_end + a[1]))
		return ERR_PTR(-ENOMEM);
	vma = vma_merge_extend(&vmi, vma, a[1]);
	return vma ? vma : ERR_PTR(-ENOMEM);
}

WORD(extend, 2)
{
	struct vm_area_struct *vma = extend_uncounted(a);

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	account(vma->vm_flags, a[1] >> PAGE_SHIFT);
	return 0;
}

/* Copies a part of a VMA to a place that is unmapped first; for a move the source goes afterwards. */
static long copy(ulong addr, ulong len, ulong to, bool keep_source)
{
	struct vm_area_struct *vma = vma_lookup(&mm, addr);
	struct vm_area_struct *new;
	bool need_rmap_locks = false;
	long err;

	if (!vma || vma->vm_end < addr + len)
		return -EFAULT;
	if (addr < to + len && to < addr + len)
		return -EINVAL;
	err = unmap(to, len);
	if (err)
		return err;
	vma = vma_lookup(&mm, addr);
	if (!vma)
		return -EFAULT;
	/* The copy could not be linked, and the harness's unlink_anon_vmas() would follow its NULL anon_vma. */
	if (fail_prealloc && !vma->anon_vma)
		return -ENOMEM;
	new = copy_vma(&vma, to, len, vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT), &need_rmap_locks,
		       keep_source);
	if (!new)
		return -ENOMEM;
	account(new->vm_flags, len >> PAGE_SHIFT);
	if (!keep_source) {
		err = unmap(addr, len);
		if (err)
			return err;
	}
	return need_rmap_locks;
}

WORD(move, 3)
{
	return copy(a[0], a[1], a[2], false);
}

WORD(copy, 3)
{
	return copy(a[0], a[1], a[2], true);
}

WORD(relocate, 2)
{
	struct vm_area_struct *vma = vma_lookup(&mm, a[0]);
	ulong pages;
	long ret;

	if (!vma)
		return -EFAULT;
	if (a[1] > vma->vm_start)
		return -EINVAL;
	pages = vma_pages(vma);
	ret = relocate_vma_down(vma, a[1]);
	/* Whatever it could not finish, the VMA is larger now. */
	account(vma->vm_flags, (long)(vma_pages(vma) - pages));
	return ret;
}

/* The VMA at the iterator, if it can be cut down to [start, end) from one side; else the error that says why not. */
static struct vm_area_struct *shrinkable(struct vma_iterator *vmi, ulong start, ulong end)
{
	struct vm_area_struct *vma = vma_iter_load(vmi);

	if (!vma)
		return ERR_PTR(-EFAULT);
	if (start < vma->vm_start || end > vma->vm_end || start >= end)
		return ERR_PTR(-EINVAL);
	if ((start == vma->vm_start) == (end == vma->vm_end))
		return ERR_PTR(-EINVAL);
	return vma;
}

WORD(shrink, 3)
{
	VMA_ITERATOR(vmi, &mm, a[0]);
	struct vm_area_struct *vma = shrinkable(&vmi, a[1], a[2]);
	ulong pages, word;
	long ret;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	pages = vma_pages(vma);
	word = vma->vm_flags;
	ret = vma_shrink(&vmi, vma, a[1], a[2], vma->vm_pgoff + ((a[1] - vma->vm_start) >> PAGE_SHIFT));
	if (!ret)
		account(word, (long)(vma_pages(vma) - pages));
	return ret;
}

/* A new VMA for a range and file. */
static struct vm_area_struct *new_vma(ulong *a)
{
	struct vm_area_struct *vma = vm_area_alloc(&mm);

	vma->vm_start = a[0];
	vma->vm_end = a[0] + a[1];
	vma->vm_pgoff = a[3];
	vma->flags = legacy_to_vma_flags(a[2]);
	vma->vm_file = file_of(a[4]);
	return vma;
}

static long insert_uncounted(ulong *a)
{
	struct vm_area_struct *vma = new_vma(a);
	long ret;

	if (!vma->vm_file)
		vma_set_anonymous(vma);
	ret = insert_vm_struct(&mm, vma);
	if (ret)
		vm_area_free(vma);
	return ret;
}

WORD(insert_vm_struct, 5)
{
	return insert_uncounted(a);
}

WORD(insert, 5)
{
	long ret = insert_uncounted(a);

	if (!ret)
		account(a[2], a[1] >> PAGE_SHIFT);
	return ret;
}

WORD(locks, 0)
{
	int ret = mm_take_all_locks(&mm);

	if (!ret)
		mm_drop_all_locks(&mm);
	return ret;
}

/* Takes the file VMAs of a range off their files in batches, and puts them back. */
WORD(batch, 2)
{
	struct unlink_vma_file_batch vb;
	struct vm_area_struct *vma;
	long count = 0;

	VMA_ITERATOR(vmi, &mm, a[0]);

	unlink_file_vma_batch_init(&vb);
	for_each_vma_range(vmi, vma, a[1])
		unlink_file_vma_batch_add(&vb, vma);
	unlink_file_vma_batch_final(&vb);

	vma_iter_set(&vmi, a[0]);
	for_each_vma_range(vmi, vma, a[1]) {
		if (vma->vm_file)
			count++;
		vma_link_file(vma, false);
	}
	return count;
}

WORD(notify, 1)
{
	struct vm_area_struct *vma = vma_lookup(&mm, a[0]);

	if (!vma)
		return -EFAULT;
	return vma_wants_writenotify(vma, vma->vm_page_prot) | vma_needs_dirty_tracking(vma) << 1;
}

WORD(unmapped, 5)
{
	struct vm_unmapped_area_info info = {
		.length = a[0], .low_limit = a[1], .high_limit = a[2], .align_mask = a[3],
	};

	return a[4] ? unmapped_area_topdown(&info) : unmapped_area(&info);
}

WORD(room, 7)
{
	struct vm_unmapped_area_info info = {
		.length = a[0], .low_limit = a[1], .high_limit = a[2], .align_mask = a[3],
		.align_offset = a[4], .start_gap = a[5],
	};

	return a[6] ? unmapped_area_topdown(&info) : unmapped_area(&info);
}

WORD(failprealloc, 1)
{
	fail_prealloc = a[0] != 0;
	return 0;
}

WORD(maxmaps, 1)
{
	sysctl_max_map_count = a[0];
	return 0;
}

WORD(guardgap, 1)
{
	stack_guard_gap = a[0];
	return 0;
}

WORD(minaddr, 1)
{
	mmap_min_addr = a[0];
	return 0;
}

WORD(mdwe, 1)
{
	if (a[0])
		set_bit(MMF_HAS_MDWE, ACCESS_PRIVATE(&mm.flags, __mm_flags));
	else
		clear_bit(MMF_HAS_MDWE, ACCESS_PRIVATE(&mm.flags, __mm_flags));
	return 0;
}

WORD(quiet, 0)
{
	quiet = true;
	return 0;
}

#include "vma_words.h"

static void print_space(void)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0);

	printf("= count=%d total=%lu data=%lu exec=%lu stack=%lu locked=%lu\n", mm.map_count, mm.total_vm,
	       mm.data_vm, mm.exec_vm, mm.stack_vm, mm.locked_vm);
	if (quiet)
		return;
	for_each_vma(vmi, vma)
		printf("  %lx-%lx pgoff=%lx flags=%lx file=%d anon=%d\n", vma->vm_start, vma->vm_end, vma->vm_pgoff,
		       (ulong)vma->vm_flags, id_of(vma->vm_file), vma->anon_vma != NULL);
}

static void bad_line(int line, const char *reason)
{
	fflush(stdout);
	fprintf(stderr, "line %d: %s\n", line, reason);
	exit(2);
}

static void replay_line(char *text, int line)
{
	ulong args[MAX_ARGS] = { 0 };
	char *name, *word;
	int given = 0;
	int i;
	long ret;

	text[strcspn(text, "#\r\n")] = '\0';
	name = strtok(text, " \t");
	if (!name)
		return;
	while ((word = strtok(NULL, " \t"))) {
		char *end;

		if (given == MAX_ARGS)
			bad_line(line, "too many arguments");
		args[given++] = strtoul(word, &end, 16);
		if (*end)
			bad_line(line, "not a hexadecimal number");
	}
	for (i = 0; i < nr_words; i++) {
		if (strcmp(words[i].name, name))
			continue;
		if (given != words[i].args)
			bad_line(line, "wrong number of arguments");
		ret = words[i].run(args);
		printf("%s %s%lx\n", name, ret < 0 ? "-" : "", ret < 0 ? -ret : ret);
		print_space();
		return;
	}
	bad_line(line, "unknown operation");
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	int line = 0;

	set_up();
	while (getline(&text, &room, stdin) >= 0)
		replay_line(text, ++line);
	return 0;
}
