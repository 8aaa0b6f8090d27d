// SPDX-License-Identifier: GPL-2.0-only
/** madvise() and the names of anonymous memory: VMAs, pages and errors of each advice. */
import type { VmaTest } from '../../harness/index.js';
import { madvise, mremap, set_anon_vma_name } from '../../lib/doors/remap.js';
import {
  address_space,
  current,
  EACCES,
  EAGAIN,
  EBADF,
  EFAULT,
  EINTR,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EPERM,
  ERESTARTNOINTR,
  ETXTBSY,
  FMODE_READ,
  file,
  generic_file_mmap_prepare,
  inode,
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_HWPOISON,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  mm_alloc_pgd,
  type mm_struct,
  PROT_NONE,
  PROT_READ,
  process_madvise,
  S_APPEND,
  S_IFCHR,
  S_IFREG,
  S_IMMUTABLE,
  S_SWAPFILE,
  stubs,
  task_struct,
  ULONG_MAX,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_FAULT_SIGSEGV,
  VM_HUGEPAGE,
  VM_IO,
  VM_LOCKED,
  VM_MAYBE_GUARD,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_RAND_READ,
  VM_SEQ_READ,
  VM_WIPEONFORK,
  type vm_area_struct,
  vm_flags_set,
  type vm_flags_t,
  vma_lookup,
} from '../../lib/index.js';
import { copy_mm, mmput } from '../../lib/kernel/fork.js';
import { mlock, mlock2 } from '../../lib/mm/mlock.js';
import { mmap } from '../../lib/mm/mmap/mmap.js';
import { munmap } from '../../lib/mm/mmap/munmap.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import { mseal } from '../../lib/mm/mseal.js';
import { diskFile, locked, pagesOf, peek, poke, rangesOf, worldOf } from './memory.js';
import { ANON, BASE, expectAll, mapAt, openFile, P, processTest, RW } from './process.js';

/** A test in a process with page tables. */
function adviseTest(name: string, body: (t: VmaTest, mm: mm_struct) => void): void {
  processTest(name, (t, mm) => {
    mm_alloc_pgd(mm);
    body(t, mm);
  });
}

function at(mm: mm_struct, addr: number): vm_area_struct {
  const vma = vma_lookup(mm, addr);
  if (vma === null) throw new Error(`nothing is mapped at 0x${addr.toString(16)}`);
  return vma;
}

/** Sets flags that only drivers set. */
function addFlags(mm: mm_struct, addr: number, flags: vm_flags_t): void {
  locked(mm, () => {
    stubs.vma_start_write(at(mm, addr));
    vm_flags_set(at(mm, addr), flags);
  });
}

/** Writes 1, 2, 3 … to that many pages. */
function fill(t: VmaTest, mm: mm_struct, addr: number, pages: number): void {
  for (let i = 0; i < pages; i++) t.ASSERT_EQ(poke(mm, addr + i * P, i + 1), 0);
}

/** A child of the current process; `body` runs as the child, whose memory is gone then. */
function inChild(t: VmaTest, body: (child: mm_struct) => void): void {
  const parent = current.mm;
  const task = new task_struct();
  t.ASSERT_EQ(copy_mm(task, false), 0, 'fork');
  if (task.mm === null) throw new Error('the child has no memory');
  current.mm = task.mm;
  body(task.mm);
  mmput(task.mm);
  current.mm = parent;
}

