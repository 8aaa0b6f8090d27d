// SPDX-License-Identifier: GPL-2.0-only
/** Storing, inserting, erasing: what the tree holds then, and where the state is. */
import t from 'tap';
import { EEXIST, EINVAL } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE, MT_FLAGS_USE_RCU, maple_tree } from '../../include/linux/maple_tree.js';
import { Ref } from '../../include/ref.js';
import {
  __mt_destroy,
  MA_STATE,
  maple_slab,
  mas_erase,
  mas_error,
  mas_insert,
  mas_is_err,
  mas_next,
  mas_preallocate,
  mas_set,
  mas_set_range,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
  mt_find,
  mt_find_after,
  mt_for_each,
  mt_height,
  mt_in_rcu,
  mt_init,
  mt_init_flags,
  mt_next,
  mt_prev,
  mtree_destroy,
  mtree_empty,
  mtree_erase,
  mtree_insert,
  mtree_insert_range,
  mtree_load,
  mtree_store,
  mtree_store_range,
} from '../../lib/index.js';
import { deepTree, place, ranges, treeOf } from './expect.js';

t.test('one entry at 0 is held without a node', async (t) => {
  const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE);
  t.ok(mtree_empty(mt));
  const mas = MA_STATE(mt, 0, 0);
  t.equal(mas_store_gfp(mas, 'r', GFP_KERNEL), 0);
  t.equal(place(mas), '0-0 start');
  t.equal(mt_height(mt), 0);
  t.notOk(mtree_empty(mt));
  t.equal(mtree_load(mt, 0), 'r');
  t.equal(mtree_load(mt, 1), null);
  mas_set_range(mas, 4, 5);
  mas_store_gfp(mas, 'a', GFP_KERNEL);
  t.equal(ranges(mt), '0-0:r 1-3:- 4-5:a 6-max:-', 'and moves into one with the second entry');
  t.equal(place(mas), '4-5 active');
});

t.test('the first node, whatever was at 0', async (t) => {
  t.equal(ranges(treeOf([[0, 3, 'a']])), '0-3:a 4-max:-');
  t.equal(ranges(treeOf([[1, ULONG_MAX, 'a']])), '0-0:- 1-max:a');
  t.equal(
    ranges(
      treeOf([
        [0, 0, 'r'],
        [1, 2, 'a'],
      ]),
    ),
    '0-0:r 1-2:a 3-max:-',
  );
  t.equal(
    ranges(
      treeOf([
        [0, 0, 'r'],
        [0, 2, 'a'],
      ]),
    ),
    '0-2:a 3-max:-',
  );
  const mt = treeOf([[0, 0, 'r']]);
  t.equal(mtree_erase(mt, 0), 'r');
  t.ok(mtree_empty(mt), 'erased');
  mtree_store(mt, 7, null, GFP_KERNEL);
  t.ok(mtree_empty(mt), 'NULL in an empty tree is no change');
});

t.test('storing over parts of ranges cuts them', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x20, 0x2f, 'b'],
  ]);
  mtree_store_range(mt, 0x14, 0x17, 'x', GFP_KERNEL);
  t.equal(ranges(mt), '0-f:- 10-13:a 14-17:x 18-1f:a 20-2f:b 30-max:-');
  mtree_store_range(mt, 0x1c, 0x23, 'y', GFP_KERNEL);
  t.equal(ranges(mt), '0-f:- 10-13:a 14-17:x 18-1b:a 1c-23:y 24-2f:b 30-max:-');
  mtree_store_range(mt, 0x10, 0x2f, 'z', GFP_KERNEL);
  t.equal(ranges(mt), '0-f:- 10-2f:z 30-max:-');
  mtree_store_range(mt, 0, ULONG_MAX, 'w', GFP_KERNEL);
  t.equal(ranges(mt), '0-max:w');
  mtree_store_range(mt, 0x20, ULONG_MAX, 'v', GFP_KERNEL);
  t.equal(ranges(mt), '0-1f:w 20-max:v');
  mtree_store_range(mt, 0, ULONG_MAX, null, GFP_KERNEL);
  t.ok(mtree_empty(mt));
});

