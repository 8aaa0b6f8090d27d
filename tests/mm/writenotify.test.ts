// SPDX-License-Identifier: GPL-2.0-only
/** Dirty tracking and the page protection that follows from it. */

import { test } from '../../harness/index.js';
import {
  __pgprot,
  file,
  mk_vma_flags,
  pgprot_val,
  stubs,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  VMA_PFNMAP_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  vm_area_struct,
  vm_get_page_prot,
  vma_mmu_pagesize,
  vma_needs_dirty_tracking,
  vma_set_page_prot,
  vma_wants_manual_pte_write_upgrade,
  vma_wants_writenotify,
} from '../../lib/index.js';

function sharedWritable(...more: number[]): vm_area_struct {
  return new vm_area_struct({ flags: mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_SHARED_BIT, ...more) });
}

const SHARED_PROT = vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED);

test('only shared writable memory is tracked', (t) => {
  for (const bits of [[], [VMA_WRITE_BIT], [VMA_SHARED_BIT]]) {
    const vma = new vm_area_struct({ flags: mk_vma_flags(...bits) });
    vma.vm_ops = { page_mkwrite: () => 0 };
    vma.vm_file = new file();
    t.ASSERT_FALSE(vma_needs_dirty_tracking(vma));
    t.ASSERT_FALSE(vma_wants_writenotify(vma, SHARED_PROT));
  }
});

test('a hook for the first write asks for it', (t) => {
  for (const vm_ops of [{ page_mkwrite: () => 0 }, { pfn_mkwrite: () => 0 }]) {
    const vma = sharedWritable();
    vma.vm_ops = vm_ops;
    t.ASSERT_TRUE(vma_needs_dirty_tracking(vma));
    t.ASSERT_TRUE(vma_wants_writenotify(vma, SHARED_PROT));
  }
});

test('a file system that writes back asks for it', (t) => {
  const vma = sharedWritable();
  t.ASSERT_FALSE(vma_needs_dirty_tracking(vma), 'no file');
  vma.vm_file = new file();
  t.ASSERT_TRUE(vma_needs_dirty_tracking(vma));
  t.ASSERT_TRUE(vma_wants_writenotify(vma, SHARED_PROT));
  t.sandbox.stub(stubs, 'mapping_can_writeback').returns(false);
  t.ASSERT_FALSE(vma_needs_dirty_tracking(vma));
  t.ASSERT_FALSE(vma_wants_writenotify(vma, SHARED_PROT));
});

test('raw page frames have nothing to write back', (t) => {
  const vma = sharedWritable(VMA_PFNMAP_BIT);
  vma.vm_file = new file();
  t.ASSERT_FALSE(vma_needs_dirty_tracking(vma));
});

test('a protection that a driver changed is left alone', (t) => {
  const vma = sharedWritable();
  vma.vm_file = new file();
  t.ASSERT_FALSE(vma_wants_writenotify(vma, __pgprot(0n)));
});

test('soft-dirty tracking asks for it, but for huge pages', (t) => {
  const vma = sharedWritable();
  t.sandbox.stub(stubs, 'vma_soft_dirty_enabled').returns(true);
  t.ASSERT_TRUE(vma_wants_writenotify(vma, SHARED_PROT));
  t.sandbox.stub(stubs, 'is_vm_hugetlb_page').returns(true);
  t.ASSERT_FALSE(vma_wants_writenotify(vma, SHARED_PROT));
});

test('userfaultfd write protection asks for it', (t) => {
  const vma = sharedWritable();
  t.sandbox.stub(stubs, 'userfaultfd_wp').returns(true);
  t.ASSERT_TRUE(vma_wants_writenotify(vma, SHARED_PROT));
});

test('the protection gets what the flags say, and keeps what it had: pgprot_modify() only adds', (t) => {
  for (const vm_ops of [null, { page_mkwrite: () => 0 }]) {
    const vma = sharedWritable();
    vma.vm_ops = vm_ops;
    vma.vm_page_prot = __pgprot(0x1000n);
    const before = vma.flags.clone();
    vma_set_page_prot(vma);
    t.ASSERT_EQ(pgprot_val(vma.vm_page_prot), 0x1000n | VM_READ | VM_WRITE | VM_SHARED);
    t.ASSERT_FLAGS_SAME_MASK(vma.flags, before, 'where writes are watched the shared bit is left out of a copy');
  }
});

test('page table entries are upgraded by hand for private writable memory, or where writes are watched', (t) => {
  const priv = new vm_area_struct({ flags: mk_vma_flags(VMA_WRITE_BIT) });
  t.ASSERT_TRUE(vma_wants_manual_pte_write_upgrade(priv));
  t.ASSERT_FALSE(vma_wants_manual_pte_write_upgrade(new vm_area_struct()));

  const shared = sharedWritable();
  shared.vm_page_prot = SHARED_PROT;
  t.ASSERT_FALSE(vma_wants_manual_pte_write_upgrade(shared));
  shared.vm_ops = { page_mkwrite: () => 0 };
  t.ASSERT_TRUE(vma_wants_manual_pte_write_upgrade(shared));
});

test('the MMU uses the page size that the kernel does', (t) => {
  t.ASSERT_EQ(vma_mmu_pagesize(sharedWritable()), 0x1000);
  t.sandbox.stub(stubs, 'vma_kernel_pagesize').returns(0x200000);
  t.ASSERT_EQ(vma_mmu_pagesize(sharedWritable()), 0x200000);
});
