// SPDX-License-Identifier: GPL-2.0-only
/** How a process hears that a call failed: as from libc, an errno; or, where it touches memory, a signal. */
import { hexOf } from '../../include/check.js';
import { VM_FAULT_OOM, VM_FAULT_SIGBUS } from '../../include/linux/pagetable.js';
import { errorName } from '../error_name.js';

/** The arguments of a call by name. */
export type CallArguments = Readonly<Record<string, unknown>>;

/** "mmap(addr=0x0, len=0x1000, fd=-1)": numbers in hex, but for descriptors. */
function sayCall(syscall: string, args: CallArguments): string {
  const said = Object.entries(args).map(([name, value]) => `${name}=${name === 'fd' ? String(value) : hexOf(value)}`);
  return `${syscall}(${said.join(', ')})`;
}

/** A system call failed. */
export class ErrnoError extends Error {
  /** Positive, as in C's errno: ENOMEM. */
  readonly errno: number;
  /** Its name: "ENOMEM". */
  readonly code: string;
  readonly syscall: string;
  readonly args: CallArguments;

  constructor(syscall: string, args: CallArguments, errno: number) {
    const code = errorName(-errno)?.slice(1) ?? `errno ${errno}`;
    super(`${sayCall(syscall, args)}: ${code}`);
    this.name = 'ErrnoError';
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
    this.args = args;
  }
}

/** What a process would die of that touches memory. */
export type Signal = 'SIGSEGV' | 'SIGBUS' | 'SIGKILL';

/** The signal for what a fault ends with, VM_FAULT_*. Out of memory, the killer comes. */
function signalOf(fault: number): Signal {
  if ((fault & VM_FAULT_OOM) !== 0) return 'SIGKILL';
  return (fault & VM_FAULT_SIGBUS) !== 0 ? 'SIGBUS' : 'SIGSEGV';
}

/** A process read or wrote where it must not. It lives on here. */
export class SignalError extends Error {
  readonly signal: Signal;
  /** What it did: "read" or "write". */
  readonly access: string;
  readonly addr: number;

  constructor(access: string, addr: number, fault: number) {
    const signal = signalOf(fault);
    super(`${access} at ${hexOf(addr)}: ${signal}`);
    this.name = 'SignalError';
    this.signal = signal;
    this.access = access;
    this.addr = addr;
  }
}
