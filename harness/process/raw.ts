// SPDX-License-Identifier: GPL-2.0-only
/** The calls of a process as the kernel answers them: 0, an address or another result, or a negative errno. */
import { EBADF, EFAULT, EINVAL, ENOMEM, EPERM } from '../../include/linux/errno.js';
import { FMODE_PATH } from '../../include/linux/fs.js';
import { PAGE_ALIGN_DOWN, PAGE_SIZE } from '../../include/linux/mm.js';
import { VM_FAULT_OOM } from '../../include/linux/pagetable.js';
import type { mm_struct, task_struct } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { CAP_SYS_RESOURCE } from '../../include/uapi/capability.js';
import { MFD_ALLOW_SEALING, MFD_CLOEXEC } from '../../include/uapi/memfd.js';
import type { rlimit } from '../../include/uapi/resource.js';
import * as calls from '../../lib/doors/calls.js';
import { do_user_addr_fault, read_user_byte, write_user_byte } from '../../lib/doors/memory.js';
import { type iovec, madvise, mremap, process_madvise } from '../../lib/doors/remap.js';
import { vfs_fallocate } from '../../lib/fs/open.js';
import { memfd_add_seals } from '../../lib/mm/memfd.js';
import { type SystemArgument, toInt, toLimit, toPages, toUlong } from './argument.js';
import { closeFd, installFd, memfdFile, resize } from './files.js';
import type { Processes } from './processes.js';

/** A range of memory, of process_madvise(). */
export interface IoVec {
  readonly iov_base: SystemArgument;
  readonly iov_len: SystemArgument;
}

/** A limit as a caller says it: one number for both, or each. */
export type Limit = SystemArgument | { rlim_cur: SystemArgument; rlim_max: SystemArgument };

function rangeOf(call: string, addr: SystemArgument, len: SystemArgument): [addr: number, len: number] {
  return [toUlong(call, 'addr', addr), toUlong(call, 'len', len)];
}

function toRlimit(limit: Limit): rlimit {
  const { rlim_cur, rlim_max } = typeof limit === 'object' ? limit : { rlim_cur: limit, rlim_max: limit };
  return {
    rlim_cur: toLimit('setrlimit', 'rlim_cur', rlim_cur),
    rlim_max: toLimit('setrlimit', 'rlim_max', rlim_max),
  };
}

/** What `process.raw` is. */
export class RawCalls {
  private readonly task: task_struct;
  private readonly processes: Processes;

  constructor(task: task_struct, processes: Processes) {
    this.task = task;
    this.processes = processes;
  }

  /** Has the process carry out something; throws when it has exited. */
  private run<R>(name: string, call: () => R): R {
    if (!this.processes.isAlive(this.task)) throw new Error(`${name}: process ${this.task.pid} has exited`);
    return this.processes.run(this.task, call);
  }

  private memory<R>(name: string, call: (mm: mm_struct) => R): R {
    const { mm } = this.task;
    if (mm === null) throw new Error(`${name}: process ${this.task.pid} has exited`);
    return this.run(name, () => call(mm));
  }

  mmap(
    addr: SystemArgument,
    len: SystemArgument,
    prot: SystemArgument,
    flags: SystemArgument,
    fd: SystemArgument = -1,
    off: SystemArgument = 0,
  ): number {
    const [at, bytes] = [toUlong('mmap', 'addr', addr), toUlong('mmap', 'len', len)];
    const [access, how] = [toUlong('mmap', 'prot', prot), toUlong('mmap', 'flags', flags)];
    const descriptor = toInt('mmap', 'fd', fd);
    const pgoff = toPages('mmap', 'off', off);
    if (pgoff === null) return -EINVAL;
    const bytesOff = pgoff * PAGE_SIZE;
    return this.run('mmap', () =>
      Number.isSafeInteger(bytesOff)
        ? calls.mmap(at, bytes, access, how, descriptor, bytesOff)
        : calls.ksys_mmap_pgoff(at, bytes, access, how, descriptor, pgoff),
    );
  }

  munmap(addr: SystemArgument, len: SystemArgument): number {
    const [at, bytes] = rangeOf('munmap', addr, len);
    return this.run('munmap', () => calls.munmap(at, bytes));
  }

  mremap(
    addr: SystemArgument,
    oldLen: SystemArgument,
    newLen: SystemArgument,
    flags: SystemArgument = 0,
    newAddr: SystemArgument = 0,
  ): number {
    const at = toUlong('mremap', 'addr', addr);
    const [from, to] = [toUlong('mremap', 'oldLen', oldLen), toUlong('mremap', 'newLen', newLen)];
    const how = toUlong('mremap', 'flags', flags);
    const target = toUlong('mremap', 'newAddr', newAddr);
    return this.run('mremap', () => mremap(at, from, to, how, target));
  }

