// SPDX-License-Identifier: GPL-2.0-only
/**
 * `import … from 'vma-userland/test/c'`: what C does to integers, pointers and structs, for tests that were translated
 * from it. Integers of 64 bits are computed as bigints, exactly; narrower ones as numbers.
 */
import { type ErrPtr, IS_ERR, PTR_ERR } from '../include/linux/errno.js';
import { ULONG_MAX } from '../include/linux/limits.js';
import { list_head } from '../include/linux/list.js';
import type { vm_area_struct, vma_iterator } from '../include/mm_types.js';
import type { Ref } from '../include/ref.js';
import { NUM_VMA_FLAG_BITS, vma_flags_t } from '../include/vma_flags.js';
import { vma_shrink } from '../lib/mm/vma/split.js';
import { UnrepresentableError, VmaAssertionError } from './failure.js';
import { test as registered } from './index.js';
import { show, type TestBody, type TestOptions, type VmaTest } from './vma_test.js';

/** An integer: a number that is exact, an unsigned long as the port has it, or a bigint. */
export type Integer = number | bigint | boolean;

/** The value in C: the port's ULONG_MAX is C's, and a negative number is an error at the top of the range. */
function exact(value: Integer): bigint {
  return value === ULONG_MAX ? 2n ** 64n - 1n : BigInt(value);
}

/** What C does with integers of one type; `make` cuts a result to the type's width. */
class IntegerType<T extends number | bigint> {
  private readonly name: string;
  private readonly bits: bigint;
  private readonly make: (value: bigint) => T;

  constructor(name: string, bits: number, make: (value: bigint) => T) {
    this.name = name;
    this.bits = BigInt(bits);
    this.make = make;
  }

  /** Conversion to the type. */
  of(value: Integer): T {
    return this.make(exact(value));
  }
  add(a: Integer, b: Integer): T {
    return this.make(exact(a) + exact(b));
  }
  sub(a: Integer, b: Integer): T {
    return this.make(exact(a) - exact(b));
  }
  mul(a: Integer, b: Integer): T {
    return this.make(exact(a) * exact(b));
  }
  div(a: Integer, b: Integer): T {
    return this.make(exact(a) / this.divisor('div', b));
  }
  mod(a: Integer, b: Integer): T {
    return this.make(exact(a) % this.divisor('mod', b));
  }
  and(a: Integer, b: Integer): T {
    return this.make(exact(a) & exact(b));
  }
  or(a: Integer, b: Integer): T {
    return this.make(exact(a) | exact(b));
  }
  xor(a: Integer, b: Integer): T {
    return this.make(exact(a) ^ exact(b));
  }
  not(a: Integer): T {
    return this.make(~exact(a));
  }
  shl(a: Integer, count: Integer): T {
    return this.make(exact(a) << this.count('shl', count));
  }
  shr(a: Integer, count: Integer): T {
    return this.make(exact(a) >> this.count('shr', count));
  }

  private divisor(method: string, value: Integer): bigint {
    if (exact(value) === 0n) throw new RangeError(`${this.name}.${method}: b = 0: a division by zero`);
    return exact(value);
  }

  private count(method: string, value: Integer): bigint {
    const count = exact(value);
    if (count >= 0n && count < this.bits) return count;
    throw new RangeError(`${this.name}.${method}: count = ${count}: must be below ${this.bits}`);
  }
}

export const u8 = new IntegerType('u8', 8, (value) => Number(BigInt.asUintN(8, value)));
export const u16 = new IntegerType('u16', 16, (value) => Number(BigInt.asUintN(16, value)));
export const u32 = new IntegerType('u32', 32, (value) => Number(BigInt.asUintN(32, value)));
export const u64 = new IntegerType('u64', 64, (value) => BigInt.asUintN(64, value));
export const s8 = new IntegerType('s8', 8, (value) => Number(BigInt.asIntN(8, value)));
export const s16 = new IntegerType('s16', 16, (value) => Number(BigInt.asIntN(16, value)));
export const s32 = new IntegerType('s32', 32, (value) => Number(BigInt.asIntN(32, value)));
export const s64 = new IntegerType('s64', 64, (value) => BigInt.asIntN(64, value));

/** Conversion to a bit field. */
export function narrow(value: Integer, bits: number, signed: boolean): number {
  return Number(signed ? BigInt.asIntN(bits, exact(value)) : BigInt.asUintN(bits, exact(value)));
}

/** A value as the port holds an unsigned long. Where the port has no number for it, the test is a todo. */
export function ulong(value: Integer): number {
  const number = BigInt.asUintN(64, exact(value));
  if (number === 2n ** 64n - 1n) return ULONG_MAX;
  if (number < BigInt(ULONG_MAX)) return Number(number);
  throw new UnrepresentableError(`ulong: value = 0x${number.toString(16)}: the port has no number for it`);
}

