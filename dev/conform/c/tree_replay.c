// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays tree traces (docs/traces.md) on the kernel's own lib/maple_tree.c, as tools/testing/vma compiles it. Where
 * the C code does not survive a state, it is put right first, as docs/traces.md says.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generated/bit-length.h"
#include "maple-shared.h"
#include <linux/maple_tree.h>
#include <linux/slab.h>
#include <linux/xarray.h>

typedef unsigned long ulong;

static struct maple_tree tree;
static struct ma_state mas;

static void *entry_of(ulong value)
{
	return value ? xa_mk_value(value) : NULL;
}

static ulong value_of(void *entry)
{
	return entry ? xa_to_value(entry) : 0;
}

static ulong limit_above(ulong limit, ulong reached)
{
	return limit <= reached ? ULONG_MAX : limit;
}

static ulong limit_below(ulong limit)
{
	return limit >= mas.index ? 0 : limit;
}

static void begin_again_forward(void)
{
	if (mas.last == ULONG_MAX)
		mas_set(&mas, 0);
}

static void begin_again_backward(void)
{
	if (mas.index == 0)
		mas_set(&mas, 0x100);
}

static long op_set(ulong *a) { mas_set(&mas, a[0]); return 0; }
static long op_range(ulong *a) { mas_set_range(&mas, a[0], a[1]); return 0; }
static long op_pause(ulong *a) { mas_pause(&mas); return 0; }
static long op_reset(ulong *a) { mas_reset(&mas); return 0; }
static long op_walk(ulong *a) { return value_of(mas_walk(&mas)); }
static long op_erase(ulong *a) { return value_of(mas_erase(&mas)); }

static long op_find(ulong *a)
{
	return value_of(mas_find(&mas, a[0] < mas.index ? ULONG_MAX : a[0]));
}

static long op_findrange(ulong *a)
{
	return value_of(mas_find_range(&mas, a[0] < mas.index ? ULONG_MAX : a[0]));
}

static long op_findrev(ulong *a)
{
	return value_of(mas_find_rev(&mas, limit_below(a[0])));
}

static long op_next(ulong *a)
{
	ulong limit = limit_above(a[0], mas.last);

	begin_again_forward();
	return value_of(mas_next(&mas, limit));
}

static long op_nextrange(ulong *a)
{
	ulong limit = limit_above(a[0], mas.last);

	begin_again_forward();
	return value_of(mas_next_range(&mas, limit));
}

static long op_prev(ulong *a)
{
	ulong limit = limit_below(a[0]);

	begin_again_backward();
	return value_of(mas_prev(&mas, limit));
}

static long op_prevrange(ulong *a)
{
	ulong limit = limit_below(a[0]);

	begin_again_backward();
	return value_of(mas_prev_range(&mas, limit));
}

static long op_store(ulong *a)
{
	mas_set_range(&mas, a[0], a[1]);
	return mas_store_gfp(&mas, entry_of(a[2]), GFP_KERNEL);
}

static long op_prealloc(ulong *a)
{
	long err;

	mas_set_range(&mas, a[0], a[1]);
	err = mas_preallocate(&mas, entry_of(a[2]), GFP_KERNEL);
	if (!err)
		mas_store_prealloc(&mas, entry_of(a[2]));
	return err;
}

static long op_unused(ulong *a)
{
	long err;

	mas_set_range(&mas, a[0], a[1]);
	err = mas_preallocate(&mas, entry_of(a[2]), GFP_KERNEL);
	mas_destroy(&mas);
	mas_reset(&mas);
	return err;
}

/* How many nodes a store may take. */
static long op_reserve(ulong *a)
{
	long err, nodes;

	mas_set_range(&mas, a[0], a[1]);
	err = mas_preallocate(&mas, entry_of(a[2]), GFP_KERNEL);
	nodes = mas.sheaf ? kmem_cache_sheaf_size(mas.sheaf) : mas.alloc != NULL;
	mas_destroy(&mas);
	mas_reset(&mas);
	return err ? err : nodes;
}

