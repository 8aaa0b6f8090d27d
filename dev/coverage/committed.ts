// SPDX-License-Identifier: GPL-2.0-only
/** The thresholds as git has them, commit by commit, each by the paths that its files have today. */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { toThresholds } from './files.js';
import type { CoverageByFile } from './ratchet.js';

export const THRESHOLDS = 'coverage.thresholds.json';

export interface Committed {
  commit: string;
  /** By the paths of today; files that are no longer there have none. */
  thresholds: CoverageByFile;
}

export interface History {
  /** The newest first. */
  versions: Committed[];
  /** What could not be looked at, and why; empty when all of it was. */
  leftOut: string;
}

function git(root: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return status === 0 ? stdout.trim() : null;
}

function linesOf(text: string | null): string[] {
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** Pairs of paths that git takes for one file with two names. */
function renamesIn(text: string | null): [from: string, to: string][] {
  return linesOf(text).flatMap((line): [string, string][] => {
    const [state = '', from, to] = line.split('\t');
    return state.startsWith('R') && from !== undefined && to !== undefined ? [[from, to]] : [];
  });
}

/** Thresholds by the paths that files have after some renames, as far as the files are there. */
function byPathsOfToday(
  root: string,
  thresholds: CoverageByFile,
  renames: readonly (readonly [from: string, to: string])[],
): CoverageByFile {
  const today: CoverageByFile = {};
  for (const [file, coverage] of Object.entries(thresholds)) {
    const path = renames.reduce((at, [from, to]) => (at === from ? to : at), file);
    if (existsSync(join(root, path))) today[path] = coverage;
  }
  return today;
}

/**
 * What was committed of the thresholds since `since`, a path, was committed first; that commit is the last one looked at.
 * Null where `root` is no checkout of its own.
 *
 * @throws when a version holds anything but percentages
 */
export function committedThresholds(root: string, since: string): History | null {
  const top = git(root, 'rev-parse', '--show-toplevel');
  if (top === null || realpathSync(top) !== realpathSync(root)) return null;
  const first = linesOf(git(root, 'log', '--diff-filter=A', '--format=%H', '--', since)).at(-1);
  if (first === undefined) return { versions: [], leftOut: `${since} is not committed yet` };

  const isShallow = git(root, 'rev-parse', '--is-shallow-repository') === 'true';
  const parent = git(root, 'rev-parse', '--verify', '--quiet', `${first}^`);
  const range = parent === null ? 'HEAD' : `${parent}..HEAD`;
  const changes = git(root, 'log', '-M', '--name-status', '--format=commit %H', '--diff-filter=AMR', range, '--');
  // What is not committed yet is last.
  let renames = renamesIn(git(root, 'diff', '-M', '--name-status', 'HEAD'));
  const versions: Committed[] = [];
  for (const [commit = '', ...changed] of (changes ?? '')
    .split(/^commit /m)
    .slice(1)
    .map(linesOf)) {
    if (commit === first || changed.some((line) => line.endsWith(`\t${THRESHOLDS}`))) {
      const text = git(root, 'show', `${commit}:${THRESHOLDS}`);
      const where = commit.slice(0, 10);
      if (text !== null)
        versions.push({ commit, thresholds: byPathsOfToday(root, toThresholds(text, where), renames) });
    }
    renames = [...renamesIn(changed.join('\n')), ...renames];
  }
  return {
    versions,
    leftOut: isShallow && parent === null ? `all before ${first.slice(0, 10)}: the clone is shallow` : '',
  };
}
