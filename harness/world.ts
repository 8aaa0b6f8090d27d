// SPDX-License-Identifier: GPL-2.0-only
/**
 * One owner of everything that the code under test finds around it and that is no argument: the stubs, the globals, the
 * current task, the tree's allocator and its warnings, the seam of mmap_region(), who watches operations, the dummy
 * anon_vma, and what is kept for reuse. They change together, when a world is entered or left, and at no other place.
 */
import type { ma_state } from '../include/linux/maple_tree.js';
import { anon_vma, type mm_struct, task_struct, type vm_area_struct } from '../include/mm_types.js';
import { doors, type OperationWatch } from '../lib/doors/operation.js';
import { type MapleSlab, maple_debug, maple_slab } from '../lib/maple_tree.js';
import { type MmapHooks, mmapHooks, ownMmapHooks } from '../lib/mm/mmap_hooks.js';
import { sideTrees } from '../lib/mm/vma/side_trees.js';
import { FreedObjects, freed } from '../stubs/freed.js';
import { current, dummy_anon_vma, Globals, globals, type Stubs, stubs, upstreamStubs } from '../stubs/index.js';
import { FRAMES, stacks } from '../stubs/place.js';
import { sheaf } from '../stubs/upstream.js';
import { showPlace, tellingFrames } from './frames.js';

/** Where a world differs from the one that the C harness starts with. */
export interface WorldOptions {
  /** In place of upstream's stubs: all of them, or some. */
  stubs?: Partial<Stubs>;
  globals?: Partial<Globals>;
  /** current->mm; nothing unless given. */
  mm?: mm_struct | null;
  /** Asks for nodes of a tree; there is always memory unless given. */
  allocNodes?: MapleSlab['alloc'];
  /** In place of what mmap_region() calls between a region and a file's hooks: another revision of it. */
  mmapHooks?: Partial<MmapHooks>;
  /** The record of what was freed; a new one unless given. */
  freed?: FreedObjects;
  /** Told of every operation that somebody outside lib/ begins. */
  watch?: OperationWatch | null;
  /** Frames that are kept of where something happened; with 0 no complaint says where, and all goes faster. */
  frames?: number;
}

/** What a world owns, one entry for each object that the modules of the code under test export. */
interface Things {
  stubs: Stubs;
  globals: Globals;
  current: task_struct;
  dummy_anon_vma: anon_vma;
  maple_slab: MapleSlab;
  maple_debug: typeof maple_debug;
  mmapHooks: MmapHooks;
  doors: typeof doors;
  sheaf: { vmas: vm_area_struct[] };
  sideTrees: { idle: ma_state<vm_area_struct>[] };
  freed: { objects: FreedObjects };
  stacks: typeof stacks;
}

/** The objects themselves. Modules hold on to them, so their fields change, not they. */
const LIVE: Things = {
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

/** The fields of all of them as they are now. */
function take(): Things {
  return {
    stubs: { ...stubs },
    globals: { ...globals },
    current: { ...current },
    dummy_anon_vma: { ...dummy_anon_vma },
    maple_slab: { ...maple_slab },
    maple_debug: { ...maple_debug },
    mmapHooks: { ...mmapHooks },
    doors: { ...doors },
    sheaf: { ...sheaf },
    sideTrees: { ...sideTrees },
    freed: { ...freed },
    stacks: { ...stacks },
  };
}

/** Puts fields into all of them. */
function put(things: Things): void {
  for (const [name, live] of Object.entries(LIVE)) Object.assign(live, Reflect.get(things, name));
}

/** What is given over what is there. A name that nothing has is a mistake. */
function over<T extends object>(what: string, own: T, given: Partial<T> = {}): T {
  const unknown = Object.keys(given).find((name) => !(name in own));
  if (unknown !== undefined) throw new RangeError(`World: ${what} = {${unknown}}: there is nothing of that name`);
  return { ...own, ...given };
}

/** As the C harness starts, but for what the options say. */
function begin(options: WorldOptions): Things {
  const task = new task_struct();
  task.mm = options.mm ?? null;
  return {
    stubs: over('stubs', upstreamStubs, options.stubs),
    globals: over('globals', new Globals(), options.globals),
    current: task,
    dummy_anon_vma: new anon_vma(),
    maple_slab: { alloc: options.allocNodes ?? (() => true), reserved: 0, live: 0 },
    maple_debug: { warn: (where, what) => stubs.warn(where, what) },
    mmapHooks: over('mmapHooks', { ...ownMmapHooks }, options.mmapHooks),
    doors: { watch: options.watch ?? null, passed: false },
    sheaf: { vmas: [] },
    sideTrees: { idle: [] },
    freed: { objects: options.freed ?? new FreedObjects(false) },
    stacks: {
      read: (stack) => tellingFrames(stack, ['stubs', 'harness/checked']).map(showPlace),
      kept: options.frames ?? FRAMES,
    },
  };
}

/**
 * A world. What it owns is in force from enter() to leave(), and kept until it is entered again. Worlds nest: the one
 * that was entered last is left first.
 */
export class World {
  /** The world that was entered last. The outermost is what the modules begin with, and is never left. */
  private static innermost: World | null = null;

  private readonly own: Things;
  /** What was in force before; null while this world is not entered. */
  private before: { world: World | null; things: Things } | null;

  constructor(options: WorldOptions = {}) {
    this.own = begin(options);
    this.before = null;
  }

  /** Was it entered, and not left? */
  get isEntered(): boolean {
    return this.before !== null;
  }

  /** What the world's own fields are in: the objects that the code under test sees, while it is the innermost. */
  private get things(): Things {
    return World.innermost === this ? LIVE : this.own;
  }

  /** The globals of this world: what is set here is put back with it. */
  get globals(): Globals {
    return this.things.globals;
  }

  /** Puts functions in place of stubs, for as long as this world is in force: they are put back with it. */
  exchangeStubs(given: Partial<Stubs>): void {
    Object.assign(this.things.stubs, over('stubs', this.things.stubs, given));
  }

  /** Carries out `call` as another task, whose fields have what it made of them afterwards. */
  asTask<R>(task: task_struct, call: () => R): R {
    const { current: live } = this.things;
    const outer = { ...live };
    Object.assign(live, task);
    try {
      return call();
    } finally {
      Object.assign(task, live);
      Object.assign(live, outer);
    }
  }

  /** How many tree nodes this world's trees have, and how many were promised to a store. */
  get nodes(): Readonly<Pick<MapleSlab, 'live' | 'reserved'>> {
    return this.things.maple_slab;
  }

  /** Puts this world in force. Throws when it is in force already. */
  enter(): void {
    if (this.before !== null) throw new Error('World: enter: it is entered already');
    this.before = { world: World.innermost, things: take() };
    World.innermost?.keep(this.before.things);
    put(this.own);
    World.innermost = this;
  }

  /** Puts back what was in force before. Throws, and leaves all as it is, when another world is entered inside. */
  leave(): void {
    const { before } = this;
    if (before === null) throw new Error('World: leave: it is not entered');
    if (World.innermost !== this) throw new Error('World: leave: a world inside it is entered still');
    this.keep(take());
    put(before.things);
    World.innermost = before.world;
    this.before = null;
  }

  /** Carries out body in this world; whatever it throws, the world is left. */
  run<T>(body: () => T): T {
    this.enter();
    try {
      return body();
    } finally {
      this.leave();
    }
  }

  private keep(things: Things): void {
    Object.assign(this.own, things);
  }
}
