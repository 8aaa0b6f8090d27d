// SPDX-License-Identifier: GPL-2.0-only
/**
 * Freed means gone: what ASan and KASAN are to C. A freed object keeps its identity, but each of its fields throws when
 * it is read or written, and it is no instance of its class any more.
 */
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

/** What is known of one death. */
interface Death {
  /** "vm_area_struct 0x1000-0x2000" and the like. */
  what: string;
  allocated: Place | null;
  freed: Place;
}

function describe(death: Death): string {
  const born = death.allocated === null ? 'not allocated here' : `allocated at ${death.allocated}`;
  return `${born}; freed at ${death.freed}`;
}

/** Accessors that throw in place of every property that the class has. */
function throwingPrototype(death: Death, prototype: object): object {
  const dead: object = Object.create(null);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') makeThrow(death, dead, name);
  }
  Object.defineProperty(dead, 'toString', { value: () => `freed ${death.what} (${describe(death)})` });
  return dead;
}

function makeThrow(death: Death, target: object, name: string): void {
  const fail = (how: string): never => {
    throw new UseAfterFreeError(`use after free: ${death.what}: field ${name} ${how}; ${describe(death)}`);
  };
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: false,
    get: () => fail('read'),
    set: () => fail('written'),
  });
}

/** The objects that have died in one world. */
export class Graveyard {
  private readonly deaths: WeakMap<object, Death>;

  constructor() {
    this.deaths = new WeakMap();
  }

  has(object: object): boolean {
    return this.deaths.has(object);
  }

  /** Throws when the object has been freed before. */
  assertLive(object: object): void {
    const death = this.deaths.get(object);
    if (death !== undefined) {
      throw new DoubleFreeError(`double free: ${death.what}: freed again at ${new Place()}; ${describe(death)}`);
    }
  }

  /** Frees an object: from here on every use of it throws. A second time throws at once. */
  bury(object: object, what: string, allocated: Place | null): void {
    this.assertLive(object);
    const death: Death = { what, allocated, freed: new Place() };
    this.deaths.set(object, death);
    const prototype: object = Object.getPrototypeOf(object);
    for (const name of Object.getOwnPropertyNames(object)) makeThrow(death, object, name);
    Object.setPrototypeOf(object, throwingPrototype(death, prototype));
  }
}
