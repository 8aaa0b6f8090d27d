// SPDX-License-Identifier: GPL-2.0-only
/** Numbers of the system calls that the live side is asked for, as x86-64 has them: arch/x86/entry/syscalls/syscall_64.tbl. */
export const NR = {
  read: 0,
  write: 1,
  open: 2,
  close: 3,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  brk: 12,
  ioctl: 16,
  pread64: 17,
  pwrite64: 18,
  mremap: 25,
  msync: 26,
  mincore: 27,
  madvise: 28,
  getpid: 39,
  wait4: 61,
  kill: 62,
  fcntl: 72,
  ftruncate: 77,
  unlink: 87,
  setresuid: 117,
  capset: 126,
  mlock: 149,
  munlock: 150,
  mlockall: 151,
  munlockall: 152,
  prctl: 157,
  remap_file_pages: 216,
  fallocate: 285,
  prlimit64: 302,
  memfd_create: 319,
  mlock2: 325,
  pkey_mprotect: 329,
  pidfd_open: 434,
  process_madvise: 440,
  mseal: 462,
} as const;

export type CallName = keyof typeof NR;

export function isCallName(name: string): name is CallName {
  return name in NR;
}

/** The names by number. */
export const CALL_NAMES: ReadonlyMap<number, CallName> = new Map(
  Object.entries(NR).flatMap(([name, nr]): [number, CallName][] => (isCallName(name) ? [[nr, name]] : [])),
);
