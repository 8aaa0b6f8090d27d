/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: what get_user_pages() looks for, and walks of page tables.
 */

struct page *follow_page_mask(struct vm_area_struct *vma, unsigned long address, unsigned int flags,
			      unsigned long *page_mask)
{
	pte_t *pte = pte_at(vma->vm_mm, address & PAGE_MASK);

	*page_mask = 0;
	if (!pte || pte->guard)
		return NULL;
	if ((flags & FOLL_WRITE) && !pte->write)
		return NULL;
	return pte->page ?: ERR_PTR(-EEXIST);
}

/* A fault never drops the lock, so that there is nothing to try again. */
#define __get_user_pages_locked(mm, start, nr_pages, pages, locked, flags) \
	__get_user_pages(mm, start, nr_pages, flags, pages, locked)

int vm_fault_to_errno(vm_fault_t vm_fault, int foll_flags)
{
	if (vm_fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (vm_fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return (foll_flags & FOLL_HWPOISON) ? -EHWPOISON : -EFAULT;
	if (vm_fault & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV))
		return -EFAULT;
	return 0;
}

enum page_walk_lock { PGWALK_RDLOCK, PGWALK_WRLOCK, PGWALK_WRLOCK_VERIFY, PGWALK_VMA_RDLOCK_VERIFY };

struct mm_walk { struct mm_struct *mm; struct vm_area_struct *vma; void *private; int action; };
#define ACTION_CONTINUE 1

struct mm_walk_ops {
	int (*pud_entry)(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pmd_entry)(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_entry)(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*install_pte)(unsigned long addr, unsigned long next, pte_t *pte, struct mm_walk *walk);
	enum page_walk_lock walk_lock;
};

#define pudp_get(pud) (*(pud))
#define pmdp_get(pmd) (*(pmd))
#define ptep_get(pte) (*(pte))
#define pud_trans_huge(pud) 0
#define pmd_trans_huge(pmd) 0
#define softleaf_from_pte(pte) (pte)
#define softleaf_is_guard_marker(entry) ((entry).guard)
#define make_pte_marker(marker) ((pte_t){ .guard = true })
#define update_mmu_cache(vma, addr, pte)
#define pte_clear(mm, addr, pte) remove_entry(mm, pte_place(mm, addr))

/* Of each page that has an entry, or, where entries are to be made, of each. */
long walk_page_range_mm_unsafe(struct mm_struct *mm, unsigned long start, unsigned long end,
			       const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .mm = mm, .private = private };
	ulong addr;
	int ret;

	if (!ops->pte_entry && !ops->install_pte)
		return 0;
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *pte, made = { 0 };

		if (!ops->install_pte) {
			long at = pte_place(mm, addr);

			if (at == mm->nr_ptes || mm->ptes[at].addr >= end)
				break;
			addr = mm->ptes[at].addr;
		}
		pte = pte_at(mm, addr);
		if (pte) {
			ret = ops->pte_entry(pte, addr, addr + PAGE_SIZE, &walk);
		} else {
			ret = ops->install_pte(addr, addr + PAGE_SIZE, &made, &walk);
			if (!ret)
				set_entry(mm, addr, made);
		}
		if (ret)
			return ret;
	}
	return 0;
}

struct pages_of {
	struct vm_area_struct *vma;
	struct madvise_walk_private *private;
};

/* Nothing is short of memory: what is paged out stays, but for memory that may be dropped, which needs no swap. */
int age_page(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct pages_of *of = walk->private;

	if (of->private->pageout && (of->vma->vm_flags & VM_DROPPABLE) && pte->page && pte->page != &empty_zero_page)
		zap_vma_range(of->vma, addr, PAGE_SIZE);
	return 0;
}

static const struct mm_walk_ops cold_walk_ops = { .pte_entry = age_page };

int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			const struct mm_walk_ops *ops, void *private)
{
	struct pages_of of = { vma, private };

	return walk_page_range_mm_unsafe(vma->vm_mm, start, end, ops, ops == &cold_walk_ops ? &of : private);
}

int walk_page_range_vma_unsafe(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			       const struct mm_walk_ops *ops, void *private)
{
	return walk_page_range_mm_unsafe(vma->vm_mm, start, end, ops, private);
}
