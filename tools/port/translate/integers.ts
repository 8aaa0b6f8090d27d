// SPDX-License-Identifier: GPL-2.0-only
/**
 * C's arithmetic on integers. Where both sides and the result are known to be numbers that JavaScript has exactly, and
 * that the type of C has too, its operator is used; else a helper of harness/c.ts that computes as C does.
 */
import {
  common,
  converted,
  exactly,
  type IntType,
  isInt,
  least,
  most,
  promoted,
  type Range,
  rangeOf,
  ULONG,
  within,
  wrapped,
} from './ctypes.js';
import { Untranslatable } from './scope.js';
import { constantOf, isSafe, literal, SAFE, truthValue, type Value, value } from './values.js';

/** Notes that the code needs a helper of harness/c.ts, and returns its name. */
export type Helper = (name: string) => string;

export function intType(one: Value): IntType {
  if (isInt(one.type)) return one.type;
  throw new Untranslatable(`arithmetic on what is no integer: ${one.code}`);
}

function helperOf(type: IntType, use: Helper): string {
  return use(`${type.signed ? 's' : 'u'}${type.bits}`);
}

/** Conversion to an integer type, as an assignment or a cast does it. */
export function toInt(one: Value, type: IntType, use: Helper): Value {
  const from = intType(one);
  if (type.bool) return from.bool || one.rep === 'boolean' ? { ...one, type } : truthValueOf(one, type);
  const number = one.rep === 'boolean' ? { ...one, code: numberOf(one), rep: 'number' as const } : one;
  if (within(number.range, rangeOf(type))) {
    // An error in an unsigned long is a negative number, which is none of a wider or narrower signed type.
    if (number.rep !== 'ulong' || (!type.signed && type.bits === 64)) return { ...number, type, place: false };
  }
  const constant = constantOf(number);
  if (constant !== null) return literal(wrapped(constant, type), type);
  const range = shifted(number.range, type);
  if (![8, 16, 32, 64].includes(type.bits)) {
    const code = `${use('narrow')}(${number.code}, ${type.bits}, ${type.signed})`;
    return value(code, type, 'number', { range, effects: number.effects });
  }
  const code = `${helperOf(type, use)}.of(${number.code})`;
  return value(code, type, type.bits === 64 ? 'bigint' : 'number', { range, effects: number.effects });
}

function truthValueOf(one: Value, type: IntType): Value {
  return { ...truthValue(truthOf(one, false), one.effects), type };
}

/** A range after conversion: moved as a whole where it can be. */
function shifted(range: Range, type: IntType): Range {
  const [lo, hi] = [wrapped(range.lo, type), wrapped(range.hi, type)];
  return hi - lo === range.hi - range.lo ? { lo, hi } : converted(range, type);
}

/** As a number that JavaScript computes with. */
export function numberOf(one: Value): string {
  const constant = constantOf(one);
  if (one.rep === 'boolean') return constant === null ? `Number(${one.code})` : String(constant);
  if (one.rep !== 'bigint') return one.code;
  if (constant !== null && isSafe(one.range)) return literal(constant, intType(one)).code;
  return `Number(${one.code})`;
}

/** As a bigint. */
export function bigintOf(one: Value, use: Helper): string {
  const constant = constantOf(one);
  if (one.rep === 'bigint') return one.code;
  if (constant !== null)
    return /^\(?-?(?:0x[\da-f]+|\d+)\)?$/i.test(one.code)
      ? one.code.replace(/\)?$/, (end) => `n${end}`)
      : spelledBig(one, constant);
  if (one.rep === 'boolean') return `BigInt(${one.code})`;
  return one.rep === 'ulong' ? `${use('u64')}.of(${one.code})` : `BigInt(${one.code})`;
}

function spelledBig(one: Value, constant: bigint): string {
  return /^[\w.]+$/.test(one.code) && one.rep === 'number' ? `BigInt(${one.code})` : `${constant}n`;
}

/** As the port holds an unsigned long. */
export function ulongOf(one: Value, use: Helper): string {
  if (one.rep === 'ulong' || (one.rep === 'number' && isSafe(one.range) && one.range.lo >= 0n)) return one.code;
  if (one.rep === 'boolean') return numberOf(one);
  if (constantOf(one) === rangeOf(ULONG).hi) return use('ULONG_MAX');
  if (isSafe(one.range) && one.range.lo >= 0n) return numberOf(one);
  return `${use('ulong')}(${one.code})`;
}

/** As a condition. */
export function truthOf(one: Value, negate: boolean): string {
  const constant = constantOf(one);
  if (constant !== null && !one.effects) return String((constant !== 0n) !== negate);
  const sign = negate ? '===' : '!==';
  if (one.rep === 'boolean') return negate ? `!(${one.code})` : one.code;
  return `${one.code} ${sign} ${one.rep === 'bigint' ? '0n' : '0'}`;
}

