// SPDX-License-Identifier: GPL-2.0-only
/**
 * Each detector of the checked world fires on code that is broken on purpose, and keeps still on code that is not. The
 * worlds here are the test's own objects: what they complain about is compared, not reported.
 */

import { CheckedWorld, test } from '../../harness/index.js';
import {
  address_space,
  anon_vma,
  EINTR,
  ENOMEM,
  file,
  mm_struct,
  mutex,
  VMA_OP_SPLIT,
  vm_area_struct,
} from '../../lib/index.js';
import { assertComplaint, assertSilent } from './broken.js';

test('locks that are taken and dropped in order raise no complaint', (t) => {
  assertSilent(t, ({ stubs, locks }) => {
    const [mm, mapping, anon] = [new mm_struct(), new address_space(), new anon_vma()];
    const vma = new vm_area_struct();
    vma.vm_mm = mm;
    stubs.mmap_write_lock_killable(mm);
    stubs.vma_start_write(vma);
    stubs.vma_assert_write_locked(vma);
    stubs.i_mmap_lock_write(mapping);
    stubs.flush_dcache_mmap_lock(mapping);
    stubs.flush_dcache_mmap_unlock(mapping);
    stubs.anon_vma_lock_write(anon);
    stubs.anon_vma_unlock_write(anon);
    stubs.i_mmap_unlock_write(mapping);
    stubs.mmap_assert_write_locked(mm);
    stubs.mmap_write_downgrade(mm);
    stubs.mmap_assert_locked(mm);
    stubs.mmap_read_unlock(mm);
    locks.mmapReadLock(mm);
    stubs.mmap_read_unlock(mm);
  });
});

test('a lock that is taken twice is a deadlock', (t) => {
  const mapping = new address_space();
  assertComplaint(
    t,
    ({ stubs }) => {
      stubs.i_mmap_lock_write(mapping);
      stubs.i_mmap_lock_write(mapping);
      stubs.i_mmap_unlock_write(mapping);
    },
    /^deadlock: i_mmap_rwsem taken at .* is held already, since .*world\.test\.ts/,
  );
});

test('a lock that is dropped must be held, and held for that', (t) => {
  assertComplaint(
    t,
    ({ stubs }) => stubs.i_mmap_unlock_write(new address_space()),
    /i_mmap_rwsem dropped at .* is not held/,
  );
  assertComplaint(t, ({ stubs }) => stubs.mutex_unlock(new mutex('mm_all_locks_mutex')), /mm_all_locks_mutex dropped/);
  assertComplaint(
    t,
    ({ stubs, locks }) => {
      const mm = new mm_struct();
      locks.mmapReadLock(mm);
      stubs.mmap_write_unlock(mm);
    },
    /mmap_lock dropped for write at .* is held for read/,
  );
  assertComplaint(
    t,
    ({ stubs }) => stubs.mmap_write_downgrade(new mm_struct()),
    /downgraded .* is not held for writing/,
  );
});

test('the order of mm/rmap.c holds', (t) => {
  const [mapping, anon] = [new address_space(), new anon_vma()];
  assertComplaint(
    t,
    ({ stubs }) => {
      stubs.anon_vma_lock_write(anon);
      stubs.i_mmap_lock_write(mapping);
      stubs.i_mmap_unlock_write(mapping);
      stubs.anon_vma_unlock_write(anon);
    },
    /^lock order: i_mmap_rwsem taken at .*, out of order: anon_vma is held since/,
  );
  assertComplaint(
    t,
    ({ stubs }) => {
      const other = new address_space();
      stubs.i_mmap_lock_write(mapping);
      stubs.i_mmap_lock_write(other);
      stubs.i_mmap_unlock_write(other);
      stubs.i_mmap_unlock_write(mapping);
    },
    /a second of its kind: i_mmap_rwsem is held/,
  );
});

test('flush_dcache_mmap_lock() comes last', (t) => {
  const use = ({ stubs }: CheckedWorld, dcacheFirst: boolean): void => {
    const [mapping, anon] = [new address_space(), new anon_vma()];
    stubs.i_mmap_lock_write(mapping);
    if (dcacheFirst) stubs.flush_dcache_mmap_lock(mapping);
    stubs.anon_vma_lock_write(anon);
    if (!dcacheFirst) stubs.flush_dcache_mmap_lock(mapping);
    stubs.flush_dcache_mmap_unlock(mapping);
    stubs.anon_vma_unlock_write(anon);
    stubs.i_mmap_unlock_write(mapping);
  };
  assertSilent(t, (world) => use(world, false));
  assertComplaint(t, (world) => use(world, true), /^lock order: anon_vma taken at .*: flush_dcache is held since/);
});

