// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const TYPESCRIPT_PLUGIN = '@tapjs/typescript';

/**
 * tap generates the class behind its `t` from its list of plugins. As installed it has the TypeScript plugin in it,
 * which the tap command cannot load under TypeScript 7; `.taprc` leaves that plugin out, and the class must follow.
 */
export function tapCommandIsReady(root: string): boolean {
  const generated = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js');
  return !readFileSync(generated, 'utf8').includes(TYPESCRIPT_PLUGIN);
}

/**
 * Generates that class anew, once after each install (some seconds, no network). Only `npx tap` needs it: tests under
 * plain node run without, so a failure is told but is not the build's.
 */
export function prepareTapCommand(root: string, warn: (message: string) => void): void {
  if (tapCommandIsReady(root)) {
    return;
  }
  const tap = join(root, 'node_modules/tap/dist/esm/run.mjs');
  const { status, stderr } = spawnSync(process.execPath, [tap, 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0 || !tapCommandIsReady(root)) {
    warn(`\`npx tap\` will not work: \`tap build\` failed\n${stderr}`);
  }
}
