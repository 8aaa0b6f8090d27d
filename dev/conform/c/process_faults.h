/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: page faults, as lib/mm/fault.ts and lib/mm/user_access.ts have them.
 */

#define FAULT_FLAG_WRITE 0x01
#define FAULT_FLAG_MKWRITE 0x02
#define FAULT_FLAG_ALLOW_RETRY 0
#define FAULT_FLAG_KILLABLE 0
#define FAULT_FLAG_INTERRUPTIBLE 0
#define FAULT_FLAG_RETRY_NOWAIT 0x08
#define FAULT_FLAG_TRIED 0x20
#define FAULT_FLAG_USER 0x40
#define FAULT_FLAG_REMOTE 0x80
#define FAULT_FLAG_UNSHARE 0x400

#define VM_FAULT_OOM 0x000001
#define VM_FAULT_SIGBUS 0x000002
#define VM_FAULT_HWPOISON 0x000010
#define VM_FAULT_HWPOISON_LARGE 0x000020
#define VM_FAULT_SIGSEGV 0x000040
#define VM_FAULT_NOPAGE 0x000100
#define VM_FAULT_RETRY 0x000400
#define VM_FAULT_FALLBACK 0x000800
#define VM_FAULT_DONE_COW 0x001000
#define VM_FAULT_COMPLETED 0x004000
#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_SIGSEGV | VM_FAULT_FALLBACK)
#define WITHOUT_PAGE (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY)

static bool mkwrite(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE;
}

static vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	return anon_vma_prepare(vmf->vma) ? VM_FAULT_OOM : 0;
}

static void map_anon(struct vm_fault *vmf, struct page *page)
{
	page->mapping = vmf->vma->anon_vma;
	page->index = __linear_anon_page_index(vmf->vma, vmf->address);
	page->anon = page->exclusive = true;
	set_entry(vmf->vma->vm_mm, vmf->address, (pte_t){ .page = page, .write = mkwrite(vmf->vma) });
}

static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t ret;

	if (vmf->vma->vm_flags & VM_SHARED)
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		set_entry(vmf->vma->vm_mm, vmf->address, (pte_t){ .page = &empty_zero_page });
		return 0;
	}
	ret = vmf_anon_prepare(vmf);
	if (ret)
		return ret;
	page = alloc_page();
	if (!page)
		return VM_FAULT_OOM;
	map_anon(vmf, page);
	return 0;
}

static void finish_fault(struct vm_fault *vmf)
{
	pte_t pte = { .page = vmf->page, .write = (vmf->flags & FAULT_FLAG_WRITE) && mkwrite(vmf->vma) };

	if (vmf->cow_page)
		map_anon(vmf, vmf->cow_page);
	else
		set_entry(vmf->vma->vm_mm, vmf->address, pte);
}

static vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);

	if (ret)
		return ret;
	vmf->cow_page = alloc_page();
	if (!vmf->cow_page)
		return VM_FAULT_OOM;
	ret = vmf->vma->vm_ops->fault(vmf);
	if (ret & (WITHOUT_PAGE | VM_FAULT_DONE_COW))
		return ret;
	vmf->cow_page->data = vmf->page->data;
	finish_fault(vmf);
	return ret;
}

static vm_fault_t do_page_mkwrite(struct vm_fault *vmf)
{
	unsigned int flags = vmf->flags;
	vm_fault_t ret;

	vmf->flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE;
	ret = vmf->vma->vm_ops->page_mkwrite(vmf);
	vmf->flags = flags;
	return ret;
}

static vm_fault_t do_file_fault(struct vm_fault *vmf)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	vm_fault_t ret;

	if (!ops->fault)
		return VM_FAULT_SIGBUS;
	if ((vmf->flags & FAULT_FLAG_WRITE) && !(vmf->vma->vm_flags & VM_SHARED))
		return do_cow_fault(vmf);
	ret = ops->fault(vmf);
	if (ret & WITHOUT_PAGE)
		return ret;
	if ((vmf->flags & FAULT_FLAG_WRITE) && ops->page_mkwrite) {
		vm_fault_t told = do_page_mkwrite(vmf);

		if (told & (VM_FAULT_ERROR | VM_FAULT_NOPAGE))
			return told;
	}
	finish_fault(vmf);
	return ret;
}

static vm_fault_t wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);
	struct page *copy;

	if (ret)
		return ret;
	copy = alloc_page();
	if (!copy)
		return VM_FAULT_OOM;
	copy->data = old ? old->data : 0;
	map_anon(vmf, copy);
	return 0;
}

static vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t *pte = pte_at(vma->vm_mm, vmf->address);
	struct page *page = pte->page;

	vmf->page = page;
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) {
		vm_fault_t ret = 0;

		if (page && vma->vm_ops && vma->vm_ops->page_mkwrite)
			ret = do_page_mkwrite(vmf);
		if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE))
			return ret;
		pte->write = mkwrite(vma);
		return 0;
	}
	if (page && page->anon && (page->exclusive || page->mapcount == 1)) {
		if (!page->exclusive)
			page->mapping = vma->anon_vma;
		page->exclusive = true;
		pte->write = mkwrite(vma);
		return 0;
	}
	return wp_page_copy(vmf, page);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address, unsigned int flags, void *regs)
{
	struct vm_fault vmf = {
		.vma = vma, .flags = flags, .address = address & PAGE_MASK, .pgoff = linear_page_index(vma, address),
	};
	pte_t *pte = pte_at(vma->vm_mm, vmf.address);
	vm_fault_t ret = 0;

	if (!pte)
		ret = vma->vm_ops ? do_file_fault(&vmf) : do_anonymous_page(&vmf);
	else if (pte->guard)
		ret = VM_FAULT_SIGSEGV;
	else if ((flags & FAULT_FLAG_WRITE) && !pte->write)
		ret = do_wp_page(&vmf);
	/* What is out of memory there is lost, and nobody dies of it. */
	if ((vma->vm_flags & VM_DROPPABLE) && (ret & VM_FAULT_OOM))
		ret &= ~VM_FAULT_OOM;
	return ret;
}

/* A program reads or writes: 0 or VM_FAULT_*. */
vm_fault_t user_fault(struct mm_struct *mm, ulong addr, bool write)
{
	struct vm_area_struct *vma;
	vm_fault_t ret;

	if (addr >= TASK_SIZE)
		return VM_FAULT_SIGSEGV;
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start > addr) {
		mmap_read_unlock(mm);
		if (!vma || !(vma->vm_flags & VM_GROWSDOWN))
			return VM_FAULT_SIGSEGV;
		if (expand_stack_locked(vma, addr)) {
			mmap_write_unlock(mm);
			return VM_FAULT_SIGSEGV;
		}
		mmap_write_downgrade(mm);
	}
	if (write ? !(vma->vm_flags & VM_WRITE) : !vma_is_accessible(vma))
		ret = VM_FAULT_SIGSEGV;
	else
		ret = handle_mm_fault(vma, addr, FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0), NULL);
	mmap_read_unlock(mm);
	return ret & VM_FAULT_ERROR;
}

