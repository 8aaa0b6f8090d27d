// SPDX-License-Identifier: GPL-2.0-only
/**
 * Values of selftests: integers, as numbers, with what they can be; addresses, which are numbers too; objects. What a
 * number of JavaScript would not hold, or C would cut to its type, is refused.
 */
import { Untranslatable } from '../translate/scope.js';

/** An integer of C. */
export interface IntType {
  readonly kind: 'int';
  readonly bits: number;
  readonly signed: boolean;
  readonly bool?: boolean;
}

export type Type =
  | IntType
  /** A pointer to bytes, or to nothing in particular: char, unsigned char, void. */
  | { readonly kind: 'address'; readonly char: boolean }
  /** A struct, or, behind a pointer, the same object. */
  | { readonly kind: 'struct'; readonly name: string; readonly pointer: boolean }
  | { readonly kind: 'text' }
  /** A pointer to a variable: an object that has it as its `value`. */
  | { readonly kind: 'box'; readonly of: Type }
  | { readonly kind: 'void' };

export const INT: IntType = { kind: 'int', bits: 32, signed: true };
export const UINT: IntType = { kind: 'int', bits: 32, signed: false };
export const LONG: IntType = { kind: 'int', bits: 64, signed: true };
export const ULONG: IntType = { kind: 'int', bits: 64, signed: false };
export const CHAR: IntType = { kind: 'int', bits: 8, signed: true };
export const UCHAR: IntType = { kind: 'int', bits: 8, signed: false };
export const SHORT: IntType = { kind: 'int', bits: 16, signed: true };
export const BOOL: IntType = { kind: 'int', bits: 8, signed: false, bool: true };
export const ADDRESS: Type = { kind: 'address', char: false };
export const CHARS: Type = { kind: 'address', char: true };
export const VOID: Type = { kind: 'void' };

/** What an integer can be. */
export interface Range {
  readonly lo: bigint;
  readonly hi: bigint;
}

export interface Value {
  readonly code: string;
  readonly type: Type;
  /** Of an integer. */
  readonly range: Range;
  /** How tight the code holds together, as JavaScript's operators do: 20 is an atom. */
  readonly tight: number;
  /** A boolean of JavaScript. */
  readonly truth?: boolean;
  /** A bigint of JavaScript, a constant. */
  readonly big?: boolean;
  /** The character that it was written as. */
  readonly char?: string;
}

export const ATOM = 20;
const LARGEST = 2n ** 53n - 1n;
/** An address, as an integer: user space, and room beyond it. */
export const ADDRESSES: Range = { lo: 0n, hi: 2n ** 52n };

export function exactly(number: bigint): Range {
  return { lo: number, hi: number };
}

export function rangeOfType({ bits, signed, bool }: IntType): Range {
  if (bool) return { lo: 0n, hi: 1n };
  const half = 1n << BigInt(bits - 1);
  return signed ? { lo: -half, hi: half - 1n } : { lo: 0n, hi: 2n * half - 1n };
}

// Math.min() is for numbers.
export function least(a: bigint, b: bigint): bigint {
  return [a, b].sort((x, y) => (x < y ? -1 : 1))[0] ?? a;
}

function most(a: bigint, b: bigint): bigint {
  return -least(-a, -b);
}

export function hull(a: Range, b: Range): Range {
  return { lo: least(a.lo, b.lo), hi: most(a.hi, b.hi) };
}

export function isWithin(inner: Range, outer: Range): boolean {
  return inner.lo >= outer.lo && inner.hi <= outer.hi;
}

/** Does a number hold it exactly? */
export function isSafe({ lo, hi }: Range): boolean {
  return lo >= -LARGEST && hi <= LARGEST;
}

