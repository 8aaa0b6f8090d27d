/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: processes come and go: as harness/process/processes.ts, and kernel/fork.c as far as it deals in
 * what an address space here has.
 */

#define START_BRK 0x555555560000UL
#define FIRST_FD 3
#define NR_FDS 64

static void mm_init(struct mm_struct *mm, struct mm_struct *own)
{
	mt_init_flags(&mm->mm_mt, MM_MT_FLAGS);
	mm->mm_users = 1;
	mm->map_count = 0;
	mm->locked_vm = 0;
	mm->exe_file = NULL;
	mm->ptes = NULL;
	mm->nr_ptes = mm->room_ptes = 0;
	memset(&mm->flags, 0, sizeof(mm->flags));
	if (own) {
		mm->flags.__mm_flags[0] = mmf_init_legacy_flags(own->flags.__mm_flags[0]);
		mm->def_flags = own->def_flags & VM_INIT_DEF_MASK;
	}
}

static int install_fd(struct task_struct *task, struct file *file)
{
	int fd;

	for (fd = FIRST_FD; task->fd[fd]; fd++)
		;
	task->fd[fd] = file;
	return fd;
}

static struct task_struct *new_process(void)
{
	struct task_struct *task = calloc(1, sizeof(*task));
	struct mm_struct *mm = calloc(1, sizeof(*mm));
	int i;

	task->number = ++nr_processes;
	processes[task->number] = task;
	task->caps = -1UL;
	task->mm = mm;
	return task;
}

static int start_process(void)
{
	struct task_struct *task = new_process();
	int i;

	for (i = 0; i < 16; i++)
		task->rlim[i] = (struct rlimit){ -1UL, -1UL };
	task->rlim[RLIMIT_STACK].rlim_cur = 8 << 20;
	task->rlim[RLIMIT_MEMLOCK] = (struct rlimit){ 8 << 20, 8 << 20 };
	mm_init(task->mm, NULL);
	task->mm->start_brk = task->mm->brk = START_BRK;
	i = running;
	running = task->number;
	arch_pick_mmap_layout(task->mm, &task->rlim[RLIMIT_STACK]);
	running = i;
	return task->number;
}

static void mmput(struct mm_struct *mm)
{
	ksm_exit(mm);
	exit_mmap(mm);
	free(mm->ptes);
	free(mm);
}

static void close_all(struct task_struct *task)
{
	int fd;

	for (fd = FIRST_FD; fd < NR_FDS; fd++) {
		if (task->fd[fd])
			fput(task->fd[fd]);
		task->fd[fd] = NULL;
	}
}

/* The number of the child, or an error. */
static long do_fork(struct task_struct *parent)
{
	struct task_struct *child = calloc(1, sizeof(*child));
	struct mm_struct *mm;
	int fd;

	*child = *parent;
	child->mm = NULL;
	for (fd = FIRST_FD; fd < NR_FDS; fd++)
		if (child->fd[fd])
			get_file(child->fd[fd]);

	if (fails("allocate_mm"))
		goto fail;
	mm = malloc(sizeof(*mm));
	memcpy(mm, parent->mm, sizeof(*mm));
	mm_init(mm, parent->mm);
	if (dup_mmap(mm, parent->mm)) {
		mmput(mm);
		goto fail;
	}
	mm->hiwater_vm = mm->total_vm;
	child->mm = mm;
	child->number = ++nr_processes;
	processes[child->number] = child;
	return child->number;
fail:
	close_all(child);
	free(child);
	return -ENOMEM;
}

static void do_exit(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	int i, left = 0;

	task->mm = NULL;
	mmput(mm);
	close_all(task);
	processes[task->number] = NULL;
	for (i = 1; i <= nr_processes; i++)
		left += processes[i] != NULL;
	if (left || !vm_committed_as)
		return;
	tell("charges: %ld pages are committed, and no process is left", vm_committed_as);
	vm_committed_as = 0;
}

/* As exec sets it up: setup_arg_pages(), without moving it. */
static int set_up_stack(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *prev = NULL;
	struct mmu_gather tlb;
	unsigned long top;
	int err = create_init_stack_vma(mm, &vma, &top);

	if (err)
		return err;
	{
		VMA_ITERATOR(vmi, mm, vma->vm_start);
		ulong start = vma->vm_start;

		err = mprotect_fixup(&vmi, &tlb, vma, &prev, start, vma->vm_end, vma->vm_flags & ~VM_EXEC);
		if (err)
			return err;
		vm_flags_clear(vma, VM_STACK_INCOMPLETE_SETUP);
		err = expand_stack_locked(vma, start - 128 * 1024);
		mm->start_stack = top;
	}
	return err;
}