adviseTest('what is no advice', (t, mm) => {
  mapAt(t, BASE, 4);
  expectAll(t, [
    ['unknown', madvise(BASE, P, 5), -EINVAL],
    ['memory failure, which is not compiled in', madvise(BASE, P, MADV_HWPOISON), -EINVAL],
    ['the advice that prctl() stands for', madvise(BASE, P, -1), -EINVAL],
    ['inside a page', madvise(BASE + 1, P, MADV_NORMAL), -EINVAL],
    ['a length that wraps to none', madvise(BASE, ULONG_MAX, MADV_NORMAL), -EINVAL],
    ['a range that wraps', madvise(BASE, ULONG_MAX - 2 * P, MADV_NORMAL), -EINVAL],
    ['no length', madvise(BASE + 64 * P, 0, MADV_DONTNEED), 0],
    ['an unknown advice of no length', madvise(BASE, 0, 5), -EINVAL],
    ['nothing mapped', madvise(BASE + 64 * P, P, MADV_NORMAL), -ENOMEM],
    ['nothing mapped before the range', madvise(BASE - P, P, MADV_DONTNEED), -ENOMEM],
    ['no huge pages', madvise(BASE, P, MADV_COLLAPSE), -EINVAL],
  ]);
  worldOf(t).faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(madvise(BASE, P, MADV_RANDOM), -EINTR);
  worldOf(t).faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(process_madvise([{ iov_base: BASE, iov_len: P }], MADV_RANDOM, 0), -EINTR);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000004000');
});

adviseTest('advice that sets a flag splits, and that which clears it merges', (t, mm) => {
  mapAt(t, BASE, 4);
  const cases: [advice: number, back: number, set: vm_flags_t][] = [
    [MADV_RANDOM, MADV_NORMAL, VM_RAND_READ],
    [MADV_SEQUENTIAL, MADV_NORMAL, VM_SEQ_READ],
    [MADV_DONTFORK, MADV_DOFORK, VM_DONTCOPY],
    [MADV_WIPEONFORK, MADV_KEEPONFORK, VM_WIPEONFORK],
    [MADV_DONTDUMP, MADV_DODUMP, VM_DONTDUMP],
    [MADV_MERGEABLE, MADV_UNMERGEABLE, VM_MERGEABLE],
  ];
  for (const [advice, back, flag] of cases) {
    const plain = at(mm, BASE).vm_flags;
    t.ASSERT_EQ(madvise(BASE + P, 2 * P - 1, advice), 0, `advice ${advice}`);
    t.ASSERT_EQ(mm.map_count, 3);
    t.ASSERT_EQ(at(mm, BASE + P).vm_flags, plain | flag);
    t.ASSERT_EQ(madvise(BASE, 4 * P, advice), 0);
    t.ASSERT_EQ(mm.map_count, 1, 'all of it is one');
    t.ASSERT_EQ(madvise(BASE + P, P, advice), 0, 'again changes nothing');
    t.ASSERT_EQ(mm.map_count, 1);
    t.ASSERT_EQ(madvise(BASE + 3 * P, P, back), 0);
    t.ASSERT_EQ(mm.map_count, 2);
    t.ASSERT_EQ(madvise(BASE, 4 * P, back), 0);
    t.ASSERT_EQ(at(mm, BASE).vm_flags, plain);
    t.ASSERT_EQ(mm.map_count, 1);
  }
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_RANDOM), 0);
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_SEQUENTIAL), 0);
  t.ASSERT_EQ(at(mm, BASE).vm_flags & (VM_RAND_READ | VM_SEQ_READ), VM_SEQ_READ, 'one or the other');
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_RANDOM), 0);
  t.ASSERT_EQ(at(mm, BASE).vm_flags & (VM_RAND_READ | VM_SEQ_READ), VM_RAND_READ);
  const enter = t.sandbox.spy(stubs, 'khugepaged_enter_vma');
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_HUGEPAGE), 0);
  t.ASSERT_EQ(at(mm, BASE).vm_flags & (VM_HUGEPAGE | VM_NOHUGEPAGE), VM_HUGEPAGE);
  t.ASSERT_EQ(enter.callCount > 0, true, 'khugepaged is told');
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_NOHUGEPAGE), 0);
  t.ASSERT_EQ(at(mm, BASE).vm_flags & (VM_HUGEPAGE | VM_NOHUGEPAGE), VM_NOHUGEPAGE);
});

