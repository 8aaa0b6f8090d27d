// SPDX-License-Identifier: GPL-2.0-only
/** What no number may be, by exported function and argument: the calls of bad_numbers.test.ts. */
import type { VmaTest } from '../../../harness/index.js';
import {
  __install_special_mapping,
  __mmap_region,
  __split_vma,
  __vm_munmap,
  commit_merge,
  copy_vma,
  do_brk_flags,
  do_munmap,
  do_vmi_align_munmap,
  do_vmi_munmap,
  expand_downwards,
  find_vma_intersection,
  find_vma_prev,
  for_each_vma_range,
  GFP_KERNEL,
  init_vma_munmap,
  insert_vm_struct,
  MA_STATE,
  type ma_state,
  maple_tree,
  mk_vma_flags,
  mmap_action_ioremap,
  mmap_action_ioremap_full,
  mmap_action_map_kernel_pages,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap,
  mmap_action_remap_full,
  mmap_action_simple_ioremap,
  mmap_region,
  NULL_VM_UFFD_CTX,
  Ref,
  relocate_vma_down,
  split_vma,
  unmapped_area,
  unmapped_area_topdown,
  VMA_ITERATOR,
  VMG_STATE,
  vm_area_desc,
  vm_area_struct,
  vm_munmap,
  vm_unmapped_area_info,
  vma_expand,
  vma_find,
  vma_iter_area_highest,
  vma_iter_area_lowest,
  vma_iter_clear_gfp,
  vma_iter_config,
  vma_iter_init,
  vma_iter_next_range_limit,
  vma_iter_prev_range_limit,
  vma_iter_set,
  vma_iter_store_gfp,
  vma_iter_store_new,
  vma_iter_store_overwrite,
  vma_link,
  vma_lookup,
  vma_merge_copied_range,
  vma_merge_existing_range,
  vma_merge_extend,
  vma_merge_new_range,
  type vma_merge_struct,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_munmap_struct,
  vma_prev_limit,
  vma_set_anon_pgoff,
  vma_set_pgoff,
  vma_set_range,
  vma_shrink,
  vms_abort_munmap_vmas,
  vms_gather_munmap_vmas,
} from '../../../lib/index.js';
import { DATA } from '../space.js';

export const FLAGS = mk_vma_flags(...DATA);

/** What no unsigned long is, each with how the message prints it. */
const NOT_ULONG: readonly number[] = [-1, -0x1000, Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY];
/** What no page-aligned address is. */
const NOT_ALIGNED: readonly number[] = [...NOT_ULONG, 1, 0x11800];

/** The VMA under test, mapped at 0x10000-0x14000, and the call that hands over one bad number. */
type Call = (t: VmaTest, vma: vm_area_struct, bad: number) => unknown;

export interface NumberRefusal {
  /** The exported function that is called. */
  door: string;
  /** The function that the message names: that one, or the one that it stands on. */
  fn: string;
  arg: string;
  bad: readonly number[];
  call: Call;
}

type Door = NumberRefusal;

export function addresses(fn: string, arg: string, call: Call): Door {
  return { door: fn, fn, arg, bad: NOT_ALIGNED, call };
}

export function numbers(fn: string, arg: string, call: Call): Door {
  return { door: fn, fn, arg, bad: NOT_ULONG, call };
}

function mergeAt(t: VmaTest, start: number, end: number, pgoff: number): ReturnType<typeof VMG_STATE> {
  return VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x14000), start, end, FLAGS, pgoff, pgoff);
}

function unmappedInfo(field: keyof vm_unmapped_area_info, bad: number): vm_unmapped_area_info {
  const info = new vm_unmapped_area_info();
  Object.assign(info, { length: 0x1000, low_limit: 0x1000, high_limit: 0x100000, [field]: bad });
  return info;
}

function description(start = 0x20000): vm_area_desc {
  const desc = new vm_area_desc();
  desc.start = start;
  desc.end = 0x24000;
  return desc;
}

/** A refusal that is worded by another function than the one called. */
function said(fn: string, refusal: NumberRefusal): NumberRefusal {
  return { ...refusal, fn };
}

function copyAt(t: VmaTest, vma: vm_area_struct, start: number, end: number): vma_merge_struct {
  const vmg = mergeAt(t, start, end, 0x14);
  vmg.middle = vma;
  return vmg;
}

function unmapOf(t: VmaTest, vma: vm_area_struct, start: number, end: number): vma_munmap_struct {
  const vms = new vma_munmap_struct(VMA_ITERATOR(t.mm, 0x10000));
  init_vma_munmap(vms, vms.vmi, vma, start, end, null, false);
  return vms;
}

