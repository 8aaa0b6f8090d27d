// SPDX-License-Identifier: GPL-2.0-only
/** Links between VMAs and files: one by one, in batches, and the count of writable shared mappings. */

import { alloc_and_link_vma, alloc_vma, test, type VmaTest } from '../../harness/index.js';
import {
  ENOMEM,
  EPERM,
  find_mergeable_anon_vma,
  globals,
  insert_vm_struct,
  mk_vma_flags,
  mmap_region,
  stubs,
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_init,
  unlink_file_vma_batch_process,
  unlink_vma_file_batch,
  VMA_ACCOUNT_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vm_stat_account,
  vma_end_anon_pgoff,
  vma_link,
  vma_set_anon_pgoff,
  vma_set_anonymous,
  vma_start_anon_pgoff,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile } from './space.js';

function vmaOf(t: VmaTest, start: number, end: number, ...bits: number[]): vm_area_struct {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('no memory');
  vma.vm_start = start;
  vma.vm_end = end;
  vma.flags = mk_vma_flags(...bits);
  return vma;
}

test('a batch unlinks its VMAs under one lock, and begins anew when full or for another file', (t) => {
  const files = [plainFile(), plainFile()];
  const vmas = files.flatMap((f, i) =>
    Array.from({ length: 10 }, (_, k) =>
      mapRange(t, 0x100000 * (i + 1) + k * 0x2000, 0x100000 * (i + 1) + k * 0x2000 + 0x1000, { file: f }),
    ),
  );
  const remove = t.sandbox.stub(stubs, 'mapping_rmap_tree_remove');
  const lock = t.sandbox.spy(stubs, 'i_mmap_lock_write');
  const vb = new unlink_vma_file_batch();

  unlink_file_vma_batch_init(vb);
  for (const vma of vmas) unlink_file_vma_batch_add(vb, vma);
  t.ASSERT_EQ(lock.callCount, 3, 'eight, two, eight');
  t.ASSERT_EQ(vb.count, 2);
  unlink_file_vma_batch_final(vb);
  t.ASSERT_EQ(lock.callCount, 4);
  t.ASSERT_EQ(remove.callCount, 20);
  t.ASSERT_EQ(vb.count, 0);
  unlink_file_vma_batch_final(vb);
  unlink_file_vma_batch_process(vb);
  t.ASSERT_EQ(lock.callCount, 4, 'an empty batch does nothing');
  t.sandbox.restore();
  t.unmapAll();
});

test('a VMA without a file does not enter a batch', (t) => {
  const vma = mapRange(t, 0x10000, 0x11000);
  const vb = new unlink_vma_file_batch();
  unlink_file_vma_batch_add(vb, vma);
  t.ASSERT_EQ(vb.count, 0);
  t.unmapAll();
});

test('shared writable mappings are counted on the file, and may be denied', (t) => {
  const f = plainFile();
  const flags = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_SHARED_BIT, VMA_MAYWRITE_BIT);
  t.ASSERT_EQ(mmap_region(f, 0x10000, 0x1000, flags, 0, null), 0x10000);
  t.sandbox.stub(stubs, 'mapping_unmap_writable').callsFake((mapping) => {
    mapping.i_mmap_writable--;
  });
  f.f_mapping.i_mmap_writable = -1;
  t.ASSERT_EQ(mmap_region(f, 0x20000, 0x1000, flags, 0x100, null), -EPERM);
  t.ASSERT_EQ(f.f_mapping.i_mmap_writable, -1);
  t.ASSERT_EQ(
    mmap_region(f, 0x30000, 0x1000, mk_vma_flags(VMA_READ_BIT), 0x200, null),
    0x30000,
    'reading is not denied',
  );
  f.f_mapping.i_mmap_writable = 1;
  t.sandbox.restore();
  t.unmapAll();
});

test('insert_vm_struct: an anonymous VMA gets the offset of its address', (t) => {
  const vma = vmaOf(t, 0x30000, 0x32000, ...DATA);
  vma_set_anonymous(vma);
  t.ASSERT_EQ(insert_vm_struct(t.mm, vma), 0);
  t.ASSERT_LAYOUT('0x30000-0x32000 pgoff=0x30');
  // Counting the pages is the caller's.
  t.ASSERT_EQ(t.mm.total_vm, 0);
  vm_stat_account(t.mm, vma.vm_flags, 2);
  t.unmapAll();
});

test('insert_vm_struct: a taken range, the commit limit and want of memory leave nothing behind', (t) => {
  mapRange(t, 0x31000, 0x33000);
  const vma = vmaOf(t, 0x30000, 0x32000, ...DATA, VMA_ACCOUNT_BIT);
  t.ASSERT_EQ(insert_vm_struct(t.mm, vma), -ENOMEM, 'taken');

  vma.vm_end = 0x31000;
  const charge = t.sandbox.stub(stubs, 'security_vm_enough_memory_mm').returns(-ENOMEM);
  t.ASSERT_EQ(insert_vm_struct(t.mm, vma), -ENOMEM, 'commit limit');
  charge.returns(0);
  const acct = t.sandbox.spy(stubs, 'vm_acct_memory');
  globals.fail_prealloc = true;
  t.ASSERT_EQ(insert_vm_struct(t.mm, vma), -ENOMEM, 'tree');
  t.ASSERT_TRUE(acct.calledOnceWithExactly(-1), 'the charge is given back');
  globals.fail_prealloc = false;
  t.ASSERT_LAYOUT('0x31000-0x33000');
  vm_area_free(vma);
  t.sandbox.restore();
  t.unmapAll();
});

test('vma_link: want of memory leaves the VMA detached', (t) => {
  const vma = vmaOf(t, 0x30000, 0x32000, VMA_READ_BIT);
  globals.fail_prealloc = true;
  t.ASSERT_EQ(vma_link(t.mm, vma), -ENOMEM);
  globals.fail_prealloc = false;
  t.ASSERT_EQ(vma.vm_refcnt, 0);
  t.ASSERT_EQ(t.mm.map_count, 0);
  vm_area_free(vma);
});

test('find_mergeable_anon_vma: that of a neighbour, but of none that does not touch', (t) => {
  const flags = mk_vma_flags(...DATA);
  const far = alloc_and_link_vma(t.mm, 0x10000, 0x12000, 0x10, flags);
  // Its offsets go on where those of the one before end: only a page of nothing lies between them.
  const vma = alloc_vma(t.mm, 0x13000, 0x14000, 0x12, flags);
  vma_set_anon_pgoff(vma, 0x12);
  t.ASSERT_EQ(vma_link(t.mm, vma), 0);
  t.fault(far);
  t.ASSERT_NE(far.anon_vma, null);
  t.ASSERT_EQ(vma_end_anon_pgoff(far), vma_start_anon_pgoff(vma));
  t.ASSERT_EQ(find_mergeable_anon_vma(vma), null);
  const next = alloc_vma(t.mm, 0x14000, 0x15000, 0x13, flags);
  vma_set_anon_pgoff(next, 0x13);
  t.ASSERT_EQ(vma_link(t.mm, next), 0);
  t.ASSERT_EQ(find_mergeable_anon_vma(vma), null, 'one that touches has none');
  t.fault(next);
  t.ASSERT_EQ(find_mergeable_anon_vma(vma), next.anon_vma);
  t.ASSERT_NE(next.anon_vma, far.anon_vma);
  t.mm.total_vm += 4;
  t.mm.data_vm += 4;
  t.unmapAll();
});
