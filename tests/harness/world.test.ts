// SPDX-License-Identifier: GPL-2.0-only
/** One owner of the world: all of it changes when a world is entered, and all of it is as before when it is left. */
import t, { type Test } from 'tap';
import { prepareLoad } from '../../dev/bench/loads.js';
import { longRun } from '../../dev/bench/long.js';
import { TestWorld, test, World } from '../../harness/index.js';
import { doors } from '../../lib/doors/operation.js';
import {
  current,
  do_munmap,
  dummy_anon_vma,
  globals,
  maple_debug,
  maple_slab,
  maple_tree,
  mk_vma_flags,
  mm_struct,
  mmap_region,
  mtree_destroy,
  mtree_store_range,
  PAGE_SIZE,
  stubs,
  upstreamStubs,
  VMA_MAYREAD_BIT,
  VMA_READ_BIT,
  vm_area_alloc,
  vm_area_free,
} from '../../lib/index.js';
import { mmapHooks, ownMmapHooks } from '../../lib/mm/mmap_hooks.js';
import { sideTrees } from '../../lib/mm/vma/side_trees.js';
import { FreedObjects, freed } from '../../stubs/freed.js';
import { stacks } from '../../stubs/place.js';
import { sheaf } from '../../stubs/upstream.js';
import { inReplayWorld } from '../../tools/replay/vma.js';

const OBJECTS = {
  stubs,
  globals,
  current,
  dummy_anon_vma,
  maple_slab,
  maple_debug,
  mmapHooks,
  doors,
  sheaf,
  sideTrees,
  freed,
  stacks,
};

/** Every field of everything that a world owns. */
function everything(): Map<string, unknown> {
  const fields = Object.entries(OBJECTS).flatMap(([name, object]) =>
    Object.entries(object).map(([field, value]): [string, unknown] => [`${name}.${field}`, value]),
  );
  return new Map(fields);
}

/** Fields that are otherwise than they were. The very same values, for functions and lists are told by identity. */
function changed(before: Map<string, unknown>): string[] {
  return [...everything()].flatMap(([name, value]) => (before.get(name) === value ? [] : [name]));
}

/** Changes something of each of the objects. */
function disturb(): void {
  stubs.capable = () => false;
  globals.fail_prealloc = true;
  current.mm = new mm_struct();
  current.comm = 'other';
  dummy_anon_vma.was_cloned = true;
  maple_slab.alloc = () => false;
  maple_slab.live += 3;
  maple_debug.warn = () => {};
  mmapHooks.mmap_file = () => -1;
  doors.watch = { operation: (_name, _args, call) => call() };
  sheaf.vmas = [];
  sideTrees.idle = [];
  freed.objects = new FreedObjects(false);
  stacks.read = () => [];
}

const DISTURBED = [
  'stubs.capable',
  'globals.fail_prealloc',
  'current.comm',
  'current.mm',
  'dummy_anon_vma.was_cloned',
  'maple_slab.alloc',
  'maple_slab.live',
  'maple_debug.warn',
  'mmapHooks.mmap_file',
  'doors.watch',
  'sheaf.vmas',
  'sideTrees.idle',
  'freed.objects',
  'stacks.read',
];

t.test('all that is changed within is as before without', async (t) => {
  const before = everything();
  new World().run(() => {
    const entered = everything();
    disturb();
    t.same(changed(entered), DISTURBED);
  });
  t.same(changed(before), []);
});

t.test('a world begins as the C harness does, with what its options say', async (t) => {
  const mm = new mm_struct();
  const capable = (): boolean => false;
  const mmap_file = (): number => -5;
  const allocNodes = (): boolean => false;
  const options = { mm, stubs: { capable }, globals: { mmap_min_addr: 1 }, mmapHooks: { mmap_file }, allocNodes };
  new World().run(() => {
    disturb();
    new World(options).run(() => {
      t.equal(current.mm, mm);
      t.equal(current.comm, 'vma-userland');
      t.equal(stubs.capable, capable);
      t.equal(stubs.rlimit, upstreamStubs.rlimit);
      t.equal(globals.mmap_min_addr, 1);
      t.equal(globals.fail_prealloc, false);
      t.equal(mmapHooks.mmap_file, mmap_file);
      t.equal(mmapHooks.vfs_mmap_prepare, ownMmapHooks.vfs_mmap_prepare);
      t.equal(maple_slab.alloc, allocNodes);
      t.equal(maple_slab.live, 0);
      t.equal(dummy_anon_vma.was_cloned, false);
    });
    t.equal(stubs.capable(0), false, 'and the one around it is as it was');
  });
});

t.test('a name that nothing has is refused', async (t) => {
  const before = everything();
  for (const what of ['stubs', 'globals', 'mmapHooks']) {
    t.throws(() => new World({ [what]: { nonsense: 1 } }), {
      name: 'RangeError',
      message: `World: ${what} = {nonsense}: there is nothing of that name`,
    });
  }
  t.same(changed(before), []);
});

