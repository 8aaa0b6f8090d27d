// SPDX-License-Identifier: GPL-2.0-only
/** Which hooks a file may have, and a mapped hook that comes from an mmap hook. */
import sinon from 'sinon';
import { test } from '../../harness/index.js';
import {
  can_mmap_file,
  compat_set_desc_from_vma,
  ENOMEM,
  file,
  MMAP_NOTHING,
  MMAP_REMAP_PFN,
  mmap_file,
  vfs_mmap,
  vfs_mmap_prepare,
  vm_area_alloc,
  vm_area_desc,
  vm_area_free,
  vm_area_struct,
  vma_dummy_vm_ops,
  vma_set_range,
} from '../../lib/index.js';
import { account, EIO, fileOf, mapFile, START, vmaAt } from './driver.js';

test('a file with both mmap hooks is refused with a warning', (t) => {
  t.expectWarning('can_mmap_file', 'both mmap and mmap_prepare');
  t.ASSERT_FALSE(can_mmap_file(fileOf({ mmap: () => 0, mmap_prepare: () => 0 })));
});

test('a file with neither is refused without one', (t) => {
  t.ASSERT_FALSE(can_mmap_file(fileOf({})));
  t.ASSERT_FALSE(can_mmap_file(fileOf({ mmap: null, mmap_prepare: null })));
});

test('a file with one of them can be mapped', (t) => {
  t.ASSERT_TRUE(can_mmap_file(fileOf({ mmap: () => 0 })));
  t.ASSERT_TRUE(can_mmap_file(fileOf({ mmap_prepare: () => 0 })));
});

test('a hook that is not there is an error that names it', (t) => {
  t.throws(() => vfs_mmap(fileOf({}), new vm_area_struct()), /^vfs_mmap: file\.f_op\.mmap = null/);
  t.throws(
    () => vfs_mmap_prepare(fileOf({}), new vm_area_desc()),
    /^vfs_mmap_prepare: file\.f_op\.mmap_prepare = null/,
  );
});

test('a mapped hook that mmap installs itself is not called', (t) => {
  const mapped = t.sandbox.fake.returns(-EIO);
  const mmap = t.sandbox.fake((_f: unknown, vma: vm_area_struct) => {
    vma.vm_ops = { mapped };
    return 0;
  });
  const f = fileOf({ mmap });
  t.ASSERT_EQ(mapFile(f), START);
  sinon.assert.calledOnceWithExactly(mmap, f, vmaAt(t));
  // Only mmap_prepare leads to it.
  sinon.assert.notCalled(mapped);
  t.ASSERT_EQ(vmaAt(t).vm_ops?.mapped, mapped);
  t.unmapAll();
});

test('an mmap hook that fails leaves nothing, and none of its hooks is called', (t) => {
  const close = t.sandbox.fake();
  const f = fileOf({
    mmap: (_f, vma) => {
      vma.vm_ops = { close };
      return -EIO;
    },
  });
  const before = account(t, f);
  t.ASSERT_EQ(mapFile(f), -EIO);
  t.ASSERT_EQ(account(t, f), before);
  sinon.assert.notCalled(close);
});

test('the hooks of a VMA whose mmap hook failed are taken from it', (t) => {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('out of memory');
  vma_set_range(vma, 0x10000, 0x12000, 0x10, 0x10);
  const install = (error: number): file =>
    new file({
      mmap: (_file, mapped) => {
        mapped.vm_ops = { close: t.sandbox.fake() };
        return error;
      },
    });
  t.ASSERT_EQ(mmap_file(install(0), vma), 0);
  t.ASSERT_NE(vma.vm_ops?.close, undefined);
  t.ASSERT_EQ(mmap_file(install(-ENOMEM), vma), -ENOMEM);
  t.ASSERT_EQ(vma.vm_ops, vma_dummy_vm_ops);
  vm_area_free(vma);
});

test('a description is made anew from the VMA, whatever it said before', (t) => {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('out of memory');
  const [inner, outer] = [new file(), new file()];
  vma_set_range(vma, 0x10000, 0x12000, 0x10, 0x10);
  vma.vm_file = outer;
  const desc = new vm_area_desc();
  Object.assign(desc, { private_data: 'old', mm: null, file: outer });
  Object.assign(desc.action, { type: MMAP_REMAP_PFN, error_override: -ENOMEM, hide_from_rmap_until_complete: true });
  compat_set_desc_from_vma(desc, inner, vma);
  t.ASSERT_EQ(desc.mm, t.mm);
  t.ASSERT_EQ(desc.file, inner);
  t.ASSERT_EQ(desc.vm_file, outer);
  t.equal([desc.start, desc.end, desc.pgoff, desc.private_data], [0x10000, 0x12000, 0x10, null]);
  const { type, error_override, hide_from_rmap_until_complete } = desc.action;
  t.equal([type, error_override, hide_from_rmap_until_complete], [MMAP_NOTHING, 0, false]);
  vma.vm_file = null;
  vm_area_free(vma);
});
