// SPDX-License-Identifier: GPL-2.0-only
/**
 * Calls that tell others what happens to a VMA, and come in pairs or where something changes: uprobes, khugepaged, huge
 * pages that a border cuts, perf, TLB gathers, high-water marks, userfaultfd. Counted within one operation.
 */
import { hexOf } from '../../include/check.js';
import type { mm_struct, mmu_gather, vm_area_struct } from '../../include/mm_types.js';
import { stubs } from '../../stubs/index.js';
import { Place } from '../../stubs/place.js';
import { survivors } from './judges.js';
import type { Reports } from './reports.js';
import type { Rule } from './rules.js';
import { hasSameFlags, type Spaces, type VmaState } from './spaces.js';

/** What uprobes were told last of a VMA: its range as it was then; null after uprobe_munmap(). */
type Probed = { start: number; end: number } | null;

/** Operations that grow a VMA over nothing but what it has, and tell of nothing. */
const QUIET: readonly string[] = ['expand_downwards', 'vma_expand', 'relocate_vma_down', 'vma_shrink'];

/** System calls that have userfaultfds prepare for an unmap, and must tell them when it is over. */
const TELLS_UFFD = /^(?:munmap|mmap|ksys_mmap_pgoff|vm_mmap|vm_mmap_pgoff|mremap|brk|vm_brk_flags|remap_file_pages)$/;

function nameOf({ start, end }: VmaState): string {
  return `VMA ${hexOf(start)}-${hexOf(end)}`;
}

/** Has a VMA that stays other flags? */
function hasNewFlags(before: Spaces, after: Spaces): boolean {
  return survivors(before, after).some(([was, now]) => !hasSameFlags(was, now));
}

export class Notifications {
  private readonly reports: Reports;
  /** Gathers that were begun and not finished, and whether the high-water mark of RSS was taken since. */
  private readonly gathers: Map<mmu_gather, { place: Place; hiwater: boolean }>;
  private probed: Map<vm_area_struct, Probed>;
  private unprobed: Set<vm_area_struct>;
  /** Was free_pgd_range() called since free_pgtables()? */
  private freedRange: boolean;
  private rangesFreed: number;
  /** Address spaces that KSM was told of, less those that it was told are gone. */
  private readonly ksm: Set<mm_struct>;
  private hugetlbSplit: Set<vm_area_struct>;
  private huge: Set<vm_area_struct>;
  private khugepaged: Set<vm_area_struct>;
  private perf: Set<vm_area_struct>;
  private hiwaterVm: Set<mm_struct>;
  private uffdPrepared: boolean;
  /** Of a fork: was userfaultfd asked, and told how it ended; and who was told that it went well? */
  private forked: { asked: boolean; ended: 'complete' | 'fail' | null; told: string[] };
  /** What was unmapped: unmap_vmas() tells uprobes itself. */
  private unmapped: { mm: mm_struct; start: number; end: number }[];

  constructor(reports: Reports) {
    this.reports = reports;
    this.gathers = new Map();
    this.probed = new Map();
    this.unprobed = new Set();
    this.freedRange = true;
    this.rangesFreed = 0;
    this.ksm = new Set();
    this.hugetlbSplit = new Set();
    this.huge = new Set();
    this.khugepaged = new Set();
    this.perf = new Set();
    this.hiwaterVm = new Set();
    this.uffdPrepared = false;
    this.forked = { asked: false, ended: null, told: [] };
    this.unmapped = [];
  }

  beginOperation(): void {
    this.probed = new Map();
    this.unprobed = new Set();
    this.rangesFreed = 0;
    this.ksm.clear();
    this.hugetlbSplit = new Set();
    this.huge = new Set();
    this.khugepaged = new Set();
    this.perf = new Set();
    this.hiwaterVm = new Set();
    this.uffdPrepared = false;
    this.forked = { asked: false, ended: null, told: [] };
    this.unmapped = [];
  }

  /** A gather begins; one of a whole address space needs no high-water mark, as it is not looked at any more. */
  gather(tlb: mmu_gather, fullmm = false): void {
    const known = this.gathers.get(tlb);
    if (known !== undefined) {
      this.reports.complain(`tlb: a gather begun at ${new Place()} was begun already, at ${known.place}`);
    }
    this.gathers.set(tlb, { place: new Place(), hiwater: fullmm });
  }

  finish(tlb: mmu_gather): void {
    if (!this.gathers.delete(tlb)) {
      this.reports.complain(`tlb: a gather that was not begun is finished at ${new Place()}`);
    }
  }

