// SPDX-License-Identifier: GPL-2.0-only
/** A private file mapping after a write fault is on both reverse maps: its changes take the locks of both, in order. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  do_munmap,
  IS_ERR,
  mk_vma_flags,
  VMA_ACCOUNT_BIT,
  VMA_ITERATOR,
  VMA_WRITE_BIT,
  vma_modify_flags,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile, vmaAt } from '../mm/space.js';

/** Gives [start, end), a part of one VMA, other access. */
function protect(t: VmaTest, start: number, end: number, bits: readonly number[]): void {
  const vma = vmaAt(t, start);
  const prev = vma.vm_start < start ? vma : vmaAt(t, start - 1);
  const flags = mk_vma_flags(...bits, VMA_ACCOUNT_BIT);
  const changed = vma_modify_flags(VMA_ITERATOR(t.mm, start), prev, vma, start, end, flags);
  t.ASSERT_FALSE(IS_ERR(changed), 'protect');
}

const READ_ONLY = DATA.filter((bit) => bit !== VMA_WRITE_BIT);

test('a faulted private file mapping is split, and its parts merge again', (t) => {
  const f = plainFile();
  t.fault(mapRange(t, 0x10000, 0x18000, { file: f, pgoff: 0 }));

  protect(t, 0x14000, 0x18000, READ_ONLY);
  t.ASSERT_LAYOUT('0x10000-0x14000 pgoff=0x0 file anon\n0x14000-0x18000 pgoff=0x4 file anon');
  vmaAt(t, 0x14000).flags = mk_vma_flags(...READ_ONLY, VMA_ACCOUNT_BIT);

  // A part of the upper half goes back to the lower one.
  protect(t, 0x14000, 0x15000, DATA);
  t.ASSERT_LAYOUT('0x10000-0x15000 pgoff=0x0 file anon\n0x15000-0x18000 pgoff=0x5 file anon');
  protect(t, 0x15000, 0x18000, DATA);
  t.ASSERT_LAYOUT('0x10000-0x18000 pgoff=0x0 file anon');
  t.unmapAll();
});

test('a hole in a faulted private file mapping', (t) => {
  t.fault(mapRange(t, 0x10000, 0x18000, { file: plainFile(), pgoff: 0 }));
  t.ASSERT_EQ(do_munmap(t.mm, 0x12000, 0x2000, null), 0);
  t.ASSERT_LAYOUT('0x10000-0x12000 pgoff=0x0 file anon\n0x14000-0x18000 pgoff=0x4 file anon');
  t.unmapAll();
});
