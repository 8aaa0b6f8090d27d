// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random operations and system calls, with random hooks and failures, in the checked world: its detectors are the only judge. Usage:
 * `npm run fuzz -- --runs 1000000 --seed 7`. Status 0: silent; 1: a finding, shortened and printed; 2: bad arguments.
 */
import '../../tools/commands/guarded.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { KINDS, type Kind } from './program.js';
import { fuzz, printFinding, shorten } from './run.js';
import { writeTest } from './test_file.js';

interface Options {
  runs: number;
  seed: number;
  kind?: Kind;
  write?: string;
}

function toNumber(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('A whole number below 1,000,000,000 is wanted.');
  return Number(value);
}

function main({ runs, seed, kind, write }: Options): number {
  const started = performance.now();
  const finding = fuzz(seed, runs, kind, (done) => {
    if (done > 0 && done % 100_000 === 0) process.stderr.write(`${done.toLocaleString('en')} operations\n`);
  });
  if (finding === null) {
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`${runs.toLocaleString('en')} operations from seed ${seed}: silent, in ${seconds} s\n`);
    return 0;
  }
  const short = shorten(finding);
  process.stdout.write(`${printFinding(short)}\n`);
  if (write !== undefined) process.stdout.write(`\nwritten: ${writeTest(write, short, seed)}\n`);
  return 1;
}

likeTheOthers(new Command('npm run fuzz --'))
  .description(
    'Random operations and system calls with random hooks and failures, judged by the detectors of the checked world.',
  )
  .option('--runs <number>', 'operations', toNumber, 100_000)
  .addOption(new Option('--kind <kind>', 'functions of mm/vma.c, or system calls (default: both)').choices(KINDS))
  .option('--write <folder>', 'writes a finding as a test file, into a folder below tests/')
  .option('--seed <number>', 'what the random numbers begin with', toNumber, 1)
  .addHelpText('after', statusHelp('silent', 'a finding, shortened and printed', 'the command line cannot be used'))
  .action((options: Options) => {
    process.exitCode = main(options);
  })
  .parse();
