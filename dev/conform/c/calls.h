/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that the code under test makes of the world, as the stubs tell of them (dev/kernel/stub_calls.ts puts this header
 * before the harness's own). world.h has the other side.
 */
#ifndef REPLAY_CALLS_H
#define REPLAY_CALLS_H

#include <stdbool.h>

struct mm_struct;
struct vm_area_struct;
struct file;
struct address_space;
struct anon_vma;
struct anon_vma_chain;
struct anon_vma_name;
struct rb_root_cached;
struct mempolicy;
struct unmap_desc;
struct pagetable_move_control;
struct vm_userfaultfd_ctx;
struct rw_semaphore { int unused; };

/* A stub is called. True when its arguments are to be told; calls that it makes itself are not. */
bool call_begin(const char *name);
/* Is the call to answer what the trace says, and what? */
bool call_answered(void);
long call_answer(void);
/* The call returns something. True when it is to be told. */
bool call_result(void);
void call_end(void);

/*
 * A hook is called: told when it begins and, unless it returns nothing, when it ends. True when the trace says what it
 * answers, which is put into answer.
 */
bool hook_begin(const char *name, long *answer);
void hook_told(void);
int hook_end(const char *name, int ret);

/* An argument, by what it is. */
void call_vma(const struct vm_area_struct *vma);
void call_mm(const struct mm_struct *mm);
void call_file(const struct file *file);
void call_mapping(const struct address_space *mapping);
void call_anon(const struct anon_vma *anon);
void call_link(const struct anon_vma_chain *avc);
void call_tree(const struct rb_root_cached *tree);
void call_policy(const struct mempolicy *policy);
void call_name(const struct anon_vma_name *name);
void call_unmap(const struct unmap_desc *unmap);
void call_move(const struct pagetable_move_control *pmc);
void call_flags(const vma_flags_t *flags);
void call_flags_value(vma_flags_t flags);
void call_prot(pgprot_t prot);
void call_word(unsigned long word);
void call_ulong(unsigned long value);
void call_long(long value);
void call_object(const void *object);
#define call_uffd(ctx_) call_ulong((ctx_).ctx)

/* Stubs that do more here than the harness's: attributes of VMAs, and counts of what is held. */
struct mempolicy *world_vma_policy(struct vm_area_struct *vma);
bool world_mpol_equal(struct mempolicy *a, struct mempolicy *b);
int world_vma_dup_policy(struct vm_area_struct *src, struct vm_area_struct *dst);
struct anon_vma_name *world_anon_vma_name(struct vm_area_struct *vma);
bool world_anon_vma_name_eq(struct anon_vma_name *a, struct anon_vma_name *b);
#define world_is_mergeable_vm_userfaultfd_ctx(vma, vm_ctx) same_context(vma, (vm_ctx).ctx)
bool same_context(struct vm_area_struct *vma, unsigned long ctx);
struct file *world_get_file(struct file *f);
void world_fput(struct file *file);
void world_vma_interval_tree_insert(struct vm_area_struct *vma, struct rb_root_cached *rb);
void world_vma_interval_tree_remove(struct vm_area_struct *vma, struct rb_root_cached *rb);
void world_anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct rb_root_cached *rb);
void world_anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct rb_root_cached *rb);
void world_mapping_rmap_tree_insert(struct vm_area_struct *vma, struct address_space *mapping);
void world_mapping_rmap_tree_remove(struct vm_area_struct *vma, struct address_space *mapping);
void world_anon_rmap_tree_insert(struct anon_vma_chain *avc, struct anon_vma *anon_vma);
void world_anon_rmap_tree_remove(struct anon_vma_chain *avc, struct anon_vma *anon_vma);
void world_unlink_anon_vmas(struct vm_area_struct *vma);

unsigned long world_move_page_tables(struct pagetable_move_control *pmc);

void call_nest_lock(struct rw_semaphore *sem);

/* Reports of failed assertions; where is the function. */
void call_warn(const char *where);
void call_bug(const char *where) __attribute__((noreturn));
void call_note(void);

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

/* What the harness declares, and shared.c defines. */
#ifdef REPLAY_MAIN
#define rlimit call_rlimit
#endif

#endif
