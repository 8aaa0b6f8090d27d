// SPDX-License-Identifier: GPL-2.0-only
/** The matrix as a table in Markdown, as the command prints it and the README has it. */
import type { Bug } from './bug.js';
import type { Verdict } from './hunt.js';

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

export function tableOf(bugs: readonly Bug[], verdicts: readonly Verdict[]): string {
  const head = ['bug', 'what went wrong', 'kind', 'CVE', 'fixed in', "upstream's tests", 'here', 'by'];
  const rows = bugs.map((bug, i) => {
    const { upstream = false, found = null } = verdicts[i] ?? {};
    const here = found === null ? ['no', ''] : ['yes', `${found.says} (${found.file})`];
    return row([bug.id, bug.title, bug.kind, bug.cve ?? '', bug.fixed, upstream ? 'yes' : 'no', ...here]);
  });
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}