export function describe(type: Type): string {
  switch (type.kind) {
    case 'int':
      return type.bool ? 'bool' : `${type.signed ? '' : 'unsigned '}integer of ${type.bits} bits`;
    case 'address':
      return 'pointer';
    case 'struct':
      return `struct ${type.name}`;
    case 'box':
      return `pointer to a ${describe(type.of)}`;
    default:
      return type.kind;
  }
}

/** A constant. */
export function literal(number: bigint, type: IntType, code?: string): Value {
  if (isSafe(exactly(number)))
    return { code: code ?? String(number), type, range: exactly(number), tight: number < 0n ? 15 : ATOM };
  return {
    code: `0x${BigInt.asUintN(64, number).toString(16)}n`,
    type,
    range: exactly(number),
    tight: ATOM,
    big: true,
  };
}

/** In parentheses, if it has to be beside an operator that binds so tight. */
export function beside(value: Value, tight: number): string {
  return value.tight < tight ? `(${value.code})` : value.code;
}

/** The integer as a number. */
export function numeric(value: Value): Value {
  if (value.type.kind !== 'int')
    throw new Untranslatable(`a ${describe(value.type)} where an integer is wanted: ${value.code}`);
  if (!value.truth) return value;
  if (value.code === 'true' || value.code === 'false') return literal(value.code === 'true' ? 1n : 0n, INT);
  const { truth: _truth, ...rest } = value;
  return { ...rest, code: `Number(${value.code})`, tight: ATOM, type: INT };
}

/** The value as a condition. */
export function condition(value: Value): Value {
  const { type } = value;
  if (value.truth) return value;
  if (type.kind !== 'int' && type.kind !== 'address')
    throw new Untranslatable(`a ${describe(type)} as a condition: ${value.code}`);
  const zero = value.big ? '0n' : '0';
  return { code: `${beside(value, 10)} !== ${zero}`, type: BOOL, range: { lo: 0n, hi: 1n }, tight: 9, truth: true };
}

const WORDS: Readonly<Record<string, string>> = {
  '==': '===',
  '!=': '!==',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};
const OPPOSITE: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '>=',
  '>': '<=',
  '<=': '>',
  '>=': '<',
};

/** The condition turned round. */
export function negated(value: Value): Value {
  const given = condition(value);
  const [, left, operator = '', right] =
    /^([\w.()[\], +*'-]+) (===|!==|<|>|<=|>=) ([\w.()[\], +*'-]+)$/.exec(given.code) ?? [];
  const opposite = OPPOSITE[operator];
  if (given.tight === 9 && opposite !== undefined) return { ...given, code: `${left} ${opposite} ${right}` };
  return { ...given, code: `!${beside(given, 15)}`, tight: 15 };
}

/** The type that two operands have in common, as C converts them. */
export function common(a: IntType, b: IntType): IntType {
  const promoted = (type: IntType): IntType => (type.bits < 32 || type.bool ? INT : type);
  const [x, y] = [promoted(a), promoted(b)];
  if (x.bits !== y.bits) return x.bits > y.bits ? x : y;
  return x.signed ? y : x;
}

/** An integer as C converts it: what would be cut is refused. */
export function converted(value: Value, type: IntType, what: string): Value {
  if (type.bool) return condition(value);
  const given = numeric(value);
  if (!isWithin(given.range, rangeOfType(type))) {
    if (given.range.lo === given.range.hi) return literal(cut(given.range.lo, type), type);
    throw new Untranslatable(`${what} may not fit into an ${describe(type)}: ${given.code}`);
  }
  return { ...given, type };
}

function cut(number: bigint, { bits, signed }: IntType): bigint {
  return signed ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number);
}

