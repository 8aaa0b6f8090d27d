// SPDX-License-Identifier: GPL-2.0-only
/** Actions that fail, of files without a mapped hook: they are undone all the same, and only close is called. */
import sinon from 'sinon';
import { test } from '../../harness/index.js';
import {
  compat_vma_mmap,
  EIO,
  ENOMEM,
  mmap_action_ioremap_full,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  mmap_action_simple_ioremap,
  page,
  stubs,
  vfs_mmap,
  type vm_area_desc,
  type vm_operations_struct,
  vma_set_file,
} from '../../lib/index.js';
import { account, END, fileOf, mapFile, notedHooks, PAGES, PRIVATE, SHARED, START } from './driver.js';

const kernelPages = Array.from({ length: PAGES }, () => new page());

const ACTIONS: Record<string, (desc: vm_area_desc) => void> = {
  remap: (desc) => mmap_action_remap_full(desc, 0x77),
  ioremap: (desc) => mmap_action_ioremap_full(desc, 0x88),
  simple_ioremap: (desc) => mmap_action_simple_ioremap(desc, 0xfed00000, 0x100000),
  map_kernel_pages: (desc) => mmap_action_map_kernel_pages_full(desc, kernelPages),
};

/** What the hook makes of vm_ops. */
const TABLES: Record<string, vm_operations_struct | null | undefined> = {
  'vm_ops as they were': undefined,
  'no vm_ops': null,
  'vm_ops without hooks': {},
};

for (const [name, ask] of Object.entries(ACTIONS)) {
  const stub = name === 'map_kernel_pages' ? 'insert_kernel_pages' : 'remap_pfn_range_ptes';
  for (const [table, vm_ops] of Object.entries(TABLES)) {
    const prepare = (override: number) => (desc: vm_area_desc) => {
      if (vm_ops !== undefined) desc.vm_ops = vm_ops;
      ask(desc);
      desc.action.error_override = override;
      return 0;
    };

    for (const [kind, flags] of Object.entries({ private: PRIVATE, shared: SHARED })) {
      test(`${name} that fails, ${kind}, ${table}: all is undone`, (t) => {
        const write = t.sandbox.stub(stubs, stub).returns(-ENOMEM);
        const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
        for (const override of [0, -EIO]) {
          const f = fileOf({ mmap_prepare: prepare(override) });
          const before = account(t, f);
          t.ASSERT_EQ(mapFile(f, START, END, flags), override === 0 ? -ENOMEM : override);
          t.ASSERT_EQ(account(t, f), before);
        }
        t.ASSERT_EQ(write.callCount, 2);
        t.ASSERT_EQ(unmap.callCount, 2);
      });
    }

    for (const [way, call] of Object.entries({ compat_vma_mmap, vfs_mmap })) {
      test(`${name} that fails, stacked by ${way}, ${table}: all is undone once`, (t) => {
        const inner = fileOf({ mmap_prepare: prepare(0) });
        const outer = fileOf({
          mmap: (_f, vma) => {
            vma_set_file(vma, inner);
            return call(inner, vma);
          },
        });
        const before = account(t, inner, outer);
        t.sandbox.stub(stubs, stub).returns(-ENOMEM);
        const free = t.sandbox.spy(stubs, 'vm_area_cache_free');
        t.ASSERT_EQ(mapFile(outer), -ENOMEM);
        t.ASSERT_EQ(free.callCount, 1);
        t.ASSERT_EQ(account(t, inner, outer), before);
      });
    }
  }

  test(`${name} that fails, with close alone: it is called once, after the action`, (t) => {
    const { ops, close } = notedHooks(t);
    const f = fileOf({
      mmap_prepare: (desc) => {
        desc.vm_ops = { close: ops.close };
        ask(desc);
        return 0;
      },
    });
    const write = t.sandbox.stub(stubs, stub).returns(-ENOMEM);
    const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
    t.ASSERT_EQ(mapFile(f), -ENOMEM);
    sinon.assert.calledOnceWithExactly(close, START, END);
    sinon.assert.callOrder(write, unmap, close);
    t.ASSERT_LAYOUT('');
  });
}