test('many locks of a kind may be held under the lock that keeps others away', (t) => {
  const use = ({ stubs }: CheckedWorld, locked: boolean): void => {
    const mm = new mm_struct();
    const mappings = [new address_space(), new address_space()];
    if (locked) stubs.mmap_write_lock_killable(mm);
    for (const mapping of mappings.slice(0, locked ? 2 : 1))
      stubs.down_write_nest_lock(mapping.i_mmap_rwsem, mm.mmap_lock);
    for (const mapping of mappings.slice(0, locked ? 2 : 1)) stubs.i_mmap_unlock_write(mapping);
    if (locked) stubs.mmap_write_unlock(mm);
  };
  assertSilent(t, (world) => use(world, true));
  assertComplaint(t, (world) => use(world, false), /lock assertion: mmap_lock is not held around nested locks/);
});

test('an assertion on a lock that is missing, or held only for reading, is reported', (t) => {
  assertComplaint(t, ({ stubs }) => stubs.mmap_assert_locked(new mm_struct()), /mmap_lock is not held at all/);
  assertComplaint(
    t,
    ({ stubs, locks }) => {
      const mm = new mm_struct();
      locks.mmapReadLock(mm);
      stubs.mmap_assert_write_locked(mm);
      stubs.mmap_read_unlock(mm);
    },
    /mmap_lock is not held for writing at .*world\.test\.ts/,
  );
  assertSilent(t, ({ stubs }) => stubs.mmap_assert_write_locked(null));
});

test('the write mark of a VMA ends with the lock of its address space', (t) => {
  assertComplaint(
    t,
    ({ stubs }) => {
      const mm = new mm_struct();
      const vma = new vm_area_struct();
      vma.vm_mm = mm;
      stubs.mmap_write_lock_killable(mm);
      stubs.vma_start_write(vma);
      stubs.mmap_write_downgrade(mm);
      stubs.vma_assert_write_locked(vma);
      stubs.mmap_read_unlock(mm);
    },
    /the VMA is not held for writing/,
  );
  assertComplaint(
    t,
    ({ stubs }) => {
      const vma = new vm_area_struct();
      vma.vm_mm = new mm_struct();
      stubs.vma_start_write(vma);
    },
    /mmap_lock is not held for writing/,
  );
});

test('a VMA without an address space has no lock that it could be written under, and none that could be missing', (t) => {
  assertSilent(t, ({ stubs, locks }) => {
    const vma = new vm_area_struct();
    stubs.vma_start_write(vma);
    stubs.vma_assert_write_locked(vma);
    const mm = new mm_struct();
    vma.vm_mm = mm;
    stubs.mmap_write_lock_killable(mm);
    t.ASSERT_EQ(locks.heldNow().join(), 'mmap_lock');
    stubs.mmap_write_downgrade(mm);
    t.ASSERT_EQ(locks.heldNow().join(), 'mmap_lock (read)', 'what is held only for reading');
    stubs.mmap_read_unlock(mm);
    t.ASSERT_EQ(locks.heldNow().join(), '');
  });
});

test('a signal keeps a lock from being taken, and a VMA from being marked', (t) => {
  const world = new CheckedWorld();
  const { stubs, locks, faults } = world;
  const mm = new mm_struct();
  const vma = new vm_area_struct();
  vma.vm_mm = mm;

  faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(stubs.mmap_write_lock_killable(mm), -EINTR);
  t.ASSERT_FALSE(locks.isHeld(mm.mmap_lock));
  faults.fail('mmap_read_lock_killable');
  t.ASSERT_EQ(stubs.mmap_read_lock_killable(mm), -EINTR);
  t.ASSERT_FALSE(locks.isHeld(mm.mmap_lock));
  t.ASSERT_EQ(stubs.mmap_write_lock_killable(mm), 0);

  faults.fail('vma_start_write_killable');
  const { vm_lock_seq } = vma;
  t.ASSERT_EQ(stubs.vma_start_write_killable(vma), -EINTR);
  t.ASSERT_EQ(vma.vm_lock_seq, vm_lock_seq);
  stubs.vma_assert_write_locked(vma);
  t.ASSERT_EQ(world.takeComplaints().length, 1, 'it is not marked');
  t.ASSERT_EQ(stubs.vma_start_write_killable(vma), 0);
  t.ASSERT_NE(vma.vm_lock_seq, vm_lock_seq);
  stubs.vma_assert_write_locked(vma);
  stubs.mmap_write_unlock(mm);
  t.ASSERT_EQ(world.end().join(), '');

  const other = new CheckedWorld();
  other.stubs.vma_start_write_killable(vma);
  t.ASSERT_TRUE(/^lock assertion: mmap_lock is not held for writing/.test(other.end().join()), 'only under the lock');
});

