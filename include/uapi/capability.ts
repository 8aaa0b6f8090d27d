// SPDX-License-Identifier: GPL-2.0-only
/** The capabilities that the memory management asks for: include/uapi/linux/capability.h (Linux 7.3). */
export { CAP_IPC_LOCK } from '../linux/mm.js';

/** May map below dac_mmap_min_addr. */
export const CAP_SYS_RAWIO = 17;
/** May use the last of the memory. */
export const CAP_SYS_ADMIN = 21;
/** May raise limits. */
export const CAP_SYS_RESOURCE = 24;