t.test('equal entries side by side stay two ranges', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x20, 0x2f, 'a'],
  ]);
  t.equal(ranges(mt), '0-f:- 10-1f:a 20-2f:a 30-max:-');
});

t.test('a NULL joins the NULLs beside it, and the state stands on all of it', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x20, 0x2f, 'b'],
    [0x40, 0x4f, 'c'],
  ]);
  const mas = MA_STATE(mt, 0x28, 0x2f);
  mas_store_gfp(mas, null, GFP_KERNEL);
  t.equal(place(mas), '28-3f active', 'with the one after');
  mas_set_range(mas, 0x10, 0x11);
  mas_store_gfp(mas, null, GFP_KERNEL);
  t.equal(place(mas), '0-11 active', 'with the one before');
  mas_set_range(mas, 0x2c, 0x2d);
  mas_store_gfp(mas, null, GFP_KERNEL);
  t.equal(place(mas), '28-3f active', 'within one');
  mas_set_range(mas, 0x12, 0x27);
  mas_store_gfp(mas, null, GFP_KERNEL);
  t.equal(place(mas), '0-3f active', 'with both');
  t.equal(ranges(mt), '0-3f:- 40-4f:c 50-max:-');
  mas_set(mas, 0x45);
  t.equal(mas_erase(mas), 'c');
  t.equal(ranges(mt), '', 'the last entry takes the nodes with it');
  t.equal(place(mas), '0-max start');
});

t.test('mas_erase takes a whole range', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x20, 0x2f, 'b'],
  ]);
  const mas = MA_STATE(mt, 0x28, 0x29);
  t.equal(mas_erase(mas), 'b');
  t.equal(place(mas), '20-max active');
  mas_set(mas, 0x28);
  t.equal(mas_erase(mas), null, 'nothing there');
  t.equal(place(mas), '20-max active');
  t.equal(mtree_erase(mt, 0x30), null);
  t.equal(mtree_erase(mt, 0x10), 'a');
  t.ok(mtree_empty(mt));
});

t.test('mas_store returns what was there', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const mas = MA_STATE(mt, 0x18, 0x27);
  t.equal(mas_store(mas, 'b'), 'a');
  t.equal(ranges(mt), '0-f:- 10-17:a 18-27:b 28-max:-');
  t.equal(mas_next(mas, ULONG_MAX), null, 'the state can step on');
  t.equal(place(mas), '28-max overflow');
  mas_set_range(mas, 0x12, 0x13);
  t.equal(mas_preallocate(mas, 'c', GFP_KERNEL), 0);
  t.equal(mas_store(mas, 'c'), 'a', 'with what was preallocated too');
});

t.test('inserting never overwrites', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x40, 0x4f, 'c'],
  ]);
  t.equal(mtree_insert_range(mt, 0x20, 0x2f, 'b', GFP_KERNEL), 0);
  t.equal(mtree_insert(mt, 0x30, 'x', GFP_KERNEL), 0);
  t.equal(ranges(mt), '0-f:- 10-1f:a 20-2f:b 30-30:x 31-3f:- 40-4f:c 50-max:-');
  t.equal(mtree_insert(mt, 0x30, 'y', GFP_KERNEL), -EEXIST, 'at an entry');
  t.equal(mtree_insert_range(mt, 0x38, 0x40, 'y', GFP_KERNEL), -EEXIST, 'up to an entry');
  t.equal(mtree_insert_range(mt, 0x38, 0x37, 'y', GFP_KERNEL), -EINVAL);
  t.equal(ranges(mt), '0-f:- 10-1f:a 20-2f:b 30-30:x 31-3f:- 40-4f:c 50-max:-', 'and nothing has changed');
  const mas = MA_STATE(mt, 0x18, 0x18);
  t.equal(mas_insert(mas, 'y'), 'a');
  t.ok(mas_is_err(mas));
  t.equal(mas_error(mas), -EEXIST);
  const single = treeOf([[0, 0, 'r']]);
  t.equal(mtree_insert(single, 0, 'y', GFP_KERNEL), -EEXIST, 'at the single entry');
  t.equal(mtree_insert(single, 5, 'y', GFP_KERNEL), 0, 'past it');
  t.equal(ranges(single), '0-0:r 1-4:- 5-5:y 6-max:-');
  const deep = deepTree(30);
  t.equal(mtree_insert_range(deep, 0x18, 0x1c8, 'y', GFP_KERNEL), -EEXIST, 'over several leaves');
  t.equal(mtree_insert_range(deep, 0, ULONG_MAX, 'y', GFP_KERNEL), -EEXIST, 'over all of a deep tree');
});

