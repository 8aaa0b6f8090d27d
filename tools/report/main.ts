// SPDX-License-Identifier: GPL-2.0-only
/** Writes the report: one folder that opens from the file system. Usage: `npm run report -- --help`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { copyPages, gather } from './gather.js';
import { pageOf } from './page.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const assets = fileURLToPath(new URL('../../../tools/report/assets/', import.meta.url));

const command = new Command('npm run report --')
  .description('Runs all tests and writes what they did, with the review, coverage and figures, as a page.')
  .argument('[files...]', 'test files or folders (default: all tests)')
  .option('-o, --out <dir>', 'folder to write to', 'report')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
command.parse();

const { out } = command.opts<{ out: string }>();
const data = gather(root, command.args);
const read = (name: string): string => readFileSync(join(assets, name), 'utf8');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'index.html'), pageOf(data, read('report.css'), read('report.js')));
copyPages(root, out);
const failed = data.tests.filter(({ result }) => result === 'not ok').length;
process.stdout.write(`${join(out, 'index.html')}: ${data.tests.length} tests, ${failed} failed\n`);
