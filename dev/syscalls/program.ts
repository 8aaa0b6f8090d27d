// SPDX-License-Identifier: GPL-2.0-only
/** Random programs of system calls, as traces: the same seed, the same program, whoever carries it out. */
import { PAGE_SIZE } from '../../include/linux/mm.js';
import {
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_TYPE,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
} from '../../include/uapi/mman.js';
import { sayCallArgument } from '../../tools/replay/call_arguments.js';
import { FAILING } from '../../tools/replay/process_settings.js';
import type { Random } from '../random.js';
import { FIXED, type Profile, type ProfileName, profileOf } from './profile.js';

export { HARSH, PROFILES, type ProfileName } from './profile.js';

export interface ProgramOptions {
  /** What the program is about; drawn unless given. */
  profile?: ProfileName | undefined;
  /** Is it for a real kernel? Then nothing fails on demand, and nothing of the machine is set. */
  live?: boolean | undefined;
}

/** Where the stack of a program begins. */
const STACK_TOP = 0x7fffffffe000;

const CHANGING = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 1, 2];
const DISCARDING = [4, 4, 4, 8, 24, 9, 20, 21, 3];
const POPULATING = [22, 23];
const GUARDS = [102, 102, 103];
const UNKNOWN = [5, 25, 100, 104, -1];

/** Where nothing can be, or hardly anything. */
const TOP = ['7fffffffe000', '7ffffffff000', '800000000000', 'fffffffffffff000', 'ffffffffffffffff', '0', '1000'];
const NAMES = ['-', 'heap', 'heap', 'stack', 'a%20b', 'bad%5D'];
const KNOBS: readonly (readonly [knob: string, values: readonly number[]])[] = [
  ['overcommit_memory', [0, 1, 2]],
  ['overcommit_ratio', [0, 50, 100]],
  ['overcommit_kbytes', [0, 0x40, 0x100, 0x100000]],
  ['totalram_pages', [0x10, 0x40, 0x400000]],
  ['max_map_count', [3, 6, 10, 65530]],
  ['mmap_min_addr', [0, 0x10000]],
  ['dac_mmap_min_addr', [0, 0x10000]],
  ['stack_guard_gap', [0, 0x1000, 0x100000]],
  ['shmem_huge', [0, 1, 1]],
  ['legacy_va_layout', [0, 1]],
  ['user_reserve_kbytes', [0, 0x20000]],
  ['admin_reserve_kbytes', [0, 0x2000]],
];
const SMALL_LIMITS = ['0', '2000', '8000', '10000', '40000', '100000', '-1'];

function hex(value: number): string {
  return value < 0 ? `-${(-value).toString(16)}` : value.toString(16);
}

class ProgramWriter {
  private readonly random: Random;
  private readonly profile: Profile;
  /** Processes that there may be, the last one made, and the descriptors that each may have. */
  private processes: number[];
  private made: number;
  private running: number;
  private fds: number;
  /** A line that must come next. */
  private after: string | null;
  /** What a line may be, by weight. */
  private readonly choices: readonly (readonly [number, () => string])[];

  constructor(random: Random, profile: Profile) {
    this.random = random;
    this.profile = profile;
    this.processes = [1];
    this.made = 1;
    this.running = 1;
    this.fds = 0;
    this.after = null;
    this.choices = this.words();
  }

  line(): string {
    const { after } = this;
    this.after = null;
    return after ?? this.random.weighted(this.choices)();
  }

