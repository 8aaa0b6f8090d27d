// SPDX-License-Identifier: GPL-2.0-only
/** Would it have found them? Puts upstream's real bugs back, one at a time. Usage: `npm run bugs -- --help`. */
import '../../tools/commands/guarded.js';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { complain, likeTheOthers, statusHelp, USAGE } from '../../tools/commands/program.js';
import type { Bug } from './bug.js';
import { CAP, type Chance, chanceOf, chances, recordChances, SEEDS, tellChance } from './chance.js';
import { Copy, forAll, type Verdict } from './hunt.js';
import { type BugList, INVENTED, UPSTREAM } from './list.js';
import { confirmed, matrix, recordVerdicts } from './matrix.js';
import { jsonOf, tableOf } from './table.js';
import type { Finding } from './test_process.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Options {
  json: boolean;
  record: boolean;
  confirm: boolean;
  table: boolean;
  chance: boolean;
  invented: boolean;
  in: string[];
  seeds: string;
  cap: string;
  jobs: string;
}

const NUMBERS = [
  ['jobs', 99, /^[1-9]\d?$/],
  ['seeds', 99, /^[1-9]\d?$/],
  ['cap', 999_999_999, /^[1-9]\d{0,8}$/],
] as const;

/** The tests that fail without any bug; they are named and count for nothing. */
async function failing(where: readonly string[]): Promise<Finding[]> {
  const copy = new Copy(root);
  try {
    const known = await copy.failing(where);
    for (const { test, file } of known) complain('bugs', `fails without any bug, so it finds none: ${test} (${file})`);
    return known;
  } finally {
    copy.remove();
  }
}

async function judge(list: BugList, bugs: readonly Bug[], { json, record, jobs, in: where }: Options): Promise<number> {
  const known = await failing(where);
  const verdicts: Verdict[] = await forAll(root, bugs, Number(jobs), async (copy, bug) => {
    const files = where.length === 0 ? undefined : where;
    const verdict = await copy.judge(bug, known, files);
    const { id, upstream, found } = verdict;
    const here = found === null ? 'no' : `${found.says} (${found.file})`;
    process.stderr.write(`${id}: upstream ${upstream ? 'yes' : 'no'}, here ${here}\n`);
    return verdict;
  });
  const measured = chances(root, list);
  process.stdout.write(`${json ? jsonOf(bugs, verdicts, measured) : tableOf(bugs, verdicts, measured)}\n`);
  if (record) recordVerdicts(root, list, verdicts);
  return verdicts.every(({ found }) => found !== null) ? 0 : 1;
}

/** Are the bugs still found by what the recorded matrix names? */
async function confirm(list: BugList, bugs: readonly Bug[], jobs: number): Promise<number> {
  const lost = await confirmed(root, bugs, matrix(root, list), jobs);
  for (const complaint of lost) complain('bugs', complaint);
  process.stdout.write(`${bugs.length} bugs, ${lost.length} no longer found as recorded\n`);
  return lost.length === 0 ? 0 : 1;
}

/** How soon random operations find the bugs. */
async function judgeChances(
  list: BugList,
  bugs: readonly Bug[],
  { json, record, jobs, seeds, cap }: Options,
): Promise<number> {
  const judged: Chance[] = await forAll(root, bugs, Number(jobs), async (copy, bug) => {
    const chance = await chanceOf(copy, bug, Number(seeds), Number(cap));
    process.stderr.write(`${tellChance(chance)}\n`);
    return chance;
  });
  if (record) recordChances(root, list, judged);
  const found = judged.filter(({ median }) => median !== null).length;
  process.stdout.write(
    json
      ? `${JSON.stringify(judged, null, 2)}\n`
      : `${bugs.length} bugs, ${found} found by chance within ${cap} operations, in the median of ${seeds} seeds\n`,
  );
  return found === bugs.length ? 0 : 1;
}

async function main(ids: readonly string[], options: Options): Promise<number> {
  const list = options.invented ? INVENTED : UPSTREAM;
  const unknown = ids.find((id) => !list.bugs.some((bug) => bug.id === id));
  if (unknown !== undefined) {
    complain('bugs', `no bug ${unknown}: there are ${list.bugs.map(({ id }) => id).join(', ')}`);
    return USAGE;
  }
  for (const [name, most, pattern] of NUMBERS) {
    if (pattern.test(options[name])) continue;
    complain('bugs', `--${name} is a number from 1 to ${most}, not ${options[name]}`);
    return USAGE;
  }
  if (options.record && options.confirm) {
    complain('bugs', '--record and --confirm do not go together');
    return USAGE;
  }
  if (options.chance && options.confirm) {
    complain('bugs', '--chance and --confirm do not go together');
    return USAGE;
  }
  const bugs = ids.length === 0 ? list.bugs : list.bugs.filter(({ id }) => ids.includes(id));
  if (options.table) {
    process.stdout.write(`${tableOf(bugs, matrix(root, list), chances(root, list))}\n`);
    return 0;
  }
  if (options.chance) return judgeChances(list, bugs, options);
  return options.confirm ? confirm(list, bugs, Number(options.jobs)) : judge(list, bugs, options);
}

likeTheOthers(new Command('npm run bugs --'))
  .description("Puts upstream's bugs back, one at a time, and tells which tests and detectors find them.")
  .argument('[ids...]', 'bugs by their ids (default: all)')
  .option('--json', 'as JSON', false)
  .option('--confirm', 'runs only what the recorded matrix names, and complains when it finds no more', false)
  .option('--invented', 'bugs that nobody had, of the same kinds', false)
  .option('--table', 'prints what was recorded, and runs nothing', false)
  .option('--in <files...>', 'looks only into these test files', [])
  .option('--chance', 'how many random operations it takes to find each', false)
  .option('--seeds <n>', 'with --chance, random programs to begin with', String(SEEDS))
  .option('--cap <n>', 'with --chance, operations after which a seed gives up', String(CAP))
  .option(
    '--record',
    `writes ${UPSTREAM.matrix}, which tests hold the detectors to; with --chance, ${UPSTREAM.chance}`,
    false,
  )
  .option('-j, --jobs <n>', 'bugs at a time', String(availableParallelism()))
  .addHelpText('after', statusHelp('all were found', 'some were not', 'the command line cannot be used'))
  .action(async (ids: string[], options: Options) => {
    process.exitCode = await main(ids, options);
  })
  .parse();
