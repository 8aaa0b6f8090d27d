// SPDX-License-Identifier: GPL-2.0-only
/**
 * The operations whose every fallible call is made to fail in turn, each on an address space in which it has the most
 * to do: ranges that cut through VMAs, neighbours that merge, anon_vmas to clone, files, hooks and actions.
 */

import type { VmaTest } from '../../harness/index.js';
import {
  copy_vma,
  create_init_stack_vma,
  current,
  do_brk_flags,
  do_munmap,
  ENOMEM,
  expand_downwards,
  file,
  IS_ERR,
  IS_ERR_VALUE,
  insert_vm_struct,
  legacy_to_vma_flags,
  list_head,
  mk_vma_flags,
  mm_drop_all_locks,
  mm_struct,
  mm_take_all_locks,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  mmap_region,
  NULL_VM_UFFD_CTX,
  PTR_ERR,
  page,
  Ref,
  relocate_vma_down,
  stubs,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  VMA_ACCOUNT_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_READ_BIT,
  vm_area_alloc,
  type vm_area_desc,
  vm_area_free,
  type vm_area_struct,
  vm_munmap,
  type vma_flags_t,
  vma_iter_load,
  vma_merge_extend,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_prev,
  vma_set_anonymous,
  vma_set_range,
} from '../../lib/index.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { DATA, mapRange, plainFile, vmaAt } from '../mm/space.js';

export interface Prepared {
  /** Carries out the operation. 0, or a negative errno. */
  run(): number;
  files?: file[];
  /** After a success: does what is left to the caller of the operation, or undoes what unmapping does not. */
  settle?(): void;
  /** After a failure that leaves the VMA grown: accounts for it, which nothing else will. */
  giveUp?(): void;
}

export interface FaultOperation {
  name: string;
  prepare(t: VmaTest): Prepared;
  /**
   * A line for each fallible call of a run that succeeds, in their order: its name, what is left when it alone fails,
   * and what is left when it and all that follow fail.
   */
  leaves: readonly string[];
  /** Range that the operation maps or unmaps, where a failure may leave a gap. */
  range?: readonly [number, number];
  /** A call whose failure, alone, makes the code under test warn, and the function that does. Upstream warns as well. */
  warns?: { call: string; where: string };
}

const PRIVATE = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
const READ_ONLY = [VMA_READ_BIT];

/** mmap_region(), which returns an address when it succeeds. */
function region(f: file | null, start: number, end: number, flags: bigint, pgoff = start / 0x1000): number {
  const ret = mmap_region(f, start, end - start, legacy_to_vma_flags(flags), pgoff, null);
  return IS_ERR_VALUE(ret) ? ret : 0;
}

function errnoOf(result: vm_area_struct | number): number {
  return IS_ERR(result) ? PTR_ERR(result) : 0;
}

/** A file whose mmap_prepare and mapped hooks can fail, and which asks for an action. */
function driverFile(t: VmaTest, act: (desc: vm_area_desc) => void): file {
  const faults = t.world.checkedWorld?.faults;
  const mapped = (): number => faults?.check('mapped', -ENOMEM) ?? 0;
  return new file({
    mmap_prepare: (desc) => {
      const error = faults?.check('mmap_prepare', -ENOMEM) ?? 0;
      if (error !== 0) return error;
      desc.vm_ops = { mapped };
      act(desc);
      return 0;
    },
  });
}

/** A file whose mmap hook can fail; its VMAs have a close hook. */
function olderFile(t: VmaTest): file {
  const faults = t.world.checkedWorld?.faults;
  return new file({
    mmap: (_file, vma) => {
      const error = faults?.check('mmap', -ENOMEM) ?? 0;
      if (error === 0) vma.vm_ops = { close: () => {} };
      return error;
    },
  });
}

/** A VMA on each side of a gap or of a range, all of one anon_vma. */
function faulted(t: VmaTest, start: number, end: number, bits: readonly number[] = DATA): vm_area_struct {
  const vma = mapRange(t, start, end, { bits });
  t.fault(vma);
  return vma;
}

