// SPDX-License-Identifier: GPL-2.0-only
/** Bad input: thrown with the function, the argument and the value, and nothing of it in the tree. */
import t from 'tap';
import { World } from '../../harness/world.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { maple_tree, wr_invalid } from '../../include/linux/maple_tree.js';
import { Ref } from '../../include/ref.js';
import {
  __mas_set_range,
  MA_STATE,
  mas_empty_area,
  mas_empty_area_rev,
  mas_erase,
  mas_find,
  mas_find_range,
  mas_find_range_rev,
  mas_find_rev,
  mas_for_each,
  mas_for_each_rev,
  mas_init,
  mas_insert,
  mas_next,
  mas_next_range,
  mas_preallocate,
  mas_prev,
  mas_prev_range,
  mas_set,
  mas_set_range,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
  mt_find,
  mt_find_after,
  mt_next,
  mt_prev,
  mtree_erase,
  mtree_insert,
  mtree_insert_range,
  mtree_load,
  mtree_store,
  mtree_store_range,
} from '../../lib/index.js';
import { deepTree, ranges, treeOf } from './expect.js';

/** What is no unsigned long, and how a message shows it. */
const BAD: [number, string][] = [
  [-1, '-0x1'],
  [Number.NaN, 'NaN'],
  [1.5, '1.5'],
  [ULONG_MAX + 1, '0x20000000000000'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
];

t.test('every index, limit and size is checked', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const before = ranges(mt);
  const mas = MA_STATE(mt, 0x10, 0x10);
  const calls: [string, string, (bad: number) => unknown][] = [
    ['ma_state', 'index', (bad) => MA_STATE(mt, bad, Number.NaN)],
    ['ma_state', 'last', (bad) => MA_STATE(mt, 0, bad)],
    ['mas_init', 'addr', (bad) => mas_init(MA_STATE(mt, 0, 0), mt, bad)],
    ['mas_set', 'index', (bad) => mas_set(mas, bad)],
    ['mas_set_range', 'start', (bad) => mas_set_range(mas, bad, ULONG_MAX)],
    ['mas_set_range', 'last', (bad) => mas_set_range(mas, 0, bad)],
    ['__mas_set_range', 'start', (bad) => __mas_set_range(mas, bad, ULONG_MAX)],
    ['__mas_set_range', 'last', (bad) => __mas_set_range(mas, 0x10, bad)],
    ['mas_find', 'max', (bad) => mas_find(mas, bad)],
    ['mas_find', 'max', (bad) => mas_for_each(mas, bad)],
    ['mas_find_rev', 'min', (bad) => mas_for_each_rev(mas, bad)],
    ['mas_find_range', 'max', (bad) => mas_find_range(mas, bad)],
    ['mas_find_rev', 'min', (bad) => mas_find_rev(mas, bad)],
    ['mas_find_range_rev', 'min', (bad) => mas_find_range_rev(mas, bad)],
    ['mas_next', 'max', (bad) => mas_next(mas, bad)],
    ['mas_next_range', 'max', (bad) => mas_next_range(mas, bad)],
    ['mas_prev', 'min', (bad) => mas_prev(mas, bad)],
    ['mas_prev_range', 'min', (bad) => mas_prev_range(mas, bad)],
    ['mas_empty_area', 'min', (bad) => mas_empty_area(mas, bad, 1, 1)],
    ['mas_empty_area', 'max', (bad) => mas_empty_area(mas, 0, bad, 1)],
    ['mas_empty_area_rev', 'size', (bad) => mas_empty_area_rev(mas, 0, 1, bad)],
    ['mtree_load', 'index', (bad) => mtree_load(mt, bad)],
    ['mtree_store_range', 'index', (bad) => mtree_store(mt, bad, 'x', GFP_KERNEL)],
    ['mtree_store_range', 'last', (bad) => mtree_store_range(mt, 0, bad, 'x', GFP_KERNEL)],
    ['mtree_insert_range', 'first', (bad) => mtree_insert(mt, bad, 'x', GFP_KERNEL)],
    ['mtree_insert_range', 'last', (bad) => mtree_insert_range(mt, 0, bad, 'x', GFP_KERNEL)],
    ['ma_state', 'index', (bad) => mtree_erase(mt, bad)],
    ['mt_find', 'index', (bad) => mt_find(mt, new Ref(bad), ULONG_MAX)],
    ['mt_find', 'max', (bad) => mt_find(mt, new Ref(0), bad)],
    ['mt_find', 'index', (bad) => mt_find_after(mt, new Ref(bad), ULONG_MAX)],
    ['mt_find', 'max', (bad) => mt_find_after(mt, new Ref(0), bad)],
    ['mt_next', 'index', (bad) => mt_next(mt, bad, 1)],
    ['mt_next', 'max', (bad) => mt_next(mt, 0, bad)],
    ['mt_prev', 'index', (bad) => mt_prev(mt, bad, 1)],
    ['mt_prev', 'min', (bad) => mt_prev(mt, 0, bad)],
  ];
  for (const [fn, arg, call] of calls) {
    for (const [bad, shown] of BAD) {
      t.throws(() => call(bad), { name: 'RangeError', message: new RegExp(`^${fn}: ${arg} = ${shown}: `) });
    }
  }
  t.equal(ranges(mt), before, 'the tree is as it was');
});

