// SPDX-License-Identifier: GPL-2.0-only
/** What watches the reverse map: each rule is broken on purpose, and found; kept, and not reported. */

import { test } from '../../harness/index.js';
import {
  anon_vma,
  anon_vma_chain,
  list_del_init,
  PAGE_SIZE,
  VMA_OP_MERGE_UNFAULTED,
  VMA_OP_REMAP,
  VMA_OP_SPLIT,
  vm_area_dup,
  vm_area_free,
  vm_area_struct,
} from '../../lib/index.js';
import {
  anon_vma_alloc,
  anon_vma_chain_alloc,
  anon_vma_chain_free,
  anon_vma_free,
  anon_vma_prepare,
  put_anon_vma,
} from '../../lib/mm/rmap.js';
import { assertComplaint, assertSilent, complaintsOf, inSpace, LEN, plainFile, Space, START } from './broken.js';

/** A faulted VMA with its one link, under the lock of its anon_vma. */
function faulted(use: (space: Space, vma: vm_area_struct, avc: anon_vma_chain, anon: anon_vma) => void) {
  return inSpace((space) => {
    const vma = space.map();
    space.world.fault(vma);
    const avc = vma.anon_vma_chain.next.owner;
    if (avc === null || vma.anon_vma === null) throw new Error('fault() made no link');
    space.world.stubs.anon_vma_lock_write(vma.anon_vma);
    use(space, vma, avc, vma.anon_vma);
    space.world.stubs.anon_vma_unlock_write(vma.anon_vma);
  });
}

/** A VMA of a file, under the lock of the file. */
function onFile(use: (space: Space, vma: vm_area_struct) => void) {
  return inSpace((space) => {
    const f = plainFile();
    const vma = space.map(START, LEN, f);
    space.world.stubs.i_mmap_lock_write(f.f_mapping);
    use(space, vma);
    space.world.stubs.i_mmap_unlock_write(f.f_mapping);
  });
}

const mappingOf = (vma: vm_area_struct) => {
  if (vma.vm_file === null) throw new Error('no file');
  return vma.vm_file.f_mapping;
};

test('entries of a file come once, go once, and do not change meanwhile', (t) => {
  assertSilent(
    t,
    onFile(({ world: { stubs } }, vma) => {
      stubs.mapping_rmap_tree_remove(vma, mappingOf(vma));
      stubs.mapping_rmap_tree_insert(vma, mappingOf(vma));
    }),
  );
  assertComplaint(
    t,
    onFile(({ world: { stubs } }, vma) => stubs.mapping_rmap_tree_insert(vma, mappingOf(vma))),
    /put on i_mmap at .* is there already, since/,
  );
  assertComplaint(
    t,
    onFile(({ world: { stubs } }, vma) => {
      stubs.mapping_rmap_tree_remove(vma, mappingOf(vma));
      stubs.mapping_rmap_tree_remove(vma, mappingOf(vma));
      stubs.mapping_rmap_tree_insert(vma, mappingOf(vma));
    }),
    /taken off i_mmap at .* is not on it/,
  );
  assertComplaint(
    t,
    onFile(({ world: { stubs } }, vma) => {
      vma.vm_pgoff++;
      stubs.mapping_rmap_tree_remove(vma, mappingOf(vma));
      stubs.mapping_rmap_tree_insert(vma, mappingOf(vma));
    }),
    /changed its range while on i_mmap/,
  );
  assertComplaint(
    t,
    onFile(({ world: { stubs } }, vma) => stubs.mapping_rmap_tree_insert(vma, plainFile().f_mapping)),
    /put on an i_mmap at .* that is not its file's/,
  );
});

