// SPDX-License-Identifier: GPL-2.0-only
/** mremap(): what each way of it leaves, and what it answers, errno by errno. */
import type { VmaTest } from '../../harness/index.js';
import { madvise, mremap } from '../../lib/doors/remap.js';
import {
  CAP_IPC_LOCK,
  current,
  EAGAIN,
  EFAULT,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  file,
  globals,
  MADV_MERGEABLE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  mm_alloc_pgd,
  type mm_struct,
  PROT_NONE,
  PROT_READ,
  RLIMIT_AS,
  RLIMIT_MEMLOCK,
  stubs,
  TASK_SIZE,
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_LOCKED,
  VM_MERGEABLE,
  VM_UFFD_MISSING,
  type vm_area_struct,
  vm_flags_set,
  vma_lookup,
} from '../../lib/index.js';
import { mlock } from '../../lib/mm/mlock.js';
import { mmap } from '../../lib/mm/mmap/mmap.js';
import { munmap } from '../../lib/mm/mmap/munmap.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import { mseal } from '../../lib/mm/mseal.js';
import { locked, pagesOf, peek, poke, rangesOf, worldOf } from './memory.js';
import { ANON, BASE, expectAll, mapAt, openFile, P, processTest, RW } from './process.js';

const FIXED = MREMAP_MAYMOVE | MREMAP_FIXED;
const KEEP = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
/** Elsewhere. */
const TO = BASE + 0x10000000;

