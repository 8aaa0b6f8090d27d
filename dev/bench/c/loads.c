// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loads of dev/bench/loads.ts on the kernel's own code: `loads LOAD N OPERATIONS` prints nanoseconds per operation
 * and bytes of heap per VMA. Compiled in place of the main.c of tools/testing/vma.
 */
#include "shared.h"

#include "../../../mm/vma_init.c"
#include "../../../mm/vma_exec.c"
#include "../../../mm/vma.c"

#include <malloc.h>
#include <string.h>
#include <time.h>

int sysctl_max_map_count __read_mostly = DEFAULT_MAX_MAP_COUNT;

struct vm_area_struct *merge_existing(struct vma_merge_struct *vmg)
{
	return vma_merge_existing_range(vmg);
}

int attach_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return vma_link(mm, vma);
}

#define BASE 0x10000000UL
#define SIZE 0x4000UL

static struct mm_struct mm;
static vma_flags_t flags[2];
static unsigned int state = 12345;

static unsigned int next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void map(unsigned long k)
{
	unsigned long addr = BASE + k * SIZE;

	__mmap_region(NULL, addr, SIZE, flags[k & 1], addr >> PAGE_SHIFT, NULL);
}

static void churn(unsigned long k)
{
	unsigned long addr = BASE + k * SIZE;
	VMA_ITERATOR(vmi, &mm, addr);

	do_vmi_munmap(&vmi, &mm, addr, SIZE, NULL, false);
	map(k);
}

static void change(unsigned long start, unsigned long end, vma_flags_t to)
{
	VMA_ITERATOR(vmi, &mm, start);
	struct vm_area_struct *vma = vma_find(&vmi, end);
	struct vm_area_struct *prev = vma_prev(&vmi);
	unsigned long nstart = start;

	if (start > vma->vm_start)
		prev = vma;
	vma_iter_set(&vmi, start > vma->vm_start ? start : vma->vm_start);
	while ((vma = vma_find(&vmi, end))) {
		unsigned long tmp = vma->vm_end < end ? vma->vm_end : end;

		if (vma->vm_start > nstart)
			nstart = vma->vm_start;
		if (vma_flags_same_mask(&vma->flags, to)) {
			prev = vma;
			nstart = tmp;
		} else {
			vma_flags_t want = to;

			prev = vma_modify_flags(&vmi, prev, vma, nstart, tmp, &want);
			vma_start_write(prev);
			prev->flags = want;
			nstart = prev->vm_end;
		}
		vma_iter_set(&vmi, nstart);
		if (nstart >= end)
			break;
	}
}

static void protect(unsigned long k)
{
	unsigned long addr = BASE + k * SIZE;

	change(addr, addr + PAGE_SIZE, flags[!(k & 1)]);
	change(addr, addr + PAGE_SIZE, flags[k & 1]);
}

static unsigned long found;

static void lookup(unsigned long k)
{
	found += (unsigned long)vma_lookup(&mm, BASE + k * SIZE + 0x1000);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	void (*run)(unsigned long k) = !strcmp(argv[1], "churn") ? churn : !strcmp(argv[1], "protect") ? protect : lookup;
	unsigned long n = strtoul(argv[2], NULL, 10);
	unsigned long operations = strtoul(argv[3], NULL, 10);
	unsigned long i;
	size_t before;
	double began;

	maple_tree_init();
	vma_state_init();
	mt_init_flags(&mm.mm_mt, MT_FLAGS_ALLOC_RANGE);
	current->mm = &mm;
	sysctl_max_map_count = 1 << 30;
	flags[1] = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);
	flags[0] = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT);

	before = mallinfo2().uordblks;
	for (i = 0; i < n; i++)
		map(i);
	before = mallinfo2().uordblks - before;

	began = now();
	for (i = 0; i < operations; i++)
		run(next_random() % n);
	printf("%.1f %.1f\n", (now() - began) / operations, (double)before / n);
	return found == 1;
}