function sideTree(): ma_state<vm_area_struct> {
  return MA_STATE(new maple_tree<vm_area_struct>(), 0, 0);
}

/** A VMA in no tree, at 0x20000-0x21000 but for what is given. */
function loose(range: { vm_start?: number; vm_end?: number }): vm_area_struct {
  return Object.assign(new vm_area_struct(), { vm_start: 0x20000, vm_end: 0x21000, vm_refcnt: 0, ...range });
}

type Modify = (vmi: ReturnType<typeof VMA_ITERATOR>, vma: vm_area_struct, start: number, end: number) => unknown;

export const MODIFY: Record<string, Modify> = {
  vma_modify_flags: (vmi, vma, s, e) => vma_modify_flags(vmi, vma, vma, s, e, FLAGS.clone()),
  vma_modify_name: (vmi, vma, s, e) => vma_modify_name(vmi, vma, vma, s, e, null),
  vma_modify_policy: (vmi, vma, s, e) => vma_modify_policy(vmi, vma, vma, s, e, null),
  vma_modify_flags_uffd: (vmi, vma, s, e) =>
    vma_modify_flags_uffd(vmi, vma, vma, s, e, FLAGS.clone(), NULL_VM_UFFD_CTX, false),
};

const MODIFY_DOORS: readonly Door[] = Object.entries(MODIFY).flatMap(([fn, modify]) => [
  addresses(fn, 'start', (t, vma, bad) => modify(VMA_ITERATOR(t.mm, 0x10000), vma, bad, 0x14000)),
  addresses(fn, 'end', (t, vma, bad) => modify(VMA_ITERATOR(t.mm, 0x10000), vma, 0x10000, bad)),
]);

const UNMAPPED_DOORS: readonly Door[] = (
  ['length', 'low_limit', 'high_limit', 'align_mask', 'align_offset', 'start_gap'] as const
).flatMap((field) => [
  numbers('unmapped_area', `info.${field}`, (_t, _vma, bad) => unmapped_area(unmappedInfo(field, bad))),
  numbers('unmapped_area_topdown', `info.${field}`, (_t, _vma, bad) => unmapped_area_topdown(unmappedInfo(field, bad))),
]);

function areaDoors(fn: string, search: typeof vma_iter_area_lowest): Door[] {
  return [
    numbers(fn, 'min', (t, _vma, bad) => search(VMA_ITERATOR(t.mm, 0), bad, 0x100000, 0x1000)),
    numbers(fn, 'max', (t, _vma, bad) => search(VMA_ITERATOR(t.mm, 0), 0x1000, bad, 0x1000)),
    numbers(fn, 'size', (t, _vma, bad) => search(VMA_ITERATOR(t.mm, 0), 0x1000, 0x100000, bad)),
  ];
}

