// SPDX-License-Identifier: GPL-2.0-only
/**
 * libc as selftests use it: system calls of the process that carries out the case. A call that fails returns -1, or
 * MAP_FAILED, and sets errno. Pointers are addresses, as numbers; NULL is 0.
 */
import { EINVAL } from '../../include/linux/errno.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import type { CallArgument, CallName } from './backend.js';
import { currentCase, ProcessExit } from './case.js';

/** An integer of a call: as many of its bits as a register has are handed on. */
export type Integer = number | bigint;

export { MAP_ANONYMOUS as MAP_ANON } from '../../include/uapi/mman.js';

export const NULL = 0;

/** What mmap() and mremap() return in place of an address when they fail. */
export const MAP_FAILED = -1;

/** What failed last, of the process under way; positive. */
export let errno = 0;

/** Sets errno, as a program may before a call that does not fail. */
export function set_errno(value: number): void {
  errno = value;
}

/** What system call `name` returns: -1, and errno set, if it fails. */
export function syscall(name: CallName, ...args: readonly CallArgument[]): number {
  const result = currentCase(name).ask(`${name}(${args.join(', ')})`, (process) => process.call(name, ...args));
  if (result >= 0 || result < -4095) return result;
  errno = -result;
  return -1;
}

/** Maps memory, or a file: where. */
export function mmap(addr: Integer, length: Integer, prot: number, flags: number, fd: number, offset: Integer): number {
  return syscall('mmap', addr, length, prot, flags, fd, offset);
}

export function munmap(addr: Integer, length: Integer): number {
  return syscall('munmap', addr, length);
}

/** Moves or resizes a mapping: where it is then. */
export function mremap(
  old_address: Integer,
  old_size: Integer,
  new_size: Integer,
  flags: number,
  new_address: Integer = 0,
): number {
  return syscall('mremap', old_address, old_size, new_size, flags, new_address);
}

export function mprotect(addr: Integer, length: Integer, prot: number): number {
  return syscall('mprotect', addr, length, prot);
}

export function madvise(addr: Integer, length: Integer, advice: number): number {
  return syscall('madvise', addr, length, advice);
}

/** One range of process_madvise(). */
export interface IoVector {
  iov_base: number;
  iov_len: number;
}

/** process_madvise() on the process itself (PIDFD_SELF): bytes that were advised on. */
export function process_madvise(vec: readonly IoVector[], advice: number, flags: number): number {
  return syscall('process_madvise', advice, flags, ...vec.flatMap(({ iov_base, iov_len }) => [iov_base, iov_len]));
}

export function mlock(addr: Integer, length: Integer): number {
  return syscall('mlock', addr, length);
}

export function mlock2(addr: Integer, length: Integer, flags: number): number {
  return syscall('mlock2', addr, length, flags);
}

export function munlock(addr: Integer, length: Integer): number {
  return syscall('munlock', addr, length);
}

export function mlockall(flags: number): number {
  return syscall('mlockall', flags);
}

export function munlockall(): number {
  return syscall('munlockall');
}

export function mseal(addr: Integer, length: Integer, flags: Integer): number {
  return syscall('mseal', addr, length, flags);
}

export function msync(addr: Integer, length: Integer, flags: number): number {
  return syscall('msync', addr, length, flags);
}

export function prctl(
  option: number,
  arg2: Integer,
  arg3: Integer = 0,
  arg4: Integer = 0,
  arg5: CallArgument = 0,
): number {
  return syscall('prctl', option, arg2, arg3, arg4, arg5);
}

/** Opens a file by its path, with O_*: a descriptor. */
export function open(path: string, flags: number, mode = 0): number {
  return syscall('open', path, flags, mode);
}

export function close(fd: number): number {
  return syscall('close', fd);
}

export function unlink(path: string): number {
  return syscall('unlink', path);
}

export function ftruncate(fd: number, length: Integer): number {
  return syscall('ftruncate', fd, length);
}

export function fallocate(fd: number, mode: number, offset: Integer, length: Integer): number {
  return syscall('fallocate', fd, mode, offset, length);
}

export function fcntl(fd: number, cmd: number, arg: Integer): number {
  return syscall('fcntl', fd, cmd, arg);
}

export function memfd_create(name: string, flags: number): number {
  return syscall('memfd_create', name, flags);
}

/** A limit; RLIM_INFINITY is Infinity here. */
export interface ResourceLimit {
  rlim_cur: number;
  rlim_max: number;
}

export function setrlimit(resource: number, { rlim_cur, rlim_max }: ResourceLimit): number {
  const word = (limit: number): number => (limit === Infinity ? -1 : limit);
  return syscall('setrlimit', resource, word(rlim_cur), word(rlim_max));
}

/** The limit, where C fills in a struct. */
export function getrlimit(resource: number): ResourceLimit {
  return currentCase('getrlimit').ask(`getrlimit(${resource})`, (process) => process.getrlimit(resource));
}

/** Gives up all capabilities, as cap_set_proc() of an empty set does. */
export function drop_capabilities(): number {
  return syscall('capset', 0n);
}

export function getpid(): number {
  return syscall('getpid');
}

export function getpagesize(): number {
  return PAGE_SIZE;
}

export const _SC_PAGESIZE = 30;

export function sysconf(name: number): number {
  if (name === _SC_PAGESIZE) return PAGE_SIZE;
  errno = EINVAL;
  return -1;
}

/** A copy of the process: 0 there, its number in the process itself. What the latter does comes after all of the former. */
export function fork(): number {
  const result = currentCase('fork').fork();
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

/** Where wait() leaves how a child ended. */
export interface WaitStatus {
  value: number;
}

/** A child that has ended: its number, or -1. */
export function waitpid(pid: number, status: WaitStatus | null = null): number {
  const child = currentCase('waitpid').wait(pid);
  if (child === null) {
    errno = ECHILD;
    return -1;
  }
  if (status !== null) status.value = child.status;
  return child.pid;
}

export function wait(status: WaitStatus | null = null): number {
  return waitpid(-1, status);
}

const ECHILD = 10;

/** Did it end by exit()? */
export function WIFEXITED(status: number): boolean {
  return (status & 0x7f) === 0;
}

export function WEXITSTATUS(status: number): number {
  return (status >> 8) & 0xff;
}

/** Did a signal end it? */
export function WIFSIGNALED(status: number): boolean {
  return !WIFEXITED(status);
}

export function WTERMSIG(status: number): number {
  return status & 0x7f;
}

/** The process ends. */
export function exit(code: number): never {
  currentCase('exit');
  throw new ProcessExit(code);
}

export { exit as _exit };

/** Waits. */
export function sleep(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

/** Has rand() begin its sequence of that number. */
export function srand(value: number): void {
  currentCase('srand').seed = value >>> 0;
}

export const RAND_MAX = 0x7fffffff;

/** The next of a sequence of numbers up to RAND_MAX; not the sequence of any libc. */
export function rand(): number {
  const one = currentCase('rand');
  one.seed = (one.seed + 0x6d2b79f5) >>> 0;
  const { seed } = one;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) & RAND_MAX;
}
