// SPDX-License-Identifier: GPL-2.0-only
/** Where things are in a process of the live side, and in one of the port. */
import { START_BRK } from '../../harness/process/processes.js';
import { DEFAULT_MAP_WINDOW, PAGE_SIZE } from '../../include/linux/mm.js';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../include/uapi/mman.js';
import { SIZE_128M } from '../../lib/arch/x86/mmap.js';

/** The number that the live side's own program has as a file of a trace. */
export const OWN_FILE = 0x10;

/** The live side's own pages are below. */
export const OWN_END = 0x500000;

/** A range that is free in every process, for addresses that are given. */
export const BASE = 0x200000000000;
/** Where the heap begins, and below which mappings go that no address is given for, where addresses are not random. */
export const HEAP = START_BRK;
export const MMAP_BASE = DEFAULT_MAP_WINDOW - SIZE_128M;

export const P = PAGE_SIZE;
export const RW = PROT_READ | PROT_WRITE;
export const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
export const FIXED = ANON | MAP_FIXED;
