// SPDX-License-Identifier: GPL-2.0-only
/** Bad numbers at every public door: an error that names call, argument and value, and an address space as it was. */

import { test, type VmaTest } from '../../harness/index.js';
import { hexOf } from '../../include/check.js';
import {
  __mmap_region,
  __vm_munmap,
  copy_vma,
  do_brk_flags,
  do_munmap,
  do_vmi_align_munmap,
  do_vmi_munmap,
  expand_downwards,
  find_vma_intersection,
  find_vma_prev,
  GFP_KERNEL,
  mk_vma_flags,
  mmap_action_ioremap,
  mmap_action_map_kernel_pages,
  mmap_action_remap,
  mmap_action_simple_ioremap,
  mmap_region,
  NULL_VM_UFFD_CTX,
  Ref,
  relocate_vma_down,
  split_vma,
  unmapped_area,
  unmapped_area_topdown,
  VM_READ,
  VMA_ITERATOR,
  VMG_STATE,
  vm_area_desc,
  type vm_area_struct,
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
  vma_lookup,
  vma_merge_existing_range,
  vma_merge_extend,
  vma_merge_new_range,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_prev_limit,
  vma_set_range,
  vma_shrink,
} from '../../lib/index.js';
import { DATA, mapRange } from './space.js';

const FLAGS = mk_vma_flags(...DATA);

/** What no unsigned long is, each with how the message prints it. */
const NOT_ULONG: readonly number[] = [-1, -0x1000, Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY];
/** What no page-aligned address is. */
const NOT_ALIGNED: readonly number[] = [...NOT_ULONG, 1, 0x11800];

/** The VMA under test, mapped at 0x10000-0x14000, and the call that hands over one bad number. */
type Call = (t: VmaTest, vma: vm_area_struct, bad: number) => unknown;

interface Door {
  fn: string;
  arg: string;
  bad: readonly number[];
  call: Call;
}

function addresses(fn: string, arg: string, call: Call): Door {
  return { fn, arg, bad: NOT_ALIGNED, call };
}

function numbers(fn: string, arg: string, call: Call): Door {
  return { fn, arg, bad: NOT_ULONG, call };
}

function mergeAt(t: VmaTest, start: number, end: number, pgoff: number): ReturnType<typeof VMG_STATE> {
  return VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x14000), start, end, FLAGS, pgoff);
}

function unmappedInfo(field: keyof vm_unmapped_area_info, bad: number): vm_unmapped_area_info {
  const info = new vm_unmapped_area_info();
  Object.assign(info, { length: 0x1000, low_limit: 0x1000, high_limit: 0x100000, [field]: bad });
  return info;
}

function description(): vm_area_desc {
  const desc = new vm_area_desc();
  desc.start = 0x20000;
  desc.end = 0x24000;
  return desc;
}

type Modify = (vmi: ReturnType<typeof VMA_ITERATOR>, vma: vm_area_struct, start: number, end: number) => unknown;

