// SPDX-License-Identifier: GPL-2.0-only
/** mm/rmap.c and the trees of mm/interval_tree.c, on VMAs. */

import { type CheckedWorld, test, type VmaTest } from '../../harness/index.js';
import {
  type anon_vma,
  ENOMEM,
  list_for_each_entry,
  type mm_struct,
  PAGE_SIZE,
  stubs,
  VMA_READ_BIT,
  vm_area_dup,
  vm_area_free,
  type vm_area_struct,
} from '../../lib/index.js';
import {
  anon_rmap_tree_iter_first,
  anon_rmap_tree_iter_next,
  mapping_rmap_tree_insert_after,
  mapping_rmap_tree_iter_first,
  mapping_rmap_tree_iter_next,
  mapping_rmap_tree_remove,
} from '../../lib/mm/interval_tree.js';
import { anon_vma_fork, anon_vma_prepare } from '../../lib/mm/rmap.js';
import { DATA, mapRange, plainFile, vmaAt } from '../mm/space.js';

const ON_CHECKED = { stubs: 'checked' } as const;

/** The VMAs that have the pages [from, last] of an anon_vma, by the start of each. */
function reached(anon: anon_vma | null, from: number, last: number): number[] {
  const starts: number[] = [];
  if (anon === null) return starts;
  for (let avc = anon_rmap_tree_iter_first(anon, from, last); avc !== null; ) {
    starts.push(avc.vma?.vm_start ?? -1);
    avc = anon_rmap_tree_iter_next(avc, from, last);
  }
  return starts;
}

function chainLength(vma: vm_area_struct): number {
  return [...list_for_each_entry(vma.anon_vma_chain)].length;
}

/** A fork of one VMA, as far as mm/rmap.c has part in it. The copy is in no tree. */
function forkOf(pvma: vm_area_struct, mm: mm_struct): { error: number; vma: vm_area_struct } {
  const vma = vm_area_dup(pvma);
  if (vma === null) throw new Error('no memory');
  vma.vm_mm = mm;
  return { error: anon_vma_fork(vma, pvma), vma };
}

function drop(...vmas: vm_area_struct[]): void {
  for (const vma of vmas) {
    stubs.unlink_anon_vmas(vma);
    vm_area_free(vma);
  }
}

function anonOf(vma: vm_area_struct): anon_vma {
  if (vma.anon_vma === null) throw new Error('no anon_vma');
  return vma.anon_vma;
}

function faults(t: VmaTest): CheckedWorld['faults'] {
  if (t.world.checkedWorld === null) throw new Error('no checked world');
  return t.world.checked.faults;
}

test('a first fault makes an anon_vma that is its own root', ON_CHECKED, (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  t.ASSERT_EQ(anon_vma_prepare(vma), 0);
  const anon = anonOf(vma);
  t.ASSERT_EQ(anon.root, anon);
  t.ASSERT_EQ(anon.parent, anon);
  t.ASSERT_EQ(anon.num_children, 1, 'itself');
  t.ASSERT_EQ(anon.num_active_vmas, 1);
  t.ASSERT_EQ(anon.refcount, 1);
  t.ASSERT_EQ(reached(anon, 0x10, 0x10).join(), String(0x10000));
  t.ASSERT_EQ(reached(anon, 0x14, 0x20).length, 0);
  t.unmapAll();
});

test('a neighbour that could be one VMA lends its anon_vma', ON_CHECKED, (t) => {
  const low = mapRange(t, 0x10000, 0x14000);
  t.fault(low);
  const high = mapRange(t, 0x14000, 0x18000, { bits: DATA.filter((bit) => bit !== VMA_READ_BIT) });
  t.ASSERT_NE(high, low, 'they differ in what mprotect() changes');
  t.fault(high);
  t.ASSERT_EQ(high.anon_vma, low.anon_vma);
  t.ASSERT_EQ(low.anon_vma?.num_active_vmas, 2);
  t.ASSERT_EQ(reached(low.anon_vma, 0x13, 0x14).length, 2);
  t.unmapAll();
});