adviseTest('a range of several mappings, with gaps', (t, mm) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 3 * P, 2, PROT_READ);
  mapAt(t, BASE + 6 * P, 1);
  t.ASSERT_EQ(madvise(BASE - P, 7 * P, MADV_RANDOM), -ENOMEM, 'all that is there is advised');
  for (const addr of [BASE, BASE + 3 * P]) t.ASSERT_EQ(at(mm, addr).vm_flags & VM_RAND_READ, VM_RAND_READ);
  t.ASSERT_EQ(at(mm, BASE + 6 * P).vm_flags & VM_RAND_READ, 0n);
  t.ASSERT_EQ(madvise(BASE + 6 * P, 4 * P, MADV_RANDOM), -ENOMEM, 'the range goes on past the last');
  t.ASSERT_EQ(at(mm, BASE + 6 * P).vm_flags & VM_RAND_READ, VM_RAND_READ);
  t.ASSERT_EQ(madvise(BASE + P, P, MADV_NORMAL), 0);
  t.ASSERT_EQ(madvise(BASE, 2 * P, MADV_NORMAL), 0, 'two that become one');
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000002000 200000003000-200000005000 200000006000-200000007000');
  fill(t, mm, BASE, 2);
  t.ASSERT_EQ(poke(mm, BASE + 6 * P, 9), 0);
  t.ASSERT_EQ(madvise(BASE + P, 6 * P, MADV_DONTNEED), -ENOMEM);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1');
});

adviseTest('where there is no memory to split', (t, mm) => {
  mapAt(t, BASE, 3);
  for (const name of ['vm_area_cache_alloc', 'vma_iter_prealloc']) {
    worldOf(t).faults.fail(name);
    t.ASSERT_EQ(madvise(BASE + P, P, MADV_RANDOM), -EAGAIN, name);
  }
  worldOf(t).faults.fail('__ksm_enter');
  t.ASSERT_EQ(madvise(BASE, P, MADV_MERGEABLE), -EAGAIN);
  t.ASSERT_EQ(mm.map_count, 1);
  worldOf(t).faults.fail('anon_vma_name_alloc');
  t.ASSERT_EQ(set_anon_vma_name(BASE, P, 'x'), -ENOMEM);
  worldOf(t).faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(set_anon_vma_name(BASE, P, 'x'), -EAGAIN);
});

adviseTest('mappings that may not be advised so', (t, mm) => {
  const f = new file({ mmap: () => 0 });
  mapAt(t, BASE, 1);
  addFlags(mm, BASE, VM_DONTEXPAND | VM_IO);
  t.ASSERT_EQ(mmap(BASE + 2 * P, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0), BASE + 2 * P);
  t.ASSERT_EQ(mmap(BASE + 4 * P, P, RW, MAP_PRIVATE | MAP_FIXED, openFile(f), 0), BASE + 4 * P);
  t.ASSERT_EQ(mmap(BASE + 6 * P, P, RW, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), BASE + 6 * P);
  mapAt(t, BASE + 8 * P, 1, RW, ANON | MAP_LOCKED);
  mapAt(t, BASE + 10 * P, 1);
  addFlags(mm, BASE + 10 * P, VM_PFNMAP);
  expectAll(t, [
    ['DOFORK of device memory', madvise(BASE, P, MADV_DOFORK), -EINVAL],
    ['DODUMP of device memory', madvise(BASE, P, MADV_DODUMP), -EINVAL],
    ['guards in device memory', madvise(BASE, P, MADV_GUARD_INSTALL), -EINVAL],
    ['and their removal', madvise(BASE, P, MADV_GUARD_REMOVE), -EINVAL],
    ['KSM of device memory is ignored', madvise(BASE, P, MADV_MERGEABLE), 0],
    ['WIPEONFORK of shared memory', madvise(BASE + 2 * P, P, MADV_WIPEONFORK), -EINVAL],
    ['WIPEONFORK of a file', madvise(BASE + 4 * P, P, MADV_WIPEONFORK), -EINVAL],
    ['FREE of shared memory', madvise(BASE + 2 * P, P, MADV_FREE), -EINVAL],
    ['KEEPONFORK of droppable memory', madvise(BASE + 6 * P, P, MADV_KEEPONFORK), -EINVAL],
    ['DODUMP of droppable memory', madvise(BASE + 6 * P, P, MADV_DODUMP), -EINVAL],
    ['DONTNEED of locked memory', madvise(BASE + 8 * P, P, MADV_DONTNEED), -EINVAL],
    ['FREE of locked memory', madvise(BASE + 8 * P, P, MADV_FREE), -EINVAL],
    ['COLD of locked memory', madvise(BASE + 8 * P, P, MADV_COLD), -EINVAL],
    ['PAGEOUT of locked memory', madvise(BASE + 8 * P, P, MADV_PAGEOUT), -EINVAL],
    ['guards in locked memory', madvise(BASE + 8 * P, P, MADV_GUARD_INSTALL), -EINVAL],
    ['their removal may be', madvise(BASE + 8 * P, P, MADV_GUARD_REMOVE), 0],
    ['DONTNEED_LOCKED of it', madvise(BASE + 8 * P, P, MADV_DONTNEED_LOCKED), 0],
    ['of page frames', madvise(BASE + 10 * P, P, MADV_DONTNEED_LOCKED), -EINVAL],
    ['COLD of page frames', madvise(BASE + 10 * P, P, MADV_COLD), -EINVAL],
    ['a name for a file', set_anon_vma_name(BASE + 4 * P, P, 'no'), -EBADF],
    ['a name for shared memory', set_anon_vma_name(BASE + 2 * P, P, 'yes'), 0],
  ]);
});

