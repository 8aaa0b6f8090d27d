// SPDX-License-Identifier: GPL-2.0-only
/**
 * Selftests on the kernel's own code: VMA_SELFTEST_BACKEND names this module, and VMA_CODE_SIDE the program that
 * dev/conform compiles. What that cannot do ends a case with OUT_OF_REACH.
 */
import type {
  Backend,
  BackendProcess,
  CallArgument,
  CallName,
  ProcFile,
  ProcmapAnswer,
} from '../../harness/selftest/backend.js';
import { EEXIST, EINVAL, ENOENT, ENOMEM } from '../../include/linux/errno.js';
import { offset_in_page, PAGE_ALIGN, PAGE_SIZE } from '../../include/linux/mm.js';
import * as capability from '../../include/uapi/capability.js';
import { F_ADD_SEALS, O_ACCMODE, O_CREAT, O_EXCL } from '../../include/uapi/fcntl.js';
import { PR_SET_VMA } from '../../include/uapi/prctl.js';
import { RLIMIT_MEMLOCK } from '../../include/uapi/resource.js';
import { PM_FILE, PM_GUARD_REGION, PM_PRESENT, PM_SWAP } from '../../lib/fs/proc/pagemap.js';
import { Contents, outOfReach } from './code_contents.js';
import { CodeReplayer, type CodeSpace, type CodeVma, spacesOf } from './code_replayer.js';
import { KB, mapsLine, queryFlags, smapsLines } from './code_text.js';

/** What a process begins with. */
const MEMLOCK = 8 * 2 ** 20;
const [QUERY_NEXT, QUERY_FILE] = [0x10, 0x20];

function word(value: CallArgument): string {
  if (typeof value === 'string') return outOfReach(`'${value}' as an argument`);
  const number = BigInt(value);
  return number < 0n ? `-${(-number).toString(16)}` : number.toString(16);
}

/** Words of a trace that have the names and the arguments of the calls. */
const SAME: ReadonlySet<CallName> = new Set<CallName>([
  ...(['brk', 'close', 'ftruncate', 'madvise', 'mlock', 'mlock2', 'mlockall', 'mmap', 'mprotect', 'mremap'] as const),
  ...(['mseal', 'munlock', 'munlockall', 'munmap', 'pkey_mprotect', 'remap_file_pages', 'setrlimit'] as const),
]);
/** How many arguments each has; what a test does not give is 0. */
const COUNT: Readonly<Record<string, number>> = {
  ...{ brk: 1, close: 1, mlockall: 1, munlockall: 0, mmap: 6, mremap: 5, remap_file_pages: 5, pkey_mprotect: 4 },
  ...{ mlock: 2, munlock: 2, munmap: 2, ftruncate: 2 },
};

/** One machine: the program, its processes and files. */
class Code {
  readonly paths: Map<string, number>;
  readonly contents: Contents;
  private readonly replayer: CodeReplayer;
  private running: number;
  private readonly alive: Set<number>;

  constructor(program: string) {
    this.replayer = new CodeReplayer(program);
    this.paths = new Map();
    this.contents = new Contents();
    this.running = 1;
    this.alive = new Set([1]);
  }

  ask(process: number, line: string): string[] {
    if (this.running !== process) this.replayer.ask(`process ${process.toString(16)}`, process);
    this.running = process;
    return this.replayer.ask(line, process);
  }

  result(process: number, line: string): number {
    const [answer = ''] = this.ask(process, line);
    const [, sign = '', digits = ''] = / (-?)([0-9a-f]+)$/.exec(answer) ?? [];
    return Number.parseInt(digits, 16) * (sign === '' ? 1 : -1);
  }

  space(process: number): CodeSpace {
    return spacesOf(this.ask(process, 'show')).get(process) ?? { sums: new Map(), vmas: [] };
  }

  fork(process: number): number {
    const child = this.result(process, 'fork');
    if (child > 0) this.alive.add(child);
    return child;
  }