test('memory that runs out in a first fault leaves nothing', ON_CHECKED, (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  for (const call of ['anon_vma_chain_alloc', 'anon_vma_alloc']) {
    faults(t).fail(call);
    t.ASSERT_EQ(anon_vma_prepare(vma), -ENOMEM, call);
    t.ASSERT_EQ(vma.anon_vma, null);
    t.ASSERT_EQ(chainLength(vma), 0);
  }
  t.unmapAll();
});

test('another thread that faults first wins', ON_CHECKED, (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  const lock = t.sandbox.stub(stubs, 'anon_vma_lock_write');
  lock.onFirstCall().callsFake((anon) => {
    // Between the allocation and the lock: the other thread's fault, whole.
    t.ASSERT_EQ(stubs.__anon_vma_prepare(vma), 0);
    lock.wrappedMethod(anon);
  });
  lock.callThrough();
  t.ASSERT_EQ(stubs.__anon_vma_prepare(vma), 0);
  t.ASSERT_EQ(chainLength(vma), 1);
  t.ASSERT_EQ(vma.anon_vma?.num_active_vmas, 1);
  t.sandbox.restore();
  t.unmapAll();
});

test('the locks of a fault are those of the kernel, in its order', ON_CHECKED, (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  const anonLock = t.sandbox.spy(stubs, 'anon_vma_lock_write');
  const tableLock = t.sandbox.spy(stubs, 'spin_lock');
  const insert = t.sandbox.spy(stubs, 'anon_rmap_tree_insert');
  const tableUnlock = t.sandbox.spy(stubs, 'spin_unlock');
  const anonUnlock = t.sandbox.spy(stubs, 'anon_vma_unlock_write');
  t.ASSERT_EQ(anon_vma_prepare(vma), 0);
  const order = [anonLock, tableLock, insert, tableUnlock, anonUnlock];
  for (const [i, spy] of order.entries()) {
    t.ASSERT_EQ(spy.callCount, 1);
    t.ASSERT_TRUE(i === 0 || order[i - 1]?.calledBefore(spy), 'in order');
  }
  t.ASSERT_TRUE(tableLock.calledWith(t.mm.page_table_lock));
  t.sandbox.restore();
  t.unmapAll();
});

test('a split shares, and both halves are reached where their pages are', ON_CHECKED, (t) => {
  const vma = mapRange(t, 0x10000, 0x18000);
  t.fault(vma);
  const anon = anonOf(vma);
  mapRange(t, 0x13000, 0x14000, { bits: [0] });
  t.ASSERT_EQ(anon.num_active_vmas, 2);
  t.ASSERT_EQ(reached(anon, 0x10, 0x17).join(), [0x10000, 0x14000].join());
  t.ASSERT_EQ(reached(anon, 0x13, 0x13).length, 0);
  t.ASSERT_EQ(reached(anon, 0x15, 0x15).join(), String(0x14000));
  t.unmapAll();
});

test('a fork has an anon_vma of its own below that of the parent', ON_CHECKED, (t) => {
  const parent = mapRange(t, 0x10000, 0x14000);
  t.fault(parent);
  const root = anonOf(parent);
  const child = forkOf(parent, t.newMm());
  t.ASSERT_EQ(child.error, 0);
  const own = anonOf(child.vma);
  t.ASSERT_NE(own, root);
  t.ASSERT_EQ(own.root, root);
  t.ASSERT_EQ(own.parent, root);
  t.ASSERT_EQ(root.num_children, 2);
  t.ASSERT_EQ(root.refcount, 2, 'the lock lives in the root');
  t.ASSERT_EQ(chainLength(child.vma), 2);
  t.ASSERT_EQ(reached(root, 0x10, 0x13).length, 2, 'a page that both have');
  t.ASSERT_EQ(reached(own, 0x10, 0x13).length, 1, 'a page that the child has written');
  drop(child.vma);
  t.ASSERT_EQ(root.num_children, 1);
  t.ASSERT_EQ(root.refcount, 1);
  t.unmapAll();
});

