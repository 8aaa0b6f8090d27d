// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { makeFolder, removeScratch, scratchFolder } from '../../tools/commands/folders.js';

/** Folders of one run, which are gone at its end: nothing that a test makes outlives it. */
export class RunFolders {
  readonly fixtures: string;
  readonly tmp: string;

  constructor(root: string) {
    const parent = join(root, '.tap/fixtures');
    makeFolder(parent);
    this.fixtures = scratchFolder('run', parent);
    this.tmp = scratchFolder('tests');
  }

  remove(): void {
    for (const folder of [this.fixtures, this.tmp]) removeScratch(folder);
  }
}
