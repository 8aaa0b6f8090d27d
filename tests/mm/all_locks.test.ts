// SPDX-License-Identifier: GPL-2.0-only
/** mm_take_all_locks() and mm_drop_all_locks(): every lock once, in order, and none left. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  __mmap_region,
  AS_MM_ALL_LOCKS,
  anon_vma,
  anon_vma_chain,
  EINTR,
  file,
  INIT_LIST_HEAD,
  list_add,
  mk_vma_flags,
  mm_all_locks_mutex,
  mm_drop_all_locks,
  mm_take_all_locks,
  PAGE_SIZE,
  stubs,
  VMA_READ_BIT,
  type vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';

const PLAIN = new file({ mmap: () => 0 });

function map(t: VmaTest, page: number, mapped: file | null): vm_area_struct {
  const addr = 0x100000 + page * 2 * PAGE_SIZE;
  const pgoff = addr / PAGE_SIZE;
  t.ASSERT_EQ(__mmap_region(mapped, addr, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), pgoff, null), addr);
  const vma = vma_lookup(t.mm, addr);
  if (vma === null) throw new Error('the mapping is not there');
  return vma;
}

/** Gives the VMA anonymous pages, by a link to each anon_vma. */
function faultIn(vma: vm_area_struct, ...roots: anon_vma[]): void {
  INIT_LIST_HEAD(vma.anon_vma_chain);
  for (const root of roots) {
    vma.anon_vma = root;
    list_add(new anon_vma_chain({ anon_vma: root, vma }).same_vma, vma.anon_vma_chain);
  }
}

function rootAnonVma(): anon_vma {
  const root = new anon_vma();
  root.root = root;
  return root;
}

/** Lets go of anonymous pages that the test put there by hand. */
function forget(...vmas: vm_area_struct[]): void {
  for (const vma of vmas) {
    INIT_LIST_HEAD(vma.anon_vma_chain);
    vma.anon_vma = null;
  }
}

test('a lock that several VMAs share is taken once and dropped once', (t) => {
  const shared = new file({ mmap: () => 0 });
  const root = rootAnonVma();
  const [a, b, c] = [map(t, 0, shared), map(t, 2, shared), map(t, 4, null)];
  faultIn(b, root);
  faultIn(c, root);

  const take = t.sandbox.spy(stubs, 'down_write_nest_lock');
  const dropFile = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
  const dropAnon = t.sandbox.spy(stubs, 'anon_vma_unlock_write');
  t.ASSERT_EQ(mm_take_all_locks(t.mm), 0);
  t.ASSERT_EQ(take.callCount, 2);
  t.ASSERT_EQ(take.firstCall.args[0], shared.f_mapping.i_mmap_rwsem, 'files before anonymous memory');
  t.ASSERT_EQ(take.secondCall.args[0], root.rwsem);
  t.ASSERT_EQ(shared.f_mapping.flags, 1 << AS_MM_ALL_LOCKS);
  t.ASSERT_TRUE(root.rb_root.lsb);

  mm_drop_all_locks(t.mm);
  t.ASSERT_EQ(dropFile.callCount, 1);
  t.ASSERT_EQ(dropAnon.callCount, 1);
  t.ASSERT_EQ(shared.f_mapping.flags, 0);
  t.ASSERT_FALSE(root.rb_root.lsb);
  forget(a, b, c);
  t.unmapAll();
});

test('every VMA is marked as written, huge pages lock first, the mutex goes around all', (t) => {
  const huge = new file({ mmap: () => 0 });
  const vmas = [map(t, 0, PLAIN), map(t, 2, huge)];
  t.sandbox.stub(stubs, 'is_vm_hugetlb_page').callsFake((vma) => vma.vm_file === huge);
  const mark = t.sandbox.spy(stubs, 'vma_start_write');
  const take = t.sandbox.spy(stubs, 'down_write_nest_lock');
  const lock = t.sandbox.spy(stubs, 'mutex_lock');
  const unlock = t.sandbox.spy(stubs, 'mutex_unlock');

  t.ASSERT_EQ(mm_take_all_locks(t.mm), 0);
  t.ASSERT_EQ(mark.firstCall.args[0], vmas[0]);
  t.ASSERT_EQ(mark.secondCall.args[0], vmas[1]);
  t.ASSERT_EQ(take.firstCall.args[0], huge.f_mapping.i_mmap_rwsem);
  t.ASSERT_EQ(take.secondCall.args[0], PLAIN.f_mapping.i_mmap_rwsem);
  t.ASSERT_EQ(lock.firstCall.args[0], mm_all_locks_mutex);
  t.ASSERT_TRUE(lock.calledBefore(take));
  t.ASSERT_EQ(unlock.callCount, 0);
  mm_drop_all_locks(t.mm);
  t.ASSERT_TRUE(unlock.calledOnceWithExactly(mm_all_locks_mutex));
  t.unmapAll();
});

test('a signal at any VMA drops what was taken', (t) => {
  // Four walks over two VMAs: a signal may come at each of eight places.
  for (let n = 0; n < 8; n++) {
    t.subtest(`at place ${n + 1}`, (s) => {
      const root = rootAnonVma();
      const [a, b] = [map(s, 0, new file({ mmap: () => 0 })), map(s, 2, null)];
      faultIn(b, root);
      const signal = s.sandbox.stub(stubs, 'signal_pending').returns(false);
      signal.onCall(n).returns(true);

      s.ASSERT_EQ(mm_take_all_locks(s.mm), -EINTR);
      s.ASSERT_EQ(a.vm_file?.f_mapping.flags, 0);
      s.ASSERT_FALSE(root.rb_root.lsb);
      forget(a, b);
      s.unmapAll();
    });
  }
});

test('dropping locks that nobody took is a bug', (t) => {
  t.sandbox.stub(stubs, 'mutex_is_locked').returns(false);
  t.throws(() => mm_drop_all_locks(t.mm), /BUG: mm_drop_all_locks/);
});

test('a mark that appears or goes while the lock is being taken is a bug', (t) => {
  const root = rootAnonVma();
  const vma = map(t, 0, null);
  faultIn(vma, root);
  t.sandbox.stub(stubs, 'down_write_nest_lock').callsFake(() => {
    root.rb_root.lsb = true;
  });
  t.throws(() => mm_take_all_locks(t.mm), /BUG: vm_lock_anon_vma/);
  t.sandbox.restore();
  root.rb_root.lsb = false;
  stubs.mutex_unlock(mm_all_locks_mutex);
  forget(vma);
  t.unmapAll();
});

test('a mapping that loses its mark while its lock is dropped is a BUG', (t) => {
  const shared = new file({ mmap: () => 0 });
  map(t, 0, shared);
  t.ASSERT_EQ(mm_take_all_locks(t.mm), 0);
  const { i_mmap_unlock_write } = stubs;
  t.sandbox.stub(stubs, 'i_mmap_unlock_write').callsFake((mapping) => {
    i_mmap_unlock_write(mapping);
    mapping.flags = 0;
  });
  t.throws(() => mm_drop_all_locks(t.mm), /vm_unlock_mapping: the mapping lost its mark during the unlock/);
  t.sandbox.restore();
  stubs.mutex_unlock(mm_all_locks_mutex);
  t.unmapAll();
});
