// SPDX-License-Identifier: GPL-2.0-only
/** Packages that only following upstream needs: optional, so that whoever tests a driver need not install them. */
import { readFileSync } from 'node:fs';
import { CannotBeDone } from './program.js';

const PACKAGE = new URL('../../../package.json', import.meta.url);

/** Names of the packages for porters: all optional ones but the test runner. */
const NAMES = ['cli-progress', 'diff', 'prettier', 'tree-sitter-c', 'web-tree-sitter'];

function isThere(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch (error) {
    // A package may be there and have no entry of that name.
    return !(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND');
  }
}

/** @throws CannotBeDone that says how to install those which are missing */
export function needPortersPackages(who: string, isInstalled = isThere): void {
  const missing = NAMES.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const { peerDependencies }: { peerDependencies: Record<string, string> } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  const wanted = missing.map((name) => `'${name}@${peerDependencies[name]}'`).join(' ');
  throw new CannotBeDone(`${who} needs packages that are not installed: npm install --ignore-scripts ${wanted}`);
}
