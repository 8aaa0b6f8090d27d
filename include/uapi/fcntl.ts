// SPDX-License-Identifier: GPL-2.0-only
/** How files are opened, and seals of a memfd: include/uapi/asm-generic/fcntl.h, include/uapi/linux/fcntl.h (Linux 7.3). */

export const F_SEAL_SEAL = 0x0001;
export const F_SEAL_SHRINK = 0x0002;
export const F_SEAL_GROW = 0x0004;
export const F_SEAL_WRITE = 0x0008;
export const F_SEAL_FUTURE_WRITE = 0x0010;
export const F_SEAL_EXEC = 0x0020;

/** fcntl(): adds seals. */
export const F_ADD_SEALS = 1033;

/** How a file is opened. */
export const O_ACCMODE = 0o3;
export const O_RDONLY = 0o0;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
