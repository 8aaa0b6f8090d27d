// SPDX-License-Identifier: GPL-2.0-only
/** A mapped that fails takes exactly the new VMA with it. */

import sinon from 'sinon';
import { test } from '../../harness/index.js';
import { ENOMEM, PAGE_SIZE, stubs } from '../../lib/index.js';
import {
  account,
  assertMapped,
  EIO,
  END,
  LEN,
  mapFile,
  notedHooks,
  PRIVATE,
  preparedFile,
  SHARED,
  START,
} from './driver.js';

for (const [kind, flags] of Object.entries({ private: PRIVATE, shared: SHARED })) {
  test(`the error of mapped undoes a ${kind} mapping and nothing else`, (t) => {
    const { ops, mapped, open, close } = notedHooks(t);
    const f = preparedFile(ops);
    // Neighbours that touch, but do not merge: their offsets do not follow on.
    t.ASSERT_EQ(mapFile(f, START - LEN, START, flags, 0x900), START - LEN);
    t.ASSERT_EQ(mapFile(f, END, END + LEN, flags, 0xa00), END);
    const before = account(t, f);

    const failing = notedHooks(t, -EIO);
    const other = preparedFile(failing.ops);
    const beforeOther = account(t, f, other);
    t.ASSERT_EQ(mapFile(other, START, END, flags), -EIO);
    assertMapped(failing.mapped, other);
    sinon.assert.calledOnceWithExactly(failing.close, START, END);
    sinon.assert.callOrder(failing.mapped, failing.close);
    sinon.assert.notCalled(failing.open);
    t.equal(
      mapped.args.map(([start]) => start),
      [START - LEN, END],
    );
    sinon.assert.notCalled(close);
    t.ASSERT_EQ(account(t, f), before);
    t.ASSERT_EQ(account(t, f, other), beforeOther);
    t.unmapAll();
    t.equal(close.args, [
      [START - LEN, START],
      [END, END + LEN],
    ]);
    sinon.assert.notCalled(open);
  });
}

test('error_override replaces the error of mapped', (t) => {
  const f = preparedFile({ mapped: () => -EIO }, (desc) => {
    desc.action.error_override = -ENOMEM;
    return 0;
  });
  t.ASSERT_EQ(mapFile(f), -ENOMEM);
  t.ASSERT_LAYOUT('');
});

test('the new VMA is unmapped through its page tables, once', (t) => {
  const unmap = t.sandbox.spy(stubs, 'unmap_vmas');
  t.ASSERT_EQ(mapFile(preparedFile({ mapped: () => -EIO })), -EIO);
  sinon.assert.calledOnce(unmap);
  const [, desc] = unmap.firstCall.args;
  t.ASSERT_EQ(desc.vma_start, START);
  t.ASSERT_EQ(desc.vma_end, END);
  t.ASSERT_LAYOUT('');
});

test('what lay there before is gone, whether mapped succeeds or fails', { stubs: 'checked' }, (t) => {
  const old = preparedFile({ mapped: () => 0 });
  t.ASSERT_EQ(mapFile(old, START, END), START);
  t.ASSERT_EQ(old.f_ref, 2);
  // As upstream: the unmap of the old one is complete before the hook is called.
  t.ASSERT_EQ(mapFile(preparedFile({ mapped: () => -EIO }), START + PAGE_SIZE, END - PAGE_SIZE), -EIO);
  t.ASSERT_LAYOUT(`
    0x100000-0x101000
    0x103000-0x104000`);
  t.ASSERT_EQ(t.mm.total_vm, 2);
  t.ASSERT_EQ(old.f_ref, 3, 'one for each part');
  t.unmapAll();
  t.ASSERT_EQ(old.f_ref, 1);
});

test('without a mapped hook, or without hooks at all, nothing is called and all is well', (t) => {
  t.ASSERT_EQ(mapFile(preparedFile({})), START);
  t.ASSERT_EQ(mapFile(preparedFile(null), END, END + LEN), END);
  t.ASSERT_EQ(t.mm.map_count, 2);
  t.unmapAll();
});
