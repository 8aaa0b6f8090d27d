// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a trace's world knows beside the harness's: policies, names and userfaultfd contexts of VMAs, and what is held of
 * files, mappings and anon_vmas.
 */
import {
  type address_space,
  type anon_vma_chain,
  anon_vma_name,
  type file,
  mempolicy,
  NULL_VM_UFFD_CTX,
  type vm_area_struct,
  vm_userfaultfd_ctx,
} from '../../include/mm_types.js';
import { type Stubs, upstreamStubs } from '../../stubs/index.js';

/** Numbers of policies, names and contexts: 1 to this. */
export const MAX_ATTRIBUTES = 15;

/** Objects by number, made when they are first asked for; 0 is none. */
class Numbered<T extends object> {
  private readonly made: T[];
  private readonly make: (number: number) => T;

  constructor(make: (number: number) => T) {
    this.made = [];
    this.make = make;
  }

  of(number: number): T | null {
    if (number === 0) return null;
    if (number > MAX_ATTRIBUTES)
      throw new RangeError(`attributes: ${number}: there are 1 to ${MAX_ATTRIBUTES}, 0 for none`);
    const one = this.made[number] ?? this.make(number);
    this.made[number] = one;
    return one;
  }

  numberOf(one: T | null): number {
    return one === null ? 0 : this.made.indexOf(one);
  }
}

/** Adds to a count. */
function count<K extends object>(counts: WeakMap<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export class Held {
  /** Do page tables move, as far as they are asked to? In the harness they do not. */
  tablesMove: boolean;
  readonly policies: Numbered<mempolicy>;
  readonly names: Numbered<anon_vma_name>;
  private readonly contexts: Numbered<vm_userfaultfd_ctx>;
  private readonly policyOf: WeakMap<vm_area_struct, mempolicy | null>;
  private readonly nameOf: WeakMap<vm_area_struct, anon_vma_name | null>;
  /** References taken and not given back, VMAs in i_mmap, times a VMA is there, and links in trees of anon_vmas. */
  readonly references: WeakMap<file, number>;
  readonly mapped: WeakMap<address_space, number>;
  readonly entries: WeakMap<vm_area_struct, number>;
  readonly linked: WeakMap<anon_vma_chain, number>;

  constructor() {
    this.tablesMove = false;
    this.policies = new Numbered(() => new mempolicy());
    this.names = new Numbered((number) => new anon_vma_name(String(number)));
    this.contexts = new Numbered((number) => new vm_userfaultfd_ctx({ number }));
    this.policyOf = new WeakMap();
    this.nameOf = new WeakMap();
    this.references = new WeakMap();
    this.mapped = new WeakMap();
    this.entries = new WeakMap();
    this.linked = new WeakMap();
  }

  policy(vma: vm_area_struct): mempolicy | null {
    return this.policyOf.get(vma) ?? null;
  }

  setPolicy(vma: vm_area_struct, policy: mempolicy | null): void {
    this.policyOf.set(vma, policy);
  }

  name(vma: vm_area_struct): anon_vma_name | null {
    return this.nameOf.get(vma) ?? null;
  }

  setName(vma: vm_area_struct, name: anon_vma_name | null): void {
    this.nameOf.set(vma, name);
  }

  context(number: number): vm_userfaultfd_ctx {
    return this.contexts.of(number) ?? NULL_VM_UFFD_CTX;
  }

  contextNumber(context: vm_userfaultfd_ctx): number {
    return context.ctx === null ? 0 : this.contexts.numberOf(context);
  }

  /** A VMA that the cache hands out is a new one, whatever it was before. */
  private newVma(): vm_area_struct | null {
    const vma = upstreamStubs.vm_area_cache_alloc();
    if (vma !== null) {
      this.policyOf.delete(vma);
      this.nameOf.delete(vma);
      this.entries.delete(vma);
    }
    return vma;
  }

  private inMapping(vma: vm_area_struct, mapping: address_space, by: number): void {
    count(this.entries, vma, by);
    count(this.mapped, mapping, by);
  }

  /** The stubs that keep count. */
  stubs(): Partial<Stubs> {
    return {
      vm_area_cache_alloc: () => this.newVma(),
      vma_policy: (vma) => this.policy(vma),
      mpol_equal: (a, b) => a === b,
      vma_dup_policy: (src, dst) => {
        this.setPolicy(dst, this.policy(src));
        return 0;
      },
      anon_vma_name: (vma) => this.name(vma),
      anon_vma_name_eq: (a, b) => a === b,
      // In C the copy has it already, from vm_area_init_from().
      dup_anon_vma_name: (orig, copy) => this.setName(copy, this.name(orig)),
      is_mergeable_vm_userfaultfd_ctx: (vma, context) => vma.vm_userfaultfd_ctx.ctx === context.ctx,
      move_page_tables: ({ len_in }) => (this.tablesMove ? len_in : 0),
      get_file: (file) => {
        count(this.references, file, 1);
        return file;
      },
      fput: (file) => count(this.references, file, -1),
      mapping_rmap_tree_insert: (vma, mapping) => this.inMapping(vma, mapping, 1),
      mapping_rmap_tree_remove: (vma, mapping) => this.inMapping(vma, mapping, -1),
      anon_rmap_tree_insert: (avc) => count(this.linked, avc, 1),
      anon_rmap_tree_remove: (avc) => count(this.linked, avc, -1),
    };
  }
}
