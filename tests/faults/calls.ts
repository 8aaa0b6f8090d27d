// SPDX-License-Identifier: GPL-2.0-only
/** Every call of a process, on memory of the kind that a variant has: what each works on, and what a failure may leave. */
import type { Process } from '../../harness/process/process.js';
import {
  ENOMEM,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MADV_DONTDUMP,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MCL_CURRENT,
  MCL_FUTURE,
  MLOCK_ONFAULT,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PAGE_SIZE,
  PR_SET_VMA,
  PR_SET_VMA_ANON_NAME,
  PROT_READ,
  PROT_WRITE,
  RLIMIT_STACK,
} from '../../lib/index.js';
import type { Judged } from './judge.js';
import type { ProcessSpace } from './space.js';

export const BASE = 0x200000000000;
const P = PAGE_SIZE;
const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const HEAP = 0x555555560000;

export interface Call extends Partial<Judged> {
  /** Makes what the call works on. Returns the call itself: 0, or a negative errno. */
  prepare(s: ProcessSpace, p: Process): () => number;
}

/** From the third page to the eighth of three mappings, of four, two and four pages. */
const FROM = BASE + 2 * P;
const LEN = 6 * P;

function three(s: ProcessSpace): void {
  s.map(BASE, 4, RW);
  s.map(BASE + 4 * P, 2, PROT_READ);
  s.map(BASE + 6 * P, 4, RW);
}

/** A call on that range, which changes one VMA after the other. */
function overThree(run: (p: Process) => number): Call {
  return {
    prepare: (s, p) => {
      three(s);
      return () => run(p);
    },
    may: ['partly'],
  };
}

/** The same, of memory that is locked already. */
function overLocked(run: (p: Process) => number): Call {
  return {
    prepare: (s, p) => {
      three(s);
      p.mlock2(BASE, 10 * P, MLOCK_ONFAULT);
      return () => run(p);
    },
    may: ['partly'],
  };
}

/** Memory of the process's own: drivers here have no pages to give. */
function touching(run: (p: Process) => number): Call {
  return {
    prepare: (_s, p) => {
      p.mmap(BASE, 4 * P, RW, ANON | MAP_FIXED);
      return () => errorOr(run(p));
    },
  };
}

/** A call that needs no memory beside the process's. */
function alone(run: (p: Process) => number): Call {
  return { prepare: (_s, p) => () => errorOr(run(p)) };
}

/** A result that is no error is as good as 0. */
function errorOr(result: number): number {
  return Math.min(result, 0);
}

/** A call that throws. */
function thrown(call: () => void): number {
  try {
    call();
    return 0;
  } catch {
    return -ENOMEM;
  }
}

/**
 * Whatever fails in the unmap that ends a move, or takes a failed one back, leaves charges: unmap_source_vma() has
 * cleared VM_ACCOUNT by then, of all of the VMA.
 */
function unmapOfSource(call: string, error: number, lasting: boolean): boolean {
  return error === 0 || (call === 'move_page_tables' && lasting);
}

