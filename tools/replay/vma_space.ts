// SPDX-License-Identifier: GPL-2.0-only
/** The address space that a VMA trace is replayed on, with its world, its files and anon_vmas by number. */
import { newRootAnonVma } from '../../harness/anon_link.js';
import { World, type WorldOptions } from '../../harness/world.js';
import { MT_FLAGS_ALLOC_RANGE } from '../../include/linux/maple_tree.js';
import { type anon_vma, type file, mm_struct, VMA_ITERATOR } from '../../include/mm_types.js';
import { VMA_LOCKED_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { legacy_to_vma_flags, vma_flags_test } from '../../lib/doors/flags.js';
import { vma_next } from '../../lib/doors/iterator.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { traceFiles } from './files.js';

/** A flags word of a trace. Its numbers are safe integers, which is room enough for all named flags. */
export function flagsOf(word: number): vma_flags_t {
  return legacy_to_vma_flags(BigInt(word));
}

export class ReplayedSpace {
  readonly mm: mm_struct;
  /** Are VMAs left out of the answers? */
  quiet: boolean;
  /** Whose current address space it is: every operation is carried out in it. */
  readonly world: World;
  private readonly files: file[];
  /** Number 1 is the first. */
  private readonly anonVmas: anon_vma[];

  constructor(options: WorldOptions = {}) {
    this.mm = new mm_struct(MT_FLAGS_ALLOC_RANGE);
    this.quiet = false;
    this.world = new World({ ...options, mm: this.mm });
    this.files = traceFiles();
    this.anonVmas = [];
  }

  /** Counts pages, which may be negative, into the sums that these flags belong to. */
  account(flags: vma_flags_t, pages: number): void {
    accountPages(this.mm, flags, pages);
    if (vma_flags_test(flags, VMA_LOCKED_BIT)) this.mm.locked_vm += pages;
  }

  /** The answer to one operation: its result, the sums, and unless `quiet` every VMA. */
  describe(result: string, quiet = this.quiet): string {
    const { mm } = this;
    let text =
      `${result}\n= count=${mm.map_count} total=${mm.total_vm} data=${mm.data_vm} exec=${mm.exec_vm}` +
      ` stack=${mm.stack_vm} locked=${mm.locked_vm}\n`;
    if (quiet) return text;

    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      text +=
        `  ${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)} pgoff=${vma.vm_pgoff.toString(16)}` +
        ` flags=${vma.vm_flags.toString(16)} file=${this.idOf(vma.vm_file)} anon=${vma.anon_vma !== null ? 1 : 0}\n`;
    }
    return text;
  }

  /** The number of an anon_vma. Those that have none yet get theirs first, in the order of addresses. */
  anonNumber(wanted: anon_vma): number {
    this.numberAnons();
    if (!this.anonVmas.includes(wanted)) this.anonVmas.push(wanted);
    return this.anonVmas.indexOf(wanted) + 1;
  }

  /** The anon_vma of a number, 0 being none; a number past the last makes a new one. */
  anonOf(number: number): anon_vma | null {
    if (number === 0) return null;
    this.numberAnons();
    return this.anonVmas[number - 1] ?? this.newAnon();
  }

  /** An anon_vma of the next number. */
  newAnon(): anon_vma {
    const fresh = newRootAnonVma();
    this.anonNumber(fresh);
    return fresh;
  }

  private numberAnons(): void {
    const vmi = VMA_ITERATOR(this.mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      if (vma.anon_vma !== null && !this.anonVmas.includes(vma.anon_vma)) this.anonVmas.push(vma.anon_vma);
    }
  }

  /** The file of a number; 0 is none. */
  readonly fileOf = (id: number): file | null => {
    if (id === 0) return null;
    const found = this.files[id - 1];
    if (found === undefined)
      throw new RangeError(`file = ${id}: there are files 1 to ${this.files.length}, and 0 for none`);
    return found;
  };

  idOf(found: file | null): number {
    return found === null ? 0 : this.files.indexOf(found) + 1;
  }
}
