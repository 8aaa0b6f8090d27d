// SPDX-License-Identifier: GPL-2.0-only
/** Benchmarks. Usage: `npm run bench -- --help`. */
import '../../tools/commands/guarded.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { outputOf } from '../../tools/commands/child.js';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { KernelTreeError, ScratchTree } from '../kernel/scratch.js';
import { keepFigures } from '../report/figures.js';
import { type BenchResult, type BenchSide, compareLoad, jsonOf, kernelSides, PORT_SIDE, tableOf } from './compare.js';
import { LOADS, OPERATIONS, SIZES } from './loads.js';
import { heapNow, longRun } from './long.js';
import { EDITED, measureLoop, measureWatch, median, type Taken, taken } from './loop.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Options {
  kernel?: string;
  json?: true;
  loop?: true;
  long?: true;
  edits: number;
  rounds: number;
  ops: number;
  sizes: number[];
}

function toCount(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError('A number from 1 on is wanted.');
  return Number(value);
}

function toEdits(value: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(value)) throw new InvalidArgumentError('A number from 1 to 999 is wanted.');
  return Number(value);
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

function medianOf(times: readonly Taken[], of: keyof Taken): number {
  return median(times.map((time) => time[of]));
}

/** Each time, the median, and that of the processors' time. */
function inSeconds(times: readonly Taken[]): string {
  const walls = times.map(({ wall }) => seconds(wall)).join(', ');
  return `${walls}; median ${seconds(medianOf(times, 'wall'))}, ${seconds(medianOf(times, 'cpu'))} of CPU\n`;
}

/** From an edit to the verdict, here and, with a kernel tree, in C. */
async function loop(options: Options): Promise<void> {
  const command = ['node', 'dev/run/launch.mjs', '--upstream'] as const;
  const times = await measureLoop(root, options.edits, command);
  process.stdout.write(`after an edit of ${EDITED}, \`${command.join(' ')}\` to its verdict:\n`);
  process.stdout.write(inSeconds(times));
  const watched = await measureWatch(root, options.edits);
  for (const [what, of] of [
    ["upstream's tests", 'upstream'],
    ['the nearest files', 'nearest'],
  ] as const) {
    const each = watched.map((times) => times[of]);
    process.stdout.write(`while \`npm run watch\` runs, to that on ${what}:\n`);
    process.stdout.write(`${each.map(seconds).join(', ')}; median ${seconds(median(each))}\n`);
  }
  if (options.kernel === undefined) return;
  const theirs = await withScratch(options.kernel, (scratch) => kernelLoop(scratch, options.edits));
  process.stdout.write('after an edit of mm/vma.c, `make && ./vma` to its verdict:\n');
  process.stdout.write(inSeconds(theirs));
  const ratio = (of: keyof Taken): string => (medianOf(times, of) / medianOf(theirs, of)).toFixed(2);
  process.stdout.write(`ratio ${ratio('wall')}, of CPU seconds ${ratio('cpu')}\n`);
}

async function kernelLoop(scratch: ScratchTree, edits: number): Promise<Taken[]> {
  const verdict = (...args: string[]): Promise<Taken> =>
    taken(async () => {
      const command = `make -s ${args.join(' ')} && ./vma`;
      const { status, stdout, stderr } = await outputOf(['sh', '-c', command], scratch.vma);
      if (status !== 0 || !/ 0 failed\.\n$/.test(stdout)) throw new KernelTreeError(`${command}: ${stderr}${stdout}`);
    });
  await verdict();
  const times: Taken[] = [];
  // The tree is linked, not copied: make is told that the file is new.
  for (let edit = 0; edit < edits; edit++) times.push(await verdict('-W', '../../../mm/vma.c'));
  return times;
}

async function withScratch<T>(kernel: string, use: (scratch: ScratchTree) => T | Promise<T>): Promise<T> {
  const scratch = new ScratchTree(kernel);
  try {
    return await use(scratch);
  } finally {
    scratch.remove();
  }
}

async function measure(sides: readonly BenchSide[], options: Options): Promise<BenchResult[]> {
  const cases = LOADS.flatMap((load) => options.sizes.map((n) => ({ load, n })));
  const bar = new SingleBar({ format: 'measuring {bar} {value}/{total}, {eta} s left', clearOnComplete: true });
  if (process.stderr.isTTY) bar.start(cases.length, 0);
  const results: BenchResult[] = [];
  for (const { load, n } of cases) {
    results.push(compareLoad(sides, load, n, options.rounds, options.ops));
    bar.increment();
    // Signals are seen between loads only.
    await nextTurn();
  }
  bar.stop();
  return results;
}

async function loads(options: Options): Promise<void> {
  const results =
    options.kernel === undefined
      ? await measure([PORT_SIDE], options)
      : await withScratch(options.kernel, (scratch) => measure([PORT_SIDE, ...kernelSides(scratch)], options));
  keepFigures('bench', JSON.parse(jsonOf(results)));
  process.stdout.write(options.json ? jsonOf(results) : tableOf(results));
}

/** One address space after another, with many VMAs; what is left of the heap behind it. */
function long(vmas: number): void {
  const run = { ...longRun(vmas), heapAfter: heapNow() };
  const mega = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  process.stdout.write(
    `${run.vmas.toLocaleString('en')} VMAs mapped, split, merged and unmapped, at most ${run.most.toLocaleString('en')} at a time; ` +
      `heap ${mega(run.heapBefore)} before, ${mega(run.heapFull)} full, ${mega(run.heapAfter)} after ` +
      `(${((100 * run.heapAfter) / run.heapBefore - 100).toFixed(1)} %)\n`,
  );
}

const command = likeTheOthers(new Command('npm run bench --'))
  .description('Measures the loads of docs/performance.md, median of several rounds; with a kernel tree also in C.')
  .option('-k, --kernel <tree>', 'build the same in C from this tree, and print the ratios')
  .option('--json', 'print JSON')
  .option('-r, --rounds <n>', 'rounds, all sides in turn in each', toEdits, 5)
  .option('--ops <n>', 'operations in a round', toCount, OPERATIONS)
  .option('--sizes <n...>', 'numbers of VMAs', (value, before: number[] = []) => [...before, toCount(value)])
  .option('--loop', "instead: time from an edit to the verdict on upstream's tests")
  .option('--edits <n>', 'how many edits --loop measures', toEdits, 5)
  .option('--long', 'instead: a million VMAs in one address space, or --sizes')
  .addHelpText('after', statusHelp('all was measured', null, 'the C side could not be built'));

const options = command.parse().opts<Omit<Options, 'sizes'> & { sizes?: number[] }>();
const complete = { ...options, sizes: options.sizes ?? [...SIZES] };
if (options.loop) await loop(complete);
else if (options.long) long(options.sizes?.[0] ?? 1_000_000);
else await loads(complete);
