// SPDX-License-Identifier: GPL-2.0-only
/** What __mmap_region() threads through its steps: what is charged, and the merge that it hopes for. */

import { test } from '../../harness/index.js';
import {
  __mmap_region,
  mk_vma_flags,
  mmap_state,
  PAGE_SIZE,
  stubs,
  VMA_ACCOUNT_BIT,
  VMA_ITERATOR,
  VMG_MMAP_STATE,
  vma_test,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile } from './space.js';

test('huge pages are accounted elsewhere', (t) => {
  const file = plainFile();
  const charge = t.sandbox.spy(stubs, 'security_vm_enough_memory_mm');
  t.sandbox.replace(stubs, 'is_file_hugepages', (asked) => asked === file);
  t.ASSERT_FALSE(vma_test(mapRange(t, 0x10000, 0x12000, { file }), VMA_ACCOUNT_BIT));
  t.ASSERT_EQ(charge.callCount, 0);
  t.ASSERT_TRUE(vma_test(mapRange(t, 0x20000, 0x22000, { file: plainFile() }), VMA_ACCOUNT_BIT));
  t.ASSERT_EQ(charge.callCount, 1);
  t.unmapAll();
});

test('a merge with a VMA of its own has that in the middle, and looks for next itself', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000);
  const next = mapRange(t, 0x14000, 0x16000);
  const flags = mk_vma_flags(...DATA);
  const map = new mmap_state(t.mm, VMA_ITERATOR(t.mm, 0x12000), 0x12000, 2 * PAGE_SIZE, 0x12, 0x12, flags, null);
  map.next = next;
  t.ASSERT_EQ(VMG_MMAP_STATE(map, null).next, next);
  t.ASSERT_EQ(VMG_MMAP_STATE(map, null).middle, null);
  t.ASSERT_EQ(VMG_MMAP_STATE(map, vma).next, null);
  t.ASSERT_EQ(VMG_MMAP_STATE(map, vma).middle, vma);
  t.ASSERT_EQ(__mmap_region(null, 0x12000, 2 * PAGE_SIZE, flags, 0x12, null), 0x12000, 'the gap takes it');
  t.unmapAll();
});
