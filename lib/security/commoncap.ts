// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel's own security module says: cap_mmap_addr() and cap_vm_enough_memory() of security/commoncap.c. */
import { EPERM } from '../../include/linux/errno.js';
import { CAP_SYS_ADMIN, CAP_SYS_RAWIO } from '../../include/uapi/capability.js';
import { globals, stubs } from '../../stubs/index.js';

/** May the current task map at addr? 0, or -EPERM below dac_mmap_min_addr without CAP_SYS_RAWIO. */
export function cap_mmap_addr(addr: number): number {
  return addr < globals.dac_mmap_min_addr && !stubs.capable(CAP_SYS_RAWIO) ? -EPERM : 0;
}

/** May the current task use the memory that is kept back for the administrator? */
export function cap_vm_enough_memory(): boolean {
  return stubs.capable(CAP_SYS_ADMIN);
}