/** A test in a process with page tables. */
function remapTest(name: string, body: (t: VmaTest, mm: mm_struct) => void): void {
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

/** Pages that mappings account for. */
function accounted(mm: mm_struct): number {
  let pages = 0;
  for (let addr = 0; ; ) {
    const vma = stubsFind(mm, addr);
    if (vma === null) return pages;
    if ((vma.vm_flags & VM_ACCOUNT) !== 0n) pages += (vma.vm_end - vma.vm_start) / P;
    addr = vma.vm_end;
  }
}

function stubsFind(mm: mm_struct, addr: number): vm_area_struct | null {
  const found = rangesOf(mm)
    .split(' ')
    .map((range) => Number.parseInt(range, 16))
    .find((start) => start >= addr);
  return found === undefined || Number.isNaN(found) ? null : vma_lookup(mm, found);
}

/** The charge is what the mappings account for, and the sums are theirs. */
function assertBalanced(t: VmaTest, mm: mm_struct): void {
  t.ASSERT_EQ(globals.vm_committed_as, accounted(mm), 'the charge is what the mappings account for');
}

remapTest('what is no remap', (t, mm) => {
  mapAt(t, BASE, 4);
  expectAll(t, [
    ['an unknown flag', mremap(BASE, P, P, 8, 0), -EINVAL],
    ['a flag past 32 bits', mremap(BASE, P, P, 2 ** 32, 0), -EINVAL],
    ['an address inside a page', mremap(BASE + 1, P, P, 0, 0), -EINVAL],
    ['no new length', mremap(BASE, P, 0, 0, 0), -EINVAL],
    ['a new length that wraps to none', mremap(BASE, P, Number.MAX_SAFE_INTEGER, 0, 0), -EINVAL],
    ['a new length past user space', mremap(BASE, P, TASK_SIZE + P, MREMAP_MAYMOVE, 0), -EINVAL],
    ['fixed, but may not move', mremap(BASE, P, P, MREMAP_FIXED, TO), -EINVAL],
    ['stays, but may not move', mremap(BASE, P, P, MREMAP_DONTUNMAP, TO), -EINVAL],
    ['a new address inside a page', mremap(BASE, P, P, FIXED, TO + 1), -EINVAL],
    ['a new address past user space', mremap(BASE, P, 2 * P, FIXED, TASK_SIZE - P), -EINVAL],
    ['stays and grows', mremap(BASE, P, 2 * P, KEEP, 0), -EINVAL],
    ['onto itself', mremap(BASE, 2 * P, 2 * P, FIXED, BASE + P), -EINVAL],
    ['nothing mapped', mremap(TO, P, 2 * P, 0, 0), -EFAULT],
    ['nothing mapped, to be moved', mremap(TO, P, P, FIXED, BASE + 16 * P), -EFAULT],
    ['a gap at the start', mremap(BASE - P, 2 * P, 2 * P, FIXED, TO), -EFAULT],
    ['past the end, growing', mremap(BASE, 5 * P, 6 * P, MREMAP_MAYMOVE, 0), -EFAULT],
    ['a second mapping of private memory', mremap(BASE, 0, P, MREMAP_MAYMOVE, 0), -EINVAL],
    ['the same length', mremap(BASE, 2 * P, 2 * P, 0, 0), BASE],
    ['the same length, with lengths inside a page', mremap(BASE, P + 1, 2 * P - 1, 0, 0), BASE],
  ]);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000004000', 'nothing has changed');
});

remapTest('a new address counts only where one is asked for', (t, mm) => {
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(mremap(BASE, 2 * P, 4 * P, MREMAP_MAYMOVE, 12345), BASE, 'C9: not looked at');
  t.ASSERT_EQ(mremap(BASE, 4 * P, P, 0, TASK_SIZE + 7), BASE);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000001000');
  assertBalanced(t, mm);
});

remapTest('growing where it is', (t, mm) => {
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(poke(mm, BASE + P, 5), 0);
  t.ASSERT_EQ(mremap(BASE, 2 * P, 4 * P, 0, 0), BASE);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000004000');
  mapAt(t, BASE + 6 * P, 1);
  t.ASSERT_EQ(mremap(BASE + P, 3 * P, 5 * P, 0, 0), BASE + P, 'from inside; what follows merges');
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000007000');
  t.ASSERT_EQ(mm.map_count, 1);
  t.ASSERT_EQ(pagesOf(mm), '200000001000:5');
  assertBalanced(t, mm);

  mapAt(t, BASE + 8 * P, 1);
  t.ASSERT_EQ(mremap(BASE, 7 * P, 9 * P, 0, 0), -ENOMEM, 'no room, and it may not move');
  t.ASSERT_EQ(mremap(BASE, 6 * P, 8 * P, 0, 0), -ENOMEM, 'nor may a part that does not end where the VMA does');
  worldOf(t).faults.fail('security_vm_enough_memory_mm');
  t.ASSERT_EQ(mremap(BASE, 7 * P, 8 * P, 0, 0), -ENOMEM, 'no memory to charge');
  worldOf(t).faults.fail('vma_iter_prealloc');
  t.ASSERT_EQ(mremap(BASE, 7 * P, 8 * P, 0, 0), -ENOMEM, 'no memory for the tree');
  worldOf(t).faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(mremap(BASE, 7 * P, 8 * P, 0, 0), -EINTR);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000007000 200000008000-200000009000');
  assertBalanced(t, mm);
});

remapTest('the peak counts no mapping twice', (t, mm) => {
  mapAt(t, BASE, 4);
  mm.hiwater_vm = 4;
  t.ASSERT_EQ(mremap(BASE, 4 * P, 4 * P, FIXED, TO), TO);
  t.ASSERT_EQ(mm.hiwater_vm, 4);
});

remapTest('growing elsewhere', (t, mm) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  for (const i of [0, 1]) t.ASSERT_EQ(poke(mm, BASE + i * P, 5 + i), 0);
  const anon = at(mm, BASE).anon_vma;
  const moved = mremap(BASE, 2 * P, 4 * P, MREMAP_MAYMOVE, 0);
  t.ASSERT_EQ(moved, mm.mmap_base - 4 * P, 'as mmap() would place it');
  t.ASSERT_EQ(at(mm, moved).anon_vma, anon);
  t.ASSERT_EQ(peek(mm, moved), 5);
  t.ASSERT_EQ(peek(mm, moved + P), 6);
  t.ASSERT_EQ(peek(mm, moved + 2 * P), 0);
  t.ASSERT_EQ(vma_lookup(mm, BASE), null);
  t.ASSERT_EQ(mm.total_vm, 5);
  assertBalanced(t, mm);
});

