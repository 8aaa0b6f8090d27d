// SPDX-License-Identifier: GPL-2.0-only
/** Two states on one tree: when one changes it, the other must not go by what it knew. */
import t from 'tap';
import { Random } from '../../dev/random.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE, maple_tree } from '../../include/linux/maple_tree.js';
import {
  MA_STATE,
  mas_empty_area,
  mas_empty_area_rev,
  mas_find,
  mas_find_rev,
  mas_next,
  mas_next_range,
  mas_prev,
  mas_prev_range,
  mas_set_range,
  mas_store_gfp,
  mas_walk,
  mt_validate,
  mtree_destroy,
  mtree_erase,
  mtree_store_range,
} from '../../lib/maple_tree.js';
import { deepTree, place, ranges } from './expect.js';
import { Oracle } from './oracle.js';

/** Rebuilds much of the tree below and above entry e20 (0x150-0x157), which stays. */
function shake(mt: maple_tree<string>): void {
  for (let i = 0; i < 40; i++) if (i !== 20) mtree_erase(mt, 16 * (i + 1));
  for (let i = 0; i < 80; i++) {
    const first = 8 * (i + 1);
    if (first + 3 < 0x150 || first > 0x157) mtree_store_range(mt, first, first + 3, `n${i}`, GFP_KERNEL);
  }
}

t.test('steps of a state whose tree was changed', async (t) => {
  const steps = {
    next: [mas_next, ULONG_MAX, 'n42', '158-15b active'],
    next_range: [mas_next_range, ULONG_MAX, 'n42', '158-15b active'],
    prev: [mas_prev, 0, 'n40', '148-14b active'],
    prev_range: [mas_prev_range, 0, null, '14c-14f active'],
    find: [mas_find, ULONG_MAX, 'n42', '158-15b active'],
    find_rev: [mas_find_rev, 0, 'n40', '148-14b active'],
  } as const;
  for (const [name, [step, limit, entry, where]] of Object.entries(steps)) {
    const mt = deepTree(40);
    const mas = MA_STATE(mt, 0x150, 0x150);
    t.equal(mas_walk(mas), 'e20');
    shake(mt);
    t.equal(step(mas, limit), entry, name);
    t.equal(place(mas), where, name);
  }
});

t.test('walking, storing and looking for room after a change', async (t) => {
  const mt = deepTree(40);
  const mas = MA_STATE(mt, 0x150, 0x150);
  mas_walk(mas);
  shake(mt);
  t.equal(mas_walk(mas), 'e20');
  t.equal(place(mas), '150-157 active');
  const other = MA_STATE(mt, 0, ULONG_MAX);
  mas_store_gfp(other, 'all', GFP_KERNEL);
  t.equal(mas_store_gfp(mas, 'x', GFP_KERNEL), 0);
  t.equal(ranges(mt), '0-14f:all 150-157:x 158-max:all');
  mas_set_range(other, 0x100, 0x13f);
  mas_store_gfp(other, null, GFP_KERNEL);
  t.equal(mas_empty_area(mas, 0, ULONG_MAX, 8), 0, 'from the root again');
  t.equal(place(mas), '100-107 active');
  mas_set_range(other, 0x200, 0x23f);
  mas_store_gfp(other, null, GFP_KERNEL);
  t.equal(mas_empty_area_rev(mas, 1, ULONG_MAX, 8), 0);
  t.equal(place(mas), '238-23f active');
});

t.test('a tree that was emptied or shrank to its single entry', async (t) => {
  const make = () => {
    const mt = deepTree(40);
    const mas = MA_STATE(mt, 0x150, 0x150);
    mas_walk(mas);
    mtree_destroy(mt);
    return { mt, mas };
  };
  for (const [step, where] of [
    [(m) => mas_next(m, ULONG_MAX), '0-max none'],
    [(m) => mas_find(m, ULONG_MAX), '0-max none'],
    [(m) => mas_prev(m, 0), '0-max none'],
    [(m) => mas_find_rev(m, 0), '0-0 root'],
  ] as [(m: ReturnType<typeof make>['mas']) => string | null, string][]) {
    const { mas } = make();
    t.equal(step(mas), null);
    t.equal(place(mas), where);
  }
  for (const [step, entry, where] of [
    [(m) => mas_next(m, ULONG_MAX), null, '1-max none'],
    [(m) => mas_find(m, ULONG_MAX), null, '1-max none'],
    [(m) => mas_prev(m, 0), 'r', '0-0 root'],
    [(m) => mas_find_rev(m, 0), 'r', '0-0 root'],
  ] as [(m: ReturnType<typeof make>['mas']) => string | null, string | null, string][]) {
    const { mt, mas } = make();
    mtree_store_range(mt, 0, 0, 'r', GFP_KERNEL);
    t.equal(step(mas), entry);
    t.equal(place(mas), where);
  }
});

