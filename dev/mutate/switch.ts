// SPDX-License-Identifier: GPL-2.0-only
/** Which mutant is in force in this process. Loaded before any module that has mutants in it. */

/** Name of the symbol that modules find the switch by. */
export const SWITCH = 'vma-userland mutant';

/** A mutant was reached so often that it must be in a loop without end. */
export class EndlessLoop extends Error {
  constructor() {
    super('a loop without end');
    this.name = 'EndlessLoop';
  }
}

class Switch {
  /** Number of the mutant in force; 0 is none. */
  private active: number;
  /** How often it may still be reached. */
  private left: number;
  /** Was it reached more often than that? */
  endless: boolean;

  constructor(active: number) {
    this.active = active;
    this.left = Number.POSITIVE_INFINITY;
    this.endless = false;
  }

  /** Is that mutant in force? What modules ask where they have one. */
  is(number: number): boolean {
    if (number !== this.active) return false;
    if (--this.left >= 0) return true;
    this.endless = true;
    throw new EndlessLoop();
  }

  /** Puts a mutant in force, which may be reached `limit` times; 0 takes it out of force. */
  set(active: number, limit: number): void {
    this.active = active;
    this.left = limit;
    if (active !== 0) this.endless = false;
  }
}

/** A mutant of what runs when modules are loaded has to be in force from the start. */
export const mutation = new Switch(Number(process.env.VMA_MUTANT ?? 0));

Reflect.set(globalThis, Symbol.for(SWITCH), mutation);
