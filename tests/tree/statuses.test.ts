// SPDX-License-Identifier: GPL-2.0-only
/** Where a state is after it met a limit, an error or a single entry, and what a tree is that was set up anew. */
import t from 'tap';
import { EBUSY } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  MT_FLAGS_ALLOC_RANGE,
  ma_none,
  ma_overflow,
  ma_pause,
  maple_tree,
  NO_NODE,
} from '../../include/linux/maple_tree.js';
import {
  __mas_set_range,
  __mt_dup,
  MA_STATE,
  mas_destroy,
  mas_empty_area,
  mas_empty_area_rev,
  mas_find_rev,
  mas_init,
  mas_next,
  mas_preallocate,
  mas_prev,
  mas_store,
  mas_walk,
  mt_init_flags,
  mt_validate,
  mtree_destroy,
  mtree_load,
  mtree_store,
  mtree_store_range,
} from '../../lib/maple_tree.js';
import { deepTree, place, ranges, treeOf } from './expect.js';

t.test('a tree that is set up anew has no height and no nodes', async (t) => {
  const mt = deepTree(20);
  mtree_destroy(mt);
  const old = deepTree(20);
  mt.nodes = old.nodes;
  mt.height = 3;
  mt_init_flags(mt, 0);
  t.same([mt.nodes, mt.height, mt.root, mt.ma_root, mt.ma_flags], [null, 0, NO_NODE, null, 0]);
  mtree_store_range(mt, 5, 6, 'a', GFP_KERNEL);
  t.equal(ranges(mt), '0-4:- 5-6:a 7-max:-');
  mtree_destroy(old);
});

t.test('a duplicate of a tree without nodes', async (t) => {
  const mt = new maple_tree<string>();
  const empty = new maple_tree<string>();
  t.equal(__mt_dup(mt, empty, GFP_KERNEL), 0);
  t.same([empty.nodes, empty.root], [null, NO_NODE]);
  mtree_store(mt, 0, 'a', GFP_KERNEL);
  t.equal(__mt_dup(mt, empty, GFP_KERNEL), 0);
  t.equal(mtree_load(empty, 0), 'a');
});

t.test('no room: -EBUSY, wherever the search ends', async (t) => {
  const mt = treeOf(
    Array.from({ length: 40 }, (_one, i) => [4 * i, 4 * i + 3, `e${i}`] as const),
    4,
  );
  for (const [min, max, size] of [
    [0, 0x9f, 1],
    [0, 0xa0, 2],
    [0x20, 0x30, 1],
    [0x9c, 0x9f, 4],
  ] as const) {
    const [forth, back] = [MA_STATE(mt, 0, 0), MA_STATE(mt, 0, 0)];
    t.equal(mas_empty_area(forth, min, max, size), -EBUSY);
    t.match(place(forth), /error$/);
    t.equal(mas_empty_area_rev(back, min, max, size), -EBUSY);
    t.match(place(back), /error$/);
  }
  // The last leaf alone has room, but not within the window: the walk goes up to the root and finds nothing after it.
  const last = MA_STATE(mt, 0x9f, 0x9f);
  mas_walk(last);
  t.equal(mas_empty_area(last, 0, ULONG_MAX - 1, ULONG_MAX - 2), -EBUSY);
  mtree_destroy(mt);
});

t.test('a window that ends where a slot ends has the rest of it', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x30, 0x3f, 'b'],
  ]);
  const at = (min: number, max: number, size: number): string => {
    const mas = MA_STATE(mt, 0, 0);
    const err = mas_empty_area(mas, min, max, size);
    return err === 0 ? place(mas) : String(err);
  };
  t.equal(at(0, 0x1f, 0x10), '0-f active');
  t.equal(at(0x11, 0x1f, 1), String(-EBUSY));
  t.equal(at(0x10, 0x3f, 0x10), '20-2f active');
  t.equal(at(0x10, 0x2f, 0x10), '20-2f active');
  t.equal(at(0x10, 0x3f, 0x11), String(-EBUSY));
  t.equal(at(0x10, 0x2e, 0x10), String(-EBUSY));
  mtree_destroy(mt);
});

t.test('room is looked for again from two slots before the one that was found', async (t) => {
  const mt = treeOf(
    Array.from({ length: 7 }, (_one, i) => [16 * i + 8, 16 * i + 15, `e${i}`] as const),
    16,
  );
  const mas = MA_STATE(mt, 0, 0);
  t.equal(mas_empty_area_rev(mas, 0, 0x6f, 8), 0);
  t.equal(place(mas), '60-67 active');
  t.equal(mas_empty_area_rev(mas, 0, 0x6f, 8), 0);
  t.equal(place(mas), '50-57 active', 'upstream goes on before it');
  t.equal(mas_empty_area_rev(mas, 0, 0x6f, 8), 0);
  t.equal(place(mas), '40-47 active');
  mtree_destroy(mt);
});