test('a lock that is left held is reported with the place of its taking', (t) => {
  assertComplaint(
    t,
    ({ stubs }) => stubs.anon_vma_lock_write(new anon_vma()),
    /^lock left held: anon_vma, for write, taken at .*world\.test\.ts:\d+/,
  );
  assertComplaint(t, ({ stubs }) => stubs.flush_dcache_mmap_lock(new address_space()), /lock left held: flush_dcache/);
});

test('a VMA, a file reference and a count of writable mappings that are left are leaks', (t) => {
  assertComplaint(
    t,
    ({ stubs }) => stubs.vm_area_cache_alloc(),
    /^leak: vm_area_struct 0x0-0x0, allocated at .*world\.test\.ts/,
  );
  assertComplaint(
    t,
    ({ stubs }) => stubs.get_file(new file()),
    /^leak: file has 2 references, 1 before; taken at .*world/,
  );
  assertComplaint(
    t,
    ({ stubs }) => {
      const mapping = new address_space();
      stubs.mapping_writable_taken(mapping);
      mapping.i_mmap_writable++;
    },
    /^leak: i_mmap_writable is 1, 0 before; taken at .*world/,
  );
  assertComplaint(
    t,
    ({ stubs }) => {
      const f = new file();
      f.f_ref = 3;
      stubs.fput(f);
    },
    /file has 2 references, 3 before/,
  );
});

test('a warning is a complaint unless it was the one expected, and an expected one must come', (t) => {
  assertComplaint(
    t,
    ({ stubs }) => stubs.warn('vma_shrink', 'both ends change'),
    /^WARN: vma_shrink: both ends change; at/,
  );
  assertSilent(t, (world) => {
    world.expectWarning('vma_shrink', 'both ends');
    world.stubs.warn('vma_shrink', 'both ends change');
  });
  assertComplaint(
    t,
    (world) => world.expectWarning('vma_shrink'),
    /^no warning came from vma_shrink; expected at .*world/,
  );
  const world = new CheckedWorld();
  world.expectWarning('vma_shrink');
  world.stubs.warn('vma_expand', 'something else');
  t.ASSERT_EQ(world.end().length, 2, 'another warning does not do');
  assertComplaint(
    t,
    (twice) => {
      twice.expectWarning('a');
      twice.stubs.warn('a', 'x');
      twice.stubs.warn('a', 'x');
    },
    /^WARN: a: x/,
  );
});

test('BUG throws', (t) => {
  t.throws(() => new CheckedWorld().stubs.bug('mm_drop_all_locks', 'not held'), /^BUG: mm_drop_all_locks: not held/);
});

test('the n-th fallible call fails, by number or by name', (t) => {
  const { faults, stubs } = new CheckedWorld();
  const [a, b] = [new vm_area_struct(), new vm_area_struct()];
  b.anon_vma = new anon_vma();
  faults.failAt(2);
  t.ASSERT_EQ(stubs.vma_dup_policy(a, b), 0);
  t.ASSERT_EQ(stubs.anon_vma_clone(a, b, VMA_OP_SPLIT), -ENOMEM);
  t.ASSERT_EQ(stubs.anon_vma_clone(a, b, VMA_OP_SPLIT), 0);
  t.ASSERT_EQ(faults.hits.join(), 'anon_vma_clone');

  faults.clear();
  faults.failFrom(2);
  t.ASSERT_EQ(stubs.vma_dup_policy(a, b), 0);
  t.ASSERT_EQ(stubs.vma_dup_policy(a, b), -ENOMEM);
  t.ASSERT_EQ(stubs.anon_vma_clone(a, b, VMA_OP_SPLIT), -ENOMEM);
  t.ASSERT_EQ(a.anon_vma, null);

  faults.clear();
  faults.fail('vma_dup_policy', 2, -5);
  t.ASSERT_EQ(stubs.anon_vma_clone(a, b, VMA_OP_SPLIT), 0);
  t.ASSERT_EQ(stubs.vma_dup_policy(a, b), 0);
  t.ASSERT_EQ(stubs.vma_dup_policy(a, b), -5);
  t.ASSERT_EQ(faults.calls, 3);

  const hook = faults.hook('mapped', -ENOMEM, () => 7);
  faults.fail('mapped', 2);
  t.ASSERT_EQ(hook(), 7);
  t.ASSERT_EQ(hook(), -ENOMEM);
  t.throws(() => faults.failAt(0), /n = 0: calls are counted from 1/);
  t.throws(() => faults.fail('mapped', 1, 5), /errno = 5: must be negative/);
});
