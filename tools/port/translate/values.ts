// SPDX-License-Identifier: GPL-2.0-only
/** A C value in TypeScript: its code, its type in C, and how it is held. */
import { BOOL, type CType, exactly, INT, type IntType, isInt, type Range, rangeOf, ULONG, within } from './ctypes.js';

/**
 * How a value is held. Integers: as a number that is exact; as the port holds an unsigned long, a number that stands for
 * ULONG_MAX when it is the largest safe one and for an error when it is negative; as a bigint; as a boolean.
 */
export type Rep =
  | 'number'
  | 'ulong'
  | 'bigint'
  | 'boolean'
  | 'object'
  | 'ref'
  | 'array'
  | 'string'
  | 'function'
  | 'unknown'
  | 'void';

export interface Value {
  code: string;
  type: CType;
  rep: Rep;
  /** Of an integer: what it can be. */
  range: Range;
  /** Of a pointer: may it be NULL, may it be an error? */
  nullable: boolean;
  errable: boolean;
  /** It names a place: taking its value copies a struct. */
  place: boolean;
  /** An unsigned long from a function that returns errors in it. */
  errno: boolean;
  /** Evaluating it does something. */
  effects: boolean;
  /** A constant by itself, and not a variable that happens to have one value. */
  fixed: boolean;
}

/** The safe integers, without the one that stands for ULONG_MAX. */
export const SAFE: Range = { lo: -(2n ** 53n) + 2n, hi: 2n ** 53n - 2n };
const NO_RANGE: Range = exactly(0n);

export function value(code: string, type: CType, rep: Rep, more: Partial<Value> = {}): Value {
  const range = isInt(type) ? rangeOf(type) : NO_RANGE;
  return {
    code,
    type,
    rep,
    range,
    nullable: false,
    errable: false,
    place: false,
    errno: false,
    effects: false,
    fixed: false,
    ...more,
  };
}

export function isSafe(range: Range): boolean {
  return within(range, SAFE);
}

/** The value of a constant; null for what is none. */
export function constantOf({ fixed, range, type }: Value): bigint | null {
  return fixed && isInt(type) && range.lo === range.hi ? range.lo : null;
}

/** A number as code: in hex where it was so, or is large. */
export function spell(number: bigint): string {
  const size = number < 0n ? -number : number;
  const digits = size >= 0x1000n ? `0x${size.toString(16)}` : String(size);
  return `${number < 0n ? '-' : ''}${digits}`;
}

export function literal(number: bigint, type: IntType, spelling: string = spell(number)): Value {
  const range = exactly(number);
  if (type.bool) return value(String(number !== 0n), type, 'boolean', { range, fixed: true });
  if (!isSafe(range)) return value(`${spelling}n`, type, 'bigint', { range, fixed: true });
  return value(number < 0n ? `(${spelling})` : spelling, type, 'number', { range, fixed: true });
}

export const NULL_VALUE: Value = value('null', { kind: 'pointer', to: { kind: 'void' } }, 'object', { nullable: true });

export function truthValue(code: string, effects = false): Value {
  return value(code, INT, 'boolean', { range: { lo: 0n, hi: 1n }, effects });
}

/** How an integer of this type is held where its values are not known: in a Ref, an array, a field of the port. */
export function heldAs(type: IntType): Rep {
  if (type.bool) return 'boolean';
  if (type.word) return 'bigint';
  return type.bits > 53 && !type.signed ? 'ulong' : 'number';
}

/** The same for a variable whose values are known. */
export function heldFor(type: IntType, range: Range, port: boolean): Rep {
  if (type.bool) return 'boolean';
  if (type.word) return 'bigint';
  if (isSafe(range)) return 'number';
  return port && !type.signed ? 'ulong' : 'bigint';
}

export function isPointer(type: CType): boolean {
  return type.kind === 'pointer' || type.kind === 'array' || type.kind === 'function';
}

export { BOOL, ULONG };