t.test('one entry at 0, and nothing else', async (t) => {
  const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE);
  mtree_store(mt, 0, 'a', GFP_KERNEL);
  const mas = MA_STATE(mt, 5, 5);
  t.equal(mas_prev(mas, 0), 'a');
  t.equal(place(mas), '0-0 root');
  mas_init(mas, mt, 0);
  t.equal(mas_walk(mas), 'a');
  __mas_set_range(mas, 5, 5);
  t.equal(place(mas), '5-5 root', 'moved away from it');
  t.equal(mas_prev(mas, 0), 'a');
  t.equal(place(mas), '0-0 root');
  mas_init(mas, mt, 0);
  mas.status = ma_none;
  t.equal(mas_next(mas, ULONG_MAX), null);
  t.match(place(mas), /^0-0 /);
  mas_init(mas, mt, 7);
  mas.last = 9;
  mas.status = ma_pause;
  t.equal(mas_prev(mas, 0), 'a');
  t.equal(place(mas), '0-0 root');
  mtree_destroy(mt);
});

t.test('a search back that begins below its limit finds nothing', async (t) => {
  const mt = deepTree(20);
  const mas = MA_STATE(mt, 0x41, 0x41);
  t.equal(mas_walk(mas), 'e3');
  mas.index = 0x41;
  t.equal(mas_find_rev(mas, 0x42), null);
  t.equal(place(mas), '41-47 active', 'where it was');
  t.equal(mas_find_rev(mas, 0x20), 'e2');
  mtree_destroy(mt);
});

t.test('after the last index of a leaf a state that met its limit goes on in it', async (t) => {
  const mt = deepTree(20);
  let end = 0;
  // An entry that its leaf ends with.
  for (let i = 0; end === 0; i++) {
    const mas = MA_STATE(mt, 16 * (i + 1), 16 * (i + 1));
    mas_walk(mas);
    if (mas.last === mas.max) end = mas.last;
  }
  const mas = MA_STATE(mt, end, end);
  mas_walk(mas);
  mas.index = end;
  mas.status = ma_overflow;
  const { node } = mas;
  t.not(mas_next(mas, ULONG_MAX), null);
  t.not(mas.node, node);
  mtree_destroy(mt);
});

t.test('a store that makes the first node asks for one; the first entry at 0 for none', async (t) => {
  const mt = new maple_tree<string>();
  const asked = (first: number, last: number): number => {
    const mas = MA_STATE(mt, first, last);
    mas_preallocate(mas, 'a', GFP_KERNEL);
    const { reserved } = mas;
    mas_destroy(mas);
    return reserved;
  };
  t.equal(asked(0, 0), 0);
  t.equal(asked(0, 1), 1);
  t.equal(asked(1, 1), 1);
  t.equal(asked(5, 9), 1);
});

t.test('the first node has what was at 0, and room between', async (t) => {
  for (const [first, wanted] of [
    [1, '0-0:a 1-9:b a-max:-'],
    [2, '0-0:a 1-1:- 2-9:b a-max:-'],
    [3, '0-0:a 1-2:- 3-9:b a-max:-'],
  ] as const) {
    const mt = new maple_tree<string>();
    mtree_store(mt, 0, 'a', GFP_KERNEL);
    mtree_store_range(mt, first, 9, 'b', GFP_KERNEL);
    t.equal(ranges(mt), wanted);
    mtree_destroy(mt);
  }
});

t.test('a gap that is noted wrong is told', async (t) => {
  const mt = deepTree(20);
  const { nodes, root } = mt;
  if (nodes === null) throw new Error('no nodes');
  nodes.gap[root] = nodes.gapAt(root) + 1;
  t.throws(() => mt_validate(mt), /slot 0: gap 0x11 noted, 0x10 found$/);
});

t.test('NULL over several leaves takes in the NULL before it, and the state says so', async (t) => {
  const after = (first: number, last: number): string => {
    const mt = deepTree(20);
    const mas = MA_STATE(mt, first, last);
    mas_store(mas, null);
    const text = `${place(mas)} of ${ranges(mt).split(' ').slice(0, 3).join(' ')}`;
    mtree_destroy(mt);
    return text;
  };
  t.equal(after(0x20, 0x57), '18-5f active of 0-f:- 10-17:e0 18-5f:-');
  t.equal(after(0x10, 0x57), '0-5f active of 0-5f:- 60-67:e5 68-6f:-');
  t.equal(after(0x10, ULONG_MAX), '0-max start of ', 'nothing is left');
});
