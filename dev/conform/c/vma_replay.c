// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays VMA traces (docs/traces.md) on the kernel's own mm/vma.c. Compiled inside a copy of tools/testing/vma, in
 * place of its main.c. The stubs are that folder's, made to tell of their calls; what the folder stubs out and the
 * kernel has is taken from the tree (dev/conform/c_side.ts).
 */
#define REPLAY_MAIN
#include "shared.h"

#include <stdarg.h>
#include <string.h>

typedef unsigned long ulong;

static void *call_cache_alloc(struct kmem_cache *cache);
static void call_cache_free(struct kmem_cache *cache, struct vm_area_struct *vma);
static int call_prealloc(struct vma_iterator *vmi, struct vm_area_struct *vma);

#define kmem_cache_alloc(cache, gfp) call_cache_alloc(cache)
#define kmem_cache_free(cache, vma) call_cache_free(cache, vma)
#include "../../../mm/vma_init.c"
#undef kmem_cache_alloc
#undef kmem_cache_free
#include "../../../mm/vma_exec.c"
#undef vma_iter_prealloc
#define vma_iter_prealloc(vmi, vma) call_prealloc(vmi, vma)
#include "../../../mm/vma.c"

int sysctl_max_map_count __read_mostly = DEFAULT_MAX_MAP_COUNT;

/* shared.c declares these two, which main.c defines. */
struct vm_area_struct *merge_existing(struct vma_merge_struct *vmg)
{
	return vma_merge_existing_range(vmg);
}

int attach_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return vma_link(mm, vma);
}

#define MAX_ARGS 7
#define MAX_WORDS 128
#define MAX_ATTRIBUTES 15

/* All words that WORD() defines, with the number of their arguments. */
static struct word {
	const char *name;
	int args;
	long (*run)(ulong *a);
} words[MAX_WORDS];
static int nr_words;

#define WORD(name_, args_)							\
static long op_##name_(ulong *a);						\
static void __attribute__((constructor)) add_##name_(void)			\
{										\
	words[nr_words++] = (struct word){ #name_, args_, op_##name_ };		\
}										\
static long op_##name_(ulong *a)

static struct mm_struct mm;
static bool quiet;
/* Are VMAs listed all the same in the answer to the word that is carried out? */
static bool shown;

#include "versions.h"
#include "declared.h"
#include "replay_files.h"

/* Of the anon_vmas that a line or a call has named so far; number 1 is the first. */
static struct anon_vma **anon_vmas;
static ulong nr_anon_vmas;

static void number_anon(struct anon_vma *anon)
{
	ulong i;

	for (i = 0; i < nr_anon_vmas; i++)
		if (anon_vmas[i] == anon)
			return;
	anon_vmas = realloc(anon_vmas, (nr_anon_vmas + 1) * sizeof(*anon_vmas));
	anon_vmas[nr_anon_vmas++] = anon;
}

static struct anon_vma *new_root_anon(void)
{
	struct anon_vma *anon = calloc(1, sizeof(*anon));

	anon->root = anon;
	return anon;
}

/* Those that have no number yet get theirs first, in the order of addresses; a number past the last makes a new one. */
static struct anon_vma *anon_of(ulong number)
{
	VMA_ITERATOR(vmi, &mm, 0);
	struct vm_area_struct *vma;

	if (!number)
		return NULL;
	for_each_vma(vmi, vma)
		if (vma->anon_vma)
			number_anon(vma->anon_vma);
	if (number > nr_anon_vmas) {
		number_anon(new_root_anon());
		number = nr_anon_vmas;
	}
	return anon_vmas[number - 1];
}

#include "world.h"
#include "taken.h"

/* What a word looks at its neighbours with, and what it asks for a merge with, as it left them; the last ones. */
static struct vma_iterator last_vmi;
static struct vma_merge_struct last_vmg;
static bool has_vmi, has_vmg;

static void remember_iterator(struct vma_iterator *vmi)
{
	last_vmi = *vmi;
	has_vmi = true;
}

static void remember_merge(struct vma_merge_struct *vmg)
{
	last_vmg = *vmg;
	has_vmg = true;
}

#define ITERATOR(name_, addr_)							\
	struct vma_iterator name_ __attribute__((cleanup(remember_iterator))) = {	\
		.mas = { .tree = &mm.mm_mt, .index = addr_, .status = ma_start },	\
	}

/* What the settings of a trace say: see settings_words.h. */
static vma_flags_t more_flags;
static struct mempolicy *new_policy;
static struct anon_vma_name *new_name;
static struct vm_userfaultfd_ctx new_context;
static bool with_uf_list, careless;
static const char *text_argument;

static vma_flags_t flags_of(ulong word)
{
	vma_flags_t flags = legacy_to_vma_flags(word);

	vma_flags_set_mask(&flags, more_flags);
	return flags;
}

static struct list_head *uf_list(void)
{
	static LIST_HEAD(list);

	return with_uf_list ? &list : NULL;
}

static void account(ulong word, long pages)
{
	vm_stat_account(&mm, word, pages);
	if (word & VM_LOCKED)
		mm.locked_vm += pages;
}

#include "everyday_words.h"
#include "kernel_words.h"
#include "set_words.h"
#include "settings_words.h"

static const char *const status_names[] = {
	[ma_active] = "active", [ma_start] = "start", [ma_root] = "root", [ma_none] = "none", [ma_pause] = "pause",
	[ma_overflow] = "overflow", [ma_underflow] = "underflow", [ma_error] = "error",
};

/* A number as calls have it. */
static void print_value(const char *name, ulong value)
{
	long is = value;

	printf(" %s=%s%lx", name, is < 0 ? "-" : "", is < 0 ? -is : is);
}

/* What an operation leaves that the sums and the list of VMAs do not show. */
static void print_left(void)
{
	int i;

	if (has_vmi) {
		printf("= iterator");
		print_value("index", last_vmi.mas.index);
		print_value("last", last_vmi.mas.last);
		printf(" status=%s\n", status_names[last_vmi.mas.status]);
	}
	if (has_vmg) {
		printf("= merge state=%d", last_vmg.state);
		print_value("start", last_vmg.start);
		print_value("end", last_vmg.end);
		print_value("pgoff", last_vmg.pgoff);
		print_value("anon_pgoff", MERGE_ANON_PGOFF(&last_vmg));
		told_len = 0;
		first_argument = true;
		call_flags(&last_vmg.vma_flags);
		printf(" flags=%.*s expand=%d quiet=%d\n", (int)told_len, told, last_vmg.just_expand,
		       last_vmg.give_up_on_oom);
		told_len = 0;
	}
	for (i = 1; i <= NR_FILES; i++) {
		int writable = atomic_read(&mappings[i].i_mmap_writable);

		if (files[i].refs || writable || mappings[i].nr_mapped)
			printf("= file%x refs=%d writable=%d mapped=%d\n", i, files[i].refs, writable,
			       mappings[i].nr_mapped);
	}
}

static void print_ops(const struct vm_operations_struct *ops)
{
	if (ops == &vma_dummy_vm_ops)
		printf(" ops=dummy");
	else
		printf(" ops=%x", ops ? (int)(ops - ops_of_kind) : 0);
}

static void print_attributes(const struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;
	int links = 0, linked = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		links++;
		linked += avc->in_tree;
	}
	told_len = 0;
	first_argument = true;
	call_flags(&vma->flags);
	printf("    flags=%.*s prot=%lx", (int)told_len, told, pgprot_val(vma->vm_page_prot));
	told_len = 0;
	print_ops(vma->vm_ops);
	print_value("anon_pgoff", ANON_PGOFF(vma));
	print_value("private", (ulong)vma->vm_private_data);
	printf(" attached=%d anon=%lx links=%d in_trees=%d marks=%x mapped=%d policy=%d name=%d context=%lx\n",
	       refcount_read(&vma->vm_refcnt), anon_id(vma->anon_vma), links, linked, vma->vm_lock_seq + 1,
	       vma->in_i_mmap, policy_id(vma->vm_policy), name_id(vma->anon_name), vma->vm_userfaultfd_ctx.ctx);
}