t.test('inserting over everything overwrites a tree of one leaf, as upstream does', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  t.equal(mtree_insert_range(mt, 0, ULONG_MAX, 'y', GFP_KERNEL), 0);
  t.equal(ranges(mt), '0-max:y');
});

t.test('a state can store again from where it stands', async (t) => {
  const mt = deepTree(40);
  const mas = MA_STATE(mt, 0x100, 0x107);
  for (let i = 0; i < 8; i++) {
    mas_set_range(mas, 0x100 + i, 0x107);
    t.equal(mas_preallocate(mas, `x${i}`, GFP_KERNEL), 0);
    mas_store_prealloc(mas, `x${i}`);
  }
  mas_set_range(mas, 0x100, 0x100);
  mas_store(mas, 'y');
  mas.last = 0x1ff;
  mas_store(mas, 'z');
  t.equal(place(mas), '100-1ff active', 'past the end of its leaf');
  t.equal(mtree_load(mt, 0x150), 'z');
  mas.last = 0x2ff;
  mas_store(mas, null);
  t.equal(place(mas), 'f8-max active', 'and with NULL');
  t.match(ranges(mt), /f0-f7:e14 f8-max:-$/);
});

t.test('an RCU tree comes to the same', async (t) => {
  const plain = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE, 4);
  const rcu = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE | MT_FLAGS_USE_RCU, 4);
  t.ok(mt_in_rcu(rcu));
  t.notOk(mt_in_rcu(plain));
  for (const mt of [plain, rcu]) {
    for (let i = 0; i < 40; i++) mtree_store_range(mt, (i * 7) % 90, ((i * 7) % 90) + 4, `e${i}`, GFP_KERNEL);
  }
  t.equal(ranges(rcu), ranges(plain));
});

t.test('mtree_store_range and its errors', async (t) => {
  const mt = new maple_tree<string>();
  t.equal(mtree_store_range(mt, 5, 4, 'a', GFP_KERNEL), -EINVAL);
  t.ok(mtree_empty(mt));
  t.equal(mtree_store(mt, 5, 'a', GFP_KERNEL), 0);
  t.equal(mtree_load(mt, 5), 'a');
  t.equal(mtree_load(mt, 4), null);
  t.equal(mtree_load(mt, ULONG_MAX), null);
});

t.test('mt_find goes from entry to entry by index', async (t) => {
  const mt = treeOf([
    [0x10, 0x1f, 'a'],
    [0x40, 0x4f, 'b'],
    [0x60, ULONG_MAX, 'c'],
  ]);
  const index = new Ref(0);
  t.equal(mt_find(mt, index, 0xf), null, 'below the first');
  t.equal(index.value, 0, 'the index is left alone');
  t.equal(mt_find(mt, index, 0x10), 'a');
  t.equal(index.value, 0x20);
  t.equal(mt_find_after(mt, index, ULONG_MAX), 'b');
  t.equal(index.value, 0x50);
  t.equal(mt_find_after(mt, index, 0x5f), null);
  t.equal(mt_find_after(mt, index, ULONG_MAX), 'c');
  t.equal(index.value, 0, 'wraps at the end');
  t.equal(mt_find_after(mt, index, ULONG_MAX), null);
  index.value = 0x30;
  t.equal(mt_find(mt, index, 0x2f), null, 'a limit below index');
  index.value = 0;
  t.same([...mt_for_each(mt, index, ULONG_MAX)], ['a', 'b', 'c']);
  const single = treeOf([[0, 0, 'r']]);
  index.value = 0;
  t.equal(mt_find(single, index, ULONG_MAX), 'r');
  t.equal(index.value, 1);
  t.equal(mt_find(single, index, ULONG_MAX), null);
  index.value = 0;
  t.equal(mt_find(new maple_tree<string>(), index, ULONG_MAX), null);
  t.same([...mt_for_each(deepTree(40), new Ref(0), ULONG_MAX)].length, 40, 'across leaves');
});

