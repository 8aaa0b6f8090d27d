// SPDX-License-Identifier: GPL-2.0-only
/** What only the edge of a tree, of a node or of a state shows; each was a mutant that nothing else noticed. */
import sinon from 'sinon';
import t from 'tap';
import { ENOMEM } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ma_none, ma_underflow, maple_tree } from '../../include/linux/maple_tree.js';
import {
  __mas_set_range,
  __mt_dup,
  MA_STATE,
  maple_debug,
  maple_slab,
  mas_destroy,
  mas_find_rev,
  mas_pause,
  mas_preallocate,
  mas_prev,
  mas_store_prealloc,
  mas_walk,
  mt_dump,
  mt_init_flags,
  mt_validate,
  mtree_destroy,
  mtree_erase,
  mtree_load,
  mtree_store,
  mtree_store_range,
} from '../../lib/maple_tree.js';
import { deepTree, place, ranges, treeOf } from './expect.js';

t.test('a duplicate asks for the nodes of every level, and of any of them it may run short', async (t) => {
  const mt = deepTree(60);
  t.ok(mt.height > 2);
  const alloc = sinon.stub(maple_slab, 'alloc');
  t.teardown(() => alloc.restore());
  const asked: number[] = [];
  const dup = (most: number): number => {
    asked.length = 0;
    alloc.callsFake((count) => asked.push(count) <= most);
    const copy = new maple_tree<string>(mt.ma_flags, 4);
    const err = __mt_dup(mt, copy, GFP_KERNEL);
    t.equal(ranges(copy), err === 0 ? ranges(mt) : '');
    mtree_destroy(copy);
    return err;
  };
  t.equal(dup(Number.POSITIVE_INFINITY), 0);
  t.equal(
    asked.reduce((sum, count) => sum + count),
    mt.nodes?.live,
    'one for each node',
  );
  const requests = asked.length;
  t.ok(requests > 5);
  for (let most = 0; most < requests; most++) t.equal(dup(most), -ENOMEM, `${most} of ${requests}`);
  mtree_destroy(mt);
});

t.test('a search back from a paused state that has come to its limit has run below it', async (t) => {
  const mt = deepTree(20);
  const mas = MA_STATE(mt, 0x20, 0x20);
  t.equal(mas_walk(mas), 'e1');
  mas_pause(mas);
  t.equal(mas_find_rev(mas, 0x20), null);
  t.equal(mas.status, ma_underflow);
  mas.status = ma_none;
  t.equal(mas_find_rev(mas, mas.index), null);
  t.equal(mas.status, ma_none);
});

t.test('a state that was moved back out of its leaf, and has come to its limit, has run below it', async (t) => {
  const mt = deepTree(20);
  const warn = sinon.stub(maple_debug, 'warn');
  t.teardown(() => warn.restore());
  let first = 0;
  // The first slot of a leaf that is not the first one.
  for (let index = 0x100; first === 0; index -= 8) {
    const mas = MA_STATE(mt, index, index);
    mas_walk(mas);
    if (mas.offset === 0) first = mas.index;
  }
  const mas = MA_STATE(mt, first, first);
  mas_walk(mas);
  __mas_set_range(mas, 0x10, 0x10);
  t.equal(mas_prev(mas, 0x20), null);
  t.equal(place(mas), '10-10 underflow');
});

t.test('a tree that is set up anew has nothing of what it was', async (t) => {
  const mt = new maple_tree<string>();
  mtree_store(mt, 0, 'a', GFP_KERNEL);
  t.equal(mtree_load(mt, 0), 'a');
  mt_init_flags(mt, 0);
  t.equal(mtree_load(mt, 0), null);
});

t.test('nodes that were freed are used again', async (t) => {
  const mt = deepTree(40);
  const nodes = mt.nodes?.level.length ?? 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 40; i++) mtree_erase(mt, 16 * (i + 1));
    for (let i = 0; i < 40; i++) mtree_store_range(mt, 16 * (i + 1), 16 * (i + 1) + 7, `e${i}`, GFP_KERNEL);
    mt_validate(mt);
  }
  t.ok((mt.nodes?.level.length ?? 0) <= 2 * nodes, `${nodes} nodes, and ${mt.nodes?.level.length} after fifty rounds`);
  mtree_destroy(mt);
});

t.test('a promised store finds its place again after another state of the tree has planned one', async (t) => {
  const mt = deepTree(6, 16);
  const [one, other] = [MA_STATE(mt, 0x11, 0x12), MA_STATE(mt, 0x58, 0x59)];
  mas_preallocate(one, 'x', GFP_KERNEL);
  mas_preallocate(other, 'y', GFP_KERNEL);
  mas_store_prealloc(one, 'x');
  mas_destroy(other);
  t.match(ranges(mt), /^0-f:- 10-10:e0 11-12:x 13-17:e0 18-1f:- 20-27:e1 .* 50-57:e4 58-5f:- 60-67:e5 /);
  mtree_destroy(mt);
});

t.test('a dump shows gaps where the tree keeps them', async (t) => {
  const entries = Array.from({ length: 12 }, (_one, i) => 16 * (i + 1));
  const plain = new maple_tree<string>(0, 4);
  for (const first of entries) mtree_store_range(plain, first, first + 7, 'e', GFP_KERNEL);
  t.ok(plain.height > 1);
  t.match(mt_dump(plain), /: node \d+$/m);
  t.notMatch(mt_dump(plain), ' gap ');
  const kept = treeOf(
    entries.map((first) => [first, first + 7, 'e'] as const),
    4,
  );
  t.match(mt_dump(kept), /: node \d+ gap 8$/m);
  for (const mt of [plain, kept]) mtree_destroy(mt);
});

t.test('a last pivot that is not the end of its node is told with both', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const { nodes, root } = mt;
  if (nodes === null) throw new Error('no nodes');
  const end = root + nodes.endOf(root);
  nodes.pivot[end] = 0x2f;
  t.throws(() => mt_validate(mt), /: last pivot 0x2f is not its maximum 0x[0-9a-f]+$/);
});
