// SPDX-License-Identifier: GPL-2.0-only
/** System calls as the package exports them: what cannot be an argument is refused by name, and changes nothing. */
import * as vma from '../../lib/index.js';
import { CALL_NUMBERS, callObjects } from '../mm/refusals/calls.js';
import { BASE, mapAt, maps, P, processTest } from './process.js';

processTest('doors: numbers that are none', (t, mm) => {
  mapAt(t, BASE, 1);
  for (const [call, message] of CALL_NUMBERS) t.throws(call, message);
  t.ASSERT_EQ(maps(mm).length, 1);
});

processTest('doors: address spaces and VMAs that are none', (t, mm) => {
  const freed = vma.vm_area_alloc(mm);
  if (freed === null) throw new Error('no memory');
  vma.vm_area_free(freed);
  for (const [call, message] of callObjects(mm, freed)) t.throws(call, message);
});

processTest('doors: without an address space', (t, mm) => {
  vma.current.mm = null;
  const calls = [() => vma.mmap(0, P, 3, 0x22, -1, 0), () => vma.brk(0), () => vma.prctl(66, 0), vma.munlockall];
  for (const call of calls) t.throws(call, 'current.mm = null');
  vma.current.mm = mm;
});

processTest('doors: what they answer is what the kernel does', (t, mm) => {
  mapAt(t, BASE, 2);
  t.world.checked?.locks.mmapWriteLock(mm);
  t.ASSERT_EQ(vma.get_unmapped_area(null, BASE, P, 0, 0x10), BASE);
  t.ASSERT_EQ(vma.mm_get_unmapped_area(null, BASE - P, P, 0, 0), BASE - P);
  t.ASSERT_EQ(
    vma.vm_unmapped_area(new vma.vm_unmapped_area_info({ length: P, low_limit: BASE, high_limit: BASE + 4 * P })),
    BASE + 2 * P,
  );
  t.ASSERT_EQ(vma.may_expand_vm(mm, vma.mk_vma_flags(), 1), true);
  t.ASSERT_EQ(vma.find_vma(mm, BASE - 1), vma.vma_lookup(mm, BASE));
  t.ASSERT_EQ(vma.find_vma(mm, BASE + 2 * P), null);
  t.world.checked?.locks.mmapWriteUnlock(mm);
  t.ASSERT_EQ(vma.vm_memory_committed(), 2);
  t.ASSERT_EQ(vma.vm_commit_limit(), vma.globals.totalram_pages / 2);
  t.ASSERT_EQ(vma.__vm_enough_memory(mm, 3, true), 0);
  vma.stubs.vm_acct_memory(-3);
  t.ASSERT_EQ(vma.rlimit_max(vma.RLIMIT_AS), vma.RLIM_INFINITY);
  t.ASSERT_EQ(vma.rlimit_max(99), vma.RLIM_INFINITY);
  t.ASSERT_EQ(vma.shmem_file_setup('x', vma.ULONG_MAX, vma.mk_vma_flags()), -vma.EINVAL);
  vma.globals.totalram_pages = 1;
  t.ASSERT_EQ(vma.shmem_kernel_file_setup('x', 2 * P, vma.mk_vma_flags()), -vma.ENOMEM);
});