adviseTest('pages that are dropped', (t, mm) => {
  mapAt(t, BASE, 4);
  fill(t, mm, BASE, 4);
  t.ASSERT_EQ(madvise(BASE + P, 2 * P, MADV_DONTNEED), 0);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000003000:4');
  t.ASSERT_EQ(peek(mm, BASE + P), 0, 'and are zeroes from then on');
  for (const advice of [MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED]) {
    t.ASSERT_EQ(madvise(BASE, 4 * P, advice), 0, `advice ${advice}`);
    t.ASSERT_EQ(peek(mm, BASE), 1, 'with memory enough they stay');
  }
  t.ASSERT_EQ(mm.map_count, 1);
  t.ASSERT_EQ(mlock(BASE, P), 0);
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_DONTNEED), -EINVAL, 'the locked one comes first');
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000001000:z 200000003000:4');
  t.ASSERT_EQ(madvise(BASE, P, MADV_DONTNEED_LOCKED), 0);
  t.ASSERT_EQ(peek(mm, BASE), 0);
});

adviseTest('pages of a file', (t, mm) => {
  const f = diskFile(4);
  const fd = openFile(f);
  t.ASSERT_EQ(mmap(BASE, 4 * P, RW, MAP_PRIVATE | MAP_FIXED, fd, 0), BASE);
  t.ASSERT_EQ(mmap(BASE + 8 * P, 4 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0), BASE + 8 * P);
  fill(t, mm, BASE + 8 * P, 4);
  t.ASSERT_EQ(poke(mm, BASE, 9), 0);
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_DONTNEED), 0);
  t.ASSERT_EQ(peek(mm, BASE), 1, 'a private copy is gone, the file is there');
  t.ASSERT_EQ(madvise(BASE + 8 * P, 4 * P, MADV_DONTNEED), 0);
  t.ASSERT_EQ(peek(mm, BASE + 11 * P), 4, 'shared pages are in the file');
  const before = f.f_ref;
  mapAt(t, BASE + 12 * P, 1);
  t.ASSERT_EQ(madvise(BASE, 13 * P, MADV_WILLNEED), -ENOMEM, 'the lock is dropped for each file');
  t.ASSERT_EQ(f.f_ref, before);
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_PAGEOUT), 0);
  t.sandbox.stub(stubs, 'can_do_file_pageout').returns(false);
  const gather = t.sandbox.spy(stubs, 'tlb_gather_mmu');
  t.ASSERT_EQ(madvise(BASE + 8 * P, P, MADV_PAGEOUT), 0);
  t.ASSERT_EQ(gather.callCount, 0, 'who may not write the file does not page it out');
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_PAGEOUT), 0);
  t.ASSERT_EQ(gather.callCount, 1, 'private copies are his own');
});