  mprotect(addr: SystemArgument, len: SystemArgument, prot: SystemArgument): number {
    const [at, bytes] = rangeOf('mprotect', addr, len);
    const access = toUlong('mprotect', 'prot', prot);
    return this.run('mprotect', () => calls.mprotect(at, bytes, access));
  }

  pkey_mprotect(addr: SystemArgument, len: SystemArgument, prot: SystemArgument, pkey: SystemArgument): number {
    const [at, bytes] = rangeOf('pkey_mprotect', addr, len);
    const access = toUlong('pkey_mprotect', 'prot', prot);
    const key = toInt('pkey_mprotect', 'pkey', pkey);
    return this.run('pkey_mprotect', () => calls.pkey_mprotect(at, bytes, access, key));
  }

  madvise(addr: SystemArgument, len: SystemArgument, advice: SystemArgument): number {
    const [at, bytes] = rangeOf('madvise', addr, len);
    const behavior = toInt('madvise', 'advice', advice);
    return this.run('madvise', () => madvise(at, bytes, behavior));
  }

  /** On the process itself: bytes of the ranges that came before an error. */
  process_madvise(vec: readonly IoVec[], advice: SystemArgument, flags: SystemArgument = 0): number {
    const ranges = vec.map(({ iov_base, iov_len }): iovec => {
      const [base, len] = [
        toUlong('process_madvise', 'iov_base', iov_base),
        toUlong('process_madvise', 'iov_len', iov_len),
      ];
      return { iov_base: base, iov_len: len };
    });
    const behavior = toInt('process_madvise', 'advice', advice);
    const how = toUlong('process_madvise', 'flags', flags);
    return this.run('process_madvise', () => process_madvise(ranges, behavior, how));
  }

  /** Where the heap ends then: where it ended before, when it failed. */
  brk(addr: SystemArgument): number {
    const at = toUlong('brk', 'addr', addr);
    return this.run('brk', () => calls.brk(at));
  }

  mlock(addr: SystemArgument, len: SystemArgument): number {
    const [at, bytes] = rangeOf('mlock', addr, len);
    return this.run('mlock', () => calls.mlock(at, bytes));
  }

  mlock2(addr: SystemArgument, len: SystemArgument, flags: SystemArgument): number {
    const [at, bytes] = rangeOf('mlock2', addr, len);
    const how = toInt('mlock2', 'flags', flags);
    return this.run('mlock2', () => calls.mlock2(at, bytes, how));
  }

  munlock(addr: SystemArgument, len: SystemArgument): number {
    const [at, bytes] = rangeOf('munlock', addr, len);
    return this.run('munlock', () => calls.munlock(at, bytes));
  }

  mlockall(flags: SystemArgument): number {
    const how = toInt('mlockall', 'flags', flags);
    return this.run('mlockall', () => calls.mlockall(how));
  }

  munlockall(): number {
    return this.run('munlockall', () => calls.munlockall());
  }

  mseal(addr: SystemArgument, len: SystemArgument, flags: SystemArgument = 0): number {
    const [at, bytes] = rangeOf('mseal', addr, len);
    const how = toUlong('mseal', 'flags', flags);
    return this.run('mseal', () => calls.mseal(at, bytes, how));
  }

  remap_file_pages(
    addr: SystemArgument,
    size: SystemArgument,
    prot: SystemArgument,
    pgoff: SystemArgument,
    flags: SystemArgument,
  ): number {
    const at = toUlong('remap_file_pages', 'addr', addr);
    const bytes = toUlong('remap_file_pages', 'size', size);
    const access = toUlong('remap_file_pages', 'prot', prot);
    const page = toUlong('remap_file_pages', 'pgoff', pgoff);
    const how = toUlong('remap_file_pages', 'flags', flags);
    return this.run('remap_file_pages', () => calls.remap_file_pages(at, bytes, access, page, how));
  }

  /** As far as it is about memory; a name for memory is the fifth argument. */
  prctl(
    option: SystemArgument,
    arg2: SystemArgument = 0,
    arg3: SystemArgument = 0,
    arg4: SystemArgument = 0,
    arg5: SystemArgument | string = 0,
  ): number {
    const what = toInt('prctl', 'option', option);
    const [two, three] = [toUlong('prctl', 'arg2', arg2), toUlong('prctl', 'arg3', arg3)];
    const four = toUlong('prctl', 'arg4', arg4);
    const five = typeof arg5 === 'string' ? arg5 : toUlong('prctl', 'arg5', arg5);
    return this.run('prctl', () => calls.prctl(what, two, three, four, five));
  }