t.test('a state on the single entry, when the tree has grown', async (t) => {
  const make = () => {
    const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE);
    mtree_store_range(mt, 0, 0, 'r', GFP_KERNEL);
    const mas = MA_STATE(mt, 0, 0);
    t.equal(mas_walk(mas), 'r');
    mtree_store_range(mt, 8, 9, 'a', GFP_KERNEL);
    return mas;
  };
  const next = make();
  t.equal(mas_next(next, ULONG_MAX), 'a', 'next');
  const find = make();
  t.equal(mas_find(find, ULONG_MAX), 'a', 'find');
  const back = make();
  t.equal(mas_find_rev(back, 0), null, 'find_rev');
  t.equal(place(back), '0-0 underflow');
  const store = make();
  t.equal(mas_store_gfp(store, 's', GFP_KERNEL), 0);
  t.equal(ranges(store.tree), '0-0:s 1-7:- 8-9:a a-max:-');
  const prev = make();
  prev.index = 5;
  t.equal(mas_prev(prev, 0), 'r', 'prev');
});

t.test('after a limit was met', async (t) => {
  const over = deepTree(40);
  const mas = MA_STATE(over, 0x150, 0x150);
  mas_walk(mas);
  mas_next(mas, 0x157);
  shake(over);
  t.equal(mas_next(mas, ULONG_MAX), 'n42', 'next after overflow');
  const under = deepTree(40);
  const back = MA_STATE(under, 0x150, 0x150);
  mas_walk(back);
  mas_prev(back, 0x150);
  shake(under);
  t.equal(mas_prev(back, 0), 'n40', 'prev after underflow');
  mas_prev(back, 0x148);
  mtree_store_range(under, 0x142, 0x143, 'x', GFP_KERNEL);
  t.equal(mas_find_rev(back, 0), 'x', 'find_rev after underflow');
});

t.test('many states, all stepping while one stores', async (t) => {
  const random = new Random(4711);
  const mt = new maple_tree<number>(MT_FLAGS_ALLOC_RANGE, 4);
  const oracle = new Oracle();
  const writer = MA_STATE(mt, 0, 0);
  const readers = Array.from({ length: 6 }, () => MA_STATE(mt, 0, 0));
  for (let step = 0; step < 4000; step++) {
    const first = random.below(200);
    const last = first + random.below(8);
    const entry = random.oneIn(3) ? null : step + 1;
    mas_set_range(writer, first, last);
    mas_store_gfp(writer, entry, GFP_KERNEL);
    oracle.store(first, last, entry);
    mt_validate(mt);
    const mas = readers[step % readers.length];
    if (mas === undefined) continue;
    // A reader goes on from the range that now holds its last index, up, or its first index, down.
    const up = random.oneIn(2);
    const from = up ? mas.last : mas.index;
    const here = oracle.at(from);
    const wanted = up ? oracle.after(here.last, ULONG_MAX) : oracle.before(here.first, 0);
    if (mt.height === 0 || (up ? from === ULONG_MAX : from === 0) || mas.status !== 0) {
      mas_set_range(mas, first, first);
      mas_walk(mas);
      continue;
    }
    const found = up ? mas_next(mas, ULONG_MAX) : mas_prev(mas, 0);
    if (found !== (wanted?.entry ?? null)) {
      t.fail(`step ${step}, ${up ? 'next' : 'prev'} from ${from}`, { found, wanted: wanted?.entry ?? null });
      return;
    }
  }
  t.pass('4000 steps');
});