test('the trees are changed only under their locks', (t) => {
  assertComplaint(
    t,
    inSpace((space) => {
      const { stubs } = space.world;
      const f = plainFile();
      const vma = space.map(START, LEN, f);
      stubs.mapping_rmap_tree_remove(vma, mappingOf(vma));
      stubs.i_mmap_lock_write(f.f_mapping);
      stubs.mapping_rmap_tree_insert(vma, mappingOf(vma));
      stubs.i_mmap_unlock_write(f.f_mapping);
    }),
    /lock assertion: i_mmap_rwsem is not held for writing/,
  );
  assertComplaint(
    t,
    inSpace((space) => {
      const { stubs } = space.world;
      const vma = space.map();
      space.world.fault(vma);
      const { anon_vma: anon } = vma;
      const avc = vma.anon_vma_chain.next.owner;
      if (avc === null || anon === null) throw new Error('no link');
      stubs.anon_rmap_tree_remove(avc, anon);
      stubs.anon_vma_lock_write(anon);
      stubs.anon_rmap_tree_insert(avc, anon);
      stubs.anon_vma_unlock_write(anon);
    }),
    /lock assertion: the anon_vma is not held for writing/,
  );
});

test('links come once, go once, and do not change meanwhile', (t) => {
  assertSilent(
    t,
    faulted(({ world: { stubs } }, _vma, avc, anon) => {
      stubs.anon_rmap_tree_verify(avc);
      stubs.anon_rmap_tree_remove(avc, anon);
      stubs.anon_rmap_tree_insert(avc, anon);
    }),
  );
  assertComplaint(
    t,
    faulted(({ world: { stubs } }, _v, avc, anon) => stubs.anon_rmap_tree_insert(avc, anon)),
    /a link of .* put on its anon_vma at .* is there already/,
  );
  assertComplaint(
    t,
    faulted(({ world: { stubs } }, _v, avc, anon) => {
      stubs.anon_rmap_tree_remove(avc, anon);
      stubs.anon_rmap_tree_remove(avc, anon);
      stubs.anon_rmap_tree_insert(avc, anon);
    }),
    /a link of .* taken off its anon_vma at .* is not on it/,
  );
  assertComplaint(
    t,
    faulted(({ world: { stubs } }, vma, avc) => {
      vma.__vm_anon_pgoff_lo++;
      stubs.anon_rmap_tree_verify(avc);
      stubs.anon_rmap_tree_verify(avc);
    }),
    /changed its range while on its anon_vma/,
  );
  assertComplaint(
    t,
    faulted(({ world: { stubs } }, vma, avc, anon) => {
      vma.vm_end += PAGE_SIZE;
      stubs.anon_rmap_tree_remove(avc, anon);
      vma.vm_end -= PAGE_SIZE;
      stubs.anon_rmap_tree_insert(avc, anon);
    }),
    /changed its range while on its anon_vma/,
  );
});

test('an anon_vma lives until the last VMA lets go of it', (t) => {
  assertSilent(
    t,
    inSpace((space) => {
      const vma = space.map();
      space.world.fault(vma);
      const { anon_vma: shared } = vma;
      space.unmap(START, LEN / 2);
      t.ASSERT_EQ(space.at(START + LEN / 2).anon_vma, shared);
      t.ASSERT_EQ(shared?.was_cloned, true);
      t.ASSERT_EQ(shared?.was_unlinked, true, 'still alive');
      space.unmap();
      t.throws(() => shared?.root, /use after free: anon_vma: field root read/);
    }),
  );
});

