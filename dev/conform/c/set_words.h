/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: words that set what a test sets by hand.
 */

#define SETTER(name, args, statement)					\
WORD(name, args)							\
{									\
	struct vm_area_struct *vma = vma_lookup(&mm, a[0]);		\
									\
	if (!vma)							\
		return -EFAULT;						\
	statement;							\
	return 0;							\
}

static void set_anon(struct vm_area_struct *vma, struct anon_vma *anon, ulong links)
{
	vma->anon_vma = anon;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	for (; anon && links > 0; links--) {
		struct anon_vma_chain *avc = calloc(1, sizeof(*avc));

		avc->anon_vma = anon;
		list_add(&avc->same_vma, &vma->anon_vma_chain);
	}
}

SETTER(setflags, 2, vma->flags = flags_of(a[1]))
SETTER(setpgoff, 2, vma->vm_pgoff = a[1])
SETTER(setanonpgoff, 2, SET_ANON_PGOFF(vma, a[1]))
SETTER(setfile, 2, vma->vm_file = file_of(a[1]))
SETTER(setanon, 3, set_anon(vma, anon_of(a[1]), a[2]))
SETTER(setops, 2, vma->vm_ops = ops_of(a[1]))

WORD(drop, 1)
{
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = vma_iter_load(&vmi);
	int err;

	if (!vma)
		return -EFAULT;
	err = vma_iter_clear_gfp(&vmi, vma->vm_start, vma->vm_end, GFP_KERNEL);
	if (err)
		return err;
	vma_mark_detached(vma);
	vm_area_free(vma);
	mm.map_count--;
	return 0;
}

WORD(setcount, 1)
{
	mm.map_count = a[0];
	return 0;
}

WORD(setsums, 5)
{
	mm.total_vm = a[0];
	mm.data_vm = a[1];
	mm.exec_vm = a[2];
	mm.stack_vm = a[3];
	mm.locked_vm = a[4];
	return 0;
}

WORD(setdefflags, 1)
{
	mm.def_vma_flags = flags_of(a[0]);
	return 0;
}
