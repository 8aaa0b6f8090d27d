// SPDX-License-Identifier: GPL-2.0-only
/** Makes a trace of system calls from a log: the address space of one program, and of its forks as long as they exec nothing. */
import { basename } from 'node:path';
import type { LogEvent, MapsEvent, MapsLine } from './log.js';
import { hex, sayBits, sayNumber, sayText, Unsaid } from './say.js';
import { type StraceCall, straceNumber } from './strace_line.js';

/** What was made of a log. */
export interface Recording {
  /** The trace, for `replay`. */
  trace: string;
  /** Paths of its files, by number. */
  files: ReadonlyMap<number, string>;
  /** What was mapped in the end; null where the log does not tell. */
  end: readonly MapsLine[] | null;
  /** What the program has exec'd in its own place, of which the trace has nothing; null if it did not. */
  wentOnAs: string | null;
  /** Calls in the trace, and those that there is no word for. */
  calls: number;
  leftOut: number;
}

const PAGE = 0x1000;
/** Descriptors that a process has before it opens anything. */
const FDS_BEFORE = 2;

interface RecordedFile {
  number: number;
  /** Bytes that are mapped of it, from its beginning. */
  size: number;
}

const ANON = '-1 0';

/** Which calls share the address space of who makes them. */
function isThread({ name, args }: StraceCall): boolean {
  return name === 'vfork' || (/^clone/.test(name) && args.join(',').includes('CLONE_VM'));
}

const isFork = (name: string): boolean => /^(?:fork|vfork|clone3?)$/.test(name);

export class TraceWriter {
  private readonly program: string | null;
  private readonly lines: string[];
  private readonly files: Map<string, RecordedFile>;
  /** Which process of the trace a process of the log is; threads share one. */
  private readonly processes: Map<number, number>;
  private made: number;
  private running: number;
  private heap: number | null;
  private end: readonly MapsLine[] | null;
  private main: number | null;
  private wentOnAs: string | null;
  private calls: number;
  private leftOut: number;

  /** `program` is the name, or the path, of the one that is recorded; null for the first. */
  constructor(program: string | null) {
    this.program = program;
    this.lines = [];
    this.files = new Map();
    this.processes = new Map();
    this.made = 0;
    this.running = 1;
    this.heap = null;
    this.end = null;
    this.main = null;
    this.wentOnAs = null;
    this.calls = 0;
    this.leftOut = 0;
  }

  write(events: readonly LogEvent[]): Recording {
    // A log that is no program's beginning is one all the same.
    const begins = events.some((event) => 'call' in event && event.call.name.startsWith('exec'));
    if (!begins) this.begin(firstPid(events), null);
    for (const event of events) {
      if ('maps' in event) this.onMaps(event.maps);
      else this.onCall(event.call);
    }
    const files = new Map([...this.files].map(([path, { number }]) => [number, path]));
    const { calls, leftOut, end, wentOnAs } = this;
    return { trace: this.text(), files, end, wentOnAs, calls, leftOut };
  }

  /** Files are opened before all else, so that every process has them by the same descriptors. */
  private text(): string {
    const opened = [...this.files].flatMap(([path, { number, size }]) => [
      `# file ${hex(number)}: ${path}`,
      `open ${hex(number)} 3 ${hex(Math.ceil(size / PAGE) * PAGE)}`,
    ]);
    return `${['process 1', ...opened, ...this.lines].join('\n')}\n`;
  }

  private begin(pid: number, path: string | null): void {
    this.main = pid;
    this.processes.set(pid, 1);
    this.made = 1;
    if (path !== null) this.lines.push(`# ${path}`);
  }

  private onMaps({ pid, when, maps }: MapsEvent): void {
    if (pid !== this.main || this.wentOnAs !== null) return;
    if (when === 'end') this.end = maps;
    // What was mapped when it began, before all calls.
    else if (this.calls === 0) for (const line of maps) this.map(line);
  }

