// SPDX-License-Identifier: GPL-2.0-only
/** Nodes: reserved before a store, used by it, given back after it; and what happens without memory. */
import sinon from 'sinon';
import t, { type Test } from 'tap';
import { ENOMEM } from '../../include/linux/errno.js';
import { __GFP_NOFAIL, GFP_KERNEL, type gfp_t } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import {
  MT_FLAGS_ALLOC_RANGE,
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_LOCK_IRQ,
  MT_FLAGS_USE_RCU,
  maple_tree,
  wr_append,
  wr_node_store,
  wr_slot_store,
} from '../../include/linux/maple_tree.js';
import {
  MA_STATE,
  maple_debug,
  maple_slab,
  mas_destroy,
  mas_erase,
  mas_error,
  mas_next,
  mas_preallocate,
  mas_set_range,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
  mas_walk,
  mt_validate,
  mtree_destroy,
  mtree_empty,
  mtree_erase,
  mtree_insert,
  mtree_load,
  mtree_store_range,
} from '../../lib/maple_tree.js';
import { deepTree, place, ranges, treeOf } from './expect.js';

const sandbox = sinon.createSandbox();

/** Counts requests for nodes, and answers them as told; restored with the test. */
function watchAlloc(t: Test, answer: (request: number) => boolean): { requests: number; nodes: number; gfp: gfp_t[] } {
  const seen = { requests: 0, nodes: 0, gfp: [] as gfp_t[] };
  sandbox.restore();
  sandbox.stub(maple_slab, 'alloc').callsFake((count, gfp) => {
    seen.nodes += count;
    seen.gfp.push(gfp);
    return answer(++seen.requests);
  });
  t.teardown(() => sandbox.restore());
  return seen;
}

/** A leaf that is full: the next store into it splits. */
function fullLeaf(): maple_tree<string> {
  const mt = treeOf([], 8);
  for (let i = 0; i < 8; i++) mtree_store_range(mt, 4 * i, i === 7 ? ULONG_MAX : 4 * i + 3, `e${i}`, GFP_KERNEL);
  return mt;
}

t.test('a store that fits its leaf reserves nothing', async (t) => {
  const mt = deepTree(20, 32);
  const seen = watchAlloc(t, () => true);
  const mas = MA_STATE(mt, 0x20, 0x27);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
  t.equal(mas.reserved, 0);
  mas_store_prealloc(mas, 'x');
  t.match(ranges(mt), / 10-17:e0 18-1f:- 20-27:x 28-2f:- 30-37:e2 /);
  mas_set_range(mas, 0x22, 0x23);
  mas_store_gfp(mas, 'y', GFP_KERNEL);
  t.match(ranges(mt), / 18-1f:- 20-21:x 22-23:y 24-27:x 28-2f:- /);
  t.equal(seen.requests, 0);
});

t.test('an RCU tree reserves a node for a store that moves slots', async (t) => {
  const mt = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE | MT_FLAGS_USE_RCU);
  mtree_store_range(mt, 0x10, 0x1f, 'a', GFP_KERNEL);
  const mas = MA_STATE(mt, 0x12, 0x13);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
  t.equal(mas.reserved, 1);
  mas_store_prealloc(mas, 'x');
  t.equal(mas.reserved, 0);
  t.equal(ranges(mt), '0-f:- 10-11:a 12-13:x 14-1f:a 20-max:-');
});

t.test('a promise is counted until it is kept', async (t) => {
  const { reserved, live } = maple_slab;
  const mt = fullLeaf();
  const mas = MA_STATE(mt, 0xd, 0xd);
  const seen = watchAlloc(t, () => true);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
  t.equal(maple_slab.reserved - reserved, 3, 'two leaves and a root');
  t.equal(maple_slab.live - live, 1);
  mas_store_prealloc(mas, 'x');
  t.match(ranges(mt), / 8-b:e2 c-c:e3 d-d:x e-f:e3 /);
  t.equal(maple_slab.reserved, reserved);
  t.equal(maple_slab.live - live, 3);
  t.equal(seen.requests, 1, 'the store itself asked for nothing');
  t.same(seen.gfp, [GFP_KERNEL]);
  mtree_destroy(mt);
  t.equal(maple_slab.live, live);
});

