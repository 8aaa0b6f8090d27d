// SPDX-License-Identifier: GPL-2.0-only
/** Whom the calls tell what they do, in order: lists of pages that are drained first, userfaultfds, perf, the log. */
import sinon from 'sinon';
import type { VmaTest } from '../../harness/index.js';
import {
  MADV_COLD,
  MADV_FREE,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_WILLNEED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  OVERCOMMIT_NEVER,
} from '../../include/uapi/mman.js';
import {
  brk,
  current,
  ENOMEM,
  file,
  globals,
  madvise,
  mlock,
  mmap,
  mprotect,
  mremap,
  munlock,
  munmap,
  PROT_READ,
  stubs,
  VMA_ACCOUNT_BIT,
  vm_area_alloc,
  vm_area_free,
  vm_brk_flags,
  vm_munmap,
  vma_lookup,
  vma_state_init,
  vma_test,
} from '../../lib/index.js';
import { mseal_mmap_page_zero } from '../../lib/mm/mseal.js';
import { shmem_zero_setup } from '../../lib/mm/shmem.js';
import type { Stubs } from '../../stubs/stubs.js';
import { ANON, BASE, HEAP, mapAt, P, processTest, RW } from './process.js';

/** The calls of these stubs that `act` leads to, in order. */
function calls(names: readonly (keyof Stubs)[], act: () => unknown): string[] {
  const sandbox = sinon.createSandbox();
  const spies = names.map((name) => ({ name, spy: sandbox.spy(stubs, name) }));
  act();
  const told = spies.flatMap(({ name, spy }) => spy.getCalls().map((call) => ({ name, call })));
  sandbox.restore();
  return told.sort((a, b) => (a.call.calledBefore(b.call) ? -1 : 1)).map(({ name }) => name);
}

/** What a call leads to of these stubs, and no more of them. */
function expectCalls(t: VmaTest, what: string, wanted: readonly (keyof Stubs)[], act: () => unknown): void {
  t.equal(calls([...new Set(wanted)], act), wanted, what);
}

processTest('pages that are still on their way are put on their lists first', (t) => {
  mapAt(t, BASE, 4);
  expectCalls(t, 'mlock', ['lru_add_drain', 'mlock_pages', 'lru_add_drain'], () => mlock(BASE, 2 * P));
  expectCalls(t, 'munlock', ['lru_add_drain', 'mlock_pages', 'lru_add_drain'], () => munlock(BASE, 2 * P));
  expectCalls(t, 'willneed', ['lru_add_drain'], () => madvise(BASE, P, MADV_WILLNEED));
  for (const advice of [MADV_COLD, MADV_PAGEOUT]) {
    expectCalls(t, `aged: ${advice}`, ['lru_add_drain', 'tlb_gather_mmu', 'tlb_finish_mmu'], () =>
      madvise(BASE, P, advice),
    );
  }
  expectCalls(t, 'free', ['lru_add_drain', 'update_hiwater_rss'], () => madvise(BASE, P, MADV_FREE));
});

processTest('and those that a fault has made last', (t, mm) => {
  mm.pgd = new Map();
  mapAt(t, BASE, 4);
  expectCalls(t, 'populate', ['alloc_page', 'alloc_page', 'lru_add_drain'], () =>
    madvise(BASE, 2 * P, MADV_POPULATE_READ + 1),
  );
  munmap(BASE, 4 * P);
});

processTest('userfaultfds are told that unmaps are over, once the lock is dropped', (t, mm) => {
  const over: (keyof Stubs)[] = ['mmap_write_unlock', 'userfaultfd_unmap_complete'];
  expectCalls(t, 'brk, up', over, () => brk(HEAP + 4 * P));
  expectCalls(t, 'brk, down', ['mmap_read_unlock', 'userfaultfd_unmap_complete'], () => brk(HEAP + P));
  expectCalls(t, 'vm_brk_flags', over, () => vm_brk_flags(BASE, P, false));
  expectCalls(t, 'mmap', over, () => mmap(BASE, P, RW, ANON, -1, 0));
  expectCalls(t, 'munmap', ['mmap_read_unlock', 'userfaultfd_unmap_complete'], () => munmap(BASE, P));
  mapAt(t, BASE + 2 * P, 1);
  expectCalls(t, 'vm_munmap, which lets nobody read before it is through', over, () => vm_munmap(BASE + 2 * P, P));
  t.ASSERT_EQ(mm.map_count, 2);
});

