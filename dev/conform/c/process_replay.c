// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays traces of system calls (docs/traces.md) on the kernel's own functions for them. Compiled inside a copy of
 * tools/testing/vma, in place of its main.c; what the folder does not have is taken from the tree by symbol
 * (dev/conform/process_side.ts).
 */
#include "shared.h"

#include <stdarg.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

typedef unsigned long ulong;

/* Which calls of a name are to fail, and what the hooks of a word have told. */
static bool fails(const char *name);
static void tell(const char *format, ...);

#include "taken_macros.h"
#include "taken_types.h"

/* What shared.c has, which is not linked: its current task is one for all. */
bool fail_prealloc;
unsigned long mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
unsigned long dac_mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
unsigned long stack_guard_gap = 256UL << PAGE_SHIFT;
const struct vm_operations_struct vma_dummy_vm_ops;
struct anon_vma dummy_anon_vma;
int sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;

#define MAX_PROCESSES 4096
static struct task_struct *processes[MAX_PROCESSES];
static int nr_processes, running;
static struct task_struct nobody;

struct task_struct *get_current(void)
{
	return running ? processes[running] : &nobody;
}

#define __user
#define __latent_entropy
#include "declared.h"

/* Memory for VMAs and for what the reverse map is made of. */
static void *process_alloc(struct kmem_cache *cache, size_t size);
static void process_free(struct kmem_cache *cache, void *object);
static struct kmem_cache *const vma_cache = (void *)1, *const anon_vma_cachep = (void *)2,
	*const anon_vma_chain_cachep = (void *)3;

#define kmem_cache_alloc(cache, gfp) process_alloc(vma_cache, sizeof(struct vm_area_struct))
#define kmem_cache_free(cache, object) process_free(vma_cache, object)
#include "../../../mm/vma_init.c"
#undef kmem_cache_alloc
#undef kmem_cache_free
#include "../../../mm/vma_exec.c"
#undef vma_iter_prealloc
#define vma_iter_prealloc(vmi, vma) (fails("vma_iter_prealloc") ? -ENOMEM : mas_preallocate(&(vmi)->mas, (vma), GFP_KERNEL))
#define shmem_zero_setup(vma) (fails("shmem_zero_setup") ? -ENOMEM : shmem_zero_setup(vma))
#include "../../../mm/vma.c"
#undef shmem_zero_setup
#include "../../../mm/interval_tree.c"

#define min_t(type, a, b) min((type)(a), (type)(b))
#include "process_pages.h"
#include "process_faults.h"
#include "process_walks.h"
#include "process_world.h"
#include "process_files.h"
#include "process_drivers.h"

#define CONFIG_SWAP
#define CONFIG_KSM
#define CONFIG_SHMEM
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define CONFIG_ARCH_HAS_PKEYS
#define kmem_cache_alloc(cache, gfp) process_alloc(cache, 0)
#define kmem_cache_free(cache, object) process_free(cache, object)
#include "taken.h"
#undef kmem_cache_alloc
#undef kmem_cache_free

static void *process_alloc(struct kmem_cache *cache, size_t size)
{
	struct anon_vma *anon;

	if (cache == vma_cache) {
		struct vm_area_struct *vma;

		if (fails("vm_area_alloc"))
			return NULL;
		vma = calloc(1, size);
		vma->vm_lock_seq = UINT_MAX;
		return vma;
	}
	if (cache == anon_vma_chain_cachep)
		return fails("anon_vma_chain_alloc") ? NULL : calloc(1, sizeof(struct anon_vma_chain));
	if (fails("anon_vma_alloc"))
		return NULL;
	anon = calloc(1, sizeof(*anon));
	anon->rb_root = RB_ROOT_CACHED;
	return anon;
}

static void process_free(struct kmem_cache *cache, void *object)
{
	free(object);
}

/* Failures. */

static struct failure { char *name; ulong left; } failures[256];
static int nr_failures;

static bool fails(const char *name)
{
	bool found = false;
	int i;

	/* Of two that come due at once, the first fails the call, and the other waits for the next. */
	for (i = 0; i < nr_failures && !found; i++) {
		if (strcmp(failures[i].name, name) || --failures[i].left)
			continue;
		memmove(failures + i, failures + i + 1, (nr_failures - i - 1) * sizeof(*failures));
		nr_failures--;
		found = true;
	}
	return found;
}

