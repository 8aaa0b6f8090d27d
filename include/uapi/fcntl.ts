// SPDX-License-Identifier: GPL-2.0-only
/** Seals of a memfd, from include/uapi/linux/fcntl.h (Linux 7.3). */

export const F_SEAL_SEAL = 0x0001;
export const F_SEAL_SHRINK = 0x0002;
export const F_SEAL_GROW = 0x0004;
export const F_SEAL_WRITE = 0x0008;
export const F_SEAL_FUTURE_WRITE = 0x0010;
export const F_SEAL_EXEC = 0x0020;
