// SPDX-License-Identifier: GPL-2.0-only
/**
 * Each detector of the checked world fires on code that is broken on purpose, and keeps still on code that is not. The
 * worlds here are the test's own objects: what they complain about is compared, not reported.
 */

import { CheckedWorld, test, type VmaTest } from '../../harness/index.js';
import {
  address_space,
  anon_vma,
  anon_vma_chain,
  ENOMEM,
  file,
  mm_struct,
  mutex,
  type rb_root_cached,
  VMA_OP_SPLIT,
  vm_area_struct,
} from '../../lib/index.js';

/** Lets `break_` loose on a new world and asserts the one complaint that must come of it. */
function assertComplaint(t: VmaTest, break_: (world: CheckedWorld) => void, wanted: RegExp): void {
  const world = new CheckedWorld();
  break_(world);
  const complaints = world.end();
  t.ASSERT_EQ(complaints.length, 1, `one complaint: ${complaints.join(' | ')}`);
  t.ASSERT_TRUE(wanted.test(complaints[0] ?? ''), `${complaints[0]} matches ${wanted}`);
}

function assertSilent(t: VmaTest, use: (world: CheckedWorld) => void): void {
  const world = new CheckedWorld();
  use(world);
  t.ASSERT_EQ(world.end().join(' | '), '', 'no complaint');
}

/** A VMA of mm that maps f, as far as the reverse map cares. */
function mapped(world: CheckedWorld, mm: mm_struct, f: file): vm_area_struct {
  const vma = world.references.newVma();
  vma.vm_mm = mm;
  vma.vm_file = f;
  vma.vm_start = 0x1000;
  vma.vm_end = 0x3000;
  return vma;
}

/** Links it under the file's lock. */
function link(
  world: CheckedWorld,
  vma: vm_area_struct,
  mapping: address_space,
  rb: rb_root_cached = mapping.i_mmap,
): void {
  world.stubs.i_mmap_lock_write(mapping);
  world.stubs.vma_interval_tree_insert(vma, rb);
  world.stubs.i_mmap_unlock_write(mapping);
}

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

test('a VMA that is still reachable when it dies is reported', (t) => {
  assertComplaint(
    t,
    (world) => {
      const f = new file();
      const vma = mapped(world, new mm_struct(), f);
      link(world, vma, f.f_mapping);
      world.stubs.vm_area_cache_free(vma);
    },
    /freed at .* is still on i_mmap, since/,
  );
  assertComplaint(
    t,
    (world) => {
      const vma = world.references.newVma();
      world.stubs.anon_vma_prepare(vma);
      world.stubs.vm_area_cache_free(vma);
    },
    /still holds the anon_vma of/,
  );
});

test('entries of the file reverse map come once, go once, and do not change meanwhile', (t) => {
  const inWorld = (use: (world: CheckedWorld, vma: vm_area_struct, mapping: address_space) => void) => {
    return (world: CheckedWorld): void => {
      const f = new file();
      const vma = mapped(world, new mm_struct(), f);
      const { f_mapping: mapping } = f;
      world.stubs.i_mmap_lock_write(mapping);
      use(world, vma, mapping);
      world.stubs.i_mmap_unlock_write(mapping);
      world.stubs.vm_area_cache_free(vma);
    };
  };
  assertSilent(
    t,
    inWorld(({ stubs }, vma, { i_mmap }) => {
      stubs.vma_interval_tree_insert(vma, i_mmap);
      stubs.vma_interval_tree_remove(vma, i_mmap);
    }),
  );
  assertComplaint(
    t,
    inWorld(({ stubs }, vma, { i_mmap }) => {
      stubs.vma_interval_tree_insert(vma, i_mmap);
      stubs.vma_interval_tree_insert(vma, i_mmap);
      stubs.vma_interval_tree_remove(vma, i_mmap);
    }),
    /put on i_mmap at .* is there already/,
  );
  assertComplaint(
    t,
    inWorld(({ stubs }, vma, { i_mmap }) => stubs.vma_interval_tree_remove(vma, i_mmap)),
    /taken off i_mmap at .* is not on it/,
  );
  assertComplaint(
    t,
    inWorld(({ stubs }, vma, { i_mmap }) => {
      stubs.vma_interval_tree_insert(vma, i_mmap);
      vma.vm_end = 0x4000;
      stubs.vma_interval_tree_remove(vma, i_mmap);
    }),
    /changed its range while on i_mmap/,
  );
});