  private words(): (readonly [number, () => string])[] {
    const { weights: w } = this.profile;
    return [
      [34, () => this.mmap()],
      [11, () => `munmap ${this.range()}`],
      [24, () => this.mprotect()],
      [w.move, () => this.mremap()],
      [w.fault, () => this.fault()],
      [w.fork, () => this.process()],
      [w.lock, () => this.lock()],
      [w.advise, () => this.advise(CHANGING)],
      [w.guard, () => this.advise(GUARDS)],
      [w.discard, () => this.advise(DISCARDING)],
      [Math.ceil(w.discard / 3), () => this.advise(POPULATING)],
      [w.brk, () => this.brk()],
      [w.seal, () => `mseal ${this.range()} ${this.bad() ? 1 : 0}`],
      [w.name, () => `name ${this.range()} ${this.random.pick(NAMES)}`],
      [w.option, () => this.option()],
      [w.file, () => this.file()],
      [w.driver, () => this.driver()],
      [w.limit, () => this.limit()],
      [w.fail, () => this.fail()],
      [Math.ceil(w.file / 4), () => this.remap()],
    ];
  }

  private bad(): boolean {
    return this.random.chance(this.profile.bad);
  }

  private address(): string {
    const { random, profile } = this;
    if (this.bad()) return random.pick(TOP);
    if (!profile.live && random.oneIn(50)) return hex(STACK_TOP - random.below(0x30) * PAGE_SIZE);
    const page = (profile.base + random.below(profile.pages)) * PAGE_SIZE;
    return hex(page + (random.oneIn(200) ? 0x80 : 0));
  }

  private length(): string {
    const { random, profile } = this;
    if (this.bad()) return random.pick(['0', '1', '80', '1800', '200000', '7ffffffff000', 'ffffffffffffffff']);
    return hex(random.between(1, profile.longest) * PAGE_SIZE);
  }

  private range(): string {
    return `${this.address()} ${this.length()}`;
  }

  private prot(): string {
    const { random, profile } = this;
    const more = this.bad() ? random.pick([8, 0x10, PROT_GROWSDOWN, PROT_GROWSDOWN, PROT_GROWSUP, 0x3000000]) : 0;
    return sayCallArgument('PROT', random.pick(profile.prots) + more);
  }

  private fd(): number {
    const { random } = this;
    if (this.bad()) return random.pick([-1, 0, 63]);
    return this.fds === 0 ? -1 : 2 + random.between(1, this.fds);
  }

  private mprotect(): string {
    const { random } = this;
    if (!this.bad()) return `mprotect ${this.range()} ${this.prot()}`;
    return `pkey_mprotect ${this.range()} ${this.prot()} ${random.pick(['0', '-1', '1'])}`;
  }

  private mmap(): string {
    const { random, profile } = this;
    const isShared = random.chance(profile.shared);
    const withFile = this.fds > 0 && random.chance(profile.name === 'files' ? 70 : 30);
    const fd = withFile ? this.fd() : -1;
    let flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | (withFile ? 0 : MAP_ANONYMOUS) | random.pick(profile.flags);
    // A droppable mapping is a type of its own.
    if ((flags & 8) !== 0) flags = (flags & ~MAP_TYPE) | 8 | MAP_ANONYMOUS;
    if (this.bad()) flags |= random.pick([0x40000, 0x80000, 3, MAP_FIXED | MAP_FIXED_NOREPLACE]);
    const isPlaced = !random.chance(profile.hintless);
    const place = isPlaced ? random.pick(FIXED) : random.pick([0, 0, 0, 0, MAP_32BIT, MAP_ABOVE4G]);
    const addr = isPlaced || random.chance(40) ? this.address() : '0';
    if (random.oneIn(12)) return this.fill();
    const length =
      !isPlaced && random.oneIn(profile.name === 'placed' ? 3 : 8)
        ? hex(random.pick([0x200000, 0x200000, 0x3ff000]))
        : this.length();
    const offset = withFile ? random.below(6) * PAGE_SIZE : 0;
    return `mmap ${addr} ${length} ${this.prot()} ${sayCallArgument('MAP', flags | place)} ${hex(fd)} ${hex(offset)}`;
  }

