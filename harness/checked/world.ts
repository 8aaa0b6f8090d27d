// SPDX-License-Identifier: GPL-2.0-only
/**
 * One test's checked world: the set of stubs, and everything it keeps count of. Nothing of it outlives the test.
 */
import { EINTR, ENOMEM } from '../../include/linux/errno.js';
import type { mm_struct } from '../../include/mm_types.js';
import { VMA_MAYWRITE_BIT, VMA_SHARED_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import type { Stubs } from '../../stubs/stubs.js';
import { upstreamStubs } from '../../stubs/upstream.js';
import { Faults } from './faults.js';
import { Graveyard } from './freed.js';
import { Locks } from './locks.js';
import { References } from './references.js';
import { Reports } from './reports.js';
import { ReverseMap } from './rmap.js';

/** Does the mapping count in i_mmap_writable? Both bits are among the lowest 32. */
function countsAsWritable(flags: vma_flags_t): boolean {
  const both = (1 << VMA_SHARED_BIT) | (1 << VMA_MAYWRITE_BIT);
  return (flags.w0 & both) === both;
}

export class CheckedWorld {
  readonly reports: Reports;
  readonly graveyard: Graveyard;
  readonly locks: Locks;
  readonly references: References;
  readonly rmap: ReverseMap;
  readonly faults: Faults;
  /** What `stubs` is to be filled from. */
  readonly stubs: Stubs;

  constructor() {
    this.reports = new Reports();
    this.graveyard = new Graveyard();
    this.locks = new Locks(this.reports);
    this.references = new References(this.reports, this.graveyard);
    this.rmap = new ReverseMap(this.reports, this.graveyard, this.locks);
    this.faults = new Faults();
    this.stubs = {
      ...upstreamStubs,
      ...this.slabStubs(),
      ...this.lockStubs(),
      ...this.rmapStubs(),
      ...this.fileStubs(),
      ...this.fallibleStubs(),
      warn: (where, what) => this.reports.warn(where, what),
      pr_warn_once: (text) => this.reports.warn('pr_warn_once', text),
    };
  }

  /** The next warning of the code under test will be this one, and it must come. */
  expectWarning(where: string, what?: string): void {
    this.reports.expectWarning(where, what);
  }

  /** Frees an address space: from here on every use of it throws. */
  freeMm(mm: mm_struct): void {
    this.graveyard.bury(mm, 'mm_struct', null);
  }

  /** What the test broke or left behind, a sentence each. */
  end(): string[] {
    this.locks.end();
    this.references.end();
    this.rmap.end();
    return this.reports.end();
  }

  private slabStubs(): Partial<Stubs> {
    const { references, rmap, locks, faults } = this;
    return {
      vm_area_cache_alloc: () => (faults.check('vm_area_cache_alloc', -ENOMEM) !== 0 ? null : references.newVma()),
      vm_area_cache_free: (vma) => {
        this.graveyard.assertLive(vma);
        rmap.assertUnreachable(vma);
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
      down_write_nest_lock: (sem, nest_lock) => locks.lockNested(sem, nest_lock),
      mutex_lock: (lock) => locks.lockMutex(lock),
      mutex_unlock: (lock) => locks.unlockMutex(lock),
      mutex_is_locked: (lock) => locks.isHeld(lock),
      signal_pending: () => faults.check('signal_pending', -EINTR) !== 0,
    };
  }

  private rmapStubs(): Partial<Stubs> {
    const { rmap, references, faults } = this;
    return {
      anon_vma_clone: (dst, src) => {
        if (src.anon_vma === null) return 0;
        const error = faults.check('anon_vma_clone', -ENOMEM);
        // A clone that fails leaves dst without an anon_vma, also where the caller had set it.
        if (error === 0) rmap.clone(dst, src);
        else dst.anon_vma = null;
        return error;
      },
      unlink_anon_vmas: (vma) => rmap.unlink(vma),
      anon_vma_prepare: (vma) => (vma.anon_vma !== null ? 0 : this.stubs.__anon_vma_prepare(vma)),
      __anon_vma_prepare: (vma) => {
        const error = faults.check('anon_vma_prepare', -ENOMEM);
        if (error === 0) rmap.prepare(vma);
        return error;
      },
      vma_interval_tree_insert: (vma, rb) => rmap.insertVma(vma, rb),
      vma_interval_tree_remove: (vma, rb) => rmap.removeVma(vma, rb),
      anon_vma_interval_tree_insert: (avc) => rmap.insertChain(avc),
      anon_vma_interval_tree_remove: (avc) => rmap.removeChain(avc),
      anon_vma_interval_tree_verify: (avc) => rmap.verifyChain(avc),
      free_pgtables: (_tlb, unmap) => {
        const { vm_mm: mm } = unmap.first;
        if (mm === null) return;
        rmap.freePageTables(mm, unmap.vma_start, unmap.vma_end, (mapping, vma) => {
          if (countsAsWritable(vma.flags)) references.unmapWritable(mapping);
        });
      },
    };
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

  /** Calls of the harness that always succeed, and here need not. */
  private fallibleStubs(): Partial<Stubs> {
    const { faults } = this;
    const fallible = (name: string, usual: number): (() => number) => {
      return () => faults.check(name, usual);
    };
    return {
      vma_dup_policy: fallible('vma_dup_policy', -ENOMEM),
      security_vm_enough_memory_mm: fallible('security_vm_enough_memory_mm', -ENOMEM),
      may_expand_vm: () => faults.check('may_expand_vm', -ENOMEM) === 0,
      userfaultfd_unmap_prep: fallible('userfaultfd_unmap_prep', -ENOMEM),
      shmem_zero_setup: fallible('shmem_zero_setup', -ENOMEM),
      ksm_execve: fallible('ksm_execve', -ENOMEM),
      remap_pfn_range_ptes: fallible('remap_pfn_range_ptes', -ENOMEM),
      insert_kernel_pages: fallible('insert_kernel_pages', -ENOMEM),
    };
  }
}
