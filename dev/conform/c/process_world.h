/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: what the functions that are taken from the tree call beside pages and files, and nothing here
 * has: locks, security, huge pages, swap, userfaultfd.
 */

/* Limits, charges and capabilities. */

static int sysctl_overcommit_memory, sysctl_overcommit_ratio = 50;
static unsigned long sysctl_overcommit_kbytes, sysctl_user_reserve_kbytes = 131072, sysctl_admin_reserve_kbytes = 8192;
static unsigned long total_swap_pages, ram_pages = 4 * 1024 * 1024;
static long vm_committed_as;
static int sysctl_legacy_va_layout;
static bool ignore_rlimit_data;

#define totalram_pages() ram_pages
#define hugetlb_total_pages() 0UL
#define percpu_counter_sum_positive(counter) max(*(counter), 0L)
#define percpu_counter_read_positive(counter) max(*(counter), 0L)
#define pr_warn_ratelimited(...) ((void)0)
#define pr_warn(...) ((void)0)

unsigned long rlimit(unsigned int limit)
{
	return current->rlim[limit].rlim_cur;
}

unsigned long rlimit_max(unsigned int limit)
{
	return current->rlim[limit].rlim_max;
}

void vm_acct_memory(long pages)
{
	vm_committed_as += pages;
}

bool capable(int cap)
{
	return current->caps & (1UL << cap);
}

int security_vm_enough_memory_mm(struct mm_struct *mm, long pages)
{
	return __vm_enough_memory(mm, pages, capable(CAP_SYS_ADMIN));
}

int security_mmap_addr(unsigned long addr)
{
	return addr < dac_mmap_min_addr && !capable(CAP_SYS_RAWIO) ? -EPERM : 0;
}

#define security_mmap_file(file, prot, flags) 0
#define security_file_mprotect(vma, reqprot, prot) 0
#define fsnotify_mmap_perm(file, prot, off, len) 0
#define audit_mmap_fd(fd, flags)

/* Locks. */

int mmap_write_lock_killable(struct mm_struct *mm)
{
	return fails("mmap_write_lock_killable") ? -EINTR : 0;
}

int mmap_read_lock_killable(struct mm_struct *mm)
{
	return fails("mmap_read_lock_killable") ? -EINTR : 0;
}

int vma_start_write_killable(struct vm_area_struct *vma)
{
	if (fails("vma_start_write_killable"))
		return -EINTR;
	vma->vm_lock_seq++;
	return 0;
}

#define mmap_read_lock(mm)
#define mmap_write_lock(mm)
#define mmap_write_lock_nested(mm, nesting)
#define lock_vma_under_rcu(mm, addr) vma_lookup(mm, addr)
#define vma_end_read(vma)
#define vma_assert_stabilised(vma)
#define rwsem_is_locked(sem) false
#define fatal_signal_pending(task) false
#define gup_signal_pending(flags) false
#define inode_lock(inode)
#define inode_unlock(inode)
#undef spin_lock
#undef spin_unlock
#define spin_lock(lock) ((void)(lock))
#define spin_unlock(lock) ((void)(lock))
#undef smp_store_release
#define smp_store_release(p, v) (*(p) = (v))
#define cond_resched()
#define untagged_addr(addr) (addr)
#define untagged_addr_remote(mm, addr) (addr)
#define restart_syscall() (-513)
#define blk_start_plug(plug)
#define blk_finish_plug(plug)
struct blk_plug { int unused; };
#define trace_vm_unmapped_area(addr, info)
#define fallthrough __attribute__((__fallthrough__))
#define abs_diff(a, b) ((a) > (b) ? (a) - (b) : (b) - (a))
#define PAGE_ALIGNED(addr) IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define PMD_SIZE (1UL << 21)
#define HPAGE_PMD_SIZE PMD_SIZE
#define SZ_4G 0x100000000UL
#define jiffies 0UL
#define HZ 100
#define time_before(a, b) ((a) < (b))
#define dump_stack()
#define task_pid_nr(task) ((task)->pid)

