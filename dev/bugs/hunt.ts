// SPDX-License-Identifier: GPL-2.0-only
/** Puts a bug back into a copy of what was compiled, runs tests there, and tells what found it. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAYERS } from '../build/layers.js';
import { type Bug, withBug } from './bug.js';

/** Tests of the library: all that runs the code under test in this process. */
export const LIBRARY = ['mm', 'mapped', 'tree', 'checked', 'rmap', 'faults', 'syscalls', 'fuzz'].map(
  (folder) => `tests/${folder}`,
);

/** A test that failed, where it stands, and the first thing it said. */
export interface Finding {
  test: string;
  file: string;
  says: string;
}

export interface Verdict {
  id: string;
  /** Does one of upstream's own tests find it? */
  upstream: boolean;
  /** What finds it here; null for nothing. */
  found: Finding | null;
}

/** Seconds that a run may take; a bug may well make the code loop. */
const PATIENCE = 300;

/** A complaint without what differs from run to run: addresses, numbers, places. */
function shortly(says: string): string {
  return says
    .replace(/^\s*not ok \d+ - /, '')
    .replace(/ # (?:time=|TODO).*$/, '')
    .replace(/[;,]? (?:taken|allocated|freed|held|since|dropped|released)? ?at \S.*$/, '')
    .replaceAll('\\#', '#')
    .slice(0, 100);
}

/** The first test that failed, of what the runner printed. */
export function findingOf(printed: string): Finding | null {
  const [, test, file = ''] = /^# FAILED: (.*?)(?:: (tests\/\S+?)(?::\d+)?)?$/m.exec(printed) ?? [];
  if (test === undefined) return null;
  const innermost = /^ +not ok .*$/m.exec(printed)?.[0] ?? test;
  return { test, file, says: shortly(innermost) };
}

/** A copy of dist/ that bugs are put back into, one after the other. */
export class Copy {
  private readonly folder: string;

  constructor(root: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'vma-userland-bugs-'));
    cpSync(join(root, 'dist'), join(this.folder, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'));
    // The runner takes away what has no source.
    const linked = ['node_modules', 'docs', ...LAYERS];
    for (const name of linked) symlinkSync(join(root, name), join(this.folder, name), 'dir');
  }

  /** Runs test files with the bug; what they printed. */
  private run(args: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, ['dist/dev/run/run.js', '-j', '1', ...args], {
        cwd: this.folder,
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, TAP_BAIL: '0' },
      });
      let printed = '';
      const watch = setTimeout(() => child.kill('SIGKILL'), PATIENCE * 1000);
      child.stdout.on('data', (text) => {
        printed += String(text);
      });
      child.on('close', (status) => {
        clearTimeout(watch);
        resolve(status === null ? `${printed}\n# FAILED: it never ends\n` : printed);
      });
    });
  }

  /** Judges a bug by upstream's tests and by `files`. Throws a StaleBugError when it cannot be put back. */
  async judge(bug: Bug, files: readonly string[] = LIBRARY): Promise<Verdict> {
    const path = join(this.folder, 'dist', bug.module);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, withBug(bug, source));
    try {
      const upstream = await this.run(['tests/upstream']);
      const found = files.length === 0 ? null : findingOf(await this.run(files));
      return { id: bug.id, upstream: findingOf(upstream) !== null, found };
    } finally {
      writeFileSync(path, source);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Judges all bugs, several side by side, in the order of the list; `files` are the tests for each. */
export async function judgeAll(
  root: string,
  bugs: readonly Bug[],
  jobs: number,
  filesFor: (bug: Bug) => readonly string[] = () => LIBRARY,
  told: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = [...bugs.entries()];
  const work = async (): Promise<void> => {
    const copy = new Copy(root);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const verdict = await copy.judge(next[1], filesFor(next[1]));
        verdicts[next[0]] = verdict;
        told(verdict);
      }
    } finally {
      copy.remove();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, bugs.length) }, work));
  return verdicts;
}
