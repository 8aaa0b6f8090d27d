// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process, with the calls that a program has, by the names that it knows. A call that fails throws an ErrnoError, as
 * libc sets errno; what touches memory that it must not throws a SignalError, and the process lives on. `raw` has the
 * same calls as the kernel answers them, with -errno.
 */
import { badArgument } from '../../include/check.js';
import { EBADF, ENOENT, ENOMEM, type ErrPtr, IS_ERR, IS_ERR_VALUE } from '../../include/linux/errno.js';
import { FMODE_READ, FMODE_WRITE } from '../../include/linux/fs.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import { file, type file_operations, type mm_struct, type task_struct } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { procmap_query } from '../../include/uapi/fs.js';
import type { rlimit } from '../../include/uapi/resource.js';
import { read_user_byte, read_user_bytes, write_user_byte, write_user_bytes } from '../../lib/doors/memory.js';
import { pagemap_read } from '../../lib/fs/proc/pagemap.js';
import {
  mapEntries,
  proc_pid_maps,
  proc_pid_smaps,
  type SmapEntry,
  show_smaps_rollup,
  smapEntries,
} from '../../lib/fs/proc/smaps.js';
import { do_procmap_query, type MapEntry } from '../../lib/fs/proc/task_mmu.js';
import { stubs } from '../../stubs/index.js';
import { type SystemArgument, toInt, toUlong } from './argument.js';
import { type CallArguments, ErrnoError, SignalError } from './errors.js';
import { driverFile, installFd } from './files.js';
import type { Processes } from './processes.js';
import { type IoVec, type Limit, RawCalls } from './raw.js';

/** How a file on a disk is opened. */
export interface OpenOptions {
  /** Bytes that it has if it is new. */
  size?: number;
  /** May it be read, written? Both, unless told otherwise. */
  read?: boolean;
  write?: boolean;
}

/** Memory that may be committed, beside the mode. */
export interface OvercommitOptions {
  /** Percent of the memory, under OVERCOMMIT_NEVER. */
  ratio?: number;
  /** Kilobytes, in place of the ratio. */
  kbytes?: number;
}

/** A process as `t.process()` makes it: its calls throw what libc says by errno. */
export class Process {
  /** The same calls with -errno in place of errors. */
  readonly raw: RawCalls;
  private readonly task: task_struct;
  private readonly processes: Processes;

  constructor(task: task_struct, processes: Processes) {
    this.task = task;
    this.processes = processes;
    this.raw = new RawCalls(task, processes);
  }

  get pid(): number {
    return this.task.pid;
  }

  /** Has it not exited yet? */
  get isAlive(): boolean {
    return this.processes.isAlive(this.task);
  }

  /** Its address space. Throws once it has exited. */
  get mm(): mm_struct {
    return this.task.mm ?? badArgument('process', 'mm', null, `process ${this.pid} has exited`);
  }

  /** CAP_* that it may use: all of them, until a test takes some away. */
  get capabilities(): Set<number> {
    return this.task.cap_effective;
  }

  /** What a call returned, if it is no error. */
  private result(syscall: string, args: CallArguments, result: number): number {
    if (IS_ERR_VALUE(result)) throw new ErrnoError(syscall, args, -result);
    return result;
  }

  /** The address of the mapping. */
  mmap(
    addr: SystemArgument,
    len: SystemArgument,
    prot: SystemArgument,
    flags: SystemArgument,
    fd: SystemArgument = -1,
    off: SystemArgument = 0,
  ): number {
    return this.result('mmap', { addr, len, prot, flags, fd, off }, this.raw.mmap(addr, len, prot, flags, fd, off));
  }

  munmap(addr: SystemArgument, len: SystemArgument): void {
    this.result('munmap', { addr, len }, this.raw.munmap(addr, len));
  }

