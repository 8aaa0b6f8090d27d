/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of vma_replay.c: words that hold for the rest of a trace.
 */

WORD(failprealloc, 1)
{
	fail_prealloc = a[0] != 0;
	return 0;
}

WORD(maxmaps, 1)
{
	sysctl_max_map_count = a[0];
	return 0;
}

WORD(guardgap, 1)
{
	stack_guard_gap = a[0];
	return 0;
}

WORD(minaddr, 1)
{
	mmap_min_addr = a[0];
	return 0;
}

WORD(mdwe, 1)
{
	if (a[0])
		set_bit(MMF_HAS_MDWE, ACCESS_PRIVATE(&mm.flags, __mm_flags));
	else
		clear_bit(MMF_HAS_MDWE, ACCESS_PRIVATE(&mm.flags, __mm_flags));
	return 0;
}

WORD(quiet, 0)
{
	quiet = true;
	return 0;
}


WORD(show, 0)
{
	shown = true;
	return 0;
}

WORD(calls, 1)
{
	telling = a[0] != 0;
	return 0;
}

/* The first argument is the name. */
WORD(answer, 4)
{
	struct answer *one;

	answers = realloc(answers, (nr_answers + 1) * sizeof(*answers));
	one = &answers[nr_answers++];
	*one = (struct answer){ .name = strdup(text_argument), .first = a[1], .count = a[2], .value = a[3] };
	return 0;
}

WORD(noanswers, 0)
{
	nr_answers = 0;
	return 0;
}

WORD(careless, 1)
{
	careless = a[0] != 0;
	return 0;
}

WORD(nonodes, 1)
{
	no_nodes = a[0] != 0;
	return 0;
}

WORD(moves, 1)
{
	tables_move = a[0] != 0;
	return 0;
}

WORD(unmaplist, 1)
{
	with_uf_list = a[0] != 0;
	return 0;
}

WORD(flagbit, 2)
{
	if (a[1])
		vma_flags_set_flag(&more_flags, a[0]);
	else
		__clear_bit(a[0], more_flags.__vma_flags);
	return 0;
}

WORD(attributes, 3)
{
	new_policy = a[0] ? &policies[a[0]] : NULL;
	new_name = a[1] ? name_of(a[1]) : NULL;
	new_context.ctx = a[2];
	return 0;
}

WORD(setwritable, 2)
{
	if (!a[0])
		return -EFAULT;
	atomic_set(&mappings[a[0]].i_mmap_writable, a[1]);
	return 0;
}
