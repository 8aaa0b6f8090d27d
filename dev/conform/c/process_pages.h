/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: pages, as lib/mm/page_tables.ts has them. An address space has one flat
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
