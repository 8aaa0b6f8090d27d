// SPDX-License-Identifier: GPL-2.0-only
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { type Shard, toShard } from '../shards/shard.js';
import { EQUIVALENT } from './equivalent.js';

export interface MutateOptions {
  jobs: number;
  deletions: boolean;
  sample?: number;
  seed?: number;
  shard?: Shard;
  /** A revision, or true for where the change begins. */
  since?: string | true;
  mostSeconds?: number;
  /** Folders below tests/ whose tests are run; none for all. */
  tests: readonly string[];
  json: boolean;
  fresh: boolean;
  /** Judge what is recorded as equivalent, in place of the rest. */
  doubt: boolean;
  /** Print records for survivors. */
  records: boolean;
  list: boolean;
  files: string[];
}

function whole(most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < 1 || number > most) {
      throw new InvalidArgumentError(`A number from 1 to ${most} is wanted.`);
    }
    return number;
  };
}

function toSeed(value: string): number {
  if (!/^\d{1,10}$/.test(value) || Number(value) > 0xffffffff) {
    throw new InvalidArgumentError('A number from 0 to 4294967295 is wanted.');
  }
  return Number(value);
}

/** Ends the process, with commander's message, when they cannot be used. */
export function parseOptions(argv: readonly string[]): MutateOptions {
  const command = likeTheOthers(new Command('npm run mutate --'))
    .description('Changes the compiled code in small ways, one at a time, and tells which changes no test notices.')
    .argument('[files...]', 'sources or folders of lib/, stubs/, harness/ (default: all)')
    .option('--deletions', 'only calls of stubs.* that are deleted', false)
    .option('--sample <n>', 'that many mutants, drawn at random', whole(1_000_000))
    .option('--seed <n>', 'what they are drawn by (default: another one each time, which is printed)', toSeed)
    .option('--shard <i/n>', 'one of n equal parts', toShard)
    .option('--since [revision]', 'only lines that differ from it (default: from where the change begins)')
    .option('--most-seconds <n>', 'judge no more after that time; what is left is no failure', whole(86_400))
    .addOption(
      new Option('-j, --jobs <n>', 'mutants at a time').argParser(whole(99)).default(availableParallelism(), 'cores'),
    )
    .addOption(
      new Option('--tests <folders>', 'only tests of these folders of tests/, such as tree,replay (default: all)')
        .argParser((value) => value.split(','))
        .default([]),
    )
    .option('--fresh', 'take no verdict from runs before', false)
    .option('--doubt', `judge what ${EQUIVALENT} records, and nothing else`, false)
    .option('--records', 'print a record, without its reason, for each survivor', false)
    .option('--list', 'list the mutants, and judge none', false)
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      statusHelp('no mutant survives that is not recorded', 'one does, or a record is wrong', 'nothing was judged'),
    );
  command.parse(argv, { from: 'user' });
  return { ...command.opts<Omit<MutateOptions, 'files'>>(), files: command.args };
}
