// SPDX-License-Identifier: GPL-2.0-or-later
/** Port of tools/testing/vma/tests/mmap.c (Linux 7.3): mmap_region_basic. */

import { test } from '../../harness/c.js';
import { cleanup_mm } from '../../harness/index.js';
import { __mmap_region, for_each_vma, VMA_ITERATOR } from '../../lib/index.js';
import { assertRange, dataFlags } from './merge_helpers.js';

test('mmap_region_basic', (t) => {
  const { mm } = t;
  const vma_flags = dataFlags();
  const vmi = VMA_ITERATOR(mm, 0);

  // Two apart.
  t.ASSERT_EQ(__mmap_region(null, 0x300000, 0x3000, vma_flags, 0x300, null), 0x300000);
  t.ASSERT_EQ(__mmap_region(null, 0x250000, 0x3000, vma_flags, 0x250, null), 0x250000);

  // One right behind the upper, one right before the lower.
  t.ASSERT_EQ(__mmap_region(null, 0x303000, 0x3000, vma_flags, 0x303, null), 0x303000);
  t.ASSERT_EQ(__mmap_region(null, 0x24d000, 0x3000, vma_flags, 0x24d, null), 0x24d000);

  t.ASSERT_EQ(mm.map_count, 2);

  for (const vma of for_each_vma(vmi)) {
    if (vma.vm_start === 0x300000) {
      assertRange(t, vma, 0x300000, 0x306000, 0x300);
    } else if (vma.vm_start === 0x24d000) {
      assertRange(t, vma, 0x24d000, 0x253000, 0x24d);
    } else {
      t.ASSERT_FALSE(true, 'a VMA that nobody mapped');
    }
  }
  // Beyond upstream: both were there, and every page is counted.
  t.ASSERT_LAYOUT(`
    0x24d000-0x253000 pgoff=0x24d
    0x300000-0x306000 pgoff=0x300`);
  t.ASSERT_EQ(mm.total_vm, 12);
  t.ASSERT_EQ(mm.data_vm, 12);

  cleanup_mm(mm, vmi);
});