processTest(
  'userfaultfds are told of what a move unmapped before it, of the move, and of what it unmapped',
  (t, mm) => {
    mm.pgd = new Map();
    mapAt(t, BASE, 1);
    mapAt(t, BASE + 4 * P, 2);
    const moved: (keyof Stubs)[] = [
      'mmap_write_unlock',
      'userfaultfd_unmap_complete',
      'mremap_userfaultfd_complete',
      'userfaultfd_unmap_complete',
    ];
    const to = BASE + 4 * P;
    expectCalls(t, 'moved', moved, () => mremap(BASE, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, to));
    const failed: (keyof Stubs)[] = [
      'mmap_write_unlock',
      'userfaultfd_unmap_complete',
      'mremap_userfaultfd_fail',
      'userfaultfd_unmap_complete',
    ];
    t.world.checked.faults.fail('vm_area_cache_alloc');
    expectCalls(t, 'not moved', failed, () => mremap(to, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE));
  },
);

processTest('what is left of a source that was moved is marked before it accounts for its pages again', (t, mm) => {
  mm.pgd = new Map();
  mapAt(t, BASE, 5);
  const marked: string[] = [];
  const { vma_start_write } = stubs;
  stubs.vma_start_write = (vma) => {
    vma_start_write(vma);
    marked.push(`${(vma.vm_start - BASE) / P} ${vma_test(vma, VMA_ACCOUNT_BIT) ? 'accounts' : 'does not'}`);
  };
  t.ASSERT_EQ(mremap(BASE + 2 * P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 16 * P), BASE + 16 * P);
  stubs.vma_start_write = vma_start_write;
  t.equal(marked.slice(-2), ['0 does not', '3 does not']);
});

processTest('a charge that is refused is in the log', (t) => {
  globals.sysctl_overcommit_memory = OVERCOMMIT_NEVER;
  const warn = t.sandbox.stub(stubs, 'pr_warn');
  const pages = globals.totalram_pages;
  t.ASSERT_EQ(mmap(BASE, pages * P, RW, ANON, -1, 0), -ENOMEM);
  t.equal(warn.args, [[`__vm_enough_memory: pid: 0, comm: ${current.comm}, no memory for ${pages} pages`]]);
  warn.restore();
});

processTest('perf hears of memory whose protection changes', (t) => {
  mapAt(t, BASE, 4);
  mapAt(t, BASE + 4 * P, 4, PROT_READ);
  expectCalls(t, 'two VMAs', ['perf_event_mmap', 'perf_event_mmap'], () => mprotect(BASE, 8 * P, 0));
  expectCalls(t, 'no change', [], () => {
    t.equal(
      calls(['perf_event_mmap'], () => mprotect(BASE, 8 * P, 0)),
      [],
    );
  });
});

processTest('a page at address 0 that cannot be sealed is in the log', (t) => {
  current.personality = 0x0100000;
  const warn = t.sandbox.stub(stubs, 'pr_warn');
  mseal_mmap_page_zero();
  t.ASSERT_TRUE(warn.calledOnceWithExactly('pid=0, could not seal address 0, ret=-12.'), String(warn.firstCall?.args));
  warn.restore();
  current.personality = 0;
});

processTest('a file that shared memory gets takes the place of the one before', (t, mm) => {
  const vma = vm_area_alloc(mm);
  if (vma === null) throw new Error('out of memory');
  [vma.vm_start, vma.vm_end] = [BASE, BASE + P];
  const before = new file();
  vma.vm_file = stubs.get_file(before);
  t.ASSERT_EQ(shmem_zero_setup(vma), 0);
  t.ASSERT_EQ(before.f_ref, 1, 'its reference is dropped');
  t.ASSERT_NE(vma.vm_file, before);
  stubs.fput(vma.vm_file);
  vm_area_free(vma);
});

processTest('an anon_vma is freed when nobody looks at it by its lock any more', (t, mm) => {
  const names: (keyof Stubs)[] = ['anon_vma_lock_write', 'anon_vma_unlock_write', 'anon_vma_cache_free'];
  const unmapFaulted = (isLooking: boolean): string[] => {
    mapAt(t, BASE, 1);
    stubs.mmap_write_lock(mm);
    const vma = vma_lookup(mm, BASE);
    if (vma === null) throw new Error('nothing is mapped');
    t.ASSERT_EQ(stubs.anon_vma_prepare(vma), 0);
    stubs.mmap_write_unlock(mm);
    const { rwsem_is_locked } = stubs;
    if (isLooking) stubs.rwsem_is_locked = () => true;
    const called = calls(names, () => munmap(BASE, P));
    stubs.rwsem_is_locked = rwsem_is_locked;
    return called;
  };
  const alone = unmapFaulted(false);
  t.ASSERT_EQ(alone.pop(), 'anon_vma_cache_free');
  t.equal(unmapFaulted(true), [...alone, ...names]);
});

processTest('the cache of VMAs is made before the first VMA', (t) => {
  expectCalls(t, 'vma_state_init', ['vm_area_cache_create'], vma_state_init);
});
