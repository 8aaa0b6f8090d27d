// SPDX-License-Identifier: GPL-2.0-only
/** Requests and answers as c/live.c has them. */

/** What can be asked for. */
export const OP = { SYSCALL: 0, READ: 1, WRITE: 2, FORK: 3, FILE: 4, EXIT: 5 } as const;

/** Most bytes that go with a request, or come with an answer. */
export const MOST_DATA = 65536;
export const ANSWER_SIZE = 8;
const HEAD = 72;
const ARGS_AT = 16;

/** An argument of a system call: a number; or bytes, which the call is given the address of. */
export type WireArgument = number | bigint | Uint8Array;

export interface Request {
  op: number;
  /** Number of the system call. */
  nr?: number;
  args?: readonly WireArgument[];
  /** Bytes from the beginning of the data that come back with the answer. */
  out?: number;
}

/** A request as bytes. Data of several arguments lie one behind the other, each on 8 bytes. */
export function encode({ op, nr = 0, args = [], out = 0 }: Request): Buffer {
  const sizes = args.map((arg) => (arg instanceof Uint8Array ? Math.ceil(arg.length / 8) * 8 : 0));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  if (size > MOST_DATA || out > MOST_DATA)
    throw new RangeError(`live: ${Math.max(size, out)} bytes do not fit a request`);
  const bytes = Buffer.alloc(HEAD + size);
  let [pointers, offset] = [0, 0];
  args.forEach((arg, i) => {
    if (arg instanceof Uint8Array) {
      pointers |= 1 << i;
      bytes.set(arg, HEAD + offset);
      bytes.writeBigUInt64LE(BigInt(offset), ARGS_AT + 8 * i);
      offset += sizes[i] ?? 0;
    } else {
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(arg)), ARGS_AT + 8 * i);
    }
  });
  bytes.writeUInt32LE(op, 0);
  bytes.writeUInt32LE(pointers, 4);
  bytes.writeBigUInt64LE(BigInt(nr), 8);
  bytes.writeUInt32LE(size, 64);
  bytes.writeUInt32LE(out, 68);
  return bytes;
}

/** A string as C has it. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/** Numbers of 64 bits, as in struct rlimit. */
export function words(...values: readonly (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 8 * i);
  });
  return bytes;
}

/** The result of a call: an address or a number, negative for an errno. Past 2^53 it is rounded. */
export function resultOf(bytes: Buffer): number {
  return Number(bytes.readBigInt64LE(0));
}
