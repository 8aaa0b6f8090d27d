/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: pages, as lib/mm/page_tables.ts and lib/mm/fault.ts have them. An address space has one flat
 * table, sorted by address, and a page one byte of content.
 */

struct page {
	void *mapping;
	pgoff_t index;
	int mapcount;
	bool anon, exclusive;
	unsigned int data;
};

struct pte_entry {
	ulong addr;
	pte_t pte;
};

static struct page empty_zero_page;

/* Where the entry of an address is, or would be. */
long pte_place(struct mm_struct *mm, ulong addr)
{
	long low = 0, high = mm->nr_ptes;

	while (low < high) {
		long middle = (low + high) / 2;

		if (mm->ptes[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

pte_t *pte_at(struct mm_struct *mm, ulong addr)
{
	long at = pte_place(mm, addr);

	return at < mm->nr_ptes && mm->ptes[at].addr == addr ? &mm->ptes[at].pte : NULL;
}

void count_entry(pte_t pte, int by)
{
	if (pte.page && pte.page != &empty_zero_page)
		pte.page->mapcount += by;
}

void set_entry(struct mm_struct *mm, ulong addr, pte_t pte)
{
	long at = pte_place(mm, addr);

	if (at < mm->nr_ptes && mm->ptes[at].addr == addr) {
		count_entry(mm->ptes[at].pte, -1);
	} else {
		if (mm->nr_ptes == mm->room_ptes) {
			mm->room_ptes = mm->room_ptes * 2 + 16;
			mm->ptes = realloc(mm->ptes, mm->room_ptes * sizeof(*mm->ptes));
		}
		memmove(mm->ptes + at + 1, mm->ptes + at, (mm->nr_ptes - at) * sizeof(*mm->ptes));
		mm->nr_ptes++;
		mm->ptes[at].addr = addr;
	}
	count_entry(pte, 1);
	mm->ptes[at].pte = pte;
}

void remove_entry(struct mm_struct *mm, long at)
{
	mm->nr_ptes--;
	memmove(mm->ptes + at, mm->ptes + at + 1, (mm->nr_ptes - at) * sizeof(*mm->ptes));
}

/* Which entries of a range are dropped: all, all but guards, or all but guards and private copies of a file's pages. */
enum zap { ZAP_ALL, ZAP_PAGES, ZAP_SHARED };

void zap_entries(struct mm_struct *mm, ulong start, ulong end, enum zap zap)
{
	long from = pte_place(mm, start), to = from, at;

	for (at = from; at < mm->nr_ptes && mm->ptes[at].addr < end; at++) {
		pte_t pte = mm->ptes[at].pte;

		if ((pte.guard && zap != ZAP_ALL) || (zap == ZAP_SHARED && pte.page && pte.page->anon))
			mm->ptes[to++] = mm->ptes[at];
		else
			count_entry(pte, -1);
	}
	memmove(mm->ptes + to, mm->ptes + at, (mm->nr_ptes - at) * sizeof(*mm->ptes));
	mm->nr_ptes -= at - to;
}

void zap_vma_range(struct vm_area_struct *vma, ulong address, ulong size)
{
	zap_entries(vma->vm_mm, address, address + size, ZAP_PAGES);
}

struct zap_details { bool reclaim_pt; };

void zap_vma_range_batched(struct mmu_gather *tlb, struct vm_area_struct *vma, ulong address, ulong size,
			   struct zap_details *details)
{
	zap_vma_range(vma, address, size);
}

void unmap_vmas(struct mmu_gather *tlb, struct unmap_desc *unmap)
{
	zap_entries(unmap->first->vm_mm, unmap->vma_start, unmap->vma_end, ZAP_ALL);
}

struct page *alloc_page(void)
{
	return fails("alloc_page") ? NULL : calloc(1, sizeof(struct page));
}

/* A fork. */
int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	struct mm_struct *dst = dst_vma->vm_mm, *src = src_vma->vm_mm;
	bool is_cow = vma_is_cow_mapping(src_vma);
	long at;

	if (fails("copy_page_range"))
		return -ENOMEM;
	if (!(dst_vma->vm_flags & VM_COPY_ON_FORK) && !src_vma->anon_vma)
		return 0;
	for (at = pte_place(src, src_vma->vm_start); at < src->nr_ptes && src->ptes[at].addr < src_vma->vm_end; at++) {
		pte_t *pte = &src->ptes[at].pte;

		if (is_cow)
			pte->write = false;
		if (pte->page && pte->page->anon)
			pte->page->exclusive = false;
		set_entry(dst, src->ptes[at].addr, *pte);
	}
	return 0;
}

long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, ulong start, ulong end, ulong cp_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	long at, pages = 0;

	for (at = pte_place(mm, start); at < mm->nr_ptes && mm->ptes[at].addr < end; at++) {
		pte_t *pte = &mm->ptes[at].pte;

		if (pte->guard)
			continue;
		if (!(vma->vm_flags & VM_WRITE))
			pte->write = false;
		pages++;
	}
	return pages;
}

static void move_entries(struct mm_struct *mm, ulong from, ulong end, ulong to)
{
	long first = pte_place(mm, from), count = pte_place(mm, end) - first, i;
	struct pte_entry *moved = malloc((count + 1) * sizeof(*moved));

	memcpy(moved, mm->ptes + first, count * sizeof(*moved));
	mm->nr_ptes -= count;
	memmove(mm->ptes + first, mm->ptes + first + count, (mm->nr_ptes - first) * sizeof(*mm->ptes));
	for (i = 0; i < count; i++) {
		set_entry(mm, moved[i].addr - from + to, moved[i].pte);
		count_entry(moved[i].pte, -1);
	}
	free(moved);
}

/* Or, out of memory, half of them. */
unsigned long move_page_tables(struct pagetable_move_control *pmc)
{
	ulong len = pmc->len_in;

	if (fails("move_page_tables"))
		len = PAGE_ALIGN_DOWN(len / 2);
	move_entries(pmc->old->vm_mm, pmc->old_addr, pmc->old_addr + len, pmc->new_addr);
	return len;
}

/* Faults. */

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

/* What get_user_pages() looks for, and walks of page tables. */

struct follow_page_context;

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
