// SPDX-License-Identifier: GPL-2.0-only
/** Where C's unsigned long wraps around, or is masked: held to 64-bit arithmetic. */
import fc from 'fast-check';
import { test } from '../../harness/index.js';
import {
  __mmap_region,
  current,
  do_munmap,
  MM_MT_FLAGS,
  mk_vma_flags,
  mlock_future_ok,
  mm_struct,
  NUM_VMA_FLAG_BITS,
  PAGE_SIZE,
  stubs,
  ULONG_MAX,
  unmapped_area,
  unmapped_area_topdown,
  VM_READ,
  VM_WRITE,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_READ_BIT,
  VMG_VMA_STATE,
  vm_stat_account,
  vm_unacct_memory,
  vm_unmapped_area_info,
} from '../../lib/index.js';
import { mapRange } from './space.js';

const BASE = 0x10000000;
const TOP = 0x40000000;

/** (a - b) & mask as C has it. */
function masked(a: number, b: number, mask: number): number {
  return Number(BigInt.asUintN(64, BigInt(a) - BigInt(b)) & BigInt(mask));
}

test('the search for room aligns with any mask, that of huge pages too', (t) => {
  const mm = new mm_struct(MM_MT_FLAGS);
  current.mm = mm;
  const HUGE = 0x200000;
  // PAGE_MASK & ~huge_page_mask, what mm/mmap.c and hugetlb pass; 2^n - 1 and others besides.
  const masks = fc.constantFrom(HUGE - PAGE_SIZE, 0x40000000 - PAGE_SIZE, 0x1fffff, 0, 0xf0f000, 0x7000);
  const pages = fc.integer({ min: 0, max: 0x400 });
  fc.assert(
    fc.property(masks, pages, pages, (align_mask, low, offset) => {
      const align_offset = offset * PAGE_SIZE;
      const info = { length: PAGE_SIZE, align_mask, align_offset };
      const low_limit = BASE + low * PAGE_SIZE;
      const up = unmapped_area(new vm_unmapped_area_info({ ...info, low_limit, high_limit: TOP * 8 }));
      const down = unmapped_area_topdown(new vm_unmapped_area_info({ ...info, low_limit, high_limit: TOP * 8 }));
      // Empty space: the answer is the limit, shifted by what C shifts it.
      const gap = TOP * 8 - PAGE_SIZE;
      return (
        up === low_limit + masked(align_offset, low_limit, align_mask) &&
        down === gap - masked(gap, align_offset, align_mask) &&
        up % PAGE_SIZE === 0 &&
        down % PAGE_SIZE === 0
      );
    }),
  );
  current.mm = t.mm;
});

test('sums of pages wrap below zero and above ULONG_MAX', (t) => {
  const { mm } = t;
  vm_stat_account(mm, VM_READ | VM_WRITE, -1);
  t.ASSERT_EQ(mm.total_vm, ULONG_MAX);
  t.ASSERT_EQ(mm.data_vm, ULONG_MAX);
  vm_stat_account(mm, VM_READ | VM_WRITE, 3);
  t.ASSERT_EQ(mm.total_vm, 2);
  t.ASSERT_EQ(mm.data_vm, 2);
  mm.total_vm = ULONG_MAX - 1;
  mm.data_vm = 0;
  vm_stat_account(mm, VM_READ, 4);
  t.ASSERT_EQ(mm.total_vm, 2);
  mm.total_vm = 0;
});

test('a sum that has wrapped is no sum that goes below zero', (t) => {
  mapRange(t, 0x10000, 0x12000);
  // One page was counted for somebody else: 2^64 - 1 is not less than the two that go.
  t.mm.data_vm = ULONG_MAX;
  t.ASSERT_EQ(do_munmap(t.mm, 0x10000, 2 * PAGE_SIZE, null), 0);
  t.ASSERT_EQ(t.mm.data_vm, ULONG_MAX - 2);
  t.mm.data_vm = 0;
});

test('locked pages that have wrapped wrap back in the check of the limit', (t) => {
  t.sandbox.stub(stubs, 'capable').returns(false);
  t.sandbox.stub(stubs, 'rlimit').returns(4 * PAGE_SIZE);
  t.mm.locked_vm = ULONG_MAX;
  t.ASSERT_TRUE(mlock_future_ok(t.mm, true, 5 * PAGE_SIZE), 'one less than what is asked for');
  t.ASSERT_FALSE(mlock_future_ok(t.mm, true, 6 * PAGE_SIZE));
  t.mm.locked_vm = 0;
});

test('a charge of nothing that is given back is 0, not -0', (t) => {
  const charge = t.sandbox.spy(stubs, 'vm_acct_memory');
  vm_unacct_memory(0);
  t.ASSERT_TRUE(Object.is(charge.firstCall.args[0], 0));
  vm_unacct_memory(3);
  t.ASSERT_EQ(charge.lastCall.args[0], -3);
});

test('writing the legacy half of a flags union leaves the bits past it', (t) => {
  const vma = mapRange(t, 0x10000, 0x11000);
  const vmg = VMG_VMA_STATE(VMA_ITERATOR(t.mm, 0x10000), null, vma, 0x10000, 0x11000);
  // Bit 127 at 128 bits, bit 63 at 64: the highest that there is.
  const high = NUM_VMA_FLAG_BITS - 1;
  for (const holder of [t.mm, vmg]) {
    const flags = holder === vmg ? vmg.vma_flags : t.mm.def_vma_flags;
    flags.assign(mk_vma_flags(VMA_READ_BIT, high));
    if (holder === vmg) vmg.vm_flags = VM_WRITE;
    else t.mm.def_flags = VM_WRITE;
    t.ASSERT_FLAGS_SAME_MASK(flags, high > 63 ? mk_vma_flags(1, high) : mk_vma_flags(1));
  }
  t.mm.def_vma_flags = mk_vma_flags();
  t.unmapAll();
});

test('an iterator has no range before its first walk', (t) => {
  const { mas } = VMA_ITERATOR(t.mm, 0x10000);
  t.ASSERT_EQ(mas.index, 0x10000);
  t.ASSERT_EQ(mas.last, 0);
  t.ASSERT_EQ(__mmap_region(null, 0x10000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT, VMA_LOCKED_BIT), 0x10, null), 0x10000);
  t.unmapAll();
});