  /** A mapping that the program did not make itself. */
  private map(line: MapsLine): void {
    const { start, end, perms, offset, name } = line;
    const prot = [...perms].reduce((bits, letter) => bits + ({ r: 1, w: 2, x: 4 }[letter] ?? 0), 0);
    const type = perms.endsWith('s') ? 'MAP_SHARED' : 'MAP_PRIVATE';
    const place = `mmap ${hex(start)} ${hex(end - start)} ${hex(prot)} ${type}|MAP_FIXED`;
    if (name === '[stack]') this.lines.push(`${place}|MAP_ANONYMOUS|MAP_GROWSDOWN ${ANON}`);
    else if (name === '' || name === '[heap]') this.lines.push(`${place}|MAP_ANONYMOUS ${ANON}`);
    else this.lines.push(`${place} ${hex(this.fdOf(name, offset + end - start))} ${hex(offset)}`);
  }

  /** The descriptor of a path, which is opened once and stays open. The file has that many bytes at least. */
  private fdOf(path: string, size: number): number {
    const file = this.files.get(path) ?? { number: this.files.size + 1, size };
    this.files.set(path, file);
    file.size = Math.max(file.size, size);
    return file.number + FDS_BEFORE;
  }

  private onCall(call: StraceCall): void {
    if (call.name.startsWith('exec')) this.onExec(call);
    const process = this.processes.get(call.pid);
    if (process === undefined || call.name.startsWith('exec')) return;
    if (call.name.startsWith('exit')) this.onExit(call, process);
    else if (isFork(call.name)) this.onFork(call, process);
    else if (call.result !== null && call.result >= 0) this.onMemory(call, process);
  }

  /** A program begins: the one that is looked for, or another, whose address space is not this one any more. */
  private onExec({ pid, args, result }: StraceCall): void {
    if (result !== 0) return;
    const [, path = '?'] = /^"(.*)"/.exec(args[0] ?? '') ?? [];
    if (this.main === null && this.isWanted(path)) this.begin(pid, path);
    else if (this.processes.has(pid)) {
      if (pid === this.main) this.wentOnAs = path;
      this.leave(pid, `process ${pid} execs ${path}, which is another address space`);
    }
  }

  private isWanted(path: string): boolean {
    return this.program === null || this.program === path || this.program === basename(path);
  }

  private onExit({ pid, name }: StraceCall, process: number): void {
    // A thread ends alone; and the address space of the program is what the trace is about.
    const shares = [...this.processes].filter(([, one]) => one === process).length > 1;
    if (process !== 1 && (name === 'exit_group' || !shares)) this.leave(pid, null);
    else if (shares) this.processes.delete(pid);
  }

  /** A process is not followed any more. It ends, unless it was a thread, or had the memory of its parent. */
  private leave(pid: number, why: string | null): void {
    const process = this.processes.get(pid) ?? 1;
    this.processes.delete(pid);
    if (why !== null) this.lines.push(`# ${why}`);
    if ([...this.processes.values()].includes(process) || process === 1) return;
    this.choose(process);
    this.lines.push('exit');
  }

  private onFork(call: StraceCall, process: number): void {
    const { result: child } = call;
    if (child === null || child <= 0) return;
    if (isThread(call)) {
      this.processes.set(child, process);
      return;
    }
    this.choose(process);
    this.lines.push('fork');
    this.processes.set(child, ++this.made);
  }

  private choose(process: number): void {
    if (this.running === process) return;
    this.running = process;
    this.lines.push(`process ${hex(process)}`);
  }

  private onMemory(call: StraceCall, process: number): void {
    const say = SAYERS[call.name];
    if (say === undefined) return;
    try {
      const line = say(call, this);
      if (line === null) return;
      this.choose(process);
      this.lines.push(line);
      this.calls++;
    } catch (error) {
      if (!(error instanceof Unsaid)) throw error;
      this.lines.push(`# left out: ${call.name}(${call.args.join(', ')}): ${error.message}`);
      this.leftOut++;
    }
  }

