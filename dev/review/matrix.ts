// SPDX-License-Identifier: GPL-2.0-only
/** Runs every defect's scenario on every revision, each in a checked world of its own, and collects what it reports. */
import { TestWorld } from '../../harness/index.js';
import { DEFECTS, type Defect } from './defects.js';
import { REVISIONS, type Revision } from './revisions/index.js';

export interface Cell {
  defect: string;
  revision: string;
  /** The world's first report, in full; null when there is none, or none but the right one. */
  report: string | null;
  /** Is it the defect that the row is about? */
  expected: boolean;
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

/** Everything that the checked world has to say of one scenario on one revision, in the order of time. */
export function reportsOf(defect: Defect, revision: Revision): string[] {
  const world = worldOf(revision);
  const reports: string[] = [];
  try {
    defect.run(revision, world);
  } catch (error) {
    reports.push(...world.checked.reports.take(), reportOf(error));
  }
  return [...reports, ...world.leave()];
}

/** What comes first tells; all that follows may follow from it. */
function judged({ kind, right, follows }: Defect, reports: readonly string[]): Pick<Cell, 'report' | 'expected'> {
  const [first] = reports.filter((report) => !follows?.test(report));
  if (first === undefined || right?.test(first)) return { report: null, expected: true };
  return { report: first, expected: kind.test(first) };
}

export function runMatrix(): Cell[] {
  return DEFECTS.flatMap((defect) =>
    REVISIONS.map((revision) => ({
      defect: defect.name,
      revision: revision.name,
      ...judged(defect, reportsOf(defect, revision)),
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
  [/^lock assertion: \w+ is not held for writing/, 'refused late'],
  [/^(\w+) dropped at .* is not held/s, 'not held: $1'],
];

export function shortReport(report: string | null): string {
  if (report === null) return 'clean';
  const rule = SHORT.find(([pattern]) => pattern.test(report));
  if (rule === undefined) return report;
  const [found = ''] = rule[0].exec(report) ?? [];
  return found.replace(rule[0], rule[1]);
}

/** Rows of cells as a table of text, columns as wide as they need. */
export function formatMatrix(cells: readonly Cell[]): string {
  const revisions = REVISIONS.map(({ name }) => name);
  const defects = [...new Set(cells.map(({ defect }) => defect))];
  const textOf = (defect: string, revision: string): string =>
    shortReport(cells.find((cell) => cell.defect === defect && cell.revision === revision)?.report ?? null);
  const rows = [
    ['defect', ...revisions],
    ...defects.map((defect) => [defect, ...revisions.map((r) => textOf(defect, r))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