static long op_gap(ulong *a)
{
	long err;

	mas_reset(&mas);
	err = mas_empty_area(&mas, a[0], a[1], a[2]);
	if (err)
		mas_reset(&mas);
	return err;
}

static long op_gaprev(ulong *a)
{
	long err;

	mas_reset(&mas);
	err = mas_empty_area_rev(&mas, a[0], a[1], a[2]);
	if (err)
		mas_reset(&mas);
	return err;
}

static long op_load(ulong *a)
{
	return value_of(mtree_load(&tree, a[0]));
}

static void print_index(ulong index)
{
	if (index == ULONG_MAX)
		printf("max");
	else
		printf("%lx", index);
}

static long op_mtfind(ulong *a)
{
	ulong index = a[0];
	void *entry = mt_find(&tree, &index, a[1]);

	printf("at=");
	print_index(entry ? index : 0);
	printf(" ");
	return value_of(entry);
}

static const struct {
	const char *name;
	int args;
	long (*run)(ulong *a);
} operations[] = {
	{ "set", 1, op_set },		{ "range", 2, op_range },	{ "pause", 0, op_pause },
	{ "reset", 0, op_reset },	{ "walk", 0, op_walk },		{ "erase", 0, op_erase },
	{ "find", 1, op_find },		{ "findrange", 1, op_findrange }, { "findrev", 1, op_findrev },
	{ "next", 1, op_next },		{ "nextrange", 1, op_nextrange }, { "prev", 1, op_prev },
	{ "prevrange", 1, op_prevrange }, { "store", 3, op_store },	{ "prealloc", 3, op_prealloc },
	{ "unused", 3, op_unused },	{ "reserve", 3, op_reserve },	{ "gap", 3, op_gap },
	{ "gaprev", 3, op_gaprev },	{ "load", 1, op_load },		{ "mtfind", 2, op_mtfind },
};

static const char *status_name(void)
{
	switch (mas.status) {
	case ma_active: return "active";
	case ma_start: return "start";
	case ma_root: return "root";
	case ma_none: return "none";
	case ma_pause: return "pause";
	case ma_overflow: return "overflow";
	case ma_underflow: return "underflow";
	case ma_error: return "error";
	}
	return "?";
}

static void dump(void)
{
	MA_STATE(all, &tree, 0, 0);
	void *entry;

	printf("dump");
	mas_for_each(&all, entry, ULONG_MAX) {
		printf(" =");
		print_index(all.index);
		printf(" =");
		print_index(all.last);
		printf(" %lx;", value_of(entry));
	}
	printf("\n");
}

static void bad_line(int line, const char *reason)
{
	fflush(stdout);
	fprintf(stderr, "line %d: %s\n", line, reason);
	exit(2);
}

static void replay_line(char *text, int line)
{
	ulong args[3] = { 0 };
	char *name, *word, *end;
	int given = 0;
	size_t i;
	long ret;

	text[strcspn(text, "#\r\n")] = '\0';
	name = strtok(text, " \t");
	if (!name)
		return;
	while ((word = strtok(NULL, " \t"))) {
		if (given == 3)
			bad_line(line, "too many arguments");
		args[given] = strcmp(word, "max") ? strtoul(word, &end, 16) : ULONG_MAX;
		given++;
	}
	if (!strcmp(name, "dump")) {
		dump();
		return;
	}
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, name))
			continue;
		if (given != operations[i].args)
			bad_line(line, "wrong number of arguments");
		if (mas_is_err(&mas))
			mas_reset(&mas);
		ret = operations[i].run(args);
		printf("%s %s%lx index=", name, ret < 0 ? "-" : "", ret < 0 ? -ret : ret);
		print_index(mas.index);
		printf(" last=");
		print_index(mas.last);
		printf(" %s\n", status_name());
		return;
	}
	bad_line(line, "unknown operation");
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	int line = 0;

	maple_tree_init();
	mt_init_flags(&tree, MT_FLAGS_ALLOC_RANGE);
	mas_init(&mas, &tree, 0);
	while (getline(&text, &room, stdin) >= 0)
		replay_line(text, ++line);
	return 0;
}