adviseTest('holes in files', (t, mm) => {
  const shared = mmap(BASE, 4 * P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  const second = mremap(shared, 0, 4 * P, 1, 0);
  fill(t, mm, shared, 4);
  t.ASSERT_EQ(madvise(second + P, 2 * P, MADV_REMOVE), 0);
  t.ASSERT_EQ(peek(mm, shared + P), 0, 'gone for all who map it');
  t.ASSERT_EQ(peek(mm, shared), 1);
  t.ASSERT_EQ(peek(mm, second + 3 * P), 4);

  mapAt(t, BASE + 16 * P, 1);
  t.ASSERT_EQ(madvise(BASE + 16 * P, P, MADV_REMOVE), -EINVAL, 'no file');
  t.ASSERT_EQ(mlock(shared, P), 0);
  t.ASSERT_EQ(madvise(shared, P, MADV_REMOVE), -EINVAL, 'locked');

  /** MADV_REMOVE on a shared mapping of a file that `change` is made to. */
  const removeWith = (change: (f: file, host: inode) => void, flags = MAP_SHARED, at = 0): number => {
    const host = new inode(S_IFREG | 0o644);
    host.i_size = 8 * P;
    const f = new file({ mmap_prepare: generic_file_mmap_prepare, fallocate: () => 0 }, new address_space(host));
    const addr = mmap(0, P, RW, flags, openFile(f), at);
    change(f, host);
    const res = madvise(addr, P, MADV_REMOVE);
    t.ASSERT_EQ(munmap(addr, P), 0);
    return res;
  };
  expectAll(t, [
    ['a file system that can', removeWith(() => {}), 0],
    ['a private mapping', removeWith(() => {}, MAP_PRIVATE), -EACCES],
    ['not open for writing any more', removeWith((f) => Object.assign(f, { f_mode: FMODE_READ })), -EBADF],
    ['append only', removeWith((_f, host) => Object.assign(host, { i_flags: S_APPEND })), -EPERM],
    ['immutable', removeWith((_f, host) => Object.assign(host, { i_flags: S_IMMUTABLE })), -EPERM],
    ['a swap file', removeWith((_f, host) => Object.assign(host, { i_flags: S_SWAPFILE })), -ETXTBSY],
    ['no file on a disk', removeWith((_f, host) => Object.assign(host, { i_mode: S_IFCHR })), -ENODEV],
    ['a file system that cannot', removeWith((f) => Object.assign(f, { f_op: {} })), -EOPNOTSUPP],
  ]);
});

adviseTest('populating', (t, mm) => {
  mapAt(t, BASE, 3);
  mapAt(t, BASE + 3 * P, 1, PROT_READ);
  mapAt(t, BASE + 5 * P, 1, PROT_NONE);
  t.ASSERT_EQ(madvise(BASE + P, 3 * P, MADV_POPULATE_READ), 0, 'over two mappings');
  t.ASSERT_EQ(pagesOf(mm), '200000001000:z 200000002000:z 200000003000:z');
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_POPULATE_WRITE), 0);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:0 200000001000:0 200000002000:0 200000003000:z');
  t.ASSERT_EQ(mmap(BASE + 8 * P, 2 * P, RW, MAP_SHARED | MAP_FIXED, openFile(diskFile(1)), 0), BASE + 8 * P);
  mapAt(t, BASE + 12 * P, 1);
  addFlags(mm, BASE + 12 * P, VM_PFNMAP);
  expectAll(t, [
    ['read-only', madvise(BASE, 4 * P, MADV_POPULATE_WRITE), -EINVAL],
    ['a gap', madvise(BASE, 5 * P, MADV_POPULATE_READ), -ENOMEM],
    ['no access', madvise(BASE + 5 * P, P, MADV_POPULATE_READ), -EINVAL],
    ['past the end of the file', madvise(BASE + 8 * P, 2 * P, MADV_POPULATE_READ), -EFAULT],
    ['page frames', madvise(BASE + 12 * P, P, MADV_POPULATE_READ), -EINVAL],
  ]);
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), 0);
  worldOf(t).faults.fail('alloc_page', 2);
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_POPULATE_WRITE), 0, 'a page that fails after others is tried again');
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), 0);
  worldOf(t).faults.fail('alloc_page');
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_POPULATE_WRITE), -ENOMEM);
  worldOf(t).faults.fail('signal_pending');
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_POPULATE_WRITE), -EINTR);
});