static void print_space(void)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, &mm, 0);

	printf("= count=%d total=%lu data=%lu exec=%lu stack=%lu locked=%lu\n", mm.map_count, mm.total_vm,
	       mm.data_vm, mm.exec_vm, mm.stack_vm, mm.locked_vm);
	if (telling)
		print_left();
	if (quiet && !shown)
		return;
	for_each_vma(vmi, vma) {
		printf("  %lx-%lx pgoff=%lx flags=%lx file=%d anon=%d\n", vma->vm_start, vma->vm_end, vma->vm_pgoff,
		       (ulong)vma->vm_flags, id_of(vma->vm_file), vma->anon_vma != NULL);
		if (telling)
			print_attributes(vma);
	}
}

static void bad_line(int line, const char *reason)
{
	fflush(stdout);
	fprintf(stderr, "line %d: %s\n", line, reason);
	exit(2);
}

static void replay_line(char *text, int line)
{
	ulong args[MAX_ARGS] = { 0 };
	char *name, *word;
	int given = 0;
	int i;
	long ret;

	text[strcspn(text, "#\r\n")] = '\0';
	name = strtok(text, " \t");
	if (!name)
		return;
	while ((word = strtok(NULL, " \t"))) {
		char *end;

		if (given == MAX_ARGS)
			bad_line(line, "too many arguments");
		if (given == 0 && !strcmp(name, "answer")) {
			text_argument = word;
			given++;
			continue;
		}
		args[given++] = strtoul(word, &end, 16);
		if (*end)
			bad_line(line, "not a hexadecimal number");
	}
	for (i = 0; i < nr_words; i++) {
		if (strcmp(words[i].name, name))
			continue;
		if (given != words[i].args)
			bad_line(line, "wrong number of arguments");
		has_vmi = has_vmg = shown = false;
		ret = words[i].run(args);
		printf("%s %s%lx\n", name, ret < 0 ? "-" : "", ret < 0 ? -ret : ret);
		print_told();
		print_space();
		return;
	}
	bad_line(line, "unknown operation");
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t room = 0;
	int line = 0;

	telling = argc > 1 && !strcmp(argv[1], "--calls");
	maple_tree_init();
	vma_state_init();
	mt_init_flags(&mm.mm_mt, MT_FLAGS_ALLOC_RANGE);
	current->mm = &mm;
	set_up_files();
	while (getline(&text, &room, stdin) >= 0)
		replay_line(text, ++line);
	return 0;
}