t.test('worlds nest, and the last that was entered is left first', async (t) => {
  const [outer, inner] = [new World(), new World()];
  const before = everything();
  t.throws(() => outer.leave(), { message: 'World: leave: it is not entered' });
  outer.enter();
  t.throws(() => outer.enter(), { message: 'World: enter: it is entered already' });
  globals.stack_guard_gap = 1;
  inner.enter();
  t.not(globals.stack_guard_gap, 1);
  t.equal(outer.globals.stack_guard_gap, 1, 'the outer one keeps its own meanwhile');
  outer.globals.stack_guard_gap = 2;
  t.not(globals.stack_guard_gap, 2);
  t.throws(() => outer.leave(), { message: 'World: leave: a world inside it is entered still' });
  t.ok(inner.isEntered && outer.isEntered, 'nothing has happened');
  inner.leave();
  t.equal(globals.stack_guard_gap, 2);
  outer.leave();
  t.notOk(inner.isEntered || outer.isEntered);
  t.same(changed(before), []);
});

t.test('a world that is entered again is as it was left', async (t) => {
  const world = new World();
  const tree = new maple_tree<number>(0);
  world.run(() => {
    mtree_store_range(tree, 1, 5, 7, 0);
    globals.stack_guard_gap = 1;
  });
  t.ok(world.nodes.live > 0);
  t.equal(world.globals.stack_guard_gap, 1);
  world.run(() => {
    t.equal(globals.stack_guard_gap, 1);
    mtree_destroy(tree);
  });
  t.equal(world.nodes.live, 0);
});

/** A mapping that is made and goes, so that something is kept for reuse. */
function mapAndUnmap(mm: mm_struct): void {
  mmap_region(null, 0x10000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT), 0x10, null);
  do_munmap(mm, 0x10000, PAGE_SIZE, null);
}

t.test('nothing of one world is seen in the next', async (t) => {
  const mm = new mm_struct();
  new World({ mm }).run(() => {
    mapAndUnmap(mm);
    t.equal(sheaf.vmas.length, 1, 'a VMA is kept');
    t.equal(sideTrees.idle.length, 1, 'a side tree is kept');
    const [kept] = sheaf.vmas;
    new World({ mm: new mm_struct() }).run(() => {
      t.same([sheaf.vmas.length, sideTrees.idle.length, maple_slab.live, maple_slab.reserved], [0, 0, 0, 0]);
      const vma = vm_area_alloc(new mm_struct());
      t.not(vma, kept);
      if (vma !== null) vm_area_free(vma);
    });
    t.equal(sheaf.vmas[0], kept);
  });
});

/** Places that enter a world, each with something in it that throws. */
const THROWING: Record<string, (t: Test) => void> = {
  run: (t) => {
    t.throws(
      () =>
        new World().run(() => {
          disturb();
          throw new Error('within');
        }),
      { message: 'within' },
    );
  },
  'a replay': (t) => {
    t.throws(
      () =>
        inReplayWorld(() => {
          disturb();
          throw new Error('within');
        }),
      { message: 'within' },
    );
  },
  'the constructor of a test’s world': (t) => {
    const options: object = { globals: { nonsense: 1 } };
    t.throws(() => new TestWorld('checked', options), { message: /World: globals = \{nonsense\}/ });
    t.throws(() => Reflect.construct(TestWorld, ['banana']), {
      message: 'TestWorld: set = "banana": must be checked or upstream',
    });
  },
  'the end of a test’s world': (t) => {
    const world = new TestWorld('checked');
    disturb();
    world.sandbox.restore = () => {
      throw new Error('within');
    };
    t.throws(() => world.leave(), { message: 'within' });
  },
  'a benchmark': (t) => {
    const run = prepareLoad('protect', 10);
    t.throws(() => Reflect.apply(run, null, [{ valueOf: raise }]), { message: 'within' });
  },
  'a long run': (t) => {
    t.throws(() => longRun(-1), /VMAs/);
  },
};

function raise(): never {
  throw new Error('within');
}

for (const [place, breaks] of Object.entries(THROWING)) {
  t.test(`what throws in ${place} leaves the world as it was`, async (t) => {
    const before = everything();
    breaks(t);
    t.same(changed(before), []);
  });
}

test('a test goes on in its own world until it waits for its sub-cases', async (t) => {
  const order: string[] = [];
  t.subtest('first', async (s) => {
    await Promise.resolve();
    s.ASSERT_EQ(current.mm, s.mm);
    order.push('first');
  });
  t.subtest('second', (s) => {
    s.ASSERT_EQ(current.mm, s.mm);
    order.push('second');
  });
  t.ASSERT_EQ(current.mm, t.mm);
  t.ASSERT_EQ(order.length, 0);
  await t.settle();
  t.ASSERT_EQ(current.mm, t.mm);
  t.ASSERT_EQ(order.join(), 'first,second');
});