export function compared(operator: string, a: Value, b: Value): Value {
  const word = WORDS[operator];
  if (word === undefined) throw new Untranslatable(`the operator ${operator}`);
  const isPointer = (one: Value): boolean => one.type.kind === 'address';
  const [x, y] = isPointer(a) || isPointer(b) ? [a, b] : [numeric(a), numeric(b)];
  if (x.type.kind === 'int' && y.type.kind === 'int') {
    const type = common(x.type, y.type);
    // A negative number becomes one of the upper half, which what stays below that is never equal to.
    const lower = { lo: rangeOfType(type).lo, hi: (1n << BigInt(type.bits - 1)) - 1n };
    const isEquality = operator === '==' || operator === '!=';
    for (const [one, other] of [
      [x, y],
      [y, x],
    ] as const) {
      const stays = isWithin(one.range, rangeOfType(type)) || (isEquality && isWithin(other.range, lower));
      if (!stays) throw new Untranslatable(`a comparison in which ${one.code} changes its sign`);
    }
  }
  if (x.big || y.big) throw new Untranslatable(`a comparison with ${x.big ? x.code : y.code}`);
  const code = `${beside(x, 10)} ${word} ${beside(y, 10)}`;
  return { code, type: BOOL, range: { lo: 0n, hi: 1n }, tight: 9, truth: true };
}

const TIGHT: Readonly<Record<string, number>> = {
  '*': 13,
  '/': 13,
  '%': 13,
  '+': 12,
  '-': 12,
  '<<': 11,
  '>>': 11,
  '&': 8,
  '^': 7,
  '|': 6,
};

/** All results that ends of ranges come to. */
function ends(a: Range, b: Range, of: (x: bigint, y: bigint) => bigint): Range {
  const all = [of(a.lo, b.lo), of(a.lo, b.hi), of(a.hi, b.lo), of(a.hi, b.hi)];
  return all.map(exactly).reduce(hull);
}

function resultOf(operator: string, a: Range, b: Range): Range {
  const bitwise = (): Range => {
    if (a.lo < 0n || b.lo < 0n) throw new Untranslatable(`${operator} of what may be negative`);
    const top = hull(a, b).hi;
    return operator === '&'
      ? { lo: 0n, hi: least(a.hi, b.hi) }
      : { lo: 0n, hi: (1n << BigInt(top.toString(2).length)) - 1n };
  };
  switch (operator) {
    case '+':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case '-':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case '*':
      return ends(a, b, (x, y) => x * y);
    case '/':
    case '%':
      if (b.lo <= 0n) throw new Untranslatable(`${operator} by what may be 0 or negative`);
      if (operator === '/') return ends(a, b, (x, y) => x / y);
      return { lo: a.lo < 0n ? 1n - b.hi : 0n, hi: a.hi < 0n ? 0n : least(a.hi, b.hi - 1n) };
    case '<<':
      if (a.lo < 0n || b.lo < 0n || b.hi > 62n) throw new Untranslatable('a shift that may not be one');
      return { lo: a.lo << b.lo, hi: a.hi << b.hi };
    case '>>':
      if (a.lo < 0n || b.lo < 0n || b.hi > 62n) throw new Untranslatable('a shift that may not be one');
      return { lo: a.lo >> b.hi, hi: a.hi >> b.lo };
    case '&':
    case '|':
    case '^':
      return bitwise();
    default:
      throw new Untranslatable(`the operator ${operator}`);
  }
}

function fold(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    default:
      return resultOf(operator, exactly(a), exactly(b)).lo;
  }
}

function clamped(range: Range, all: Range): Range {
  const [lo, hi] = [most(range.lo, all.lo), least(range.hi, all.hi)];
  return lo <= hi ? { lo, hi } : all;
}

/** Is the number all ones, from some bit down? */
function isLowBits(number: bigint): boolean {
  return number >= 0n && (number & (number + 1n)) === 0n;
}

