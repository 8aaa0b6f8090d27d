// SPDX-License-Identifier: GPL-2.0-only
/** The matrix as a table in Markdown, as the command prints it and the README has it. */
import type { Bug } from './bug.js';
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

export function tableOf(bugs: readonly Bug[], verdicts: readonly Verdict[]): string {
  const head = ['bug', 'what went wrong', 'kind', 'CVE', 'fixed in', "upstream's tests", 'here', 'by'];
  const rows = bugs.map((bug, i) => {
    const { upstream = false, found = null } = verdicts[i] ?? {};
    const here = found === null ? ['no', ''] : ['yes', told(found)];
    return row([bug.id, bug.title, bug.kind, bug.cve ?? '', bug.fixed, upstream ? 'yes' : 'no', ...here]);
  });
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}
