/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: words that are a kernel function's name. That function and nothing else.
 */

#define HOW_PREV 1
#define HOW_NEXT 2
#define HOW_JUST_EXPAND 4
#define HOW_GIVE_UP 8

WORD(vma_link, 5)
{
	struct vm_area_struct *vma;
	long ret;

	if (find_vma_intersection(&mm, a[0], a[0] + a[1]))
		return -ENOMEM;
	vma = new_vma(a);
	if (!vma)
		return -ENOMEM;
	ret = vma_link(&mm, vma);
	if (ret)
		vm_area_free(vma);
	return ret;
}

/* The attributes that the trace has set. */
static void furnish(struct vma_merge_struct *vmg)
{
	vmg->policy = new_policy;
	vmg->anon_name = new_name;
	vmg->uffd_ctx = new_context;
	SET_MERGE_ANON_PGOFF(vmg);
}

static long merge_result(struct vma_merge_struct *vmg, struct vm_area_struct *merged)
{
	remember_merge(vmg);
	if (merged)
		return 1;
	return vmg->state == VMA_MERGE_ERROR_NOMEM ? -ENOMEM : 0;
}

WORD(vma_merge_new_range, 7)
{
	ITERATOR(vmi, a[0]);
	struct vma_merge_struct vmg = {
		.mm = &mm, .vmi = &vmi, .start = a[0], .end = a[1], .pgoff = a[3],
		.file = file_of(a[4]), .state = VMA_MERGE_START,
	};
	struct vm_area_struct *prev, *next;

	if (a[0] < a[1] && find_vma_intersection(&mm, a[0], a[1]))
		return -ENOMEM;
	vmg.vma_flags = flags_of(a[2]);
	vmg.anon_vma = anon_of(a[5]);
	next = vma_next(&vmi);
	prev = vma_prev(&vmi);
	vmg.prev = a[6] & HOW_PREV ? prev : NULL;
	vmg.next = a[6] & HOW_NEXT ? next : NULL;
	vmg.just_expand = !!(a[6] & HOW_JUST_EXPAND);
	vmg.give_up_on_oom = !!(a[6] & HOW_GIVE_UP);
	vma_iter_set(&vmi, vmg.just_expand && prev ? prev->vm_start : a[0]);
	furnish(&vmg);
	return merge_result(&vmg, vma_merge_new_range(&vmg));
}

/* The VMA at the iterator, and the one before it or, if the range begins inside, itself. */
static struct vm_area_struct *load_with_prev(struct vma_iterator *vmi, ulong start, struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = vma_iter_load(vmi);

	if (!vma)
		return NULL;
	*prev = vma_prev(vmi);
	if (start > vma->vm_start)
		*prev = vma;
	vma_iter_set(vmi, start);
	vma_iter_load(vmi);
	return vma;
}

WORD(vma_merge_existing_range, 6)
{
	ITERATOR(vmi, a[0]);
	struct vma_merge_struct vmg = {
		.mm = &mm, .vmi = &vmi, .start = a[0], .end = a[1], .pgoff = a[3],
		.file = file_of(a[4]), .state = VMA_MERGE_START,
	};
	struct vm_area_struct *prev;

	vmg.middle = load_with_prev(&vmi, a[0], &prev);
	if (!vmg.middle)
		return -EFAULT;
	if (a[1] > vmg.middle->vm_end)
		return -EINVAL;
	vmg.vma_flags = flags_of(a[2]);
	vmg.anon_vma = vmg.middle->anon_vma;
	vmg.prev = a[5] & HOW_PREV || prev == vmg.middle ? prev : NULL;
	vmg.give_up_on_oom = !!(a[5] & HOW_GIVE_UP);
	furnish(&vmg);
	return merge_result(&vmg, vma_merge_existing_range(&vmg));
}

/* May target grow to [start, end), over next if there is one and it ends there? */
static bool can_expand(struct vm_area_struct *target, struct vm_area_struct *next, ulong start, ulong end)
{
	struct vm_area_struct *above;

	if (start > target->vm_start || end < target->vm_end)
		return false;
	if (start < target->vm_start && find_vma_intersection(&mm, start, target->vm_start))
		return false;
	if (end == target->vm_end)
		return true;
	above = find_vma_intersection(&mm, target->vm_end, end);
	return !above || (above == next && end == next->vm_end &&
			  (careless || !(next->vm_ops && next->vm_ops->close)));
}

