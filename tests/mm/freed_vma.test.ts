// SPDX-License-Identifier: GPL-2.0-only
/** Freed VMAs at every public door: an error that names call, argument and VMA, and an address space as it was. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  compat_vma_mmap,
  copy_vma,
  do_brk_flags,
  do_vmi_align_munmap,
  dup_anon_vma,
  expand_downwards,
  find_mergeable_anon_vma,
  GFP_KERNEL,
  insert_vm_struct,
  mk_vma_flags,
  mmap_file,
  NULL_VM_UFFD_CTX,
  Ref,
  relocate_vma_down,
  split_vma,
  unmap_vma_locked,
  VMA_ITERATOR,
  VMG_STATE,
  VMG_VMA_STATE,
  vm_area_alloc,
  vm_area_dup,
  vm_area_free,
  type vm_area_struct,
  vma_close,
  vma_expand,
  vma_iter_store_gfp,
  vma_iter_store_new,
  vma_iter_store_overwrite,
  vma_link,
  vma_link_file,
  vma_merge_copied_range,
  vma_merge_extend,
  vma_merge_new_range,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_needs_dirty_tracking,
  vma_set_page_prot,
  vma_set_range,
  vma_shrink,
  vma_wants_writenotify,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile } from './space.js';

const FLAGS = mk_vma_flags(...DATA);

type VmaCall = (t: VmaTest, dead: vm_area_struct, live: vm_area_struct) => unknown;
type VmaDoor = readonly [fn: string, arg: string, call: VmaCall];

const VMA_DOORS: readonly VmaDoor[] = [
  ['vm_area_dup', 'orig', (_t, dead) => vm_area_dup(dead)],
  ['vm_area_free', 'vma', (_t, dead) => vm_area_free(dead)],
  ['split_vma', 'vma', (t, dead) => split_vma(VMA_ITERATOR(t.mm, 0), dead, 0x11000, true)],
  ['vma_shrink', 'vma', (t, dead) => vma_shrink(VMA_ITERATOR(t.mm, 0), dead, 0x11000, 0x12000, 0)],
  ['vma_link', 'vma', (t, dead) => vma_link(t.mm, dead)],
  ['insert_vm_struct', 'vma', (t, dead) => insert_vm_struct(t.mm, dead)],
  ['vma_merge_extend', 'vma', (t, dead) => vma_merge_extend(VMA_ITERATOR(t.mm, 0), dead, 0x1000)],
  ['expand_downwards', 'vma', (_t, dead) => expand_downwards(dead, 0x8000)],
  ['relocate_vma_down', 'vma', (_t, dead) => relocate_vma_down(dead, 0x1000)],
  ['copy_vma', 'vmap.value', (_t, dead) => copy_vma(new Ref(dead), 0x20000, 0x1000, 0, new Ref<boolean>(false), false)],
  ['do_brk_flags', 'vma', (t, dead) => do_brk_flags(VMA_ITERATOR(t.mm, 0), dead, 0x20000, 0x1000, FLAGS)],
  [
    'do_vmi_align_munmap',
    'vma',
    (t, dead) => do_vmi_align_munmap(VMA_ITERATOR(t.mm, 0), dead, t.mm, 0x10000, 0x11000, null, false),
  ],
  ['find_mergeable_anon_vma', 'vma', (_t, dead) => find_mergeable_anon_vma(dead)],
  ['dup_anon_vma', 'dst', (_t, dead, live) => dup_anon_vma(dead, live, new Ref<vm_area_struct | null>(null))],
  ['dup_anon_vma', 'src', (_t, dead, live) => dup_anon_vma(live, dead, new Ref<vm_area_struct | null>(null))],
  ['vma_close', 'vma', (_t, dead) => vma_close(dead)],
  ['vma_link_file', 'vma', (_t, dead) => vma_link_file(dead, false)],
  ['vma_set_page_prot', 'vma', (_t, dead) => vma_set_page_prot(dead)],
  ['vma_needs_dirty_tracking', 'vma', (_t, dead) => vma_needs_dirty_tracking(dead)],
  ['vma_wants_writenotify', 'vma', (_t, dead, live) => vma_wants_writenotify(dead, live.vm_page_prot)],
  ['mmap_file', 'vma', (_t, dead) => mmap_file(plainFile(), dead)],
  ['compat_vma_mmap', 'vma', (_t, dead) => compat_vma_mmap(plainFile(), dead)],
  ['unmap_vma_locked', 'vma', (_t, dead) => unmap_vma_locked(dead)],
  ['vma_iter_store_new', 'vma', (t, dead) => vma_iter_store_new(VMA_ITERATOR(t.mm, 0), dead)],
  ['vma_iter_store_overwrite', 'vma', (t, dead) => vma_iter_store_overwrite(VMA_ITERATOR(t.mm, 0), dead)],
  ['vma_iter_store_gfp', 'vma', (t, dead) => vma_iter_store_gfp(VMA_ITERATOR(t.mm, 0), dead, GFP_KERNEL)],
  ['VMG_VMA_STATE', 'vma', (t, dead) => VMG_VMA_STATE(VMA_ITERATOR(t.mm, 0), null, dead, 0x10000, 0x11000)],
  [
    'vma_modify_flags',
    'prev',
    (t, dead, live) => vma_modify_flags(VMA_ITERATOR(t.mm, 0), dead, live, 0x10000, 0x11000, FLAGS),
  ],
  [
    'vma_modify_flags',
    'vma',
    (t, dead, live) => vma_modify_flags(VMA_ITERATOR(t.mm, 0), live, dead, 0x10000, 0x11000, FLAGS),
  ],
  [
    'vma_modify_name',
    'vma',
    (t, dead, live) => vma_modify_name(VMA_ITERATOR(t.mm, 0), live, dead, 0x10000, 0x11000, null),
  ],
  [
    'vma_modify_policy',
    'vma',
    (t, dead, live) => vma_modify_policy(VMA_ITERATOR(t.mm, 0), live, dead, 0x10000, 0x11000, null),
  ],
  [
    'vma_modify_flags_uffd',
    'vma',
    (t, dead, live) =>
      vma_modify_flags_uffd(VMA_ITERATOR(t.mm, 0), live, dead, 0x10000, 0x11000, FLAGS, NULL_VM_UFFD_CTX, false),
  ],
];

/** Two live VMAs and a dead one that is told by its range. */
function withDead(t: VmaTest): { live: vm_area_struct; dead: vm_area_struct } {
  const live = mapRange(t, 0x10000, 0x14000);
  mapRange(t, 0x15000, 0x16000);
  const dead = vm_area_alloc(t.mm);
  if (dead === null) throw new Error('no memory for a VMA');
  vma_set_range(dead, 0x30000, 0x31000, 0x30);
  vm_area_free(dead);
  return { live, dead };
}

