// SPDX-License-Identifier: GPL-2.0-only
/**
 * Arguments of system calls in a trace: hexadecimal numbers of 64 bits, which may have a sign, or constants by the names
 * that C has for them, joined with `|`. What a name stands for goes by the argument's own name.
 */
import * as capability from '../../include/uapi/capability.js';
import * as fcntl from '../../include/uapi/fcntl.js';
import * as mman from '../../include/uapi/mman.js';
import * as prctl from '../../include/uapi/prctl.js';
import * as resource from '../../include/uapi/resource.js';
import { FAILING, KNOBS } from './process_settings.js';
import { TraceError } from './trace_error.js';

/** A number of 64 bits, or a name. */
export type CallArgument = number | bigint | string;

type Constants = ReadonlyMap<string, number>;

function constantsOf(header: object, prefix: string): Constants {
  return new Map(
    Object.entries(header).flatMap(([name, value]: [string, unknown]): [string, number][] =>
      name.startsWith(prefix) && typeof value === 'number' ? [[name, value]] : [],
    ),
  );
}

/** Arguments for which names stand, by the argument's. */
export const CONSTANTS: Readonly<Record<string, Constants>> = {
  PROT: constantsOf(mman, 'PROT_'),
  MAP: constantsOf(mman, 'MAP_'),
  MREMAP: constantsOf(mman, 'MREMAP_'),
  MLOCK: constantsOf(mman, 'MLOCK_'),
  MCL: constantsOf(mman, 'MCL_'),
  ADVICE: constantsOf(mman, 'MADV_'),
  SEALS: constantsOf(fcntl, 'F_SEAL_'),
  RESOURCE: constantsOf(resource, 'RLIMIT_'),
  CAP: constantsOf(capability, 'CAP_'),
  OPTION: constantsOf(prctl, 'PR_'),
};

/** Arguments that are one name of a list. */
const LISTS: Readonly<Record<string, readonly string[]>> = { KNOB: KNOBS, CALL: FAILING };

const MOST = 2n ** 64n;

function parseNumber(word: string, line: number): number | bigint {
  const [, sign = '', digits = ''] = /^(-?)([0-9a-f]+)$/i.exec(word) ?? [];
  if (digits === '') throw new TraceError(line, `'${word}' is not a hexadecimal number`);
  const value = BigInt(`0x${digits}`) * (sign === '' ? 1n : -1n);
  if (value >= MOST || value < -MOST / 2n) throw new TraceError(line, `'${word}' has more than 64 bits`);
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
}

function parseConstants(argument: string, known: Constants, word: string, line: number): number | bigint {
  if (!word.includes('_')) return parseNumber(word, line);
  const bits = word.split('|').map((name) => {
    const value = name.includes('_') ? known.get(name) : parseNumber(name, line);
    if (value === undefined) throw new TraceError(line, `'${name}' is none of the names for ${argument}`);
    return BigInt(value);
  });
  return Number(bits.reduce((sum, one) => sum | one, 0n));
}

function parseText(word: string, line: number): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw new TraceError(line, `'${word}' has a % that no two hexadecimal digits follow`);
  }
}

/** The argument of that name, from its word. */
export function parseCallArgument(argument: string, word: string, line: number): CallArgument {
  if (argument === 'TEXT') return parseText(word, line);
  const list = LISTS[argument];
  if (list !== undefined && !list.includes(word))
    throw new TraceError(line, `'${word}' is none of ${argument}: ${list.join(', ')}`);
  if (list !== undefined) return word;
  const known = CONSTANTS[argument];
  return known === undefined ? parseNumber(word, line) : parseConstants(argument, known, word, line);
}

/** Bits that have names by their names, others as a number. */
function sayBits(known: Constants, value: number): string {
  let left = value;
  const names: string[] = [];
  for (const [name, bits] of [...known].sort(([, a], [, b]) => b - a)) {
    if (bits === 0 || !Number.isSafeInteger(left) || Math.floor(left / bits) === 0) continue;
    if ((BigInt(left) & BigInt(bits)) !== BigInt(bits)) continue;
    names.push(name);
    left = Number(BigInt(left) & ~BigInt(bits));
  }
  return [...names.reverse(), ...(left !== 0 ? [left.toString(16)] : [])].join('|');
}

/** Arguments whose names are values, not bits. */
const VALUES = new Set(['ADVICE', 'RESOURCE', 'CAP', 'OPTION']);
/** Names that are masks, or nothing. */
const NO_FLAGS = /^(?:MAP_TYPE|MAP_FILE|MAP_HUGE_\w+|PROT_NONE|PROT_SEM)$/;

/** The word for an argument; what parseCallArgument() reads as the same value. */
export function sayCallArgument(argument: string, value: CallArgument): string {
  if (argument === 'TEXT') return encodeURIComponent(String(value));
  if (typeof value === 'string') return value;
  const known = CONSTANTS[argument];
  if (known === undefined || typeof value === 'bigint' || value < 0) return value.toString(16);
  if (VALUES.has(argument)) return [...known].find(([, one]) => one === value)?.[0] ?? value.toString(16);
  const flags = new Map([...known].filter(([name]) => !NO_FLAGS.test(name)));
  return sayBits(flags, value) || (argument === 'PROT' ? 'PROT_NONE' : '0');
}
