// SPDX-License-Identifier: GPL-2.0-only
import { constants } from 'node:os';
import t from 'tap';
import * as harness from '../../harness/index.js';
import * as api from '../../lib/index.js';

t.test('the main module has the code under test and its world', async (t) => {
  const exported = new Set(Object.keys(api));
  for (const name of ['vma_merge_new_range', 'mmap_region', 'do_vmi_munmap', 'mas_walk', 'stubs', 'IS_ERR']) {
    t.ok(exported.has(name), name);
  }
});

t.test('the test module has what a test needs', async (t) => {
  t.type(harness.test, 'function');
});

t.test('both have every error number that a driver may return, with the value it has on Linux', async (t) => {
  const main = new Map<string, unknown>(Object.entries(api));
  const test = new Map<string, unknown>(Object.entries(harness));
  // ENOTSUP is libc's name; the kernel has EOPNOTSUPP only.
  const own = Object.entries(constants.errno).filter(([name]) => name !== 'ENOTSUP');
  t.ok(own.length > 70 && 'EIO' in constants.errno && 'ENODEV' in constants.errno && 'ENXIO' in constants.errno);
  for (const [name, value] of own) {
    t.equal(main.get(name), value, `${name} of vma-userland`);
    t.equal(test.get(name), value, `${name} of vma-userland/test`);
  }
  t.equal(main.get('ENOTSUPP'), 524, 'and those of the kernel itself');
});

const { EIO, file, fput, get_file, mk_vma_flags, mmap_region, PAGE_SIZE, VMA_READ_BIT } = api;

harness.test('get_file() and fput() count what a driver holds of a file', (t) => {
  const other = new file({ mmap: () => 0 });
  t.ASSERT_EQ(get_file(other), other);
  t.ASSERT_EQ(other.f_ref, 2);
  fput(other);
  t.ASSERT_EQ(other.f_ref, 1);

  const swapping = new file({
    mmap_prepare: (desc) => {
      desc.vm_file = get_file(other);
      return 0;
    },
  });
  t.ASSERT_EQ(mmap_region(swapping, 0x100000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), 0, null), 0x100000);
  t.ASSERT_EQ(other.f_ref, 2);
  t.unmapAll();
  t.ASSERT_EQ(other.f_ref, 1);

  const failing = new file({
    mmap_prepare: () => {
      get_file(other);
      fput(other);
      return -EIO;
    },
  });
  t.ASSERT_EQ(mmap_region(failing, 0x100000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), 0, null), -EIO);
  t.ASSERT_EQ(other.f_ref, 1);
});

t.test('a reference that nobody drops is reported, with the place where it was taken', async (t) => {
  const world = new harness.TestWorld('checked');
  get_file(new file({ mmap: () => 0 }));
  t.match(world.leave(), [/^leak: file has 2 references, 1 before; taken at .*exports\.test\.ts:\d+/]);
});

t.test('both refuse what is no file', async (t) => {
  // As from JavaScript, where nothing else objects.
  const wrong: unknown[] = [null, undefined, {}, 3];
  for (const value of wrong) {
    t.throws(() => Reflect.apply(get_file, undefined, [value]), /^get_file: f = .*not a file/);
    t.throws(() => Reflect.apply(fput, undefined, [value]), /^fput: f = .*not a file/);
  }
});
