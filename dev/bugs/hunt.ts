// SPDX-License-Identifier: GPL-2.0-only
/** Puts a bug back into a copy of what was compiled, runs tests there, and tells what found it. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { LAYERS } from '../build/layers.js';
import { testFilesBelow } from '../run/collect.js';
import { type Bug, withBug } from './bug.js';
import { type Finding, TestProcess } from './test_process.js';

/** Tests of the library: all that runs the code under test in this process. */
const LIBRARY = ['checked', 'mapped', 'faults', 'mm', 'rmap', 'tree', 'syscalls', 'fuzz'];

/** What finds most bugs of a part of the kernel: looked at before all the rest. */
const LIKELY: readonly (readonly [modules: RegExp, folder: string])[] = [
  [/^lib\/maple_tree\//, 'tree'],
  [/^lib\/mm\/(?!vma\/|util\.)/, 'syscalls'],
];

export interface Verdict {
  id: string;
  /** Does one of upstream's own tests find it? */
  upstream: boolean;
  /** What finds it here; null for nothing. */
  found: Finding | null;
}

export function sameTest(a: Finding, b: Finding): boolean {
  return a.test === b.test && a.file === b.file;
}

/** The order that tests are run in for a bug: source names of files, the likely ones first. */
export function filesFor({ module }: Pick<Bug, 'module'>, root: string): string[] {
  const likely = LIKELY.find(([modules]) => modules.test(module))?.[1];
  const folders = likely === undefined ? LIBRARY : [likely, ...LIBRARY.filter((folder) => folder !== likely)];
  return folders.flatMap((folder) => testsIn(root, folder));
}

function testsIn(root: string, folder: string): string[] {
  const dist = join(root, 'dist/');
  return testFilesBelow(join(dist, 'tests', folder)).map((file) => file.slice(dist.length).replace(/\.js$/, '.ts'));
}

/** A copy of dist/ that bugs are put back into, one after the other. */
export class Copy {
  private readonly folder: string;

  constructor(root: string) {
    this.folder = scratchFolder('bugs');
    cpSync(join(root, 'dist'), join(this.folder, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'));
    const linked = ['node_modules', 'docs', ...LAYERS];
    for (const name of linked) symlinkSync(join(root, name), join(this.folder, name), 'dir');
  }

  /** The tests that fail without any bug: they find nothing. `where`: of these files and upstream's only. */
  async failing(where: readonly string[] = []): Promise<Finding[]> {
    const tests = new TestProcess(this.folder);
    const findings: Finding[] = [];
    const folders = where.length > 0 ? ['upstream'] : ['upstream', ...LIBRARY];
    const files = [...folders.flatMap((folder) => testsIn(this.folder, folder)), ...where];
    for (const file of files) findings.push(...(await tests.run(file)));
    tests.end();
    return findings;
  }

  /** The first failure in `files`, of a test that is not among those known to fail. */
  private async first(
    tests: TestProcess,
    files: readonly string[],
    known: readonly Finding[],
  ): Promise<Finding | null> {
    for (const file of files) {
      const found = (await tests.run(file)).find((finding) => !known.some((other) => sameTest(finding, other)));
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Puts a bug back for a time. Throws a StaleBugError when it cannot be put back. */
  async withBugIn<T>(bug: Bug, act: (folder: string) => Promise<T>): Promise<T> {
    const path = join(this.folder, 'dist', bug.module);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, withBug(bug, source));
    try {
      return await act(this.folder);
    } finally {
      writeFileSync(path, source);
    }
  }

  private broken<T>(bug: Bug, act: (tests: TestProcess) => Promise<T>): Promise<T> {
    return this.withBugIn(bug, async (folder) => {
      const tests = new TestProcess(folder);
      try {
        return await act(tests);
      } finally {
        tests.end();
      }
    });
  }

  /** Judges a bug by upstream's tests and by others, file by file until one finds it. */
  judge(bug: Bug, known: readonly Finding[], files = filesFor(bug, this.folder)): Promise<Verdict> {
    return this.broken(bug, async (tests) => {
      const upstream = await this.first(tests, testsIn(this.folder, 'upstream'), known);
      // What a failed test left behind must not fail another.
      if (upstream !== null) tests.end();
      return { id: bug.id, upstream: upstream !== null, found: await this.first(tests, files, known) };
    });
  }

  /** Does what found a bug still find it, in a process of its own? */
  confirm(bug: Bug, found: Finding): Promise<boolean> {
    return this.broken(bug, async (tests) => (await tests.run(found.file)).some((finding) => sameTest(finding, found)));
  }

  remove(): void {
    removeScratch(this.folder);
  }
}

/** Does something for all bugs, several side by side, each in a copy; the answers in the order of the list. */
export async function forAll<T>(
  root: string,
  bugs: readonly Bug[],
  jobs: number,
  act: (copy: Copy, bug: Bug) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  const waiting = [...bugs.entries()];
  const work = async (): Promise<void> => {
    const copy = new Copy(root);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        answers[next[0]] = await act(copy, next[1]);
      }
    } finally {
      copy.remove();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, bugs.length) }, work));
  return answers;
}