export const NUMBER_REFUSALS: readonly NumberRefusal[] = [
  addresses('mmap_region', 'addr', (_t, _vma, bad) => mmap_region(null, bad, 0x1000, FLAGS, 0x20, null)),
  addresses('mmap_region', 'len', (_t, _vma, bad) => mmap_region(null, 0x20000, bad, FLAGS, 0x20, null)),
  numbers('mmap_region', 'pgoff', (_t, _vma, bad) => mmap_region(null, 0x20000, 0x1000, FLAGS, bad, null)),
  addresses('__mmap_region', 'addr', (_t, _vma, bad) => __mmap_region(null, bad, 0x1000, FLAGS, 0x20, null)),
  addresses('__mmap_region', 'len', (_t, _vma, bad) => __mmap_region(null, 0x20000, bad, FLAGS, 0x20, null)),
  numbers('__mmap_region', 'pgoff', (_t, _vma, bad) => __mmap_region(null, 0x20000, 0x1000, FLAGS, bad, null)),
  numbers('do_munmap', 'start', (t, _vma, bad) => do_munmap(t.mm, bad, 0x1000, null)),
  numbers('do_munmap', 'len', (t, _vma, bad) => do_munmap(t.mm, 0x10000, bad, null)),
  numbers('vm_munmap', 'start', (_t, _vma, bad) => vm_munmap(bad, 0x1000)),
  numbers('vm_munmap', 'len', (_t, _vma, bad) => vm_munmap(0x10000, bad)),
  numbers('__vm_munmap', 'start', (_t, _vma, bad) => __vm_munmap(bad, 0x1000, true)),
  numbers('__vm_munmap', 'len', (_t, _vma, bad) => __vm_munmap(0x10000, bad, true)),
  numbers('do_vmi_munmap', 'start', (t, _vma, bad) =>
    do_vmi_munmap(VMA_ITERATOR(t.mm, 0), t.mm, bad, 0x1000, null, false),
  ),
  numbers('do_vmi_munmap', 'len', (t, _vma, bad) =>
    do_vmi_munmap(VMA_ITERATOR(t.mm, 0), t.mm, 0x10000, bad, null, false),
  ),
  addresses('do_vmi_align_munmap', 'start', (t, vma, bad) =>
    do_vmi_align_munmap(VMA_ITERATOR(t.mm, 0x10000), vma, t.mm, bad, 0x14000, null, false),
  ),
  addresses('do_vmi_align_munmap', 'end', (t, vma, bad) =>
    do_vmi_align_munmap(VMA_ITERATOR(t.mm, 0x10000), vma, t.mm, 0x10000, bad, null, false),
  ),
  addresses('split_vma', 'addr', (t, vma, bad) => split_vma(VMA_ITERATOR(t.mm, 0x10000), vma, bad, true)),
  addresses('vma_shrink', 'end', (t, vma, bad) => vma_shrink(VMA_ITERATOR(t.mm, 0x10000), vma, bad)),
  addresses('vma_merge_new_range', 'vmg.start', (t, _vma, bad) => vma_merge_new_range(mergeAt(t, bad, 0x16000, 0x14))),
  addresses('vma_merge_new_range', 'vmg.end', (t, _vma, bad) => vma_merge_new_range(mergeAt(t, 0x14000, bad, 0x14))),
  numbers('vma_merge_new_range', 'vmg.pgoff', (t, _vma, bad) => vma_merge_new_range(mergeAt(t, 0x14000, 0x16000, bad))),
  addresses('vma_merge_existing_range', 'vmg.start', (t, _vma, bad) =>
    vma_merge_existing_range(mergeAt(t, bad, 0x14000, 0x10)),
  ),
  addresses('vma_merge_existing_range', 'vmg.end', (t, _vma, bad) =>
    vma_merge_existing_range(mergeAt(t, 0x10000, bad, 0x10)),
  ),
  addresses('vma_expand', 'vmg.start', (t, _vma, bad) => vma_expand(mergeAt(t, bad, 0x16000, 0x10))),
  addresses('vma_expand', 'vmg.end', (t, _vma, bad) => vma_expand(mergeAt(t, 0x10000, bad, 0x10))),
  numbers('vma_expand', 'vmg.pgoff', (t, _vma, bad) => vma_expand(mergeAt(t, 0x10000, 0x16000, bad))),
  addresses('vma_merge_extend', 'delta', (t, vma, bad) => vma_merge_extend(VMA_ITERATOR(t.mm, 0x10000), vma, bad)),
  addresses('copy_vma', 'addr', (_t, vma, bad) =>
    copy_vma(new Ref(vma), bad, 0x4000, 0x10, 0x10, new Ref<boolean>(false), false),
  ),
  addresses('copy_vma', 'len', (_t, vma, bad) =>
    copy_vma(new Ref(vma), 0x20000, bad, 0x10, 0x10, new Ref<boolean>(false), false),
  ),
  numbers('copy_vma', 'pgoff', (_t, vma, bad) =>
    copy_vma(new Ref(vma), 0x20000, 0x4000, bad, 0x10, new Ref<boolean>(false), false),
  ),
  numbers('copy_vma', 'anon_pgoff', (_t, vma, bad) =>
    copy_vma(new Ref(vma), 0x20000, 0x4000, 0x10, bad, new Ref<boolean>(false), false),
  ),
  addresses('do_brk_flags', 'addr', (t, vma, bad) =>
    do_brk_flags(VMA_ITERATOR(t.mm, 0x10000), vma, bad, 0x1000, FLAGS),
  ),
  addresses('do_brk_flags', 'len', (t, vma, bad) =>
    do_brk_flags(VMA_ITERATOR(t.mm, 0x10000), vma, 0x14000, bad, FLAGS),
  ),
  numbers('expand_downwards', 'address', (_t, vma, bad) => expand_downwards(vma, bad)),
  addresses('relocate_vma_down', 'shift', (_t, vma, bad) => relocate_vma_down(vma, bad)),
  addresses('vma_set_range', 'start', (_t, vma, bad) => vma_set_range(vma, bad, 0x14000, 0, 0)),
  addresses('vma_set_range', 'end', (_t, vma, bad) => vma_set_range(vma, 0x10000, bad, 0, 0)),
  numbers('vma_set_range', 'pgoff', (_t, vma, bad) => vma_set_range(vma, 0x10000, 0x14000, bad, 0)),
  numbers('vma_set_range', 'anon_pgoff', (_t, vma, bad) => vma_set_range(vma, 0x10000, 0x14000, 0, bad)),
  numbers('vma_set_pgoff', 'pgoff', (_t, vma, bad) => vma_set_pgoff(vma, bad)),
  numbers('vma_set_anon_pgoff', 'pgoff', (_t, vma, bad) => vma_set_anon_pgoff(vma, bad)),
  addresses('__install_special_mapping', 'addr', (t, _vma, bad) =>
    __install_special_mapping(t.mm, bad, 0x1000, 0n, null, {}),
  ),
  addresses('__install_special_mapping', 'len', (t, _vma, bad) =>
    __install_special_mapping(t.mm, 0x20000, bad, 0n, null, {}),
  ),
  numbers('vma_lookup', 'addr', (t, _vma, bad) => vma_lookup(t.mm, bad)),
  numbers('find_vma_prev', 'addr', (t, _vma, bad) => find_vma_prev(t.mm, bad, { prev: null })),
  numbers('find_vma_intersection', 'start_addr', (t, _vma, bad) => find_vma_intersection(t.mm, bad, 0x11000)),
  numbers('find_vma_intersection', 'end_addr', (t, _vma, bad) => find_vma_intersection(t.mm, 0x10000, bad)),
  numbers('vma_find', 'max', (t, _vma, bad) => vma_find(VMA_ITERATOR(t.mm, 0), bad)),
  numbers('vma_prev_limit', 'min', (t, _vma, bad) => vma_prev_limit(VMA_ITERATOR(t.mm, 0), bad)),
  numbers('vma_iter_init', 'addr', (t, _vma, bad) => vma_iter_init(VMA_ITERATOR(t.mm, 0), t.mm, bad)),
  numbers('vma_iter_set', 'addr', (t, _vma, bad) => vma_iter_set(VMA_ITERATOR(t.mm, 0), bad)),
  addresses('vma_iter_config', 'index', (t, _vma, bad) => vma_iter_config(VMA_ITERATOR(t.mm, 0), bad, 0x14000)),
  addresses('vma_iter_config', 'last', (t, _vma, bad) => vma_iter_config(VMA_ITERATOR(t.mm, 0), 0x10000, bad)),
  addresses('vma_iter_clear_gfp', 'start', (t, _vma, bad) =>
    vma_iter_clear_gfp(VMA_ITERATOR(t.mm, 0), bad, 0x14000, GFP_KERNEL),
  ),
  addresses('vma_iter_clear_gfp', 'end', (t, _vma, bad) =>
    vma_iter_clear_gfp(VMA_ITERATOR(t.mm, 0), 0x10000, bad, GFP_KERNEL),
  ),
  numbers('vma_iter_prev_range_limit', 'min', (t, _vma, bad) =>
    vma_iter_prev_range_limit(VMA_ITERATOR(t.mm, 0x10000), bad),
  ),
  numbers('vma_iter_next_range_limit', 'max', (t, _vma, bad) =>
    vma_iter_next_range_limit(VMA_ITERATOR(t.mm, 0x10000), bad),
  ),
  ...areaDoors('vma_iter_area_lowest', vma_iter_area_lowest),
  ...areaDoors('vma_iter_area_highest', vma_iter_area_highest),
  numbers('mmap_action_remap', 'start', (_t, _vma, bad) => mmap_action_remap(description(), bad, 1, 0x1000)),
  numbers('mmap_action_remap', 'start_pfn', (_t, _vma, bad) => mmap_action_remap(description(), 0x20000, bad, 0x1000)),
  numbers('mmap_action_remap', 'size', (_t, _vma, bad) => mmap_action_remap(description(), 0x20000, 1, bad)),
  said(
    'mmap_action_remap',
    numbers('mmap_action_ioremap', 'start', (_t, _vma, bad) => mmap_action_ioremap(description(), bad, 1, 1)),
  ),
  said(
    'mmap_action_remap',
    numbers('mmap_action_ioremap', 'size', (_t, _vma, bad) => mmap_action_ioremap(description(), 0x20000, 1, bad)),
  ),
  said(
    'mmap_action_remap',
    numbers('mmap_action_remap_full', 'start_pfn', (_t, _vma, bad) => mmap_action_remap_full(description(), bad)),
  ),
  said(
    'mmap_action_remap',
    numbers('mmap_action_ioremap_full', 'start_pfn', (_t, _vma, bad) => mmap_action_ioremap_full(description(), bad)),
  ),
  said(
    'mmap_action_map_kernel_pages',
    numbers('mmap_action_map_kernel_pages_full', 'start', (_t, _vma, bad) =>
      mmap_action_map_kernel_pages_full(description(bad), []),
    ),
  ),
  said(
    'vma_find',
    numbers('for_each_vma_range', 'max', (t, _vma, bad) => for_each_vma_range(VMA_ITERATOR(t.mm, 0), bad)),
  ),
  said(
    'vma_merge_new_range',
    addresses('vma_merge_copied_range', 'vmg.start', (t, vma, bad) =>
      vma_merge_copied_range(copyAt(t, vma, bad, 0x16000)),
    ),
  ),
  said(
    'vma_merge_new_range',
    addresses('vma_merge_copied_range', 'vmg.end', (t, vma, bad) =>
      vma_merge_copied_range(copyAt(t, vma, 0x14000, bad)),
    ),
  ),
  addresses('commit_merge', 'vmg.start', (t, _vma, bad) => commit_merge(mergeAt(t, bad, 0x16000, 0x10))),
  addresses('commit_merge', 'vmg.end', (t, _vma, bad) => commit_merge(mergeAt(t, 0x10000, bad, 0x10))),
  numbers('commit_merge', 'vmg.pgoff', (t, _vma, bad) => commit_merge(mergeAt(t, 0x10000, 0x16000, bad))),
  addresses('__split_vma', 'addr', (t, vma, bad) => __split_vma(VMA_ITERATOR(t.mm, 0x10000), vma, bad, true)),
  addresses('vms_gather_munmap_vmas', 'vms.start', (t, vma, bad) =>
    vms_gather_munmap_vmas(unmapOf(t, vma, bad, 0x14000), sideTree()),
  ),
  addresses('vms_gather_munmap_vmas', 'vms.end', (t, vma, bad) =>
    vms_gather_munmap_vmas(unmapOf(t, vma, 0x10000, bad), sideTree()),
  ),
  addresses('vms_abort_munmap_vmas', 'vms.start', (t, vma, bad) =>
    vms_abort_munmap_vmas(unmapOf(t, vma, bad, 0x14000), sideTree()),
  ),
  addresses('vma_link', 'vma.vm_start', (t, _vma, bad) => vma_link(t.mm, loose({ vm_start: bad }))),
  addresses('vma_link', 'vma.vm_end', (t, _vma, bad) => vma_link(t.mm, loose({ vm_end: bad }))),
  addresses('insert_vm_struct', 'vma.vm_start', (t, _vma, bad) => insert_vm_struct(t.mm, loose({ vm_start: bad }))),
  addresses('vma_iter_store_new', 'vma.vm_start', (t, _vma, bad) =>
    vma_iter_store_new(VMA_ITERATOR(t.mm, 0x20000), loose({ vm_start: bad })),
  ),
  addresses('vma_iter_store_overwrite', 'vma.vm_end', (t, _vma, bad) =>
    vma_iter_store_overwrite(VMA_ITERATOR(t.mm, 0x20000), loose({ vm_end: bad })),
  ),
  addresses('vma_iter_store_gfp', 'vma.vm_end', (t, _vma, bad) =>
    vma_iter_store_gfp(VMA_ITERATOR(t.mm, 0x20000), loose({ vm_end: bad }), GFP_KERNEL),
  ),
  numbers('mmap_action_simple_ioremap', 'start_phys_addr', (_t, _vma, bad) =>
    mmap_action_simple_ioremap(description(), bad, 0x1000),
  ),
  numbers('mmap_action_simple_ioremap', 'size', (_t, _vma, bad) =>
    mmap_action_simple_ioremap(description(), 0x1000, bad),
  ),
  numbers('mmap_action_map_kernel_pages', 'start', (_t, _vma, bad) =>
    mmap_action_map_kernel_pages(description(), bad, [], 0),
  ),
  numbers('mmap_action_map_kernel_pages', 'nr_pages', (_t, _vma, bad) =>
    mmap_action_map_kernel_pages(description(), 0x20000, [], bad),
  ),
  ...MODIFY_DOORS,
  ...UNMAPPED_DOORS,
];
