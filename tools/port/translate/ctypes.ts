// SPDX-License-Identifier: GPL-2.0-only
/** The types of C, as far as tests use them: integers by width and sign, pointers, arrays, structs by value. */

export interface IntType {
  kind: 'int';
  bits: number;
  signed: boolean;
  /** bool: what is assigned becomes 0 or 1. */
  bool: boolean;
  /** vm_flags_t, which the port holds as a bigint. */
  word: boolean;
}

export type CType =
  | { kind: 'void' }
  | IntType
  | { kind: 'pointer'; to: CType }
  | { kind: 'array'; of: CType; length: number | null }
  | { kind: 'struct'; name: string }
  | { kind: 'function'; returns: CType; parameters: CType[]; variadic: boolean }
  /** Something that C knows and the translator does not. */
  | { kind: 'unknown'; name: string };

export interface Range {
  lo: bigint;
  hi: bigint;
}

function int(bits: number, signed: boolean, more: { bool?: boolean; word?: boolean } = {}): IntType {
  return { kind: 'int', bits, signed, bool: more.bool ?? false, word: more.word ?? false };
}

export const VOID: CType = { kind: 'void' };
export const INT = int(32, true);
export const UINT = int(32, false);
export const LONG = int(64, true);
export const ULONG = int(64, false);
export const CHAR = int(8, true);
export const BOOL = int(1, false, { bool: true });
export const FLAGS_WORD = int(64, false, { word: true });
export const VOID_POINTER: CType = { kind: 'pointer', to: VOID };
export const STRING: CType = { kind: 'pointer', to: CHAR };
export const FLAGS: CType = { kind: 'struct', name: 'vma_flags_t' };

export function pointerTo(to: CType): CType {
  return { kind: 'pointer', to };
}

/** An integer of so many bits, for a bit field. */
export function bitField(type: IntType, bits: number): IntType {
  return type.bool ? type : int(bits, type.signed);
}

/** Typedefs and names of integers, beside those made of int, long and the like. */
const NAMED = new Map<string, CType>([
  ['bool', BOOL],
  ['_Bool', BOOL],
  ['size_t', ULONG],
  ['ssize_t', LONG],
  ['ptrdiff_t', LONG],
  ['pgoff_t', ULONG],
  ['pgprotval_t', ULONG],
  ['uintptr_t', ULONG],
  ['intptr_t', LONG],
  ['phys_addr_t', ULONG],
  ['loff_t', LONG],
  ['vm_flags_t', FLAGS_WORD],
  ['vm_fault_t', UINT],
  ['gfp_t', UINT],
  ['vma_flag_t', INT],
  ['pid_t', INT],
  ['refcount_t', INT],
  ['atomic_t', INT],
  ['vma_flags_t', FLAGS],
  ['pgprot_t', { kind: 'struct', name: 'pgprot_t' }],
  ['mm_flags_t', { kind: 'unknown', name: 'mm_flags_t' }],
]);
for (const bits of [8, 16, 32, 64]) {
  for (const name of [`u${bits}`, `__u${bits}`, `uint${bits}_t`]) NAMED.set(name, int(bits, false));
  for (const name of [`s${bits}`, `__s${bits}`, `int${bits}_t`]) NAMED.set(name, int(bits, true));
}

const QUALIFIERS =
  /\b(?:const|static|inline|__inline|extern|volatile|register|auto|restrict|__maybe_unused|__bitwise|__force|__private|__always_inline|noinline|__attribute__\s*\(\(.*?\)\))(?!\w)/g;

/** An integer spelled with int, long and the like; null when it is none. */
function spelled(words: readonly string[]): IntType | null {
  if (words.length === 0 || !words.every((word) => /^(?:unsigned|signed|long|short|int|char)$/.test(word))) return null;
  const signed = !words.includes('unsigned');
  if (words.includes('char')) return int(8, signed);
  if (words.includes('short')) return int(16, signed);
  return int(words.includes('long') ? 64 : 32, signed);
}

