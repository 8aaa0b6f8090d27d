// SPDX-License-Identifier: GPL-2.0-only
/** Freed VMAs at every public door: an error that names call, argument and VMA, and an address space as it was. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  mk_vma_flags,
  split_vma,
  unlink_vma_file_batch,
  VMA_ITERATOR,
  VMG_STATE,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vma_expand,
  vma_merge_copied_range,
  vma_merge_new_range,
  vma_set_range,
} from '../../lib/index.js';
import { MEMORY_VMAS } from './refusals/memory.js';
import { BATCH_REFUSALS, VMA_REFUSALS } from './refusals/vmas.js';
import { DATA, mapRange } from './space.js';

const FLAGS = mk_vma_flags(...DATA);

/** Two live VMAs and a dead one that is told by its range. */
function withDead(t: VmaTest): { live: vm_area_struct; dead: vm_area_struct } {
  const live = mapRange(t, 0x10000, 0x14000);
  mapRange(t, 0x15000, 0x16000);
  const dead = vm_area_alloc(t.mm);
  if (dead === null) throw new Error('no memory for a VMA');
  vma_set_range(dead, 0x30000, 0x31000, 0x30, 0x30);
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
  for (const [fn, arg, call] of [...VMA_REFUSALS, ...MEMORY_VMAS]) {
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

test('a freed VMA in a batch', (t) => {
  for (const [door, call] of BATCH_REFUSALS) {
    t.subtest(
      door,
      (t) => {
        const { dead } = withDead(t);
        const vb = new unlink_vma_file_batch();
        vb.vmas.push(dead);
        assertRefused(t, '__remove_shared_vm_struct', 'vma', () => call(vb));
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
        const vmg = VMG_STATE(t.mm, VMA_ITERATOR(t.mm, 0x14000), 0x14000, 0x15000, FLAGS, 0x14, 0x14);
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
