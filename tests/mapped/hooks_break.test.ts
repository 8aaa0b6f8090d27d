// SPDX-License-Identifier: GPL-2.0-only
/** What an mmap hook leaves behind is checked as arguments are: a broken range or offset never reaches the tree. */

import { test } from '../../harness/index.js';
import { hexOf } from '../../include/check.js';
import { vm_area_free } from '../../lib/index.js';
import { fileOf, mapFile, preparedFile } from './driver.js';

const UPSTREAM = { stubs: 'upstream' } as const;

test('an offset that mmap_prepare sets is one', UPSTREAM, (t) => {
  for (const bad of [-1, Number.NaN, 0.5, 2 ** 53]) {
    const f = preparedFile({}, (desc) => {
      desc.pgoff = bad;
      return 0;
    });
    const { message } = t.throws(() => mapFile(f), '', String(bad));
    t.ASSERT_EQ(message.startsWith(`mmap_prepare: desc.pgoff = ${hexOf(bad)}: `), true, message);
    t.ASSERT_LAYOUT('');
  }
});

test('a range and an offset that mmap sets are some', UPSTREAM, (t) => {
  for (const [field, bad] of [
    ['vm_start', Number.NaN],
    ['vm_end', 0x100001],
    ['vm_pgoff', -1],
  ] as const) {
    const f = fileOf({
      mmap: (_f, vma) => {
        vma[field] = bad;
        return 0;
      },
    });
    const { message } = t.throws(() => mapFile(f), '', field);
    t.ASSERT_EQ(message.startsWith(`mmap: vma.${field} = ${hexOf(bad)}: `), true, message);
    t.ASSERT_LAYOUT('');
  }
});

test('a VMA that mmap frees is not mapped', UPSTREAM, (t) => {
  const f = fileOf({
    mmap: (_f, vma) => {
      vm_area_free(vma);
      return 0;
    },
  });
  t.throws(() => mapFile(f), /^mmap: vma = VMA 0x100000-0x104000: freed/);
  t.ASSERT_LAYOUT('');
});
