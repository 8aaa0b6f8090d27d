// SPDX-License-Identifier: GPL-2.0-only
/**
 * Memory of the process that carries out the case: what C does through pointers. Where C would get a signal its handler
 * is called, or else the process dies of it.
 */
import { hexOf } from '../../include/check.js';
import { currentCase, ProcessKilled } from './case.js';

export const SIGSEGV = 11;

/** A char: a number, or a text of one ASCII character. */
export type Char = number | string;

/** The value of a char, as C has it in an unsigned one. */
export function chr(value: Char): number {
  if (typeof value === 'number') return value & 0xff;
  if (value.length !== 1) throw new TypeError(`chr: value = '${value}': not one character`);
  return value.charCodeAt(0);
}

/** Where a signal handler is to go on: sigsetjmp()'s part of it. */
class Jump extends Error {
  readonly value: number;

  constructor(value: number) {
    super('siglongjmp');
    this.name = 'Jump';
    this.value = value;
  }
}

/** Has the next SIGSEGV call the handler; null takes it away. */
export function sigaction(signal: number, handler: ((signal: number) => void) | null): number {
  const { handlers } = currentCase('sigaction');
  if (handler === null) handlers.delete(signal);
  else handlers.set(signal, handler);
  return 0;
}

/** Leaves the body of sigsetjmp(), which returns the value. */
export function siglongjmp(value: number): never {
  throw new Jump(value);
}

/** Carries out body: 0 if it comes to its end, or what siglongjmp() leaves it with. */
export function sigsetjmp(body: () => void): number {
  try {
    body();
    return 0;
  } catch (error) {
    if (error instanceof Jump) return error.value;
    throw error;
  }
}

/** The access cannot be. A handler that returns would have it tried again, for ever. */
function fault(addr: number, what: string): never {
  currentCase(what).handlers.get(SIGSEGV)?.(SIGSEGV);
  throw new ProcessKilled(SIGSEGV, `${what} at ${hexOf(addr)}`);
}

/** The bytes at addr. */
export function load(addr: number, length: number): Uint8Array {
  const said = `peek(${hexOf(addr)}, ${length})`;
  const bytes = currentCase('load').ask(said, (process) => process.peek(addr, length));
  if (bytes.length < length) fault(addr + bytes.length, 'read');
  return bytes;
}

/** Writes bytes to addr. */
export function store(addr: number, bytes: Uint8Array): void {
  const said = `poke(${hexOf(addr)}, ${bytes.length} bytes)`;
  const done = currentCase('store').ask(said, (process) => process.poke(addr, bytes));
  if (done < bytes.length) fault(addr + done, 'write');
}

/** `*(unsigned char *)addr` */
export function load8(addr: number): number {
  const [byte = 0] = load(addr, 1);
  return byte;
}

/** `*(char *)addr`, with its sign. */
export function load_char(addr: number): number {
  return (load8(addr) << 24) >> 24;
}

/** `*(char *)addr = value` */
export function store8(addr: number, value: Char): void {
  store(addr, Uint8Array.of(chr(value)));
}

/** `*(unsigned long *)addr` */
export function load64(addr: number): bigint {
  const bytes = load(addr, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}

/** `*(unsigned long *)addr = value` */
export function store64(addr: number, value: number | bigint): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  store(addr, bytes);
}

/** Reads the byte at addr, for the fault's sake. */
export function FORCE_READ(addr: number): void {
  load8(addr);
}

/** Fills memory with a byte. */
export function memset(addr: number, value: Char, length: number): void {
  store(addr, new Uint8Array(length).fill(chr(value)));
}

/** Copies to memory: from memory, or from bytes that the test itself has. */
export function memcpy(addr: number, from: number | Uint8Array, length: number): void {
  store(addr, typeof from === 'number' ? load(from, length) : from.subarray(0, length));
}

/** Compares memory with memory, or with bytes that the test itself has: 0 if they are the same. */
export function memcmp(addr: number, other: number | Uint8Array, length: number): number {
  const there = typeof other === 'number' ? load(other, length) : other.subarray(0, length);
  return Buffer.compare(load(addr, length), there);
}

/** Where the byte is found first, or 0. */
export function memchr(addr: number, value: Char, length: number): number {
  const index = load(addr, length).indexOf(chr(value));
  return index === -1 ? 0 : addr + index;
}