t.test('an unused promise can be seen, and given back', async (t) => {
  const { reserved } = maple_slab;
  const mt = fullLeaf();
  const before = ranges(mt);
  const mas = MA_STATE(mt, 0xd, 0xd);
  mas_preallocate(mas, 'x', GFP_KERNEL);
  t.equal(maple_slab.reserved - reserved, 3);
  mas_destroy(mas);
  t.equal(maple_slab.reserved, reserved);
  t.equal(ranges(mt), before);
  t.throws(
    () => mas_store_prealloc(mas, 'x'),
    /^mas_store_prealloc: 3 nodes needed, 0 reserved: no mas_preallocate\(\)/,
  );
});

t.test('a store that needs no node is carried out without a promise', async (t) => {
  const { reserved } = maple_slab;
  const mt = fullLeaf();
  const [first] = ranges(mt).split(' ');
  const mas = MA_STATE(mt, 0, 0);
  mas_walk(mas);
  mas_store_prealloc(mas, 'x');
  t.not(ranges(mt).split(' ')[0], first);
  t.equal(maple_slab.reserved, reserved);
});

t.test('a second promise takes over the nodes of the first', async (t) => {
  const { reserved } = maple_slab;
  const mt = fullLeaf();
  const mas = MA_STATE(mt, 0xd, 0xd);
  const seen = watchAlloc(t, () => true);
  mas_preallocate(mas, 'x', GFP_KERNEL);
  mas_set_range(mas, 0x11, 0x11);
  t.equal(mas_preallocate(mas, 'y', GFP_KERNEL), 0);
  t.equal(seen.nodes, 3);
  mas_store_prealloc(mas, 'y');
  t.match(ranges(mt), / c-f:e3 10-10:e4 11-11:y 12-13:e4 /, 'and what was first promised is not stored');
  t.equal(maple_slab.reserved, reserved);
});

t.test('a second promise that needs more asks for more', async (t) => {
  const { reserved } = maple_slab;
  const mt = deepTree(40);
  const mas = MA_STATE(mt, 0x22, 0x23);
  const seen = watchAlloc(t, () => true);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), 0);
  const first = mas.reserved;
  mas_set_range(mas, 0x22, 0x107);
  t.equal(mas_preallocate(mas, 'y', GFP_KERNEL), 0);
  t.ok(mas.reserved > first && first > 0, `${first}, then ${mas.reserved} nodes`);
  t.equal(seen.nodes, mas.reserved, 'those of the first are used');
  mas_store_prealloc(mas, 'y');
  t.match(ranges(mt), /20-21:e1 22-107:y 108-10f:- /);
  const none = MA_STATE(mt, 0x1a0, 0x1a7);
  t.equal(mas_preallocate(none, 'z', GFP_KERNEL), 0);
  t.equal(none.reserved, 0);
  mas_set_range(none, 0x180, 0x20f);
  t.equal(mas_preallocate(none, 'z', GFP_KERNEL), 0, 'after one that needed none');
  t.ok(none.reserved > 0);
  mas_store_prealloc(none, 'z');
  t.match(ranges(mt), / 180-20f:z /);
  t.equal(maple_slab.reserved, reserved);
});

t.test('after a promise over several leaves that is not kept, steps begin anew', async (t) => {
  const mas = MA_STATE(deepTree(40), 0x20, 0x107);
  mas_preallocate(mas, 'x', GFP_KERNEL);
  mas_destroy(mas);
  t.equal(mas_next(mas, ULONG_MAX), 'e16');
  t.equal(place(mas), '110-117 active');
});

t.test('a promised store follows its tree, within the promise', async (t) => {
  const mt = deepTree(40);
  const mas = MA_STATE(mt, 0x24, 0x25);
  mas_preallocate(mas, 'x', GFP_KERNEL);
  const other = MA_STATE(mt, 0x200, 0x207);
  mas_store_gfp(other, null, GFP_KERNEL);
  mas_store_prealloc(mas, 'x');
  t.match(ranges(mt), /20-23:e1 24-25:x 26-27:e1/);
  const empty = new maple_tree<string>(MT_FLAGS_ALLOC_RANGE, 4);
  const late = MA_STATE(empty, 0, 0);
  t.equal(mas_preallocate(late, 'x', GFP_KERNEL), 0, 'a single entry needs no node');
  for (let i = 0; i < 4; i++) mtree_store_range(empty, 8 * i, i === 3 ? ULONG_MAX : 8 * i + 7, 'a', GFP_KERNEL);
  const before = ranges(empty);
  t.throws(
    () => mas_store_prealloc(late, 'x'),
    /^mas_store_prealloc: [1-9]\d* nodes needed, 0 reserved: .* the tree changed since$/,
  );
  t.equal(ranges(empty), before, 'nothing was stored');
});