remapTest('shrinking', (t, mm) => {
  mapAt(t, BASE, 4);
  for (const i of [0, 1, 2, 3]) t.ASSERT_EQ(poke(mm, BASE + i * P, 1 + i), 0);
  t.ASSERT_EQ(mremap(BASE, 4 * P, 2 * P, 0, 0), BASE);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000001000:2');
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000002000');

  mapAt(t, BASE + 3 * P, 1);
  mapAt(t, BASE + 5 * P, 2, PROT_READ);
  t.ASSERT_EQ(mremap(BASE, 6 * P, P, 0, 0), BASE, 'C12: across gaps and VMAs');
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000001000 200000006000-200000007000');
  assertBalanced(t, mm);
  t.ASSERT_EQ(mremap(BASE, TASK_SIZE - BASE + P, P, 0, 0), -EINVAL, 'past the end of user space');

  mapAt(t, BASE + P, 3);
  t.ASSERT_EQ(mremap(BASE, 7 * P, 2 * P, FIXED, TO), TO, 'C12: and moved');
  t.ASSERT_EQ(rangesOf(mm), '200010000000-200010002000');
  t.ASSERT_EQ(peek(mm, TO), 1);
  assertBalanced(t, mm);
});

remapTest('what is shrunk and moved is charged for nothing', (t, mm) => {
  mapAt(t, BASE, 8);
  const before = globals.vm_committed_as;
  t.ASSERT_EQ(mremap(BASE, 8 * P, 2 * P, FIXED, TO), TO);
  t.ASSERT_EQ(before, 8);
  t.ASSERT_EQ(globals.vm_committed_as, 2, 'C7: the difference is no growth');
  assertBalanced(t, mm);
});

remapTest('moving to an address', (t, mm) => {
  mapAt(t, BASE, 4);
  mapAt(t, TO, 8, PROT_READ);
  for (const i of [0, 1, 2, 3]) t.ASSERT_EQ(poke(mm, BASE + i * P, 1 + i), 0);
  t.ASSERT_EQ(mremap(BASE + P, 2 * P, 2 * P, FIXED, TO + 2 * P), TO + 2 * P, 'from inside, over what is there');
  t.ASSERT_EQ(
    rangesOf(mm),
    '200000000000-200000001000 200000003000-200000004000 200010000000-200010002000 200010002000-200010004000 200010004000-200010008000',
  );
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000003000:4 200010002000:2 200010003000:3');
  for (const addr of [BASE, BASE + 3 * P, TO + 2 * P]) {
    t.ASSERT_EQ(at(mm, addr).vm_flags & VM_ACCOUNT, VM_ACCOUNT, 'what is left accounts for its pages');
  }
  assertBalanced(t, mm);
  t.ASSERT_EQ(mremap(TO + 2 * P, 2 * P, 2 * P, FIXED, BASE + P), BASE + P, 'and back');
  t.ASSERT_EQ(rangesOf(mm).startsWith('200000000000-200000004000 '), true, 'it merges with what it came from');
  t.ASSERT_EQ(mremap(BASE, 4 * P, 6 * P, FIXED, TO), TO, 'growing');
  t.ASSERT_EQ(pagesOf(mm), '200010000000:1 200010001000:2 200010002000:3 200010003000:4');
  assertBalanced(t, mm);
});

remapTest('a part of a mapping at address 0 leaves parts that account for their pages', (t, mm) => {
  mapAt(t, 0, 4);
  t.ASSERT_EQ(mremap(P, P, P, FIXED, TO), TO);
  t.ASSERT_EQ(at(mm, 0).vm_flags & VM_ACCOUNT, VM_ACCOUNT, 'C1: below');
  t.ASSERT_EQ(at(mm, 2 * P).vm_flags & VM_ACCOUNT, VM_ACCOUNT, 'above');
  assertBalanced(t, mm);
});