  exit(process: number): void {
    this.alive.delete(process);
    const [next] = this.alive;
    if (next === undefined) {
      this.replayer.close();
      return;
    }
    if (this.running !== process) this.replayer.ask(`process ${process.toString(16)}`, process);
    this.replayer.ask('exit', next);
    this.running = next;
  }
}

class CodeProcess implements BackendProcess {
  readonly pid: number;
  private readonly code: Code;
  private readonly limits: Map<number, { rlim_cur: number; rlim_max: number }>;

  constructor(code: Code, pid: number, limits: CodeProcess['limits']) {
    this.code = code;
    this.pid = pid;
    this.limits = limits;
  }

  private result(line: string): number {
    return this.code.result(this.pid, line);
  }

  call(name: CallName, ...given: readonly CallArgument[]): number {
    if (name === 'setrlimit') this.noteLimit(given);
    if (SAME.has(name)) {
      const count = COUNT[name] ?? 3;
      return this.result([name, ...Array.from({ length: count }, (_, i) => word(given[i] ?? 0))].join(' '));
    }
    return this.other(name, given);
  }

  private other(name: CallName, given: readonly CallArgument[]): number {
    const [first = 0, second = 0, third = 0] = given;
    switch (name) {
      case 'getpid':
        return this.pid;
      case 'prctl':
        return this.prctl(given);
      case 'capset':
        return this.capset(BigInt(first));
      case 'memfd_create':
        return this.result(`memfd_create ${(Number(second) & 2).toString(16)}`);
      case 'fcntl':
        if (Number(second) !== F_ADD_SEALS) return outOfReach('fcntl()');
        return this.result(`add_seals ${word(first)} ${word(third)}`);
      case 'msync':
        return this.msync(Number(first), Number(second));
      case 'open':
        return this.open(String(first), Number(second));
      case 'unlink':
        return this.unlink(String(first));
      default:
        return outOfReach(`${name}()`);
    }
  }

  /** Nothing is to be written anywhere: where something is not mapped is all there is to say. */
  private msync(addr: number, len: number): number {
    if (offset_in_page(addr) !== 0) return -EINVAL;
    let next = addr;
    for (const { start, end } of this.code.space(this.pid).vmas) if (start <= next && next < end) next = end;
    return next >= PAGE_ALIGN(addr + len) ? 0 : -ENOMEM;
  }

  private noteLimit([resource = 0, rlim_cur = 0, rlim_max = 0]: readonly CallArgument[]): void {
    const limit = (value: CallArgument): number => (BigInt(value) < 0n ? Infinity : Number(value));
    this.limits.set(Number(resource), { rlim_cur: limit(rlim_cur), rlim_max: limit(rlim_max) });
  }

  private prctl([option = 0, arg2 = 0, arg3 = 0, arg4 = 0, arg5 = 0]: readonly CallArgument[]): number {
    if (Number(option) !== PR_SET_VMA)
      return this.result(`prctl ${[option, arg2, arg3, arg4, arg5].map(word).join(' ')}`);
    const name = typeof arg5 === 'string' ? encodeURIComponent(arg5) : '-';
    return this.result(`name ${word(arg3)} ${word(arg4)} ${name}`);
  }

  private capset(effective: bigint): number {
    for (const cap of new Set(Object.values(capability))) {
      if (((effective >> BigInt(cap)) & 1n) === 0n) this.result(`capable ${cap.toString(16)} 0`);
    }
    return 0;
  }

