// SPDX-License-Identifier: GPL-2.0-only
/** `npm run review`: the matrix of defects by revision. `--json` prints the reports in full. */
import '../../tools/commands/guarded.js';
import { Command } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { type Cell, runMatrix, shortReport } from './matrix.js';
import { REVISIONS } from './revisions/index.js';

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

likeTheOthers(new Command('npm run review --'))
  .description(
    'Runs the suite of the mapped hook against five revisions of that code, and prints what each test found.',
  )
  .option('--json', 'print the reports in full, as JSON', false)
  .addHelpText('after', statusHelp('the matrix is printed', null, 'the command line cannot be used'))
  .action(({ json }: { json: boolean }) => {
    const cells = runMatrix();
    process.stdout.write(json ? `${JSON.stringify({ cells }, null, 2)}\n` : formatMatrix(cells));
  })
  .parse();
