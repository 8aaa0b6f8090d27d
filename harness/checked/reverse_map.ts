// SPDX-License-Identifier: GPL-2.0-only
/**
 * What watches the reverse map. The trees, the anon_vmas and their links are lib's own (mm/rmap.c, mm/interval_tree.c);
 * here every change of them is looked at before it is made: its lock, whether it is made twice, whether the VMA is still
 * what it was when it was put there; and what is freed, whether it is still in use.
 *
 * anon_vmas and links that a test makes itself (dummy_anon_vma and its like) are not watched, and cloned and unlinked as
 * upstream's stubs do it: upstream's tests link them by hand, on no tree.
 */
import { list_for_each_entry } from '../../include/linux/list.js';
import { RB_EMPTY_ROOT } from '../../include/linux/rbtree.js';
import {
  type address_space,
  anon_vma,
  anon_vma_chain,
  type vm_area_struct,
  type vma_operation,
} from '../../include/mm_types.js';
import { vma_last_anon_pgoff, vma_start_anon_pgoff, vma_start_pgoff } from '../../lib/mm/inlines/range.js';
import {
  anon_rmap_tree_insert,
  anon_rmap_tree_remove,
  anon_rmap_tree_verify,
  mapping_rmap_tree_insert,
  mapping_rmap_tree_insert_after,
  mapping_rmap_tree_remove,
} from '../../lib/mm/interval_tree.js';
import { anon_vma_clone, unlink_anon_vmas } from '../../lib/mm/rmap.js';
import { describeVma, type FreedObjects } from '../../stubs/freed.js';
import { upstreamStubs } from '../../stubs/index.js';
import { Place } from '../../stubs/place.js';
import type { Locks } from './locks.js';
import type { Reports } from './reports.js';

/** What a VMA was when it was put on a tree. */
interface Entry {
  start: number;
  end: number;
  pgoff: number;
  place: Place;
}

function sameRange(entry: Entry, vma: vm_area_struct, pgoff: number): boolean {
  return entry.start === vma.vm_start && entry.end === vma.vm_end && entry.pgoff === pgoff;
}

function entryFor(vma: vm_area_struct, pgoff: number): Entry {
  return { start: vma.vm_start, end: vma.vm_end, pgoff, place: new Place() };
}

export class ReverseMap {
  private readonly reports: Reports;
  private readonly freed: FreedObjects;
  private readonly locks: Locks;
  /** VMAs on the interval trees of files. */
  private readonly linked: Map<vm_area_struct, { mapping: address_space; entry: Entry }>;
  /** anon_vmas that live, with the place of their birth. */
  private readonly anonVmas: Map<anon_vma, Place>;
  /** Links that live, on their interval trees while the entry is not null. */
  private readonly chains: Map<anon_vma_chain, { born: Place; entry: Entry | null }>;

  constructor(reports: Reports, freed: FreedObjects, locks: Locks) {
    this.reports = reports;
    this.freed = freed;
    this.locks = locks;
    this.linked = new Map();
    this.anonVmas = new Map();
    this.chains = new Map();
  }

  /** Puts a VMA on a tree; with `after`, a fork's parent, at its side. */
  insertVma(vma: vm_area_struct, mapping: address_space, after: vm_area_struct | null = null): void {
    if (vma.vm_file?.f_mapping !== mapping) {
      this.reports.complain(`rmap: ${describeVma(vma)} put on an i_mmap at ${new Place()} that is not its file's`);
      return;
    }
    this.locks.assertMappingLocked(mapping);
    const known = this.linked.get(vma);
    if (known !== undefined) {
      this.reports.complain(
        `rmap: ${describeVma(vma)} put on i_mmap at ${new Place()} is there already, since ${known.entry.place}`,
      );
      return;
    }
    this.linked.set(vma, { mapping, entry: entryFor(vma, vma_start_pgoff(vma)) });
    if (after !== null) mapping_rmap_tree_insert_after(vma, after, mapping);
    else mapping_rmap_tree_insert(vma, mapping);
  }