const bits = (range: Range): bigint => BigInt((range.hi < 0n ? -range.hi : range.hi).toString(2).length);

/** What an operator makes of two ranges; null where that is not worked out. */
function resultRange(operator: string, a: Range, b: Range): Range | null {
  const corners = (apply: (x: bigint, y: bigint) => bigint): Range => {
    const all = [apply(a.lo, b.lo), apply(a.lo, b.hi), apply(a.hi, b.lo), apply(a.hi, b.hi)] as const;
    return { lo: least(...all), hi: most(...all) };
  };
  const positive = a.lo >= 0n && b.lo >= 0n;
  switch (operator) {
    case '+':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case '-':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case '*':
      return corners((x, y) => x * y);
    case '/':
      return b.lo > 0n ? corners((x, y) => x / y) : null;
    case '%':
      return b.lo > 0n
        ? { lo: a.lo < 0n ? -b.hi + 1n : 0n, hi: a.hi > b.hi - 1n ? b.hi - 1n : a.hi < 0n ? 0n : a.hi }
        : null;
    case '&':
      if (positive) return { lo: 0n, hi: least(a.hi, b.hi) };
      if (b.lo >= 0n) return { lo: 0n, hi: b.hi };
      return a.lo >= 0n ? { lo: 0n, hi: a.hi } : null;
    case '|':
    case '^': {
      const width = most(bits(a), bits(b));
      return positive ? { lo: 0n, hi: (1n << width) - 1n } : null;
    }
    case '<<':
      return b.lo >= 0n && b.hi < 64n ? corners((x, y) => x << y) : null;
    case '>>':
      return b.lo >= 0n && b.hi < 64n ? corners((x, y) => x >> y) : null;
    default:
      return null;
  }
}

const INT32: Range = { lo: -(2n ** 31n), hi: 2n ** 31n - 1n };

/** The operator of JavaScript that computes the same for these numbers; null if there is none. */
function plainCode(operator: string, a: Value, b: Value): string | null {
  const [x, y] = [numberOf(a), numberOf(b)];
  const small = within(a.range, INT32) && within(b.range, INT32);
  switch (operator) {
    case '+':
    case '-':
    case '*':
      return `(${x} ${operator} ${y})`;
    case '/':
      return a.range.lo >= 0n ? `Math.floor(${x} / ${y})` : `Math.trunc(${x} / ${y})`;
    case '%':
      // The remainder of a negative number can be -0.
      return a.range.lo >= 0n ? `(${x} % ${y})` : null;
    case '&':
    case '|':
    case '^':
      return small ? `(${x} ${operator} ${y})` : null;
    case '<<':
      return small && a.range.hi << b.range.hi <= INT32.hi ? `(${x} << ${y})` : `(${x} * 2 ** ${y})`;
    case '>>':
      return small ? `(${x} >> ${y})` : `Math.floor(${x} / 2 ** ${y})`;
    default:
      return null;
  }
}

const METHODS: Record<string, string> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'shl',
  '>>': 'shr',
};

/** A mask of at most 31 bits takes from any number what it would take from the word that it stands for. */
function masked(a: Value, b: Value, type: IntType): Value | null {
  const mask = constantOf(b);
  if (mask === null || mask < 0n || mask > INT32.hi || (a.rep !== 'number' && a.rep !== 'ulong')) return null;
  if (a.rep === 'number' && !isSafe(a.range)) return null;
  return value(`(${a.code} & ${numberOf(b)})`, type, 'number', { range: { lo: 0n, hi: mask }, effects: a.effects });
}

export function arithmetic(operator: string, left: Value, right: Value, use: Helper): Value {
  const shift = operator === '<<' || operator === '>>';
  const type = shift ? promoted(intType(left)) : common(intType(left), intType(right));
  const a = toInt(left, type, use);
  const b = shift ? toInt(right, promoted(intType(right)), use) : toInt(right, type, use);
  const effects = a.effects || b.effects;
  if (shift && (b.range.lo >= BigInt(type.bits) || b.range.hi < 0n)) {
    throw new Untranslatable(`a shift by ${b.code} of a word of ${type.bits} bits`);
  }
  if ((operator === '/' || operator === '%') && constantOf(b) === 0n) throw new Untranslatable('a division by zero');
  const range = resultRange(operator, a.range, b.range);
  const fits = range !== null && within(range, rangeOf(type));
  const folded = constantOf(a) !== null && constantOf(b) !== null && range !== null && !effects;
  if (folded && range.lo === range.hi && (!fits || !isSafe(range))) return literal(wrapped(range.lo, type), type);
  if (operator === '&') {
    const found = masked(a, b, type) ?? masked(b, a, type);
    if (found !== null) return { ...found, effects };
  }
  if (fits && isSafe(range) && [a, b].every((one) => one.rep === 'number' && isSafe(one.range))) {
    const code = plainCode(operator, a, b);
    if (code !== null) return value(code, type, 'number', { range, effects, fixed: folded });
  }
  const result = range === null ? rangeOf(type) : converted(range, type);
  if (type.bits === 64 && !type.signed && /^[&|^]$/.test(operator) && (a.rep === 'bigint' || b.rep === 'bigint')) {
    const code = `(${bigintOf(a, use)} ${operator} ${bigintOf(b, use)})`;
    return value(code, type, 'bigint', { range: result, effects });
  }
  const code = `${helperOf(type, use)}.${METHODS[operator]}(${a.code}, ${b.code})`;
  return value(code, type, type.bits === 64 ? 'bigint' : 'number', { range: result, effects });
}

