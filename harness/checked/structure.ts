// SPDX-License-Identifier: GPL-2.0-only
/**
 * Is the reverse map what the VMAs say? Every VMA of a file is on its file's tree, by the interval that it has; every
 * faulted one on those of its anon_vmas; and every page is found by its anon_vma.
 */
import { hexOf } from '../../include/check.js';
import { list_empty, list_for_each_entry } from '../../include/linux/list.js';
import { PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import type { anon_vma, mm_struct, vm_area_struct } from '../../include/mm_types.js';
import { VMA_WIPEONFORK_BIT } from '../../include/vma_flags.js';
import { vma_test } from '../../lib/mm/inlines/flag_operations.js';
import { vma_lookup } from '../../lib/mm/inlines/iterator.js';
import { vma_start_anon_pgoff } from '../../lib/mm/inlines/range.js';
import { anon_rmap_tree_iter_first, anon_rmap_tree_iter_next } from '../../lib/mm/interval_tree.js';
import { entriesOf } from '../../lib/mm/page_tables.js';
import { describeVma } from '../../stubs/freed.js';
import type { AnonPages, PageRange } from './pages.js';
import type { References } from './references.js';
import type { ReverseMap } from './reverse_map.js';
import type { Spaces } from './spaces.js';

export class Structure {
  private readonly rmap: ReverseMap;
  private readonly references: References;
  private readonly pages: AnonPages;

  constructor(rmap: ReverseMap, references: References, pages: AnonPages) {
    this.rmap = rmap;
    this.references = references;
    this.pages = pages;
  }

  /** Is it an anon_vma of the code under test's? */
  readonly knows = (anon: anon_vma): boolean => this.rmap.knows(anon);

  /** What pages there are in these address spaces is not known. */
  forgetPages(spaces: Iterable<mm_struct>): void {
    for (const mm of spaces) {
      this.pages.drop(mm, 0, Infinity);
      mm.pgd?.clear();
    }
  }

  /** All that is wrong now with these address spaces, a sentence each; of pages only those in the range. */
  defects(spaces: Spaces, known: Iterable<mm_struct>, [start, end]: readonly [number, number]): Set<string> {
    const found = new Set<string>();
    const users = new Map<anon_vma, number>();
    for (const vma of this.references.liveVmas()) {
      if (vma.anon_vma !== null && this.linksOf(vma).includes(vma.anon_vma)) {
        users.set(vma.anon_vma, (users.get(vma.anon_vma) ?? 0) + 1);
      }
    }
    for (const vma of spaces.states.keys()) {
      for (const wrong of this.rmap.wrongWith(vma)) found.add(`rmap: ${describeVma(vma)} ${wrong}`);
      this.checkLinks(vma, found);
      this.checkOffset(vma, found);
    }
    for (const [anon, count] of users) {
      if (this.rmap.knows(anon) && anon.num_active_vmas !== count) {
        found.add(`rmap: num_active_vmas is ${anon.num_active_vmas}, where ${count} VMAs have the anon_vma`);
      }
    }
    for (const range of this.pages.ranges(start, end)) this.checkPages(range, found);
    for (const mm of known) this.checkPlaces(entriesOf(mm, start, end), mm, found);
    return found;
  }

  /** Is there a VMA where something is mapped? */
  private checkPlaces(entries: readonly [number, unknown][], mm: mm_struct, found: Set<string>): void {
    let vma: vm_area_struct | null = null;
    for (const [addr] of entries) {
      if (vma === null || addr >= vma.vm_end) vma = vma_lookup(mm, addr);
      if (vma === null) found.add(`pages: ${hexOf(addr)} is mapped, where there is no VMA`);
    }
  }

  private linksOf(vma: vm_area_struct): (anon_vma | null)[] {
    return [...list_for_each_entry(vma.anon_vma_chain)].map((avc) => avc.anon_vma);
  }

  private checkLinks(vma: vm_area_struct, found: Set<string>): void {
    const { anon_vma: active } = vma;
    if (active === null) {
      if (!list_empty(vma.anon_vma_chain)) found.add(`rmap: ${describeVma(vma)} has links, but no anon_vma`);
    } else if (this.rmap.knows(active) && !this.linksOf(vma).includes(active)) {
      found.add(`rmap: ${describeVma(vma)} has no link to its anon_vma`);
    }
  }

  /** Where no page can know its offset, it follows the address: so that what is not faulted in can merge. */
  private checkOffset(vma: vm_area_struct, found: Set<string>): void {
    // Without page tables a test may have made the VMA as it likes; what was wiped on a fork keeps its offset.
    if (vma.vm_mm === null || vma.vm_mm.pgd === null || vma.anon_vma !== null) return;
    if (vma_test(vma, VMA_WIPEONFORK_BIT) || vma_start_anon_pgoff(vma) === vma.vm_start / PAGE_SIZE) return;
    found.add(`offsets: ${describeVma(vma)} has no anon_vma, and its anonymous pages are not counted from its address`);
  }

  /** Is each page of the range found by its anon_vma, at its address? */
  private checkPages({ mm, start, end, anon_vma: anon, pgoff }: PageRange, found: Set<string>): void {
    if (!this.rmap.knows(anon)) {
      found.add(`rmap: pages ${hexOf(start)}-${hexOf(end)} are of an anon_vma that was freed`);
      return;
    }
    const last = pgoff + PHYS_PFN(end - start) - 1;
    const covered: [number, number][] = [];
    for (let avc = anon_rmap_tree_iter_first(anon, pgoff, last); avc !== null; ) {
      const { vma } = avc;
      if (vma !== null && vma.vm_mm === mm) {
        const at = vma.vm_start + (pgoff - vma_start_anon_pgoff(vma)) * PAGE_SIZE;
        if (at === start) covered.push([vma.vm_start, vma.vm_end]);
      }
      avc = anon_rmap_tree_iter_next(avc, pgoff, last);
    }
    covered.sort(([a], [b]) => a - b);
    let reached = start;
    for (const [from, to] of covered) if (from <= reached && to > reached) reached = to;
    if (reached >= end) return;
    const gap = covered.find(([from]) => from > reached)?.[0] ?? end;
    found.add(`rmap: pages ${hexOf(reached)}-${hexOf(gap)} cannot be reached through their anon_vma`);
  }
}
