// SPDX-License-Identifier: GPL-2.0-only
/** Walking, stepping and searching: what is returned, and where the state is after it. */
import sinon from 'sinon';
import t, { type Test } from 'tap';
import { EBUSY } from '../../include/linux/errno.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  ma_active,
  ma_error,
  ma_none,
  ma_overflow,
  ma_pause,
  ma_root,
  ma_start,
  type ma_state,
  ma_underflow,
  maple_tree,
} from '../../include/linux/maple_tree.js';
import {
  __mas_set_range,
  MA_STATE,
  maple_debug,
  mas_empty_area,
  mas_error,
  mas_find,
  mas_find_range,
  mas_find_range_rev,
  mas_find_rev,
  mas_for_each,
  mas_for_each_rev,
  mas_init,
  mas_is_active,
  mas_is_err,
  mas_is_none,
  mas_is_overflow,
  mas_is_paused,
  mas_is_ptr,
  mas_is_start,
  mas_is_underflow,
  mas_next,
  mas_next_range,
  mas_pause,
  mas_prev,
  mas_prev_range,
  mas_reset,
  mas_set,
  mas_set_range,
  mas_walk,
} from '../../lib/index.js';
import { deepTree, place, treeOf } from './expect.js';

const AB = [
  [0x10, 0x1f, 'a'],
  [0x20, 0x2f, 'b'],
  [0x40, 0x4f, 'c'],
] as const;

/** Runs steps in turn: what each returns and where the state is then. */
function follow(
  t: Test,
  mas: ma_state<string>,
  steps: readonly (readonly [string, () => string | null, string | null, string])[],
): void {
  for (const [name, step, entry, where] of steps) {
    t.equal(step(), entry, `${name} returns ${entry}`);
    t.equal(place(mas), where, `${name} leaves the state at ${where}`);
  }
}

t.test('a new state has not begun', async (t) => {
  const mas = MA_STATE(treeOf(AB), 5, 9);
  t.equal(place(mas), '5-9 start');
  t.ok(mas_is_start(mas));
  mas_walk(mas);
  mas_init(mas, new maple_tree<string>(), 7);
  t.equal(place(mas), '7-7 start', 'mas_init() makes it new again');
  t.equal(mas_walk(mas), null, 'on the other tree');
});

t.test('mas_walk finds the range of an index', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x15, 0x15);
  follow(t, mas, [['walk', () => mas_walk(mas), 'a', '10-1f active']]);
  t.ok(mas_is_active(mas));
  mas_set(mas, 0x35);
  t.equal(place(mas), '35-35 start');
  follow(t, mas, [['walk to NULL', () => mas_walk(mas), null, '30-3f active']]);
  mas_set(mas, ULONG_MAX);
  follow(t, mas, [['walk to the end', () => mas_walk(mas), null, '50-max active']]);
});

t.test('mas_walk in an empty tree and past a single entry', async (t) => {
  const mas = MA_STATE(new maple_tree<string>(), 5, 5);
  follow(t, mas, [['walk', () => mas_walk(mas), null, '0-max none']]);
  t.ok(mas_is_none(mas));
  const single = MA_STATE(treeOf([[0, 0, 'r']]), 0, 3);
  follow(t, single, [['walk to 0', () => mas_walk(single), 'r', '0-0 root']]);
  t.ok(mas_is_ptr(single));
  mas_set(single, 9);
  follow(t, single, [['walk past it', () => mas_walk(single), null, '1-max none']]);
});

t.test('mas_walk goes by index alone when the state was moved within its tree', async (t) => {
  const mas = MA_STATE(deepTree(20), 0x10, 0x10);
  mas_walk(mas);
  mas.index = 0x120;
  mas.last = 0x120;
  t.equal(mas_walk(mas), 'e17');
});

t.test('mas_next and mas_prev step from entry to entry', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0, 0);
  follow(t, mas, [
    ['next', () => mas_next(mas, ULONG_MAX), 'a', '10-1f active'],
    ['next', () => mas_next(mas, ULONG_MAX), 'b', '20-2f active'],
    ['next to a limit in the gap', () => mas_next(mas, 0x35), null, '30-3f overflow'],
    ['next from there', () => mas_next(mas, ULONG_MAX), 'c', '40-4f active'],
    ['next past all', () => mas_next(mas, ULONG_MAX), null, '50-max overflow'],
    ['prev after overflow', () => mas_prev(mas, 0), 'c', '40-4f active'],
    ['prev', () => mas_prev(mas, 0), 'b', '20-2f active'],
    ['prev to a limit within it', () => mas_prev(mas, 0x20), null, '20-2f underflow'],
    ['next after underflow', () => mas_next(mas, ULONG_MAX), 'b', '20-2f active'],
    ['prev', () => mas_prev(mas, 0x18), 'a', '10-1f active'],
    ['prev past all', () => mas_prev(mas, 0), null, '0-f underflow'],
    ['prev from 0', () => mas_prev(mas, 0), null, '0-f underflow'],
  ]);
  t.ok(mas_is_underflow(mas));
});

