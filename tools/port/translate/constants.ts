// SPDX-License-Identifier: GPL-2.0-only
/** Constants that have a name: the port's own, with their types in C, and those of C that the port does without. */
import * as port from '../../../lib/index.js';
import { INT, type IntType, LONG, UINT, ULONG } from './ctypes.js';

/** Of the port's numbers these are unsigned long; the others are int, or what they fit in. */
const UNSIGNED_LONG =
  /^(?:VM_(?!UNMAPPED)\w+|PAGE_SIZE|TASK_SIZE\w*|DEFAULT_MAP_WINDOW|STACK_TOP\w*|FIRST_USER_ADDRESS|USER_PGTABLES_CEILING|ULONG_MAX|SIZEOF_VOID_P)$/;
const UNSIGNED = /^(?:UINT_MAX|GFP_KERNEL|__GFP_\w+|VMA_LOCK_OFFSET)$/;

/** Limits and error numbers of the C library. */
const LIBRARY: Record<string, [bigint, IntType]> = {
  INT_MAX: [2n ** 31n - 1n, INT],
  INT_MIN: [-(2n ** 31n), INT],
  SHRT_MAX: [32767n, INT],
  SHRT_MIN: [-32768n, INT],
  SCHAR_MAX: [127n, INT],
  SCHAR_MIN: [-128n, INT],
  CHAR_MAX: [127n, INT],
  CHAR_MIN: [-128n, INT],
  UCHAR_MAX: [255n, INT],
  USHRT_MAX: [65535n, INT],
  UINT_MAX: [2n ** 32n - 1n, UINT],
  LONG_MAX: [2n ** 63n - 1n, LONG],
  LONG_MIN: [-(2n ** 63n), LONG],
  LLONG_MAX: [2n ** 63n - 1n, LONG],
  LLONG_MIN: [-(2n ** 63n), LONG],
  ULLONG_MAX: [2n ** 64n - 1n, ULONG],
  ULONG_MAX: [2n ** 64n - 1n, ULONG],
  SIZE_MAX: [2n ** 64n - 1n, ULONG],
  U8_MAX: [255n, INT],
  U16_MAX: [65535n, INT],
  U32_MAX: [2n ** 32n - 1n, UINT],
  U64_MAX: [2n ** 64n - 1n, ULONG],
  S32_MAX: [2n ** 31n - 1n, INT],
  S64_MAX: [2n ** 63n - 1n, LONG],
  ESRCH: [3n, INT],
  EIO: [5n, INT],
  ENXIO: [6n, INT],
  EBADF: [9n, INT],
  ENODEV: [19n, INT],
  ENFILE: [23n, INT],
  ENOSPC: [28n, INT],
  ENOSYS: [38n, INT],
  EOVERFLOW: [75n, INT],
  EOPNOTSUPP: [95n, INT],
};

export interface Constant {
  number: bigint;
  type: IntType;
  /** The port has it under this name, and holds it so. */
  held: 'number' | 'bigint' | null;
}

const PORT: ReadonlyMap<string, unknown> = new Map(Object.entries(port));

export function constantNamed(name: string): Constant | null {
  const found = PORT.get(name);
  if (
    name !== 'ULONG_MAX' &&
    name !== 'NUM_VMA_FLAG_BITS' &&
    (typeof found === 'number' || typeof found === 'bigint')
  ) {
    const number = BigInt(found);
    const type = UNSIGNED_LONG.test(name) ? ULONG : UNSIGNED.test(name) ? UINT : INT;
    return { number, type, held: typeof found === 'bigint' ? 'bigint' : 'number' };
  }
  const [number, type] = LIBRARY[name] ?? [];
  return number === undefined || type === undefined ? null : { number, type, held: null };
}
