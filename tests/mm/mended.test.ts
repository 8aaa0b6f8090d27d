// SPDX-License-Identifier: GPL-2.0-only
/** What Linux 7.3 mended in 7.2: each test fails on what 7.2 did. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  __mmap_region,
  anon_vma,
  copy_vma,
  create_init_stack_vma,
  do_munmap,
  EPERM,
  file,
  insert_vm_struct,
  mk_vma_flags,
  PAGE_SIZE,
  Ref,
  STACK_TOP_MAX,
  stubs,
  VMA_SHARED_BIT,
  vm_area_alloc,
  type vm_area_struct,
  vm_userfaultfd_ctx,
  vma_set_anonymous,
  vma_set_range,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile, vmaAt } from './space.js';

const FLAGS = mk_vma_flags(...DATA);

/** Pages charged against the commit limit, and given back, in the test. */
function chargedPages(t: VmaTest): { pages: number } {
  const sum = { pages: 0 };
  t.sandbox.stub(stubs, 'security_vm_enough_memory_mm').callsFake((_mm, pages) => {
    sum.pages += pages;
    return 0;
  });
  t.sandbox.stub(stubs, 'vm_acct_memory').callsFake((pages) => {
    sum.pages += pages;
  });
  return sum;
}

test('a fixed mapping that fails late gives back the charge of what it replaced', (t) => {
  const charged = chargedPages(t);
  const failing = new file({ mmap: () => -EPERM });
  for (const [name, length, left] of [
    ['a part', 2 * PAGE_SIZE, 2],
    ['all of it', 4 * PAGE_SIZE, 0],
    ['and more', 6 * PAGE_SIZE, 0],
  ] as const) {
    mapRange(t, 0x10000, 0x14000);
    t.ASSERT_EQ(charged.pages, 4, name);
    t.ASSERT_EQ(__mmap_region(failing, 0x10000, length, FLAGS, 0, null), -EPERM);
    t.ASSERT_EQ(charged.pages, left, `${name}: what is mapped still is what is charged`);
    t.ASSERT_EQ(t.mm.total_vm, left);
    t.ASSERT_EQ(do_munmap(t.mm, 0x10000, 6 * PAGE_SIZE, null), 0);
    t.ASSERT_EQ(charged.pages, 0, name);
  }
});

test('a fixed mapping that succeeds is charged for what it adds', (t) => {
  const charged = chargedPages(t);
  mapRange(t, 0x10000, 0x14000);
  mapRange(t, 0x12000, 0x18000);
  t.ASSERT_EQ(charged.pages, 8);
  t.ASSERT_EQ(do_munmap(t.mm, 0x10000, 8 * PAGE_SIZE, null), 0);
  t.ASSERT_EQ(charged.pages, 0);
});

/** A page that was copied: its caller counts it. */
function countPage({ mm }: VmaTest): void {
  mm.total_vm++;
  mm.data_vm++;
}

/** Copies one page of the VMA at 0x20000 to addr. What vmap ends as, and the VMA there. */
function copyPage(t: VmaTest, addr: number): { source: vm_area_struct; at: vm_area_struct | null } {
  const vmap = new Ref(vmaAt(t, 0x20000));
  const at = copy_vma(vmap, addr, PAGE_SIZE, 0x20, 0x20, new Ref(false), false);
  return { source: vmap.value, at };
}

