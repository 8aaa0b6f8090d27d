// SPDX-License-Identifier: GPL-2.0-only
/** Runs all tests, reports coverage and holds it against coverage.thresholds.json. Usage: `npm run coverage`. */
import '../../tools/commands/guarded.js';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { measuredNow } from '../report/figures.js';
import { readThresholds, writeThresholds } from './files.js';
import { measure } from './measure.js';
import { complaints, raise } from './ratchet.js';

const ownRoot = fileURLToPath(new URL('../../../', import.meta.url));
const testRun = ['dist/dev/run/run.js'];

interface CoverageOptions {
  raise?: true;
  root: string;
}

async function cover(nodeArguments: string[], options: CoverageOptions): Promise<void> {
  const root = resolve(options.root);
  const path = join(root, 'coverage.thresholds.json');
  let thresholds = readThresholds(path);
  const { passed, coverage } = await measure(root, nodeArguments.length > 0 ? nodeArguments : testRun);
  writeFileSync(join(root, 'coverage/measured.json'), JSON.stringify(measuredNow(root)));
  if (options.raise) {
    thresholds = raise(coverage, thresholds);
    writeThresholds(path, thresholds);
  }
  const found = complaints(coverage, thresholds);
  for (const complaint of found) {
    process.stderr.write(`${complaint}\n`);
  }
  if (!passed) {
    process.stderr.write('The measured run failed.\n');
  }
  if (passed && found.length === 0) {
    process.stdout.write(`coverage: ${Object.keys(coverage).length} files at or above their thresholds\n`);
  } else {
    process.exitCode = 1;
  }
}

await likeTheOthers(new Command('npm run coverage --'))
  .description('Measures the coverage of all tests; fails if a file is below its threshold.')
  .argument('[node-arguments...]', 'what to run with node and measure', [])
  .option('--raise', 'write the figures that are above a threshold, or new, to coverage.thresholds.json')
  .option('--root <folder>', 'the project that is measured', ownRoot)
  .addHelpText(
    'after',
    statusHelp('every file is at its thresholds', 'one is not, or a test has failed', 'nothing was run'),
  )
  .action(cover)
  .parseAsync();