/** Is it an error that a function returned in an unsigned long? */
export function is_err_value(value: Integer): boolean {
  return BigInt.asUintN(64, exact(value)) >= 2n ** 64n - 4095n;
}

/** Follows a pointer that was not checked. Throws where C would fault: NULL, an error, nothing. */
export function deref<T>(pointer: T | ErrPtr | null | undefined): T {
  if (pointer === null || pointer === undefined) throw new TypeError('deref: pointer = NULL: followed all the same');
  if (IS_ERR(pointer)) throw new TypeError(`deref: pointer = error ${String(pointer)}: followed all the same`);
  return pointer;
}

/** A pointer that a test asserts not to be NULL: ASSERT_NE(pointer, NULL). */
export function asserted<T>(t: VmaTest, pointer: T | null): T {
  t.ASSERT_NE(pointer, null);
  return deref(pointer);
}

/** A pointer that something else was made of, as a pointer to this. */
export function as_a<T>(type: new (...args: never[]) => T, pointer: unknown): T | null {
  if (pointer === null || pointer === undefined || pointer instanceof type) return pointer ?? null;
  throw new TypeError(`as_a: pointer = ${String(pointer)}: no ${type.name}`);
}

/** The error in a pointer. Throws when there is none: C would make a number of the address. */
export function ptr_err(pointer: unknown): number {
  if (IS_ERR(pointer)) return PTR_ERR(pointer);
  throw new TypeError('ptr_err: pointer holds no error');
}

/** A reference for a callee that reads it first. Throws when it holds NULL. */
export function given<T>(ref: Ref<T | null>): Ref<T> {
  deref(ref.value);
  return ref as Ref<T>;
}

function checkIndex(call: string, length: number, index: Integer): number {
  const i = Number(index);
  if (i < 0 || i >= length) throw new RangeError(`${call}: index = ${i}: the array has ${length} elements`);
  return i;
}

/** An element of an array. Throws outside of it, as ASan does. */
export function at<T>(array: readonly T[], index: Integer): T {
  return array[checkIndex('at', array.length, index)] as T;
}

/** Stores into an array. Throws outside of it. */
export function put<T>(array: T[], index: Integer, value: T): T {
  array[checkIndex('put', array.length, index)] = value;
  return value;
}

/** A character of a text, the zero at its end among them. */
export function char_at(text: string, index: Integer): number {
  const i = checkIndex('char_at', text.length + 1, index);
  return i === text.length ? 0 : text.charCodeAt(i);
}

/** Characters before the one that ends a text. */
export function strlen(text: string): number {
  return text.length;
}

/** 0 for equal texts, else -1 or 1, by the first character that differs. */
export function strcmp(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Pointers to places: the same one for the same place, so that they compare as C's do. */
const places = new WeakMap<object, Map<string | number, Ref<unknown>>>();

function placeRef<T>(object: object, key: string | number, make: () => Ref<T>): Ref<T> {
  const known = places.get(object) ?? new Map<string | number, Ref<unknown>>();
  places.set(object, known);
  const ref = known.get(key) ?? make();
  known.set(key, ref);
  return ref as Ref<T>;
}

/** The address of a field. */
export function field_ref<T extends object, K extends keyof T & string>(object: T, field: K): Ref<T[K]> {
  return placeRef(object, field, () => ({
    get value(): T[K] {
      return object[field];
    },
    set value(value: T[K]) {
      object[field] = value;
    },
  }));
}

/** The address of an element. */
export function element_ref<T>(array: T[], index: Integer): Ref<T> {
  const i = checkIndex('element_ref', array.length, index);
  return placeRef(array, i, () => ({
    get value(): T {
      return at(array, i);
    },
    set value(value: T) {
      put(array, i, value);
    },
  }));
}

/** A call of a function whose assertions return from it alone: what it returns, or `failed` when one did not hold. */
export function attempt<T>(call: () => T, failed: T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof VmaAssertionError) return failed;
    throw error;
  }
}

/**
 * A top-level test as upstream's are: `struct mm_struct mm = {}` is a tree without flags, so that a test may store into
 * it without asking for nodes first.
 */
export function test(name: string, body: TestBody): void;
export function test(name: string, options: TestOptions, body: TestBody): void;
export function test(name: string, first: TestBody | TestOptions, second?: TestBody): void {
  if (typeof first === 'function') registered(name, { treeFlags: 0 }, first);
  else if (second !== undefined) registered(name, { treeFlags: 0, ...first }, second);
  else throw new TypeError(`test: body = undefined: test '${name}' has nothing to run`);
}

/** As much of a fake or spy as is asked here. */
interface Watched {
  readonly callCount: number;
  readonly args: unknown[][];
  resetHistory(): void;
}