export function negative(one: Value, use: Helper): Value {
  const type = promoted(intType(one));
  const given = toInt(one, type, use);
  const range = { lo: -given.range.hi, hi: -given.range.lo };
  const fits = within(range, rangeOf(type)) && isSafe(range);
  if (fits && given.rep === 'number' && (given.range.lo > 0n || given.range.hi < 0n || constantOf(given) !== null)) {
    const code = constantOf(given) === 0n ? '0' : `(-${given.code})`;
    return value(code, type, 'number', { range, effects: given.effects, fixed: given.fixed });
  }
  return arithmetic('-', literal(0n, type), given, use);
}

/** All bits the other way round. */
export function inverted(one: Value, use: Helper): Value {
  const type = promoted(intType(one));
  const given = toInt(one, type, use);
  const constant = constantOf(given);
  if (constant !== null && !given.effects) return literal(wrapped(~constant, type), type);
  const span = { lo: ~given.range.hi, hi: ~given.range.lo };
  if (type.signed && given.rep === 'number' && within(given.range, INT32)) {
    return value(`(~${given.code})`, type, 'number', { range: span, effects: given.effects });
  }
  const code = `${helperOf(type, use)}.not(${given.code})`;
  const range = type.signed ? span : shifted(span, type);
  return value(code, type, type.bits === 64 ? 'bigint' : 'number', { range, effects: given.effects });
}

const SIGNS: Record<string, string> = { '==': '===', '!=': '!==', '<': '<', '>': '>', '<=': '<=', '>=': '>=' };
export const OPPOSITE: Record<string, string> = { '==': '!=', '!=': '==', '<': '>=', '>': '<=', '<=': '>', '>=': '<' };

function decided(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

/** Two values brought to one type and held alike, as JavaScript compares them. */
export function alike(left: Value, right: Value, ordered: boolean, use: Helper): [Value, Value] {
  const type = common(intType(left), intType(right));
  const booleans = left.rep === 'boolean' && right.rep === 'boolean' && !ordered;
  if (booleans) return [left, right];
  // A truth value against 0 or 1 is a question of truth.
  const [one, other] = [constantOf(left), constantOf(right)];
  const boolOf = (number: bigint, to: Value): Value => ({
    ...to,
    code: String(number === 1n),
    range: exactly(number),
    effects: false,
    fixed: true,
  });
  if (!ordered && left.rep === 'boolean' && other !== null && (other === 0n || other === 1n))
    return [left, boolOf(other, left)];
  if (!ordered && right.rep === 'boolean' && one !== null && (one === 0n || one === 1n))
    return [boolOf(one, right), right];
  const [a, b] = [toInt(left, type, use), toInt(right, type, use)];
  const errorIn = (held: Value, given: Value, converted_: Value): [Value, Value] | null => {
    const constant = constantOf(converted_);
    const error = constant === null ? 0n : constant - 2n ** 64n;
    if (ordered || held.rep !== 'ulong' || error < -4095n || error > -2n) return null;
    const code = constantOf(given) === error ? given.code : `${error}`;
    return [held, value(code, type, 'number', { range: converted_.range })];
  };
  const found = errorIn(a, right, b);
  if (found !== null) return found;
  const turned = errorIn(b, left, a);
  if (turned !== null) return [turned[1], turned[0]];
  const number = (held: Value): boolean => held.rep === 'number' || (held.rep === 'ulong' && !(ordered && held.errno));
  if (number(a) && number(b)) return [a, b];
  return [a, b].map((held) => ({ ...held, code: bigintOf(held, use), rep: 'bigint' as const })) as [Value, Value];
}

export function comparison(operator: string, left: Value, right: Value, use: Helper): Value {
  const [a, b] = alike(left, right, operator !== '==' && operator !== '!=', use);
  const [x, y] = [constantOf(a), constantOf(b)];
  const effects = a.effects || b.effects;
  if (x !== null && y !== null && !effects) {
    const holds = decided(operator, x, y);
    return { ...truthValue(String(holds)), range: exactly(holds ? 1n : 0n), fixed: true };
  }
  return truthValue(`${a.code} ${SIGNS[operator]} ${b.code}`, effects);
}

export { SAFE };
