// SPDX-License-Identifier: GPL-2.0-only
/**
 * Holds the port against the running kernel on random programs of system calls. Usage: `npm run live`, or
 * `npm run live -- --help`. Status 0: no difference, or no live side here; 1: a difference, shortened and written to a
 * file; 2: it could not be run; 130: interrupted.
 */
import '../../tools/commands/guarded.js';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { CannotBeDone, likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { keepFigures } from '../report/figures.js';
import { writePart } from '../shards/part.js';
import { partOf, type Shard, toShard } from '../shards/shard.js';
import { NoLiveSide } from './build.js';
import { LiveCampaign } from './campaign.js';
import type { LeftOut } from './features.js';
import { judge } from './judge.js';
import { LiveSide } from './live_side.js';
import { probeText } from './probe.js';
import { compareSelftests } from './selftests.js';

interface Options {
  seed?: number;
  runs: number;
  ops: number;
  every: number;
  jobs: number;
  patience: number;
  kernel?: string | null;
  probe?: true;
  selftests?: true;
  record?: boolean;
  shard?: Shard;
  json?: string;
}

const INTERRUPTED = 130;
/** Seeds are drawn below this, and options go up to it. */
const MOST = 1_000_000_000;

function toNumber(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('A whole number below 1,000,000,000 is wanted.');
  return Number(value);
}

function toCount(value: string): number {
  const count = toNumber(value);
  if (count === 0) throw new InvalidArgumentError('A number from 1 on is wanted.');
  return count;
}

/** What can be compared here, also as text; null, and why not, where nothing can. */
function lookAround(): { text: string; leftOut: LeftOut } | null {
  let side: LiveSide | null = null;
  try {
    side = new LiveSide();
    return { text: probeText(side), leftOut: side.leftOut };
  } catch (error) {
    if (!(error instanceof NoLiveSide)) throw error;
    process.stdout.write(`live: skipped: ${error.message}\n`);
    return null;
  } finally {
    side?.close();
  }
}

function selftests(leftOut: LeftOut, { kernel = null, record = false }: Options): Promise<number> {
  return compareSelftests({ leftOut, kernel, record });
}

async function compare(options: Options): Promise<number> {
  const { ops: operations, every, jobs, patience, shard = null } = options;
  const whole = { seed: options.seed ?? randomInt(MOST - options.runs), runs: options.runs };
  const { seed, runs } = partOf(whole, shard ?? { shard: 1, of: 1 });
  const began = Date.now();
  const campaign = new LiveCampaign({ seed, runs, operations, every, jobs, patience: patience * 1000 });
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      isStopped = true;
      campaign.stop();
    });
  }
  const { programs, calls, difference, hanging } = await campaign.run();
  if (hanging !== null) throw new CannotBeDone(hanging);
  if (options.json !== undefined && !isStopped) {
    const seconds = (Date.now() - began) / 1000;
    const found = difference === null ? null : { what: difference.what, trace: difference.trace };
    const kinds = [{ kind: 'live', operations: calls, seconds, theirShare: null, difference: found, files: [] }];
    writePart(options.json, { command: 'live', ...whole, ops: operations, bits: NUM_VMA_FLAG_BITS, shard, kinds });
  }
  if (difference !== null) {
    writeFileSync(difference.file, difference.trace);
    const judged = !options.kernel ? '' : `${await judge(options.kernel, difference.trace)}\n`;
    process.stdout.write(`${difference.what}\n${difference.said}${judged}`);
    return 1;
  }
  const said = `${calls.toLocaleString('en')} calls in ${programs} programs from seed ${seed}`;
  if (isStopped) {
    process.stderr.write(`live: interrupted after ${said}\n`);
    return INTERRUPTED;
  }
  const rate = Math.round((1000 * calls) / Math.max(Date.now() - began, 1));
  const done = `${said}: no difference between the port and the running kernel`;
  process.stdout.write(`${done}\n`);
  keepFigures('live', { programs: [done] });
  process.stderr.write(`${rate.toLocaleString('en')} calls a second\n`);
  return 0;
}

const command = likeTheOthers(new Command('npm run live --'))
  .description('Compares the port with the running kernel, on random programs of system calls.')
  .option(
    '-s, --seed <n>',
    'seed of the first program, those after it have the next ones; drawn unless given',
    toNumber,
  )
  .option('-r, --runs <n>', 'how many programs', toCount, 50)
  .option('-o, --ops <n>', 'calls of each, at most', toCount, 200)
  .option('-e, --every <n>', 'look at the address space after every so many calls; at results after each', toCount, 3)
  .option('-j, --jobs <n>', 'programs at a time', toCount, availableParallelism())
  .option('-p, --patience <seconds>', 'how long a call may take', toCount, 20)
  .addOption(
    new Option(
      '-k, --kernel <tree>',
      'a kernel tree, whose own code says who is right, or is the third side of selftests',
    ).env('KERNEL'),
  )
  .option('--shard <i/n>', 'one of n parts of the programs, all of the same --seed', toShard)
  .option('--json <file>', 'write what was compared to this file; `npm run merge` joins those of all shards')
  .option('--probe', 'only say what can be compared here, what not, and why')
  .addOption(
    new Option('--selftests', "the kernel's selftests on both, verdict by verdict").conflicts([
      'probe',
      'seed',
      'runs',
    ]),
  )
  .option('--record', 'with --selftests: puts the table into the README')
  .addHelpText('after', statusHelp('no difference, or no live side here', 'a difference', 'it could not be run'))
  .action(async (options: Options) => {
    if (options.shard !== undefined && options.seed === undefined)
      throw new CannotBeDone('--shard: without --seed each part would draw its own');
    const probed = lookAround();
    if (probed === null) return;
    if (options.probe) process.stdout.write(probed.text);
    else if (options.selftests) process.exitCode = await selftests(probed.leftOut, options);
    else process.exitCode = await compare(options);
  });

await command.parseAsync();