test('a VMA that grows over its own copy keeps its place as the source', (t) => {
  t.subtest('upwards', (t) => {
    const vma = mapRange(t, 0x20000, 0x21000);
    t.ASSERT_EQ(copyPage(t, 0x21000).source, vma);
    t.ASSERT_LAYOUT('0x20000-0x22000 pgoff=0x20');
    countPage(t);
    t.unmapAll();
  });
  t.subtest('downwards', (t) => {
    const vma = mapRange(t, 0x20000, 0x21000);
    t.ASSERT_EQ(copyPage(t, 0x1f000).source, vma);
    t.ASSERT_LAYOUT('0x1f000-0x21000 pgoff=0x1f');
    countPage(t);
    t.unmapAll();
  });
  t.subtest('into another that takes both in', (t) => {
    const below = mapRange(t, 0x1e000, 0x1f000);
    mapRange(t, 0x20000, 0x21000);
    const { source, at } = copyPage(t, 0x1f000);
    t.ASSERT_EQ(source, below, 'the source is gone');
    t.ASSERT_EQ(at, below);
    t.ASSERT_LAYOUT('0x1e000-0x21000 pgoff=0x1e');
    countPage(t);
    t.unmapAll();
  });
});

test('a shared mapping that merges with a neighbour of its copy is no self-merge', (t) => {
  // 7.2 took any merged VMA that begins at or below the source for the source's own: a faulted one was a BUG.
  const f = plainFile();
  const flags = mk_vma_flags(...DATA, VMA_SHARED_BIT);
  t.ASSERT_EQ(__mmap_region(f, 0x20000, 0x3000, flags, 0x20, null), 0x20000);
  const vma = vmaAt(t, 0x20000);
  const vmap = new Ref(vma);
  const merged = copy_vma(vmap, 0x23000, PAGE_SIZE, 0x23, 0x23, new Ref(false), false);
  t.ASSERT_EQ(merged, vma, 'the copy of its own next page extends it');
  t.ASSERT_EQ(vmap.value, vma);
  t.mm.total_vm++;
  t.unmapAll();
});

test('a userfaultfd context that a move will clear stays with the neighbour that has it', (t) => {
  const asked = t.sandbox.stub(stubs, 'vma_has_uffd_without_event_remap');
  const context = new vm_userfaultfd_ctx({});
  const source = mapRange(t, 0x20000, 0x21000);
  const neighbour = mapRange(t, 0x30000, 0x31000);
  for (const vma of [source, neighbour]) vma.vm_userfaultfd_ctx = context;

  asked.returns(true);
  const { at } = copyPage(t, 0x31000);
  t.ASSERT_TRUE(asked.calledWithExactly(source));
  t.ASSERT_NE(at, neighbour, 'a VMA of its own, whose context may be cleared');
  t.ASSERT_EQ(neighbour.vm_end, 0x31000);
  countPage(t);
  if (at !== null) t.ASSERT_EQ(do_munmap(t.mm, at.vm_start, PAGE_SIZE, null), 0);

  asked.returns(false);
  t.ASSERT_EQ(copyPage(t, 0x31000).at, neighbour, 'its owner was told of the move: they merge');
  countPage(t);
  t.unmapAll();
});

test('a new anonymous VMA that has an anon_vma already is a warning, and goes in', (t) => {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('no memory for a VMA');
  vma_set_anonymous(vma);
  vma_set_range(vma, 0x10000, 0x11000, 0x10, 0x10);
  const anon = new anon_vma();
  anon.root = anon;
  vma.anon_vma = anon;
  t.expectWarning('insert_vm_struct', 'has an anon_vma already');
  t.ASSERT_EQ(insert_vm_struct(t.mm, vma), 0);
  vma.anon_vma = null;
  t.mm.total_vm++;
  t.mm.data_vm = 0;
  t.unmapAll();
});

test('the stack of a new program has the flags of a stack and of an unfinished one', (t) => {
  t.world.unlock(t.mm);
  const vmap = new Ref<vm_area_struct | null>(null);
  t.ASSERT_EQ(create_init_stack_vma(t.mm, vmap, new Ref(0)), 0);
  t.world.lock(t.mm);
  t.ASSERT_EQ(vmap.value?.vm_end, STACK_TOP_MAX);
  t.ASSERT_LAYOUT('0x7fffffffe000-0x7ffffffff000 flags=0x118177');
  t.unmapAll();
});