/** What is left of a number of more than 31 bits below, or above, some bit; null where it is not masked so. */
function maskedBy(value: Value, mask: Value, type: IntType): Value | null {
  const { lo, hi } = mask.range;
  const isWide = value.range.hi > 2n ** 31n - 1n || mask.big === true;
  if (lo !== hi || value.big || value.range.lo < 0n || !isSafe(value.range) || !isWide) return null;
  const unsigned = BigInt.asUintN(type.bits, lo);
  const upper = 2n ** BigInt(type.bits) - 1n - unsigned;
  if (isLowBits(unsigned)) {
    const code = `${beside(value, 13)} % ${unsigned + 1n}`;
    return { code, type, range: { lo: 0n, hi: least(unsigned, value.range.hi) }, tight: 13 };
  }
  // It stands there twice, so it must do nothing.
  if (!isLowBits(upper) || /\w\(/.test(value.code)) return null;
  const code = `${beside(value, 12)} - (${beside(value, 13)} % ${upper + 1n})`;
  return { code, type, range: { lo: 0n, hi: value.range.hi }, tight: 12 };
}

/** Arithmetic of two integers. */
export function arithmetic(operator: string, left: Value, right: Value): Value {
  const [a, b] = [numeric(left), numeric(right)];
  if (a.type.kind !== 'int' || b.type.kind !== 'int') throw new Untranslatable(`${operator} of no integers`);
  const shift = operator === '<<' || operator === '>>';
  const type = shift ? common(a.type, INT) : common(a.type, b.type);
  const operand = (one: Value): Value => {
    if (isWithin(one.range, rangeOfType(type)) || shift) return one;
    if (one.range.lo === one.range.hi) return literal(cut(one.range.lo, type), type);
    throw new Untranslatable(`${one.code} changes its sign beside ${one === a ? b.code : a.code}`);
  };
  const [x, y] = [operand(a), operand(b)];
  const isConstant = x.range.lo === x.range.hi && y.range.lo === y.range.hi;
  const masked = operator === '&' && !isConstant ? (maskedBy(x, y, type) ?? maskedBy(y, x, type)) : null;
  if (masked !== null) return masked;
  if (isConstant && (x.big || y.big)) return literal(cut(fold(operator, x.range.lo, y.range.lo), type), type);
  if (x.big || y.big) throw new Untranslatable(`${operator} of ${x.big ? x.code : y.code}`);
  const found = isConstant ? exactly(fold(operator, x.range.lo, y.range.lo)) : resultOf(operator, x.range, y.range);
  // What is signed does not leave its range in a program that C defines.
  const range = type.signed && !isConstant ? clamped(found, rangeOfType(type)) : found;
  if (!isWithin(range, rangeOfType(type)) || !isSafe(range)) {
    if (isConstant && !type.signed) return literal(cut(range.lo, type), type);
    throw new Untranslatable(`${x.code} ${operator} ${y.code} may leave the range of an ${describe(type)}`);
  }
  const wide = hull(hull(x.range, y.range), range).hi > 2n ** 31n - 1n;
  if (/^[&|^]$|^<<$|^>>$/.test(operator) && wide) throw new Untranslatable(`${operator} of more than 31 bits`);
  const tight = TIGHT[operator] ?? 0;
  if (operator === '/') {
    const exact = isConstant && x.range.lo % y.range.lo === 0n;
    const code = `${beside(x, tight)} / ${beside(y, tight + 1)}`;
    return exact ? { code, type, range, tight } : { code: `Math.trunc(${code})`, type, range, tight: ATOM };
  }
  return { code: `${beside(x, tight)} ${operator} ${beside(y, tight + 1)}`, type, range, tight };
}

/** An address moved by so many bytes. */
export function moved(operator: '+' | '-', pointer: Value, by: Value): Value {
  const offset = numeric(by);
  if (offset.big || !isSafe(offset.range)) throw new Untranslatable(`a pointer moved by ${offset.code}`);
  if (offset.range.lo === 0n && offset.range.hi === 0n) return pointer;
  const code = `${beside(pointer, 12)} ${operator} ${beside(offset, operator === '+' ? 12 : 13)}`;
  return { code, type: pointer.type, range: ADDRESSES, tight: 12 };
}