t.test('mt_next and mt_prev look past the range of an index', async (t) => {
  const mt = deepTree(40);
  for (let i = 1; i < 39; i++) {
    const index = 16 * (i + 1) + 3;
    if (mt_next(mt, index, ULONG_MAX) !== `e${i + 1}`) t.fail(`mt_next from e${i}`);
    if (mt_prev(mt, index, 0) !== `e${i - 1}`) t.fail(`mt_prev from e${i}`);
  }
  t.equal(mt_next(mt, 0x13, 0x1f), null, 'not past the limit');
  t.equal(mt_next(mt, 0x13, 0x20), 'e1');
  t.equal(mt_prev(mt, 0x23, 0x18), null);
  t.equal(mt_prev(mt, 0x23, 0x17), 'e0');
  t.equal(mt_next(mt, 0x283, ULONG_MAX), null, 'nothing after the last');
  t.equal(mt_prev(mt, 0x13, 0), null, 'nothing before the first');
  t.equal(mt_next(mt, 5, 5), null);
  t.equal(mt_prev(mt, 5, 5), null);
  const single = treeOf([[0, 0, 'r']]);
  t.equal(mt_prev(single, 5, 0), 'r');
  t.equal(mt_next(single, 0, ULONG_MAX), null);
});

t.test('a tree can be dropped and made anew', async (t) => {
  const live = maple_slab.live;
  const mt = deepTree(40);
  t.ok(maple_slab.live > live, 'its nodes are counted');
  mtree_destroy(mt);
  t.equal(maple_slab.live, live);
  t.ok(mtree_empty(mt));
  t.equal(mtree_load(mt, 0x10), null);
  mtree_store_range(mt, 0, 5, 'a', GFP_KERNEL);
  __mt_destroy(mt);
  mt_init_flags(mt, MT_FLAGS_USE_RCU);
  t.equal(mt.ma_flags, MT_FLAGS_USE_RCU);
  mt_init(mt);
  t.equal(mt.ma_flags, 0);
  t.equal(maple_slab.live, live);
});

t.test('slots for two full leaves make two, but three if the first of two would end in NULL', async (t) => {
  const full = () => {
    const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE, 4);
    for (const first of [0, 8, 0x10, 0x18, 0x20, 4, 0x1c, 0x28]) {
      const last = first < 0x20 ? first | 7 : ULONG_MAX;
      mtree_store_range(mt, first, last, `e${first.toString(16)}`, GFP_KERNEL);
    }
    t.same([mt.nodes?.live, ranges(mt).split(' ').length], [3, 8], 'a root over two full leaves');
    return mt;
  };
  const two = full();
  mtree_store_range(two, 0x14, 0x1b, 'x', GFP_KERNEL);
  t.equal(ranges(two), '0-3:e0 4-7:e4 8-f:e8 10-13:e10 14-1b:x 1c-1f:e1c 20-27:e20 28-max:e28');
  t.equal(two.nodes?.live, 3);
  const three = full();
  mtree_store_range(three, 0xc, 0x19, null, GFP_KERNEL);
  t.equal(ranges(three), '0-3:e0 4-7:e4 8-b:e8 c-19:- 1a-1b:e18 1c-1f:e1c 20-27:e20 28-max:e28');
  t.equal(three.nodes?.live, 4);
});
