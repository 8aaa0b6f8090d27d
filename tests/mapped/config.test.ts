// SPDX-License-Identifier: GPL-2.0-only
/** Which hooks a file may have, and a mapped hook that comes from an mmap hook. */
import sinon from 'sinon';
import { test } from '../../harness/index.js';
import { can_mmap_file, vfs_mmap, vfs_mmap_prepare, vm_area_desc, vm_area_struct } from '../../lib/index.js';
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
  t.ASSERT_EQ(mapped.callCount, 0, 'only mmap_prepare leads to it');
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
  t.ASSERT_EQ(close.callCount, 0);
});
