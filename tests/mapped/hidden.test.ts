// SPDX-License-Identifier: GPL-2.0-only
/**
 * hide_from_rmap_until_complete and error_override of a mapping that never comes to its action: it merges, or there is
 * no memory for a VMA, and so nothing is hidden, no lock kept, and no error replaced.
 */
import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import { EINVAL, EIO, ENOMEM, type file, mmap_action_remap_full, stubs, type vm_area_desc } from '../../lib/index.js';
import {
  account,
  END,
  fileOf,
  LEN,
  mapFile,
  notedHooks,
  PRIVATE,
  preparedFile,
  SHARED,
  START,
  vmaAt,
} from './driver.js';

const ON_CHECKED = { stubs: 'checked' } as const;

/** Hidden, and with an error of its own for what fails. */
function hide(desc: vm_area_desc): number {
  desc.action.hide_from_rmap_until_complete = true;
  desc.action.error_override = -EIO;
  return 0;
}

/** A file that hides all of its mappings but the first one. */
function hidingAfterFirst(t: VmaTest, flags = SHARED) {
  const mapped = t.sandbox.fake.returns(0);
  let calls = 0;
  const f = preparedFile({ mapped }, (desc) => (calls++ === 0 ? 0 : hide(desc)));
  t.ASSERT_EQ(mapFile(f, START, END, flags), START);
  mapped.resetHistory();
  return { f, mapped };
}

function isLocked(t: VmaTest, f: file): boolean {
  return t.world.checked.locks.isHeld(f.f_mapping.i_mmap_rwsem);
}

for (const [kind, flags] of Object.entries({ private: PRIVATE, shared: SHARED })) {
  test(`a hidden ${kind} mapping that merges is nothing new: no hook, no lock kept, no error`, ON_CHECKED, (t) => {
    const { f, mapped } = hidingAfterFirst(t, flags);
    const take = t.sandbox.spy(stubs, 'i_mmap_lock_write');
    const drop = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
    t.ASSERT_EQ(mapFile(f, END, END + LEN, flags), END);
    sinon.assert.notCalled(mapped);
    t.ASSERT_LAYOUT('0x100000-0x108000 pgoff=0x40');
    // For the interval tree, like every merge.
    sinon.assert.calledOnceWithExactly(take, f.f_mapping);
    sinon.assert.calledOnceWithExactly(drop, f.f_mapping);
    sinon.assert.callOrder(take, drop);
    t.ASSERT_FALSE(isLocked(t, f));
    t.ASSERT_EQ(f.f_ref, 2, 'one VMA');
    t.unmapAll();
  });

  for (const lost of ['vm_area_cache_alloc', 'vma_iter_prealloc'] as const) {
    test(`a hidden ${kind} mapping without memory (${lost}): the error is that of memory`, ON_CHECKED, (t) => {
      const mapped = t.sandbox.fake.returns(0);
      const close = t.sandbox.fake();
      const f = preparedFile({ mapped, close }, hide);
      const before = account(t, f);
      const lock = t.sandbox.spy(stubs, 'i_mmap_lock_write');
      t.world.checked.faults.fail(lost);
      t.ASSERT_EQ(mapFile(f, START, END, flags), -ENOMEM, 'error_override is for actions');
      t.ASSERT_EQ(t.world.checked.faults.hits.join(), lost);
      for (const fake of [lock, mapped, close]) sinon.assert.notCalled(fake);
      t.ASSERT_EQ(account(t, f), before);
    });
  }
}

test('a hidden mapping that may not merge for want of memory is hidden as a VMA of its own', ON_CHECKED, (t) => {
  let held: boolean | undefined;
  const f: file = preparedFile(
    {
      mapped: () => {
        held = isLocked(t, f);
        return 0;
      },
    },
    hide,
  );
  t.ASSERT_EQ(mapFile(f), START);
  held = undefined;
  t.world.checked.faults.fail('vma_iter_prealloc');
  t.ASSERT_EQ(mapFile(f, END, END + LEN), END);
  t.ASSERT_EQ(held, true, 'over its hook');
  t.ASSERT_FALSE(isLocked(t, f));
  t.ASSERT_LAYOUT(`
    0x100000-0x104000 pgoff=0x40
    0x104000-0x108000 pgoff=0x44`);
  t.unmapAll();
});

