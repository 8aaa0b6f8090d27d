// SPDX-License-Identifier: GPL-2.0-only
/** Flags of memfd_create(), from include/uapi/linux/memfd.h (Linux 7.3). */

/** Closed by exec. */
export const MFD_CLOEXEC = 0x0001;
/** Seals can be added. */
export const MFD_ALLOW_SEALING = 0x0002;