test('an anon_vma that is freed while in use is reported, by what uses it', (t) => {
  const freeInUse = inSpace((space) => {
    const vma = space.map();
    space.world.fault(vma);
    const { anon_vma: anon } = vma;
    const avc = vma.anon_vma_chain.next.owner;
    if (avc === null || anon === null) throw new Error('no link');
    space.world.stubs.anon_vma_lock_write(anon);
    space.world.stubs.anon_rmap_tree_remove(avc, anon);
    space.world.stubs.anon_vma_unlock_write(anon);
    list_del_init(avc.same_vma);
    anon_vma_chain_free(avc);
    put_anon_vma(anon);
    vma.anon_vma = null;
  });
  const complaints = complaintsOf(freeInUse).join('\n');
  t.ASSERT_TRUE(/anon_vma freed at .* is still in use by vm_area_struct 0x10000-0x18000; allo/.test(complaints), 'VMA');
  t.ASSERT_TRUE(/anon_vma freed at .* is still in use by pages 0x10000-0x18000/.test(complaints), 'pages');

  const onTree = complaintsOf(({ stubs, rmap }) => {
    const [anon, avc] = [anon_vma_alloc(), anon_vma_chain_alloc()];
    if (anon === null || avc === null) throw new Error('no memory');
    avc.anon_vma = anon;
    avc.vma = new vm_area_struct();
    stubs.anon_vma_lock_write(anon);
    stubs.anon_rmap_tree_insert(avc, anon);
    stubs.anon_vma_unlock_write(anon);
    t.ASSERT_TRUE(rmap.knows(anon));
    put_anon_vma(anon);
  }).join('\n');
  t.ASSERT_TRUE(
    /rmap: anon_vma freed at .* still has links on its tree; allocated at .*reverse_map/.test(onTree),
    onTree,
  );
  assertComplaint(
    t,
    () => {
      const anon = anon_vma_alloc();
      if (anon !== null) t.throws(() => anon_vma_free(anon), /^BUG: anon_vma_free: references are left/);
    },
    /^leak: anon_vma with 1 references, the anon_vma of 0 VMAs, allocated at .*reverse_map\.test/,
  );
});

test('anon_vmas and links that are left are leaks, and die once', (t) => {
  assertComplaint(t, () => anon_vma_chain_alloc(), /^leak: link of an anon_vma, allocated at .*reverse_map\.test/);
  assertSilent(t, () => {
    const [anon, avc] = [anon_vma_alloc(), anon_vma_chain_alloc()];
    if (anon === null || avc === null) throw new Error('no memory');
    put_anon_vma(anon);
    anon_vma_chain_free(avc);
    t.throws(() => put_anon_vma(anon), /use after free: anon_vma: field refcount read/);
    t.throws(() => anon_vma_chain_free(avc), /double free: anon_vma_chain/);
  });
});

test('a clone keeps to the rules', (t) => {
  const cloning = (use: (space: Space, src: vm_area_struct, dst: vm_area_struct) => void) =>
    inSpace((space) => {
      const src = space.map();
      space.world.fault(src);
      const dst = vm_area_dup(src);
      if (dst === null) throw new Error('no memory');
      use(space, src, dst);
      space.world.stubs.unlink_anon_vmas(dst);
      vm_area_free(dst);
    });
  assertSilent(
    t,
    cloning(({ world }, src, dst) => t.ASSERT_EQ(world.stubs.anon_vma_clone(dst, src, VMA_OP_SPLIT), 0)),
  );
  assertComplaint(
    t,
    cloning(({ world, mm }, src, dst) => {
      world.locks.mmapWriteUnlock(mm);
      world.locks.mmapReadLock(mm);
      world.stubs.anon_vma_clone(dst, src, VMA_OP_SPLIT);
      world.stubs.mmap_read_unlock(mm);
      world.locks.mmapWriteLock(mm);
    }),
    /lock assertion: mmap_lock is not held for writing at check_anon_vma_clone/,
  );
  assertComplaint(
    t,
    cloning(({ world }, src, dst) => {
      world.stubs.anon_vma_clone(dst, src, VMA_OP_SPLIT);
      world.stubs.unlink_anon_vmas(dst);
      world.stubs.anon_vma_clone(dst, src, VMA_OP_REMAP);
      dst.anon_vma = src.anon_vma;
      if (dst.anon_vma !== null) dst.anon_vma.num_active_vmas++;
    }),
    /^WARN: check_anon_vma_clone: dst was not given the anon_vma of src/,
  );
  assertComplaint(
    t,
    inSpace((space) => {
      const [src, dst] = [space.map(), space.map(2 * START)];
      space.world.fault(src);
      dst.anon_vma = src.anon_vma;
      space.world.stubs.anon_vma_clone(dst, src, VMA_OP_SPLIT);
    }),
    /^WARN: check_anon_vma_clone: dst is in a tree, and this is no merge/,
  );
  assertSilent(
    t,
    inSpace((space) => {
      const [src, dst] = [space.map(), space.map(2 * START)];
      space.world.fault(src);
      dst.anon_vma = src.anon_vma;
      space.world.stubs.anon_vma_clone(dst, src, VMA_OP_MERGE_UNFAULTED);
    }),
  );
});

