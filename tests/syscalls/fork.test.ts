// SPDX-License-Identifier: GPL-2.0-only
/** dup_mmap(), dup_mm() and exit_mmap(): what a child gets, what is left when it could not be made. */

import type { VmaTest } from '../../harness/index.js';
import {
  brk,
  copy_mm,
  current,
  dup_mm,
  dup_mmap,
  EINTR,
  ENOMEM,
  file,
  globals,
  type list_head,
  MAP_ANONYMOUS,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  MMF_OOM_SKIP,
  MMF_UNSTABLE,
  mm_alloc,
  type mm_struct,
  mmap,
  mmput,
  munmap,
  PROT_READ,
  set_mm_exe_file,
  stubs,
  task_struct,
  VMA_DONTCOPY_BIT,
  VMA_WIPEONFORK_BIT,
  type vm_area_struct,
  vma_lookup,
  vma_set_flags,
} from '../../lib/index.js';
import { __mt_destroy, __mt_dup } from '../../lib/maple_tree.js';
import { ANON, BASE, HEAP, mapAt, maps, newProcessMm, openFile, P, processTest, RW } from './process.js';

function vmaAt(mm: mm_struct, addr: number): vm_area_struct {
  const vma = vma_lookup(mm, addr);
  if (vma === null) throw new Error('nothing is there');
  return vma;
}

/** Under the lock of an address space. */
function locked(t: VmaTest, mm: mm_struct, body: () => void): void {
  t.world.checkedWorld?.locks.mmapWriteLock(mm);
  body();
  t.world.checkedWorld?.locks.mmapWriteUnlock(mm);
}

function mark(t: VmaTest, mm: mm_struct, addr: number, bit: number): void {
  locked(t, mm, () => {
    const vma = vmaAt(mm, addr);
    stubs.vma_start_write(vma);
    vma_set_flags(vma, bit);
  });
}

function fault(t: VmaTest, mm: mm_struct, addr: number): void {
  locked(t, mm, () => t.fault(vmaAt(mm, addr)));
}

function fork(mm: mm_struct): mm_struct {
  const child = dup_mm(new task_struct(), mm);
  if (child === null) throw new Error('the fork failed');
  return child;
}

processTest('fork: the child has the VMAs of the parent, unlocked, and its places', (t, mm) => {
  brk(HEAP + 2 * P);
  mapAt(t, BASE, 2, RW, ANON | MAP_LOCKED);
  mapAt(t, BASE + 4 * P, 2, PROT_READ);
  mapAt(t, BASE + 0x1000 * P, 1, RW, ANON | MAP_GROWSDOWN);
  const child = fork(mm);
  t.ASSERT_EQ(maps(child, true).join('\n'), maps(mm, true).join('\n').replace('102073', '100073'));
  t.ASSERT_EQ(child.locked_vm, 0);
  t.ASSERT_EQ(mm.locked_vm, 2);
  for (const field of [
    'map_count',
    'total_vm',
    'data_vm',
    'stack_vm',
    'exec_vm',
    'brk',
    'start_brk',
    'mmap_base',
  ] as const) {
    t.ASSERT_EQ(child[field], mm[field], field);
  }
  t.ASSERT_EQ(child.hiwater_vm, child.total_vm);
  t.ASSERT_EQ(globals.vm_committed_as, 2 * (2 + 2 + 1));
  mmput(child);
  t.ASSERT_EQ(globals.vm_committed_as, 5);
});

processTest('fork: what is not copied, and what is copied empty', (t, mm) => {
  const copied = t.sandbox.spy(stubs, 'copy_page_range');
  mapAt(t, BASE, 1);
  mapAt(t, BASE + 2 * P, 3);
  mapAt(t, BASE + 8 * P, 1);
  mark(t, mm, BASE + 2 * P, VMA_DONTCOPY_BIT);
  mark(t, mm, BASE + 8 * P, VMA_WIPEONFORK_BIT);
  fault(t, mm, BASE);
  fault(t, mm, BASE + 8 * P);
  const child = fork(mm);
  t.ASSERT_EQ(maps(child).join(), '200000000000-200000001000 100073,200000008000-200000009000 2100073');
  t.ASSERT_EQ(child.total_vm, 2);
  t.ASSERT_EQ(child.data_vm, 2);
  t.ASSERT_EQ(globals.vm_committed_as, 5 + 2);
  t.ASSERT_EQ(copied.callCount, 1);
  t.ASSERT_EQ(vmaAt(child, BASE + 8 * P).anon_vma, null);
  t.ASSERT_NE(vmaAt(child, BASE).anon_vma, null);
  t.ASSERT_NE(vmaAt(child, BASE).anon_vma, vmaAt(mm, BASE).anon_vma, 'one of its own');
  t.ASSERT_EQ(vmaAt(child, BASE).anon_vma?.parent, vmaAt(mm, BASE).anon_vma);
  mmput(child);
});

