/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: what kernels have differently. HAS_ANON_PGOFF is set for those whose VMAs have an offset of their
 * own for anonymous pages, from Linux 7.3 on (dev/conform/c_side.ts looks for it in the tree).
 */

#ifdef HAS_ANON_PGOFF

#define REGION_FLAGS(flags) (flags)
#define COPY_VMA(vmap, from, to, len, pgoff, locks, keep) \
	copy_vma(vmap, to, len, pgoff, __linear_anon_page_index(*(vmap), from), locks, keep)
/* Only the end of a VMA may be cut off. */
#define MAY_SHRINK(vma, start, end) ((start) == (vma)->vm_start && (end) != (vma)->vm_end)
#define SHRINK_VMA(vmi, vma, start, end, pgoff) vma_shrink(vmi, vma, end)
#define ANON_PGOFF(vma) vma_start_anon_pgoff(vma)
#define SET_ANON_PGOFF(vma, pgoff) __vma_set_anon_pgoff(vma, pgoff)
#define MERGE_ANON_PGOFF(vmg) ((vmg)->anon_pgoff)
#define SET_MERGE_ANON_PGOFF(vmg) ((vmg)->anon_pgoff = (vmg)->start >> PAGE_SHIFT)
/* That of a new VMA is that of its address. */
#define SET_PGOFF(vma, pgoff)						\
do {									\
	vma_set_pgoff(vma, pgoff);					\
	vma_set_anon_pgoff(vma, (vma)->vm_start >> PAGE_SHIFT);		\
} while (0)

#else

#define REGION_FLAGS(flags) vma_flags_to_legacy(flags)
#define COPY_VMA(vmap, from, to, len, pgoff, locks, keep) copy_vma(vmap, to, len, pgoff, locks, keep)
#define MAY_SHRINK(vma, start, end) (((start) == (vma)->vm_start) != ((end) == (vma)->vm_end))
#define SHRINK_VMA(vmi, vma, start, end, pgoff) vma_shrink(vmi, vma, start, end, pgoff)
#define ANON_PGOFF(vma) 0
#define SET_ANON_PGOFF(vma, pgoff)
#define MERGE_ANON_PGOFF(vmg) 0
#define SET_MERGE_ANON_PGOFF(vmg)
#define SET_PGOFF(vma, pgoff) ((vma)->vm_pgoff = (pgoff))

#endif
