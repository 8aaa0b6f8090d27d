// SPDX-License-Identifier: GPL-2.0-only
/** What belongs to a process: its limits and capabilities. From include/linux/sched/signal.h (Linux 7.3). */
import { RLIM_INFINITY, RLIM_NLIMITS, RLIMIT_MEMLOCK, RLIMIT_STACK, type rlimit } from '../uapi/resource.js';

/** Bit of task_struct::flags: addresses are chosen at random. Off here, so that runs are the same each time. */
export const PF_RANDOMIZE = 0x00400000;

/** Bits of task_struct::personality, beside READ_IMPLIES_EXEC of mm.ts. */
export const ADDR_NO_RANDOMIZE = 0x0040000;
export const MMAP_PAGE_ZERO = 0x0100000;
export const ADDR_COMPAT_LAYOUT = 0x0200000;

/** CAP_CHOWN to CAP_CHECKPOINT_RESTORE. */
export const ALL_CAPABILITIES: readonly number[] = Array.from({ length: 41 }, (_, cap) => cap);

/** Bytes of stack that a process gets unless told otherwise. */
const _STK_LIM = 8 * 1024 * 1024;
const MLOCK_LIMIT = 8 * 1024 * 1024;

function initialLimit(resource: number): rlimit {
  if (resource === RLIMIT_STACK) return { rlim_cur: _STK_LIM, rlim_max: RLIM_INFINITY };
  if (resource === RLIMIT_MEMLOCK) return { rlim_cur: MLOCK_LIMIT, rlim_max: MLOCK_LIMIT };
  return { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY };
}

/** What the threads of a process share; here its limits, by RLIMIT_*, as init has them. */
export class signal_struct {
  readonly rlim: rlimit[];

  constructor() {
    this.rlim = Array.from({ length: RLIM_NLIMITS }, (_, resource) => initialLimit(resource));
  }
}
