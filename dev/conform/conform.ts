// SPDX-License-Identifier: GPL-2.0-only
/**
 * Holds the port against the kernel's own code on random traces. Usage: `make conform KERNEL=/path/to/linux`, or
 * `npm run conform -- --help`. Status 0: no difference; 1: a difference, shortened and written to a file; 2: it could
 * not be run; 130: interrupted.
 */
import '../../tools/commands/guarded.js';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Command, InvalidArgumentError, Option } from 'commander';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { CannotBeDone, likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { isCallTrace } from '../../tools/replay/processes.js';
import { KernelTreeError, ScratchTree } from '../kernel/scratch.js';
import { keepFigures } from '../report/figures.js';
import { type KindPart, writePart } from '../shards/part.js';
import { partOf, type Shard, toShard } from '../shards/shard.js';
import { buildKernelSide, COMPILED } from './c_side.js';
import { CampaignRun } from './campaign.js';
import { type LineCoverage, lineCoverage } from './coverage.js';
import { type KeptCampaign, readKept, writeKept } from './kept.js';
import { Meter } from './meter.js';
import { buildProcessSide, PROCESS_COMPILED } from './process_side.js';
import { type Kind, kernelSide } from './sides.js';

interface Options {
  kernel: string;
  seed?: number;
  runs: number;
  ops: number;
  only?: Kind;
  syscalls: boolean;
  missed: boolean;
  jobs: number;
  continue?: string;
  patience: number;
  record?: string;
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

/** Which lines of the kernel's files the traces have reached, file by file. Nobody counts those of the tree. */
function linesOf(scratch: ScratchTree, kind: Kind): LineCoverage[] {
  return kind === 'tree' ? [] : lineCoverage(scratch.vma, kind === 'vma' ? COMPILED : PROCESS_COMPILED);
}

function reachedLines(files: readonly LineCoverage[], withMissed: boolean): string[] {
  const sum = (of: 'reached' | 'lines'): number => files.reduce((total, file) => total + file[of], 0);
  const all = { source: 'all of these', reached: sum('reached'), lines: sum('lines'), missed: [] };
  return [...files, all].flatMap(({ source, reached, lines, missed }) => {
    const percent = ((100 * reached) / lines).toFixed(1);
    const said = `${source}: ${percent} % of its lines reached on the C side, ${reached} of ${lines}`;
    return withMissed && missed.length > 0 ? [said, `lines not reached: ${missed.join(' ')}`] : [said];
  });
}

/** The campaign of a file, as far as it came; a new one, of a seed that is drawn unless it was given, without. */
function campaignOf(options: Options): KeptCampaign {
  const kept = options.continue === undefined ? null : readKept(options.continue);
  if (kept !== null) return kept;
  const { ops, shard = { shard: 1, of: 1 } } = options;
  const { seed, runs } = partOf({ seed: options.seed ?? randomInt(MOST - options.runs), runs: options.runs }, shard);
  return { seed, runs, ops, bits: NUM_VMA_FLAG_BITS, done: {} };
}

function kindOf(trace: string): Kind {
  return isCallTrace(trace) ? 'syscalls' : 'vma';
}

/** What a trace of a kind is made of. */
const NAMES: Readonly<Record<Kind, string>> = {
  vma: 'VMA operations',
  tree: 'tree operations',
  syscalls: 'system calls',
};

class Conform {
  private readonly options: Options;
  private readonly kept: KeptCampaign;
  private readonly scratch: ScratchTree;
  private isStopped: boolean;
  private run: CampaignRun | null;
  private readonly parts: KindPart[];

  constructor(options: Options) {
    this.options = options;
    this.kept = campaignOf(options);
    this.scratch = new ScratchTree(options.kernel);
    this.isStopped = false;
    this.run = null;
    this.parts = [];
  }

  /** The user has enough: what is done is kept, and nothing left behind. */
  stop(): void {
    this.isStopped = true;
    this.run?.stop();
  }

  /** Writes what the kernel's code answers to a trace that is kept. The status to end with. */
  async record(name: string): Promise<number> {
    try {
      const trace = gunzipSync(readFileSync(`${name}.trace.gz`)).toString();
      const kernel = kernelSide(await this.build(name.includes('maple') ? 'tree' : kindOf(trace)));
      const { output, failure } = kernel(trace);
      if (failure !== null) throw new KernelTreeError(`${name}: the kernel's code ${failure}`);
      writeFileSync(`${name}.expected.gz`, gzipSync(output, { level: 9 }));
      return 0;
    } finally {
      this.scratch.remove();
    }
  }

  /** The status to end with. */
  async all(): Promise<number> {
    const { only, syscalls } = this.options;
    const both: Kind[] = only === undefined ? ['tree', 'vma'] : [only];
    const kinds: Kind[] = syscalls ? ['syscalls'] : both;
    try {
      for (const kind of kinds) {
        const status = this.isStopped ? INTERRUPTED : await this.compare(kind);
        if (status === 1) this.writeParts();
        if (status !== 0) return status;
      }
      this.writeParts();
      return 0;
    } catch (error) {
      // A compiler that is interrupted is no finding.
      if (this.isStopped && error instanceof KernelTreeError) return INTERRUPTED;
      throw error;
    } finally {
      this.scratch.remove();
    }
  }

  /** Compiles the C side of a kind. Its program. */
  private build(kind: Kind): Promise<string> {
    return kind === 'syscalls' ? buildProcessSide(this.scratch) : buildKernelSide(this.scratch, kind);
  }

  private async compare(kind: Kind): Promise<number> {
    const { kept, options } = this;
    const { seed, runs, ops: operations } = kept;
    const program = await this.build(kind);
    const already = kept.done[kind] ?? 0;
    const meter = new Meter(kind, runs, operations, already);
    const campaign = { kind, program, seed, runs, operations, jobs: options.jobs, patience: options.patience * 1000 };
    const run = new CampaignRun({ ...campaign, done: already }, (done) => meter.show(done));
    this.run = run;
    const keeping = setInterval(() => this.keep(kind, run.doneSoFar), 10_000);
    const began = performance.now();
    const { done, compared, kernelShare, difference } = await run.run();
    const seconds = (performance.now() - began) / 1000;
    clearInterval(keeping);
    this.run = null;
    meter.stop();
    this.keep(kind, done);
    const files = compared > 0 ? linesOf(this.scratch, kind) : [];
    this.parts.push({
      kind,
      operations: compared * operations,
      seconds,
      theirShare: kernelShare,
      difference: difference === null ? null : { what: difference.what, trace: difference.trace },
      files: files.map(({ source, lines, missed }) => ({ source, lines, missed })),
    });
    if (difference !== null) {
      writeFileSync(difference.file, difference.trace);
      // `vma-userland report` draws the two side by side.
      if (difference.answers !== '')
        writeFileSync(difference.file.replace(/\.trace$/, '.expected'), difference.answers);
      process.stdout.write(`${kind}: ${difference.what}\n${difference.said}`);
      return 1;
    }
    if (this.isStopped) {
      const goOn = options.continue === undefined ? '' : `; --continue ${options.continue} goes on`;
      process.stderr.write(`conform: ${kind}: interrupted after ${done} of ${runs} traces from seed ${seed}${goOn}\n`);
      return INTERRUPTED;
    }
    this.say(kind, files, compared === 0 ? null : { rate: meter.rate(compared), kernelShare });
    return 0;
  }

  private keep(kind: Kind, done: number): void {
    this.kept.done[kind] = done;
    if (this.options.continue !== undefined) writeKept(this.options.continue, this.kept);
  }

  /** For a merge of shards, if somebody wants it. */
  private writeParts(): void {
    const { json, seed, runs, shard = null } = this.options;
    const { kept, parts: kinds } = this;
    if (json === undefined) return;
    const whole = shard === null ? kept : { seed: seed ?? kept.seed, runs };
    writePart(json, {
      command: 'conform',
      seed: whole.seed,
      runs: whole.runs,
      ops: kept.ops,
      bits: kept.bits,
      shard,
      kinds,
    });
  }

  private say(kind: Kind, files: readonly LineCoverage[], speed: { rate: number; kernelShare: number } | null): void {
    const { runs, ops, seed } = this.kept;
    const what = `${(runs * ops).toLocaleString('en')} ${NAMES[kind]}`;
    const said = [`${what} in ${runs} traces from seed ${seed}, ${NUM_VMA_FLAG_BITS} flag bits: no difference`];
    if (files.length > 0) said.push(...reachedLines(files, this.options.missed));
    process.stdout.write(`${said.join('\n')}\n`);
    if (speed !== null) {
      const theirs = Math.round(100 * speed.kernelShare);
      process.stderr.write(
        `${speed.rate.toLocaleString('en')} operations a second; the kernel's code had ${theirs} % of the time, the port ${100 - theirs} %\n`,
      );
    }
    keepFigures('conform', { [kind]: said });
  }
}

const command = likeTheOthers(new Command('npm run conform --'))
  .description(
    "Compares the port with the kernel's own code, on random traces of VMA and tree operations, or of system calls.",
  )
  .addOption(
    new Option('-k, --kernel <tree>', 'a kernel tree to build the C side from').env('KERNEL').makeOptionMandatory(),
  )
  .option('-s, --seed <n>', 'seed of the first trace, those after it have the next ones; drawn unless given', toNumber)
  .option('-r, --runs <n>', 'how many traces of each kind', toCount, 50)
  .option('-o, --ops <n>', 'operations in a trace', toCount, 1000)
  .addOption(new Option('--only <kind>', 'one kind of trace').choices(['vma', 'tree']))
  .addOption(new Option('--syscalls', 'traces of system calls, made by processes').default(false).conflicts('only'))
  .option('--missed', "list the lines of the kernel's files that no trace reached", false)
  .option('-j, --jobs <n>', 'traces that are compared at a time', toCount, availableParallelism())
  .option('--continue <file>', 'keep in this file how far it came; go on from there, with its seed, when it is there')
  .option('--record <name>', "compare nothing: answer NAME.trace.gz with the kernel's code, into NAME.expected.gz")
  .option('--shard <i/n>', 'one of n parts of the traces, all of the same --seed', toShard)
  .option('--json <file>', 'write what was compared to this file; `npm run merge` joins those of all shards')
  .option('--patience <seconds>', 'how long one operation of the port may take', toCount, 60)
  .addHelpText(
    'after',
    statusHelp('no difference', 'a difference, shortened and written to a file', 'it could not be run'),
  )
  .addHelpText('after', '130: interrupted.');

const options = command.parse().opts<Options>();
if (options.shard !== undefined && options.seed === undefined)
  throw new CannotBeDone('--shard: without --seed each part would draw its own');
const conform = new Conform(options);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => conform.stop());
process.exitCode = await (options.record === undefined ? conform.all() : conform.record(options.record));
