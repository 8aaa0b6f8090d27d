// SPDX-License-Identifier: GPL-2.0-only
/** do_vmi_munmap() and __vm_munmap(): ranges, splits, sealing, locks, userfaultfd, and what stays after a failure. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  __vm_munmap,
  do_munmap,
  do_vmi_munmap,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  globals,
  init_vma_munmap,
  list_head,
  maple_slab,
  PAGE_SIZE,
  stubs,
  TASK_SIZE,
  unmap_desc,
  unmap_region,
  VMA_EXEC_BIT,
  VMA_ITERATOR,
  VMA_READ_BIT,
  VMA_SEALED_BIT,
  vm_area_struct,
  vm_munmap,
  vma_munmap_struct,
  vms_abort_munmap_vmas,
  vms_clean_up_area,
  vms_complete_munmap_vmas,
  vms_gather_munmap_vmas,
} from '../../lib/index.js';
import { detachedTree } from '../../lib/mm/vma/side_trees.js';
import { DATA, mapRange, plainFile } from './space.js';

function munmap(t: VmaTest, start: number, len: number, uf: list_head | null = null): number {
  return do_vmi_munmap(VMA_ITERATOR(t.mm, start), t.mm, start, len, uf, false);
}

test('a range that is no range of user space is refused', (t) => {
  t.ASSERT_EQ(munmap(t, 0x1001, 0x1000), -EINVAL, 'unaligned start');
  t.ASSERT_EQ(munmap(t, 0x1000, 0), -EINVAL, 'no length');
  t.ASSERT_EQ(munmap(t, TASK_SIZE + PAGE_SIZE, 0x1000), -EINVAL, 'past user space');
  t.ASSERT_EQ(munmap(t, 0x1000, TASK_SIZE), -EINVAL, 'reaches past user space');
  t.ASSERT_EQ(munmap(t, 0, TASK_SIZE), 0, 'all of user space');
});

test('a length is rounded up to pages', (t) => {
  mapRange(t, 0x10000, 0x14000);
  t.ASSERT_EQ(munmap(t, 0x10000, 0x1001), 0);
  t.ASSERT_LAYOUT('0x12000-0x14000 pgoff=0x12');
  t.unmapAll();
});

test('a hole in the middle makes two of one', (t) => {
  mapRange(t, 0x10000, 0x16000);
  t.ASSERT_EQ(munmap(t, 0x12000, 0x2000), 0);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000 pgoff=0x10
    0x14000-0x16000 pgoff=0x14`);
  t.ASSERT_EQ(t.mm.map_count, 2);
  t.ASSERT_EQ(t.mm.total_vm, 4);
  t.unmapAll();
});

test('a range over several VMAs cuts the outer two and removes the rest', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x12000, 0x14000, { bits: [VMA_READ_BIT] });
  mapRange(t, 0x15000, 0x17000);
  t.ASSERT_EQ(munmap(t, 0x11000, 0x5000), 0);
  t.ASSERT_LAYOUT(`
    0x10000-0x11000 pgoff=0x10
    0x16000-0x17000 pgoff=0x16`);
  t.unmapAll();
});

test('a hole is refused when the address space is full of VMAs, a cut at the edge is not', (t) => {
  mapRange(t, 0x10000, 0x16000);
  globals.sysctl_max_map_count = 1;
  t.ASSERT_EQ(munmap(t, 0x12000, 0x1000), -ENOMEM);
  t.ASSERT_LAYOUT('0x10000-0x16000');
  t.ASSERT_EQ(munmap(t, 0x14000, 0x2000), 0);
  t.ASSERT_LAYOUT('0x10000-0x14000');
  t.unmapAll();
});

test('a sealed VMA stays, wherever in the range it lies', (t) => {
  const sealed = [...DATA, VMA_SEALED_BIT];
  mapRange(t, 0x10000, 0x12000);
  const vma = mapRange(t, 0x12000, 0x14000, { bits: sealed });
  const layout = `
    0x10000-0x12000
    0x12000-0x14000`;
  t.ASSERT_EQ(munmap(t, 0x10000, 0x4000), -EPERM, 'second of the range');
  t.ASSERT_LAYOUT(layout);
  t.ASSERT_EQ(munmap(t, 0x13000, 0x1000), -EPERM, 'to be cut at the start');
  t.ASSERT_EQ(munmap(t, 0x12000, 0x1000), -EPERM, 'to be cut at the end');
  t.ASSERT_LAYOUT(layout);
  vma.flags.w1 = 0;
  t.unmapAll();
});

test('a driver that refuses the split is heard', (t) => {
  const vma = mapRange(t, 0x10000, 0x14000, { file: plainFile() });
  vma.vm_ops = { may_split: () => -EINVAL };
  t.ASSERT_EQ(munmap(t, 0x10000, 0x1000), -EINVAL);
  t.ASSERT_EQ(munmap(t, 0x11000, 0x3000), -EINVAL);
  t.ASSERT_LAYOUT('0x10000-0x14000 file');
  t.ASSERT_EQ(munmap(t, 0x10000, 0x4000), 0, 'no split, no question');
});

test('userfaultfd is asked for each VMA, and its refusal undoes all but the splits', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x12000, 0x15000, { bits: [VMA_READ_BIT] });
  const prep = t.sandbox.stub(stubs, 'userfaultfd_unmap_prep').returns(0);
  prep.onSecondCall().returns(-ENOMEM);
  const uf = new list_head();

  t.ASSERT_EQ(munmap(t, 0x10000, 0x4000, uf), -ENOMEM);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x14000
    0x14000-0x15000`);
  t.ASSERT_EQ(t.mm.map_count, 3);

  prep.reset();
  prep.returns(0);
  t.ASSERT_EQ(munmap(t, 0x10000, 0x4000, uf), 0);
  t.ASSERT_EQ(prep.callCount, 2);
  t.ASSERT_EQ(prep.firstCall.args[3], uf);
  t.unmapAll();
});

test('no memory for the side tree, or to clear the range, leaves the VMAs attached', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x12000, 0x14000, { bits: [VMA_READ_BIT] });
  const alloc = t.sandbox.stub(maple_slab, 'alloc').returns(false);
  t.ASSERT_EQ(munmap(t, 0x10000, 0x4000), -ENOMEM);
  alloc.restore();
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x14000`);
  t.ASSERT_EQ(t.mm.total_vm, 4);
  t.unmapAll();
});

test('page tables are cleared up to the neighbours', (t) => {
  mapRange(t, 0x10000, 0x11000);
  mapRange(t, 0x13000, 0x14000);
  mapRange(t, 0x18000, 0x19000);
  const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
  t.ASSERT_EQ(munmap(t, 0x13000, 0x1000), 0);
  const [, desc] = unmap.firstCall.args;
  t.ASSERT_EQ(desc.pg_start, 0x11000);
  t.ASSERT_EQ(desc.pg_end, 0x18000);
  t.ASSERT_EQ(desc.vma_start, 0x13000);
  t.ASSERT_EQ(desc.vma_end, 0x14000);
  t.ASSERT_TRUE(desc.mm_wr_locked);
  t.unmapAll();
});

test('the sums of each kind of mapping come down', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x20000, 0x23000, { bits: [VMA_READ_BIT, VMA_EXEC_BIT] });
  t.ASSERT_EQ(t.mm.data_vm, 2);
  t.ASSERT_EQ(t.mm.exec_vm, 3);
  t.ASSERT_EQ(munmap(t, 0x21000, 0x1000), 0);
  t.ASSERT_EQ(t.mm.exec_vm, 2);
  const acct = t.sandbox.spy(stubs, 'vm_acct_memory');
  t.ASSERT_EQ(munmap(t, 0x10000, 0x1000), 0);
  t.ASSERT_EQ(t.mm.data_vm, 1);
  t.ASSERT_TRUE(acct.calledWithExactly(-1), 'one accounted page is given back');
  t.unmapAll();
});

test('vm_munmap takes the lock and drops it, and __vm_munmap may downgrade it', (t) => {
  mapRange(t, 0x10000, 0x14000);
  t.world.unlock(t.mm);
  t.ASSERT_EQ(vm_munmap(0x10000, 0x1000), 0);
  const downgrade = t.sandbox.spy(stubs, 'mmap_write_downgrade');
  t.ASSERT_EQ(__vm_munmap(0x11000, 0x1000, true), 0);
  t.ASSERT_EQ(downgrade.callCount, 1);
  t.ASSERT_EQ(__vm_munmap(0x50000, 0x1000, true), 0, 'nothing there: the lock goes all the same');
  t.ASSERT_EQ(__vm_munmap(0x1001, 0x1000, true), -EINVAL, 'a failure drops it too');
  t.sandbox.stub(stubs, 'mmap_write_lock_killable').returns(-EINTR);
  t.ASSERT_EQ(vm_munmap(0x10000, 0x1000), -EINTR);
  t.sandbox.restore();
  t.world.lock(t.mm);
  t.ASSERT_LAYOUT('0x12000-0x14000');
  t.ASSERT_EQ(do_munmap(t.mm, 0x12000, 0x2000, null), 0);
});

test('a close hook unmaps another range: each unmap has a side tree of its own', (t) => {
  const nested = t.sandbox.fake(() => t.ASSERT_EQ(munmap(t, 0x20000, 0x3000), 0));
  for (const start of [0x10000, 0x11000, 0x12000]) {
    const vma = mapRange(t, start, start + PAGE_SIZE, { file: plainFile() });
    if (start === 0x11000) vma.vm_ops = { close: nested };
  }
  for (const start of [0x20000, 0x21000, 0x22000, 0x30000]) {
    mapRange(t, start, start + PAGE_SIZE, { file: plainFile() });
  }
  t.ASSERT_EQ(munmap(t, 0x10000, 0x3000), 0);
  t.ASSERT_EQ(nested.callCount, 1);
  t.ASSERT_LAYOUT('0x30000-0x31000 pgoff=0x30');
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.ASSERT_EQ(t.mm.total_vm, 1);
  t.ASSERT_EQ(munmap(t, 0x30000, 0x1000), 0, 'and the next one finds an empty side tree');
  t.unmapAll();
});

test('an unmap without a first VMA, and page tables of a VMA without an address space, are refused by name', (t) => {
  const vmi = VMA_ITERATOR(t.mm, 0x10000);
  const gather = () => vms_gather_munmap_vmas(new vma_munmap_struct(vmi), detachedTree(vmi));
  t.throws(gather, /^vms_gather_munmap_vmas: vms.vma = null: must be set/);
  const unmap = new unmap_desc(vmi.mas, new vm_area_struct());
  t.throws(() => unmap_region(unmap), /^unmap_region: unmap.first.vm_mm = null: must be set/);
});

test('an unmap that has gathered nothing has nothing to clean up, to complete or to undo', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  const vmi = VMA_ITERATOR(t.mm, 0x20000);
  const vms = new vma_munmap_struct(vmi);
  init_vma_munmap(vms, vmi, null, 0x20000, 0x22000, null, false);
  t.ASSERT_EQ(vms.start, 0);
  t.ASSERT_EQ(vms.end, 0);
  const detached = detachedTree(vmi);
  const clear = t.sandbox.spy(stubs, 'unmap_vmas');
  const update = t.sandbox.spy(stubs, 'update_hiwater_vm');
  vms.vma = vma;
  vms.clear_ptes = true;
  vms_clean_up_area(vms, detached);
  vms_complete_munmap_vmas(vms, detached);
  vms.clear_ptes = false;
  // It would clear [start, end) of the tree, which begins with what is not its own.
  vms.start = 0x10000;
  vms.end = 0x12000;
  vms_abort_munmap_vmas(vms, detached);
  t.ASSERT_FALSE(clear.called);
  t.ASSERT_FALSE(update.called);
  t.ASSERT_LAYOUT('0x10000-0x12000');
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.ASSERT_EQ(t.mm.total_vm, 2);
  t.unmapAll();
});

test('a VMA without an address space is refused by name when it would be split', (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  const vmi = VMA_ITERATOR(t.mm, 0x11000);
  const vms = new vma_munmap_struct(vmi);
  init_vma_munmap(vms, vmi, vma, 0x11000, 0x12000, null, false);
  const { vm_mm } = vma;
  vma.vm_mm = null;
  t.throws(
    () => vms_gather_munmap_vmas(vms, detachedTree(vmi)),
    /^vms_gather_munmap_vmas: vma.vm_mm = null: must be set/,
  );
  vma.vm_mm = vm_mm;
  t.unmapAll();
});
