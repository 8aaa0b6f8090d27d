// SPDX-License-Identifier: GPL-2.0-only
/** Looking for room. */
import t from 'tap';
import { EBUSY, EINVAL } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { maple_tree } from '../../include/linux/maple_tree.js';
import {
  MA_STATE,
  mas_empty_area,
  mas_empty_area_rev,
  mas_error,
  mas_next,
  mas_prev,
  mas_reset,
  mas_set,
  mas_walk,
  mtree_erase,
  mtree_store_range,
} from '../../lib/index.js';
import { deepTree, place, treeOf } from './expect.js';

t.test('the lowest and the highest room in a window', async (t) => {
  const mas = MA_STATE(
    treeOf([
      [0x10, 0x1f, 'a'],
      [0x28, 0x2f, 'b'],
    ]),
    0,
    0,
  );
  t.equal(mas_empty_area(mas, 4, 0x3f, 4), 0);
  t.equal(place(mas), '4-7 active');
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0xd, 0x3f, 4), 0, 'what is left of the first gap is too small');
  t.equal(place(mas), '20-23 active');
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0xd, 0x3f, 9), 0, 'as is the second');
  t.equal(place(mas), '30-38 active');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 4, 0x3f, 4), 0);
  t.equal(place(mas), '3c-3f active');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 4, 0x32, 4), 0);
  t.equal(place(mas), '24-27 active');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 4, 0x32, 9), 0);
  t.equal(place(mas), '7-f active');
});

t.test('no room is an error that the state keeps', async (t) => {
  const mas = MA_STATE(deepTree(30), 0, 0);
  t.equal(mas_empty_area(mas, 0x10, 0x1e0, 9), -EBUSY);
  t.equal(place(mas), '10-1e0 error');
  t.equal(mas_error(mas), -EBUSY);
  mas_reset(mas);
  t.equal(mas_error(mas), 0);
  t.equal(mas_empty_area_rev(mas, 0x10, 0x1e0, 9), -EBUSY);
  t.equal(place(mas), '10-1e0 error');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 0x12, 0x15, 2), -EBUSY, 'a window within an entry');
});

t.test('a window that cannot hold the size is refused, and the state is as it was', async (t) => {
  const mas = MA_STATE(treeOf([[0x10, 0x1f, 'a']]), 3, 3);
  for (const search of [mas_empty_area, mas_empty_area_rev]) {
    t.equal(search(mas, 5, 4, 1), -EINVAL);
    t.equal(search(mas, 5, 9, 0), -EINVAL);
    t.equal(search(mas, 5, 9, 6), -EINVAL);
    t.equal(place(mas), '3-3 start');
    t.equal(search(mas, 5, 9, 5), 0);
    t.equal(place(mas), '5-9 active');
    mas_set(mas, 3);
  }
});

t.test('trees without nodes', async (t) => {
  const empty = MA_STATE(new maple_tree<string>(), 0, 0);
  t.equal(mas_empty_area(empty, 0, 0xff, 0x10), 0);
  t.equal(place(empty), '0-f none');
  mas_reset(empty);
  t.equal(mas_empty_area_rev(empty, 0, 0xff, 0x10), 0);
  t.equal(place(empty), 'f0-ff none');
  const single = MA_STATE(treeOf([[0, 0, 'r']]), 0, 0);
  t.equal(mas_empty_area(single, 0, 0xff, 0x10), 0, 'room begins after the entry at 0');
  t.equal(place(single), '1-10 root');
  mas_reset(single);
  t.equal(mas_empty_area_rev(single, 0, 0xff, 0x100), -EBUSY);
  t.equal(mas_empty_area(single, 0, 0, 1), -EBUSY);
  t.equal(mas_empty_area(single, 0, 1, 1), 0, 'the last index of the window will do');
  t.equal(place(single), '1-1 root');
});