export const OPERATIONS: readonly FaultOperation[] = [
  {
    name: 'mmap_region of anonymous memory in a gap',
    prepare: () => ({ run: () => region(null, 0x20000, 0x24000, PRIVATE) }),
    leaves: [
      'may_expand_vm: same, same',
      'security_vm_enough_memory_mm: same, same',
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
    ],
  },
  {
    name: 'mmap_region over parts of two VMAs and all of a third',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x14000, { bits: READ_ONLY });
      mapRange(t, 0x14000, 0x16000);
      mapRange(t, 0x16000, 0x1a000, { bits: READ_ONLY });
      return { run: () => region(null, 0x12000, 0x18000, PRIVATE) };
    },
    range: [0x12000, 0x18000],
    leaves: [
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'vma_dup_policy: same, same',
      'maple_slab.alloc: done, split',
      'vm_area_cache_alloc: split, split',
      'vma_iter_prealloc: split, split',
      'maple_slab.alloc: split, split',
      'vma_dup_policy: split, split',
      'may_expand_vm: split, split',
      'security_vm_enough_memory_mm: split, split',
      'vm_area_cache_alloc: gap, gap',
      'vma_iter_prealloc: gap, gap',
      'maple_slab.alloc: gap, gap',
    ],
  },
  {
    name: 'mmap_region into a hole that it fills',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x14000);
      faulted(t, 0x16000, 0x18000);
      return { run: () => region(null, 0x14000, 0x16000, PRIVATE) };
    },
    warns: { call: 'anon_vma_chain_alloc', where: '__mas_set_range' },
    leaves: [
      'may_expand_vm: same, same',
      'security_vm_enough_memory_mm: same, same',
      'anon_vma_chain_alloc: done, same',
      'vma_iter_prealloc: done, same',
      'maple_slab.alloc: done, same',
    ],
  },
  {
    name: 'mmap_region of shared anonymous memory',
    prepare: () => ({ run: () => region(null, 0x20000, 0x22000, PRIVATE | VM_SHARED) }),
    leaves: [
      'may_expand_vm: same, same',
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'shmem_zero_setup: same, same',
    ],
  },
  {
    name: 'mmap_region with an mmap hook, over a VMA',
    prepare: (t) => {
      const f = olderFile(t);
      mapRange(t, 0x10000, 0x14000);
      return { run: () => region(f, 0x10000, 0x14000, PRIVATE | VM_SHARED, 0), files: [f] };
    },
    range: [0x10000, 0x14000],
    leaves: [
      'may_expand_vm: same, same',
      'vm_area_cache_alloc: gap, gap',
      'vma_iter_prealloc: gap, gap',
      'mmap: gap, gap',
    ],
  },
  {
    name: 'mmap_region with mmap_prepare, mapped and a remap',
    prepare: (t) => {
      const f = driverFile(t, (desc) => mmap_action_remap_full(desc, 0x100));
      mapRange(t, 0x10000, 0x12000);
      mapRange(t, 0x16000, 0x18000);
      return { run: () => region(f, 0x12000, 0x16000, PRIVATE | VM_SHARED, 0), files: [f] };
    },
    leaves: [
      'may_expand_vm: same, same',
      'mmap_prepare: same, same',
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'remap_pfn_range_ptes: same, same',
      'mapped: same, same',
    ],
  },
  {
    name: 'mmap_region with mmap_prepare, mapped and kernel pages, over a VMA',
    prepare: (t) => {
      const f = driverFile(t, (desc) => mmap_action_map_kernel_pages_full(desc, [new page(), new page()]));
      mapRange(t, 0x10000, 0x12000);
      return { run: () => region(f, 0x10000, 0x12000, PRIVATE | VM_SHARED, 0), files: [f] };
    },
    range: [0x10000, 0x12000],
    leaves: [
      'may_expand_vm: same, same',
      'mmap_prepare: gap, gap',
      'vm_area_cache_alloc: gap, gap',
      'vma_iter_prealloc: gap, gap',
      'insert_kernel_pages: gap, mapped',
      'mapped: gap, mapped',
    ],
  },
  {
    name: 'do_munmap of the middle of a VMA',
    prepare: (t) => {
      faulted(t, 0x10000, 0x16000);
      return { run: () => do_munmap(t.mm, 0x12000, 0x2000, new list_head()) };
    },
    leaves: [
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'vma_dup_policy: same, same',
      'anon_vma_chain_alloc: same, same',
      'vm_area_cache_alloc: split, split',
      'vma_iter_prealloc: split, split',
      'maple_slab.alloc: split, split',
      'vma_dup_policy: split, split',
      'anon_vma_chain_alloc: split, split',
      'userfaultfd_unmap_prep: split, split',
    ],
  },
  {
    name: 'do_munmap of parts of two VMAs and all of a third',
    prepare: (t) => {
      faulted(t, 0x10000, 0x14000, READ_ONLY);
      mapRange(t, 0x14000, 0x16000);
      mapRange(t, 0x16000, 0x1a000, { bits: READ_ONLY });
      return { run: () => do_munmap(t.mm, 0x12000, 0x6000, new list_head()) };
    },
    leaves: [
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'vma_dup_policy: same, same',
      'anon_vma_chain_alloc: same, same',
      'userfaultfd_unmap_prep: split, split',
      'maple_slab.alloc: done, split',
      'userfaultfd_unmap_prep: split, split',
      'vm_area_cache_alloc: split, split',
      'vma_iter_prealloc: split, split',
      'maple_slab.alloc: split, split',
      'vma_dup_policy: split, split',
      'userfaultfd_unmap_prep: split, split',
      'maple_slab.alloc: done, split',
    ],
  },
  {
    name: 'vm_munmap, which takes the lock itself',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x14000);
      return {
        run: () => {
          t.world.unlock(t.mm);
          const error = vm_munmap(0x11000, 0x1000);
          t.world.lock(t.mm);
          return error;
        },
      };
    },
    leaves: [
      'mmap_write_lock_killable: same, same',
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'vma_dup_policy: same, same',
      'vm_area_cache_alloc: split, split',
      'vma_iter_prealloc: split, split',
      'maple_slab.alloc: split, split',
      'vma_dup_policy: split, split',
      'userfaultfd_unmap_prep: split, split',
    ],
  },
  {
    name: 'vma_modify_flags of the middle of a VMA',
    prepare: (t) => {
      const vma = faulted(t, 0x10000, 0x16000);
      return {
        run: () =>
          errnoOf(
            vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), vma, vma, 0x12000, 0x14000, mk_vma_flags(...READ_ONLY)),
          ),
      };
    },
    leaves: [
      'vm_area_cache_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'vma_dup_policy: same, same',
      'anon_vma_chain_alloc: same, same',
      'vm_area_cache_alloc: split, split',
      'vma_iter_prealloc: split, split',
      'maple_slab.alloc: split, split',
      'vma_dup_policy: split, split',
      'anon_vma_chain_alloc: split, split',
    ],
  },
  {
    name: 'vma_modify_flags that merges both sides',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x12000);
      const vma = mapRange(t, 0x12000, 0x14000, { bits: READ_ONLY });
      faulted(t, 0x14000, 0x16000);
      const prev = vmaAt(t, 0x10000);
      return {
        run: () => errnoOf(vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), prev, vma, 0x12000, 0x14000, flagsOf(prev))),
        settle: () => setFlags(t, 0x12000, prev.flags),
      };
    },
    leaves: ['anon_vma_chain_alloc: same, same', 'vma_iter_prealloc: same, same', 'maple_slab.alloc: same, same'],
  },
  {
    name: 'vma_modify_flags_uffd that may do without its merge',
    prepare: (t) => {
      const prev = mapRange(t, 0x10000, 0x12000);
      const vma = faulted(t, 0x12000, 0x14000, READ_ONLY);
      return {
        run: () =>
          errnoOf(
            vma_modify_flags_uffd(
              VMA_ITERATOR(t.mm, 0x12000),
              prev,
              vma,
              0x12000,
              0x14000,
              flagsOf(prev),
              NULL_VM_UFFD_CTX,
              true,
            ),
          ),
        settle: () => setFlags(t, 0x12000, prev.flags),
      };
    },
    leaves: ['anon_vma_chain_alloc: done, done', 'vma_iter_prealloc: done, done', 'maple_slab.alloc: done, done'],
  },
  {
    name: 'copy_vma to a place of its own',
    prepare: (t) => {
      const f = plainFile();
      const vma = mapRange(t, 0x10000, 0x14000, { file: f });
      t.fault(vma);
      return {
        run: () => copied(copy_vma(new Ref(vma), 0x20000, 0x4000, 0x10, 0x10, new Ref<boolean>(false), false)),
        settle: () => accountPages(t.mm, vma.flags, 4),
        files: [f],
      };
    },
    leaves: [
      'vm_area_cache_alloc: same, same',
      'vma_dup_policy: same, same',
      'anon_vma_chain_alloc: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
    ],
  },
  {
    name: 'copy_vma beside a VMA that takes the copy in',
    prepare: (t) => {
      const vma = faulted(t, 0x10000, 0x14000);
      const neighbour = mapRange(t, 0x20000, 0x22000);
      neighbour.vm_pgoff = 0xe;
      return {
        run: () => copied(copy_vma(new Ref(vma), 0x22000, 0x4000, 0x10, 0x10, new Ref<boolean>(false), false)),
        settle: () => accountPages(t.mm, vma.flags, 4),
      };
    },
    leaves: ['anon_vma_chain_alloc: done, same', 'vma_iter_prealloc: done, same', 'maple_slab.alloc: done, same'],
  },
  {
    name: 'vma_merge_extend up to a neighbour',
    prepare: (t) => {
      const vma = mapRange(t, 0x10000, 0x12000);
      faulted(t, 0x14000, 0x16000);
      return {
        run: () => {
          const vmi = VMA_ITERATOR(t.mm, 0x10000);
          vma_iter_load(vmi);
          return vma_merge_extend(vmi, vma, 0x2000) === null ? -ENOMEM : 0;
        },
        settle: () => accountPages(t.mm, vma.flags, 2),
      };
    },
    leaves: ['anon_vma_chain_alloc: same, same', 'vma_iter_prealloc: same, same', 'maple_slab.alloc: same, same'],
  },
  {
    name: 'do_brk_flags that grows the VMA before',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x12000, { bits: [...DATA, 2, 6, VMA_ACCOUNT_BIT] });
      return { run: () => brk(t, 0x12000) };
    },
    leaves: [
      'may_expand_vm: same, same',
      'security_vm_enough_memory_mm: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
    ],
  },
  {
    name: 'do_brk_flags of a VMA of its own',
    prepare: (t) => {
      mapRange(t, 0x10000, 0x12000, { bits: READ_ONLY });
      return { run: () => brk(t, 0x12000) };
    },
    leaves: [
      'may_expand_vm: same, same',
      'security_vm_enough_memory_mm: same, same',
      'vm_area_cache_alloc: same, same',
      'maple_slab.alloc: done, same',
    ],
  },
  {
    name: 'expand_downwards',
    prepare: (t) => {
      const vma = mapRange(t, 0x800000, 0x802000, { bits: [...DATA, VMA_GROWSDOWN_BIT, VMA_LOCKED_BIT] });
      return { run: () => expand_downwards(vma, 0x7f8000) };
    },
    leaves: [
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'anon_vma_chain_alloc: same, same',
      'anon_vma_alloc: same, same',
      'may_expand_vm: faulted, faulted',
      'security_vm_enough_memory_mm: faulted, faulted',
    ],
  },
  {
    name: 'relocate_vma_down',
    prepare: (t) => {
      const vma = faulted(t, 0x800000, 0x804000);
      t.sandbox
        .stub(stubs, 'move_page_tables')
        .callsFake((pmc) => (t.world.checkedWorld?.faults.check('move_page_tables', -ENOMEM) === 0 ? pmc.len_in : 0));
      return { run: () => relocate_vma_down(vma, 0x2000), giveUp: () => accountPages(t.mm, vma.flags, 2) };
    },
    range: [0x7fe000, 0x802000],
    leaves: [
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
      'move_page_tables: grown, grown',
      'vma_iter_prealloc: grown, grown',
      'maple_slab.alloc: grown, grown',
    ],
  },
  {
    name: 'insert_vm_struct',
    prepare: (t) => {
      const vma = vm_area_alloc(t.mm);
      if (vma === null) throw new Error('no memory for a VMA');
      vma_set_anonymous(vma);
      vma_set_range(vma, 0x10000, 0x14000, 0x10, 0x10);
      vma.flags = mk_vma_flags(...DATA, VMA_ACCOUNT_BIT);
      return {
        run: () => {
          const error = insert_vm_struct(t.mm, vma);
          if (error !== 0) vm_area_free(vma);
          return error;
        },
        settle: () => accountPages(t.mm, vma.flags, 4),
      };
    },
    leaves: [
      'security_vm_enough_memory_mm: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
    ],
  },
  {
    name: 'create_init_stack_vma',
    prepare: (t) => {
      const mm = new mm_struct();
      return {
        run: () => create_init_stack_vma(mm, new Ref<vm_area_struct | null>(null), new Ref(0)),
        settle: () => {
          current.mm = mm;
          t.world.lock(mm);
          t.unmapAll(mm);
          t.world.unlock(mm);
        },
      };
    },
    leaves: [
      'vm_area_cache_alloc: same, same',
      'mmap_write_lock_killable: same, same',
      'ksm_execve: same, same',
      'security_vm_enough_memory_mm: same, same',
      'vma_iter_prealloc: same, same',
      'maple_slab.alloc: same, same',
    ],
  },
  {
    name: 'mm_take_all_locks',
    prepare: (t) => {
      const f = plainFile();
      faulted(t, 0x10000, 0x12000);
      mapRange(t, 0x14000, 0x16000, { file: f });
      const run = () => {
        const error = mm_take_all_locks(t.mm);
        if (error === 0) mm_drop_all_locks(t.mm);
        return error;
      };
      return { run, files: [f] };
    },
    leaves: [
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
      'signal_pending: same, same',
    ],
  },
];

/** What mprotect() does after vma_modify_flags(): two pages that were read-only get new flags. */
function setFlags(t: VmaTest, addr: number, flags: vma_flags_t): void {
  accountPages(t.mm, mk_vma_flags(...READ_ONLY), -2);
  accountPages(t.mm, flags, 2);
  vmaAt(t, addr).flags = flags;
}

function flagsOf(vma: vm_area_struct): vma_flags_t {
  return vma.flags.clone();
}

function copied(copy: vm_area_struct | null): number {
  return copy === null ? -ENOMEM : 0;
}

function brk(t: VmaTest, addr: number): number {
  const vmi = VMA_ITERATOR(t.mm, addr);
  const prev = vma_prev(vmi);
  return do_brk_flags(vmi, prev, addr, 0x2000, mk_vma_flags());
}
