// SPDX-License-Identifier: GPL-2.0-only
/** Runs every defect's scenario on every revision, each in a checked world of its own, and collects what it reports. */
import { TestWorld } from '../../harness/index.js';
import { DEFECTS, type Defect } from './defects.js';
import { REVISIONS, type Revision } from './revisions/index.js';

export interface Cell {
  defect: string;
  revision: string;
  /** The world's first report that speaks of the defect, in full; null when there is none. */
  report: string | null;
}

/** What V8 says of a pointer that was followed though it was NULL. */
const NULL_FOLLOWED = /^Cannot (?:read|destructure|set) propert(?:y|ies) (?:of null \((?:reading|setting) )?'(\w+)'/;

/** An error as a report: a pointer that was followed though it was NULL is called what C calls it. */
function reportOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const property = error instanceof TypeError ? NULL_FOLLOWED.exec(error.message) : null;
  return property === null ? error.message : `NULL dereference: field ${property[1]} of NULL`;
}

/** A checked world with a revision at the seam. It is left by leave(). */
export function worldOf(revision: Revision): TestWorld {
  return new TestWorld('checked', { mmapHooks: revision.hooks });
}

/** Everything that the checked world has to say of one scenario on one revision. */
export function reportsOf(defect: Defect, revision: Revision): string[] {
  const world = worldOf(revision);
  const reports: string[] = [];
  try {
    defect.run(revision, world);
  } catch (error) {
    reports.push(reportOf(error));
  }
  return [...reports, ...world.leave()];
}

export function runMatrix(): Cell[] {
  return DEFECTS.flatMap((defect) =>
    REVISIONS.map((revision) => ({
      defect: defect.name,
      revision: revision.name,
      report: reportsOf(defect, revision).find((report) => defect.kind.test(report)) ?? null,
    })),
  );
}

/** What a cell of the printed matrix says: the kind of report, without its places. */
const SHORT: readonly [pattern: RegExp, text: string][] = [
  [/^NULL dereference: field (\w+)/, 'NULL dereference: $1'],
  [/^use after free: \w+ .*?: field (\w+)/, 'use after free: $1'],
  [/^double free: (\w+)/, 'double free: $1'],
  [/^deadlock: (\w+)/, 'deadlock: $1'],
  [/^WARN: (\w+)/, 'WARN: $1'],
  [/^no lock assertion/, 'not refused'],
];

export function shortReport(report: string | null): string {
  if (report === null) return 'clean';
  const rule = SHORT.find(([pattern]) => pattern.test(report));
  if (rule === undefined) return report;
  const [found = ''] = rule[0].exec(report) ?? [];
  return found.replace(rule[0], rule[1]);
}
