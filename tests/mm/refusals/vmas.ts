// SPDX-License-Identifier: GPL-2.0-only
/** What no VMA may be, by exported function and argument: the calls of freed_vma.test.ts. */
import type { VmaTest } from '../../../harness/index.js';
import {
  __compat_vma_mmap,
  __remove_shared_vm_struct,
  __split_vma,
  __vma_link_file,
  compat_set_desc_from_vma,
  compat_vma_mmap,
  copy_vma,
  do_brk_flags,
  do_vmi_align_munmap,
  dup_anon_vma,
  expand_downwards,
  find_mergeable_anon_vma,
  GFP_KERNEL,
  init_vma_munmap,
  insert_vm_struct,
  MA_STATE,
  type ma_state,
  maple_tree,
  maybe_rmap_unlock_action,
  mk_vma_flags,
  mmap_action,
  mmap_action_complete,
  mmap_file,
  NULL_VM_UFFD_CTX,
  Ref,
  relocate_vma_down,
  remove_vma,
  split_vma,
  struct_vma_prepare,
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_process,
  unlink_vma_file_batch,
  VMA_ITERATOR,
  VMG_VMA_STATE,
  vfs_mmap,
  vm_area_desc,
  vm_area_dup,
  type vm_area_struct,
  vma_close,
  vma_complete,
  vma_iter_store_gfp,
  vma_iter_store_new,
  vma_iter_store_overwrite,
  vma_link,
  vma_link_file,
  vma_merge_extend,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_munmap_struct,
  vma_needs_dirty_tracking,
  vma_prepare,
  vma_set_anon_pgoff,
  vma_set_page_prot,
  vma_set_pgoff,
  vma_shrink,
  vma_wants_manual_pte_write_upgrade,
  vma_wants_writenotify,
  vms_abort_munmap_vmas,
  vms_gather_munmap_vmas,
} from '../../../lib/index.js';
import { DATA, plainFile } from '../space.js';

const FLAGS = mk_vma_flags(...DATA);

type VmaCall = (t: VmaTest, dead: vm_area_struct, live: vm_area_struct) => unknown;
/** The exported function that is called, the argument that the message names, the call. */
export type VmaRefusal = readonly [door: string, arg: string, call: VmaCall];

function unmapOf(t: VmaTest, vma: vm_area_struct): vma_munmap_struct {
  const vms = new vma_munmap_struct(VMA_ITERATOR(t.mm, 0x10000));
  init_vma_munmap(vms, vms.vmi, vma, 0x10000, 0x11000, null, false);
  return vms;
}

function sideTree(): ma_state<vm_area_struct> {
  return MA_STATE(new maple_tree<vm_area_struct>(), 0, 0);
}

export const VMA_REFUSALS: readonly VmaRefusal[] = [
  ['vm_area_dup', 'orig', (_t, dead) => vm_area_dup(dead)],
  ['split_vma', 'vma', (t, dead) => split_vma(VMA_ITERATOR(t.mm, 0), dead, 0x11000, true)],
  ['vma_shrink', 'vma', (t, dead) => vma_shrink(VMA_ITERATOR(t.mm, 0), dead, 0x12000)],
  ['vma_link', 'vma', (t, dead) => vma_link(t.mm, dead)],
  ['insert_vm_struct', 'vma', (t, dead) => insert_vm_struct(t.mm, dead)],
  ['vma_merge_extend', 'vma', (t, dead) => vma_merge_extend(VMA_ITERATOR(t.mm, 0), dead, 0x1000)],
  ['expand_downwards', 'vma', (_t, dead) => expand_downwards(dead, 0x8000)],
  ['relocate_vma_down', 'vma', (_t, dead) => relocate_vma_down(dead, 0x1000)],
  [
    'copy_vma',
    'vmap.value',
    (_t, dead) => copy_vma(new Ref(dead), 0x20000, 0x1000, 0, 0, new Ref<boolean>(false), false),
  ],
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
  ['vma_wants_manual_pte_write_upgrade', 'vma', (_t, dead) => vma_wants_manual_pte_write_upgrade(dead)],
  ['vma_set_pgoff', 'vma', (_t, dead) => vma_set_pgoff(dead, 0)],
  ['vma_set_anon_pgoff', 'vma', (_t, dead) => vma_set_anon_pgoff(dead, 0)],
  ['remove_vma', 'vma', (_t, dead) => remove_vma(dead)],
  ['__split_vma', 'vma', (t, dead) => __split_vma(VMA_ITERATOR(t.mm, 0), dead, 0x11000, true)],
  ['__vma_link_file', 'vma', (_t, dead) => __vma_link_file(dead, plainFile().f_mapping)],
  ['__remove_shared_vm_struct', 'vma', (_t, dead) => __remove_shared_vm_struct(dead, plainFile().f_mapping)],
  ['unlink_file_vma_batch_add', 'vma', (_t, dead) => unlink_file_vma_batch_add(new unlink_vma_file_batch(), dead)],
  ['vfs_mmap', 'vma', (_t, dead) => vfs_mmap(plainFile(), dead)],
  ['__compat_vma_mmap', 'vma', (_t, dead) => __compat_vma_mmap(new vm_area_desc(), dead)],
  ['compat_set_desc_from_vma', 'vma', (_t, dead) => compat_set_desc_from_vma(new vm_area_desc(), plainFile(), dead)],
  ['mmap_action_complete', 'vma', (_t, dead) => mmap_action_complete(dead, new mmap_action(), false)],
  ['maybe_rmap_unlock_action', 'vma', (_t, dead) => maybe_rmap_unlock_action(dead, new mmap_action())],
  ['vma_prepare', 'vp.vma', (_t, dead) => vma_prepare(new struct_vma_prepare(dead))],
  ['vma_complete', 'vp.vma', (t, dead) => vma_complete(new struct_vma_prepare(dead), VMA_ITERATOR(t.mm, 0), t.mm)],
  ['vms_gather_munmap_vmas', 'vms.vma', (t, dead) => vms_gather_munmap_vmas(unmapOf(t, dead), sideTree())],
  ['vms_abort_munmap_vmas', 'vms.vma', (t, dead) => vms_abort_munmap_vmas(unmapOf(t, dead), sideTree())],
];

/** A batch that holds a VMA which was freed since: what works it off says which VMA it may not unlink. */
export const BATCH_REFUSALS: readonly (readonly [door: string, call: (vb: unlink_vma_file_batch) => void])[] = [
  ['unlink_file_vma_batch_process', (vb) => unlink_file_vma_batch_process(vb)],
  ['unlink_file_vma_batch_final', (vb) => unlink_file_vma_batch_final(vb)],
];
