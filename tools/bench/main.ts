// SPDX-License-Identifier: GPL-2.0-only
/** Benchmarks. Usage: `npm run bench -- --help`. */
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { EDITED, measureLoop, median } from './loop.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function toCount(value: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(value)) {
    throw new InvalidArgumentError('A number from 1 to 999 is wanted.');
  }
  return Number(value);
}

function loop(edits: number): void {
  const times = measureLoop(root, edits, ['npm', 'run', '--silent', 'upstream']);
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  process.stdout.write(`after an edit of ${EDITED}, \`npm run upstream\` to its verdict:\n`);
  process.stdout.write(`${times.map(seconds).join(', ')}; median ${seconds(median(times))}\n`);
}

const command = new Command('npm run bench --')
  .description('Measures how fast things are.')
  .option('--loop', "time from an edit to the verdict on upstream's tests", false)
  .option('--edits <n>', 'how many edits --loop measures', toCount, 5)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action((options: { loop: boolean; edits: number }) => {
    if (!options.loop) {
      command.error('error: nothing to measure was named, see --help');
    }
    loop(options.edits);
  });

command.parse();
