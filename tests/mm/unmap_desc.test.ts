// SPDX-License-Identifier: GPL-2.0-only
/** What an exit says of the unmap of all that there is, and which mappings count as what. */
import { test } from '../../harness/index.js';
import { FIRST_USER_ADDRESS, USER_PGTABLES_CEILING } from '../../include/linux/mm.js';
import { unmap_desc } from '../../include/vma.js';
import {
  mm_struct,
  PAGE_SIZE,
  ULONG_MAX,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  VMA_ITERATOR,
  vm_area_struct,
} from '../../lib/index.js';
import { is_data_mapping, is_exec_mapping, is_stack_mapping } from '../../lib/mm/inlines/accounting.js';
import { vma_iter_addr } from '../../lib/mm/inlines/iterator.js';
import { unmap_all_init, unmap_pgtable_init } from '../../lib/mm/vma/merge_state.js';

const NONSENSE = 7;

test('everything is unmapped, then the page tables of all that users can have are freed', (t) => {
  const [vmi, other] = [VMA_ITERATOR(t.mm, 0), VMA_ITERATOR(new mm_struct(), 0)];
  const [first, wrong] = [new vm_area_struct(), new vm_area_struct()];
  first.vm_end = 5 * PAGE_SIZE;
  const unmap = new unmap_desc(other.mas, wrong);
  const fields = ['pg_start', 'pg_end', 'vma_start', 'vma_end', 'tree_end', 'tree_reset'] as const;
  for (const field of fields) unmap[field] = NONSENSE;
  unmap.mm_wr_locked = true;
  const shown = (): number[] => fields.map((field) => unmap[field]);

  unmap_all_init(unmap, vmi, first);
  t.ASSERT_EQ(unmap.mas, vmi.mas);
  t.ASSERT_EQ(unmap.first, first);
  t.ASSERT_FALSE(unmap.mm_wr_locked, 'nobody else is there, so the lock is held for reading only');
  const [start, ceiling] = [FIRST_USER_ADDRESS, USER_PGTABLES_CEILING];
  t.equal(shown(), [start, ceiling, 0, ULONG_MAX, ULONG_MAX, 5 * PAGE_SIZE]);

  for (const field of ['vma_start', 'vma_end', 'tree_end'] as const) unmap[field] = NONSENSE;
  unmap_pgtable_init(unmap, vmi);
  t.equal(shown(), [start, ceiling, start, ceiling, ceiling, 5 * PAGE_SIZE]);
  t.ASSERT_EQ(vma_iter_addr(vmi), 5 * PAGE_SIZE, 'the walk goes on behind the first VMA');
});

test('each mapping counts as code, stack or data, or as none of them', (t) => {
  const kinds = (flags: bigint): string =>
    [
      is_exec_mapping(flags) ? 'exec' : '',
      is_stack_mapping(flags) ? 'stack' : '',
      is_data_mapping(flags) ? 'data' : '',
    ].join('');
  t.equal(
    [
      VM_READ | VM_EXEC,
      VM_READ | VM_WRITE | VM_EXEC,
      VM_READ | VM_WRITE | VM_GROWSDOWN,
      VM_READ | VM_WRITE,
      VM_READ | VM_WRITE | VM_SHARED,
      VM_READ,
    ].map(kinds),
    ['exec', 'data', 'stack', 'data', '', ''],
  );
});
