// SPDX-License-Identifier: GPL-2.0-only
/** Selftests on the running kernel: VMA_SELFTEST_BACKEND names this module, and each case has a process of the live side. */
import { basename, join } from 'node:path';
import type {
  Backend,
  BackendProcess,
  CallArgument,
  CallName,
  ProcFile,
  ProcmapAnswer,
} from '../../harness/selftest/backend.js';
import { ENOSYS } from '../../include/linux/errno.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import { Capabilities } from './capabilities.js';
import { LiveSide } from './live_side.js';
import type { LiveProcess } from './process.js';
import { isCallName } from './system_calls.js';
import { cString, MOST_DATA, type WireArgument, words } from './wire.js';

/** _IOWR('f', 17, struct procmap_query): its size is 104 bytes. */
const PROCMAP_QUERY_SIZE = 104;
const PROCMAP_QUERY = (3 * 2 ** 30 + PROCMAP_QUERY_SIZE * 2 ** 16 + 0x66 * 2 ** 8 + 17) >>> 0;
/** Fields of it: each is 8 bytes. */
const FIELDS = { vma_start: 3, vma_end: 4, vma_flags: 5, vma_page_size: 6, vma_offset: 7, inode: 8 } as const;
const ENTRY_BYTES = 8;
const RLIM_INFINITY = 2n ** 64n - 1n;

function limitOf(value: bigint): number {
  return value === RLIM_INFINITY ? Infinity : Number(value);
}

class LiveBackendProcess implements BackendProcess {
  private readonly process: LiveProcess;
  private readonly folder: string;
  private readonly capabilities: Capabilities;

  constructor(process: LiveProcess, folder: string, capabilities: Capabilities) {
    this.process = process;
    this.folder = folder;
    this.capabilities = capabilities;
  }

  get pid(): number {
    return this.process.pid;
  }

  call(name: CallName, ...given: readonly CallArgument[]): number {
    const own = OWN[name];
    if (own !== undefined) return own(this, given);
    if (!isCallName(name)) return -ENOSYS;
    return this.process.call(name, ...given.map((arg): WireArgument => (typeof arg === 'string' ? cString(arg) : arg)));
  }

  /** A file of the test: all are in the folder of the live side. */
  withPath(name: 'open' | 'unlink', [path, ...rest]: readonly CallArgument[]): number {
    const numbers = rest.map((arg) => (typeof arg === 'string' ? 0 : arg));
    return this.process.call(name, cString(join(this.folder, basename(String(path)))), ...numbers);
  }

  capset(effective: bigint): number {
    return this.capabilities.limit(this.process, effective);
  }

  setrlimit(resource: bigint, rlim_cur: bigint, rlim_max: bigint): number {
    return this.process.setrlimit(resource, rlim_cur, rlim_max);
  }

  /** process_madvise() on itself. */
  adviseItself(advice: bigint, flags: bigint, ranges: readonly bigint[]): number {
    const pidfd = this.process.call('pidfd_open', this.pid, 0);
    if (pidfd < 0) return pidfd;
    const done = this.process.call('process_madvise', pidfd, words(...ranges), ranges.length / 2, advice, flags);
    this.process.close(pidfd);
    return done;
  }

  getrlimit(resource: number): { rlim_cur: number; rlim_max: number } {
    const limit = this.process.getrlimit(resource);
    if (typeof limit === 'number') throw new RangeError(`getrlimit: resource = ${resource}: ${limit}`);
    return { rlim_cur: limitOf(limit[0]), rlim_max: limitOf(limit[1]) };
  }

  peek(addr: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const some = this.process.peek(addr + at, Math.min(length - at, MOST_DATA));
      if (typeof some === 'number') return bytes.subarray(0, at);
      bytes.set(some, at);
      at += some.length;
    }
    return bytes;
  }

  poke(addr: number, bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; ) {
      const done = this.process.poke(addr + at, bytes.subarray(at, at + MOST_DATA));
      if (done <= 0) return at;
      at += done;
    }
    return bytes.length;
  }

  proc(file: ProcFile): string | null {
    return this.process.proc(file);
  }

  pagemap(addr: number, pages: number): BigUint64Array | null {
    const fd = this.process.open('/proc/self/pagemap', 0);
    if (fd < 0) return null;
    const entries = new BigUint64Array(pages);
    for (let at = 0; at < pages; ) {
      const size = Math.min((pages - at) * ENTRY_BYTES, MOST_DATA);
      const offset = (addr / PAGE_SIZE + at) * ENTRY_BYTES;
      const { result, data } = this.process.ask('pread64', [fd, new Uint8Array(size), size, offset], size);
      if (result <= 0) break;
      for (let i = 0; i < result / ENTRY_BYTES; i++) entries[at++] = data.readBigUInt64LE(i * ENTRY_BYTES);
    }
    this.process.close(fd);
    return entries;
  }

  procmap(addr: number, query_flags: number): ProcmapAnswer | number {
    const fd = this.process.open('/proc/self/maps', 0);
    if (fd < 0) return fd;
    const query = Buffer.concat([words(PROCMAP_QUERY_SIZE, query_flags, addr), Buffer.alloc(PROCMAP_QUERY_SIZE - 24)]);
    const { result, data } = this.process.ask('ioctl', [fd, PROCMAP_QUERY, query], PROCMAP_QUERY_SIZE);
    this.process.close(fd);
    if (result < 0) return result;
    const field = (name: keyof typeof FIELDS): number => Number(data.readBigUInt64LE(8 * FIELDS[name]));
    const vma_start = field('vma_start');
    return {
      vma_start,
      vma_end: field('vma_end'),
      vma_flags: field('vma_flags'),
      vma_page_size: field('vma_page_size'),
      vma_offset: field('vma_offset'),
      inode: field('inode'),
      // The text has it too, and needs no address to put it at.
      name: this.process.mappings('maps').find(({ start }) => start === vma_start)?.name ?? '',
    };
  }

  fork(): LiveBackendProcess | number {
    const child = this.process.fork();
    return typeof child === 'number' ? child : new LiveBackendProcess(child, this.folder, this.capabilities.copy());
  }

  exit(_status: number): void {
    this.process.exit();
  }
}

type Given = readonly CallArgument[];

function integers(given: Given): bigint[] {
  return given.map((arg) => BigInt(arg));
}

/** Calls whose arguments are not the kernel's. */
const OWN: Readonly<Partial<Record<CallName, (process: LiveBackendProcess, given: Given) => number>>> = {
  open: (process, given) => process.withPath('open', given),
  unlink: (process, given) => process.withPath('unlink', given),
  capset: (process, [effective = 0]) => process.capset(BigInt(effective)),
  setrlimit: (process, given) => {
    const [resource = 0n, rlim_cur = 0n, rlim_max = 0n] = integers(given);
    return process.setrlimit(resource, rlim_cur, rlim_max);
  },
  process_madvise: (process, given) => {
    const [advice = 0n, flags = 0n, ...ranges] = integers(given);
    return process.adviseItself(advice, flags, ranges);
  },
};

let side: LiveSide | null = null;

/** One live side for all cases of this process; it ends with it. */
function liveSide(): LiveSide {
  if (side === null) {
    const made = new LiveSide();
    process.once('exit', () => made.close());
    side = made;
  }
  return side;
}

export const backend: Backend = {
  name: 'live kernel',
  begin() {
    const { first, folder } = liveSide();
    const child = first.fork();
    if (typeof child === 'number') throw new Error(`the live side cannot fork: ${child}`);
    return new LiveBackendProcess(child, folder, Capabilities.of(child));
  },
};