test('a hidden mapping over another one, without memory for a VMA, leaves a gap and no lock', ON_CHECKED, (t) => {
  const { ops, close } = notedHooks(t);
  const old = preparedFile(ops);
  t.ASSERT_EQ(mapFile(old), START);
  const f = preparedFile({}, hide);
  const prepare = t.sandbox.spy(f.f_op, 'mmap_prepare');
  t.world.checked.faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(mapFile(f, START, END), -ENOMEM);
  // The old one was closed before the hook ran.
  sinon.assert.calledOnceWithExactly(close, START, END);
  sinon.assert.callOrder(close, prepare);
  t.ASSERT_LAYOUT('');
  t.ASSERT_FALSE(isLocked(t, f));
  t.ASSERT_EQ(f.f_ref, 1);
  t.ASSERT_EQ(old.f_ref, 1);
});

test('an error to return instead that is none is refused before a merge is tried', ON_CHECKED, (t) => {
  const { f, mapped } = hidingAfterFirst(t);
  f.f_op = preparedFile({ mapped }, (desc) => {
    hide(desc);
    desc.action.error_override = EIO;
    return 0;
  }).f_op;
  const before = account(t, f);
  t.expectWarning('check_mmap_action', 'error_override');
  t.ASSERT_EQ(mapFile(f, END, END + LEN), -EINVAL);
  t.ASSERT_EQ(account(t, f), before);
  t.unmapAll();
});

/** What the hook makes of the vm_ops that it finds: upstream warns of a hidden mapping that has none. */
const HOOKLESS: Record<string, (desc: vm_area_desc) => void> = {
  'vm_ops as they were': () => {},
  'vm_ops without mapped': (desc) => {
    desc.vm_ops = {};
  },
  'no vm_ops': (desc) => {
    desc.vm_ops = null;
  },
};

for (const [kind, flags] of Object.entries({ private: PRIVATE, shared: SHARED })) {
  for (const [hooks, setHooks] of Object.entries(HOOKLESS)) {
    for (const override of [0, -EIO]) {
      test(`a hidden ${kind} action that fails, ${hooks}, error_override ${override}`, ON_CHECKED, (t) => {
        if (hooks === 'no vm_ops') t.expectWarning('maybe_rmap_unlock_action', 'anonymous memory');
        const f = fileOf({
          mmap_prepare: (desc) => {
            mmap_action_remap_full(desc, 0x77);
            setHooks(desc);
            hide(desc);
            desc.action.error_override = override;
            return 0;
          },
        });
        const before = account(t, f);
        let held: boolean | undefined;
        const write = t.sandbox.stub(stubs, 'remap_pfn_range_ptes').callsFake(() => {
          held = isLocked(t, f);
          return -ENOMEM;
        });
        const zap = t.sandbox.spy(stubs, 'zap_vma_range');
        const drop = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
        const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
        t.ASSERT_EQ(mapFile(f, START, END, flags), override === 0 ? -ENOMEM : override);
        t.ASSERT_EQ(held, true);
        sinon.assert.callOrder(write, zap, drop, unmap);
        t.ASSERT_EQ(drop.callCount, 2, 'for the action, and for the link that the unmap takes away');
        t.ASSERT_EQ(account(t, f), before);
      });
    }
  }
}

test('an action that goes well, hidden, with no hook to call: the lock is dropped after it', ON_CHECKED, (t) => {
  const f = preparedFile({}, (desc) => {
    mmap_action_remap_full(desc, 0x77);
    return hide(desc);
  });
  const write = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
  const drop = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
  t.ASSERT_EQ(mapFile(f), START, 'no error, so none to replace');
  t.ASSERT_TRUE(drop.calledOnce && write.calledOnce);
  sinon.assert.callOrder(write, drop);
  t.ASSERT_FALSE(isLocked(t, f));
  t.ASSERT_EQ(vmaAt(t).vm_file, f);
  t.unmapAll();
});