/** The error names call, argument and VMA, and nothing has moved. */
function assertRefused(t: VmaTest, fn: string, arg: string, call: () => unknown): void {
  const error = t.throws(call, '', `${fn}: ${arg}`);
  t.ASSERT_EQ(error.message, `${fn}: ${arg} = VMA 0x30000-0x31000: freed`);
  t.ASSERT_LAYOUT(`
    0x10000-0x14000 pgoff=0x10 flags=0x100033
    0x15000-0x16000 pgoff=0x15 flags=0x100033`);
  t.unmapAll();
}

// On these stubs nothing but the call itself sees that the VMA is dead.
const UPSTREAM = { stubs: 'upstream' } as const;

test('a freed VMA handed in', (t) => {
  for (const [fn, arg, call] of VMA_DOORS) {
    t.subtest(
      `${fn}: ${arg}`,
      (t) => {
        const { live, dead } = withDead(t);
        assertRefused(t, fn, arg, () => call(t, dead, live));
      },
      UPSTREAM,
    );
  }
});

test('a freed VMA as neighbour of a merge', (t) => {
  const merges = {
    prev: ['vma_merge_new_range', vma_merge_new_range],
    next: ['vma_merge_new_range', vma_merge_new_range],
    middle: ['vma_merge_copied_range', vma_merge_copied_range],
    target: ['vma_expand', vma_expand],
  } as const;
  for (const field of ['prev', 'next', 'middle', 'target'] as const) {
    const [fn, merge] = merges[field];
    t.subtest(
      `${fn}: vmg.${field}`,
      (t) => {
        const { dead } = withDead(t);
        const vmg = VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x14000), 0x14000, 0x15000, FLAGS, 0x14);
        vmg[field] = dead;
        assertRefused(t, fn, `vmg.${field}`, () => merge(vmg));
      },
      UPSTREAM,
    );
  }
});

test('in the checked world a freed VMA says where it was made and where it died', (t) => {
  t.subtest(
    'checked',
    (t) => {
      const dead = vm_area_alloc(t.mm);
      if (dead === null) throw new Error('no memory for a VMA');
      vm_area_free(dead);
      const error = t.throws(() => split_vma(VMA_ITERATOR(t.mm, 0), dead, 0x11000, true), 'split_vma: vma = ');
      t.ASSERT_EQ(/allocated.*freed_vma[\s\S]*freed.*freed_vma/.test(error.message), true, error.message);
    },
    { stubs: 'checked' },
  );
});
