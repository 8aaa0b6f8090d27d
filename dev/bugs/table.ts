// SPDX-License-Identifier: GPL-2.0-only
/** The matrix as a table in Markdown, as the command prints it and the README has it. */
import type { Bug } from './bug.js';
import type { Chance } from './chance.js';
import type { Verdict } from './hunt.js';
import type { Finding } from './test_process.js';

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The test, with what it said unless that is tap's own phrase or the test's name. */
function told({ test, file, says }: Finding): string {
  if (test === file) return `${says} (${file})`;
  const more = says === test || says.startsWith('should ') ? '' : `: ${says}`;
  return `${test}${more} (${file})`;
}

const HEAD = ['bug', 'what went wrong', 'kind', 'CVE', 'fixed in', "upstream's tests", 'here', 'by', 'by chance'];

/** After how many random operations; empty where nobody has measured it. */
function chanceOf(chance: Chance | undefined): string {
  if (chance === undefined) return '';
  return chance.median === null ? 'no' : chance.median.toLocaleString('en');
}

/** Heads and rows: each bug, what finds it, and how many random operations it takes in the median. */
export function matrixOf(bugs: readonly Bug[], verdicts: readonly Verdict[], chances: readonly Chance[]): string[][] {
  const rows = bugs.map((bug) => {
    const { upstream = false, found = null } = verdicts.find(({ id }) => id === bug.id) ?? {};
    const here = found === null ? ['no', ''] : ['yes', told(found)];
    const chance = chanceOf(chances.find(({ id }) => id === bug.id));
    return [bug.id, bug.title, bug.kind, bug.cve ?? '', bug.fixed, upstream ? 'yes' : 'no', ...here, chance];
  });
  return [HEAD, ...rows];
}

export function tableOf(bugs: readonly Bug[], verdicts: readonly Verdict[], chances: readonly Chance[]): string {
  const [head = [], ...rows] = matrixOf(bugs, verdicts, chances);
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** All that the table says, and how it was found by chance in full. */
export function jsonOf(bugs: readonly Bug[], verdicts: readonly Verdict[], measured: readonly Chance[]): string {
  const rows = bugs.map(({ changes: _changes, ...bug }, i) => ({
    ...bug,
    ...verdicts[i],
    chance: measured.find(({ id }) => id === bug.id) ?? null,
  }));
  return JSON.stringify(rows, null, 2);
}
