// SPDX-License-Identifier: GPL-2.0-only
/** The stub world's door: the object the code calls through, and the set it is filled from at first. */
import type { Stubs } from './stubs.js';
import { upstreamStubs } from './upstream.js';

export * from './globals.js';
export type { Stubs } from './stubs.js';
export { BugError, upstreamStubs } from './upstream.js';

/**
 * What the code under test calls. A plain object whose functions are replaced: by sinon one at a time, by the world
 * that is entered (harness/world.ts) all together.
 */
export const stubs: Stubs = { ...upstreamStubs };