#define atomic_dec(v) ((v)->counter--)
#define atomic_dec_unless_positive(v) ((v)->counter > 0 ? false : ((v)->counter--, true))
#define atomic_long_read(v) ((v)->counter)
#define atomic_long_add(by, v) ((v)->counter += (by))
#define file_is_dax(file) false
#define trace_exit_mmap(mm)

/* The program that runs: nobody has one. */
#define dup_mm_exe_file(mm, oldmm)

/* References on names. */

#define kref_init(ref) refcount_set(&(ref)->refcount, 1)
#define kref_get(ref) refcount_inc(&(ref)->refcount)
#define kref_read(ref) refcount_read(&(ref)->refcount)
#define REFCOUNT_MAX INT_MAX
static void put_ref(struct kref *ref, void (*release)(struct kref *))
{
	if (refcount_dec_and_test(&ref->refcount))
		release(ref);
}
#define kref_put(ref, release) put_ref(ref, release)
#define kmalloc_flex(object, member, count) \
	(fails("anon_vma_name_alloc") ? NULL : calloc(1, sizeof(object) + (count)))

/* A name of up to max bytes with its end. */
static char *strndup_user(const char *text, long max)
{
	return strlen(text) >= max ? ERR_PTR(-EINVAL) : strdup(text);
}
#undef kfree
#define kfree(object) free(object)

/* Nothing of the kind. */

struct hstate;
#define huge_page_size(h) PAGE_SIZE
#define huge_page_mask(h) PAGE_MASK
#define huge_page_mask_align(file) 0
#define hstate_file(file) NULL
#define hstate_vma(vma) NULL
#define hstate_sizelog(log) NULL
#define HUGETLB_ANON_FILE ""
#define HUGETLB_ANONHUGE_INODE 0
#define hugetlb_file_setup(...) ERR_PTR(-EINVAL)
#define hugetlb_dup_vma_private(vma)
#define userfaultfd_armed(vma) false
#define userfaultfd_remove(vma, start, end) true
#define mremap_userfaultfd_prep(vma, uf)
#define mremap_userfaultfd_fail(uf)
#define mremap_userfaultfd_complete(...)
#define dup_userfaultfd(vma, uf) 0
#define dup_userfaultfd_complete(uf)
#define dup_userfaultfd_fail(uf)
#define NULL_VM_UFFD_CTX ((struct vm_userfaultfd_ctx) {})
#define arch_has_pfn_modify_check() false
static const struct mm_walk_ops prot_none_walk_ops;
#define VMA_DROPPABLE mk_vma_flags(VMA_DROPPABLE_BIT)
#define VMA_GROWSUP EMPTY_VMA_FLAGS
/* Macros that are taken from the tree have these in them. */
#define ARCH_VM_PKEY_FLAGS VM_NONE
#define VM_ARCH_CLEAR VM_NONE
#define mmap_rnd_bits 28
#define arch_override_mprotect_pkey(vma, prot, pkey) 0
#define mm_pkey_is_allocated(mm, pkey) ((pkey) == 0)
#define execute_only_pkey(mm) 0
#define arch_calc_vm_prot_bits(prot, pkey) 0
#define arch_calc_vm_flag_bits(file, flags) 0
#define arch_vma_access_permitted(...) true
#define arch_memory_deny_write_exec_supported() true
#define arch_mmap_check(addr, len, flags) 0
#define arch_exit_mmap(mm)
#define arch_dup_mmap(oldmm, mm) 0
#define mmu_notifier_release(mm)
#define flush_cache_mm(mm)
#define flush_cache_dup_mm(mm)
#define flush_tlb_mm(mm)
#define uprobe_dup_mmap(oldmm, mm)
#define tlb_gather_mmu_fullmm(tlb, mm) ((void)(tlb))
#define tlb_free_vmas(tlb)
#define tlb_start_vma(tlb, vma)
#define tlb_end_vma(tlb, vma)
#define khugepaged_fork(mm, oldmm)
#define vma_is_secretmem(vma) false
#define vma_is_fsdax(vma) false
#define MM_CP_TRY_CHANGE_WRITABLE 1
#define madvise_collapse(vma, start, end, lock_dropped) (-EINVAL)
#define break_ksm(vma, start, end, lock_vma) 0
#define in_32bit_syscall() false
#define in_compat_syscall() false
#define mmap_is_ia32() false
#define PF_RANDOMIZE 0x00400000
#define ADDR_COMPAT_LAYOUT 0x0200000
#define randomize_page(start, range) (start)
#define task_size_32bit() 0UL
#define __STACK_RND_MASK(is32) 0UL
#define __TASK_UNMAPPED_BASE(task_size) (PAGE_ALIGN(task_size / 3))
#define get_random_long() 0UL
static struct { int flags; unsigned long mask, bits; } va_align = { .flags = -1 };
#define get_gate_page(...) (-EFAULT)
#define flush_anon_page(vma, page, addr)
#define flush_dcache_page(page)
#define mm_set_has_pinned_flag(mm)
#define page_folio(page) NULL
#define try_grab_folio(...) 0
#define gup_put_folio(...)
struct folio;

