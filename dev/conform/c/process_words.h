/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of process_replay.c: the words of a trace, as tools/replay/words/ has them. */

#define MAX_ARGS 6
#define MAX_WORDS 64

union argument {
	ulong value;
	char *text;
};

/* All words that WORD() defines, with the number of their arguments, and the place of that which is a text. */
static struct word {
	const char *name;
	int args, text;
	long (*run)(union argument *a);
} words[MAX_WORDS];
static int nr_words;

#define TEXT_WORD(name_, args_, text_)						\
static long op_##name_(union argument *a);					\
static void __attribute__((constructor)) add_##name_(void)			\
{										\
	words[nr_words++] = (struct word){ #name_, args_, text_, op_##name_ };	\
}										\
static long op_##name_(union argument *a)

#define WORD(name_, args_) TEXT_WORD(name_, args_, -1)

/* A word of the process that runs, if one does. */
#define CALL(name_, args_, call_)						\
WORD(name_, args_)								\
{										\
	return current->mm ? (long)(call_) : -ESRCH;				\
}

static bool quiet, shown;

WORD(process, 1)
{
	ulong number = a[0].value;

	if (number == 1 && !nr_processes)
		start_process();
	if (number < 1 || number > nr_processes || !processes[number])
		return -ESRCH;
	running = number;
	return 0;
}

WORD(another, 0)
{
	return start_process();
}

WORD(heap, 1)
{
	if (!current->mm)
		return -ESRCH;
	current->mm->start_brk = current->mm->brk = a[0].value;
	return 0;
}

CALL(fork, 0, do_fork(current))

WORD(exit, 0)
{
	if (!current->mm)
		return -ESRCH;
	do_exit(current);
	running = 0;
	return 0;
}

CALL(stack, 0, set_up_stack(current->mm))

WORD(personality, 1)
{
	unsigned int old = current->personality;

	if (!current->mm)
		return -ESRCH;
	if ((unsigned int)a[0].value != 0xffffffff)
		current->personality = a[0].value;
	return old;
}

static long errno_of(vm_fault_t fault)
{
	return !fault ? 0 : fault & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

WORD(read, 1)
{
	vm_fault_t fault;
	pte_t *pte;

	if (!current->mm)
		return -ESRCH;
	fault = user_fault(current->mm, a[0].value, false);
	if (fault)
		return errno_of(fault);
	pte = pte_at(current->mm, a[0].value & PAGE_MASK);
	return pte && pte->page ? pte->page->data : 0;
}

WORD(write, 2)
{
	vm_fault_t fault;
	pte_t *pte;

	if (!current->mm)
		return -ESRCH;
	fault = user_fault(current->mm, a[0].value, true);
	pte = fault ? NULL : pte_at(current->mm, a[0].value & PAGE_MASK);
	if (pte && pte->page && pte->write)
		pte->page->data = a[1].value;
	return errno_of(fault);
}

WORD(touch, 2)
{
	ulong addr, start = a[0].value;

	if (!current->mm)
		return -ESRCH;
	for (addr = start; addr - start < a[1].value; addr = PAGE_ALIGN_DOWN(addr) + PAGE_SIZE) {
		vm_fault_t fault = user_fault(current->mm, addr, true);

		if (fault)
			return errno_of(fault);
	}
	return 0;
}

CALL(mmap, 6, __do_sys_mmap(a[0].value, a[1].value, a[2].value, a[3].value, a[4].value, a[5].value))
CALL(munmap, 2, __do_sys_munmap(a[0].value, a[1].value))
CALL(mprotect, 3, __do_sys_mprotect(a[0].value, a[1].value, a[2].value))
CALL(pkey_mprotect, 4, __do_sys_pkey_mprotect(a[0].value, a[1].value, a[2].value, a[3].value))
CALL(mremap, 5, __do_sys_mremap(a[0].value, a[1].value, a[2].value, a[3].value, a[4].value))
CALL(brk, 1, __do_sys_brk(a[0].value))
CALL(madvise, 3, __do_sys_madvise(a[0].value, a[1].value, a[2].value))
CALL(mlock, 2, __do_sys_mlock(a[0].value, a[1].value))
CALL(mlock2, 3, __do_sys_mlock2(a[0].value, a[1].value, a[2].value))
CALL(munlock, 2, __do_sys_munlock(a[0].value, a[1].value))
CALL(mlockall, 1, __do_sys_mlockall(a[0].value))
CALL(munlockall, 0, __do_sys_munlockall())
CALL(mseal, 3, __do_sys_mseal(a[0].value, a[1].value, a[2].value))
CALL(remap_file_pages, 5,
     __do_sys_remap_file_pages(a[0].value, a[1].value, a[2].value, a[3].value, a[4].value))

/* Of prctl(), what is about memory. */
static long sys_prctl(int option, ulong arg2, ulong arg3, ulong arg4, ulong arg5)
{
	struct mm_struct *mm = current->mm;
	int error;

	switch (option) {
	case PR_SET_MDWE:
		return prctl_set_mdwe(arg2, arg3, arg4, arg5);
	case PR_GET_MDWE:
		return prctl_get_mdwe(arg2, arg3, arg4, arg5);
	case PR_SET_THP_DISABLE:
		return prctl_set_thp_disable(arg2, arg3, arg4, arg5);
	case PR_GET_THP_DISABLE:
		return prctl_get_thp_disable(arg2, arg3, arg4, arg5);
	case PR_SET_MEMORY_MERGE:
		if (arg3 || arg4 || arg5)
			return -EINVAL;
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		error = arg2 ? ksm_enable_merge_any(mm) : ksm_disable_merge_any(mm);
		mmap_write_unlock(mm);
		return error;
	case PR_GET_MEMORY_MERGE:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : mm_flags_test(MMF_VM_MERGE_ANY, mm);
	case PR_SET_VMA:
		/* No text is at any address. */
		if (arg2 == PR_SET_VMA_ANON_NAME && arg5)
			return -EFAULT;
		return prctl_set_vma(arg2, arg3, arg4, arg5);
	default:
		return -EINVAL;
	}
}

CALL(prctl, 5, sys_prctl(a[0].value, a[1].value, a[2].value, a[3].value, a[4].value))

/* %20 and the like are what they stand for. */
static void decode(char *text)
{
	char *to = text;
	unsigned int c;

	for (; *text; text++) {
		if (*text == '%' && sscanf(text + 1, "%2x", &c) == 1) {
			*to++ = c;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

TEXT_WORD(name, 3, 2)
{
	bool none = !strcmp(a[2].text, "-");

	if (!current->mm)
		return -ESRCH;
	decode(a[2].text);
	return prctl_set_vma(PR_SET_VMA_ANON_NAME, a[0].value, a[1].value, none ? 0 : (ulong)a[2].text);
}

static long installed(struct file *file)
{
	return IS_ERR(file) ? PTR_ERR(file) : install_fd(current, file);
}

WORD(memfd_create, 1)
{
	if (!current->mm)
		return -ESRCH;
	return a[0].value & ~2UL ? -EINVAL : installed(open_memfd(a[0].value));
}

CALL(open, 3, installed(open_disk_file(a[0].value, a[1].value, a[2].value)))
CALL(driver, 1, installed(open_driver(a[0].value)))

static struct file *file_of(ulong fd)
{
	return (unsigned int)fd < NR_FDS ? current->fd[(unsigned int)fd] : NULL;
}

WORD(close, 1)
{
	struct file *file = file_of(a[0].value);

	if (!current->mm)
		return -ESRCH;
	if (!file)
		return -EBADF;
	current->fd[a[0].value] = NULL;
	fput(file);
	return 0;
}

WORD(unlink, 1)
{
	if (a[0].value >= NR_DISK_FILES || !disk[a[0].value])
		return -ENOENT;
	disk[a[0].value]->host->i_nlink = 0;
	disk[a[0].value] = NULL;
	return 0;
}

WORD(ftruncate, 2)
{
	struct file *file = file_of(a[0].value);

	if (!current->mm)
		return -ESRCH;
	return file ? resize(file, a[1].value) : -EBADF;
}

WORD(add_seals, 2)
{
	struct file *file = file_of(a[0].value);

	if (!current->mm)
		return -ESRCH;
	return file ? memfd_add_seals(file, a[1].value) : -EBADF;
}

WORD(setrlimit, 3)
{
	struct rlimit *limit = a[0].value < 16 ? &current->rlim[a[0].value] : NULL;
	ulong cur = a[1].value, max = a[2].value;

	if (!current->mm)
		return -ESRCH;
	if (!limit || cur > max)
		return -EINVAL;
	if (max > limit->rlim_max && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	*limit = (struct rlimit){ cur, max };
	return 0;
}

WORD(capable, 2)
{
	if (!current->mm)
		return -ESRCH;
	if (a[1].value)
		current->caps |= 1UL << a[0].value;
	else
		current->caps &= ~(1UL << a[0].value);
	return 0;
}

TEXT_WORD(sysctl, 2, 0)
{
	const struct { const char *name; void *knob; size_t size; } knobs[] = {
		{ "overcommit_memory", &sysctl_overcommit_memory, sizeof(int) },
		{ "overcommit_ratio", &sysctl_overcommit_ratio, sizeof(int) },
		{ "overcommit_kbytes", &sysctl_overcommit_kbytes, sizeof(long) },
		{ "user_reserve_kbytes", &sysctl_user_reserve_kbytes, sizeof(long) },
		{ "admin_reserve_kbytes", &sysctl_admin_reserve_kbytes, sizeof(long) },
		{ "totalram_pages", &ram_pages, sizeof(long) },
		{ "total_swap_pages", &total_swap_pages, sizeof(long) },
		{ "max_map_count", &sysctl_max_map_count, sizeof(int) },
		{ "mmap_min_addr", &mmap_min_addr, sizeof(long) },
		{ "dac_mmap_min_addr", &dac_mmap_min_addr, sizeof(long) },
		{ "legacy_va_layout", &sysctl_legacy_va_layout, sizeof(int) },
		{ "shmem_huge", &the_shmem.huge, sizeof(int) },
		{ "stack_guard_gap", &stack_guard_gap, sizeof(long) },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		if (!strcmp(knobs[i].name, a[0].text))
			memcpy(knobs[i].knob, &a[1].value, knobs[i].size);
	return 0;
}

TEXT_WORD(fail, 2, 0)
{
	failures[nr_failures++] = (struct failure){ strdup(a[0].text), a[1].value };
	return 0;
}

WORD(nonodes, 1)
{
	no_nodes = a[0].value;
	return 0;
}

WORD(calls, 1)
{
	telling = a[0].value;
	return 0;
}

WORD(quiet, 0)
{
	quiet = true;
	return 0;
}

WORD(show, 0)
{
	shown = true;
	return 0;
}