const MODIFY: Record<string, Modify> = {
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

const DOORS: readonly Door[] = [
  addresses('mmap_region', 'addr', (_t, _vma, bad) => mmap_region(null, bad, 0x1000, VM_READ, 0x20, null)),
  addresses('mmap_region', 'len', (_t, _vma, bad) => mmap_region(null, 0x20000, bad, VM_READ, 0x20, null)),
  numbers('mmap_region', 'pgoff', (_t, _vma, bad) => mmap_region(null, 0x20000, 0x1000, VM_READ, bad, null)),
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
  addresses('vma_shrink', 'start', (t, vma, bad) =>
    vma_shrink(VMA_ITERATOR(t.mm, 0x10000), vma, bad, 0x14000, vma.vm_pgoff),
  ),
  addresses('vma_shrink', 'end', (t, vma, bad) =>
    vma_shrink(VMA_ITERATOR(t.mm, 0x10000), vma, 0x10000, bad, vma.vm_pgoff),
  ),
  numbers('vma_shrink', 'pgoff', (t, vma, bad) => vma_shrink(VMA_ITERATOR(t.mm, 0x10000), vma, 0x10000, 0x12000, bad)),
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
    copy_vma(new Ref(vma), bad, 0x4000, 0x10, new Ref<boolean>(false), false),
  ),
  addresses('copy_vma', 'len', (_t, vma, bad) =>
    copy_vma(new Ref(vma), 0x20000, bad, 0x10, new Ref<boolean>(false), false),
  ),
  numbers('copy_vma', 'pgoff', (_t, vma, bad) =>
    copy_vma(new Ref(vma), 0x20000, 0x4000, bad, new Ref<boolean>(false), false),
  ),
  addresses('do_brk_flags', 'addr', (t, vma, bad) =>
    do_brk_flags(VMA_ITERATOR(t.mm, 0x10000), vma, bad, 0x1000, FLAGS),
  ),
  addresses('do_brk_flags', 'len', (t, vma, bad) =>
    do_brk_flags(VMA_ITERATOR(t.mm, 0x10000), vma, 0x14000, bad, FLAGS),
  ),
  numbers('expand_downwards', 'address', (_t, vma, bad) => expand_downwards(vma, bad)),
  addresses('relocate_vma_down', 'shift', (_t, vma, bad) => relocate_vma_down(vma, bad)),
  addresses('vma_set_range', 'start', (_t, vma, bad) => vma_set_range(vma, bad, 0x14000, 0)),
  addresses('vma_set_range', 'end', (_t, vma, bad) => vma_set_range(vma, 0x10000, bad, 0)),
  numbers('vma_set_range', 'pgoff', (_t, vma, bad) => vma_set_range(vma, 0x10000, 0x14000, bad)),
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
  numbers('mmap_action_remap', 'size', (_t, _vma, bad) => mmap_action_ioremap(description(), 0x20000, 1, bad)),
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

const LAYOUT = `
  0x10000-0x14000 pgoff=0x10 flags=0x100033
  0x15000-0x16000 pgoff=0x15 flags=0x100033`;

/** The error names call, argument and value, and nothing has moved. */
function assertRefused(t: VmaTest, fn: string, arg: string, value: string, call: () => unknown): void {
  const error = t.throws(call, '', `${fn}: ${arg} = ${value}`);
  t.ASSERT_EQ(error.message.startsWith(`${fn}: ${arg} = ${value}: `), true, error.message);
  t.ASSERT_LAYOUT(LAYOUT);
}

test('numbers that are no address, no size and no offset', (t) => {
  for (const { fn, arg, bad, call } of DOORS) {
    t.subtest(`${fn}: ${arg}`, (t) => {
      const vma = mapRange(t, 0x10000, 0x14000);
      mapRange(t, 0x15000, 0x16000);
      for (const value of bad) assertRefused(t, fn, arg, hexOf(value), () => call(t, vma, value));
      t.unmapAll();
    });
  }
});

test('ranges that end before they begin, pass the end of everything or leave their VMA', (t) => {
  const vma = mapRange(t, 0x10000, 0x14000);
  mapRange(t, 0x15000, 0x16000);
  const last = 0x1ffffffffff000;
  const cases: [string, string, number, () => unknown][] = [
    ['__mmap_region', 'addr + len', 0x20000, () => __mmap_region(null, 0x20000, 0, FLAGS, 0x20, null)],
    ['__mmap_region', 'addr + len', 2 ** 53, () => __mmap_region(null, last, 0x1000, FLAGS, 0, null)],
    ['copy_vma', 'addr + len', 2 ** 53, () => copy_vma(new Ref(vma), last, 0x1000, 0, new Ref<boolean>(false), false)],
    ['do_brk_flags', 'addr + len', 2 ** 53, () => do_brk_flags(VMA_ITERATOR(t.mm, 0), null, last, 0x1000, FLAGS)],
    ['vma_modify_flags', 'start', 0xf000, () => MODIFY.vma_modify_flags?.(VMA_ITERATOR(t.mm, 0), vma, 0xf000, 0x11000)],
    ['vma_modify_name', 'end', 0x15000, () => MODIFY.vma_modify_name?.(VMA_ITERATOR(t.mm, 0), vma, 0x10000, 0x15000)],
    ['vma_shrink', 'start', 0xf000, () => vma_shrink(VMA_ITERATOR(t.mm, 0), vma, 0xf000, 0x11000, 0)],
    ['vma_shrink', 'end', 0x15000, () => vma_shrink(VMA_ITERATOR(t.mm, 0), vma, 0x10000, 0x15000, 0)],
    ['relocate_vma_down', 'shift', 0x11000, () => relocate_vma_down(vma, 0x11000)],
  ];
  for (const [fn, arg, value, call] of cases) assertRefused(t, fn, arg, hexOf(value), call);
  t.unmapAll();
});
