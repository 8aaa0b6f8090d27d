// SPDX-License-Identifier: GPL-2.0-only
/**
 * Holds the port against the kernel's own code on random traces. Usage: `make conform KERNEL=/path/to/linux`, or
 * `npm run conform -- --help`. Status 0: no difference; 1: a difference, shortened and written to a file; 2: it could
 * not be run.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { KernelTreeError, ScratchTree } from '../kernel/scratch.js';
import { keepFigures } from '../report/figures.js';
import { buildKernelSide, COMPILED } from './c_side.js';
import { compareAll } from './compare.js';
import { lineCoverage } from './coverage.js';
import type { Kind } from './sides.js';

interface Options {
  kernel: string;
  seed: number;
  runs: number;
  ops: number;
  only?: Kind;
  missed: boolean;
}

function toNumber(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('A whole number below 1,000,000,000 is wanted.');
  return Number(value);
}

function toCount(value: string): number {
  const count = toNumber(value);
  if (count === 0) throw new InvalidArgumentError('A number from 1 on is wanted.');
  return count;
}

/** Which lines of the kernel's files the traces have reached, file by file. */
function reachedLines(scratch: ScratchTree, withMissed: boolean): string {
  const files = lineCoverage(scratch.vma, COMPILED);
  return files
    .map(({ source, reached, lines, missed }) => {
      const percent = ((100 * reached) / lines).toFixed(1);
      const list = withMissed && missed.length > 0 ? `lines not reached: ${missed.join(' ')}\n` : '';
      return `${source}: ${percent} % of its lines reached on the C side, ${reached} of ${lines}\n${list}`;
    })
    .join('');
}

function summary(kind: Kind, scratch: ScratchTree, options: Options): string {
  const { runs, ops, seed } = options;
  const what = `${(runs * ops).toLocaleString('en')} ${kind === 'vma' ? 'VMA' : 'tree'} operations`;
  const said = `${what} in ${runs} traces from seed ${seed}, ${NUM_VMA_FLAG_BITS} flag bits: no difference`;
  if (kind === 'tree') return `${said}\n`;
  return `${said}\n${reachedLines(scratch, options.missed)}`;
}

async function conform(options: Options): Promise<number> {
  const scratch = new ScratchTree(options.kernel);
  const kinds: Kind[] = options.only === undefined ? ['tree', 'vma'] : [options.only];
  try {
    for (const kind of kinds) {
      const difference = compareAll(kind, await buildKernelSide(scratch, kind), options);
      if (difference !== null) {
        process.stdout.write(`${kind}: the port and the kernel's code differ\n${difference}`);
        return 1;
      }
      const said = summary(kind, scratch, options);
      process.stdout.write(said);
      keepFigures('conform', { [kind]: said.trim().split('\n') });
    }
    return 0;
  } finally {
    scratch.remove();
  }
}

const command = new Command('npm run conform --')
  .description("Compares the port with the kernel's own code, on random traces of VMA and tree operations.")
  .addOption(
    new Option('-k, --kernel <tree>', 'a kernel tree to build the C side from').env('KERNEL').makeOptionMandatory(),
  )
  .option('-s, --seed <n>', 'seed of the first trace; those after it have the next ones', toNumber, 1)
  .option('-r, --runs <n>', 'how many traces of each kind', toCount, 50)
  .option('-o, --ops <n>', 'operations in a trace', toCount, 1000)
  .addOption(new Option('--only <kind>', 'one kind of trace').choices(['vma', 'tree']))
  .option('--missed', 'list the lines of mm/vma.c that no trace reached', false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

try {
  process.exitCode = await conform(command.parse().opts<Options>());
} catch (error) {
  if (!(error instanceof KernelTreeError)) throw error;
  process.stderr.write(`conform: ${error.message}\n`);
  process.exitCode = 2;
}
