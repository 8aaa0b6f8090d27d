// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LAYERS } from './layers.js';

/** Endings that the compiler gives to what it makes of one `.ts` file. */
const OUTPUT = /\.(?:js|js\.map|d\.ts|d\.ts\.map)$/;

/**
 * Removes from dist/ what belongs to a source file that is gone, so that a deleted or renamed test does not go on
 * running. The compiler never does that itself. Folders left empty go too. So does the compiler's record of what it
 * has written, or it would not write a file again that comes back unchanged.
 *
 * @param root the project's folder
 * @returns the removed files, relative to `root`
 */
export function removeStaleOutputs(root: string): string[] {
  const removed: string[] = [];
  for (const folder of LAYERS) {
    sweep(root, folder, removed);
  }
  if (removed.length > 0) {
    rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  }
  return removed;
}

/** Cleans one folder of dist/, inner folders first. Answers whether it is empty now. */
function sweep(root: string, folder: string, removed: string[]): boolean {
  const out = join(root, 'dist', folder);
  if (!existsSync(out)) {
    return true;
  }
  let left = 0;
  for (const entry of readdirSync(out, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      left += sweep(root, path, removed) ? 0 : 1;
    } else if (OUTPUT.test(path) && !existsSync(join(root, path.replace(OUTPUT, '.ts')))) {
      unlinkSync(join(root, 'dist', path));
      removed.push(join('dist', path));
    } else {
      left++;
    }
  }
  if (left === 0) {
    rmdirSync(out);
  }
  return left === 0;
}
