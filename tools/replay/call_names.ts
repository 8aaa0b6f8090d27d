// SPDX-License-Identifier: GPL-2.0-only
/** What a call is given and returns, as a trace prints it: VMAs as ranges, numbers in hex, other objects by number. */
import { bitsOf } from '../../harness/picture.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { pagetable_move_control } from '../../include/linux/pagetable_move.js';
import { rb_root_cached } from '../../include/linux/rbtree.js';
import {
  address_space,
  anon_vma,
  anon_vma_chain,
  anon_vma_name,
  file,
  mempolicy,
  mm_struct,
  pgprot_t,
  rw_semaphore,
  vm_area_struct,
  vm_userfaultfd_ctx,
} from '../../include/mm_types.js';
import { unmap_desc } from '../../include/vma.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import type { Held } from './held.js';

/** A number. One that wrapped around below 0 is negative, as it is in C when it is printed as signed. */
export function valueText(value: number): string {
  return (value > ULONG_MAX / 2 ? value - ULONG_MAX - 1 : value).toString(16);
}

export function flagsText(flags: vma_flags_t): string {
  return bitsOf(flags).toString(16);
}

/** Finds the numbers of what a trace knows. */
export interface Numbering {
  readonly mm: mm_struct;
  readonly held: Held;
  readonly files: readonly file[];
  idOf(found: file | null): number;
  anonId(found: anon_vma | null): number;
  anonWith(has: (anon: anon_vma) => boolean): anon_vma | null;
}

function numbered(kind: string, number: number): string {
  return number === 0 ? '-' : `${kind}${number.toString(16)}`;
}

export class CallNames {
  private readonly known: Numbering;

  constructor(known: Numbering) {
    this.known = known;
  }

  of(value: unknown): string {
    switch (typeof value) {
      case 'number':
        return valueText(value);
      case 'bigint':
        return value.toString(16);
      case 'boolean':
        return value ? '1' : '0';
      default:
        return value === null || value === undefined ? '-' : this.ofObject(value);
    }
  }

  private ofObject(value: unknown): string {
    const { known } = this;
    if (value instanceof vm_area_struct) return `${valueText(value.vm_start)}-${valueText(value.vm_end)}`;
    if (value instanceof mm_struct) return value === known.mm ? 'mm' : 'another';
    if (value instanceof file) return numbered('file', known.idOf(value));
    if (value instanceof address_space) return this.mapping((one) => one === value);
    if (value instanceof anon_vma) return numbered('anon', known.anonId(value));
    if (value instanceof anon_vma_chain) return numbered('link', known.anonId(value.anon_vma));
    if (value instanceof vma_flags_t) return flagsText(value);
    if (value instanceof pgprot_t) return value.pgprot.toString(16);
    if (value instanceof vm_userfaultfd_ctx) return known.held.contextNumber(value).toString(16);
    if (value instanceof rb_root_cached) return this.tree(value);
    if (value instanceof rw_semaphore) return this.lock(value);
    if (value instanceof mempolicy) return numbered('policy', known.held.policies.numberOf(value));
    if (value instanceof anon_vma_name) return numbered('name', known.held.names.numberOf(value));
    if (value instanceof unmap_desc) return this.unmap(value);
    if (value instanceof pagetable_move_control) return this.move(value);
    return '*';
  }

  private mapping(is: (mapping: address_space) => boolean): string {
    return numbered('map', this.known.files.findIndex(({ f_mapping }) => is(f_mapping)) + 1);
  }

  private anon(is: (anon: anon_vma) => boolean): string {
    const { known } = this;
    return numbered('anon', known.anonId(known.anonWith(is)));
  }

  private tree(root: unknown): string {
    const mapping = this.mapping(({ i_mmap }) => i_mmap === root);
    return mapping === '-' ? this.anon(({ rb_root }) => rb_root === root) : mapping;
  }

  private lock(lock: rw_semaphore): string {
    const mapping = this.mapping(({ i_mmap_rwsem }) => i_mmap_rwsem === lock);
    return mapping === '-' ? this.anon(({ rwsem }) => rwsem === lock) : mapping;
  }

  private list(values: readonly unknown[]): string {
    return values.map((value) => this.of(value)).join(' ');
  }

  private unmap({
    first,
    pg_start,
    pg_end,
    vma_start,
    vma_end,
    tree_end,
    tree_reset,
    mm_wr_locked,
  }: unmap_desc): string {
    return this.list([first, pg_start, pg_end, vma_start, vma_end, tree_end, tree_reset, mm_wr_locked]);
  }

  private move(pmc: pagetable_move_control): string {
    const { old, old_addr, old_end, new_addr, len_in, need_rmap_locks, for_stack } = pmc;
    return this.list([old, pmc.new, old_addr, old_end, new_addr, len_in, need_rmap_locks, for_stack]);
  }
}
