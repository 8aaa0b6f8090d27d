/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: the world that the stubs tell of their calls. It prints calls where the trace asks for it, answers
 * them otherwise than the harness where the trace asks for that, and counts what is held.
 */

/* Calls of the operation that is under way, as lines. */
static char *told;
static size_t told_len, told_room;
/* Stubs that are under way within each other. */
static int depth;
static bool first_argument, told_result;

static void tell(const char *format, ...)
{
	va_list list;

	if (told_room - told_len < 512) {
		told_room = told_room * 2 + 4096;
		told = realloc(told, told_room);
	}
	va_start(list, format);
	told_len += vsnprintf(told + told_len, 512, format, list);
	va_end(list);
}

static void tell_argument(const char *format, ...)
{
	char text[256];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	tell("%s%s", first_argument ? "" : " ", text);
	first_argument = false;
}

/* Calls of a name that are to be answered: from the first on, so many; 0 is all. */
static struct answer {
	char *name;
	ulong first, count, calls;
	long value;
} *answers;
static int nr_answers;
static bool answered;
static long answer_value;

static void look_for_answer(const char *name)
{
	int i;

	answered = false;
	for (i = 0; i < nr_answers; i++) {
		struct answer *one = &answers[i];

		if (strcmp(one->name, name))
			continue;
		one->calls++;
		if (one->calls < one->first || (one->count && one->calls >= one->first + one->count))
			continue;
		answered = true;
		answer_value = one->value;
	}
}

bool call_begin(const char *name)
{
	if (depth++)
		return false;
	look_for_answer(name);
	if (!telling)
		return false;
	tell(" %s(", name);
	first_argument = true;
	told_result = false;
	return true;
}

bool call_answered(void)
{
	return depth == 1 && answered;
}

long call_answer(void)
{
	return answer_value;
}

bool call_result(void)
{
	if (depth > 1 || !telling)
		return false;
	tell(") = ");
	first_argument = true;
	told_result = true;
	return true;
}

void call_end(void)
{
	if (--depth || !telling)
		return;
	tell(told_result ? "\n" : ")\n");
}

bool hook_begin(const char *name, long *answer)
{
	look_for_answer(name);
	*answer = answer_value;
	if (telling)
		tell(" %s(", name);
	first_argument = true;
	return answered;
}

void hook_told(void)
{
	tell(")\n");
}

int hook_end(const char *name, int ret)
{
	if (telling)
		tell(" %s ends with %s%x\n", name, ret < 0 ? "-" : "", ret < 0 ? -ret : ret);
	return ret;
}

void call_vma(const struct vm_area_struct *vma)
{
	if (vma)
		tell_argument("%lx-%lx", vma->vm_start, vma->vm_end);
	else
		tell_argument("-");
}

void call_object(const void *object)
{
	tell_argument(object ? "*" : "-");
}

void call_mm(const struct mm_struct *which)
{
	tell_argument(which == &mm ? "mm" : which ? "another" : "-");
}

static void numbered(const char *kind, int number)
{
	if (number)
		tell_argument("%s%x", kind, number);
	else
		tell_argument("-");
}

void call_file(const struct file *file)
{
	numbered("file", id_of((struct file *)file));
}

static int mapping_id(const struct address_space *mapping)
{
	return mapping ? mapping - mappings : 0;
}

void call_mapping(const struct address_space *mapping)
{
	numbered("map", mapping_id(mapping));
}

/* Anon_vmas are numbered as they turn up. */
static ulong anon_id(const struct anon_vma *anon)
{
	ulong i;

	if (!anon)
		return 0;
	number_anon((struct anon_vma *)anon);
	for (i = nr_anon_vmas; anon_vmas[i - 1] != anon; i--)
		;
	return i;
}

void call_anon(const struct anon_vma *anon)
{
	numbered("anon", anon_id(anon));
}

void call_link(const struct anon_vma_chain *avc)
{
	numbered("link", avc ? anon_id(avc->anon_vma) : 0);
}

void call_tree(const struct rb_root_cached *tree)
{
	const struct address_space *mapping = (void *)((char *)tree - offsetof(struct address_space, i_mmap));

	if (mapping > mappings && mapping <= mappings + NR_FILES)
		numbered("map", mapping_id(mapping));
	else
		numbered("anon", anon_id((void *)((char *)tree - offsetof(struct anon_vma, rb_root))));
}

static struct mempolicy policies[MAX_ATTRIBUTES + 1];
static struct anon_vma_name *names[MAX_ATTRIBUTES + 1];

static struct anon_vma_name *name_of(ulong id)
{
	if (!names[id]) {
		names[id] = calloc(1, sizeof(*names[id]) + 2);
		names[id]->name[0] = id;
	}
	return names[id];
}

static int policy_id(const struct mempolicy *policy)
{
	return policy ? (int)(policy - policies) : 0;
}

static int name_id(const struct anon_vma_name *name)
{
	return name ? name->name[0] : 0;
}

