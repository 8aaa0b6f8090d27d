// SPDX-License-Identifier: GPL-2.0-only
/** For each rule of the tree, a tree that breaks it: mt_validate() must say so. */
import t from 'tap';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { maple_nodes, maple_tree } from '../../include/linux/maple_tree.js';
import { MA_STATE, mas_prev, mas_walk, mt_dump, mt_validate } from '../../lib/maple_tree.js';
import { deepTree, treeOf } from './expect.js';

/** The nodes of a tree, its first leaf, and the parent of that. */
function insides(mt: maple_tree<string>): { nodes: maple_nodes<string>; leaf: number; parent: number } {
  const { nodes } = mt;
  if (nodes === null) throw new Error('the tree has no nodes');
  let leaf = mt.root;
  let parent = leaf;
  for (let level = mt.height; level > 1; level--) {
    parent = leaf;
    leaf = nodes.child[leaf] ?? -1;
  }
  return { nodes, leaf, parent };
}

const BROKEN: [string, RegExp, (mt: maple_tree<string>) => void][] = [
  [
    'a pivot that is no index',
    /slot 0: pivot NaN is no index/,
    (mt) => set(insides(mt).nodes.pivot, insides(mt).leaf, Number.NaN),
  ],
  ['pivots that fall', /slot 1: pivot 0x3 below 0x10/, (mt) => set(insides(mt).nodes.pivot, insides(mt).leaf + 1, 3)],
  [
    'a leaf that does not reach its maximum',
    /last pivot .* is not its maximum/,
    (mt) => {
      const { nodes, leaf } = insides(mt);
      const end = leaf + (nodes.end[leaf >> 5] ?? 0);
      set(nodes.pivot, end, (nodes.pivot[end] ?? 0) - 1);
    },
  ],
  ['too many slots', /slots, room for 4/, (mt) => set(insides(mt).nodes.end, insides(mt).leaf >> 5, 9)],
  ['an inner node with one child', /1 slots on level/, (mt) => set(insides(mt).nodes.end, mt.root >> 5, 0)],
  [
    'two NULLs in a row',
    /slot 1: NULL after NULL/,
    (mt) => {
      insides(mt).nodes.slot[insides(mt).leaf + 1] = null;
    },
  ],
  [
    'a NULL at the end of a leaf',
    /ends in NULL/,
    (mt) => {
      const { nodes, leaf } = insides(mt);
      nodes.slot[leaf + 2] = 'x';
      nodes.slot[leaf + (nodes.end[leaf >> 5] ?? 0)] = null;
    },
  ],
  [
    'an undefined entry',
    /slot 1: undefined for an entry/,
    (mt) => {
      Reflect.set(insides(mt).nodes.slot, insides(mt).leaf + 1, undefined);
    },
  ],
  ['a wrong gap', /slot 0: gap 0x3 noted, 0x10 found/, (mt) => set(insides(mt).nodes.gap, insides(mt).parent, 3)],
  [
    'a wrong parent',
    /slot 0: child \d+ has another parent/,
    (mt) => set(insides(mt).nodes.parent, insides(mt).leaf >> 5, 1),
  ],
  [
    'a wrong level',
    /slot 0: child \d+ on a wrong level/,
    (mt) => set(insides(mt).nodes.level, insides(mt).leaf >> 5, 1),
  ],
  ['a root with a parent', /the root has a parent/, (mt) => set(insides(mt).nodes.parent, mt.root >> 5, 1)],
  [
    'a wrong height',
    /height 9, root on level/,
    (mt) => {
      mt.height = 9;
    },
  ],
  [
    'a lost node',
    /nodes in the tree, \d+ in use/,
    (mt) => {
      insides(mt).nodes.live++;
    },
  ],
  [
    'an entry and nodes at the root',
    /an entry for a root besides a node/,
    (mt) => {
      mt.ma_root = 'x';
    },
  ],
  [
    'a root without nodes',
    /a root without nodes/,
    (mt) => {
      mt.nodes = null;
    },
  ],
  [
    'a height without nodes',
    /height \d without a node/,
    (mt) => {
      mt.root = -1;
    },
  ],
  [
    'nodes without a root',
    /nodes in no tree/,
    (mt) => {
      mt.root = -1;
      mt.height = 0;
    },
  ],
];

function set(array: number[], at: number, value: number): void {
  array[at] = value;
}

t.test('a sound tree passes', async (t) => {
  t.doesNotThrow(() => mt_validate(deepTree(30)));
  t.doesNotThrow(() => mt_validate(new maple_tree<string>()));
  t.doesNotThrow(() => mt_validate(treeOf([[0, 0, 'r']])));
});

for (const [what, message, damage] of BROKEN) {
  t.test(`${what} is found`, async (t) => {
    const mt = deepTree(30);
    damage(mt);
    t.throws(() => mt_validate(mt), { message });
  });
}

t.test('an entry left behind past the end is found', async (t) => {
  const mt = treeOf([[0x10, 0x1f, 'a']]);
  const { nodes, leaf } = insides(mt);
  nodes.slot[leaf + 3] = 'x';
  t.throws(() => mt_validate(mt), { message: /slot 3: an entry past the end/ });
});

t.test('a leaf of NULL alone is found, but at the root, where erasing leaves one', async (t) => {
  const mt = deepTree(30);
  const { nodes, leaf, parent } = insides(mt);
  set(nodes.end, leaf >> 5, 0);
  nodes.slot.fill(null, leaf, leaf + 4);
  set(nodes.pivot, leaf, nodes.pivot[parent] ?? 0);
  t.throws(() => mt_validate(mt), /ends in NULL/);
  const whole = treeOf([[0, ULONG_MAX, 'a']]);
  const inner = insides(whole);
  inner.nodes.slot[inner.leaf] = null;
  t.doesNotThrow(() => mt_validate(whole));
});

t.test('mt_dump shows a tree', async (t) => {
  t.equal(mt_dump(new maple_tree<string>()), 'maple_tree flags 0 height 0\n  empty');
  t.equal(mt_dump(treeOf([[0, 0, 'r']])), 'maple_tree flags 1 height 0\n  0-0: r');
  const text = mt_dump(deepTree(8));
  t.match(text, /^maple_tree flags 1 height 3\n {2}0-[0-9a-f]+: node \d+ gap [0-9a-f]+\n/);
  t.match(text, /\n {6}10-17: e0\n {6}18-1f: NULL\n/);
});

t.test('reading past the nodes of a tree', async (t) => {
  const nodes = new maple_nodes<string>();
  const reads: ((at: number) => unknown)[] = [
    (at) => nodes.pivotAt(at),
    (at) => nodes.slotAt(at),
    (at) => nodes.childAt(at),
    (at) => nodes.gapAt(at),
    (at) => nodes.parentOf(at),
    (at) => nodes.endOf(at),
    (at) => nodes.levelOf(at),
  ];
  for (const read of reads) {
    for (const at of [0, -1, 64, Number.NaN]) {
      t.throws(() => read(at), { message: `maple_tree: internal error: nothing is at place ${at}` }, `${read} ${at}`);
    }
  }
  const mas = MA_STATE(deepTree(20), 0x50, 0x50);
  mas_walk(mas);
  mas.offset = 0x10000;
  t.throws(() => mas_prev(mas, 0), { message: /^maple_tree: internal error: nothing is at place \d+$/ });
});
