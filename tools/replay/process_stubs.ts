// SPDX-License-Identifier: GPL-2.0-only
/**
 * The stubs that processes of a trace stand on: those of the harness, with the kernel's own reverse map and the page model
 * behind them, and failures where a trace asks for them. Nothing is watched, so that millions of calls take minutes.
 */
import { Faults } from '../../harness/checked/faults.js';
import { EINTR, ENOMEM } from '../../include/linux/errno.js';
import { __GFP_NOFAIL, type gfp_t } from '../../include/linux/gfp.js';
import { PAGE_ALIGN_DOWN } from '../../include/linux/mm.js';
import { page } from '../../include/linux/pagetable.js';
import { pagetable_move_control } from '../../include/linux/pagetable_move.js';
import { type address_space, anon_vma_name, mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { free_pgtables } from '../../lib/mm/free_pgtables.js';
import { __mm_populate, populate_vma_page_range } from '../../lib/mm/gup.js';
import {
  anon_rmap_tree_insert,
  anon_rmap_tree_remove,
  mapping_rmap_tree_insert,
  mapping_rmap_tree_insert_after,
  mapping_rmap_tree_remove,
} from '../../lib/mm/interval_tree.js';
import * as pageTables from '../../lib/mm/page_tables.js';
import { __anon_vma_prepare, anon_vma_clone, anon_vma_prepare, unlink_anon_vmas } from '../../lib/mm/rmap.js';
import { type Stubs, upstreamStubs } from '../../stubs/index.js';
import { TOLD_CALLS } from './process_settings.js';

/** Numbers of objects, in the order in which they are asked for. */
class Serials {
  private readonly numbers: WeakMap<object, number>;
  private last: number;

  constructor() {
    this.numbers = new WeakMap();
    this.last = 0;
  }

  /** 0 for none. */
  of(one: object | null): number {
    if (one === null) return 0;
    const known = this.numbers.get(one);
    if (known !== undefined) return known;
    this.numbers.set(one, ++this.last);
    return this.last;
  }
}

function nameOf(vma: vm_area_struct): anon_vma_name | null {
  return vma.anon_name;
}

function setName(vma: vm_area_struct, name: anon_vma_name | null): void {
  vma.anon_name = name;
}

/** A VMA among the arguments of a call, NULL included. */
function rangeOf(argument: unknown): string[] {
  if (argument === null) return ['-'];
  if (!(argument instanceof vm_area_struct)) return [];
  return [`${argument.vm_start.toString(16)}-${argument.vm_end.toString(16)}`];
}

function isSameName(a: anon_vma_name | null, b: anon_vma_name | null): boolean {
  return a === b || (a !== null && b !== null && a.name === b.name);
}

export class ProcessWorld {
  /** What is to fail. */
  readonly faults: Faults;
  /** Is there no memory for nodes of trees? */
  noNodes: boolean;
  readonly anonVmas: Serials;
  readonly mappings: Serials;
  readonly stubs: Stubs;
  /** Are calls of the world told? */
  telling: boolean;
  private readonly tell: (text: string) => void;

  /** `tell` is told of warnings. */
  constructor(tell: (text: string) => void) {
    this.tell = tell;
    this.faults = new Faults();
    this.noNodes = false;
    this.anonVmas = new Serials();
    this.mappings = new Serials();
    this.telling = false;
    this.stubs = { ...upstreamStubs, ...this.memory(), ...this.reverseMap(), ...this.files(), ...this.pages() };
    Object.assign(this.stubs, Object.fromEntries(TOLD_CALLS.map((name) => [name, this.tellingOf(name)])));
  }

  /** The stub, with its calls told: its name, and the ranges of the VMAs that it is given. */
  private tellingOf(name: keyof Stubs): (...args: unknown[]) => unknown {
    const stub = this.stubs[name];
    return (...args) => {
      if (this.telling) this.tell(`${name}(${args.flatMap(rangeOf).join(' ')})`);
      return Reflect.apply(stub, this.stubs, args);
    };
  }

  private fails(name: string, usual: number): boolean {
    return this.faults.check(name, usual) !== 0;
  }

  /** Is this request for nodes of a tree refused? */
  refusesNodes(gfp: gfp_t): boolean {
    return this.noNodes && (gfp & __GFP_NOFAIL) === 0;
  }

  private error(name: string, usual: number): () => number {
    return () => this.faults.check(name, usual);
  }

  private memory(): Partial<Stubs> {
    return {
      vm_area_cache_alloc: () => (this.fails('vm_area_alloc', -ENOMEM) ? null : upstreamStubs.vm_area_cache_alloc()),
      vma_iter_prealloc_fails: () => this.fails('vma_iter_prealloc', -ENOMEM),
      alloc_page: () => (this.fails('alloc_page', -ENOMEM) ? null : new page()),
      allocate_mm: () => (this.fails('allocate_mm', -ENOMEM) ? null : new mm_struct()),
      anon_vma_name_alloc: (name) => (this.fails('anon_vma_name_alloc', -ENOMEM) ? null : new anon_vma_name(name)),
      __ksm_enter: this.error('__ksm_enter', -ENOMEM),
      shmem_zero_setup: this.error('shmem_zero_setup', -ENOMEM),
      mmap_write_lock_killable: this.error('mmap_write_lock_killable', -EINTR),
      mmap_read_lock_killable: this.error('mmap_read_lock_killable', -EINTR),
      vma_start_write_killable: (vma) =>
        this.faults.check('vma_start_write_killable', -EINTR) || upstreamStubs.vma_start_write_killable(vma),
      anon_vma_name: nameOf,
      anon_vma_name_eq: isSameName,
      dup_anon_vma_name: (from, to) => setName(to, nameOf(from)),
      free_anon_vma_name: (vma) => setName(vma, null),
      replace_anon_vma_name: (vma, name) => {
        if (!isSameName(nameOf(vma), name)) setName(vma, name);
        return 0;
      },
      warn: (where) => this.tell(`WARN in ${where}`),
      pr_warn_once: () => {},
    };
  }

  private reverseMap(): Partial<Stubs> {
    return {
      anon_vma_cache_alloc: () => (this.fails('anon_vma_alloc', -ENOMEM) ? null : upstreamStubs.anon_vma_cache_alloc()),
      anon_vma_chain_cache_alloc: () =>
        this.fails('anon_vma_chain_alloc', -ENOMEM) ? null : upstreamStubs.anon_vma_chain_cache_alloc(),
      anon_vma_clone,
      unlink_anon_vmas,
      anon_vma_prepare,
      __anon_vma_prepare,
      mapping_rmap_tree_insert,
      mapping_rmap_tree_insert_after,
      mapping_rmap_tree_remove,
      anon_rmap_tree_insert,
      anon_rmap_tree_remove,
    };
  }

  private files(): Partial<Stubs> {
    return {
      get_file: (f) => {
        f.f_ref++;
        return f;
      },
      fput: (f) => {
        f.f_ref--;
      },
      mapping_unmap_writable: (mapping: address_space) => {
        mapping.i_mmap_writable--;
      },
    };
  }

  private pages(): Partial<Stubs> {
    return {
      unmap_vmas: (_tlb, unmap) => pageTables.unmap_vmas(unmap),
      free_pgtables,
      __mm_populate,
      populate_vma_page_range,
      change_protection: (_tlb, vma, start, end) => pageTables.change_protection(vma, start, end),
      copy_page_range: (dst, src) =>
        this.faults.check('copy_page_range', -ENOMEM) || pageTables.copy_page_range(dst, src),
      zap_vma_range: pageTables.zap_vma_range,
      move_page_tables: (pmc) => this.movePageTables(pmc),
      remap_pfn_range_ptes: (vma, addr, _pfn, size) => pageTables.remap_pfn_range_ptes(vma, addr, size),
      insert_kernel_pages: (vma, start, pages) => pageTables.insert_kernel_pages(vma, start, pages),
    };
  }

  /** Moves page tables, or, out of memory, half of them. */
  private movePageTables(pmc: pagetable_move_control): number {
    if (!this.fails('move_page_tables', -ENOMEM)) return pageTables.move_page_tables(pmc);
    const half = PAGE_ALIGN_DOWN(pmc.len_in / 2);
    pageTables.move_page_tables(new pagetable_move_control(pmc.old, pmc.new, pmc.old_addr, pmc.new_addr, half));
    return half;
  }
}
