// SPDX-License-Identifier: GPL-2.0-only
/** What was found when all bugs were put back last, and whether it still is. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bug } from './bug.js';
import { forAll, type Verdict } from './hunt.js';
import { type BugList, UPSTREAM } from './list.js';

export function matrix(root: string, list: BugList = UPSTREAM): Verdict[] {
  return JSON.parse(readFileSync(join(root, list.matrix), 'utf8'));
}

/** Puts verdicts into the record, in the order of the list; what was not judged stays as it is. */
export function recordVerdicts(root: string, list: BugList, verdicts: readonly Verdict[]): void {
  const path = join(root, list.matrix);
  const known = existsSync(path) ? matrix(root, list) : [];
  const all = new Map([...known, ...verdicts].map((verdict) => [verdict.id, verdict]));
  const kept = list.bugs.flatMap(({ id }) => all.get(id) ?? []);
  writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`);
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