adviseTest('guards', (t, mm) => {
  mapAt(t, BASE, 4);
  fill(t, mm, BASE, 3);
  t.ASSERT_EQ(madvise(BASE + P, 2 * P, MADV_GUARD_INSTALL), 0);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000001000:G 200000002000:G', 'what was there is gone');
  t.ASSERT_EQ(mm.map_count, 1, 'the VMA is one');
  t.ASSERT_EQ(at(mm, BASE).vm_flags & VM_MAYBE_GUARD, VM_MAYBE_GUARD);
  t.ASSERT_EQ(peek(mm, BASE + P), -VM_FAULT_SIGSEGV);
  t.ASSERT_EQ(poke(mm, BASE + 2 * P, 1), VM_FAULT_SIGSEGV);
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_DONTNEED), 0);
  t.ASSERT_EQ(pagesOf(mm), '200000001000:G 200000002000:G', 'they stay');
  t.ASSERT_EQ(madvise(BASE + P, 3 * P, MADV_GUARD_INSTALL), 0, 'again, and more');
  t.ASSERT_EQ(madvise(BASE, 4 * P, MADV_POPULATE_READ), -EFAULT);
  t.ASSERT_EQ(mlock(BASE, 4 * P), -ENOMEM, 'what is locked cannot be populated');
  t.ASSERT_EQ(at(mm, BASE).vm_flags & VM_LOCKED, VM_LOCKED);
  t.ASSERT_EQ(mprotect(BASE, 4 * P, PROT_READ), 0);
  t.ASSERT_EQ(mprotect(BASE, 4 * P, RW), 0);
  const moved = mremap(BASE, 4 * P, 4 * P, 3, BASE + 64 * P);
  t.ASSERT_EQ(pagesOf(mm), '200000040000:0 200000041000:G 200000042000:G 200000043000:G', 'they move');
  inChild(t, (child) => t.ASSERT_EQ(peek(child, moved + P), -VM_FAULT_SIGSEGV, 'a child has them'));
  t.ASSERT_EQ(madvise(moved, 3 * P, MADV_GUARD_REMOVE), 0);
  t.ASSERT_EQ(pagesOf(mm), '200000040000:0 200000043000:G');
  t.ASSERT_EQ(poke(mm, moved + P, 4), 0);

  mapAt(t, BASE, 1);
  worldOf(t).faults.fail('anon_vma_chain_alloc');
  t.ASSERT_EQ(madvise(BASE, P, MADV_GUARD_INSTALL), -ENOMEM, 'no anon_vma for them');
  t.ASSERT_EQ(madvise(BASE, P, MADV_GUARD_INSTALL), 0);
  t.ASSERT_NE(at(mm, BASE).anon_vma, null);
  t.ASSERT_EQ(poke(mm, moved + P, 4), 0);
  t.sandbox.stub(stubs, 'zap_vma_range');
  t.ASSERT_EQ(madvise(moved, 4 * P, MADV_GUARD_INSTALL), -EINVAL, 'locked');
  mapAt(t, BASE + 2 * P, 1);
  t.ASSERT_EQ(poke(mm, BASE + 2 * P, 1), 0);
  t.ASSERT_EQ(madvise(BASE + 2 * P, P, MADV_GUARD_INSTALL), -ERESTARTNOINTR, 'pages that come again and again');
});

