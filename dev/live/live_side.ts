// SPDX-License-Identifier: GPL-2.0-only
/** The live side, started and looked over: nothing is mapped in it but its own program, and what can be compared is known. */
import { readFileSync } from 'node:fs';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import * as capability from '../../include/uapi/capability.js';
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK } from '../../include/uapi/resource.js';
import { removeScratch } from '../../tools/commands/folders.js';
import { sayCallArgument } from '../../tools/replay/call_arguments.js';
import { buildLive, NoLiveSide, thisMachine } from './build.js';
import { type LeftOut, probeFeatures } from './features.js';
import { LiveMachine } from './machine.js';
import { ANON, HEAP, OWN_FILE, P, RW } from './places.js';
import { LiveProcess } from './process.js';
import { capabilitiesOf, type LiveMapping } from './smaps.js';

const LIMITS = Object.entries({ RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK });
const KNOBS = [
  ...['overcommit_memory', 'overcommit_ratio', 'overcommit_kbytes', 'user_reserve_kbytes', 'admin_reserve_kbytes'],
  'max_map_count',
];

/** Where the helper's own program is: random programs stay away from it. */
export interface OwnRange {
  start: number;
  end: number;
}

export class LiveSide {
  readonly machine: LiveMachine;
  readonly first: LiveProcess;
  readonly leftOut: LeftOut;
  readonly own: readonly OwnRange[];
  /** Capabilities that can be had. */
  readonly permitted: bigint;
  /** What makes a process of the port as the live one begins: the first lines of each program, which only the port needs. */
  readonly head: readonly string[];

  /**
   * In a temporary folder, unless one is given.
   *
   * @throws NoLiveSide where there can be none
   */
  constructor(folder?: string) {
    this.machine = new LiveMachine(buildLive(thisMachine, folder));
    this.first = LiveProcess.first(this.machine);
    const mappings = this.tidy();
    this.own = mappings.map(({ start, end }) => ({ start, end }));
    this.permitted = capabilitiesOf(this.first.proc('status') ?? '', 'CapPrm');
    this.leftOut = probeFeatures(this.first);
    this.head = [...this.machineLines(), ...ownLines(mappings)];
  }

  /** Takes away what the kernel has mapped for every process: its stack, the pages that it shares, what is below the heap. */
  private tidy(): LiveMapping[] {
    const all = this.first.proc('maps') === null ? [] : this.first.mappings('maps');
    if (all.length === 0)
      throw new NoLiveSide('/proc/PID/maps cannot be read: nobody knows what the live side has mapped');
    for (const { start, end } of all) if (start >= HEAP - P) this.first.munmap(start, end - start);
    return this.first.mappings('maps');
  }

  /** Where its program and its files are. */
  get folder(): string {
    return this.machine.program.folder;
  }

  /** Limits, settings of the machine, and capabilities that are missing. */
  private machineLines(): string[] {
    const limits = LIMITS.flatMap(([name, resource]) => {
      const limit = this.first.getrlimit(resource);
      const say = (value: bigint): string => (value === 2n ** 64n - 1n ? '-1' : value.toString(16));
      return typeof limit === 'number' ? [] : [`setrlimit ${name} ${say(limit[0])} ${say(limit[1])}`];
    });
    const knobs = KNOBS.flatMap((knob) => {
      const value = sysctl(knob);
      return value === null ? [] : [`sysctl ${knob} ${value.toString(16)}`];
    });
    const missing = Object.entries(capability)
      .filter(([, cap]) => ((this.permitted >> BigInt(cap)) & 1n) === 0n)
      .map(([name]) => `capable ${name} 0`);
    return [...limits, ...knobs, ...lowestLines(this.first), ...memoryLines(), ...missing];
  }

  /** Ends it, and removes its folder. */
  close(): void {
    this.machine.close();
    removeScratch(this.folder);
  }
}

/** A setting below /proc/sys/vm; null where it cannot be read. */
export function sysctl(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/vm/${name}`, 'utf8'));
  } catch {
    return null;
  }
}

/** The lowest address for hints, which a security module may have a say in, and the one that capabilities are asked for. */
function lowestLines(first: LiveProcess): string[] {
  const lowest = first.mmap(P, P, RW, ANON);
  first.munmap(lowest, P);
  const permitted = sysctl('mmap_min_addr') ?? lowest;
  return [`sysctl mmap_min_addr ${lowest.toString(16)}`, `sysctl dac_mmap_min_addr ${permitted.toString(16)}`];
}

function memoryLines(): string[] {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const pages = (name: string): number =>
    (Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) * 1024) / PAGE_SIZE;
  return [
    `sysctl totalram_pages ${pages('MemTotal').toString(16)}`,
    `sysctl total_swap_pages ${pages('SwapTotal').toString(16)}`,
  ];
}

/** The mappings of the live side's own program. */
function ownLines(mappings: readonly LiveMapping[]): string[] {
  const end = Math.max(
    ...mappings.map((mapping) => (mapping.inode === 0 ? 0 : mapping.offset + mapping.end - mapping.start)),
  );
  const lines = mappings.map(({ start, end, perms, offset, inode }) => {
    const prot = [...perms].reduce((bits, letter) => bits | ({ r: 1, w: 2, x: 4 }[letter] ?? 0), 0);
    const flags = `MAP_PRIVATE|MAP_FIXED${inode === 0 ? '|MAP_ANONYMOUS' : ''}`;
    const place = `${start.toString(16)} ${(end - start).toString(16)}`;
    return `mmap ${place} ${sayCallArgument('PROT', prot)} ${flags} ${inode === 0 ? '-1 0' : `3 ${offset.toString(16)}`}`;
  });
  const written = mappings
    .filter(({ perms }) => perms.includes('w'))
    .map(({ start }) => `write ${start.toString(16)} 0`);
  return [`open ${OWN_FILE.toString(16)} 1 ${end.toString(16)}`, ...lines, ...written, 'close 3'];
}
