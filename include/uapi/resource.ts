// SPDX-License-Identifier: GPL-2.0-only
/** Limits of a process: include/uapi/asm-generic/resource.h (Linux 7.3). */
import { ULONG_MAX } from '../linux/limits.js';

export { RLIMIT_MEMLOCK, RLIMIT_STACK } from '../linux/mm.js';

export const RLIMIT_CPU = 0;
export const RLIMIT_FSIZE = 1;
/** Bytes of private writable mappings, brk included. */
export const RLIMIT_DATA = 2;
export const RLIMIT_CORE = 4;
export const RLIMIT_RSS = 5;
export const RLIMIT_NPROC = 6;
export const RLIMIT_NOFILE = 7;
/** Bytes of address space. */
export const RLIMIT_AS = 9;
export const RLIMIT_LOCKS = 10;
export const RLIMIT_SIGPENDING = 11;
export const RLIMIT_MSGQUEUE = 12;
export const RLIMIT_NICE = 13;
export const RLIMIT_RTPRIO = 14;
export const RLIMIT_RTTIME = 15;
export const RLIM_NLIMITS = 16;

/** No limit. The largest unsigned long, as in C; here that is 2^53-1. */
export const RLIM_INFINITY = ULONG_MAX;

/** A limit: the one in force, and the one that it may be raised to. */
export interface rlimit {
  rlim_cur: number;
  rlim_max: number;
}
