// SPDX-License-Identifier: GPL-2.0-only
/**
 * The reverse map: which VMA a file, or an anon_vma, reaches. The harness stubs the interval trees out; here every entry
 * is kept with the range it was made for.
 *
 * anon_vmas that a test makes itself (dummy_anon_vma and its like) are not tracked, as upstream's tests link them by
 * hand. Those of __anon_vma_prepare() and fault() are.
 */
import { INIT_LIST_HEAD, list_add, list_del_init, list_for_each_entry } from '../../include/linux/list.js';
import {
  type address_space,
  anon_vma,
  anon_vma_chain,
  type mm_struct,
  type rb_root_cached,
  type vm_area_struct,
} from '../../include/mm_types.js';
import type { Graveyard } from './freed.js';
import type { Locks } from './locks.js';
import { Place } from './place.js';
import { describeVma } from './references.js';
import type { Reports } from './reports.js';

interface Entry {
  start: number;
  end: number;
  pgoff: number;
  place: Place;
}

interface Tracked {
  place: Place;
  /** VMAs that hold it alive. */
  readonly users: Set<vm_area_struct>;
}

function entryFor(vma: vm_area_struct): Entry {
  return { start: vma.vm_start, end: vma.vm_end, pgoff: vma.vm_pgoff, place: new Place() };
}

function sameRange(entry: Entry, vma: vm_area_struct): boolean {
  return entry.start === vma.vm_start && entry.end === vma.vm_end && entry.pgoff === vma.vm_pgoff;
}

export class ReverseMap {
  private readonly reports: Reports;
  private readonly graveyard: Graveyard;
  private readonly locks: Locks;
  /** VMAs on the interval trees of files. */
  private readonly linked: Map<vm_area_struct, { rb: rb_root_cached; entry: Entry }>;
  private readonly anonVmas: Map<anon_vma, Tracked>;
  /** Links of tracked anon_vmas, on their interval trees while `entry` is not null. */
  private readonly chains: Map<anon_vma_chain, Entry | null>;

  constructor(reports: Reports, graveyard: Graveyard, locks: Locks) {
    this.reports = reports;
    this.graveyard = graveyard;
    this.locks = locks;
    this.linked = new Map();
    this.anonVmas = new Map();
    this.chains = new Map();
  }

  insertVma(vma: vm_area_struct, rb: rb_root_cached): void {
    const mapping = vma.vm_file?.f_mapping;
    if (mapping?.i_mmap === rb) this.locks.assertMappingLocked(mapping);
    const known = this.linked.get(vma);
    if (known !== undefined) {
      this.reports.complain(
        `rmap: ${describeVma(vma)} put on i_mmap at ${new Place()} is there already, since ${known.entry.place}`,
      );
    }
    this.linked.set(vma, { rb, entry: entryFor(vma) });
  }

  removeVma(vma: vm_area_struct, rb: rb_root_cached): void {
    const mapping = vma.vm_file?.f_mapping;
    if (mapping?.i_mmap === rb) this.locks.assertMappingLocked(mapping);
    const known = this.linked.get(vma);
    if (known === undefined || known.rb !== rb) {
      this.reports.complain(`rmap: ${describeVma(vma)} taken off i_mmap at ${new Place()} is not on it`);
      return;
    }
    if (!sameRange(known.entry, vma)) {
      this.reports.complain(
        `rmap: ${describeVma(vma)} changed its range while on i_mmap, where it is since ${known.entry.place}`,
      );
    }
    this.linked.delete(vma);
  }

  /** A new anon_vma of its own root, held by vma. */
  prepare(vma: vm_area_struct): anon_vma {
    const fresh = new anon_vma();
    fresh.root = fresh;
    this.anonVmas.set(fresh, { place: new Place(), users: new Set([vma]) });
    vma.anon_vma = fresh;
    return fresh;
  }

  /** What a write fault does: gives vma an anon_vma, `reused` or a new one, by a link of its own. */
  fault(vma: vm_area_struct, reused: anon_vma | null): void {
    const target = reused ?? this.prepare(vma);
    vma.anon_vma = target;
    INIT_LIST_HEAD(vma.anon_vma_chain);
    this.link(vma, target);
  }

  private link(vma: vm_area_struct, target: anon_vma): void {
    const avc = new anon_vma_chain({ anon_vma: target, vma });
    list_add(avc.same_vma, vma.anon_vma_chain);
    this.chains.set(avc, entryFor(vma));
    this.anonVmas.get(target)?.users.add(vma);
  }

