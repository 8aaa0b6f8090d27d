/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What structs and stubs of the harness need before its own headers: types of the fields that dev/conform/process_side.ts
 * adds to its structs, and warnings that are told.
 */
#ifndef PROCESS_CALLS_H
#define PROCESS_CALLS_H

#include <stdbool.h>

struct mm_struct;
struct vm_area_struct;
struct file;
struct inode;
struct address_space;
struct anon_vma;
struct anon_vma_chain;
struct task_struct;
struct page;
struct pte_entry;
struct cached_page;
struct list_head;
struct mmu_gather;
struct unmap_desc;
struct rw_semaphore { int unused; };
struct rlimit { unsigned long rlim_cur, rlim_max; };
struct vfsmount { int mnt_flags; };
struct path { struct vfsmount *mnt; };
struct super_block;
struct mnt_idmap;
struct zap_details;
struct mm_walk;
struct mm_walk_ops;

/* An entry of a page table; the upper tables have none. */
typedef struct {
	struct page *page;
	bool write, guard;
} pte_t;
typedef pte_t softleaf_t;
typedef struct { int unused; } pud_t, pmd_t;

/* As on x86-64; the harness has it otherwise, and the names of two bits that are not there. */
#define VMA_DATA_DEFAULT_FLAGS VMA_DATA_FLAGS_TSK_EXEC
#define VM_EXEC_BIT VMA_EXEC_BIT
#define VM_READ_BIT VMA_READ_BIT

/* A call of the world, as dev/kernel/stub_calls.ts has it told: its name and the VMAs among its arguments. */
bool call_begin(const char *name);
void call_vma(const struct vm_area_struct *vma);
void call_end(void);
#define call_answered() false
#define call_answer() 0
#define call_result() false
#define call_mm(mm) ((void)(mm))
#define call_file(file) ((void)(file))
#define call_mapping(mapping) ((void)(mapping))
#define call_anon(anon) ((void)(anon))
#define call_link(avc) ((void)(avc))
#define call_tree(tree) ((void)(tree))
#define call_policy(policy) call_null(policy)
#define call_name(name) ((void)(name))
#define call_unmap(unmap) ((void)(unmap))
#define call_move(pmc) ((void)(pmc))
#define call_flags(flags) ((void)(flags))
#define call_flags_value(flags) ((void)(flags))
#define call_prot(prot) ((void)(prot))
#define call_word(word) ((void)(word))
#define call_ulong(value) ((void)(value))
#define call_long(value) ((void)(value))
#define call_object(object) call_null(object)
#define call_null(object) ((object) ? (void)0 : call_vma(0))

/* Reports of failed assertions; where is the function. */
void call_warn(const char *where);
void call_bug(const char *where) __attribute__((noreturn));

#undef WARN_ON
#undef WARN_ON_ONCE
#undef WARN_ONCE
#undef BUG_ON
#undef BUG
#define WARN_ON(condition) ({				\
	bool __warns = !!(condition);			\
							\
	if (__warns)					\
		call_warn(__func__);			\
	__warns;					\
})
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define WARN_ONCE(condition, ...) WARN_ON(condition)
#define BUG_ON(condition) ({ if (condition) call_bug(__func__); })
#define BUG() call_bug(__func__)

#endif
