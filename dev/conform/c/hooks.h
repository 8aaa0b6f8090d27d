/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: the hooks of the files of a trace. One function stands for the hooks of all files; it tells by
 * number what a file's does.
 */

static bool telling;
bool hook_begin(const char *name, long *answer);
static int mmap_of(int id, struct file *file, struct vm_area_struct *vma);
static int mmap_prepare_of(int id, struct vm_area_desc *desc);

#define HOOK_BEGIN(name, ...)						\
	const char *hook_name = name;					\
	long hook_answer;						\
	bool hook_answered = hook_begin(name, &hook_answer);		\
									\
	if (telling) {							\
		__VA_ARGS__;						\
		hook_told();						\
	}
#define HOOK_END(ret) return hook_end(hook_name, hook_answered ? hook_answer : (ret))

static void hook_open(struct vm_area_struct *vma)
{
	HOOK_BEGIN("open", call_vma(vma));
	(void)hook_name;
}

static void hook_close(struct vm_area_struct *vma)
{
	HOOK_BEGIN("close", call_vma(vma));
	(void)hook_name;
}

static int hook_may_split(struct vm_area_struct *vma, ulong addr)
{
	HOOK_BEGIN("may_split", call_vma(vma), call_ulong(addr));
	HOOK_END((addr >> PAGE_SHIFT) & 1 ? -EINVAL : 0);
}

static int hook_mapped(ulong start, ulong end, pgoff_t pgoff, const struct file *file, void **private_data)
{
	HOOK_BEGIN("mapped", call_ulong(start), call_ulong(end), call_ulong(pgoff), call_file(file),
		   call_ulong((ulong)*private_data));
	HOOK_END(0);
}

static int hook_mapped_furnishing(ulong start, ulong end, pgoff_t pgoff, const struct file *file, void **private_data)
{
	*private_data = (void *)((ulong)*private_data + 4);
	return hook_mapped(start, end, pgoff, file, private_data);
}

static vm_fault_t do_not_fault(struct vm_fault *vmf)
{
	return 0;
}

static int hook_mmap(struct file *file, struct vm_area_struct *vma)
{
	HOOK_BEGIN("mmap", call_file(file), call_vma(vma));
	HOOK_END(mmap_of(id_of(file), file, vma));
}

static int hook_mmap_prepare(struct vm_area_desc *desc)
{
	HOOK_BEGIN("mmap_prepare", call_file(desc->file), call_ulong(desc->start), call_ulong(desc->end),
		   call_ulong(desc->pgoff), call_file(desc->vm_file), call_flags(&desc->vma_flags),
		   call_prot(desc->page_prot));
	HOOK_END(mmap_prepare_of(id_of(desc->file), desc));
}

static struct page *kernel_pages[1];

/* Files 20 to 2f, most of them stacked on another. */
static int mmap_of(int id, struct file *file, struct vm_area_struct *vma)
{
	static const int below[] = {
		[0x23] = 5, [0x24] = 6, [0x25] = 8, [0x26] = 9, [0x27] = 0xa, [0x28] = 0x30, [0x29] = 0x33,
		[0x2a] = 0x36, [0x2c] = 1, [0x2d] = 0x37, [0x2e] = 0x39,
	};

	switch (id) {
	case 0x20:
		vm_flags_set(vma, VM_WIPEONFORK);
		vma->vm_private_data = (void *)2UL;
		vma->vm_ops = ops_of(OPS_THERE | OPS_CLOSE);
		return 0;
	case 0x21:
		vma_set_file(vma, &files[1]);
		return 0;
	case 0x22:
		return -EINVAL;
	case 0x2b:
		vma->vm_ops = ops_of(OPS_THERE | OPS_MAPPED);
		return 0;
	case 0x2f:
		vm_flags_set(vma, VM_IO | VM_PFNMAP);
		return 0;
	default:
		return id < FIRST_STACKED ? 0 : vfs_mmap(&files[below[id]], vma);
	}
}

/* What mmap_prepare hooks of files from 30 on ask for. */
static int act(int id, struct vm_area_desc *desc)
{
	struct mmap_action *action = &desc->action;
	const struct vm_operations_struct *mapped = ops_of(OPS_THERE | OPS_CLOSE | OPS_MAPPED);

	switch (id) {
	case 0x30:
		desc->vm_ops = mapped;
		break;
	case 0x31:
		desc->vm_ops = ops_of(OPS_THERE | OPS_FURNISHED);
		break;
	case 0x32:
		desc->private_data = (void *)3UL;
		desc->vm_ops = ops_of(OPS_THERE | OPS_CLOSE | OPS_FURNISHED);
		break;
	case 0x33:
		mmap_action_remap_full(desc, 0x100);
		break;
	case 0x34:
		mmap_action_ioremap_full(desc, 0x100);
		break;
	case 0x35:
		mmap_action_simple_ioremap(desc, 0x200000, 0x100000);
		break;
	case 0x36:
		mmap_action_map_kernel_pages_full(desc, kernel_pages);
		break;
	case 0x37:
		mmap_action_remap(desc, desc->end, 0x100, PAGE_SIZE);
		break;
	case 0x38:
		mmap_action_remap(desc, desc->start, 0x100, PAGE_SIZE);
		break;
	case 0x39:
		action->hide_from_rmap_until_complete = true;
		desc->vm_ops = mapped;
		break;
	case 0x3a:
		action->error_override = -EPERM;
		desc->vm_ops = mapped;
		break;
	case 0x3b:
		action->error_override = 5;
		break;
	case 0x3c:
		action->hide_from_rmap_until_complete = true;
		mmap_action_remap_full(desc, 0x100);
		desc->vm_ops = mapped;
		break;
	case 0x3d:
		vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
		desc->page_prot = __pgprot(0x1000);
		desc->vm_ops = NULL;
		break;
	case 0x3e:
		mmap_action_simple_ioremap(desc, 0x200000, PAGE_SIZE);
		break;
	case 0x3f:
		desc->vm_file = &files[2];
		action->hide_from_rmap_until_complete = true;
		break;
	case 0x40:
		mmap_action_map_kernel_pages(desc, desc->start, kernel_pages, vma_desc_pages(desc) + 1);
		break;
	case 0x41:
		mmap_action_remap(desc, desc->start + 0x10, 0x100, PAGE_SIZE - 0x10);
		break;
	case 0x42:
		action->type = 9;
		break;
	}
	return 0;
}

static int mmap_prepare_of(int id, struct vm_area_desc *desc)
{
	switch (id) {
	case 6:
		desc->vm_ops = ops_of(OPS_THERE | OPS_CLOSE);
		return 0;
	case 7:
		desc->vm_ops = ops_of(OPS_THERE | OPS_PICKY);
		return 0;
	case 8:
		return -EINVAL;
	case 9:
		desc->vm_file = &files[1];
		desc->pgoff++;
		return 0;
	case 0xa:
		vma_desc_set_flags(desc, VMA_WIPEONFORK_BIT);
		desc->private_data = (void *)1UL;
		return 0;
	default:
		return id < FIRST_ACTING ? 0 : act(id, desc);
	}
}
