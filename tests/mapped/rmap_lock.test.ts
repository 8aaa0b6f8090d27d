// SPDX-License-Identifier: GPL-2.0-only
/** hide_from_rmap_until_complete: the file's rmap lock is held until action and hook are done, dropped once, never over an unmap. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  ENOMEM,
  type file,
  maybe_rmap_unlock_action,
  mmap_action,
  mmap_action_remap_full,
  stubs,
} from '../../lib/index.js';
import { EIO, mapFile, preparedFile, START, vmaAt } from './driver.js';

interface Outcome {
  prepare?: number;
  ptes?: number;
  mapped?: number;
}

/** What was seen of the file's lock at each step, and how often it was dropped before an unmap. */
interface Seen {
  result: number;
  atAction: boolean | null;
  atHook: boolean | null;
  atUnmap: boolean | null;
  drops: number;
}

function mapHidden(t: VmaTest, outcome: Outcome): Seen {
  const seen: Seen = { result: 0, atAction: null, atHook: null, atUnmap: null, drops: 0 };
  const held = (of: file): boolean => t.world.checkedWorld?.locks.isHeld(of.f_mapping.i_mmap_rwsem) === true;
  const f: file = preparedFile(
    {
      mapped: () => {
        seen.atHook = held(f);
        return outcome.mapped ?? 0;
      },
    },
    (desc) => {
      mmap_action_remap_full(desc, 0x77);
      desc.action.hide_from_rmap_until_complete = true;
      return outcome.prepare ?? 0;
    },
  );
  t.sandbox.stub(stubs, 'remap_pfn_range_ptes').callsFake(() => {
    seen.atAction = held(f);
    return outcome.ptes ?? 0;
  });
  const drop = t.sandbox.spy(stubs, 'i_mmap_unlock_write');
  t.sandbox.stub(stubs, 'unmap_vmas').callsFake(() => {
    seen.atUnmap = held(f);
    seen.drops = drop.callCount;
  });
  seen.result = mapFile(f);
  // An unmap takes and drops it for itself, to unlink the VMA.
  if (seen.atUnmap === null) seen.drops = drop.callCount;
  else t.ASSERT_EQ(drop.callCount, seen.drops + 1, 'once more in the unmap');
  t.ASSERT_FALSE(held(f), 'the lock is free in the end');
  return seen;
}

const ON_CHECKED = { stubs: 'checked' } as const;

test('the lock is held over action and hook, and dropped once', ON_CHECKED, (t) => {
  const seen = mapHidden(t, {});
  t.ASSERT_EQ(seen.result, START);
  t.ASSERT_EQ(seen.atAction, true);
  t.ASSERT_EQ(seen.atHook, true);
  t.ASSERT_EQ(seen.atUnmap, null, 'nothing is unmapped');
  t.ASSERT_EQ(seen.drops, 1);
  t.sandbox.restore();
  t.unmapAll();
});

test('the lock is dropped once for each action, which says then that it is free', ON_CHECKED, (t) => {
  const f = preparedFile({});
  t.ASSERT_EQ(mapFile(f), START);
  const action = new mmap_action();
  action.hide_from_rmap_until_complete = true;
  stubs.i_mmap_lock_write(f.f_mapping);
  maybe_rmap_unlock_action(vmaAt(t), action);
  t.ASSERT_FALSE(action.hide_from_rmap_until_complete);
  t.ASSERT_FALSE(t.world.checked.locks.isHeld(f.f_mapping.i_mmap_rwsem));
  maybe_rmap_unlock_action(vmaAt(t), action);
  t.unmapAll();
});

test('an action that fails has the lock dropped before the unmap', ON_CHECKED, (t) => {
  const seen = mapHidden(t, { ptes: -ENOMEM });
  t.ASSERT_EQ(seen.result, -ENOMEM);
  t.ASSERT_EQ(seen.atAction, true);
  t.ASSERT_EQ(seen.atHook, null, 'the hook is not called');
  t.ASSERT_EQ(seen.atUnmap, false);
  t.ASSERT_EQ(seen.drops, 1);
  t.ASSERT_LAYOUT('');
});

test('a hook that fails has the lock dropped before the unmap', ON_CHECKED, (t) => {
  const seen = mapHidden(t, { mapped: -EIO });
  t.ASSERT_EQ(seen.result, -EIO);
  t.ASSERT_EQ(seen.atHook, true);
  t.ASSERT_EQ(seen.atUnmap, false);
  t.ASSERT_EQ(seen.drops, 1);
  t.ASSERT_LAYOUT('');
});

test('a preparation that fails never takes the lock', ON_CHECKED, (t) => {
  const seen = mapHidden(t, { prepare: -EIO });
  t.ASSERT_EQ(seen.result, -EIO);
  t.ASSERT_EQ(seen.atAction, null);
  t.ASSERT_EQ(seen.drops, 0);
  t.ASSERT_LAYOUT('');
});

test('without the wish to hide, the lock is free by the time of the action', ON_CHECKED, (t) => {
  let free: boolean | undefined;
  const f: file = preparedFile({
    mapped: () => {
      free = t.world.checkedWorld?.locks.isHeld(f.f_mapping.i_mmap_rwsem) === false;
      return 0;
    },
  });
  t.ASSERT_EQ(mapFile(f), START);
  t.ASSERT_EQ(free, true);
  t.unmapAll();
});