  /** What it was before: READ_IMPLIES_EXEC and the like; 0xffffffff only asks. */
  personality(bits: SystemArgument): number {
    const wanted = toInt('personality', 'bits', bits) >>> 0;
    const { personality: old } = this.task;
    if (wanted !== 0xffffffff) this.task.personality = wanted;
    return old;
  }

  close(fd: SystemArgument): number {
    return this.run('close', () => closeFd(this.task, toInt('close', 'fd', fd)));
  }

  /** A descriptor for a new file of no bytes that only memory holds. */
  memfd_create(name: string, flags: SystemArgument = 0): number {
    const bits = toInt('memfd_create', 'flags', flags);
    if ((bits & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) !== 0) return -EINVAL;
    return this.run('memfd_create', () => {
      const f = memfdFile(name, (bits & MFD_ALLOW_SEALING) !== 0);
      return typeof f === 'number' ? f : installFd(this.task, f);
    });
  }

  ftruncate(fd: SystemArgument, length: SystemArgument): number {
    const size = toUlong('ftruncate', 'length', length);
    return this.run('ftruncate', () => {
      const f = this.task.files.fd.get(toInt('ftruncate', 'fd', fd));
      return f === undefined || (f.f_mode & FMODE_PATH) !== 0 ? -EBADF : resize(f, size);
    });
  }

  fallocate(fd: SystemArgument, mode: SystemArgument, offset: SystemArgument, len: SystemArgument): number {
    const how = toInt('fallocate', 'mode', mode);
    const [start, bytes] = [toUlong('fallocate', 'offset', offset), toUlong('fallocate', 'len', len)];
    return this.run('fallocate', () => {
      const f = this.task.files.fd.get(toInt('fallocate', 'fd', fd));
      return f === undefined || (f.f_mode & FMODE_PATH) !== 0 ? -EBADF : vfs_fallocate(f, how, start, bytes);
    });
  }

  /** fcntl(fd, F_ADD_SEALS, seals). */
  addSeals(fd: SystemArgument, seals: SystemArgument): number {
    const f = this.task.files.fd.get(toInt('addSeals', 'fd', fd));
    const bits = toInt('addSeals', 'seals', seals);
    return this.run('addSeals', () => (f === undefined ? -EBADF : memfd_add_seals(f, bits)));
  }

  setrlimit(resource: SystemArgument, limit: Limit): number {
    const { signal, cap_effective: caps } = this.task;
    const wanted = toRlimit(limit);
    const index = toInt('setrlimit', 'resource', resource);
    const old = signal.rlim[index];
    if (old === undefined || wanted.rlim_cur > wanted.rlim_max) return -EINVAL;
    if (wanted.rlim_max > old.rlim_max && !caps.has(CAP_SYS_RESOURCE)) return -EPERM;
    signal.rlim[index] = wanted;
    return 0;
  }

  /** The byte at addr; -EFAULT where a program would get a signal, -ENOMEM. */
  read(addr: SystemArgument): number {
    const value = new Ref(0);
    const at = toUlong('read', 'addr', addr);
    const fault = this.memory('read', (mm) => read_user_byte(mm, at, value));
    return fault === 0 ? value.value : errnoOf(fault);
  }

  /** Writes a byte. 0, -EFAULT or -ENOMEM. */
  write(addr: SystemArgument, value: number): number {
    const at = toUlong('write', 'addr', addr);
    return errnoOf(this.memory('write', (mm) => write_user_byte(mm, at, value)));
  }

  /** Writes to each page of a range what is there. 0, -EFAULT or -ENOMEM. */
  touch(addr: SystemArgument, len: SystemArgument = 1): number {
    return errnoOf(this.touchPages(toUlong('touch', 'addr', addr), toUlong('touch', 'len', len)).fault);
  }

  /** The same, with the fault itself, and where it was. */
  touchPages(start: number, len: number): { fault: number; addr: number } {
    for (let addr = start; addr < start + len; addr = PAGE_ALIGN_DOWN(addr) + PAGE_SIZE) {
      const fault = this.memory('touch', (mm) => do_user_addr_fault(mm, addr, true));
      if (fault !== 0) return { fault, addr };
    }
    return { fault: 0, addr: start };
  }
}

function errnoOf(fault: number): number {
  if (fault === 0) return 0;
  return (fault & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT;
}