void call_policy(const struct mempolicy *policy)
{
	numbered("policy", policy_id(policy));
}

void call_name(const struct anon_vma_name *name)
{
	numbered("name", name_id(name));
}

void call_word(unsigned long word)
{
	tell_argument("%lx", word);
}

void call_long(long value)
{
	tell_argument("%s%lx", value < 0 ? "-" : "", value < 0 ? -value : value);
}

/* What C wraps around is what it came from. */
void call_ulong(unsigned long value)
{
	call_long((long)value);
}

void call_flags(const vma_flags_t *flags)
{
#if NUM_VMA_FLAG_BITS > 64
	if (flags->__vma_flags[1]) {
		tell_argument("%lx%016lx", flags->__vma_flags[1], flags->__vma_flags[0]);
		return;
	}
#endif
	tell_argument("%lx", flags->__vma_flags[0]);
}

void call_flags_value(vma_flags_t flags)
{
	call_flags(&flags);
}

void call_prot(pgprot_t prot)
{
	call_word(pgprot_val(prot));
}

void call_unmap(const struct unmap_desc *unmap)
{
	call_vma(unmap->first);
	call_ulong(unmap->pg_start);
	call_ulong(unmap->pg_end);
	call_ulong(unmap->vma_start);
	call_ulong(unmap->vma_end);
	call_ulong(unmap->tree_end);
	call_ulong(unmap->tree_reset);
	call_ulong(unmap->mm_wr_locked);
}

void call_move(const struct pagetable_move_control *pmc)
{
	call_vma(pmc->old);
	call_vma(pmc->new);
	call_ulong(pmc->old_addr);
	call_ulong(pmc->old_end);
	call_ulong(pmc->new_addr);
	call_ulong(pmc->len_in);
	call_ulong(pmc->need_rmap_locks);
	call_ulong(pmc->for_stack);
}

/* The lock of a mapping or of an anon_vma. */
void call_nest_lock(struct rw_semaphore *sem)
{
	const struct address_space *mapping = (void *)((char *)sem - offsetof(struct address_space, i_mmap_rwsem));

	if (call_begin("down_write_nest_lock")) {
		if (mapping > mappings && mapping <= mappings + NR_FILES)
			numbered("map", mapping_id(mapping));
		else
			numbered("anon", anon_id((void *)((char *)sem - offsetof(struct anon_vma, rwsem))));
	}
	call_end();
}

void call_warn(const char *where)
{
	if (telling)
		tell(" WARN in %s\n", where);
}

static void print_told(void)
{
	fwrite(told, 1, told_len, stdout);
	told_len = 0;
}

void call_bug(const char *where)
{
	print_told();
	fflush(stdout);
	fprintf(stderr, "BUG in %s\n", where);
	_exit(3);
}

void call_note(void)
{
	if (telling)
		tell(" pr_warn_once()\n");
}

/* Attributes of VMAs, which the harness does not have. */

struct mempolicy *world_vma_policy(struct vm_area_struct *vma)
{
	return vma->vm_policy;
}

bool world_mpol_equal(struct mempolicy *a, struct mempolicy *b)
{
	return a == b;
}

int world_vma_dup_policy(struct vm_area_struct *src, struct vm_area_struct *dst)
{
	dst->vm_policy = src->vm_policy;
	return 0;
}

struct anon_vma_name *world_anon_vma_name(struct vm_area_struct *vma)
{
	return vma->anon_name;
}

bool world_anon_vma_name_eq(struct anon_vma_name *a, struct anon_vma_name *b)
{
	return a == b;
}

bool same_context(struct vm_area_struct *vma, unsigned long ctx)
{
	return vma->vm_userfaultfd_ctx.ctx == ctx;
}

/* What is held. */

struct file *world_get_file(struct file *f)
{
	f->refs++;
	return f;
}

void world_fput(struct file *file)
{
	file->refs--;
}

void world_mapping_rmap_tree_insert(struct vm_area_struct *vma, struct address_space *mapping)
{
	vma->in_i_mmap++;
	mapping->nr_mapped++;
}

void world_mapping_rmap_tree_remove(struct vm_area_struct *vma, struct address_space *mapping)
{
	vma->in_i_mmap--;
	mapping->nr_mapped--;
}

static struct address_space *mapping_of(struct rb_root_cached *rb)
{
	return (void *)((char *)rb - offsetof(struct address_space, i_mmap));
}

void world_vma_interval_tree_insert(struct vm_area_struct *vma, struct rb_root_cached *rb)
{
	world_mapping_rmap_tree_insert(vma, mapping_of(rb));
}

void world_vma_interval_tree_remove(struct vm_area_struct *vma, struct rb_root_cached *rb)
{
	world_mapping_rmap_tree_remove(vma, mapping_of(rb));
}

void world_anon_rmap_tree_insert(struct anon_vma_chain *avc, struct anon_vma *anon_vma)
{
	avc->in_tree++;
}