remapTest('several mappings move with the gaps between them', (t, mm) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 3 * P, 1, PROT_READ);
  mapAt(t, BASE + 4 * P, 4);
  t.ASSERT_EQ(poke(mm, BASE, 1), 0);
  t.ASSERT_EQ(poke(mm, BASE + 5 * P, 2), 0);
  t.ASSERT_EQ(mremap(BASE + P, 5 * P, 5 * P, FIXED, TO), TO);
  t.ASSERT_EQ(
    rangesOf(mm),
    '200000000000-200000001000 200000006000-200000008000 200010000000-200010001000 200010002000-200010003000 200010003000-200010005000',
  );
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200010004000:2');
  assertBalanced(t, mm);

  mapAt(t, BASE + 2 * P, 1);
  t.ASSERT_EQ(mseal(BASE + 2 * P, P, 0), 0);
  t.ASSERT_EQ(mremap(BASE, 3 * P, 3 * P, FIXED, TO + 16 * P), -EPERM, 'up to the first that may not');
  t.ASSERT_EQ(vma_lookup(mm, BASE), null, 'those before have moved');
  t.ASSERT_EQ(peek(mm, TO + 16 * P), 1);
  t.ASSERT_EQ(mremap(BASE + 6 * P, 3 * P, 4 * P, FIXED, TO + 32 * P), -EFAULT, 'one that grows is one');
  assertBalanced(t, mm);
});

remapTest('mappings that merge as they move', (t, mm) => {
  // The second one merges with the first at the destination, and is gone from where it was.
  mapAt(t, BASE, 1);
  mapAt(t, BASE + P, 1, PROT_READ);
  t.ASSERT_EQ(mprotect(BASE + P, P, RW), 0);
  t.ASSERT_EQ(mm.map_count, 1);
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  t.ASSERT_EQ(mremap(BASE, 3 * P, 3 * P, FIXED, BASE + 3 * P), BASE + 3 * P, 'beside itself');
  t.ASSERT_EQ(rangesOf(mm), '200000003000-200000005000 200000005000-200000006000');
  t.ASSERT_EQ(mremap(BASE + 3 * P, P, P, FIXED, BASE + 2 * P), BASE + 2 * P, 'C11: it grows over its source');
  t.ASSERT_EQ(mremap(BASE + 2 * P, P, P, FIXED, BASE + 3 * P), BASE + 3 * P);
  t.ASSERT_EQ(rangesOf(mm), '200000003000-200000005000 200000005000-200000006000');
  assertBalanced(t, mm);
});

remapTest('a driver that chooses addresses moves alone', (t, mm) => {
  const driver = new file({ mmap: () => 0, get_unmapped_area: (_f, addr) => addr });
  t.ASSERT_EQ(mmap(BASE, 2 * P, RW, MAP_SHARED | MAP_FIXED, openFile(driver), 0), BASE);
  mapAt(t, BASE + 2 * P, 1);
  mapAt(t, BASE - P, 1);
  t.ASSERT_EQ(mremap(BASE, 3 * P, 3 * P, FIXED, TO), -EFAULT, 'the first, and there are more');
  t.ASSERT_EQ(mremap(BASE - P, 3 * P, 3 * P, FIXED, TO), -EFAULT, 'not the first');
  const choose = t.sandbox.spy(driver.f_op, 'get_unmapped_area');
  t.ASSERT_EQ(mremap(BASE, 2 * P, 2 * P, FIXED, TO), TO, 'alone');
  t.ASSERT_EQ(choose.lastCall.args[4], MAP_SHARED | MAP_FIXED, 'the driver knows what it is asked for');
  t.ASSERT_EQ(at(mm, TO).vm_file, driver);
});