test('a VMA that is still reachable when it dies is reported', (t) => {
  const complaints = complaintsOf((world) => {
    const vma = world.references.newVma();
    const f = plainFile();
    vma.vm_file = f;
    vma.vm_end = LEN;
    world.stubs.i_mmap_lock_write(f.f_mapping);
    world.stubs.mapping_rmap_tree_insert(vma, f.f_mapping);
    world.stubs.i_mmap_unlock_write(f.f_mapping);
    world.stubs.vm_area_cache_free(vma);
  });
  t.ASSERT_EQ(complaints.length, 1);
  t.ASSERT_TRUE(/0x0-0x8000 freed at .* is still on i_mmap, since/.test(complaints[0] ?? ''), complaints[0]);

  const linked = complaintsOf(
    // No more happens there: what walks the tree meets the dead VMA.
    (world) => {
      const space = new Space(world);
      const src = space.map();
      space.world.fault(src);
      const dst = vm_area_dup(src);
      if (dst === null) throw new Error('no memory');
      space.world.stubs.anon_vma_clone(dst, src, VMA_OP_SPLIT);
      vm_area_free(dst);
    },
  ).join('\n');
  t.ASSERT_TRUE(/0x10000-0x18000 freed at .* still has the link of/.test(linked), linked);
});

test('an entry that is left is a leak', (t) => {
  const complaints = complaintsOf((world) => {
    const vma = world.references.newVma();
    const f = plainFile();
    vma.vm_file = f;
    vma.vm_end = LEN;
    world.stubs.i_mmap_lock_write(f.f_mapping);
    world.stubs.mapping_rmap_tree_insert(vma, f.f_mapping);
    world.stubs.i_mmap_unlock_write(f.f_mapping);
  }).join('\n');
  t.ASSERT_TRUE(/leak: vm_area_struct 0x0-0x8000 is still on i_mmap, since/.test(complaints), complaints);
});

test('anon_vmas that a test made itself are not watched', (t) => {
  assertSilent(
    t,
    inSpace((space) => {
      const { stubs } = space.world;
      const [src, dst] = [space.map(), space.map(2 * START)];
      const own = new anon_vma();
      const avc = new anon_vma_chain({ anon_vma: own, vma: src });
      stubs.anon_rmap_tree_remove(avc, own);
      stubs.anon_rmap_tree_insert(avc, own);
      stubs.anon_rmap_tree_insert(avc, own);
      src.anon_vma = own;
      t.ASSERT_EQ(stubs.anon_vma_clone(dst, src, VMA_OP_MERGE_UNFAULTED), 0);
      t.ASSERT_EQ(dst.anon_vma, own);
      t.ASSERT_EQ(own.was_cloned, true);
      stubs.unlink_anon_vmas(dst);
      t.ASSERT_EQ(own.was_unlinked, true);
    }),
  );
});

test('a write fault gives a VMA its anon_vma once', (t) => {
  assertSilent(
    t,
    inSpace((space) => {
      const vma = space.map();
      t.ASSERT_EQ(anon_vma_prepare(vma), 0);
      const { anon_vma: first } = vma;
      t.ASSERT_EQ(space.world.fault(vma), 0);
      t.ASSERT_EQ(vma.anon_vma, first);
      t.ASSERT_EQ(first?.num_active_vmas, 1);
    }),
  );
});
