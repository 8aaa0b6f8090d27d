// SPDX-License-Identifier: GPL-2.0-only
/** Which lines a change touches, by git. */
import { spawnSync } from 'node:child_process';
import { CannotBeDone } from '../../tools/commands/program.js';

function git(root: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return status === 0 ? stdout : null;
}

/**
 * The commit that a change begins at: where it left the main branch, or the one before the last where it is on the main
 * branch itself. Null where there is none, as in a clone of one commit.
 */
export function beginning(root: string): string | null {
  const head = git(root, 'rev-parse', 'HEAD')?.trim();
  for (const branch of ['origin/main', 'origin/master', 'main', 'master']) {
    const base = git(root, 'merge-base', 'HEAD', branch)?.trim();
    if (base !== undefined && base !== '' && base !== head) return base;
  }
  return git(root, 'rev-parse', '--verify', '--quiet', 'HEAD~1')?.trim() || null;
}

/** Lines from first on, `count` of them. */
interface Span {
  first: number;
  count: number;
}

/** The lines of a file that are new, of a diff without context. */
export function changedLines(diff: string): Map<string, Span[]> {
  const changed = new Map<string, Span[]>();
  let spans: Span[] = [];
  for (const line of diff.split('\n')) {
    const file = /^\+\+\+ (?:b\/(.*)|\/dev\/null)$/.exec(line);
    if (file !== null) {
      spans = [];
      if (file[1] !== undefined) changed.set(file[1], spans);
    }
    const [, first, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (first !== undefined) spans.push({ first: Number(first), count: Number(count) });
  }
  return changed;
}

/**
 * Lines that differ from a commit, in the folder as it is now.
 *
 * @throws CannotBeDone when git does not know the commit
 */
export function changedSince(root: string, revision: string): Map<string, Span[]> {
  const diff = git(root, 'diff', '--unified=0', '--no-color', '--no-ext-diff', '--no-renames', revision, '--');
  if (diff === null) throw new CannotBeDone(`--since ${revision}: git knows no such commit here`);
  return changedLines(diff);
}

export function isIn(spans: readonly Span[] | undefined, line: number): boolean {
  return spans?.some(({ first, count }) => line >= first && line < first + count) ?? false;
}
