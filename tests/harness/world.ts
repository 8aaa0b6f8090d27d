// SPDX-License-Identifier: GPL-2.0-only
/**
 * What surrounds one test: a fresh address space, a stub world, a sinon sandbox, and the globals as the harness starts
 * with them. Nested tests each have their own; the outer one's is put back at the end.
 */
import sinon from 'sinon';
import { mm_struct } from '../../include/mm_types.js';
import { current, globals, resetGlobals, type Stubs, stubs, upstreamStubs, useStubs } from '../../stubs/index.js';
import { snapshot, type VmaSnapshot } from './picture.js';

/** The sets of stubs that a test can run on. */
export type StubSet = 'checked' | 'upstream';

/** The set that tests run on unless they say otherwise: environment variable VMA_STUBS, checked unless given. */
export function defaultStubSet(text: string | undefined = process.env.VMA_STUBS): StubSet {
  if (text === undefined || text === '' || text === 'checked') return 'checked';
  if (text === 'upstream') return 'upstream';
  throw new RangeError(`environment: VMA_STUBS = ${JSON.stringify(text)}: must be checked or upstream`);
}

/** The world of one test, from its construction to leave(). */
export class TestWorld {
  readonly mm: mm_struct;
  readonly sandbox: sinon.SinonSandbox;
  readonly before: readonly VmaSnapshot[];
  private readonly outerStubs: Stubs;
  private readonly outerGlobals: typeof globals;
  private readonly outerMm: mm_struct | null;

  constructor(_set: StubSet) {
    this.outerStubs = { ...stubs };
    this.outerGlobals = { ...globals };
    this.outerMm = current.mm;

    resetGlobals();
    useStubs(upstreamStubs);
    this.sandbox = sinon.createSandbox();
    this.mm = new mm_struct();
    current.mm = this.mm;
    this.before = snapshot(this.mm);
  }

  /** Takes the lock of a further address space for writing, as the test's own is from the start. */
  lock(_mm: mm_struct): void {}

  /** Drops it. */
  unlock(_mm: mm_struct): void {}

  /** Puts the outer world back. Returns what this one has to complain about. */
  leave(): string[] {
    this.sandbox.restore();
    useStubs(this.outerStubs);
    Object.assign(globals, this.outerGlobals);
    current.mm = this.outerMm;
    return [];
  }
}