  removeVma(vma: vm_area_struct, mapping: address_space): void {
    const known = this.linked.get(vma);
    if (known === undefined || known.mapping !== mapping) {
      this.reports.complain(`rmap: ${describeVma(vma)} taken off i_mmap at ${new Place()} is not on it`);
      return;
    }
    this.locks.assertMappingLocked(mapping);
    if (!sameRange(known.entry, vma, vma_start_pgoff(vma))) {
      this.reports.complain(
        `rmap: ${describeVma(vma)} changed its range while on i_mmap, where it is since ${known.entry.place}`,
      );
    }
    this.linked.delete(vma);
    mapping_rmap_tree_remove(vma, mapping);
  }

  newAnonVma(): anon_vma {
    const fresh = new anon_vma();
    this.anonVmas.set(fresh, new Place());
    return fresh;
  }

  /** An anon_vma dies; `users` are VMAs and pages that are still of it, in words. */
  freeAnonVma(target: anon_vma, users: readonly string[]): void {
    this.freed.assertLive(target);
    const born = this.anonVmas.get(target) ?? null;
    if (!RB_EMPTY_ROOT(target.rb_root.rb_root)) {
      this.reports.complain(`rmap: anon_vma freed at ${new Place()} still has links on its tree; allocated at ${born}`);
    }
    for (const user of users) {
      this.reports.complain(`rmap: anon_vma freed at ${new Place()} is still in use by ${user}; allocated at ${born}`);
    }
    this.anonVmas.delete(target);
    this.freed.add(target, 'anon_vma', born);
  }

  newChain(): anon_vma_chain {
    const fresh = new anon_vma_chain();
    this.chains.set(fresh, { born: new Place(), entry: null });
    return fresh;
  }

  freeChain(avc: anon_vma_chain): void {
    this.freed.assertLive(avc);
    const known = this.chains.get(avc);
    if (known !== undefined && known.entry !== null) {
      this.reports.complain(
        `rmap: a link freed at ${new Place()} is still on its anon_vma, since ${known.entry.place}`,
      );
    }
    this.chains.delete(avc);
    this.freed.add(avc, 'anon_vma_chain', known?.born ?? null);
  }

  /** Is the anon_vma one that the code under test allocated, and has not freed? */
  knows(target: anon_vma): boolean {
    return this.anonVmas.has(target);
  }

  /** dst shares what src has; `fails` tells whether the call is to fail where there are no links to allocate. */
  clone(dst: vm_area_struct, src: vm_area_struct, operation: vma_operation, fails: () => number): number {
    const { anon_vma: active } = src;
    if (active === null || this.knows(active)) {
      const error = anon_vma_clone(dst, src, operation);
      if (error === 0 && active !== null) active.was_cloned = true;
      return error;
    }
    const error = fails();
    if (error === 0) return upstreamStubs.anon_vma_clone(dst, src, operation);
    // As the real one: a clone that fails leaves dst without an anon_vma, also where the caller had set it.
    dst.anon_vma = null;
    return error;
  }

  /** vma lets go of its anon_vmas. */
  unlink(vma: vm_area_struct): void {
    const { anon_vma: active } = vma;
    if (active === null || this.knows(active)) {
      if (active !== null) active.was_unlinked = true;
      unlink_anon_vmas(vma);
    } else {
      upstreamStubs.unlink_anon_vmas(vma);
    }
  }

  insertChain(avc: anon_vma_chain): void {
    const known = this.chains.get(avc);
    if (known === undefined || avc.vma === null || avc.anon_vma === null) return;
    this.locks.assertAnonVmaLocked(avc.anon_vma);
    if (known.entry !== null) {
      this.reports.complain(
        `rmap: a link of ${describeVma(avc.vma)} put on its anon_vma at ${new Place()} is there already, since ${known.entry.place}`,
      );
      return;
    }
    known.entry = entryFor(avc.vma, vma_start_anon_pgoff(avc.vma));
    anon_rmap_tree_insert(avc, avc.anon_vma);
  }

