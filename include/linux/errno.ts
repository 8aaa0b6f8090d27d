// SPDX-License-Identifier: GPL-2.0-only
/** Error numbers and error pointers: what errno-base.h and err.h are to the kernel. */

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const ERANGE = 34;

/** Largest error number that fits an error pointer. */
export const MAX_ERRNO = 4095;

/** An error in flight: a negative error number that stands where a pointer would. */
export type ErrPtr = number & { readonly __errptr?: never };

/** Turns a negative error number into what a function returns in place of a pointer. */
export function ERR_PTR(error: number): ErrPtr {
  return error;
}

/** Tells an error from an object; narrows the type either way. */
export function IS_ERR<T>(ptr: T | ErrPtr): ptr is ErrPtr {
  return typeof ptr === 'number' && ptr < 0 && ptr >= -MAX_ERRNO;
}

/** The negative error number in an error pointer. */
export function PTR_ERR(ptr: ErrPtr): number {
  return ptr;
}

/** An address returned by mmap-like calls that is in truth a negative error number. */
export function IS_ERR_VALUE(value: number): boolean {
  return value < 0 && value >= -MAX_ERRNO;
}
