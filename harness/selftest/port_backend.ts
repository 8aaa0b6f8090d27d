// SPDX-License-Identifier: GPL-2.0-only
/** Selftests on the port: its process, by the calls of a backend. */
import { EEXIST, EINVAL, ENOENT, ENOMEM } from '../../include/linux/errno.js';
import { offset_in_page, PAGE_ALIGN, PAGE_SIZE } from '../../include/linux/mm.js';
import { F_ADD_SEALS, O_ACCMODE, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } from '../../include/uapi/fcntl.js';
import { RLIM_INFINITY } from '../../include/uapi/resource.js';
import { ErrnoError } from '../process/errors.js';
import type { Process } from '../process/process.js';
import type { VmaTest } from '../vma_test.js';
import type { Backend, BackendProcess, CallArgument, CallName, ProcFile, ProcmapAnswer } from './backend.js';

type Integer = number | bigint;

/** A call with its arguments as the process is given them; one that is missing is 0, as a register may be. */
class Arguments {
  private readonly name: CallName;
  private readonly given: readonly CallArgument[];

  constructor(name: CallName, given: readonly CallArgument[]) {
    this.name = name;
    this.given = given;
  }

  integer(index: number): Integer {
    const value = this.given[index] ?? 0;
    if (typeof value === 'string') throw new TypeError(`${this.name}: argument ${index} = '${value}': not an integer`);
    return value;
  }

  text(index: number): string {
    const value = this.given[index];
    if (typeof value !== 'string') throw new TypeError(`${this.name}: argument ${index} = ${value}: not a text`);
    return value;
  }

  /** An integer, or a text in place of a pointer to it. */
  either(index: number): CallArgument {
    return this.given[index] ?? 0;
  }

  get count(): number {
    return this.given.length;
  }
}

/** 0, or what the call of a process failed with. */
function errorOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof ErrnoError) return -error.errno;
    throw error;
  }
}

/** Sums of /proc/PID/status, as far as the port has them. */
function status({ mm }: Process): string {
  const kilobytes = (pages: number): string => `${(pages * PAGE_SIZE) / 1024}`.padStart(8);
  return `VmSize:\t${kilobytes(mm.total_vm)} kB\nVmLck:\t${kilobytes(mm.locked_vm)} kB\nVmData:\t${kilobytes(mm.data_vm)} kB\n`;
}

class PortProcess implements BackendProcess {
  private readonly process: Process;
  /** Names of the files on the test's disk: its processes share it. */
  private readonly paths: Set<string>;

  constructor(process: Process, paths: Set<string>) {
    this.process = process;
    this.paths = paths;
  }

  get pid(): number {
    return this.process.pid;
  }

  call(name: CallName, ...given: readonly CallArgument[]): number {
    return CALLS[name](this, new Arguments(name, given));
  }

  get raw(): Process['raw'] {
    return this.process.raw;
  }

  getrlimit(resource: number): { rlim_cur: number; rlim_max: number } {
    const told = (limit: number): number => (limit === RLIM_INFINITY ? Infinity : limit);
    const { rlim_cur, rlim_max } = this.process.getrlimit(resource);
    return { rlim_cur: told(rlim_cur), rlim_max: told(rlim_max) };
  }

  peek(addr: number, length: number): Uint8Array {
    return this.process.readBytes(addr, length);
  }

  poke(addr: number, bytes: Uint8Array): number {
    return this.process.writeBytes(addr, bytes);
  }

  proc(file: ProcFile): string {
    if (file === 'status') return status(this.process);
    return file === 'maps' ? this.process.maps() : this.process.smaps();
  }

  pagemap(addr: number, pages: number): BigUint64Array {
    return BigUint64Array.from(this.process.pagemap(addr, pages));
  }

  procmap(addr: number, query_flags: number): ProcmapAnswer | number {
    try {
      const { vma_name: name, ...answer } = this.process.procmapQuery(addr, query_flags);
      return { ...answer, name };
    } catch (error) {
      if (error instanceof ErrnoError) return -error.errno;
      throw error;
    }
  }

  fork(): PortProcess | number {
    try {
      return new PortProcess(this.process.fork(), this.paths);
    } catch (error) {
      if (error instanceof ErrnoError) return -error.errno;
      throw error;
    }
  }

  exit(_status: number): void {
    this.process.exit();
  }

  open(path: string, flags: number): number {
    const access = flags & O_ACCMODE;
    if (!this.paths.has(path)) {
      if ((flags & O_CREAT) === 0) return -ENOENT;
      this.paths.add(path);
    } else if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -EEXIST;
    return this.process.open(path, { read: access !== O_WRONLY, write: access !== O_RDONLY });
  }

