// SPDX-License-Identifier: GPL-2.0-only
/** What CONFIG_DEBUG_VM_MAPLE_TREE compiles in: it speaks up with `globals.debug_vm_maple_tree`, and only with it. */

import { test } from '../../harness/index.js';
import {
  globals,
  stubs,
  VMA_ITERATOR,
  validate_mm,
  type vm_area_struct,
  vma_iter_load,
  vma_iter_store_overwrite,
} from '../../lib/index.js';
import { mapRange } from './space.js';

/** Moves one end of a VMA behind the tree's back for the time of a check. */
function withRange(
  vma: vm_area_struct,
  range: Partial<Pick<vm_area_struct, 'vm_start' | 'vm_end'>>,
  check: () => void,
) {
  const { vm_start, vm_end } = vma;
  Object.assign(vma, range);
  check();
  Object.assign(vma, { vm_start, vm_end });
}

test('a VMA whose ends the tree has elsewhere is a warning for each end', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  const check = () => validate_mm(t.mm);
  check();
  t.expectWarning('validate_mm', 'VMA says 0x10000-0x13000, the tree has it at 0x10000-0x12000');
  withRange(vma, { vm_end: 0x13000 }, check);
  t.expectWarning('validate_mm', 'VMA says 0xf000-0x12000');
  withRange(vma, { vm_start: 0xf000 }, check);
  t.expectWarning('validate_mm', 'VMA says 0xf000-0x13000');
  t.expectWarning('validate_mm', 'VMA says 0xf000-0x13000');
  withRange(vma, { vm_start: 0xf000, vm_end: 0x13000 }, check);

  globals.debug_vm_maple_tree = false;
  withRange(vma, { vm_end: 0x13000 }, check);
  t.unmapAll();
});

test('a wrong count of VMAs is a bug, and no walk is endless', (t) => {
  for (let page = 0; page < 12; page++) mapRange(t, 0x100000 + page * 0x2000, 0x101000 + page * 0x2000);
  t.mm.map_count = 11;
  t.throws(() => validate_mm(t.mm), /validate_mm: map_count is 11, the tree holds 12 VMAs/);
  t.mm.map_count = 1;
  t.throws(() => validate_mm(t.mm), /validate_mm: map_count is 1, the tree holds more than 10 more VMAs/);
  t.mm.map_count = 12;
  t.unmapAll();
});

test('the links of a faulted VMA are looked at under the lock of its anon_vma', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  t.fault(vma);
  const { anon_vma } = vma;
  if (anon_vma === null) throw new Error('it was not faulted');
  const lock = t.sandbox.spy(stubs, 'anon_vma_lock_read');
  const verify = t.sandbox.spy(stubs, 'anon_rmap_tree_verify');
  const unlock = t.sandbox.spy(stubs, 'anon_vma_unlock_read');
  validate_mm(t.mm);
  t.ASSERT_TRUE(lock.calledOnceWithExactly(anon_vma));
  t.ASSERT_TRUE(unlock.calledOnceWithExactly(anon_vma));
  t.ASSERT_TRUE(lock.calledBefore(unlock));
  for (const call of verify.getCalls())
    t.ASSERT_TRUE(call.calledAfter(lock.firstCall) && call.calledBefore(unlock.firstCall));
  t.sandbox.restore();
  t.unmapAll();
});

test('a VMA that is stored where the iterator does not stand is a warning', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x20000, 0x22000);
  const store = (at: number) => {
    const vmi = VMA_ITERATOR(t.mm, at);
    vma_iter_load(vmi);
    // Memory is there: the range is the one that it has.
    vmi.mas.node_request = 0;
    vma_iter_store_overwrite(vmi, vma);
  };
  store(0x10000);
  t.expectWarning('vma_iter_store_overwrite', 'VMA 0x10000-0x12000 stored into slot 0x20000-0x21fff');
  store(0x20000);
  t.expectWarning('vma_iter_store_overwrite', 'VMA 0x10000-0x12000 stored into slot 0x0-0xffff');
  store(0x8000);

  globals.debug_vm_maple_tree = false;
  store(0x20000);
  t.ASSERT_LAYOUT('0x10000-0x12000\n0x20000-0x22000');
  t.unmapAll();
});
