/* SPDX-License-Identifier: GPL-2.0-only */
/* What dialect.c needs of the kernel's vm_util.h, for C without the kernel's own headers. */
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_mseal
#define __NR_mseal 462
#endif

#define ksft_exit_fail_perror(what) exit(1)

struct procmap_query {
	unsigned long query_addr;
	unsigned long query_flags;
	unsigned long vma_start;
	unsigned long vma_end;
};

struct procmap_fd {
	int fd;
	struct procmap_query query;
};

static inline unsigned int psize(void)
{
	return getpagesize();
}

static inline int open_self_procmap(struct procmap_fd *procmap)
{
	procmap->fd = 0;
	return 0;
}

static inline int close_procmap(struct procmap_fd *procmap)
{
	procmap->fd = -1;
	return 0;
}

static inline bool find_vma_procmap(struct procmap_fd *procmap, void *address)
{
	unsigned long at = (unsigned long)address, start, end;
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		found = start <= at && at < end;
		if (found) {
			procmap->query.vma_start = start;
			procmap->query.vma_end = end;
		}
	}
	if (maps)
		fclose(maps);
	return found;
}