/** A driver that counts what it is told. */
function counted(): { fd: number; calls: { open: number; close: number }; f: file } {
  const calls = { open: 0, close: 0 };
  const f = new file({
    mmap: (_file, vma) => {
      vma.vm_ops = {
        open: () => {
          calls.open++;
        },
        close: () => {
          calls.close++;
        },
      };
      return 0;
    },
  });
  return { fd: openFile(f), calls, f };
}

processTest('fork: files: references, writers, open hooks, and places beside the parent', (t, mm) => {
  const { fd, calls, f } = counted();
  for (const flags of [MAP_SHARED, MAP_PRIVATE]) {
    t.ASSERT_EQ(mmap(BASE + flags * 8 * P, 2 * P, RW, flags | 0x10, fd, 0), BASE + flags * 8 * P);
  }
  const placed = t.sandbox.spy(stubs, 'mapping_rmap_tree_insert_after');
  const child = fork(mm);
  t.tap.same(calls, { open: 2, close: 0 });
  t.ASSERT_EQ(f.f_ref, 5);
  t.ASSERT_EQ(f.f_mapping.i_mmap_writable, 2);
  t.tap.same(
    placed.args.map(([vma, prev]) => [vma.vm_mm === child, prev.vm_mm === mm]),
    [
      [true, true],
      [true, true],
    ],
  );
  mmput(child);
  t.tap.same(calls, { open: 2, close: 2 });
  t.ASSERT_EQ(f.f_ref, 3);
  t.ASSERT_EQ(f.f_mapping.i_mmap_writable, 1);
});

processTest('fork: the program that runs', (t, mm) => {
  const program = new file();
  set_mm_exe_file(mm, program);
  const child = fork(mm);
  t.ASSERT_EQ(child.exe_file, program);
  t.ASSERT_EQ(program.f_ref, 3);
  set_mm_exe_file(child, null);
  t.ASSERT_EQ(program.f_ref, 2);
  mmput(child);
});

processTest('fork: shared memory keeps its charge until the last mapping goes', (t, mm) => {
  mapAt(t, BASE, 2, RW, MAP_SHARED | MAP_ANONYMOUS);
  const child = fork(mm);
  t.ASSERT_EQ(globals.vm_committed_as, 2);
  t.ASSERT_EQ(munmap(BASE, 2 * P), 0);
  t.ASSERT_EQ(globals.vm_committed_as, 2);
  mmput(child);
  t.ASSERT_EQ(globals.vm_committed_as, 0);
});

