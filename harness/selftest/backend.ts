// SPDX-License-Identifier: GPL-2.0-only
/**
 * What selftests stand on: a process that carries out system calls, one after the other, each to its end. The port's
 * own process is one such, a child of a live kernel another; the tests cannot tell which they have.
 *
 * A module can be a backend: it exports `backend`, and VMA_SELFTEST_BACKEND names it.
 */
import type { VmaTest } from '../vma_test.js';

/** System calls, by the kernel's names, that selftests make. Which arguments differ from the kernel's, call() says. */
export type CallName =
  | 'brk'
  | 'capset'
  | 'close'
  | 'fallocate'
  | 'fcntl'
  | 'ftruncate'
  | 'getpid'
  | 'madvise'
  | 'memfd_create'
  | 'mlock'
  | 'mlock2'
  | 'mlockall'
  | 'mmap'
  | 'mprotect'
  | 'mremap'
  | 'mseal'
  | 'msync'
  | 'munlock'
  | 'munlockall'
  | 'munmap'
  | 'open'
  | 'pkey_mprotect'
  | 'prctl'
  | 'process_madvise'
  | 'remap_file_pages'
  | 'setrlimit'
  | 'unlink';

/**
 * An argument: an integer, of which a register gets the low 64 bits, or a text, for a pointer to it with a zero at its end.
 */
export type CallArgument = number | bigint | string;

/** What the kernel tells of one mapping: struct procmap_query, as far as tests ask. */
export interface ProcmapAnswer {
  readonly vma_start: number;
  readonly vma_end: number;
  /** PROCMAP_QUERY_VMA_*. */
  readonly vma_flags: number;
  readonly vma_page_size: number;
  readonly vma_offset: number;
  readonly inode: number;
  readonly name: string;
}

/** The files of /proc/PID that tests read as text. */
export type ProcFile = 'maps' | 'smaps' | 'status';

/** One process. After exit() nothing of it is called any more. */
export interface BackendProcess {
  readonly pid: number;

  /**
   * A system call. What it returns, or -errno; -ENOSYS for one that the backend does not have. As the kernel has them,
   * but for these, whose structs are given by their fields:
   *
   * - `capset(effective)`: the mask of capabilities that may be used from here on, as a bigint; never more than before
   * - `setrlimit(resource, rlim_cur, rlim_max)`: -1 is no limit
   * - `process_madvise(advice, flags, base, len, base, len, ...)`: on the process itself
   * - `getpid()`: as the process itself sees it
   */
  call(name: CallName, ...args: readonly CallArgument[]): number;

  /** getrlimit(): RLIM_INFINITY is Infinity here. */
  getrlimit(resource: number): { rlim_cur: number; rlim_max: number };

  /** Reads `length` bytes at addr as a program does. Fewer, or none, where the next byte's access would be a signal. */
  peek(addr: number, length: number): Uint8Array;

  /** Writes bytes at addr as a program does. How many were written: fewer where the next byte's would be a signal. */
  poke(addr: number, bytes: Uint8Array): number;

  /** The whole text of a file of /proc/self, or null where there is none. */
  proc(file: ProcFile): string | null;

  /** The entries of /proc/self/pagemap for so many pages from addr on; null where it cannot be read. */
  pagemap(addr: number, pages: number): BigUint64Array | null;

  /** ioctl(PROCMAP_QUERY) on /proc/self/maps; PROCMAP_QUERY_* as query_flags. -errno otherwise. */
  procmap(addr: number, query_flags: number): ProcmapAnswer | number;

  /** fork(): the child, or -errno. Both go on, and either is called at any time, until it exits. */
  fork(): BackendProcess | number;

  /** It ends with that status, and is waited for. */
  exit(status: number): void;
}

/** Where processes come from. */
export interface Backend {
  /** For the reader: "port", "live". */
  readonly name: string;
  /** Do processes end with the test that made them? Then a case that fails leaves them as they are, to be shown. */
  readonly ends_with_test?: boolean;
  /** A new process for one case, with nothing of a case before it. It, and its children, exit when the case is over. */
  begin(t: VmaTest): BackendProcess;
}