t.test('a tree that is one NULL over everything', async (t) => {
  const mt = treeOf([[0, ULONG_MAX, 'all']]);
  mtree_erase(mt, 0);
  const mas = MA_STATE(mt, 0, 0);
  for (const [low, high] of [
    [0, 0xff],
    [0x10, 0xff],
    [0, ULONG_MAX],
  ] as const) {
    mas_reset(mas);
    t.equal(mas_empty_area_rev(mas, low, high, 1), -EBUSY, 'looked for from above it has no length, as upstream');
  }
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0, ULONG_MAX, 1), -EBUSY, 'as has a window over all of it');
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 1, ULONG_MAX, ULONG_MAX), 0, 'a smaller one has room');
  t.equal(place(mas), '1-max active');
});

t.test('room in a deep tree, as entries come and go', async (t) => {
  const mt = deepTree(60);
  const mas = MA_STATE(mt, 0, 0);
  mtree_erase(mt, 0x200);
  t.equal(mas_empty_area(mas, 0x18, 0x3bf, 0x10), 0);
  t.equal(place(mas), '1f8-207 active');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 0x18, 0x3bf, 0x10), 0);
  t.equal(place(mas), '200-20f active');
  mtree_store_range(mt, 0x1fc, 0x208, 'x', GFP_KERNEL);
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0x18, 0x3bf, 9), -EBUSY);
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0x1f8, 0x3bf, 4), 0);
  t.equal(place(mas), '1f8-1fb active', 'what is left before the new entry');
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 0x18, 0x20f, 7), 0);
  t.equal(place(mas), '209-20f active', 'and after it');
});

t.test('an active state searches on from where it is', async (t) => {
  const mt = deepTree(60);
  const mas = MA_STATE(mt, 0x100, 0x100);
  mas_walk(mas);
  t.equal(mas_empty_area(mas, 0, ULONG_MAX, 8), 0);
  t.ok(mas.index >= 0xd8 && mas.index <= 0x118, `up from there, at ${place(mas)}`);
  t.equal(mas_empty_area_rev(mas, 0, ULONG_MAX - 1, 8), 0);
  t.ok(mas.index <= 0x118, `down from there, at ${place(mas)}`);
  mas_set(mas, 0);
  mas_walk(mas);
  t.equal(mas_empty_area_rev(mas, 0, ULONG_MAX - 1, 0x100), -EBUSY, 'nothing below the first slot');
  mas_set(mas, ULONG_MAX);
  mas_walk(mas);
  mas.offset = 0;
  t.equal(mas_empty_area(mas, 0, ULONG_MAX, 0x400), -EBUSY, 'nothing above the last leaf');
});

t.test('steps from the room found', async (t) => {
  const mas = MA_STATE(
    treeOf([
      [0x10, 0x1f, 'a'],
      [0x40, 0x4f, 'b'],
    ]),
    0,
    0,
  );
  mas_empty_area(mas, 0x28, 0xff, 4);
  t.equal(place(mas), '28-2b active');
  t.equal(mas_next(mas, ULONG_MAX), 'b');
  mas_reset(mas);
  mas_empty_area(mas, 0x28, 0xff, 4);
  t.equal(mas_prev(mas, 0), 'a');
  t.equal(place(mas), '10-27 active', 'back within a leaf the range ends where the state began, as upstream');
});

t.test('a deep tree without gap tracking finds no room, as upstream', async (t) => {
  const mt = new maple_tree<string>(0, 4);
  const mas = MA_STATE(mt, 0, 0);
  mtree_store_range(mt, 0x10, 0x1f, 'a', GFP_KERNEL);
  t.equal(mas_empty_area(mas, 0x18, 0xff, 4), 0, 'one leaf');
  t.equal(place(mas), '20-23 active');
  for (let i = 2; i < 6; i++) mtree_store_range(mt, 0x10 * i, 0x10 * i + 7, 'b', GFP_KERNEL);
  t.ok(mt.height > 1);
  mas_reset(mas);
  t.equal(mas_empty_area(mas, 0x18, 0xff, 4), -EBUSY);
  mas_reset(mas);
  t.equal(mas_empty_area_rev(mas, 0x18, 0xff, 4), -EBUSY);
});