adviseTest('what a child has', (t, mm) => {
  mapAt(t, BASE, 4);
  fill(t, mm, BASE, 4);
  t.ASSERT_EQ(madvise(BASE, P, MADV_DONTFORK), 0);
  t.ASSERT_EQ(madvise(BASE + P, P, MADV_WIPEONFORK), 0);
  inChild(t, (child) => {
    t.ASSERT_EQ(vma_lookup(child, BASE), null);
    t.ASSERT_EQ(peek(child, BASE + P), 0, 'wiped');
    t.ASSERT_EQ(peek(child, BASE + 2 * P), 3);
    t.ASSERT_EQ(poke(child, BASE + 2 * P, 7), 0);
    t.ASSERT_EQ(peek(mm, BASE + 2 * P), 3);
    t.ASSERT_EQ(poke(mm, BASE + 3 * P, 8), 0);
    t.ASSERT_EQ(peek(child, BASE + 3 * P), 4);
    t.ASSERT_EQ(madvise(BASE + 2 * P, 2 * P, MADV_DONTNEED), 0);
    t.ASSERT_EQ(pagesOf(child), '200000001000:z');
  });
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000001000:2 200000002000:3 200000003000:8');
  t.ASSERT_EQ(poke(mm, BASE + 2 * P, 5), 0, 'nobody else has it any more');
  inChild(t, (child) => {
    const shared = child.pgd?.get(BASE + 2 * P)?.page;
    t.ASSERT_EQ(madvise(BASE + 2 * P, P, MADV_DONTNEED), 0);
    current.mm = mm;
    t.ASSERT_EQ(madvise(BASE + 3 * P, P, MADV_DONTNEED), 0, 'the parent lets go of one');
    current.mm = child;
    const kept = child.pgd?.get(BASE + 3 * P)?.page;
    t.ASSERT_EQ(kept?.mapping, at(mm, BASE + 2 * P).anon_vma, 'of the parent, until');
    t.ASSERT_EQ(poke(child, BASE + 3 * P, 6), 0);
    t.ASSERT_EQ(child.pgd?.get(BASE + 3 * P)?.page, kept, 'it is written where it is');
    t.ASSERT_EQ(kept?.mapping, at(child, BASE + 3 * P).anon_vma, "and is the child's then");
    t.ASSERT_NE(shared, kept);
  });
});

adviseTest('what is sealed keeps its content, if it cannot be written', (t) => {
  const discards = [MADV_FREE, MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_DONTFORK, MADV_WIPEONFORK, MADV_GUARD_INSTALL];
  const others = [MADV_NORMAL, MADV_RANDOM, MADV_WILLNEED, MADV_COLD, MADV_DONTDUMP, MADV_KEEPONFORK, MADV_MERGEABLE];
  mapAt(t, BASE, 1, PROT_READ);
  mapAt(t, BASE + 2 * P, 1);
  t.ASSERT_EQ(mmap(BASE + 4 * P, P, PROT_READ, MAP_PRIVATE | MAP_FIXED, openFile(diskFile(1)), 0), BASE + 4 * P);
  for (const addr of [BASE, BASE + 2 * P, BASE + 4 * P]) t.ASSERT_EQ(mseal(addr, P, 0), 0);
  for (const advice of [...discards, MADV_REMOVE])
    t.ASSERT_EQ(madvise(BASE, P, advice), -EPERM, `D5: advice ${advice}`);
  for (const advice of others) t.ASSERT_EQ(madvise(BASE, P, advice), 0, `D5: advice ${advice}`);
  t.ASSERT_EQ(madvise(BASE + 2 * P, P, MADV_DONTNEED), 0, 'writable');
  t.ASSERT_EQ(madvise(BASE + 4 * P, P, MADV_DONTNEED), 0, 'a file');
  // It cannot be unmapped, but for the end of the process.
  t.ASSERT_EQ(munmap(BASE, P), -EPERM);
});

