// SPDX-License-Identifier: GPL-2.0-only
/** The interval trees, against a sorted array that is searched from end to end. */

import fc from 'fast-check';
import t from 'tap';
import { rb_node, rb_root_cached } from '../../include/linux/rbtree.js';
import { INTERVAL_TREE_DEFINE } from '../../lib/interval_tree/interval_tree_generic.js';

class Item {
  readonly rb: rb_node<Item>;
  readonly start: number;
  readonly last: number;
  /** Of its insertion: items with the same start stand in that order. */
  readonly serial: number;

  constructor(start: number, last: number, serial: number) {
    this.rb = new rb_node<Item>(this);
    this.start = start;
    this.last = last;
    this.serial = serial;
  }
}

const tree = INTERVAL_TREE_DEFINE<Item>({
  node: (item) => item.rb,
  start: (item) => item.start,
  last: (item) => item.last,
});

function ordered(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => a.start - b.start || a.serial - b.serial);
}

/** The rules of a red-black tree and of its augmented values. Returns black nodes on each way down; throws. */
function check(node: rb_node<Item> | null, parent: rb_node<Item> | null): { black: number; last: number } {
  if (node === null) return { black: 1, last: -1 };
  if (node.rb_parent !== parent) throw new Error('a wrong parent');
  if (node.rb_red && (parent === null || parent.rb_red)) throw new Error('two red nodes, or a red root');
  const [left, right] = [check(node.rb_left, node), check(node.rb_right, node)];
  if (left.black !== right.black) throw new Error('ways of different length');
  const last = Math.max(node.owner.last, left.last, right.last);
  if (node.rb_subtree_last !== last) throw new Error('rb_subtree_last is wrong');
  return { black: left.black + (node.rb_red ? 0 : 1), last };
}

function depth(node: rb_node<Item> | null): number {
  return node === null ? 0 : 1 + Math.max(depth(node.rb_left), depth(node.rb_right));
}

function found(root: rb_root_cached<Item>, start: number, last: number): Item[] {
  const items: Item[] = [];
  for (let item = tree.iterFirst(root, start, last); item !== null; item = tree.iterNext(item, start, last)) {
    items.push(item);
  }
  return items;
}

function same(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

type Step = { add: boolean; start: number; length: number; pick: number };

const steps = fc.array(fc.record({ add: fc.boolean(), start: fc.nat(40), length: fc.nat(12), pick: fc.nat(1000) }), {
  maxLength: 80,
});

function follow(program: readonly Step[]): void {
  const root = new rb_root_cached<Item>();
  let items: Item[] = [];
  for (const [serial, { add, start, length, pick }] of program.entries()) {
    const victim = items[pick % Math.max(1, items.length)];
    if (add || victim === undefined) {
      const item = new Item(start, start + length, serial);
      tree.insert(item, root);
      items.push(item);
    } else {
      tree.remove(victim, root);
      items = items.filter((item) => item !== victim);
    }
    check(root.rb_root.rb_node, null);
    if ((root.rb_leftmost?.owner ?? null) !== (ordered(items)[0] ?? null)) throw new Error('rb_leftmost is wrong');
    const last = start + (pick % 9);
    const wanted = ordered(items).filter((item) => item.start <= last && start <= item.last);
    if (!same(found(root, start, last), wanted)) throw new Error(`a search of ${start} to ${last} went wrong`);
  }
}

t.test('random insertions, removals and searches', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(steps, follow), { numRuns: 300 }));
});

t.test('a thousand intervals in order make no list', async (t) => {
  const root = new rb_root_cached<Item>();
  const items: Item[] = [];
  for (let i = 0; i < 1000; i++) {
    const item = new Item(i, i, i);
    items.push(item);
    tree.insert(item, root);
  }
  check(root.rb_root.rb_node, null);
  t.ok(depth(root.rb_root.rb_node) <= 20, `${depth(root.rb_root.rb_node)} levels`);
  for (const item of items.slice(0, 999)) tree.remove(item, root);
  t.equal(root.rb_leftmost?.owner, items[999]);
  t.same(
    found(root, 0, 2000).map(({ start }) => start),
    [999],
  );
  tree.remove(items[999] ?? new Item(0, 0, 0), root);
  t.equal(root.rb_root.rb_node, null);
  t.equal(root.rb_leftmost, null);
  t.equal(tree.iterFirst(root, 0, 2000), null);
});

t.test('a search looks at few nodes', async (t) => {
  let looks = 0;
  const counted = INTERVAL_TREE_DEFINE<Item>({
    node: (item) => item.rb,
    start: (item) => item.start,
    last: (item) => {
      looks++;
      return item.last;
    },
  });
  const root = new rb_root_cached<Item>();
  for (let i = 0; i < 4096; i++) counted.insert(new Item(2 * i, 2 * i, i), root);
  looks = 0;
  t.equal(counted.iterFirst(root, 5000, 5000)?.start, 5000);
  t.equal(counted.iterFirst(root, 5001, 5001), null);
  t.ok(looks < 60, `${looks} looks`);
});