WORD(vma_expand, 6)
{
	ITERATOR(vmi, a[1]);
	struct vma_merge_struct vmg = {
		.mm = &mm, .vmi = &vmi, .start = a[1], .end = a[2], .pgoff = a[3], .state = VMA_MERGE_START,
	};

	long ret;

	vmg.target = vma_lookup(&mm, a[0]);
	if (!vmg.target)
		return -EFAULT;
	if (a[5] & HOW_NEXT) {
		VMA_ITERATOR(above, &mm, vmg.target->vm_end);

		vmg.next = vma_next(&above);
	}
	if (!can_expand(vmg.target, vmg.next, a[1], a[2]))
		return -EINVAL;
	vmg.vma_flags = flags_of(a[4]);
	furnish(&vmg);
	ret = vma_expand(&vmg);
	remember_merge(&vmg);
	return ret;
}

WORD(vma_shrink, 4)
{
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = shrinkable(&vmi, a[1], a[2]);

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	return SHRINK_VMA(&vmi, vma, a[1], a[2], a[3]);
}

static long split_at(ulong *a, int (*cut)(struct vma_iterator *, struct vm_area_struct *, ulong, int))
{
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = vma_iter_load(&vmi);

	if (!vma)
		return -EFAULT;
	if (a[0] == vma->vm_start)
		return -EINVAL;
	return cut(&vmi, vma, a[0], a[1] != 0);
}

WORD(split_vma, 2)
{
	return split_at(a, split_vma);
}

WORD(__split_vma, 2)
{
	return split_at(a, __split_vma);
}

WORD(vma_merge_extend, 2)
{
	return PTR_ERR_OR_ZERO(extend_uncounted(a));
}

WORD(copy_vma, 5)
{
	struct vm_area_struct *vma = vma_lookup(&mm, a[0]);
	bool need_rmap_locks = false;

	if (!vma || vma->vm_end < a[0] + a[1])
		return -EFAULT;
	/* What has pages, or a file, must not grow into its own copy: mremap() sees to it that it does not. */
	if ((vma->anon_vma || !vma_is_anonymous(vma)) && (a[2] == vma->vm_end || a[2] + a[1] == vma->vm_start) &&
	    !careless)
		return -EINVAL;
	if (!COPY_VMA(&vma, a[0], a[2], a[1], a[3], &need_rmap_locks, a[4] != 0))
		return -ENOMEM;
	return need_rmap_locks;
}

WORD(vma_modify_flags, 3)
{
	ITERATOR(vmi, a[0]);
	vma_flags_t want = flags_of(a[2]);
	struct vm_area_struct *prev;
	struct vm_area_struct *vma = load_with_prev(&vmi, a[0], &prev);

	if (!vma)
		return -EFAULT;
	if (a[1] > vma->vm_end)
		return -EINVAL;
	return PTR_ERR_OR_ZERO(vma_modify_flags(&vmi, prev, vma, a[0], a[1], &want));
}

WORD(vma_modify_flags_uffd, 4)
{
	ITERATOR(vmi, a[0]);
	vma_flags_t want = flags_of(a[2]);
	struct vm_area_struct *prev;
	struct vm_area_struct *vma = load_with_prev(&vmi, a[0], &prev);

	if (!vma)
		return -EFAULT;
	if (a[1] > vma->vm_end || (a[3] && (a[0] != vma->vm_start || a[1] != vma->vm_end)))
		return -EINVAL;
	return PTR_ERR_OR_ZERO(vma_modify_flags_uffd(&vmi, prev, vma, a[0], a[1], &want, new_context, a[3] != 0));
}

WORD(create_init_stack_vma, 0)
{
	struct vm_area_struct *vma;
	ulong top;

	return create_init_stack_vma(&mm, &vma, &top);
}

/* As cleanup_mm() of the harness. */
WORD(cleanup_mm, 0)
{
	struct vm_area_struct *vma;
	long count = 0;

	ITERATOR(vmi, 0);

	fail_prealloc = false;
	for_each_vma(vmi, vma) {
		vma_mark_detached(vma);
		vm_area_free(vma);
		count++;
	}
	/* Not mtree_destroy(): the tree's own lock is not used here, and a store that waited for memory leaves it held. */
	__mt_destroy(&mm.mm_mt);
	mm.map_count = 0;
	return count;
}


#ifdef HAS_ANON_PGOFF
/* Older kernels have it elsewhere. */
WORD(__install_special_mapping, 5)
{
	vm_flags_t flags = vma_flags_to_legacy(flags_of(a[2]));

	return PTR_ERR_OR_ZERO(__install_special_mapping(&mm, a[0], a[1], flags, (void *)a[3], ops_of(a[4])));
}
#endif
