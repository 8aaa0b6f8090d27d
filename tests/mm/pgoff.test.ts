// SPDX-License-Identifier: GPL-2.0-only
/** The two page offsets of a VMA: of its file or address, and of its anonymous pages. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  __install_special_mapping,
  __mmap_region,
  copy_vma,
  do_munmap,
  ENOMEM,
  expand_downwards,
  type file,
  find_mergeable_anon_vma,
  IS_ERR,
  linear_anon_page_index,
  linear_page_index,
  mk_vma_flags,
  PAGE_SIZE,
  PTR_ERR,
  Ref,
  split_vma,
  stubs,
  VM_LOCKED,
  VM_READ,
  VMA_DONTEXPAND_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  type vm_area_struct,
  vma_end_anon_pgoff,
  vma_last_anon_pgoff,
  vma_merge_extend,
  vma_set_anon_pgoff,
  vma_set_pgoff,
  vma_shrink,
  vma_start_anon_pgoff,
  vma_start_pgoff,
  vma_test,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile, vmaAt } from './space.js';

/** Both offsets of the VMA at addr. */
function offsetsAt(t: VmaTest, addr: number): [pgoff: number, anon_pgoff: number] {
  const vma = vmaAt(t, addr);
  return [vma_start_pgoff(vma), vma_start_anon_pgoff(vma)];
}

function assertOffsets(t: VmaTest, addr: number, pgoff: number, anon_pgoff: number): void {
  const [found, foundAnon] = offsetsAt(t, addr);
  t.ASSERT_EQ(found, pgoff, 'pgoff');
  t.ASSERT_EQ(foundAnon, anon_pgoff, 'anon_pgoff');
}

/** A private mapping of a file, from page 7 of it on. */
function privateFile(t: VmaTest, f: file, start: number, end: number, pgoff = 7): vm_area_struct {
  return mapRange(t, start, end, { file: f, pgoff });
}

test('that of anonymous pages begins as the address, whatever is mapped', (t) => {
  mapRange(t, 0x10000, 0x12000);
  assertOffsets(t, 0x10000, 0x10, 0x10);
  privateFile(t, plainFile(), 0x20000, 0x22000);
  assertOffsets(t, 0x20000, 7, 0x20);
  mapRange(t, 0x30000, 0x32000, { file: plainFile(), pgoff: 9, bits: [VMA_READ_BIT, VMA_SHARED_BIT] });
  assertOffsets(t, 0x30000, 9, 0x30);
  t.unmapAll();
});

test('an offset past 32 bits is held whole', (t) => {
  const vma = privateFile(t, plainFile(), 0x20000, 0x21000);
  stubs.vma_start_write(vma);
  for (const pgoff of [0, 0xffffffff, 0x100000000, 0x1fffff_ffffffff, 0x12345_6789abcd]) {
    vma_set_anon_pgoff(vma, pgoff);
    t.ASSERT_EQ(vma_start_anon_pgoff(vma), pgoff);
    t.ASSERT_EQ(vma_end_anon_pgoff(vma), pgoff + 1);
    t.ASSERT_EQ(vma_last_anon_pgoff(vma), pgoff);
  }
  t.unmapAll();
});

test('both follow a split, a hole, a shrink and a growth', (t) => {
  const f = plainFile();
  const vma = privateFile(t, f, 0x20000, 0x28000);
  t.ASSERT_EQ(split_vma(VMA_ITERATOR(t.mm, 0x20000), vma, 0x22000, true), 0);
  assertOffsets(t, 0x20000, 7, 0x20);
  assertOffsets(t, 0x22000, 9, 0x22);
  t.ASSERT_EQ(split_vma(VMA_ITERATOR(t.mm, 0x22000), vma, 0x24000, false), 0);
  assertOffsets(t, 0x22000, 9, 0x22);
  assertOffsets(t, 0x24000, 11, 0x24);

  const upper = vmaAt(t, 0x24000);
  t.ASSERT_EQ(vma_shrink(VMA_ITERATOR(t.mm, 0x24000), upper, 0x26000), 0);
  assertOffsets(t, 0x24000, 11, 0x24);
  t.ASSERT_EQ(vma_merge_extend(VMA_ITERATOR(t.mm, 0x26000), upper, 0x1000), upper);
  assertOffsets(t, 0x24000, 11, 0x24);
  t.mm.total_vm--;
  t.mm.data_vm--;
  t.unmapAll();
});

test('a stack takes both down with it', (t) => {
  const stack = mapRange(t, 0x800000, 0x804000, { bits: [...DATA, VMA_GROWSDOWN_BIT] });
  t.ASSERT_EQ(expand_downwards(stack, 0x7fe000), 0);
  assertOffsets(t, 0x7fe000, 0x7fe, 0x7fe);
  t.unmapAll();
});

/** Moves a faulted private file mapping from 0x20000 to `to`, as mremap() does. */
function moveFaulted(t: VmaTest, f: file, to: number): vm_area_struct {
  const source = privateFile(t, f, 0x20000, 0x21000);
  t.fault(source);
  const moved = copy_vma(new Ref(source), to, PAGE_SIZE, 7, 0x20, new Ref(false), false);
  if (moved === null) throw new Error('no copy');
  t.ASSERT_EQ(do_munmap(t.mm, 0x20000, PAGE_SIZE, null), 0);
  t.mm.total_vm++;
  t.mm.data_vm++;
  return moved;
}