t.test('a range may not end before it begins', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const mas = MA_STATE(mt, 0x10, 0x10);
  t.throws(() => MA_STATE(mt, 5, 4), { name: 'RangeError', message: /^MA_STATE: last = 0x4: below index/ });
  t.throws(() => mas_set_range(mas, 5, 4), { name: 'RangeError', message: /^mas_set_range: last = 0x4: below start/ });
  t.throws(() => __mas_set_range(mas, 5, 4), { name: 'RangeError', message: /^__mas_set_range: last = 0x4: below/ });
});

t.test('what was written into a state by hand is checked when it stores', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const before = ranges(mt);
  const stores: [string, (mas: ReturnType<typeof MA_STATE<string>>) => unknown][] = [
    ['mas_store', (mas) => mas_store(mas, 'x')],
    ['mas_store_gfp', (mas) => mas_store_gfp(mas, 'x', GFP_KERNEL)],
    ['mas_preallocate', (mas) => mas_preallocate(mas, 'x', GFP_KERNEL)],
    ['mas_store_prealloc', (mas) => mas_store_prealloc(mas, 'x')],
    ['mas_insert', (mas) => mas_insert(mas, 'x')],
  ];
  for (const [fn, store] of stores) {
    const mas = MA_STATE(mt, 0x18, 0x18);
    mas.index = Number.NaN;
    t.throws(() => store(mas), { name: 'RangeError', message: new RegExp(`^${fn}: index = NaN: `) });
    mas.index = 0x18;
    mas.last = 0.5;
    t.throws(() => store(mas), { name: 'RangeError', message: new RegExp(`^${fn}: last = 0\\.5: `) });
    mas.last = 0x17;
    t.throws(() => store(mas), { name: 'RangeError', message: new RegExp(`^${fn}: last = 0x17: below index`) });
  }
  const mas = MA_STATE(mt, 0x18, 0x18);
  mas.index = -1;
  t.throws(() => mas_erase(mas), { name: 'RangeError', message: /^mas_erase: index = -0x1: / });
  t.equal(ranges(mt), before);
});

t.test('undefined is no entry', async (t) => {
  const mt = new maple_tree<string>();
  const nothing: string = Reflect.get({}, 'nothing');
  const mas = MA_STATE(mt, 5, 5);
  t.throws(() => mas_store(mas, nothing), { name: 'TypeError', message: /^mas_store: entry = undefined: / });
  t.throws(() => mas_preallocate(mas, nothing, GFP_KERNEL), { name: 'TypeError', message: /^mas_preallocate: entry/ });
  t.throws(() => mtree_store(mt, 5, nothing, GFP_KERNEL), { name: 'TypeError', message: /^mas_store_gfp: entry/ });
  t.throws(() => mtree_insert(mt, 5, nothing, GFP_KERNEL), { name: 'TypeError', message: /^mas_insert: entry/ });
  t.equal(ranges(mt), '');
});

t.test('fan-outs that no node can have', async (t) => {
  for (const fanout of [3, 33, 4.5, Number.NaN]) {
    t.throws(() => new maple_tree<string>(0, fanout), { name: 'RangeError', message: /^maple_tree: fanout = / });
  }
});

t.test('a promised store whose type was written over by hand', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const before = ranges(mt);
  const mas = MA_STATE(mt, 0x18, 0x18);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
  mas.store_type = wr_invalid;
  t.throws(() => mas_store_prealloc(mas, 'x'), { message: 'maple_tree: internal error: a store without a type' });
  t.equal(ranges(mt), before);
});

t.test('a promised store whose nodes were given away by hand', async (t) => {
  // In a world of its own: what is broken by hand is not counted against the tests after it.
  new World().run(() => {
    const mt = deepTree(8);
    const mas = MA_STATE(mt, 0x18, 0x1b);
    t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
    t.ok(mas.reserved > 0);
    mas.reserved = 0;
    t.throws(() => mas_store_prealloc(mas, 'x'), {
      message: 'maple_tree: internal error: a store needs more nodes than it reserved',
    });
  });
});

t.test('a tree whose last range was cut off by hand: its only node seems to have others beside it', async (t) => {
  new World().run(() => {
    const mt = deepTree(6);
    const { nodes, root } = mt;
    if (nodes === null) throw new Error('a tree of one entry');
    const lastOf = (node: number): number => node + nodes.endOf(node);
    for (const node of [root, nodes.childAt(lastOf(root))]) nodes.pivot[lastOf(node)] = 0x1000;
    t.throws(() => mtree_store_range(mt, 0x12, 0xfff, 'x', GFP_KERNEL), {
      message: 'maple_tree: internal error: no sibling for a store that does not cover all',
    });
  });
});