  /** All places at once, so that fewer calls meet holes. */
  private fill(): string {
    const { base, pages } = this.profile;
    const flags = sayCallArgument('MAP', MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    return `mmap ${hex(base * PAGE_SIZE)} ${hex(pages * PAGE_SIZE)} ${this.prot()} ${flags} -1 0`;
  }

  private mremap(): string {
    const { random } = this;
    const [addr, old] = [this.address(), this.length()];
    const flags = random.weighted([
      [20, 0],
      [25, 1],
      [45, 3],
      [12, 5],
      [12, 7],
      [this.profile.bad, random.pick([2, 4, 8, 6])],
    ]);
    const keeps = (flags & 4) !== 0 || random.chance(30);
    const length = keeps ? old : this.length();
    return `mremap ${addr} ${old} ${length} ${sayCallArgument('MREMAP', flags)} ${(flags & 6) !== 0 ? this.address() : '0'}`;
  }

  private fault(): string {
    const { random } = this;
    if (random.chance(20)) return `read ${this.address()}`;
    if (random.chance(15)) return `touch ${this.address()} ${hex(random.between(1, 3) * PAGE_SIZE)}`;
    return `write ${this.address()} ${hex(random.below(256))}`;
  }

  private process(): string {
    const { random, processes } = this;
    if (!this.profile.live && random.oneIn(40)) {
      processes.push(++this.made);
      return 'another';
    }
    if (processes.length < 5 && random.chance(45)) {
      // Where it fails, its number is the next one's: then this one is asked for in vain, now and then.
      processes.push(++this.made);
      return 'fork';
    }
    if (processes.length === 1 || !random.oneIn(6)) return this.turnTo(random.pick(processes));
    this.processes = processes.filter((one) => one !== this.running);
    this.after = this.turnTo(random.pick(this.processes));
    return 'exit';
  }

  private turnTo(process: number): string {
    this.running = process;
    return `process ${hex(process)}`;
  }

  private lock(): string {
    const { random } = this;
    const all = this.profile.name === 'limits' ? 8 : 3;
    return random.weighted([
      [30, () => `mlock ${this.range()}`],
      [10, () => `mlock2 ${this.range()} ${random.pick(['MLOCK_ONFAULT', '0', this.bad() ? '2' : 'MLOCK_ONFAULT'])}`],
      [25, () => `munlock ${this.range()}`],
      [all, () => `mlockall ${sayCallArgument('MCL', random.between(this.bad() ? 0 : 1, 7))}`],
      [all + 2, () => 'munlockall'],
    ])();
  }

  private advise(advices: readonly number[]): string {
    const advice = this.bad() ? this.random.pick(UNKNOWN) : this.random.pick(advices);
    return `madvise ${this.range()} ${advice < 0 ? '-1' : sayCallArgument('ADVICE', advice)}`;
  }

  private brk(): string {
    const { random, profile } = this;
    if (random.chance(profile.bad)) return 'brk 0';
    const end = 0x555555560000 + random.below(16) * PAGE_SIZE;
    return `brk ${hex(end + (random.oneIn(4) ? 0x123 : 0) - (random.oneIn(20) ? 0x20000 : 0))}`;
  }

  private option(): string {
    const { random } = this;
    return random.weighted([
      [8, () => `prctl PR_SET_MEMORY_MERGE ${random.below(2)} 0 0 0`],
      [2, () => 'prctl PR_GET_MEMORY_MERGE 0 0 0 0'],
      [4, () => `prctl PR_SET_THP_DISABLE ${random.below(2)} ${random.pick([0, 0, 2, 1])} 0 0`],
      [2, () => 'prctl PR_GET_THP_DISABLE 0 0 0 0'],
      [1, () => `prctl PR_SET_MDWE ${random.pick([1, 1, 3, 2, 0])} 0 0 0`],
      [2, () => 'prctl PR_GET_MDWE 0 0 0 0'],
      [1, () => `prctl PR_SET_VMA ${random.below(2)} ${this.range()} 0`],
      [this.profile.live ? 0 : 2, () => `personality ${random.pick(['400000', '0', 'ffffffff'])}`],
    ])();
  }

  private opened(line: string): string {
    this.fds++;
    return line;
  }

  private file(): string {
    const { random } = this;
    const pages = random.below(8);
    if (this.fds < 5) {
      return random.weighted([
        [
          2,
          () => {
            this.after = `ftruncate ${2 + this.fds + 1} ${hex(pages * PAGE_SIZE)}`;
            return this.opened(`memfd_create ${random.pick([0, 2])}`);
          },
        ],
        [2, () => this.opened(`open ${random.between(1, 3)} ${random.pick([3, 3, 1, 2])} ${hex(pages * PAGE_SIZE)}`)],
      ])();
    }
    return random.weighted([
      [6, () => `ftruncate ${hex(this.fd())} ${hex(pages * PAGE_SIZE + (random.oneIn(5) ? 0x10 : 0))}`],
      [2, () => `add_seals ${hex(this.fd())} ${sayCallArgument('SEALS', random.pick([8, 0x10, 2, 4, 1, 0x20]))}`],
      [1, () => `unlink ${random.between(1, 3)}`],
      [1, () => `close ${hex(this.fd())}`],
    ])();
  }

  private driver(): string {
    const { random } = this;
    if (this.fds >= 6) return this.mmap();
    return this.opened(`driver ${hex(random.below(0x2000) & ~(random.oneIn(8) ? 0 : 0x100))}`);
  }

  private limit(): string {
    const { random, profile } = this;
    const limit = random.pick(SMALL_LIMITS);
    return random.weighted([
      [8, () => `setrlimit ${random.pick(['RLIMIT_AS', 'RLIMIT_DATA', 'RLIMIT_MEMLOCK', 'RLIMIT_STACK'])} ${limit} -1`],
      [
        6,
        () =>
          `capable ${random.pick(['CAP_IPC_LOCK', 'CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE', 'CAP_SYS_RAWIO'])} ${random.below(2)}`,
      ],
      [
        profile.live ? 0 : 6,
        () => {
          const [knob, values] = random.pick(KNOBS);
          return `sysctl ${knob} ${hex(random.pick(values))}`;
        },
      ],
    ])();
  }

  private fail(): string {
    const { random } = this;
    if (random.oneIn(12)) {
      this.after = 'nonodes 0';
      return 'nonodes 1';
    }
    return `fail ${random.pick(FAILING)} ${hex(random.pick([1, 1, 1, 2, 2, 3, 5, 8]))}`;
  }

  private remap(): string {
    const { random } = this;
    const prot = this.bad() ? this.prot() : 'PROT_NONE';
    return `remap_file_pages ${this.range()} ${prot} ${hex(random.below(8))} ${random.pick(['0', '0', 'MAP_NONBLOCK'])}`;
  }
}

/** What each program begins with. */
export const PROGRAM_HEAD: readonly string[] = ['process 1'];

/** A program of that many words, its head included. It ends with the VMAs of all processes. */
export function randomProgram(random: Random, operations: number, options: ProgramOptions = {}): string[] {
  const profile = profileOf(random, options.profile, options.live);
  const writer = new ProgramWriter(random, profile);
  const lines = Array.from({ length: operations - PROGRAM_HEAD.length }, () =>
    random.chance(6) ? 'show' : writer.line(),
  );
  if (random.chance(85)) lines[0] = 'quiet';
  if (!profile.live && random.chance(40)) lines[4] = 'calls 1';
  if (!profile.live && random.chance(20)) lines[1] = 'stack';
  if (!profile.live && random.oneIn(10)) lines[3] = `heap ${hex(profile.base * PAGE_SIZE)}`;
  if (profile.name === 'placed' && !profile.live && random.chance(40)) lines[9] = 'sysctl shmem_huge 1';
  if (profile.name === 'placed' && !profile.live && random.chance(30)) {
    lines.splice(5, 3, 'sysctl legacy_va_layout 1', 'another', 'process 2');
  }
  if (profile.name === 'limits' && random.chance(60)) lines[2] = 'capable CAP_IPC_LOCK 0';
  lines[lines.length - 1] = 'show';
  return [...PROGRAM_HEAD, ...lines];
}
