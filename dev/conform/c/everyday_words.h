/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: the everyday words of a trace; they unmap what is in the way, or count pages.
 */

WORD(mmap, 5)
{
	return __mmap_region(file_of(a[4]), a[0], a[1], flags_of(a[2]), a[3], uf_list());
}

WORD(region, 5)
{
	return mmap_region(file_of(a[4]), a[0], a[1], REGION_FLAGS(flags_of(a[2])), a[3], uf_list());
}

static long unmap(ulong start, ulong len)
{
	ITERATOR(vmi, start);

	return do_vmi_munmap(&vmi, &mm, start, len, uf_list(), false);
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
	vma_flags_t want = flags_of(word);
	ulong old = vma->vm_flags;
	struct vm_area_struct *ret;

	if (change == CHANGE_NAME) {
		ret = vma_modify_name(vmi, prev, vma, start, end, new_name);
		if (!IS_ERR(ret))
			ret->anon_name = new_name;
		return ret;
	}
	if (change == CHANGE_POLICY) {
		ret = vma_modify_policy(vmi, prev, vma, start, end, new_policy);
		if (!IS_ERR(ret))
			ret->vm_policy = new_policy;
		return ret;
	}

	ret = vma_modify_flags(vmi, prev, vma, start, end, &want);
	if (IS_ERR(ret))
		return ret;
	vma_start_write(ret);
	ret->flags = want;
	account(old, -(long)((end - start) >> PAGE_SHIFT));
	account(vma_flags_to_legacy(flags_of(word)), (end - start) >> PAGE_SHIFT);
	return ret;
}

/* The walk of mprotect() over [start, end). */
static long walk(ulong start, ulong end, enum change change, ulong word)
{
	ITERATOR(vmi, start);
	struct vm_area_struct *vma = vma_find(&vmi, end);
	struct vm_area_struct *prev;
	vma_flags_t flags = flags_of(word);
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
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = vma_iter_load(&vmi);
	struct vm_area_struct *prev, *ret;
	vma_flags_t want = flags_of(a[1]);
	ulong old, pages;

	if (!vma)
		return -EFAULT;
	prev = vma_prev(&vmi);
	vma_iter_set(&vmi, vma->vm_start);
	vma_find(&vmi, vma->vm_end);
	old = vma->vm_flags;
	pages = vma_pages(vma);
	ret = vma_modify_flags_uffd(&vmi, prev, vma, vma->vm_start, vma->vm_end, &want, new_context, a[2] != 0);
	if (IS_ERR(ret))
		return PTR_ERR(ret);
	vma_start_write(ret);
	ret->flags = want;
	ret->vm_userfaultfd_ctx = new_context;
	account(old, -(long)pages);
	account(vma_flags_to_legacy(flags_of(a[1])), pages);
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

static long brk_behind(ulong *a)
{
	ITERATOR(vmi, a[0]);

	return do_brk_flags(&vmi, vma_prev(&vmi), a[0], a[1], flags_of(a[2]));
}

WORD(brk, 3)
{
	long err = unmap(a[0], a[1]);

	return err ? err : brk_behind(a);
}

WORD(down, 1)
{
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = vma_next(&vmi);

	if (!vma)
		return -EFAULT;
	return vma->vm_start <= a[0] ? 0 : expand_downwards(vma, a[0]);
}

static struct vm_area_struct *extend_uncounted(ulong *a)
{
	ITERATOR(vmi, a[0]);
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
	new = COPY_VMA(&vma, addr, to, len, vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT), &need_rmap_locks,
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
	if (!MAY_SHRINK(vma, start, end))
		return ERR_PTR(-EINVAL);
	return vma;
}

WORD(shrink, 3)
{
	ITERATOR(vmi, a[0]);
	struct vm_area_struct *vma = shrinkable(&vmi, a[1], a[2]);
	ulong pages, word;
	long ret;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	pages = vma_pages(vma);
	word = vma->vm_flags;
	ret = SHRINK_VMA(&vmi, vma, a[1], a[2], vma->vm_pgoff + ((a[1] - vma->vm_start) >> PAGE_SHIFT));
	if (!ret)
		account(word, (long)(vma_pages(vma) - pages));
	return ret;
}

/* A new VMA for a range and file. */
static struct vm_area_struct *new_vma(ulong *a)
{
	struct vm_area_struct *vma = vm_area_alloc(&mm);

	if (!vma)
		return NULL;
	vma->vm_start = a[0];
	vma->vm_end = a[0] + a[1];
	SET_PGOFF(vma, a[3]);
	vma->flags = flags_of(a[2]);
	vma->vm_file = file_of(a[4]);
	return vma;
}

static long insert_uncounted(ulong *a)
{
	struct vm_area_struct *vma = new_vma(a);
	long ret;

	if (!vma)
		return -ENOMEM;
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
		account(vma_flags_to_legacy(flags_of(a[2])), a[1] >> PAGE_SHIFT);
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

	ITERATOR(vmi, a[0]);

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