  hiwaterRss(): void {
    for (const gather of this.gathers.values()) gather.hiwater = true;
  }

  hiwaterTotal(mm: mm_struct): void {
    this.hiwaterVm.add(mm);
  }

  /** Page tables are cleared: within a gather, after the high-water mark was taken. */
  unmaps(tlb: mmu_gather, mm: mm_struct, start: number, end: number): void {
    this.unmapped.push({ mm, start, end });
    const gather = this.gathers.get(tlb);
    if (gather === undefined) this.reports.complain(`tlb: pages are unmapped at ${new Place()} outside a gather`);
    else if (!gather.hiwater) {
      this.reports.complain(`hiwater: pages are unmapped at ${new Place()} without update_hiwater_rss()`);
    }
  }

  /** Page tables are freed: within a gather. */
  freesTables(tlb: mmu_gather): void {
    if (!this.gathers.has(tlb)) {
      this.reports.complain(`tlb: page tables are freed at ${new Place()} outside a gather`);
    }
    this.freedRange = false;
  }

  freesRange(tlb: mmu_gather): void {
    if (!this.gathers.has(tlb)) this.reports.complain(`tlb: page tables are freed at ${new Place()} outside a gather`);
    this.freedRange = true;
    this.rangesFreed++;
  }

  /** free_pgtables() is over. */
  freedTables(): void {
    if (!this.freedRange) this.reports.complain(`tlb: free_pgtables() freed no page tables at ${new Place()}`);
    this.freedRange = true;
  }

  probe(vma: vm_area_struct): void {
    this.probed.set(vma, { start: vma.vm_start, end: vma.vm_end });
  }

  unprobe(vma: vm_area_struct): void {
    this.unprobed.add(vma);
    this.probed.set(vma, null);
  }

  adjustHuge(vma: vm_area_struct, next: vm_area_struct | null): void {
    this.huge.add(vma);
    if (next !== null) this.huge.add(next);
  }

  splitHugetlb(vma: vm_area_struct): void {
    this.hugetlbSplit.add(vma);
  }

  ksmEnters(mm: mm_struct): void {
    this.ksm.add(mm);
  }

  ksmLeaves(mm: mm_struct): void {
    this.ksm.delete(mm);
  }

  enterKhugepaged(vma: vm_area_struct): void {
    this.khugepaged.add(vma);
  }

  perfMapped(vma: vm_area_struct): void {
    this.perf.add(vma);
  }

  uffdPrepare(): void {
    this.uffdPrepared = true;
  }

  uffdComplete(): void {
    this.uffdPrepared = false;
  }

  uffdForks(): void {
    this.forked.asked = true;
  }

  uffdForked(ended: 'complete' | 'fail'): void {
    this.forked.ended = ended;
  }

  /** KSM, khugepaged: those that begin to work on the child. */
  startsOnChild(who: string): void {
    this.forked.told.push(who);
  }

  /** Who was told of a fork, and of its end. */
  private *missedByFork(succeeded: boolean): Generator<string> {
    const { asked, ended, told } = this.forked;
    if (asked && ended === null) yield 'userfaultfd: it was asked about a fork, and not told how that ended';
    if (ended === 'complete' && !succeeded) yield 'userfaultfd: it was told of a fork that failed';
    if (!succeeded) for (const who of told) yield `fork: ${who}() was called for a child that came to nothing`;
  }

  /** What an operation of that name did, without telling. */
  missed(name: string, rule: Rule, before: Spaces, after: Spaces, succeeded: boolean): string[] {
    const found = [...this.missedByVmas(name, rule, before, after)];
    if (succeeded && /^(?:__)?mmap_region$|^do_brk_flags$/.test(name) && this.perf.size === 0) {
      found.push(`perf: perf_event_mmap() was not called in ${name}()`);
    }
    const grown = survivors(before, after).some(([was, now]) => now.start < was.start);
    if (succeeded && name === 'expand_downwards' && grown && this.perf.size === 0) {
      found.push('perf: perf_event_mmap() was not called for a stack that grew');
    }
    if (succeeded && /mprotect$/.test(name) && this.perf.size === 0 && hasNewFlags(before, after)) {
      found.push('perf: perf_event_mmap() was not called for memory whose protection changed');
    }
    if (name === '__install_special_mapping' && after.states.size > before.states.size && this.perf.size === 0) {
      found.push('perf: perf_event_mmap() was not called for a special mapping');
    }
    if (succeeded && name === 'relocate_vma_down' && this.rangesFreed === 0) {
      found.push('page tables: those that the stack left were not freed');
    }
    if (!succeeded && name === 'create_init_stack_vma' && this.ksm.size > 0) {
      found.push('ksm: ksm_exit() was not called for an address space that came to nothing');
    }
    if (this.uffdPrepared && (/^(?:__)?vm_munmap$/.test(name) || (succeeded && TELLS_UFFD.test(name)))) {
      found.push('userfaultfd: unmaps were prepared, and userfaultfd_unmap_complete() was not called');
    }
    if (name === 'dup_mmap' || name === 'copy_mm') found.push(...this.missedByFork(succeeded));
    return found;
  }