static bool no_nodes;

void *__real_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int gfp);
struct slab_sheaf *__real_kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int size);
int __real_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf, unsigned int size);

void *__wrap_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int gfp)
{
	return no_nodes && !(gfp & __GFP_NOFAIL) ? NULL : __real_kmem_cache_alloc_lru(cache, lru, gfp);
}

struct slab_sheaf *__wrap_kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int size)
{
	return no_nodes && !(gfp & __GFP_NOFAIL) ? NULL : __real_kmem_cache_prefill_sheaf(cache, gfp, size);
}

int __wrap_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf, unsigned int size)
{
	return no_nodes && !(gfp & __GFP_NOFAIL) ? -ENOMEM : __real_kmem_cache_refill_sheaf(cache, gfp, sheaf, size);
}

/* What is told of a word. */

static char *told;
static size_t told_len, told_room;

static void tell(const char *format, ...)
{
	va_list list;

	if (told_room - told_len < 512) {
		told_room = told_room * 2 + 4096;
		told = realloc(told, told_room);
	}
	told[told_len++] = ' ';
	va_start(list, format);
	told_len += vsnprintf(told + told_len, 256, format, list);
	va_end(list);
	told[told_len++] = '\n';
}

static bool telling, first_range;

bool call_begin(const char *name)
{
	if (!telling)
		return false;
	tell("%s(", name);
	told_len--;
	first_range = true;
	return true;
}

void call_vma(const struct vm_area_struct *vma)
{
	told_len += sprintf(told + told_len, vma ? "%s%lx-%lx" : "%s-", first_range ? "" : " ", vma ? vma->vm_start : 0,
			    vma ? vma->vm_end : 0);
	first_range = false;
}

void call_end(void)
{
	if (!telling)
		return;
	told[told_len++] = ')';
	told[told_len++] = '\n';
}

static void print_told(void)
{
	fwrite(told, 1, told_len, stdout);
	told_len = 0;
}

void call_warn(const char *where)
{
	tell("WARN in %s", where);
}

void call_bug(const char *where)
{
	print_told();
	fflush(stdout);
	fprintf(stderr, "BUG in %s\n", where);
	_exit(3);
}

#include "process_fork.h"
#include "process_words.h"
#include "process_print.h"

static void bad_line(int line, const char *reason)
{
	fflush(stdout);
	fprintf(stderr, "line %d: %s\n", line, reason);
	exit(2);
}

static const struct constant { const char *name; ulong value; } constants[] = {
#include "constants.h"
};

static ulong constant_of(const char *name, int line)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(constants); i++)
		if (!strcmp(constants[i].name, name))
			return constants[i].value;
	bad_line(line, name);
	return 0;
}

/* A number, or constants by their names, joined with |. */
static ulong value_of(char *word, int line)
{
	ulong value = 0;
	char *part, *end;

	if (!strchr(word, '_')) {
		value = strtoul(word, &end, 16);
		if (*end)
			bad_line(line, "not a hexadecimal number");
		return value;
	}
	while ((part = strsep(&word, "|")))
		value |= strchr(part, '_') ? constant_of(part, line) : strtoul(part, NULL, 16);
	return value;
}

static void replay_line(char *text, int line)
{
	union argument args[MAX_ARGS] = { 0 };
	char *name, *word, *rest;
	int given = 0, i;
	long ret;

	text[strcspn(text, "#\r\n")] = '\0';
	name = strtok_r(text, " \t", &rest);
	if (!name)
		return;
	for (i = 0; i < nr_words && strcmp(words[i].name, name); i++)
		;
	if (i == nr_words)
		bad_line(line, "unknown operation");
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (given == MAX_ARGS)
			bad_line(line, "too many arguments");
		if (words[i].text == given)
			args[given].text = word;
		else
			args[given].value = value_of(word, line);
		given++;
	}
	if (given != words[i].args)
		bad_line(line, "wrong number of arguments");
	shown = false;
	ret = words[i].run(args);
	printf("%s %s%lx\n", name, ret < 0 ? "-" : "", ret < 0 ? -ret : ret);
	print_told();
	print_processes();
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	int line = 0;

	maple_tree_init();
	vma_state_init();
	while (getline(&text, &room, stdin) >= 0)
		replay_line(text, ++line);
	return 0;
}
