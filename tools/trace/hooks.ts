// SPDX-License-Identifier: GPL-2.0-only
/**
 * Loader hooks that put wrappers between tests and the code under test. An ES module's exports cannot be replaced, but
 * what an import resolves to can: for a test it is a module made here, which has all that the real one has, with the
 * operations wrapped. The code under test imports itself as ever. Runs in node's thread for hooks.
 */
import type { LoadHook, ResolveHook } from 'node:module';
import { isOperation } from './operations.js';

const DIST = new URL('../../', import.meta.url).href;
/** Modules whose exports tests are given wrapped. */
const WRAPPED = [`${DIST}lib/`, `${DIST}harness/shared.js`];
/** Modules that are given the real ones: an operation that they begin is none of a test's. */
const BELOW_TESTS = ['include', 'stubs', 'lib', 'tools'].map((layer) => `${DIST}${layer}/`);
const MARK = '?traced';

function beginsWithOne(url: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => url.startsWith(beginning));
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const found = await nextResolve(specifier, context);
  const { parentURL } = context;
  if (parentURL === undefined || parentURL.endsWith(MARK) || beginsWithOne(parentURL, BELOW_TESTS)) return found;
  return beginsWithOne(found.url, WRAPPED) ? { ...found, url: `${found.url}${MARK}` } : found;
};

/** The module that stands in for another. */
async function wrapperOf(url: string): Promise<string> {
  const exports: object = await import(url);
  const names = Object.keys(exports).filter(isOperation);
  const real = JSON.stringify(url);
  return [
    `import * as real from ${real};`,
    `export * from ${real};`,
    `import { wrapped } from ${JSON.stringify(new URL('./wrapped.js', import.meta.url).href)};`,
    // A name of one's own comes before one that a star exports.
    ...names.map((name) => `export const ${name} = wrapped(real.${name});`),
  ].join('\n');
}

export const load: LoadHook = async (url, context, nextLoad) => {
  if (!url.endsWith(MARK)) return nextLoad(url, context);
  return { format: 'module', shortCircuit: true, source: await wrapperOf(url.slice(0, -MARK.length)) };
};