  private *missedByVmas(name: string, rule: Rule, before: Spaces, after: Spaces): Generator<string> {
    for (const [was, now] of survivors(before, after)) {
      const moved = was.start !== now.start || was.end !== now.end;
      const grew = now.start < was.start || now.end > was.end;
      const shrank = now.start > was.start || now.end < was.end;
      if (shrank && !this.huge.has(now.vma)) {
        yield `huge pages: the border of ${nameOf(was)} moved without vma_adjust_trans_huge()`;
      }
      const cut = shrank && [...after.states.keys()].some((vma) => !before.states.has(vma) && vma.vm_file === now.file);
      if (cut && stubs.is_vm_hugetlb_page(now.vma) && !this.hugetlbSplit.has(now.vma)) {
        yield `hugetlb: ${nameOf(was)} was split without hugetlb_split()`;
      }
      if (!rule.told) continue;
      if (grew && !QUIET.includes(name) && !this.khugepaged.has(now.vma)) {
        yield `khugepaged: ${nameOf(now)} grew without khugepaged_enter_vma()`;
      }
      if (now.file === null || !moved) continue;
      if (!this.unprobed.has(now.vma)) yield `uprobes: ${nameOf(was)} changed its range without uprobe_munmap()`;
      yield* this.wrongProbe(now);
    }
    if (!rule.told) return;
    for (const now of after.states.values()) {
      if (before.states.has(now.vma) || now.file === null) continue;
      yield* this.wrongProbe(now);
    }
    yield* this.swallowed(before, after);
    if (rule.sums === 'all') yield* this.untold(before, after);
  }

  /** Uprobes know the VMA by the range that it has. */
  private *wrongProbe(now: VmaState): Generator<string> {
    const told = this.probed.get(now.vma);
    if (told?.start === now.start && told.end === now.end) return;
    yield told === null || told === undefined
      ? `uprobes: uprobe_mmap() was not called for ${nameOf(now)}`
      : `uprobes: uprobe_mmap() was called for ${nameOf(now)} when it was ${hexOf(told.start)}-${hexOf(told.end)}`;
  }

  /** VMAs of files that another one took in. */
  private *swallowed(before: Spaces, after: Spaces): Generator<string> {
    for (const was of before.states.values()) {
      if (was.file === null || after.states.has(was.vma) || this.probed.get(was.vma) === null) continue;
      if (this.unmapped.some(({ mm, start, end }) => mm === was.mm && start < was.end && end > was.start)) continue;
      for (const now of after.states.values()) {
        const took = now.mm === was.mm && now.start <= was.start && now.end >= was.end && before.states.has(now.vma);
        if (took && now.file === was.file && now.pgoff - was.pgoff === (now.start - was.start) / 4096) {
          yield `uprobes: ${nameOf(was)} was merged away without uprobe_munmap()`;
        }
      }
    }
  }

  /** New mappings that khugepaged should know, and totals that went down. */
  private *untold(before: Spaces, after: Spaces): Generator<string> {
    for (const now of after.states.values()) {
      if (before.states.has(now.vma) || now.ops === null || this.khugepaged.has(now.vma)) continue;
      if (this.isMapped(now)) yield `khugepaged: khugepaged_enter_vma() was not called for ${nameOf(now)}`;
    }
  }

  /** Not split off from another VMA: perf hears of new mappings only. */
  private isMapped(now: VmaState): boolean {
    return this.perf.has(now.vma);
  }

  /** The total went down: its highest value was kept before. */
  totalFell(mm: mm_struct): string[] {
    return this.hiwaterVm.has(mm) ? [] : ['hiwater: total_vm went down without update_hiwater_vm()'];
  }

  end(): void {
    for (const { place } of this.gathers.values()) {
      this.reports.complain(`tlb: the gather begun at ${place} was not finished`);
    }
  }
}