test('what was faulted keeps it through a move, what was not takes that of its new address', (t) => {
  const f = plainFile();
  const moved = moveFaulted(t, f, 0x40000);
  assertOffsets(t, 0x40000, 7, 0x20);
  t.ASSERT_EQ(linear_page_index(moved, 0x40000), 7);
  t.ASSERT_EQ(linear_anon_page_index(moved, 0x40000), 0x20);

  const fresh = privateFile(t, f, 0x50000, 0x51000, 0x70);
  t.ASSERT_NE(copy_vma(new Ref(fresh), 0x60000, PAGE_SIZE, 0x70, 0x50, new Ref(false), false), null);
  t.mm.total_vm++;
  t.mm.data_vm++;
  assertOffsets(t, 0x60000, 0x70, 0x60);
  t.unmapAll();
});

test('private mappings of a file merge only where both offsets follow on', (t) => {
  const f = plainFile();
  moveFaulted(t, f, 0x40000);
  privateFile(t, f, 0x41000, 0x42000, 8);
  t.ASSERT_EQ(t.mm.map_count, 2, 'the file follows on, the anonymous pages do not');
  privateFile(t, f, 0x3f000, 0x40000, 6);
  t.ASSERT_EQ(t.mm.map_count, 3);

  privateFile(t, f, 0x42000, 0x43000, 9);
  t.ASSERT_EQ(t.mm.map_count, 3, 'here both do');
  t.unmapAll();
});

test('shared mappings have no anonymous pages to follow on', (t) => {
  const f = plainFile();
  const bits = [VMA_READ_BIT, VMA_SHARED_BIT];
  const left = mapRange(t, 0x40000, 0x41000, { file: f, pgoff: 7, bits });
  stubs.vma_start_write(left);
  vma_set_anon_pgoff(left, 0x99);
  t.ASSERT_EQ(mapRange(t, 0x41000, 0x42000, { file: f, pgoff: 8, bits }), left);
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.unmapAll();
});

test('an anon_vma is lent only where both offsets follow on', { stubs: 'checked' }, (t) => {
  const f = plainFile();
  const moved = moveFaulted(t, f, 0x40000);
  const right = privateFile(t, f, 0x41000, 0x42000, 8);
  t.ASSERT_EQ(find_mergeable_anon_vma(right), null);
  stubs.vma_start_write(right);
  vma_set_anon_pgoff(right, 0x21);
  t.ASSERT_EQ(find_mergeable_anon_vma(right), moved.anon_vma);
  vma_set_anon_pgoff(right, 0x41);
  t.unmapAll();
});

test('anonymous memory without pages whose offset is not its address is a warning', (t) => {
  const vma = mapRange(t, 0x10000, 0x11000);
  stubs.vma_start_write(vma);
  t.expectWarning('assert_sane_pgoff', 'not its address');
  vma_set_pgoff(vma, 0x500);
  vma_set_pgoff(vma, 0x10);
  t.fault(vma);
  vma_set_pgoff(vma, 0x500);
  vma_set_pgoff(vma, 0x10);
  t.unmapAll();
});

test('a VMA in a tree is changed under its write lock only', { stubs: 'checked' }, (t) => {
  const vma = mapRange(t, 0x10000, 0x11000);
  t.world.unlock(t.mm);
  t.world.lock(t.mm);
  t.world.checkedWorld?.reports.expectAssertion('vma_assert_can_modify');
  vma_set_anon_pgoff(vma, 0x10);
  t.unmapAll();
});

test('a page index of what cannot have anonymous pages is a warning', (t) => {
  const shared = mapRange(t, 0x10000, 0x11000, { file: plainFile(), bits: [VMA_READ_BIT, VMA_SHARED_BIT] });
  t.expectWarning('linear_anon_page_index', 'no copy-on-write mapping');
  t.ASSERT_EQ(linear_anon_page_index(shared, 0x10000), 0x10);
  t.unmapAll();
});

test('the kernel maps something of its own', (t) => {
  const closed: number[][] = [];
  const close = (vma: vm_area_struct): void => void closed.push([vma.vm_start, vma.vm_end]);
  const ops = { close };
  const priv = { vdso: true };
  t.mm.def_vma_flags = mk_vma_flags(VMA_LOCKED_BIT);
  const event = t.sandbox.spy(stubs, 'perf_event_mmap');
  const vma = __install_special_mapping(t.mm, 0x7f0000, 2 * PAGE_SIZE, VM_READ | VM_LOCKED, priv, ops);
  if (IS_ERR(vma)) throw new Error(`it failed with ${PTR_ERR(vma)}`);
  t.ASSERT_EQ(vma.vm_ops, ops);
  t.ASSERT_EQ(vma.vm_private_data, priv);
  t.ASSERT_TRUE(vma_test(vma, VMA_DONTEXPAND_BIT));
  t.ASSERT_FALSE(vma_test(vma, VMA_LOCKED_BIT), 'never locked');
  assertOffsets(t, 0x7f0000, 0, 0x7f0);
  t.ASSERT_EQ(t.mm.total_vm, 2);
  t.ASSERT_TRUE(event.calledOnceWithExactly(vma));
  t.unmapAll();
  t.equal(closed, [[0x7f0000, 0x7f0000 + 2 * PAGE_SIZE]]);
});

test('a special mapping that cannot be leaves nothing', (t) => {
  mapRange(t, 0x7f0000, 0x7f1000);
  const install = () => __install_special_mapping(t.mm, 0x7f0000, PAGE_SIZE, VM_READ, null, {});
  t.ASSERT_EQ(install(), -ENOMEM, 'the range is taken');
  t.sandbox.stub(stubs, 'vm_area_cache_alloc').returns(null);
  t.ASSERT_EQ(install(), -ENOMEM, 'no memory for the VMA');
  t.sandbox.restore();
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.ASSERT_EQ(__mmap_region(null, 0x7f0000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), 0x7f0, null), 0x7f0000);
  t.unmapAll();
});
