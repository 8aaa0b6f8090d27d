// SPDX-License-Identifier: GPL-2.0-only
/**
 * One test's checked world: the set of stubs, and everything it keeps count of. Nothing of it outlives the test.
 */

import { hexOf } from '../../include/check.js';
import { EACCES, EFAULT, EINTR, ENOMEM } from '../../include/linux/errno.js';
import { __GFP_NOFAIL, type gfp_t } from '../../include/linux/gfp.js';
import { PAGE_ALIGN_DOWN, PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import { FAULT_FLAG_WRITE, page, VM_FAULT_OOM } from '../../include/linux/pagetable.js';
import { pagetable_move_control } from '../../include/linux/pagetable_move.js';
import {
  type anon_vma,
  anon_vma_name,
  MM_MT_FLAGS,
  mm_struct,
  NULL_VM_UFFD_CTX,
  type vm_area_struct,
} from '../../include/mm_types.js';
import { VMA_UFFD_MINOR_BIT, VMA_UFFD_MISSING_BIT, VMA_UFFD_WP_BIT } from '../../include/vma_flags.js';
import type { NamedArguments, OperationWatch } from '../../lib/doors/operation.js';
import { handle_mm_fault } from '../../lib/mm/fault.js';
import { free_pgtables } from '../../lib/mm/free_pgtables.js';
import { __mm_populate, populate_vma_page_range } from '../../lib/mm/gup.js';
import { vma_clear_flags } from '../../lib/mm/inlines/flag_operations.js';
import { vma_start_anon_pgoff } from '../../lib/mm/inlines/range.js';
import * as pageTables from '../../lib/mm/page_tables.js';
import { __anon_vma_prepare, anon_vma_prepare } from '../../lib/mm/rmap.js';
import { describeVma, FreedObjects } from '../../stubs/freed.js';
import { current, stubs } from '../../stubs/index.js';
import { Place } from '../../stubs/place.js';
import type { Stubs } from '../../stubs/stubs.js';
import { upstreamStubs } from '../../stubs/upstream.js';
import { Attributes } from './attributes.js';
import { tablesOfOthers } from './borders.js';
import { Faults } from './faults.js';
import { Hooks } from './hooks.js';
import { Locks } from './locks.js';
import { Notifications } from './notifications.js';
import { type AnonPages, PageRecord } from './pages.js';
import { References } from './references.js';
import { Reports } from './reports.js';
import { ReverseMap } from './reverse_map.js';
import { Structure } from './structure.js';
import { Verdicts } from './verdicts.js';

/** What a world is given that stands on a checked one: see WorldOptions. */
export interface CheckedOptions {
  stubs: Stubs;
  freed: FreedObjects;
  watch: OperationWatch;
  allocNodes: (count: number, gfp: gfp_t) => boolean;
}

function hasTables(vma: vm_area_struct): boolean {
  return vma.vm_mm !== null && vma.vm_mm.pgd !== null;
}

/** userfaultfd_reset_ctx(). */
function leaveUffd(vma: vm_area_struct): void {
  if (vma.vm_userfaultfd_ctx.ctx === null) return;
  stubs.vma_start_write(vma);
  vma.vm_userfaultfd_ctx = NULL_VM_UFFD_CTX;
  vma_clear_flags(vma, VMA_UFFD_MISSING_BIT, VMA_UFFD_WP_BIT, VMA_UFFD_MINOR_BIT);
}

/** What a test has as `t.world.checked`. */
export class CheckedWorld implements OperationWatch {
  readonly reports: Reports;
  readonly freed: FreedObjects;
  readonly locks: Locks;
  readonly references: References;
  readonly rmap: ReverseMap;
  /** The anonymous pages that were faulted in. */
  readonly pages: AnonPages;
  /** Makes fallible calls fail, by number or by name. */
  readonly faults: Faults;
  readonly hooks: Hooks;
  /** Policies and names of VMAs. */
  readonly attributes: Attributes;
  private readonly notifications: Notifications;
  private readonly verdicts: Verdicts;
  /** Pages charged against the commit limit. */
  private charged: number;
  /** What `stubs` is to be filled from. */
  readonly stubs: Stubs;

  constructor() {
    this.reports = new Reports();
    this.freed = new FreedObjects(true);
    this.locks = new Locks(this.reports);
    this.references = new References(this.reports, this.freed);
    this.rmap = new ReverseMap(this.reports, this.freed, this.locks);
    this.pages = new PageRecord(() => this.spacesInUse());
    this.faults = new Faults();
    this.hooks = new Hooks(this.reports, this.locks, this.references);
    this.attributes = new Attributes(this.reports);
    this.notifications = new Notifications(this.reports);
    this.charged = 0;
    this.verdicts = new Verdicts({
      reports: this.reports,
      locks: this.locks,
      references: this.references,
      hooks: this.hooks,
      notifications: this.notifications,
      structure: new Structure(this.rmap, this.references, this.pages),
      charged: () => this.charged,
      failed: () => this.faults.failed,
      policyOf: (vma) => this.attributes.policyOf(vma),
      sees: (...names) => names.every((name) => this.isSeen(name)),
    });
    this.stubs = {
      ...upstreamStubs,
      ...this.slabStubs(),
      ...this.lockStubs(),
      ...this.rmapStubs(),
      ...this.fileStubs(),
      ...this.attributeStubs(),
      ...this.notificationStubs(),
      ...this.fallibleStubs(),
      ...this.pageStubs(),
      call_hook: (ops, name, hook, ...args) => this.callHook(name, args, () => Reflect.apply(hook, ops, args)),
      warn: (where, what) => this.reports.warn(where, what),
      pr_warn_once: (text) => this.reports.warn('pr_warn_once', text),
    };
  }

  /** The next warning of the code under test will be this one, and it must come. */
  expectWarning(where: string, what?: string): void {
    this.reports.expectWarning(where, what);
  }

  /** What a world is made of that stands on this one's stubs. */
  worldOptions(): CheckedOptions {
    return {
      stubs: this.stubs,
      watch: this,
      freed: this.freed,
      // A request that must not fail is no point of failure.
      allocNodes: (_count, gfp) => (gfp & __GFP_NOFAIL) !== 0 || this.faults.check('maple_slab.alloc', -ENOMEM) === 0,
    };
  }

  /** Pages that upstream's own bugs have left charged (docs/upstream.md). */
  get chargedForGood(): number {
    return this.verdicts.chargedForGood;
  }

  /** What it has to complain about by now; end() will not say it again. */
  takeComplaints(): string[] {
    return this.reports.take();
  }

  /**
   * Carries out an operation of the code under test, by the name of its function and its arguments by theirs, and judges
   * what it did. Operations within it are part of it.
   */
  operation<R>(name: string, args: NamedArguments, call: () => R): R {
    return this.verdicts.operation(name, args, call);
  }

  /** Does the world see every call of a stub? It does not where a test has put its own in place; a spy lets it see. */
  private isSeen(name: string): boolean {
    const [now, own]: unknown[] = [Reflect.get(stubs, name), Reflect.get(this.stubs, name)];
    if (now === own || typeof now !== 'function') return now === own;
    return Reflect.get(now, 'wrappedMethod') === own && !('callsFake' in now);
  }

  private callHook<R>(name: string, args: readonly unknown[], hook: () => R): R {
    const { caller } = this.references;
    this.references.caller = { ...caller, inHook: true };
    try {
      return this.hooks.call(name, args, hook);
    } finally {
      this.references.caller = caller;
    }
  }

  /** The address space of a child, which counts from here on. */
  private newMm(): mm_struct {
    const mm = new mm_struct(MM_MT_FLAGS);
    this.verdicts.add(mm);
    return mm;
  }

  /** Frees an address space: from here on every use of it throws. */
  freeMm(mm: mm_struct): void {
    this.verdicts.remove(mm);
    if (mm.pgd !== null && mm.pgd.size > 0) {
      this.reports.complain(`leak: ${mm.pgd.size} pages are mapped in an address space that was freed`);
    }
    this.freed.add(mm, 'mm_struct', null);
  }

  /** What the test broke or left behind, a sentence each. */
  end(): string[] {
    this.locks.end();
    this.references.end();
    this.rmap.end();
    this.attributes.end();
    this.notifications.end();
    return this.reports.end();
  }

  private slabStubs(): Partial<Stubs> {
    const { references, rmap, locks, faults } = this;
    return {
      vm_area_cache_alloc: () => (faults.check('vm_area_cache_alloc', -ENOMEM) !== 0 ? null : references.newVma()),
      vm_area_cache_free: (vma) => {
        this.freed.assertLive(vma);
        rmap.assertUnreachable(vma);
        this.hooks.assertClosed(vma);
        this.attributes.assertFreed(vma);
        locks.forgetVma(vma);
        references.freeVma(vma);
      },
      vma_iter_prealloc_fails: () => faults.check('vma_iter_prealloc', -ENOMEM) !== 0,
    };
  }

  private lockStubs(): Partial<Stubs> {
    const { locks, faults } = this;
    return {
      mmap_assert_locked: (mm) => locks.assertMmapLocked(mm),
      mmap_assert_write_locked: (mm) => locks.assertMmapWriteLocked(mm),
      mmap_write_lock_killable: (mm) => {
        const error = faults.check('mmap_write_lock_killable', -EINTR);
        if (error === 0) locks.mmapWriteLock(mm);
        return error;
      },
      mmap_write_lock: (mm) => locks.mmapWriteLock(mm),
      mmap_write_lock_nested: (mm) => locks.mmapWriteLock(mm),
      mmap_read_lock: (mm) => locks.mmapReadLock(mm),
      mmap_read_lock_killable: (mm) => {
        const error = faults.check('mmap_read_lock_killable', -EINTR);
        if (error === 0) locks.mmapReadLock(mm);
        return error;
      },
      mmap_write_downgrade: (mm) => locks.mmapWriteDowngrade(mm),
      mmap_read_unlock: (mm) => locks.mmapReadUnlock(mm),
      mmap_write_unlock: (mm) => locks.mmapWriteUnlock(mm),
      vma_assert_write_locked: (vma) => locks.assertVmaWriteLocked(vma),
      vma_start_write: (vma) => {
        locks.startWrite(vma);
        upstreamStubs.vma_start_write(vma);
      },
      vma_start_write_killable: (vma) => {
        const error = faults.check('vma_start_write_killable', -EINTR);
        if (error !== 0) return error;
        locks.startWrite(vma);
        return upstreamStubs.vma_start_write_killable(vma);
      },
      i_mmap_lock_write: (mapping) => locks.lockMapping(mapping),
      i_mmap_unlock_write: (mapping) => locks.unlockMapping(mapping),
      flush_dcache_mmap_lock: (mapping) => locks.lockDcache(mapping),
      flush_dcache_mmap_unlock: (mapping) => locks.unlockDcache(mapping),
      anon_vma_lock_write: (anon_vma) => locks.lockAnonVma(anon_vma),
      anon_vma_unlock_write: (anon_vma) => locks.unlockAnonVma(anon_vma),
      anon_vma_lock_read: (anon_vma) => locks.lockAnonVmaRead(anon_vma),
      anon_vma_unlock_read: (anon_vma) => locks.unlockAnonVmaRead(anon_vma),
      down_write_nest_lock: (sem, nest_lock) => locks.lockNested(sem, nest_lock),
      rwsem_is_locked: (sem) => locks.isHeld(sem),
      spin_lock: (lock) => locks.lockMutex(lock),
      spin_unlock: (lock) => locks.unlockMutex(lock),
      mutex_lock: (lock) => locks.lockMutex(lock),
      mutex_unlock: (lock) => locks.unlockMutex(lock),
      mutex_is_locked: (lock) => locks.isHeld(lock),
      might_sleep: () => locks.assertMaySleep(),
      signal_pending: () => faults.check('signal_pending', -EINTR) !== 0,
    };
  }

  private rmapStubs(): Partial<Stubs> {
    const { rmap, pages, faults, notifications } = this;
    return {
      anon_vma_cache_alloc: () => (faults.check('anon_vma_alloc', -ENOMEM) !== 0 ? null : rmap.newAnonVma()),
      anon_vma_cache_free: (anon_vma) => rmap.freeAnonVma(anon_vma, this.usersOf(anon_vma)),
      anon_vma_chain_cache_alloc: () => (faults.check('anon_vma_chain_alloc', -ENOMEM) !== 0 ? null : rmap.newChain()),
      anon_vma_chain_cache_free: (avc) => rmap.freeChain(avc),
      anon_vma_clone: (dst, src, operation) =>
        rmap.clone(dst, src, operation, () => faults.check('anon_vma_clone', -ENOMEM)),
      unlink_anon_vmas: (vma) => rmap.unlink(vma),
      anon_vma_prepare,
      __anon_vma_prepare,
      mapping_rmap_tree_insert: (vma, mapping) => rmap.insertVma(vma, mapping),
      mapping_rmap_tree_insert_after: (vma, prev, mapping) => rmap.insertVma(vma, mapping, prev),
      mapping_rmap_tree_remove: (vma, mapping) => rmap.removeVma(vma, mapping),
      anon_rmap_tree_insert: (avc) => rmap.insertChain(avc),
      anon_rmap_tree_remove: (avc) => rmap.removeChain(avc),
      anon_rmap_tree_verify: (avc) => rmap.verifyChain(avc),
      unmap_vmas: (tlb, unmap) => {
        const { vm_mm: mm } = unmap.first;
        if (mm === null) return;
        notifications.unmaps(tlb, mm, unmap.vma_start, unmap.vma_end);
        pages.drop(mm, unmap.vma_start, unmap.vma_end);
        pageTables.unmap_vmas(unmap);
      },
      free_pgtables: (tlb, unmap) => {
        notifications.freesTables(tlb);
        for (const text of tablesOfOthers(unmap)) this.reports.complain(`${text}; at ${new Place()}`);
        free_pgtables(tlb, unmap);
        notifications.freedTables();
      },
    };
  }

  /** What still is of an anon_vma that is about to die, in words. */
  private usersOf(anon_vma: anon_vma): string[] {
    const users = this.references.liveVmas().filter((vma) => vma.anon_vma === anon_vma);
    const left = [...this.pages.ranges()].filter((range) => range.anon_vma === anon_vma);
    return [...users.map(describeVma), ...left.map(({ start, end }) => `pages ${hexOf(start)}-${hexOf(end)}`)];
  }

  /**
   * What write faults on the pages [start, end) of a VMA do: it gets an anon_vma, a neighbour's if one can be shared, and
   * the pages are of that. 0 or a negative errno.
   */
  fault(vma: vm_area_struct, start = vma.vm_start, end = vma.vm_end): number {
    const { vm_mm: mm } = vma;
    if (hasTables(vma)) return this.writePages(vma, start, end);
    const error = this.stubs.anon_vma_prepare(vma);
    if (error !== 0 || mm === null || vma.anon_vma === null || !this.rmap.knows(vma.anon_vma)) return error;
    const pgoff = vma_start_anon_pgoff(vma) + PHYS_PFN(start - vma.vm_start);
    this.pages.add({ mm, start, end, anon_vma: vma.anon_vma, pgoff });
    return 0;
  }

  /** The same where there are page tables. */
  private writePages(vma: vm_area_struct, start: number, end: number): number {
    for (let addr = start; addr < end; addr += PAGE_SIZE) {
      const ret = handle_mm_fault(vma, addr, FAULT_FLAG_WRITE);
      if (ret !== 0) return ret === VM_FAULT_OOM ? -ENOMEM : -EFAULT;
    }
    return 0;
  }

  private spacesInUse(): Set<mm_struct> {
    const spaces = new Set<mm_struct>();
    for (const { vm_mm: mm } of this.references.liveVmas()) if (mm !== null && mm.pgd !== null) spaces.add(mm);
    return spaces;
  }

  private fileStubs(): Partial<Stubs> {
    const { references } = this;
    return {
      get_file: (f) => references.getFile(f),
      fput: (f) => references.putFile(f),
      mapping_unmap_writable: (mapping) => references.unmapWritable(mapping),
      mapping_writable_taken: (mapping) => references.writableTaken(mapping),
    };
  }

  private attributeStubs(): Partial<Stubs> {
    const { attributes, faults } = this;
    return {
      vma_policy: (vma) => attributes.policyOf(vma),
      mpol_equal: (a, b) => attributes.isEqualPolicy(a, b),
      mpol_put: (policy) => attributes.putPolicy(policy),
      vma_dup_policy: (src, dst) => {
        const error = faults.check('vma_dup_policy', -ENOMEM);
        if (error === 0) attributes.setPolicy(dst, attributes.policyOf(src));
        return error;
      },
      anon_vma_name: (vma) => attributes.nameOf(vma),
      anon_vma_name_eq: (a, b) => attributes.isEqualName(a, b),
      dup_anon_vma_name: (from, to) => {
        this.hooks.copied(to);
        attributes.dupName(from, to);
      },
      free_anon_vma_name: (vma) => attributes.freeName(vma),
      anon_vma_name_alloc: (name) =>
        faults.check('anon_vma_name_alloc', -ENOMEM) !== 0 ? null : new anon_vma_name(name),
      replace_anon_vma_name: (vma, anon_name) => {
        if (!attributes.isEqualName(attributes.nameOf(vma), anon_name)) attributes.setName(vma, anon_name);
        return 0;
      },
      is_mergeable_vm_userfaultfd_ctx: (vma, vm_ctx) => vma.vm_userfaultfd_ctx.ctx === vm_ctx.ctx,
      // A context here has asked to be told of nothing: what is copied or moved leaves it.
      vma_has_uffd_without_event_remap: (vma) => vma.vm_userfaultfd_ctx.ctx !== null,
      mremap_userfaultfd_prep: (vma) => leaveUffd(vma),
      dup_userfaultfd: (vma) => {
        this.notifications.uffdForks();
        const error = faults.check('dup_userfaultfd', -ENOMEM);
        if (error === 0) leaveUffd(vma);
        return error;
      },
      vma_numab_state_init: (vma) => attributes.initNuma(vma),
      vma_numab_state_free: (vma) => attributes.freeNuma(vma),
    };
  }

  /** Calls that only tell somebody something. */
  private notificationStubs(): Partial<Stubs> {
    const { notifications, locks } = this;
    return {
      tlb_gather_mmu: (tlb) => notifications.gather(tlb),
      tlb_gather_mmu_fullmm: (tlb) => notifications.gather(tlb, true),
      tlb_finish_mmu: (tlb) => notifications.finish(tlb),
      free_pgd_range: (tlb) => notifications.freesRange(tlb),
      hugetlb_split: (vma) => {
        locks.assertRmapLocked(vma);
        notifications.splitHugetlb(vma);
      },
      ksm_exit: (mm) => notifications.ksmLeaves(mm),
      update_hiwater_rss: () => notifications.hiwaterRss(),
      update_hiwater_vm: (mm) => notifications.hiwaterTotal(mm),
      vma_adjust_trans_huge: (vma, _start, _end, next) => {
        locks.assertRmapLocked(vma);
        if (next !== null) locks.assertRmapLocked(next);
        notifications.adjustHuge(vma, next);
      },
      fixup_hugetlb_reservations: (vma) => this.hooks.fixedUp(vma),
      khugepaged_enter_vma: (vma) => notifications.enterKhugepaged(vma),
      uprobe_mmap: (vma) => notifications.probe(vma),
      uprobe_munmap: (vma) => notifications.unprobe(vma),
      perf_event_mmap: (vma) => notifications.perfMapped(vma),
      userfaultfd_unmap_complete: () => notifications.uffdComplete(),
      dup_userfaultfd_complete: () => notifications.uffdForked('complete'),
      dup_userfaultfd_fail: () => notifications.uffdForked('fail'),
      ksm_fork: () => notifications.startsOnChild('ksm_fork'),
      khugepaged_fork: () => notifications.startsOnChild('khugepaged_fork'),
    };
  }

  /** Page tables: those that an address space has, see lib/mm/page_tables.ts. One without is as in the harness. */
  private pageStubs(): Partial<Stubs> {
    const { faults } = this;
    return {
      alloc_page: () => (faults.check('alloc_page', -ENOMEM) !== 0 ? null : new page()),
      __mm_populate: (start, len, ignore_errors) =>
        current.mm === null || current.mm.pgd === null ? 0 : __mm_populate(start, len, ignore_errors),
      populate_vma_page_range: (vma, start, end) =>
        hasTables(vma)
          ? populate_vma_page_range(vma, start, end)
          : upstreamStubs.populate_vma_page_range(vma, start, end),
      change_protection: (_tlb, vma, start, end) => pageTables.change_protection(vma, start, end),
      copy_page_range: (dst, src) => faults.check('copy_page_range', -ENOMEM) || pageTables.copy_page_range(dst, src),
      zap_vma_range: (vma, address, size) => pageTables.zap_vma_range(vma, address, size),
      move_page_tables: (pmc) => (hasTables(pmc.old) ? this.movePageTables(pmc) : upstreamStubs.move_page_tables(pmc)),
      remap_pfn_range_ptes: (vma, addr, _pfn, size) =>
        faults.check('remap_pfn_range_ptes', -ENOMEM) || pageTables.remap_pfn_range_ptes(vma, addr, size),
      insert_kernel_pages: (vma, start, pages) =>
        faults.check('insert_kernel_pages', -ENOMEM) || pageTables.insert_kernel_pages(vma, start, pages),
    };
  }

  /** Moves page tables, or, out of memory, half of them. */
  private movePageTables(pmc: pagetable_move_control): number {
    if (this.faults.check('move_page_tables', -ENOMEM) === 0) {
      return pageTables.move_page_tables(pmc);
    }
    const half = PAGE_ALIGN_DOWN(pmc.len_in / 2);
    pageTables.move_page_tables(new pagetable_move_control(pmc.old, pmc.new, pmc.old_addr, pmc.new_addr, half));
    return half;
  }

  /** Calls of the harness that always succeed, and here need not. */
  private fallibleStubs(): Partial<Stubs> {
    const { faults } = this;
    const fallible = (name: string, usual: number): (() => number) => {
      return () => faults.check(name, usual);
    };
    return {
      security_vm_enough_memory_mm: (_mm, pages) => {
        const error = faults.check('security_vm_enough_memory_mm', -ENOMEM);
        if (error === 0) this.charged += pages;
        return error;
      },
      vm_acct_memory: (pages) => {
        this.charged += pages;
      },
      may_expand_vm: () => faults.check('may_expand_vm', -ENOMEM) === 0,
      userfaultfd_unmap_prep: () => {
        const error = faults.check('userfaultfd_unmap_prep', -ENOMEM);
        if (error === 0) this.notifications.uffdPrepare();
        return error;
      },
      shmem_zero_setup: fallible('shmem_zero_setup', -ENOMEM),
      ksm_execve: (mm) => {
        const error = faults.check('ksm_execve', -ENOMEM);
        if (error === 0) this.notifications.ksmEnters(mm);
        return error;
      },
      allocate_mm: () => (faults.check('allocate_mm', -ENOMEM) !== 0 ? null : this.newMm()),
      free_mm: (mm) => this.freeMm(mm),
      arch_dup_mmap: fallible('arch_dup_mmap', -ENOMEM),
      __ksm_enter: fallible('__ksm_enter', -ENOMEM),
      security_mmap_file: fallible('security_mmap_file', -EACCES),
      security_file_mprotect: fallible('security_file_mprotect', -EACCES),
    };
  }
}