  /** dst shares what src has: for tracked anon_vmas by links of its own. */
  clone(dst: vm_area_struct, src: vm_area_struct): void {
    if (src.anon_vma === null) return;
    dst.anon_vma = src.anon_vma;
    dst.anon_vma.was_cloned = true;
    this.anonVmas.get(src.anon_vma)?.users.add(dst);
    for (const avc of [...list_for_each_entry(src.anon_vma_chain)]) {
      if (this.chains.has(avc) && avc.anon_vma !== null) this.link(dst, avc.anon_vma);
    }
  }

  /** vma lets go of its anon_vmas; those that nobody holds any more are freed. */
  unlink(vma: vm_area_struct): void {
    if (vma.anon_vma !== null && !this.graveyard.has(vma.anon_vma)) vma.anon_vma.was_unlinked = true;
    for (const avc of [...list_for_each_entry(vma.anon_vma_chain)]) {
      if (!this.chains.delete(avc)) continue;
      list_del_init(avc.same_vma);
      if (avc.anon_vma !== null) this.drop(avc.anon_vma, vma);
    }
    if (vma.anon_vma === null || !this.anonVmas.has(vma.anon_vma)) return;
    this.drop(vma.anon_vma, vma);
    // As mm/rmap.c does: the next fault prepares it anew.
    vma.anon_vma = null;
  }

  private drop(target: anon_vma, vma: vm_area_struct): void {
    const tracked = this.anonVmas.get(target);
    if (tracked === undefined || !tracked.users.delete(vma) || tracked.users.size > 0) return;
    this.anonVmas.delete(target);
    this.graveyard.bury(target, 'anon_vma', tracked.place);
  }

  insertChain(avc: anon_vma_chain): void {
    const entry = this.chains.get(avc);
    if (entry === undefined || avc.vma === null || avc.anon_vma === null) return;
    this.locks.assertAnonVmaLocked(avc.anon_vma);
    if (entry !== null) this.reports.complain(`rmap: a link of ${describeVma(avc.vma)} is on its anon_vma already`);
    this.chains.set(avc, entryFor(avc.vma));
  }

  removeChain(avc: anon_vma_chain): void {
    const entry = this.chains.get(avc);
    if (entry === undefined || avc.vma === null || avc.anon_vma === null) return;
    this.locks.assertAnonVmaLocked(avc.anon_vma);
    if (entry === null) this.reports.complain(`rmap: a link of ${describeVma(avc.vma)} is not on its anon_vma`);
    else this.verifyChain(avc);
    this.chains.set(avc, null);
  }

  /** Is the link where the VMA's range says? */
  verifyChain(avc: anon_vma_chain): void {
    const entry = this.chains.get(avc);
    if (entry === undefined || entry === null || avc.vma === null) return;
    if (!sameRange(entry, avc.vma)) {
      this.reports.complain(
        `rmap: ${describeVma(avc.vma)} changed its range while on its anon_vma, where it is since ${entry.place}`,
      );
    }
  }

  /** What free_pgtables() does for the VMAs of a range: takes them off the reverse map, under each file's lock. */
  freePageTables(
    mm: mm_struct,
    start: number,
    end: number,
    unmapWritable: (mapping: address_space, vma: vm_area_struct) => void,
  ): void {
    for (const vma of this.vmasWithin(mm, start, end)) {
      this.unlink(vma);
      const mapping = vma.vm_file?.f_mapping;
      if (mapping === undefined || !this.linked.has(vma)) continue;
      this.locks.lockMapping(mapping);
      unmapWritable(mapping, vma);
      this.removeVma(vma, mapping.i_mmap);
      this.locks.unlockMapping(mapping);
    }
  }

  private vmasWithin(mm: mm_struct, start: number, end: number): vm_area_struct[] {
    const users = [...this.anonVmas.values()].flatMap(({ users }) => [...users]);
    const all = new Set([...this.linked.keys(), ...users]);
    return [...all].filter((vma) => vma.vm_mm === mm && vma.vm_start >= start && vma.vm_end <= end);
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
    for (const [target, { users, place }] of this.anonVmas) {
      if (!users.has(vma)) continue;
      this.reports.complain(`rmap: ${describeVma(vma)} freed at ${new Place()} still holds the anon_vma of ${place}`);
      this.drop(target, vma);
    }
  }

  end(): void {
    for (const [vma, { entry }] of this.linked) {
      this.reports.complain(`leak: ${describeVma(vma)} is still on i_mmap, since ${entry.place}`);
    }
    for (const { place, users } of this.anonVmas.values()) {
      this.reports.complain(`leak: anon_vma held by ${users.size} VMAs, allocated at ${place}`);
    }
  }
}