/** The type that a specifier names, without pointers; `typedefs` are those of the file and its headers. */
export function baseType(text: string, typedefs: ReadonlyMap<string, CType>): CType {
  const name = text.replaceAll(QUALIFIERS, ' ').replaceAll(/\s+/g, ' ').trim();
  if (name === 'void') return VOID;
  const known = typedefs.get(name) ?? NAMED.get(name) ?? spelled(name.split(' '));
  if (known !== null) return known;
  const struct = /^struct (\w+)/.exec(name)?.[1];
  if (struct !== undefined) return { kind: 'struct', name: struct };
  // Without a negative enumerator gcc makes an enum unsigned; the enumerators themselves are int.
  if (/^enum(?: \w+)?$/.test(name) || /^enum\b/.test(name)) return UINT;
  return { kind: 'unknown', name };
}

export function isInt(type: CType): type is IntType {
  return type.kind === 'int';
}

export function sameType(a: CType, b: CType): boolean {
  if (a.kind === 'int' && b.kind === 'int') return a.bits === b.bits && a.signed === b.signed && a.bool === b.bool;
  if (a.kind === 'pointer' && b.kind === 'pointer') return sameType(a.to, b.to);
  if (a.kind === 'array' && b.kind === 'array') return sameType(a.of, b.of);
  if (a.kind === 'struct' && b.kind === 'struct') return a.name === b.name;
  return a.kind === b.kind;
}

/** What values of an integer type there are. */
export function rangeOf(type: IntType): Range {
  if (type.bool) return { lo: 0n, hi: 1n };
  const span = 1n << BigInt(type.bits);
  return type.signed ? { lo: -span / 2n, hi: span / 2n - 1n } : { lo: 0n, hi: span - 1n };
}

export function within(inner: Range, outer: Range): boolean {
  return inner.lo >= outer.lo && inner.hi <= outer.hi;
}

export function least(...numbers: readonly [bigint, ...bigint[]]): bigint {
  return numbers.reduce((a, b) => {
    if (b < a) return b;
    return a;
  });
}

export function most(...numbers: readonly [bigint, ...bigint[]]): bigint {
  return numbers.reduce((a, b) => {
    if (b > a) return b;
    return a;
  });
}

export function hull(a: Range, b: Range): Range {
  return { lo: least(a.lo, b.lo), hi: most(a.hi, b.hi) };
}

/** A value as it is after conversion to the type. */
export function wrapped(value: bigint, type: IntType): bigint {
  if (type.bool) return value === 0n ? 0n : 1n;
  return type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value);
}

/** The range after conversion: as it is where it fits, else all that the type has. */
export function converted(range: Range, type: IntType): Range {
  if (within(range, rangeOf(type))) return range;
  return range.lo === range.hi ? exactly(wrapped(range.lo, type)) : rangeOf(type);
}

export function exactly(value: bigint): Range {
  return { lo: value, hi: value };
}

/** What arithmetic does to a type narrower than int. */
export function promoted(type: IntType): IntType {
  if (type.word) return ULONG;
  return type.bits < 32 || (type.bits === 32 && type.signed) ? INT : type.bits > 32 && type.bits < 64 ? ULONG : type;
}

/** The type that two operands of an operator are brought to. */
export function common(a: IntType, b: IntType): IntType {
  const [left, right] = [promoted(a), promoted(b)];
  if (left.bits !== right.bits) return left.bits > right.bits ? left : right;
  return left.signed ? right : left;
}

/** Bytes of a type; null for what the translator does not lay out. */
export function sizeOf(type: CType): number | null {
  if (type.kind === 'int') return type.bool ? 1 : type.bits / 8;
  if (type.kind === 'pointer') return 8;
  if (type.kind !== 'array' || type.length === null) return null;
  const size = sizeOf(type.of);
  return size === null ? null : size * type.length;
}

/** As C writes it, for a message. */
export function describe(type: CType): string {
  switch (type.kind) {
    case 'int':
      if (type.bool) return 'bool';
      return `${type.signed ? '' : 'unsigned '}${type.bits}-bit integer`;
    case 'pointer':
      return `pointer to ${describe(type.to)}`;
    case 'array':
      return `array of ${describe(type.of)}`;
    case 'struct':
      return type.name === 'vma_flags_t' ? type.name : `struct ${type.name}`;
    case 'unknown':
      return type.name;
    default:
      return type.kind;
  }
}
