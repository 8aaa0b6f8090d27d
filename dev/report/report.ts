// SPDX-License-Identifier: GPL-2.0-only
/**
 * The report of this project's own tests, with the review, coverage and figures: `npm run report -- --help`. That of
 * anybody's tests is tools/commands/report.ts.
 */
import '../../tools/commands/guarded.js';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { complain, likeTheOthers, statusHelp, USAGE } from '../../tools/commands/program.js';
import { conclude, destination, writeReport } from '../../tools/report/write.js';
import { copyPages, gather } from './gather.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface ReportOptions {
  out: string;
  single?: string;
}

/** The status: 1 when a test has failed, 2 when there is no report. */
async function report(files: readonly string[], options: ReportOptions): Promise<number> {
  const where = destination(options);
  const data = await gather(root, files);
  if (typeof data === 'string') {
    complain('report', data);
    return USAGE;
  }
  writeReport(data, where);
  copyPages(root, where.folder);
  return conclude(data, where);
}

const command = likeTheOthers(new Command('npm run report --'))
  .description('Runs tests and writes what they did as a page, with the review, coverage and figures.')
  .argument('[files...]', 'test files or folders (default: all tests)')
  .option('-o, --out <dir>', 'folder to write to; an earlier report in it goes', 'report')
  .option('-s, --single <file>', 'write one HTML file instead, which can be sent')
  .addHelpText('after', statusHelp('all tests passed', 'some failed, as the page shows', 'no page was written'));
command.parse();
process.exitCode = await report(command.args, command.opts<ReportOptions>());