remapTest('a second mapping of shared memory', (t, mm) => {
  const shared = mmap(BASE, 2 * P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  t.ASSERT_EQ(shared, BASE);
  t.ASSERT_EQ(poke(mm, BASE, 3), 0);
  const second = mremap(BASE, 0, 2 * P, MREMAP_MAYMOVE, 0);
  t.ASSERT_EQ(peek(mm, second), 3, 'the same pages');
  t.ASSERT_EQ(poke(mm, second + P, 4), 0);
  t.ASSERT_EQ(peek(mm, BASE + P), 4);
  t.ASSERT_EQ(mremap(BASE, 0, P, 0, 0), -ENOMEM, 'it must move');
});

remapTest('what stays behind is empty', (t, mm) => {
  mapAt(t, BASE, 4);
  for (const i of [0, 1]) t.ASSERT_EQ(poke(mm, BASE + i * P, 1 + i), 0);
  const { anon_vma } = at(mm, BASE);
  const moved = mremap(BASE, 4 * P, 4 * P, KEEP, TO);
  t.ASSERT_EQ(moved, TO, 'the address is a hint');
  t.ASSERT_EQ(at(mm, TO).anon_vma, anon_vma);
  t.ASSERT_EQ(at(mm, BASE).anon_vma, null);
  t.ASSERT_EQ(pagesOf(mm), '200010000000:1 200010001000:2');
  t.ASSERT_EQ(globals.vm_committed_as, 8, 'charged twice');
  assertBalanced(t, mm);
  t.ASSERT_EQ(peek(mm, BASE), 0);
  t.ASSERT_EQ(mremap(TO, P, P, KEEP | MREMAP_FIXED, BASE + P), BASE + P, 'a part, over what stayed');
  t.ASSERT_EQ(peek(mm, BASE + P), 1);
  t.ASSERT_NE(at(mm, TO).anon_vma, null, 'the rest has pages');
  assertBalanced(t, mm);

  t.ASSERT_EQ(mremap(TO, 4 * P, 4 * P, KEEP | MREMAP_FIXED, BASE + 16 * P), BASE + 16 * P);
  t.ASSERT_EQ(at(mm, TO).vm_pgoff, TO / P, 'its page offset is its address again');
  current.signal.rlim[RLIMIT_AS] = { rlim_cur: mm.total_vm * P, rlim_max: mm.total_vm * P };
  t.ASSERT_EQ(mremap(BASE, P, P, KEEP, 0), -ENOMEM, 'RLIMIT_AS');
  assertBalanced(t, mm);
});

remapTest('of a locked mapping only what moved is unlocked', (t, mm) => {
  mapAt(t, BASE, 4, RW, ANON | MAP_LOCKED);
  t.ASSERT_EQ(mm.locked_vm, 4);
  t.ASSERT_EQ(mremap(BASE + P, 2 * P, 2 * P, KEEP, TO), TO);
  t.ASSERT_EQ(rangesOf(mm).split(' ').length, 4, 'C3: it was split');
  t.ASSERT_EQ(at(mm, BASE).vm_flags & VM_LOCKED, VM_LOCKED);
  t.ASSERT_EQ(at(mm, BASE + P).vm_flags & VM_LOCKED, 0n);
  t.ASSERT_EQ(at(mm, BASE + 3 * P).vm_flags & VM_LOCKED, VM_LOCKED);
  t.ASSERT_EQ(at(mm, TO).vm_flags & VM_LOCKED, VM_LOCKED);
  t.ASSERT_EQ(munmap(BASE, 4 * P), 0);
  t.ASSERT_EQ(munmap(TO, 2 * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 0, 'C3: and all are counted down again');
});

remapTest('pages of a copy beside memory that was never written are found', (t, mm) => {
  // A1: copies with MREMAP_DONTUNMAP at [TO + 2, TO + 4), with unfaulted memory before, after, on both sides.
  for (const [i, sides] of [[-1], [1], [-1, 1]].entries()) {
    const here = TO + i * 0x100000;
    const from = BASE + i * 0x100000;
    mapAt(t, here + 2 * P, 2);
    t.ASSERT_EQ(poke(mm, here + 2 * P, 7), 0);
    t.ASSERT_EQ(mremap(here + 2 * P, 2 * P, 2 * P, FIXED, from), from, 'its offset is that of the other place');
    for (const side of sides) mapAt(t, here + (side < 0 ? 0 : 4) * P, 2);
    t.ASSERT_EQ(mremap(from, 2 * P, 2 * P, KEEP | MREMAP_FIXED, here + 2 * P), here + 2 * P);
    t.ASSERT_EQ(at(mm, here + 2 * P).vm_end - at(mm, here + 2 * P).vm_start, (2 + 2 * sides.length) * P, 'merged');
    t.ASSERT_NE(at(mm, here + 2 * P).anon_vma, null, 'A1: the merged one has the anon_vma');
    t.ASSERT_EQ(peek(mm, here + 2 * P), 7);
    t.ASSERT_EQ(munmap(from, 2 * P), 0, 'the source goes, and its anon_vma stays');
  }
});

remapTest('limits and what forbids', (t, mm) => {
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(mlock(BASE, 2 * P), 0);
  current.cap_effective.delete(CAP_IPC_LOCK);
  current.signal.rlim[RLIMIT_MEMLOCK] = { rlim_cur: 3 * P, rlim_max: 3 * P };
  t.ASSERT_EQ(mremap(BASE, 2 * P, 4 * P, 0, 0), -EAGAIN, 'RLIMIT_MEMLOCK');
  t.ASSERT_EQ(mremap(BASE, 2 * P, 3 * P, 0, 0), BASE);
  t.ASSERT_EQ(mm.locked_vm, 3);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:0 200000001000:0 200000002000:0', 'what is locked is populated');

  current.signal.rlim[RLIMIT_AS] = { rlim_cur: 4 * P, rlim_max: 4 * P };
  mapAt(t, TO, 1, PROT_READ);
  t.ASSERT_EQ(mremap(TO, P, 2 * P, 0, 0), -ENOMEM, 'RLIMIT_AS');
  t.ASSERT_EQ(mremap(TO, P, P, FIXED, TO + P), TO + P, 'a move needs none');

  locked(mm, () => {
    stubs.vma_start_write(at(mm, TO + P));
    vm_flags_set(at(mm, TO + P), VM_DONTEXPAND);
  });
  t.ASSERT_EQ(mremap(TO + P, P, 2 * P, 0, 0), -EFAULT, 'VM_DONTEXPAND');
  t.ASSERT_EQ(mremap(TO + P, P, P, KEEP, 0), -EINVAL);
  t.ASSERT_EQ(mremap(TO + P, P, P, FIXED, TO), TO);

  t.ASSERT_EQ(mseal(TO, P, 0), 0);
  t.ASSERT_EQ(mremap(TO, P, P, 0, 0), -EPERM, 'sealed');
  t.ASSERT_EQ(mremap(BASE, P, P, FIXED, TO), -EPERM, 'over what is sealed');
  t.ASSERT_EQ(mm.map_count, 2);
});

remapTest('too many mappings', (t, mm) => {
  mapAt(t, BASE, 3);
  globals.sysctl_max_map_count = mm.map_count + 3;
  t.ASSERT_EQ(mremap(BASE, 3 * P, P, 0, 0), -ENOMEM, 'also where it only shrinks');
  globals.sysctl_max_map_count = mm.map_count + 4;
  t.ASSERT_EQ(mremap(BASE + P, P, P, FIXED, TO), TO);
  globals.sysctl_max_map_count = mm.map_count + 4;
  t.ASSERT_EQ(mremap(TO, P, P, KEEP, 0), -ENOMEM, 'one more where it stays');
  t.ASSERT_EQ(mremap(TO, P, P, FIXED, TO + P), TO + P);
});

remapTest('a move that fails half-way leaves all as it was', (t, mm) => {
  const moved: string[] = [];
  let answer = 0;
  const driver = new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = {
        mremap: (vma) => {
          moved.push(vma.vm_start.toString(16));
          return answer;
        },
        may_split: (_vma, addr) => (addr === BASE + P ? -EINVAL : 0),
      };
      return 0;
    },
  });
  t.ASSERT_EQ(mmap(BASE, 4 * P, RW, MAP_PRIVATE | MAP_FIXED, openFile(driver), 0), BASE);
  mapAt(t, BASE + 4 * P, 1, PROT_NONE);
  assertBalanced(t, mm);
  const fixedUp: number[] = [];
  const { fixup_hugetlb_reservations: fixUp } = stubs;
  t.sandbox.stub(stubs, 'fixup_hugetlb_reservations').callsFake((vma) => {
    fixedUp.push(vma.vm_start);
    fixUp(vma);
  });

  t.ASSERT_EQ(mremap(BASE + P, P, P, FIXED, TO), -EINVAL, 'the driver forbids the split');
  t.ASSERT_EQ(mremap(BASE, P, P, FIXED, TO), -EINVAL);
  answer = -EAGAIN;
  t.ASSERT_EQ(mremap(BASE, 4 * P, 6 * P, MREMAP_MAYMOVE, 0), -EAGAIN, 'the driver refuses the move');
  t.ASSERT_EQ(fixedUp.at(-1), mm.mmap_base - 6 * P, 'C6: what is unmapped is the new VMA');
  t.ASSERT_EQ(moved.length, 1);
  t.ASSERT_EQ(globals.vm_committed_as, 4, 'C5: what it should grow by is not charged');
  t.ASSERT_EQ(mm.total_vm, 5);
  assertBalanced(t, mm);
  t.ASSERT_EQ(mremap(BASE, 4 * P, 4 * P, KEEP | MREMAP_FIXED, TO), -EAGAIN);
  assertBalanced(t, mm);
  answer = 0;
  worldOf(t).faults.fail('move_page_tables');
  t.ASSERT_EQ(mremap(BASE, 4 * P, 6 * P, MREMAP_MAYMOVE, 0), -ENOMEM, 'no memory for page tables');
  for (const name of ['vm_area_cache_alloc', 'vma_iter_prealloc', 'security_vm_enough_memory_mm']) {
    worldOf(t).faults.fail(name);
    t.ASSERT_EQ(mremap(BASE, 4 * P, 6 * P, MREMAP_MAYMOVE, 0), -ENOMEM, name);
  }
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000004000 200000004000-200000005000');
  assertBalanced(t, mm);
});

