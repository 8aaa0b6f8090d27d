// SPDX-License-Identifier: GPL-2.0-only
/** Bad numbers at every public door: an error that names call, argument and value, and an address space as it was. */

import { test, type VmaTest } from '../../harness/index.js';
import { hexOf } from '../../include/check.js';
import {
  __mmap_region,
  copy_vma,
  do_brk_flags,
  Ref,
  relocate_vma_down,
  VMA_ITERATOR,
  vma_shrink,
} from '../../lib/index.js';
import { MEMORY_NUMBERS } from './refusals/memory.js';
import { FLAGS, MODIFY, NUMBER_REFUSALS } from './refusals/numbers.js';
import { mapRange } from './space.js';

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
  for (const { door, fn, arg, bad, call } of [...NUMBER_REFUSALS, ...MEMORY_NUMBERS]) {
    t.subtest(`${door}: ${arg}`, (t) => {
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
    [
      'copy_vma',
      'addr + len',
      2 ** 53,
      () => copy_vma(new Ref(vma), last, 0x1000, 0, 0, new Ref<boolean>(false), false),
    ],
    ['do_brk_flags', 'addr + len', 2 ** 53, () => do_brk_flags(VMA_ITERATOR(t.mm, 0), null, last, 0x1000, FLAGS)],
    ['vma_modify_flags', 'start', 0xf000, () => MODIFY.vma_modify_flags?.(VMA_ITERATOR(t.mm, 0), vma, 0xf000, 0x11000)],
    ['vma_modify_name', 'end', 0x15000, () => MODIFY.vma_modify_name?.(VMA_ITERATOR(t.mm, 0), vma, 0x10000, 0x15000)],
    ['vma_shrink', 'end', 0x10000, () => vma_shrink(VMA_ITERATOR(t.mm, 0), vma, 0x10000)],
    ['vma_shrink', 'end', 0x14000, () => vma_shrink(VMA_ITERATOR(t.mm, 0), vma, 0x14000)],
    ['vma_shrink', 'end', 0x15000, () => vma_shrink(VMA_ITERATOR(t.mm, 0), vma, 0x15000)],
    ['relocate_vma_down', 'shift', 0x11000, () => relocate_vma_down(vma, 0x11000)],
  ];
  for (const [fn, arg, value, call] of cases) assertRefused(t, fn, arg, hexOf(value), call);
  t.unmapAll();
});