  unlink(path: string): number {
    if (!this.paths.delete(path)) return -ENOENT;
    return errorOf(() => this.process.unlink(path));
  }

  capset(effective: bigint): number {
    const { capabilities } = this.process;
    for (const cap of [...capabilities]) if ((effective & (1n << BigInt(cap))) === 0n) capabilities.delete(cap);
    return 0;
  }

  /** Nothing is to be written anywhere: -ENOMEM where something is not mapped is all there is to say. */
  msync(addr: number, len: number): number {
    if (offset_in_page(addr) !== 0) return -EINVAL;
    let next = addr;
    for (const { start, end } of this.process.mapEntries()) if (start <= next && next < end) next = end;
    return next >= PAGE_ALIGN(addr + len) ? 0 : -ENOMEM;
  }
}

/** How the process carries out each. */
const CALLS: Readonly<Record<CallName, (process: PortProcess, args: Arguments) => number>> = {
  brk: ({ raw }, args) => raw.brk(args.integer(0)),
  capset: (process, args) => process.capset(BigInt(args.integer(0))),
  close: ({ raw }, args) => raw.close(args.integer(0)),
  fallocate: ({ raw }, args) => raw.fallocate(args.integer(0), args.integer(1), args.integer(2), args.integer(3)),
  fcntl: ({ raw }, args) =>
    Number(args.integer(1)) === F_ADD_SEALS ? raw.addSeals(args.integer(0), args.integer(2)) : -EINVAL,
  ftruncate: ({ raw }, args) => raw.ftruncate(args.integer(0), args.integer(1)),
  getpid: ({ pid }) => pid,
  madvise: ({ raw }, args) => raw.madvise(args.integer(0), args.integer(1), args.integer(2)),
  memfd_create: ({ raw }, args) => raw.memfd_create(args.text(0), args.integer(1)),
  mlock: ({ raw }, args) => raw.mlock(args.integer(0), args.integer(1)),
  mlock2: ({ raw }, args) => raw.mlock2(args.integer(0), args.integer(1), args.integer(2)),
  mlockall: ({ raw }, args) => raw.mlockall(args.integer(0)),
  mmap: ({ raw }, args) =>
    raw.mmap(args.integer(0), args.integer(1), args.integer(2), args.integer(3), args.integer(4), args.integer(5)),
  mprotect: ({ raw }, args) => raw.mprotect(args.integer(0), args.integer(1), args.integer(2)),
  mremap: ({ raw }, args) =>
    raw.mremap(args.integer(0), args.integer(1), args.integer(2), args.integer(3), args.integer(4)),
  mseal: ({ raw }, args) => raw.mseal(args.integer(0), args.integer(1), args.integer(2)),
  msync: (process, args) => process.msync(Number(args.integer(0)), Number(args.integer(1))),
  munlock: ({ raw }, args) => raw.munlock(args.integer(0), args.integer(1)),
  munlockall: ({ raw }) => raw.munlockall(),
  munmap: ({ raw }, args) => raw.munmap(args.integer(0), args.integer(1)),
  open: (process, args) => process.open(args.text(0), Number(args.integer(1))),
  pkey_mprotect: ({ raw }, args) =>
    raw.pkey_mprotect(args.integer(0), args.integer(1), args.integer(2), args.integer(3)),
  prctl: ({ raw }, args) =>
    raw.prctl(args.integer(0), args.integer(1), args.integer(2), args.integer(3), args.either(4)),
  process_madvise: ({ raw }, args) => {
    const vec = Array.from({ length: Math.floor((args.count - 2) / 2) }, (_, i) => ({
      iov_base: args.integer(2 + 2 * i),
      iov_len: args.integer(3 + 2 * i),
    }));
    return raw.process_madvise(vec, args.integer(0), args.integer(1));
  },
  remap_file_pages: ({ raw }, args) =>
    raw.remap_file_pages(args.integer(0), args.integer(1), args.integer(2), args.integer(3), args.integer(4)),
  setrlimit: ({ raw }, args) => {
    const limit = (value: Integer): Integer => (value === -1 ? RLIM_INFINITY : value);
    return raw.setrlimit(args.integer(0), { rlim_cur: limit(args.integer(1)), rlim_max: limit(args.integer(2)) });
  },
  unlink: (process, args) => process.unlink(args.text(0)),
};

/** The port: a process of the test's world, with nothing mapped. */
export const portBackend: Backend = {
  name: 'port',
  ends_with_test: true,
  begin: (t: VmaTest) => new PortProcess(t.process(), new Set()),
};