  /** Where the mapping is then. */
  mremap(
    addr: SystemArgument,
    oldLen: SystemArgument,
    newLen: SystemArgument,
    flags: SystemArgument = 0,
    newAddr: SystemArgument = 0,
  ): number {
    const args = { addr, oldLen, newLen, flags, newAddr };
    return this.result('mremap', args, this.raw.mremap(addr, oldLen, newLen, flags, newAddr));
  }

  mprotect(addr: SystemArgument, len: SystemArgument, prot: SystemArgument): void {
    this.result('mprotect', { addr, len, prot }, this.raw.mprotect(addr, len, prot));
  }

  pkey_mprotect(addr: SystemArgument, len: SystemArgument, prot: SystemArgument, pkey: SystemArgument): void {
    this.result('pkey_mprotect', { addr, len, prot, pkey }, this.raw.pkey_mprotect(addr, len, prot, pkey));
  }

  madvise(addr: SystemArgument, len: SystemArgument, advice: SystemArgument): void {
    this.result('madvise', { addr, len, advice }, this.raw.madvise(addr, len, advice));
  }

  /** Advises on ranges of its own: bytes of those that came before an error. */
  process_madvise(vec: readonly IoVec[], advice: SystemArgument, flags: SystemArgument = 0): number {
    return this.result('process_madvise', { vec, advice, flags }, this.raw.process_madvise(vec, advice, flags));
  }

  /** The heap ends at addr from here on. ENOMEM is the only error. */
  brk(addr: SystemArgument): void {
    if (this.raw.brk(addr) !== toUlong('brk', 'addr', addr)) throw new ErrnoError('brk', { addr }, ENOMEM);
  }

  /** Moves the end of the heap by so many bytes. Where it was. */
  sbrk(increment: number): number {
    const end = this.raw.brk(0);
    if (increment !== 0 && this.raw.brk(end + increment) !== end + increment) {
      throw new ErrnoError('sbrk', { increment }, ENOMEM);
    }
    return end;
  }

  mlock(addr: SystemArgument, len: SystemArgument): void {
    this.result('mlock', { addr, len }, this.raw.mlock(addr, len));
  }

  mlock2(addr: SystemArgument, len: SystemArgument, flags: SystemArgument): void {
    this.result('mlock2', { addr, len, flags }, this.raw.mlock2(addr, len, flags));
  }

  munlock(addr: SystemArgument, len: SystemArgument): void {
    this.result('munlock', { addr, len }, this.raw.munlock(addr, len));
  }

  mlockall(flags: SystemArgument): void {
    this.result('mlockall', { flags }, this.raw.mlockall(flags));
  }

  munlockall(): void {
    this.result('munlockall', {}, this.raw.munlockall());
  }

  mseal(addr: SystemArgument, len: SystemArgument, flags: SystemArgument = 0): void {
    this.result('mseal', { addr, len, flags }, this.raw.mseal(addr, len, flags));
  }

  remap_file_pages(
    addr: SystemArgument,
    size: SystemArgument,
    prot: SystemArgument,
    pgoff: SystemArgument,
    flags: SystemArgument,
  ): void {
    const args = { addr, size, prot, pgoff, flags };
    this.result('remap_file_pages', args, this.raw.remap_file_pages(addr, size, prot, pgoff, flags));
  }

  /** What was asked for, or 0. */
  prctl(
    option: SystemArgument,
    arg2: SystemArgument = 0,
    arg3: SystemArgument = 0,
    arg4: SystemArgument = 0,
    arg5: SystemArgument | string = 0,
  ): number {
    return this.result('prctl', { option, arg2, arg3, arg4, arg5 }, this.raw.prctl(option, arg2, arg3, arg4, arg5));
  }

  /**
   * A descriptor for a driver's open file, which it holds a reference on; for a driver that is given by its hooks; or
   * for the file on the disk with that path, which is made if there is none.
   */
  open(what: file | file_operations | string, options: OpenOptions = {}): number {
    this.mustLive('open');
    return this.processes.run(this.task, () => installFd(this.task, this.fileFor(what, options)));
  }

