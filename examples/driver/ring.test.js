// SPDX-License-Identifier: GPL-2.0-only
/** The driver's hooks against the kernel's VMA code. RING=first tests the version with the bug. */
import sinon from 'sinon';
import { EBUSY } from 'vma-userland';
import { MAP_SHARED, MREMAP_FIXED, MREMAP_MAYMOVE, PAGE_SIZE, PROT_READ, test } from 'vma-userland/test';

const { Ring } = await import(process.env.RING === 'first' ? './ring_first.js' : './ring.js');

/** Where the process would like the ring to be. */
const START = 0x100000;
const PAGES = 4;

function map(p, ring) {
  return p.mmap(START, PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, p.open(ring.file), 0);
}

test('mapped is called once, with where the mapping is: not for a split, a move or a fork', (t) => {
  const ring = new Ring(PAGES);
  const mapped = t.sandbox.spy(ring.vm_ops, 'mapped');
  const p = t.process();
  t.equal(map(p, ring), START);
  p.munmap(START + PAGE_SIZE, PAGE_SIZE);
  p.mremap(START, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, 2 * START);
  p.fork();
  sinon.assert.calledOnceWithExactly(mapped, START, START + PAGES * PAGE_SIZE, 0, ring.file, sinon.match.object);
});

test('a ring that is stopped cannot be mapped, and nothing is left of the try', (t) => {
  const ring = new Ring(PAGES);
  const p = t.process();
  ring.stopped = true;
  t.equal(p.raw.mmap(START, PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, p.open(ring.file), 0), -EBUSY);
  t.equal(p.maps(), '');
  t.equal(ring.users, 0);
});

test('sync() after a part of the mapping is gone', (t) => {
  const ring = new Ring(PAGES);
  const p = t.process();
  map(p, ring);
  // A hole leaves a part on each side of it, and the upper one goes next.
  p.munmap(START + PAGE_SIZE, PAGE_SIZE);
  t.equal(ring.users, 2);
  t.equal(ring.sync(), 3);
  p.munmap(START + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
  t.equal(ring.users, 1);
  t.equal(ring.sync(), 1);
});

test('open for each fork, close for each exit', (t) => {
  const ring = new Ring(PAGES);
  const p = t.process();
  map(p, ring);
  const child = p.fork();
  t.equal(ring.users, 2);
  p.exit();
  t.equal(ring.users, 1);
  child.exit();
  t.equal(ring.users, 0);
});