/** A file on a disk, mapped shared. */
function mapDisk(p: Process): number {
  const fd = p.open('/data', { size: 16 * P });
  p.mmap(BASE, 4 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  return fd;
}

export const CALLS: Record<string, Call> = {
  mmap: {
    prepare: (s, p) => {
      three(s);
      const [flags, fd] = s.how();
      return () => errorOr(p.raw.mmap(FROM, LEN, RW, flags | MAP_FIXED, fd, s.offset(FROM)));
    },
    may: ['gap', 'mapped'],
    range: [FROM, FROM + LEN],
  },
  munmap: { ...overThree((p) => p.raw.munmap(FROM, LEN)), may: [] },
  mprotect: overThree((p) => p.raw.mprotect(FROM, LEN, PROT_READ)),
  'mprotect that charges': {
    prepare: (s, p) => {
      s.map(BASE, 6, PROT_READ);
      return () => p.raw.mprotect(FROM, 2 * P, RW);
    },
  },
  pkey_mprotect: overThree((p) => p.raw.pkey_mprotect(FROM, LEN, PROT_READ, 0)),
  madvise: overThree((p) => p.raw.madvise(FROM, LEN, MADV_DONTDUMP)),
  process_madvise: overThree((p) => {
    const vec = [
      { iov_base: FROM, iov_len: 2 * P },
      { iov_base: FROM + 4 * P, iov_len: 2 * P },
    ];
    const bytes = p.raw.process_madvise(vec, MADV_DONTDUMP);
    return bytes < 0 ? bytes : bytes === 4 * P ? 0 : -ENOMEM;
  }),
  mlock: overThree((p) => p.raw.mlock(FROM, LEN)),
  mlock2: overThree((p) => p.raw.mlock2(FROM, LEN, MLOCK_ONFAULT)),
  munlock: overLocked((p) => p.raw.munlock(FROM, LEN)),
  mlockall: overThree((p) => p.raw.mlockall(MCL_CURRENT | MCL_FUTURE)),
  munlockall: overLocked((p) => p.raw.munlockall()),
  mseal: overThree((p) => p.raw.mseal(FROM, LEN)),
  mremap: {
    prepare: (s, p) => {
      s.map(BASE, 4, RW);
      return () => errorOr(p.raw.mremap(BASE, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 0x100 * P));
    },
    range: [BASE, BASE + 0x104 * P],
    known: unmapOfSource,
  },
  'mremap of a part': {
    prepare: (s, p) => {
      s.map(BASE, 6, RW);
      return () => errorOr(p.raw.mremap(FROM, 2 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 0x100 * P));
    },
    range: [BASE, BASE + 0x104 * P],
    known: unmapOfSource,
  },
  'mremap that grows': {
    prepare: (s, p) => {
      s.map(BASE, 4, RW);
      return () => errorOr(p.raw.mremap(BASE, 4 * P, 8 * P));
    },
  },
  'mremap that shrinks': {
    prepare: (s, p) => {
      s.map(BASE, 8, RW);
      return () => errorOr(p.raw.mremap(BASE, 8 * P, 4 * P));
    },
  },
  brk: {
    prepare: (_s, p) => {
      const wanted = p.raw.brk(0) + 4 * P;
      return () => (p.raw.brk(wanted) === wanted ? 0 : -ENOMEM);
    },
    range: [HEAP, HEAP + 16 * P],
  },
  sbrk: {
    prepare: (_s, p) => {
      p.sbrk(P);
      return () => thrown(() => p.sbrk(2 * P));
    },
    range: [HEAP, HEAP + 16 * P],
  },
  remap_file_pages: {
    prepare: (_s, p) => {
      mapDisk(p);
      return () => p.raw.remap_file_pages(BASE, 2 * P, 0, 8, 0);
    },
    may: ['gap', 'partly'],
    once: true,
  },
  prctl: {
    ...touching((p) => p.raw.prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, BASE + P, 2 * P, 'heap')),
    may: ['partly'],
  },
  read: touching((p) => p.raw.read(BASE)),
  write: touching((p) => p.raw.write(BASE, 7)),
  touch: touching((p) => p.raw.touch(BASE, 4 * P)),
  readBytes: touching((p) => (p.readBytes(BASE + P - 2, 4).length === 4 ? 0 : -ENOMEM)),
  writeBytes: touching((p) => (p.writeBytes(BASE + P - 2, Uint8Array.of(1, 2, 3, 4)) === 4 ? 0 : -ENOMEM)),
  fork: { ...overThree((p) => thrown(() => p.fork().exit())), may: [] },
  exit: {
    prepare: (s) => () =>
      thrown(() => {
        const other = s.t.process();
        other.mmap(BASE, 4 * P, RW, ANON | MAP_FIXED);
        other.exit();
      }),
  },
  open: alone((p) => p.open('/data', { size: P })),
  close: alone((p) => p.raw.close(p.open('/data'))),
  unlink: alone((p) => {
    p.close(p.open('/gone', { size: P }));
    p.unlink('/gone');
    return 0;
  }),
  memfd_create: alone((p) => p.raw.memfd_create('memory')),
  ftruncate: {
    prepare: (_s, p) => {
      const fd = mapDisk(p);
      p.touch(BASE, 4 * P);
      return () => p.raw.ftruncate(fd, P);
    },
  },
  fallocate: alone((p) => p.raw.fallocate(p.memfd_create('memory'), FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, P)),
  addSeals: alone((p) => p.raw.addSeals(p.memfd_create('sealed', 2), F_SEAL_WRITE)),
  setrlimit: alone((p) => p.raw.setrlimit(RLIMIT_STACK, 64 * P)),
  personality: alone((p) => p.raw.personality(0)),
};