  private fileFor(what: file | file_operations | string, options: OpenOptions): file {
    if (what instanceof file) return stubs.get_file(what);
    if (typeof what === 'object' && what !== null) return driverFile(what);
    if (typeof what !== 'string') return badArgument('open', 'what', what, 'not a file, its operations, or a path');
    const { size = 0, read = true, write = true } = options;
    return this.processes.disk.open(
      what,
      toUlong('open', 'size', size),
      (read ? FMODE_READ : 0) + (write ? FMODE_WRITE : 0),
    );
  }

  /** The file behind a descriptor. */
  file(fd: number): file {
    const f = this.task.files.fd.get(fd);
    if (f === undefined) throw new ErrnoError('file', { fd }, EBADF);
    return f;
  }

  close(fd: SystemArgument): void {
    this.result('close', { fd }, this.raw.close(fd));
  }

  unlink(path: string): void {
    if (!this.processes.disk.unlink(path)) throw new ErrnoError('unlink', { path }, ENOENT);
  }

  memfd_create(name: string, flags: SystemArgument = 0): number {
    return this.result('memfd_create', { name, flags }, this.raw.memfd_create(name, flags));
  }

  ftruncate(fd: SystemArgument, length: SystemArgument): void {
    this.result('ftruncate', { fd, length }, this.raw.ftruncate(fd, length));
  }

  fallocate(fd: SystemArgument, mode: SystemArgument, offset: SystemArgument, len: SystemArgument): void {
    this.result('fallocate', { fd, mode, offset, len }, this.raw.fallocate(fd, mode, offset, len));
  }

  /** fcntl(fd, F_ADD_SEALS, seals). */
  addSeals(fd: SystemArgument, seals: SystemArgument): void {
    this.result('addSeals', { fd, seals }, this.raw.addSeals(fd, seals));
  }

  /** A limit, RLIMIT_*; one number is both the one in force and the highest. */
  setrlimit(resource: SystemArgument, limit: Limit): void {
    this.result('setrlimit', { resource, limit }, this.raw.setrlimit(resource, limit));
  }

  getrlimit(resource: SystemArgument): rlimit {
    const limit = this.task.signal.rlim[toInt('getrlimit', 'resource', resource)];
    return limit === undefined ? badArgument('getrlimit', 'resource', resource, 'no such limit') : { ...limit };
  }

  /** /proc/sys/vm/overcommit_memory and the like, for all processes of the test: OVERCOMMIT_*. */
  setOvercommit(mode: number, { ratio, kbytes }: OvercommitOptions = {}): void {
    if (mode !== 0 && mode !== 1 && mode !== 2) badArgument('setOvercommit', 'mode', mode, 'none of OVERCOMMIT_*');
    const { globals } = this.processes;
    globals.sysctl_overcommit_memory = mode;
    if (ratio !== undefined) globals.sysctl_overcommit_ratio = ratio;
    if (kbytes !== undefined) globals.sysctl_overcommit_kbytes = kbytes;
  }

  /** /proc/sys/vm/max_map_count, for all processes of the test. */
  setMaxMapCount(count: number): void {
    this.processes.globals.sysctl_max_map_count = toUlong('setMaxMapCount', 'count', count);
  }

  /** The text of /proc/PID/maps. */
  maps(): string {
    return this.ofMemory('maps', proc_pid_maps);
  }

  /** The same as objects. */
  mapEntries(): MapEntry[] {
    return this.ofMemory('mapEntries', mapEntries);
  }

  /** The text of /proc/PID/smaps. */
  smaps(): string {
    return this.ofMemory('smaps', proc_pid_smaps);
  }

  /** The same as objects, in kilobytes. */
  smapEntries(): SmapEntry[] {
    return this.ofMemory('smapEntries', smapEntries);
  }

  /** The text of /proc/PID/smaps_rollup. */
  smapsRollup(): string {
    return this.ofMemory('smapsRollup', show_smaps_rollup);
  }