/** A hook was called that often. */
export function assert_called(hook: Watched, count: number, what: string): void {
  if (hook.callCount === count) return;
  throw new VmaAssertionError(what, `${hook.callCount} calls`, `${count} calls`, assert_called);
}

/** A stub was called once, with these first arguments, since it was last asked about. */
export function assert_called_with(stub: Watched, what: string, ...wanted: readonly unknown[]): void {
  const [found = []] = stub.args;
  const ok = stub.callCount === 1 && wanted.every((one, i) => found[i] === one);
  const calls = stub.args.map((args) => `(${args.slice(0, wanted.length).map(show).join(', ')})`);
  stub.resetHistory();
  if (ok) return;
  throw new VmaAssertionError(
    what,
    calls.join(', ') || 'no call',
    `(${wanted.map(show).join(', ')})`,
    assert_called_with,
  );
}

/**
 * vma_shrink() as it was up to Linux 7.2: told all of the range that is left, of which only the end may differ. Throws where
 * the start does.
 */
export function vma_shrink_to(
  vmi: vma_iterator,
  vma: vm_area_struct,
  start: number,
  end: number,
  pgoff: number,
): number {
  if (start === vma.vm_start && pgoff === vma.vm_pgoff) return vma_shrink(vmi, vma, end);
  throw new RangeError(`vma_shrink_to: start = ${start}, pgoff = ${pgoff}: a VMA shrinks at its end alone`);
}

/** What a test returns at its end: true, or it fails. */
export function returned(value: boolean): void {
  if (!value) throw new VmaAssertionError('what the test returns', 'false', 'true', returned);
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

/** 0 when two bitmaps are the same. The sign of a difference is that of the first byte that differs. */
export function memcmp(a: vma_flags_t, b: vma_flags_t, _size: number): number {
  const [left, right] = [a.__vma_flags, b.__vma_flags];
  for (const [i, word] of left.entries()) {
    const differ = word ^ (right[i] ?? 0n);
    if (differ === 0n) continue;
    let shift = 0n;
    while (((differ >> shift) & 0xffn) === 0n) shift += 8n;
    return ((word >> shift) & 0xffn) < (((right[i] ?? 0n) >> shift) & 0xffn) ? -1 : 1;
  }
  return 0;
}

/** A list's links in the copy point where those of the original do; what the link is part of is the copy. */
function copiedLink(link: list_head, from: object, to: object): list_head {
  const copy = new list_head(link.owner === from ? to : link.owner);
  copy.next = link.next;
  copy.prev = link.prev;
  return copy;
}

function copiedField(value: unknown, from: object, to: object, embedded: readonly string[]): unknown {
  if (value instanceof vma_flags_t) return value.clone();
  if (value instanceof list_head) return copiedLink(value, from, to);
  if (Array.isArray(value)) {
    return value.map((one: unknown) =>
      embedded.includes('[]') && typeof one === 'object' && one !== null ? struct_copy(one) : one,
    );
  }
  return value;
}

/**
 * A copy of a struct, as C's assignment makes it: bitmaps, links and arrays in it are its own. `embedded` names the fields
 * that are structs themselves, and not pointers to one; `field[]` is an array of them, `field.inner` lies deeper.
 */
export function struct_copy<T extends object>(from: T, ...embedded: string[]): T {
  const copy: T = Object.create(Object.getPrototypeOf(from));
  for (const [name, value] of Object.entries(from)) {
    const below = embedded.filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
    const whole = embedded.includes(name) && typeof value === 'object' && value !== null;
    const inArray = embedded.includes(`${name}[]`) ? ['[]'] : [];
    Reflect.set(copy, name, whole ? struct_copy(value, ...below) : copiedField(value, from, copy, inArray));
  }
  return copy;
}

/** `*to = *from`: every field, in the struct that is there. */
export function struct_assign<T extends object>(to: T, from: T, ...embedded: string[]): T {
  if (to === from) return to;
  const copy = struct_copy(from, ...embedded);
  for (const [name, value] of Object.entries(copy)) {
    const old: unknown = Reflect.get(to, name);
    if (old instanceof vma_flags_t && value instanceof vma_flags_t) old.assign(value);
    else if (old instanceof list_head && value instanceof list_head)
      Object.assign(old, { next: value.next, prev: value.prev });
    else if (embedded.includes(name) && typeof old === 'object' && old !== null) struct_assign(old, value);
    else if (Array.isArray(old) && Array.isArray(value)) old.splice(0, old.length, ...value);
    else Reflect.set(to, name, value);
  }
  return to;
}

/** Stands where a statement of C could not be translated; `values` are what it mentions. */
export function untranslated(place: string, source: string, reason: string, ..._values: unknown[]): void {
  throw new Error(`${place}: not translated: ${source}: ${reason}`);
}
