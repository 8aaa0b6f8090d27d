// SPDX-License-Identifier: GPL-2.0-only
/** The functions that selftests call and `vma-userland/test/selftest` has, with what they take and what they return. */
import { ADDRESS, ADDRESSES, BOOL, exactly, INT, LONG, type Range, type Type, ULONG, VOID } from './values.js';

/** What a parameter takes: `dropped` is looked at, and left out of the call. */
export type Parameter = 'int' | 'address' | 'text' | 'procmap' | 'status' | 'char' | 'dropped';

export interface Signature {
  readonly parameters: readonly Parameter[];
  /** Arguments that a call may leave out. */
  readonly optional: number;
  readonly returns: Type;
  readonly range: Range;
}

const NONE: Range = exactly(0n);
const STATUS: Range = { lo: -1n, hi: 0n };
const COUNT: Range = { lo: -1n, hi: 2n ** 31n - 1n };

function make(parameters: readonly Parameter[], returns: Type, range: Range = NONE, optional = 0): Signature {
  return { parameters, optional, returns, range };
}

/** A system call that returns 0 or -1. */
function call(...parameters: readonly Parameter[]): Signature {
  return make(parameters, INT, STATUS);
}

const PAGE_SIZE = exactly(4096n);

export const CALLS: Readonly<Record<string, Signature>> = {
  mmap: make(['address', 'int', 'int', 'int', 'int', 'int'], ADDRESS, ADDRESSES),
  munmap: call('address', 'int'),
  mremap: make(['address', 'int', 'int', 'int', 'address'], ADDRESS, ADDRESSES, 1),
  sys_mremap: make(['address', 'int', 'int', 'int', 'address'], ADDRESS, ADDRESSES),
  mprotect: call('address', 'int', 'int'),
  madvise: call('address', 'int', 'int'),
  mlock: call('address', 'int'),
  mlock2: call('address', 'int', 'int'),
  munlock: call('address', 'int'),
  mlockall: call('int'),
  munlockall: call(),
  msync: call('address', 'int', 'int'),
  prctl: make(['int', 'int', 'int', 'int', 'int'], INT, COUNT, 3),
  close: call('int'),
  ftruncate: call('int', 'int'),
  fallocate: call('int', 'int', 'int', 'int'),
  fcntl: call('int', 'int', 'int'),
  unlink: call('text'),
  open: make(['text', 'int', 'int'], INT, COUNT, 1),
  memfd_create: make(['text', 'int'], INT, COUNT),
  fork: make([], INT, COUNT),
  wait: make(['status'], INT, COUNT),
  waitpid: make(['int', 'status', 'dropped'], INT, COUNT),
  getpid: make([], INT, COUNT),
  exit: make(['int'], VOID),
  _exit: make(['int'], VOID),
  sleep: make(['int'], VOID),
  psize: make([], { ...INT, signed: false }, PAGE_SIZE),
  getpagesize: make([], INT, PAGE_SIZE),
  sysconf: make(['int'], LONG, PAGE_SIZE),
  srand: make(['int'], VOID),
  rand: make([], INT, { lo: 0n, hi: 2n ** 31n - 1n }),
  memset: make(['address', 'char', 'int'], ADDRESS),
  memcpy: make(['address', 'address', 'int'], ADDRESS),
  memcmp: make(['address', 'address', 'int'], INT, { lo: -1n, hi: 1n }),
  memchr: make(['address', 'char', 'int'], ADDRESS, ADDRESSES),
  open_self_procmap: make(['procmap'], INT, STATUS),
  close_procmap: make(['procmap'], INT, STATUS),
  query_procmap: make(['procmap'], INT, { lo: -4095n, hi: 0n }),
  find_vma_procmap: make(['procmap', 'address'], BOOL, { lo: 0n, hi: 1n }),
  check_vmflag_guard: make(['address'], BOOL, { lo: 0n, hi: 1n }),
  WIFEXITED: make(['int'], BOOL, { lo: 0n, hi: 1n }),
  WEXITSTATUS: make(['int'], INT, { lo: 0n, hi: 255n }),
  WIFSIGNALED: make(['int'], BOOL, { lo: 0n, hi: 1n }),
  WTERMSIG: make(['int'], INT, { lo: 0n, hi: 127n }),
};

/** Other names of the harness that a translation may use. */
const USED =
  'ASSERT_EQ ASSERT_NE ASSERT_LT ASSERT_LE ASSERT_GT ASSERT_GE ASSERT_TRUE ASSERT_FALSE ASSERT_STREQ ASSERT_STRNE EXPECT_EQ EXPECT_NE EXPECT_LT EXPECT_LE EXPECT_GT EXPECT_GE EXPECT_TRUE EXPECT_FALSE EXPECT_STREQ EXPECT_STRNE FIXTURE FIXTURE_SETUP FIXTURE_TEARDOWN FIXTURE_VARIANT FIXTURE_VARIANT_ADD FORCE_READ MAP_FAILED NULL SELFTEST SKIP TEST TEST_F TEST_F_SIGNAL TEST_F_TODO TEST_SIGNAL TEST_TODO TH_LOG _SC_PAGESIZE chr errno ksft_exit_fail_msg ksft_print_msg load_char procmap_fd set_errno sigaction siglongjmp sigsetjmp store8 syscall untranslated'.split(
    ' ',
  );

/** Would a variable of that name hide something of the harness? */
export function isHarnessName(name: string): boolean {
  return USED.includes(name) || Object.hasOwn(CALLS, name);
}

/** Would a function of that name take the place of what only the translation asks for? */
export function isNeeded(name: string): boolean {
  return USED.includes(name);
}

/** What they return nothing of here: a value that somebody uses is refused. */
export const RETURNS_NOTHING = new Set(['memset', 'memcpy', 'exit', '_exit', 'sleep', 'srand']);

/** System calls that syscall() makes. */
export const SYSCALLS = new Set(
  'brk capset close fallocate fcntl ftruncate getpid madvise mlock mlock2 mlockall mmap mprotect mremap mseal msync munlock munlockall munmap pkey_mprotect prctl remap_file_pages'.split(
    ' ',
  ),
);

/** Fields of the structs that the harness has. */
export const STRUCTS: Readonly<Record<string, Readonly<Record<string, { type: Type; range: Range }>>>> = {
  procmap_fd: {
    fd: { type: INT, range: COUNT },
    query: { type: { kind: 'struct', name: 'procmap_query', pointer: false }, range: NONE },
  },
  procmap_query: {
    query_flags: { type: ULONG, range: { lo: 0n, hi: 0xffn } },
    query_addr: { type: ULONG, range: ADDRESSES },
    vma_start: { type: ULONG, range: ADDRESSES },
    vma_end: { type: ULONG, range: ADDRESSES },
    vma_flags: { type: ULONG, range: { lo: 0n, hi: 0xffn } },
    vma_page_size: { type: ULONG, range: { lo: 0n, hi: 2n ** 30n } },
    vma_offset: { type: ULONG, range: ADDRESSES },
  },
};

/** Assertions: how the two sides are compared. */
export const ASSERTIONS: Readonly<Record<string, string>> = {
  EQ: '==',
  NE: '!=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
};
