// SPDX-License-Identifier: GPL-2.0-only
/** Writes the report: one folder that opens from the file system. Usage: `npm run report -- --help`. */
import '../../tools/commands/guarded.js';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { makeFolder, outputFolder } from '../../tools/commands/folders.js';
import { complain, likeTheOthers, statusHelp, USAGE } from '../../tools/commands/program.js';
import { pageOf, TITLE } from '../../tools/report/page.js';
import { copyPages, gather } from './gather.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const STYLES = ['report.css', 'timeline.css'];

/** The page's own scripts, in the order in which they stand in it. */
const SCRIPTS = ['elements.js', 'scale.js', 'draw.js', 'part.js', 'tests.js'];

function asset(name: string): string {
  return readFileSync(join(root, 'tools/report/assets', name), 'utf8');
}

/** Is it safe to write there? Only what an earlier report has left may go. */
function isFree(out: string): boolean {
  if (!existsSync(out) || readdirSync(out).length === 0) return true;
  const page = join(out, 'index.html');
  return existsSync(page) && readFileSync(page, 'utf8').includes(TITLE);
}

/** Writes the folder. The status: 1 when a test has failed, 2 when there is no report. */
function report(files: readonly string[], out: string): number {
  outputFolder('--out', out);
  const data = isFree(out) ? gather(root, files) : `${out} is there, and is no report`;
  if (typeof data === 'string') {
    complain('report', data);
    return USAGE;
  }
  const style = STYLES.map(asset).join('\n');
  const script = SCRIPTS.map(asset).join('\n');
  if (existsSync(out)) rmSync(out, { recursive: true });
  makeFolder(out);
  writeFileSync(join(out, 'index.html'), pageOf(data, style, script));
  copyPages(root, out);
  const failed = data.tests.filter(({ result }) => result === 'not ok').length;
  process.stdout.write(`${join(out, 'index.html')}: ${data.tests.length} tests, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

const command = likeTheOthers(new Command('npm run report --'))
  .description('Runs tests and writes what they did as a page, with the review, coverage and figures.')
  .argument('[files...]', 'test files or folders (default: all tests)')
  .option('-o, --out <dir>', 'folder to write to; an earlier report in it goes', 'report')
  .addHelpText('after', statusHelp('all tests passed', 'some failed, as the page shows', 'no page was written'));
command.parse();
process.exitCode = report(command.args, command.opts<{ out: string }>().out);
