// SPDX-License-Identifier: GPL-2.0-only
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { LAYERS } from '../build/layers.js';
import type { Mutant } from './mutant.js';
import { compiledPath, withMutants } from './mutants.js';

/** A copy of what was compiled, for mutants to be put into: nobody else runs it. */
export class Copy {
  readonly folder: string;
  /** The project that it is a copy of. */
  readonly root: string;
  /** Modules that have or had mutants in them, as they were compiled: the project may be built anew meanwhile. */
  private readonly compiled: Map<string, string>;

  constructor(root: string) {
    this.root = root;
    this.compiled = new Map();
    this.folder = scratchFolder('mutate');
    cpSync(join(root, 'dist'), join(this.folder, 'dist'), {
      recursive: true,
      filter: (path) => !/\.d\.ts(?:\.map)?$|\.tsbuildinfo$/.test(path),
    });
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'));
    mkdirSync(join(this.folder, '.tap'));
    for (const name of ['node_modules', 'docs', ...LAYERS])
      symlinkSync(join(root, name), join(this.folder, name), 'dir');
  }

  /** Puts mutants into it, known by their place in the list from 1 on; what was there before goes. */
  put(mutants: readonly Mutant[]): void {
    const byFile = new Map<string, (readonly [number, Mutant])[]>();
    for (const file of this.compiled.keys()) byFile.set(file, []);
    for (const [i, mutant] of mutants.entries()) {
      byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), [i + 1, mutant]]);
    }
    for (const [file, inFile] of byFile) {
      const compiled = this.textOf(file);
      writeFileSync(compiledPath(this.folder, file), inFile.length === 0 ? compiled : withMutants(compiled, inFile));
    }
  }

  /** A module as it was compiled. */
  textOf(file: string): string {
    const text = this.compiled.get(file) ?? readFileSync(compiledPath(this.folder, file), 'utf8');
    this.compiled.set(file, text);
    return text;
  }

  remove(): void {
    removeScratch(this.folder);
  }
}
