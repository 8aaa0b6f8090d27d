// SPDX-License-Identifier: GPL-2.0-only
/** The stub world's door: the object the code calls through, and the sets it can be filled from. */
import type { Stubs } from './stubs.js';
import { upstreamStubs } from './upstream.js';

export * from './shared.js';
export type { Stubs } from './stubs.js';
export { BugError, upstreamStubs } from './upstream.js';

/**
 * What the code under test calls. A plain object whose functions are replaced: by useStubs() for all of them, by sinon
 * for one.
 */
export const stubs: Stubs = { ...upstreamStubs };

/** Fills `stubs` from a set. Spies on single functions are lost: restore the sandbox first. */
export function useStubs(set: Stubs): void {
  Object.assign(stubs, set);
}
