// SPDX-License-Identifier: GPL-2.0-only
/** What was found when all bugs were put back last, and whether it still is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bug } from './bug.js';
import { forAll, type Verdict } from './hunt.js';
import { type BugList, UPSTREAM } from './list.js';

export function matrix(root: string, list: BugList = UPSTREAM): Verdict[] {
  return JSON.parse(readFileSync(join(root, list.matrix), 'utf8'));
}

/** Puts the bugs back for what found them; complaints about those that it finds no more. */
export async function confirmed(
  root: string,
  bugs: readonly Bug[],
  verdicts: readonly Verdict[],
  jobs: number,
): Promise<string[]> {
  const complaints = await forAll(root, bugs, jobs, async (copy, bug) => {
    const found = verdicts.find(({ id }) => id === bug.id)?.found ?? null;
    // Nothing that could go blind.
    if (found === null || (await copy.confirm(bug, found))) return '';
    return `${bug.id}: not found by "${found.test}" (${found.file})`;
  });
  return complaints.filter((complaint) => complaint !== '');
}
