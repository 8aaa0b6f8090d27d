// SPDX-License-Identifier: GPL-2.0-only
/**
 * The defects that the review of the mapped hook was about: each a scenario that any revision can run, and the kind of
 * report that the checked world makes where the revision has it. Nothing here knows which revision has which.
 */

import type { TestWorld } from '../../harness/index.js';
import {
  current,
  do_munmap,
  EIO,
  file,
  mk_vma_flags,
  type mm_struct,
  mmap_action_remap_full,
  mmap_region,
  PAGE_SIZE,
  stubs,
  TASK_SIZE,
  VMA_MAYREAD_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
  vma_lookup,
  vma_set_file,
} from '../../lib/index.js';
import type { Revision } from './revisions/index.js';

export interface Defect {
  name: string;
  /** What the first report of a revision that has the defect is like. */
  kind: RegExp;
  /** A first report that is as it should be: the revision objects by itself. */
  right?: RegExp;
  /** Reports of another defect, which this one follows. */
  follows?: RegExp;
  run(revision: Revision, world: TestWorld): void;
}

const START = 0x100000;
const LEN = 4 * PAGE_SIZE;
const FLAGS = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SHARED_BIT);

function map(f: file): number {
  return mmap_region(f, START, LEN, FLAGS, 0, null);
}

/** The address space that a defect is looked for in. */
function space(): mm_struct {
  if (current.mm === null) throw new Error('no address space is current');
  return current.mm;
}

function unmapAll(): void {
  do_munmap(space(), 0, TASK_SIZE, null);
}

/** A file whose mmap_prepare sets vm_ops, and what else is asked for. */
function prepared(vm_ops: vm_operations_struct, also: (desc: vm_area_desc) => void = () => {}): file {
  return new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = vm_ops;
      also(desc);
      return 0;
    },
  });
}

/** An outer file whose mmap hook nests the inner one's mmap_prepare. */
function stacked(revision: Revision, inner: file): file {
  return new file({
    mmap: (_f, vma) => {
      vma_set_file(vma, inner);
      return revision.compat_vma_mmap(inner, vma);
    },
  });
}

function mappedVma(): vm_area_struct {
  const vma = vma_lookup(space(), START);
  if (vma === null) throw new Error('nothing was mapped');
  return vma;
}

/** A mapping hidden from the rmap until complete, whose mapped hook fails. */
function failHidden(): void {
  map(
    prepared({ mapped: () => -EIO }, (desc) => {
      desc.action.hide_from_rmap_until_complete = true;
    }),
  );
  unmapAll();
}

export const DEFECTS: readonly Defect[] = [
  {
    name: 'NULL vm_ops followed in __compat_vma_mapped()',
    kind: /^NULL dereference/,
    run: (revision) => {
      // As private /dev/zero does: its mmap_prepare leaves vm_ops as it finds it.
      map(stacked(revision, new file({ mmap_prepare: () => 0 })));
      unmapAll();
    },
  },
  {
    name: 'NULL vm_ops followed in __vma_check_mmap_hook()',
    kind: /^NULL dereference/,
    run: () => {
      map(
        new file({
          mmap: (_f, vma) => {
            vma.vm_ops = null;
            return 0;
          },
        }),
      );
      unmapAll();
    },
  },
  {
    name: 'VMA used after unmap_vma_locked()',
    kind: /^use after free: vm_area_struct/,
    run: (revision) => {
      const f = new file({ mmap: () => 0 });
      map(f);
      f.f_op = prepared({ mapped: () => -EIO }).f_op;
      revision.compat_vma_mmap(f, mappedVma());
      unmapAll();
    },
  },
  {
    name: 'unmap without an assertion of the write lock',
    kind: /^lock assertion: mmap_lock is not held for writing/,
    right: /^lock assertion: mmap_lock is not held for writing at \S*unmap_vma_locked/,
    run: (_revision, { checked, mm, sandbox }) => {
      // The lock is downgraded before the action fails, so that the unmap after it is under the read lock.
      sandbox.stub(stubs, 'remap_pfn_range_ptes').callsFake(() => {
        checked.locks.mmapWriteDowngrade(mm);
        return -EIO;
      });
      map(prepared({}, (desc) => mmap_action_remap_full(desc, 0x77)));
      checked.locks.mmapReadUnlock(mm);
    },
  },
  {
    name: 'vm_file read through a freed VMA in maybe_drop_file_rmap_lock()',
    kind: /^use after free: vm_area_struct .* field vm_file/,
    follows: /^deadlock: i_mmap_rwsem/,
    run: failHidden,
  },
  {
    name: 'unmap with the rmap lock of the file held',
    kind: /^deadlock: i_mmap_rwsem/,
    run: failHidden,
  },
  {
    name: 'rmap lock dropped unheld when a stacked, hidden action fails',
    kind: /^i_mmap_rwsem dropped at .* is not held/,
    run: (revision, { sandbox }) => {
      sandbox.stub(stubs, 'remap_pfn_range_ptes').returns(-EIO);
      const inner = prepared({}, (desc) => {
        mmap_action_remap_full(desc, 0x77);
        desc.action.hide_from_rmap_until_complete = true;
      });
      map(stacked(revision, inner));
      unmapAll();
    },
  },
  {
    name: 'cleanup done twice when a stacked mapped fails',
    kind: /^(WARN: vma_assert_attached|double free|use after free)/,
    run: (revision) => {
      // Over something that is mapped already: it is being unmapped when the inner hook fails.
      map(new file({ mmap: () => 0 }));
      map(stacked(revision, prepared({ mapped: () => -EIO })));
      unmapAll();
    },
  },
  {
    name: 'false warning for mmap through the compatibility layer',
    kind: /^WARN: __vma_check_mmap_hook/,
    run: (revision) => {
      map(stacked(revision, prepared({ mapped: () => 0 })));
      unmapAll();
    },
  },
];
