// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random traces of VMA operations. What they are drawn from is small on purpose: few pages, few flags, few files, so that
 * nearly every operation splits or merges something.
 */
import { PAGE_SIZE } from '../../include/linux/mm.js';
import {
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_IO,
  VM_LOCKED,
  VM_MAYBE_GUARD,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_PFNMAP,
  VM_READ,
  VM_SEALED,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from '../../include/vma_flags.js';
import type { Random } from './random.js';

const MAY = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
const READ_WRITE = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
const PROTECTIONS = [VM_READ | MAY, READ_WRITE, READ_WRITE | VM_ACCOUNT, VM_READ | VM_EXEC | MAY];
const RARE = [VM_MAYBE_GUARD, VM_LOCKED, VM_NORESERVE, VM_WIPEONFORK, VM_DONTEXPAND, VM_IO, VM_PFNMAP, VM_SHARED];

/** What one trace is drawn from. */
interface Profile {
  /** First page, and number of pages, that mappings are in. */
  base: number;
  pages: number;
  /** Longest mapping, in pages. */
  longest: number;
  files: readonly number[];
  /** Does memory run out now and then? */
  oom: boolean;
  stacks: boolean;
  sealing: boolean;
  mdwe: boolean;
  /** Are there words that do no accounting, and such as set fields by hand? */
  bare: boolean;
}

function profileOf(random: Random): Profile {
  const wide = random.chance(10);
  const base = random.pick([0x20, 0x400, 0x10000]);
  return {
    base,
    pages: wide ? 4096 : random.between(12, 64),
    longest: wide ? 32 : random.between(3, 12),
    files: random.pick([[0], [0, 0, 1, 2], [1, 2, 3, 4], [0, 5, 6], [0, 6, 7, 8, 9, 10], [0, 1, 6, 9]]),
    oom: random.chance(25),
    // Where the guard gap of a stack reaches address 0, the two sides do not agree: docs/upstream.md, Numbers.
    stacks: base > 0x20 && random.chance(60),
    sealing: random.chance(10),
    mdwe: random.chance(15),
    bare: random.chance(40),
  };
}

function hex(value: number | bigint): string {
  return value.toString(16);
}

/** Writes the lines of one trace. */
class TraceWriter {
  private readonly random: Random;
  private readonly profile: Profile;
  private failing: boolean;

  constructor(random: Random) {
    this.random = random;
    this.profile = profileOf(random);
    this.failing = false;
  }

  private page(): number {
    return (this.profile.base + this.random.below(this.profile.pages)) * PAGE_SIZE;
  }

  private length(): number {
    return this.random.between(1, this.profile.longest) * PAGE_SIZE;
  }

  private range(): string {
    return `${hex(this.page())} ${hex(this.length())}`;
  }

  private span(): string {
    const start = this.page();
    return `${hex(start)} ${hex(start + this.length())}`;
  }

  private flags(): bigint {
    const { random, profile } = this;
    let flags = random.pick(PROTECTIONS);
    if (random.chance(12)) flags |= random.pick(RARE);
    if (profile.stacks && random.chance(15)) flags |= VM_GROWSDOWN;
    if (profile.sealing && random.chance(5)) flags |= VM_SEALED;
    return flags;
  }

  /** Range, flags, offset and file of a mapping. Offsets mostly follow the address, so that neighbours can merge. */
  private mapping(): string {
    const { random, profile } = this;
    const start = this.page();
    const file = random.pick(profile.files);
    let flags = this.flags();
    if (file !== 0 && random.chance(50)) flags |= VM_SHARED;
    const pgoff = file === 0 || random.chance(80) ? start / PAGE_SIZE : random.below(64);
    return `${hex(start)} ${hex(this.length())} ${hex(flags)} ${hex(pgoff)} ${hex(file)}`;
  }

  private search(): string {
    const { random, profile } = this;
    const low = random.chance(70) ? profile.base * PAGE_SIZE : 0;
    const high = (profile.base + profile.pages) * PAGE_SIZE + random.below(3) * 0x10000;
    const mask = random.pick([0, 0, 0x1fff, 0xffff]);
    return `${hex(this.length())} ${hex(low)} ${hex(high)} ${hex(mask)}`;
  }

  /** Some munmap()s are wrong: unaligned, empty, or past the end of user space. */
  private unmapping(): string {
    const { random } = this;
    if (random.chance(96)) return this.range();
    return random.pick([`${hex(this.page() + 0x80)} 1000`, `${hex(this.page())} 0`, '7ffffffff000 2000', '10000 800']);
  }

  private toggleOom(): string {
    this.failing = !this.failing;
    return `failprealloc ${this.failing ? 1 : 0}`;
  }

  private copying(name: string): string {
    return `${name} ${this.range()} ${hex(this.page())}`;
  }

  private setting(): string {
    const { random, profile } = this;
    const all = [
      `maxmaps ${hex(random.chance(50) ? 65530 : random.between(2, 24))}`,
      `guardgap ${hex(random.pick([0, 0x1000, 0x4000, 0x100000]))}`,
      `minaddr ${hex(random.pick([0x1000, 0x10000, 0x30000]))}`,
    ];
    if (profile.mdwe) all.push(`mdwe ${random.below(2)}`);
    return random.pick(all);
  }

  /** What a trace begins with: sums so large that unmapping what nobody counted takes none below 0. */
  head(): string[] {
    return this.profile.bare ? ['setsums 1000000 1000000 1000000 1000000 1000000'] : [];
  }

  /** A number of one of a few anon_vmas, often none. */
  private anon(): number {
    return this.random.chance(60) ? 0 : this.random.between(1, 4);
  }

  /** A range as the merge functions take it, with flags, offset and file. */
  private merging(): string {
    const [start = '', len = '', ...rest] = this.mapping().split(' ');
    return [start, hex(Number.parseInt(start, 16) + Number.parseInt(len, 16)), ...rest].join(' ');
  }

  /** A word that is the name of a kernel function. */
  private kernelWord(): string {
    const { random } = this;
    const follows = (): string => hex(random.chance(70) ? this.page() / PAGE_SIZE : random.below(64));
    return random.weighted<() => string>([
      [30, () => `vma_link ${this.mapping()}`],
      [10, () => `insert_vm_struct ${this.mapping()}`],
      [60, () => `vma_merge_new_range ${this.merging()} ${this.anon()} ${hex(random.pick([3, 3, 3, 1, 2, 5, 0xb]))}`],
      [60, () => `vma_merge_existing_range ${this.merging()} ${hex(random.pick([1, 1, 1, 0, 9]))}`],
      [
        20,
        () => `vma_expand ${hex(this.page())} ${this.span()} ${follows()} ${hex(this.flags())} ${random.pick([0, 2])}`,
      ],
      [15, () => `vma_shrink ${hex(this.page())} ${this.span()} ${follows()}`],
      [25, () => `split_vma ${hex(this.page())} ${random.below(2)}`],
      [25, () => `__split_vma ${hex(this.page())} ${random.below(2)}`],
      [20, () => `vma_merge_extend ${this.range()}`],
      [30, () => `copy_vma ${this.range()} ${hex(this.page())} ${follows()} ${random.below(2)}`],
      [40, () => `vma_modify_flags ${this.span()} ${hex(this.flags())}`],
      [15, () => `vma_modify_flags_uffd ${this.span()} ${hex(this.flags())} ${random.below(2)}`],
      [1, () => 'cleanup_mm'],
    ])();
  }

  /** A word that sets something by hand. */
  private setWord(): string {
    const { random, profile } = this;
    const at = hex(this.page());
    return random.weighted<() => string>([
      [30, () => `setflags ${at} ${hex(this.flags())}`],
      [10, () => `setpgoff ${at} ${hex(random.chance(50) ? this.page() / PAGE_SIZE : random.below(64))}`],
      [10, () => `setfile ${at} ${hex(random.pick(profile.files))}`],
      [40, () => `setanon ${at} ${this.anon()} ${random.pick([1, 1, 1, 0, 2])}`],
      [30, () => `setops ${at} ${hex(random.pick([0, 1, 1, 3, 5, 9]))}`],
      [20, () => `drop ${at}`],
      [2, () => `setdefflags ${hex(random.pick([0n, VM_LOCKED]))}`],
    ])();
  }

  line(): string {
    const { random, profile } = this;
    if (profile.oom && random.chance(this.failing ? 30 : 6)) return this.toggleOom();
    if (profile.bare && random.chance(35)) return random.chance(70) ? this.kernelWord() : this.setWord();
    return random.weighted<() => string>([
      [160, () => `mmap ${this.mapping()}`],
      [60, () => `region ${this.mapping()}`],
      [90, () => `munmap ${this.unmapping()}`],
      [10, () => `unmap ${this.unmapping()} ${random.below(2)}`],
      [170, () => `modify ${this.span()} ${hex(this.flags())}`],
      [25, () => `name ${this.span()}`],
      [25, () => `policy ${this.span()}`],
      [25, () => `uffd ${hex(this.page())} ${hex(this.flags())} ${random.below(2)}`],
      [70, () => `fault ${hex(this.page())}`],
      [40, () => `brk ${this.range()} ${hex(random.chance(50) ? 0 : VM_LOCKED)}`],
      [50, () => `down ${hex(this.page())}`],
      [45, () => `extend ${this.range()}`],
      [60, () => this.copying('move')],
      [40, () => this.copying('copy')],
      [20, () => `relocate ${hex(this.page())} ${hex(this.length())}`],
      [25, () => `shrink ${hex(this.page())} ${this.span()}`],
      [25, () => `insert ${this.mapping()}`],
      [6, () => 'locks'],
      [8, () => `batch ${this.span()}`],
      [10, () => `notify ${hex(this.page())}`],
      [25, () => `unmapped ${this.search()} ${random.below(2)}`],
      [
        25,
        () =>
          `room ${this.search()} ${hex(random.below(8) * PAGE_SIZE)} ${hex(random.below(3) * PAGE_SIZE)} ${random.below(2)}`,
      ],
      [16, () => this.setting()],
    ])();
  }
}

/** A trace of that many operations. */
export function randomVmaTrace(random: Random, operations: number): string[] {
  const writer = new TraceWriter(random);
  const head = writer.head();
  return [...head, ...Array.from({ length: operations - head.length }, () => writer.line())];
}