  /** The mapping at addr, or the one that PROCMAP_QUERY_* ask for, as the ioctl() of /proc/PID/maps answers. */
  procmapQuery(addr: SystemArgument, flags: SystemArgument = 0, nameSize: SystemArgument = 4096): procmap_query {
    const query = new procmap_query({
      query_addr: toUlong('procmapQuery', 'addr', addr),
      query_flags: toUlong('procmapQuery', 'flags', flags),
      vma_name_size: toUlong('procmapQuery', 'nameSize', nameSize),
    });
    this.mustLive('procmapQuery');
    const error = this.processes.run(this.task, () => do_procmap_query(this.mm, query));
    this.result('procmapQuery', { addr, flags, nameSize }, error);
    return query;
  }

  /** The entries of /proc/PID/pagemap for so many pages from addr on. */
  pagemap(addr: SystemArgument, pages = 1): bigint[] {
    const start = toUlong('pagemap', 'addr', addr);
    if (start % PAGE_SIZE !== 0) badArgument('pagemap', 'addr', addr, 'not page-aligned');
    return this.ofMemory('pagemap', (mm) => pagemap_read(mm, start, toUlong('pagemap', 'pages', pages)));
  }

  /** Reads so many bytes from addr on: fewer, where the next would be a signal. */
  readBytes(addr: SystemArgument, length: number): Uint8Array {
    const at = toUlong('readBytes', 'addr', addr);
    const bytes = new Uint8Array(toUlong('readBytes', 'length', length));
    this.mustLive('readBytes');
    return bytes.subarray(
      0,
      this.processes.run(this.task, () => read_user_bytes(this.mm, at, bytes)),
    );
  }

  /** Writes bytes from addr on, each as it is. How many were written: fewer, where the next would be a signal. */
  writeBytes(addr: SystemArgument, bytes: Uint8Array): number {
    const at = toUlong('writeBytes', 'addr', addr);
    this.mustLive('writeBytes');
    return this.processes.run(this.task, () => write_user_bytes(this.mm, at, bytes));
  }

  /** What is told of its memory. */
  private ofMemory<T>(name: string, call: (mm: mm_struct) => T | ErrPtr): T {
    this.mustLive(name);
    const told = this.processes.run(this.task, () => call(this.mm));
    if (IS_ERR(told)) throw new ErrnoError(name, {}, -told);
    return told;
  }

  /** A copy of the process. */
  fork(): Process {
    this.mustLive('fork');
    const child = this.processes.fork(this.task);
    if (typeof child === 'number') throw new ErrnoError('fork', {}, -child);
    return new Process(child, this.processes);
  }

  /** It ends: all is unmapped, then its files are closed. */
  exit(): void {
    this.mustLive('exit');
    this.processes.exit(this.task);
  }

  private mustLive(name: string): void {
    if (!this.processes.isAlive(this.task)) throw new Error(`${name}: process ${this.pid} has exited`);
  }

  /** The byte at addr. A page has one byte of content, whatever address in it, unless writeBytes() wrote there. */
  read(addr: SystemArgument): number {
    this.mustLive('read');
    const at = toUlong('read', 'addr', addr);
    const value = new Ref(0);
    const fault = this.processes.run(this.task, () => read_user_byte(this.mm, at, value));
    if (fault !== 0) throw new SignalError('read', at, fault);
    return value.value;
  }

  write(addr: SystemArgument, value: number): void {
    this.mustLive('write');
    const at = toUlong('write', 'addr', addr);
    const fault = this.processes.run(this.task, () => write_user_byte(this.mm, at, value));
    if (fault !== 0) throw new SignalError('write', at, fault);
  }

  /** Writes to each page of a range what is there. */
  touch(addr: SystemArgument, len: SystemArgument = 1): void {
    this.mustLive('touch');
    const { fault, addr: at } = this.raw.touchPages(toUlong('touch', 'addr', addr), toUlong('touch', 'len', len));
    if (fault !== 0) throw new SignalError('write', at, fault);
  }
}
