// SPDX-License-Identifier: GPL-2.0-only
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ended } from '../../tools/commands/child.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import { readSummary } from './files.js';
import type { CoverageByFile } from './ratchet.js';
import { addUntouchedModules } from './untouched.js';

export interface Measurement {
  /** Whether the measured command ended with status 0. */
  passed: boolean;
  coverage: CoverageByFile;
}

/**
 * Runs a command of node and reports the coverage of the project at `root`: a table on standard output, HTML, lcov and
 * a summary in coverage/. c8 works on V8's counts with monocart's branches, where an `if` without `else` has two.
 *
 * @throws when c8 fails
 */
export async function measure(root: string, nodeArguments: readonly string[]): Promise<Measurement> {
  const folder = scratchFolder('coverage');
  try {
    const run = spawn(process.execPath, nodeArguments, {
      cwd: root,
      env: { ...process.env, NODE_V8_COVERAGE: folder },
      stdio: 'inherit',
    });
    const { status } = await ended(run);
    addUntouchedModules(root, folder);
    await report(root, folder);
    return { passed: status === 0, coverage: readSummary(join(root, 'coverage/coverage-summary.json'), root) };
  } finally {
    removeScratch(folder);
  }
}

async function report(root: string, folder: string): Promise<void> {
  const c8 = join(dirname(createRequire(import.meta.url).resolve('c8/package.json')), 'bin/c8.js');
  const options = ['--experimental-monocart', '--temp-directory', folder, '--config', join(root, '.c8rc.json')];
  const { status } = await ended(spawn(process.execPath, [c8, 'report', ...options], { cwd: root, stdio: 'inherit' }));
  if (status !== 0) {
    throw new CannotBeDone(`c8 report ended with status ${status}`);
  }
}