t.test('a limit that the range reaches ends the step before it begins', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x15, 0x15);
  mas_walk(mas);
  follow(t, mas, [
    ['next to its last', () => mas_next(mas, 0x1f), null, '10-1f overflow'],
    ['next to its last again', () => mas_next(mas, 0x1f), null, '10-1f overflow'],
    ['next to the one after', () => mas_next(mas, 0x20), 'b', '20-2f active'],
    ['prev to its first', () => mas_prev(mas, 0x20), null, '20-2f underflow'],
    ['prev to the one before', () => mas_prev(mas, 0x1f), 'a', '10-1f active'],
  ]);
  mas_set(mas, 0x15);
  follow(t, mas, [
    ['next below the index of a new state', () => mas_next(mas, 0x10), null, '15-15 overflow'],
    ['next after it', () => mas_next(mas, ULONG_MAX), 'b', '20-2f active'],
  ]);
  t.notOk(mas_is_overflow(mas));
});

t.test('the range forms stop at NULL', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x25, 0x25);
  follow(t, mas, [
    ['next_range', () => mas_next_range(mas, ULONG_MAX), null, '30-3f active'],
    ['next_range', () => mas_next_range(mas, ULONG_MAX), 'c', '40-4f active'],
    ['next_range', () => mas_next_range(mas, ULONG_MAX), null, '50-max active'],
    ['next_range', () => mas_next_range(mas, ULONG_MAX), null, '50-max overflow'],
    ['prev_range after overflow', () => mas_prev_range(mas, 0), 'c', '40-4f active'],
    ['prev_range', () => mas_prev_range(mas, 0), null, '30-3f active'],
    ['prev_range', () => mas_prev_range(mas, 0), 'b', '20-2f active'],
    ['prev_range', () => mas_prev_range(mas, 0), 'a', '10-1f active'],
    ['prev_range', () => mas_prev_range(mas, 0), null, '0-f active'],
    ['prev_range', () => mas_prev_range(mas, 0), null, '0-f underflow'],
    ['next_range after underflow', () => mas_next_range(mas, ULONG_MAX), 'a', '10-1f active'],
  ]);
});

t.test('mas_find takes the entry at index first, then the ones after', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x15, 0x15);
  follow(t, mas, [
    ['find', () => mas_find(mas, ULONG_MAX), 'a', '10-1f active'],
    ['find', () => mas_find(mas, 0x3f), 'b', '20-2f active'],
    ['find to the end of the gap', () => mas_find(mas, 0x3f), null, '30-3f active'],
    ['find at its limit', () => mas_find(mas, 0x3f), null, '30-3f active'],
    ['find', () => mas_find(mas, ULONG_MAX), 'c', '40-4f active'],
    ['find past all', () => mas_find(mas, ULONG_MAX), null, '50-max active'],
  ]);
  mas_set(mas, 0x15);
  follow(t, mas, [['find below index', () => mas_find(mas, 0x14), null, '15-15 start']]);
});

t.test('mas_find_range steps over NULL too, once it has begun', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x25, 0x25);
  follow(t, mas, [
    ['find_range', () => mas_find_range(mas, ULONG_MAX), 'b', '20-2f active'],
    ['find_range', () => mas_find_range(mas, ULONG_MAX), null, '30-3f active'],
    ['find_range', () => mas_find_range(mas, 0x3f), null, '30-3f active'],
    ['find_range', () => mas_find_range(mas, ULONG_MAX), 'c', '40-4f active'],
  ]);
});

