// SPDX-License-Identifier: GPL-2.0-only
/** Mappings of the kernel's own: named, never split, and told of. */

import type { VmaTest } from '../../harness/index.js';
import {
  _install_special_mapping,
  dup_mm,
  EFAULT,
  EINVAL,
  ENOMEM,
  mlock,
  type mm_struct,
  mmput,
  mprotect,
  munmap,
  PROT_NONE,
  task_struct,
  VM_EXEC,
  VM_READ,
  type vm_area_struct,
  vm_special_mapping,
  vma_is_special_mapping,
} from '../../lib/index.js';
import { BASE, mapAt, maps, P, processTest } from './process.js';

function install(t: VmaTest, mm: mm_struct, spec: vm_special_mapping, addr = BASE): vm_area_struct | number {
  t.world.checked?.locks.mmapWriteLock(mm);
  const vma = _install_special_mapping(mm, addr, 2 * P, VM_READ | VM_EXEC, spec);
  t.world.checked?.locks.mmapWriteUnlock(mm);
  return vma;
}

processTest('special mappings: whole or not at all', (t, mm) => {
  const closed: vm_area_struct[] = [];
  const spec = new vm_special_mapping('[vdso]', {
    close: (sm, vma) => {
      t.ASSERT_EQ(sm, spec);
      closed.push(vma);
    },
  });
  const vma = install(t, mm, spec);
  if (typeof vma === 'number') throw new Error('it failed');
  t.ASSERT_TRUE(vma_is_special_mapping(vma, spec));
  t.ASSERT_FALSE(vma_is_special_mapping(vma, new vm_special_mapping('[vvar]')));
  t.ASSERT_EQ(vma.vm_ops?.name?.(vma), '[vdso]');
  t.ASSERT_EQ(maps(mm).join(), '200000000000-200000002000 40005');
  t.ASSERT_EQ(munmap(BASE, P), -EINVAL);
  t.ASSERT_EQ(mprotect(BASE, P, PROT_NONE), -EINVAL);
  t.ASSERT_EQ(mlock(BASE, 2 * P), 0);
  t.ASSERT_EQ(mm.locked_vm, 0, 'it is never locked');
  t.ASSERT_EQ(install(t, mm, spec, BASE + P), -ENOMEM, 'something is there');

  const child = dup_mm(new task_struct(), mm);
  if (child === null) throw new Error('no memory');
  mmput(child);
  t.ASSERT_EQ(closed.length, 1);
  t.ASSERT_EQ(munmap(BASE, 2 * P), 0);
  t.tap.same(
    closed.map((one) => one === vma),
    [false, true],
  );
  mapAt(t, BASE, 1);
});

processTest('special mappings: told when they move', (t, mm) => {
  const moved: number[] = [];
  const spec = new vm_special_mapping('[vdso]', {
    mremap: (_sm, vma) => {
      moved.push(vma.vm_start);
      return -EINVAL;
    },
  });
  const [vma, quiet] = [install(t, mm, spec), install(t, mm, new vm_special_mapping('[vvar]'), BASE + 4 * P)];
  if (typeof vma === 'number' || typeof quiet === 'number') throw new Error('it failed');
  t.ASSERT_EQ(vma.vm_ops?.mremap?.(vma), -EINVAL);
  t.tap.same(moved, [BASE]);
  t.ASSERT_EQ(quiet.vm_ops?.mremap?.(quiet), 0, 'nobody wants to know');
  const child = dup_mm(new task_struct(), mm);
  if (child === null) throw new Error('no memory');
  t.expectWarning('special_mapping_mremap');
  const other = Object.create(vma, { vm_mm: { value: child } });
  t.ASSERT_EQ(vma.vm_ops?.mremap?.(other), -EFAULT, 'of another process');
  mmput(child);
});
