// SPDX-License-Identifier: GPL-2.0-only
/** The driver's hooks against the kernel's VMA code, in TypeScript. */
import {
  do_munmap,
  ENOMEM,
  mk_vma_flags,
  mmap_region,
  PAGE_SIZE,
  VMA_MAYREAD_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
} from 'vma-userland';
import { test } from 'vma-userland/test';
import { Ring } from './ring.js';

const START = 0x100000;
const PAGES = 4;
const FLAGS = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SHARED_BIT);

function map(ring: Ring): number {
  return mmap_region(ring.file, START, PAGES * PAGE_SIZE, FLAGS, 0, null);
}

test('a hole leaves two users', (t) => {
  const ring = new Ring(PAGES);
  const open = t.sandbox.spy(ring.vm_ops, 'open');
  t.ASSERT_EQ(map(ring), START);
  t.ASSERT_EQ(do_munmap(t.mm, START + PAGE_SIZE, PAGE_SIZE, null), 0);
  t.ASSERT_EQ(ring.users, 2);
  t.ASSERT_TRUE(open.called);
  t.unmapAll();
  t.ASSERT_EQ(ring.users, 0);
});

test('when memory is out, nothing is left of the try', (t) => {
  const ring = new Ring(PAGES);
  t.world.checked.faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(map(ring), -ENOMEM);
  t.ASSERT_EQ(ring.users, 0);
});