test('the reverse map is changed only under its lock', (t) => {
  assertComplaint(
    t,
    (world) => {
      const f = new file();
      const vma = mapped(world, new mm_struct(), f);
      world.stubs.vma_interval_tree_insert(vma, f.f_mapping.i_mmap);
      world.stubs.i_mmap_lock_write(f.f_mapping);
      world.stubs.vma_interval_tree_remove(vma, f.f_mapping.i_mmap);
      world.stubs.i_mmap_unlock_write(f.f_mapping);
      world.stubs.vm_area_cache_free(vma);
    },
    /i_mmap_rwsem is not held for writing/,
  );
});

test('an entry and an anon_vma that are left are leaks', (t) => {
  const world = new CheckedWorld();
  const f = new file();
  const vma = mapped(world, new mm_struct(), f);
  link(world, vma, f.f_mapping);
  world.stubs.anon_vma_prepare(vma);
  const complaints = world.end().join('\n');
  t.ASSERT_TRUE(/leak: vm_area_struct 0x1000-0x3000, allocated/.test(complaints), 'the VMA');
  t.ASSERT_TRUE(/leak: vm_area_struct 0x1000-0x3000 is still on i_mmap/.test(complaints), 'the entry');
  t.ASSERT_TRUE(/leak: anon_vma held by 1 VMAs, allocated at/.test(complaints), 'the anon_vma');
});

test('links of anon_vmas that the world made are held to the same rules', (t) => {
  const faulted = (use: (world: CheckedWorld, vma: vm_area_struct, avc: anon_vma_chain, anon: anon_vma) => void) => {
    return (world: CheckedWorld): void => {
      const vma = mapped(world, new mm_struct(), new file());
      world.rmap.fault(vma, null);
      const avc = vma.anon_vma_chain.next.owner;
      if (avc === null || vma.anon_vma === null) throw new Error('fault() made no link');
      world.stubs.anon_vma_lock_write(vma.anon_vma);
      use(world, vma, avc, vma.anon_vma);
      world.stubs.anon_vma_unlock_write(vma.anon_vma);
      world.stubs.unlink_anon_vmas(vma);
      world.stubs.vm_area_cache_free(vma);
    };
  };
  assertSilent(
    t,
    faulted(({ stubs }, _vma, avc, { rb_root }) => {
      stubs.anon_vma_interval_tree_verify(avc);
      stubs.anon_vma_interval_tree_remove(avc, rb_root);
      stubs.anon_vma_interval_tree_insert(avc, rb_root);
    }),
  );
  assertComplaint(
    t,
    faulted(({ stubs }, vma, avc) => {
      vma.vm_end = 0x9000;
      stubs.anon_vma_interval_tree_verify(avc);
    }),
    /changed its range while on its anon_vma/,
  );
  assertComplaint(
    t,
    faulted(({ stubs }, _v, avc, { rb_root }) => stubs.anon_vma_interval_tree_insert(avc, rb_root)),
    /is on its anon_vma already/,
  );
  assertComplaint(
    t,
    faulted(({ stubs }, _v, avc, { rb_root }) => {
      stubs.anon_vma_interval_tree_remove(avc, rb_root);
      stubs.anon_vma_interval_tree_remove(avc, rb_root);
    }),
    /is not on its anon_vma/,
  );
});

test('an anon_vma lives until the last VMA lets go of it', (t) => {
  assertSilent(t, (world) => {
    const mm = new mm_struct();
    const [a, b] = [mapped(world, mm, new file()), mapped(world, mm, new file())];
    world.rmap.fault(a, null);
    const shared = a.anon_vma;
    world.stubs.anon_vma_clone(b, a, VMA_OP_SPLIT);
    t.ASSERT_EQ(b.anon_vma, shared);
    t.ASSERT_NE(b.anon_vma_chain.next, b.anon_vma_chain, 'a link of its own');
    world.stubs.unlink_anon_vmas(a);
    t.ASSERT_EQ(shared?.was_unlinked, true, 'still alive');
    world.stubs.unlink_anon_vmas(b);
    t.throws(() => shared?.root, /use after free: anon_vma/);
    world.stubs.vm_area_cache_free(a);
    world.stubs.vm_area_cache_free(b);
  });
});

test('anon_vmas that a test made itself are nobody’s business', (t) => {
  assertSilent(t, ({ stubs }) => {
    const vma = new vm_area_struct();
    const own = new anon_vma();
    const avc = new anon_vma_chain({ anon_vma: own, vma });
    stubs.anon_vma_interval_tree_remove(avc, own.rb_root);
    stubs.anon_vma_interval_tree_insert(avc, own.rb_root);
    stubs.anon_vma_interval_tree_insert(avc, own.rb_root);
  });
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