/* What drivers ask for to be mapped: none of these does. */
#define remap_pfn_range_prepare(desc) 0
#define remap_pfn_range_complete(vma, action) 0
#define io_remap_pfn_range_prepare(desc) 0
#define simple_ioremap_prepare(desc) 0
#define map_kernel_pages_prepare(desc) 0
#define map_kernel_pages_complete(vma, action) 0

/* Shared memory. */

#define SHMEM_F_NORESERVE 1
#define VM_ACCT(size) (PAGE_ALIGN(size) >> PAGE_SHIFT)
#define SHMEM_I(inode) (inode)
#define SHMEM_HUGE_DENY (-1)
#define SHMEM_HUGE_NEVER 0
#define SHMEM_HUGE_FORCE (-2)
static int shmem_huge;
static struct { int huge; } the_shmem;
#define SHMEM_SB(sb) (&the_shmem)
static unsigned long huge_shmem_orders_always, huge_shmem_orders_within_size, huge_shmem_orders_madvise,
	huge_shmem_orders_inherit = 1 << 9;
#define highest_order(orders) 9
static struct { struct super_block *mnt_sb; } the_shm_mnt;
#define shm_mnt ((struct vfsmount *)&the_mount)
#define mnt_sb mnt_flags ? NULL : NULL
#define is_idmapped_mnt(mnt) false
static struct mnt_idmap nop_mnt_idmap;
#define ramfs_nommu_expand_for_mapping(inode, size) 0
#define clear_nlink(inode) ((inode)->i_nlink = 0)
#define iput(inode)
#define ERR_CAST(ptr) ((void *)(ptr))
#define O_RDWR 2
#define memfd_wait_for_pins(mapping) 0

/* Do pages of the VMA's file belong to a process that may write it? */
#define can_do_file_pageout(vma) ((vma)->vm_file != NULL)
static const struct mm_walk_ops swapin_walk_ops;
#define shmem_swapin_range(vma, start, end, mapping)
#define madvise_free_pte_range NULL
#define mlock_pte_range NULL
#define MMU_NOTIFY_CLEAR 0
struct mmu_notifier_range { unsigned long start, end; };
#define mmu_notifier_range_init(...)
#define mmu_notifier_invalidate_range_start(range)
#define mmu_notifier_invalidate_range_end(range)

static atomic_long_t ksm_zero_pages;

int __ksm_enter(struct mm_struct *mm)
{
	if (fails("__ksm_enter"))
		return -ENOMEM;
	mm_flags_set(MMF_VM_MERGEABLE, mm);
	return 0;
}

void __ksm_exit(struct mm_struct *mm)
{
	mm_flags_clear(MMF_VM_MERGEABLE, mm);
}

void update_hiwater_vm(struct mm_struct *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}