  private open(path: string, flags: number): number {
    const { paths } = this.code;
    const known = paths.get(path);
    if (known === undefined && (flags & O_CREAT) === 0) return -ENOENT;
    if (known !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -EEXIST;
    const number = known ?? paths.size + 1;
    paths.set(path, number);
    const mode = [1, 2, 3, 3][flags & O_ACCMODE] ?? 3;
    return this.result(`open ${number.toString(16)} ${mode} 0`);
  }

  private unlink(path: string): number {
    const number = this.code.paths.get(path);
    if (number === undefined) return -ENOENT;
    // Its number is not used again.
    this.code.paths.set(`${path} ${number}`, number);
    this.code.paths.delete(path);
    return this.result(`unlink ${number.toString(16)}`);
  }

  getrlimit(resource: number): { rlim_cur: number; rlim_max: number } {
    const known = this.limits.get(resource);
    if (known !== undefined) return known;
    return resource === RLIMIT_MEMLOCK ? { rlim_cur: MEMLOCK, rlim_max: MEMLOCK } : outOfReach('getrlimit()');
  }

  /** The content of the page at addr, which its byte is the number of; a negative errno. */
  private page(addr: number): Uint8Array | number {
    const byte = this.result(`read ${addr.toString(16)}`);
    return byte < 0 ? byte : this.code.contents.of(byte);
  }

  peek(addr: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const from = (addr + at) % PAGE_SIZE;
      const page = this.page(addr + at);
      if (typeof page === 'number') return bytes.subarray(0, at);
      const some = page.subarray(from, from + length - at);
      bytes.set(some, at);
      at += some.length;
    }
    return bytes;
  }

  poke(addr: number, bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; ) {
      const from = (addr + at) % PAGE_SIZE;
      const some = bytes.subarray(at, at + PAGE_SIZE - from);
      const before = some.length === PAGE_SIZE ? new Uint8Array(PAGE_SIZE) : this.page(addr + at);
      if (typeof before === 'number') return at;
      const after = Uint8Array.from(before);
      after.set(some, from);
      if (this.result(`write ${(addr + at).toString(16)} ${this.code.contents.number(after).toString(16)}`) < 0)
        return at;
      at += some.length;
    }
    return bytes.length;
  }

  proc(file: ProcFile): string {
    const space = this.code.space(this.pid);
    if (file === 'status') {
      const kilobytes = (name: string): number => (space.sums.get(name) ?? 0) * KB;
      return `VmSize:\t${kilobytes('total')} kB\nVmLck:\t${kilobytes('locked')} kB\nVmData:\t${kilobytes('data')} kB\n`;
    }
    return space.vmas.map((vma) => (file === 'maps' ? mapsLine(vma) : smapsLines(vma))).join('');
  }

  pagemap(addr: number, pages: number): BigUint64Array {
    const entries = new BigUint64Array(pages);
    for (const { pages: told, file } of this.code.space(this.pid).vmas) {
      for (const page of told) {
        const at = (page.addr - addr) / PAGE_SIZE;
        const isFile = file !== 0 && !page.isWritable ? PM_FILE : 0n;
        if (at >= 0 && at < pages) entries[at] = page.what === 'g' ? PM_SWAP | PM_GUARD_REGION : PM_PRESENT | isFile;
      }
    }
    return entries;
  }

  procmap(addr: number, query_flags: number): ProcmapAnswer | number {
    const permitted = ({ flags, file }: CodeVma): boolean =>
      (queryFlags(flags) & query_flags) === (query_flags & 0xf) && ((query_flags & QUERY_FILE) === 0 || file !== 0);
    const orNext = (query_flags & QUERY_NEXT) !== 0;
    const found = this.code
      .space(this.pid)
      .vmas.find((vma) => vma.end > addr && (orNext ? permitted(vma) : vma.start <= addr && permitted(vma)));
    if (found === undefined) return -ENOENT;
    return {
      vma_start: found.start,
      vma_end: found.end,
      vma_flags: queryFlags(found.flags),
      vma_page_size: PAGE_SIZE,
      vma_offset: found.file === 0 ? 0 : found.pgoff * PAGE_SIZE,
      inode: found.file,
      name: found.file === 0 ? '' : `/file${found.file}`,
    };
  }

  fork(): CodeProcess | number {
    const child = this.code.fork(this.pid);
    return child < 0 ? child : new CodeProcess(this.code, child, new Map(this.limits));
  }

  exit(_status: number): void {
    this.code.exit(this.pid);
  }
}

export const backend: Backend = {
  name: "kernel's code",
  begin() {
    const program = process.env.VMA_CODE_SIDE;
    if (program === undefined) throw new Error('VMA_CODE_SIDE is not set');
    return new CodeProcess(new Code(program), 1, new Map());
  },
};
