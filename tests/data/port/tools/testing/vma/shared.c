// SPDX-License-Identifier: GPL-2.0-only

/* Not in the harness: the port has to bring it along. */
unsigned long pages_mapped(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long pages = 0;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma)
		pages += vma_pages(vma);
	return pages;
}