test('an anon_vma that nobody uses is used again by a grandchild', ON_CHECKED, (t) => {
  const parent = mapRange(t, 0x10000, 0x14000);
  t.fault(parent);
  const child = forkOf(parent, t.newMm()).vma;
  const grandchild = forkOf(child, t.newMm()).vma;
  const [own, below] = [anonOf(child), anonOf(grandchild)];
  t.ASSERT_EQ(below.parent, own);
  t.ASSERT_EQ(below.root, parent.anon_vma);
  drop(child);
  t.ASSERT_EQ(own.num_active_vmas, 0);
  const next = forkOf(grandchild, t.newMm()).vma;
  t.ASSERT_EQ(next.anon_vma, own, 'no new one');
  t.ASSERT_EQ(own.num_active_vmas, 1);
  t.ASSERT_EQ(chainLength(next), 3);
  // The parent goes first: its anon_vma, the root, must outlive it.
  t.unmapAll();
  drop(grandchild, next);
});

test('a fork that memory fails leaves nothing', ON_CHECKED, (t) => {
  const parent = mapRange(t, 0x10000, 0x14000);
  t.fault(parent);
  const child = forkOf(parent, t.newMm()).vma;
  const mm = t.newMm();
  const points: [string, number][] = [
    ['anon_vma_alloc', 1],
    ['anon_vma_chain_alloc', 1],
    ['anon_vma_chain_alloc', 2],
    ['anon_vma_chain_alloc', 3],
  ];
  for (const [call, n] of points) {
    faults(t).fail(call, n);
    const { error, vma } = forkOf(child, mm);
    t.ASSERT_EQ(error, -ENOMEM, `${call} ${n}`);
    t.ASSERT_EQ(vma.anon_vma, null);
    t.ASSERT_EQ(chainLength(vma), 0);
    vm_area_free(vma);
  }
  t.ASSERT_EQ(child.anon_vma?.num_children, 0);
  drop(child);
  t.unmapAll();
});

test('a VMA that was never faulted has nothing to fork or to unlink', ON_CHECKED, (t) => {
  const parent = mapRange(t, 0x10000, 0x14000);
  const child = forkOf(parent, t.newMm());
  t.ASSERT_EQ(child.error, 0);
  t.ASSERT_EQ(child.vma.anon_vma, null);
  drop(child.vma);
  t.unmapAll();
});

test('a file is found by its pages, a copy right behind its original', ON_CHECKED, (t) => {
  const f = plainFile();
  mapRange(t, 0x10000, 0x14000, { file: f, pgoff: 8 });
  mapRange(t, 0x20000, 0x28000, { file: f, pgoff: 2 });
  const mapping = f.f_mapping;
  const starts = (from: number, last: number): string => {
    const found: number[] = [];
    for (let vma = mapping_rmap_tree_iter_first(mapping, from, last); vma !== null; ) {
      found.push(vma.vm_start);
      vma = mapping_rmap_tree_iter_next(vma, from, last);
    }
    return found.join();
  };
  t.ASSERT_EQ(starts(2, 3), String(0x20000));
  t.ASSERT_EQ(starts(9, 9), [0x20000, 0x10000].join());
  t.ASSERT_EQ(starts(10, 11), String(0x10000));
  t.ASSERT_EQ(starts(12, 50), '');

  const copies: vm_area_struct[] = [];
  for (let n = 0; n < 3; n++) {
    const copy = vm_area_dup(vmaAt(t, 0x20000));
    if (copy === null) throw new Error('no memory');
    copy.vm_end -= n * PAGE_SIZE;
    mapping_rmap_tree_insert_after(copy, vmaAt(t, 0x20000), mapping);
    copies.push(copy);
  }
  t.ASSERT_EQ(starts(2, 2), [0x20000, 0x20000, 0x20000, 0x20000].join());
  t.ASSERT_EQ(starts(9, 9), [0x20000, 0x20000, 0x10000].join(), 'the copies that were cut do not reach so far');
  for (const copy of copies) {
    mapping_rmap_tree_remove(copy, mapping);
    vm_area_free(copy);
  }
  t.expectWarning('mapping_rmap_tree_insert_after', 'begins elsewhere');
  const odd = vm_area_dup(vmaAt(t, 0x10000));
  if (odd === null) throw new Error('no memory');
  mapping_rmap_tree_insert_after(odd, vmaAt(t, 0x20000), mapping);
  mapping_rmap_tree_remove(odd, mapping);
  vm_area_free(odd);
  t.unmapAll();
});
