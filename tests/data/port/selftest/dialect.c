// SPDX-License-Identifier: GPL-2.0-only
/* A selftest with what the translator has rules for, and with what it has not. */
#define _GNU_SOURCE
#include "kselftest_harness.h"
#include <sys/mman.h>
#include "vm_util.h"

#define PAGES 4
#define TWICE(x) ((x) * 2)

#ifndef PROT_READ
#define PROT_READ 1
#endif

enum kind {
	FIRST,
	SECOND = 5,
	THIRD,
};

static volatile sig_atomic_t armed;
static sigjmp_buf buffer;

FIXTURE(room)
{
	unsigned int page_size;
	char *start;
	int calls;
	struct procmap_fd procmap;
};

FIXTURE_VARIANT(room)
{
	enum kind kind;
	bool shared;
	unsigned long size;
};

FIXTURE_VARIANT_ADD(room, small)
{
	.kind = SECOND,
	.size = 2,
};

FIXTURE_VARIANT_ADD(room, large)
{
	.kind = THIRD,
	.shared = true,
	.size = 8,
};

static void handle(int signal)
{
	if (!armed)
		return;
	siglongjmp(buffer, signal);
}

/* Can the byte be written? */
static bool can_write(char *ptr)
{
	bool failed;

	armed = true;
	failed = sigsetjmp(buffer, 0) != 0;
	if (!failed)
		*ptr = 'x';
	armed = false;
	return !failed;
}

static char *map(FIXTURE_DATA(room) *self, const FIXTURE_VARIANT(room) *variant, size_t pages, int prot)
{
	int flags = MAP_ANON;

	flags |= variant->shared ? MAP_SHARED : MAP_PRIVATE;
	self->calls++;
	return mmap(NULL, pages * self->page_size, prot, flags, -1, 0);
}

static int count(struct __test_metadata *const _metadata, const char *what, int most)
{
	int i, found = 0;

	for (i = 0; i < most; i++) {
		if (i % 2 == 0)
			continue;
		found += i;
	}
	ASSERT_STRNE(what, "nothing");
	return found;
}

static int has_no_rule(int n)
{
	static const int table[] = { 1, 2, 3 };

	return table[n];
}

FIXTURE_SETUP(room)
{
	struct sigaction act = {
		.sa_handler = &handle,
		.sa_flags = SA_NODEFER,
	};

	self->page_size = psize();
	sigemptyset(&act.sa_mask);
	if (sigaction(SIGSEGV, &act, NULL))
		ksft_exit_fail_perror("sigaction");
	self->start = map(self, variant, variant->size, PROT_READ | PROT_WRITE);
	ASSERT_NE(self->start, MAP_FAILED) {
		TH_LOG("no room for %lu pages", variant->size);
	}
	ASSERT_EQ(open_self_procmap(&self->procmap), 0);
}

FIXTURE_TEARDOWN(room)
{
	ASSERT_EQ(munmap(self->start, variant->size * self->page_size), 0);
	ASSERT_EQ(close_procmap(&self->procmap), 0);
}

TEST_F(room, mapped)
{
	struct procmap_fd *procmap = &self->procmap;
	unsigned long size = variant->size * self->page_size;
	char *last = &self->start[size - 1];

	ASSERT_TRUE(find_vma_procmap(procmap, self->start));
	ASSERT_EQ(procmap->query.vma_start, (unsigned long)self->start);
	ASSERT_LE(procmap->query.vma_start + size, procmap->query.vma_end);
	ASSERT_EQ(*last, '\0');
	last[0] = 'a' + 1;
	ASSERT_EQ(*last, 'b');
	*last = 200;
	ASSERT_LT(*last, 0);
	EXPECT_EQ(self->calls, 1);
}

TEST_F(room, kinds)
{
	switch (variant->kind) {
	case FIRST:
		ASSERT_TRUE(false);
		break;
	case SECOND:
		ASSERT_FALSE(variant->shared);
		break;
	default:
		ASSERT_TRUE(variant->shared);
		break;
	}
	if (variant->size == 2)
		SKIP(return, "two pages are too few");
	else if (variant->size < PAGES)
		ASSERT_TRUE(false);
	ASSERT_EQ(variant->size % 3 == 2 ? variant->size << 1 : 0, 16);
}

TEST_F(room, signals)
{
	unsigned int i;

	ASSERT_TRUE(can_write(self->start));
	ASSERT_EQ(mprotect(self->start, self->page_size, PROT_READ), 0);
	ASSERT_FALSE(can_write(self->start));
	for (i = 1; i < variant->size; i++) {
		char *curr = &self->start[i * self->page_size];

		ASSERT_TRUE(can_write(curr));
	}
	ASSERT_EQ(madvise(self->start + 1, 1, 0), -1);
	ASSERT_EQ(errno, EINVAL);
}

TEST_F(room, forks)
{
	int status = 0;
	pid_t pid;

	self->start[0] = 'p';
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		/* Private memory is the child's own from here on. */
		self->start[0] = 'c';
		exit(variant->kind);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(WEXITSTATUS(status), variant->kind);
	ASSERT_EQ(self->start[0], variant->shared ? 'c' : 'p');
}

TEST(alone)
{
	unsigned long most = ~0UL;
	int n = 10;

	ASSERT_EQ(count(_metadata, "odd", n), 25);
	do {
		n -= 3;
	} while (n > 0);
	ASSERT_EQ(n, -2);
	while (n)
		n++;
	ASSERT_EQ(syscall(__NR_mseal, NULL, 0, ~0UL), -1);
	ASSERT_EQ(errno, EINVAL);
	ASSERT_EQ(most, ~0UL);
}

TEST(numbers)
{
	const unsigned long long mask = 0xff;
	int page = getpagesize();

	ASSERT_EQ((page / 16) & mask, 0);
	ASSERT_NE(page | 1, page);
	ASSERT_EQ(-page / 3 % 10, -5) TH_LOG("it is not");
}

TEST(fails)
{
	EXPECT_EQ(1, 2);
	ASSERT_EQ(1, 1);
}

TEST(comes_to_what_has_no_rule)
{
	ASSERT_EQ(getpagesize(), 4096);
	ASSERT_EQ(has_no_rule(1), 2);
}

TEST(never_comes_to_it)
{
	if (getpagesize() == 8192)
		ASSERT_EQ(has_no_rule(1), 2);
}

TEST(wraps)
{
	unsigned int n = rand();

	ASSERT_EQ(n * 4096 / 4096, n);
}

TEST(macro)
{
	ASSERT_EQ(TWICE(2), 4);
}

#ifdef __aarch64__
TEST(elsewhere)
{
	ASSERT_TRUE(false);
}
#endif

TEST_SIGNAL(dies, SIGSEGV)
{
	char *nowhere = NULL;

	*nowhere = 'x';
}

TEST_HARNESS_MAIN
