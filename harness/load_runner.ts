// SPDX-License-Identifier: GPL-2.0-only
/**
 * What runs tests: tap where it is installed, else the runner that comes with node. tap brings three hundred packages,
 * which whoever tests a driver can do without.
 */
import type { RunnerTest } from './runner.js';

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

/** The runner's root, on which top-level tests are registered. */
export async function loadRunner(): Promise<RunnerTest> {
  try {
    const { t } = await import('tap');
    return t;
  } catch (error) {
    if (!isMissing(error)) throw error;
    const { NodeTest } = await import('./node_runner.js');
    return new NodeTest('', null);
  }
}