void world_anon_rmap_tree_remove(struct anon_vma_chain *avc, struct anon_vma *anon_vma)
{
	avc->in_tree--;
}

void world_anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct rb_root_cached *rb)
{
	avc->in_tree++;
}

void world_anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct rb_root_cached *rb)
{
	avc->in_tree--;
}

/* The harness's follows an anon_vma that is not there. */
void world_unlink_anon_vmas(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		vma->anon_vma->was_unlinked = true;
}

/* Page tables: all that is asked for, or as in the harness nothing. */
static bool tables_move;

unsigned long world_move_page_tables(struct pagetable_move_control *pmc)
{
	return tables_move ? pmc->len_in : 0;
}

/* What the harness declares, and other files define. */

unsigned long call_rlimit(unsigned int limit)
{
	unsigned long ret = -1UL;

	if (call_begin("rlimit"))
		call_ulong(limit);
	if (call_answered())
		ret = call_answer();
	if (call_result())
		call_ulong(ret);
	call_end();
	return ret;
}

static void *call_cache_alloc(struct kmem_cache *cache)
{
	struct vm_area_struct *vma = NULL;

	call_begin("vm_area_cache_alloc");
	if (!call_answered()) {
		vma = kmem_cache_alloc(cache, GFP_KERNEL);
		/* What vm_area_dup() leaves as it finds it. */
		memset(vma, 0, sizeof(*vma));
		vma->vm_lock_seq = UINT_MAX;
	}
	if (call_result())
		call_vma(vma);
	call_end();
	return vma;
}

static void call_cache_free(struct kmem_cache *cache, struct vm_area_struct *vma)
{
	if (call_begin("vm_area_cache_free"))
		call_vma(vma);
	kmem_cache_free(cache, vma);
	call_end();
}

static int call_prealloc(struct vma_iterator *vmi, struct vm_area_struct *vma)
{
	bool fails;

	if (fail_prealloc)
		return -ENOMEM;
	call_begin("vma_iter_prealloc_fails");
	fails = call_answered();
	if (call_result())
		call_ulong(fails);
	call_end();
	return fails ? -ENOMEM : mas_preallocate(&vmi->mas, vma, GFP_KERNEL);
}

/* Memory for nodes of trees, which can be out; the linker puts these between the tree and its allocator. */

static bool no_nodes;

void *__real_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int gfp);
struct slab_sheaf *__real_kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int size);
int __real_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf, unsigned int size);

static bool nodes_are_out(struct kmem_cache *cache, gfp_t gfp)
{
	return no_nodes && cache != vm_area_cachep && !(gfp & __GFP_NOFAIL);
}

void *__wrap_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int gfp)
{
	return nodes_are_out(cache, gfp) ? NULL : __real_kmem_cache_alloc_lru(cache, lru, gfp);
}

struct slab_sheaf *__wrap_kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int size)
{
	return nodes_are_out(cache, gfp) ? NULL : __real_kmem_cache_prefill_sheaf(cache, gfp, size);
}

int __wrap_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf, unsigned int size)
{
	return nodes_are_out(cache, gfp) ? -ENOMEM : __real_kmem_cache_refill_sheaf(cache, gfp, sheaf, size);
}

/* Page tables, for the functions that are taken from the tree. */

typedef struct { int unused; } pgd_t;
struct page { int unused; };

#define PAGE_ALIGNED(addr) (!((addr) & ~PAGE_MASK))
#define pgd_offset(mm, addr) ((pgd_t *)NULL)
#define pgd_addr_end(addr, end) (end)
#define flush_cache_range(vma, start, end)
#define pgprot_decrypted(prot) (prot)
#define io_remap_pfn_range_pfn(pfn, size) (pfn)

static int remap_p4d_range(struct mm_struct *mm, pgd_t *pgd, ulong addr, ulong end, ulong pfn, pgprot_t prot)
{
	int ret = 0;

	if (call_begin("remap_pfn_range_ptes")) {
		call_ulong(addr);
		call_ulong(pfn);
		call_ulong(end - addr);
		call_prot(prot);
	}
	if (call_answered())
		ret = call_answer();
	if (call_result())
		call_long(ret);
	call_end();
	return ret;
}

static void zap_vma_range(struct vm_area_struct *vma, ulong addr, ulong size)
{
	if (call_begin("zap_vma_range")) {
		call_vma(vma);
		call_ulong(addr);
		call_ulong(size);
	}
	call_end();
}

static int insert_pages(struct vm_area_struct *vma, ulong addr, struct page **pages, ulong *num, pgprot_t prot)
{
	int ret = 0;

	if (call_begin("insert_kernel_pages")) {
		call_vma(vma);
		call_ulong(addr);
		call_ulong(*num);
	}
	if (call_answered())
		ret = call_answer();
	if (call_result())
		call_long(ret);
	call_end();
	return ret;
}

static bool mmap_read_trylock(struct mm_struct *mm)
{
	mmap_assert_write_locked(mm);
	return false;
}