t.test('mas_find_rev takes the entry at index first, then the ones before', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x45, 0x45);
  follow(t, mas, [
    ['find_rev', () => mas_find_rev(mas, 0), 'c', '40-4f active'],
    ['find_rev to the middle of the gap', () => mas_find_rev(mas, 0x38), null, '30-3f underflow'],
    ['find_rev', () => mas_find_rev(mas, 0), 'b', '20-2f active'],
    ['find_rev', () => mas_find_rev(mas, 0), 'a', '10-1f active'],
    ['find_rev past all', () => mas_find_rev(mas, 0), null, '0-f underflow'],
    ['find_rev once more', () => mas_find_rev(mas, 0), null, '0-f underflow'],
  ]);
  mas_set(mas, 5);
  follow(t, mas, [['find_rev above index', () => mas_find_rev(mas, 6), null, '5-5 start']]);
  mas_set(mas, 0x35);
  follow(t, mas, [['find_rev in a gap', () => mas_find_rev(mas, 0x25), 'b', '20-2f active']]);
});

t.test('mas_find_range_rev steps over NULL too, once it has begun', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x45, 0x45);
  follow(t, mas, [
    ['find_range_rev', () => mas_find_range_rev(mas, 0), 'c', '40-4f active'],
    ['find_range_rev', () => mas_find_range_rev(mas, 0), null, '30-3f active'],
    ['find_range_rev', () => mas_find_range_rev(mas, 0), 'b', '20-2f active'],
  ]);
});

t.test('a paused state goes on after its range, or before it', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x15, 0x15);
  mas_find(mas, ULONG_MAX);
  mas_pause(mas);
  t.ok(mas_is_paused(mas));
  t.equal(place(mas), '10-1f pause');
  follow(t, mas, [['find', () => mas_find(mas, ULONG_MAX), 'b', '20-2f active']]);
  mas_pause(mas);
  follow(t, mas, [['find to its last', () => mas_find(mas, 0x2f), null, '20-2f pause']]);
  follow(t, mas, [['find_rev', () => mas_find_rev(mas, 0), 'a', '10-1f active']]);
  mas_pause(mas);
  follow(t, mas, [['find_rev to its first', () => mas_find_rev(mas, 0x10), null, '10-1f underflow']]);
  mas_pause(mas);
  follow(t, mas, [['next', () => mas_next(mas, ULONG_MAX), 'b', '20-2f active']]);
  mas_pause(mas);
  follow(t, mas, [['prev', () => mas_prev(mas, 0), 'a', '10-1f active']]);
});

t.test('searching on after a limit was met', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x25, 0x25);
  mas_walk(mas);
  mas_next(mas, 0x2f);
  follow(t, mas, [
    ['find at the limit that overflowed', () => mas_find(mas, 0x2f), null, '20-2f overflow'],
    ['find after overflow', () => mas_find(mas, ULONG_MAX), 'b', '20-2f active'],
  ]);
  mas_next(mas, 0x2f);
  follow(t, mas, [['find_rev after overflow', () => mas_find_rev(mas, 0), 'a', '10-1f active']]);
  mas_prev(mas, 0x10);
  follow(t, mas, [
    ['find_rev at the limit that underflowed', () => mas_find_rev(mas, 0x10), null, '10-1f underflow'],
    ['find after underflow', () => mas_find(mas, ULONG_MAX), 'a', '10-1f active'],
  ]);
  mas_prev(mas, 0x10);
  follow(t, mas, [
    ['find at or below the index', () => mas_find(mas, 0x10), null, '10-1f overflow'],
    ['find_rev after it', () => mas_find_rev(mas, 0), null, '0-f underflow'],
  ]);
  mas_set(mas, 0x40);
  mas_next(mas, 0x40);
  follow(t, mas, [['find_rev of a state that never walked', () => mas_find_rev(mas, 0), 'b', '20-2f active']]);
});

t.test('an empty tree has nothing either way', async (t) => {
  const mas = MA_STATE(new maple_tree<string>(), 5, 5);
  follow(t, mas, [
    ['next', () => mas_next(mas, ULONG_MAX), null, '0-max none'],
    ['next again', () => mas_next(mas, ULONG_MAX), null, '0-max overflow'],
  ]);
  mas_set(mas, 5);
  follow(t, mas, [['prev', () => mas_prev(mas, 0), null, '0-max none']]);
  mas_set(mas, 5);
  follow(t, mas, [['find', () => mas_find(mas, ULONG_MAX), null, '0-max none']]);
  mas_set(mas, 5);
  follow(t, mas, [['find_rev', () => mas_find_rev(mas, 0), null, '0-0 root']]);
});

