// SPDX-License-Identifier: GPL-2.0-only
/** What prctl() can be asked about memory: include/uapi/linux/prctl.h (Linux 7.3). */

export const PR_SET_THP_DISABLE = 41;
export const PR_THP_DISABLE_EXCEPT_ADVISED = 2;
export const PR_GET_THP_DISABLE = 42;
/** Memory-deny-write-execute. */
export const PR_SET_MDWE = 65;
export const PR_MDWE_REFUSE_EXEC_GAIN = 1;
export const PR_MDWE_NO_INHERIT = 2;
export const PR_GET_MDWE = 66;
/** KSM for all that can be merged. */
export const PR_SET_MEMORY_MERGE = 67;
export const PR_GET_MEMORY_MERGE = 68;
export const PR_SET_VMA = 0x53564d41;
export const PR_SET_VMA_ANON_NAME = 0;
