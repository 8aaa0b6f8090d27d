// SPDX-License-Identifier: GPL-2.0-only
/* A selftest without fixtures, which tells its results itself. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kselftest.h"

#define SIZE (4 * 1024 * 1024)
#define NAME "a text"
#define BUG_ON(condition, description)					\
	do {								\
		if (condition)						\
			ksft_exit_fail_msg("%s:%d: %s\n", __func__,	\
					   __LINE__, description);	\
	} while (0)

static unsigned long page_size;
static int calls;

static void map_two(int prot, void **where, int *found)
{
	*where = mmap(NULL, 2 * page_size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*found = 1;
	*found += *where != MAP_FAILED;
}

static bool is_aligned(void *ptr)
{
	return ((unsigned long)ptr & (page_size - 1)) == 0;
}

static void test_mapped(bool writable)
{
	void *ptr;
	int found;

	map_two(writable ? PROT_READ | PROT_WRITE : PROT_READ, &ptr, &found);
	if (ptr == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));
	ksft_test_result(found == 2 && is_aligned(ptr), "%s: mapped\n", __func__);
	ksft_test_result(!is_aligned((char *)ptr + 8), "%s: beside it\n", __func__);
	BUG_ON(munmap(ptr, 2 * page_size), "munmap");
}

static void test_bytes(void)
{
	char *ptr = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *below = (char *)(((unsigned long)ptr + SIZE / 2) & ~(page_size - 1));

	BUG_ON(ptr == MAP_FAILED, "mmap");
	memset(below, 'q', page_size);
	ksft_test_result(below[page_size - 1] == 'q' && memchr(below, 'q', 1) == below, "bytes\n");
	if (memcmp(below, below + 1, 8))
		ksft_test_result_fail("%s at %d\n", __func__, 8);
	else
		ksft_test_result_pass("all alike\n");
	munmap(ptr, SIZE);
}

static void test_calls(int times)
{
	calls++;
	if (times == 2) {
		ksft_test_result_skip("not twice\n");
		return;
	}
	ksft_test_result(calls >= 1 && times == 1, "called\n");
}

static void test_wrong(void)
{
	ksft_test_result(page_size == 1, "it is not\n");
}

static void test_text(void)
{
	ksft_test_result_pass(NAME);
}

int main(void)
{
	int last;

	ksft_print_header();
	ksft_set_plan(10);
	page_size = sysconf(_SC_PAGESIZE);

	test_mapped(false);
	test_mapped(true);
	test_bytes();
	test_calls(1);
	test_calls(2);
	test_calls(1);
	test_wrong();
	test_text();
	last = getpid();
	if (last)
		test_calls(1);

	ksft_finished();
}