t.test('a store without memory changes nothing', async (t) => {
  const { reserved, live } = maple_slab;
  const mt = fullLeaf();
  const before = ranges(mt);
  const nodes = maple_slab.live;
  watchAlloc(t, () => false);
  const mas = MA_STATE(mt, 0xd, 0xd);
  t.equal(mas_store_gfp(mas, 'x', GFP_KERNEL), -ENOMEM);
  t.equal(place(mas), 'd-d error');
  t.equal(mas_error(mas), -ENOMEM);
  mas_set_range(mas, 0xd, 0xd);
  t.equal(mas_preallocate(mas, 'x', GFP_KERNEL), -ENOMEM);
  t.equal(place(mas), 'd-d start', 'a promise that cannot be made leaves a new state');
  t.equal(mas_store(mas, 'x'), null);
  t.equal(mas_error(mas), -ENOMEM);
  t.equal(mtree_store_range(mt, 0xd, 0xd, 'x', GFP_KERNEL), -ENOMEM);
  t.equal(ranges(mt), before);
  t.equal(maple_slab.live, nodes);
  t.equal(maple_slab.reserved, reserved);
  const empty = new maple_tree<string>();
  t.equal(mtree_insert(empty, 5, 'x', GFP_KERNEL), -ENOMEM);
  t.equal(mtree_insert(empty, 0, 'x', GFP_KERNEL), 0, 'the single entry needs no node');
  mtree_destroy(mt);
  t.equal(maple_slab.live, live);
});

t.test('a NULL without memory leaves the range widened, as upstream', async (t) => {
  const mt = deepTree(20, 8);
  const before = ranges(mt);
  watchAlloc(t, () => false);
  const mas = MA_STATE(mt, 0x110, 0x117);
  t.equal(mas_store_gfp(mas, null, GFP_KERNEL), -ENOMEM);
  t.equal(place(mas), '108-11f error', 'over the NULLs beside it');
  const spanning = MA_STATE(mt, 0x120, 0x127);
  t.equal(mas_store_gfp(spanning, null, GFP_KERNEL), -ENOMEM);
  t.equal(place(spanning), '120-127 error', 'but not over those that it has not walked to yet');
  t.equal(ranges(mt), before);
});

t.test('the second attempt has the flags of the caller', async (t) => {
  const mt = fullLeaf();
  const seen = watchAlloc(t, (request) => request > 1);
  t.equal(mtree_store_range(mt, 0xd, 0xd, 'x', GFP_KERNEL), 0);
  t.same(seen.gfp, [0, GFP_KERNEL]);
  mt_validate(mt);
  mtree_destroy(mt);
});

t.test('a retried store of NULL begins with the range that was asked for', async (t) => {
  const mt = deepTree(20, 8);
  // Upstream drops the lock while it waits for memory: somebody else may store then.
  const seen = watchAlloc(t, (request) => {
    if (request === 2) mtree_store_range(mt, 0x108, 0x10f, 'n', GFP_KERNEL);
    return request > 1;
  });
  const mas = MA_STATE(mt, 0x110, 0x117);
  t.equal(mas_store_gfp(mas, null, GFP_KERNEL), 0);
  t.equal(seen.requests, 2);
  t.match(ranges(mt), / 100-107:e15 108-10f:n 110-11f:- 120-127:e17 /);
  t.equal(place(mas), '110-11f active');
});

t.test('with __GFP_NOFAIL memory is never refused', async (t) => {
  const mt = fullLeaf();
  const seen = watchAlloc(t, () => false);
  t.equal(mtree_store_range(mt, 0xd, 0xd, 'x', GFP_KERNEL | __GFP_NOFAIL), 0);
  t.equal(seen.requests, 2);
  mt_validate(mt);
});

t.test('erasing asks for memory until there is some', async (t) => {
  const { reserved } = maple_slab;
  for (const flags of [MT_FLAGS_ALLOC_RANGE, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN]) {
    const mt = new maple_tree<string>(flags, 4);
    for (let i = 0; i < 40; i++) mtree_store_range(mt, 16 * i, 16 * i + 7, `e${i}`, GFP_KERNEL);
    let retried = 0;
    for (let i = 0; i < 40; i++) {
      const seen = watchAlloc(t, () => false);
      const mas = MA_STATE(mt, 16 * i + 3, 16 * i + 3);
      t.equal(mas_erase(mas), `e${i}`, 'the entry is returned');
      sandbox.restore();
      t.equal(mas_error(mas), 0);
      t.equal(mtree_load(mt, 16 * i + 3), null, 'and gone');
      t.ok(mas.index <= 16 * i && mas.last >= 16 * i + 7, `the state is at the NULL, at ${place(mas)}`);
      if (seen.requests === 0) continue;
      retried++;
      t.same(seen.gfp, [0, GFP_KERNEL | __GFP_NOFAIL]);
    }
    t.ok(retried > 0, `${retried} of 40 needed a node`);
    t.ok(mtree_empty(mt) || ranges(mt) === '0-max:-');
    mtree_destroy(mt);
  }
  t.equal(maple_slab.reserved, reserved);
});

