// SPDX-License-Identifier: GPL-2.0-only
/** What C does to pointers and bytes, for tests that were translated from it. */
import { type ErrPtr, IS_ERR } from '../include/linux/errno.js';
import { NUM_VMA_FLAG_BITS, vma_flags_t } from '../include/vma_flags.js';

/** Follows a pointer that nobody has looked at. Throws where C would fault: NULL, an error, an entry that is not there. */
export function deref<T>(pointer: T | ErrPtr | null | undefined): T {
  if (pointer === null || pointer === undefined) throw new TypeError('deref: pointer = NULL: followed all the same');
  if (IS_ERR(pointer)) throw new TypeError(`deref: pointer = error ${String(pointer)}: followed all the same`);
  return pointer;
}

/** Bytes of a bitmap: sizeof(vma_flags_t). */
export function sizeof(_flags: vma_flags_t): number {
  return NUM_VMA_FLAG_BITS / 8;
}

/** Sets every byte of a bitmap. */
export function memset(flags: vma_flags_t, byte: number, _size: number): void {
  const word = Math.imul(byte & 0xff, 0x01010101);
  const wide = NUM_VMA_FLAG_BITS > 64 ? word : 0;
  flags.w0 = word;
  flags.w1 = word;
  flags.w2 = wide;
  flags.w3 = wide;
}

/** 0 when two bitmaps are the same. The sign of a difference is that of the first word that differs. */
export function memcmp(a: vma_flags_t, b: vma_flags_t, _size: number): number {
  const [left, right] = [a.__vma_flags, b.__vma_flags];
  for (const [i, word] of left.entries()) {
    const other = right[i] ?? 0n;
    if (word !== other) return word < other ? -1 : 1;
  }
  return 0;
}

/** A copy of a struct, as C's assignment makes it: the fields are the same, the bitmaps in it its own. */
export function struct_copy<T extends object>(from: T): T {
  const copy: T = Object.assign(Object.create(Object.getPrototypeOf(from)), from);
  for (const [name, value] of Object.entries(copy)) {
    if (value instanceof vma_flags_t) Reflect.set(copy, name, value.clone());
  }
  return copy;
}

/** Stands where a statement of C could not be translated. */
export function untranslated(place: string, source: string, reason: string): void {
  throw new Error(`${place}: not translated: ${source}: ${reason}`);
}
