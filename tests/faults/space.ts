// SPDX-License-Identifier: GPL-2.0-only
/** The address spaces in which operations are made to fail: how full the leaf of the tree is, and what VMAs are like. */
import type { VmaTest } from '../../harness/index.js';
import type { Process } from '../../harness/process/process.js';
import { doors } from '../../lib/doors/operation.js';
import {
  __mmap_region,
  current,
  ENOMEM,
  file,
  MA_STATE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAPLE_RANGE64_SLOTS,
  mas_walk,
  type mempolicy,
  mk_vma_flags,
  type mm_struct,
  PAGE_SIZE,
  PROT_READ,
  VMA_DONTCOPY_BIT,
  VMA_HUGETLB_BIT,
  VMA_READ_BIT,
  type vm_area_struct,
  type vm_operations_struct,
  vma_lookup,
  vma_set_flags,
} from '../../lib/index.js';
import { nodesOf } from '../../lib/maple_tree/node.js';
import { DATA } from '../mm/space.js';

/** Entries of the leaf that the operation works in: as many as fit, or as few as a split leaves. */
export type Leaf = 'full' | 'half';
export type Kind = 'plain' | 'hooks' | 'hugetlb' | 'faulted';

export interface Variant {
  readonly leaf: Leaf;
  readonly kind: Kind;
}

export const VARIANTS: readonly Variant[] = [
  { leaf: 'half', kind: 'plain' },
  { leaf: 'full', kind: 'hooks' },
  { leaf: 'half', kind: 'hugetlb' },
  { leaf: 'full', kind: 'faulted' },
];

export function variantName({ leaf, kind }: Variant): string {
  return `${kind}, a ${leaf === 'half' ? 'half-full' : leaf} leaf`;
}

/** Entries of the leaf that holds addr; 0 for a tree without nodes. */
export function leafEntries(mm: mm_struct, addr: number): number {
  const mas = MA_STATE(mm.mm_mt, addr, addr);
  mas_walk(mas);
  if (mm.mm_mt.nodes === null) return 0;
  return nodesOf(mm.mm_mt).endOf(mas.node) + 1;
}

/**
 * Maps single pages far away, one after the other, until the leaf at addr is as the variant has it. Each adds a VMA and
 * the gap before it, so a leaf is full when another pair would split it. Throws when it never comes to that.
 */
export function crowd(mm: mm_struct, addr: number, leaf: Leaf, mapFiller: (i: number) => void): void {
  let entries = leafEntries(mm, addr);
  for (let i = 0; i < 4 * MAPLE_RANGE64_SLOTS; i++) {
    if (leaf === 'full' && entries + 2 > MAPLE_RANGE64_SLOTS) return;
    mapFiller(i);
    const now = leafEntries(mm, addr);
    if (now < entries && leaf === 'half') return;
    entries = now;
  }
  throw new Error(`the leaf at 0x${addr.toString(16)} never became ${leaf}: it has ${entries} entries`);
}

/** Hooks that can fail, of every VMA of a file. None has a close hook, which would keep them from merging. */
function hooksOf(t: VmaTest): vm_operations_struct {
  const { faults } = t.world.checked;
  return {
    open: () => {},
    may_split: faults.hook('may_split', -ENOMEM, () => 0),
    mapped: faults.hook('mapped', -ENOMEM, () => 0),
  };
}

/** Fillers are not copied by forks, which would fail at each of them. */
const FILLER = Object.freeze(mk_vma_flags(VMA_READ_BIT, VMA_DONTCOPY_BIT));
/** Where fillers go, in the address space of a test. */
export const FAR = 0x10000000;

/** Maps a filler, which nobody judges: there are many of them. */
function mapFiller(start: number): void {
  const { watch } = doors;
  doors.watch = null;
  __mmap_region(null, start, PAGE_SIZE, FILLER, start / PAGE_SIZE, null);
  doors.watch = watch;
}

/** The address space of a test, filled as a variant says. Operations of scenarios lie in [0x10000, 0x20000). */
export class Space {
  readonly t: VmaTest;
  readonly mm: mm_struct;
  readonly variant: Variant;
  /** The file that is mapped; null where memory is anonymous. */
  readonly file: file | null;
  readonly bits: readonly number[];
  private readonly policy: mempolicy;

  constructor(t: VmaTest, variant: Variant) {
    this.t = t;
    this.mm = t.mm;
    this.policy = {};
    this.variant = variant;
    const { kind } = variant;
    const vm_ops = hooksOf(t);
    this.file =
      kind === 'hooks' || kind === 'hugetlb'
        ? new file({
            mmap_prepare: (desc) => {
              desc.vm_ops = vm_ops;
              return 0;
            },
          })
        : null;
    this.bits = kind === 'hugetlb' ? [...DATA, VMA_HUGETLB_BIT] : DATA;
  }

