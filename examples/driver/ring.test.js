// SPDX-License-Identifier: GPL-2.0-only
/** The driver's hooks against the kernel's VMA code. RING=first tests the version with the bug. */
import sinon from 'sinon';
import {
  do_munmap,
  EBUSY,
  mk_vma_flags,
  mmap_region,
  PAGE_SIZE,
  VMA_MAYREAD_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  vma_lookup,
} from 'vma-userland';
import { test } from 'vma-userland/test';

const { Ring } = await import(process.env.RING === 'first' ? './ring_first.js' : './ring.js');

const START = 0x100000;
const PAGES = 4;
const FLAGS = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SHARED_BIT);

function map(ring) {
  return mmap_region(ring.file, START, PAGES * PAGE_SIZE, FLAGS, 0, null);
}

test('mapped is called once, with where the mapping is, after its pages are', (t) => {
  const ring = new Ring(PAGES);
  const mapped = t.sandbox.spy(ring.vm_ops, 'mapped');
  t.ASSERT_EQ(map(ring), START);
  sinon.assert.calledOnceWithExactly(mapped, START, START + PAGES * PAGE_SIZE, 0, ring.file, sinon.match.object);
  t.ASSERT_EQ(ring.users, 1);
  t.unmapAll();
  t.ASSERT_EQ(ring.users, 0);
});

test('a ring that is stopped cannot be mapped, and nothing is left of the try', (t) => {
  const ring = new Ring(PAGES);
  ring.stopped = true;
  t.ASSERT_EQ(map(ring), -EBUSY);
  t.ASSERT_EQ(vma_lookup(t.mm, START), null);
  t.ASSERT_EQ(ring.users, 0);
});

test('sync() after a part of the mapping is gone', (t) => {
  const ring = new Ring(PAGES);
  map(ring);
  // A hole leaves a part on each side of it, and the upper one goes next.
  t.ASSERT_EQ(do_munmap(t.mm, START + PAGE_SIZE, PAGE_SIZE, null), 0);
  t.ASSERT_EQ(ring.users, 2);
  t.ASSERT_EQ(ring.sync(), 3);
  t.ASSERT_EQ(do_munmap(t.mm, START + 2 * PAGE_SIZE, 2 * PAGE_SIZE, null), 0);
  t.ASSERT_EQ(ring.users, 1);
  t.ASSERT_EQ(ring.sync(), 1);
  t.unmapAll();
  t.ASSERT_EQ(ring.users, 0);
});