  removeChain(avc: anon_vma_chain): void {
    const known = this.chains.get(avc);
    if (known === undefined || avc.vma === null || avc.anon_vma === null) return;
    this.locks.assertAnonVmaLocked(avc.anon_vma);
    if (known.entry === null) {
      this.reports.complain(
        `rmap: a link of ${describeVma(avc.vma)} taken off its anon_vma at ${new Place()} is not on it`,
      );
      return;
    }
    this.checkChain(avc, avc.vma, known.entry);
    known.entry = null;
    anon_rmap_tree_remove(avc, avc.anon_vma);
  }

  /** Is the VMA of a link what it was? Where it is not, that is said once. */
  private checkChain(avc: anon_vma_chain, vma: vm_area_struct, entry: Entry): boolean {
    if (sameRange(entry, vma, vma_start_anon_pgoff(vma))) return true;
    this.reports.complain(
      `rmap: ${describeVma(vma)} changed its range while on its anon_vma, where it is since ${entry.place}`,
    );
    Object.assign(entry, entryFor(vma, vma_start_anon_pgoff(vma)), { place: entry.place });
    avc.cached_vma_start = vma_start_anon_pgoff(vma);
    avc.cached_vma_last = vma_last_anon_pgoff(vma);
    return false;
  }

  /** Is the link where the VMA's range says? Part of validate_mm(). */
  verifyChain(avc: anon_vma_chain): void {
    const entry = this.chains.get(avc)?.entry ?? null;
    if (entry !== null && avc.vma !== null && this.checkChain(avc, avc.vma, entry)) anon_rmap_tree_verify(avc);
  }

  /** What is wrong with a VMA that is in a tree, after "VMA ... ". */
  wrongWith(vma: vm_area_struct): string[] {
    const wrong: string[] = [];
    const link = this.linked.get(vma);
    const mapping = vma.vm_file?.f_mapping;
    if (link === undefined) {
      if (mapping !== undefined) wrong.push("is not on its file's i_mmap");
    } else if (link.mapping !== mapping) {
      wrong.push('is on the i_mmap of another file');
    } else if (!sameRange(link.entry, vma, vma_start_pgoff(vma))) {
      wrong.push('is on i_mmap by another interval than it has');
    }
    for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
      const known = this.chains.get(avc);
      if (known === undefined) continue;
      if (avc.vma !== vma) wrong.push('has a link of another VMA');
      else if (known.entry === null) wrong.push('has a link that is not on its anon_vma');
      else if (!sameRange(known.entry, vma, vma_start_anon_pgoff(vma))) {
        wrong.push('is on its anon_vma by another interval than it has');
      }
    }
    return wrong;
  }

  /** A VMA dies: nothing may reach it any more. */
  assertUnreachable(vma: vm_area_struct): void {
    const known = this.linked.get(vma);
    if (known !== undefined) {
      this.reports.complain(
        `rmap: ${describeVma(vma)} freed at ${new Place()} is still on i_mmap, since ${known.entry.place}`,
      );
      this.linked.delete(vma);
    }
    for (const avc of list_for_each_entry(vma.anon_vma_chain)) {
      const link = this.chains.get(avc);
      if (link === undefined) continue;
      this.reports.complain(`rmap: ${describeVma(vma)} freed at ${new Place()} still has the link of ${link.born}`);
      this.chains.delete(avc);
    }
  }

  end(): void {
    for (const [vma, { entry }] of this.linked) {
      this.reports.complain(`leak: ${describeVma(vma)} is still on i_mmap, since ${entry.place}`);
    }
    for (const [{ num_active_vmas, refcount }, born] of this.anonVmas) {
      this.reports.complain(
        `leak: anon_vma with ${refcount} references, the anon_vma of ${num_active_vmas} VMAs, allocated at ${born}`,
      );
    }
    for (const { born } of this.chains.values()) {
      this.reports.complain(`leak: link of an anon_vma, allocated at ${born}`);
    }
  }
}