remapTest('pages that were moved half-way come back', (t, mm) => {
  mapAt(t, BASE, 4);
  mapAt(t, BASE + 4 * P, 1, PROT_NONE);
  for (const i of [0, 1, 2, 3]) t.ASSERT_EQ(poke(mm, BASE + i * P, 1 + i), 0);
  worldOf(t).faults.fail('move_page_tables');
  t.ASSERT_EQ(mremap(BASE, 4 * P, 6 * P, MREMAP_MAYMOVE, 0), -ENOMEM);
  t.ASSERT_EQ(pagesOf(mm), '200000000000:1 200000001000:2 200000002000:3 200000003000:4');
  assertBalanced(t, mm);
  t.ASSERT_EQ(mm.total_vm, 5);
});

remapTest('an unmap that has no memory leaves both mappings, and both charged', (t, mm) => {
  mapAt(t, BASE, 3);
  t.ASSERT_EQ(poke(mm, BASE + P, 9), 0);
  // The third pre-allocation, after the VMA of the copy, is that of the unmap, which splits the source.
  worldOf(t).faults.fail('vm_area_cache_alloc', 2);
  t.ASSERT_EQ(mremap(BASE + P, P, P, FIXED, TO), TO, 'it has moved all the same');
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000003000 200010000000-200010001000');
  t.ASSERT_EQ(pagesOf(mm), '200010000000:9');
  t.ASSERT_EQ(globals.vm_committed_as, 4, 'counted too often rather than too rarely');
  // What is left of the source accounts for nothing any more.
  globals.vm_committed_as -= 3;
});