t.test('an erase that waited for memory looks again at what is there', async (t) => {
  const mt = deepTree(20, 8);
  const seen = watchAlloc(t, (request) => {
    if (request === 2) mtree_store_range(mt, 0x108, 0x112, 'n', GFP_KERNEL);
    return request > 1;
  });
  t.equal(mtree_erase(mt, 0x111), 'n');
  t.equal(seen.requests, 2);
  t.match(ranges(mt), / 100-107:e15 108-112:- 113-117:e16 /);
});

t.test('erasing NULL gives back what was reserved', async (t) => {
  const { reserved } = maple_slab;
  const mt = fullLeaf();
  mtree_store_range(mt, 4, 7, null, GFP_KERNEL);
  const mas = MA_STATE(mt, 5, 5);
  mas_preallocate(mas, 'x', GFP_KERNEL);
  t.equal(maple_slab.reserved - reserved, 3);
  t.equal(mas_erase(mas), null);
  t.equal(maple_slab.reserved, reserved);
});

t.test('a second attempt that may not block is warned of where the lock is not the own one of the tree', async (t) => {
  for (const [flags, gfp, wanted] of [
    [MT_FLAGS_LOCK_EXTERN, 0, 1],
    [MT_FLAGS_LOCK_EXTERN, GFP_KERNEL, 0],
    [MT_FLAGS_LOCK_IRQ, 0, 0],
    [0, 0, 0],
  ] as const) {
    const mt = new maple_tree<string>(flags);
    const warnings: string[] = [];
    watchAlloc(t, () => false);
    sandbox.stub(maple_debug, 'warn').callsFake((where, what) => warnings.push(`${where}: ${what}`));
    t.equal(mtree_store_range(mt, 5, 6, 'x', gfp), -ENOMEM);
    t.equal(warnings.length, wanted, `lock flags 0x${flags.toString(16)}, gfp ${gfp}`);
    for (const warning of warnings) t.match(warning, /^mas_nomem: /);
  }
});

t.test('a small root is stored to as a leaf is', async (t) => {
  for (const [flags, first, last, type] of [
    [0, 0x10, 0x27, wr_slot_store],
    [0, 0x18, 0x2f, wr_slot_store],
    [0, 0x18, 0x27, wr_node_store],
    [0, 0x18, 0x3f, wr_node_store],
    [0, 0x12, 0x13, wr_node_store],
    [0, 0x10, 0x3f, wr_node_store],
    [0, 0x40, ULONG_MAX, wr_append],
    [0, 0x40, 0x4f, wr_append],
    [MT_FLAGS_USE_RCU, 0x10, 0x27, wr_node_store],
    [MT_FLAGS_USE_RCU, 0x40, ULONG_MAX, wr_node_store],
  ] as const) {
    const mt = new maple_tree<string>(flags);
    mtree_store_range(mt, 0x10, 0x1f, 'a', GFP_KERNEL);
    mtree_store_range(mt, 0x20, 0x2f, 'b', GFP_KERNEL);
    const mas = MA_STATE(mt, first, last);
    mas_preallocate(mas, 'x', GFP_KERNEL);
    t.equal(mas.store_type, type, `flags ${flags}, ${place(mas)}`);
    mas_destroy(mas);
    mtree_destroy(mt);
  }
});

t.test('no more nodes are ever used than were reserved', async (t) => {
  const { reserved } = maple_slab;
  for (const fanout of [4, 5, 7, 10, 16, 32]) {
    const mt = deepTree(200, fanout);
    for (let i = 0; i < 200; i++) {
      const first = (i * 37) % 3000;
      const mas = MA_STATE(mt, first, first + ((i * 13) % (i % 7 === 0 ? 900 : 20)));
      const entry = i % 3 === 0 ? null : `x${i}`;
      t.equal(mas_preallocate(mas, entry, GFP_KERNEL), 0);
      mas_store_prealloc(mas, entry);
      mt_validate(mt);
    }
    mtree_destroy(mt);
  }
  t.equal(maple_slab.reserved, reserved);
});
