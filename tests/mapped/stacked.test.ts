// SPDX-License-Identifier: GPL-2.0-only
/** Stacked file systems: an outer mmap hook that nests an inner file's mmap_prepare, and errors at each stage of it. */

import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  compat_vma_mmap,
  EFAULT,
  ENOMEM,
  type file,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  page,
  stubs,
  vfs_mmap,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
  vma_set_file,
} from '../../lib/index.js';
import {
  account,
  assertMapped,
  EIO,
  END,
  fileOf,
  mapFile,
  type NotedHooks,
  notedHooks,
  offsetOf,
  preparedFile,
  START,
  vmaAt,
} from './driver.js';

/** The two ways in which an outer hook reaches the inner file. */
const WAYS = { compat_vma_mmap, vfs_mmap };

/** An outer file over an inner one: the VMA maps the inner file, as overlay file systems have it. */
function stackedOn(inner: file, call: (f: file, vma: vm_area_struct) => number): file {
  return fileOf({
    mmap: (_outer, vma) => {
      vma_set_file(vma, inner);
      return call(inner, vma);
    },
  });
}

interface Stack {
  inner: file;
  outer: file;
  before: string;
  mapped: NotedHooks['mapped'];
  close: NotedHooks['close'];
}

function build(
  t: VmaTest,
  call: (f: file, vma: vm_area_struct) => number,
  options: {
    hooks: 'none' | 'plain' | 'mapped';
    mapped?: number;
    prepare?: (desc: vm_area_desc) => number | undefined;
  },
): Stack {
  const { ops, mapped, close } = notedHooks(t, options.mapped ?? 0);
  const vm_ops: Record<typeof options.hooks, vm_operations_struct | null> = {
    none: null,
    plain: { close: ops.close },
    mapped: ops,
  };
  const inner = preparedFile(vm_ops[options.hooks], options.prepare);
  const outer = stackedOn(inner, call);
  return { inner, outer, before: account(t, inner, outer), mapped, close };
}

for (const [way, call] of Object.entries(WAYS)) {
  test(`${way}: an inner file with hooks is mapped through the outer one`, (t) => {
    for (const hooks of ['none', 'plain', 'mapped'] as const) {
      t.subtest(`inner vm_ops: ${hooks}`, (s) => {
        const data = {};
        const stack = build(s, call, {
          hooks,
          prepare: (desc) => {
            desc.private_data = data;
            desc.pgoff = 0x300;
            return 0;
          },
        });
        s.ASSERT_EQ(mapFile(stack.outer), START);
        if (hooks === 'mapped') assertMapped(stack.mapped, stack.inner, START, END, 0x300);
        else sinon.assert.notCalled(stack.mapped);
        const vma = vmaAt(s);
        s.ASSERT_EQ(vma.vm_file, stack.inner);
        s.ASSERT_EQ(vma.vm_private_data, data);
        s.ASSERT_LAYOUT('0x100000-0x104000 pgoff=0x300 file');
        sinon.assert.notCalled(stack.close);
        s.unmapAll();
        if (hooks === 'none') sinon.assert.notCalled(stack.close);
        else sinon.assert.calledOnceWithExactly(stack.close, START, END);
        if (hooks === 'mapped') sinon.assert.callOrder(stack.mapped, stack.close);
        s.ASSERT_EQ(account(s, stack.inner, stack.outer), stack.before);
      });
    }
  });

  const failures: Record<
    string,
    { error: number; mapped?: number; prepare?: (desc: vm_area_desc) => number; ptes?: number }
  > = {
    'mmap_prepare fails': { error: -EIO, prepare: () => -EIO },
    'the action is refused': {
      error: -EFAULT,
      prepare: (desc) => {
        mmap_action_map_kernel_pages_full(desc, [new page()]);
        desc.action.map_kernel.nr_pages = 5;
        return 0;
      },
    },
    'the action fails': {
      error: -ENOMEM,
      ptes: -ENOMEM,
      prepare: (desc) => {
        mmap_action_remap_full(desc, 0x77);
        return 0;
      },
    },
    'mapped fails': { error: -EIO, mapped: -EIO },
  };
  for (const [name, failure] of Object.entries(failures)) {
    test(`${way}: ${name}: the cleanup happens once`, (t) => {
      if (failure.ptes !== undefined) t.sandbox.stub(stubs, 'remap_pfn_range_ptes').returns(failure.ptes);
      const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
      const free = t.sandbox.spy(stubs, 'vm_area_cache_free');
      const stack = build(t, call, {
        hooks: 'mapped',
        ...(failure.mapped === undefined ? {} : { mapped: failure.mapped }),
        ...(failure.prepare === undefined ? {} : { prepare: failure.prepare }),
      });
      t.ASSERT_EQ(mapFile(stack.outer), failure.error);
      // Page tables are cleared once, then the VMA is freed, once; no hook is called on a mapping that failed.
      sinon.assert.calledOnce(unmap);
      sinon.assert.calledOnce(free);
      sinon.assert.callOrder(unmap, free);
      sinon.assert.notCalled(stack.close);
      if (failure.mapped !== undefined) {
        assertMapped(stack.mapped, stack.inner);
        sinon.assert.callOrder(stack.mapped, unmap);
      } else sinon.assert.notCalled(stack.mapped);
      t.ASSERT_EQ(account(t, stack.inner, stack.outer), stack.before);
    });
  }
}

test('the inner hook sees the outer mapping, and is not asked to hide it', (t) => {
  let hidden: boolean | undefined;
  const inner = preparedFile({}, (desc) => {
    t.ASSERT_EQ(desc.start, START);
    t.ASSERT_EQ(desc.end, END);
    t.ASSERT_EQ(desc.pgoff, offsetOf(START));
    t.ASSERT_EQ(desc.file, inner);
    desc.action.hide_from_rmap_until_complete = true;
    return 0;
  });
  const drop = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
  const outer = fileOf({
    mmap: (_f, vma) => {
      vma_set_file(vma, inner);
      const error = compat_vma_mmap(inner, vma);
      hidden = drop.callCount > 0;
      return error;
    },
  });
  t.ASSERT_EQ(mapFile(outer), START);
  t.ASSERT_EQ(hidden, false, 'there was no lock to drop');
  t.unmapAll();
});

test('an inner hook may put in yet another file', { stubs: 'checked' }, (t) => {
  const innermost = fileOf({ mmap: () => 0 });
  const inner = preparedFile({}, (desc) => {
    desc.vm_file = innermost;
    return 0;
  });
  const outer = stackedOn(inner, vfs_mmap);
  t.ASSERT_EQ(mapFile(outer), START);
  t.ASSERT_EQ(vmaAt(t).vm_file, innermost);
  t.ASSERT_EQ(innermost.f_ref, 2);
  t.ASSERT_EQ(inner.f_ref, 1);
  t.ASSERT_EQ(outer.f_ref, 1);
  t.unmapAll();
  t.ASSERT_EQ(innermost.f_ref, 1);
});