remapTest('mappings without a charge, stacks, and mappings that are not readable', (t, mm) => {
  mapAt(t, BASE, 2, RW, ANON | MAP_NORESERVE);
  mapAt(t, BASE + 16 * P, 2, RW, ANON | MAP_GROWSDOWN);
  mapAt(t, BASE + 32 * P, 2, PROT_NONE);
  for (const [i, from] of [BASE, BASE + 16 * P, BASE + 32 * P].entries()) {
    const to = TO + i * 0x1000000;
    t.ASSERT_EQ(mremap(from, 2 * P, 4 * P, FIXED, to), to);
    assertBalanced(t, mm);
  }
  t.ASSERT_EQ(mm.total_vm, 12);
});

remapTest('huge pages are remapped whole, and never grow', (t, mm) => {
  const HUGE = 0x200000;
  mapAt(t, BASE, 1024);
  t.sandbox.stub(stubs, 'is_vm_hugetlb_page').returns(true);
  t.sandbox.stub(stubs, 'vma_kernel_pagesize').returns(HUGE);
  expectAll(t, [
    ['an address inside one', mremap(BASE + P, P, P, 0, 0), -EINVAL],
    ['a new address inside one', mremap(BASE, HUGE, HUGE, FIXED, TO + P), -EINVAL],
    ['growing', mremap(BASE, HUGE, 2 * HUGE, 0, 0), -EINVAL],
    ['lengths are rounded up', mremap(BASE, P, 2 * P, 0, 0), BASE],
    ['shrinking', mremap(BASE, 2 * HUGE, P, 0, 0), BASE],
  ]);
  t.ASSERT_EQ(rangesOf(mm), '200000000000-200000200000');
});