  /** Maps [start, end), in the manner of the variant: the page offset follows the address. */
  map(start: number, end: number, bits: readonly number[] = this.bits, pgoff = start / PAGE_SIZE): vm_area_struct {
    return this.mapOf(this.file, start, end, bits, pgoff);
  }

  /** The same of anonymous memory, whatever the variant: for heaps and stacks. */
  mapAnon(start: number, end: number, bits: readonly number[] = DATA): vm_area_struct {
    return this.mapOf(null, start, end, bits);
  }

  private mapOf(
    f: file | null,
    start: number,
    end: number,
    bits: readonly number[],
    pgoff = start / PAGE_SIZE,
    fault = this.variant.kind === 'faulted',
  ): vm_area_struct {
    const at = __mmap_region(f, start, end - start, mk_vma_flags(...bits), pgoff, null);
    if (at !== start) throw new Error(`0x${start.toString(16)} could not be mapped: ${at}`);
    if (fault) this.t.fault(this.at(start));
    return this.at(start);
  }

  /** As map(), but nothing is faulted in: what merges has one anon_vma at most. */
  mapUnfaulted(start: number, end: number, pgoff = start / PAGE_SIZE): vm_area_struct {
    return this.mapOf(this.file, start, end, this.bits, pgoff, false);
  }

  /** A VMA that the mapping beside it will not merge with. */
  mapOther(start: number, end: number): vm_area_struct {
    return this.map(start, end, this.variant.kind === 'hugetlb' ? [VMA_READ_BIT, VMA_HUGETLB_BIT] : [VMA_READ_BIT]);
  }

  /** Gives a VMA a memory policy, of which its parts take references. */
  setPolicy(vma: vm_area_struct): void {
    this.t.world.checked.attributes.setPolicy(vma, this.policy);
  }

  /** The VMA at addr. */
  at(addr: number): vm_area_struct {
    const vma = vma_lookup(this.mm, addr);
    if (vma === null) throw new Error(`nothing is mapped at 0x${addr.toString(16)}`);
    return vma;
  }

  /** Fills the leaf that the operation at addr will work in. */
  crowd(addr: number): void {
    crowd(this.mm, addr, this.variant.leaf, (i) => {
      const start = FAR + i * 2 * PAGE_SIZE;
      mapFiller(start);
    });
  }
}

/** Where fillers go, in a process. */
const FAR_UP = 0x300000000000;

/** A process, filled as a variant says. Its calls work at and above BASE. */
export class ProcessSpace {
  readonly t: VmaTest;
  readonly p: Process;
  readonly variant: Variant;
  private readonly opened: { fd: number; file: file } | null;

  constructor(t: VmaTest, variant: Variant) {
    this.t = t;
    this.p = t.process();
    this.variant = variant;
    const { kind } = variant;
    if (kind !== 'hooks' && kind !== 'hugetlb') {
      this.opened = null;
      return;
    }
    const vm_ops = hooksOf(t);
    const fd = this.p.open({
      mmap: (_f, vma) => {
        // As hugetlbfs does: what is of huge pages says so itself.
        if (kind === 'hugetlb') vma_set_flags(vma, VMA_HUGETLB_BIT);
        vma.vm_ops = vm_ops;
        return 0;
      },
    });
    this.opened = { fd, file: this.p.file(fd) };
  }

  get mm(): mm_struct {
    return this.p.mm;
  }

  /** Maps pages at an address, in the manner of the variant. */
  map(addr: number, pages: number, prot: number): void {
    const [flags, fd] = this.how();
    this.p.mmap(addr, pages * PAGE_SIZE, prot, flags | MAP_FIXED, fd, this.offset(addr));
    if (this.variant.kind === 'faulted' && prot !== PROT_READ) this.p.touch(addr, pages * PAGE_SIZE);
  }

  /** Flags and descriptor of a private mapping. */
  how(): [flags: number, fd: number] {
    return this.opened === null ? [MAP_PRIVATE | MAP_ANONYMOUS, -1] : [MAP_PRIVATE, this.opened.fd];
  }

  /** The offset in the file, which follows the address. */
  offset(addr: number): number {
    return this.opened === null ? 0 : addr % 0x100000000;
  }

  crowd(addr: number): void {
    const { mm } = this;
    const outer = current.mm;
    current.mm = mm;
    this.t.world.lock(mm);
    crowd(mm, addr, this.variant.leaf, (i) => {
      const start = FAR_UP + i * 2 * PAGE_SIZE;
      mapFiller(start);
    });
    this.t.world.unlock(mm);
    current.mm = outer;
  }
}