  /** A mapping that the kernel has placed names its place as a hint, which is free: it is the same then anywhere. */
  sayMmap({ args, paths, result }: StraceCall): string {
    const [, len, prot, map, fd = '-1', offset] = args;
    const isFile = straceNumber(fd) >= 0;
    const size = straceNumber(offset ?? '0') + straceNumber(len ?? '0');
    const descriptor = isFile ? this.fdOf(paths.get(4) ?? `descriptor ${fd}`, size) : -1;
    const words = [sayNumber(len), sayBits('PROT', prot), sayBits('MAP', map), hex(descriptor), sayNumber(offset)];
    return `mmap ${hex(result ?? 0)} ${words.join(' ')}`;
  }

  /** The heap begins where the first call says that it ends. */
  sayBrk({ args, result }: StraceCall): string | null {
    const end = result ?? 0;
    const asked = straceNumber(args[0] ?? 'NULL');
    if (this.heap === null) {
      this.heap = end;
      // The call asked for more, and got it: from where, nobody has said.
      if (asked === end) this.heap = Math.floor(end / PAGE) * PAGE;
      return `heap ${hex(this.heap)}`;
    }
    return asked === end ? `brk ${hex(end)}` : null;
  }
}

type Sayer = (call: StraceCall, writer: TraceWriter) => string | null;

const range = ({ args }: StraceCall): string => `${sayNumber(args[0])} ${sayNumber(args[1])}`;

/** The line of the trace for each call; null for one that changes nothing. */
const SAYERS: Readonly<Record<string, Sayer>> = {
  mmap: (call, writer) => writer.sayMmap(call),
  brk: (call, writer) => writer.sayBrk(call),
  munmap: (call) => `munmap ${range(call)}`,
  mprotect: (call) => `mprotect ${range(call)} ${sayBits('PROT', call.args[2])}`,
  pkey_mprotect: (call) => `pkey_mprotect ${range(call)} ${sayBits('PROT', call.args[2])} ${sayNumber(call.args[3])}`,
  mremap: ({ args: [addr, from, to, flags], result }) => {
    const moved = result !== straceNumber(addr ?? '') && !/MREMAP_FIXED/.test(flags ?? '');
    const how = moved ? `${sayBits('MREMAP', flags)}|MREMAP_FIXED` : sayBits('MREMAP', flags);
    return `mremap ${sayNumber(addr)} ${sayNumber(from)} ${sayNumber(to)} ${how} ${hex(result ?? 0)}`;
  },
  madvise: (call) => `madvise ${range(call)} ${sayBits('ADVICE', call.args[2])}`,
  mlock: (call) => `mlock ${range(call)}`,
  mlock2: (call) => `mlock2 ${range(call)} ${sayBits('MLOCK', call.args[2])}`,
  munlock: (call) => `munlock ${range(call)}`,
  mlockall: ({ args: [flags] }) => `mlockall ${sayBits('MCL', flags)}`,
  munlockall: () => 'munlockall',
  mseal: (call) => `mseal ${range(call)} ${sayNumber(call.args[2])}`,
  remap_file_pages: ({ args: [addr, size, prot, pgoff, flags] }) =>
    `remap_file_pages ${sayNumber(addr)} ${sayNumber(size)} ${sayBits('PROT', prot)} ${sayNumber(pgoff)} ${sayBits('MAP', flags)}`,
  prctl: ({ args: [option, arg2, arg3, arg4, arg5] }) => {
    if (option === 'PR_SET_VMA') return `name ${sayNumber(arg3)} ${sayNumber(arg4)} ${sayText(arg5)}`;
    if (!/^PR_SET_(?:MDWE|THP_DISABLE|MEMORY_MERGE)$/.test(option ?? '')) return null;
    const bits = /MDWE/.test(option ?? '') ? mdweBits(arg2 ?? '0') : sayNumber(arg2);
    return `prctl ${option} ${bits} ${sayNumber(arg3 ?? '0')} 0 0`;
  },
};

function mdweBits(text: string): string {
  const names: Readonly<Record<string, number>> = { PR_MDWE_REFUSE_EXEC_GAIN: 1, PR_MDWE_NO_INHERIT: 2 };
  return hex(text.split('|').reduce((sum, part) => sum | (names[part] ?? straceNumber(part)), 0));
}

function firstPid(events: readonly LogEvent[]): number {
  const [first] = events.flatMap((event) => ('call' in event ? [event.call.pid] : []));
  return first ?? 0;
}
