// SPDX-License-Identifier: GPL-2.0-only
/** What every VMA of an address space is at one moment, for a comparison with what it is after an operation. */
import { type inode, S_PRIVATE } from '../../include/linux/fs.js';
import { PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import type { vm_operations_struct } from '../../include/mm_types.js';
import {
  type anon_vma,
  type file,
  type mempolicy,
  type mm_struct,
  type pgprot_t,
  VMA_ITERATOR,
  type vm_area_struct,
} from '../../include/mm_types.js';
import {
  VMA_ACCOUNT_BIT,
  VMA_EXEC_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_NORESERVE_BIT,
  VMA_SHARED_BIT,
  VMA_STACK_BIT,
  VMA_WRITE_BIT,
} from '../../include/vma_flags.js';
import { vma_test } from '../../lib/mm/inlines/flag_operations.js';
import { vma_next } from '../../lib/mm/inlines/iterator.js';
import { vma_pages, vma_start_anon_pgoff, vma_start_pgoff } from '../../lib/mm/inlines/range.js';

/** A VMA that is in a tree. */
export interface VmaState {
  readonly vma: vm_area_struct;
  readonly mm: mm_struct;
  readonly start: number;
  readonly end: number;
  readonly pgoff: number;
  readonly anon_pgoff: number;
  /** The four words of the flags. */
  readonly flags: readonly [number, number, number, number];
  readonly page_prot: pgprot_t;
  readonly file: file | null;
  readonly ops: vm_operations_struct | null;
  readonly private_data: unknown;
  readonly anon: anon_vma | null;
  readonly policy: mempolicy | null;
  readonly name: string | null;
  readonly uffd: object | null;
}

/** Sums over an address space, in pages, and the number of VMAs. */
export interface Sums {
  total_vm: number;
  locked_vm: number;
  data_vm: number;
  exec_vm: number;
  stack_vm: number;
  /** Pages of mappings with VM_ACCOUNT. */
  accounted: number;
}

/** All VMAs of some address spaces, in order of address within each. */
export class Spaces {
  readonly states: Map<vm_area_struct, VmaState>;
  /** VMAs that the trees hold although they were freed, or could not be read. */
  readonly broken: boolean;

  /** Those of each address space, once they are asked for. */
  private bySpace: Map<mm_struct, VmaState[]> | null;
  private readonly policyOf: (vma: vm_area_struct) => mempolicy | null;

  constructor(spaces: Iterable<mm_struct>, policyOf: (vma: vm_area_struct) => mempolicy | null) {
    this.states = new Map();
    this.bySpace = null;
    this.policyOf = policyOf;
    let broken = false;
    for (const mm of spaces) {
      try {
        this.take(mm);
      } catch {
        broken = true;
      }
    }
    this.broken = broken;
  }

  private take(mm: mm_struct): void {
    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      const { flags } = vma;
      this.states.set(vma, {
        vma,
        mm,
        start: vma.vm_start,
        end: vma.vm_end,
        pgoff: vma_start_pgoff(vma),
        anon_pgoff: vma_start_anon_pgoff(vma),
        flags: [flags.w0, flags.w1, flags.w2, flags.w3],
        page_prot: vma.vm_page_prot,
        file: vma.vm_file,
        ops: vma.vm_ops,
        private_data: vma.vm_private_data,
        anon: vma.anon_vma,
        policy: this.policyOf(vma),
        name: vma.anon_name?.name ?? null,
        uffd: vma.vm_userfaultfd_ctx.ctx,
      });
    }
  }

  /** Those of one address space, in order of address. */
  of(mm: mm_struct): readonly VmaState[] {
    if (this.bySpace === null) {
      this.bySpace = new Map();
      for (const state of this.states.values()) {
        const own = this.bySpace.get(state.mm);
        if (own === undefined) this.bySpace.set(state.mm, [state]);
        else own.push(state);
      }
    }
    return this.bySpace.get(mm) ?? [];
  }
}

/** Pages that are charged for shared anonymous memory: with the file, which only its mappings hold, not with them. */
export function sharedCharge(states: Iterable<VmaState>): number {
  const charged = new Set<inode>();
  for (const { vma, file: mapped } of states) {
    const host = mapped?.f_inode;
    if (host === undefined || (host.i_flags & S_PRIVATE) === 0 || vma_test(vma, VMA_NORESERVE_BIT)) continue;
    charged.add(host);
  }
  let pages = 0;
  for (const { i_size } of charged) pages += PHYS_PFN(i_size);
  return pages;
}

/** Page offset of address 0, if the VMA reached that far: the same for all that could be one VMA. */
export function lineOf({ pgoff, start }: VmaState): number {
  return pgoff - start / PAGE_SIZE;
}

/** The same for anonymous pages. */
export function anonLineOf({ anon_pgoff, start }: VmaState): number {
  return anon_pgoff - start / PAGE_SIZE;
}

/** Had it the flag? */
export function hasBit({ flags }: VmaState, bit: number): boolean {
  return ((Number(flags[bit >> 5]) >>> (bit & 31)) & 1) === 1;
}

/** Of the first word of the flags: VMA_MAYBE_GUARD_BIT, which vma_set_atomic_flag() sets under the lock for reading. */
const SET_WITHOUT_MARK = 1 << VMA_MAYBE_GUARD_BIT;

/** Have both the flags that change only with a mark? */
export function hasSameFlags(a: VmaState, b: VmaState): boolean {
  return a.flags.every((word, i) => ((word ^ Number(b.flags[i])) & (i === 0 ? ~SET_WITHOUT_MARK : ~0)) === 0);
}

/** What the VMAs of an address space add up to now. */
export function sumsOf(states: Iterable<VmaState>): Sums {
  const sums: Sums = { total_vm: 0, locked_vm: 0, data_vm: 0, exec_vm: 0, stack_vm: 0, accounted: 0 };
  for (const { vma } of states) {
    const pages = vma_pages(vma);
    const [write, exec, stack] = [VMA_WRITE_BIT, VMA_EXEC_BIT, VMA_STACK_BIT].map((bit) => vma_test(vma, bit));
    sums.total_vm += pages;
    if (vma_test(vma, VMA_LOCKED_BIT)) sums.locked_vm += pages;
    if (vma_test(vma, VMA_ACCOUNT_BIT)) sums.accounted += pages;
    if (stack) sums.stack_vm += pages;
    else if (exec && !write) sums.exec_vm += pages;
    else if (write && !vma_test(vma, VMA_SHARED_BIT)) sums.data_vm += pages;
  }
  return sums;
}
