// SPDX-License-Identifier: GPL-2.0-only
/**
 * What was freed, and where: what SLUB's tracking and KASAN are to the kernel. The world in force has one record of it,
 * which its stubs write and the doors of lib/ read.
 */
import { hexOf } from '../include/check.js';
import { vm_area_struct } from '../include/mm_types.js';
import { Place } from './place.js';

/** A freed object was read or written. */
export class UseAfterFreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UseAfterFreeError';
  }
}

/** A freed object was freed again. */
export class DoubleFreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DoubleFreeError';
  }
}

/** What is known of one free. */
interface Freed {
  /** "vm_area_struct 0x1000-0x2000" and the like. */
  what: string;
  allocated: Place | null;
  /** Null where frees are not tracked (globals.slab_store_user). */
  freed: Place | null;
}

function describe({ allocated, freed }: Freed): string {
  const born = allocated === null ? 'not allocated here' : `allocated at ${allocated}`;
  return `${born}; ${freed === null ? 'where it was freed is not recorded' : `freed at ${freed}`}`;
}

/** Accessors that throw in place of every property that the class has. */
function throwingPrototype(freed: Freed, prototype: object): object {
  const dead: object = Object.create(null);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') makeThrow(freed, dead, name);
  }
  Object.defineProperty(dead, 'toString', { value: () => `freed ${freed.what} (${describe(freed)})` });
  return dead;
}

function makeThrow(freed: Freed, target: object, name: string): void {
  const fail = (how: string): never => {
    throw new UseAfterFreeError(`use after free: ${freed.what}: field ${name} ${how}; ${describe(freed)}`);
  };
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: false,
    get: () => fail('read'),
    set: () => fail('written'),
  });
}

/** Has every field of an object throw. It keeps its identity, and is no instance of its class any more. */
function poison(object: object, freed: Freed): void {
  const prototype: object = Object.getPrototypeOf(object);
  for (const name of Object.getOwnPropertyNames(object)) makeThrow(freed, object, name);
  Object.setPrototypeOf(object, throwingPrototype(freed, prototype));
}

/** A VMA as reports name it. */
export function describeVma(vma: vm_area_struct): string {
  return `vm_area_struct ${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}`;
}

/** vm_refcnt of a VMA that was freed, where it does not throw: as SLUB, the record marks the object itself. */
const FREED_REFCNT = -1;

/** What stands for a free of which only the fact is recorded. */
const UNTRACKED: Freed = { what: '', allocated: null, freed: null };

/** An object whose free was not tracked, as it is now. */
function nameOf(object: object): string {
  return object instanceof vm_area_struct ? describeVma(object) : object.constructor.name;
}

/**
 * The objects that were freed in one world.
 * @internal
 */
export class FreedObjects {
  private readonly objects: WeakMap<object, Freed>;
  private readonly allocations: WeakMap<object, Place>;
  /** Does each use of a freed object throw, as under KASAN, or only another free of it? */
  private readonly poisons: boolean;

  constructor(poisons: boolean) {
    this.objects = new WeakMap();
    this.allocations = new WeakMap();
    this.poisons = poisons;
  }

  /** Was this VMA freed, and not handed out again? One that throws is no VMA any more. */
  hasVma(vma: vm_area_struct): boolean {
    return vma.vm_refcnt === FREED_REFCNT;
  }

  /** Throws when the object has been freed before. */
  assertLive(object: object): void {
    const isMarked = object instanceof vm_area_struct && this.hasVma(object);
    const freed = this.objects.get(object) ?? (isMarked ? UNTRACKED : undefined);
    if (freed !== undefined) {
      const what = freed === UNTRACKED ? nameOf(object) : freed.what;
      throw new DoubleFreeError(`double free: ${what}: freed again at ${new Place()}; ${describe(freed)}`);
    }
  }

  /** An object is freed, here and now. Throws when it has been freed before. */
  add(object: object, what: string, allocated: Place | null): void {
    this.assertLive(object);
    const freed: Freed = { what, allocated, freed: new Place() };
    this.objects.set(object, freed);
    if (this.poisons) poison(object, freed);
    else if (object instanceof vm_area_struct) object.vm_refcnt = FREED_REFCNT;
  }

  /** As add(), without a record of where. */
  addUntracked(vma: vm_area_struct): void {
    if (this.hasVma(vma)) this.assertLive(vma);
    vma.vm_refcnt = FREED_REFCNT;
  }

  /** The allocator hands the object out, here and now; it may have been freed before. */
  allocated(object: object): void {
    this.objects.delete(object);
    this.allocations.set(object, new Place());
  }

  /** Where allocated() was told of the object; null if it was not. */
  placeOfAllocation(object: object): Place | null {
    return this.allocations.get(object) ?? null;
  }
}

/**
 * The record of the world in force.
 * @internal
 */
export const freed: { objects: FreedObjects } = { objects: new FreedObjects(false) };