remapTest('mappings that a userfaultfd watches move one by one', (t, mm) => {
  mapAt(t, BASE, 2);
  mapAt(t, BASE + 2 * P, 1, PROT_READ);
  locked(mm, () => {
    stubs.vma_start_write(at(mm, BASE));
    vm_flags_set(at(mm, BASE), VM_UFFD_MISSING);
  });
  const told: string[] = [];
  t.sandbox.stub(stubs, 'mremap_userfaultfd_prep').callsFake((vma) => told.push(`prep ${vma.vm_start.toString(16)}`));
  t.sandbox.stub(stubs, 'mremap_userfaultfd_complete').callsFake((_uf, from, to, len) => {
    told.push(`complete ${[from, to, len].map((n) => n.toString(16)).join(' ')}`);
  });
  t.sandbox.stub(stubs, 'mremap_userfaultfd_fail').callsFake(() => told.push('fail'));
  t.ASSERT_EQ(mremap(BASE, 3 * P, 3 * P, FIXED, TO), -EFAULT);
  t.ASSERT_EQ(mremap(BASE, 2 * P, 2 * P, FIXED, TO), TO);
  t.ASSERT_EQ(
    told.join(', '),
    'fail, prep 200010000000, complete 200000000000 200010000000 2000',
    'and whoever watches is told',
  );
});

remapTest('memory that KSM cannot let go of stays', (t, mm) => {
  mapAt(t, BASE, 2);
  t.ASSERT_EQ(madvise(BASE, 2 * P, MADV_MERGEABLE), 0);
  t.ASSERT_EQ(poke(mm, BASE, 1), 0);
  const broken = t.sandbox.stub(stubs, 'break_ksm').returns(-ENOMEM);
  t.ASSERT_EQ(mremap(BASE, 2 * P, 2 * P, FIXED, TO), -ENOMEM);
  broken.returns(0);
  t.ASSERT_EQ(mremap(BASE, 2 * P, 2 * P, FIXED, TO), TO);
  t.ASSERT_EQ(at(mm, TO).vm_flags & VM_MERGEABLE, VM_MERGEABLE, 'and it may merge there');
});