t.test('a single entry at 0 is before everything', async (t) => {
  const mas = MA_STATE(treeOf([[0, 0, 'r']]), 5, 5);
  follow(t, mas, [['prev', () => mas_prev(mas, 0), 'r', '0-0 root']]);
  follow(t, mas, [['prev from it', () => mas_prev(mas, 0), null, '0-0 underflow']]);
  mas_set(mas, 5);
  follow(t, mas, [['next', () => mas_next(mas, ULONG_MAX), null, '1-max none']]);
  mas_set(mas, 0);
  follow(t, mas, [
    ['find', () => mas_find(mas, ULONG_MAX), 'r', '0-0 root'],
    ['find past it', () => mas_find(mas, ULONG_MAX), null, '1-max none'],
    ['find_rev back to it', () => mas_find_rev(mas, 0), 'r', '0-0 root'],
  ]);
  mas_set(mas, 0);
  follow(t, mas, [
    ['find_rev', () => mas_find_rev(mas, 0), 'r', '0-0 root'],
    ['find_rev before it', () => mas_find_rev(mas, 0), null, '0-0 none'],
    ['next_range', () => mas_next_range(mas, ULONG_MAX), null, '0-0 root'],
    ['next_range', () => mas_next_range(mas, ULONG_MAX), null, '1-max none'],
  ]);
  mas_reset(mas);
  t.equal(mas_is_err(mas), false);
});

t.test('each status has one name', async (t) => {
  const predicates = [
    mas_is_active,
    mas_is_start,
    mas_is_ptr,
    mas_is_none,
    mas_is_paused,
    mas_is_overflow,
    mas_is_underflow,
    mas_is_err,
  ];
  const status = [ma_active, ma_start, ma_root, ma_none, ma_pause, ma_overflow, ma_underflow, ma_error];
  const mas = MA_STATE(treeOf(AB), 0, 0);
  for (const [i, value] of status.entries()) {
    mas.status = value;
    t.same(
      predicates.map((is) => is(mas)),
      predicates.map((_, j) => i === j),
      `status ${value}`,
    );
  }
});

t.test('a state in error takes no step', async (t) => {
  const mas = MA_STATE(deepTree(20), 0x50, 0x50);
  t.equal(mas_empty_area(mas, 0x50, 0x100, 0x10), -EBUSY);
  for (const step of [mas_next, mas_next_range, mas_find, mas_find_range]) {
    t.equal(step(mas, ULONG_MAX), null, step.name);
    t.equal(place(mas), '50-100 error', step.name);
  }
  for (const step of [mas_prev, mas_prev_range, mas_find_rev, mas_find_range_rev]) {
    t.equal(step(mas, 0), null, step.name);
    t.equal(place(mas), '50-100 error', step.name);
  }
  t.equal(mas_error(mas), -EBUSY);
});

t.test('steps cross nodes of a deep tree both ways', async (t) => {
  const mt = deepTree(60);
  t.ok(mt.height >= 3, `the tree has ${mt.height} storeys`);
  const wanted = Array.from({ length: 60 }, (_, i) => `e${i}`);
  const mas = MA_STATE(mt, 0, 0);
  t.same([...mas_for_each(mas, ULONG_MAX)], wanted, 'mas_for_each');
  mas_set(mas, ULONG_MAX);
  t.same([...mas_for_each_rev(mas, 0)], wanted.toReversed(), 'mas_for_each_rev');
  mas_set(mas, 0);
  t.same([...mas_for_each(mas, 0x45)], ['e0', 'e1', 'e2', 'e3'], 'mas_for_each to a limit');
  mas_set(mas, 0);
  let last = -1;
  for (let entry = mas_walk(mas); mas_is_active(mas); entry = mas_next_range(mas, ULONG_MAX)) {
    t.equal(mas.index, last + 1, `the range of ${entry} begins where the one before ended`);
    last = mas.last;
  }
  t.equal(last, ULONG_MAX);
});

t.test('__mas_set_range stays in the slot', async (t) => {
  const mas = MA_STATE(treeOf(AB), 0x15, 0x15);
  mas_walk(mas);
  __mas_set_range(mas, 0x18, 0x2f);
  t.equal(place(mas), '18-2f active', 'the end may lie outside');
  const warnings: string[] = [];
  const warn = sinon.stub(maple_debug, 'warn').callsFake((where, what) => warnings.push(`${where}: ${what}`));
  t.teardown(() => warn.restore());
  __mas_set_range(mas, 0x17, 0x18);
  warn.restore();
  t.same(warnings, ['__mas_set_range: start = 0x17 is outside the range that the state stands on']);
  t.equal(place(mas), '17-18 active', 'a warning changes nothing');
  mas_set_range(mas, 0x30, 0x31);
  t.equal(place(mas), '30-31 start', 'mas_set_range() may go anywhere');
});
