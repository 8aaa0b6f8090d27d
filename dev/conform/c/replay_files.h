/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: the files of a trace by their numbers, and their hooks. docs/traces.md says what each does.
 */

#define NR_FILES 66
#define FIRST_PREPARED 5
#define LAST_PREPARED 15
#define FIRST_STACKED 32
#define FIRST_ACTING 48

static struct address_space mappings[NR_FILES + 1];
static struct file files[NR_FILES + 1];
static struct file_operations fops[NR_FILES + 1];

static struct file *file_of(ulong id)
{
	return id == 0 ? NULL : &files[id];
}

static int id_of(struct file *file)
{
	return file ? (int)(file - files) : 0;
}

/* Bits of what setops gives a VMA; the lowest says that there are hooks at all. */
#define OPS_THERE 1
#define OPS_CLOSE 2
#define OPS_PICKY 4
#define OPS_MKWRITE 8
#define OPS_MAPPED 16
#define OPS_FURNISHED 32
#define NR_OPS 64

static struct vm_operations_struct ops_of_kind[NR_OPS];

static const struct vm_operations_struct *ops_of(ulong kind)
{
	return kind & OPS_THERE ? &ops_of_kind[kind] : NULL;
}

#include "hooks.h"

static const struct file_operations *fops_of(int id)
{
	struct file_operations *f_op = &fops[id];
	bool prepares = (id >= FIRST_PREPARED && id <= LAST_PREPARED) || id >= FIRST_ACTING;

	if (prepares)
		f_op->mmap_prepare = hook_mmap_prepare;
	else
		f_op->mmap = hook_mmap;
	return f_op;
}

static void set_up_files(void)
{
	int i;

	for (i = 1; i <= NR_FILES; i++) {
		files[i].f_mapping = &mappings[i];
		files[i].f_op = fops_of(i);
	}
	for (i = 0; i < NR_OPS; i++) {
		struct vm_operations_struct *ops = &ops_of_kind[i];

		if (i & OPS_CLOSE) {
			ops->close = hook_close;
			ops->open = hook_open;
		}
		if (i & OPS_PICKY)
			ops->may_split = hook_may_split;
		if (i & OPS_MKWRITE)
			ops->page_mkwrite = do_not_fault;
		if (i & OPS_MAPPED)
			ops->mapped = hook_mapped;
		if (i & OPS_FURNISHED)
			ops->mapped = hook_mapped_furnishing;
	}
}
