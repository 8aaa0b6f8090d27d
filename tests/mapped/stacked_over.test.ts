// SPDX-License-Identifier: GPL-2.0-only
/**
 * A stacked mapping that fails where something lay already. The old mapping is being unmapped while the inner hook runs,
 * so the layer must leave all cleaning up to mmap_region(): each VMA is freed once, and each hook called once.
 */
import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  compat_vma_mmap,
  EFAULT,
  EINVAL,
  EIO,
  ENOMEM,
  type file,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  PAGE_SIZE,
  page,
  stubs,
  vfs_mmap,
  type vm_area_desc,
  vma_set_file,
} from '../../lib/index.js';
import { assertMapped, END, fileOf, LEN, mapFile, notedHooks, PRIVATE, preparedFile, SHARED, START } from './driver.js';

const WAYS = { compat_vma_mmap, vfs_mmap };

interface Failure {
  error: number;
  /** What the inner hook does, beside setting its hooks. */
  prepare?(desc: vm_area_desc): number;
  mapped?: number;
  ptes?: number;
  warning?: [where: string, what: string];
  /** An error of the outer hook's own, after the inner file was mapped. */
  outer?: number;
}

const FAILURES: Record<string, Failure> = {
  'mmap_prepare fails': { error: -EIO, prepare: () => -EIO },
  'an error_override is refused': {
    error: -EINVAL,
    warning: ['check_mmap_action', 'error_override'],
    prepare: (desc) => {
      desc.action.error_override = 5;
      return 0;
    },
  },
  'the action is refused': {
    error: -EFAULT,
    prepare: (desc) => {
      mmap_action_map_kernel_pages_full(desc, [new page()]);
      desc.action.map_kernel.nr_pages = 99;
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
  'the action fails, with an error_override, which is for mappings that are not stacked': {
    error: -ENOMEM,
    ptes: -ENOMEM,
    prepare: (desc) => {
      mmap_action_remap_full(desc, 0x77);
      desc.action.error_override = -EIO;
      return 0;
    },
  },
  'the action fails, hidden': {
    error: -ENOMEM,
    ptes: -ENOMEM,
    prepare: (desc) => {
      mmap_action_remap_full(desc, 0x77);
      desc.action.hide_from_rmap_until_complete = true;
      return 0;
    },
  },
  'mapped fails': { error: -EIO, mapped: -EIO },
  'the outer hook fails when the inner file is mapped': { error: -EIO, outer: -EIO },
};

const ON_CHECKED = { stubs: 'checked' } as const;

/** An outer file over an inner one that has all hooks. */
function build(t: VmaTest, call: (typeof WAYS)[keyof typeof WAYS], failure: Failure) {
  const { ops, mapped, open, close } = notedHooks(t, failure.mapped ?? 0);
  const inner = preparedFile(ops, failure.prepare);
  const outer: file = fileOf({
    mmap: (_f, vma) => {
      vma_set_file(vma, inner);
      const error = call(inner, vma);
      return error !== 0 ? error : (failure.outer ?? 0);
    },
  });
  if (failure.ptes !== undefined) t.sandbox.stub(stubs, 'remap_pfn_range_ptes').returns(failure.ptes);
  if (failure.warning !== undefined) t.expectWarning(...failure.warning);
  return { inner, outer, close, open, mapped };
}

for (const [way, call] of Object.entries(WAYS)) {
  for (const [name, failure] of Object.entries(FAILURES)) {
    for (const [kind, flags] of Object.entries({ private: PRIVATE, shared: SHARED })) {
      test(`${way}: ${name}, over the middle of a ${kind} mapping: a gap, all freed once`, ON_CHECKED, (t) => {
        const { ops, close: oldClose, open: oldOpen } = notedHooks(t);
        const old = preparedFile({ open: ops.open, close: ops.close });
        t.ASSERT_EQ(mapFile(old, START - LEN, END + LEN, flags), START - LEN);
        const { inner, outer, close, open, mapped } = build(t, call, failure);
        const free = t.sandbox.spy(stubs, 'vm_area_cache_free');
        const alloc = t.sandbox.spy(stubs, 'vm_area_cache_alloc');
        const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
        const acct = t.sandbox.spy(stubs, 'vm_acct_memory');

        t.ASSERT_EQ(mapFile(outer, START, END, flags), failure.error);

        t.ASSERT_LAYOUT(`
          0xfc000-0x100000
          0x104000-0x108000`);
        t.ASSERT_EQ(alloc.args.length, 3, 'two splits, and the new VMA');
        t.ASSERT_EQ(free.args.length, 2, 'the old part and the new VMA, once each');
        t.ASSERT_EQ(new Set(free.args.map(([vma]) => vma)).size, 2);
        // Page tables of the old part, before the hook, and of the new VMA, after it.
        t.equal(
          unmap.args.map(([, { vma_start, vma_end }]) => [vma_start, vma_end]),
          [
            [START, END],
            [START, END],
          ],
        );
        t.ASSERT_EQ(oldOpen.args.length, 2, 'what was split off');
        sinon.assert.calledOnceWithExactly(oldClose, START, END);
        sinon.assert.callOrder(oldOpen, unmap, oldClose, ...(mapped.called ? [mapped] : []), unmap, free);
        // No hook of a mapping that failed.
        sinon.assert.notCalled(close);
        sinon.assert.notCalled(open);
        if (failure.mapped === undefined && failure.outer === undefined) sinon.assert.notCalled(mapped);
        else assertMapped(mapped, inner);
        t.ASSERT_EQ(t.mm.total_vm, 8);
        t.ASSERT_EQ(t.mm.map_count, 2);
        const charges = acct.args.flat().filter((pages) => pages !== 0);
        t.ASSERT_EQ(charges.join(), flags === PRIVATE ? '-4' : '', 'the charge of the gap');
        t.ASSERT_EQ(old.f_ref, 3);
        t.ASSERT_EQ(inner.f_ref, 1);
        t.ASSERT_EQ(outer.f_ref, 1);
        t.ASSERT_EQ(inner.f_mapping.i_mmap_writable, 0);
        t.unmapAll();
        t.ASSERT_EQ(old.f_ref, 1);
      });
    }
  }

  test(
    `${way}: a stacked failure over several mappings and gaps takes them all, and nothing beside`,
    ON_CHECKED,
    (t) => {
      const olds = [0, 1, 2, 3].map(() => notedHooks(t));
      for (const [i, { ops }] of olds.entries()) {
        const at = START + 2 * i * PAGE_SIZE;
        t.ASSERT_EQ(mapFile(preparedFile(ops), at, at + PAGE_SIZE), at);
      }
      const { outer, mapped } = build(t, call, { error: -EIO, mapped: -EIO });
      t.ASSERT_EQ(mapFile(outer, START + PAGE_SIZE, START + 5 * PAGE_SIZE), -EIO);
      t.ASSERT_LAYOUT(`
      0x100000-0x101000
      0x106000-0x107000`);
      t.equal(
        olds.map(({ close }) => close.args),
        [[], [[START + 2 * PAGE_SIZE, START + 3 * PAGE_SIZE]], [[START + 4 * PAGE_SIZE, START + 5 * PAGE_SIZE]], []],
      );
      sinon.assert.callOrder(...olds.slice(1, 3).map(({ close }) => close), mapped);
      t.unmapAll();
    },
  );

  test(`${way}: a stacked mapping over another one that goes well replaces it`, ON_CHECKED, (t) => {
    const { ops, close: oldClose } = notedHooks(t);
    const old = preparedFile(ops);
    t.ASSERT_EQ(mapFile(old), START);
    const { inner, outer, close, mapped } = build(t, call, { error: 0 });
    t.ASSERT_EQ(mapFile(outer), START);
    sinon.assert.calledOnceWithExactly(oldClose, START, END);
    assertMapped(mapped, inner);
    sinon.assert.callOrder(oldClose, mapped);
    sinon.assert.notCalled(close);
    t.ASSERT_EQ(old.f_ref, 1);
    t.ASSERT_EQ(inner.f_ref, 2);
    t.unmapAll();
    sinon.assert.calledOnceWithExactly(close, START, END);
  });
}
