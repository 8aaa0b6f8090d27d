// SPDX-License-Identifier: GPL-2.0-only
/** The tests that mutants are put to: all that do without programs of their own. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { sourceName, testFilesBelow } from '../run/collect.js';

const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** Compiled modules, and what they import. */
export class Modules {
  private readonly root: string;
  private readonly texts: Map<string, string>;

  /** @param root has dist/ */
  constructor(root: string) {
    this.root = root;
    this.texts = new Map();
  }

  private text(path: string): string {
    const text = this.texts.get(path) ?? readFileSync(path, 'utf8');
    this.texts.set(path, text);
    return text;
  }

  /** A module and all that it imports of this project, directly or not; and the packages that those import. */
  private closure(path: string): { files: string[]; packages: Set<string> } {
    const files = new Set([path]);
    const packages = new Set<string>();
    for (const file of files) {
      for (const [, name = ''] of this.text(file).matchAll(IMPORT)) {
        const imported = resolve(dirname(file), name);
        if (!name.startsWith('.')) packages.add(name);
        else if (existsSync(imported)) files.add(imported);
      }
    }
    return { files: [...files], packages };
  }

  /** Can a test start a program? Such tests take seconds, and what they start has no mutants in it. */
  startsPrograms(path: string): boolean {
    const { packages } = this.closure(path);
    return packages.has('node:child_process') || packages.has('node:worker_threads');
  }

  /** A hash of some compiled files. */
  hash(paths: readonly string[]): string {
    const hash = createHash('sha256');
    for (const path of [...paths].sort()) hash.update(`${relative(this.root, path)}\n${this.text(path)}`);
    return hash.digest('hex').slice(0, 20);
  }

  /** Hashes of a test file with what helps it in tests/, and with all that it imports. */
  hashesOfTest(path: string): TestHashes {
    const { files } = this.closure(path);
    const own = files.filter((file) => relative(this.root, file).startsWith('dist/tests/'));
    return { own: this.hash(own), whole: this.hash(files) };
  }
}

/** What a test file is made of. */
export interface TestHashes {
  own: string;
  whole: string;
}

/** Source names of the tests that mutants are put to, by what each is made of. */
export function killingTests(root: string, modules: Modules, below: readonly string[]): Map<string, TestHashes> {
  const paths = below
    .flatMap((folder) => testFilesBelow(join(root, 'dist', folder)))
    .filter((path) => !modules.startsPrograms(path));
  return new Map(paths.map((path) => [sourceName(root, path), modules.hashesOfTest(path)]));
}