adviseTest('names', (t, mm) => {
  mapAt(t, BASE, 4);
  expectAll(t, [
    ['inside a page', set_anon_vma_name(BASE + 1, P, 'a'), -EINVAL],
    ['a length that wraps to none', set_anon_vma_name(BASE, ULONG_MAX, 'a'), -EINVAL],
    ['a range that wraps', set_anon_vma_name(BASE, ULONG_MAX - 2 * P, 'a'), -EINVAL],
    ['no length', set_anon_vma_name(BASE, 0, 'a'), 0],
    ['nothing mapped', set_anon_vma_name(BASE + 8 * P, P, 'a'), -ENOMEM],
    ['a bracket', set_anon_vma_name(BASE, P, 'a]'), -EINVAL],
    ['a control character', set_anon_vma_name(BASE, P, 'a\n'), -EINVAL],
    ['not ASCII', set_anon_vma_name(BASE, P, 'ä'), -EINVAL],
    ['80 characters', set_anon_vma_name(BASE, P, 'x'.repeat(80)), -EINVAL],
    ['79 characters', set_anon_vma_name(BASE + P, 2 * P - 1, 'x'.repeat(79)), 0],
  ]);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000001000 200000001000-200000003000 200000003000-200000004000');
  t.ASSERT_EQ(stubs.anon_vma_name(at(mm, BASE + P))?.name, 'x'.repeat(79));
  t.ASSERT_EQ(set_anon_vma_name(BASE, 4 * P, 'a name'), 0);
  t.ASSERT_EQ(mm.map_count, 1, 'one name, one VMA');
  t.ASSERT_EQ(set_anon_vma_name(BASE, P, 'a name'), 0, 'the same name changes nothing');
  t.ASSERT_EQ(madvise(BASE, P, MADV_RANDOM), 0);
  t.ASSERT_EQ(stubs.anon_vma_name(at(mm, BASE))?.name, 'a name', 'a split keeps it');
  inChild(t, (child) => t.ASSERT_EQ(stubs.anon_vma_name(at(child, BASE))?.name, 'a name', 'and a fork'));
  t.ASSERT_EQ(madvise(BASE, P, MADV_NORMAL), 0);
  t.ASSERT_EQ(set_anon_vma_name(BASE, 4 * P, null), 0);
  t.ASSERT_EQ(stubs.anon_vma_name(at(mm, BASE)), null);
  worldOf(t).faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(set_anon_vma_name(BASE, P, 'a'), -EINTR);
  t.ASSERT_EQ(mlock2(BASE, P, 1), 0);
});

adviseTest('a userfaultfd that is told drops the lock', (t, mm) => {
  mapAt(t, BASE, 2);
  fill(t, mm, BASE, 2);
  const told = t.sandbox.stub(stubs, 'userfaultfd_remove');
  // Only where the address space is locked is the lock dropped; one VMA's is not.
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  told.callsFake(() => {
    stubs.mmap_read_unlock(mm);
    return false;
  });
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), 0);
  t.ASSERT_EQ(pagesOf(mm), '');
  fill(t, mm, BASE, 2);
  told.callsFake(() => {
    stubs.mmap_read_unlock(mm);
    t.ASSERT_EQ(munmap(BASE, P), 0);
    return false;
  });
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), -ENOMEM, 'the VMA is gone meanwhile');
  mapAt(t, BASE, 2);
  fill(t, mm, BASE, 2);
  told.callsFake((vma) => {
    stubs.mmap_read_unlock(mm);
    if (vma.vm_end === BASE + 2 * P) t.ASSERT_EQ(mprotect(BASE + P, P, PROT_READ), 0);
    return false;
  });
  const dropped = t.sandbox.spy(stubs, 'zap_vma_range');
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), 0, 'it was split meanwhile: the rest comes next');
  t.ASSERT_EQ(dropped.firstCall.args[2], P);
  t.ASSERT_EQ(pagesOf(mm), '');
  mapAt(t, BASE, 1);
  told.callsFake(() => {
    stubs.mmap_read_unlock(mm);
    t.ASSERT_EQ(mlock(BASE, P), 0);
    return false;
  });
  t.ASSERT_EQ(madvise(BASE, 3 * P, MADV_DONTNEED), -EINVAL, 'locked meanwhile');
});
