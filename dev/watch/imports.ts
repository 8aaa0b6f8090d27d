// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** What the compiler writes for an import or an export from a file of this project, and for a dynamic import. */
const IMPORT = /^(?:import|export)\b[^;'"]*?['"](\.[^'"\n]+)['"]|\bimport\(['"](\.[^'"\n]+)['"]\)/gm;

/**
 * Which compiled module of dist/ imports which, by their paths from dist/. Imports of types are not among them: what
 * they change, no test can see. A dynamic import counts.
 */
export class Imports {
  private readonly dist: string;
  private readonly imports: Map<string, Set<string>>;

  constructor(dist: string) {
    this.dist = dist;
    this.imports = new Map();
    for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      if (path.endsWith('.js')) this.read(path);
    }
  }

  /** Reads a module again; one that is gone imports nothing. */
  read(module: string): void {
    const path = join(this.dist, module);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      this.imports.delete(module);
      return;
    }
    const found = new Set<string>();
    for (const [, fixed, dynamic] of text.matchAll(IMPORT)) {
      found.add(relative(this.dist, resolve(dirname(path), fixed ?? dynamic ?? '')));
    }
    this.imports.set(module, found);
  }

  /** The tests there are, in the order of their paths. */
  tests(): string[] {
    return [...this.imports.keys()].filter((module) => /^tests\/.*\.test\.js$/.test(module)).sort();
  }

  /** All that these modules load, themselves included; imports are followed through modules that `through` accepts. */
  reach(modules: Iterable<string>, through: (module: string) => boolean = () => true): Set<string> {
    const reached = new Set(modules);
    for (const module of reached) {
      for (const next of through(module) ? (this.imports.get(module) ?? []) : []) reached.add(next);
    }
    return reached;
  }

  /** Those of `among` that load none of `modules`. */
  without(modules: Iterable<string>, among: Iterable<string>): string[] {
    const tainted = new Set(modules);
    for (const module of tainted) for (const importer of this.importersOf(module)) tainted.add(importer);
    return [...among].filter((module) => !tainted.has(module));
  }

  /** The tests that load one of these modules, by way of whatever else. */
  testsOf(changed: ReadonlySet<string>): string[] {
    const untouched = new Set(this.without(changed, this.tests()));
    return this.tests().filter((test) => !untouched.has(test));
  }

  /**
   * Of those that `accepts` takes the nearest: they import a changed module, directly or through helpers below tests/. Where none does, those
   * nearest to what imports the changed modules, and so on. What only collects exports, an index.js, leads nowhere.
   */
  testsNear(changed: ReadonlySet<string>, accepts: (test: string) => boolean = () => true): string[] {
    const own = (module: string): boolean => module.startsWith('tests/');
    const tests = this.tests().filter(accepts);
    const near = tests.map((test) => [test, this.reach([test], own)] as const);
    const seen = new Set(changed);
    for (let level = [...seen]; level.length > 0; ) {
      const found = near.filter(([, reached]) => level.some((module) => reached.has(module))).map(([test]) => test);
      if (found.length > 0) return found;
      level = [...new Set(level.flatMap((module) => this.importersOf(module)))].filter((module) => !seen.has(module));
      for (const module of level) seen.add(module);
      level = level.filter((module) => !module.endsWith('/index.js'));
    }
    return [];
  }

  private importersOf(module: string): string[] {
    return [...this.imports].filter(([, imported]) => imported.has(module)).map(([importer]) => importer);
  }
}
