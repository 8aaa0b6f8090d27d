/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of process_replay.c: address spaces of processes, as tools/replay/process_text.ts tells them. */

static int nr_anons, nr_files;

static int anon_number(struct anon_vma *anon)
{
	if (anon && !anon->number)
		anon->number = ++nr_anons;
	return anon ? anon->number : 0;
}

static int file_number(struct file *file)
{
	struct address_space *mapping = file ? file->f_mapping : NULL;

	if (mapping && !mapping->number)
		mapping->number = ++nr_files;
	return mapping ? mapping->number : 0;
}

static void print_name(const struct anon_vma_name *name)
{
	const char *c;

	printf(" name=");
	if (!name)
		printf("-");
	for (c = name ? name->name : ""; *c; c++) {
		/* What encodeURIComponent() leaves. */
		if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
		    strchr("-_.!~*'()", *c))
			putchar(*c);
		else
			printf("%%%02X", *c);
	}
}

static void page_text(pte_t pte, char *text)
{
	if (pte.guard)
		strcpy(text, "g");
	else if (!pte.page)
		strcpy(text, pte.write ? "pw" : "p");
	else if (pte.page == &empty_zero_page)
		strcpy(text, pte.write ? "zw" : "z");
	else
		sprintf(text, "%x%s", pte.page->data, pte.write ? "w" : "");
}

/* Pages beside each other that are alike are told together. */
static void print_pages(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	ulong first = 0, last = 0;
	char what[16] = "", now[16];
	bool any = false;
	long at;

	for (at = pte_place(mm, vma->vm_start); at < mm->nr_ptes && mm->ptes[at].addr < vma->vm_end; at++) {
		ulong page = PHYS_PFN(mm->ptes[at].addr - vma->vm_start);

		page_text(mm->ptes[at].pte, now);
		if (any && page == last + 1 && !strcmp(what, now)) {
			last = page;
			continue;
		}
		if (any && last > first)
			printf("-%lx", last);
		if (any)
			printf(":%s", what);
		printf(any ? " %lx" : "    pages %lx", page);
		any = true;
		first = last = page;
		strcpy(what, now);
	}
	if (any && last > first)
		printf("-%lx", last);
	if (any)
		printf(":%s\n", what);
}

static void print_flags(const vma_flags_t *flags)
{
#if NUM_VMA_FLAG_BITS > 64
	if (flags->__vma_flags[1]) {
		printf("%lx%016lx", flags->__vma_flags[1], flags->__vma_flags[0]);
		return;
	}
#endif
	printf("%lx", flags->__vma_flags[0]);
}

static void print_vma(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;
	const char *comma = "";
	long pgoff;

	printf("  %lx-%lx pgoff=%lx flags=", vma->vm_start, vma->vm_end, vma->vm_pgoff);
	print_flags(&vma->flags);
	printf(" file=%d anon=%d\n", file_number(vma->vm_file), vma->anon_vma != NULL);
	/* Links are numbered before the anon_vma itself is. */
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		anon_number(avc->anon_vma);
	pgoff = vma_start_anon_pgoff(vma);
	printf("    prot=%lx anon_pgoff=%s%lx anon=%x links=", pgprot_val(vma->vm_page_prot), pgoff < 0 ? "-" : "",
	       pgoff < 0 ? -pgoff : pgoff, anon_number(vma->anon_vma));
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		printf("%s%x", comma, anon_number(avc->anon_vma));
		comma = ",";
	}
	printf(*comma ? "" : "-");
	print_name(vma->anon_name);
	printf("\n");
	print_pages(vma);
}

static void print_space(int number)
{
	struct task_struct *task = number ? processes[number] : NULL;
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	if (!task || !task->mm)
		return;
	mm = task->mm;
	printf("= count=%d total=%lu data=%lu exec=%lu stack=%lu locked=%lu process=%x brk=%lx-%lx hiwater=%lu committed=%ld",
	       mm->map_count, mm->total_vm, mm->data_vm, mm->exec_vm, mm->stack_vm, mm->locked_vm, number,
	       mm->start_brk, mm->brk, mm->hiwater_vm, vm_committed_as);
	printf(" defaults=");
	print_flags(&mm->def_vma_flags);
	printf(" modes=%s%s%s%s%s%s\n", mm_flags_test(MMF_HAS_MDWE, mm) ? "m" : "",
	       mm_flags_test(MMF_HAS_MDWE_NO_INHERIT, mm) ? "i" : "", mm_flags_test(MMF_VM_MERGE_ANY, mm) ? "k" : "",
	       mm_flags_test(MMF_DISABLE_THP_COMPLETELY, mm) ? "t" : "",
	       mm_flags_test(MMF_DISABLE_THP_EXCEPT_ADVISED, mm) ? "a" : "",
	       mm->flags.__mm_flags[0] & (BIT(MMF_HAS_MDWE) | BIT(MMF_HAS_MDWE_NO_INHERIT) | BIT(MMF_VM_MERGE_ANY) |
					  BIT(MMF_DISABLE_THP_COMPLETELY) | BIT(MMF_DISABLE_THP_EXCEPT_ADVISED)) ?
	       "" : "-");
	if (quiet && !shown)
		return;
	{
		VMA_ITERATOR(vmi, mm, 0);

		for_each_vma(vmi, vma)
			print_vma(vma);
	}
}

static void print_processes(void)
{
	int i;

	if (!shown) {
		print_space(running);
		return;
	}
	for (i = 1; i <= nr_processes; i++)
		print_space(i);
}