/** Something of each kind. */
function furnish(t: VmaTest, mm: mm_struct, fd: number): void {
  mapAt(t, BASE, 2);
  fault(t, mm, BASE);
  mapAt(t, BASE + 4 * P, 1, PROT_READ);
  mark(t, mm, BASE + 4 * P, VMA_DONTCOPY_BIT);
  t.ASSERT_EQ(mmap(BASE + 8 * P, 2 * P, RW, MAP_SHARED | 0x10, fd, 0), BASE + 8 * P);
  t.ASSERT_EQ(mmap(BASE + 0x10 * P, 2 * P, RW, MAP_PRIVATE | 0x10, fd, 0), BASE + 0x10 * P);
  fault(t, mm, BASE + 0x10 * P);
  mapAt(t, BASE + 0x20 * P, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
}

processTest('fork: each call that can fail, once: nothing is left, and nobody is told of a child (B2, B3)', (t, mm) => {
  const { checked } = t.world;
  if (checked === null) return;
  const { fd, calls } = counted();
  furnish(t, mm, fd);
  const [before, charged] = [maps(mm, true).join(), globals.vm_committed_as];
  const told = {
    complete: t.sandbox.spy(stubs, 'dup_userfaultfd_complete'),
    fail: t.sandbox.spy(stubs, 'dup_userfaultfd_fail'),
    ksm: t.sandbox.spy(stubs, 'ksm_fork'),
    khugepaged: t.sandbox.spy(stubs, 'khugepaged_fork'),
  };
  const names = new Set<string | undefined>();
  let n = 1;
  for (; ; n++) {
    const failed = told.fail.callCount;
    checked.faults.clear();
    checked.faults.failAt(n);
    const child = dup_mm(new task_struct(), mm);
    const [hit] = checked.faults.hits;
    checked.faults.clear();
    if (hit === undefined) {
      if (child === null) throw new Error('nothing failed');
      mmput(child);
      break;
    }
    names.add(hit);
    t.ASSERT_EQ(child, null, hit);
    t.ASSERT_EQ(maps(mm, true).join(), before, hit);
    t.ASSERT_EQ(globals.vm_committed_as, charged, hit);
    t.ASSERT_EQ(calls.open, calls.close, hit);
    t.ASSERT_EQ(told.complete.callCount, 0, `${hit}: userfaultfd is not told of a child (B2)`);
    if (hit !== 'allocate_mm' && hit !== 'mmap_write_lock_killable') {
      t.ASSERT_EQ(told.fail.callCount, failed + 1, hit);
    }
    t.ASSERT_EQ(told.ksm.callCount + told.khugepaged.callCount, 0, `${hit}: nor KSM, nor khugepaged (B3)`);
  }
  t.ASSERT_EQ(told.complete.callCount, 1);
  t.ASSERT_EQ(told.ksm.callCount, 1);
  t.ASSERT_EQ(told.khugepaged.callCount, 1);
  t.tap.same(
    [...names].sort(),
    [
      'allocate_mm',
      'anon_vma_alloc',
      'anon_vma_chain_alloc',
      'arch_dup_mmap',
      'copy_page_range',
      'dup_userfaultfd',
      'maple_slab.alloc',
      'mmap_write_lock_killable',
      'security_vm_enough_memory_mm',
      'vm_area_cache_alloc',
      'vma_dup_policy',
      'vma_start_write_killable',
    ],
    'all of them were reached',
  );
});

processTest('fork: what failed, by errno, and how the child is marked', (t, mm) => {
  const { checked } = t.world;
  mapAt(t, BASE, 1);
  mapAt(t, BASE + 2 * P, 1);
  for (const [name, n, wanted] of [
    ['mmap_write_lock_killable', 1, -EINTR],
    ['maple_slab.alloc', 1, -ENOMEM],
    ['vma_start_write_killable', 2, -EINTR],
    ['dup_userfaultfd', 1, -ENOMEM],
    ['arch_dup_mmap', 1, -ENOMEM],
  ] as const) {
    const child = mm_alloc();
    if (child === null) throw new Error('no memory');
    checked?.faults.fail(name, n);
    t.ASSERT_EQ(dup_mmap(child, mm), wanted, name);
    const late = name !== 'mmap_write_lock_killable' && name !== 'maple_slab.alloc';
    t.ASSERT_EQ(child.flags.has(MMF_UNSTABLE), late, name);
    t.ASSERT_EQ(child.flags.has(MMF_OOM_SKIP), late, name);
    mmput(child);
  }
});

processTest('fork: userfaultfd hears of the list that it filled', (t, mm) => {
  mapAt(t, BASE, 1);
  let filled: list_head | null = null;
  t.sandbox.stub(stubs, 'dup_userfaultfd').callsFake((_vma, uf) => {
    filled = uf;
    return 0;
  });
  const complete = t.sandbox.spy(stubs, 'dup_userfaultfd_complete');
  mmput(fork(mm));
  t.ASSERT_TRUE(filled !== null && complete.calledOnceWithExactly(filled));
});

processTest('fork: KSM goes along', (t, mm) => {
  mapAt(t, BASE, 1);
  mm.flags.add(16);
  const child = fork(mm);
  t.ASSERT_TRUE(child.flags.has(16));
  mmput(child);
  t.world.checkedWorld?.faults.fail('__ksm_enter');
  const other = fork(mm);
  t.ASSERT_FALSE(other.flags.has(16), 'as well as it can');
  mmput(other);
});

processTest('fork: a thread shares, a thread of the kernel has none', (t, mm) => {
  const task = new task_struct();
  t.ASSERT_EQ(copy_mm(task, true), 0);
  t.ASSERT_EQ(task.mm, mm);
  t.ASSERT_EQ(mm.mm_users, 2);
  mmput(mm);
  t.ASSERT_EQ(copy_mm(task, false), 0);
  t.ASSERT_NE(task.mm, mm);
  if (task.mm !== null) mmput(task.mm);
  t.world.checkedWorld?.faults.fail('allocate_mm');
  t.ASSERT_EQ(copy_mm(task, false), -ENOMEM);
  t.world.checkedWorld?.faults.fail('allocate_mm');
  t.ASSERT_EQ(mm_alloc(), null);
  current.mm = null;
  t.ASSERT_EQ(copy_mm(task, false), 0);
  t.ASSERT_EQ(task.mm, null);
  const first = mm_alloc();
  t.ASSERT_EQ(first?.def_flags, 0n);
  if (first !== null) mmput(first);
  current.mm = mm;
});

processTest('fork of a fork: pages of three generations', (t, mm) => {
  mapAt(t, BASE, 4);
  fault(t, mm, BASE);
  const child = fork(mm);
  current.mm = child;
  const grandchild = fork(child);
  mmput(child);
  current.mm = grandchild;
  fault(t, grandchild, BASE);
  t.ASSERT_EQ(munmap(BASE + P, P), 0);
  t.ASSERT_EQ(maps(grandchild).length, 2);
  t.ASSERT_EQ(maps(mm).length, 1);
  current.mm = mm;
  mmput(grandchild);
});

processTest('__mt_dup: trees that are not alike, and deep ones', (t, mm) => {
  for (let i = 0; i < 100; i++) mapAt(t, BASE + 2 * i * P, 1);
  const other = newProcessMm();
  t.ASSERT_EQ(__mt_dup(mm.mm_mt, other.mm_mt, 1), 0);
  t.ASSERT_EQ(maps(other).join(), maps(mm).join());
  t.ASSERT_EQ(__mt_dup(mm.mm_mt, other.mm_mt, 1), -22, 'it is not empty');
  __mt_destroy(other.mm_mt);
  const child = fork(mm);
  t.ASSERT_EQ(maps(child).length, 100);
  mmput(child);
});
